"""Labels of windows: targets that describe the window itself, not later rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnnlstm.windows.views import take_windows

LABELS = ("last", "majority", "all", "per_step", "time_to_end")


def check_label_parameters(label: str, target: Any, horizon: int) -> None:
    """Raise if `target` or `horizon` contradicts `label`."""
    if horizon != 1:
        raise ValueError(
            f"horizon must be 1 with label: got horizon={horizon}, label={label!r}. A "
            "label describes the window itself. Use label=None to predict later rows."
        )
    if label == "time_to_end" and target is not None:
        raise ValueError(
            f"target must be None with label='time_to_end': got target={target!r}. "
            "This label counts rows and reads no column. Set target=None, and drop "
            "columns that are not features from the series."
        )
    if label != "time_to_end" and target is None:
        raise ValueError(
            f"target must be given with label={label!r}: got target=None. Set target "
            "to the position or the name of the column that holds the labels."
        )


def take_labels(series: Any, target: Any, missing: str) -> tuple[Any, NDArray[Any]]:
    """Return the series without the column `target`, and this column as labels.

    With ``missing="error"``, raise if a row has no label.
    """
    from skcnnlstm._utils.recordings import encode, take_column

    series, column = take_column(series, target, parameter="target", name="series")
    labels = np.asarray(column)
    unknown = encode(labels)[0] < 0
    if missing == "error" and unknown.any():
        raise ValueError(
            "series must have a label in each row: got a missing value in row "
            f"{int(np.argmax(unknown))} of target={target!r}. Fill missing labels, or "
            'set missing="mask" to leave out windows without a label.'
        )
    return series, labels


def label_windows(
    label: str, values: NDArray[Any], starts: NDArray[np.intp], window_length: int
) -> tuple[NDArray[np.bool], NDArray[Any]]:
    """Return which windows have a label, and the labels of these windows.

    Parameters
    ----------
    label : {"last", "majority", "all", "per_step"}
        The parameter `label` of `make_windows`.
    values : ndarray of shape (n_rows,)
        Label of each row. None and NaN mean a missing label.
    starts : ndarray of shape (n_windows,)
        First row of each window.
    window_length : int
        Number of rows in a window.

    Returns
    -------
    labelled : ndarray of shape (n_windows,)
        Whether each window has a label.
    y : ndarray of shape (n_labelled,) or (n_labelled, window_length)
        Labels of the windows that have one.
    """
    from skcnnlstm._utils.recordings import encode  # imports pandas

    codes, n_classes = encode(values)
    ends = starts + window_length
    if label == "per_step":
        known = _count(codes >= 0, starts, ends) > 0
        return known, take_windows(values, starts[known], window_length)
    if label == "majority":
        known, code = _majority(codes, n_classes, starts, ends)
        found, row = np.unique(codes, return_index=True)
        return known, values[row[found >= 0][code[known]]]
    known = codes[ends - 1] >= 0
    if label == "all":
        changes = np.append(False, codes[1:] != codes[:-1])
        known &= _count(changes, starts + 1, ends) == 0
    return known, values[ends[known] - 1]


def _majority(
    codes: NDArray[np.intp],
    n_classes: int,
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
) -> tuple[NDArray[np.bool], NDArray[np.intp]]:
    """Return whether each window has a known label, and its most frequent label.

    The labels are integer codes.
    """
    best = np.zeros(len(starts), np.intp)
    largest = np.zeros(len(starts), np.intp)
    for code in range(n_classes):
        count = _count(codes == code, starts, ends)
        best[count > largest] = code
        np.maximum(largest, count, out=largest)
    return largest > 0, best


def _count(
    mask: NDArray[np.bool], starts: NDArray[np.intp], ends: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the number of true values of `mask` in each range ``start:end``."""
    before = np.append(0, np.cumsum(mask))
    return before[ends] - before[starts]
