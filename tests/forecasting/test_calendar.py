"""calendar: covariates from times, which need no table of the rows ahead."""

import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import RisingOfOne, plain, ridge
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from skcnnlstm import CNNLSTMRegressor, SeriesForecaster, backtest, load, save
from skcnnlstm.inspection import attribute

HOURS = pd.date_range("2024-01-01", periods=24 * 28, freq="h")
FAR = pd.date_range("2024-01-01", periods=24 * 30, freq="h")  # and two days more


def week(times):
    """Return the day of the week and the hour."""
    return pd.DataFrame({"day": times.dt.day_of_week, "hour": times.dt.hour})


def weekly(index):
    """Return loads that are higher at night and lower at weekends."""
    hours, days = index.hour.to_numpy(), index.day_of_week.to_numpy()
    noise = np.random.default_rng(0).normal(size=len(index)) / 10
    return pd.Series(np.cos(hours / 24 * 2 * np.pi) - (days > 4) + noise, index)


SERIES = weekly(HOURS)
TABLE = week(FAR.to_series(index=range(len(FAR)))).set_index(FAR)  # made by hand
KNOWN, LATER = SERIES[: 24 * 25], SERIES[24 * 25 :]


def small(**params):
    settings = {"window_length": 24, "horizon": 6} | params
    return SeriesForecaster(ridge(), **settings)


def pair(**params):
    """Return a forecaster with a calendar and one with the columns made by hand."""
    one = small(calendar=week, **params).fit(KNOWN)
    return one, small(**params).fit(KNOWN, exog=TABLE)


# ----------------------------------------------------------- equal to columns by hand


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
@pytest.mark.parametrize("transformer", ["standard", None])
def test_a_calendar_equals_columns_made_by_hand(strategy, transformer):
    one, other = pair(strategy=strategy, transformer=transformer)
    for steps in (None, 5, 24, 40) if strategy == "recursive" else (None, 24, 40):
        pd.testing.assert_series_equal(
            one.forecast(steps), other.forecast(steps, exog=TABLE)
        )
    expected = other.predict(LATER, exog=TABLE)
    np.testing.assert_array_equal(one.predict(LATER), expected)
    np.testing.assert_array_equal(one.predict(LATER.to_numpy()), expected)
    assert one.score(LATER) == other.score(LATER, exog=TABLE)
    assert one.score(LATER.to_numpy()) == one.score(LATER)
    assert one.score(KNOWN) == other.score(KNOWN, exog=TABLE)
    one.update(LATER[:20]).update(LATER[20:30].to_numpy())
    other.update(LATER[:30], exog=TABLE)
    pd.testing.assert_series_equal(one.forecast(), other.forecast(exog=TABLE))


def test_a_network_with_a_calendar_equals_one_with_columns_made_by_hand():
    network = CNNLSTMRegressor(filters=4, lstm_units=3, epochs=2, random_state=0)
    settings = {"window_length": 24, "horizon": 6}
    one = SeriesForecaster(network, calendar=week, **settings).fit(KNOWN)
    other = SeriesForecaster(network, **settings).fit(KNOWN, exog=TABLE)
    pd.testing.assert_series_equal(one.forecast(), other.forecast(exog=TABLE))
    one.partial_fit(LATER)
    other.partial_fit(LATER, exog=TABLE)
    pd.testing.assert_series_equal(one.forecast(), other.forecast(exog=TABLE))


def test_intervals_equal_those_of_columns_made_by_hand():
    for refit in (False, True):
        settings = {"calibration_fraction": 0.2, "refit_after_calibration": refit}
        one, other = pair(**settings)
        pd.testing.assert_frame_equal(
            one.forecast_interval(), other.forecast_interval(exog=TABLE)
        )


