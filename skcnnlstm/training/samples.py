"""Samples of a fit: views of windows, copied a chunk at a time."""

from __future__ import annotations

import math

import numpy as np

# A chunk of windows is copied, run and dropped: it bounds the memory of a fit.
CHUNK_BYTES = 64 * 2**20


class Samples:
    """Rows of an array of windows, with their targets and weights.

    Parameters
    ----------
    X : ndarray of shape (n_windows, ...)
        Windows, as a view; never copied whole unless they fit into one chunk.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Targets of `rows`.
    weight : ndarray of shape (n_samples,)
        Weights of `rows`, float32.
    rows : ndarray of shape (n_samples,)
        Which windows of `X` are the samples, in order.
    """

    def __init__(self, X, y, weight, rows):
        self.X, self.y, self.weight, self.rows = X, y, weight, rows

    def __len__(self):
        return len(self.rows)

    def part(self, start, stop):
        """Return the samples from `start` to `stop`."""
        cut = slice(start, stop)
        return Samples(self.X, self.y[cut], self.weight[cut], self.rows[cut])

    def pick(self, positions):
        """Return the samples at `positions`."""
        return Samples(
            self.X, self.y[positions], self.weight[positions], self.rows[positions]
        )

    def windows(self, positions):
        """Copy the windows at `positions` as float32."""
        rows = self.rows[positions]
        # Indexing copies in X's own type first: float64 windows take twice more for it.
        return np.ascontiguousarray(self.X[rows], dtype=np.float32)

    def chunk_length(self, batch_size):
        """Return how many samples go into a chunk, in whole batches."""
        window_bytes = 4 * math.prod(self.X.shape[1:])
        batches = CHUNK_BYTES // max(1, window_bytes * batch_size)
        return max(1, batches) * batch_size
