"""Tests of `BacktestResult` and its scores."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from backtest_models import last, noise, ridge, run
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import (
    TimeSeriesSplit,
)

from skcnnlstm import (
    CNNRegressor,
    SeriesForecaster,
    backtest,
    metrics,
)
from skcnnlstm.datasets import load_airline


@pytest.fixture(scope="module")
def airline_result():
    cv = TimeSeriesSplit(3, test_size=14)
    return run(ridge(2), load_airline(), cv, season_length=12)


def test_scores_without_groups_use_all_forecasts(airline_result):
    frame, scores = airline_result.forecasts, airline_result.scores()
    actual, predicted = frame["actual"], frame["forecast"]
    scale = airline_result.references["scale"]
    assert scores["mae"] == pytest.approx(mean_absolute_error(actual, predicted))
    assert scores["rmse"] == pytest.approx(root_mean_squared_error(actual, predicted))
    assert scores["smape"] == pytest.approx(metrics.smape(actual, predicted))
    assert scores["mase"] == pytest.approx(metrics.mase(actual, predicted, scale))
    assert list(scores.index) == [
        *("mae", "rmse", "smape", "mase", "owa"),
        *("skill_naive", "skill_seasonal_naive"),
    ]


def test_scores_without_a_season_length_have_no_equal_columns():
    result = run(ridge(2), load_airline(), TimeSeriesSplit(3, test_size=14))
    assert result.references["naive"].equals(result.references["seasonal_naive"])
    scores = result.scores(by="fold")
    assert list(scores) == ["mae", "rmse", "smape", "mase", "owa", "skill_naive"]
    assert not scores.T.duplicated().any()


def test_mase_is_scaled_by_the_training_part_of_each_fold(airline_result):
    values = load_airline().to_numpy(float)
    for fold, stop in enumerate((102, 116, 130)):
        rows = airline_result.forecasts["fold"] == fold
        scale = np.abs(values[12:stop] - values[: stop - 12]).mean()
        assert airline_result.references.loc[rows, "scale"].unique() == [scale]
        mase = airline_result.scores(by="fold").loc[fold, "mase"]
        mae = airline_result.scores(by="fold").loc[fold, "mae"]
        assert mase == pytest.approx(mae / scale)


def test_the_mean_of_scores_by_step_is_the_score_of_all_forecasts(airline_result):
    by_step = airline_result.scores(by="step")
    assert by_step.index.tolist() == [1, 2]
    for name in ("mae", "smape", "mase"):
        assert by_step[name].mean() == pytest.approx(airline_result.scores()[name])


@pytest.mark.parametrize(
    "name, score, expected",
    [
        ("naive", "skill_naive", 0),
        ("seasonal_naive", "skill_seasonal_naive", 0),
        ("naive2", "owa", 1),
    ],
)
def test_a_reference_scored_as_a_forecast_has_no_skill(
    airline_result, name, score, expected
):
    reference = airline_result.references[name]
    forecasts = airline_result.forecasts.assign(forecast=reference)
    scores = dataclasses.replace(airline_result, forecasts=forecasts).scores()
    assert scores[score] == pytest.approx(expected)
    assert airline_result.scores()[score] != pytest.approx(expected)


def test_scores_by_several_columns_have_a_row_for_each_group(airline_result):
    table = airline_result.scores(by=["fold", "step"])
    assert table.index.names == ["fold", "step"]
    rows = airline_result.forecasts.query("fold == 1 and step == 2")
    expected = mean_absolute_error(rows["actual"], rows["forecast"])
    assert table.loc[(1, 2), "mae"] == pytest.approx(expected)


def test_an_undefined_scale_makes_mase_undefined():
    series = pd.DataFrame({"varying": noise(40), "constant": np.ones(40)})
    result = run(last(), series, TimeSeriesSplit(2, test_size=5))
    mase = result.scores(by="target")["mase"]
    assert np.isfinite(mase["varying"])
    assert np.isnan(mase["constant"])
    assert np.isnan(result.scores()["mase"])
    assert np.isfinite(result.scores()["mae"])


def test_grouping_by_another_column_raises_an_error(airline_result):
    with pytest.raises(ValueError, match="by must be columns to group by: got"):
        airline_result.scores(by="forecast")


@pytest.mark.parametrize("by", [1, [1], [["fold"]]])
def test_grouping_by_something_other_than_names_raises_a_type_error(airline_result, by):
    with pytest.raises(TypeError, match="by must be columns to group by"):
        airline_result.scores(by=by)


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:NaN in the target columns leaves")
def test_missing_values_are_forecast_but_not_scored():
    rng = np.random.default_rng(0)
    series = np.sin(np.arange(80) / 3) + 0.1 * rng.normal(size=80)
    series[rng.random(80) < 0.15] = np.nan
    network = CNNRegressor(missing="mask", filters=2, epochs=1, random_state=0)
    result = backtest(
        SeriesForecaster(network, window_length=6, horizon=2),
        series,
        TimeSeriesSplit(2, test_size=15),
        season_length=4,
        coverage=0.8,
        adaptive=True,
        verbose=0,
    )
    actual, predicted = (result.forecasts[name] for name in ("actual", "forecast"))
    known = actual.notna()
    assert 0 < known.sum() < len(actual) and predicted.notna().all()
    scores = result.scores()
    assert scores.notna().all()
    assert scores["mae"] == pytest.approx((actual - predicted)[known].abs().mean())
    inside = actual.between(result.forecasts["lower"], result.forecasts["upper"])
    assert scores["coverage"] == pytest.approx(inside[known].mean())
    # The naive reference is the last known value.
    origin = result.forecasts["origin"].to_numpy()
    last = [series[: row + 1][~np.isnan(series[: row + 1])][-1] for row in origin]
    np.testing.assert_array_equal(result.references["naive"], last)


def test_repr_counts_folds_origins_and_steps():
    result = run(last(2), np.arange(20.0), TimeSeriesSplit(2, test_size=4))
    assert repr(result) == "BacktestResult(2 folds, 6 origins, 2 steps ahead)"
