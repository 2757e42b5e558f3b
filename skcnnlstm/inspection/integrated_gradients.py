"""Integrated gradients, with an adaptive number of points on each path."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from skcnnlstm._utils.warnings import warn
from skcnnlstm.inspection.explained import Explained

# Relative errors below this share are float32 rounding errors.
_ROUNDING = 1e-6
# Weights of the left, middle and right node of a part. The first part of a path follows
# the rule of Radau, exact for polynomials of degree 2 (Abramowitz and Stegun, 1964,
# formula 25.4.31): its middle node is at 1/3, and its left node, the baseline, has no
# weight. All values in a max pooling may be equal there, and the gradient then differs
# from the gradient at every other point. The other parts follow Simpson's rule.
_RADAU, _SIMPSON = np.array([0, 3 / 4, 1 / 4]), np.array([1 / 6, 2 / 3, 1 / 6])
# A path with this number of parts, counting divided ones, is not divided further.
_MAX_PARTS = 128
# Parts hold three gradients each, so fewer windows are copied at once than elsewhere.
_N_COPIES = 16
# A larger relative error is reported in a warning, and not distributed.
_INACCURATE = 0.01
# Number of windows in one call, and of simultaneous calls. The small operations of a
# recurrent layer do not use all cores.
_BATCH = 128
_N_THREADS = 2

# gradient(windows, output), as `WindowGradient`
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
        As `skcnnlstm.training.WindowGradient`.
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
    for rows in explained.chunks(n_copies=_N_COPIES):
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
            f"inaccurate: the error of their sum is more than {_INACCURATE:.0%} of "
            "their total size. Use method='occlusion' to check them."
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


class _Parts(NamedTuple):
    """Parts of paths; each has a left, a middle and a right node."""

    owner: np.ndarray  # (n_parts,), the window
    nodes: np.ndarray  # (n_parts, 3), positions on the path: 0 baseline, 1 window
    gradients: np.ndarray  # (n_parts, 3, n_steps, n_features); not at the baseline
    values: np.ndarray  # (n_parts, 3), the outputs

    def select(self, where: np.ndarray) -> _Parts:
        """Return the parts at which the mask `where` is True."""
        return _Parts(*(array[where] for array in self))


class _Path:
    """The straight paths from baselines to windows.

    A path is divided into parts. The sum of the attributions of a part should be the
    difference of the outputs at its ends. Parts with too large an error are divided at
    their middle node, because networks with kinks (ReLU, maxima) need short parts near
    the kinks only. A new part has one new node; the gradients at its other two nodes
    are known.
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

        parts = self._divide(self._whole(baseline_outputs))
        while len(parts.owner):
            owner, values = parts.owner, parts.values
            shares = self._attributions(parts)
            errors = shares.sum(axis=(1, 2)) - (values[:, 2] - values[:, 0])
            sizes = np.abs(shares).sum(axis=(1, 2))
            every = np.ones(len(owner), dtype=bool)
            n_own = add_up(every, every)
            n_parts += n_own
            # Half of the tolerance, because attributions of opposite signs cancel.
            budget = self._tolerance / 2 * (size + add_up(sizes, every))
            is_done = (
                (np.abs(total + add_up(errors, every)) <= budget)
                & (np.sqrt(squares + add_up(errors**2, every)) <= budget)
            ) | (n_parts >= _MAX_PARTS)
            rounding = _ROUNDING * (sizes + np.abs(values[:, [0, 2]]).sum(axis=1))
            limit = np.maximum(budget[owner] / (4 * n_own[owner]), rounding)
            accepted = is_done[owner] | ~(np.abs(errors) > limit)  # also if NaN
            np.add.at(attributions, owner[accepted], shares[accepted])
            size += add_up(sizes, accepted)
            total += add_up(errors, accepted)
            squares += add_up(errors**2, accepted)
            parts = self._divide(parts.select(~accepted))
        return attributions

    def _whole(self, baseline_outputs):
        """Return each path as one part, without paths of length zero."""
        owner = np.flatnonzero(self._difference.any(axis=(1, 2)))
        n = len(owner)
        parts = _Parts(
            owner=owner,
            nodes=np.tile([0.0, 0.0, 1.0], (n, 1)),
            gradients=np.zeros((n, 3, *self._difference.shape[1:]), np.float32),
            values=np.zeros((n, 3)),
        )
        parts.values[:, 0] = baseline_outputs[owner]
        self._compute(parts, 2)
        self._compute_middle(parts)
        return parts

    def _divide(self, parts):
        """Return the two parts on both sides of each middle node."""
        halves = [
            _Parts(parts.owner, *(array[:, [a, a, b]] for array in parts[1:]))
            for a, b in ((0, 1), (1, 2))
        ]
        halves = _Parts(*map(np.concatenate, zip(*halves, strict=True)))
        self._compute_middle(halves)
        return halves

    def _compute_middle(self, parts):
        """Set the middle node of each part, its gradients and its output, in place."""
        left, _, right = parts.nodes.T
        share = np.where(left == 0, 1 / 3, 1 / 2)
        parts.nodes[:, 1] = left + share * (right - left)
        self._compute(parts, 1)

    def _compute(self, parts, place):
        """Compute the gradients and outputs of one node of each part, in place."""

        def compute(first):
            rows = slice(first, first + _BATCH)
            owner = parts.owner[rows]
            nodes = parts.nodes[rows, place, np.newaxis, np.newaxis]
            windows = self._start[owner] + nodes * self._difference[owner]
            parts.gradients[rows, place], parts.values[rows, place] = self._gradient(
                windows, self._position
            )

        with ThreadPoolExecutor(_N_THREADS) as executor:
            list(executor.map(compute, range(0, len(parts.owner), _BATCH)))

    def _attributions(self, parts):
        """Return the attributions of each part, ``(n_parts, n_steps, n_features)``."""
        left, _, right = parts.nodes.T
        weights = np.where((left == 0)[:, np.newaxis], _RADAU, _SIMPSON)
        weights *= (right - left)[:, np.newaxis]
        means = np.einsum("pk,pk...->p...", weights, parts.gradients)
        difference = self._difference[parts.owner]
        # The gradient may not be finite for missing values, whose difference is 0.
        with np.errstate(invalid="ignore"):
            return np.where(difference == 0, 0, difference * means)
