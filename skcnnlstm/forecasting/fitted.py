"""The immutable record of what a forecaster learned in `fit`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.time_index import find_frequency, find_segments, join_labels
from skcnnlstm._utils.validation import check_integer
from skcnnlstm.forecasting.calendar import (
    Calendar,
    are_comparable,
    described,
    longest_run,
)
from skcnnlstm.forecasting.panel import Panel, listed
from skcnnlstm.forecasting.samples import Segment
from skcnnlstm.forecasting.scaling import Scale
from skcnnlstm.forecasting.series_input import Rows, check_columns_known
from skcnnlstm.windows.make_windows import window_view
from skcnnlstm.windows.sliding_window import fingerprint_rows


def fitted_state(forecaster):
    """Return the record of a fitted forecaster; raise NotFittedError before `fit`."""
    check_is_fitted(forecaster, "estimator_")
    return forecaster._fitted


@dataclass(frozen=True, eq=False)
class FittedForecaster:
    """Hold everything that forecasts depend on.

    Parameters that are changed after `fit` have no effect on forecasts, because the
    functions that forecast read this record only.
    """

    estimator: Any  # fitted on windows
    series: dict[Any, FittedSeries]  # by key; the key of a single series is None
    panel: Panel  # the form of the series, without rows
    window_length: int
    horizon: int
    block_length: int  # steps that the estimator predicts at once
    independent: bool  # channels="independent"
    n_modelled: int  # columns that the transformer makes of the targets
    accepts_nan: bool
    n_features: int
    feature_names: np.ndarray | None
    exog_columns: tuple[int, list | None] | None  # number and names; None without exog
    calibration: Any = None  # a Calibration, or None without intervals

    @property
    def n_outputs(self):
        """The number of columns that the estimator forecasts from one window."""
        return 1 if self.independent else self.n_modelled

    @property
    def roles(self):
        """The positions of targets and past covariates."""
        return self._first.scale.roles

    @property
    def n_targets(self):
        """The number of columns that are forecast."""
        return len(self.roles.targets)

    @property
    def transformer(self):
        """The fitted transformer of the targets; of many series a list or a dict."""
        transformers = {key: one.scale.targets for key, one in self.series.items()}
        return self.panel.join_each(transformers)

    @property
    def _first(self):
        return next(iter(self.series.values()))

    def target_names(self, key=None):
        """Return the names of the targets of a series, by default the first one."""
        one = self._first if key is None else self.series[key]
        columns = one.form.columns
        return range(self.n_targets) if columns is None else columns

    def check_steps(self, steps):
        """Return a validated number of steps, by default the horizon."""
        return check_integer("steps", self.horizon if steps is None else steps)

    def replace_series(self, change):
        """Return a record with ``change(key, one)`` for the record of each series."""
        series = {key: change(key, one) for key, one in self.series.items()}
        return replace(self, series=series)


@dataclass(frozen=True, eq=False)
class FittedSeries:
    """Hold what forecasts of one series depend on: its scale, last rows and form."""

    form: Rows  # without values
    calendar: Calendar | None  # None for bare arrays
    scale: Scale
    tail: Segment  # the last window_length rows; missing ones repeat the first
    n_known: int  # rows of the tail that are not repeated
    fingerprint: tuple  # recognises the fitted rows, which do not continue themselves
    low: np.ndarray  # (n_targets,), the smallest known value of each target
    high: np.ndarray  # (n_targets,), the largest
    continued: bool = False  # whether the next rows follow, whatever their index shows

    @property
    def window_length(self):
        """The number of rows in a window."""
        return len(self.tail.columns)

    def find_runs(self, rows):
        """Return the runs of rows without gaps, and which of them comes next.

        Returns
        -------
        runs : list of (start, stop)
        next_run : int or None
            The run that continues the known rows.
        """
        calendar, n_rows = self.calendar, len(rows.values)
        if calendar is None or rows.index is None:
            # Without labels on both sides, only the fitted rows do not continue.
            runs = find_segments(rows.time, None, None, n_rows)
            next_run = None if _fingerprint(rows) == self.fingerprint else 0
        else:
            runs = find_segments(rows.time, calendar.clock, calendar.last, n_rows)
            next_run = runs.next_run
            if next_run is None and calendar.nearly_precedes(rows.time):
                next_run = 0
        if self.continued:
            next_run = 0
        return runs.spans(), next_run

    def count_short(self, runs, next_run):
        """Count the rows with fewer rows of history than a window holds."""
        count = 0
        for number, (start, stop) in enumerate(runs):
            known = self.n_known if number == next_run else 0
            count += min(stop - start, max(0, self.window_length - known - 1))
        return count

    def find_scored_runs(self, rows, horizon):
        """Return the runs of origins whose targets all lie in the rows.

        Returns
        -------
        origins : list of (start, stop)
            The rows of each run that are followed by `horizon` rows.
        next_run : int or None
            The run that continues the known rows. The last known row is then an origin,
            too.
        actual : list of ndarray of shape (n_origins, horizon, n_targets)
            The values after each origin.
        """
        runs, next_run = self.find_runs(rows)
        targets = self.scale.target_values(rows)
        origins, actual, next_origins = [], [], None
        for number, (start, stop) in enumerate(runs):
            # A run that does not continue needs one more row, its first origin.
            n_extra = 0 if number == next_run else 1
            if stop - start < horizon + n_extra:
                continue
            if number == next_run:
                next_origins = len(origins)
            origins.append((start, stop - horizon))
            actual.append(window_view(targets[start:stop], horizon)[n_extra:])
        if not origins:
            _raise_too_few_to_score(runs, next_run, horizon)
        return origins, next_origins, actual

    def extract_segments(self, rows, exog, runs, next_run, *, n_ahead, with_last):
        """Return segments whose windows end with each row of some runs.

        The run that continues the known rows is preceded by them. Any other run is
        preceded by repetitions of its first row.

        Parameters
        ----------
        rows : Rows
        exog : ndarray or None
            Covariates of all rows, and of `n_ahead` rows after each run.
        runs, next_run
            As returned by `find_runs` or `find_scored_runs`.
        n_ahead : int
        with_last : bool
            Whether the first window ends with the last known row.
        """
        columns = self.tail.columns[:0]
        if sum(stop - start for start, stop in runs):
            columns = self.scale.transform(rows.take(runs))
        exog = self.scale.transform_exog(exog)
        segments, n_before = [], 0
        for number, (start, stop) in enumerate(runs):
            run = Segment(
                columns[n_before : n_before + stop - start],
                None if exog is None else exog[start : stop + n_ahead],
            )
            n_before += stop - start
            if number == next_run:
                history = self.tail.rows(0 if with_last else 1, None)
            else:
                history = run.repeat_first(self.window_length - 1).astype(
                    self.tail.columns.dtype
                )
            segments.append(history.append(run))
        return segments

    def last_segment(self, exog):
        """Return the segment whose only window ends with the last known row."""
        exog = self.scale.transform_exog(exog)
        if exog is None:
            return self.tail
        return self.tail._replace(exog=np.concatenate([self.tail.exog, exog]))

    def next_labels(self, steps, id_column=None):
        """Return the labels of the next rows; None for bare arrays."""
        if self.calendar is None:
            return None
        return self.calendar.following(steps, id_column)

    def calendar_after(self, rows):
        """Return the calendar at the end of given rows; None for bare arrays."""
        if rows.index is None:
            return None
        if self.calendar is not None:
            return replace(self.calendar, last=rows.index[-1:])
        return Calendar.of(rows.index, find_frequency(rows.time))

    def append(self, rows, exog):
        """Return the record after more rows.

        The rows are taken to follow unless an index shows an overlap. If the index
        shows a gap, the rows before it are no longer history.
        """
        calendar, follows = self._calendar_with(rows)
        runs, next_run = self.find_runs(rows)
        start, _ = runs[-1]
        columns, exog = self.scale.transform(rows), self.scale.transform_exog(exog)
        run = Segment(columns, exog).rows(start, None)
        if len(runs) == 1 and (follows or next_run == 0):
            known = self.tail.rows(self.window_length - self.n_known, None)
            run = known.append(run)
        run = run.astype(self.tail.columns.dtype)
        tail, n_known = _last_rows(run, self.window_length)
        low, high = _find_range(self.scale, rows)
        return replace(
            self,
            calendar=calendar,
            tail=tail,
            n_known=n_known,
            low=np.fmin(self.low, low),
            high=np.fmax(self.high, high),
        )

    def with_fitted_rows(self, rows):
        """Return the record with other rows as those that were fitted."""
        return replace(self, fingerprint=_fingerprint(rows), continued=False)

    def _calendar_with(self, rows):
        """Return the calendar after rows, and whether they are assumed to follow."""
        calendar, index = self.calendar, rows.index
        if calendar is None or index is None:
            if _fingerprint(rows) == self.fingerprint and not self.continued:
                raise ValueError(
                    "series must come after the known rows: got the fitted rows "
                    "again. Pass only the new rows to update."
                )
            if calendar is not None:
                last = calendar.following(len(rows.values))[-1:]
                calendar = replace(calendar, last=last)
            return calendar, True
        if not are_comparable(calendar.last, index):
            raise ValueError(
                "series must have labels of the same kind as the known rows: got "
                f"{described(index)}, known {described(calendar.last)}. Pass rows to "
                "update with the index that continues, or without an index "
                "(series.to_numpy())."
            )
        joined = join_labels(calendar.last, index)
        if joined is None:
            return replace(calendar, last=index[-1:].copy()), True
        if not joined[1] > joined[0]:
            raise ValueError(
                f"series must come after the known rows: got {index[0]} as first "
                f"label, last known label {calendar.last[0]}. Pass only the new rows "
                "to update."
            )
        longest = calendar.longest
        if longest is not None and len(index) > 1:
            longest = max(longest, (joined[2:] - joined[1:-1]).max())
        return replace(calendar, last=joined[-1:].copy(), longest=longest), False


def learn_series(transformer, roles, rows, exog, clock, runs, window_length):
    """Return the record of one series, and its training segments between gaps."""
    check_columns_known(rows)
    scale = Scale.fit(transformer, roles, rows, exog)
    whole = Segment(scale.transform(rows), scale.transform_exog(exog))
    segments = [whole.rows(*run) for run in runs]
    columns = rows.columns
    if columns is not None and roles.targets != list(range(len(columns))):
        columns = columns[roles.targets]
    tail, n_known = _last_rows(segments[-1], window_length)
    low, high = _find_range(scale, rows)
    fitted = FittedSeries(
        form=rows._replace(values=None, index=None, time=None, columns=columns),
        calendar=None if rows.index is None else Calendar.of(rows.index, clock),
        scale=scale,
        tail=tail,
        n_known=n_known,
        fingerprint=_fingerprint(rows),
        low=low,
        high=high,
    )
    return fitted, segments


def describe_short_tails(fitted):
    """Return a warning about series with a recent gap; None if there are none."""
    short = {
        key: one.n_known
        for key, one in fitted.series.items()
        if one.n_known < one.window_length
    }
    if not short:
        return None
    subject = f"the fitted series has {next(iter(short.values()))} rows"
    if fitted.panel.kind != "one":
        counts = listed(list(short), lambda key: f"{key!r} has {short[key]}")
        subject = f"of the fitted series, {counts} rows"
    return (
        f"{subject} since the last gap in time, fewer than "
        f"window_length={fitted.window_length}: the first row after the gap was "
        "repeated to fill the window."
    )


def describe_short_history(fitted, runs):
    """Return a warning about rows of `predict` without history; None if none.

    `runs` holds the result of ``FittedSeries.find_runs`` for each series.
    """
    short = {key: fitted.series[key].count_short(*runs[key]) for key in runs}
    n_short = sum(short.values())
    if not n_short:
        return None
    first = "the first row after the gap"
    if fitted.panel.kind != "one":
        n_series = sum(n > 0 for n in short.values())
        subject = f"{n_short} rows of {n_series} series do not continue the fitted ones"
        first = "the first row of each series or after its gap"
    elif len(runs[None][0]) == 1 and runs[None][1] is None:
        subject = f"the first {n_short} rows do not continue the fitted ones"
        first = "the first row"
    else:
        subject = f"{n_short} rows follow a gap in time"
    return (
        f"{subject} and have fewer than window_length={fitted.window_length} rows of "
        f"history: {first} was repeated to fill their windows."
    )


def _raise_too_few_to_score(runs, next_run, horizon):
    got = f"which {'do not ' if next_run is None else ''}continue the fitted rows"
    if len(runs) > 1:
        got = f"at most {longest_run(runs)} of them without a gap in time"
    raise ValueError(
        f"series must have at least {horizon} rows (the horizon) for score, or "
        f"{horizon + 1} if they do not continue the fitted rows: got "
        f"n_rows={runs[-1][1]}, {got}. Use longer test folds or a shorter horizon."
    )


def _find_range(scale, rows):
    """Return the smallest and the largest value of each target, ignoring NaN."""
    values = scale.target_values(rows)
    return np.fmin.reduce(values), np.fmax.reduce(values)


def _fingerprint(rows):
    return fingerprint_rows(np.asarray(rows.values, dtype=float))


def _last_rows(run, window_length):
    """Return the last rows of a run, the first one repeated if there are too few."""
    n_known = min(len(run.columns), window_length)
    last = run.rows(len(run.columns) - n_known, len(run.columns))
    # `append` copies: a view would keep the whole series in memory.
    return last.repeat_first(window_length - n_known).append(last), n_known
