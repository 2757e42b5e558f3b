"""Suggest a change that gives an index a frequency."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from skcnnlstm._utils.time_index import (
    MIN_REGULAR,
    candidate_frequencies,
    count_steps,
    find_frequency,
    is_business_days,
    nanoseconds,
    read_labels,
    ticks_of,
    weekdays_of,
)
from skcnnlstm._utils.time_zones import local_times, ticks_per_day

_WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
_PERIODS = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
_DAY = 86_400 * 10**9
_NANOSECONDS = {"D": _DAY, "h": _DAY // 24, "min": 60 * 10**9, "s": 10**9} | {
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}
# Text without a year is not a date: pandas would read "1-01" as a day of year 1.
_YEAR = re.compile(r"\d{4}|\d{1,2}\D\d{1,2}\D\d{2}")
_QUARTER = re.compile(r"\d{4}-?Q[1-4]", re.IGNORECASE)
_OFFSET = r"\s*(?:Z|[+-]\d\d:?\d\d)$"  # offset from UTC
# Forms of dates as text: a pattern, text to append, and the format for `to_datetime`.
_FORMS = (
    (r"\d{4}", "", "%Y"),
    (r"\d{6}", "", "%Y%m"),
    (r"\d{8}", "", "%Y%m%d"),
    (r"\d{4}-W\d\d-\d", "", "%G-W%V-%u"),
    (r"\d{4}-W\d\d", "-1", "%G-W%V-%u"),
    (r"\d{4}W\d\d", "1", "%GW%V%u"),
    (r"[A-Za-z]{3}-\d\d", "", "%b-%y"),
)
# Maximum number of labels that are compared with business hours. pandas needs 0.2 ms
# for each hour.
_MAX_HOURS = 5000
_DAY_FIRST = ", dayfirst=True"
_NUMBERED = "series.reset_index(drop=True)"


class Remedy(NamedTuple):
    """A change of code that gives the rows of a series a frequency, and the reason."""

    code: str  # a parameter, such as freq="B", or an expression of `series`
    reason: str


def suggest_remedy(index: Any) -> Remedy:
    """Return a change that gives an index a frequency.

    Parameters
    ----------
    index : Index
        Labels without a frequency, according to `find_frequency`.

    Returns
    -------
    remedy : Remedy
        A `freq` that fits the labels, another index, or a resampling.
    """
    labels, form = read_labels(index)
    if form == "text":
        return _remedy_of_other_labels(index)
    code = read_one_form(index) if index.dtype.kind in "iu" else None
    if code is not None:
        return Remedy(code, "the labels are dates as integers")
    if not hasattr(labels, "unit") or len(index) < 3:
        return Remedy(_NUMBERED, "the labels have no regular step")
    labels = labels.sort_values()
    for code, freq, required in _possible_frequencies(labels):
        offset = to_offset(freq)
        positions = count_steps(labels, offset, holidays=False)
        if positions is None:
            continue
        share = _share_of_single_steps(positions)
        if share >= required:
            reason = "it fits all labels"
            if share < 1:
                n_rows = _longest_run(positions)
                reason += ". Missing labels are then gaps, so window_length + horizon "
                reason += f"can be at most {n_rows}"
            if share < 1 and is_business_days(labels, offset):
                reason = "it fits all labels, and missing business days then count as "
                reason += "holidays"
            return Remedy(f"freq={code}", reason)
    series = "series"
    if not isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        utc = ", utc=True" if form == "local" else ""
        series = f"series.set_axis(pandas.to_datetime(series.index{utc}))"
    if isinstance(labels, pd.DatetimeIndex):
        times = labels.tz_localize(None)
        for alias, name in _PERIODS.items():
            if _share_of_single_steps(times.to_period(alias).asi8) >= MIN_REGULAR:
                has_zone = labels.tz is not None or form == "local"
                local = ".tz_localize(None)" if has_zone else ""
                code = f'{series}{local}.to_period("{alias}")'
                return Remedy(code, f"there is one label per {name}")
    step = _median_step(labels)
    code = f'{series}.resample("{step}").mean()'
    try:
        if _has_empty_step(labels, step):
            code += ".interpolate()"
    except (ValueError, OverflowError):  # pandas resamples at most 292 years
        return Remedy(_NUMBERED, "the labels have no regular step")
    return Remedy(code, "this is the median step")


def read_one_form(index: Any) -> str | None:
    """Return code that converts labels such as 202401 or "2024-W05" to dates.

    Return None if no known form fits all labels.
    """
    is_integer = index.dtype.kind in "iu"
    if is_integer and not 180001 <= index.min() <= index.max() <= 22001231:
        return None
    texts = index.astype(str)
    for form, end, format in _FORMS:
        if not texts.str.fullmatch(form).all():
            continue
        times = pd.to_datetime(texts + end, format=format, errors="coerce")
        if times.hasnans or times.year.min() < 1800 or times.year.max() > 2200:
            continue
        if is_integer and find_frequency(times, times)[0] is None:
            continue
        text = "series.index.astype(str)" if is_integer else "series.index"
        text += f' + "{end}"' if end else ""
        return f'series.set_axis(pandas.to_datetime({text}, format="{format}"))'
    return None


def _possible_frequencies(labels: Any) -> Iterator[tuple[str, Any, float]]:
    """Yield (code, offset, required share) for each possible frequency of labels.

    The last item is the share of consecutive labels that must be one step apart.
    """
    is_datetime = isinstance(labels, pd.DatetimeIndex)
    local, is_daily = local_times(labels) if is_datetime else (labels, False)
    if is_daily:
        weekdays = np.unique(weekdays_of(local.to_numpy().astype("M8[D]")))
        if 1 < len(weekdays) < 7 and weekdays.tolist() != [0, 1, 2, 3, 4]:
            mask = " ".join(_WEEKDAYS[day] for day in weekdays)
            offset = pd.offsets.CustomBusinessDay(weekmask=mask)
            yield f'pandas.offsets.CustomBusinessDay(weekmask="{mask}")', offset, 0.9
        for alias in ("BME", "BMS", *_half_months(local)):
            yield f'"{alias}"', alias, MIN_REGULAR
    elif is_datetime and len(local) <= _MAX_HOURS:
        yield from _opening_hours(local)
    for offset in candidate_frequencies(labels):
        yield f'"{offset.freqstr}"', offset, 0.5


def _half_months(local: Any) -> list[str]:
    """Return the alias for dates on two days of each month, such as the 1st and 15th.

    The result is a list with one alias, or an empty list.
    """
    days = np.unique(local.day)
    if len(days) == 2 and days[0] == 1:
        return [f"SMS-{days[1]}"]
    if len(days) > 1 and days[0] < 28 <= days[1]:  # and the last day of the month
        return [f"SME-{days[0]}"]
    return []


def _opening_hours(local: Any) -> Iterator[tuple[str, Any, float]]:
    """Yield the frequency of hourly labels between two times of day, on some weekdays.

    The item has the form that `_possible_frequencies` documents. For other labels,
    yield nothing.
    """
    hours, minutes = np.unique(local.hour), np.unique(local.minute)
    if len(minutes) > 1 or not 1 < len(hours) == hours[-1] - hours[0] + 1 < 24:
        return
    days = np.unique(weekdays_of(local.to_numpy().astype("M8[D]")))
    start, end = (f"{h % 24:02}:{minutes[0]:02}" for h in (hours[0], hours[-1] + 1))
    mask = " ".join(_WEEKDAYS[day] for day in days)
    options = {"start": start, "end": end, "weekmask": mask}
    code = ", ".join(f'{name}="{value}"' for name, value in options.items())
    offset = pd.offsets.CustomBusinessHour(**options)
    yield f"pandas.offsets.CustomBusinessHour({code})", offset, MIN_REGULAR


def _share_of_single_steps(positions: Any) -> float:
    """Return the share of consecutive labels that are one step apart."""
    return float(np.mean(np.diff(np.sort(positions)) == 1))


def _has_empty_step(labels: Any, step: str) -> bool:
    """Return whether resampling to `step` gives a step without a label."""
    ticks = int(labels.asi8[-1]) - int(labels.asi8[0])
    span = ticks * (_DAY // ticks_per_day(labels))
    if span // nanoseconds(to_offset(step)) > len(labels):
        return True
    return bool(pd.Series(0.0, index=labels).resample(step).mean().isna().any())


def _longest_run(positions: Any) -> int:
    """Return the largest number of consecutive rows that are one step apart."""
    ends = np.flatnonzero(np.diff(np.sort(positions)) != 1) + 1
    return int(np.diff([0, *ends, len(positions)]).max())


def _median_step(labels: Any) -> str:
    """Return the median step as an alias, rounded by at most a tenth."""
    median = float(np.median(np.diff(ticks_of(labels))))
    median = max(1.0, median * (_DAY // ticks_per_day(labels)))
    counts = {name: round(median / size) for name, size in _NANOSECONDS.items()}
    name = next(
        name
        for name, n in counts.items()
        if n and abs(n * _NANOSECONDS[name] - median) <= median / 10
    )
    return name if counts[name] == 1 else f"{counts[name]}{name}"


def _remedy_of_other_labels(index: Any) -> Remedy:
    """Return a change that converts labels that are not times, such as text."""
    if index.nlevels > 1:
        return Remedy(_NUMBERED, "the index has several levels")
    if index.hasnans:
        return Remedy("series[series.index.notna()]", "a label is missing")
    if index.inferred_type == "floating":
        values = index.to_numpy(dtype=float)
        if (values == np.round(values)).all():
            code = "series.set_axis(series.index.astype(int))"
            return Remedy(code, "the labels are whole numbers")
        return Remedy(_NUMBERED, "the labels are fractions, not dates")
    texts = [str(label) for label in index]
    undated = index.inferred_type in ("floating", "time", "empty")
    if not undated and all(map(_QUARTER.fullmatch, texts)):
        code = 'series.set_axis(pandas.PeriodIndex(series.index, freq="Q"))'
        return Remedy(code, "the labels are quarters as text")
    in_one_form = None if undated else read_one_form(index)
    if in_one_form is not None:
        return Remedy(in_one_form, "the labels are dates as text")
    if (
        not undated
        and all(map(_YEAR.search, texts))
        and not any(map(str.isdigit, texts))
    ):
        readings = _read_dates(pd.Index(texts))
        gaps = {reading: _count_gaps(times) for reading, times in readings.items()}
        fewest = min(gaps.values(), default=None)
        regular = [r for r in gaps if gaps[r] == fewest and fewest < len(texts)]
        if readings:
            reading = next(iter([*regular, *readings]))
            reason = "the labels are dates as text"
            if "index" in regular and f"index{_DAY_FIRST}" in regular:
                reading = f"index{_DAY_FIRST}"
                reason += ", and regular with either the day or the month first"
            code = f"series.set_axis(pandas.to_datetime(series.{reading}))"
            return Remedy(code, reason)
    return Remedy(_NUMBERED, "the labels have no order in time")


def _count_gaps(times: Any) -> int:
    """Return the number of gaps in dates.

    If the dates have no frequency, return the number of dates.
    """
    freq, positions = find_frequency(times, times)
    if freq is None:
        return len(times)
    return int(np.count_nonzero(np.diff(np.sort(positions)) != 1))


def _read_dates(texts: Any) -> dict[str, Any]:
    """Read text as dates in several ways; return a dict from code to dates.

    The code is what the user must write to get these dates. Of several codes that give
    equal dates, only the first is returned.
    """
    ways = [("index", texts, {}), (f"index{_DAY_FIRST}", texts, {"dayfirst": True})]
    if texts.str.contains(rf":\d\d.*{_OFFSET}").all():  # several offsets need utc=True
        ways.append(("index, utc=True", texts, {"utc": True}))
        local = texts.str.replace(_OFFSET, "", regex=True)
        ways.append((f'index.str.replace(r"{_OFFSET}", "", regex=True)', local, {}))
    readings: dict[str, Any] = {}
    for code, text, options in ways:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas warns that it guesses the format
            try:
                times = pd.to_datetime(text, **options)
            except (ValueError, TypeError, OverflowError):
                continue
        if isinstance(times, pd.DatetimeIndex) and not any(
            times.equals(other) for other in readings.values()
        ):
            readings[code] = times
    return readings
