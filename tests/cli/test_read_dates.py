"""Formats of time columns."""

import pandas as pd
import pytest

from skcnnlstm.cli.read_dates import lacks_year, read_column, season_length

DAYS = pd.date_range("2001-01-01", periods=40)
MONTHS = pd.date_range("2001-01-01", periods=40, freq="MS")
QUARTERS = pd.period_range("2001", periods=20, freq="Q")
HOURS = pd.date_range("2024-03-30", periods=40, freq="h", tz="Europe/Berlin")
CAIRO = pd.date_range("2024-04-05", periods=40)
NAIVE_HOURS = pd.date_range("2001-01-01", periods=40, freq="h")
WEEKS = pd.date_range("2020-01-06", periods=60, freq="W-MON")
LOCAL_DAYS = pd.date_range("2024-03-20", periods=20, tz="Europe/Berlin")

COLUMNS = {
    "day first": (DAYS.strftime("%d/%m/%Y"), DAYS),
    "month first": (DAYS.strftime("%m/%d/%Y"), DAYS),
    "two digits": (DAYS.strftime("%d.%m.%y"), DAYS),
    "words": (DAYS.strftime("%B %d, %Y"), DAYS),
    "%Y%m%d": (DAYS.strftime("%Y%m%d"), DAYS),
    "%Y%m": (MONTHS.strftime("%Y%m"), MONTHS),
    "%Y-%m": (MONTHS.strftime("%Y-%m"), MONTHS),
    "%Y/%m": (MONTHS.strftime("%Y/%m"), MONTHS),
    "%b-%y": (MONTHS.strftime("%b-%y"), MONTHS),
    "%b %Y": (MONTHS.strftime("%b %Y"), MONTHS),
    "quarters": (
        [f"{p.year}-Q{p.quarter}" for p in QUARTERS],
        QUARTERS.to_timestamp(),
    ),
    "quarter first": (
        [f"Q{p.quarter} {p.year}" for p in QUARTERS],
        QUARTERS.to_timestamp(),
    ),
    "quarters with a point": (
        [f"{p.year}.Q{p.quarter}" for p in QUARTERS],
        QUARTERS.to_timestamp(),
    ),
    "ISO weeks": (WEEKS.strftime("%G-W%V"), WEEKS),
    "ISO weeks of one digit": (
        [f"{year}-W{week}" for year, week, _ in WEEKS.isocalendar().to_numpy()],
        WEEKS,
    ),
    "ISO weeks without a dash": (WEEKS.strftime("%GW%V"), WEEKS),
    "days of ISO weeks": (DAYS.strftime("%G-W%V-%u"), DAYS),
    "ISO weeks as numbers": (WEEKS.strftime("%G%V"), WEEKS),
    "days of the year": (DAYS.strftime("%Y-%j"), DAYS),
    "months of one year without zeros": (
        [f"2001-{month}" for month in range(1, 13)],
        MONTHS[:12],
    ),
    "%YM%m": (MONTHS.strftime("%YM%m"), MONTHS),
    "%m.%Y": (MONTHS.strftime("%m.%Y"), MONTHS),
    "%Y%m%d%H": (NAIVE_HOURS.strftime("%Y%m%d%H"), NAIVE_HOURS),
    "%Y%m%d%H%M": (NAIVE_HOURS.strftime("%Y%m%d%H%M"), NAIVE_HOURS),
    "%Y%m%d%H%M%S": (NAIVE_HOURS.strftime("%Y%m%d%H%M%S"), NAIVE_HOURS),
    "seconds as floats": ([f"{s}.0" for s in DAYS.as_unit("s").asi8], DAYS),
    "seconds": (DAYS.as_unit("s").asi8, DAYS),
    "microseconds": (DAYS.as_unit("us").asi8, DAYS),
    "nanoseconds": (DAYS.as_unit("ns").asi8, DAYS),
    "milliseconds": (DAYS.as_unit("ms").asi8, DAYS),
    "days with two offsets": (LOCAL_DAYS.map(str), LOCAL_DAYS.tz_localize(None)),
    "days whose clocks change at midnight": (
        CAIRO.tz_localize("Africa/Cairo", nonexistent="shift_forward").map(str),
        CAIRO,
    ),
    "hours with two offsets": (HOURS.map(str), HOURS.tz_convert("UTC")),
    "day first with two offsets": (
        HOURS.strftime("%d/%m/%Y %H:%M %z"),
        HOURS.tz_convert("UTC"),
    ),
    "UTC": (DAYS.strftime("%Y-%m-%dT%H:%M:%SZ"), DAYS.tz_localize("UTC")),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_format_with_equal_steps_is_read(name):
    texts, expected = COLUMNS[name]
    reading = read_column(pd.Series([str(text) for text in texts], name="when"))
    assert reading.step is not None
    assert pd.DatetimeIndex(reading.times).tolist() == expected.tolist()


@pytest.mark.parametrize("texts", [["1-01", "1-02"], ["January", "May"], ["12", "13"]])
def test_text_without_a_year_is_no_date(texts):
    assert read_column(pd.Series(texts)) is None
    assert lacks_year(pd.Series(texts)) == ("-" in texts[0])


def test_small_integers_are_no_seconds():
    assert read_column(pd.Series(["1000", "2000", "3000"])) is None
    assert read_column(pd.Series(["99999999", "99999998"])) is None


SEASONS = {"h": 24, "30min": 48, "min": 60, "6h": 4, "D": 7, "B": 5, "W": 52}
SEASONS |= {"MS": 12, "ME": 12, "QS": 4, "YE": 1, "2MS": 6, "s": None}


@pytest.mark.parametrize("freq, expected", SEASONS.items())
def test_the_season_follows_from_the_step(freq, expected):
    assert season_length(pd.date_range("2001", periods=40, freq=freq)) == expected


def test_the_season_of_periods_and_of_numbers():
    assert season_length(pd.period_range("2001", periods=40, freq="M")) == 12
    assert season_length(pd.period_range("2001", periods=40, freq="Q")) == 4
    assert season_length(pd.RangeIndex(40)) is None
    assert season_length(pd.RangeIndex(1950, 1990, name="Year")) == 1
    assert season_length(pd.RangeIndex(1950, 1990, 10, name="year")) == 1
