"""Integrated gradients, with as many points on a path as it needs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skcnnlstm._utils.warnings import warn
from skcnnlstm.inspection.explained import Explained

# Attributions must sum to the difference of the outputs within this share of it.
_TOLERANCE = 0.005
# Errors of a part of a path below this share of its numbers are rounding, in float32.
_ROUNDING = 1e-6
_N_FIRST_PARTS = 2
# Parts of a path that are computed for one output of one window.
_MAX_PARTS = 400
# A window is reported if its sum differs by more than this share of its attributions.
_INACCURATE = 0.01
# Parts that are computed at once.
_BATCH = 64

# gradient(start, difference, left, right, output), as `PathGradient`
Gradient = Callable[..., tuple[np.ndarray, np.ndarray]]


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
    changes = outputs - baseline_outputs
    for rows in explained.chunks():
        windows, start = explained.pair(baseline, rows)
        difference = np.nan_to_num(windows - start)
        for place, position in enumerate(positions):
            path = _Path(gradient, start, difference, position)
            attributions[rows, ..., place] = path.integrate(changes[rows, place])
    if not np.isfinite(attributions).all():
        raise ValueError(
            "the gradients of the network must be finite: got NaN or infinity between "
            "the baseline and a window. Use method='occlusion'."
        )
    error = np.abs(attributions.sum(axis=(1, 2)) - changes)
    size = np.abs(attributions).sum(axis=(1, 2)) + np.abs(changes)
    rounding = 10 * _ROUNDING * (np.abs(outputs) + np.abs(baseline_outputs))
    n_inaccurate = int((error > _INACCURATE * size + rounding).sum())
    if n_inaccurate:
        warn(
            f"the attributions of {n_inaccurate} of {outputs.size} outputs do not sum "
            f"to the difference of the outputs within {_INACCURATE:.0%} of their "
            "total size. Use method='occlusion' to check them."
        )
    explained.move_repeated(attributions)
    return attributions


class _Path:
    """The straight paths from baselines to windows.

    A path is divided into parts. The sum of the attributions of a part must be the
    difference of the outputs at its ends. Parts with too large an error are halved, as
    networks with kinks (ReLU, maxima) need short parts near the kinks only.
    """

    def __init__(self, gradient, start, difference, position):
        self._gradient = gradient
        self._start, self._difference = start, difference
        self._position = position

    def integrate(self, changes):
        """Return the attributions, whose sums should be `changes`, ``(n,)``."""
        n = len(self._start)
        attributions = np.zeros(self._difference.shape)
        budget = _TOLERANCE * np.abs(changes)  # for the errors of all parts
        n_parts = np.zeros(n, dtype=int)
        edges = np.linspace(0, 1, _N_FIRST_PARTS + 1)
        owner = np.repeat(np.arange(n), _N_FIRST_PARTS)
        left, right = np.tile(edges[:-1], n), np.tile(edges[1:], n)
        while len(owner):
            parts, errors, is_rounding = self._compute(owner, left, right)
            n_own = np.bincount(owner, minlength=n)
            n_parts += n_own
            total = np.bincount(owner, errors, minlength=n)
            is_last = (total <= budget) | (n_parts >= _MAX_PARTS)
            # Parts with small errors use at most a quarter of the budget that is left.
            small = errors <= budget[owner] / (4 * n_own[owner])
            accepted = is_last[owner] | small | is_rounding | ~np.isfinite(errors)
            np.add.at(attributions, owner[accepted], parts[accepted])
            budget -= np.bincount(owner, np.where(accepted, errors, 0), minlength=n)
            budget = np.maximum(budget, 0)
            halved = ~accepted
            middle = (left[halved] + right[halved]) / 2
            owner = np.repeat(owner[halved], 2)
            left, right = (
                np.stack([left[halved], middle], axis=1).ravel(),
                np.stack([middle, right[halved]], axis=1).ravel(),
            )
        return attributions

    def _compute(self, owner, left, right):
        """Return the attributions of parts, their errors, and which are rounding."""
        parts = np.empty((len(owner), *self._difference.shape[1:]))
        errors, is_rounding = np.empty(len(owner)), np.empty(len(owner), dtype=bool)
        for first in range(0, len(owner), _BATCH):
            rows = slice(first, first + _BATCH)
            difference = self._difference[owner[rows]]
            gradients, ends = self._gradient(
                self._start[owner[rows]],
                difference,
                left[rows],
                right[rows],
                self._position,
            )
            width = (right - left)[rows, np.newaxis, np.newaxis]
            # Where nothing changes, the gradient may be NaN: missing values.
            moved = difference == 0
            part = np.where(moved, 0, width * difference * gradients)
            ends = ends.astype(float)
            parts[rows] = part
            errors[rows] = np.abs(part.sum(axis=(1, 2)) - (ends[:, 1] - ends[:, 0]))
            size = np.abs(part).sum(axis=(1, 2)) + np.abs(ends).sum(axis=1)
            is_rounding[rows] = errors[rows] <= _ROUNDING * size
        return parts, errors, is_rounding
