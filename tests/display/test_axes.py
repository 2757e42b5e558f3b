"""Tests of the axes, lines and panels that all displays share."""

import sys

import numpy as np
import pandas as pd
import pytest
from display_cases import legend_of, ridge
from sklearn.model_selection import TimeSeriesSplit

import skcnnlstm as s
from skcnnlstm.display import _axes


def test_an_isolated_value_is_drawn_as_a_dot(airline):
    history = airline.copy()
    history.iloc[[-2, -4]] = np.nan
    actual = pd.Series([1, np.nan, 3, 4, np.nan, 6.0])
    display = s.ForecastDisplay.from_predictions(
        ridge().fit(airline).forecast(), history, actual=actual, n_history=10, ms=5
    )
    (drawn,) = display.lines_
    assert drawn["history"].get_markevery() == [7, 9]
    assert drawn["actual"].get_markevery() == [0, 5]
    assert {drawn[part].get_marker() for part in ("history", "actual")} == {"o"}
    assert drawn["forecast"].get_markevery() is None
    assert drawn["forecast"].get_markersize() == 5
    complete = s.ForecastDisplay.from_predictions(np.ones(3), airline)
    assert complete.lines_[0]["history"].get_marker() == "None"


def test_the_interval_of_a_single_step_is_a_bar(airline):
    forecaster = ridge(horizon=1, calibration_fraction=0.3).fit(airline)
    display = s.ForecastDisplay.from_estimator(forecaster, airline)
    (ends,) = display.lines_[0]["band"].get_segments()
    interval = forecaster.forecast_interval()
    assert ends[:, 1].tolist() == interval[["lower", "upper"]].to_numpy()[0].tolist()
    assert legend_of(display) == ["history", "90 % interval", "forecast"]
    result = s.backtest(
        forecaster, airline, TimeSeriesSplit(3, test_size=2), coverage=0.5, verbose=0
    )
    bars = s.BacktestDisplay.from_result(result).ax_.collections
    assert [len(bar.get_segments()) for bar in bars] == [1, 1, 1]
    ax = s.BacktestDisplay.from_result(result, kind="errors").ax_
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [1]


def test_an_interval_with_an_isolated_step_is_a_band_and_a_bar():
    low = pd.Series([0, 1, np.inf, 3, np.nan, 5, 6.0])
    forecast = low.fillna(4).replace(np.inf, 2)
    display = s.ForecastDisplay.from_predictions(forecast, lower=low, upper=low + 1)
    band, bar = display.ax_.collections
    assert display.lines_[0]["band"] is band
    assert [ends.tolist() for ends in bar.get_segments()] == [[[3, 3], [3, 4]]]
    assert legend_of(display) == ["interval", "forecast"]


def test_more_than_twelve_panels_raise_a_warning(airline):
    many = [airline] * 14
    forecast = [np.ones(2)] * 14
    with pytest.warns(
        UserWarning, match=r"^only the first 12 of 14 panels are drawn\. .* names=\["
    ):
        display = s.ForecastDisplay.from_predictions(forecast, many)
    assert len(display.axes_) == 12
    with pytest.raises(ValueError, match="of '0', '1', '2', '3', '4' and 9 more"):
        s.ForecastDisplay.from_predictions(forecast, many, names="north")
    selected = s.ForecastDisplay.from_predictions(forecast, many, names=["12", "13"])
    assert [ax.get_title(loc="left") for ax in selected.axes_] == ["12", "13"]


def test_without_matplotlib_the_error_names_the_extra(airline, monkeypatch):
    forecaster = ridge().fit(airline)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "skcnnlstm\[plot\]"'):
        s.ForecastDisplay.from_estimator(forecaster, airline)


def test_panel_titles_contain_the_parts_that_differ():
    keys = [("a", "y"), ("b", "y")]
    assert [_axes.panel_title(key, keys) for key in keys] == ["a", "b"]
    keys = [("a", "y"), ("a", "z")]
    assert [_axes.panel_title(key, keys) for key in keys] == ["y", "z"]
    keys = [("a", "y"), ("b", "z")]
    assert [_axes.panel_title(key, keys) for key in keys] == ["a: y", "b: z"]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.Index([3, 5]), [3, 5]),
        (pd.Index(["b", "a"]), ["b", "a"]),
        (pd.CategoricalIndex([2, 1]), [2, 1]),
        (pd.to_timedelta(["12h", "36h"]), [0.5, 1.5]),
        (
            pd.date_range("2025", periods=2, tz="Europe/Berlin"),
            [np.datetime64("2025-01-01"), np.datetime64("2025-01-02")],
        ),
        (
            pd.period_range("2025-01", periods=2, freq="M"),
            [np.datetime64("2025-01-01"), np.datetime64("2025-02-01")],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_positions_are_times_numbers_or_text(index, expected):
    assert np.array_equal(_axes.positions(index), expected)
