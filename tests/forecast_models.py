"""Regressors with predictable forecasts, shared by several test files."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class Rising(RegressorMixin, BaseEstimator):
    """Forecast the last value of each feature plus 1, 2, ..., and keep all input.

    The targets are the first features of a window.
    """

    n_targets = None  # number of targets; None: every feature is one

    def fit(self, X, y):
        self.X_, self.y_ = X, y
        return self

    def predict(self, X):
        self.asked_ = X
        n_outputs = self.y_[0].size
        n_targets = min(self.n_targets or X.shape[2], n_outputs)
        steps = np.arange(1, n_outputs // n_targets + 1)[:, np.newaxis]
        ahead = X[:, -1:, :n_targets] + steps  # (n_samples, horizon, n_targets)
        return ahead.reshape(len(X), -1)


class RisingOfOne(Rising):
    """Forecast the first feature only, as `Rising` does."""

    n_targets = 1


class WindowSum(RegressorMixin, BaseEstimator):
    """Forecast the sum of the whole window at each step: it depends on every cell."""

    def fit(self, X, y):
        self.n_outputs_ = y[0].size
        return self

    def predict(self, X):
        total = X.reshape(len(X), -1).sum(axis=1, keepdims=True)
        return np.repeat(total, self.n_outputs_, axis=1)


class LastValue(RegressorMixin, BaseEstimator):
    """Forecast the last value of each feature at each step."""

    def fit(self, X, y):
        self.n_outputs_ = y[0].size
        return self

    def predict(self, X):
        return np.tile(X[:, -1], self.n_outputs_ // X.shape[2])
