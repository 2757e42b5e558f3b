"""Time axes of series: labels of rows ahead, gaps, remedies."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    Rising,
    WindowSum,
    ridge,
)
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.utils.fixes import parse_version
from time_indexes import INDEXES, REGULAR, each_regular_index, numbered

from skcnnlstm import SeriesForecaster, SlidingWindow, backtest, load, save
from skcnnlstm._utils.time_axis import read_time_axis
from skcnnlstm.forecasting import gaps


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_forecasts_have_the_labels_that_follow_the_index(index):
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    forecaster.fit(pd.Series(range(15), index=index[:15]))
    expected = pd.Series(range(15, 20), index=index[15:], dtype=float)
    pd.testing.assert_series_equal(
        forecaster.forecast(5), expected, check_freq=False, check_index_type="equiv"
    )


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
def test_an_irregular_index_continues_within_its_longest_step_but_has_no_next_dates():
    days = pd.DatetimeIndex(
        ["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-07", "2024-01-08"]
    )
    forecaster = SeriesForecaster(WindowSum(), window_length=2, transformer=None)
    forecaster.fit(pd.Series([1, 2, 3, 4, 5], index=days))
    near = pd.Series([6.0], index=pd.DatetimeIndex(["2024-01-11"]))
    far = pd.Series([6.0], index=pd.DatetimeIndex(["2024-01-12"]))
    assert forecaster.predict(near).tolist() == [[11]]
    for other in (far, far.tz_localize("UTC"), far.set_axis([7])):
        with pytest.warns(UserWarning, match="the first 1 rows do not continue"):
            assert forecaster.predict(other).tolist() == [[12]]
    assert forecaster.forecast().index.tolist() == [1]


UNORDERED = {
    "text": [f"2024-{month:02}" for month in range(1, 13)],
    "floats": np.arange(12) / 2,
}


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
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
    assert forecaster.forecast().index.tolist() == [1]


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
        "(series.asfreq('MS') and interpolate), or use shorter windows. If the rows "
        "are consecutive despite their labels, use series.reset_index(drop=True)."
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


DAYS = pd.date_range("2024-01-01", periods=90)
HOURS = pd.date_range("2024-01-01", periods=600, freq="h")
MONTHS = pd.date_range("2020-01-15", periods=60, freq="MS") + pd.Timedelta("14D")
RANDOM = np.random.default_rng(0)
SHOP = pd.offsets.CustomBusinessDay(weekmask="Mon Tue Wed Thu Fri Sat")
WITHOUT = {
    "closed on Sundays": DAYS[DAYS.day_of_week != 6],
    "off at night": HOURS[(HOURS.hour > 7) & (HOURS.hour < 20)],
    "off at week-ends": HOURS[HOURS.day_of_week < 5],
    "night, of a time zone": HOURS.tz_localize("UTC").tz_convert("Europe/Berlin")[
        (HOURS.hour > 7) & (HOURS.hour < 20)
    ],
    "the 15th of each month": MONTHS,
    "last trading days": pd.date_range("2020", periods=60, freq="BME"),
    "jitter": DAYS + pd.to_timedelta(RANDOM.integers(0, 5000, 90), unit="s"),
    "text": pd.Index([f"{day:%Y/%m/%d}" for day in DAYS]),
    "words": pd.Index([f"row {number}" for number in range(40)]),
    "integers": pd.Index([0, 1, 2, 3, 4, 7, 9, 14, 20, 22, 25, 30]),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_labels_without_a_frequency_are_numbered_and_the_remedy_at_fit_works(name):
    index = WITHOUT[name]
    series = pd.Series(np.arange(float(len(index))), index=index)
    if hasattr(index, "freq"):
        series.index.freq = None
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    with pytest.warns(UserWarning, match="no frequency") as caught:
        forecaster.fit(series)
    assert len(caught) == 1
    assert len(forecaster.estimator_.X_) == len(index) - 3  # all rows are consecutive
    assert forecaster.forecast(2).index.tolist() == [1, 2]
    code = re.search(r"(?:Set|Use) (.*?): ", str(caught[0].message)).group(1)
    names = {"series": series, "pandas": pd}
    if code.startswith("freq="):
        forecaster.set_params(freq=eval(code.removeprefix("freq="), names))
    else:
        series = eval(code, names).interpolate()
    assert len(series) <= 1.5 * len(index)
    last = series.index[-1]
    assert forecaster.fit(series).forecast().index[0] > last  # no warning


DATED = {
    "Julys": pd.date_range("2020-01-01", periods=36, freq="MS")[
        np.arange(36) % 12 != 6
    ],
    "holidays": pd.bdate_range("2024-01-01", periods=40).delete(20),
    "a lost week": pd.date_range("2024-01-07", periods=40, freq="W").delete(20),
    "a long hole": pd.bdate_range("2024-01-01", periods=90).delete(range(20, 40)),
    "before 1677": pd.date_range(
        pd.Timestamp("1600-01-01").as_unit("s"), periods=40, freq="MS", unit="s"
    ).delete(20),
    "after 2262": pd.date_range(
        pd.Timestamp("2300-01-01").as_unit("s"), periods=40, freq="D", unit="s"
    ).delete(20),
}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("name", DATED)
def test_no_window_crosses_a_gap_and_forecasts_are_dated(name, unit):
    index = DATED[name]
    if unit == "ns" and not 1700 < index[0].year < 2200:
        return
    index = pd.DatetimeIndex(index.as_unit(unit).to_numpy())
    series = pd.Series(np.arange(float(len(index))), index=index)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    n_gaps = {"Julys": 3, "holidays": 0}.get(name, 1)
    forecaster.fit(series)
    assert len(forecaster.estimator_.X_) == len(index) - 3 * (n_gaps + 1)
    step = {"Julys": "MS", "before 1677": "MS", "after 2262": "D", "a lost week": "W"}
    ahead = pd.date_range(index[-1], periods=10, freq=step.get(name, "B"), unit=unit)[
        1:
    ]
    assert forecaster.forecast(9).index.tolist() == ahead.tolist()


def test_one_outage_is_a_gap():
    days = pd.date_range("2022-06-01", periods=400)
    series = pd.Series(np.arange(400.0), index=days)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    forecaster.fit(series[series.index.to_period("M") != "2022-07"])
    assert forecaster.forecast().index.tolist() == [days[-1] + pd.Timedelta(1, "D")]


def test_days_across_a_clock_change_are_days():
    index = pd.date_range("2024-02-25", periods=55, tz="Africa/Cairo")
    series = pd.Series(np.arange(55.0), index=index)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    ahead = forecaster.fit(series).forecast(9).index
    assert [str(time) for time in ahead[[5, 6, 7]]] == [
        "2024-04-25 00:00:00+02:00",
        "2024-04-26 01:00:00+03:00",
        "2024-04-27 00:00:00+03:00",
    ]
    again = forecaster.update(series.set_axis(range(55))[:9].set_axis(ahead))
    assert str(again.forecast().index[0]) == "2024-04-29 00:00:00+03:00"


def test_local_midnights_with_two_offsets_are_days():
    texts = [f"2024-03-{day} 00:00+0{1 + (day > 31)}:00" for day in range(10, 32)]
    texts += [f"2024-04-{day:02} 00:00+02:00" for day in range(1, 15)]
    index = pd.Index([pd.Timestamp(text) for text in texts], dtype=object)
    series = pd.Series(np.arange(36.0), index=index)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    forecast = forecaster.fit(series).forecast(2)
    assert forecast.index.tolist() == list(pd.date_range("2024-04-15", periods=2))
    assert len(forecaster.estimator_.X_) == 33


def test_an_explicit_frequency_is_used_or_rejected():
    days = WITHOUT["closed on Sundays"]
    series = pd.Series(np.arange(float(len(days))), index=days)
    forecaster = SeriesForecaster(
        Rising(), window_length=3, transformer=None, freq=SHOP
    )
    assert forecaster.fit(series).forecast(9).index.tolist() == list(
        pd.date_range(days[-1], periods=10, freq=SHOP)[1:]
    )
    for rows in (series.drop(days[5]), series.to_frame("a").assign(shop=1)):
        long = clone(forecaster).set_params(
            id_column="shop" if rows.ndim == 2 else None
        )
        long.fit(rows)
        assert len(long.estimator_.X_) in (len(days) - 3, len(days) - 1 - 6)
    with pytest.raises(ValueError, match=r"^freq must fit every label: got freq='W"):
        forecaster.set_params(freq="W").fit(series)
    with pytest.raises(ValueError, match=r"^freq must fit the labels: .*and no labels"):
        forecaster.set_params(freq="D").fit(series.to_numpy())
    assert len(forecaster.forecast(2)) == 2


def test_an_explicit_frequency_survives_clone_pickle_save_and_search(tmp_path):
    days = WITHOUT["closed on Sundays"]
    series = pd.Series(np.sin(np.arange(float(len(days)))), index=days)
    forecaster = SeriesForecaster(ridge(), window_length=3, freq=SHOP)
    fitted = clone(forecaster).fit(series)
    expected = fitted.forecast(3)
    path = tmp_path / "forecaster.skops"
    save(fitted, path)
    for other in (pickle.loads(pickle.dumps(fitted)), load(path)):
        pd.testing.assert_series_equal(other.forecast(3), expected)
        assert other.freq == SHOP
    search = GridSearchCV(
        forecaster, {"window_length": [3, 4]}, cv=TimeSeriesSplit(3, test_size=9)
    ).fit(series)
    assert search.best_estimator_.forecast(3).index.equals(expected.index)
    result = backtest(forecaster, series, cv=TimeSeriesSplit(3, test_size=9))
    assert len(result.scores())


def test_row_numbers_of_a_long_frame_are_not_times():
    months = pd.date_range("2020-01-01", periods=30, freq="MS")
    parts = [
        pd.DataFrame({"month": months[first:], "shop": shop, "sales": 1.0 * first})
        for first, shop in enumerate("abc")
    ]
    frame = pd.concat(parts).sort_values("month").reset_index(drop=True)
    frame["sales"] = np.arange(float(len(frame)))
    frame = frame.drop(columns="month")
    forecaster = SeriesForecaster(ridge(), window_length=20, id_column="shop")
    forecast = forecaster.fit(frame).forecast(2)
    assert forecast.index.tolist() == [1, 2] * 3
    assert forecast["shop"].tolist() == ["a", "a", "b", "b", "c", "c"]
    # Later rows continue the fitted ones.
    forecaster.fit(frame[:75]).predict(frame[75:])
    forecaster.score(frame[75:].reset_index(drop=True))


@pytest.mark.parametrize("shared", [True, False])
def test_labels_that_series_share_are_read_once(shared, monkeypatch):
    read = []
    monkeypatch.setattr(
        gaps, "read_time_axis", lambda *args: read.append(1) or read_time_axis(*args)
    )
    panel = {
        key: pd.Series(np.arange(30.0), pd.date_range("2024-01-01", periods=30))
        for key in range(5)
    }
    if not shared:
        panel = {key: one[: 30 - key] for key, one in panel.items()}
    SeriesForecaster(ridge(), window_length=3).fit(panel)
    assert len(read) == (1 if shared else 5)


def test_the_suggested_remedy_for_a_long_frame_without_a_frequency_works():
    index = pd.DatetimeIndex(np.cumsum(np.arange(39) ** 3 % 7 + 1) * 864 * 10**11)
    series = pd.DataFrame({"shop": "a", "sales": np.arange(39.0)}, index=index)
    series = pd.concat([series, series.assign(shop="b")]).rename_axis("day")
    forecaster = SeriesForecaster(ridge(), window_length=3, id_column="shop")
    with pytest.warns(
        UserWarning, match="the labels of series 'a', 'b' have"
    ) as caught:
        forecaster.fit(series)
    assert forecaster.forecast().index.tolist() == [1, 1]
    code = re.search(r"Use (.*): ", str(caught[0].message)).group(1)
    frame = eval(code, {"series": series}).ffill()
    forecast = forecaster.fit(frame).forecast()
    assert forecast["shop"].tolist() == ["a", "b"]
    assert forecast.index.year.tolist() == [1970, 1970]


GAPPY = {
    "dates of Python": pd.Index(pd.date_range("1500", periods=40, unit="s").date),
    "datetimes of Python": pd.Index(
        pd.date_range("2024", periods=40, tz="Europe/Berlin").to_pydatetime(),
        dtype=object,
    ),
    "months as integers": pd.Index(
        [100 * year + month for year in (2001, 2002, 2003) for month in range(1, 13)]
    ),
    "days as integers": pd.Index(
        pd.date_range("2024-01-20", periods=40).strftime("%Y%m%d").astype(int)
    ),
}


@pytest.mark.parametrize("name", GAPPY)
def test_the_remedy_for_gaps_works_for_labels_that_are_no_index_of_dates(name):
    if name == "dates of Python" and parse_version(pd.__version__).major < 3:
        pytest.skip("pandas 2 stores dates of Python in nanoseconds, from 1677 on")
    index = GAPPY[name]
    if name.endswith("Python"):
        index = index.delete(20)
    series = pd.Series(np.arange(float(len(index))), index=index)
    axis = read_time_axis(index)
    code = gaps.without_gaps(index, axis.freq)
    filled = eval(code, {"series": series, "pandas": pd}).interpolate()
    assert filled.notna().all()
    assert len(filled) == len(index) + name.endswith("Python")
    changed = read_time_axis(filled.index)
    assert changed.positions.tolist() == list(range(len(filled)))
    assert gaps.without_gaps(pd.Index([1, 2, 4]), 1) == "series.reindex(range(1, 5, 1))"


@pytest.mark.parametrize("n_rows", [12, 30])
def test_integers_that_look_like_months_are_reported(n_rows):
    months = pd.date_range("2001-01-01", periods=n_rows, freq="MS")
    labels = [int(month.strftime("%Y%m")) for month in months]
    series = pd.Series(np.arange(float(n_rows)), labels)
    with pytest.warns(UserWarning) as caught:
        SeriesForecaster(Rising(), window_length=3).fit(series)
    following = {12: "200113, 200114", 30: "200307, 200308"}[n_rows]
    remedy = (
        'series.set_axis(pandas.to_datetime(series.index.astype(str), format="%Y%m"))'
    )
    assert str(caught[0].message) == (
        "the index holds integers that look like dates, such as 200101: they count as "
        f"integers, and forecasts are labelled {following}, ... instead of dates. Use "
        f"{remedy}."
    )
    forecaster = SeriesForecaster(Rising(), window_length=3)
    dated = forecaster.fit(eval(remedy, {"series": series, "pandas": pd}))
    assert dated.forecast().index[0] == months[-1] + pd.offsets.MonthBegin()
