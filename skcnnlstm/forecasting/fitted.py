"""What a forecaster knows of one series after `fit`, and what rows mean beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skcnnlstm._utils.time_index import find_frequency, find_segments, join_labels
from skcnnlstm.forecasting.calendar import (
    Calendar,
    are_comparable,
    described,
    longest_run,
)
from skcnnlstm.forecasting.panel import listed
from skcnnlstm.forecasting.samples import Part
from skcnnlstm.forecasting.scaling import Scale
from skcnnlstm.forecasting.series_input import Rows, check_some_known
from skcnnlstm.windows.make_windows import window_view
from skcnnlstm.windows.sliding_window import fingerprint_rows


@dataclass(frozen=True)
class History:
    """All that the forecasts of one series need: its scale, its end, its form."""

    form: Rows  # without values
    calendar: Calendar | None  # None for bare arrays
    scale: Scale
    tail: Part  # the last window_length rows; the first of them repeated if too few
    n_known: int  # how many of these are no repetition
    fitted: tuple  # recognises the training rows, which do not continue themselves
    low: np.ndarray  # (n_targets,), the least and the largest value known of each
    high: np.ndarray
    joined: bool = False  # whether rows are known to follow, whatever their index says

    @property
    def length(self):
        """The length of a window."""
        return len(self.tail.columns)

    def runs(self, rows):
        """Return the runs of rows without gaps, and which of them is the next one.

        Runs are (start, stop); the next one continues the known rows, None if none.
        """
        calendar, n_rows = self.calendar, len(rows.values)
        if calendar is None or rows.index is None:
            # Without labels on both sides the values must tell.
            runs = find_segments(rows.time, None, None, n_rows)
            next_run = None if _digest(rows) == self.fitted else 0
        else:
            runs = find_segments(rows.time, calendar.clock, calendar.last, n_rows)
            next_run = runs.next_run
            if next_run is None and calendar.nearly_precedes(rows.time):
                next_run = 0
        if self.joined:
            next_run = 0
        return runs.spans(), next_run

    def n_short(self, runs, next_run):
        """Count rows that have fewer rows before them than a window holds."""
        count = 0
        for number, (start, stop) in enumerate(runs):
            known = self.n_known if number == next_run else 0
            count += min(stop - start, max(0, self.length - known - 1))
        return count

    def scored_runs(self, rows, horizon):
        """Return the runs of origins whose targets all lie in the rows.

        Returns
        -------
        origins : list of (start, stop)
            The rows of each run from which `horizon` rows follow.
        follows : int or None
            Which of them continues the known rows; the last of these is an origin, too.
        actual : list of ndarray of shape (n_origins, horizon, n_targets)
            What came after each origin.
        """
        runs, next_run = self.runs(rows)
        targets = self.scale.target_values(rows)
        origins, actual, follows = [], [], None
        for number, (start, stop) in enumerate(runs):
            first = number != next_run  # else the last known row is an origin, too
            if stop - start < horizon + first:
                continue
            if not first:
                follows = len(origins)
            origins.append((start, stop - horizon))
            actual.append(window_view(targets[start:stop], horizon)[int(first) :])
        if not origins:
            continues = next_run is not None
            got = f"which {'continue' if continues else 'do not continue'} them"
            if len(runs) > 1:
                got = f"at most {longest_run(runs)} of them without a gap in time"
            raise ValueError(
                f"score needs {horizon} rows (the horizon) that continue the fitted "
                f"ones, or {horizon + 1} that do not: got n_rows={len(rows.values)}, "
                f"{got}. Use longer test folds or a shorter horizon."
            )
        return origins, follows, actual

    def parts(self, rows, exog, runs, next_run, *, n_ahead, with_last):
        """Return the parts whose windows end with each row of some runs.

        Before the run that continues the known rows stand these; the last of them is
        an origin, too, `with_last`. Before any other run its first row is repeated.
        `exog`, the covariates of all rows, holds `n_ahead` rows after each run.
        """
        columns = self.tail.columns[:0]
        if sum(stop - start for start, stop in runs):
            columns = self.scale.columns(rows.take(runs))
        exog = self.scale.covariates(exog)
        parts, at = [], 0
        for number, (start, stop) in enumerate(runs):
            run = Part(
                columns[at : at + stop - start],
                None if exog is None else exog[start : stop + n_ahead],
            )
            at += stop - start
            if number == next_run:
                before = self.tail.rows(0 if with_last else 1, None)
            else:
                before = run.repeated(self.length - 1).like(self.tail)
            parts.append(before.then(run))
        return parts

    def future(self, exog):
        """Return the part whose only window is that of the last known row."""
        exog = self.scale.covariates(exog)
        if exog is None:
            return self.tail
        return self.tail._replace(exog=np.concatenate([self.tail.exog, exog]))

    def following(self, steps, id_column=None):
        """Return the labels of the next rows; None for bare arrays."""
        if self.calendar is None:
            return None
        return self.calendar.following(steps, id_column)

    def calendar_after(self, rows):
        """Return where given rows end in time; None for bare arrays."""
        if rows.index is None:
            return None
        if self.calendar is not None:
            return replace(self.calendar, last=rows.index[-1:])
        return Calendar.of(rows.index, find_frequency(rows.time))

    def updated(self, rows, exog):
        """Return the history after more rows.

        The user says that these follow; only an index that shows an overlap speaks
        against it. After a gap that it shows, the rows before are no history.
        """
        calendar, follows = self._after(rows)
        runs, next_run = self.runs(rows)
        start, _ = runs[-1]
        columns, exog = self.scale.columns(rows), self.scale.covariates(exog)
        run = Part(columns, exog).rows(start, None)
        if len(runs) == 1 and (follows or next_run == 0):
            known = self.tail.rows(self.length - self.n_known, None)
            run = known.then(run)
        tail, n_known = _last(run.like(self.tail), self.length)
        low, high = _range(self.scale, rows)
        return replace(
            self,
            calendar=calendar,
            tail=tail,
            n_known=n_known,
            low=np.fmin(self.low, low),
            high=np.fmax(self.high, high),
        )

    def fitted_on(self, rows):
        """Return the history with other rows for those that were fitted."""
        return replace(self, fitted=_digest(rows))

    def joining(self, joined):
        """Return the history that is told whether the rows to come follow."""
        return replace(self, joined=joined)

    def _after(self, rows):
        """Return the calendar after rows; whether they follow by the user's word."""
        calendar, index = self.calendar, rows.index
        if calendar is None or index is None:
            if _digest(rows) == self.fitted and not self.joined:
                raise ValueError(
                    "update needs rows that come after the known ones: got the fitted "
                    "rows again. Give the new rows alone."
                )
            if calendar is not None:
                last = calendar.following(len(rows.values))[-1:]
                calendar = replace(calendar, last=last)
            return calendar, True
        if not are_comparable(calendar.last, index):
            raise ValueError(
                "update needs rows whose labels are of the known kind: got "
                f"{described(index)}, known is {described(calendar.last)}. Give the "
                "rows the index that goes on, or none (series.to_numpy())."
            )
        joined = join_labels(calendar.last, index)
        if joined is None:
            return replace(calendar, last=index[-1:].copy()), True
        if not joined[1] > joined[0]:
            raise ValueError(
                f"update needs rows that come after the known ones: got {index[0]} as "
                f"the first label, {calendar.last[0]} is known already. Give the new "
                "rows alone."
            )
        longest = calendar.longest
        if longest is not None and len(index) > 1:
            longest = max(longest, (joined[2:] - joined[1:-1]).max())
        return replace(calendar, last=joined[-1:].copy(), longest=longest), False


