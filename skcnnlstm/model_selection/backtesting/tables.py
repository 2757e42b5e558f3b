"""Tables of a `BacktestResult`: forecasts, reference forecasts and folds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skcnnlstm import metrics


def make_tables(all_series, forecasts, bounds, timings, season_length):
    """Return the tables of a `BacktestResult`, with all series one after the other.

    Parameters
    ----------
    all_series : dict of BacktestSeries
        Each series, by key.
    forecasts : dict of ndarray of shape (n_origins, horizon, n_targets)
        Forecasts of each series.
    bounds : dict of (ndarray, ndarray)
        Lower and upper bounds of the intervals of each series, in the shape of its
        forecasts. Empty if there are no intervals.
    timings : list of (bool, float)
        For each fold, whether the forecaster was fitted for it, and its duration in
        seconds.
    season_length : int
        Parameter of `backtest`.

    Returns
    -------
    forecasts, references, folds : DataFrame
        The tables that `BacktestResult` documents.
    """
    horizon = next(iter(forecasts.values())).shape[1]
    parts = [
        (
            _forecast_columns(key, series, forecasts[key], bounds.get(key)),
            _reference_columns(series, horizon, season_length),
            _fold_columns(key, series, timings),
        )
        for key, series in all_series.items()
    ]
    return [_join_columns(each) for each in zip(*parts, strict=True)]


def join_models(tables):
    """Join the tables of several models; `tables` is a dict by the model name."""
    return [
        pd.concat(parts, ignore_index=True)
        for parts in zip(
            *(_insert_name(name, each) for name, each in tables.items()), strict=True
        )
    ]


def _insert_name(name, tables):
    """Add the model's name to its tables of forecasts and folds; return all tables."""
    forecasts, references, folds = tables
    for table in (forecasts, folds):
        table.insert(0, "model", name)
    return forecasts, references, folds


def _join_columns(parts):
    """Return one table from the columns of all series, which are arrays or indexes."""
    return pd.DataFrame(
        {name: _join([part[name] for part in parts]) for name in parts[0]}
    )


def _join(parts):
    if isinstance(parts[0], pd.Index):
        return parts[0].append(parts[1:])
    return np.concatenate(parts)


def _forecast_columns(key, series, forecasts, bounds):
    """Return the columns of a table with one row for each forecast value."""
    n_origins, horizon, n_targets = forecasts.shape
    origin = np.repeat(series.origins(), horizon * n_targets)
    step = np.tile(np.repeat(np.arange(1, horizon + 1), n_targets), n_origins)
    sizes = [len(fold.origins) * horizon * n_targets for fold in series.folds]
    target = np.tile(np.arange(n_targets), n_origins * horizon)
    columns = {
        "series": _series_name(key, series).repeat(len(origin)),
        "target": series.targets.take(target),
        "fold": np.repeat(np.arange(len(series.folds)), sizes),
        "origin": series.labels(origin),
        "step": step,
        "time": series.labels(origin + step),
        "actual": series.actual(horizon).ravel(),
        "forecast": forecasts.ravel(),
    }
    if bounds is not None:
        columns["lower"], columns["upper"] = (bound.ravel() for bound in bounds)
    return columns


def _reference_columns(series, horizon, season_length):
    """Return reference forecasts and the scale of MASE for each forecast value."""
    columns = {"naive": [], "seasonal_naive": [], "naive2": [], "scale": []}
    season, times = season_length, series.times
    # Reference forecasts replace a missing value by the last known one.
    known = series.values
    if np.isnan(known).any():
        known = pd.DataFrame(known).ffill().bfill().to_numpy()
    for train, origins in series.folds:
        args = known, origins, horizon
        scale = metrics.scale_of_mase(series.values[train], season, times[train])
        naive = metrics.naive(*args)
        columns["naive"].append(naive)
        columns["seasonal_naive"].append(metrics.seasonal_naive(*args, season, times))
        columns["naive2"].append(metrics.naive2(*args, season, train, times))
        columns["scale"].append(np.broadcast_to(scale, naive.shape))
    return {name: np.concatenate(parts).ravel() for name, parts in columns.items()}


def _fold_columns(key, series, timings):
    """Return the columns of a table with one row for each fold."""
    first = np.array([fold.train.start for fold in series.folds])
    last = np.array([fold.train.stop - 1 for fold in series.folds])
    refitted, seconds = zip(*timings, strict=True)
    return {
        "series": _series_name(key, series).repeat(len(first)),
        "fold": np.arange(len(first)),
        "first_train": series.labels(first),
        "last_train": series.labels(last),
        "n_train": [fold.n_train for fold in series.folds],
        "n_origins": [len(fold.origins) for fold in series.folds],
        "refitted": refitted,
        "seconds": seconds,
    }


def _series_name(key, series):
    """Return an index with one value: the key of a series, else its name, else 0."""
    if key is None:
        key = 0 if series.rows.name is None else series.rows.name
    return pd.Index([key])
