"""Transformers that shorten, split and flatten windows."""

import math
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.export_graph import ExportGraph
from skcnnlstm._utils.sklearn_callbacks import report_as_one_task
from skcnnlstm._utils.validation import (
    backfill,
    check_feature_names,
    check_integer,
    check_subsequences_shape,
    check_window_length,
    check_windows,
    resolve_subsequences,
)
from skcnnlstm.windows.base import ArrayOutputMixin, WindowTransformer


class LastSteps(ArrayOutputMixin, WindowTransformer):
    """Keep the last steps of each window.

    Use this transformer to make long windows once and to tune in a search how many of
    their steps the model uses.

    Parameters
    ----------
    window_length : int
        Number of time steps to keep, at most the length of the windows. The full length
        keeps all steps.

    Attributes
    ----------
    n_features_in_ : int
        Length of axis 1 of the windows seen during `fit`, which scikit-learn calls
        features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of 2-D windows seen during `fit`, if they were a DataFrame.

    Raises
    ------
    ValueError
        If `window_length` exceeds the length of the windows.

    See Also
    --------
    SlidingWindow : Make windows of rows.

    Notes
    -----
    ``(n, L)`` becomes ``(n, window_length)``, and ``(n, L, F)`` becomes
    ``(n, window_length, F)``. The result is a view.

    Examples
    --------
    >>> from skcnnlstm import LastSteps
    >>> LastSteps(2).fit_transform([[1, 2, 3], [2, 3, 4]])
    array([[2, 3],
           [3, 4]])
    """

    def __init__(self, window_length: int) -> None:
        self.window_length = window_length

    @report_as_one_task
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check that the windows are long enough.

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
        length = check_integer("window_length", self.window_length)
        windows, _ = self._check_windows(X, reset=True)
        check_window_length(length, windows.shape[1])
        self._set_fitted_shape(X, windows)
        self._length = length
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Return the last steps of each window.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows of the same length and features as those given to `fit`.

        Returns
        -------
        windows : ndarray of shape (n_samples, window_length) or \
(n_samples, window_length, n_features)
            A view of `X`.
        """
        check_is_fitted(self)
        windows, _ = self._check_windows(X, reset=False)
        return windows[:, -self._length :]

    def _build_graph(self, context: Any) -> ExportGraph:
        """Return `transform` as a graph for `export`."""
        length = self._length
        return ExportGraph(lambda x: x[:, -length:], self._shape)


class SubsequenceReshaper(ArrayOutputMixin, WindowTransformer):
    """Split each window into subsequences of equal length, in time order.

    This is the input of a CNN-LSTM: the convolution reads the steps of one subsequence,
    and the LSTM reads the sequence of subsequences.

    Parameters
    ----------
    n_subsequences : int or "auto", default="auto"
        Number of subsequences, S. It must divide the length of the windows. "auto"
        selects the largest divisor up to the square root of the length. With `n_rows`,
        the length is first divided by `n_rows`. If the selected divisor is 1, `fit`
        issues a warning.
    n_rows : int or None, default=None
        Number of rows, R, into which each subsequence is folded, for a ConvLSTM.
        ``S * R`` must divide the length of the windows. None does not fold.

    Attributes
    ----------
    n_subsequences_ : int
        The number of subsequences.
    n_features_in_ : int
        Length of axis 1 of the windows seen during `fit`, which scikit-learn calls
        features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of 2-D windows seen during `fit`, if they were a DataFrame.

    Raises
    ------
    ValueError
        If S, or S times R, does not divide the length of the windows. The message lists
        the valid numbers.

    Notes
    -----
    Windows of shape ``(n, L, F)`` become subsequences of shape ``(n, S, L/S, F)``. With
    `n_rows`, the shape is ``(n, S, R, L/(S*R), F)``. Windows of shape ``(n, L)`` have
    one feature: F is 1. The result is always a view.

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

    @report_as_one_task
    def fit(self, X: Any, y: Any = None) -> Self:
        """Determine the number of subsequences.

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
        n_subsequences = resolve_subsequences(
            self.n_subsequences, length, n_rows=self.n_rows
        )
        self._set_fitted_shape(X, windows)
        self.n_subsequences_ = n_subsequences
        rows = () if self.n_rows is None else (int(self.n_rows),)
        n_columns = length // (n_subsequences * (rows[0] if rows else 1))
        n_features = 1 if windows.ndim == 2 else windows.shape[2]
        self._pieces_shape = (n_subsequences, *rows, n_columns, n_features)
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Split the windows into subsequences.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows of the same length and features as those given to `fit`.

        Returns
        -------
        subsequences : ndarray of shape (n_samples, S, L/S, n_features), \
or (n_samples, S, R, L/(S*R), n_features) with `n_rows`
            A view of `X`.
        """
        check_is_fitted(self)
        windows, _ = self._check_windows(X, reset=False)
        # Splitting an axis never copies, whatever the strides.
        return windows.reshape(len(windows), *self._pieces_shape)

    def inverse_transform(self, X: Any) -> NDArray[Any]:
        """Join the subsequences into windows again.

        Parameters
        ----------
        X : array-like of shape (n_samples, S, L/S, n_features), \
or (n_samples, S, R, L/(S*R), n_features) with `n_rows`
            The result of `transform`.

        Returns
        -------
        windows : ndarray of shape (n_samples, L) or (n_samples, L, n_features)
            Windows with as many dimensions as those given to `fit`.
        """
        check_is_fitted(self)
        subsequences = check_windows(X, estimator=self)
        check_subsequences_shape(subsequences, self._pieces_shape)
        return subsequences.reshape(len(subsequences), *self._shape)

    def _build_graph(self, context: Any) -> ExportGraph:
        """Return `transform` as a graph for `export`."""
        shape = (-1, *self._pieces_shape)
        return ExportGraph(lambda x: context.ops.reshape(x, shape), self._shape)


