"""Tests of models that are fitted again at each origin."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from backtest_models import many, noise, ridge, run
from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm import SeriesForecaster, backtest
from skcnnlstm.datasets import load_airline
from skcnnlstm.references import SeasonalNaive


class Recorder:
    """Forecast the number of fitted rows, and record what is given."""

    given: ClassVar[list] = []

    def fit(self, series):
        type(self).given.append(series)
        self.n_rows = len(series)
        self.width = None if series.ndim == 1 else series.shape[1]

    def forecast(self, steps):
        shape = steps if self.width is None else (steps, self.width)
        return np.full(shape, float(self.n_rows))


@pytest.fixture(autouse=True)
def recorded():
    Recorder.given = []
    return Recorder.given


def test_a_model_is_fitted_on_all_rows_up_to_each_origin(recorded):
    series = load_airline()
    cv = TimeSeriesSplit(2, test_size=4, max_train_size=100)
    frame = run(Recorder(), series, cv, horizon=3).forecasts
    # Folds train on rows 36..135 and 40..139; origins are 135, 136 and 139, 140.
    assert [len(rows) for rows in recorded] == [100, 101, 100, 101]
    for rows, origin in zip(recorded, frame["origin"].unique(), strict=True):
        pd.testing.assert_series_equal(rows, series[rows.index[0] : origin])
    assert frame["forecast"].tolist() == np.repeat([100, 101, 100, 101], 3).tolist()


def test_one_target_is_a_series_and_several_are_a_frame(recorded):
    frame = pd.DataFrame(noise(40, 3), columns=["a", "b", "c"])
    cv, models = TimeSeriesSplit(2, test_size=2), {"other": Recorder()}
    for targets in ("b", ["c", "a"]):
        with_targets = ridge(2, target_columns=targets)
        run({**models, "ridge": with_targets}, frame, cv)
    one, two = recorded[0], recorded[-1]
    pd.testing.assert_series_equal(one, frame["b"][: len(one)])
    pd.testing.assert_frame_equal(two, frame[["c", "a"]][: len(two)])
    run({**models, "ridge": ridge(2, target_columns=[1])}, frame.to_numpy(), cv)
    np.testing.assert_array_equal(recorded[-1], frame["b"][: len(recorded[-1])])


@pytest.mark.parametrize("form", ["list", "dict", "long"])
def test_each_of_many_series_is_fitted_separately(form, recorded):
    series, id_column = many(form)
    forecaster = ridge(2, id_column=id_column)
    cv = TimeSeriesSplit(2, test_size=2)
    table = run({"ridge": forecaster, "other": Recorder()}, series, cv).forecasts
    other = table[table["model"] == "other"].groupby("series")["forecast"].max()
    assert sorted(other) == [48, 58, 78]
    assert {rows.ndim for rows in recorded} == {1}


class WithCovariates(Recorder):
    def fit(self, series, exog):
        assert len(exog) == len(series)
        return super().fit(series)

    def forecast(self, steps, exog):
        assert len(exog) == steps
        return exog[:, 0]


def test_covariates_are_passed_to_a_model_that_takes_them():
    known, cv = noise(60, seed=1), TimeSeriesSplit(2, test_size=4)
    models = {"ridge": ridge(2), "with": WithCovariates(), "without": Recorder()}
    table = run(models, noise(60), cv, exog=known).forecasts
    own = table[table["model"] == "with"]
    assert own["forecast"].tolist() == known[own["time"]].tolist()


def test_intervals_are_those_of_the_model_or_missing():
    series, cv = load_airline(), TimeSeriesSplit(2, test_size=12)
    models = {"naive": SeasonalNaive(12), "other": Recorder()}
    options = {"horizon": 12, "season_length": 12, "coverage": 0.8}
    result = run(models, series, cv, **options)
    fitted = SeasonalNaive(12).fit(series[:120]).forecast_interval(12, 0.8)
    own = result.forecasts[result.forecasts["model"] == "naive"][:12]
    np.testing.assert_allclose(own[["lower", "upper"]], fitted[["lower", "upper"]])
    scores = result.scores(by="model")
    assert np.isnan(scores.loc["other", ["coverage", "width"]]).all()
    assert 0 < scores.loc["naive", "coverage"] <= 1
    adaptive = run(models, series, cv, adaptive=True, **options)
    assert adaptive.forecasts["lower"].notna().all()


class Wrong(Recorder):
    def forecast(self, steps):
        return np.zeros(steps + 1)


def test_forecasts_of_a_wrong_shape_raise_an_error_that_names_the_model():
    cv = TimeSeriesSplit(2, test_size=2)
    with pytest.raises(ValueError) as caught:
        run({"wrong": Wrong()}, noise(30), cv, horizon=2)
    assert str(caught.value) == (
        "forecast(steps) of 'wrong' must return an array of shape (2, 1): got the "
        "shape (3,) for steps=2. Return one row for each step and one column for each "
        "target."
    )
    assert caught.value.__notes__ == ["The model is 'wrong'."]


class Broken(Recorder):
    def fit(self, series):
        raise ZeroDivisionError


def test_an_error_in_a_fit_names_fold_and_model():
    cv = TimeSeriesSplit(2, test_size=2)
    with pytest.raises(ZeroDivisionError) as caught:
        run({"broken": Broken()}, noise(30), cv, horizon=2)
    assert caught.value.__notes__ == [
        "Raised by the fit for fold 0 of the backtest.",
        "The model is 'broken'.",
    ]


def test_the_model_of_the_user_is_not_changed():
    model = Recorder()
    run(model, noise(30), TimeSeriesSplit(2, test_size=2), horizon=2)
    assert not hasattr(model, "n_rows")


@pytest.mark.heavy
def test_workers_give_the_same_forecasts(own_workers):
    series, cv = load_airline(), TimeSeriesSplit(3, test_size=12)
    models = {"naive": SeasonalNaive(12), "ridge": ridge(2)}
    serial, parallel = (
        backtest(models, series, cv, n_jobs=n_jobs, verbose=0).forecasts
        for n_jobs in (None, 2)
    )
    pd.testing.assert_frame_equal(serial, parallel, check_exact=True)


def test_a_forecaster_of_the_protocol_gives_what_a_series_forecaster_gives():
    class Wrapped:
        def fit(self, series):
            self.inner = ridge(3).fit(series)
            return self

        def forecast(self, steps):
            return self.inner.forecast(steps)

    series, cv = noise(60), TimeSeriesSplit(3, test_size=3)
    models = {"wrapped": Wrapped(), "itself": ridge(3)}
    found = run(models, series, cv).forecasts.groupby("model")["forecast"]
    first, second = (np.asarray(rows) for _, rows in found)
    np.testing.assert_allclose(first, second)
    assert isinstance(ridge(3), SeriesForecaster)
