"""HybridEnsembleRegressor: an ensemble of a CNN and an LSTM for regression."""

from typing import ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.linear_model import LinearRegression

from skcnnlstm._utils.validation import check_regression_target, with_plain_target
from skcnnlstm.architectures.cnn import CNNRegressor
from skcnnlstm.architectures.lstm import LSTMRegressor
from skcnnlstm.ensemble.base import _HybridEnsemble, with_shared_docs
from skcnnlstm.ensemble.weights import least_squares_weights


@with_shared_docs
class HybridEnsembleRegressor(RegressorMixin, _HybridEnsemble):
    """Forecast from windows with a separately trained CNN and LSTM.

    Both members, by default a CNNRegressor and an LSTMRegressor, read the same windows.
    The default members accept ``(n_samples, window_length)`` and ``(n_samples,
    window_length, n_features)``. Their predictions are combined by a mean, by a mean
    with learned weights (least squares over all outputs), or by a regression. Targets
    and predictions are ``(n_samples,)`` or ``(n_samples, n_outputs)``.

    Examples
    --------
    >>> from skcnnlstm import HybridEnsembleRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> ensemble = HybridEnsembleRegressor(epochs=2, random_state=0).fit(X, y)
    >>> ensemble.predict(X).shape, ensemble.weights_
    ((5,), array([0.5, 0.5]))

    Learned weights sum to one. Nested names set parameters of a member:

    >>> _ = ensemble.set_params(method="weighted", n_splits=2, lstm__patience=5)
    >>> float(ensemble.fit(X, y).weights_.sum())
    1.0
    """

    _kind = "regressor"
    _default_members: ClassVar = {"cnn": CNNRegressor, "lstm": LSTMRegressor}

    def __init__(
        self,
        *,
        cnn=None,
        lstm=None,
        method="mean",
        final_estimator=None,
        n_splits=5,
        validation_gap=0,
        epochs=None,
        n_jobs=None,
        random_state=None,
    ):
        self.cnn = cnn
        self.lstm = lstm
        self.method = method
        self.final_estimator = final_estimator
        self.n_splits = n_splits
        self.validation_gap = validation_gap
        self.epochs = epochs
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _default_final_estimator(self):
        return LinearRegression(positive=True)

    def _check_target(self, y, n_samples):
        return check_regression_target(y, n_samples, estimator=self)

    def _predict_member(self, member, X, classes):
        output = np.asarray(member.predict(X), dtype=np.float64)
        return output.reshape(len(X), -1)

    def _learn_weights(self, cnn, lstm, y, weight, classes):
        return least_squares_weights(cnn, lstm, y.reshape(len(y), -1), weight)

    def _target_attributes(self, y, classes):
        return {"_target_shape": y.shape[1:]}

    def predict(self, X):
        """Forecast from windows.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Missing first steps (NaN in every feature)
            are filled with the first known step, with a warning.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            The predictions, in the shape of the fitted target.
        """
        predicted = self._predict_combined(X)
        return predicted.reshape(len(predicted), *self._target_shape)

    score = with_plain_target(RegressorMixin.score)

    def _build_graph(self, context):
        """Return the predictions as a graph for `export`."""
        shape = (-1, *self._target_shape)
        graph = super()._build_graph(context)
        return graph.then(lambda output: context.ops.reshape(output, shape))

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        # scikit-learn's checks fit networks for a few epochs, on rows without windows.
        tags.regressor_tags.poor_score = True
        tags.target_tags.multi_output = True
        tags.input_tags.three_d_array = True
        return tags
