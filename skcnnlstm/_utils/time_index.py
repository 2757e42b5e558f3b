"""Find the frequency of an index, the gaps in it, and the labels that follow.

The rule:

1. An explicit `freq` is used as given. It is an error if a label does not fit it.
2. Otherwise, the `freq` of the index is used, if it has one. For a ``RangeIndex``, this
   is its step.
3. Otherwise, the most frequent step is the candidate. If all labels start or end a
   month, the step is counted in months, quarters or years. Daily labels that are all
   weekdays are business days ("B"). Labels with the same time of day are counted in
   days of the local clock. Other labels are counted in absolute time.
4. The candidate is accepted if every label fits it, and at least 90 % of consecutive
   labels are one step apart. It is rejected if hours are missing every day or every
   week: these hours are a schedule, not gaps.
5. Otherwise, the frequency of a ``PeriodIndex`` is its period. Other indexes have no
   frequency. Their rows count as consecutive, and later rows get the labels 1, 2, ...

With a frequency, there is a gap between consecutive rows that are more than one step
apart. With "B", up to ten missing weekdays in a row are holidays, not a gap.

In a time zone, a midnight that does not exist becomes the first valid time of its day.
An ambiguous time becomes its first occurrence. A day that the time zone skips does not
count as a step.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries import offsets
from pandas.tseries.frequencies import to_offset

from skcnnlstm._utils.time_zones import local_times, skip_missing_days, ticks_per_day

MIN_REGULAR = 0.9
MAX_HOLIDAYS = 10  # missing business days in a row; more are a gap
_ONE_DAY = np.timedelta64(1, "D")
_DAY = 86_400 * 10**9  # nanoseconds

_MONTHS = {offsets.MonthBegin: 1, offsets.QuarterBegin: 3, offsets.YearBegin: 12}
_MONTHS |= {offsets.MonthEnd: 1, offsets.QuarterEnd: 3, offsets.YearEnd: 12}
_DAYS = (offsets.Day, offsets.Week, offsets.BusinessDay, offsets.CustomBusinessDay)


def find_frequency(
    index: Any, labels: Any, min_regular: float = MIN_REGULAR
) -> tuple[Any, Any]:
    """Return the frequency of labels, and their positions in steps.

    Return (None, None) if the labels have no frequency. `labels` is the result of
    `read_labels` for `index`, with at least one label. `min_regular` is the minimum
    share of consecutive labels that must be one step apart. If the actual share is
    below 90 %, a candidate is also rejected if days are missing every week.
    """
    own = getattr(index, "freq", None) if hasattr(labels, "unit") else None
    if isinstance(index, pd.RangeIndex):
        own = abs(index.step)
    if own is not None and (isinstance(own, int) or own.n > 0):
        positions = count_steps(labels, own)
        if positions is not None:
            return own, positions
    for candidate in candidate_frequencies(labels):
        positions = count_steps(labels, candidate, holidays=False)
        if positions is not None and _is_regular(
            positions, labels, candidate, min_regular
        ):
            if is_business_days(labels, candidate):
                positions = _skip_holidays(positions)
            return candidate, positions
    if isinstance(labels, pd.PeriodIndex):
        return labels.freq.n, count_steps(labels, labels.freq.n)
    return None, None


def _is_regular(positions: Any, labels: Any, freq: Any, min_regular: float) -> bool:
    """Return whether labels are one step apart, except for a few gaps.

    The result is False if the gaps follow a schedule: at least half of them, and three
    or more, are a day or a week apart, such as the nights when a machine is off.
    """
    order = np.argsort(positions)
    gaps = np.diff(positions[order]) != 1
    n_regular = np.count_nonzero(~gaps)
    if n_regular < min_regular * len(gaps):
        return False
    if not isinstance(labels, pd.DatetimeIndex) or (
        n_regular >= MIN_REGULAR * len(gaps) and not is_absolute(freq)
    ):
        return True
    wall, day = local_times(labels)[0].asi8[order], ticks_per_day(labels)
    between = np.diff(wall[:-1][gaps])
    n_scheduled = np.isin(between, [day, 7 * day]).sum()
    return bool(n_scheduled < 2 or 2 * n_scheduled < len(between))


def candidate_frequencies(labels: Any) -> Iterator[Any]:
    """Yield candidates for the frequency of labels, from their most frequent step."""
    is_datetime = isinstance(labels, pd.DatetimeIndex)
    local, is_daily = local_times(labels) if is_datetime else (labels, False)
    if is_daily:
        yield from _calendar_candidates(_days(local))
        return
    step = _most_frequent_step(ticks_of(labels))
    if step is not None and hasattr(labels, "unit"):
        offset = to_offset(pd.Timedelta(np.timedelta64(step, labels.unit)))
        if is_datetime and isinstance(offset, offsets.Day):
            offset = offsets.Hour(24 * offset.n)  # not days of the local clock
        yield offset
    elif step is not None:
        yield step


def _calendar_candidates(days: Any) -> Iterator[Any]:
    """Yield candidates for the frequency of dates without a time of day."""
    months, step = days.astype("M8[M]"), None
    starts = bool((months.astype("M8[D]") == days).all())
    if starts or _is_first_day(days + _ONE_DAY).all():
        step = _most_frequent_step(months.astype(np.int64))
    if step is not None:
        month = int(months[0].astype(np.int64)) % 12 + 1
        kind = "Begin" if starts else "End"
        if step % 12 == 0:
            yield getattr(offsets, f"Year{kind}")(step // 12, month=month)
        elif step % 3 == 0:
            month = (month - 1) % 3 + (1 if starts else 10)  # as in pandas' aliases
            yield getattr(offsets, f"Quarter{kind}")(step // 3, startingMonth=month)
        else:
            yield getattr(offsets, f"Month{kind}")(step)
    step, weekdays = _most_frequent_step(days.astype(np.int64)), weekdays_of(days)
    if step == 1 and (weekdays < 5).all():
        yield offsets.BusinessDay()
    elif step is not None and step % 7 == 0:
        yield offsets.Week(step // 7, weekday=int(weekdays[0]))
    elif step is not None:
        yield offsets.Day(step)


def _most_frequent_step(ticks: Any) -> int | None:
    """Return the most frequent step, or None if there is no step.

    Of equally frequent steps, return the shortest one.
    """
    steps = np.diff(np.sort(ticks))
    if len(steps) and (steps != steps[0]).any():
        values, counts = np.unique(steps, return_counts=True)
        steps = values[[counts.argmax()]]
    return int(steps[0]) or None if len(steps) else None


# ------------------------------------------------------------- labels and their steps


def read_labels(index: Any) -> tuple[Any, str]:
    """Return an index of dates, durations, periods or integers, and the original form.

    The form is

    - "" if the original labels are of the returned type,
    - "date" for `datetime.date` objects,
    - "local" for times with several offsets from UTC, returned as local times,
    - "text" for all other labels, which are returned unchanged.
    """
    kind = "text" if index.nlevels > 1 or index.hasnans else index.inferred_type
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex) and kind != "text":
            return index, ""
        if kind == "integer" and index.max() < 2**63:
            return pd.Index(index.to_numpy().astype(np.int64), name=index.name), ""
        if kind == "period":
            return pd.PeriodIndex(index), ""
        if kind == "timedelta":
            return pd.TimedeltaIndex(index), ""
        if kind == "date":
            dates = index.to_numpy().astype("M8[us]")
            return pd.DatetimeIndex(dates, name=index.name), "date"
        if kind == "datetime":
            zones = {str(time.tzinfo) for time in index}
            local = pd.DatetimeIndex([time.replace(tzinfo=None) for time in index])
            if len(zones) == 1 or (local - local.normalize()).nunique() > 1:
                return pd.DatetimeIndex(pd.to_datetime(index, utc=len(zones) > 1)), ""
            if "None" not in zones:
                return local.rename(index.name), "local"
    return index, "text"


def count_steps(labels: Any, freq: Any, *, holidays: bool = True) -> Any:
    """Return the positions of labels, in steps from the first label.

    Return None if a label does not fit `freq`. With `holidays`, up to ten missing
    business days in a row do not count as steps.
    """
    size = freq if isinstance(freq, int) else freq.n
    local, is_daily = labels, False
    if isinstance(labels, pd.DatetimeIndex):
        local, is_daily = local_times(labels)
    if isinstance(freq, int):
        steps = ticks_of(labels) - ticks_of(labels)[0]
    elif isinstance(labels, pd.TimedeltaIndex) or is_absolute(freq):
        tick, size = _DAY // ticks_per_day(labels), nanoseconds(freq)
        if not size:  # durations cannot be counted in months
            return None
        common = math.gcd(tick, size)
        steps, size = (labels.asi8 - labels.asi8[0]) * (tick // common), size // common
    elif type(freq) in _MONTHS or type(freq) in _DAYS:
        plain = not (freq.normalize or freq.kwds.get("offset"))
        steps = _count_days(_days(local), freq) if is_daily and plain else None
        size *= 7 if isinstance(freq, offsets.Week) else 1
        size *= _MONTHS.get(type(freq), 1)
    else:  # any other offset
        edges = local[[local.argmin(), local.argmax()]]
        grid = pd.date_range(*edges, freq=freq, unit=labels.unit).asi8
        steps, size = np.searchsorted(grid, local.asi8), 1
        steps = steps - steps[0] if np.isin(local.asi8, grid).all() else None
    if steps is None or (size > 1 and (steps % size).any()):
        return None
    steps = steps // size if size > 1 else steps
    if local is not labels and freq == offsets.Day():
        steps = skip_missing_days(steps, local, labels)
    return (
        _skip_holidays(steps) if holidays and is_business_days(labels, freq) else steps
    )


def _count_days(days: Any, freq: Any) -> Any:
    """Return the distances of days from the first day, in the unit of `freq`.

    The unit is a day, a business day or a month. Return None if a day does not fit
    `freq`.
    """
    if isinstance(freq, offsets.BusinessDay):  # also a CustomBusinessDay
        calendar = getattr(freq, "calendar", None) or np.busdaycalendar()
        on_grid = np.is_busday(days, busdaycal=calendar).all()
        return np.busday_count(days[0], days, busdaycal=calendar) if on_grid else None
    if not freq.is_on_offset(pd.Timestamp(days[0])):
        return None
    if type(freq) not in _MONTHS:
        return (days - days[0]).astype(np.int64)
    if type(freq).__name__.endswith("End"):
        days = days + _ONE_DAY
    months = days.astype("M8[M]").astype(np.int64)
    return months - months[0] if _is_first_day(days).all() else None


def is_business_days(labels: Any, freq: Any) -> bool:
    """Return whether the steps are business days."""
    return (freq == 1 and getattr(labels, "freqstr", None) == "B") or (
        type(freq) is offsets.BusinessDay and freq.n == 1
    )


def _skip_holidays(positions: Any) -> Any:
    """Return positions in which up to ten missing days in a row are not counted."""
    if (np.diff(positions) == 1).all():
        return positions
    values, where = np.unique(positions, return_inverse=True)
    steps = np.diff(values)
    steps[steps <= MAX_HOLIDAYS + 1] = 1
    counted = np.append(0, np.cumsum(steps))[where]
    return counted - counted[0]


def ticks_of(labels: Any) -> NDArray[np.int64]:
    return labels.asi8 if hasattr(labels, "asi8") else labels.to_numpy()


def _days(local: Any) -> Any:
    return local.to_numpy().astype("M8[D]")


def _is_first_day(days: Any) -> Any:
    return days.astype("M8[M]").astype("M8[D]") == days


def weekdays_of(days: Any) -> Any:
    """Return the weekdays of days; Monday is 0."""
    return (days.astype(np.int64) + 3) % 7


def is_absolute(offset: Any) -> bool:
    """Return whether an offset is a step in absolute time, such as hours."""
    # In pandas 2, Day is a Tick, although a day of the local clock may have 23 hours.
    return isinstance(offset, offsets.Tick) and not isinstance(offset, offsets.Day)


def nanoseconds(offset: Any) -> int:
    """Return the length of an offset; 0 for offsets of varying length, like months."""
    if isinstance(offset, offsets.Day):
        return int(offset.n) * _DAY
    return int(offset.nanos) if isinstance(offset, offsets.Tick) else 0
