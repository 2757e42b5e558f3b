"""Remedies for an index without a frequency."""

import numpy as np
import pandas
import pandas as pd
import pytest

from skcnnlstm._utils.frequency_remedy import suggest_remedy
from skcnnlstm._utils.time_axis import read_time_axis

RANDOM = np.random.default_rng(0)
MONTHS = pd.date_range("2020-01-15", periods=60, freq=pd.DateOffset(months=1))
DAYS = pd.date_range("2020-01-01", periods=60)
BUSINESS_DAYS = pd.date_range("2020-01-01", periods=60, freq="B")
WEEKS = pd.date_range("2020-01-06", periods=60, freq="W-MON")
BERLIN = pd.date_range("2024-03-01", periods=60, tz="Europe/Berlin")
HOURS = pd.date_range("2020-01-01", periods=240, freq="h")
HALF_HOURS = pd.date_range("2020-01-01", periods=240, freq="30min")
BERLIN_HOURS = pd.date_range("2024-03-25", periods=240, freq="h", tz="Europe/Berlin")
JITTER = pd.to_timedelta(RANDOM.integers(-100, 100, 240), unit="s")
JULY = pd.DatetimeIndex([f"{year}-07-04" for year in range(1990, 2020)])
MONTH_ENDS = pd.date_range("2020-01-31", periods=60, freq="BME")
HOLIDAY = MONTH_ENDS.delete(5).insert(5, MONTH_ENDS[5] - pd.Timedelta("1D"))


def closed_but(weekmask):
    freq = pd.offsets.CustomBusinessDay(weekmask=weekmask)
    return pd.date_range("2020-01-01", periods=60, freq=freq)


def mask_code(weekmask):
    return f'freq=pandas.offsets.CustomBusinessDay(weekmask="{weekmask}")'


def hours_code(start, end, weekmask):
    return (
        f'freq=pandas.offsets.CustomBusinessHour(start="{start}", end="{end}", '
        f'weekmask="{weekmask}")'
    )


