"""Fit models other than SeriesForecaster at each origin, and forecast."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from skcnnlstm.forecasting.panel import cut_rows, read_panel
from skcnnlstm.model_selection.backtesting.folds import Fold
from skcnnlstm.model_selection.backtesting.models import takes_exog


class OriginTask(NamedTuple):
    """Settings that a worker needs besides the series."""

    model: Any  # has fit(series) and forecast(steps)
    name: Any  # for messages; None for a single model
    id_column: Any
    targets: dict[Any, list[int]]  # positions of the target columns, by key
    folds: dict[Any, list[Fold]]
    horizon: int
    coverage: float | None  # coverage of intervals; None means no intervals


class OriginResult(NamedTuple):
    """Forecasts of one fold."""

    forecasts: dict[Any, np.ndarray]  # by key, (n_origins, horizon, n_targets)
    lower: dict[Any, np.ndarray]  # empty without intervals
    upper: dict[Any, np.ndarray]
    seconds: float


def forecast_each_origin(series, exogs, task, number):
    """Fit on all rows up to each origin of a fold, and forecast.

    Parameters
    ----------
    series : array-like, Series, DataFrame, list or dict
        The series as the user passed them.
    exogs : dict of ndarray of shape (n_rows, n_exog) or None
        Covariates of each series, by key.
    task : OriginTask
        The model and the settings.
    number : int
        Number of the fold.
    """
    start, panel = time.perf_counter(), read_panel(series, task.id_column)
    found = {}
    for key, folds in task.folds.items():
        rows = _select_targets(panel.series[key], task.targets[key])
        exog = None if exogs is None else exogs[key]
        with panel.naming(key):
            found[key] = [
                _forecast_origin(task, rows, exog, folds[number], origin, number)
                for origin in folds[number].origins
            ]
    tables = {key: np.stack(values) for key, values in found.items()}
    forecasts = {key: table[..., 0] for key, table in tables.items()}
    lower = upper = {}
    if task.coverage is not None:
        lower = {key: table[..., 1] for key, table in tables.items()}
        upper = {key: table[..., 2] for key, table in tables.items()}
    return OriginResult(forecasts, lower, upper, time.perf_counter() - start)


def _select_targets(rows, targets):
    """Return the target columns. A single column is a Series or a 1-D array."""
    if not hasattr(rows, "iloc"):
        rows = np.asarray(rows)
    if rows.ndim == 1:
        return rows
    columns = targets[0] if len(targets) == 1 else targets
    return rows.iloc[:, columns] if hasattr(rows, "iloc") else rows[:, columns]


def _forecast_origin(task, rows, exog, fold, origin, number):
    """Return the forecast and its lower and upper bound from one origin.

    The shape is (horizon, n_targets, 3).
    """
    first, stop = fold.train.start, int(origin) + 1
    model, known, ahead = clone(task.model, safe=False), {}, {}
    if exog is not None and takes_exog(model.fit):
        known = {"exog": exog[first:stop]}
        ahead = {"exog": exog[stop : stop + task.horizon]}
    try:
        fitted = model.fit(cut_rows(rows, first, stop), **known)
        # If `fit` does not return an object with `forecast`, it has changed the model.
        fitted = fitted if hasattr(fitted, "forecast") else model
        interval = None
        if task.coverage is not None and hasattr(fitted, "forecast_interval"):
            interval = fitted.forecast_interval(task.horizon, task.coverage, **ahead)
        forecast = fitted.forecast(task.horizon, **ahead)
    except Exception as error:
        error.add_note(f"Raised by the fit for fold {number} of the backtest.")
        raise
    n_targets = 1 if rows.ndim == 1 else rows.shape[1]
    table = np.full((task.horizon, n_targets, 3), np.nan)
    table[..., 0] = _read(task, "forecast(steps)", forecast, (n_targets,))
    if interval is not None:
        bounds = _read(
            task, "forecast_interval(steps, coverage)", interval, (n_targets, 3)
        )
        table[..., 1:] = bounds[..., 1:]
    return table


def _read(task, method, values, shape):
    """Return the result of a model's method as an array of shape (horizon, *shape)."""
    values = np.asarray(values, dtype=float)
    shape = (task.horizon, *shape)
    if values.size == np.prod(shape) and len(values) == task.horizon:
        return values.reshape(shape)
    flat = (task.horizon, int(np.prod(shape[1:])))
    whose = "the model" if task.name is None else repr(task.name)
    raise ValueError(
        f"{method} of {whose} must return an array of shape {flat}: got the shape "
        f"{values.shape} for steps={task.horizon}. Return one row for each step and "
        "one column for each target."
    )
