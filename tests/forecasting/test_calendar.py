"""The step of an index: labels of rows ahead, gaps, remedies."""

import datetime
import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    Rising,
    WindowSum,
    ridge,
)
from time_indexes import INDEXES, REGULAR, each_regular_index, numbered

from skcnnlstm import SeriesForecaster, SlidingWindow


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_forecasts_have_the_labels_that_follow_the_index(index):
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    forecaster.fit(pd.Series(range(15), index=index[:15]))
    expected = pd.Series(range(15, 20), index=index[15:], dtype=float)
    pd.testing.assert_series_equal(
        forecaster.forecast(5), expected, check_freq=False, check_index_type="equiv"
    )


def test_an_irregular_index_continues_within_its_longest_gap_but_has_no_next_dates():
    days = pd.DatetimeIndex(
        ["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-08", "2024-01-09"]
    )
    forecaster = SeriesForecaster(WindowSum(), window_length=2, transformer=None)
    forecaster.fit(pd.Series([1, 2, 3, 4, 5], index=days))
    near = pd.Series([6.0], index=pd.DatetimeIndex(["2024-01-12"]))
    far = pd.Series([6.0], index=pd.DatetimeIndex(["2024-01-13"]))
    assert forecaster.predict(near).tolist() == [[11]]
    for other in (far, far.tz_localize("UTC"), far.set_axis([7])):
        with pytest.warns(UserWarning, match="the first 1 rows do not continue"):
            assert forecaster.predict(other).tolist() == [[12]]
    with pytest.raises(ValueError, match=r"no regular step \(DatetimeIndex"):
        forecaster.forecast()


UNORDERED = {
    "text": [f"2024-{month:02}" for month in range(1, 13)],
    "dates as objects": [datetime.date(2024, month, 1) for month in range(1, 13)],
    "floats": np.arange(12) / 2,
}


@pytest.mark.parametrize("labels", UNORDERED.values(), ids=UNORDERED)
def test_unordered_labels_never_continue_as_in_sliding_windows(labels):
    series = pd.Series(np.arange(12.0), index=pd.Index(labels))
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    before, after = series.iloc[:9], series.iloc[9:]
    forecaster.fit(before)
    with pytest.warns(UserWarning, match="the first 2 rows do not continue"):
        assert forecaster.predict(after).ravel().tolist() == [27, 28, 30]
    windows = SlidingWindow(3).fit(before.to_frame("a")).transform(after.to_frame("a"))
    assert np.isnan(windows[0, 0, 0])
    assert forecaster.predict(after.to_numpy()).ravel().tolist() == [24, 27, 30]
    with pytest.raises(ValueError, match=r"pandas\.to_datetime"):
        forecaster.forecast()


def test_holidays_among_business_days_are_not_gaps():
    days = pd.bdate_range("2020-01-01", periods=40).delete([15, 25])
    series = pd.Series(np.arange(38.0), index=days)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    assert len(forecaster.fit(series).estimator_.X_) == 35
    for cut in (10, 15, 24, 30):
        forecaster.fit(series[:cut]).predict(series[cut:])  # no warning
        first = forecaster.estimator_.asked_[0, :, 0].tolist()
        assert first == [cut - 2, cut - 1, cut]


def test_a_series_with_only_short_runs_reports_the_first_gap_and_a_remedy():
    index = REGULAR["months"]
    with pytest.raises(ValueError) as caught:
        SeriesForecaster(ridge(), window_length=13).fit(
            numbered(index).drop(index[[12]])
        )
    assert str(caught.value) == (
        "series must have at least window_length + horizon rows without a gap in time: "
        "got at most 12 such rows (the first gap is from 2020-12-01 00:00:00 to "
        "2021-02-01 00:00:00), window_length=13, horizon=1. Fill the gaps "
        "(series.asfreq('MS') and interpolate), use shorter windows, or "
        "series.reset_index(drop=True) where rows do follow one another."
    )


@pytest.mark.parametrize(
    "name, remedy",
    [
        ("months", "series.asfreq('MS')"),
        ("days", "series.asfreq('D')"),
        ("hours of a timezone", "series.asfreq('h')"),
        ("timedeltas", "series.resample('6h').mean()"),
        ("range", "series.reindex(range(0, 24, 1))"),
        ("integers by 5", "series.reindex(range(100, 216, 5))"),
    ],
)
def test_the_suggested_remedy_for_a_gap_works(name, remedy):
    series = numbered(REGULAR[name]).drop(REGULAR[name][[10]])
    forecaster = SeriesForecaster(Rising(), window_length=15, transformer=None)
    with pytest.raises(ValueError, match=re.escape(f"Fill the gaps ({remedy} and")):
        forecaster.fit(series)
    filled = eval(remedy, {"series": series, "range": range}).interpolate()
    assert forecaster.fit(filled).forecast().tolist() == [24]


