"""Tests of windows in the units of a series, and of forecasts from them."""

import warnings

import numpy as np
import pandas as pd
import pytest
from forecast_models import WindowSum
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skcnnlstm import FlattenWindows, SeriesForecaster
from skcnnlstm.forecasting.fitted import fitted_state
from skcnnlstm.forecasting.raw_windows import (
    forecast_raw_windows,
    last_raw_windows,
    raw_windows_of_rows,
    raw_windows_with_actual,
)

DATES = pd.date_range("2025-01-01", periods=60)
ROWS = pd.DataFrame(
    np.random.default_rng(0).normal(size=(60, 3)).cumsum(axis=0) + 50,
    index=DATES,
    columns=["a", "b", "c"],
)
EXOG = pd.DataFrame(
    np.random.default_rng(1).normal(size=(70, 2)),
    index=pd.date_range("2025-01-01", periods=70),
    columns=["e", "f"],
)
CASES = {
    "one": {},
    "log": {"transformer": "log", "target_columns": ["b"]},
    "no scale": {"transformer": None, "target_columns": ["c", "a"]},
    "min-max": {"transformer": MinMaxScaler()},
    "recursive": {"strategy": "recursive"},
    "channels": {"channels": "independent"},
    "past and channels": {"channels": "independent", "target_columns": ["c", "a"]},
}


def fitted(rows, exog=None, **params):
    estimator = make_pipeline(FlattenWindows(), Ridge())
    params = {"window_length": 5, "horizon": 3} | params
    return SeriesForecaster(estimator, **params).fit(rows, exog=exog)


@pytest.mark.parametrize("exog", [None, EXOG], ids=["", "exog"])
@pytest.mark.parametrize("params", CASES.values(), ids=CASES)
def test_forecasts_from_raw_windows_are_those_of_predict(params, exog):
    forecaster = fitted(ROWS[:40], exog, **params)
    state, panel, tables = forecaster._read(ROWS[40:])
    raw = raw_windows_of_rows(state, panel, tables, exog)[None]
    n_exog, n_ahead = (0, 0) if exog is None else (2, 3)
    assert raw.windows.shape == (20, 5 + n_ahead, 3 + n_exog)
    assert_array_equal(raw.n_missing, 0)
    # The rows themselves, with the fitted rows as history.
    whole = np.lib.stride_tricks.sliding_window_view(ROWS.to_numpy(), 5, axis=0)
    assert_allclose(raw.windows[:, :5, :3], np.moveaxis(whole, 2, 1)[36:])
    scale = state.series[None].scale
    forecasts = forecast_raw_windows(state, scale, raw.windows)
    expected = forecaster.predict(ROWS[40:], exog=exog)
    assert_allclose(forecasts.reshape(expected.shape), expected)

    last = last_raw_windows(state, exog)[None].windows
    forecast = forecast_raw_windows(state, scale, last)[0]
    assert_allclose(forecast, forecaster.forecast(exog=exog).to_numpy())


def test_covariates_that_no_forecast_reads_are_nan():
    forecaster = fitted(ROWS[:40], EXOG)
    raw = last_raw_windows(fitted_state(forecaster), EXOG)[None].windows[0]
    unread = np.zeros((8, 5), dtype=bool)
    unread[5:, :3] = unread[:3, 3:] = True
    assert_array_equal(np.isnan(raw), unread)
    assert_allclose(raw[3:, 3:], EXOG[38:43])


def test_rows_without_history_repeat_the_first_one():
    state, panel, tables = fitted(ROWS[:40])._read(ROWS[50:])  # after a gap
    with pytest.warns(UserWarning, match="have fewer than window_length=5 rows"):
        raw = raw_windows_of_rows(state, panel, tables, None)[None]
    assert_array_equal(raw.n_missing, [4, 3, 2, 1, 0, 0, 0, 0, 0, 0])
    assert_allclose(raw.windows[1, :, 0], ROWS["a"].iloc[[50, 50, 50, 50, 51]])


def test_a_short_tail_counts_its_repeated_rows():
    rows = ROWS.drop(DATES[36])
    state = fitted_state(fitted(rows[:39]))  # three rows since the gap
    with pytest.warns(UserWarning, match="fewer than window_length=5"):
        raw = last_raw_windows(state, None)[None]
    assert_array_equal(raw.n_missing, [2])
    _, panel, tables = fitted(rows[:39])._read(rows[39:41])
    with pytest.warns(UserWarning, match="fewer than window_length=5"):
        raw = raw_windows_of_rows(state, panel, tables, None)[None]
    assert_array_equal(raw.n_missing, [1, 0])


@pytest.mark.parametrize("start", [40, 50])
def test_windows_with_actual_values_are_those_of_the_score(start):
    forecaster = fitted(ROWS[:40], EXOG)
    state, panel, tables = forecaster._read(ROWS[start:])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        raw = raw_windows_with_actual(state, panel, tables, EXOG)[None]
    forecasts = forecast_raw_windows(state, state.series[None].scale, raw.windows)
    score = -np.abs(forecasts - raw.actual).mean()
    assert_allclose(score, forecaster.score(ROWS[start:], exog=EXOG))
    assert len(raw.n_missing) == len(raw.actual) == {40: 18, 50: 7}[start]


def test_each_series_has_its_own_scale():
    rows = {"small": ROWS["a"].to_numpy(), "large": 1000 * ROWS["b"].to_numpy()}
    forecaster = SeriesForecaster(WindowSum(), window_length=4, horizon=2).fit(rows)
    state = fitted_state(forecaster)
    for key, raw in last_raw_windows(state, None).items():
        forecast = forecast_raw_windows(state, state.series[key].scale, raw.windows)
        assert_allclose(forecast[0, :, 0], forecaster.forecast()[key])
