"""Models and windows for the tests of attributions."""

from dataclasses import replace

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from skcnnlstm import FlattenWindows
from skcnnlstm.inspection.explained import Explained

WINDOWS = np.random.default_rng(0).normal(size=(80, 6, 2))
# A target that depends on two lags: 2 of the first feature, 0 of the second.
TARGET = 3 * WINDOWS[:, 3, 0] - 2 * WINDOWS[:, 5, 1]


class FunctionModel:
    """A model that is a function of windows."""

    def __init__(self, function):
        self.predict = function

    def score(self, windows, actual, scoring):
        return -np.abs(self.predict(windows) - actual).mean()


def explained(windows, function=None, **changes):
    """Return windows to explain, by default all with full history."""
    windows = np.asarray(windows, dtype=float)
    n, n_steps, n_features = windows.shape
    whole = Explained(
        FunctionModel(function),
        windows,
        np.zeros(n, dtype=int),
        np.arange(n_steps)[::-1],
        np.array([f"x{i}" for i in range(n_features)], dtype=object),
        windows.shape[1:],
    )
    return replace(whole, **changes)


def linear(X=WINDOWS, y=TARGET):
    """Return a fitted linear model of windows."""
    return make_pipeline(FlattenWindows(), LinearRegression()).fit(X, y)
