"""Forecasts of the past: what a forecaster would have said, fold after fold."""

import sys
import time
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from skcnnlstm import metrics
from skcnnlstm._validation import (
    check_boolean,
    check_integer,
    check_real,
)
from skcnnlstm.conformal import adaptive_widths, bounds, conformity
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.forecasting.intervals import (
    check_calibrated,
    check_coverage,
    interval_widths,
    is_relative,
)
from skcnnlstm.forecasting.rows import read_rows
from skcnnlstm.windows import find_clock, find_runs

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

        - `series`: the name of the series, 0 where it has none;
        - `target`: the column forecast; the same, for a series of one column;
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
        One row a fold: its first and last training row (labels), `n_train`,
        `n_origins`, whether the forecaster was `refitted` for it, and `seconds`, the
        time that fit and forecasts took.
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
            f"BacktestResult({len(self.folds)} folds, {n_origins} origins, "
            f"{self.forecasts['step'].max()} steps ahead)"
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

            Each is over all forecasts of the group at once, NaN where undefined.

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
        both = pd.concat([self.forecasts, self.references], axis=1)
        if by is None:
            return pd.Series(_scores(both), name="scores")
        columns = [by] if isinstance(by, str) else list(by)
        unknown = [name for name in columns if name not in _GROUPS]
        if unknown or not columns:
            listed = ", ".join(map(repr, _GROUPS))
            raise ValueError(
                f"by must name columns that make groups: got by={by!r}. Use one or "
                f"more of {listed}, or None."
            )
        groups = both.groupby(columns, sort=True)
        rows = {key if len(columns) > 1 else key[0]: _scores(g) for key, g in groups}
        table = pd.DataFrame.from_dict(rows, orient="index")
        if len(columns) > 1:
            table.index = pd.MultiIndex.from_tuples(rows)
        return table.rename_axis(columns)


def _scores(rows):
    """Return every measure of some rows of forecasts and references."""
    actual, forecast, scale = (rows[c] for c in ("actual", "forecast", "scale"))
    mae = mean_absolute_error(actual, forecast)
    smape, mase = metrics.smape(actual, forecast), metrics.mase(actual, forecast, scale)
    naive2_smape = metrics.smape(actual, rows["naive2"])
    naive2_mase = metrics.mase(actual, rows["naive2"], scale)
    found = {
        "mae": mae,
        "rmse": root_mean_squared_error(actual, forecast),
        "smape": smape,
        "mase": mase,
        "owa": metrics.owa(smape, mase, naive2_smape, naive2_mase),
    }
    for name in ("naive", "seasonal_naive"):
        reference = mean_absolute_error(actual, rows[name])
        found[f"skill_{name}"] = metrics.skill(mae, reference)
    if "lower" in rows:
        inside = (rows["lower"] <= actual) & (actual <= rows["upper"])
        found["coverage"] = inside.mean()
        found["width"] = (rows["upper"] - rows["lower"]).median()
    return {name: float(value) for name, value in found.items()}


# -------------------------------------------------------------------------- the folds


class _Fold(NamedTuple):
    """Where a fold learns, and from which rows it forecasts."""

    train: slice
    origins: np.ndarray  # positions of the last rows known, ascending


def _split(cv, series):
    """Yield the (train, test) rows of each fold, as arrays of positions."""
    if hasattr(cv, "split"):
        pairs = cv.split(series)
    elif isinstance(cv, str) or not hasattr(cv, "__iter__"):
        raise TypeError(
            "cv must be a splitter that keeps the order of time, or pairs of training "
            f"and test rows: got cv={cv!r}. Use TimeSeriesSplit(5, test_size=horizon)."
        )
    else:
        pairs = cv
    for train, test in pairs:
        rows = np.asarray(train), np.asarray(test)
        yield tuple(np.flatnonzero(r) if r.dtype == bool else r for r in rows)


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


def _make_folds(cv, series, n_rows, run_of, horizon, stride):
    """Return the folds of a series; `run_of` numbers the rows' runs without gaps."""
    folds, last = [], 0
    for number, (train, test) in enumerate(_split(cv, series)):
        _check_order(number, train, test, last)
        if test[-1] >= n_rows:
            raise ValueError(
                f"cv must name rows of the series: got row {test[-1]} in fold "
                f"{number}, of {n_rows} rows. Make the folds for this series."
            )
        last = test[0]
        origins = np.arange(test[0] - 1, test[-1] + 1 - horizon)
        # As in `score`: no forecast across a gap in time.
        origins = origins[run_of[origins] == run_of[origins + horizon]]
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