class FlattenWindows(OneToOneFeatureMixin, WindowTransformer):
    """Flatten each window to one row, for estimators that need 2-D input.

    Leading steps in which every feature is NaN (missing history) are filled with the
    first known step.

    Attributes
    ----------
    n_features_in_ : int
        Length of axis 1 of the windows seen during `fit`, which scikit-learn calls
        features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of 2-D windows seen during `fit`, if they were a DataFrame.

    Raises
    ------
    ValueError
        - If the windows hold infinity, or NaN that is not missing history.
        - If the windows differ in shape from those given to `fit`.

    Notes
    -----
    ``(n, L, F)`` becomes ``(n, L * F)``: all features of step 1, then all features of
    step 2, and so on. The result is in C order. It is a view if the windows are in C
    order and have no missing history, otherwise a copy. ``(n, L)`` does not change.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import FlattenWindows
    >>> FlattenWindows().fit_transform([[[1.0, 10.0], [2.0, 20.0]]])
    array([[ 1., 10.,  2., 20.]])

    Missing history is filled:

    >>> FlattenWindows().fit_transform([[[np.nan, np.nan], [2.0, 20.0]]])
    array([[ 2., 20.,  2., 20.]])
    """

    _max_ndim = 5

    @report_as_one_task
    def fit(self, X: Any, y: Any = None) -> Self:
        """Store the shape of the windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows, oldest step first. The time axis may be split into several axes, as
            `SubsequenceReshaper` does.
        y : None
            Ignored.

        Returns
        -------
        self : FlattenWindows
            The fitted transformer.
        """
        windows, _ = self._check_windows(X, reset=True)
        self._set_fitted_shape(X, windows)
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Flatten the windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, L) or (n_samples, L, n_features)
            Windows of the same shape as those given to `fit`.

        Returns
        -------
        rows : ndarray of shape (n_samples, L) or (n_samples, L * n_features)
            The windows as rows, without missing values.
        """
        check_is_fitted(self)
        windows, missing = self._check_windows(X, reset=False)
        if missing.any():
            windows = windows.copy(order="C")
            backfill(windows, missing)
        # Always return C order. Sums over a strided view are rounded in another order,
        # so predictions would depend on how the windows were made.
        flat = windows if windows.ndim == 2 else np.ascontiguousarray(windows)
        return flat.reshape(len(windows), -1)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[np.object_]:
        """Return the name of each output column: the name of a feature, and a lag.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the features of a window. None uses ``x0``, ``x1``, and so on. 2-D
            windows keep the names of their columns, as in scikit-learn's
            `OneToOneFeatureMixin`.

        Returns
        -------
        feature_names_out : ndarray of str objects
            For example ``x0_lag1``: feature ``x0``, one step before the last step of
            the window.
        """
        check_is_fitted(self)
        if len(self._shape) == 1:
            return super().get_feature_names_out(input_features)
        names = check_feature_names(input_features, self._shape[-1])
        lags = range(math.prod(self._shape[:-1]) - 1, -1, -1)
        columns = [f"{name}_lag{lag}" for lag in lags for name in names]
        return np.array(columns, dtype=object)

    def _build_graph(self, context: Any) -> ExportGraph:
        """Return `transform` as a graph for `export`."""
        shape = (-1, math.prod(self._shape))
        return ExportGraph(lambda x: context.ops.reshape(x, shape), self._shape)
