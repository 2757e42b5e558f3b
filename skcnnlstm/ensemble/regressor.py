"""HybridEnsembleRegressor: an ensemble of a CNN and an LSTM for numbers."""

from __future__ import annotations

from typing import ClassVar

from sklearn.base import (
    RegressorMixin,
)
from sklearn.linear_model import LinearRegression

from skcnnlstm._utils.validation import (
    check_regression_target,
)
from skcnnlstm.architectures.cnn import CNNRegressor
from skcnnlstm.architectures.lstm import LSTMRegressor
from skcnnlstm.ensemble.base import (
    _HybridEnsemble,
)
from skcnnlstm.ensemble.out_of_fold import (
    least_squares_weights,
    predictions,
)


class HybridEnsembleRegressor(RegressorMixin, _HybridEnsemble):
    """Forecast from windows with a CNN and an LSTM, trained apart and joined.

    Windows of any shape that both members read, `(n_samples, window_length)` or
    `(n_samples, window_length, n_features)` for the defaults, go into a CNNRegressor
    and an LSTMRegressor. Their predictions are averaged, averaged with learned weights
    (least squares over all outputs at once), or put into a regression. Targets are
    `(n_samples,)` or `(n_samples, n_outputs)`, and so are predictions.

    Examples
    --------
    >>> from skcnnlstm import HybridEnsembleRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> ensemble = HybridEnsembleRegressor(epochs=2, random_state=0).fit(X, y)
    >>> ensemble.predict(X).shape, ensemble.weights_
    ((5,), array([0.5, 0.5]))

    Learned weights sum to one, and a nested name reaches a member:

    >>> _ = ensemble.set_params(method="weighted", n_splits=2, lstm__patience=5)
    >>> float(ensemble.fit(X, y).weights_.sum())
    1.0
    """

    _kind = "regressor"
    _default_members: ClassVar = {"cnn": CNNRegressor, "lstm": LSTMRegressor}

    @staticmethod
    def _default_final():
        return LinearRegression(positive=True)

    _ask = staticmethod(predictions)

    def _check_target(self, y, n_samples):
        return check_regression_target(y, n_samples, estimator=self)

    def _learn_weights(self, cnn, lstm, y, weight, classes):
        return least_squares_weights(cnn, lstm, y.reshape(len(y), -1), weight)

    def _about_target(self, y, classes):
        return {"_target_shape": y.shape[1:]}

    def predict(self, X):
        """Forecast from windows.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Missing first steps (NaN in every feature)
            are filled with the first known one, with a warning.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            In the shape of the fitted target.
        """
        joined = self._joined(X)
        return joined.reshape(len(joined), *self._target_shape)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        # The checks feed rows that are no windows, to networks of a few epochs.
        tags.regressor_tags.poor_score = True
        tags.target_tags.multi_output = True
        return tags
