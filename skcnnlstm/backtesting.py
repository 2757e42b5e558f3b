"""Forecasts of the past: what a forecaster would have said, fold after fold."""

import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from skcnnlstm import metrics
from skcnnlstm._index import count_steps
from skcnnlstm._parallel import in_parallel
from skcnnlstm._validation import (
    check_boolean,
    check_integer,
    check_real,
    check_target,
)
from skcnnlstm.conformal import adaptive_widths, bounds, conformity
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.forecasting.covariates import read_covariates
from skcnnlstm.forecasting.intervals import (
    check_calibrated,
    check_coverage,
    check_enough_scores,
    count_held_out,
    is_relative,
)
from skcnnlstm.forecasting.panel import Panel, cut_rows, read_panel
from skcnnlstm.forecasting.rows import Rows, read_rows

__all__ = ["BacktestResult", "backtest"]

_GROUPS = ("series", "target", "fold", "origin", "step", "time")


# ------------------------------------------------------------------------- the result


@dataclass(frozen=True, eq=False, repr=False)
class BacktestResult:
    """Forecasts that `backtest` made, and how good they were.

    Attributes
    ----------
    forecasts : DataFrame
        One row a forecast of one value, in time order of the origins in each series:

        - `series`: of many its key, of one its name, 0 where it has none;
        - `target`: the column forecast (the name of a Series, 0 without one);
        - `fold`: from 0;
        - `origin`: the label (its position, for arrays) of the last row known;
        - `step`: how many rows later, from 1 to the horizon;
        - `time`: the label of the row forecast;
        - `actual`, `forecast`: what came and what was said;
        - `lower`, `upper`: with `coverage` alone, the interval that was given.
    references : DataFrame
        Row for row beside `forecasts`: `naive`, `seasonal_naive` and `naive2`, the
        forecasts of these for the same values, and `scale`, what an error is divided
        by in MASE.
    folds : DataFrame
        One row a fold of a series: labels of its first and last training row
        (`first_train`, `last_train`), `n_train`, `n_origins`, whether the forecaster
        was `refitted` for the fold, and `seconds`, what its fit and forecasts took (of
        all series).
    season_length : int
        Of the seasonal references and of MASE, in time steps.

    See Also
    --------
    backtest : Makes these.
    """

    forecasts: pd.DataFrame
    references: pd.DataFrame
    folds: pd.DataFrame
    season_length: int

    def __repr__(self):
        n_origins = int(self.folds["n_origins"].sum())
        return (
            f"BacktestResult({self.folds['fold'].nunique()} folds, {n_origins} "
            f"origins, {self.forecasts['step'].max()} steps ahead)"
        )

    def scores(self, by=None):
        """Return measures of the forecasts, in all or by groups of them.

        Parameters
        ----------
        by : {"series", "target", "fold", "origin", "step", "time"}, list of these \
or None, default=None
            Columns of `forecasts` whose values make groups; None for all in one. Where
            targets differ in scale, MAE and RMSE of all together mean little.

        Returns
        -------
        scores : Series or DataFrame
            A Series for None, else a DataFrame with a row for each group:

            - `mae`, `rmse`: mean absolute and root mean squared error, in the units of
              the series;
            - `smape`: by `skcnnlstm.metrics.smape`, in percent;
            - `mase`: by `skcnnlstm.metrics.mase`, the scale that of the training part
              of each forecast's fold, at `season_length`;
            - `owa`: by `skcnnlstm.metrics.owa`, against Naive2 for the same values;
            - `skill_naive`, `skill_seasonal_naive`: 1 - MAE / MAE of that forecast;
            - `coverage`, `width`: where there are intervals, the share of values that
              lie in theirs and the median width of these (adaptive ones may be
              infinite, which has no mean).

            Each is over all forecasts of the group at once whose `actual` is known, NaN
            where undefined.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn.model_selection import TimeSeriesSplit
        >>> from sklearn.pipeline import make_pipeline
        >>> from skcnnlstm import FlattenWindows, SeriesForecaster, backtest
        >>> from skcnnlstm.datasets import load_airline
        >>> ridge = make_pipeline(FlattenWindows(), Ridge())
        >>> result = backtest(
        ...     SeriesForecaster(ridge, horizon=12, transformer="log"),
        ...     load_airline(),
        ...     TimeSeriesSplit(4, test_size=12),
        ...     season_length=12,
        ...     verbose=0,
        ... )
        >>> result.scores(by="fold").shape
        (4, 7)
        """
        if by is None:
            everything = np.zeros(len(self.forecasts))
            return self._scores([everything]).iloc[0].rename("scores")
        columns = list(by) if isinstance(by, list | tuple) else [by]
        if not columns or any(name not in _GROUPS for name in columns):
            listed = ", ".join(map(repr, _GROUPS))
            names = all(isinstance(name, str) for name in columns)
            raise (ValueError if names else TypeError)(
                f"by must name columns that make groups: got by={by!r}. Use one or "
                f"more of {listed}, or None."
            )
        return self._scores([self.forecasts[name] for name in columns])

    def _scores(self, groups):
        """Return the measures of each group: all are made of means over its rows."""
        came = self.forecasts["actual"].notna()
        terms = _terms(self.forecasts, self.references).where(came)
        grouped = terms.groupby(groups)
        # pandas leaves NaN out of a mean, as it should where nothing is known to have
        # come; but a scale that is unknown makes MASE unknown.
        unknown = terms.isna().where(came, False)
        means = grouped.mean().mask(unknown.groupby(groups).any())
        mae, smape, mase = means["mae"], means["smape"], means["mase"]
        scores = means[["mae", "smape", "mase"]].copy()
        scores.insert(1, "rmse", np.sqrt(means["square"]))
        scores["owa"] = metrics.owa(smape, mase, means["naive2 %"], means["naive2"])
        scores["skill_naive"] = metrics.skill(mae, means["naive"])
        scores["skill_seasonal_naive"] = metrics.skill(mae, means["seasonal_naive"])
        if "inside" in means:
            scores["coverage"] = means["inside"]
            scores["width"] = grouped["width"].median()
        return scores


