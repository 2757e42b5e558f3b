"""The rule for the frequency of an index."""

import numpy as np
import pandas as pd
import pytest
from pandas.tseries.frequencies import to_offset

from skcnnlstm._utils.time_axis import read_time_axis
from skcnnlstm._utils.time_index import count_steps, read_labels

WEEKDAYS = pd.offsets.CustomBusinessDay(weekmask="Mon Tue Wed Thu Fri Sat")


def find(index, freq=None):
    """Return the frequency and the positions of an index, as a list."""
    axis = read_time_axis(index, freq)
    return axis.freq, axis.positions.tolist()


def without_freq(index, unit="ns"):
    """Return an index as pandas makes it from single dates."""
    return pd.DatetimeIndex(index.as_unit(unit).to_numpy())


REGULAR = ["D", "3D", "W-MON", "2W-FRI", "MS", "ME", "2MS", "QS-JAN", "QS-FEB"]
REGULAR += ["QE-DEC", "QE-OCT", "YS-JAN", "YS-APR", "YE-DEC", "YE-JUN", "B"]
REGULAR += ["h", "6h", "30min", "5s", "250ms"]


@pytest.mark.parametrize("unit", ["ms", "ns"])
@pytest.mark.parametrize("freq", REGULAR)
def test_the_most_frequent_step_is_the_frequency(freq, unit):
    index = without_freq(pd.date_range("2001-01-01", periods=40, freq=freq), unit)
    assert find(index) == (freq, list(range(40)))


@pytest.mark.parametrize("year", [1400, 1650, 2300, 9000])
@pytest.mark.parametrize("freq", ["D", "W-TUE", "MS", "QE-DEC", "B", "h"])
def test_dates_that_nanoseconds_cannot_hold_have_a_frequency(year, freq):
    start = pd.Timestamp(f"{year}-01-01").as_unit("s")
    index = pd.date_range(start, periods=60, freq=freq, unit="s")
    index = pd.DatetimeIndex(np.delete(index.to_numpy(), [20, 21]))
    gap = 1 if freq == "B" else 3  # two missing business days are holidays
    expected = [*range(20), *range(19 + gap, 57 + gap)]
    assert find(index) == (freq, expected)


@pytest.mark.parametrize("freq", ["D", "W-MON", "MS", "QE-DEC", "B"])
@pytest.mark.parametrize("tz", ["Europe/Berlin", "Africa/Cairo", "America/Havana"])
def test_days_across_a_clock_change_are_days(freq, tz):
    local = pd.date_range("2023-01-01", periods=500, freq=freq)
    index = local.tz_localize(
        tz, nonexistent="shift_forward", ambiguous=np.ones(500, dtype=bool)
    )
    assert find(index._with_freq(None)) == (freq, list(range(500)))


def test_hours_in_a_time_zone_are_absolute():
    index = pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")
    assert find(index._with_freq(None)) == ("h", list(range(72)))
    index = pd.date_range("2024-03-30", periods=9, freq="24h", tz="Europe/Berlin")
    assert find(index._with_freq(None)) == ("24h", list(range(9)))


@pytest.mark.parametrize(
    "index, freq",
    [
        (pd.period_range("2001", periods=20, freq="M"), 1),
        (pd.period_range("2001", periods=20, freq="3M"), 3),
        (pd.period_range("2001", periods=60, freq="M")[::3], 3),
        (pd.timedelta_range("1D", periods=20, freq="D"), "D"),
        (pd.timedelta_range("1D", periods=20, freq="36h")._with_freq(None), "36h"),
        (pd.RangeIndex(5, 105, 5), 5),
        (pd.Index(range(1990, 2010)), 1),
        (pd.Index(range(0, 40, 2), dtype="Int64"), 2),
        (pd.Index(pd.date_range("2020", periods=20).date), "D"),
        (pd.Index(list(pd.date_range("2020", periods=20)), dtype=object), "D"),
    ],
)
def test_each_kind_of_label_has_a_frequency(index, freq):
    found, positions = find(index)
    assert found == freq
    assert positions == list(range(len(index)))


def test_local_midnights_with_two_offsets_from_utc_are_days():
    texts = [f"2024-03-{day} 00:00+0{1 if day < 30 else 2}:00" for day in range(25, 32)]
    times = pd.Index([pd.Timestamp(text) for text in texts], dtype=object)
    assert find(times) == ("D", list(range(7)))


def test_the_own_frequency_of_an_index_comes_first():
    index = pd.date_range("2020-01-15", periods=20, freq=pd.DateOffset(months=1))
    assert find(index)[0] == pd.DateOffset(months=1)
    assert find(pd.date_range("2020", periods=20, freq="bh"))[0] == "bh"
    week = pd.date_range("2024-01-01", periods=5, freq="D")  # Monday to Friday
    assert find(week)[0] == "D"
    assert find(without_freq(week))[0] == "B"


