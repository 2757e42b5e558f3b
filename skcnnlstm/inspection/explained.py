"""The windows to explain, the model that predicts from them, and their baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

# Windows are copied in chunks of at most this many bytes.
_CHUNK_BYTES = 32 * 2**20


class Model(Protocol):
    """A fitted estimator as functions of windows ``(n, n_steps, n_features)``."""

    def predict(self, windows: np.ndarray) -> np.ndarray:
        """Return the outputs, ``(n, ...)``; probabilities of a classifier."""

    def build_graph(self) -> Callable[[Any], Any]:
        """Return `predict` as a function of a tensor, or raise `NoGraphError`."""

    def score(self, windows: np.ndarray, actual: Any, scoring: Any) -> float:
        """Return a metric of the predictions."""


@dataclass(frozen=True, eq=False)
class Explained:
    """Windows to explain, in the units of the input."""

    model: Model
    # (n, n_steps, n_features). Missing first steps repeat the first known step. NaN
    # means that the model does not read the value.
    windows: np.ndarray
    n_missing: np.ndarray  # (n,), the number of missing first steps
    lags: np.ndarray  # (n_steps,), oldest step first; 0 is the last one of a window
    feature_names: np.ndarray  # (n_features,), of objects
    sample_shape: tuple[int, ...]  # of a window as the user gives it
    actual: Any = None  # targets, for a score
    classes: np.ndarray | None = None  # labels of the outputs of a classifier
    target_names: list[Any] | None = None  # along the last axis of the outputs
    positive: np.ndarray | None = None  # mask of the features that must be positive

    def with_model(self, model: Model) -> Explained:
        """Return the same windows with another model."""
        return replace(self, model=model)

    def chunk_size(self, max_samples: int, n_copies: int = 1) -> int:
        """Return how many windows may be copied `n_copies` times at once.

        It is at most `max_samples`.
        """
        window_bytes = 8 * n_copies * max(1, self.windows[:1].size)
        return max(1, min(max_samples, _CHUNK_BYTES // window_bytes))

    def chunks(
        self, max_samples: int = _CHUNK_BYTES, n_copies: int = 1
    ) -> Iterator[slice]:
        """Yield slices of at most `chunk_size(max_samples, n_copies)` samples."""
        size = self.chunk_size(max_samples, n_copies)
        for start in range(0, len(self.windows), size):
            yield slice(start, min(start + size, len(self.windows)))

    def pair(self, baseline: np.ndarray, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return copies of the windows at `rows`, and of their baselines.

        The baselines are NaN where the windows are. In both, missing first steps repeat
        the first known step.
        """
        windows = np.array(self.windows[rows], dtype=float)
        others = np.array(baseline[rows], dtype=float)
        for i in np.flatnonzero(self.n_missing[rows]):
            n_missing = self.n_missing[rows][i]
            others[i, :n_missing] = others[i, n_missing]
        others[np.isnan(windows)] = np.nan
        return windows, others

    def move_repeated(self, attributions: np.ndarray) -> None:
        """Add the attributions of repeated steps to the first known step, in place."""
        for i in np.flatnonzero(self.n_missing):
            n_missing = self.n_missing[i]
            attributions[i, n_missing] += attributions[i, :n_missing].sum(axis=0)
            attributions[i, :n_missing] = 0


def resolve_baseline(baseline: Any, explained: Explained) -> np.ndarray:
    """Return the baseline of each window, in the shape of the windows.

    The parameter `baseline` is "mean", a number, or an array that can be broadcast to
    the windows.
    """
    windows = explained.windows
    if isinstance(baseline, str) and baseline == "mean":
        values = _mean_of_features(explained)
    else:
        values = _read_array(baseline, explained)
    if not np.isfinite(values).all():
        raise ValueError(
            "baseline must be finite: got NaN or infinity. Use baseline='mean' or "
            "replace these values."
        )
    if explained.positive is not None:
        wrong = np.broadcast_to(values, windows.shape)[..., explained.positive] <= 0
        if wrong.any():
            raise ValueError(
                "baseline must be positive with transformer='log': got "
                f"{values.min():g} as smallest value. Use baseline='mean'."
            )
    return np.broadcast_to(values, windows.shape)


def _read_array(baseline, explained):
    """Return the baseline as an array that can be broadcast to the windows."""
    shape = explained.windows.shape
    try:
        values = np.asarray(baseline, dtype=float)
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(baseline, str) else TypeError
        raise kind(
            f"baseline must be 'mean', a number or an array of numbers: got "
            f"{baseline!r}. Use baseline=0.0 for windows with mean zero."
        ) from error
    n_samples, sample_shape = len(explained.windows), explained.sample_shape
    if values.shape in (sample_shape, (n_samples, *sample_shape)):  # the shape of X
        before = values.shape[: values.ndim - len(sample_shape)]
        return values.reshape(*before, *shape[1:])
    try:
        np.broadcast_to(values, shape)
    except ValueError as error:
        raise ValueError(
            "baseline must have a shape that can be broadcast to (n_samples, "
            f"window_length, n_features) = {shape}: got shape {values.shape}. Use one "
            "value per feature, one window, or one window for each sample."
        ) from error
    return values


def _mean_of_features(explained):
    """Return the mean of the known values of each feature, ``(n_features,)``."""
    total, count = 0.0, 0
    for rows in explained.chunks():
        part = np.asarray(explained.windows[rows], dtype=float)
        total = total + np.nansum(part, axis=(0, 1))
        count = count + (~np.isnan(part)).sum(axis=(0, 1))
    return total / np.maximum(count, 1)


def split_lags(n_steps: int, block_length: int) -> list[tuple[int, int]]:
    """Return the blocks of a window as ``(start, stop)``, oldest first.

    Only the oldest block may be shorter than `block_length`.
    """
    first = n_steps % block_length
    starts = [*([0] if first else []), *range(first, n_steps, block_length)]
    return list(zip(starts, [*starts[1:], n_steps], strict=True))
