"""TimeAxis: the labels after the rows of a series, and later labels."""

import datetime

import numpy as np
import pandas as pd
import pytest
from dateutil.tz import tzoffset

from skcnnlstm._utils.time_axis import find_segments, read_time_axis

WEEKDAYS = pd.offsets.CustomBusinessDay(weekmask="Mon Tue", holidays=["2020-12-28"])
INDEXES = [
    pd.date_range("2001-01-01", periods=30, freq="D"),
    pd.date_range("2001-01-31 08:15", periods=30, freq="ME"),
    pd.date_range("2001-01-01", periods=30, freq="B", unit="s"),
    pd.date_range("2001-01-01", periods=30, freq="h", tz="Europe/Berlin"),
    pd.date_range("2001-03-01", periods=30, freq="D", tz="Europe/Berlin"),
    pd.date_range("2001-01-01", periods=30, freq="QS-FEB", tz="UTC"),
    pd.date_range("2001-01-01", periods=30, freq="W-WED", name="week"),
    pd.date_range("2001-01-01", periods=30, freq="bh"),
    pd.date_range("2020-01-15", periods=30, freq=pd.DateOffset(months=1)),
    pd.date_range("2020-01-01", periods=30, freq=WEEKDAYS),
    pd.period_range("2001-01", periods=30, freq="Q", name="quarter"),
    pd.timedelta_range("1h", periods=30, freq="90min"),
    pd.timedelta_range("1D", periods=30, freq="D"),
    pd.RangeIndex(3, 93, 3, name="row"),
]


def assert_same(labels, expected):
    """Check labels, their type and their name; frequencies may differ."""
    assert labels.equals(expected)
    assert (labels.dtype, labels.name) == (expected.dtype, expected.name)


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: f"{index.dtype}")
def test_the_next_labels_continue_the_index(index):
    axis = read_time_axis(index[:20])
    labels = axis.next_labels(10)
    assert_same(labels, index[20:])
    if not isinstance(index, pd.RangeIndex):
        assert labels.freq == index.freq
    assert_same(axis.last_label, index[19:20])


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: f"{index.dtype}")
def test_labels_are_located_from_the_latest_row(index):
    axis = read_time_axis(index[:20])
    assert axis.locate(index).tolist() == list(range(-19, 11))
    assert axis.locate(index[20:]).tolist() == list(range(1, 11))
    gap = 1 if axis.freq == "B" else 3  # two missing business days are holidays
    assert axis.locate(index[22:]).tolist() == list(range(gap, gap + 8))
    assert axis.after(index[20:25]).locate(index[25:]).tolist() == [1, 2, 3, 4, 5]
    assert axis.is_comparable(index)


def test_a_midnight_that_the_clocks_skip_is_the_first_moment_of_its_day():
    index = pd.date_range("2024-02-25", periods=55, tz="Africa/Cairo")
    labels = read_time_axis(index).next_labels(9)
    assert labels[-3] == pd.Timestamp("2024-04-26 01:00", tz="Africa/Cairo")
    assert labels[-1] == pd.Timestamp("2024-04-28 00:00", tz="Africa/Cairo")
    for known in range(2, 9):  # the axis may end before, on or after that day
        axis = read_time_axis(index.append(labels[:known]))
        assert axis.freq == "D"
        assert_same(axis.next_labels(9 - known), labels[known:])
        assert axis.locate(labels[known:]).tolist() == list(range(1, 10 - known))


DATE_LINE = pd.date_range("2011-12-01", periods=60).drop("2011-12-30")


@pytest.mark.parametrize("usual", ["0h", "9h"])
@pytest.mark.parametrize("n_fitted", [25, 28, 29, 30, 40])
def test_a_day_that_a_time_zone_skips_is_no_step(n_fitted, usual):
    days = (DATE_LINE + pd.Timedelta(usual)).tz_localize("Pacific/Apia")
    axis = read_time_axis(days[:n_fitted])
    assert (axis.alias, axis.positions[-1]) == ("D", n_fitted - 1)
    assert axis.next_labels(10).tolist() == days[n_fitted : n_fitted + 10].tolist()
    assert axis.locate(days).tolist() == (np.arange(59) - n_fitted + 1).tolist()


