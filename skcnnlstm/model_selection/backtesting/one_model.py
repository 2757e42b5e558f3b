"""Run all folds of one model of a backtest."""

from __future__ import annotations

import sys
import time
from typing import Any, NamedTuple

import numpy as np

from skcnnlstm._utils.parallel import run_parallel
from skcnnlstm.conformal import bounds
from skcnnlstm.forecasting.intervals import check_calibrated
from skcnnlstm.forecasting.panel import Panel
from skcnnlstm.forecasting.scaling import is_log
from skcnnlstm.model_selection.backtesting.each_origin import (
    OriginTask,
    forecast_each_origin,
)
from skcnnlstm.model_selection.backtesting.fits import (
    FitTask,
    check_tuned,
    fit_and_forecast,
)
from skcnnlstm.model_selection.backtesting.intervals import adapted_widths
from skcnnlstm.model_selection.backtesting.series import BacktestSeries


class Options(NamedTuple):
    """Validated parameters of a backtest that all models share."""

    horizon: int
    refit: Any  # number of consecutive folds that share a fit
    coverage: float | None
    adaptive: bool
    gamma: float
    n_jobs: int | None
    verbose: Any


class BacktestData(NamedTuple):
    """The series and covariates of a backtest."""

    series: Any  # as the user passed it, for workers
    panel: Panel
    all_series: dict[Any, BacktestSeries]
    exogs: dict[Any, np.ndarray] | None
    hold_out: tuple = ()  # keys of the series that are not trained on
    static: Any = None  # static covariates of all series

    @property
    def folds(self):
        """The folds of each series, by key."""
        return {key: one.folds for key, one in self.all_series.items()}

    @property
    def n_folds(self):
        """Number of folds, which is equal for all series."""
        return len(next(iter(self.all_series.values())).folds)


class ModelResult(NamedTuple):
    """Forecasts of one model."""

    forecasts: dict[Any, np.ndarray]  # by key, (n_origins, horizon, n_targets)
    limits: dict[Any, Any]  # lower and upper bounds by key; empty without intervals
    timings: list  # whether the model was fitted, and seconds, for each fold


def check_forecaster(model, inner, data, options):
    """Raise if a forecaster or a search cannot be backtested, before any fit.

    `inner` is the forecaster inside a search, or the model itself.
    """
    if data.panel.kind != "one" and inner is not model:
        raise TypeError(
            "forecaster must be a SeriesForecaster if there are several series: got "
            f"forecaster={model!r}, which is a search. Tune on one series, and "
            "backtest best_estimator_."
        )
    if options.coverage is None or options.adaptive:
        return
    check_calibrated(inner.calibration_fraction)
    if inner is model:
        runner = _fit_task(model, data, options).runner(data.series, data.exogs)
        for number in _fold_starts(data, options):
            runner.check_scores(number, options.coverage)


def _fit_task(model, data, options):
    coverage = None if options.adaptive else options.coverage
    return FitTask(
        model,
        data.panel.id_column,
        data.folds,
        options.horizon,
        coverage,
        data.hold_out,
        data.static,
    )


def _fold_starts(data, options):
    return range(0, data.n_folds, options.refit)


def run_forecaster(model, inner, name, data, options):
    """Return the `ModelResult` of a forecaster, or of a search over one."""
    coverage = options.coverage
    task = _fit_task(model, data, options)
    calls = (
        (
            data.series,
            data.exogs,
            task,
            range(data.n_folds)[first : first + options.refit],
        )
        for first in _fold_starts(data, options)
    )
    progress = Progress(name, data.n_folds, options.verbose)
    fits, timings = [], []
    for fit in run_parallel(
        options.n_jobs, fit_and_forecast, calls, return_as="generator"
    ):
        fits.append(fit)
        check_tuned(inner, fits[0], fit, len(timings), coverage)
        for position, seconds in enumerate(fit.seconds):
            timings.append((position == 0, seconds))
            progress.show(len(timings))
    forecasts = _join([fold for fit in fits for fold in fit.forecasts])
    if coverage is None:
        return ModelResult(forecasts, {}, timings)
    relative = is_log(fits[0].transformer)
    if options.adaptive:
        widths = _adapt(data, forecasts, fits[0].calibration, options, relative)
    else:
        widths = _join([fold for fit in fits for fold in fit.widths])
    limits = _limits(forecasts, widths, relative)
    return ModelResult(forecasts, limits, timings)


def run_other(model, name, data, options):
    """Return the `ModelResult` of an object with `fit` and `forecast`."""
    if data.hold_out:
        raise TypeError(
            "hold_out needs models that forecast series that were not in the fit, as "
            f"SeriesForecaster does: got {model!r}. Remove this model, or set "
            "hold_out=None."
        )
    coverage = None if options.adaptive else options.coverage
    targets = {key: one.columns for key, one in data.all_series.items()}
    id_column, folds = data.panel.id_column, data.folds
    task = OriginTask(model, name, id_column, targets, folds, options.horizon, coverage)
    calls = ((data.series, data.exogs, task, n) for n in range(data.n_folds))
    progress, results = Progress(name, data.n_folds, options.verbose), []
    for result in run_parallel(
        options.n_jobs, forecast_each_origin, calls, return_as="generator"
    ):
        results.append(result)
        progress.show(len(results))
    timings = [(True, result.seconds) for result in results]
    forecasts = _join([result.forecasts for result in results])
    limits = {}
    if options.adaptive:
        limits = _limits(
            forecasts, _adapt(data, forecasts, None, options, False), False
        )
    elif coverage is not None:
        lower, upper = (
            _join([getattr(result, side) for result in results])
            for side in ("lower", "upper")
        )
        limits = {key: (lower[key], upper[key]) for key in lower}
    return ModelResult(forecasts, limits, timings)


def _adapt(data, forecasts, calibration, options, relative):
    return adapted_widths(
        data.all_series,
        forecasts,
        calibration,
        options.coverage,
        options.gamma,
        relative=relative,
    )


def _limits(forecasts, widths, relative):
    return {
        key: bounds(forecasts[key], widths[key], relative=relative) for key in forecasts
    }


def _join(folds):
    """Join the arrays of all folds, separately for each key."""
    return {key: np.concatenate([fold[key] for fold in folds]) for key in folds[0]}


class Progress:
    """Print progress to stderr: on a terminal one updated line, otherwise ten lines."""

    def __init__(self, name, n_folds, verbose):
        self._title = "backtest" if name is None else f"backtest of {name}"
        self._n_folds, self._verbose = n_folds, verbose
        self._start = time.perf_counter()

    def show(self, n_done):
        """Print the number of folds that are done, and the time left."""
        if not self._verbose:
            return
        n_folds, seconds = self._n_folds, time.perf_counter() - self._start
        text = f"{self._title}: {n_done} of {n_folds} folds done after {seconds:.1f} s"
        if n_done < n_folds:
            left = seconds / n_done * (n_folds - n_done)
            text += f", about {left:.{1 if left < 10 else 0}f} s left"
        if sys.stderr.isatty():
            end = "\n" if n_done == n_folds else ""
            print(f"\r{text:<79}", end=end, file=sys.stderr, flush=True)
        elif n_done * 10 // n_folds > (n_done - 1) * 10 // n_folds:
            print(text, file=sys.stderr, flush=True)