def _terms(forecasts, references):
    """Return what each forecast adds to the measures."""
    actual, forecast = forecasts["actual"], forecasts["forecast"]
    naive2, scale = references["naive2"], references["scale"]
    error = (actual - forecast).abs()
    terms = {
        "mae": error,
        "square": error**2,
        "smape": metrics.percentage_errors(actual, forecast),
        "mase": error / scale,
        "naive2 %": metrics.percentage_errors(actual, naive2),
        "naive2": (actual - naive2).abs() / scale,
        "naive": (actual - references["naive"]).abs(),
        "seasonal_naive": (actual - references["seasonal_naive"]).abs(),
    }
    if "lower" in forecasts:
        lower, upper = forecasts["lower"], forecasts["upper"]
        terms["inside"] = actual.between(lower, upper).astype(float)
        terms["width"] = upper - lower
    return pd.DataFrame(terms)


# -------------------------------------------------------------------------- the folds


class _Fold(NamedTuple):
    """Where a fold learns, and from which rows it forecasts."""

    train: slice
    origins: np.ndarray  # positions of the last rows known, ascending


def _split(cv, series):
    """Yield the (train, test) rows of each fold, as arrays of positions."""
    if isinstance(cv, str | Mapping) or not (
        hasattr(cv, "split") or hasattr(cv, "__iter__")
    ):
        raise TypeError(_no_splitter(cv))
    for pair in cv.split(series) if hasattr(cv, "split") else cv:
        try:
            rows = [np.asarray(rows) for rows in pair]
        except (TypeError, ValueError):  # no pair, or a ragged one
            rows = []
        if [r.ndim for r in rows] != [1, 1] or any(
            r.size and r.dtype.kind not in "biu" for r in rows
        ):
            raise TypeError(_no_splitter(pair))
        yield tuple(
            np.flatnonzero(r) if r.dtype == bool else r.astype(np.intp) for r in rows
        )


