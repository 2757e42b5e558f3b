"""Integrated gradients, with an adaptive number of points on each path."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from skcnnlstm._utils.warnings import warn
from skcnnlstm.inspection.explained import Explained

# Relative errors below this share are float32 rounding errors.
_ROUNDING = 1e-6
_N_FIRST_PARTS = 1
# Largest number of parts of a path, for one output of one window.
_MAX_PARTS = 128
# A larger relative error is reported in a warning, and not distributed.
_INACCURATE = 0.01
# Number of parts in one call, and of simultaneous calls. The small operations of a
# recurrent layer do not use all cores.
_BATCH = 32
_N_THREADS = 2

# gradient(start, difference, left, right, output), as `PathGradient`
Gradient = Callable[..., tuple[np.ndarray, np.ndarray]]


def integrate_gradients(
    gradient: Gradient,
    explained: Explained,
    baseline: np.ndarray,
    positions: np.ndarray,
    outputs: np.ndarray,
    baseline_outputs: np.ndarray,
    tolerance: float,
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
    tolerance : float
        Largest error of the sum of the attributions of a window, as a share of the sum
        of their absolute values. The remaining error is distributed over the
        attributions, so that their sum is exact.
    """
    attributions = np.empty((*explained.windows.shape, len(positions)))
    changes = outputs - baseline_outputs
    for rows in explained.chunks():
        windows, start = explained.pair(baseline, rows)
        difference = np.nan_to_num(windows - start)
        for place, position in enumerate(positions):
            path = _Path(gradient, start, difference, position, tolerance)
            attributions[rows, ..., place] = path.integrate(
                baseline_outputs[rows, place]
            )
    if not np.isfinite(attributions).all():
        raise ValueError(
            "the gradients of the network must be finite: got NaN or infinity between "
            "the baseline and a window. Use method='occlusion'."
        )
    n_inaccurate = _distribute_errors(attributions, changes, outputs, baseline_outputs)
    if n_inaccurate:
        warn(
            f"the attributions of {n_inaccurate} of {outputs.size} outputs are "
            f"inaccurate: their sum is off by more than {_INACCURATE:.0%} of their "
            "total size. Use method='occlusion' to check them."
        )
    explained.move_repeated(attributions)
    return attributions


def _distribute_errors(attributions, changes, outputs, baseline_outputs):
    """Distribute errors of up to 1 %, in place, so that attributions sum to `changes`.

    Attributions with larger errors are not changed. Return the number of outputs for
    which this is the case.
    """
    sizes = np.abs(attributions)
    size, errors = sizes.sum(axis=(1, 2)), changes - attributions.sum(axis=(1, 2))
    bound = _INACCURATE * (size + np.abs(changes))
    bound += 10 * _ROUNDING * (np.abs(outputs) + np.abs(baseline_outputs))
    is_small = (np.abs(errors) <= bound) & (size > 0)
    share = np.where(is_small, errors, 0) / np.where(size > 0, size, 1)
    sizes *= share[:, np.newaxis, np.newaxis]
    attributions += sizes
    return int((np.abs(errors) > bound).sum())


class _Path:
    """The straight paths from baselines to windows.

    A path is divided into parts. The sum of the attributions of a part should be the
    difference of the outputs at its ends. Parts with too large an error are halved,
    because networks with kinks (ReLU, maxima) need short parts near the kinks only.
    """

    def __init__(self, gradient, start, difference, position, tolerance):
        self._gradient = gradient
        self._start, self._difference = start, difference
        self._position, self._tolerance = position, tolerance

    def integrate(self, baseline_outputs):
        """Return the attributions of all windows, ``(n, n_steps, n_features)``.

        `baseline_outputs`, ``(n,)``, holds the outputs of the baselines.
        """
        n = len(self._start)
        attributions = np.zeros(self._difference.shape)
        n_parts = np.zeros(n)
        # Sums over accepted parts: absolute attributions, errors, and squared errors.
        size, total, squares = np.zeros(n), np.zeros(n), np.zeros(n)

        def add_up(values, where):
            return np.bincount(owner[where], values[where], minlength=n)

        # Adjacent parts are in groups: the right end of a part is the left end of the
        # next one. `left_values` are the outputs at the left ends of groups.
        n_adjacent, left_values = _N_FIRST_PARTS, baseline_outputs
        edges = np.linspace(0, 1, n_adjacent + 1)
        owner = np.repeat(np.arange(n), n_adjacent)
        left, right = np.tile(edges[:-1], n), np.tile(edges[1:], n)
        while len(owner):
            parts, right_values = self._compute(owner, left, right)
            inner = right_values.reshape(-1, n_adjacent)[:, :-1]
            lefts = np.concatenate([left_values[:, np.newaxis], inner], axis=1).ravel()
            errors = parts.sum(axis=(1, 2)) - (right_values - lefts)
            sizes = np.abs(parts).sum(axis=(1, 2))
            every = np.ones(len(owner), dtype=bool)
            n_own = add_up(every, every)
            n_parts += n_own
            # Half of the tolerance, because attributions of opposite signs cancel.
            budget = self._tolerance / 2 * (size + add_up(sizes, every))
            is_done = (
                (np.abs(total + add_up(errors, every)) <= budget)
                & (np.sqrt(squares + add_up(errors**2, every)) <= budget)
            ) | (n_parts >= _MAX_PARTS)
            rounding = _ROUNDING * (sizes + np.abs(right_values) + np.abs(lefts))
            limit = np.maximum(budget[owner] / (4 * n_own[owner]), rounding)
            accepted = is_done[owner] | ~(np.abs(errors) > limit)  # also if NaN
            np.add.at(attributions, owner[accepted], parts[accepted])
            size += add_up(sizes, accepted)
            total += add_up(errors, accepted)
            squares += add_up(errors**2, accepted)
            halved = ~accepted
            n_adjacent, left_values = 2, lefts[halved]
            owner = np.repeat(owner[halved], n_adjacent)
            ends = left[halved], (left[halved] + right[halved]) / 2, right[halved]
            left, right = (
                np.stack(pair, axis=1).ravel() for pair in (ends[:2], ends[1:])
            )
        return attributions

    def _compute(self, owner, left, right):
        """Return the attributions of parts, and the outputs at their right ends."""
        parts = np.empty((len(owner), *self._difference.shape[1:]))
        values = np.empty(len(owner))

        def compute(first):
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
            # The gradient may be NaN for missing values, which have the difference 0.
            parts[rows] = np.where(difference == 0, 0, width * difference * gradients)

        with ThreadPoolExecutor(_N_THREADS) as executor:
            list(executor.map(compute, range(0, len(owner), _BATCH)))
        return parts, values
