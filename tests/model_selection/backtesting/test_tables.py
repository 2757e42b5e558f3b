"""Tests of the tables of a backtest."""

import numpy as np
import pandas as pd
import pytest
from backtest_models import Last, last, noise, run
from sklearn.model_selection import (
    TimeSeriesSplit,
)

from skcnnlstm import (
    SeriesForecaster,
    backtest,
)
from skcnnlstm.datasets import load_airline


def test_tables_use_the_labels_of_the_series():
    frame = run(last(2), load_airline(), TimeSeriesSplit(2, test_size=2)).forecasts
    assert set(frame["series"]) == set(frame["target"]) == {load_airline().name}
    assert frame["origin"].iloc[0] == pd.Timestamp("1960-08-01")
    assert frame["time"].iloc[-1] == pd.Timestamp("1960-12-01")


def test_each_target_column_has_its_own_rows():
    series = pd.DataFrame(noise(40, 2), columns=["a", "b"])
    frame = run(last(2), series, TimeSeriesSplit(2, test_size=3)).forecasts
    assert frame["target"].tolist()[:4] == ["a", "b", "a", "b"]
    for row in frame.itertuples():
        assert row.actual == series.loc[row.time, row.target]
        assert row.forecast == series.loc[row.origin, row.target]


def test_seasonal_references_use_no_row_after_the_origin():
    values, cv = load_airline(), TimeSeriesSplit(3, test_size=14)
    result = run(last(2), values, cv, season_length=12)
    both = result.forecasts.join(result.references)
    for row in both.itertuples():
        year_before = row.time - pd.DateOffset(years=1)
        assert row.seasonal_naive == values[year_before]
        assert row.naive == values[row.origin]


def test_seasonal_references_are_exact_across_a_gap():
    days = pd.date_range("2020", periods=126, freq="D")
    known = np.r_[0:93, 99:126]
    series = pd.Series((np.arange(126) % 7 * 10.0 + 1)[known], days[known])
    folds = [(range(99), range(99, 120))]
    result = backtest(
        SeriesForecaster(Last(), window_length=7),
        series,
        folds,
        season_length=7,
        verbose=0,
    )
    actual = result.forecasts["actual"]
    assert (result.references["seasonal_naive"] == actual).all()
    assert result.references["naive2"].to_numpy() == pytest.approx(actual.to_numpy())
    # The series repeats exactly, so the scale is 0 and therefore undefined.
    assert result.references["scale"].isna().all()