def _no_splitter(got):
    return (
        "cv must be a splitter that keeps the order of time, or pairs of training and "
        f"test rows, as arrays of integers: got {got!r}. Use TimeSeriesSplit(5, "
        "test_size=horizon)."
    )


def _check_order(number, train, test, last):
    """Raise where a fold does not learn from what is before its test rows."""
    why = None
    if not len(train) or not len(test):
        why = f"fold {number} has no {'test' if len(train) else 'training'} rows"
    elif (np.diff(train) != 1).any():
        why = f"the training rows of fold {number} do not follow one another"
    elif (np.diff(test) != 1).any():
        why = f"the test rows of fold {number} do not follow one another"
    elif train[-1] >= test[0]:
        why = f"fold {number} trains on row {train[-1]} and tests from row {test[0]} on"
    elif test[0] < last:
        why = f"fold {number} tests earlier rows than the fold before it"
    if why is not None:
        raise ValueError(
            f"cv must keep the order of time: {why}. Use a splitter that does, without "
            "shuffling, such as TimeSeriesSplit(5, test_size=horizon)."
        )


def _make_folds(cv, series, places, horizon, stride):
    """Return the folds of a series; `places` says where its rows stand in time."""
    folds, last, n_rows = [], 0, len(places)
    for number, (train, test) in enumerate(_split(cv, series)):
        _check_order(number, train, test, last)
        if test[-1] >= n_rows or train[0] < 0:
            row = train[0] if train[0] < 0 else test[-1]
            raise ValueError(
                f"cv must name rows of the series: got row {row} in fold {number}, of "
                f"{n_rows} rows. Make the folds for this series."
            )
        last = test[0]
        origins = np.arange(test[0] - 1, test[-1] + 1 - horizon)
        # As in `score`: no forecast across a gap in time.
        origins = origins[places[origins] + horizon == places[origins + horizon]]
        origins = origins[:1] if stride == "fold" else origins[::stride]
        if not len(origins):
            raise ValueError(
                f"each test part must have at least horizon={horizon} rows with no gap "
                f"in time before or among them: got {len(test)} rows in fold {number}. "
                f"Use TimeSeriesSplit(..., test_size={horizon}) or a shorter horizon."
            )
        folds.append(_Fold(slice(int(train[0]), int(train[-1]) + 1), origins))
    if not folds:
        raise ValueError(f"cv must make at least one fold: got none of {cv!r}.")
    return folds


# ------------------------------------------------------------------------ parameters


def _inner(forecaster):
    """Return the SeriesForecaster that is given, or that a search is around."""
    inner = forecaster
    while not isinstance(inner, SeriesForecaster):
        found = getattr(inner, "estimator", None)
        if found is None or isinstance(forecaster, type):
            raise TypeError(
                "forecaster must be a SeriesForecaster, or a search around one: got "
                f"forecaster={forecaster!r}. Use SeriesForecaster(estimator)."
            )
        inner = found
    return inner


def _fits_every(refit, n_folds):
    """Return after how many folds the forecaster is fitted again."""
    if isinstance(refit, bool | np.bool_):
        return 1 if refit else n_folds
    try:
        return check_integer("refit", refit)
    except (TypeError, ValueError) as error:
        raise type(error)(
            "refit must be True, False or an integer >= 1: got "
            f"refit={refit!r}. Use True for a fit each fold, False for one in all, k "
            "for one every k folds."
        ) from None


def _check_stride(stride):
    if isinstance(stride, str):
        if stride == "fold":
            return stride
        raise ValueError(
            f'stride must be an integer >= 1 or "fold": got stride={stride!r}. Use 1 '
            'for every origin, "fold" for the first of each fold.'
        )
    return check_integer("stride", stride)


# -------------------------------------------------------------------------- the series


