"""make_windows: split a series into windows and their targets."""

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnnlstm._utils.validation import (
    check_choice,
    check_finite,
    check_integer,
    check_missing,
    check_target,
    check_windows,
    to_plain,
)
from skcnnlstm.windows.group_rows import check_is_no_name, find_starts, read_groups
from skcnnlstm.windows.labels import (
    LABELS,
    check_label_parameters,
    label_windows,
    take_labels,
)
from skcnnlstm.windows.views import take_windows, window_view

_Label = Literal["last", "majority", "all", "per_step", "time_to_end"]


@overload
def make_windows(
    series: ArrayLike,
    window_length: int,
    horizon: int = 1,
    *,
    stride: int = 1,
    target: int | str | Sequence[int | str] | None = None,
    missing: Literal["error", "mask"] = "error",
    groups: None = None,
    label: _Label | None = None,
) -> tuple[NDArray[Any], NDArray[Any]]: ...
@overload
def make_windows(
    series: ArrayLike,
    window_length: int,
    horizon: int = 1,
    *,
    stride: int = 1,
    target: int | str | Sequence[int | str] | None = None,
    missing: Literal["error", "mask"] = "error",
    groups: ArrayLike,
    label: _Label | None = None,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]: ...
def make_windows(
    series: ArrayLike,
    window_length: int,
    horizon: int = 1,
    *,
    stride: int = 1,
    target: int | str | Sequence[int | str] | None = None,
    missing: Literal["error", "mask"] = "error",
    groups: ArrayLike | None = None,
    label: _Label | None = None,
) -> tuple[NDArray[Any], ...]:
    """Split a series into windows and their targets.

    Each window is one sample for an estimator. Its target consists of the `horizon`
    rows after the window. With `label`, the target is a label of the window itself. All
    rows count as consecutive, whatever the index. With `groups`, no window and no
    target holds rows of two recordings.

    Only complete windows are returned. A series of n rows gives ``(n - window_length -
    horizon) // stride + 1`` samples. With `label`, it gives ``(n - window_length) //
    stride + 1`` samples.

    Parameters
    ----------
    series : array-like of shape (n_rows,) or (n_rows, n_features)
        Rows in time order, oldest first: an array, a list, or a pandas Series or
        DataFrame.
    window_length : int
        Length of a window, in time steps.
    horizon : int, default=1
        Number of time steps to predict, directly after the window. Must be 1 with
        `label`, because no later step is predicted.
    stride : int, default=1
        Time steps from the start of one window to the start of the next. 1 returns
        every window. `window_length` returns windows that do not overlap.
    target : int, str, list of these, or None, default=None
        The columns to predict, by position or, in a DataFrame, by name. An integer is
        always a position, even if the column labels are integers. None predicts all
        columns. With `label`, this is the one column that holds the labels, as numbers
        or text. That column is not part of the windows. With the label "time_to_end",
        `target` must be None.
    missing : {"error", "mask"}, default="error"
        How to handle NaN in the series.

        - "error": raise an error.
        - "mask": keep NaN in the windows, for networks with ``missing="mask"``. Leave
          out samples with NaN in the target, and samples without a label.
    groups : array-like of shape (n_rows,) or None, default=None
        The recording to which each row belongs, such as the id of a person or an
        engine. The rows of a recording need not be adjacent. Samples are sorted by
        recording, in the order in which the recordings first appear. If a recording is
        too short, it gives no sample, and a warning is issued. None treats all rows as
        one recording.
    label : {"last", "majority", "all", "per_step", "time_to_end"} or None, default=None
        What y holds for each window.

        - None: the values of `target` after the window.
        - "last": the label of the last step.
        - "majority": the most frequent label. Of equally frequent labels, the first one
          in sort order is used.
        - "all": the label that all steps share. Windows without such a label are left
          out.
        - "per_step": the labels of all steps. Windows without any known label are left
          out.
        - "time_to_end": the number of rows after the window until the recording ends,
          0 for a window at the end.

    Returns
    -------
    X : ndarray of shape (n_samples, window_length) \
or (n_samples, window_length, n_features)
        The windows, oldest step first. A 1-D series gives 2-D windows. X is a read-only
        view of the series and needs no memory of its own. If samples are left out, or
        if there are several recordings, X can be a copy.
    y : ndarray of shape (n_samples,) or (n_samples, horizon * n_targets)
        The targets: all targets of step 1, then all targets of step 2, and so on. y is
        1-D if there is one target and `horizon` is 1. With `label`, the shape is
        ``(n_samples,)``, or ``(n_samples, window_length)`` for "per_step".
    groups : ndarray of shape (n_samples,)
        The recording of each window, for `GroupKFold` and other splitters. Returned
        only if `groups` is given.

    Raises
    ------
    ValueError
        - If the series is too short for one window and its target.
        - If the series holds infinity, or NaN that `missing` does not allow.
        - If the time index is unsorted or has duplicates within a recording.

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

    Windows of two recordings, each with the number of rows until its recording ends:

    >>> X, y, groups = make_windows(
    ...     [1, 2, 3, 4, 10, 20, 30], 2, groups=list("aaaabbb"), label="time_to_end"
    ... )
    >>> X.tolist()
    [[1, 2], [2, 3], [3, 4], [10, 20], [20, 30]]
    >>> y, groups
    (array([2, 1, 0, 1, 0]), array(['a', 'a', 'a', 'b', 'b'], dtype='<U1'))
    """
    window_length = check_integer("window_length", window_length)
    horizon = check_integer("horizon", horizon)
    stride = check_integer("stride", stride)
    missing = check_missing(missing)
    label = check_choice("label", label, (None, *LABELS))
    check_is_no_name(groups)
    series = to_plain(series, "series")
    labels = None
    if label is not None:
        check_label_parameters(label, target, horizon)
        horizon = 0  # the target lies in the window
        if label != "time_to_end":
            series, labels = take_labels(series, target, missing)
            target = None
    rows = check_windows(series, name="series", min_ndim=1, max_ndim=2)
    names = getattr(series, "columns", None)
    columns = rows[:, np.newaxis] if rows.ndim == 1 else rows
    targets = check_target(target, columns.shape[1], names)
    order, sizes = read_groups(series, groups, window_length, horizon)
    check_finite(rows, name="series", columns=names, missing=missing)

    # Indexing with a slice returns a view, indexing with a list a copy.
    selected = columns if target is None else columns[:, _as_slice(targets)]
    if groups is None and label is None:
        X, y = cut_windows(rows, selected, window_length, horizon, stride)
        if missing == "mask":
            X, y = drop_unknown_targets(X, y)
        return X, flatten_targets(y)

    if order is not None:  # rows of several recordings alternate
        rows, selected = rows[order], selected[order]
        labels = labels[order] if labels is not None else None
    starts, ends = find_starts(sizes, window_length + horizon, stride)
    if label is None:
        y = take_windows(selected, starts + window_length, horizon)
        if missing == "mask":
            starts, y = drop_unknown_targets(starts, y)
        y = flatten_targets(y)
    elif labels is None:
        y = ends - starts - window_length
    else:
        labelled, y = label_windows(label, labels, starts, window_length)
        starts = starts[labelled]
    X = take_windows(rows, starts, window_length)
    if groups is None:
        return X, y
    ids = np.asarray(to_plain(groups, "groups"))
    return X, y, (ids if order is None else ids[order])[starts]