def test_folds_and_lost_days_leave_gaps():
    days = pd.date_range("2020-01-01", periods=60)
    kept = np.delete(np.arange(60), [7, 30, 31, 32, 33, 34])
    assert find(without_freq(days[kept])) == ("D", kept.tolist())


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2020", periods=60, freq=WEEKDAYS),
        pd.date_range("2020-01-15", periods=60, freq=pd.DateOffset(months=1)),
        pd.date_range("2020-01-01", periods=60, freq="BME"),
        pd.date_range("2020-01-01", periods=60, freq="bh"),
        pd.date_range("2020-01-01", periods=60, freq="h")
        + pd.to_timedelta(np.arange(60) % 7, unit="s"),
        pd.date_range("2020", periods=100)[np.random.default_rng(0).random(100) > 0.3],
    ],
    ids=["closed on Sundays", "15th", "last weekday", "office", "jitter", "sparse"],
)
def test_other_labels_have_no_frequency(index):
    assert find(without_freq(index)) == (None, list(range(len(index))))


@pytest.mark.parametrize("index", [list("abcd"), [0.5, 1.5, 2.5], [1, 5, 17, 20]])
def test_labels_without_equal_steps_have_no_frequency(index):
    assert find(pd.Index(index)) == (None, list(range(len(index))))


def test_nine_tenths_of_the_steps_must_be_regular():
    days = pd.date_range("2020-01-01", periods=12)
    assert find(without_freq(days[[*range(10), 11]]))[0] == "D"
    assert find(without_freq(days[[*range(9), 10]]))[0] is None


