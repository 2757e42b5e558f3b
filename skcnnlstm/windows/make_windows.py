"""Cut a series into windows and their targets, as views of the series."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from skcnnlstm._utils import validation as _check


def make_windows(
    series: ArrayLike,
    window_length: int,
    horizon: int = 1,
    *,
    stride: int = 1,
    target: int | str | Sequence[int | str] | None = None,
    missing: Literal["error", "mask"] = "error",
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cut a series into windows and the values that follow each of them.

    Only complete windows are made: of a series of n rows there are
    ``(n - window_length - horizon) // stride + 1``. Rows count as consecutive.

    Parameters
    ----------
    series : array-like of shape (n_rows,) or (n_rows, n_features)
        Rows in time order, oldest first: an array, a list, or a pandas Series or
        DataFrame.
    window_length : int
        Rows of history in one sample, in time steps.
    horizon : int, default=1
        Time steps ahead that one sample predicts.
    stride : int, default=1
        Time steps from one window to the next. 1 makes every window there is;
        `window_length` makes windows that do not overlap.
    target : int, str, list of these, or None, default=None
        The columns to predict, by position or (pandas DataFrame) by name; an integer is
        a position, whatever the labels are. None takes all.
    missing : {"error", "mask"}, default="error"
        What NaN in the series means. "error" takes none. "mask" takes it, for networks
        with ``missing="mask"``: windows hold it, and where a target is NaN there is no
        sample.

    Returns
    -------
    X : ndarray of shape (n, window_length) or (n, window_length, n_features)
        A read-only view of the series, whatever its length: 2-D for a 1-D series. A
        copy where samples are left out for a NaN in their target.
    y : ndarray of shape (n,) or (n, horizon * n_targets)
        The targets, step by step: all targets of step 1, then of step 2. 1-D for a
        horizon of 1 and a single target.

    Raises
    ------
    ValueError
        Where the series is too short for one window and its target, where it holds
        infinity, or NaN that `missing` does not allow, and where its time index is
        unsorted or has duplicates.

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

    Several columns, two steps ahead, for one of the columns:

    >>> X, y = make_windows([[1, 10], [2, 20], [3, 30], [4, 40]], 2, 2, target=1)
    >>> X.shape
    (1, 2, 2)
    >>> y
    array([[30, 40]])
    """
    window_length = _check.check_integer("window_length", window_length)
    horizon = _check.check_integer("horizon", horizon)
    stride = _check.check_integer("stride", stride)
    missing = _check.check_missing(missing)
    rows = _check.check_windows(series, name="series", min_ndim=1, max_ndim=2)
    names = getattr(series, "columns", None)
    columns = rows[:, np.newaxis] if rows.ndim == 1 else rows
    targets = _check.check_target(target, columns.shape[1], names)
    _check.check_enough_rows(len(rows), window_length, horizon)
    index = _check.time_index(series, name="series")
    _check.check_time_order(index, name="series")
    _check.check_finite(rows, name="series", columns=names, missing=missing)

    X = sliding(rows, window_length)[:-horizon:stride]
    # A list of columns makes a copy, a slice does not.
    picked = columns if target is None else columns[:, _as_slice(targets)]
    y = sliding(picked, horizon)[window_length::stride]
    if missing == "mask":
        X, y = _with_targets(X, y)
    if horizon == 1 and len(targets) == 1:
        return X, y[:, 0, 0]
    return X, y.reshape(len(y), horizon * len(targets))


def _with_targets(
    X: NDArray[Any], y: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Leave out samples of which a target is NaN."""
    unknown = np.isnan(y).any(axis=(1, 2))
    return (X[~unknown], y[~unknown]) if unknown.any() else (X, y)


def sliding(rows: NDArray[Any], length: int) -> NDArray[Any]:
    """View `rows` as all its windows, (n, length, ...), read-only."""
    return np.moveaxis(sliding_window_view(rows, length, axis=0), -1, 1)


def _as_slice(positions: list[int]) -> slice | list[int]:
    first, last = positions[0], positions[-1]
    if positions == list(range(first, last + 1)):
        return slice(first, last + 1)
    return positions
