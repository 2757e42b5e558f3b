"""Quantiles that a network inside a forecaster predicts."""

import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import plain, ridge
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skcnnlstm import LastSteps, SeriesForecaster
from skcnnlstm.forecasting.quantiles import find_interval, quantiles_of


class Spread(RegressorMixin, BaseEstimator):
    """Forecast the last value, with quantiles around it: -1, 0 and 1."""

    def __init__(self, quantiles=(0.1, 0.5, 0.9)):
        self.quantiles = quantiles

    def fit(self, X, y):
        self.n_outputs_ = y[0].size
        return self

    def predict(self, X):
        return np.tile(X[:, -1], self.n_outputs_ // X.shape[2])

    def predict_quantiles(self, X):
        return self.predict(X)[:, :, np.newaxis] + [-1, 0, 1]


DAYS = pd.date_range("2024-01-01", periods=20, freq="D")


def test_quantiles_have_one_column_each_and_the_labels_that_follow():
    series = pd.Series(np.arange(10.0), index=DAYS[:10])
    quantiles = plain(Spread(), horizon=2).fit(series).forecast_quantiles()
    assert quantiles.columns.tolist() == [0.1, 0.5, 0.9]
    assert quantiles.index.tolist() == DAYS[10:12].tolist()
    assert quantiles.to_numpy().tolist() == [[8, 9, 10]] * 2


def test_quantiles_are_on_the_scale_of_the_series():
    series = np.exp(np.arange(10.0))
    forecaster = SeriesForecaster(Spread(), window_length=3, transformer="log")
    quantiles = forecaster.fit(series).forecast_quantiles().to_numpy()[0]
    deviation = np.arange(10.0).std()
    np.testing.assert_allclose(np.log(quantiles), 9 + deviation * np.array([-1, 0, 1]))


def test_quantiles_from_each_row_have_the_quantiles_on_the_last_axis():
    table = np.arange(20.0).reshape(10, 2)
    forecaster = plain(Spread(), horizon=2).fit(table)
    quantiles = forecaster.predict_quantiles(table[:1] + 20)
    assert quantiles.shape == (1, 2, 2, 3)
    assert quantiles[0, 1].tolist() == [[19, 20, 21], [20, 21, 22]]
    one = plain(Spread(), horizon=2).fit(table[:, 0]).predict_quantiles([20.0, 22.0])
    assert one.shape == (2, 2, 3)


def test_an_interval_lies_between_two_symmetric_quantiles():
    assert find_interval((0.05, 0.25, 0.5, 0.75, 0.95), 0.5) == (1, 3)
    interval = plain(Spread()).fit(np.arange(10.0)).forecast_interval(coverage=0.8)
    assert interval.loc[1].tolist() == [9, 8, 10]


def test_a_median_alone_has_no_interval():
    with pytest.raises(ValueError, match=r"got coverage=0.8, .* Fit with quantiles=\("):
        find_interval((0.5,), 0.8)


@pytest.mark.parametrize(
    ("coverage", "message"),
    [
        (
            0.9,
            "coverage must be the share between two quantiles of the network that are "
            "symmetric around 0.5: got coverage=0.9, quantiles=(0.1, 0.5, 0.9). Use a "
            "coverage of 0.8, fit with quantiles=(0.05, 0.5, 0.95), or set a "
            "calibration_fraction.",
        ),
        (8, "coverage must be a finite number > 0 and < 1: got coverage=8.0."),
    ],
)
def test_other_coverages_are_rejected(coverage, message):
    forecaster = plain(Spread()).fit(np.arange(10.0))
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        forecaster.forecast_interval(coverage=coverage)


def test_quantiles_are_found_in_a_pipeline_and_in_a_search():
    piped = make_pipeline(LastSteps(2), Spread())
    assert quantiles_of(piped) == (0.1, 0.5, 0.9)
    assert quantiles_of(ridge()) is None
    search = GridSearchCV(piped, {"spread": [Spread()]}, cv=TimeSeriesSplit(2))
    forecaster = plain(search).fit(np.arange(20.0))
    assert quantiles_of(forecaster.estimator_) == (0.1, 0.5, 0.9)
    assert forecaster.forecast_quantiles().to_numpy().tolist() == [[18, 19, 20]]


def test_a_network_without_quantiles_is_rejected():
    forecaster = plain(ridge()).fit(np.arange(10.0))
    for call in (
        forecaster.forecast_quantiles,
        lambda: forecaster.predict_quantiles([10.0]),
    ):
        with pytest.raises(ValueError, match=r"^estimator must be a network with quan"):
            call()


@pytest.mark.parametrize(
    ("strategy", "remedy"),
    [
        ("direct", "Use SeriesForecaster(..., horizon=3)."),
        (
            "recursive",
            'Use SeriesForecaster(..., horizon=3) with strategy="direct".',
        ),
    ],
)
def test_recursive_forecasts_have_no_quantiles(strategy, remedy):
    forecaster = plain(Spread(), horizon=2, strategy=strategy).fit(np.arange(10.0))
    at_once = 2 if strategy == "direct" else 1
    with pytest.raises(ValueError) as caught:
        forecaster.forecast_quantiles(3)
    assert str(caught.value) == (
        "steps must be at most the number that the network predicts at once, because "
        "forecasts that are fed back as input have no quantiles: got steps=3, "
        f"and the network predicts {at_once} at once. {remedy}"
    )