class _One(NamedTuple):
    """One series: its rows, its numbers, and where its folds are."""

    rows: Rows
    places: np.ndarray  # (n_rows,), where rows stand in time, in time steps
    values: np.ndarray  # (n_rows, n_targets), of the columns forecast
    targets: pd.Index  # their names
    folds: list[_Fold]

    def origins(self):
        return np.concatenate([fold.origins for fold in self.folds])

    def actual(self, horizon):
        """Return what came after each origin, (n_origins, horizon, n_targets)."""
        return self.values[np.add.outer(self.origins(), np.arange(1, horizon + 1))]

    def labels(self, positions):
        index = self.rows.index
        return positions if index is None else index.take(positions)


def _read(reader, series, cv, stride, season_length):
    """Check one series and find its folds."""
    rows = read_rows(reader, series, reset=True)
    n_rows, n_columns = rows.values.shape
    columns = check_target(
        reader.target_columns, n_columns, rows.columns, name="target_columns"
    )
    names = pd.Index(range(n_columns) if rows.columns is None else rows.columns)
    if rows.ndim == 1 and rows.name is not None:
        names = pd.Index([rows.name])
    places = count_steps(rows.time, n_rows)
    folds = _make_folds(cv, series, places, reader.horizon, stride)
    shortest = min(fold.train.stop - fold.train.start for fold in folds)
    if shortest <= season_length:
        raise ValueError(
            "season_length must be shorter than every training part: got "
            f"season_length={season_length}, a training part of {shortest} rows. Use "
            "fewer folds or a shorter season."
        )
    values = rows.values[:, columns].astype(float)
    return _One(rows, places, values, names.take(columns), folds)


def _check_same_folds(ones):
    counts = {key: len(one.folds) for key, one in ones.items()}
    most, fewest = max(counts, key=counts.get), min(counts, key=counts.get)
    if counts[most] != counts[fewest]:
        raise ValueError(
            f"cv must make as many folds of each series: got {counts[most]} of series "
            f"{most!r}, {counts[fewest]} of series {fewest!r}. Use a splitter with a "
            "number of folds, such as TimeSeriesSplit(5, test_size=horizon)."
        )


# ---------------------------------------------------------------------------- the work


class _Progress:
    """One line on stderr: rewritten on a terminal, else at most ten in all."""

    def __init__(self, n_folds, verbose):
        self._n_folds, self._verbose = n_folds, verbose
        self._start = time.perf_counter()

    def show(self, n_done):
        if not self._verbose:
            return
        seconds = time.perf_counter() - self._start
        text = f"backtest: fold {n_done} of {self._n_folds}, {seconds:.1f} s"
        done = n_done == self._n_folds
        if sys.stderr.isatty():
            print(f"\r{text}", end="\n" if done else "", file=sys.stderr, flush=True)
        elif done or n_done * 10 // self._n_folds > (n_done - 1) * 10 // self._n_folds:
            print(text, file=sys.stderr, flush=True)


class _Task(NamedTuple):
    """What a worker needs to know beside the series; it is sent with each fit."""

    forecaster: Any
    id_column: Any
    folds: dict[Any, list[_Fold]]
    horizon: int
    coverage: float | None  # of intervals by calibration

    def on(self, series, exogs):
        """Return the work on series as they came in, and the covariates of each."""
        panel = read_panel(series, self.id_column)
        forecaster = self.forecaster
        if panel.kind != "one":
            # Many series are a dict from here on, whatever they came in.
            forecaster = clone(forecaster).set_params(id_column=None)
        return _Work(forecaster, panel, exogs, self.folds, self.horizon)