def learn(transformer, roles, rows, exog, clock, runs, length):
    """Return the history of training rows, and their parts between gaps."""
    check_some_known(rows)
    scale = Scale.of(transformer, roles, rows, exog)
    whole = Part(scale.columns(rows), scale.covariates(exog))
    parts = [whole.rows(*run) for run in runs]
    calendar = None if rows.index is None else Calendar.of(rows.index, clock)
    columns = rows.columns
    if columns is not None and roles.targets != list(range(len(columns))):
        columns = columns[roles.targets]
    form = rows._replace(values=None, index=None, time=None, columns=columns)
    tail, n_known = _last(parts[-1], length)
    known = _digest(rows), *_range(scale, rows)
    return History(form, calendar, scale, tail, n_known, *known), parts


def tell_of_short_tails(panel, histories):
    """Say which series a forecast follows too soon after a gap, None if none."""
    short = {
        key: history.n_known
        for key, history in histories.items()
        if history.n_known < history.length
    }
    if not short:
        return None
    who = f"the fitted series has {next(iter(short.values()))} rows"
    if panel.kind != "one":
        described = listed(list(short), lambda key: f"{key!r} has {short[key]}")
        who = f"of the fitted series, {described} rows"
    return (
        f"{who} since its last gap in time, fewer than "
        f"window_length={next(iter(histories.values())).length}: the first of them was "
        "repeated in the place of those missing."
    )


def tell_of_short_history(panel, histories, runs):
    """Say how many rows of `predict` lack history, None if none."""
    short = {key: histories[key].n_short(*runs[key]) for key in runs}
    n_short = sum(short.values())
    if not n_short:
        return None
    first = "the first row after the gap"
    if panel.kind != "one":
        n_series = sum(n > 0 for n in short.values())
        who = f"{n_short} rows of {n_series} series do not continue known ones and have"
        first = "the first of them"
    elif len(runs[None][0]) == 1 and runs[None][1] is None:
        who = f"the first {n_short} rows do not continue the fitted ones and have"
        first = "the first row"
    else:
        who = f"{n_short} rows stand after a gap in time and have"
    return (
        f"{who} fewer than window_length={next(iter(histories.values())).length} rows "
        f"of history: {first} was repeated in the place of those missing."
    )


def _range(scale, rows):
    """Return the least and the largest value of each target."""
    values = scale.target_values(rows)
    return np.fmin.reduce(values), np.fmax.reduce(values)  # NaN is passed over


def _digest(rows):
    return fingerprint_rows(np.asarray(rows.values, dtype=float))


def _last(run, length):
    """Return the last `length` rows of a run, the first repeated if too few."""
    n_known = min(len(run.columns), length)
    last = run.rows(len(run.columns) - n_known, len(run.columns))
    # `then` copies: a view would keep the whole series.
    return last.repeated(length - n_known).then(last), n_known