@pytest.mark.parametrize("hours", [range(8, 18), range(24 - 3)], ids=["day", "night"])
def test_hours_that_a_schedule_leaves_out_are_no_gaps(hours):
    index = pd.date_range("2024-01-01", periods=24 * 30, freq="h")
    index = without_freq(index[index.hour.isin(list(hours))])
    assert find(index) == (None, list(range(len(index))))
    assert find(index, "h")[1] == ((index - index[0]) // pd.Timedelta("1h")).tolist()


def test_a_closed_weekend_is_a_schedule_and_a_lost_hour_is_a_gap():
    index = pd.date_range("2024-01-01", periods=24 * 70, freq="h")
    assert find(without_freq(index[index.day_of_week < 5]))[0] is None
    lost = np.delete(np.arange(len(index)), [100, 101, 555, 900, 1003])
    assert find(without_freq(index[lost])) == ("h", lost.tolist())


@pytest.mark.parametrize("n_missing, is_gap", [(1, False), (10, False), (11, True)])
def test_up_to_ten_missing_business_days_are_holidays(n_missing, is_gap):
    index = without_freq(pd.date_range("2020-01-01", periods=90, freq="B"))
    index = index.delete(range(40, 40 + n_missing))
    freq, positions = find(index)
    assert freq == "B"
    assert positions[40] - positions[39] == (n_missing + 1 if is_gap else 1)
    assert positions[:40] == list(range(40))


def test_rows_in_another_order_keep_their_positions():
    index = without_freq(pd.date_range("2020-01-01", periods=40, freq="MS"))
    order = np.random.default_rng(0).permutation(40)
    assert find(index[order]) == ("MS", order.tolist())
    assert find(pd.RangeIndex(5, 0, -1)) == (1, [4, 3, 2, 1, 0])


def test_an_explicit_frequency_fits_the_labels_or_is_an_error():
    closed = pd.date_range("2020", periods=60, freq=WEEKDAYS)
    assert find(closed, WEEKDAYS)[1] == list(range(60))
    assert find(closed, "D")[1] == (closed - closed[0]).days.tolist()
    months = pd.period_range("2001", periods=4, freq="M")
    for freq in ("M", "MS", pd.offsets.MonthEnd()):
        assert find(months, freq) == (1, [0, 1, 2, 3])
    assert find(pd.Index([0, 10, 30]), 10) == (10, [0, 1, 3])


DAYS = pd.date_range("2024-01-05", periods=4)
TEXT = pd.Index(["a", "b"], dtype=object)
ERRORS = [
    (
        DAYS,
        "MS",
        "freq must fit every label: got freq='MS', which does not fit 2024-01-05 "
        "00:00:00. Use another frequency, or freq=None to infer it.",
    ),
    (
        DAYS,
        "B",
        "freq must fit every label: got freq='B', which does not fit 2024-01-06 "
        "00:00:00. Use another frequency, or freq=None to infer it.",
    ),
    (
        pd.RangeIndex(4),
        "D",
        "freq must be a positive step that fits the labels: got freq='D', and an index "
        "of dtype int64. Use a positive integer, or an index of dates "
        "(pandas.to_datetime).",
    ),
    (
        TEXT,
        "D",
        "freq must be a positive step that fits the labels: got freq='D', and an index "
        "of dtype object. Use freq=None, or an index of dates (pandas.to_datetime).",
    ),
    (
        pd.RangeIndex(4),
        0,
        "freq must be a positive step that fits the labels: got freq=0, and an index "
        "of dtype int64. Use a positive integer, or an index of dates "
        "(pandas.to_datetime).",
    ),
    (
        DAYS,
        "fortnight",
        "freq must be a positive step that fits the labels: got freq='fortnight', and "
        f"an index of dtype {DAYS.dtype}. Use freq='D', or freq=None to infer it.",
    ),
    (
        DAYS[[0, 1, 3]],
        "fortnight",
        "freq must be a positive step that fits the labels: got freq='fortnight', and "
        f"an index of dtype {DAYS.dtype}. Use freq=None.",
    ),
]


@pytest.mark.parametrize("index, freq, message", ERRORS)
def test_an_explicit_frequency_that_does_not_fit_is_an_error(index, freq, message):
    with pytest.raises(ValueError) as error:
        find(index, freq)
    assert str(error.value) == message


@pytest.mark.parametrize("freq", ["fortnight", 3.5, object(), "-1D", True])
def test_an_unknown_frequency_is_an_error(freq):
    with pytest.raises(ValueError, match="freq must"):
        find(DAYS, freq)


def test_an_explicit_frequency_of_other_periods_is_an_error():
    months = pd.period_range("2001", periods=4, freq="M")
    with pytest.raises(ValueError, match="Use freq='M'"):
        find(months, "D")


def test_an_empty_index_and_one_row_have_no_frequency():
    assert find(DAYS[:0]._with_freq(None)) == (None, [])
    assert find(without_freq(DAYS[:1])) == (None, [0])
    assert find(pd.RangeIndex(7, 8)) == (1, [0])


ALIASES = [
    "D",
    "2D",
    "W-MON",
    "3W-SUN",
    "MS",
    "ME",
    "5MS",
    "QS-FEB",
    "QE-NOV",
    "2QE-DEC",
]
ALIASES += ["YS-JUL", "YE-JUN", "3YS-JAN", "B", "2B", "BME", "SMS", "bh", "WOM-3FRI"]
ALIASES += ["2QE-DEC", "h", "7min", "1500ms"]


@pytest.mark.parametrize("freq", ALIASES)
def test_steps_are_those_of_pandas(freq):
    index = pd.date_range("1969-11-20 09:00", periods=80, freq=freq)
    rolled = index[30:].append(index[:30])
    steps = count_steps(rolled, to_offset(freq))
    assert steps.tolist() == [*range(50), *range(-30, 0)]
    holidays = count_steps(index[::7], to_offset(freq), holidays=False)
    assert holidays.tolist() == list(range(0, 80, 7))


@pytest.mark.parametrize("freq", ALIASES)
def test_a_label_off_the_grid_has_no_position(freq):
    index = pd.date_range("1969-11-20 09:00", periods=80, freq=freq)
    wrong = index.to_numpy().copy()
    wrong[40] += np.timedelta64(1, "s")
    assert count_steps(pd.DatetimeIndex(wrong), to_offset(freq)) is None


def test_a_first_label_off_the_grid_gives_no_positions():
    labels = pd.date_range("2024-01-03", periods=4, freq="W-WED")
    assert count_steps(labels, to_offset("W-MON")) is None
    assert count_steps(labels, to_offset("MS")) is None


KINDS = [
    (pd.date_range("2024", periods=3), ""),
    (pd.Index(pd.date_range("2024", periods=3).date), "date"),
    (
        pd.Index(list(pd.date_range("2024", periods=3, tz="UTC")), dtype=object),
        "",
    ),
    (pd.timedelta_range("1h", periods=3), ""),
    (pd.period_range("2024", periods=3, freq="M"), ""),
    (pd.Index([1, 2, 4]), ""),
    (pd.Index([1, 2], dtype="UInt8"), ""),
    (pd.Index([2**63, 1], dtype="uint64"), "text"),
    (pd.Index([0.5, 1.5]), "text"),
    (pd.Index(["a", "b"]), "text"),
    (pd.Index([pd.Timestamp("2024"), pd.Timestamp("2025", tz="UTC")]), "text"),
    (pd.DatetimeIndex(["2024", None]), "text"),
    (pd.MultiIndex.from_product([[1, 2], [3]]), "text"),
]


@pytest.mark.parametrize("index, form", KINDS, ids=lambda value: str(value)[:20])
def test_labels_have_a_form(index, form):
    assert read_labels(index)[1] == form


def test_months_do_not_fit_timedeltas():
    with pytest.raises(ValueError, match="freq must fit every label: got freq='ME'"):
        find(pd.timedelta_range("0s", periods=5, freq="90s"), "ME")
