"""Regressors that remember what a forecaster gives them; for several test files."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class Rising(RegressorMixin, BaseEstimator):
    """Forecast the first features' last values plus 1, 2, ..., and remember."""

    def fit(self, X, y):
        self.X_, self.y_ = X, y.reshape(len(y), -1)
        return self

    def predict(self, X):
        self.asked_ = X
        n_targets = getattr(self, "n_targets", X.shape[2])
        n_targets = min(n_targets, self.y_.shape[1])
        steps = np.arange(1, self.y_.shape[1] // n_targets + 1)[:, np.newaxis]
        ahead = X[:, -1:, :n_targets] + steps
        return ahead.reshape(len(X), -1)


class RisingOfOne(Rising):
    """The same for windows of which the first feature alone is forecast."""

    n_targets = 1


class WindowSum(RegressorMixin, BaseEstimator):
    """Forecast the sum of the whole window, at each step: it sees every cell."""

    def fit(self, X, y):
        self.n_outputs_ = y[0].size
        return self

    def predict(self, X):
        total = X.reshape(len(X), -1).sum(axis=1, keepdims=True)
        return np.repeat(total, self.n_outputs_, axis=1)