REMEDIES = {
    "15th": (MONTHS, 'series.to_period("M")'),
    "15th, as dates": (
        pd.Index(MONTHS.date),
        'series.set_axis(pandas.to_datetime(series.index)).to_period("M")',
    ),
    "last weekday": (MONTH_ENDS, 'freq="BME"'),
    "last trading day": (HOLIDAY, 'series.to_period("M")'),
    "4 July": (JULY, 'series.to_period("Y")'),
    "each day at a random time": (
        DAYS.tz_localize("Europe/Berlin") + 500 * JITTER[:60].map(abs),
        'series.tz_localize(None).to_period("D")',
    ),
    "each hour, with jitter": (
        HOURS + JITTER,
        'series.resample("h").mean().interpolate()',
    ),
    "each hour, late": (HOURS + JITTER.map(abs), 'series.resample("h").mean()'),
    "closed on Sundays": (
        closed_but("Mon Tue Wed Thu Fri Sat"),
        mask_code("Mon Tue Wed Thu Fri Sat"),
    ),
    "three days a week": (closed_but("Mon Wed Fri"), mask_code("Mon Wed Fri")),
    "weekdays with many holidays": (
        BUSINESS_DAYS[np.sort(RANDOM.permutation(60)[:45])],
        'freq="B"',
    ),
    "off at night": (
        HOURS[HOURS.hour >= 8],
        hours_code("08:00", "00:00", "Mon Tue Wed Thu Fri Sat Sun"),
    ),
    "business hours from half past": (
        pd.date_range("2020-01-01", periods=90, freq="bh") + pd.Timedelta("30min"),
        hours_code("09:30", "17:30", "Mon Tue Wed Thu Fri"),
    ),
    "off at night, in a time zone": (
        BERLIN_HOURS[(BERLIN_HOURS.hour >= 6) & (BERLIN_HOURS.hour < 22)],
        hours_code("06:00", "22:00", "Mon Tue Wed Thu Fri Sat Sun"),
    ),
    "half-hours, off at night": (HALF_HOURS[HALF_HOURS.hour >= 8], 'freq="30min"'),
    "1st and 15th": (pd.date_range("2020", periods=60, freq="SMS"), 'freq="SMS-15"'),
    "1st and 10th": (pd.date_range("2020", periods=60, freq="SMS-10"), 'freq="SMS-10"'),
    "15th and last": (pd.date_range("2020", periods=60, freq="SME"), 'freq="SME-15"'),
    "some days": (
        pd.date_range("2020", periods=600)[np.sort(RANDOM.permutation(600)[:60])],
        'series.resample("6D").mean().interpolate()',
    ),
    "irregular timedeltas": (
        pd.to_timedelta(np.cumsum(RANDOM.integers(50, 70, 40)), unit="s"),
        'series.resample("min").mean().interpolate()',
    ),
    "dates as text": (
        pd.Index(DAYS.strftime("%Y/%m/%d")),
        "series.set_axis(pandas.to_datetime(series.index))",
    ),
    "day first, as text": (
        pd.Index(DAYS.strftime("%d/%m/%Y")),
        "series.set_axis(pandas.to_datetime(series.index, dayfirst=True))",
    ),
    "quarters as text": (
        pd.Index([f"{year}Q{n}" for year in range(2000, 2009) for n in (1, 2, 3, 4)]),
        'series.set_axis(pandas.PeriodIndex(series.index, freq="Q"))',
    ),
    "months as integers": (
        pd.Index([int(day.strftime("%Y%m")) for day in MONTHS[:60:3]]),
        'series.set_axis(pandas.to_datetime(series.index.astype(str), format="%Y%m"))',
    ),
    "months as text": (
        pd.Index(MONTHS.strftime("%Y%m")),
        'series.set_axis(pandas.to_datetime(series.index, format="%Y%m"))',
    ),
    "days as text": (
        pd.Index(DAYS.strftime("%Y%m%d")),
        'series.set_axis(pandas.to_datetime(series.index, format="%Y%m%d"))',
    ),
    "years as text": (
        pd.Index([str(year) for year in range(1950, 2010)]),
        'series.set_axis(pandas.to_datetime(series.index, format="%Y"))',
    ),
    "months of two-digit years": (
        pd.Index(MONTHS.strftime("%b-%y")),
        'series.set_axis(pandas.to_datetime(series.index, format="%b-%y"))',
    ),
    "ISO weeks": (
        pd.Index(WEEKS.strftime("%G-W%V")),
        'series.set_axis(pandas.to_datetime(series.index + "-1", format="%G-W%V-%u"))',
    ),
    "ISO weeks without a dash": (
        pd.Index(WEEKS.strftime("%GW%V")),
        'series.set_axis(pandas.to_datetime(series.index + "1", format="%GW%V%u"))',
    ),
    "days with two offsets, as text": (
        BERLIN.map(str),
        'series.set_axis(pandas.to_datetime(series.index.str.replace(r"'
        r"\s*(?:Z|[+-]\d\d:?\d\d)$"
        '", "", regex=True)))',
    ),
    "hours with two offsets, as text": (
        pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Berlin").map(str),
        "series.set_axis(pandas.to_datetime(series.index, utc=True))",
    ),
    "text without a year": (
        pd.Index(
            [f"{year}-{month:02}" for year in (1, 2, 3) for month in range(1, 13)]
        ),
        "series.reset_index(drop=True)",
    ),
    "timedeltas of centuries": (
        pd.TimedeltaIndex((np.arange(40) * 10**11 + np.arange(40) % 2).astype("m8[s]")),
        "series.reset_index(drop=True)",
    ),
    "years as floats": (
        pd.Index(np.arange(1990.0, 2020)),
        "series.set_axis(series.index.astype(int))",
    ),
    "floats": (pd.Index(np.arange(10) / 3), "series.reset_index(drop=True)"),
    "words": (pd.Index(list("abcdef")), "series.reset_index(drop=True)"),
    "numbers as text": (pd.Index(["1", "2", "3"]), "series.reset_index(drop=True)"),
    "irregular integers": (pd.Index([1, 5, 17]), "series.reset_index(drop=True)"),
    "levels": (
        pd.MultiIndex.from_product([["a"], DAYS[:4]]),
        "series.reset_index(drop=True)",
    ),
    "missing label": (
        pd.DatetimeIndex([*DAYS[:4], None]),
        "series[series.index.notna()]",
    ),
}


@pytest.mark.parametrize("name", REMEDIES)
def test_the_remedy_gives_these_labels_a_frequency(name):
    index, code = REMEDIES[name]
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        index = index._with_freq(None)
    assert read_time_axis(index).freq is None
    remedy = suggest_remedy(index)
    assert remedy.code == code
    series = pd.Series(np.arange(float(len(index))), index=index)
    if code.startswith("freq="):
        axis = read_time_axis(index, eval(code.removeprefix("freq=")))
    else:
        changed = eval(code, {"series": series, "pandas": pandas})
        assert len(changed) <= 2 * len(series)
        assert changed.notna().all()
        axis = read_time_axis(changed.index)
    assert axis.freq is not None


def test_text_with_two_readings_is_named_in_the_reason():
    remedy = suggest_remedy(pd.Index(DAYS[:12].strftime("%d/%m/%Y")))
    assert "dayfirst=True" in remedy.code
    assert remedy.reason == (
        "the labels are dates as text, and regular with either the day or the month "
        "first"
    )


def test_the_reason_names_the_longest_run_of_rows_without_a_gap():
    assert suggest_remedy(HALF_HOURS[HALF_HOURS.hour >= 8]).reason == (
        "it fits all labels. Missing labels are then gaps, so window_length + horizon "
        "can be at most 32"
    )


def test_a_remedy_has_a_reason():
    assert suggest_remedy(MONTHS._with_freq(None)).reason == (
        "there is one label per month"
    )
