"""Make the forecasters that the command line compares."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

import skcnnlstm
from skcnnlstm.cli.options import NETWORKS

SEASONAL_NAIVE, RIDGE = "seasonal naive", "Ridge"
# Short series give few windows for many weights. Dropout and weight decay limit
# overfitting, and the linear skip fits what a Ridge would.
_NETWORK_PARAMS = {
    "linear_skip": True,
    "dropout": 0.3,
    "optimizer": "adamw",
    "optimizer__weight_decay": 0.1,
    "learning_rate": 2e-3,
}
# The mean over time learns slowly: smaller batches make more steps in an epoch.
_EXTRA_PARAMS = {"parallel": {"batch_size": 16}}


class SeasonalNaive(BaseEstimator):
    """Regressor that repeats the last season of its window."""

    def __init__(self, season_length):
        self.season_length = season_length

    def fit(self, X, y):
        """Store the number of steps to forecast."""
        self.horizon_ = y.reshape(len(y), -1).shape[1] // X.shape[2]
        return self

    def predict(self, X):
        """Return the season after each window, of shape (n, horizon * n_targets)."""
        season = X[:, -self.season_length :]
        steps = [h % self.season_length for h in range(self.horizon_)]
        return season[:, steps].reshape(len(X), -1)


class FilledWindows(BaseEstimator):
    """Regressor that fills missing values with the last known ones before it.

    With the parameter `missing="mask"`, `SeriesForecaster` allows NaN in windows.
    """

    def __init__(self, regressor, missing="mask"):
        self.regressor = regressor
        self.missing = missing

    def fit(self, X, y):
        """Fit a clone of the regressor on filled windows."""
        self.regressor_ = clone(self.regressor).fit(self._filled(X), y)
        return self

    def predict(self, X):
        """Predict from filled windows."""
        return self.regressor_.predict(self._filled(X))

    def _filled(self, X):
        steps = np.moveaxis(X, 1, 0).reshape(X.shape[1], -1)
        filled = pd.DataFrame(steps).ffill().bfill().fillna(0).to_numpy()
        shape = X.shape[1], X.shape[0], X.shape[2]
        return np.moveaxis(filled.reshape(shape), 0, 1)


def subsequence_params(window_length, season_length):
    """Return the parameters that split a window into subsequences.

    A window of several whole seasons is split into seasons, and each is normalised by
    the last one. Other windows are split as ``n_subsequences="auto"`` does.
    """
    if 1 < season_length < window_length and window_length % season_length == 0:
        return {
            "n_subsequences": window_length // season_length,
            "instance_norm": "seasonal",
            "season_length": season_length,
        }
    return {"n_subsequences": "auto"}


def make_models(options, positive, has_missing=False):
    """Return the forecasters by name: seasonal naive, Ridge and the chosen networks.

    With `positive`, the series is modelled on a log scale. With `has_missing`, the
    networks mask missing values.
    """
    regressors = {RIDGE: make_pipeline(skcnnlstm.FlattenWindows(), Ridge())}
    for name in dict.fromkeys(options.models):
        params = _NETWORK_PARAMS | _EXTRA_PARAMS.get(name, {})
        if name in ("cnn_lstm", "conv_lstm"):
            params |= subsequence_params(options.window_length, options.season_length)
        if has_missing:
            params |= {"missing": "mask"}
        regressors[name] = getattr(skcnnlstm, NETWORKS[name])(
            epochs=options.epochs, random_state=options.random_state, **params
        )
    naive = SeasonalNaive(options.season_length)
    if has_missing:
        naive = FilledWindows(naive)
        regressors[RIDGE] = FilledWindows(regressors[RIDGE])
    models = {
        SEASONAL_NAIVE: skcnnlstm.SeriesForecaster(
            naive,
            window_length=options.season_length,
            horizon=options.horizon,
            transformer=None,
        )
    }
    for name, regressor in regressors.items():
        models[name] = skcnnlstm.SeriesForecaster(
            regressor,
            window_length=options.window_length,
            horizon=options.horizon,
            transformer="log" if positive else "standard",
        )
    return models