def test_a_backtest_and_a_search_equal_those_of_columns_made_by_hand():
    folds = TimeSeriesSplit(2, test_size=48)
    for refit in (True, False):
        settings = {"refit": refit, "verbose": 0}
        one = backtest(small(calendar=week), SERIES, folds, **settings)
        other = backtest(small(), SERIES, folds, exog=TABLE, **settings)
        pd.testing.assert_frame_equal(one.forecasts, other.forecasts)
    grid = {"window_length": [12, 24], "calendar": [None, week]}
    search = GridSearchCV(small(), grid, cv=folds).fit(SERIES)
    assert search.best_params_["calendar"] is week
    scores = search.cv_results_["mean_test_score"].reshape(2, 2)
    assert (scores[1] > scores[0]).all()


def test_series_of_a_panel():
    panel = {"a": KNOWN, "b": -SERIES[24:400]}
    one = small(calendar=week).fit(panel)
    other = small().fit(panel, exog=TABLE)
    expected = other.forecast(exog=TABLE)
    for key, forecast in one.forecast().items():
        pd.testing.assert_series_equal(forecast, expected[key])
    long = pd.concat([s.to_frame("y").assign(id=key) for key, s in panel.items()])
    framed = small(calendar=week, id_column="id").fit(long).forecast()
    np.testing.assert_array_equal(
        framed.loc[framed["id"] == "b", "y"], expected["b"].to_numpy()
    )
    new = SERIES[100:200]
    pd.testing.assert_series_equal(
        one.forecast(series=new), other.forecast(series=new, exog=TABLE)
    )


def test_a_calendar_and_exog_are_used_together():
    exog, day = TABLE[["hour"]], week
    one = small(calendar=lambda times: day(times)["day"]).fit(KNOWN, exog=exog)
    other = small().fit(KNOWN, exog=TABLE[["hour", "day"]])
    table = TABLE[["hour", "day"]]
    np.testing.assert_allclose(one.forecast(exog=exog), other.forecast(exog=table))
    ahead = exog.to_numpy()[len(KNOWN) : len(KNOWN) + 6]
    np.testing.assert_allclose(one.forecast(exog=ahead), other.forecast(exog=table))
    expected = other.predict(LATER[:9], exog=table)
    ahead = exog.to_numpy()[len(KNOWN) : len(KNOWN) + 15]
    np.testing.assert_allclose(one.predict(LATER[:9], exog=ahead), expected)


# -------------------------------------------------------------------------- the times


class Times(TransformerMixin, BaseEstimator):
    """Remember the times that it gets."""

    def fit(self, X, y=None):
        self.seen_ = X
        return self

    def transform(self, X):
        assert isinstance(X, pd.Series)
        return np.arange(len(X))


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (HOURS[:40], HOURS[:40]),
        (HOURS[:40].tz_localize("UTC"), HOURS[:40].tz_localize("UTC")),
        (
            pd.period_range("2024-01", periods=40, freq="M"),
            pd.date_range("2024-01", periods=40, freq="MS"),
        ),
        (pd.Index(pd.date_range("2024-01-01", periods=40).date), None),
    ],
    ids=["times", "zone", "periods", "dates"],
)
def test_a_transformer_gets_a_series_of_the_times_of_the_training_rows(index, expected):
    forecaster = plain(RisingOfOne(), calendar=Times())
    forecaster.fit(pd.Series(np.arange(40.0), index))
    seen = forecaster.calendar_.seen_
    expected = pd.date_range("2024-01-01", periods=40) if expected is None else expected
    assert (seen == pd.Series(expected)).all()
    assert seen.name == "time"
    assert not hasattr(forecaster.calendar, "seen_")
    forecaster.forecast(3)


def test_no_time_after_the_training_rows_is_fitted():
    forecaster = plain(RisingOfOne(), calendar=Times(), calibration_fraction=0.25)
    forecaster.fit(SERIES[:40])
    assert len(forecaster.calendar_.seen_) == 30


def test_a_pipeline_encodes_what_a_function_returns():
    hours = FunctionTransformer(lambda times: times.dt.hour.to_frame())
    calendar = make_pipeline(hours, OneHotEncoder())
    forecaster = small(calendar=calendar, window_length=8).fit(KNOWN[-200:])
    assert forecaster._fitted.known.width == 24
    without = small(window_length=8).fit(KNOWN[-200:])
    assert forecaster.score(LATER) > without.score(LATER)


