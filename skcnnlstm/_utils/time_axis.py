"""TimeAxis: the positions of the rows of a series in time, and the labels after them.

`skcnnlstm._utils.frequency` documents the rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skcnnlstm._utils.frequency import find_frequency
from skcnnlstm._utils.time_labels import (
    Labels,
    decode_offset,
    is_absolute,
    localize,
    nanoseconds,
    read_labels,
    ticks_per_day,
)
from skcnnlstm._utils.time_steps import count_steps


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The rows of a series in time.

    All fields are plain values and arrays, except for a time zone without a name, an
    offset without an alias, and a label of kind "other".
    """

    kind: str  # "datetime", "timedelta", "period", "integer" or "other"
    freq: Any  # an alias, a dict or an int; None without a frequency
    positions: NDArray[np.int64]  # (n_rows,), in steps from the earliest row
    last: Any  # the latest label as an integer; for kind "other" the label itself
    longest: int | None = None  # without a frequency: the longest step, in ticks
    unit: Any = None  # this and the next two as for `Labels`
    tz: Any = None
    time_of_day: int | None = None
    name: Any = None
    has_dates: bool = False  # whether labels are `datetime.date`

    @property
    def last_label(self) -> Any:
        """The latest label, in an index of one row."""
        if self.kind in ("integer", "other"):
            return pd.Index([self.last], name=self.name)
        ticks = np.array([self.last], dtype=np.int64)
        if self.kind == "period":
            periods = pd.PeriodIndex.from_ordinals(ticks, freq=self.unit)
            return periods.rename(self.name)
        if self.kind == "timedelta":
            return pd.TimedeltaIndex(ticks.view(f"m8[{self.unit}]"), name=self.name)
        times = pd.DatetimeIndex(ticks.view(f"M8[{self.unit}]"), name=self.name)
        if self.tz not in (None, "mixed"):
            times = times.tz_localize("UTC").tz_convert(self.tz)
        return self._as_given(times)

    def next_labels(self, n_steps: int) -> Any:
        """Return the labels of the rows after the latest one.

        They are 1, 2, ... without a frequency. Business days skip no holidays. Times
        with more than one offset from UTC are continued as local times.
        """
        if self.freq is None:
            return pd.RangeIndex(1, n_steps + 1)
        if self.kind in ("integer", "period"):
            first = self.last + self.freq
            labels = pd.RangeIndex(first, first + self.freq * n_steps, self.freq)
            if self.kind == "period":
                labels = pd.PeriodIndex.from_ordinals(labels.to_numpy(), freq=self.unit)
            return labels.rename(self.name)
        try:
            return self._as_given(self._next_times(n_steps, self.unit))
        except (pd.errors.OutOfBoundsDatetime, OverflowError):  # nanoseconds after 2262
            return self._as_given(self._next_times(n_steps, "us"))

    def _as_given(self, times: Any) -> Any:
        return pd.Index(times.date, name=self.name) if self.has_dates else times

    def _next_times(self, n_steps: int, unit: Any) -> Any:
        offset, n_labels = decode_offset(self.freq), n_steps + 1
        if nanoseconds(offset) * ticks_per_day(unit) % (86_400 * 10**9):
            unit = "ns"  # a step is shorter than the resolution of the labels
        if self.kind == "timedelta":
            start = self.last_label[0].as_unit(unit)
            return pd.timedelta_range(
                start, periods=n_labels, freq=offset, unit=unit, name=self.name
            )[1:]
        has_zone = self.tz not in (None, "mixed")
        absolute = has_zone and is_absolute(offset)
        labels = read_labels(self.last_label, like=self)
        ticks = labels.ticks if absolute else labels.wall
        start = pd.Timestamp(ticks.view(f"M8[{self.unit}]")[0]).as_unit(unit)
        times = pd.date_range(
            start, periods=n_labels, freq=offset, unit=unit, name=self.name
        )[1:]
        if absolute:
            return times.tz_localize("UTC").tz_convert(self.tz)
        if not has_zone:
            return times
        times = localize(times, self.tz)
        try:
            return pd.DatetimeIndex(times, freq=offset)
        except Exception:  # clocks skip or repeat a midnight; pytz has its own errors
            return times

    def is_comparable(self, index: Any) -> bool:
        """Return whether labels are of the kind of the axis."""
        return self._is_comparable(read_labels(index, like=self))

    def _is_comparable(self, labels: Labels) -> bool:
        same_unit = self.kind != "period" or labels.unit == self.unit
        same_zone = (labels.tz is None) == (self.tz is None)
        return labels.kind == self.kind and same_unit and same_zone

    def locate(self, index: Any) -> NDArray[np.int64] | None:
        """Return the positions of labels, in steps from the latest row.

        The label at position 1 continues the series. Without a frequency later labels
        are consecutive, and the first one continues the series unless it is further
        away than the longest step of the series.

        Returns
        -------
        positions : ndarray of int of shape (n_labels,) or None
            None if a label is of kind "other" or of another kind than those of the
            axis, or is not on the grid.
        """
        labels = read_labels(index, like=self)
        if labels.ticks is None or not self._is_comparable(labels):
            return None
        if self.freq is not None:
            last = read_labels(self.last_label, like=self)
            return count_steps(labels, self.freq, last)
        later = labels.ticks > self.last
        ranks = np.argsort(np.argsort(labels.ticks)) + 1 - np.count_nonzero(~later)
        if later.any() and labels.ticks[later].min() - self.last > (self.longest or 0):
            ranks += later
        return ranks

    def after(self, index: Any) -> TimeAxis:
        """Return the axis that ends with later labels, which must be comparable."""
        labels, longest = read_labels(index, like=self), self.longest
        if labels.ticks is None:
            return replace(self, last=index[-1])
        if self.freq is None:
            steps = np.diff(np.sort(labels.ticks))
            longest = int(steps.max(initial=longest or 0))
        return replace(self, last=int(labels.ticks.max()), longest=longest)


