"""SlidingWindow: turn each row into the window of rows that ends with it."""

import hashlib
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnnlstm._utils.doc_link import DocLinkMixin
from skcnnlstm._utils.export_graph import ExportGraph
from skcnnlstm._utils.segments import Segments, split_at_gaps
from skcnnlstm._utils.sklearn_callbacks import CallbackSupportMixin, report_as_one_task
from skcnnlstm._utils.validation import (
    check_choice,
    check_finite,
    check_integer,
    check_missing,
    check_time_index,
    check_windows,
    to_plain,
)
from skcnnlstm.windows.base import ArrayOutputMixin
from skcnnlstm.windows.make_windows import window_view

if TYPE_CHECKING:  # the module imports pandas, which arrays do not need
    from skcnnlstm._utils.time_axis import TimeAxis

_MIN_REGULAR = 0.51  # less than for a series: shuffled folds leave out many rows


def _find_segments(index: Any, n_rows: int, axis: "TimeAxis | None" = None) -> Segments:
    """Return the parts of rows without gaps; arrays are one part."""
    if index is None:
        return split_at_gaps(np.arange(n_rows))
    from skcnnlstm._utils.time_axis import find_segments

    return find_segments(index, n_rows, axis, _MIN_REGULAR)


def fingerprint_rows(rows: NDArray[Any]) -> tuple[Hashable, ...]:
    """Return a hash of rows, to recognise them later without keeping them."""
    values = hashlib.blake2b(np.ascontiguousarray(rows).data, digest_size=16)
    return (rows.shape, rows.dtype.str, values.hexdigest())


