"""Tests of forecasters with a network that predicts quantiles."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skcnnlstm import CNNRegressor, LastSteps, SeriesForecaster

QUANTILES = (0.05, 0.5, 0.95)


def tiny(**params):
    rest = {"filters": 3, "dense_units": 4, "epochs": 2, "random_state": 0}
    return CNNRegressor(**(rest | params))


def make_forecaster(network, **params):
    rest = {"window_length": 12, "horizon": 3, "transformer": "log"}
    return SeriesForecaster(network, **(rest | params))


def daily_series(n_rows=80):
    t = np.arange(n_rows)
    noise = np.random.default_rng(0).normal(size=n_rows)
    index = pd.date_range("2020-01-01", periods=n_rows, freq="D")
    return pd.Series(300 + 100 * np.sin(t / 3) + 20 * noise, index, name="load")


def test_forecast_quantiles_are_those_of_the_network_on_the_scale_of_the_series():
    series = daily_series()
    forecaster = make_forecaster(tiny(quantiles=QUANTILES)).fit(series)
    quantiles = forecaster.forecast_quantiles()
    scaled = forecaster.transformer_.transform(series.to_numpy()[:, None])[-12:]
    raw = forecaster.estimator_.predict_quantiles(scaled.reshape(1, 12, 1))[0]
    expected = forecaster.transformer_.inverse_transform(raw)
    np.testing.assert_allclose(quantiles, expected, rtol=1e-6)
    assert quantiles.columns.tolist() == list(QUANTILES)
    assert quantiles.index.equals(forecaster.forecast().index)
    np.testing.assert_array_equal(quantiles[0.5], forecaster.forecast())


def test_predict_quantiles_returns_the_forecast_made_at_each_row():
    series = daily_series()
    forecaster = make_forecaster(tiny(quantiles=QUANTILES)).fit(series[:-4])
    rows = forecaster.predict_quantiles(series[-4:])
    assert rows.shape == (4, 3, 3)
    np.testing.assert_array_equal(rows[..., 1], forecaster.predict(series[-4:]))
    updated = forecaster.update(series[-4:]).forecast_quantiles()
    np.testing.assert_allclose(rows[-1], updated, rtol=1e-6)


def test_interval_bounds_are_quantiles():
    forecaster = make_forecaster(tiny(quantiles=(0.05, 0.25, 0.5, 0.75, 0.95)))
    forecaster.fit(daily_series())
    quantiles = forecaster.forecast_quantiles()
    for coverage, low, high in ((0.9, 0.05, 0.95), (0.5, 0.25, 0.75)):
        interval = forecaster.forecast_interval(coverage=coverage)
        np.testing.assert_array_equal(interval, quantiles[[0.5, low, high]])


def test_warning_about_short_history_points_at_the_line_of_the_user():
    series = daily_series()
    forecaster = make_forecaster(tiny(quantiles=QUANTILES))
    forecaster.fit(series[:70]).update(series[76:])
    for call in (forecaster.forecast_quantiles, forecaster.forecast_interval):
        with pytest.warns(UserWarning, match="rows since the last gap") as caught:
            call()
        assert [warning.filename for warning in caught] == [__file__]


def test_calibrated_intervals_replace_those_of_quantiles():
    series = daily_series(160)
    network = tiny(quantiles=QUANTILES)
    forecaster = make_forecaster(network, calibration_fraction=0.3).fit(series)
    interval = forecaster.forecast_interval(coverage=0.6)
    ratio = interval["upper"] / interval["forecast"]
    np.testing.assert_allclose(ratio, interval["forecast"] / interval["lower"])


def test_quantiles_of_several_columns_and_several_series_are_labelled():
    one = daily_series()
    frame = pd.DataFrame({"a": one, "b": 2 * one})
    joint = make_forecaster(make_pipeline(LastSteps(6), tiny(quantiles=QUANTILES)))
    quantiles = joint.fit(frame).forecast_quantiles()
    assert quantiles.columns.names == ["target", "quantile"]
    assert quantiles["b"].columns.tolist() == list(QUANTILES)
    later = frame[-2:].set_axis(pd.date_range("2020-03-21", periods=2, freq="D"))
    assert joint.predict_quantiles(later).shape == (2, 3, 2, 3)
    by_name = make_forecaster(tiny(quantiles=QUANTILES)).fit({"x": one, "y": 2 * one})
    assert list(by_name.forecast_quantiles()) == ["x", "y"]
    assert by_name.forecast_interval()["y"].shape == (3, 3)


@pytest.mark.parametrize(
    ("network", "params", "call", "message"),
    [
        (
            {},
            {},
            lambda f: f.forecast_quantiles(),
            "estimator must be a network with quantiles: got estimator=CNNRegressor(",
        ),
        (
            {"quantiles": QUANTILES},
            {},
            lambda f: f.forecast_interval(coverage=0.8),
            "coverage must be the share between two quantiles of the network that are "
            "symmetric around 0.5: got coverage=0.8, quantiles=(0.05, 0.5, 0.95). Use "
            "a coverage of 0.9, fit with quantiles=(0.1, 0.5, 0.9), or set a "
            "calibration_fraction.",
        ),
        (
            {"quantiles": QUANTILES},
            {},
            lambda f: f.forecast_quantiles(4),
            "steps must be at most the number that the network predicts at once, "
            "because forecasts that are fed back as input have no quantiles: got "
            "steps=4, and the network predicts 3 at once. Use SeriesForecaster(..., "
            "horizon=4).",
        ),
        (
            {"quantiles": QUANTILES},
            {"strategy": "recursive"},
            lambda f: f.predict_quantiles(daily_series()),
            'got steps=3, and the network predicts 1 at once. Use strategy="direct".',
        ),
    ],
)
def test_unavailable_quantiles_raise_value_error(network, params, call, message):
    forecaster = make_forecaster(tiny(epochs=1, **network), **params).fit(
        daily_series()
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        call(forecaster)
