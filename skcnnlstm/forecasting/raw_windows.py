"""Cut windows in the units of a series, and forecast from such raw windows.

A raw window has the shape ``(window_length, n_columns)``: all columns of the series, in
their order. With known-future covariates, it has the shape
``(window_length + horizon, n_columns + n_exog)``, and its last `horizon` rows are the
rows ahead. Values that no forecast reads are NaN. In the rows ahead, these are the
columns of the series. In the first `horizon` rows, these are the covariates; with
``strategy="recursive"``, only those of the first row.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from skcnnlstm._utils.warnings import warn
from skcnnlstm.forecasting.fitted import describe_short_history, describe_short_tails
from skcnnlstm.forecasting.predict import (
    predict_windows,
    read_exog_with_rows_ahead,
    read_own_exog,
    read_rows_ahead,
)
from skcnnlstm.forecasting.samples import forecast_origins
from skcnnlstm.forecasting.series_input import Rows
from skcnnlstm.windows.views import window_view


class RawWindows(NamedTuple):
    """The windows from which one series is forecast."""

    windows: np.ndarray  # (n, n_steps, n_columns + n_exog)
    n_missing: np.ndarray  # (n,), number of steps that repeat the first known row
    actual: np.ndarray | None  # (n, horizon, n_targets), the values that follow


def last_raw_windows(fitted, exog):
    """Return the last window of each series, from which `forecast` starts, by key."""
    _, exogs, _ = read_rows_ahead(fitted, fitted.horizon, exog)
    if message := describe_short_tails(fitted):
        warn(message)
    results = {}
    for key, one in fitted.series.items():
        n_missing = np.array([one.window_length - one.n_known])
        segments = [one.last_segment(exogs[key])]
        windows = _cut_windows(fitted, one.scale, segments)
        results[key] = RawWindows(windows, n_missing, None)
    return results


def raw_windows_of_rows(fitted, panel, tables, exog):
    """Return the windows of each series, by key: one window that ends with each row."""
    runs = fitted.find_runs(tables)
    exogs = read_exog_with_rows_ahead(fitted, panel, tables, exog, runs)
    if message := describe_short_history(fitted, runs):
        warn(message)
    results = {}
    for key, rows in tables.items():
        with panel.naming(key):
            results[key] = _cut_runs(
                fitted, key, rows, exogs[key], *runs[key], with_last=False
            )
    return results


def raw_windows_with_actual(fitted, panel, tables, exog):
    """Return the windows and the actual values that `score` uses, by key."""
    exogs = read_own_exog(fitted, panel, tables, exog, n_spare=fitted.horizon)
    results, all_runs = {}, fitted.find_runs(tables)
    for key, rows in tables.items():
        with panel.naming(key):
            runs, next_run, actual = fitted.series[key].find_scored_runs(
                rows, fitted.horizon, *all_runs[key]
            )
            cut = _cut_runs(
                fitted, key, rows, exogs[key], runs, next_run, with_last=True
            )
            results[key] = cut._replace(actual=np.concatenate(actual))
    return results


def _cut_runs(fitted, key, rows, exog, runs, next_run, *, with_last):
    one, length = fitted.series[key], fitted.window_length
    segments = one.extract_segments(
        rows, exog, runs, next_run, n_ahead=fitted.horizon, with_last=with_last
    )
    n_missing = []
    for number, (start, stop) in enumerate(runs):
        known, first = 0, start
        if number == next_run:
            known, first = one.n_known, start - with_last
        # The window that ends with row `start` contains the known rows and this row.
        ends = np.arange(first, stop) - start
        n_missing.append(np.maximum(0, length - known - 1 - ends))
    windows = _cut_windows(fitted, one.scale, segments)
    return RawWindows(windows, np.concatenate(n_missing), None)


def _cut_windows(fitted, scale, segments):
    """Return the raw windows of segments that are on the scale of the model."""
    parts = [_cut_segment(fitted, scale, segment) for segment in segments]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _cut_segment(fitted, scale, segment):
    length, horizon, n_columns = fitted.window_length, fitted.horizon, fitted.n_features
    windows = window_view(_unscale(fitted, scale, segment.columns), length)
    if segment.exog is None:
        return windows
    exog = scale.apply_to_varying(lambda rows: _invert(scale.exog, rows), segment.exog)
    shape = (len(windows), length + horizon, n_columns + exog.shape[1])
    raw = np.full(shape, np.nan)
    raw[:, :length, :n_columns] = windows
    first = fitted.block_length  # earlier covariates are not read
    exog_windows = window_view(exog, length + horizon)[: len(windows)]
    raw[:, first:, n_columns:] = exog_windows[:, first:]
    return raw


def _unscale(fitted, scale, columns):
    """Return scaled rows in the units and the column order of the series."""
    rows = np.empty((len(columns), fitted.n_features))
    targets = columns[np.newaxis, :, : fitted.n_modelled]
    rows[:, scale.roles.targets] = scale.inverse_transform(targets)[0]
    if scale.roles.past:
        past = _invert(scale.past, columns[:, fitted.n_modelled :])
        rows[:, scale.roles.past] = past
    return rows


def _invert(transformer, values):
    if transformer is None:
        return np.asarray(values, dtype=float)
    return np.asarray(transformer.inverse_transform(values), dtype=float)


def forecast_raw_windows(fitted, scale, windows) -> np.ndarray[Any, Any]:
    """Forecast from raw windows of one series. `scale` is the scale of this series.

    Returns
    -------
    forecasts : ndarray of shape (n, horizon, n_targets)
        In the units of the series.
    """
    n, length, block = len(windows), fitted.window_length, fitted.block_length
    n_columns, n_modelled = fitted.n_features, fitted.n_modelled
    rows = windows[:, :length, :n_columns].reshape(-1, n_columns)
    columns = scale.transform(Rows(rows, None, None, None, 2, None))
    table, later = columns.reshape(n, length, -1), None
    if fitted.known is not None:
        exog = windows[:, block:, n_columns:]
        scaled = scale.transform_exog(exog.reshape(-1, exog.shape[2]))
        exog = scaled.reshape(exog.shape)
        table = np.concatenate([table, exog[:, :length]], axis=2)
        later = exog[:, length:] if fitted.horizon > block else None
    channels = [table]
    if fitted.independent and n_modelled > 1:
        covariates = range(n_modelled, table.shape[2])
        channels = [table[:, :, [c, *covariates]] for c in range(n_modelled)]
    predict = partial(predict_windows, fitted)
    forecasts = [
        forecast_origins(predict, [(channel, later)], fitted.horizon, block)[0]
        for channel in channels
    ]
    return scale.inverse_transform(np.concatenate(forecasts, axis=2))
