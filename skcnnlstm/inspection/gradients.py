"""Integrated gradients, with as many points on a path as it needs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skcnnlstm._utils.warnings import warn
from skcnnlstm.inspection.explained import Explained

# Attributions must sum to the difference of the outputs within this share of it.
_TOLERANCE = 0.008
# Errors of a part of a path below this share of its numbers are rounding, in float32.
_ROUNDING = 1e-6
# Parts of a path that are computed for one output of one window.
_MAX_PARTS = 400
# A window is reported if its sum differs by more than this share of its attributions.
_INACCURATE = 0.01
# Parts that are computed at once.
_BATCH = 32

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
            attributions[rows, ..., place] = path.integrate(
                outputs[rows, place], baseline_outputs[rows, place]
            )
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

    A path is divided into parts. The sum of the attributions of a part should be the
    difference of the outputs at its ends. Parts with too large an error are halved, as
    networks with kinks (ReLU, maxima) need short parts near the kinks only.
    """

    def __init__(self, gradient, start, difference, position):
        self._gradient = gradient
        self._start, self._difference = start, difference
        self._position = position

    def integrate(self, outputs, baseline_outputs):
        """Return the attributions; both outputs have the shape ``(n,)``."""
        n = len(self._start)
        attributions = np.zeros(self._difference.shape)
        budget = _TOLERANCE * np.abs(outputs - baseline_outputs)
        # Of the errors of accepted parts: their sum, and the sum of their squares.
        total, squares, n_parts = np.zeros(n), np.zeros(n), np.zeros(n, dtype=int)

        def add_up(values, where):
            return np.bincount(owner[where], values[where], minlength=n)

        # Adjacent parts are in pairs: the left end of the second one is the right end
        # of the first one. `left_values` are the outputs at the left ends of pairs.
        owner, left_values = np.repeat(np.arange(n), 2), baseline_outputs
        left, right = np.tile([0, 0.5], n), np.tile([0.5, 1], n)
        while len(owner):
            parts, right_values = self._compute(owner, left, right)
            lefts = np.stack([left_values, right_values[::2]], axis=1).ravel()
            errors = parts.sum(axis=(1, 2)) - (right_values - lefts)
            every = np.ones(len(owner), dtype=bool)
            n_own = add_up(every, every)
            n_parts += n_own.astype(int)
            is_done = (
                (np.abs(total + add_up(errors, every)) <= budget)
                & (np.sqrt(squares + add_up(errors**2, every)) <= budget)
            ) | (n_parts >= _MAX_PARTS)
            size = np.abs(parts).sum(axis=(1, 2)) + np.abs(right_values) + np.abs(lefts)
            limit = np.maximum(budget[owner] / (4 * n_own[owner]), _ROUNDING * size)
            accepted = is_done[owner] | ~(np.abs(errors) > limit)  # also if NaN
            np.add.at(attributions, owner[accepted], parts[accepted])
            total += add_up(errors, accepted)
            squares += add_up(errors**2, accepted)
            halved = ~accepted
            owner, left_values = np.repeat(owner[halved], 2), lefts[halved]
            ends = left[halved], (left[halved] + right[halved]) / 2, right[halved]
            left, right = (
                np.stack(pair, axis=1).ravel() for pair in (ends[:2], ends[1:])
            )
        return attributions

    def _compute(self, owner, left, right):
        """Return the attributions of parts, and the outputs at their right ends."""
        parts = np.empty((len(owner), *self._difference.shape[1:]))
        values = np.empty(len(owner))
        for first in range(0, len(owner), _BATCH):
            rows = slice(first, first + _BATCH)
            difference = self._difference[owner[rows]]
            gradients, values[rows] = self._gradient(
                self._start[owner[rows]],
                difference,
                left[rows],
                right[rows],
                self._position,
            )
            width = (right - left)[rows, np.newaxis, np.newaxis]
            # Where nothing changes, the gradient may be NaN: missing values.
            parts[rows] = np.where(difference == 0, 0, width * difference * gradients)
        return parts, values
