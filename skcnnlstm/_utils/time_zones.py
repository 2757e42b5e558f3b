"""Times of the local clock, and days that a time zone skips."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

_TICKS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def ticks_per_day(times: Any) -> int:
    """Return the number of ticks in a day, in the unit of `times`."""
    return 86_400 * _TICKS_PER_SECOND[times.unit]


def local_times(times: Any) -> tuple[Any, bool]:
    """Return times of the local clock, and whether all have the same time of day.

    If a clock change skips a midnight, pandas gives 01:00. Such a time is returned as
    midnight.
    """
    local, day = times.tz_localize(None), ticks_per_day(times)
    times_of_day = np.unique(local.asi8 % day)
    if len(times_of_day) == 2 and times.tz is not None:
        for usual in times_of_day:
            ticks = (local.asi8 - usual + day // 2) // day * day + usual
            regular = pd.DatetimeIndex(ticks.view(f"M8[{times.unit}]"))
            if (localize(regular, times.tz) == times).all():
                return regular, True
    return local, len(times_of_day) == 1


def localize(times: Any, tz: Any) -> Any:
    """Return times with a time zone.

    A time that does not exist becomes the next valid time. An ambiguous time becomes
    its first occurrence.
    """
    first = np.ones(len(times), dtype=bool)
    return times.tz_localize(tz, ambiguous=first, nonexistent="shift_forward")


def day_exists(days: Any, tz: Any) -> Any:
    """Return whether each local day exists in a time zone."""
    noon = days.normalize() + pd.Timedelta("12h")
    first = np.ones(len(noon), dtype=bool)
    return noon.tz_localize(tz, ambiguous=first, nonexistent="NaT").notna()


def skip_missing_days(steps: Any, local: Any, times: Any) -> Any:
    """Return steps without the days that a time zone skips at the date line."""
    if np.ptp(local.asi8 - times.asi8) < ticks_per_day(times) // 2:
        return steps
    days = pd.date_range(local.min(), local.max())
    skipped = np.searchsorted(days[~day_exists(days, times.tz)], local)
    return steps - (skipped - skipped[0])
