"""Build the graph of a fitted SeriesForecaster, from raw windows to forecasts."""

from __future__ import annotations

import numpy as np

from skcnnlstm._utils.export_graph import ExportGraph, NoGraphError
from skcnnlstm.forecasting.fitted import fitted_state
from skcnnlstm.forecasting.panel import FORMS, listed


def build_forecaster_graph(forecaster, context):
    """Return the forecasts from raw windows ``(n, window_length, n_columns)``.

    Parameters
    ----------
    forecaster : SeriesForecaster
        Fitted on one series without `exog`.
    context : GraphContext
        As described in `skcnnlstm._utils.export_graph`.

    Returns
    -------
    graph : ExportGraph
        Its output is ``(n, horizon)``, or ``(n, horizon, n_targets)`` for several
        targets, in the units of the series.
    """
    fitted = fitted_state(forecaster)
    _check_exportable(context.path, fitted)
    scale = next(iter(fitted.series.values())).scale
    return build_series_graph(fitted, scale, context)


def build_series_graph(fitted, scale, context):
    """Return the forecasts of one series from raw windows and covariates.

    Parameters
    ----------
    fitted : FittedForecaster
    scale : Scale
        Of the series.
    context : GraphContext
        As described in `skcnnlstm._utils.export_graph`.

    Returns
    -------
    graph : ExportGraph
        Its input is ``(n, window_length, n_columns)``. With known-future covariates it
        is ``(n, window_length + horizon, n_columns + n_exog)``: the columns of the
        series, which are not read after the window, and the covariates. The output is
        that of `build_forecaster_graph`.
    """
    length, horizon, block = fitted.window_length, fitted.horizon, fitted.block_length
    n_columns, n_modelled = fitted.n_features, fitted.n_modelled
    n_channels = n_modelled if fitted.independent else 1
    n_exog = 0 if fitted.known is None else fitted.known.width
    targets, past = scale.roles
    ops = context.ops
    scale_targets = context.transform(scale.targets, "transformer_")
    unscale_targets = context.inverse_transform(scale.targets, "transformer_")
    scale_past = context.transform(scale.past, "transformer_")
    scale_exog = context.transform(scale.exog, "transformer_")
    model = context.build(fitted.estimator, "estimator_")

    def for_each_channel(rows):
        """Return covariates (n, n_rows, width) once for each channel."""
        if n_channels == 1:
            return rows
        repeated = ops.tile(rows[:, None], (1, n_channels, 1, 1))
        return ops.reshape(repeated, (-1, *rows.shape[1:]))

    def read(inputs):
        """Return windows and later covariates on the scale of the model.

        Each channel is a separate series.
        """
        rows = inputs[:, :length, :n_columns] if n_exog else inputs
        values = scale_targets(_take_columns(ops, rows, targets))
        if n_channels > 1:
            values = ops.reshape(ops.transpose(values, (0, 2, 1)), (-1, length, 1))
        parts, later = [values], None
        if past:
            past_rows = scale_past(_take_columns(ops, rows, past))
            parts.append(for_each_channel(past_rows))
        if n_exog:
            exog = inputs[:, block:, n_columns:]
            exog = scale.apply_to_varying(scale_exog, exog, ops.concatenate)
            exog = for_each_channel(exog)
            parts.append(exog[:, :length])
            later = exog[:, length:]
        return ops.concatenate(parts, axis=2) if len(parts) > 1 else values, later

    def predict_block(windows):
        shape = (-1, block, n_modelled // n_channels)
        return ops.reshape(model.run(windows), shape)

    def run(inputs):
        windows, later = read(inputs)
        blocks = [predict_block(windows)]
        for start in range(0, horizon - block, block):
            rows = blocks[-1]
            if later is not None:
                rows = ops.concatenate([rows, later[:, start : start + block]], axis=2)
            windows = ops.concatenate([windows, rows], axis=1)[:, -length:]
            blocks.append(predict_block(windows))
        ahead = ops.concatenate(blocks, axis=1)[:, :horizon]
        if n_channels > 1:
            ahead = ops.reshape(ahead, (-1, n_channels, horizon))
            ahead = ops.transpose(ahead, (0, 2, 1))
        forecasts = unscale_targets(ahead)
        return forecasts[:, :, 0] if fitted.n_targets == 1 else forecasts

    shape = (length + horizon, n_columns + n_exog) if n_exog else (length, n_columns)
    return ExportGraph(run, shape, networks=model.networks)


def _check_exportable(path, fitted):
    kind = fitted.panel.kind
    if kind != "one":
        raise NoGraphError(
            path,
            "be fitted on one series to be exported",
            f"{FORMS[kind]} of {len(fitted.series)} series, each with its own scale",
            "Export forecaster.estimator_, which takes windows on the scale of the "
            "model.",
        )
    for name in ("calendar", "static"):
        if fitted.known is not None and getattr(fitted.known, name) is not None:
            raise NoGraphError(
                path,
                f"be fitted without {name} to be exported",
                f"the columns {listed(fitted.known.names)}",
                "Export forecaster.estimator_, which takes windows that contain these "
                "columns.",
            )
    if fitted.exog_columns is not None:
        width, names = fitted.exog_columns
        columns = f"{width} columns" if names is None else listed(list(names))
        raise NoGraphError(
            path,
            "be fitted without exog to be exported",
            columns,
            "Export forecaster.estimator_, which takes windows that contain the "
            "covariates.",
        )


def _take_columns(ops, windows, columns):
    if columns == list(range(windows.shape[2])):
        return windows
    return ops.take(windows, np.asarray(columns, np.int32), axis=2)
