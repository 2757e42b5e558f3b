"""Tests of `BacktestDisplay`."""

import numpy as np
import pandas as pd
import pytest
from display_cases import legend_of, ridge, values_of
from sklearn.model_selection import TimeSeriesSplit

import skcnnlstm as s
from skcnnlstm.references import Drift, SeasonalNaive


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


def test_several_models_have_a_line_each(airline):
    models = {"ridge": ridge(), "naive": SeasonalNaive(12), "drift": Drift()}
    folds = TimeSeriesSplit(2, test_size=6)
    options = {"season_length": 12, "coverage": 0.5, "adaptive": True, "verbose": 0}
    result = s.backtest(models, airline, folds, **options)
    display = s.BacktestDisplay.from_result(result)
    assert list(display.lines_) == list(models)
    assert display.line_ is display.lines_["ridge"]
    table = result.forecasts
    for name, line in display.lines_.items():
        rows = table[(table["model"] == name) & (table["fold"] == 0)]
        np.testing.assert_array_equal(values_of(line), rows["forecast"])
    assert len({line.get_color() for line in display.lines_.values()}) == 3
    assert legend_of(display) == ["actual", "ridge", "naive", "drift"]
    assert not display.ax_.collections  # bands would hide each other
    one = s.BacktestDisplay.from_result(result, models="naive")
    assert len(one.ax_.collections) == 2
    assert legend_of(one) == ["actual", "50 % interval", "naive"]
    errors = s.BacktestDisplay.from_result(result, kind="errors", models=["drift"])
    scores = result.scores(by="step")["mae"]["drift"]
    np.testing.assert_allclose(values_of(errors.lines_["drift"]), scores)
    assert legend_of(errors) == ["naive", "seasonal naive", "drift"]


def test_more_models_than_colours_differ_in_their_line_style(airline):
    models = {f"m{i}": SeasonalNaive(i + 1) for i in range(8)}
    folds = TimeSeriesSplit(2, test_size=6)
    result = s.backtest(models, airline, folds, horizon=6, verbose=0)
    lines = s.BacktestDisplay.from_result(result).lines_.values()
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 8


def test_unknown_models_raise_an_error(airline):
    folds = TimeSeriesSplit(2, test_size=6)
    result = s.backtest({"ridge": ridge()}, airline, folds, verbose=0)
    with pytest.raises(ValueError) as caught:
        s.BacktestDisplay.from_result(result, models=["ridge", "lasso"])
    assert str(caught.value) == (
        "models must be names of models of the backtest: got 'lasso'. Use one or more "
        "of 'ridge'."
    )
    result = s.backtest(ridge(), airline, folds, verbose=0)
    with pytest.raises(ValueError, match="has one model without a name: use models=N"):
        s.BacktestDisplay.from_result(result, models="ridge")
