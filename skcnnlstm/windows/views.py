"""Make windows that are views of rows."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def window_view(rows: NDArray[Any], length: int) -> NDArray[Any]:
    """Return all windows of `rows` as a read-only view of shape (n, length, ...)."""
    return np.moveaxis(sliding_window_view(rows, length, axis=0), -1, 1)


def take_windows(
    rows: NDArray[Any], starts: NDArray[np.intp], length: int
) -> NDArray[Any]:
    """Return the windows of `rows` that start at the positions `starts`.

    The result is a read-only view if the starts are ascending and equally spaced.
    Otherwise, it is a copy.
    """
    windows = window_view(rows, length)
    if not len(starts):
        return windows[:0]
    stride = 1 if len(starts) < 2 else int(starts[1] - starts[0])
    if stride > 0 and (np.diff(starts) == stride).all():
        return windows[starts[0] : starts[-1] + 1 : stride]
    return windows[starts]