class _Work(NamedTuple):
    """What is backtested: a forecaster on one series, or on many by key."""

    forecaster: Any
    panel: Panel
    exogs: dict[Any, np.ndarray] | None  # (n_rows, n_exog), None without any
    folds: dict[Any, list[_Fold]]
    horizon: int

    def _cut(self, spans):
        """Return rows and covariates of each series: (start, stop, stop of exog)."""
        rows, exogs = {}, {}
        for key, (start, stop, last) in spans.items():
            rows[key] = cut_rows(self.panel.series[key], start, stop)
            exogs[key] = None if self.exogs is None else self.exogs[key][start:last]
        exog = {} if self.exogs is None else {"exog": exogs}
        if self.panel.kind == "one":
            return rows[None], {name: each[None] for name, each in exog.items()}
        return rows, exog

    def check_scores(self, number, coverage):
        """Raise where the fit for a fold will see too few errors of held-out rows."""
        model, n_scores = self.forecaster, 0
        for key, folds in self.folds.items():
            train = folds[number].train
            with self.panel.naming(key):
                n_rows = count_held_out(
                    model.calibration_fraction,
                    train.stop - train.start,
                    model.window_length,
                    self.horizon,
                )
            n_scores += n_rows - self.horizon + 1
        check_enough_scores(n_scores, coverage, self.horizon)

    def fit(self, number):
        """Fit a clone on the training rows of a fold; an error says on which."""
        trains = {key: folds[number].train for key, folds in self.folds.items()}
        rows, exog = self._cut(
            {key: (rows.start, rows.stop, rows.stop) for key, rows in trains.items()}
        )
        try:
            fitted = clone(self.forecaster).fit(rows, **exog)
        except Exception as error:
            error.add_note(f"This is the fit for fold {number} of the backtest.")
            raise
        while hasattr(fitted, "best_estimator_"):
            fitted = fitted.best_estimator_
        return fitted

    def ahead(self, fitted, number):
        """Return the forecasts of a fold by key, (n_origins, horizon, n_targets).

        The rows given end at the last origin, and begin so far before the first that
        no history but theirs is read: whether they are taken to continue the fitted
        ones makes no difference.
        """
        spans, horizon = {}, self.horizon
        for key, folds in self.folds.items():
            origins = folds[number].origins
            first, stop = origins[0] - fitted.window_length + 1, origins[-1] + 1
            spans[key] = max(0, int(first)), int(stop), int(stop) + horizon
        rows, exog = self._cut(spans)
        with warnings.catch_warnings():
            # Of the rows before the first origin, which are there as history alone;
            # after a gap in time it happens without a warning in `score`, too.
            warnings.filterwarnings("ignore", ".*fewer than window_length=")
            said = fitted.predict(rows, **exog)
        said = {None: said} if self.panel.kind == "one" else said
        found = {}
        for key, folds in self.folds.items():
            if said[key].shape[1] != horizon:
                raise ValueError(
                    f"horizon must be the same in every fold: got {said[key].shape[1]} "
                    f"from a search, horizon={horizon}. Leave the horizon out of the "
                    "search."
                )
            origins = folds[number].origins
            picked = said[key][origins - spans[key][0]]
            found[key] = picked.reshape(len(origins), horizon, -1)
        return found


class _Said(NamedTuple):
    """What one fit said in the folds that it was for."""

    ahead: list[dict]  # by key, for each fold
    widths: list[dict]  # of intervals by calibration, where they are wanted
    seconds: list[float]
    target_columns: Any  # what a search chose
    transformer: Any
    calibration: Any  # of the first fold alone


def _fit_and_forecast(series, exogs, task, numbers):
    """Fit for the first of some folds, and forecast all of them."""
    work = task.on(series, exogs)
    start = time.perf_counter()
    fitted = work.fit(numbers[0])
    ahead, widths, seconds = [], [], []
    for number in numbers:
        ahead.append(work.ahead(fitted, number))
        if task.coverage is not None:
            given = _given_widths(fitted, ahead[-1], task.coverage, work.panel)
            widths.append(given)
        seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
    calibration = fitted._calibration if numbers[0] == 0 else None
    chosen = fitted.target_columns, fitted.transformer
    return _Said(ahead, widths, seconds, *chosen, calibration)