def _run_of(index, n_rows):
    """Return the number of the run without gaps in time that each row stands in."""
    clock = None if index is None else find_clock(index)
    starts = find_runs(index, clock, None, n_rows).starts
    return np.repeat(np.arange(len(starts)), np.diff([*starts, n_rows]))


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


def _fit(forecaster, rows, number):
    """Fit a clone; an error says in which fold."""
    try:
        fitted = clone(forecaster).fit(rows)
    except Exception as error:
        error.add_note(f"This is the fit for fold {number} of the backtest.")
        raise
    while hasattr(fitted, "best_estimator_"):
        fitted = fitted.best_estimator_
    return fitted


def _ahead(fitted, take, origins, horizon):
    """Return what a forecaster says from each origin, (n_origins, horizon, targets).

    The rows given end at the last origin, and begin so far before the first that no
    history but theirs is read: whether they are taken to continue the fitted ones
    makes no difference.
    """
    first = max(0, origins[0] - fitted.window_length + 1)
    with warnings.catch_warnings():
        # Of the rows before the first origin, which are there as history alone; after
        # a gap in time it happens without a warning in `score`, too.
        warnings.filterwarnings("ignore", ".*fewer than window_length=")
        said = fitted.predict(take(first, origins[-1] + 1))
    if said.shape[1] != horizon:
        raise ValueError(
            f"horizon must be the same in every fold: got {said.shape[1]} from a "
            f"search, horizon={horizon}. Leave the horizon out of the search."
        )
    return said[origins - first].reshape(len(origins), horizon, -1)


def _take(series):
    """Return a function that cuts rows out of a series, as what they are."""
    rows = series if hasattr(series, "iloc") else np.asarray(series)
    return lambda start, stop: getattr(rows, "iloc", rows)[start:stop]


def backtest(
    forecaster,
    series,
    cv,
    *,
    refit=True,
    stride=1,
    season_length=1,
    coverage=None,
    adaptive=False,
    gamma=0.005,
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
    series : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_targets)
        In time order, as for ``SeriesForecaster.fit``.
    cv : splitter, or iterable of (training rows, test rows)
        Time-ordered folds, such as ``TimeSeriesSplit(5, test_size=12)``, with or
        without `gap` and `max_train_size`. In each the training rows follow one
        another, the test rows too, and these are later. Rows of a gap between them are
        history that is known and not learned from.
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
        of a forecaster without calibration. All before the first fit.

    See Also
    --------
    SeriesForecaster.forecast_interval : Intervals after the fitted rows.
    skcnnlstm.metrics : The measures, with their equations.

    Notes
    -----
    Where a regular index shows a gap, no forecast reaches across it, as in `score`. An
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
    gamma = check_real("gamma", gamma, low=0, inclusive="neither")
    if coverage is not None:
        coverage = check_coverage(coverage)
    elif adaptive:
        raise ValueError(
            "adaptive=True needs a coverage: got coverage=None. Use coverage=0.9."
        )
    if coverage is not None and not adaptive:
        check_calibrated(getattr(inner, "calibration_fraction", None))
    rows = read_rows(clone(inner), series, reset=True)
    values = rows.values.astype(float)
    run_of = _run_of(rows.time, len(values))
    folds = _make_folds(cv, series, len(values), run_of, horizon, stride)
    every = _fits_every(refit, len(folds))
    shortest = min(fold.train.stop - fold.train.start for fold in folds)
    if shortest <= season_length:
        raise ValueError(
            "season_length must be shorter than every training part: got "
            f"season_length={season_length}, a training part of {shortest} rows. Use "
            "fewer folds or a shorter season."
        )

    take, progress, fitted = _take(series), _Progress(len(folds), verbose), None
    said, widths, refitted, seconds, calibration = [], [], [], [], None
    for number, fold in enumerate(folds):
        start = time.perf_counter()
        refitted.append(number % every == 0)
        if refitted[-1]:
            fitted = _fit(forecaster, take(fold.train.start, fold.train.stop), number)
            if number == 0:
                calibration = getattr(fitted, "calibration_scores_", None)
            if coverage is not None and not adaptive:
                width = interval_widths(
                    getattr(fitted, "calibration_scores_", None), coverage
                )
        said.append(_ahead(fitted, take, fold.origins, horizon))
        if coverage is not None and not adaptive:
            widths.append(np.broadcast_to(width, said[-1].shape))
        seconds.append(time.perf_counter() - start)
        progress.show(number + 1)
    ahead, actual = np.concatenate(said), _actual(folds, values, horizon)
    forecasts = _tidy(rows, folds, actual, ahead)
    if coverage is not None:
        relative = is_relative(inner.transformer)
        scores = conformity(actual, ahead, relative=relative)
        if adaptive:
            widths = _adapted(folds, scores, coverage, gamma, calibration)
        else:
            widths = np.concatenate(widths)
        lower, upper = bounds(ahead, widths, relative=relative)
        forecasts["lower"], forecasts["upper"] = lower.ravel(), upper.ravel()
    return BacktestResult(
        forecasts,
        _references(folds, values, horizon, season_length),
        _table(rows.index, folds, refitted, seconds),
        season_length,
    )


