"""Tests of ranks, differences and the Diebold-Mariano test."""

import numpy as np
import pandas as pd
import pytest
from backtest_models import last, many, noise, ridge, run
from scipy import stats
from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm.datasets import load_airline
from skcnnlstm.model_selection.backtesting.comparison import diebold_mariano
from skcnnlstm.references import Drift, SeasonalNaive

RIDGE = ridge(3, transformer="log").set_params(window_length=24)
MODELS = {"drift": Drift(), "ridge": RIDGE, "naive": SeasonalNaive(12)}


@pytest.fixture(scope="module")
def result():
    cv = TimeSeriesSplit(4, test_size=12)
    return run(MODELS, load_airline(), cv, season_length=12)


def test_models_are_sorted_by_the_metric(result):
    scores = result.scores(by="model")
    assert scores.index.tolist() == ["ridge", "naive", "drift"]
    assert scores["rank"].tolist() == [1, 2, 3]
    assert scores["mae"].is_monotonic_increasing
    pd.testing.assert_frame_equal(result.scores(), scores)
    for metric in ("mae", "rmse", "smape", "mase"):
        by_metric = result.scores(metric=metric)
        assert by_metric[metric].is_monotonic_increasing
        best = by_metric[metric].iloc[0]
        np.testing.assert_allclose(by_metric["difference"], by_metric[metric] - best)


@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_the_spread_is_the_deviation_of_differences_over_folds(result, metric):
    scores = result.scores(metric=metric)
    by_fold = result.scores(by="fold")[metric].unstack("model")
    for name in ("naive", "drift"):
        spread = (by_fold[name] - by_fold["ridge"]).std()
        assert scores.loc[name, "difference_std"] == pytest.approx(spread)
    assert scores.loc["ridge", "difference_std"] == 0


def test_scores_of_a_model_are_those_of_its_own_backtest(result):
    cv = TimeSeriesSplit(4, test_size=12)
    alone = run(RIDGE, load_airline(), cv, season_length=12).scores()
    pd.testing.assert_series_equal(
        result.scores().loc["ridge", alone.index], alone, check_names=False
    )


def test_other_groups_are_within_each_model(result):
    by_step = result.scores(by="step")
    assert by_step.index.names == ["model", "step"]
    assert "rank" not in by_step
    pd.testing.assert_frame_equal(by_step, result.scores(by=["model", "step"]))


def test_the_p_value_is_that_of_the_mean_loss_at_each_origin(result):
    table = result.forecasts.assign(
        loss=(result.forecasts["actual"] - result.forecasts["forecast"]).abs()
    )
    losses = table.groupby(["model", "origin"])["loss"].mean().unstack("model")
    differences = losses["naive"] - losses["ridge"]
    # Each fold has 10 origins, and the folds are 12 rows apart.
    places = np.concatenate([12 * fold + np.arange(10) for fold in range(4)])
    expected = diebold_mariano(differences, places, 3)
    assert result.scores().loc["naive", "p_value"] == pytest.approx(expected)
    assert result.scores().loc["naive", "p_value"] < 0.05
    assert np.isnan(result.scores().loc["ridge", "p_value"])


@pytest.mark.parametrize("form", ["list", "dict", "long"])
def test_many_series_are_compared_by_mase(form):
    series, id_column = many(form)
    models = {"ridge": ridge(2, id_column=id_column), "naive": SeasonalNaive()}
    result = run(models, series, TimeSeriesSplit(3, test_size=10))
    scores = result.scores()
    assert scores["mase"].is_monotonic_increasing
    assert scores["difference"].tolist() == [0, np.diff(scores["mase"])[0]]
    assert 0 <= scores["p_value"].iloc[1] <= 1


def test_a_metric_that_is_undefined_for_several_targets_is_replaced():
    series = pd.DataFrame({"varying": noise(40), "constant": np.ones(40)})
    models = {"a": last(2), "b": Drift()}
    scores = run(models, series, TimeSeriesSplit(2, test_size=5)).scores()
    assert scores["mase"].isna().all()
    assert scores["mae"].is_monotonic_increasing


def test_grouping_by_model_needs_names():
    result = run(last(2), noise(30), TimeSeriesSplit(2, test_size=5))
    with pytest.raises(ValueError) as caught:
        result.scores(by="model")
    assert str(caught.value) == (
        'by="model" needs models with names: got a backtest of one model without a '
        "name. Use backtest({name: model}, ...)."
    )
    with pytest.raises(ValueError, match="metric must be one of 'auto', 'mae'"):
        result.scores(metric="mape")
    named = run({"last": last(2)}, noise(30), TimeSeriesSplit(2, test_size=5))
    assert named.scores(by="model").index.tolist() == ["last"]
    assert repr(named) == "BacktestResult(1 model, 2 folds, 8 origins, 2 steps ahead)"


def test_repr_counts_models(result):
    assert repr(result) == (
        "BacktestResult(3 models, 4 folds, 40 origins, 3 steps ahead)"
    )


# ------------------------------------------------------------ Diebold-Mariano test


@pytest.mark.parametrize("horizon", [1, 2, 4])
def test_the_test_equals_its_equations_for_consecutive_origins(horizon):
    d = noise(50, seed=3) + 0.2
    n, centred = len(d), d - d.mean()
    gamma = [centred[k:] @ centred[: n - k] / n for k in range(horizon)]
    statistic = d.mean() / np.sqrt((gamma[0] + 2 * sum(gamma[1:])) / n)
    h = horizon
    statistic *= np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    expected = 2 * stats.t.sf(abs(statistic), n - 1)
    assert diebold_mariano(d, np.arange(n), horizon) == pytest.approx(expected)


def test_forecasts_that_do_not_overlap_are_independent():
    d = noise(30, seed=1) + 0.5
    apart = diebold_mariano(d, 5 * np.arange(30), 5)
    assert apart == pytest.approx(diebold_mariano(d, np.arange(30), 1))
    order = np.random.default_rng(0).permutation(30)
    assert diebold_mariano(d[order], 5 * order, 5) == pytest.approx(apart)


def test_equal_models_are_rarely_told_apart_and_unequal_ones_are():
    rng, places = np.random.default_rng(0), np.arange(60)
    steps = rng.normal(size=(300, 62))
    d = steps[:, :-2] + steps[:, 1:-1] + steps[:, 2:]  # overlap, as of three steps
    p_values = np.array([diebold_mariano(row, places, 3) for row in d])
    assert 0.01 < np.mean(p_values < 0.05) < 0.12
    better = np.array([diebold_mariano(row + 2, places, 3) for row in d])
    assert np.mean(better < 0.05) > 0.9


def test_a_negative_variance_gets_bartlett_weights():
    d = np.tile([1.0, -1.0], 10) + 0.01
    assert 0 <= diebold_mariano(d, np.arange(20), 2) <= 1


@pytest.mark.parametrize(
    "differences, places, horizon",
    [
        (noise(9), np.arange(9), 1),
        (noise(20), np.arange(20), 12),
        (np.ones(20), np.arange(20), 1),
        ([*noise(9), *[np.nan] * 5], np.arange(14), 1),
    ],
)
def test_too_few_or_equal_differences_have_no_p_value(differences, places, horizon):
    assert np.isnan(diebold_mariano(differences, places, horizon))
