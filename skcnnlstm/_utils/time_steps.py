"""Count steps of a frequency between labels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries import offsets

from skcnnlstm._utils.time_labels import (
    Labels,
    decode_offset,
    is_absolute,
    nanoseconds,
    ticks_per_day,
)

MAX_HOLIDAYS = 10  # missing business days in a row; more are a gap

_MONTHS_PER_STEP = {
    offsets.MonthBegin: 1,
    offsets.MonthEnd: 1,
    offsets.QuarterBegin: 3,
    offsets.QuarterEnd: 3,
    offsets.YearBegin: 12,
    offsets.YearEnd: 12,
}


def count_steps(
    labels: Labels, freq: Any, origin: Labels, *, holidays: bool = True
) -> Any:
    """Return the positions of labels, in steps from one label.

    Parameters
    ----------
    labels : Labels
    freq : str, dict or int
        In the form that `find_frequency` returns.
    origin : Labels
        One label, in the unit and the time zone of the others.
    holidays : bool, default=True
        Whether up to ten missing business days in a row are holidays.

    Returns
    -------
    positions : ndarray of int of shape (n_rows,) or None
        None if a label is not on the grid.
    """
    if labels.kind in ("integer", "period"):
        steps, size = labels.ticks - origin.ticks[0], freq
    else:
        steps, size = _count_time(labels, decode_offset(freq), origin)
    if steps is None or (size > 1 and (steps % size).any()):
        return None
    steps = steps // size if size > 1 else steps
    if holidays and is_business_days(labels, freq):
        return skip_holidays(steps)
    return steps


def is_business_days(labels: Labels, freq: Any) -> bool:
    """Return whether the steps are business days."""
    return "B" in (freq, labels.unit)


def _count_time(labels: Labels, offset: Any, origin: Labels) -> tuple[Any, int]:
    """Return small steps from the origin, and how many of them make one step."""
    if labels.kind == "timedelta" or is_absolute(offset):
        tick, size = 86_400 * 10**9 // ticks_per_day(labels.unit), nanoseconds(offset)
        common = math.gcd(tick, size)
        if not common:  # months of a timedelta
            return None, 1
        return (labels.ticks - origin.ticks[0]) * (tick // common), size // common
    cls = type(offset)
    is_business = cls is offsets.BusinessDay and not offset.kwds["offset"]
    is_calendar = cls in _MONTHS_PER_STEP or cls in (offsets.Day, offsets.Week)
    if not (is_business or is_calendar) or offset.normalize:
        return _count_on_grid(labels, offset, origin), 1
    if labels.time_of_day is None:
        return None, 1
    days = labels.wall // ticks_per_day(labels.unit)
    first = origin.wall[0] // ticks_per_day(labels.unit)
    if cls is offsets.Day:
        return days - first, offset.n
    # The origin is on the grid. The other labels must be whole steps away.
    if not offset.is_on_offset(pd.Timestamp(np.datetime64(int(first), "D"))):
        return None, 1
    if cls is offsets.Week:
        return days - first, 7 * offset.n
    if is_business:
        weekdays, start = weekdays_of(days), weekdays_of(first)
        weeks = (days - weekdays - first + start) // 7
        steps = 5 * weeks + weekdays - start
        return (steps if (weekdays < 5).all() else None), offset.n
    is_end = cls.__name__.endswith("End")
    if not is_first_day(days + is_end).all():
        return None, 1
    months = np.append(days, first).astype("M8[D]").astype("M8[M]").astype(np.int64)
    return months[:-1] - months[-1], _MONTHS_PER_STEP[cls] * offset.n


def is_first_day(days: Any) -> Any:
    """Return which days, counted from 1970-01-01, are the first of their month."""
    days = days.astype("M8[D]")
    return days.astype("M8[M]").astype("M8[D]") == days


def weekdays_of(days: Any) -> Any:
    """Return the weekdays of days that are counted from 1970-01-01; Monday is 0."""
    return (days + 3) % 7


def _count_on_grid(labels: Labels, offset: Any, origin: Labels) -> Any:
    """Return positions on the grid of any other offset, which pandas generates."""
    wall = np.append(labels.wall, origin.wall)
    edges = np.array([wall.min(), wall.max()]).view(f"M8[{labels.unit}]")
    grid = pd.date_range(*pd.DatetimeIndex(edges), freq=offset, unit=labels.unit).asi8
    positions = np.searchsorted(grid, wall)
    if not np.isin(wall, grid).all():
        return None
    return positions[:-1] - positions[-1]


def skip_holidays(positions: Any) -> Any:
    """Count up to ten missing business days in a row as no steps."""
    values, where = np.unique(np.append(positions, 0), return_inverse=True)
    steps = np.diff(values)
    steps[steps <= MAX_HOLIDAYS + 1] = 1
    counted = np.append(0, np.cumsum(steps))[where]
    return counted[:-1] - counted[-1]
