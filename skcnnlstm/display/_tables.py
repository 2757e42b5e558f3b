"""Forecasts and series in every form they come in, as one series of numbers a panel."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skcnnlstm.forecasting.panel import listed, read_panel

_BAND = ["forecast", "lower", "upper"]


def split_loss(series, id_column=None):
    """Return one pandas Series for each column of each series.

    Parameters
    ----------
    series : array-like, Series, DataFrame, list or dict of these, or long frame
        As `SeriesForecaster` takes and gives it.
    id_column : str or None
        Of a long frame.

    Returns
    -------
    columns : dict
        By (key of the series, name of the column).
    """
    columns = {}
    for key, one in read_panel(series, id_column).series.items():
        if isinstance(one, pd.Series):
            columns[key, _name(one.name)] = one
            continue
        if not isinstance(one, pd.DataFrame):
            values = np.asarray(one, dtype=float)
            one = pd.DataFrame(values[:, None] if values.ndim == 1 else values)
        for place, name in enumerate(one.columns):
            columns[key, name] = one.iloc[:, place]
    return columns


def take_bands_apart(forecast, id_column=None):
    """Return forecasts, lower and upper bounds, as `split_loss` gives each.

    Bounds are empty unless the forecast is what `forecast_interval` returns.
    """
    levels = getattr(getattr(forecast, "columns", None), "nlevels", 1)
    if id_column is not None and levels > 1:
        id_column = (id_column, *[""] * (levels - 1))
    columns = split_loss(forecast, id_column)
    if not all(_part(name) in _BAND for _, name in columns):
        return columns, {}, {}
    parts = tuple({} for _ in _BAND)
    for (key, name), column in columns.items():
        target = name[0] if isinstance(name, tuple) else 0
        parts[_BAND.index(_part(name))][key, target] = column
    return parts


def has_labels(series):
    """Tell whether rows have labels of their own: those of arrays are counted."""
    if isinstance(series, dict):
        series = list(series.values())
    if isinstance(series, list | tuple) and len(series):
        series = series[0]
    return hasattr(series, "index") and not isinstance(series, list | tuple)


def match(columns, keys, chosen, what):
    """Put columns beside the panels chosen: by key, or in the order of all keys."""
    if not columns:
        return dict.fromkeys(chosen)
    if all(key in columns for key in chosen):
        return {key: columns[key] for key in chosen}
    if len(columns) == len(keys):
        ordered = dict(zip(keys, columns.values(), strict=True))
        return {key: ordered[key] for key in chosen}
    given = list(dict.fromkeys(series for series, _ in columns))
    wanted = list(dict.fromkeys(series for series, _ in chosen))
    if given != wanted and set(given) < set(wanted):
        raise ValueError(
            f"{what} must hold each series that is drawn: got {listed(given)}, drawn "
            f"are {listed(wanted)}. Use names={given!r} to draw "
            f"{'it' if len(given) == 1 else 'those'} alone."
        )
    raise ValueError(
        f"{what} must have the columns that are forecast: got "
        f"{[name for _, name in columns]}, forecast are "
        f"{[name for _, name in keys]}. Give those alone."
    )


def _part(name):
    return name[1] if isinstance(name, tuple) and len(name) == 2 else name


def _name(name):
    return 0 if name is None else name
