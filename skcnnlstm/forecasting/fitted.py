"""The immutable record of a fitted forecaster."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.identity import once_per_object
from skcnnlstm._utils.time_axis import TimeAxis, find_segments, read_time_axis
from skcnnlstm._utils.validation import check_integer
from skcnnlstm.forecasting.fitted_labels import FittedLabels
from skcnnlstm.forecasting.gaps import describe_index, longest_run
from skcnnlstm.forecasting.panel import Panel, listed
from skcnnlstm.forecasting.samples import Segment
from skcnnlstm.forecasting.scaling import Scale
from skcnnlstm.forecasting.series_input import Rows, check_columns_known
from skcnnlstm.windows.sliding_window import fingerprint_rows
from skcnnlstm.windows.views import window_view


def fitted_state(forecaster):
    """Return the record of a fitted forecaster; raise NotFittedError before `fit`."""
    check_is_fitted(forecaster, "estimator_")
    return forecaster._fitted


def _find_segments(time, axis):
    return find_segments(time, len(time), axis)


@dataclass(frozen=True, eq=False)
class FittedForecaster:
    """Hold everything that forecasts depend on.

    Forecasts are computed from this record only. Parameters that are changed after
    `fit` therefore have no effect on them.
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
    unfitted_transformer: Any  # the parameter, for series that were not in the fit
    freq: Any  # the parameter
    n_windows: int = 0  # training samples of the estimator
    calibration: Any = None  # a Calibration, or None without intervals
    known: Any = None  # KnownColumns; None without exog and calendar

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
        """The fitted transformer of the targets; for many series, a list or a dict."""
        transformers = {key: one.scale.targets for key, one in self.series.items()}
        return self.panel.join_each(transformers)

    @property
    def _first(self):
        return next(iter(self.series.values()))

    def target_names(self, key=None):
        """Return the names of the targets of a series; positions if it has no names.

        If `key` is None, this is the first series.
        """
        one = self._first if key is None else self.series[key]
        columns = one.form.columns
        return range(self.n_targets) if columns is None else columns

    def check_steps(self, steps):
        """Return the validated number of steps; None means the horizon."""
        return check_integer("steps", self.horizon if steps is None else steps)

    @property
    def n_static(self):
        """The number of static covariates, the last features of a window."""
        return 0 if self.known is None else self.known.n_static

    def find_runs(self, tables):
        """Return the result of `FittedSeries.find_runs` for each series, by key."""
        find = once_per_object(_find_segments)
        return {
            key: self.series[key].find_runs(rows, find) for key, rows in tables.items()
        }

    def replace_series(self, change):
        """Return a copy in which ``change(key, one)`` replaces each record `one`."""
        series = {key: change(key, one) for key, one in self.series.items()}
        return replace(self, series=series)


