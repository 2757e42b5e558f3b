"""Tests of the series and covariates of a backtest."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from backtest_models import TrainingMean, last, many, noise, ridge, run
from sklearn.model_selection import (
    TimeSeriesSplit,
)

from skcnnlstm import (
    MistakeWarning,
    SeriesForecaster,
)


def test_series_that_end_at_different_times_raise_a_warning():
    dates = pd.date_range("2020-01-01", periods=160)
    long, short = pd.Series(noise(160), dates), pd.Series(noise(100), dates[:100])
    cv = TimeSeriesSplit(3, test_size=10)
    message = "in fold 0, the model trains on rows of series 'b' up to 2020-05-09"
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


# ------------------------------------------------------------------- series held out


@pytest.mark.parametrize("kind", ["dict", "list", "long"])
def test_series_held_out_are_forecast_by_a_model_of_the_others(kind):
    series, id_column = many(kind)
    keys = list(range(len(series))) if kind == "list" else list(many("dict")[0])
    forecaster = ridge(2, id_column=id_column)
    folds = TimeSeriesSplit(2, test_size=5)
    held_out = keys[:1]
    result = run(forecaster, series, folds, hold_out=held_out)
    assert result.forecasts["series"].unique().tolist() == held_out
    by_name = many("dict")[0]
    name = next(iter(by_name))
    trained = {key: rows[:-5] for key, rows in by_name.items() if key != name}
    expected = ridge(2).fit(trained).forecast(series=by_name[name][:-5])
    first = result.forecasts.query("fold == 1")["forecast"][:2]
    np.testing.assert_allclose(first, expected)


def test_held_out_series_do_not_reach_the_fit():
    series = {"a": np.arange(40.0), "b": 1e6 + np.arange(40.0)}
    forecaster = SeriesForecaster(
        TrainingMean(), window_length=3, horizon=2, transformer=None
    )
    folds = TimeSeriesSplit(2, test_size=5)
    result = run(forecaster, series, folds, hold_out=["b"])
    assert result.forecasts["forecast"].max() < 40


def test_held_out_series_have_covariates():
    rng = np.random.default_rng(0)
    exog = {"a": rng.normal(size=50), "b": rng.normal(size=50)}
    series = {key: 3 * values for key, values in exog.items()}
    result = run(
        ridge(2), series, TimeSeriesSplit(2, test_size=5), exog=exog, hold_out=["b"]
    )
    assert result.scores()["mae"] < 0.5


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            {"hold_out": "a"},
            TypeError,
            "hold_out must be a list of keys of series: got",
        ),
        ({"hold_out": ["c"]}, ValueError, "got 'c'. Use some of 'a', 'b'."),
        ({"hold_out": []}, ValueError, "got none. Use some of 'a', 'b'."),
        (
            {"hold_out": ["a", "b"]},
            ValueError,
            "got all 2 series. Remove 'a' from hold_out.",
        ),
        (
            {"hold_out": ["a"], "coverage": 0.9, "adaptive": True},
            ValueError,
            "coverage must be None with hold_out",
        ),
        ({"hold_out": [0], "series": np.arange(40.0)}, ValueError, "a single series"),
    ],
)
def test_series_that_cannot_be_held_out_raise(params, error, message):
    series = {"a": np.arange(40.0), "b": np.arange(40.0)}
    params = {"series": series} | params
    with pytest.raises(error, match=re.escape(message)):
        run(ridge(2), params.pop("series"), TimeSeriesSplit(2, test_size=5), **params)
