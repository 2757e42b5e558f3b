"""Make the models that the command line compares."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

import skcnnlstm
from skcnnlstm import references
from skcnnlstm.cli.options import NETWORKS, REFERENCES, RIDGE, SEASONAL_NAIVE

# Short series give few windows for many weights, so dropout and weight decay limit
# overfitting. Networks that learn the difference from the last season need no linear
# skip.
_NETWORK_PARAMS = {
    "linear_skip": False,
    "dropout": 0.3,
    "optimizer": "adamw",
    "optimizer__weight_decay": 0.1,
    "learning_rate": 2e-3,
}
# This network learns slowly. Smaller batches give more optimizer steps in an epoch.
_EXTRA_PARAMS = {"parallel": {"batch_size": 16, "linear_skip": True}}
_BATCH_SIZE = 32  # of the other networks
# Limits of epochs and optimizer steps without --epochs. The time of a fit then depends
# little on the length of the series.
_MAX_EPOCHS, _MAX_STEPS = 100, 400


class FilledWindows(BaseEstimator):
    """Fill missing values of windows, then fit a regressor on the windows.

    A missing value is replaced by the last known value before it, else by the first one
    after it, else by 0. Because of the parameter ``missing="mask"``, `SeriesForecaster`
    allows NaN in windows.
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

    A window of several whole seasons is split into seasons, and the last season is
    subtracted from each of them. Other windows are split by ``n_subsequences="auto"``.
    """
    if 1 < season_length < window_length and window_length % season_length == 0:
        return {
            "n_subsequences": window_length // season_length,
            "instance_norm": "seasonal",
            "season_length": season_length,
        }
    return {"n_subsequences": "auto"}


def count_epochs(n_windows):
    """Return the default number of epochs for a number of training windows."""
    n_batches = -(-max(n_windows, 1) // _BATCH_SIZE)
    return min(_MAX_EPOCHS, -(-_MAX_STEPS // n_batches))


def make_models(options, targets, positive, has_missing=False):
    """Return the models to compare, by name.

    These are the seasonal naive forecast, the Ridge, the networks, and the models of
    ``--compare``.

    Parameters
    ----------
    options : Namespace
        The parsed options, with `season_length` and `epochs` set.
    targets : list of str
        Names of the columns to forecast.
    positive : bool
        Whether all values are positive. They are then modelled on a log scale.
    has_missing : bool, default=False
        Whether values are missing. Networks and LightGBM then mask them.
    """
    regressors = {RIDGE: make_pipeline(skcnnlstm.FlattenWindows(), Ridge())}
    if has_missing:
        regressors[RIDGE] = FilledWindows(regressors[RIDGE])
    for name in dict.fromkeys(options.models):
        params = _NETWORK_PARAMS | _EXTRA_PARAMS.get(name, {})
        if name in ("cnn_lstm", "conv_lstm"):
            params |= subsequence_params(options.window_length, options.season_length)
        if has_missing:
            params |= {"missing": "mask"}
        regressors[name] = getattr(skcnnlstm, NETWORKS[name])(
            epochs=options.epochs, random_state=options.random_state, **params
        )
    models = {SEASONAL_NAIVE: references.SeasonalNaive(options.season_length)}
    compared = {}
    for name in dict.fromkeys(options.compare):
        make = getattr(references, REFERENCES[name])
        if name == "lightgbm":
            missing = "mask" if has_missing else "error"
            regressors[name] = make(missing=missing, random_state=options.random_state)
        else:
            compared[name] = make(
                **{} if name == "drift" else {"season_length": options.season_length}
            )
    for name, regressor in regressors.items():
        models[name] = skcnnlstm.SeriesForecaster(
            regressor,
            window_length=options.window_length,
            horizon=options.horizon,
            transformer="log" if positive else "standard",
            target_columns=targets,
        )
    return models | compared
