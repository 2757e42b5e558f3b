"""backtest: its parameters checked, its folds run, its result put together."""

from __future__ import annotations

import sys
import time

import numpy as np

from skcnnlstm._utils.parallel import in_parallel
from skcnnlstm._utils.validation import check_boolean, check_integer, check_real
from skcnnlstm.conformal import bounds, check_coverage
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.forecasting.intervals import check_calibrated
from skcnnlstm.forecasting.panel import read_panel
from skcnnlstm.forecasting.scaling import is_log
from skcnnlstm.model_selection.backtesting.fits import (
    Task,
    check_tuned,
    fit_and_forecast,
)
from skcnnlstm.model_selection.backtesting.intervals import adapted_widths
from skcnnlstm.model_selection.backtesting.result import BacktestResult
from skcnnlstm.model_selection.backtesting.series import read_all, read_exog
from skcnnlstm.model_selection.backtesting.tables import lay_out


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
        rows of all, and the rows of each are split by themselves; series that end at
        different dates are cut at different dates, with a warning.
    cv : splitter, or iterable of (training rows, test rows)
        Time-ordered folds, such as ``TimeSeriesSplit(5, test_size=12)``, with or
        without `gap` and `max_train_size`. In each the training rows follow one
        another, the test rows too, and these are later. Rows of a gap between them are
        history that is known and not learned from. Each of many series is split by
        itself.
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
    inner = _forecaster_in(forecaster)
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
    if panel.kind != "one" and inner is not forecaster:
        raise TypeError(
            "forecaster must be a SeriesForecaster where there are many series, "
            f"which a search cannot split: got forecaster={forecaster!r}. Search "
            "in one series, and backtest what it found."
        )
    all_series = read_all(inner, panel, cv, stride, season_length)
    exogs = read_exog(exog, panel, all_series)  # once for all folds
    folds = {key: one.folds for key, one in all_series.items()}
    n_folds = len(next(iter(folds.values())))
    every = _fits_every(refit, n_folds)
    starts = range(0, n_folds, every)
    given = None if adaptive else coverage  # intervals come with the forecasts
    task = Task(forecaster, inner.id_column, folds, horizon, given)
    if given is not None and inner is forecaster:
        work = task.on(series, exogs)
        for number in starts:
            work.check_scores(number, coverage)

    calls = (
        (series, exogs, task, range(n_folds)[start : start + every]) for start in starts
    )
    progress, fits, done = _Progress(n_folds, verbose), [], []
    for said in in_parallel(n_jobs, fit_and_forecast, calls, return_as="generator"):
        fits.append(said)
        check_tuned(inner, fits[0], said, len(done), coverage)
        for place, seconds in enumerate(said.seconds):
            done.append((place == 0, seconds))
            progress.show(len(done))

    ahead, limits = _joined(fits, "ahead"), {}
    if coverage is not None:
        relative = is_log(fits[0].transformer)
        if adaptive:
            known = fits[0].calibration
            widths = adapted_widths(
                all_series, ahead, known, coverage, gamma, relative=relative
            )
        else:
            widths = _joined(fits, "widths")
        limits = {
            key: bounds(said, widths[key], relative=relative)
            for key, said in ahead.items()
        }
    tables = lay_out(all_series, ahead, limits, done, season_length)
    index = next(iter(all_series.values())).rows.index
    time_name = None if index is None else index.name
    return BacktestResult(*tables, season_length, coverage, time_name)


def _forecaster_in(forecaster):
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


def _joined(fits, name):
    """Put what fits said of each series together, fold after fold, by key."""
    folds = [fold for said in fits for fold in getattr(said, name)]
    return {key: np.concatenate([fold[key] for fold in folds]) for key in folds[0]}


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
