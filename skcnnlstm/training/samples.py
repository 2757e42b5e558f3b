"""Samples of a fit: a view of windows that is copied in chunks of bounded size."""

import math

import numpy as np

# Only one chunk of windows is copied at a time, which bounds the memory of a fit.
CHUNK_BYTES = 64 * 2**20
_SCALED_VALUES = 2**15  # number of values that are standardized at a time


class Samples:
    """The samples of a fit: windows with their targets and weights.

    X holds all windows and may be a view; it is copied in chunks. `rows` holds the
    positions of the samples in X, in order. `y` holds the target of each sample, and
    `weight` (float32) its weight. `mean` and `scale` hold one value per feature. If
    they are given, windows are standardized when they are copied.
    """

    def __init__(self, X, y, weight, rows, mean=None, scale=None):
        self.X, self.y, self.weight, self.rows = X, y, weight, rows
        self.mean, self.scale = mean, scale

    def __len__(self):
        return len(self.rows)

    def select(self, positions):
        """Return the samples at `positions`, an array or a slice."""
        return Samples(
            self.X,
            self.y[positions],
            self.weight[positions],
            self.rows[positions],
            self.mean,
            self.scale,
        )

    def windows(self, positions):
        """Return the windows of the samples at `positions` as a new float32 array."""
        rows = self.rows[positions]
        # Indexing first makes a copy in the data type of X. During the conversion,
        # float64 windows therefore need three times the memory of the result.
        if self.mean is None:
            return np.ascontiguousarray(self.X[rows], dtype=np.float32)
        windows = np.empty((len(rows), *self.X.shape[1:]), np.float32)
        length = max(1, _SCALED_VALUES // math.prod(self.X.shape[1:]))
        for start in range(0, len(rows), length):
            part = slice(start, start + length)
            # In float64: values with a large offset lose digits in float32.
            windows[part] = (self.X[rows[part]] - self.mean) / self.scale
        return windows

    def chunk_length(self, batch_size):
        """Return the number of samples of a chunk, a multiple of `batch_size`."""
        window_bytes = 4 * math.prod(self.X.shape[1:])
        n_batches = CHUNK_BYTES // max(1, window_bytes * batch_size)
        return max(1, n_batches) * batch_size
