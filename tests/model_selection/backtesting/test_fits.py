"""Tests of the fits of a backtest."""

import numpy as np
import pandas as pd
import pytest
from backtest_models import Last, TrainingMean, last, many, noise, ridge, run
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    CNNRegressor,
    FlattenWindows,
    SeriesForecaster,
    backtest,
)


@pytest.mark.parametrize("refit, expected", [(True, 6), (False, 1), (4, 2), (5, 2)])
def test_refit_sets_the_number_of_fits(refit, expected):
    before = Last.fits
    result = run(last(), noise(60), TimeSeriesSplit(6, test_size=5), refit=refit)
    assert Last.fits - before == expected == result.folds["refitted"].sum()


def test_a_kept_fit_uses_the_latest_rows_as_history():
    series, cv = noise(60), TimeSeriesSplit(4, test_size=5)
    once = run(last(), series, cv, refit=False).forecasts
    assert np.array_equal(once["forecast"], series[once["origin"]])
    learned = SeriesForecaster(TrainingMean(), window_length=2, transformer=None)
    frame = run(learned, series, cv, refit=2).forecasts
    by_fold = frame.groupby("fold")["forecast"]
    means = [series[2:40].mean(), series[2:40].mean(), series[2:50].mean()]
    np.testing.assert_allclose(by_fold.first()[:3], means)
    assert (by_fold.nunique() == 1).all()


def test_holidays_close_together_are_recognized_from_the_fitted_rows():
    dates = pd.bdate_range("2018-01-01", "2021-01-08")
    dates = dates[~dates.strftime("%m-%d").isin(["12-25", "12-26", "01-01"])]
    series = pd.Series(noise(len(dates)).cumsum(), index=dates)
    n = len(series) - 10  # two holidays are among the last ten rows
    fold = [(np.arange(n), np.arange(n, n + 10))]
    forecaster = ridge()
    dated, bare = (
        run(forecaster, rows, fold).forecasts["forecast"]
        for rows in (series, series.to_numpy())
    )
    np.testing.assert_allclose(dated, bare)
    fitted = forecaster.fit(series[:n])
    np.testing.assert_array_equal(
        fitted.predict(series[n:]), fitted.predict(series[n:].to_numpy())
    )


def test_the_forecaster_is_not_changed():
    forecaster = last()
    run(forecaster, noise(30), TimeSeriesSplit(2))
    assert not hasattr(forecaster, "estimator_")


def test_a_search_is_fitted_in_each_fold():
    search = GridSearchCV(
        ridge(2), {"window_length": [2, 5]}, cv=TimeSeriesSplit(2, test_size=8)
    )
    result = run(search, noise(80), TimeSeriesSplit(2, test_size=6))
    assert len(result.forecasts) == 2 * 5 * 2


def test_a_search_must_not_tune_target_columns():
    rows = np.random.default_rng(0).standard_normal((80, 2))
    inner = SeriesForecaster(
        make_pipeline(FlattenWindows(), Ridge()), window_length=6, target_columns=[0]
    )
    cv = TimeSeriesSplit(2, test_size=10)
    search = GridSearchCV(inner, {"target_columns": [[1]]}, cv=cv)
    with pytest.raises(
        ValueError, match="target_columns must be the same in all folds"
    ):
        backtest(search, rows, cv, verbose=0)


def test_an_error_in_a_fit_names_the_fold():
    cv = TimeSeriesSplit(2, test_size=2, max_train_size=3)
    with pytest.raises(ValueError, match="window_length") as caught:
        run(ridge(), noise(30), cv)
    assert caught.value.__notes__ == ["Raised by the fit for fold 0 of the backtest."]


def test_many_series_are_forecast_by_one_model():
    series, _ = many("dict")
    frame = run(ridge(2), series, TimeSeriesSplit(2, test_size=5)).forecasts
    fitted = ridge(2).fit({name: rows[:-5] for name, rows in series.items()})
    forecast = fitted.forecast()
    for name, rows in series.items():
        own = frame.query("series == @name and fold == 1")
        np.testing.assert_allclose(own["forecast"][:2], forecast[name])
        later = fitted.predict({name: rows[-5:]})[name]
        np.testing.assert_allclose(own["forecast"][2:], later[:3].ravel())


def test_a_recursive_forecaster_is_backtested():
    result = run(
        ridge(3, strategy="recursive"), np.arange(60.0), TimeSeriesSplit(2, test_size=5)
    )
    assert result.forecasts["step"].max() == 3
    assert result.scores()["mae"] < 1


@pytest.mark.heavy
@pytest.mark.parametrize("refit", [True, 3, False])
def test_parallel_fits_give_bit_identical_forecasts(refit, own_workers):
    rows = np.sin(np.arange(90)) + noise(90)
    network = CNNRegressor(filters=4, epochs=2, random_state=0)
    forecaster = SeriesForecaster(network, horizon=3, calibration_fraction=0.3)
    params = {"cv": TimeSeriesSplit(4, test_size=6), "coverage": 0.5, "verbose": 0}
    serial = backtest(forecaster, rows, refit=refit, **params)
    parallel = backtest(forecaster, rows, refit=refit, n_jobs=2, **params)
    pd.testing.assert_frame_equal(
        serial.forecasts, parallel.forecasts, check_exact=True
    )
    assert list(serial.folds["refitted"]) == list(parallel.folds["refitted"])


@pytest.mark.heavy
def test_an_error_in_a_worker_names_the_fold(own_workers):
    class Broken(Ridge):
        def fit(self, X, y):
            if len(X) > 40:
                raise ValueError("too many samples")
            return super().fit(X, y)

    broken = SeriesForecaster(make_pipeline(FlattenWindows(), Broken()))
    folds = TimeSeriesSplit(4, test_size=10)
    with pytest.raises(ValueError, match="too many samples") as caught:
        backtest(broken, noise(80), folds, n_jobs=2, verbose=0)
    assert "Raised by the fit for fold 3 of the backtest." in caught.value.__notes__
