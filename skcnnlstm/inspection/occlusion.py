"""Occlusion: replace a part of each window by the baseline, and predict again."""

from __future__ import annotations

import numpy as np

from skcnnlstm.inspection.explained import Explained, split_lags

# Largest number of windows in one call; it is smaller for large windows.
_BATCH = 1024


def occlude(
    explained: Explained,
    baseline: np.ndarray,
    positions: np.ndarray,
    outputs: np.ndarray,
    block_length: int,
) -> np.ndarray:
    """Return the attributions, of shape ``(n, n_steps, n_features, n_outputs)``.

    Each block of lags of each feature is replaced by the baseline in turn. The decrease
    of the outputs is divided equally between the known values of the block.

    Parameters
    ----------
    explained : Explained
    baseline : ndarray of shape (n, n_steps, n_features)
    positions : ndarray of int, shape (n_outputs,)
        The outputs to explain, among those of the model.
    outputs : ndarray of shape (n, n_outputs)
        Outputs of the windows.
    block_length : int
    """
    n_steps, n_features = explained.windows.shape[1:]
    attributions = np.zeros((*explained.windows.shape, len(positions)))
    blocks = split_lags(n_steps, block_length)
    steps = np.arange(n_steps)
    for rows in explained.chunks(_BATCH):
        windows, others = explained.pair(baseline, rows)
        known = ~np.isnan(windows)
        # Steps that repeat the first known one are replaced together with it.
        n_missing = explained.n_missing[rows, np.newaxis]
        owner, is_own = np.maximum(steps, n_missing), steps >= n_missing
        parts = [
            ((owner >= start) & (owner < stop), feature)
            for start, stop in blocks
            for feature in range(n_features)
            if known[:, start:stop, feature].any()
        ]
        size = max(1, explained.chunk_size(_BATCH) // len(windows))
        for first in range(0, len(parts), size):
            group = parts[first : first + size]
            variants = np.repeat(windows[np.newaxis], len(group), axis=0)
            for variant, (in_block, feature) in zip(variants, group, strict=True):
                column = variant[:, :, feature]
                column[in_block] = others[:, :, feature][in_block]
            predicted = explained.model.predict(
                variants.reshape(-1, *windows.shape[1:])
            )
            predicted = predicted.reshape(len(group), len(windows), -1)[..., positions]
            effects = outputs[rows] - predicted
            for (in_block, feature), effect in zip(group, effects, strict=True):
                cells = in_block & is_own & known[:, :, feature]
                share = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
                attributions[rows, :, feature] += share[..., None] * effect[:, None]
    return attributions
