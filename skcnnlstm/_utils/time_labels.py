"""Convert the labels of an index to integers, and offsets to plain values."""

from __future__ import annotations

import contextlib
import datetime
import functools
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.tseries import offsets
from pandas.tseries.frequencies import to_offset

_TICKS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Labels(NamedTuple):
    """Labels as integers, in the order of the rows."""

    kind: str  # "datetime", "timedelta", "period", "integer" or "other"
    ticks: Any = None  # (n_rows,), absolute; None for kind "other"
    unit: Any = None  # resolution of times, frequency of periods
    tz: Any = None  # "mixed": local times with more than one offset from UTC
    wall: Any = None  # (n_rows,), for datetimes: ticks of the local clock
    time_of_day: int | None = None  # ticks since midnight; None if they differ

    def row(self, number: int) -> Labels:
        """Return the labels of one row."""
        one = slice(number, number + 1)
        wall = None if self.wall is None else self.wall[one]
        return self._replace(ticks=self.ticks[one], wall=wall)


def read_labels(index: Any, like: Any = None) -> Labels:
    """Return the labels of an index as integers.

    Parameters
    ----------
    index : Index
    like : TimeAxis or None, default=None
        Axis that gives the unit, the time zone and the time of day. Labels that do not
        fit its unit are of kind "other".
    """
    kind = "other" if index.nlevels > 1 or index.hasnans else index.inferred_type
    if kind == "integer":
        values = index.to_numpy()
        with contextlib.suppress(OverflowError):
            if values.dtype.kind != "u" or values.max(initial=0) < 2**63:
                return Labels("integer", values.astype(np.int64))
    elif kind == "period":
        periods = pd.PeriodIndex(index)
        return Labels("period", periods.asi8, periods.freqstr)
    elif kind in ("timedelta64", "timedelta"):
        times = _in_unit(pd.TimedeltaIndex(index), like)
        if times is not None:
            return Labels("timedelta", times.asi8, times.unit)
    elif kind in ("datetime64", "datetime", "date"):
        times, tz = _read_times(index, like)
        times = None if times is None else _in_unit(times, like)
        if times is not None:
            return _with_clock(times, tz, like)
    return Labels("other")


def _in_unit(times: Any, like: Any) -> Any:
    """Return times in the unit of an axis; None if they do not fit it."""
    if like is None or like.kind not in ("datetime", "timedelta"):
        return times
    try:
        converted = times.as_unit(like.unit)
    except (pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta):
        return None
    return converted if (converted == times).all() else None


def _read_times(index: Any, like: Any) -> tuple[Any, Any]:
    """Return dates and times as a DatetimeIndex, and the time zone of `Labels`.

    Both are None if some labels have a time zone and others have none.
    """
    if isinstance(index, pd.DatetimeIndex):
        times = index
    else:
        values = index.to_numpy(dtype=object)
        zones = {str(getattr(value, "tzinfo", None)) for value in values}
        if zones == {"None"}:
            return pd.DatetimeIndex(values.astype("M8[us]")), None
        if "None" in zones:
            return None, None
        if len(zones) > 1:
            wall = np.array([v.replace(tzinfo=None) for v in values], dtype="M8[us]")
            is_daily = len(np.unique(wall - wall.astype("M8[D]"))) == 1
            if is_daily if like is None else like.tz == "mixed":
                return pd.DatetimeIndex(wall), "mixed"
            values = np.array([v.astimezone(datetime.UTC) for v in values])
        times = pd.DatetimeIndex(values)
    if like is None or like.tz is None or times.tz is None:
        return times, _zone_name(times.tz)
    if like.tz == "mixed":
        return times.tz_localize(None), "mixed"
    return times.tz_convert(like.tz), like.tz


def _zone_name(tz: Any) -> Any:
    """Return the name of a time zone; the zone itself if pandas cannot read a name."""
    return str(tz) if tz is not None and _is_zone(str(tz)) else tz


@functools.lru_cache(maxsize=64)
def _is_zone(name: str) -> bool:
    try:
        return str(pd.DatetimeIndex([], tz=name).tz) == name
    except Exception:  # each library of time zones has its own error
        return False


def _with_clock(times: Any, tz: Any, like: Any) -> Labels:
    """Return times with the ticks of the local clock, and their time of day."""
    ticks, unit = times.asi8, times.unit
    has_zone = tz not in (None, "mixed")
    wall = times.tz_localize(None).asi8 if has_zone else ticks
    labels = Labels("datetime", ticks, unit, tz, wall)
    if not len(ticks) or (like is not None and like.time_of_day is None):
        return labels
    day = ticks_per_day(unit)
    times_of_day = wall % day
    usual = times_of_day[0] if like is None else like.time_of_day
    if has_zone and (times_of_day != usual).any():
        if like is None:
            values, counts = np.unique(times_of_day, return_counts=True)
            usual = values[counts.argmax()]
        # A midnight that the clocks skip has become 01:00. Read it as midnight.
        regular = (wall - usual + day // 2) // day * day + usual
        skipped = np.flatnonzero(regular != wall)
        if like is not None or 2 * len(skipped) < len(wall):
            midnights = pd.DatetimeIndex(regular[skipped].view(f"M8[{unit}]"))
            if (localize(midnights, tz).asi8 == ticks[skipped]).all():
                return labels._replace(wall=regular, time_of_day=int(usual))
    if (times_of_day != usual).any():
        return labels
    return labels._replace(time_of_day=int(usual))


def ticks_per_day(unit: Any) -> int:
    """Return how many steps of a resolution a day has."""
    return 86_400 * _TICKS_PER_SECOND[unit]


def localize(times: Any, tz: Any) -> Any:
    """Return local times in a time zone: the first valid moment, the first of two."""
    first = np.ones(len(times), dtype=bool)
    return times.tz_localize(tz, ambiguous=first, nonexistent="shift_forward")


# ----------------------------------------------------------------------------- offsets


def is_absolute(offset: Any) -> bool:
    """Return whether an offset is a step in absolute time, such as hours."""
    # A day is a tick in pandas 2, where a day of the clock has 23 to 25 hours, too.
    return isinstance(offset, offsets.Tick) and not isinstance(offset, offsets.Day)


def nanoseconds(offset: Any) -> int:
    """Return the length of days, hours and the like; 0 if the length varies."""
    if isinstance(offset, offsets.Day):
        return int(offset.n) * 86_400 * 10**9
    return int(offset.nanos) if isinstance(offset, offsets.Tick) else 0


def encode_offset(freq: Any) -> Any:
    """Return the alias of an offset, or a dict; the offset itself if it has neither."""
    offset = to_offset(freq)
    with contextlib.suppress(ValueError):
        if to_offset(offset.freqstr) == offset:
            return offset.freqstr
    spec = {"class": type(offset).__name__, "n": offset.n}
    if type(offset) is offsets.DateOffset:
        spec |= offset.kwds
    elif type(offset) is offsets.CustomBusinessDay:
        holidays = [str(day) for day in offset.holidays]
        spec |= {"weekmask": offset.weekmask, "holidays": holidays}
    with contextlib.suppress(ValueError, TypeError):
        if decode_offset(spec) == offset:
            return spec
    return offset


def decode_offset(freq: Any) -> Any:
    """Return the offset that `encode_offset` encoded."""
    if not isinstance(freq, dict):
        return _read_alias(freq)
    params = {name: value for name, value in freq.items() if name != "class"}
    return getattr(offsets, freq["class"])(**params)


@functools.lru_cache(maxsize=256)
def _read_alias(freq: Any) -> Any:
    return to_offset(freq)
