"""Tests of the kinds of models that a backtest accepts."""

import numpy as np
import pytest
from backtest_models import Last, last, noise, ridge, run
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from skcnnlstm import FlattenWindows, SeriesForecaster, backtest
from skcnnlstm.model_selection.backtesting.models import read_models
from skcnnlstm.references import SeasonalNaive

CV = TimeSeriesSplit(2, test_size=6)


def forecasts(models, **params):
    table = run(models, noise(60), CV, **params).forecasts
    return {name: rows["forecast"].to_numpy() for name, rows in table.groupby("model")}


def test_a_regressor_replaces_the_estimator_of_the_first_forecaster():
    found = forecasts({"windows": ridge(3), "bare": Ridge(), "naive": last(3)})
    np.testing.assert_array_equal(found["bare"], found["windows"])


def test_a_regressor_alone_reads_windows_of_the_given_length():
    series = noise(60)
    alone = run(Ridge(), series, CV, window_length=6, horizon=3).forecasts
    np.testing.assert_array_equal(
        alone["forecast"], run(ridge(3), series, CV).forecasts["forecast"]
    )
    assert "model" not in alone


def test_window_length_is_that_of_regressors_only():
    found = forecasts({"a": ridge(3), "b": Ridge(), "c": ridge(3)}, window_length=9)
    expected = ridge(3).set_params(window_length=9)
    np.testing.assert_array_equal(found["a"], found["c"])
    np.testing.assert_array_equal(found["b"], forecasts({"b": expected})["b"])


@pytest.mark.parametrize("horizon", [1, 3])
def test_a_regressor_of_one_output_is_fitted_for_each(horizon):
    svr = SeriesForecaster(
        make_pipeline(FlattenWindows(), SVR()), window_length=5, horizon=1
    )
    bare = run(SVR(), noise(60), CV, window_length=5, horizon=horizon).forecasts
    first = bare[bare["step"] == 1].set_index("origin")["forecast"]
    alone = run(svr, noise(60), CV).forecasts.set_index("origin")["forecast"]
    if horizon == 1:
        np.testing.assert_array_equal(first, alone[first.index])
    else:
        assert np.isfinite(bare["forecast"]).all()


@pytest.mark.parametrize(
    "regressor",
    [
        make_pipeline(StandardScaler(), Ridge()),
        make_pipeline(FlattenWindows(), Ridge()),
        GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=TimeSeriesSplit(2)),
        TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
        KNeighborsRegressor(2),
    ],
    ids=lambda r: type(r).__name__,
)
def test_pipelines_searches_and_meta_regressors_are_regressors(regressor):
    found = forecasts({"a": ridge(2), "b": regressor})
    assert np.isfinite(found["b"]).all()
    assert not hasattr(regressor, "n_features_in_")


def test_all_kinds_forecast_the_same_rows():
    search = GridSearchCV(
        ridge(2), {"window_length": [2, 5]}, cv=TimeSeriesSplit(2, test_size=8)
    )
    models = {"search": search, "windows": ridge(2), "naive": SeasonalNaive(4)}
    table = run(models, noise(80), CV).forecasts
    first, *others = (rows for _, rows in table.groupby("model", sort=False))
    for rows in others:
        for name in ("fold", "origin", "step", "time", "actual"):
            assert rows[name].tolist() == first[name].tolist()
    assert table["model"].unique().tolist() == list(models)


class Foreign:
    """A class with `predict`, but neither `forecast` nor the tags of scikit-learn."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return X


class StatsModel(Foreign):
    """A model of statsforecast has another method `forecast`."""

    __module__ = "statsforecast.models"

    def forecast(self, y, h):
        return {}


KINDS = (
    "forecaster must be a SeriesForecaster, a search over one, a regressor, an "
    "object with fit(series) and forecast(steps), or a dict of these: got forecaster"
)


@pytest.mark.parametrize(
    "given, error, message",
    [
        ({}, ValueError, "forecaster must hold at least one model: got an empty dict."),
        (
            {1: Ridge()},
            TypeError,
            "names of models must be text: got 1. Use {'1': model}.",
        ),
        (
            {"a": LogisticRegression()},
            TypeError,
            f"{KINDS}['a']=LogisticRegression(). Use SeriesForecaster(estimator).",
        ),
        (Ridge, TypeError, f"{KINDS}={Ridge!r}. Use an instance, Ridge(...)."),
        (SeasonalNaive, TypeError, f"{KINDS}={SeasonalNaive!r}. Use an instance, "),
        (BaseEstimator(), TypeError, f"{KINDS}=BaseEstimator(). Use SeriesForecaster("),
        (Foreign(), TypeError, KINDS),
        (
            Ridge(),
            ValueError,
            "window_length must be given for a regressor if no model is a "
            "SeriesForecaster: got window_length=None. Use window_length=24",
        ),
        (
            {"r": Ridge(), "n": SeasonalNaive()},
            ValueError,
            "window_length must be given for the regressor 'r' if no model",
        ),
        (
            SeasonalNaive(),
            ValueError,
            "horizon must be given if no model is a SeriesForecaster: got "
            "horizon=None. Use horizon=12 to forecast 12 steps.",
        ),
        (
            {"a": last(2), "b": last(3)},
            ValueError,
            "horizon must be the same for all models of a backtest: got horizon=2 of "
            "'a' and horizon=3 of 'b'. Set horizon to one value",
        ),
        (
            {"a": last(2), "b": last(2, target_columns=0)},
            ValueError,
            "target_columns must be the same for all models of a backtest",
        ),
    ],
)
def test_other_models_raise_an_error_before_any_fit(given, error, message):
    before = Last.fits
    with pytest.raises(error) as caught:
        backtest(given, noise(30), CV, verbose=0)
    assert str(caught.value).startswith(message)
    assert Last.fits == before


def test_a_model_of_statsforecast_is_named_with_its_adapter():
    with pytest.raises(TypeError, match=r"Use skcnnlstm\.references\.StatsForecast\("):
        backtest(StatsModel(), noise(30), CV, horizon=2, verbose=0)


def test_another_horizon_than_that_of_the_forecaster_is_an_error():
    with pytest.raises(ValueError) as caught:
        backtest({"a": last(2)}, noise(30), CV, horizon=3, verbose=0)
    assert str(caught.value) == (
        "horizon must equal the horizon of the forecasters: got horizon=3 and "
        "horizon=2 of 'a'. Use horizon=None."
    )
    backtest({"a": last(2)}, noise(30), CV, horizon=2, verbose=0)


def test_networks_read_windows_and_several_outputs():
    pytest.importorskip("tensorflow", reason="the networks need it")
    from skcnnlstm import CNNRegressor, HybridEnsembleRegressor

    for network in (CNNRegressor(epochs=1), HybridEnsembleRegressor()):
        models = read_models({"n": network}, window_length=8, horizon=3)
        forecaster, inner = models.make_forecaster("n", 2)
        assert forecaster is inner
        assert type(forecaster.estimator) is type(network)
