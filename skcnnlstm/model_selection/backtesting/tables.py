"""Tidy tables of a backtest: a row a value forecast, or a row a fold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skcnnlstm import metrics


def lay_out(all_series, ahead, limits, done, season_length):
    """Return the tables of a `BacktestResult`, of all series one after the other.

    Parameters
    ----------
    all_series : dict of FoldedSeries
    ahead : dict of ndarray of shape (n_origins, horizon, n_targets)
        What was forecast of each series.
    limits : dict of (ndarray, ndarray)
        The bounds of intervals of that shape; empty without any.
    done : list of (bool, float)
        For each fold whether it began with a fit, and the seconds it took.
    season_length : int
        As for `backtest`.

    Returns
    -------
    forecasts, references, folds : DataFrame
    """
    tables = [
        (
            _forecasts(key, one, ahead[key], limits.get(key)),
            _references(one, ahead[key].shape[1], season_length),
            _folds(key, one, done),
        )
        for key, one in all_series.items()
    ]
    return [pd.concat(each, ignore_index=True) for each in zip(*tables, strict=True)]


def _forecasts(key, one, ahead, limits):
    """Lay out forecasts, (n_origins, horizon, n_targets), one value a row."""
    n_origins, horizon, n_targets = ahead.shape
    origin = np.repeat(one.origins(), horizon * n_targets)
    step = np.tile(np.repeat(np.arange(1, horizon + 1), n_targets), n_origins)
    sizes = [len(fold.origins) * horizon * n_targets for fold in one.folds]
    target = np.tile(np.arange(n_targets), n_origins * horizon)
    table = pd.DataFrame(
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
    if limits is not None:
        table["lower"], table["upper"] = (limit.ravel() for limit in limits)
    return table


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


def _folds(key, one, done):
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
            "n_train": [fold.n_train for fold in one.folds],
            "n_origins": [len(fold.origins) for fold in one.folds],
            "refitted": refitted,
            "seconds": seconds,
        }
    )


def _name(key, one):
    """Return how a table names a series: by its key, its name, or 0."""
    if key is not None:
        return key
    return 0 if one.rows.name is None else one.rows.name