def test_times_across_gaps():
    rows = SERIES.drop(HOURS[100]).drop(HOURS[650])
    one = plain(RisingOfOne(), calendar=lambda times: times.dt.day_of_year, horizon=2)
    one.fit(rows[:600])
    windows, targets = one.estimator_.X_, one.estimator_.y_
    assert len(windows) == len(targets)
    other = plain(RisingOfOne(), horizon=2)
    other.fit(rows[:600], exog=pd.Series(FAR.day_of_year.to_numpy(), FAR))
    np.testing.assert_array_equal(windows, other.estimator_.X_)
    assert one.score(rows[600:]) == other.score(
        rows[600:], exog=pd.Series(FAR.day_of_year.to_numpy(), FAR)
    )


def test_predict_reads_the_times_after_each_gap():
    rows = SERIES.drop(HOURS[650])
    one = small(calendar=week, window_length=8).fit(rows[:600])
    other = small(window_length=8).fit(rows[:600], exog=TABLE)
    with pytest.warns(UserWarning, match="follow a gap"):
        whole = one.predict(rows[600:])
    np.testing.assert_array_equal(whole[:50], other.predict(rows[600:650], exog=TABLE))
    with pytest.warns(UserWarning, match="do not continue"):
        after = other.predict(rows[650:], exog=TABLE)
    np.testing.assert_array_equal(whole[50:], after)


def test_business_days_take_the_times_of_exog_across_a_holiday():
    days = pd.bdate_range("2024-01-01", periods=60)
    rows = pd.Series(np.arange(50.0), days[:50])
    exog = pd.Series(0.0, days.drop(days[50]))
    forecaster = plain(RisingOfOne(), calendar=lambda times: times.dt.day_of_year)
    forecaster.fit(rows, exog=exog).forecast(exog=exog)
    assert forecaster.estimator_.asked_[0, -1, -1] == days[51].day_of_year


# ---------------------------------------------------- saved, explained, exported


def test_a_saved_calendar_needs_trust_in_its_function(tmp_path):
    forecaster = small(calendar=week).fit(KNOWN)
    save(forecaster, tmp_path / "model.skcnnlstm")
    with pytest.raises(Exception, match="week"):
        load(tmp_path / "model.skcnnlstm")
    loaded = load(tmp_path / "model.skcnnlstm", trusted=[week])
    pd.testing.assert_series_equal(loaded.forecast(), forecaster.forecast())


def test_attributions_name_the_columns_of_the_calendar():
    forecaster = small(calendar=week).fit(KNOWN)
    result = attribute(forecaster, LATER[:3], method="occlusion", block_length=24)
    assert list(result.feature_names[1:]) == ["day", "hour"]


# ----------------------------------------------------------------------------- errors


