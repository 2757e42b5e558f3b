"""SlidingWindow: turn each row into the window of rows that ends with it."""

import hashlib
from collections.abc import Hashable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnnlstm._utils.doc_link import DocLinkMixin
from skcnnlstm._utils.export_graph import ExportGraph, NoGraphError
from skcnnlstm._utils.segments import Segments, split_at_gaps
from skcnnlstm._utils.sklearn_callbacks import CallbackSupportMixin, report_as_one_task
from skcnnlstm._utils.validation import (
    check_choice,
    check_feature_names,
    check_finite,
    check_integer,
    check_missing,
    check_target,
    check_time_index,
    check_windows,
    to_plain,
)
from skcnnlstm.windows.base import ArrayOutputMixin
from skcnnlstm.windows.views import window_view

if TYPE_CHECKING:  # the module imports pandas, which arrays do not need
    from skcnnlstm._utils.time_axis import TimeAxis

# Minimum share of regular steps. It is lower than for a series, because shuffled folds
# leave out many rows.
_MIN_REGULAR = 0.51


def _find_segments(index: Any, n_rows: int, axis: "TimeAxis | None" = None) -> Segments:
    """Split rows at the gaps in their index. Rows without an index have no gaps.

    `axis` is the time axis of fitted rows. If it is given, `next_run` of the result is
    the number of the segment that continues the fitted rows, or None.
    """
    if index is None:
        return split_at_gaps(np.arange(n_rows))
    from skcnnlstm._utils.time_axis import find_segments

    return find_segments(index, n_rows, axis, _MIN_REGULAR)


def _read_axis(index: Any) -> "TimeAxis | None":
    """Return the time axis of an index, without a label for each row.

    The result is None if `index` is None.
    """
    if index is None:
        return None
    from skcnnlstm._utils.time_axis import read_time_axis

    return read_time_axis(index, min_regular=_MIN_REGULAR).without_rows()


def fingerprint_rows(rows: NDArray[Any]) -> tuple[Hashable, ...]:
    """Return the shape, data type and hash of rows, to recognize equal rows later."""
    values = hashlib.blake2b(np.ascontiguousarray(rows).data, digest_size=16)
    return (rows.shape, rows.dtype.str, values.hexdigest())


class _Recording(NamedTuple):
    """The rows of one recording, or of a table without an id column."""

    key: Hashable  # None without an id column
    rows: NDArray[np.intp]  # positions in the table
    index: Any  # time index or None


