"""Select the outputs to explain, and convert probabilities to logits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# Added to probabilities to keep logarithms finite. Far below any relevant probability.
_TINY = 1e-30


def select_outputs(
    target: Any,
    shape: tuple[int, ...],
    classes: np.ndarray | None = None,
    names: list[Any] | None = None,
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return the positions of the outputs to explain, and the shape of these outputs.

    Parameters
    ----------
    target : label, int, str, tuple or None
        The parameter of `attribute`.
    shape : tuple of int
        Shape of the outputs of one window, ``()`` for a single output. For a
        classifier, the classes are the last axis.
    classes : ndarray or None
        Labels of the outputs of a classifier.
    names : list or None
        Names along the last axis.

    Returns
    -------
    positions : ndarray of int
        Positions of the selected outputs among all outputs, in C order.
    kept : tuple of int
        Shape of the selected outputs.
    """
    numbers = np.arange(math.prod(shape)).reshape(shape)
    if target is None:
        return numbers.ravel(), shape
    if classes is not None:
        found = [i for i, label in enumerate(classes) if label == target]
        if not found:
            raise ValueError(
                f"target must be a class label: got target={target!r}. Use one of "
                f"{', '.join(repr(label) for label in classes.tolist())}."
            )
        chosen = numbers[..., found[0]]
        return chosen.ravel(), chosen.shape
    keys = target if isinstance(target, tuple) else (target,)
    axes = shape or (1,)
    if len(keys) > len(axes):
        raise ValueError(
            "target must have at most one entry for each axis of the outputs: got "
            f"target={target!r} for outputs of shape {axes}. Use "
            f"{keys[: len(axes)]!r}."
        )
    index = tuple(
        _find(key, axis == len(axes) - 1, length, names, target)
        for axis, (key, length) in enumerate(zip(keys, axes, strict=False))
    )
    chosen = numbers.reshape(axes)[index]
    return chosen.ravel(), chosen.shape


def _find(key, is_last, length, names, target):
    """Return the position of one entry of `target` along its axis."""
    if isinstance(key, str):
        if is_last and names is not None and key in names:
            return names.index(key)
        known = f" or of the names {', '.join(map(repr, names))}" if names else ""
        raise ValueError(
            f"target must consist of positions{known}: got target={target!r}. Use "
            "target=None for all outputs."
        )
    if isinstance(key, bool | np.bool_) or not isinstance(key, int | np.integer):
        raise TypeError(
            f"target must consist of integers or names: got target={target!r}. Use "
            "target=0 for the first output."
        )
    if not -length <= key < length:
        raise ValueError(
            "target must hold positions that exist in the outputs: got "
            f"target={target!r}, where {key} must be from 0 to {length - 1}. Use "
            "target=None for all outputs."
        )
    return int(key)


def log_odds(probabilities: Any, matmul: Any = np.matmul, log: Any = np.log) -> Any:
    """Return ``log(p / (1 - p))`` of each class, from arrays or tensors.

    ``1 - p`` is computed as the sum of the other probabilities, which is accurate even
    for p near 1.
    """
    n_classes = probabilities.shape[-1]
    others = 1 - np.eye(n_classes, dtype=np.float32)
    rest = matmul(probabilities, others)
    return log(probabilities + _TINY) - log(rest + _TINY)
