"""SlidingWindow: each row becomes the window of rows that ends with it."""

import hashlib
from collections.abc import Hashable
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnnlstm._utils import validation as _check
from skcnnlstm._utils.export_graph import ExportGraph
from skcnnlstm._utils.sklearn_callbacks import CallbackSupportMixin, as_one_task
from skcnnlstm._utils.time_index import (
    Frequency,
    Segments,
    find_frequency,
    find_segments,
    join_labels,
    label_kind,
)
from skcnnlstm.windows.base import _KeepsArrays
from skcnnlstm.windows.make_windows import sliding


def digest(rows: NDArray[Any]) -> tuple[Hashable, ...]:
    """Recognise rows that were seen before without keeping them."""
    values = hashlib.blake2b(np.ascontiguousarray(rows).data, digest_size=16)
    return (rows.shape, rows.dtype.str, values.hexdigest())


class SlidingWindow(
    _KeepsArrays, CallbackSupportMixin, TransformerMixin, BaseEstimator
):
    """Turn each row of a table into the window of rows that ends with it.

    Row t becomes rows ``t - window_length + 1 .. t``, so that the row count stays and
    `y` and `sample_weight` need no change: it stands in an ordinary Pipeline. Steps
    before the first known row are NaN, "history not there yet": the estimators of this
    package drop such samples in `fit` and back-fill them in `predict`.

    Parameters
    ----------
    window_length : int, default=24
        Rows of history in one sample, in time steps, the row itself included. 1 makes
        windows of the row alone.
    context : {"index", "always", "none"}, default="index"
        When the last ``window_length - 1`` fitted rows are put before the rows given
        to `transform`.

        - "index": where a pandas index shows these to be the next rows: a
          DatetimeIndex (with or without `freq`), PeriodIndex, TimedeltaIndex,
          RangeIndex, or integers. Arrays cannot show it, and borrow nothing.
        - "always": what is transformed always continues what was fitted, but for the
          fitted rows themselves: rows whose dates do not lie after the last fitted
          one, and where there are no dates, an equal table of values.
        - "none": never.
    missing : {"error", "mask"}, default="error"
        What NaN in the rows means. "error" takes none; "mask" hands it on, for networks
        with ``missing="mask"``.

    Attributes
    ----------
    history_ : ndarray of shape (n_history, n_features)
        The last fitted rows, at most ``window_length - 1``: those after the last gap.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, where all are strings.

    Raises
    ------
    ValueError
        For infinity in the rows, or NaN that `missing` does not allow, for a time index
        with duplicates, and for one that is neither regular nor sorted.

    Notes
    -----
    The result, ``(n_rows, window_length, n_features)``, is a read-only view of one
    padded copy of the rows; float32 stays, other types become float64.

    Where a regular index shows a gap or rows out of order (as shuffled folds have, and
    the training part of KFold), no window reaches across a missing step: a row's window
    holds the rows whose labels precede its own without a gap, and NaN before them. No
    uniform view can express that, so that then, and only then, the windows are copied.
    In an index with no regular step, rows count as consecutive and nothing is borrowed;
    a few missing business days count as holidays. Keep the index on the way here:
    ``StandardScaler().set_output(transform="pandas")`` does.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import SlidingWindow
    >>> rows = np.array([[1.0], [2.0], [3.0]])
    >>> SlidingWindow(window_length=2).fit_transform(rows)[:, :, 0]
    array([[nan,  1.],
           [ 1.,  2.],
           [ 2.,  3.]])

    An index that goes on where the fitted one stopped brings its history along:

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]})
    >>> window = SlidingWindow(window_length=2).fit(frame[:3])
    >>> window.transform(frame[3:])[:, :, 0]
    array([[3., 4.]])
    """

    history_: NDArray[Any]
    n_features_in_: int
    _clock: Frequency | None  # older pickles look for Clock in this module

    def __init__(
        self,
        window_length: int = 24,
        *,
        context: Literal["index", "always", "none"] = "index",
        missing: Literal["error", "mask"] = "error",
    ) -> None:
        self.window_length = window_length
        self.context = context
        self.missing = missing

    @as_one_task
    def fit(self, X: Any, y: Any = None) -> Self:
        """Keep the last rows, and what tells which rows come next.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows in time order, oldest first.
        y : None
            Ignored.

        Returns
        -------
        self : SlidingWindow
            The fitted transformer.
        """
        length = _check.check_integer("window_length", self.window_length)
        choices = ["index", "always", "none"]
        context = _check.check_choice("context", self.context, choices)
        rows, index = self._rows(X)
        clock = find_frequency(index)
        order, starts, _ = find_segments(index, clock, None, len(rows))

        validate_data(self, X, reset=True, skip_check_array=True)
        last_run = order[starts[-1] :]
        self.history_ = rows[last_run[max(0, len(last_run) - length + 1) :]]
        self._fitted = length, context
        self._clock = clock
        self._last_label = None if index is None else index.take(order[-1:])
        self._digest = digest(rows) if context == "always" else None
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Turn each row into the window that ends with it.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows in time order, oldest first.

        Returns
        -------
        windows : ndarray of shape (n_rows, window_length, n_features)
            Read-only. Leading steps before the first known row are NaN.
        """
        check_is_fitted(self)
        rows, index = self._rows(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        length, context = self._fitted
        runs = find_segments(index, self._clock, self._last_label, len(rows))
        borrower = None
        if context == "index":
            borrower = runs.next_run
        elif context == "always" and not self._was_fitted(rows, index):
            borrower = 0
        return self._windows(rows, runs, borrower, length)

    def _rows(self, X: Any) -> tuple[NDArray[Any], Any]:
        rows = _check.check_windows(X, estimator=self, max_ndim=2)
        missing = _check.check_missing(self.missing)
        names = getattr(X, "columns", None)
        _check.check_finite(rows, columns=names, missing=missing)
        if rows.dtype not in (np.float32, np.float64):
            rows = rows.astype(np.float64)
        return rows, _check.time_index(X)

    def _was_fitted(self, rows: NDArray[Any], index: Any) -> bool:
        """Tell whether the rows are those given to `fit`, or earlier than the last."""
        joined = join_labels(self._last_label, index)
        if joined is None or label_kind(joined) == "integer":
            # Without dates the values must tell: a new frame counts from 0 again.
            return self._digest == digest(rows)
        return bool(joined[1:].min() <= joined[0])

    def _windows(
        self, rows: NDArray[Any], runs: Segments, borrower: int | None, length: int
    ) -> NDArray[Any]:
        pad = length - 1  # blank steps in front of each run
        n_rows, n_runs = len(rows), len(runs.starts)
        sizes = np.diff(np.append(runs.starts, n_rows))
        ends = np.arange(n_rows) + pad * (1 + np.repeat(np.arange(n_runs), sizes))
        padded = np.full((n_rows + n_runs * pad, rows.shape[1]), np.nan, rows.dtype)
        in_order = n_runs == 1 and bool((runs.order[1:] > runs.order[:-1]).all())
        if in_order:
            padded[pad:] = rows
        else:
            padded[ends] = rows[runs.order]
        if borrower is not None:
            first = ends[runs.starts[borrower]]
            padded[first - len(self.history_) : first] = self.history_
        windows = sliding(padded, length)
        if in_order:
            return windows
        at = np.empty_like(ends)
        at[runs.order] = ends - pad
        windows = windows[at]
        windows.flags.writeable = False
        return windows

    def _build_graph(self, context: Any) -> ExportGraph:
        """Return the windows of bare arrays as a graph for `export`.

        The history is the fitted one with ``context="always"``, else none. Steps
        without history are NaN where the next estimator reads them. Elsewhere they
        repeat the first row, as back-filling does.
        """
        length, when = self._fitted
        n_features, ops = self.n_features_in_, context.ops
        history = np.empty((0, n_features), np.float32)
        if when == "always":
            history = self.history_.astype(np.float32)
        if context.keep_missing:
            n_missing = length - 1 - len(history)
            blank = np.full((n_missing, n_features), np.nan, np.float32)
            history = np.concatenate([blank, history])
        n_history = len(history)

        def run(rows: Any) -> Any:
            ends = ops.arange(ops.shape(rows)[0])[:, None] + n_history
            if n_history:
                rows = ops.concatenate([ops.convert_to_tensor(history), rows])
            steps = ends + np.arange(1 - length, 1, dtype=np.int32)
            windows = ops.take(rows, ops.maximum(steps, 0), axis=0)
            return ops.reshape(windows, (-1, length, n_features))

        return ExportGraph(run, (n_features,), "rows")

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that float32 stays float32, and what NaN means."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mask"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
