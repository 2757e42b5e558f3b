"""Transformers that shorten, cut and flatten windows."""

import math
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils import validation as _check
from skcnnlstm._utils.export_graph import ExportGraph
from skcnnlstm._utils.sklearn_callbacks import as_one_task
from skcnnlstm.windows.base import _KeepsArrays, _ReadsWindows


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

    def _build_graph(self, context: Any) -> ExportGraph:
        """Return `transform` as a graph for `export`."""
        length = self._length
        return ExportGraph(lambda x: x[:, -length:], self._shape)


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

    def _build_graph(self, context: Any) -> ExportGraph:
        """Return `transform` as a graph for `export`."""
        shape = (-1, *self._pieces_shape)
        return ExportGraph(lambda x: context.ops.reshape(x, shape), self._shape)


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

    def _build_graph(self, context: Any) -> ExportGraph:
        """Return `transform` as a graph for `export`."""
        shape = (-1, math.prod(self._shape))
        return ExportGraph(lambda x: context.ops.reshape(x, shape), self._shape)
