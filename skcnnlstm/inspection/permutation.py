"""Permutation importance of blocks of lags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import check_random_state


def permute_blocks(
    score: Callable[[np.ndarray], float],
    windows: np.ndarray,
    blocks: list[tuple[int, int]],
    n_repeats: int,
    random_state: Any,
) -> np.ndarray:
    """Return the decrease of a score, ``(n_blocks, n_features, n_repeats)``.

    Each block of lags of each feature is permuted between the windows in turn.

    Parameters
    ----------
    score : callable
        Function of windows that returns a number; higher is better.
    windows : ndarray of shape (n, n_steps, n_features)
    blocks : list of (start, stop)
    n_repeats : int
    random_state : int, RandomState instance or None
    """
    rng = check_random_state(random_state)
    reference = score(windows)
    permuted = np.array(windows)
    importances = np.zeros((len(blocks), windows.shape[2], n_repeats))
    for block, (start, stop) in enumerate(blocks):
        for feature in range(windows.shape[2]):
            original = windows[:, start:stop, feature]
            if np.isnan(original).all():
                continue  # not read
            for repeat in range(n_repeats):
                order = rng.permutation(len(windows))
                permuted[:, start:stop, feature] = original[order]
                importances[block, feature, repeat] = reference - score(permuted)
            permuted[:, start:stop, feature] = original
    return importances
