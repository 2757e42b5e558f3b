"""TimeAxis: positions of rows in time, gaps between rows, and the labels that follow.

`skcnnlstm._utils.time_index` documents how a frequency and gaps are found.
"""

from __future__ import annotations

import bisect
import contextlib
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries import offsets
from pandas.tseries.frequencies import to_offset

from skcnnlstm._utils.segments import Segments, split_at_gaps
from skcnnlstm._utils.time_index import (
    MIN_REGULAR,
    count_steps,
    find_frequency,
    is_absolute,
    is_business_days,
    nanoseconds,
    read_labels,
    ticks_of,
)
from skcnnlstm._utils.time_zones import day_exists, local_times, localize, ticks_per_day
from skcnnlstm._utils.validation import check_time_order


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The positions of the rows of a series in time, and their labels."""

    freq: Any  # an offset, or the step of integers and periods; None: no frequency
    positions: Any  # (n_rows,), in steps from the earliest row
    labels: Any  # labels of the rows, as `read_labels` returns them
    ends: Any  # the earliest and the latest label, as `read_labels` returns them
    form: str  # form of the original labels, as `read_labels` returns it
    longest: int | None = None  # the longest step, if there is no frequency

    @property
    def alias(self) -> Any:
        """The frequency as a pandas alias, or the step of integers and periods."""
        return getattr(self.freq, "freqstr", self.freq)

    @property
    def last_label(self) -> Any:
        """The latest label, as an index with one label."""
        return self._as_given(self.ends[-1:])

    def next_labels(self, n_steps: int) -> Any:
        """Return the labels of the `n_steps` rows after the latest row.

        Without a frequency, the labels are 1, 2, ... With the frequency "B", holidays
        get labels too. Times with several offsets from UTC continue as local times.
        """
        if self.freq is None:
            return pd.RangeIndex(1, n_steps + 1)
        if isinstance(self.freq, int):
            first = int(ticks_of(self.ends)[-1]) + self.freq
            labels = pd.RangeIndex(first, first + self.freq * n_steps, self.freq)
            if isinstance(self.ends, pd.PeriodIndex):
                labels = pd.PeriodIndex.from_ordinals(labels, freq=self.ends.freqstr)
            return labels.rename(self.ends.name)
        unit = self.ends.unit
        if nanoseconds(self.freq) % (86_400 * 10**9 // ticks_per_day(self.ends)):
            unit = "ns"  # a step is shorter than the resolution of the labels
        try:
            return self._as_given(self._next_times(n_steps, unit))
        except (pd.errors.OutOfBoundsDatetime, OverflowError):  # nanoseconds after 2262
            return self._as_given(self._next_times(n_steps, "us"))

    def _next_times(self, n_steps: int, unit: str) -> Any:
        ends, options = self.ends, {"periods": n_steps + 1, "freq": self.freq}
        options |= {"unit": unit, "name": ends.name}
        if isinstance(ends, pd.TimedeltaIndex):
            with contextlib.suppress(pd.errors.OutOfBoundsTimedelta):
                return pd.timedelta_range(ends[-1].as_unit(unit), **options)[1:]
            # `timedelta_range` counts in nanoseconds, at most 292 years.
            step = pd.Timedelta(self.freq).as_unit(ends.unit)
            return ends[-1:].repeat(n_steps) + np.arange(1, n_steps + 1) * step
        is_local = ends.tz is not None and not is_absolute(self.freq)
        start = (local_times(ends)[0] if is_local else ends)[-1].as_unit(unit)
        if is_local and isinstance(self.freq, offsets.Day | offsets.BusinessDay):
            options["periods"] += 1  # a zone skips at most one day
            times = pd.date_range(start, **options)[1:]
            times = times[day_exists(times, ends.tz)][:n_steps]
        else:
            times = pd.date_range(start, **options)[1:]
        if is_local:
            times = localize(times, ends.tz)
            with contextlib.suppress(Exception):  # if clocks skip or repeat a midnight
                times = pd.DatetimeIndex(times, freq=self.freq)
        return times

    def _as_given(self, labels: Any) -> Any:
        if self.form == "date":
            with contextlib.suppress(ValueError):  # dates of Python end in 9999
                return pd.Index(labels.date, name=labels.name)
        return labels

    def join(self, index: Any) -> Any:
        """Return `ends` and the labels of `index` in one index.

        Return None if the labels cannot be compared with those of the axis.
        """
        labels, form = read_labels(index)
        if "text" in (form, self.form) or type(labels) is not type(self.ends):
            return None
        if isinstance(labels, pd.PeriodIndex) and labels.dtype != self.ends.dtype:
            return None
        if isinstance(labels, pd.DatetimeIndex):
            if self.form == "local" and labels.tz is not None:
                labels = labels.tz_localize(None)
            if (labels.tz is None) != (self.ends.tz is None):
                return None
            labels = labels if labels.tz is None else labels.tz_convert(self.ends.tz)
        with contextlib.suppress(ValueError):  # nanoseconds cannot hold a date
            joined = self.ends.append(labels)
            return joined if joined.dtype.kind in "iMm" or form == "" else None

    def ends_like(self, other: TimeAxis) -> bool:
        """Return whether another axis has the same frequency and the same ends."""
        one, two = self.ends, other.ends
        same = self.freq == other.freq and self.form == other.form
        same = same and one.dtype == two.dtype and one.name == two.name
        return bool(same and one.equals(two))

    def between(self, start: int, stop: int) -> TimeAxis:
        """Return the axis of the rows from `start` up to `stop`, without `stop`.

        All rows must be in time order.
        """
        positions, labels = self.positions[start:stop], self.labels[start:stop]
        ends = labels[[0, -1]] if self.form != "text" else labels[-1:]
        return replace(self, positions=positions, labels=labels, ends=ends)

    def without_rows(self) -> TimeAxis:
        """Return the axis without positions and labels, to save memory."""
        return replace(self, positions=None, labels=None)

    def is_before(self, index: Any) -> bool:
        """Return whether all labels of `index` are later than the labels of the axis.

        The labels must be comparable. For text, the result is True.
        """
        joined = self.join(index)
        if joined is None:  # text
            return True
        return bool((ticks_of(joined)[2:] > ticks_of(joined)[1]).all())

    def is_comparable(self, index: Any) -> bool:
        """Return whether labels of `index` can be compared with those of the axis."""
        both_text = self.form == "text" == read_labels(index)[1]
        return both_text or self.join(index) is not None

    def locate(self, index: Any) -> NDArray[np.int64] | None:
        """Return the positions of labels, in steps from the latest row.

        The label at position 1 continues the series. Without a frequency, later labels
        count as consecutive: the first later label gets position 1, or position 2 if it
        is further away than the longest step of the series. Return None if labels
        cannot be compared with those of the axis, or do not fit its frequency.
        """
        joined = self.join(index)
        if joined is None:
            return None
        if self.freq is not None:
            positions = count_steps(joined, self.freq)
            if positions is None and self._may_be_days():
                positions = count_steps(joined, offsets.Day())
            return None if positions is None else positions[2:] - positions[1]
        ahead = ticks_of(joined[2:]) - ticks_of(joined)[1]
        later = ahead > 0
        ranks = np.argsort(np.argsort(ahead)) + 1 - np.count_nonzero(~later)
        if later.any() and _nanoseconds(joined, ahead[later].min()) > (
            self.longest or 0
        ):
            ranks += later
        return ranks

    def _may_be_days(self) -> bool:
        """Return whether labels with the frequency "B" may also be daily labels.

        A series of less than five days may have no weekend yet.
        """
        is_business = is_business_days(self.ends, self.freq)
        return is_business and bool(self.ends[1] - self.ends[0] < pd.Timedelta("5D"))

    def after(self, index: Any) -> TimeAxis:
        """Return the axis extended to the later labels of `index`."""
        joined, longest = self.join(index), self.longest
        if joined is None:
            return replace(self, ends=index[-1:])
        if longest is not None:
            longest = max(longest, _longest_step(joined[2:]))
        ends = joined.take(np.array([0, 2 + ticks_of(joined[2:]).argmax()]))
        return replace(self, ends=ends.rename(self.ends.name), longest=longest)


def read_time_axis(
    index: Any, freq: Any = None, min_regular: float = MIN_REGULAR
) -> TimeAxis:
    """Return the time axis of the rows of a series.

    Parameters
    ----------
    index : Index
        One label per row, without duplicates.
    freq : str, offset, int or None, default=None
        Explicit frequency: an alias or an offset of pandas, or an integer for integer
        labels. None finds the frequency.
    min_regular : float, default=MIN_REGULAR
        Parameter of `find_frequency`.

    Raises
    ------
    ValueError
        If a label does not fit an explicit frequency.
    """
    labels, form = read_labels(index)
    if form == "text" or not len(labels):
        if freq is not None:
            freq = read_frequency(freq, labels)
        return TimeAxis(freq, np.arange(len(index)), index, index[-1:], "text")
    ticks = ticks_of(labels)
    ends = labels.take(np.array([ticks.argmin(), ticks.argmax()]))
    if freq is None:
        found, positions = find_frequency(index, labels, min_regular)
    else:
        found = read_frequency(freq, labels)
        positions = count_steps(labels, found)
        if positions is None:
            _raise_off_grid(index, labels, freq, found)
    if found is not None:
        return TimeAxis(found, positions - positions.min(), labels, ends, form)
    consecutive = np.arange(len(index))
    return TimeAxis(None, consecutive, labels, ends, form, _longest_step(labels))


def _raise_off_grid(index: Any, labels: Any, freq: Any, offset: Any) -> None:
    """Raise an error with the first label that does not fit an explicit frequency."""
    wrong = bisect.bisect_left(
        range(len(labels)),
        True,
        key=lambda row: count_steps(labels[: row + 1], offset) is None,
    )
    raise ValueError(
        f"freq must fit every label: got freq={freq!r}, which does not fit "
        f"{index[wrong]}. Use another frequency, or freq=None to infer it."
    )


def read_frequency(freq: Any, labels: Any) -> Any:
    """Return an explicit frequency as an offset; for integers and periods, as a number.

    Raise ValueError if it is not a positive step that fits `labels`.
    """
    is_integer = isinstance(freq, int | np.integer) and not isinstance(freq, bool)
    n, hints = 0, []
    try:
        if labels.dtype.kind == "i":
            n = offset = int(freq) if is_integer else 0
        elif isinstance(labels, pd.PeriodIndex):
            try:
                offset = pd.PeriodDtype(freq).freq
            except ValueError:  # an alias for dates, such as "MS"
                offset = pd.date_range("2000", periods=2, freq=freq).to_period().freq
            n = offset = offset.n if offset.base == labels.freq.base else 0
        elif hasattr(labels, "unit") and not is_integer:
            offset = to_offset(freq)
            n = offset.n
    except (ValueError, TypeError, AttributeError) as error:
        # The message of pandas may contain the new alias for an old one.
        hints = re.findall(r"(?:Please use|Did you mean) '?(\w+)", str(error))
    if n > 0:
        return offset
    remedy = "Use freq=None"
    if labels.dtype.kind == "i":
        remedy = "Use a positive integer, or an index of dates (pandas.to_datetime)"
    elif isinstance(labels, pd.PeriodIndex):
        remedy = f"Use freq={labels.freqstr!r}"
    elif not hasattr(labels, "unit"):
        remedy = "Use freq=None, or an index of dates (pandas.to_datetime)"
    else:
        fitting = hints or [getattr(find_frequency(labels, labels)[0], "freqstr", None)]
        if fitting[0] is not None:
            remedy = f"Use freq={fitting[0]!r}, or freq=None to infer it"
    raise ValueError(
        f"freq must be a positive step that fits the labels: got freq={freq!r}, and an "
        f"index of dtype {labels.dtype}. {remedy}."
    )


def _longest_step(labels: Any) -> int:
    """Return the longest step between labels; steps of times are in nanoseconds."""
    return _nanoseconds(labels, np.diff(np.sort(ticks_of(labels))).max(initial=0))


def _nanoseconds(labels: Any, ticks: Any) -> int:
    size = 86_400 * 10**9 // ticks_per_day(labels) if hasattr(labels, "unit") else 1
    return int(ticks) * size


def find_segments(
    index: Any,
    n_rows: int,
    axis: TimeAxis | None = None,
    min_regular: float = MIN_REGULAR,
) -> Segments:
    """Split rows at the gaps in their index.

    Parameters
    ----------
    index : Index or None
        One label per row. None means rows without labels, which have no gaps.
    n_rows : int
        Number of rows.
    axis : TimeAxis or None, default=None
        Time axis of a series that these rows may continue. Its frequency is used if all
        labels fit it. Otherwise, the frequency of the labels is inferred.
    min_regular : float, default=MIN_REGULAR
        Parameter of `find_frequency`.
    """
    located = None if axis is None or index is None else axis.locate(index)
    positions = np.arange(n_rows) if located is None else located
    if index is not None and located is None:
        own = read_time_axis(index, min_regular=min_regular)
        positions = own.positions
        if own.freq is None:
            check_time_order(index)
    return split_at_gaps(positions, continues=located is not None)