REMEDY = (
    "Pass a Series or a DataFrame with a DatetimeIndex, for example "
    "series.set_axis(pandas.to_datetime(...)), or set calendar=None."
)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (
            np.arange(40.0),
            f"calendar needs rows with an index of dates: got rows without an index. "
            f"{REMEDY}",
        ),
        (
            pd.Series(np.arange(40.0)),
            "calendar needs rows with an index of dates: got RangeIndex of dtype "
            f"int64. {REMEDY}",
        ),
        (
            {"a": pd.Series(np.arange(40.0), HOURS[:40]), "b": np.arange(40.0)},
            "In series 'b': calendar needs rows with an index of dates: got rows "
            f"without an index. {REMEDY}",
        ),
        (
            {
                "a": pd.Series(np.arange(40.0), HOURS[:40]),
                "b": pd.Series(np.arange(40.0), HOURS[:40].tz_localize("UTC")),
            },
            "calendar needs the same time zone in all series: got None and UTC. Use "
            "tz_convert on the index of each series, or tz_localize if it has no time "
            "zone (None).",
        ),
    ],
)
def test_series_without_times(series, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        small(calendar=week, window_length=8).fit(series)


def test_an_index_without_a_frequency():
    days = HOURS[np.cumsum(np.arange(30)) % 600].unique().sort_values()
    series = pd.Series(np.arange(float(len(days))), days)
    forecaster = plain(RisingOfOne(), calendar=Times())
    with (
        pytest.warns(UserWarning, match="no frequency"),
        pytest.raises(ValueError, match="calendar needs a frequency"),
    ):
        forecaster.fit(series)
    forecaster.fit(series.resample("h").ffill())


def test_row_numbers_of_a_long_frame():
    long = pd.DataFrame({"id": ["a"] * 40 + ["b"] * 40, "y": np.arange(80.0)})
    with pytest.raises(ValueError, match="calendar needs rows with an index of dates"):
        small(calendar=week, id_column="id").fit(long)


def test_rows_that_are_no_times_after_fit():
    forecaster = small(calendar=week).fit(KNOWN)
    with pytest.raises(ValueError, match="got rows without an index"):
        forecaster.score(KNOWN.to_numpy())
    with pytest.raises(ValueError, match="calendar needs rows with an index of dates"):
        forecaster.forecast(series=np.arange(40.0))


@pytest.mark.parametrize(
    ("calendar", "error", "message"),
    [
        (
            "hour",
            TypeError,
            "calendar must be None, a function of a Series of times, or an instance "
            "with fit and transform: got calendar='hour'. Use a function such as "
            "lambda times: times.dt.month, or skrub.DatetimeEncoder().",
        ),
        (
            OneHotEncoder,
            TypeError,
            "calendar must be None, a function of a Series of times, or an instance "
            "with fit and transform: got calendar=<class "
            "'sklearn.preprocessing._encoders.OneHotEncoder'>. Use a function such as "
            "lambda times: times.dt.month, or skrub.DatetimeEncoder().",
        ),
        (
            lambda times: times.dt.day_name(),
            ValueError,
            "calendar must return numbers: got calendar=<function <lambda>>, whose "
            "output cannot be converted (could not convert string to float: 'Monday')"
            ". Return numbers, for example with lambda times: times.dt.month.",
        ),
        (
            lambda times: times.dt.hour.where(times.dt.hour > 0),
            ValueError,
            "calendar must return known values: got NaN at row 0. Return a number for "
            "each time, for example with fillna(0).",
        ),
        (
            lambda times: times.dt.hour[:-1],
            ValueError,
            "calendar must return one row for each input row, and at least one column: "
            "got calendar=<function <lambda>>, which returned shape (599, 1) for 600 "
            "rows. Use a transformer that keeps the number of rows.",
        ),
    ],
)
def test_wrong_calendars(calendar, error, message):
    with pytest.raises(error) as caught:
        small(calendar=calendar).fit(KNOWN)
    assert re.sub(r" at 0x\w+", "", str(caught.value)) == message


def test_columns_that_depend_on_the_rows_are_an_error():
    # The first rows and the rows ahead have two days each, but not the same ones.
    forecaster = small(calendar=lambda times: pd.get_dummies(times.dt.day), horizon=26)
    forecaster.set_params(window_length=26).fit(KNOWN[:72])
    with pytest.raises(ValueError, match=r"pandas\.get_dummies") as caught:
        forecaster.forecast()
    assert "must return the same columns for all rows: got 2 columns" in str(
        caught.value
    )
    days = FunctionTransformer(lambda times: times.dt.day.to_frame())
    remedy = make_pipeline(days, OneHotEncoder(handle_unknown="ignore"))
    forecast = forecaster.set_params(calendar=remedy).fit(KNOWN[:72]).forecast()
    assert np.isfinite(forecast).all()
    panel = {"a": KNOWN[:60], "b": KNOWN[:100]}
    with pytest.raises(ValueError, match=r"but 3 columns \(1, 2, 3\) for other series"):
        small(calendar=lambda times: pd.get_dummies(times.dt.day)).fit(panel)


def test_a_window_shorter_than_the_horizon():
    with pytest.raises(ValueError, match="at least horizon if calendar is given"):
        small(calendar=week, window_length=5).fit(KNOWN)
