"""Forecast series that were not given to `fit`, each scaled by its own rows."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from skcnnlstm._utils.validation import has_labels, to_plain
from skcnnlstm.forecasting.covariates import own_rows, split_exog
from skcnnlstm.forecasting.fitted import FittedForecaster, fitted_state, learn_series
from skcnnlstm.forecasting.gaps import (
    find_all_runs,
    read_axes,
    warn_about_labels,
)
from skcnnlstm.forecasting.known import read_known
from skcnnlstm.forecasting.panel import cut_rows, is_list_of_series, read_panel
from skcnnlstm.forecasting.scaling import TransformerFactory
from skcnnlstm.forecasting.series_input import read_series
from skcnnlstm.forecasting.static_covariates import with_new_static


def read_new_series(forecaster, series, exog, static, steps):
    """Return the record of new series, and the covariates of the rows ahead of them.

    Parameters
    ----------
    forecaster : SeriesForecaster
        A fitted forecaster, which is not changed.
    series : array-like, Series, DataFrame, list or dict
        One series or many, in any form that `fit` takes.
    exog : array-like, Series, DataFrame, list, dict or None
        Covariates of the rows of the series and of the rows ahead.
    static : DataFrame, Series, dict, array-like or None
        Static covariates of the series.
    steps : int
        Number of steps ahead.

    Returns
    -------
    fitted : FittedForecaster
        A record of the new series: the fitted estimator, with the scales and the last
        rows of these series.
    exog : dict, array-like, Series, DataFrame or None
        Covariates of the rows ahead, as `forecast_steps` takes them.
    """
    fitted = fitted_state(forecaster)
    panel, tables, axes = _read(forecaster, fitted, series)
    fitted = with_new_static(fitted, static, panel)
    n_ahead = math.ceil(steps / fitted.block_length) * fitted.block_length
    own = read_known(fitted, exog, panel, own_rows(tables), n_spare=n_ahead)
    record = _learn(fitted, panel, tables, axes, own)
    if exog is None:
        return record, None
    ahead = {
        key: table
        if has_labels(table) and tables[key].index is not None
        else cut_rows(table, len(tables[key].values), None)
        for key, table in split_exog(exog, panel._replace(series=tables)).items()
    }
    return record, ahead[None] if panel.kind == "one" else ahead


def with_new_series(forecaster, series, exog=None, static=None):
    """Return a copy of a fitted forecaster, with `series` instead of the fitted series.

    The copy shares the estimator. `exog` holds the covariates of the rows, and `static`
    the static covariates of the series.
    """
    fitted = fitted_state(forecaster)
    panel, tables, axes = _read(forecaster, fitted, series)
    fitted = with_new_static(fitted, static, panel)
    own = read_known(fitted, exog, panel, own_rows(tables))
    copied = copy.copy(forecaster)
    copied._fitted = _learn(fitted, panel, tables, axes, own)
    return copied


def _read(forecaster, fitted, series):
    """Return the form, the rows and the time axes of new series."""
    many = isinstance(series, Mapping) or is_list_of_series(series)
    id_column = fitted.panel.id_column
    if not many:
        series = to_plain(series, "series")
        is_frame = isinstance(series, pd.DataFrame)
        if not is_frame or id_column not in series.columns:
            id_column = None
    panel = read_panel(series, None if many else id_column)
    tables = read_series(
        forecaster,
        panel,
        reset=False,
        accept_nan=fitted.accepts_nan,
        id_column=id_column,
    )
    has_index = all(rows.index is not None for rows in tables.values())
    freq = fitted.freq if has_index and not panel.numbered else None
    axes = read_axes(panel, tables, freq)
    warn_about_labels(panel, tables, axes)
    return panel, tables, axes


def _learn(fitted, panel, tables, axes, exogs) -> FittedForecaster:
    """Return a record of new series, with their own scales and last rows."""
    runs, series = find_all_runs(tables, axes), {}
    factory = TransformerFactory(fitted.unfitted_transformer)
    for key, rows in tables.items():
        axis = axes[key]
        with panel.naming(key):
            series[key], segments = learn_series(
                fitted.unfitted_transformer,
                fitted.roles,
                rows,
                exogs[key],
                None if axis is None else axis.without_rows(),
                runs[key],
                fitted.window_length,
                factory,
                n_static=fitted.n_static,
            )
            _check_width(segments[0], fitted)
    return replace(fitted, series=series, panel=panel.form(), calibration=None)


def _check_width(segment, fitted):
    n_columns = segment.columns.shape[1] - len(fitted.roles.past)
    if n_columns != fitted.n_modelled:
        raise ValueError(
            "transformer must make the same number of columns for each series: got "
            f"{n_columns} for this series, {fitted.n_modelled} for the fitted series. "
            "Use a transformer with a fixed number of columns."
        )