def test_a_business_day_that_a_time_zone_skips_is_not_forecast():
    days = pd.bdate_range("2011-12-01", "2011-12-28", tz="Pacific/Apia")
    following = read_time_axis(days).next_labels(3)
    assert following.strftime("%d").tolist() == ["29", "02", "03"]


def test_an_ambiguous_midnight_is_the_first_of_the_two():
    index = pd.date_range("2023-10-01", periods=30, tz="America/Havana")
    labels = read_time_axis(index).next_labels(8)  # clocks repeat 00:00 on 5 November
    assert str(labels[5]) == "2023-11-05 00:00:00-04:00"
    assert str(labels[6]) == "2023-11-06 00:00:00-05:00"


@pytest.mark.parametrize("freq", ["D", "MS", "YS-JAN", "B", "W-MON", "h"])
def test_labels_leave_the_range_of_nanoseconds(freq):
    stop = pd.Timestamp("2262-04-01").as_unit("s")
    index = pd.date_range(end=stop, periods=30, freq=freq, unit="s").as_unit("ns")
    labels = read_time_axis(pd.DatetimeIndex(index.to_numpy())).next_labels(400)
    expected = pd.date_range(index[-1].as_unit("s"), periods=401, freq=freq, unit="s")
    assert labels.tolist() == expected[1:].tolist()


def test_dates_are_continued_as_dates():
    dates = pd.Index([datetime.date(2024, month, 1) for month in range(1, 13)])
    axis = read_time_axis(dates)
    assert axis.next_labels(1).tolist() == [datetime.date(2025, 1, 1)]
    assert axis.last_label.tolist() == [datetime.date(2024, 12, 1)]
    assert axis.locate(axis.next_labels(3)).tolist() == [1, 2, 3]


def test_dates_after_the_last_one_of_python_are_those_of_numpy():
    last = datetime.date(9999, 12, 31)
    dates = [last - datetime.timedelta(days) for days in range(29, -1, -1)]
    labels = read_time_axis(pd.Index(dates, name="day")).next_labels(2)
    assert labels.to_numpy().astype("M8[D]").astype(str).tolist() == [
        "10000-01-01",
        "10000-01-02",
    ]


def test_days_with_two_offsets_from_utc_are_continued_as_local_times():
    times = [pd.Timestamp(f"2024-03-{day} 00:00+01:00") for day in range(25, 31)]
    times += [pd.Timestamp("2024-03-31 00:00+02:00")]
    axis = read_time_axis(pd.Index(times, dtype=object))
    assert axis.next_labels(1).tolist() == [pd.Timestamp("2024-04-01")]
    later = pd.DatetimeIndex(["2024-04-01 00:00+02:00", "2024-04-02 00:00+02:00"])
    assert axis.locate(later).tolist() == [1, 2]


def test_without_a_frequency_the_next_labels_are_numbers():
    axis = read_time_axis(pd.Index([1, 5, 17]))
    assert axis.next_labels(3).tolist() == [1, 2, 3]
    assert axis.freq is None


@pytest.mark.parametrize("first, expected", [(24, [1, 2]), (25, [2, 3])])
def test_without_a_frequency_labels_within_the_longest_step_continue(first, expected):
    index = pd.DatetimeIndex(["2024-01-01", "2024-01-10", "2024-01-13", "2024-01-15"])
    axis = read_time_axis(index)
    later = pd.DatetimeIndex([f"2024-01-{first}", "2024-02-20"])
    assert axis.locate(later).tolist() == expected
    assert axis.locate(index[2:].append(later[:1])).tolist() == [-1, 0, expected[0]]
    # After 36 days more, so many may pass again.
    updated = axis.after(later)
    assert updated.locate(pd.DatetimeIndex(["2024-03-17"])).tolist() == [1]


