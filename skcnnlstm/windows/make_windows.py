"""make_windows: windows of a series and the values that follow them."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from skcnnlstm._utils.validation import (
    check_enough_rows,
    check_finite,
    check_integer,
    check_missing,
    check_target,
    check_time_index,
    check_time_order,
    check_windows,
    to_plain,
)


def make_windows(
    series: ArrayLike,
    window_length: int,
    horizon: int = 1,
    *,
    stride: int = 1,
    target: int | str | Sequence[int | str] | None = None,
    missing: Literal["error", "mask"] = "error",
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Split a series into windows and the values that follow each of them.

    Each window is one sample for an estimator, and the values after it are its target.
    Only complete windows are returned: a series of n rows gives
    ``(n - window_length - horizon) // stride + 1`` samples. All rows count as
    consecutive, whatever the index.

    Parameters
    ----------
    series : array-like of shape (n_rows,) or (n_rows, n_features)
        Rows in time order, oldest first: an array, a list, or a pandas Series or
        DataFrame.
    window_length : int
        Length of a window, in time steps.
    horizon : int, default=1
        Number of time steps to predict, directly after the window.
    stride : int, default=1
        Time steps from the start of one window to the start of the next. 1 returns
        every window. `window_length` returns windows that do not overlap.
    target : int, str, list of these, or None, default=None
        The columns to predict, by position or, in a DataFrame, by name. An integer is
        always a position, even if the column labels are integers. None predicts all
        columns.
    missing : {"error", "mask"}, default="error"
        How to handle NaN in the series.

        - "error": raise an error.
        - "mask": keep NaN in the windows, for networks with ``missing="mask"``. Samples
          with NaN in the target are left out.

    Returns
    -------
    X : ndarray of shape (n_samples, window_length) \
or (n_samples, window_length, n_features)
        The windows, oldest step first; 2-D for a 1-D series. A read-only view of the
        series, which needs no memory. If samples are left out, it is a copy.
    y : ndarray of shape (n_samples,) or (n_samples, horizon * n_targets)
        The targets: all targets of step 1, then all targets of step 2, and so on. 1-D
        for a horizon of 1 and a single target.

    Raises
    ------
    ValueError
        If the series is too short for one window and its target, if it holds infinity
        or NaN that `missing` does not allow, or if its time index is unsorted or has
        duplicates.

    See Also
    --------
    SlidingWindow : Transformer that makes windows inside a Pipeline.

    Examples
    --------
    >>> from skcnnlstm import make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], 4)
    >>> X
    array([[10, 20, 30, 40],
           [20, 30, 40, 50],
           [30, 40, 50, 60],
           [40, 50, 60, 70],
           [50, 60, 70, 80]])
    >>> y
    array([50, 60, 70, 80, 90])

    Predict one of two columns, two steps ahead:

    >>> X, y = make_windows([[1, 10], [2, 20], [3, 30], [4, 40]], 2, 2, target=1)
    >>> X.shape
    (1, 2, 2)
    >>> y
    array([[30, 40]])
    """
    window_length = check_integer("window_length", window_length)
    horizon = check_integer("horizon", horizon)
    stride = check_integer("stride", stride)
    missing = check_missing(missing)
    series = to_plain(series, "series")
    rows = check_windows(series, name="series", min_ndim=1, max_ndim=2)
    names = getattr(series, "columns", None)
    columns = rows[:, np.newaxis] if rows.ndim == 1 else rows
    targets = check_target(target, columns.shape[1], names)
    check_enough_rows(len(rows), window_length, horizon)
    index = check_time_index(series, name="series")
    check_time_order(index, name="series", table=series)
    check_finite(rows, name="series", columns=names, missing=missing)

    # Indexing with a slice returns a view, indexing with a list a copy.
    selected = columns if target is None else columns[:, _as_slice(targets)]
    X, y = cut_windows(rows, selected, window_length, horizon, stride)
    if missing == "mask":
        X, y = drop_unknown_targets(X, y)
    return X, flatten_targets(y)


def cut_windows(
    rows: NDArray[Any],
    targets: NDArray[Any],
    window_length: int,
    horizon: int,
    stride: int = 1,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the windows of validated rows, and the targets that follow each of them.

    `targets` are the rows of shape (n_rows, n_targets) to predict. The result has the
    shapes (n_samples, window_length, ...) and (n_samples, horizon, n_targets).
    """
    X = window_view(rows, window_length)[:-horizon:stride]
    return X, window_view(targets, horizon)[window_length::stride]


def flatten_targets(y: NDArray[Any]) -> NDArray[Any]:
    """Reshape targets (n_samples, horizon, n_targets) as `make_windows` does."""
    n_samples, horizon, n_targets = y.shape
    if horizon == n_targets == 1:
        return y[:, 0, 0]
    return y.reshape(n_samples, horizon * n_targets)


def drop_unknown_targets(
    X: NDArray[Any], y: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Remove samples with NaN in the target."""
    unknown = np.isnan(y).any(axis=(1, 2))
    return (X[~unknown], y[~unknown]) if unknown.any() else (X, y)


def window_view(rows: NDArray[Any], length: int) -> NDArray[Any]:
    """Return all windows of `rows` as a read-only view of shape (n, length, ...)."""
    return np.moveaxis(sliding_window_view(rows, length, axis=0), -1, 1)


def _as_slice(positions: list[int]) -> slice | list[int]:
    """Return consecutive positions as a slice, others unchanged."""
    first, last = positions[0], positions[-1]
    if positions == list(range(first, last + 1)):
        return slice(first, last + 1)
    return positions
