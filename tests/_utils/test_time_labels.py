"""Labels as integers, and offsets as plain values."""

import numpy as np
import pandas as pd
import pytest

from skcnnlstm._utils.time_axis import read_time_axis
from skcnnlstm._utils.time_labels import (
    decode_offset,
    encode_offset,
    is_absolute,
    nanoseconds,
    read_labels,
)

KINDS = [
    (pd.date_range("2024", periods=3), "datetime"),
    (pd.Index(pd.date_range("2024", periods=3).date), "datetime"),
    (
        pd.Index(list(pd.date_range("2024", periods=3, tz="UTC")), dtype=object),
        "datetime",
    ),
    (pd.timedelta_range("1h", periods=3), "timedelta"),
    (pd.period_range("2024", periods=3, freq="M"), "period"),
    (pd.Index([1, 2, 4]), "integer"),
    (pd.Index([1, 2], dtype="UInt8"), "integer"),
    (pd.Index([2**63, 1], dtype="uint64"), "other"),
    (pd.Index([0.5, 1.5]), "other"),
    (pd.Index(["a", "b"]), "other"),
    (pd.Index([pd.Timestamp("2024"), pd.Timestamp("2025", tz="UTC")]), "other"),
    (pd.DatetimeIndex(["2024", None]), "other"),
    (pd.MultiIndex.from_product([[1, 2], [3]]), "other"),
]


@pytest.mark.parametrize("index, kind", KINDS, ids=lambda value: str(value)[:20])
def test_labels_have_a_kind(index, kind):
    labels = read_labels(index)
    assert labels.kind == kind
    assert (labels.ticks is None) == (kind == "other")


def test_local_times_have_one_time_of_day():
    local = pd.date_range("2024-03-29 06:30", periods=4, unit="s")
    labels = read_labels(local.tz_localize("Europe/Berlin"))
    assert labels.tz == "Europe/Berlin"
    assert labels.time_of_day == 6.5 * 3600
    assert labels.wall.tolist() == local.asi8.tolist()
    assert np.diff(labels.ticks).tolist() == [86_400, 82_800, 86_400]
    assert (
        read_labels(local[:1].append(local[1:] + pd.Timedelta("1s"))).time_of_day
        is None
    )


def test_labels_are_read_in_the_unit_and_zone_of_an_axis():
    axis = read_time_axis(pd.date_range("2024", periods=3, tz="Asia/Tokyo", unit="s"))
    later = pd.date_range("2024-01-03 15:00", periods=2, tz="UTC", unit="ns")
    labels = read_labels(later, like=axis)
    assert (labels.unit, labels.tz, labels.time_of_day) == ("s", "Asia/Tokyo", 0)
    assert labels.ticks.tolist() == [1704294000, 1704380400]
    assert read_labels(later + pd.Timedelta("1ns"), like=axis).kind == "other"
    past = pd.DatetimeIndex(np.array(["1500-01-01"], dtype="M8[s]"))
    nanosecond_axis = read_time_axis(pd.date_range("2024", periods=3, unit="ns"))
    assert read_labels(past, like=nanosecond_axis).kind == "other"


@pytest.mark.parametrize(
    "offset, plain",
    [
        ("2h", "2h"),
        ("24h", "24h"),
        (pd.offsets.QuarterEnd(startingMonth=2), "QE-FEB"),
        (
            pd.DateOffset(months=1, days=2),
            {"class": "DateOffset", "n": 1, "months": 1, "days": 2},
        ),
        (
            pd.offsets.CustomBusinessDay(weekmask="Mon Tue", holidays=["2024-01-01"]),
            {
                "class": "CustomBusinessDay",
                "n": 1,
                "weekmask": "Mon Tue",
                "holidays": ["2024-01-01"],
            },
        ),
    ],
)
def test_offsets_become_plain_values_and_back(offset, plain):
    assert encode_offset(offset) == plain
    assert decode_offset(plain) == pd.tseries.frequencies.to_offset(offset)


def test_an_offset_without_a_plain_form_stays_itself():
    offset = pd.offsets.CustomBusinessHour(start="07:00", weekmask="Mon Tue")
    assert encode_offset(offset) is offset
    assert decode_offset(offset) == offset


def test_hours_are_absolute_and_days_are_not():
    hour, day, month = pd.offsets.Hour(3), pd.offsets.Day(2), pd.offsets.MonthBegin()
    assert [is_absolute(offset) for offset in (hour, day, month)] == [
        True,
        False,
        False,
    ]
    assert nanoseconds(hour) == 3 * 3600 * 10**9
    assert nanoseconds(day) == 2 * 86_400 * 10**9
    assert nanoseconds(month) == 0
