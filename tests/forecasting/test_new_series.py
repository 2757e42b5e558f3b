"""Forecasts of series that were not in the fit."""

import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import LastValue, Rising, WindowSum, plain, ridge
from sklearn.preprocessing import FunctionTransformer
from user_errors import check_error

from skcnnlstm import SeriesForecaster, load, save
from skcnnlstm.forecasting.new_series import with_new_series

DAYS = pd.date_range("2024-01-01", periods=30, freq="D")
MONTHS = pd.date_range("2001-01-01", periods=20, freq="MS")


def test_a_new_series_is_forecast_with_its_own_dates_and_scale(airline):
    forecaster = SeriesForecaster(ridge(), window_length=12, horizon=6).fit(airline)
    other = 1000 * airline[:60].set_axis(
        pd.date_range("2001-01-01", periods=60, freq="MS")
    )
    forecast = forecaster.forecast(8, series=other)
    assert forecast.index[0] == pd.Timestamp("2006-01-01")
    assert len(forecast) == 8
    # The same values in other units have the same forecasts in these units.
    thousandth = forecaster.forecast(8, series=airline[:60]).to_numpy()
    np.testing.assert_allclose(forecast.to_numpy(), 1000 * thousandth)
    # The fitted series is still known.
    assert forecaster.forecast(1).index[0] == pd.Timestamp("1961-01-01")


def test_the_fitted_series_as_a_new_one_has_the_same_forecasts(airline):
    forecaster = SeriesForecaster(ridge(), window_length=12, horizon=6).fit(airline)
    pd.testing.assert_series_equal(
        forecaster.forecast(9, series=airline), forecaster.forecast(9)
    )


def test_many_new_series_have_the_form_in_which_they_are_given(three):
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=4)
    forecaster.fit(three["a"])
    by_name = forecaster.forecast(2, series=three)
    assert list(by_name) == ["b", "a", "c"]
    listed = forecaster.forecast(2, series=list(three.values()))
    alone = [forecaster.forecast(2, series=one) for one in three.values()]
    for one, other, last in zip(by_name.values(), listed, alone, strict=True):
        pd.testing.assert_series_equal(one, other)
        pd.testing.assert_series_equal(one, last)


def test_a_forecaster_of_a_long_frame_takes_other_long_frames_and_one_series(three):
    frame = pd.concat(
        [series.to_frame().assign(id=key) for key, series in three.items()]
    )
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=4, id_column="id")
    forecaster.fit(frame[frame["id"] != "a"])
    forecast = forecaster.forecast(2, series=frame[frame["id"] == "a"])
    assert forecast["id"].tolist() == ["a", "a"]
    alone = forecaster.forecast(2, series=three["a"].to_frame())
    np.testing.assert_array_equal(alone["value"], forecast["value"])


def test_covariates_cover_the_rows_and_the_rows_ahead():
    rng = np.random.default_rng(0)
    exog = pd.Series(rng.normal(size=30), index=DAYS)
    series = pd.Series(rng.normal(size=25), index=DAYS[:25])
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=2)
    forecaster.fit(series, exog=exog)
    expected = forecaster.forecast(3, exog=exog[25:])
    as_new = forecaster.forecast(3, exog=exog, series=series)
    pd.testing.assert_series_equal(as_new, expected)
    arrays = forecaster.forecast(3, exog=exog[:29].to_numpy(), series=series.to_numpy())
    np.testing.assert_allclose(arrays, expected)
    many = forecaster.forecast(3, exog=exog, series={"x": series, "y": series[:20]})
    pd.testing.assert_series_equal(many["x"], expected)
    assert many["y"].index[0] == DAYS[20]


def test_a_forecast_uses_the_rows_after_the_last_gap():
    series = pd.Series(np.arange(30.0), index=DAYS).drop(DAYS[20])
    forecaster = plain(Rising()).fit(np.arange(10.0))
    forecaster.forecast(series=series)
    np.testing.assert_array_equal(
        forecaster.estimator_.asked_[0, :, 0], [27.0, 28.0, 29.0]
    )


def test_a_short_series_repeats_its_first_row_with_a_warning():
    forecaster = plain(WindowSum()).fit(np.arange(10.0))
    message = "^the series has 2 rows since the last gap in time or its start, fewer "
    with pytest.warns(UserWarning, match=message):
        assert forecaster.forecast(series=[5.0, 7.0]).tolist() == [5 + 5 + 7]


def test_the_transformer_and_freq_of_the_fit_are_used():
    forecaster = SeriesForecaster(LastValue(), window_length=3, transformer="log")
    forecaster.fit(np.arange(1.0, 20.0))
    forecaster.set_params(transformer=FunctionTransformer(), freq="W")
    assert forecaster.forecast(series=[3.0, 2.0, 4.0])[0] == pytest.approx(4)
    with pytest.raises(ValueError, match='transformer="log" requires positive values'):
        forecaster.forecast(series=[3.0, 2.0, -4.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda fitted: fitted.forecast(series=np.ones((9, 2))),
            "X has 2 features, but SeriesForecaster is expecting 1 features",
        ),
        (
            lambda fitted: fitted.forecast(series=[1.0, np.nan, 2.0]),
            "series must be finite: got NaN at row 1",
        ),
        (
            lambda fitted: fitted.forecast(series={"a": [1.0, np.inf]}),
            "In series 'a': series must be finite: got inf at row 1",
        ),
        (
            lambda fitted: fitted.forecast(series=[1.0, 2.0], exog=[1.0, 2.0, 3.0]),
            "exog must be None because the forecaster was fitted without exog",
        ),
        (
            lambda fitted: fitted.predict({"a": np.arange(5.0)}),
            "series must have the form given to fit",
        ),
    ],
)
def test_series_that_do_not_fit_raise(call, message):
    fitted = plain(Rising()).fit(np.arange(10.0))
    before = fitted.forecast(2)
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        call(fitted)
    check_error(raised.value)
    np.testing.assert_array_equal(fitted.forecast(2), before)


def test_the_message_about_unknown_series_names_a_remedy_that_works(three):
    fitted = SeriesForecaster(ridge(), window_length=6).fit({"a": three["a"]})
    with pytest.raises(ValueError, match=re.escape("Use forecast(series=...) to for")):
        fitted.predict({"b": three["b"]})
    assert len(fitted.forecast(2, series={"b": three["b"]})["b"]) == 2


def test_a_saved_forecaster_forecasts_new_series(airline, tmp_path):
    fitted = SeriesForecaster(ridge(), window_length=12, freq="MS").fit(airline)
    save(fitted, tmp_path / "ridge")
    loaded = load(tmp_path / "ridge")
    pd.testing.assert_series_equal(
        loaded.forecast(2, series=airline[:40]), fitted.forecast(2, series=airline[:40])
    )


def test_a_copy_that_knows_other_series_predicts_them(three):
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=4)
    forecaster.fit({key: three[key] for key in "bc"})
    copied = with_new_series(forecaster, {"a": three["a"][:15]})
    predicted = copied.predict({"a": three["a"][15:]})["a"]
    expected = forecaster.forecast(series=three["a"][:16])
    # The scale is that of the 15 rows, so that only the shape is equal.
    assert predicted.shape == (5, 4)
    assert expected.shape == (4,)
    assert forecaster.forecast(1).keys() == {"b", "c"}
