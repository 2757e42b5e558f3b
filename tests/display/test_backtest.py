"""Tests of `BacktestDisplay`."""

import numpy as np
import pandas as pd
import pytest
from display_cases import legend_of, ridge, values_of
from sklearn.model_selection import TimeSeriesSplit

import skcnnlstm as s


def test_each_fold_is_drawn_over_the_actual_values(airline):
    result = s.backtest(
        ridge(calibration_fraction=0.4),
        airline,
        TimeSeriesSplit(3, test_size=6),
        coverage=0.5,
        verbose=0,
    )
    display = s.BacktestDisplay.from_result(result)
    actual, *folds = [ln for ln in display.ax_.lines if len(ln.get_xdata()) > 2]
    np.testing.assert_array_equal(values_of(actual), airline[-18:])
    assert len(folds) == 3 and len(display.ax_.collections) == 3
    table = result.forecasts
    np.testing.assert_array_equal(
        values_of(display.line_), table["forecast"][table["fold"] == 0]
    )
    assert legend_of(display) == [
        "actual",
        "50 % interval",
        "forecast from the start of each fold",
    ]
    assert display.ax_.get_xlabel() == "month"


def test_errors_equal_the_scores_by_step(airline):
    frame = pd.DataFrame({"air": airline, "half": airline / 2})
    folds = TimeSeriesSplit(2, test_size=9)
    result = s.backtest(ridge(), frame, folds, season_length=12, verbose=0)
    display = s.BacktestDisplay.from_result(result, kind="errors")
    scores = result.scores(by=["target", "step"]).loc["air"]
    np.testing.assert_allclose(values_of(display.line_), scores["mae"])
    assert legend_of(display) == ["naive", "seasonal naive", "forecaster"]
    assert [ax.get_title(loc="left") for ax in display.axes_] == ["air", "half"]
    selected = s.BacktestDisplay.from_result(result, names="half")
    assert selected.ax_.get_ylabel() == "half"
    assert selected.ax_.get_xlabel() == "month"
    with pytest.raises(TypeError, match="result must be a BacktestResult: got DataFr"):
        s.BacktestDisplay.from_result(result.forecasts)
    with pytest.raises(ValueError, match="kind must be"):
        s.BacktestDisplay.from_result(result, kind="bars")