@dataclass(frozen=True, eq=False)
class FittedSeries:
    """Hold the parts of a series that forecasts depend on: scale, last rows, form."""

    form: Rows  # without values
    axis: TimeAxis | None  # None for rows without labels
    scale: Scale
    tail: Segment  # the last window_length rows; missing ones repeat the first
    n_known: int  # rows of the tail that are not repetitions
    fingerprint: tuple  # of the fitted rows, which do not continue themselves
    low: np.ndarray  # (n_targets,), the smallest known value of each target
    high: np.ndarray  # (n_targets,), the largest
    continued: bool = False  # whether the next rows follow, whatever their index shows
    labels: FittedLabels | None = None  # of the fitted rows; None without dates
    n_recent: int = 0  # rows to keep for `partial_fit`
    recent: Segment | None = None  # at most that many last rows without a gap

    @property
    def window_length(self):
        """The number of rows in a window."""
        return len(self.tail.columns)

    def find_runs(self, rows, find=_find_segments):
        """Return the runs of rows without a gap, and which run continues known rows.

        `find` is `_find_segments`, or a version of it that caches results.

        Returns
        -------
        runs : list of (start, stop)
        next_run : int or None
            Position of the run that continues the known rows; None if no run does.
        """
        if rows.time is None:
            runs = find_segments(None, len(rows.values), self.axis)
        else:
            runs = find(rows.time, self.axis)
        next_run = runs.next_run
        if self.axis is None or rows.index is None:
            # If one side has no labels, all rows continue, except the fitted rows.
            next_run = None if _fingerprint(rows) == self.fingerprint else 0
        if self.continued:
            next_run = 0
        return runs.spans(), next_run

    def count_short(self, runs, next_run):
        """Return the number of rows with too little history for a window."""
        count = 0
        for number, (start, stop) in enumerate(runs):
            known = self.n_known if number == next_run else 0
            count += min(stop - start, max(0, self.window_length - known - 1))
        return count

    def find_scored_runs(self, rows, horizon, runs, next_run):
        """Return the runs of origins for which all targets are in the given rows.

        An origin is the last row that a forecast uses.

        Parameters
        ----------
        rows : Rows
        horizon : int
        runs, next_run
            As returned by `find_runs`.

        Returns
        -------
        origins : list of (start, stop)
            The rows of each run that are followed by `horizon` rows.
        next_run : int or None
            Position in `origins` of the run that continues the known rows, or None. In
            this run, the last known row is an origin, too.
        actual : list of ndarray of shape (n_origins, horizon, n_targets)
            The actual values after each origin, for each run.
        """
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
        """Return a segment for each run: the rows of the run, and rows before them.

        There are enough rows before the run for a window that ends with its first row.
        They are the last known rows if the run continues the known rows, otherwise
        repetitions of the first row of the run.

        Parameters
        ----------
        rows : Rows
        exog : ndarray, list of ndarray or None
            Covariates of all rows and of `n_ahead` rows after them, or one array for
            each run.
        runs, next_run
            As returned by `find_runs` or `find_scored_runs`.
        n_ahead : int
            Number of rows after each run whose covariates are in the segment.
        with_last : bool
            Whether the run that continues the known rows gets a further window, which
            ends with the last known row.
        """
        columns = self.tail.columns[:0]
        if sum(stop - start for start, stop in runs):
            columns = self.scale.transform(rows.take(runs))
        if exog is not None and not isinstance(exog, list):
            exog = self.scale.transform_exog(exog)
            exog = [exog[start : stop + n_ahead] for start, stop in runs]
        elif exog is not None:
            exog = [self.scale.transform_exog(one) for one in exog]
        segments, n_before = [], 0
        for number, (start, stop) in enumerate(runs):
            run = Segment(
                columns[n_before : n_before + stop - start],
                None if exog is None else exog[number],
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

    def labels_of(self, rows):
        """Return the labels of rows: their index, or the labels after the known rows.

        The result is None for rows without an index if the known rows have no
        frequency, or if the given rows are the fitted rows.
        """
        if rows.index is not None:
            return rows.index
        is_fitted = _fingerprint(rows) == self.fingerprint and not self.continued
        if self.axis is None or self.axis.freq is None or is_fitted:
            return None
        return self.axis.next_labels(len(rows.values))

    def unknown_targets(self, fitted):
        """Return a mask of the targets without a value in the last window.

        It has the shape (n_modelled,). It is all False if the transformer changes the
        number of targets.
        """
        targets = self.tail.columns[:, : fitted.n_modelled]
        if fitted.n_modelled != fitted.n_targets:
            # The transformer mixes the targets.
            return np.zeros(fitted.n_modelled, dtype=bool)
        return np.isnan(targets).all(axis=0)

    def axis_after(self, rows):
        """Return the time axis at the end of given rows; None without labels."""
        if rows.index is None:
            return None
        if self.axis is not None and self.axis.is_comparable(rows.index):
            return self.axis.after(rows.index)
        return read_time_axis(rows.index)

    def append(self, rows, exog):
        """Return the record after more rows.

        The rows are assumed to follow the known rows; an index that overlaps is an
        error. If an index shows a gap, the rows before the gap are no longer history.
        """
        axis, segments, follows = self._read_more(rows, exog)
        run = segments[-1]
        if len(segments) == 1 and follows:
            known = self.tail.rows(self.window_length - self.n_known, None)
            run = known.append(run)
        run = run.astype(self.tail.columns.dtype)
        tail, n_known = _last_rows(run, self.window_length)
        low, high = _find_range(self.scale, rows)
        return replace(
            self,
            axis=axis,
            tail=tail,
            n_known=n_known,
            low=np.fmin(self.low, low),
            high=np.fmax(self.high, high),
            recent=self._with_recent(segments, follows)[-1].last(self.n_recent),
        )

    def extend_recent(self, rows, exog):
        """Return the segments of more rows, between gaps, for `partial_fit`.

        If the first segment continues the known rows, it begins with `recent`.
        """
        _, segments, follows = self._read_more(rows, exog)
        return self._with_recent(segments, follows)

    def _with_recent(self, segments, follows):
        dtype = self.recent.columns.dtype
        segments = [segment.astype(dtype) for segment in segments]
        if not follows:
            return segments
        return [self.recent.append(segments[0]), *segments[1:]]

    def _read_more(self, rows, exog):
        """Return the time axis after more rows, and the scaled segments between gaps.

        The third value is whether the first segment follows the known rows.
        """
        axis, follows = self._axis_with(rows)
        runs, next_run = self.find_runs(rows)
        whole = Segment(self.scale.transform(rows), self.scale.transform_exog(exog))
        segments = [whole.rows(*run) for run in runs]
        return axis, segments, follows or next_run == 0

    def with_fitted_rows(self, rows):
        """Return the record with `rows` registered as the fitted rows."""
        labels = FittedLabels.of(rows.time)
        return replace(
            self, fingerprint=_fingerprint(rows), continued=False, labels=labels
        )

    def _axis_with(self, rows):
        """Return the time axis after new rows, and whether these are assumed to follow.

        Rows without labels and rows with labels of text are assumed to follow.
        """
        axis, index = self.axis, rows.index
        if axis is None or index is None:
            if _fingerprint(rows) == self.fingerprint and not self.continued:
                raise ValueError(
                    "series must come after the known rows: got the fitted rows "
                    "again. Pass only the new rows."
                )
            if axis is not None and axis.freq is not None:
                axis = axis.after(axis.next_labels(len(rows.values)))
            return axis, True
        if not axis.is_comparable(index):
            raise ValueError(
                "series must have labels of the same kind as the known rows: got "
                f"{describe_index(index)}, but the known rows have "
                f"{describe_index(axis.last_label)}. Pass rows whose index continues "
                "the known index, or rows without an index (series.to_numpy())."
            )
        if not axis.is_before(index):
            raise ValueError(
                f"series must come after the known rows: got {index[0]} as the first "
                f"label, but the known rows end with {axis.last_label[0]}. Pass only "
                "the new rows."
            )
        return axis.after(index), axis.form == "text"


def learn_series(
    transformer,
    roles,
    rows,
    exog,
    axis,
    runs,
    window_length,
    factory=None,
    n_recent=0,
    weight=None,
    n_static=0,
):
    """Return the record of one series, and its training segments between gaps.

    `axis` is the time axis without its rows. `runs` holds (start, stop) of the rows
    between gaps. `factory` is as for `Scale.fit`. `n_recent` is the number of last rows
    to keep for `partial_fit`. `weight` holds the weights of the rows, or is None. The
    last `n_static` covariates are static.
    """
    check_columns_known(rows)
    scale = Scale.fit(transformer, roles, rows, exog, factory, n_static)
    whole = Segment(scale.transform(rows), scale.transform_exog(exog), weight)
    segments = [whole.rows(*run) for run in runs]
    columns = rows.columns
    if columns is not None and roles.targets != list(range(len(columns))):
        columns = columns[roles.targets]
    tail, n_known = _last_rows(segments[-1]._replace(weight=None), window_length)
    low, high = _find_range(scale, rows)
    fitted = FittedSeries(
        form=rows._replace(values=None, index=None, time=None, columns=columns),
        axis=axis,
        scale=scale,
        tail=tail,
        n_known=n_known,
        fingerprint=_fingerprint(rows),
        low=low,
        high=high,
        labels=FittedLabels.of(rows.time),
        n_recent=n_recent,
        recent=segments[-1].last(n_recent),
    )
    return fitted, segments


def describe_unknown_targets(fitted):
    """Return a warning if targets have only NaN in the last window, otherwise None."""
    unknown = {}
    for key, one in fitted.series.items():
        names = fitted.target_names(key)
        mask = one.unknown_targets(fitted)
        if mask.any():
            unknown[key] = [names[target] for target in np.flatnonzero(mask)]
    if not unknown:
        return None
    first = next(iter(unknown.values()))
    one_or_more = "column {} has" if len(first) == 1 else "columns {} have"
    subject = one_or_more.format(listed(first))
    if fitted.panel.kind != "one":
        subject = f"series {listed(list(unknown))} have"
    elif fitted.n_targets == 1:
        subject = "the series has"
    return (
        f"{subject} no known value in the last window_length={fitted.window_length} "
        "rows: the forecasts are NaN. Before fit, remove columns and series that have "
        "ended, or use a longer window_length."
    )


def describe_short_tails(fitted):
    """Return a warning if series have too few rows for a window, otherwise None.

    Rows before the last gap in time are not counted.
    """
    short = {
        key: one.n_known
        for key, one in fitted.series.items()
        if one.n_known < one.window_length
    }
    if not short:
        return None
    length = fitted.window_length
    if fitted.panel.kind == "one":
        subject = (
            f"the series has {next(iter(short.values()))} rows since the last gap in "
            f"time or its start, fewer than window_length={length}"
        )
    else:
        counts = listed(list(short), lambda key: f"{key!r} has {short[key]}")
        subject = (
            f"{len(short)} of the series have fewer than window_length={length} rows "
            f"since the last gap in time or their start ({counts})"
        )
    return f"{subject}: the first of these rows was repeated to fill the window."


def describe_short_history(fitted, runs):
    """Return a warning if rows of `predict` have too little history, otherwise None.

    `runs` holds the result of ``FittedSeries.find_runs`` for each series.
    """
    short = {key: fitted.series[key].count_short(*runs[key]) for key in runs}
    n_short = sum(short.values())
    if not n_short:
        return None
    first = "the first row after the gap"
    if fitted.panel.kind != "one":
        n_series = sum(n > 0 for n in short.values())
        subject = f"{n_short} rows of {n_series} series do not continue the fitted rows"
        first = "the first row of each series, or the first row after its gap,"
    elif len(runs[None][0]) == 1 and runs[None][1] is None:
        subject = f"the first {n_short} rows do not continue the fitted rows"
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
    """Return the last window of a run, and the number of its rows that are known.

    If the run is shorter than a window, its first row is repeated.
    """
    n_known = min(len(run.columns), window_length)
    last = run.rows(len(run.columns) - n_known, len(run.columns))
    # `append` copies: a view would keep the whole series in memory.
    return last.repeat_first(window_length - n_known).append(last), n_known