# ---------------------------------------------------------------------------- frames


def _labels(index, positions):
    return positions if index is None else index.take(positions)


def _origins(folds):
    return np.concatenate([fold.origins for fold in folds])


def _actual(folds, values, horizon):
    """Return what came after each origin, (n_origins, horizon, n_targets)."""
    return values[np.add.outer(_origins(folds), np.arange(1, horizon + 1))]


def _adapted(folds, scores, coverage, gamma, calibration):
    """Return adaptive widths, of folds whose test rows may overlap."""
    origins = _origins(folds)
    order = np.argsort(origins, kind="stable")
    widths = np.empty(scores.shape)
    widths[order] = adaptive_widths(
        scores[order], origins[order], coverage, gamma, calibration
    )
    return widths


def _tidy(rows, folds, actual, ahead):
    """Lay out forecasts, (n_origins, horizon, n_targets), one value a row."""
    n_origins, horizon, n_targets = ahead.shape
    origins = _origins(folds)
    name = 0 if rows.name is None else rows.name
    targets = range(n_targets) if rows.columns is None else rows.columns
    targets = pd.Index([name] if rows.ndim == 1 else targets)
    origin = np.repeat(origins, horizon * n_targets)
    step = np.tile(np.repeat(np.arange(1, horizon + 1), n_targets), n_origins)
    sizes = [len(fold.origins) * horizon * n_targets for fold in folds]
    return pd.DataFrame(
        {
            "series": name,
            "target": targets.take(np.tile(np.arange(n_targets), n_origins * horizon)),
            "fold": np.repeat(np.arange(len(folds)), sizes),
            "origin": _labels(rows.index, origin),
            "step": step,
            "time": _labels(rows.index, origin + step),
            "actual": actual.ravel(),
            "forecast": ahead.ravel(),
        }
    )


def _references(folds, values, horizon, season_length):
    """Return what simple forecasts say, and the scale of MASE, one value a row."""
    columns = {"naive": [], "seasonal_naive": [], "naive2": [], "scale": []}
    for train, origins in folds:
        args = values, origins, horizon
        scale = metrics.scale_of_mase(values[train], season_length)
        simple = metrics.naive(*args)
        columns["naive"].append(simple)
        columns["seasonal_naive"].append(metrics.seasonal_naive(*args, season_length))
        columns["naive2"].append(metrics.naive2(*args, season_length, train))
        columns["scale"].append(np.broadcast_to(scale, simple.shape))
    return pd.DataFrame(
        {name: np.concatenate(parts).ravel() for name, parts in columns.items()}
    )


def _table(index, folds, refitted, seconds):
    """Return what was done in each fold."""
    first = np.array([fold.train.start for fold in folds])
    last = np.array([fold.train.stop - 1 for fold in folds])
    return pd.DataFrame(
        {
            "first_train": _labels(index, first),
            "last_train": _labels(index, last),
            "n_train": last - first + 1,
            "n_origins": [len(fold.origins) for fold in folds],
            "refitted": refitted,
            "seconds": seconds,
        },
        index=pd.RangeIndex(len(folds), name="fold"),
    )
