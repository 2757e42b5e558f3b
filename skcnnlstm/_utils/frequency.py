"""Find the frequency of an index, and the positions of its labels in time.

The rule:

1. An explicit `freq` is used as given. Labels that are not on its grid are an error.
2. Otherwise the index's own `freq` is used, if it has one. A ``RangeIndex`` has its
   step, and a ``PeriodIndex`` without regular multiples has its period.
3. Otherwise the most frequent step is the candidate. If all labels start or end a
   month, the step is counted in months, quarters or years. Daily labels that are all
   weekdays are business days ("B"). Labels at one time of day are counted in days of
   the local clock, other labels in absolute time.
4. The candidate is accepted if every label is on its grid, and at least 90 % of
   consecutive labels are one step apart. Hours that are left out each day or each week
   by a schedule are no gaps: such a candidate is rejected.
5. Otherwise there is no frequency: rows are consecutive, and the rows after them are
   labelled 1, 2, ...

With a frequency, there is a gap between consecutive rows that are more than one step
apart. With "B", up to ten missing weekdays in a row are holidays, and no gap. In a time
zone, a midnight that does not exist is the first valid moment of its day, and an
ambiguous time is the first of the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from skcnnlstm._utils.time_labels import Labels, encode_offset, ticks_per_day
from skcnnlstm._utils.time_steps import (
    count_steps,
    is_business_days,
    is_first_day,
    skip_holidays,
    weekdays_of,
)

MIN_REGULAR = 0.9

_WEEKDAYS = "MON TUE WED THU FRI SAT SUN".split()
_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()


def find_frequency(index: Any, labels: Labels, freq: Any = None) -> tuple[Any, Any]:
    """Return the frequency of an index and the positions of its labels.

    Parameters
    ----------
    index : Index
    labels : Labels
        Those of the index, by `read_labels`.
    freq : str, offset, int or None, default=None
        Explicit frequency.

    Returns
    -------
    freq : str, dict, int or None
        The form that `encode_offset` returns; the step of integers and periods.
    positions : ndarray of int of shape (n_rows,)
        In steps from the earliest label; 0, 1, ... without a frequency.
    """
    consecutive = np.arange(len(index))
    explicit = None if freq is None else _read_explicit(index, labels, freq)
    if labels.ticks is None or not len(index):
        return explicit, consecutive
    first = labels.row(int(labels.ticks.argmin()))
    if explicit is not None:
        positions = count_steps(labels, explicit, first)
        if positions is None:
            _raise_off_grid(index, labels, freq, explicit, first)
        return explicit, positions
    own = _own_frequency(index)
    if own is not None:
        positions = count_steps(labels, own, first)
        if positions is not None:
            return own, positions
    for candidate in candidate_frequencies(labels):
        positions = count_steps(labels, candidate, first, holidays=False)
        if positions is not None and _is_regular(positions, labels):
            if is_business_days(labels, candidate):
                positions = skip_holidays(positions)
            return candidate, positions
    if labels.kind == "period":
        own = pd.PeriodIndex(index).freq.n
        return own, count_steps(labels, own, first)
    return None, consecutive


def _own_frequency(index: Any) -> Any:
    """Return the frequency stored in an index; None for a PeriodIndex."""
    if isinstance(index, pd.RangeIndex):
        return abs(index.step)
    if not isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        return None
    if index.freq is None or index.freq.n < 1:
        return None
    return encode_offset(index.freq)


def _is_regular(positions: Any, labels: Labels) -> bool:
    """Return whether labels are one step apart, except for a few irregular gaps.

    Regular gaps leave out the same hours of each day or week, for example the hours at
    night. Three gaps or more that are a day or a week apart are regular.
    """
    order = np.argsort(positions)
    gaps = np.diff(positions[order]) != 1
    if np.count_nonzero(~gaps) < MIN_REGULAR * len(gaps):
        return False
    if labels.kind != "datetime" or labels.time_of_day is not None:
        return True
    day = ticks_per_day(labels.unit)
    between = np.diff(labels.wall[order][:-1][gaps])
    n_scheduled = np.isin(between, [day, 7 * day]).sum()
    return bool(n_scheduled < 3 or 2 * n_scheduled < len(between))


def candidate_frequencies(labels: Labels) -> Iterator[Any]:
    """Yield the frequencies that may be the most frequent step."""
    if labels.kind == "datetime" and labels.time_of_day is not None:
        yield from _calendar_candidates(labels.wall // ticks_per_day(labels.unit))
        return
    step = _most_frequent_step(labels.ticks)
    if step is not None and labels.kind in ("integer", "period"):
        yield step
    elif step is not None:
        name = to_offset(pd.Timedelta(np.timedelta64(step, labels.unit))).freqstr
        if labels.kind == "datetime" and name.endswith("D"):
            name = f"{24 * int(name[:-1] or 1)}h"  # no day of the local clock
        yield name


def _calendar_candidates(days: Any) -> Iterator[str]:
    """Yield the frequencies of days, which are counted from 1970-01-01."""
    months = days.astype("M8[D]").astype("M8[M]")
    starts = is_first_day(days).all()
    step = None
    if starts or is_first_day(days + 1).all():
        step = _most_frequent_step(months.astype(np.int64))
    if step is not None:
        kind, month = "S" if starts else "E", int(months[0].astype(np.int64)) % 12
        if step % 12 == 0:
            yield _alias(step // 12, f"Y{kind}-{_MONTHS[month]}")
        elif step % 3 == 0:
            month = month % 3 + (0 if starts else 9)  # pandas' default: JAN, DEC
            yield _alias(step // 3, f"Q{kind}-{_MONTHS[month]}")
        else:
            yield _alias(step, f"M{kind}")
    step, weekdays = _most_frequent_step(days), weekdays_of(days)
    if step == 1 and (weekdays < 5).all():
        yield "B"
    elif step is not None and step % 7 == 0:
        yield _alias(step // 7, f"W-{_WEEKDAYS[weekdays[0]]}")
    elif step is not None:
        yield _alias(step, "D")


def _alias(n: int, name: str) -> str:
    return name if n == 1 else f"{n}{name}"


def _most_frequent_step(ticks: Any) -> int | None:
    """Return the most frequent step, the shortest of several; None without steps."""
    steps = np.diff(np.sort(ticks))
    if not len(steps):
        return None
    if (steps == steps[0]).all():
        return int(steps[0]) or None
    values, counts = np.unique(steps, return_counts=True)
    return int(values[counts.argmax()]) or None


def _read_explicit(index: Any, labels: Labels, freq: Any) -> Any:
    """Return an explicit frequency in the form that `find_frequency` returns."""
    is_integer = isinstance(freq, int | np.integer) and not isinstance(freq, bool)
    got = f"got freq={freq!r}, and an index of dtype {index.dtype}"
    if labels.kind == "other" or (labels.kind == "integer") != is_integer:
        remedy = "an index of dates (pandas.to_datetime)"
        if labels.kind == "integer":
            remedy = f"an integer, or {remedy}"
        elif labels.kind != "other":
            remedy = 'an alias such as "D"'
        raise ValueError(f"freq must fit the labels: {got}. Use {remedy}.")
    try:
        if is_integer:
            step = int(freq)
        elif labels.kind == "period":
            step = _step_of_periods(index, freq)
        else:
            step = to_offset(freq).n
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"freq must be an alias or an offset of pandas: {got} ({error})."
        ) from None
    if step < 1:
        raise ValueError(f"freq must be a positive step: {got}. Use freq=None.")
    return step if labels.kind in ("integer", "period") else encode_offset(freq)


def _step_of_periods(index: Any, freq: Any) -> int:
    """Return the step of a frequency of periods or of dates, such as "M" or "MS"."""
    try:
        offset = pd.PeriodDtype(freq).freq
    except ValueError:
        offset = pd.date_range("2000", periods=2, freq=freq).to_period().freq
    periods = pd.PeriodIndex(index)
    if offset.base != periods.freq.base:
        raise ValueError(f"the periods have the frequency {periods.freqstr!r}")
    return int(offset.n)


def _raise_off_grid(
    index: Any, labels: Labels, freq: Any, explicit: Any, first: Labels
) -> None:
    """Raise the error of an explicit frequency, with the first label that is wrong."""
    wrong = 0
    while count_steps(labels.row(wrong), explicit, first) is not None:
        wrong += 1
    raise ValueError(
        f"freq must fit every label: got freq={freq!r}, and {index[wrong]} is not on "
        "its grid. Use a frequency that fits, or freq=None."
    )