def cut_windows(
    rows: NDArray[Any],
    targets: NDArray[Any],
    window_length: int,
    horizon: int,
    stride: int = 1,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the windows of validated rows, and the targets after each window.

    `targets` has shape (n_rows, n_targets) and holds the values to predict. The results
    have the shapes (n_samples, window_length, ...) and (n_samples, horizon, n_targets).
    """
    X = window_view(rows, window_length)[:-horizon:stride]
    return X, window_view(targets, horizon)[window_length::stride]


def flatten_targets(y: NDArray[Any]) -> NDArray[Any]:
    """Reshape targets of shape (n_samples, horizon, n_targets) to one row per sample.

    With one step and one target, the result is 1-D.
    """
    n_samples, horizon, n_targets = y.shape
    if horizon == n_targets == 1:
        return y[:, 0, 0]
    return y.reshape(n_samples, horizon * n_targets)


def drop_unknown_targets(
    X: NDArray[Any], y: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return `X` and `y` without the samples whose target contains NaN."""
    unknown = np.isnan(y).any(axis=(1, 2))
    return (X[~unknown], y[~unknown]) if unknown.any() else (X, y)


def _as_slice(positions: list[int]) -> slice | list[int]:
    """Return positions as a slice if they are consecutive, else unchanged."""
    first, last = positions[0], positions[-1]
    if positions == list(range(first, last + 1)):
        return slice(first, last + 1)
    return positions
