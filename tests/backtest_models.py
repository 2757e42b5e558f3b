"""Forecasters and series for the tests of backtests."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    FlattenWindows,
    SeriesForecaster,
    backtest,
)


class Last(RegressorMixin, BaseEstimator):
    """Repeat the last value, and count the fits of all instances."""

    fits = 0

    def fit(self, X, y):
        type(self).fits += 1
        self.n_outputs_ = y[0].size
        return self

    def predict(self, X):
        return np.tile(X[:, -1], self.n_outputs_ // X.shape[2])


class TrainingMean(RegressorMixin, BaseEstimator):
    """Forecast the mean of the training targets, which identifies the training rows."""

    def fit(self, X, y):
        self.mean_, self.n_outputs_ = y.mean(), y[0].size
        return self

    def predict(self, X):
        return np.full((len(X), self.n_outputs_), self.mean_)


def last(horizon=1, **params):
    params = {"window_length": 2, "transformer": None, **params}
    return SeriesForecaster(Last(), horizon=horizon, **params)


def ridge(horizon=1, **params):
    inner = make_pipeline(FlattenWindows(), Ridge())
    return SeriesForecaster(inner, window_length=6, horizon=horizon, **params)


def run(forecaster, series, cv, **params):
    return backtest(forecaster, series, cv, verbose=0, **params)


def noise(n_rows, n_columns=None, seed=0):
    size = n_rows if n_columns is None else (n_rows, n_columns)
    return np.random.default_rng(seed).normal(size=size)


def many(form):
    """Return three series of different lengths, and the id column of a long frame."""
    by_name = {name: noise(n, seed=n) for name, n in (("a", 60), ("b", 80), ("c", 50))}
    if form == "list":
        return list(by_name.values()), None
    if form == "dict":
        return by_name, None
    columns = {
        "who": np.repeat([*by_name], [60, 80, 50]),
        "value": np.concatenate([*by_name.values()]),
    }
    return pd.DataFrame(columns), "who"
