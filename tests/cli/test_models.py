"""Models that the command line compares."""

import numpy as np
import pytest

from skcnnlstm.cli.models import (
    FilledWindows,
    SeasonalNaive,
    make_models,
    subsequence_params,
)
from skcnnlstm.cli.options import make_parser


@pytest.mark.parametrize(
    "window_length, season_length, n_subsequences",
    [(24, 12, 2), (168, 24, 7), (24, 24, 4), (24, 7, 4), (24, 1, 4), (23, 12, 1)],
)
def test_a_window_of_whole_seasons_is_split_into_seasons(
    window_length, season_length, n_subsequences
):
    params = subsequence_params(window_length, season_length)
    assert params["n_subsequences"] == n_subsequences
    by_season = n_subsequences == window_length / season_length
    assert params.get("season_length") == (season_length if by_season else None)
    assert params.get("instance_norm") == ("seasonal" if by_season else None)


def test_the_seasonal_naive_forecast_repeats_the_last_season():
    windows = np.arange(12.0).reshape(1, 6, 2)
    naive = SeasonalNaive(2).fit(windows, np.zeros((1, 6)))
    assert naive.predict(windows).tolist() == [[8, 9, 10, 11, 8, 9]]


@pytest.mark.parametrize("positive, transformer", [(True, "log"), (False, "standard")])
def test_positive_series_are_modelled_on_a_log_scale(positive, transformer):
    options = make_parser().parse_args(
        "--models cnn cnn --epochs 7 --season-length 4".split()
    )
    models = make_models(options, positive)
    assert list(models) == ["seasonal naive", "Ridge", "cnn"]
    assert models["cnn"].transformer == transformer
    assert models["cnn"].estimator.epochs == 7
    assert models["seasonal naive"].transformer is None


def test_missing_steps_are_filled_with_the_last_known_value():
    windows = np.array([[[np.nan], [2.0], [np.nan]], [[4.0], [5.0], [np.nan]]])
    model = FilledWindows(SeasonalNaive(1)).fit(windows, np.zeros((2, 1)))
    assert model.predict(windows).tolist() == [[2], [5]]
    assert model.predict(np.full((1, 3, 1), np.nan)).tolist() == [[0]]


def test_networks_mask_missing_values_and_references_fill_them():
    words = "--models cnn cnn_lstm --season-length 4"
    models = make_models(make_parser().parse_args(words.split()), True, True)
    for name in ("cnn", "cnn_lstm"):
        assert models[name].estimator.missing == "mask"
    for name in ("Ridge", "seasonal naive"):
        assert isinstance(models[name].estimator, FilledWindows)
