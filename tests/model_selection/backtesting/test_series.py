"""Tests of the series and covariates of a backtest."""

import warnings

import numpy as np
import pandas as pd
import pytest
from backtest_models import last, noise, ridge, run
from sklearn.model_selection import (
    TimeSeriesSplit,
)

from skcnnlstm import (
    MistakeWarning,
)


def test_series_that_end_at_different_times_raise_a_warning():
    dates = pd.date_range("2020-01-01", periods=160)
    long, short = pd.Series(noise(160), dates), pd.Series(noise(100), dates[:100])
    cv = TimeSeriesSplit(3, test_size=10)
    message = "in fold 0 the model trains on rows of series 'b' up to 2020-05-09"
    with pytest.warns(MistakeWarning, match=message):
        run(last(2), {"a": short, "b": long}, cv)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(last(2), {"a": short, "b": long[:100]}, cv)
        run(last(2), {"a": short, "b": long[60:100]}, cv)
        run(last(2), {"a": short.to_numpy(), "b": long.to_numpy()}, cv)


def test_an_error_names_its_series():
    with pytest.raises(
        ValueError, match=r"^In series 1: season_length must be shorter"
    ):
        run(last(), [noise(90), noise(30)], TimeSeriesSplit(2), season_length=15)


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize("several", [False, True])
def test_covariates_are_aligned_with_the_rows(dated, several):
    known = noise(90, seed=1)
    series = np.r_[0.0, known[:-1]]  # exog one row later: fully predictable
    if dated:
        dates = pd.date_range("2024-01-01", periods=90)
        known, series = pd.Series(known, dates), pd.Series(series, dates)
    exog = {"x": known, "y": -known} if several else known
    rows = {"x": series, "y": -series} if several else series
    result = run(ridge(2), rows, TimeSeriesSplit(3, test_size=6), exog=exog)
    without_exog = run(ridge(2), rows, TimeSeriesSplit(3, test_size=6))
    assert result.scores()["mae"] < 0.3 * without_exog.scores()["mae"]


def test_only_target_columns_are_forecast():
    series = pd.DataFrame(noise(60, 3), columns=["a", "b", "c"])
    forecaster = ridge(2, target_columns=["c", "a"])
    frame = run(forecaster, series, TimeSeriesSplit(2, test_size=4)).forecasts
    assert frame["target"].unique().tolist() == ["c", "a"]
    expected = ridge(2, target_columns=["c", "a"]).fit(series[:52]).forecast()
    for row in frame.itertuples():
        assert row.actual == series.loc[row.time, row.target]
        if row.origin == 51:
            assert row.forecast == pytest.approx(expected.loc[row.time, row.target])
