"""What a forecaster loses silently elsewhere: windows, columns, series, covariates."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcnnlstm import CNNRegressor, FlattenWindows, MistakeWarning, SeriesForecaster

MONTHS = pd.date_range("2010-01", periods=108, freq="MS")
MONTHLY = pd.Series(np.arange(108.0) + np.sin(np.arange(108.0)), index=MONTHS)
TWO_MISSING = MONTHLY.drop(MONTHS[[35, 70]])


def ridge(**params):
    return SeriesForecaster(make_pipeline(FlattenWindows(), Ridge()), **params)


def masking(**params):
    network = CNNRegressor(
        filters=2, dense_units=2, epochs=1, random_state=0, missing="mask"
    )
    return SeriesForecaster(network, **{"window_length": 8} | params)


# ----------------------------------------------------------------------- windows


def test_windows_lost_to_gaps_are_counted_and_the_remedy_restores_them():
    forecaster = ridge(window_length=24, horizon=12)
    with pytest.warns(MistakeWarning) as caught:
        forecaster.fit(TWO_MISSING)
    assert str(caught[0].message) == (
        "2 gaps in time leave 2 of 73 windows for training, because windows and "
        "targets must not cross a gap. Fill the missing rows, for example with "
        "series.asfreq('MS').interpolate(), or use a shorter window_length or horizon."
    )
    assert forecaster.n_windows_ == 2
    filled = TWO_MISSING.asfreq("MS").interpolate()
    assert forecaster.fit(filled).n_windows_ == 73


@pytest.mark.parametrize(
    "series, n_windows",
    [
        (TWO_MISSING.to_period("M"), 2),
        (MONTHLY.reset_index(drop=True).drop([35, 70]), 2),
        ({"a": TWO_MISSING, "b": MONTHLY}, 75),
    ],
)
def test_windows_lost_to_gaps_are_reported_for(series, n_windows):
    with pytest.warns(MistakeWarning, match=f"leave {n_windows} of "):
        fitted = ridge(window_length=24, horizon=12).fit(series)
    assert fitted.n_windows_ == n_windows


def test_windows_without_loss_or_with_a_short_one_are_not_reported():
    assert ridge(window_length=24, horizon=12).fit(MONTHLY).n_windows_ == 73
    assert ridge(window_length=2).fit(MONTHLY.drop(MONTHS[35])).n_windows_ == 103
    assert ridge(window_length=4).fit(MONTHLY.to_numpy()).n_windows_ == 104


def test_windows_lost_to_nan_in_targets_are_reported():
    series = TWO_MISSING.asfreq("MS")
    with pytest.warns(MistakeWarning, match=r"NaN .* leaves \d+ of 73 windows"):
        masking(window_length=24, horizon=12).fit(series)


# ----------------------------------------------------------------- ended columns

ENDED = np.random.default_rng(0).normal(size=(60, 2))
ENDED[40:, 1] = np.nan


@pytest.mark.filterwarnings("ignore:NaN in the target columns leaves")
@pytest.mark.filterwarnings("ignore:the first 7 rows do not continue")
@pytest.mark.parametrize("channels", ["joint", "independent"])
def test_a_column_that_ended_is_forecast_as_nan_with_a_warning(channels):
    frame = pd.DataFrame(ENDED, columns=["x", "y"])
    fitted = masking(channels=channels).fit(frame)
    with pytest.warns(UserWarning, match="^column 'y' has no known value in the last"):
        forecast = fitted.forecast(2)
    assert forecast["y"].isna().all() and forecast["x"].notna().all()


@pytest.mark.filterwarnings("ignore:NaN in the target columns leaves")
@pytest.mark.filterwarnings("ignore:the first 7 rows do not continue")
def test_columns_that_ended_are_named_in_one_warning():
    frame = pd.DataFrame(ENDED, columns=["x", "y"]).assign(z=ENDED[:, 1])
    fitted = masking(channels="independent").fit(frame)
    with pytest.warns(UserWarning, match="^columns 'y', 'z' have no known value in"):
        fitted.forecast(2)
    with pytest.warns(UserWarning, match=r"^\d+ windows have no known value"):
        predicted = fitted.predict(frame)
    # Row 46 is the last one whose window holds a value of y.
    np.testing.assert_array_equal(np.isnan(predicted[:, 0, 1]), np.arange(60) > 46)
    assert not np.isnan(predicted[:, 0, 0]).any()


@pytest.mark.filterwarnings("ignore:NaN in the target columns leaves")
def test_a_series_of_a_panel_that_ended_is_forecast_as_nan():
    fitted = masking().fit({"on": ENDED[:, 0], "off": ENDED[:, 1]})
    with pytest.warns(UserWarning, match="^series 'off' have no known value"):
        forecasts = fitted.forecast(2)
    assert np.isnan(forecasts["off"]).all() and not np.isnan(forecasts["on"]).any()


def test_one_known_value_in_the_last_window_is_enough():
    series = np.r_[np.sin(np.arange(100.0)), np.full(7, np.nan)]
    assert np.isfinite(masking().fit(series).forecast(1)).all()


# -------------------------------------------------------------------- covariates


def test_nan_in_exog_is_masked_by_a_network_that_masks():
    exog = np.arange(60.0)
    exog[30] = np.nan
    fitted = masking().fit(ENDED[:, 0], exog=exog)
    known, masked = fitted.forecast(1, exog=[60.0]), fitted.forecast(1, exog=[np.nan])
    assert np.isfinite([known, masked]).all() and known != masked
    for table, fill in [
        (exog, "pandas.DataFrame(exog).ffill().bfill().to_numpy()"),
        (pd.Series(exog, name="price"), "exog.ffill().bfill()"),
    ]:
        with pytest.raises(ValueError, match="exog must be finite: got NaN") as caught:
            ridge(window_length=8).fit(ENDED[:, 0], exog=table)
        assert fill in str(caught.value)
        filled = eval(fill, {"exog": table, "pandas": pd})
        ridge(window_length=8).fit(ENDED[:, 0], exog=filled)
    with pytest.raises(ValueError, match="exog must have a known value in each column"):
        masking().fit(ENDED[:, 0], exog=exog * np.nan)


def test_exactly_the_covariates_of_the_steps_are_enough():
    values = np.random.default_rng(0).normal(size=(150, 2))
    index = pd.date_range("2020", periods=150)
    series = pd.Series(values[:, 0], index)[:100]
    exog = pd.DataFrame({"e": values[:, 1]}, index)
    fitted = ridge(window_length=24, horizon=24).fit(series, exog=exog)
    by_label = fitted.forecast(30, exog=exog[:130])
    by_place = fitted.forecast(30, exog=exog[100:130].to_numpy())
    pd.testing.assert_series_equal(by_label, by_place)
    assert by_label.index[-1] == index[129]
    whole = fitted.forecast(48, exog=exog)
    np.testing.assert_array_equal(by_label[:24], whole[:24])
    # The last window moves on by six rows: forecasts from it are those of a history
    # that ends with the first six forecasts.
    moved = SeriesForecaster.fit(ridge(window_length=24, horizon=24), series, exog=exog)
    moved.update(by_label[:6], exog=exog[100:106])
    expected = moved.forecast(exog=exog[106:130].to_numpy())
    np.testing.assert_allclose(by_label[24:], expected[18:])
    # Rows beyond the steps have no effect.
    changed = exog[:140].copy()
    changed.iloc[130:] = 1e3
    pd.testing.assert_series_equal(fitted.forecast(30, exog=changed), by_label)
    for rows in (10, 23):
        with pytest.raises(
            ValueError, match="exog must have 24 rows for the steps ahead"
        ):
            fitted.forecast(10, exog=exog[100 : 100 + rows].to_numpy())
    with pytest.raises(
        ValueError, match="exog must have 30 to 48 rows for the steps ahead"
    ):
        fitted.forecast(30, exog=exog[100:129].to_numpy())


def test_covariates_of_a_panel_may_end_at_different_rows():
    values = np.random.default_rng(0).normal(size=(150, 2))
    series = [values[:100, 0], values[:100, 1]]
    exog = [values[:100, 1], values[:100, 0]]
    fitted = ridge(window_length=6, horizon=6).fit(series, exog=exog)
    one, two = fitted.forecast(8, exog=[values[100:108, 1], values[100:112, 0]])
    same = fitted.forecast(8, exog=[values[100:108, 1], values[100:108, 0]])
    np.testing.assert_array_equal([one, two], same)


# ------------------------------------------------------------------- calibration


@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("transformer", ["standard", "log"])
def test_a_short_series_of_a_panel_is_left_out_of_the_calibration(refit, transformer):
    wave = 3 + np.sin(np.arange(100.0))
    forecaster = ridge(
        calibration_fraction=0.2,
        refit_after_calibration=refit,
        transformer=transformer,
    )
    with pytest.warns(UserWarning, match="holds out no rows .* too short: got 'b'"):
        forecaster.fit({"a": wave, "b": wave[:29], "c": 2 * wave})
    shapes = {key: one.shape for key, one in forecaster.calibration_scores_.items()}
    assert shapes == {"a": (20, 1, 1), "b": (0, 1, 1), "c": (20, 1, 1)}
    assert np.isfinite(forecaster.forecast_interval(coverage=0.9)["b"]).all(axis=None)


def test_a_panel_of_short_series_or_a_wrong_fraction_is_rejected():
    with pytest.raises(ValueError, match="calibration_fraction must leave"):
        ridge(calibration_fraction=0.2).fit([np.arange(29.0), np.arange(28.0)])
    with pytest.raises(ValueError, match="calibration_fraction must be a finite"):
        ridge(calibration_fraction=2).fit([np.arange(29.0), np.arange(100.0)])
