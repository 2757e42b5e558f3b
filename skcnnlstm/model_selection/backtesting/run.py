"""Run a backtest: validate parameters, fit and forecast folds, build the result."""

from __future__ import annotations

import sys
import time

import numpy as np

from skcnnlstm._utils.parallel import run_parallel
from skcnnlstm._utils.validation import check_boolean, check_integer, check_real
from skcnnlstm.conformal import bounds, check_coverage
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.forecasting.intervals import check_calibrated
from skcnnlstm.forecasting.panel import read_panel
from skcnnlstm.forecasting.scaling import is_log
from skcnnlstm.model_selection.backtesting.fits import (
    FitTask,
    check_tuned,
    fit_and_forecast,
)
from skcnnlstm.model_selection.backtesting.intervals import adapted_widths
from skcnnlstm.model_selection.backtesting.result import BacktestResult
from skcnnlstm.model_selection.backtesting.series import (
    check_hold_out,
    read_all,
    read_exog,
)
from skcnnlstm.model_selection.backtesting.tables import make_tables


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
    hold_out=None,
    n_jobs=None,
    verbose=1,
):
    """Evaluate a forecaster on past data, with forecasts from many origins.

    Each fold of `cv` fits a clone of the forecaster on the training rows, or keeps an
    earlier fit (see `refit`). It then forecasts `horizon` steps from each origin. The
    first origin is the row before the test rows; the others are the test rows that are
    followed by `horizon` test rows. A forecast uses all rows up to its origin and no
    later row. ``SeriesForecaster.score`` uses the same origins.

    Parameters
    ----------
    forecaster : SeriesForecaster, or a search around one
        Forecaster to evaluate. It is cloned and never changed. A search tunes again
        for each fit, on the training rows of that fit.
    series : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_features)
        The series in time order, as for ``SeriesForecaster.fit``. Or many series: a
        list, a dict or, with `id_column`, a long frame. One model then trains on all
        series, and `cv` splits each series separately. If the series end at different
        dates, they are split at different dates, with a warning.
    cv : splitter, or iterable of (training rows, test rows)
        Time-ordered folds, such as ``TimeSeriesSplit(5, test_size=12)``, also with
        `gap` or `max_train_size`. In each fold the training rows are consecutive, the
        test rows are consecutive, and the test rows are later. Rows in a gap between
        them serve as history but not for training.
    exog : array-like, Series, DataFrame or None, default=None
        Covariates of all rows that are known in advance, as for
        ``SeriesForecaster.fit``.
    refit : bool or int, default=True
        When to fit: True for each fold, False for the first fold only, an integer k
        for every k-th fold. A fit that is kept for later folds still uses all rows up
        to each origin as history.
    stride : int or "fold", default=1
        Rows from one origin to the next within a fold. "fold" uses only the first
        origin of each fold: one forecast of `horizon` steps, as in a forecasting
        competition.
    season_length : int, default=1
        Season length for MASE, the seasonal naive forecast and Naive2, in time steps:
        12 for monthly rows, 24 for hourly rows. Every training part must be longer.
    coverage : float or None, default=None
        Share of actual values that prediction intervals should contain, between 0 and
        1. None computes no intervals. Unless `adaptive` is True, the intervals are
        those of ``SeriesForecaster.forecast_interval``, and the forecaster needs a
        `calibration_fraction`.
    adaptive : bool, default=False
        Whether intervals adapt to the errors of earlier forecasts, separately for each
        step ahead: see `skcnnlstm.conformal.adaptive_widths`. The initial widths are
        those of the first fit. Without a `calibration_fraction`, the first intervals
        are infinite.
    gamma : float, default=0.005
        Learning rate of `adaptive`, above 0. Larger values adapt faster, but a few
        misses in a row then make the intervals infinite.
    hold_out : list or None, default=None
        Keys of series to hold out, if there are many: the forecaster is not trained on
        them, and only they are forecast. In each fold, a series is scaled by its own
        training rows. This measures forecasts of series that are not in the fit; see
        ``SeriesForecaster.forecast(series=...)``.
    n_jobs : int or None, default=None
        Number of fits to run in parallel, in joblib processes or, inside its
        `parallel_config`, on a cluster. None means 1; -1 uses all processors. The
        result does not depend on it. A fit and all folds that use it are one task.
    verbose : int, default=1
        1 prints the progress to stderr; 0 prints nothing.

    Returns
    -------
    result : BacktestResult
        The forecasts as a tidy frame, reference forecasts and scores.

    Raises
    ------
    ValueError
        Before the first fit, in any of these cases: the folds do not keep the order of
        time; a test part is shorter than the horizon; a training part is not longer
        than `season_length`; the forecaster has no calibration, or too few calibration
        rows, for the intervals.

    See Also
    --------
    SeriesForecaster.forecast_interval : Intervals after the fitted rows.
    skcnnlstm.metrics : The metrics, with their equations.

    Notes
    -----
    If a regular index has a gap, no forecast crosses it, as in `score`. Seasons are
    counted in time steps: seasonal references use the last known value of the same
    season position, and the scale of MASE uses rows that are one season apart.

    If the forecaster accepts NaN, a missing value is forecast but not scored. Reference
    forecasts replace it by the last known value.

    An adaptive interval for step h uses the error of a forecast h rows later, when the
    actual value is known.

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
    inner = _find_forecaster(forecaster)
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
            "coverage must be given if adaptive=True: got coverage=None. Use "
            "coverage=0.9."
        )
    if coverage is not None and not adaptive:
        check_calibrated(inner.calibration_fraction)
    panel = read_panel(series, inner.id_column)
    if panel.kind != "one" and inner is not forecaster:
        raise TypeError(
            "forecaster must be a SeriesForecaster, not a search, if there are many "
            f"series: got forecaster={forecaster!r}. Tune on one series first, and "
            "backtest best_estimator_."
        )
    hold_out = check_hold_out(hold_out, panel, coverage)
    all_series = read_all(inner, panel, cv, stride, season_length)
    exogs = read_exog(exog, panel, all_series)  # once for all folds
    folds = {key: one.folds for key, one in all_series.items()}
    n_folds = len(next(iter(folds.values())))
    folds_per_fit = _count_folds_per_fit(refit, n_folds)
    starts = range(0, n_folds, folds_per_fit)
    calibrated_coverage = None if adaptive else coverage
    task = FitTask(
        forecaster, inner.id_column, folds, horizon, calibrated_coverage, hold_out
    )
    all_series = {key: all_series[key] for key in hold_out or all_series}
    if calibrated_coverage is not None and inner is forecaster:
        runner = task.runner(series, exogs)
        for number in starts:
            runner.check_scores(number, coverage)

    calls = (
        (series, exogs, task, range(n_folds)[start : start + folds_per_fit])
        for start in starts
    )
    progress, fits, timings = _Progress(n_folds, verbose), [], []
    for fit in run_parallel(n_jobs, fit_and_forecast, calls, return_as="generator"):
        fits.append(fit)
        check_tuned(inner, fits[0], fit, len(timings), coverage)
        for position, seconds in enumerate(fit.seconds):
            timings.append((position == 0, seconds))
            progress.show(len(timings))

    forecasts, limits = _concatenate_folds(fits, "forecasts"), {}
    if coverage is not None:
        relative = is_log(fits[0].transformer)
        if adaptive:
            widths = adapted_widths(
                all_series,
                forecasts,
                fits[0].calibration,
                coverage,
                gamma,
                relative=relative,
            )
        else:
            widths = _concatenate_folds(fits, "widths")
        limits = {
            key: bounds(forecasts[key], widths[key], relative=relative)
            for key in forecasts
        }
    tables = make_tables(all_series, forecasts, limits, timings, season_length)
    index = next(iter(all_series.values())).rows.index
    time_name = None if index is None else index.name
    return BacktestResult(*tables, season_length, coverage, time_name)


def _find_forecaster(forecaster):
    """Return the forecaster itself, or the one inside a search."""
    inner = forecaster
    while not isinstance(inner, SeriesForecaster):
        wrapped = getattr(inner, "estimator", None)
        if wrapped is None or isinstance(forecaster, type):
            raise TypeError(
                "forecaster must be a SeriesForecaster or a search around one: got "
                f"forecaster={forecaster!r}. Use SeriesForecaster(estimator)."
            )
        inner = wrapped
    return inner


def _count_folds_per_fit(refit, n_folds):
    """Return the number of consecutive folds that share a fit."""
    if isinstance(refit, bool | np.bool_):
        return 1 if refit else n_folds
    try:
        return check_integer("refit", refit)
    except (TypeError, ValueError) as error:
        raise type(error)(
            "refit must be True, False or an integer >= 1: got "
            f"refit={refit!r}. Use True to fit in each fold, False to fit once, k to "
            "fit in every k-th fold."
        ) from None


def _check_stride(stride):
    if isinstance(stride, str):
        if stride == "fold":
            return stride
        raise ValueError(
            f'stride must be an integer >= 1 or "fold": got stride={stride!r}. Use 1 '
            'for every origin, "fold" for the first origin of each fold.'
        )
    return check_integer("stride", stride)


def _concatenate_folds(fits, name):
    """Return forecasts or widths of all folds of all fits, by key."""
    folds = [fold for fit in fits for fold in getattr(fit, name)]
    return {key: np.concatenate([fold[key] for fold in folds]) for key in folds[0]}


class _Progress:
    """Print progress to stderr: one updated line on a terminal, else ten lines."""

    def __init__(self, n_folds, verbose):
        self._n_folds, self._verbose = n_folds, verbose
        self._start = time.perf_counter()

    def show(self, n_done):
        if not self._verbose:
            return
        n_folds, seconds = self._n_folds, time.perf_counter() - self._start
        text = f"backtest: {n_done} of {n_folds} folds done after {seconds:.1f} s"
        if sys.stderr.isatty():
            end = "\n" if n_done == n_folds else ""
            print(f"\r{text}", end=end, file=sys.stderr, flush=True)
        elif n_done * 10 // n_folds > (n_done - 1) * 10 // n_folds:
            print(text, file=sys.stderr, flush=True)