def backtest(
    forecaster,
    series,
    cv,
    *,
    exog=None,
    refit=True,
    stride=1,
    season_length=1,
    coverage=None,
    adaptive=False,
    gamma=0.005,
    n_jobs=None,
    verbose=1,
):
    """Make every forecast of the past that a forecaster could have made, in time order.

    In each fold of `cv` a clone of the forecaster is fitted on the training rows (or an
    earlier fit is kept, by `refit`) and forecasts `horizon` steps from origins in the
    test rows: from the row before them, then from every row whose next `horizon` rows
    are test rows. An origin reads the rows up to itself, whether the model learned
    from them or not; nothing later. These are the forecasts that
    ``SeriesForecaster.score`` takes.

    Parameters
    ----------
    forecaster : SeriesForecaster, or a search around one
        Cloned, never changed. A search tunes anew for each fit, on its training rows.
    series : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_features)
        In time order, as for ``SeriesForecaster.fit``; or many of them: a list, a dict
        or, with `id_column`, a long frame. One model then learns from the training
        rows of all, and the rows of each are split by themselves.
    cv : splitter, or iterable of (training rows, test rows)
        Time-ordered folds, such as ``TimeSeriesSplit(5, test_size=12)``, with or
        without `gap` and `max_train_size`. In each the training rows follow one
        another, the test rows too, and these are later. Rows of a gap between them are
        history that is known and not learned from.
    exog : array-like, Series, DataFrame or None, default=None
        Covariates of all rows that are known ahead, as for ``SeriesForecaster.fit``.
    refit : bool or int, default=True
        When to fit: True for each fold, False for the first alone, an integer k for
        every k-th. A fit that is kept forecasts from later rows as their history moves
        on.
    stride : int or "fold", default=1
        Rows from one origin to the next within a fold. "fold" takes the first of each
        fold alone: `horizon` steps a fold, as in a forecasting competition.
    season_length : int, default=1
        Of MASE, of the seasonal naive forecast and of Naive2, in time steps: 12 for
        monthly rows, 24 for hourly ones. Every training part must be longer.
    coverage : float or None, default=None
        The share of values that intervals should hold, between 0 and 1; None makes no
        intervals. Without `adaptive` they are those of
        ``SeriesForecaster.forecast_interval``, of the model fitted last, and the
        forecaster needs a `calibration_fraction`.
    adaptive : bool, default=False
        Whether intervals adapt as outcomes become known, for each step ahead by
        itself: see `skcnnlstm.conformal.adaptive_widths`. They start from the
        calibration of the first fit or, without a `calibration_fraction`, from
        nothing: the first ones are then infinite.
    gamma : float, default=0.005
        How much an outcome counts for `adaptive`, above 0. Larger values meet a change
        sooner, by intervals that are infinite after a few misses in a row.
    n_jobs : int or None, default=None
        Fits at a time, in processes of joblib's or, within its `parallel_config`, on a
        cluster; None means 1, -1 all processors. The result does not depend on it. A
        fit that is kept for several folds is one task with them.
    verbose : int, default=1
        1 shows the folds done and the seconds on stderr; 0 nothing.

    Returns
    -------
    result : BacktestResult
        The forecasts as a tidy frame, and their scores.

    Raises
    ------
    ValueError
        Where folds do not keep the order of time, a test part is shorter than the
        horizon, a training part no longer than `season_length`, or intervals are asked
        of a forecaster that calibrates too little for them or not at all. All before
        the first fit.

    See Also
    --------
    SeriesForecaster.forecast_interval : Intervals after the fitted rows.
    skcnnlstm.metrics : The measures, with their equations.

    Notes
    -----
    Where a regular index shows a gap, no forecast reaches across it, as in `score`, and
    seasons are counted in time steps: the seasonal references take the last value known
    at a place in the season, MASE's scale the rows that are a season apart. A value
    that is NaN, where the forecaster reads such, is forecast but not scored, and the
    references read the last known value in its place. An
    interval of h steps ahead learns of an outcome h rows later, when it is known.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import FlattenWindows, SeriesForecaster, backtest
    >>> from skcnnlstm.datasets import load_airline
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> forecaster = SeriesForecaster(ridge, horizon=3, transformer="log")
    >>> folds = TimeSeriesSplit(4, test_size=12)
    >>> result = backtest(
    ...     forecaster, load_airline(), folds, season_length=12, verbose=0
    ... )
    >>> result
    BacktestResult(4 folds, 40 origins, 3 steps ahead)
    >>> result.forecasts.columns.tolist()
    ['series', 'target', 'fold', 'origin', 'step', 'time', 'actual', 'forecast']
    >>> bool(result.scores()["skill_seasonal_naive"] > 0)
    True
    """
    inner = _inner(forecaster)
    horizon = check_integer("horizon", inner.horizon)
    stride = _check_stride(stride)
    season_length = check_integer("season_length", season_length)
    adaptive = check_boolean("adaptive", adaptive)
    if not isinstance(verbose, bool):
        check_integer("verbose", verbose, minimum=0)
    gamma = check_real("gamma", gamma, low=0, inclusive="neither")
    if coverage is not None:
        coverage = check_coverage(coverage)
    elif adaptive:
        raise ValueError(
            "adaptive=True needs a coverage: got coverage=None. Use coverage=0.9."
        )
    if coverage is not None and not adaptive:
        check_calibrated(inner.calibration_fraction)
    panel = read_panel(series, inner.id_column)
    ones = _read_all(forecaster, inner, panel, cv, stride, season_length)
    folds = {key: one.folds for key, one in ones.items()}
    given = None if adaptive else coverage  # intervals come with the forecasts
    task = _Task(forecaster, inner.id_column, folds, horizon, given)
    exogs = _look_up(exog, panel, ones)  # once for all folds
    work = task.on(series, exogs)
    n_folds = len(next(iter(ones.values())).folds)
    every = _fits_every(refit, n_folds)
    if given is not None and inner is forecaster:
        for number in range(0, n_folds, every):
            work.check_scores(number, coverage)

    progress, first = _Progress(n_folds, verbose), None
    said, widths, done = [], [], []
    starts = range(0, n_folds, every)
    calls = (
        (series, exogs, task, range(n_folds)[start : start + every]) for start in starts
    )
    found = in_parallel(n_jobs, _fit_and_forecast, calls, return_as="generator")
    for part in found:
        first = first or part
        _check_tuned(inner, first, part, len(said), coverage)
        said += part.ahead
        widths += part.widths
        for i, seconds in enumerate(part.seconds):
            done.append((not i, seconds))
            progress.show(len(done))

    relative = is_relative(first.transformer)
    frames = []
    for key, one in ones.items():
        ahead = np.concatenate([fold[key] for fold in said])
        frame = _tidy(key, one, ahead)
        if coverage is not None:
            if adaptive:
                scores = conformity(one.actual(horizon), ahead, relative=relative)
                known = first.calibration
                known = None if known is None else known.scores_for(key, coverage)
                width = _adapted(one.origins(), scores, coverage, gamma, known)
            else:
                width = np.concatenate([fold[key] for fold in widths])
            lower, upper = bounds(ahead, width, relative=relative)
            frame["lower"], frame["upper"] = lower.ravel(), upper.ravel()
        frames.append(
            (
                frame,
                _references(one, horizon, season_length),
                _table(key, one, done),
            )
        )
    joined = [pd.concat(each, ignore_index=True) for each in zip(*frames, strict=True)]
    return BacktestResult(*joined, season_length)


