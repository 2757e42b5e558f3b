"""Windows of a time series: functions and transformers that share memory.

Axes are `(n_samples, window_length, n_features)`, in Keras order, oldest step first.
Everything here is a view of the rows wherever numpy can express it.
"""

import hashlib
import math
from collections.abc import Hashable, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnnlstm import _validation as _check
from skcnnlstm._callbacks import CallbackSupportMixin, as_one_task
from skcnnlstm._index import Clock, Runs, find_clock, find_runs, join_labels, label_kind

__all__ = [
    "FlattenWindows",
    "LastSteps",
    "SlidingWindow",
    "SubsequenceReshaper",
    "make_windows",
]


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


def digest(rows: NDArray[Any]) -> tuple[Hashable, ...]:
    """Recognise rows that were seen before without keeping them."""
    values = hashlib.blake2b(np.ascontiguousarray(rows).data, digest_size=16)
    return (rows.shape, rows.dtype.str, values.hexdigest())


# ------------------------------------------------------------------------ transformers


class _KeepsArrays:
    """What transformers whose output fits no table share."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: windows of three dimensions or more fit no table.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Ignored: the output stays an array.

        Returns
        -------
        self : estimator instance
            The transformer itself.
        """
        return self


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
    _clock: Clock | None  # older pickles look for Clock in this module

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
        clock = find_clock(index)
        order, starts, _ = find_runs(index, clock, None, len(rows))

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
        runs = find_runs(index, self._clock, self._last_label, len(rows))
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
        self, rows: NDArray[Any], runs: Runs, borrower: int | None, length: int
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

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that float32 stays float32, and what NaN means."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mask"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class _ReadsWindows(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """What transformers of windows share: the check of their input, and their tags."""

    _max_ndim = 3
    _shape: tuple[int, ...]

    def _check_windows(
        self, X: Any, *, reset: bool
    ) -> tuple[NDArray[Any], NDArray[np.intp]]:
        windows = _check.check_windows(X, estimator=self, max_ndim=self._max_ndim)
        missing = _check.missing_history(windows)
        if not reset:
            validate_data(self, X, reset=False, skip_check_array=True)
            _check.check_window_shape(self, windows, self._shape)
        return windows, missing

    def _remember(self, X: Any, windows: NDArray[Any]) -> None:
        """Set what `fit` learns of its input, once nothing can fail any more."""
        validate_data(self, X, reset=True, skip_check_array=True)
        self._shape = windows.shape[1:]

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that windows of 3-D are welcome and types stay."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class LastSteps(_KeepsArrays, _ReadsWindows):
    """Keep the last steps of each window.

    With long windows made once, a search can tune how much of them a model sees.

    Parameters
    ----------
    window_length : int
        How many steps to keep, in time steps: at most the length of the windows given,
        which keeps them whole.

    Attributes
    ----------
    n_features_in_ : int
        Length of axis 1 of the windows seen during `fit`, as scikit-learn counts.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of a DataFrame of 2-D windows seen during `fit`.

    Raises
    ------
    ValueError
        Where `window_length` exceeds the length of the windows.

    Notes
    -----
    ``(n, L)`` becomes ``(n, window_length)``, ``(n, L, F)`` becomes
    ``(n, window_length, F)``: a view.

    Examples
    --------
    >>> from skcnnlstm import LastSteps
    >>> LastSteps(2).fit_transform([[1, 2, 3], [2, 3, 4]])
    array([[2, 3],
           [3, 4]])
    """

    def __init__(self, window_length: int) -> None:
        self.window_length = window_length

    @as_one_task
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the length against the windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows, oldest step first.
        y : None
            Ignored.

        Returns
        -------
        self : LastSteps
            The fitted transformer.
        """
        length = _check.check_integer("window_length", self.window_length)
        windows, _ = self._check_windows(X, reset=True)
        _check.check_steps(length, windows.shape[1])
        self._remember(X, windows)
        self._length = length
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Keep the last steps.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows of the length that was fitted.

        Returns
        -------
        windows : ndarray of shape (n_samples, window_length[, n_features])
            A view of `X`.
        """
        check_is_fitted(self)
        windows, _ = self._check_windows(X, reset=False)
        return windows[:, -self._length :]


class SubsequenceReshaper(_KeepsArrays, _ReadsWindows):
    """Cut each window into pieces of equal length, in time order.

    The pieces are what a CNN-LSTM reads one by one: the convolution sees the steps of a
    piece, the LSTM the sequence of pieces.

    Parameters
    ----------
    n_subsequences : int or "auto", default="auto"
        Number of pieces, S; it must divide the length of the windows. "auto" takes the
        divisor nearest to its square root (of two that multiply to the length, the
        smaller is never further away: no tie is possible), and warns where that is 1.
    n_rows : int or None, default=None
        Rows, R, that each piece is folded into, for ConvLSTM; ``S * R`` must divide the
        length. None folds nothing.

    Attributes
    ----------
    n_subsequences_ : int
        The number of pieces made.
    n_features_in_ : int
        Length of axis 1 of the windows seen during `fit`, as scikit-learn counts.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of a DataFrame of 2-D windows seen during `fit`.

    Raises
    ------
    ValueError
        Where the window cannot be cut so; the message lists what can.

    Notes
    -----
    ``(n, L)`` or ``(n, L, F)`` becomes ``(n, S, L/S, F)``, with `n_rows`
    ``(n, S, R, L/(S*R), F)``; F is 1 for ``(n, L)``. Always a view.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import SubsequenceReshaper
    >>> windows = np.array([[1, 2, 3, 4], [2, 3, 4, 5]])
    >>> reshaper = SubsequenceReshaper(n_subsequences=2).fit(windows)
    >>> reshaper.transform(windows)[..., 0]
    array([[[1, 2],
            [3, 4]],
    <BLANKLINE>
           [[2, 3],
            [4, 5]]])
    >>> SubsequenceReshaper(n_subsequences=2, n_rows=1).fit_transform(windows).shape
    (2, 2, 1, 2, 1)
    """

    def __init__(
        self,
        n_subsequences: int | Literal["auto"] = "auto",
        *,
        n_rows: int | None = None,
    ) -> None:
        self.n_subsequences = n_subsequences
        self.n_rows = n_rows

    @as_one_task
    def fit(self, X: Any, y: Any = None) -> Self:
        """Settle the number of pieces.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows, oldest step first.
        y : None
            Ignored.

        Returns
        -------
        self : SubsequenceReshaper
            The fitted transformer.
        """
        windows, _ = self._check_windows(X, reset=True)
        length = windows.shape[1]
        pieces = _check.resolve_subsequences(
            self.n_subsequences, length, n_rows=self.n_rows
        )
        self._remember(X, windows)
        self.n_subsequences_ = pieces
        rows = () if self.n_rows is None else (int(self.n_rows),)
        columns = length // (pieces * (rows[0] if rows else 1))
        n_features = 1 if windows.ndim == 2 else windows.shape[2]
        self._pieces_shape = (pieces, *rows, columns, n_features)
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Cut the windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows of the length and features that were fitted.

        Returns
        -------
        pieces : ndarray of shape (n_samples, S, L/S, n_features), \
or (n_samples, S, R, L/(S*R), n_features) with `n_rows`
            A view of `X`.
        """
        check_is_fitted(self)
        windows, _ = self._check_windows(X, reset=False)
        # An axis that is split keeps its memory, whatever its strides.
        return windows.reshape(len(windows), *self._pieces_shape)

    def inverse_transform(self, X: Any) -> NDArray[Any]:
        """Join the pieces again.

        Parameters
        ----------
        X : array-like of shape (n_samples, S, L/S, n_features), \
or (n_samples, S, R, L/(S*R), n_features) with `n_rows`
            What `transform` made.

        Returns
        -------
        windows : ndarray of shape (n_samples, L) or (n_samples, L, n_features)
            In as many dimensions as the windows given to `fit`.
        """
        check_is_fitted(self)
        pieces = _check.check_windows(X, estimator=self)
        _check.check_pieces_shape(pieces, self._pieces_shape)
        return pieces.reshape(len(pieces), *self._shape)


class FlattenWindows(OneToOneFeatureMixin, _ReadsWindows):
    """Lay the steps of each window side by side, for estimators that take tables.

    Attributes
    ----------
    n_features_in_ : int
        Length of axis 1 of the windows seen during `fit`, as scikit-learn counts.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of a DataFrame of 2-D windows seen during `fit`.

    Raises
    ------
    ValueError
        For NaN that is not missing history, for infinity, and for windows of another
        shape than those fitted.

    Notes
    -----
    ``(n, L, F)`` becomes ``(n, L * F)``, all features of step 1, then of step 2;
    ``(n, L)`` passes through. Where history is missing, a copy is made in which the
    first known step stands for the steps before it. The result is in C order: a view
    of windows that are, a copy of sliding views.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import FlattenWindows
    >>> FlattenWindows().fit_transform([[[1.0, 10.0], [2.0, 20.0]]])
    array([[ 1., 10.,  2., 20.]])

    Missing history is back-filled:

    >>> FlattenWindows().fit_transform([[[np.nan, np.nan], [2.0, 20.0]]])
    array([[ 2., 20.,  2., 20.]])
    """

    _max_ndim = 5

    @as_one_task
    def fit(self, X: Any, y: Any = None) -> Self:
        """Remember the shape of the windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows, oldest step first; with a time axis that is cut into pieces, too.
        y : None
            Ignored.

        Returns
        -------
        self : FlattenWindows
            The fitted transformer.
        """
        windows, _ = self._check_windows(X, reset=True)
        self._remember(X, windows)
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Lay the steps side by side.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows of the shape that was fitted.

        Returns
        -------
        rows : ndarray of shape (n_samples, L) or (n_samples, L * n_features)
            Without missing values.
        """
        check_is_fitted(self)
        windows, missing = self._check_windows(X, reset=False)
        if missing.any():
            windows = windows.copy(order="C")
            _check.backfill(windows, missing)
        # In C order whatever came: sums over a strided view are rounded in another
        # order, and a fold's predictions would depend on where its windows were made.
        flat = windows if windows.ndim == 2 else np.ascontiguousarray(windows)
        return flat.reshape(len(windows), -1)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[np.object_]:
        """Name the columns: feature and how many steps it lies before the last.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the features of a window; None takes ``x0``, ``x1`` and so on. For
            2-D windows: as in scikit-learn's one-to-one transformers.

        Returns
        -------
        feature_names_out : ndarray of str objects
            ``x0_lag1`` is feature ``x0`` one step before the last step of the window.
        """
        check_is_fitted(self)
        if len(self._shape) == 1:
            return super().get_feature_names_out(input_features)
        n_features = self._shape[-1]
        names = _check.check_feature_names(input_features, n_features)
        lags = range(math.prod(self._shape[:-1]) - 1, -1, -1)
        return np.array([f"{f}_lag{lag}" for lag in lags for f in names], dtype=object)
