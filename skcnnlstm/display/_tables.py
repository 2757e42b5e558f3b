"""Convert forecasts and series of any form to Series, one for each panel."""

import numpy as np
import pandas as pd

from skcnnlstm.forecasting.panel import listed, read_panel

_INTERVAL_COLUMNS = ["forecast", "lower", "upper"]


def split_columns(series, id_column=None):
    """Return a dict of the columns of all series, each as a pandas Series.

    The keys are (key of the series, name of the column). `series` has any form that
    `SeriesForecaster` accepts or returns.
    """
    columns = {}
    for key, one in read_panel(series, id_column).series.items():
        if isinstance(one, pd.Series):
            columns[key, 0 if one.name is None else one.name] = one
            continue
        if not isinstance(one, pd.DataFrame):
            values = np.asarray(one, dtype=float)
            one = pd.DataFrame(values[:, None] if values.ndim == 1 else values)
        for position, name in enumerate(one.columns):
            columns[key, name] = one.iloc[:, position]
    return columns


def split_intervals(forecast, id_column=None):
    """Return forecasts, lower bounds and upper bounds: three dicts of Series.

    The keys are those of `split_columns`. If the forecast does not have the columns of
    `forecast_interval`, the dicts of bounds are empty.
    """
    levels = getattr(getattr(forecast, "columns", None), "nlevels", 1)
    if id_column is not None and levels > 1:
        id_column = (id_column, *[""] * (levels - 1))
    columns = split_columns(forecast, id_column)
    if not all(_last_level(name) in _INTERVAL_COLUMNS for _, name in columns):
        return columns, {}, {}
    parts = tuple({} for _ in _INTERVAL_COLUMNS)
    for (key, name), column in columns.items():
        target = name[0] if isinstance(name, tuple) else 0
        parts[_INTERVAL_COLUMNS.index(_last_level(name))][key, target] = column
    return parts


def has_index(series):
    """Return whether a series, or the first of many, has an index."""
    if isinstance(series, dict):
        series = list(series.values())
    if isinstance(series, list | tuple) and len(series):
        series = series[0]
    return hasattr(series, "index") and not isinstance(series, list | tuple)


def select_columns(columns, keys, keys_drawn, parameter):
    """Return the column of each drawn panel, by key.

    The values are None if `columns` is empty. If the columns have other keys than the
    panels, they are assigned to the panels in their order. `parameter` is the parameter
    that holds the columns, for errors.
    """
    if not columns:
        return dict.fromkeys(keys_drawn)
    if all(key in columns for key in keys_drawn):
        return {key: columns[key] for key in keys_drawn}
    if len(columns) == len(keys):
        ordered = dict(zip(keys, columns.values(), strict=True))
        return {key: ordered[key] for key in keys_drawn}
    given = list(dict.fromkeys(series for series, _ in columns))
    drawn = list(dict.fromkeys(series for series, _ in keys_drawn))
    if given != drawn and set(given) < set(drawn):
        raise ValueError(
            f"{parameter} must contain each series that is drawn: got {listed(given)}, "
            f"drawn are {listed(drawn)}. Use names={given!r} to draw only these."
        )
    raise ValueError(
        f"{parameter} must have the columns of the forecast: got "
        f"{[name for _, name in columns]}, the forecast has "
        f"{[name for _, name in keys]}. Pass only the columns of the forecast."
    )


def _last_level(name):
    return name[1] if isinstance(name, tuple) and len(name) == 2 else name
