"""Where the rows of a series end in time, and what comes after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skcnnlstm._utils.time_index import (
    LONGEST_HOLIDAY,
    Frequency,
    find_frequency,
    find_places,
    find_segments,
    join_labels,
    label_kind,
)
from skcnnlstm._utils.validation import check_enough_rows, remedy_for_short_series
from skcnnlstm.forecasting.panel import listed

_DATES_AS_OBJECTS = ("string", "date", "datetime")
_DAY = pd.Timedelta(1, "D").as_unit("ns")


def _step(index):
    """Return what leads from one label to the next, None where it varies."""
    if isinstance(index, pd.RangeIndex):
        return index.step
    if isinstance(index, pd.PeriodIndex):
        return 1
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        # None where the steps vary. (pandas 3.1 warns of changes to `infer_freq`.)
        return index.freq or type(index)(index, freq="infer").freq
    if index.inferred_type == "integer":
        gaps = np.diff(index)
        return int(gaps[0]) if len(gaps) and (gaps == gaps[0]).all() else None
    return None


def _step_between_gaps(index, clock):
    """Return the step of a clock that may name rows to come, else None.

    Rows must be one step apart as a rule, and what is missing by chance: business days
    have holidays ahead that nothing here knows, and where no row is of a Sunday, of
    the night or of July as a rule, none that follows will be.
    """
    if clock is None or clock.name == "B":
        return None
    places = find_places(index, clock)
    if places is None or np.median(np.diff(places)) != 1:
        return None
    if clock.kind == "integer":
        return clock.step
    step = clock.step if clock.kind == "calendar" else pd.Timedelta(clock.step, "ns")
    if clock.kind == "datetime64" or clock.kind == "calendar":
        dates = index.tz_localize(None).as_unit("ns")
        grid = pd.date_range(dates[0], dates[-1], freq=step, unit="ns")
        return None if _leaves_out(dates, grid) else step
    return step


def _leaves_out(dates, grid):
    """Say whether dates leave out an hour, an hour of the week or a month of a grid.

    That is where it comes round without a date twice or more, and more often than
    with one.
    """
    rounds = [(dates.to_period("M").unique().month, grid.to_period("M").unique().month)]
    if len(grid) > 1 and np.diff(grid[:2])[0] <= _DAY:
        rounds += [
            (dates.asi8 % period.value, grid.asi8 % period.value)
            for period in (_DAY, 7 * _DAY)
        ]
    for known, possible in rounds:
        parts, places = np.unique(np.append(possible, known), return_inverse=True)
        n_possible = np.bincount(places[: len(possible)], minlength=len(parts))
        n_known = np.bincount(places[len(possible) :], minlength=len(parts))
        n_missing = n_possible - n_known
        if ((n_missing > 1) & (n_missing > n_known)).any():
            return True
    return False


def are_comparable(one, other):
    """Say whether labels of one index may be those of another.

    Text, floats and date objects, which have no kind, may be.
    """
    kinds = label_kind(one), label_kind(other)
    return join_labels(one[:1], other[:1]) is not None or kinds == ("other", "other")


def described(index):
    """Say of what kind the labels of an index are."""
    return f"{type(index).__name__} of dtype {index.dtype}"


def check_same_kind(index, known):
    """Raise where covariates have labels of another kind than the series."""
    if are_comparable(index, known):
        return
    way_out = (
        "Give exog the index of the series and of the rows ahead, or of just the rows "
        "wanted an array (exog.to_numpy())"
    )
    if {label_kind(index), label_kind(known)} == {"datetime64"}:
        way_out = f"Use exog.tz_localize({str(known.tz) if known.tz else None!r})"
    elif label_kind(known) == "datetime64" and index.inferred_type in _DATES_AS_OBJECTS:
        way_out = "Use exog.set_axis(pandas.to_datetime(exog.index))"
    raise ValueError(
        "exog must have labels of the kind that the series has: got "
        f"{described(index)}, the series has {described(known)}. {way_out}."
    )


def _for_each(way_out, id_column):
    """Say how to do with each series of a long frame what is done with one."""
    if id_column is None:
        return way_out
    return (
        f"series.drop(columns={id_column!r}).groupby(series[{id_column!r}]).apply("
        f"lambda one: {way_out.replace('series', 'one')}).reset_index({id_column!r})"
    )


def _numbered(id_column):
    """Say how to number rows from 0."""
    if id_column is None:
        return "series.reset_index(drop=True)"
    return f"series.set_index(series.groupby({id_column!r}).cumcount())"


def without_gaps(index, clock):
    """Say how to fill the gaps of a time index whose regular runs `clock` shows."""
    if clock.kind == "integer":
        first, last = int(index[0]), int(index[-1])
        return f"series.reindex(range({first}, {last + 1}, {clock.step}))"
    if clock.kind == "period":
        return "series.resample(series.index.freq).mean()"
    name = clock.name
    if not name:
        name = pd.tseries.frequencies.to_offset(pd.Timedelta(clock.step, "ns")).freqstr
    if clock.kind == "timedelta64":  # pandas' `asfreq` takes none of these
        return f"series.resample({name!r}).mean()"
    return f"series.asfreq({name!r})"


@dataclass(frozen=True)
class Calendar:
    """Where the fitted rows end in time, and what comes after them."""

    last: pd.Index  # the last label alone, as an index of its kind
    step: Any  # an offset, an integer or None
    clock: Frequency | None  # of the runs without gaps, where they show one
    longest: Any  # gap between known rows, where there is no clock
    way_out: str  # for a forecast without a step

    @classmethod
    def of(cls, index, clock):
        """Read off an index, whose clock is `find_frequency(index)`, where it ends."""
        step, longest = _step(index), None
        step = _step_between_gaps(index, clock) if step is None else step
        if clock is None and label_kind(index) != "other":
            longest = (index[1:] - index[:-1]).max()
        way_out = "series.resample('D').mean()"  # uneven dates lie on no grid
        if label_kind(index) not in ("datetime64", "timedelta64"):
            way_out = "series.asfreq('D')"
        if clock is not None and step is None:
            way_out = without_gaps(index, clock)
        return cls(index[-1:].copy(), step, clock, longest, way_out)

    def nearly_precedes(self, index):
        """Say whether the first label follows where no step can tell that it does.

        That is a later label within the longest gap seen: after a weekend or a
        holiday, not after a year.
        """
        joined = join_labels(self.last, index)
        if self.longest is None or joined is None:
            return False
        return bool(joined[0] < joined[1] <= joined[0] + self.longest)

    def following_in(self, known, steps):
        """Return the labels of the next `steps` rows, where a table knows of them.

        The calendar goes first. The labels in `known` after the last one are taken
        where nothing else can name them (labels without a step, and after a gap), and
        where rows on business days have no holidays in it.
        """
        if self.step is not None:
            labels = self.following(steps)
            if not self._may_skip_days() or labels.isin(known).all():
                return labels
        later = self._later(known)[:steps]
        if len(later) < steps:
            raise ValueError(
                f"exog must have a row for each of the {steps} rows that follow "
                f"{self.last[0]}: got {len(later)} later ones. predict and forecast "
                "need the rows of the horizon ahead, too."
            )
        self._check_consecutive(later)
        return later

    def _may_skip_days(self):
        return self.clock is not None and self.clock.name == "B"

    def _later(self, known):
        """Return the labels of a table that come after the last one, in order."""
        joined = join_labels(self.last, known)
        if joined is not None:
            later = joined[1:][np.asarray(joined[1:] > joined[0])]
            return later.sort_values().rename(self.last.name)
        check_same_kind(known, self.last)
        # Labels that cannot be counted on: the table's order is that of time.
        found = np.flatnonzero(known == self.last[0])
        if not len(found):
            raise ValueError(
                "exog must have the row of the last label, where labels do not tell "
                f"which come next: got none for {self.last[0]!r}. Give the rows that "
                "were known and those ahead, or those ahead alone without an index "
                "(exog.to_numpy())."
            )
        return known[found[-1] + 1 :].rename(self.last.name)

    def _check_consecutive(self, later):
        """Raise where a table leaves out a row that `clock` says there must be."""
        joined = join_labels(self.last, later)
        places = None if self.clock is None else find_places(joined, self.clock)
        if places is None:
            return
        gaps = np.diff(places) > (LONGEST_HOLIDAY if self._may_skip_days() else 1)
        if gaps.any():
            at = int(np.argmax(gaps))
            raise ValueError(
                "exog must have a row for each of the rows that follow "
                f"{self.last[0]}: got none between {joined[at]} and {joined[at + 1]}."
            )

    def following(self, steps, id_column=None):
        """Return the labels of the next `steps` rows.

        `id_column` is that of the long frame that the rows are of, for messages.
        """
        last, step, name = self.last[0], self.step, self.last.name
        if step is None:
            dates = "dates with pandas.to_datetime and "
            if self.clock is not None or self.longest is not None:
                dates = ""
            way_out = dates + _for_each(self.way_out, id_column)
            raise ValueError(
                "forecast cannot name the rows that follow: the fitted index has no "
                f"regular step ({type(self.last).__name__} of dtype "
                f"{self.last.dtype}, last label {last!r}). Give the series one before "
                f"fit: {way_out} (interpolate what that "
                'adds, or use a network with missing="mask", which reads NaN), or '
                f"{_numbered(id_column)}."
            )
        if isinstance(self.last, pd.PeriodIndex):
            return pd.period_range(last + 1, periods=steps, name=name)
        if isinstance(self.last, pd.DatetimeIndex):
            return pd.date_range(last, periods=steps + 1, freq=step, name=name)[1:]
        if isinstance(self.last, pd.TimedeltaIndex):
            return pd.timedelta_range(last, periods=steps + 1, freq=step, name=name)[1:]
        return pd.RangeIndex(
            int(last) + step, int(last) + step * (steps + 1), step, name=name
        )


def find_training_runs(panel, tables, length, horizon):
    """Return (clock, runs without gaps in time) of training rows, by series.

    Raises
    ------
    ValueError
        Where a series has no run as long as a window and its targets.
    """
    found = {}
    for key, rows in tables.items():
        clock = find_frequency(rows.time)
        runs = find_segments(rows.time, clock, None, len(rows.values))
        found[key] = clock, runs.spans()
    if panel.kind == "one":
        _check_one(tables[None], *found[None], length, horizon)
    longest = {key: longest_run(runs) for key, (_, runs) in found.items()}
    short = [key for key, n_rows in longest.items() if n_rows < length + horizon]
    if short:
        shorter = remedy_for_short_series(max(longest[key] for key in short), horizon)
        named = listed(short, lambda key: f"{key!r} with {longest[key]}")
        raise ValueError(
            "each series must have at least window_length + horizon rows without a gap "
            f"in time: got {named}, window_length={length}, horizon={horizon}. Leave "
            f"those out, or use {shorter}."
        )
    return found


def _check_one(rows, clock, runs, length, horizon):
    """Raise where no run of one series is as long as a window and its targets."""
    check_enough_rows(len(rows.values), length, horizon)
    longest = longest_run(runs)
    if longest < length + horizon:
        shorter = remedy_for_short_series(longest, horizon)
        before, after = rows.time[runs[1][0] - 1], rows.time[runs[1][0]]
        raise ValueError(
            "series must have at least window_length + horizon rows without a gap in "
            f"time: got at most {longest} such rows (the first gap is from {before} to "
            f"{after}), window_length={length}, horizon={horizon}. Fill the gaps "
            f"({without_gaps(rows.time, clock)} and interpolate), use {shorter}, or "
            "series.reset_index(drop=True) where rows do follow one "
            "another."
        )


def longest_run(runs):
    """Return the length of the longest run."""
    return max(stop - start for start, stop in runs)