def _read_all(forecaster, inner, panel, cv, stride, season_length):
    """Check all series before the first fit, and find the folds of each."""
    if panel.kind != "one" and inner is not forecaster:
        raise TypeError(
            "forecaster must be a SeriesForecaster where there are many series, "
            f"which a search cannot split: got forecaster={forecaster!r}. Search "
            "in one series, and backtest what it found."
        )
    if not hasattr(cv, "split") and hasattr(cv, "__iter__") and not isinstance(cv, str):
        cv = list(cv)
    reader, ones = clone(inner), {}
    for key, one in panel.series.items():
        with panel.naming(key):
            ones[key] = _read(reader, one, cv, stride, season_length)
    _check_same_folds(ones)
    return ones


def _look_up(exog, panel, ones):
    """Return the covariates of the rows of each series; None without any."""
    if exog is None:
        return None
    wanted = {key: (len(one.places), one.rows.index) for key, one in ones.items()}
    return read_covariates(exog, panel, wanted)[0]


def _check_tuned(inner, first, fitted, number, coverage):
    """Raise where a search chose what a backtest must be able to rely on."""
    if repr(fitted.target_columns) != repr(inner.target_columns):
        name, before = "target_columns", inner
        rule = "not be tuned by a search, for other columns would be measured"
    elif coverage is None:
        return
    elif is_relative(fitted.transformer) != is_relative(first.transformer):
        name, before = "transformer", first
        rule = "be 'log' in every fold or in none, for intervals are then of ratios"
    else:
        return
    raise ValueError(
        f"{name} must {rule}: got {name}={getattr(fitted, name)!r} in fold {number}, "
        f"{getattr(before, name)!r} before. Leave it out of the search."
    )


