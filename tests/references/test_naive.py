"""Seasonal naive and drift forecasts."""

import numpy as np
import pandas as pd
import pytest
from backtest_models import noise, run
from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm.conformal import conformal_quantile
from skcnnlstm.datasets import load_airline
from skcnnlstm.references import Drift, SeasonalNaive


@pytest.mark.parametrize("with_gap", [False, True])
def test_the_seasonal_naive_is_that_of_the_backtest(with_gap):
    series = load_airline()
    if with_gap:
        series = series.drop(series.index[[60, 61, 100]])
    cv = TimeSeriesSplit(3, test_size=14)
    options = {"horizon": 5, "season_length": 12}
    result = run(SeasonalNaive(12), series, cv, **options)
    np.testing.assert_array_equal(
        result.forecasts["forecast"], result.references["seasonal_naive"]
    )
    naive = run(SeasonalNaive(), series, cv, **options)
    np.testing.assert_array_equal(
        naive.forecasts["forecast"], naive.references["naive"]
    )


def test_the_drift_continues_the_line_through_the_ends():
    assert Drift().fit(np.arange(10.0)).forecast(3).tolist() == [10, 11, 12]
    line = pd.Series(np.arange(40.0), pd.date_range("2024-01-01", periods=40))
    with_gaps = line.drop(line.index[[5, 6, 12]])
    assert Drift().fit(with_gaps).forecast(2).tolist() == [40, 41]


def test_a_drift_needs_two_rows():
    with pytest.raises(ValueError) as caught:
        Drift().fit([1.0])
    assert str(caught.value) == (
        "series must have at least two rows for a drift: got 1. Use SeasonalNaive() "
        "for one row."
    )
    assert SeasonalNaive().fit([1.0]).forecast(2).tolist() == [1, 1]


def test_intervals_are_conformal_from_earlier_errors():
    series = noise(50).cumsum()
    intervals = SeasonalNaive().fit(series).forecast_interval(2, 0.8)
    widths = [conformal_quantile(np.abs(series[h:] - series[:-h]), 0.8) for h in (1, 2)]
    np.testing.assert_allclose(intervals["upper"] - intervals["forecast"], widths)
    np.testing.assert_allclose(intervals["forecast"] - intervals["lower"], widths)
    assert intervals.index.tolist() == [1, 2]


@pytest.mark.parametrize("model", [SeasonalNaive(7), Drift()])
def test_errors_are_of_forecasts_from_earlier_rows(model):
    series = noise(60).cumsum()
    intervals = model.fit(series).forecast_interval(1, 0.9)
    errors = [
        abs(model.fit(series[:n]).forecast(1)[0] - series[n]) for n in range(7, 60)
    ]
    # A drift has errors from row 2 on.
    if isinstance(model, Drift):
        head = [
            abs(model.fit(series[:n]).forecast(1)[0] - series[n]) for n in range(2, 7)
        ]
        errors = head + errors
    width = intervals["upper"].iloc[0] - intervals["forecast"].iloc[0]
    assert width == pytest.approx(conformal_quantile(errors, 0.9))


def test_too_few_errors_for_a_coverage_raise_an_error():
    model = SeasonalNaive().fit(np.arange(10.0))
    with pytest.raises(ValueError) as caught:
        model.forecast_interval(3, 0.9)
    assert str(caught.value) == (
        "coverage=0.9 requires 9 errors of earlier forecasts for each step: got 7 for "
        "steps=3. Use a longer series, fewer steps or a smaller coverage."
    )
    assert model.forecast_interval(1, 0.9).notna().all(axis=None)
    assert model.forecast_interval(3, 0.8).notna().all(axis=None)
