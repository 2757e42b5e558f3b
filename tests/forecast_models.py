"""Regressors for tests of forecasters; some remember the arrays given to them."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcnnlstm import FlattenWindows, SeriesForecaster


class Rising(RegressorMixin, BaseEstimator):
    """Forecast the last value of each feature plus 1, 2, ..., and keep all input.

    The targets are the first features of a window.
    """

    n_targets = None  # number of targets; None: every feature is one

    def fit(self, X, y):
        self.X_, self.y_ = X, y.reshape(len(y), -1)
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


class ColumnSums(WindowSum):
    """Forecast the sum of each column of the window at each step."""

    def predict(self, X):
        return np.tile(X.sum(axis=1), self.n_outputs_ // X.shape[2])


class Network(RegressorMixin, BaseEstimator):
    """Have the parameters of a network that a forecaster sets; predict zeros."""

    def __init__(
        self, instance_norm="auto", n_targets=1, early_stopping=False, validation_gap=0
    ):
        self.instance_norm = instance_norm
        self.n_targets = n_targets
        self.early_stopping = early_stopping
        self.validation_gap = validation_gap

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.zeros(len(X))


def ridge(**params):
    """Return a Ridge that takes windows."""
    return make_pipeline(FlattenWindows(), Ridge(**params))


def ignore_missing_history(call, *args):
    """Call without the warnings about missing history and about `y`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the first .* rows do not continue")
        warnings.filterwarnings("ignore", "y is ignored")
        return call(*args)


def plain(estimator, **params):
    """Return a forecaster with windows of 3 rows on the scale of the series."""
    settings = {"window_length": 3, "transformer": None} | params
    return SeriesForecaster(estimator, **settings)
