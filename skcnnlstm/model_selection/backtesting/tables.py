"""Tables of a `BacktestResult`: forecasts, reference forecasts and folds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skcnnlstm import metrics


def make_tables(all_series, forecasts, bounds, timings, season_length):
    """Return the tables of a `BacktestResult`, all series one after the other.

    Parameters
    ----------
    all_series : dict of BacktestSeries
    forecasts : dict of ndarray of shape (n_origins, horizon, n_targets)
        Forecasts of each series.
    bounds : dict of (ndarray, ndarray)
        Lower and upper bounds of the intervals, of the same shape; empty without any.
    timings : list of (bool, float)
        For each fold, whether the forecaster was fitted for it, and the seconds.
    season_length : int
        As for `backtest`.

    Returns
    -------
    forecasts, references, folds : DataFrame
    """
    tables = [
        (
            _forecast_table(key, series, forecasts[key], bounds.get(key)),
            _reference_table(series, forecasts[key].shape[1], season_length),
            _fold_table(key, series, timings),
        )
        for key, series in all_series.items()
    ]
    return [pd.concat(each, ignore_index=True) for each in zip(*tables, strict=True)]


def _forecast_table(key, series, forecasts, bounds):
    """Return a table with one row for each forecast value."""
    n_origins, horizon, n_targets = forecasts.shape
    origin = np.repeat(series.origins(), horizon * n_targets)
    step = np.tile(np.repeat(np.arange(1, horizon + 1), n_targets), n_origins)
    sizes = [len(fold.origins) * horizon * n_targets for fold in series.folds]
    target = np.tile(np.arange(n_targets), n_origins * horizon)
    table = pd.DataFrame(
        {
            "series": pd.Index([_series_name(key, series)]).repeat(len(origin)),
            "target": series.targets.take(target),
            "fold": np.repeat(np.arange(len(series.folds)), sizes),
            "origin": series.labels(origin),
            "step": step,
            "time": series.labels(origin + step),
            "actual": series.actual(horizon).ravel(),
            "forecast": forecasts.ravel(),
        }
    )
    if bounds is not None:
        table["lower"], table["upper"] = (bound.ravel() for bound in bounds)
    return table


def _reference_table(series, horizon, season_length):
    """Return naive forecasts and the scale of MASE, one row for each forecast value."""
    columns = {"naive": [], "seasonal_naive": [], "naive2": [], "scale": []}
    season, times = season_length, series.times
    # Reference forecasts replace a missing value by the last known one.
    known = pd.DataFrame(series.values).ffill().bfill().to_numpy()
    for train, origins in series.folds:
        args = known, origins, horizon
        scale = metrics.scale_of_mase(series.values[train], season, times[train])
        naive = metrics.naive(*args)
        columns["naive"].append(naive)
        columns["seasonal_naive"].append(metrics.seasonal_naive(*args, season, times))
        columns["naive2"].append(metrics.naive2(*args, season, train, times))
        columns["scale"].append(np.broadcast_to(scale, naive.shape))
    return pd.DataFrame(
        {name: np.concatenate(parts).ravel() for name, parts in columns.items()}
    )


def _fold_table(key, series, timings):
    """Return a table with one row for each fold."""
    first = np.array([fold.train.start for fold in series.folds])
    last = np.array([fold.train.stop - 1 for fold in series.folds])
    refitted, seconds = zip(*timings, strict=True)
    return pd.DataFrame(
        {
            "series": pd.Index([_series_name(key, series)]).repeat(len(first)),
            "fold": np.arange(len(first)),
            "first_train": series.labels(first),
            "last_train": series.labels(last),
            "n_train": [fold.n_train for fold in series.folds],
            "n_origins": [len(fold.origins) for fold in series.folds],
            "refitted": refitted,
            "seconds": seconds,
        }
    )


def _series_name(key, series):
    """Return the value of the column "series": the key, else the name, else 0."""
    if key is not None:
        return key
    return 0 if series.rows.name is None else series.rows.name