class SlidingWindow(
    ArrayOutputMixin,
    DocLinkMixin,
    CallbackSupportMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Turn each row of a table into the window of rows that ends with it.

    Row t becomes rows ``t - window_length + 1`` to ``t``. The number of rows stays the
    same, so `y` and `sample_weight` need no change and the transformer works in any
    Pipeline. Steps before the first known row are NaN: missing history. The estimators
    of this package exclude such samples from `fit` and back-fill them in `predict`.

    Parameters
    ----------
    window_length : int, default=24
        Length of a window, in time steps, including the row itself. 1 makes windows of
        the row alone.
    context : {"index", "always", "none"}, default="index"
        When `transform` uses the last ``window_length - 1`` fitted rows as the history
        of the first rows given to it.

        - "index": if a pandas index shows that the rows directly follow the fitted
          ones. This can be a DatetimeIndex (with or without `freq`), a PeriodIndex, a
          TimedeltaIndex, a RangeIndex or an index of integers. Arrays have no index and
          never use the fitted rows.
        - "always": always, except for the fitted rows themselves. Rows are recognised
          as fitted ones if their dates are not later than the last fitted date or,
          without dates, if all values are equal.
        - "none": never.
    missing : {"error", "mask"}, default="error"
        How to handle NaN in the rows. "error" raises an error. "mask" keeps NaN, for
        networks with ``missing="mask"``.

    Attributes
    ----------
    history_ : ndarray of shape (n_history, n_features)
        The last fitted rows, at most ``window_length - 1``, after the last gap in time.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, if all names are strings.

    Raises
    ------
    ValueError
        If the rows hold infinity, or NaN that `missing` does not allow, if the time
        index has duplicates, or if it is neither regular nor sorted.

    See Also
    --------
    make_windows : Make windows and targets of a series outside a Pipeline.

    Notes
    -----
    The result has the shape ``(n_rows, window_length, n_features)``. It is a read-only
    view of one padded copy of the rows. float32 is preserved, other types become
    float64.

    No window reaches across a missing step. If a regular index shows a gap or unordered
    rows, as after shuffled folds or in the training part of KFold, a window holds the
    rows directly before its last row, and NaN before these. A view cannot express this,
    so only in this case the windows are copied.

    If the index has no frequency, as with a shop that is closed on Sundays, all rows
    count as consecutive. Rows then continue the fitted ones if they start within the
    longest step of these. Up to ten missing business days in a row count as holidays.
    Transformers before
    this one must keep the index, as ``StandardScaler().set_output(transform="pandas")``
    does.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import SlidingWindow
    >>> rows = np.array([[1.0], [2.0], [3.0]])
    >>> SlidingWindow(window_length=2).fit_transform(rows)[:, :, 0]
    array([[nan,  1.],
           [ 1.,  2.],
           [ 2.,  3.]])

    Rows whose index continues the fitted one use the fitted rows as their history:

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]})
    >>> window = SlidingWindow(window_length=2).fit(frame[:3])
    >>> window.transform(frame[3:])[:, :, 0]
    array([[3., 4.]])
    """

    history_: NDArray[Any]
    n_features_in_: int
    _axis: "TimeAxis | None"

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

    @report_as_one_task
    def fit(self, X: Any, y: Any = None) -> Self:
        """Store the last rows and the frequency of the index.

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
        length = check_integer("window_length", self.window_length)
        context = check_choice("context", self.context, ("index", "always", "none"))
        X = to_plain(X)
        rows, index = self._check_rows(X)
        order, starts, _ = _find_segments(index, len(rows))

        validate_data(self, X, reset=True, skip_check_array=True)
        last_segment = order[starts[-1] :]
        self.history_ = rows[last_segment[max(0, len(last_segment) - length + 1) :]]
        self._fitted = length, context
        self._axis = None
        if index is not None:
            from skcnnlstm._utils.time_axis import read_time_axis

            axis = read_time_axis(index, min_regular=_MIN_REGULAR)
            self._axis = axis.without_rows()
        self._fingerprint = fingerprint_rows(rows) if context == "always" else None
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Return the window that ends with each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows in time order, oldest first.

        Returns
        -------
        windows : ndarray of shape (n_rows, window_length, n_features)
            A read-only array. Leading steps before the first known row are NaN.
        """
        rows, segments, continued = self._find_context(X)
        return self._make_windows(rows, self.history_, segments, continued)

    def _window_positions(self, X: Any) -> NDArray[Any]:
        """Return the rows that the windows of `transform` consist of, by position.

        The shape is ``(n_rows, window_length)``. Rows of `history_` are -1 for the last
        one, -2 for the one before, and so on. Missing history is NaN.
        """
        rows, segments, continued = self._find_context(X)
        positions = np.arange(float(len(rows)))[:, np.newaxis]
        history = np.arange(-float(len(self.history_)), 0)[:, np.newaxis]
        return self._make_windows(positions, history, segments, continued)[:, :, 0]

    def _find_context(self, X: Any) -> tuple[NDArray[Any], Segments, int | None]:
        """Return the rows, their segments, and the segment that `history_` precedes."""
        check_is_fitted(self)
        X = to_plain(X)
        rows, index = self._check_rows(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        _, context = self._fitted
        segments = _find_segments(index, len(rows), self._axis)
        continued = None
        if context == "index":
            continued = segments.next_run
        elif context == "always" and not self._are_fitted(rows, index):
            continued = 0
        return rows, segments, continued

    def _check_rows(self, X: Any) -> tuple[NDArray[Any], Any]:
        """Return validated floating-point rows and their time index or None."""
        rows = check_windows(X, estimator=self, max_ndim=2)
        missing = check_missing(self.missing)
        check_finite(rows, columns=getattr(X, "columns", None), missing=missing)
        if rows.dtype not in (np.float32, np.float64):
            rows = rows.astype(np.float64)
        return rows, check_time_index(X)

    def _are_fitted(self, rows: NDArray[Any], index: Any) -> bool:
        """Return whether rows are those given to `fit`, or not later than the last."""
        positions = None
        if self._axis is not None and index is not None:
            positions = self._axis.locate(index)
        if positions is None or index.inferred_type == "integer":
            # Without dates, compare values: a new frame may count from 0 again.
            return self._fingerprint == fingerprint_rows(rows)
        return bool(positions.min() <= 0)

    def _make_windows(
        self,
        rows: NDArray[Any],
        history: NDArray[Any],
        segments: Segments,
        continued: int | None,
    ) -> NDArray[Any]:
        """Return windows of rows; `history` precedes the segment `continued`."""
        length, _ = self._fitted
        n_padding = length - 1  # NaN steps before each segment
        n_rows, n_segments = len(rows), len(segments.starts)
        sizes = np.diff(np.append(segments.starts, n_rows))
        segment = np.repeat(np.arange(n_segments), sizes)
        ends = np.arange(n_rows) + n_padding * (1 + segment)
        padded = np.full(
            (n_rows + n_segments * n_padding, rows.shape[1]), np.nan, rows.dtype
        )
        ordered = n_segments == 1 and bool(
            (segments.order[1:] > segments.order[:-1]).all()
        )
        if ordered:
            padded[n_padding:] = rows
        else:
            padded[ends] = rows[segments.order]
        if continued is not None:
            first = ends[segments.starts[continued]]
            padded[first - len(history) : first] = history
        windows = window_view(padded, length)
        if ordered:
            return windows
        at = np.empty_like(ends)
        at[segments.order] = ends - n_padding
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
        """Return tags: floating types are preserved, NaN is allowed with "mask"."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mask"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