class SlidingWindow(
    ArrayOutputMixin,
    DocLinkMixin,
    CallbackSupportMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # type: ignore[call-arg]  # it stays an array
):
    """Turn each row of a table into the window of rows that ends with it.

    The window of row t holds rows ``t - window_length + 1`` to ``t``. The number of
    rows stays the same, so `y` and `sample_weight` need no change and the transformer
    works in any Pipeline. Window steps before the first known row are NaN. This is
    called missing history. The estimators of this package leave out windows with
    missing history in `fit`, and back-fill the missing history in `predict`.

    Parameters
    ----------
    window_length : int, default=24
        Length of a window, in time steps, including the row itself. With 1, a window
        holds only the row itself.
    context : {"index", "always", "none"}, default="index"
        When `transform` uses the last ``window_length - 1`` fitted rows as the history
        of the rows that it transforms.

        - "index": if a pandas index shows that the rows directly follow the fitted
          rows. The index can be a DatetimeIndex (with or without `freq`), a
          PeriodIndex, a TimedeltaIndex, a RangeIndex or an index of integers. Arrays
          have no index and never use the fitted rows.
        - "always": always, except when the fitted rows themselves are transformed. Rows
          count as fitted rows if their earliest date is not later than the last
          fitted date. Rows without dates count as fitted rows if they equal all
          fitted rows.
        - "none": never.
    missing : {"error", "mask"}, default="error"
        How to handle NaN in the rows. "error" raises an error. "mask" keeps NaN, for
        networks with ``missing="mask"``.
    id_column : int, str or None, default=None
        The column that holds the recording of each row, by position or, in a DataFrame,
        by name. No window holds rows of two recordings, and the id column is not part
        of the windows. Rows of several recordings may alternate, and the times of
        recordings may overlap. `context` applies to each recording separately. A
        recording without fitted rows has no history. None treats all rows as one
        recording.

    Attributes
    ----------
    history_ : ndarray of shape (n_history, n_features), or dict of these
        The last fitted rows after the last gap in time, at most ``window_length - 1``.
        With `id_column`, a dict with the last fitted rows of each recording, by its id.
    n_features_in_ : int
        Number of columns seen during `fit`, including the id column.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, if all names are strings.

    Raises
    ------
    ValueError
        - If the rows hold infinity, or NaN that `missing` does not allow.
        - If the time index has duplicates. With `id_column`, this applies within each
          recording.
        - If the time index is neither regular nor sorted.

    See Also
    --------
    make_windows : Make windows and targets of a series outside a Pipeline.

    Notes
    -----
    The result has the shape ``(n_rows, window_length, n_features)``. It is a read-only
    view of one padded copy of the rows. float32 is preserved, other types become
    float64.

    No window reaches across a gap in a regular index: window steps before the gap are
    NaN. If rows are not in time order, each window still holds the rows before its last
    row in time. Shuffled folds have gaps and unordered rows, and the training part of
    KFold has gaps. With gaps, unordered rows or several recordings, the windows are a
    copy instead of a view.

    An index may have no frequency, such as the dates of a shop that is closed on
    Sundays. All rows then count as consecutive. New rows continue the fitted rows if
    the step between them is at most the longest step of the fitted rows. In an index of
    business days, up to ten missing days in a row count as holidays, not as a gap.

    Transformers before this transformer must keep the index, as
    ``StandardScaler().set_output(transform="pandas")`` does. They must not scale the id
    column: use ``ColumnTransformer(..., remainder="passthrough",
    verbose_feature_names_out=False).set_output(transform="pandas")``.

    If recordings alternate and the index only numbers the rows of the table, all rows
    of a recording count as consecutive.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import SlidingWindow
    >>> rows = np.array([[1.0], [2.0], [3.0]])
    >>> SlidingWindow(window_length=2).fit_transform(rows)[:, :, 0]
    array([[nan,  1.],
           [ 1.,  2.],
           [ 2.,  3.]])

    Rows with an index that continues the fitted index use the fitted rows as history:

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]})
    >>> window = SlidingWindow(window_length=2).fit(frame[:3])
    >>> window.transform(frame[3:])[:, :, 0]
    array([[3., 4.]])

    Windows of two recordings:

    >>> frame["unit"] = ["p", "p", "q", "q"]
    >>> SlidingWindow(window_length=2, id_column="unit").fit_transform(frame)[:, :, 0]
    array([[nan,  1.],
           [ 1.,  2.],
           [nan,  3.],
           [ 3.,  4.]])
    """

    history_: Any
    n_features_in_: int
    _axes: "dict[Hashable, TimeAxis | None]"  # by the key of the recording

    def __init__(
        self,
        window_length: int = 24,
        *,
        context: Literal["index", "always", "none"] = "index",
        missing: Literal["error", "mask"] = "error",
        id_column: int | str | None = None,
    ) -> None:
        self.window_length = window_length
        self.context = context
        self.missing = missing
        self.id_column = id_column

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
        rows, recordings, numbered = self._read_rows(X)
        histories, axes, fingerprints = {}, {}, {}
        for key, at, index in recordings:
            with self._naming(key):
                order, starts, _ = _find_segments(index, len(at))
                last = order[starts[-1] :]
                last = last[max(0, len(last) - length + 1) :]
                histories[key] = rows[at[last]]
                axes[key] = _read_axis(index)
                if context == "always":
                    fingerprints[key] = fingerprint_rows(rows[at])

        validate_data(self, X, reset=True, skip_check_array=True)
        self.history_ = histories[None] if self.id_column is None else histories
        self._fitted = length, context
        self._id_column, self._numbered = self.id_column, numbered
        self._axes, self._fingerprints = axes, fingerprints
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
            The windows, read-only. Leading steps before the first known row are NaN.
        """
        rows, segments, histories = self._find_context(X)
        return self._make_windows(rows, segments, histories)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[np.object_]:
        """Return the names of the features of a window, without the id column.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns of the rows. None uses `feature_names_in_`. If this is
            not defined, the names are ``x0``, ``x1``, and so on.

        Returns
        -------
        feature_names_out : ndarray of str objects
            One name per feature, axis 2 of the windows.
        """
        check_is_fitted(self)
        if input_features is None:
            input_features = getattr(self, "feature_names_in_", None)
        names = check_feature_names(input_features, self.n_features_in_)
        names = np.array(names, dtype=object)
        if self._id_column is None:
            return names
        columns = getattr(self, "feature_names_in_", None)
        (position,) = check_target(self._id_column, len(names), columns)
        return np.delete(names, position)

    def _window_positions(self, X: Any) -> NDArray[Any]:
        """Return the positions of the rows in each window of `transform`.

        The shape is ``(n_rows, window_length)``. Rows of `history_` have negative
        positions: -1 for the last row, -2 for the row before it, and so on. Missing
        history is NaN.
        """
        rows, segments, histories = self._find_context(X)
        positions = np.arange(float(len(rows)))[:, np.newaxis]
        before = {
            run: np.arange(-float(len(history)), 0)[:, np.newaxis]
            for run, history in histories.items()
        }
        return self._make_windows(positions, segments, before)[:, :, 0]

    def _find_context(
        self, X: Any
    ) -> tuple[NDArray[Any], Segments, dict[int, NDArray[Any]]]:
        """Return the rows, their segments, and the history of segments.

        A segment is a run of rows without gaps. The history is a dict. For each segment
        that continues fitted rows, it maps the position of the segment (0 for the
        first) to the rows of `history_` before it.
        """
        check_is_fitted(self)
        X = to_plain(X)
        rows, recordings, _ = self._read_rows(X, fitted=True)
        validate_data(self, X, reset=False, skip_check_array=True)
        known = self.history_ if self._id_column is not None else {None: self.history_}
        orders, starts, histories = [], [], {}
        n_rows = n_runs = 0
        for key, at, index in recordings:
            with self._naming(key):
                segments = _find_segments(index, len(at), self._axes.get(key))
                continued = None
                if key in known:
                    continued = self._continued_run(key, rows, at, index, segments)
            if continued is not None:
                histories[n_runs + continued] = known[key]
            orders.append(at[segments.order])
            starts.append(segments.starts + n_rows)
            n_rows, n_runs = n_rows + len(at), n_runs + len(segments.starts)
        joined = Segments(np.concatenate(orders), np.concatenate(starts), None)
        return rows, joined, histories

    def _continued_run(
        self,
        key: Hashable,
        rows: NDArray[Any],
        at: NDArray[np.intp],
        index: Any,
        segments: Segments,
    ) -> int | None:
        """Return the number of the segment that continues the fitted rows, or None."""
        _, context = self._fitted
        if context == "index":
            return segments.next_run
        if context == "always" and not self._are_fitted(key, rows[at], index):
            return 0
        return None

    def _naming(self, key: Hashable) -> Any:
        """Return a context manager that adds the recording `key` to error messages."""
        if key is None:
            return nullcontext()
        from skcnnlstm._utils.recordings import naming

        return naming(key)

    def _read_rows(
        self, X: Any, fitted: bool = False
    ) -> tuple[NDArray[Any], list[_Recording], bool]:
        """Return validated rows, their recordings, and whether the index is ignored.

        The index is ignored if recordings alternate and the index only numbers the
        rows. With `fitted`, the index is also ignored if `fit` ignored it.
        """
        id_column = self._id_column if fitted else self.id_column
        if id_column is None:
            rows = self._check_rows(X, ids=not fitted)
            index = check_time_index(X, ids=not fitted)
            return rows, [_Recording(None, np.arange(len(rows)), index)], False
        from skcnnlstm._utils.recordings import (
            alternate,
            find_recordings,
            take_column,
        )

        # Check this before reading the ids, so that no other column is read as the id.
        if fitted and len(getattr(X, "shape", ())) == 2:
            validate_data(self, X, reset=False, skip_check_array=True)
        X, ids = take_column(X, id_column)
        rows = self._check_rows(X)
        keys, places = find_recordings(ids, len(rows), "id_column")
        numbered = (fitted and self._numbered) or alternate(X, places)
        recordings = []
        for key, at in zip(keys, places, strict=True):
            index = None
            if hasattr(X, "iloc") and not numbered:
                with self._naming(key):
                    index = check_time_index(X.iloc[at])
            recordings.append(_Recording(key, at, index))
        return rows, recordings, numbered

    def _check_rows(self, X: Any, ids: bool = False) -> NDArray[Any]:
        """Return the rows of a table without an id column, validated, as floats."""
        rows = check_windows(X, estimator=self, max_ndim=2, ids=ids)
        missing = check_missing(self.missing)
        check_finite(rows, columns=getattr(X, "columns", None), missing=missing)
        if rows.dtype not in (np.float32, np.float64):
            rows = rows.astype(np.float64)
        return rows

    def _are_fitted(self, key: Hashable, rows: NDArray[Any], index: Any) -> bool:
        """Return whether rows of the recording `key` count as its fitted rows.

        This depends on the dates of the rows. Without dates, it depends on their
        values.
        """
        positions, axis = None, self._axes[key]
        if axis is not None and index is not None:
            positions = axis.locate(index)
        if positions is None or index.inferred_type == "integer":
            # Integer labels do not identify rows: a new frame may count from 0 again.
            return self._fingerprints[key] == fingerprint_rows(rows)
        return bool(positions.min() <= 0)

    def _make_windows(
        self,
        rows: NDArray[Any],
        segments: Segments,
        histories: dict[int, NDArray[Any]],
    ) -> NDArray[Any]:
        """Return the windows of rows; no window holds rows of two segments.

        `histories` holds fitted rows by the number of the segment that they precede.
        """
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
        for run, history in histories.items():
            first = ends[segments.starts[run]]
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
        """Return `transform` of arrays, which have no index, as a graph for `export`.

        With ``context="always"``, the fitted rows are the history. If the next
        estimator reads NaN, steps without history are NaN. Otherwise, they repeat the
        first row, as back-filling does.
        """
        if self._id_column is not None:
            raise NoGraphError(
                context.path,
                "have id_column=None to be exported",
                f"id_column={self._id_column!r}",
                "Export only the steps after it, which read windows: "
                "export(pipeline[-1], path).",
            )
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
        """Return tags: float types are preserved, `missing="mask"` allows NaN."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mask"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