@each_regular_index
def test_labels_after_a_gap_follow_the_step_of_the_runs(index):
    series = numbered(index)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    forecaster.fit(series[:15].drop(index[[10]]))
    for start in (15, 20):
        pd.testing.assert_series_equal(
            forecaster.forecast(2),
            series[start : start + 2],
            check_freq=False,
            check_index_type="equiv",
        )
        if start == 15:
            forecaster.update(series[15:20])
    # Rows without an index get the labels that follow.
    assert forecaster.update([20.0]).forecast().index.tolist() == [index[21]]


def test_intervals_after_a_gap_have_the_labels_that_follow():
    days = pd.date_range("2024-01-01", periods=62)
    series = pd.Series(np.arange(62.0), index=days)[:60].drop(days[20])
    forecaster = SeriesForecaster(
        ridge(), window_length=3, horizon=2, calibration_fraction=0.4
    ).fit(series)
    intervals = forecaster.forecast_interval(coverage=0.8)
    assert intervals.index.tolist() == days[60:].tolist()


LEFT_OUT = {
    "Sundays": pd.date_range("2024-01-01", periods=60, freq="D"),
    "Sundays but one": pd.date_range("2024-01-01", periods=60, freq="D"),
    "nights": pd.date_range("2024-01-01", periods=90, freq="h", tz="Europe/Berlin"),
    "week-ends of hours": pd.date_range("2024-01-01", periods=600, freq="h"),
    "July": pd.date_range("2020-01-01", periods=36, freq="MS"),
    "holidays": pd.bdate_range("2024-01-01", periods=40),
}


KEPT = {
    "Sundays": lambda index: index.day_of_week != 6,
    "Sundays but one": lambda index: (index.day_of_week != 6) | (np.arange(60) == 27),
    "nights": lambda index: (index.hour > 7) & (index.hour < 20),
    "week-ends of hours": lambda index: index.day_of_week < 5,
    "July": lambda index: index.month != 7,
    "holidays": lambda index: np.arange(40) != 20,
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_systematically_missing_rows_leave_no_label_for_rows_ahead(name):
    index = LEFT_OUT[name][KEPT[name](LEFT_OUT[name])]
    series = pd.Series(np.arange(float(len(index))), index=index)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    with pytest.raises(ValueError, match=r"no regular step.*asfreq.*missing=\"mask\""):
        forecaster.fit(series).forecast()


def test_one_outage_is_not_a_systematic_gap():
    days = pd.date_range("2022-06-01", periods=400)
    series = pd.Series(np.arange(400.0), index=days)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    forecaster.fit(series[series.index.to_period("M") != "2022-07"])
    assert forecaster.forecast().index.tolist() == [days[-1] + pd.Timedelta(1, "D")]


def test_mostly_uneven_integers_have_no_step():
    series = pd.Series(np.arange(12.0), [0, 1, 2, 3, 4, 7, 9, 14, 20, 22, 25, 30])
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    with pytest.raises(ValueError, match="no regular step"):
        forecaster.fit(series).forecast()


@pytest.mark.parametrize(
    ("index", "steps"),
    [
        (pd.bdate_range("2024-01-01", periods=40).delete(20), "asfreq('B')"),
        (pd.DatetimeIndex(np.cumsum(np.arange(39) ** 3 % 7 + 1) * 864 * 10**11), "D"),
    ],
    ids=["holidays", "uneven"],
)
def test_the_suggested_remedies_for_a_long_frame_without_a_step_work(index, steps):
    series = pd.DataFrame({"shop": "a", "sales": np.arange(39.0)}, index=index)
    series = pd.concat([series, series.assign(shop="b")]).rename_axis("day")
    forecaster = SeriesForecaster(ridge(), window_length=3, id_column="shop")
    with pytest.raises(ValueError) as caught:
        forecaster.fit(series).forecast()
    message = str(caught.value)
    assert (
        message.startswith("In series 'a': forecast cannot name") and steps in message
    )
    fill, number = re.search(
        r"before fit: (.*) \(interpolate what .*\), or (.*)\.$", message
    ).groups()
    for remedy in (fill, number):
        frame = eval(remedy, {"series": series}).ffill()
        assert forecaster.fit(frame).forecast()["shop"].tolist() == ["a", "b"]
