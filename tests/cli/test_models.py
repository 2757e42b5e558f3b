"""Models that the command line compares."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from skcnnlstm import references
from skcnnlstm.cli.models import (
    FilledWindows,
    count_epochs,
    make_models,
    subsequence_params,
)
from skcnnlstm.cli.options import make_parser


def options(words):
    return make_parser().parse_args(f"{words} --season-length 4".split())


@pytest.mark.parametrize(
    "window_length, season_length, n_subsequences",
    [
        (24, 12, 2),
        (168, 24, 7),
        *((24, n, "auto") for n in (24, 7, 1)),
        (23, 12, "auto"),
    ],
)
def test_a_window_of_whole_seasons_is_split_into_seasons(
    window_length, season_length, n_subsequences
):
    params = subsequence_params(window_length, season_length)
    assert params["n_subsequences"] == n_subsequences
    by_season = n_subsequences != "auto"
    assert params.get("season_length") == (season_length if by_season else None)
    assert params.get("instance_norm") == ("seasonal" if by_season else None)


@pytest.mark.parametrize("positive, transformer", [(True, "log"), (False, "standard")])
def test_positive_series_are_modelled_on_a_log_scale(positive, transformer):
    models = make_models(options("--models cnn cnn --epochs 7"), ["a"], positive)
    assert list(models) == ["seasonal naive", "Ridge", "cnn"]
    assert models["cnn"].transformer == transformer
    assert models["cnn"].estimator.epochs == 7
    assert models["seasonal naive"].season_length == 4


def test_compared_models_are_references():
    words = "--models cnn --compare lightgbm ets theta mstl drift"
    models = make_models(options(words), ["a"], True)
    assert list(models)[3:] == ["lightgbm", "ets", "theta", "mstl", "drift"]
    for name, cls in (("ets", "AutoETS"), ("theta", "AutoTheta"), ("mstl", "MSTL")):
        assert type(models[name]) is getattr(references, cls)
        assert models[name].season_length == 4
    assert isinstance(models["drift"], references.Drift)
    assert isinstance(models["lightgbm"].estimator, references.LightGBM)
    assert models["lightgbm"].window_length == models["Ridge"].window_length


class Last(BaseEstimator):
    def fit(self, X, y):
        return self

    def predict(self, X):
        return X[:, -1]


def test_missing_steps_are_filled_with_the_last_known_value():
    windows = np.array([[[np.nan], [2.0], [np.nan]], [[4.0], [5.0], [np.nan]]])
    model = FilledWindows(Last()).fit(windows, np.zeros((2, 1)))
    assert model.predict(windows).tolist() == [[2], [5]]
    assert model.predict(np.full((1, 3, 1), np.nan)).tolist() == [[0]]


def test_networks_mask_missing_values_and_a_ridge_fills_them():
    words = "--models cnn cnn_lstm --compare lightgbm"
    models = make_models(options(words), ["a"], True, True)
    for name in ("cnn", "cnn_lstm", "lightgbm"):
        assert models[name].estimator.missing == "mask"
    assert isinstance(models["Ridge"].estimator, FilledWindows)


@pytest.mark.parametrize(
    "n_windows, n_epochs", [(109, 100), (128, 100), (1, 100), (960, 14), (10**6, 1)]
)
def test_many_windows_get_fewer_epochs(n_windows, n_epochs):
    assert count_epochs(n_windows) == n_epochs