def test_labels_of_another_kind_are_not_located():
    days = pd.date_range("2024-01-01", periods=10)
    axis = read_time_axis(days)
    others = [
        pd.RangeIndex(3),
        days.tz_localize("UTC"),
        days.to_period("D"),
        days - days[0],
    ]
    for other in [*others, pd.Index(["a", "b"])]:
        assert axis.locate(other) is None
        assert not axis.is_comparable(other)
    assert axis.locate(days + pd.Timedelta("1h")) is None
    assert axis.is_comparable(days + pd.Timedelta("1h"))
    zoned = read_time_axis(days.tz_localize("Europe/Berlin"))
    utc = zoned.next_labels(2).tz_convert("UTC")
    assert zoned.locate(utc).tolist() == [1, 2]


def test_text_is_comparable_with_text_and_has_no_position():
    axis = read_time_axis(pd.Index(["a", "b"]))
    assert axis.is_comparable(pd.Index(["c"]))
    assert axis.locate(pd.Index(["c"])) is None
    assert axis.after(pd.Index(["c"])).last_label.tolist() == ["c"]


def test_segments_are_in_time_order_and_one_continues_the_series():
    days = pd.date_range("2024-01-01", periods=60)
    axis = read_time_axis(days[:20])
    rows = days[[25, 26, 22, 21, 20, 30, 31]]
    segments = find_segments(rows, 7, axis)
    assert segments.order.tolist() == [4, 3, 2, 0, 1, 5, 6]
    assert segments.spans() == [(0, 3), (3, 5), (5, 7)]
    assert segments.next_run == 0
    assert find_segments(days[21:30], 9, axis).next_run is None
    assert find_segments(days[10:30], 20, axis).next_run is None


def test_labels_off_the_grid_of_a_series_have_segments_of_their_own():
    days = pd.date_range("2024-01-01", periods=60)
    rows = days[20:40].delete(10) + pd.Timedelta("1h")
    segments = find_segments(rows, 19, read_time_axis(days[:20]))
    assert (segments.spans(), segments.next_run) == ([(0, 10), (10, 19)], None)
    assert find_segments(None, 5, read_time_axis(days)).spans() == [(0, 5)]


ODD = [
    pd.Index([]),
    pd.Index([True, False]),
    pd.Index([float("nan"), 1.0]),
    pd.Index(pd.interval_range(0, 3)),
    pd.CategoricalIndex(["a", "b"]),
    pd.Index([datetime.time(1), datetime.time(2)]),
    pd.Index([datetime.timedelta(1), datetime.timedelta(2)], dtype=object),
    pd.Index([10**30, 10**30 + 1]),
    pd.Index([np.iinfo(np.int64).min, 0, np.iinfo(np.int64).max]),
    pd.DatetimeIndex(["2024-01-01"] * 3),
    pd.DatetimeIndex(["2024-01-01", "2024-01-02"], tz=tzoffset(None, 3600)),
    pd.DatetimeIndex(np.array(["-5000-01-01", "9999-12-31"], dtype="M8[s]")),
    pd.DatetimeIndex([pd.Timestamp.min, pd.Timestamp.max]),
    pd.Index([pd.Period("2024-01", "M"), pd.Period("2024-02", "M")], dtype=object),
    pd.PeriodIndex(["2024-01"], freq="M"),
    pd.DatetimeIndex(["2024-01-01"]),
]


@pytest.mark.parametrize("index", ODD, ids=lambda index: index.inferred_type)
def test_every_index_has_an_axis(index):
    axis = read_time_axis(index)
    assert len(axis.positions) == len(index)
    assert len(axis.next_labels(3)) == 3
    for other in ODD:
        located = axis.locate(other)
        assert located is None or len(located) == len(other)
        if other.is_monotonic_increasing:
            assert len(find_segments(other, len(other), axis).order) == len(other)


def test_timedeltas_continue_beyond_the_range_of_nanoseconds():
    seconds = pd.TimedeltaIndex((np.arange(5) * 10**11).astype("m8[s]"), name="age")
    labels = read_time_axis(seconds).next_labels(2)
    assert labels.as_unit("s").asi8.tolist() == [5 * 10**11, 6 * 10**11]
    assert labels.name == "age"