def _given_widths(fitted, said, coverage, panel):
    """Return the widths of the last calibration for the forecasts of a fold."""
    widths = {}
    for key, ahead in said.items():
        with panel.naming(key):
            width = fitted._calibration.widths(key, coverage)
        widths[key] = np.broadcast_to(width, ahead.shape)
    return widths


def _adapted(origins, scores, coverage, gamma, calibration):
    """Return adaptive widths, of folds whose test rows may overlap."""
    order = np.argsort(origins, kind="stable")
    widths = np.empty(scores.shape)
    widths[order] = adaptive_widths(
        scores[order], origins[order], coverage, gamma, calibration
    )
    return widths


# ---------------------------------------------------------------------------- frames


def _name(key, one):
    if key is not None:
        return key
    return 0 if one.rows.name is None else one.rows.name


def _tidy(key, one, ahead):
    """Lay out forecasts, (n_origins, horizon, n_targets), one value a row."""
    n_origins, horizon, n_targets = ahead.shape
    origin = np.repeat(one.origins(), horizon * n_targets)
    step = np.tile(np.repeat(np.arange(1, horizon + 1), n_targets), n_origins)
    sizes = [len(fold.origins) * horizon * n_targets for fold in one.folds]
    target = np.tile(np.arange(n_targets), n_origins * horizon)
    return pd.DataFrame(
        {
            "series": pd.Index([_name(key, one)]).repeat(len(origin)),
            "target": one.targets.take(target),
            "fold": np.repeat(np.arange(len(one.folds)), sizes),
            "origin": one.labels(origin),
            "step": step,
            "time": one.labels(origin + step),
            "actual": one.actual(horizon).ravel(),
            "forecast": ahead.ravel(),
        }
    )


def _references(one, horizon, season_length):
    """Return what simple forecasts say, and the scale of MASE, one value a row."""
    columns = {"naive": [], "seasonal_naive": [], "naive2": [], "scale": []}
    season, places = season_length, one.places
    # In the place of a value that is not known, the last one that was.
    known = pd.DataFrame(one.values).ffill().bfill().to_numpy()
    for train, origins in one.folds:
        args = known, origins, horizon
        scale = metrics.scale_of_mase(one.values[train], season, places[train])
        simple = metrics.naive(*args)
        columns["naive"].append(simple)
        columns["seasonal_naive"].append(metrics.seasonal_naive(*args, season, places))
        columns["naive2"].append(metrics.naive2(*args, season, train, places))
        columns["scale"].append(np.broadcast_to(scale, simple.shape))
    return pd.DataFrame(
        {name: np.concatenate(parts).ravel() for name, parts in columns.items()}
    )


def _table(key, one, done):
    """Return what was done in each fold."""
    first = np.array([fold.train.start for fold in one.folds])
    last = np.array([fold.train.stop - 1 for fold in one.folds])
    refitted, seconds = zip(*done, strict=True)
    return pd.DataFrame(
        {
            "series": pd.Index([_name(key, one)]).repeat(len(first)),
            "fold": np.arange(len(first)),
            "first_train": one.labels(first),
            "last_train": one.labels(last),
            "n_train": last - first + 1,
            "n_origins": [len(fold.origins) for fold in one.folds],
            "refitted": refitted,
            "seconds": seconds,
        }
    )
