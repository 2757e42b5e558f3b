"""Integrated gradients, with as many steps as each window needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from skcnnlstm._utils.warnings import warn
from skcnnlstm.inspection.explained import Explained

_N_STEPS = 16, 32, 64, 128, 256, 512
# Attributions must sum to the difference of the outputs within this share of it, ...
_TOLERANCE = 0.005
# ... or within the rounding of float32, as a share of the largest number in the sum.
_ROUNDING = 2e-6
# A window is reported if its sum differs by more than this share of its attributions.
_INACCURATE = 0.01
# Points on paths that are computed at once.
_BATCH = 512

# gradient(start, difference, nodes, weights, output), as `PathGradient`
Gradient = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]


def integrate_gradients(
    gradient: Gradient,
    explained: Explained,
    baseline: np.ndarray,
    positions: np.ndarray,
    outputs: np.ndarray,
    baseline_outputs: np.ndarray,
) -> np.ndarray:
    """Return the integrated gradients ``(n, n_steps, n_features, n_outputs)``.

    Parameters
    ----------
    gradient : callable
        As `skcnnlstm.training.PathGradient`.
    explained : Explained
    baseline : ndarray of shape (n, n_steps, n_features)
    positions : ndarray of int, shape (n_outputs,)
        The outputs to explain, among those of the model.
    outputs, baseline_outputs : ndarray of shape (n, n_outputs)
        Outputs of the windows and of the baselines.
    """
    attributions = np.empty((*explained.windows.shape, len(positions)))
    n_inaccurate = 0
    for rows in explained.chunks():
        windows, start = explained.pair(baseline, rows)
        difference = np.nan_to_num(windows - start)
        for place, output in enumerate(positions):
            change = outputs[rows, place] - baseline_outputs[rows, place]
            level = np.abs(outputs[rows, place]) + np.abs(baseline_outputs[rows, place])
            part, n_wrong = _integrate(
                lambda *args, output=output: gradient(*args, output),
                start,
                difference,
                change,
                level,
            )
            attributions[rows, ..., place] = part
            n_inaccurate += n_wrong
    if not np.isfinite(attributions).all():
        raise ValueError(
            "the gradients of the network must be finite: got NaN or infinity between "
            "the baseline and a window. Use method='occlusion'."
        )
    if n_inaccurate:
        warn(
            f"the attributions of {n_inaccurate} of {outputs.size} outputs do not sum "
            f"to the difference of the outputs within {_INACCURATE:.0%} of their "
            f"total size, even with {_N_STEPS[-1]} steps. Use method='occlusion' to "
            "check them."
        )
    explained.move_repeated(attributions)
    return attributions


def _integrate(gradient, start, difference, change, level):
    """Return the attributions of one output, and the number of inaccurate windows.

    `change` is the exact sum of the attributions of each window, and `level` the size
    of the numbers that it is the difference of.
    """
    attributions = np.zeros(difference.shape)
    unfinished = np.arange(len(start))
    for n_steps in _N_STEPS:
        nodes, weights = gauss_legendre(n_steps)
        size = max(1, _BATCH // n_steps)
        for first in range(0, len(unfinished), size):
            part = unfinished[first : first + size]
            average = gradient(start[part], difference[part], nodes, weights)
            moved = difference[part]
            # Where nothing changes, the gradient may be NaN: missing values.
            attributions[part] = np.where(moved == 0, 0, moved * average)
        own = attributions[unfinished]
        error = np.abs(own.sum(axis=(1, 2)) - change[unfinished])
        size_of_sum = np.abs(own).sum(axis=(1, 2)) + level[unfinished]
        bound = _TOLERANCE * np.abs(change[unfinished]) + _ROUNDING * size_of_sum
        unfinished = unfinished[error > bound]
        if not len(unfinished):
            return attributions, 0
    kept = error > bound
    return attributions, int((error[kept] > _INACCURATE * size_of_sum[kept]).sum())


@lru_cache
def gauss_legendre(n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes and weights of Gauss-Legendre quadrature between 0 and 1."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return (nodes + 1) / 2, weights / 2