def read_time_axis(index: Any, freq: Any = None) -> TimeAxis | None:
    """Return the time axis of the rows of a series; None without an index.

    Parameters
    ----------
    index : Index or None
        One label per row, without duplicates.
    freq : str, offset, int or None, default=None
        Explicit frequency: an alias or an offset of pandas; an integer for integer
        labels.

    Raises
    ------
    ValueError
        If a label does not fit an explicit frequency.
    """
    if index is None:
        if freq is not None:
            raise ValueError(
                f"freq must fit the labels: got freq={freq!r}, and no labels. Use "
                "freq=None, or a Series or DataFrame whose index holds dates."
            )
        return None
    labels = read_labels(index)
    freq, positions = find_frequency(index, labels, freq)
    last, longest = (index[-1] if len(index) else None), None
    if labels.ticks is not None and len(index):
        last = int(labels.ticks.max())
        if freq is None:
            longest = int(np.diff(np.sort(labels.ticks)).max(initial=0))
    return TimeAxis(
        labels.kind,
        freq,
        positions,
        last,
        longest,
        labels.unit,
        labels.tz,
        labels.time_of_day,
        index.name,
        index.inferred_type == "date",
    )


class Segments(NamedTuple):
    """Rows in time order, split at the gaps."""

    order: NDArray[np.intp]  # (n_rows,), the rows in time order
    starts: NDArray[np.intp]  # (n_segments,), where in that order each segment starts
    next_one: int | None  # the segment that continues the series of an axis

    def spans(self) -> list[tuple[int, int]]:
        """Return (start, stop) of each segment in `order`."""
        return list(pairwise([*self.starts.tolist(), len(self.order)]))


def find_segments(index: Any, n_rows: int, axis: TimeAxis | None = None) -> Segments:
    """Split rows at the gaps in their index.

    Parameters
    ----------
    index : Index or None
        One label per row; rows without labels have no gaps.
    n_rows : int
        Number of rows.
    axis : TimeAxis or None, default=None
        Time axis of a series that these rows may continue. Its frequency is used where
        the labels are on its grid; otherwise the frequency of the labels is used.
    """
    located = None if axis is None or index is None else axis.locate(index)
    positions = located
    if positions is None:
        own = read_time_axis(index)
        positions = np.arange(n_rows) if own is None else own.positions
    order = np.argsort(positions, kind="stable")
    positions = positions[order]
    starts = np.append(0, np.flatnonzero(np.diff(positions) != 1) + 1)
    next_one = None
    if located is not None and (positions[starts] == 1).any():
        next_one = int(np.argmax(positions[starts] == 1))
    return Segments(order, starts, next_one)
