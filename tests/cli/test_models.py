"""Models that the command line compares."""

import numpy as np
import pytest

from skcnnlstm.cli.models import SeasonalNaive, make_models, subsequence_params
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
    options = make_parser().parse_args(["--models", "cnn", "cnn", "--epochs", "7"])
    models = make_models(options, positive)
    assert list(models) == ["seasonal naive", "Ridge", "cnn"]
    assert models["cnn"].transformer == transformer
    assert models["cnn"].estimator.epochs == 7
    assert models["seasonal naive"].transformer is None
