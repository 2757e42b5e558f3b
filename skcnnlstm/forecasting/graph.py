"""Build the graph of a fitted SeriesForecaster, from raw windows to forecasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skcnnlstm._utils.export_graph import ExportGraph, NoGraphError
from skcnnlstm.forecasting.fitted import fitted_state
from skcnnlstm.forecasting.panel import FORMS


def build_forecaster_graph(forecaster, context):
    """Return a graph from raw windows ``(n, window_length, n_columns)`` to forecasts.

    Parameters
    ----------
    forecaster : SeriesForecaster
        Fitted on one series.
    context : GraphContext
        As described in `skcnnlstm._utils.export_graph`.

    Returns
    -------
    graph : ExportGraph
        The output has the shape ``(n, horizon)``, or ``(n, horizon, n_targets)`` for
        several targets, in the units of the series. Quantiles are in a further, last
        axis. With covariates or a calendar, the graph has a second input of shape
        ``(n, window_length + horizon, n_covariates)``. Static covariates are constants
        of the graph.
    """
    fitted = fitted_state(forecaster)
    known = fitted.known
    _check_exportable(context.path, fitted)
    ((key, series),) = fitted.series.items()
    forecast, model = _build_forecast(fitted, series.scale, context)
    shape = (fitted.window_length, fitted.n_features)
    graph = ExportGraph(
        forecast, shape, networks=model.networks, metadata=model.metadata
    )
    if known is None:
        return graph
    n_rows, n_covariates = shape[0] + fitted.horizon, known.width - known.n_static
    ops = context.ops

    def run(windows, *covariates):
        parts = list(covariates)
        if known.n_static:
            row = ops.zeros_like(windows[:, :1, :1]) + np.float32(known.static[key])
            parts.append(ops.tile(row, (1, n_rows, 1)))
        return forecast(
            windows, ops.concatenate(parts, axis=2) if len(parts) > 1 else parts[0]
        )

    if not n_covariates:
        return replace(graph, run=run)
    names = [str(name) for name in known.names[:n_covariates]]
    return replace(
        graph,
        run=run,
        covariates=(n_rows, n_covariates),
        metadata={**graph.metadata, "covariates": names},
    )


def build_series_graph(fitted, scale, context):
    """Return a graph whose single input joins the rows and covariates of a series.

    Parameters
    ----------
    fitted : FittedForecaster
    scale : Scale
        The scale of the series.
    context : GraphContext
        As described in `skcnnlstm._utils.export_graph`.

    Returns
    -------
    graph : ExportGraph
        The input has the shape ``(n, window_length, n_columns)``. With known-future
        covariates, the shape is ``(n, window_length + horizon, n_columns + n_exog)``:
        the columns of the series, then the covariates. The columns of the series are
        read in the first `window_length` rows only. The output is that of
        `build_forecaster_graph`.
    """
    length, n_columns = fitted.window_length, fitted.n_features
    forecast, model = _build_forecast(fitted, scale, context)
    if fitted.known is None:
        return ExportGraph(forecast, (length, n_columns), networks=model.networks)

    def run(inputs):
        return forecast(inputs[:, :length, :n_columns], inputs[:, :, n_columns:])

    shape = (length + fitted.horizon, n_columns + fitted.known.width)
    return ExportGraph(run, shape, networks=model.networks)


def _build_forecast(fitted, scale, context):
    """Return a function that forecasts, and the graph of the inner estimator.

    The function takes windows and covariates. The covariates have the shape ``(n,
    window_length + horizon, n_exog)``, and include static covariates.
    """
    length, horizon, block = fitted.window_length, fitted.horizon, fitted.block_length
    n_modelled = fitted.n_modelled
    n_channels = n_modelled if fitted.independent else 1
    targets, past = scale.roles
    ops = context.ops
    scale_targets = context.transform(scale.targets, "transformer_")
    unscale_targets = context.inverse_transform(scale.targets, "transformer_")
    scale_past = context.transform(scale.past, "transformer_")
    scale_exog = context.transform(scale.exog, "transformer_")
    model = context.build(fitted.estimator, "estimator_")
    # The axis of the quantiles, if any, is the last one.
    last = (len(model.metadata["quantiles"]),) if context.quantiles else ()
    if context.quantiles and horizon > block:
        raise NoGraphError(
            context.path,
            "predict the whole horizon at once for output='quantiles', because "
            "forecasts that are fed back have no quantiles",
            f"horizon={horizon}, of which it predicts {block} step at once",
            "Fit with strategy='direct', or use output='predictions'.",
        )

    def for_each_channel(rows):
        """Repeat covariates (n, n_rows, width) for each channel, along axis 0."""
        if n_channels == 1:
            return rows
        repeated = ops.tile(rows[:, None], (1, n_channels, 1, 1))
        return ops.reshape(repeated, (-1, *rows.shape[1:]))

    def read(rows, exog):
        """Return windows, and the covariates after them, on the scale of the model.

        Each channel becomes a separate window.
        """
        values = scale_targets(_take_columns(ops, rows, targets))
        if n_channels > 1:
            values = ops.reshape(ops.transpose(values, (0, 2, 1)), (-1, length, 1))
        parts, later = [values], None
        if past:
            past_rows = scale_past(_take_columns(ops, rows, past))
            parts.append(for_each_channel(past_rows))
        if exog is not None:
            exog = exog[:, block:]  # a window holds the covariates of its forecast
            exog = scale.apply_to_varying(scale_exog, exog, ops.concatenate)
            exog = for_each_channel(exog)
            parts.append(exog[:, :length])
            later = exog[:, length:]
        return ops.concatenate(parts, axis=2) if len(parts) > 1 else values, later

    def predict_block(windows):
        shape = (-1, block, n_modelled // n_channels, *last)
        return ops.reshape(model.run(windows), shape)

    def unscale(ahead):
        if not last:
            return unscale_targets(ahead)
        by_quantile = unscale_targets(ops.transpose(ahead, (0, 1, 3, 2)))
        return ops.transpose(by_quantile, (0, 1, 3, 2))

    def run(rows, exog=None):
        windows, later = read(rows, exog)
        blocks = [predict_block(windows)]
        for start in range(0, horizon - block, block):
            rows = blocks[-1]
            if later is not None:
                rows = ops.concatenate([rows, later[:, start : start + block]], axis=2)
            windows = ops.concatenate([windows, rows], axis=1)[:, -length:]
            blocks.append(predict_block(windows))
        ahead = ops.concatenate(blocks, axis=1)[:, :horizon]
        if n_channels > 1:
            ahead = ops.reshape(ahead, (-1, n_channels, horizon, *last))
            ahead = ops.swapaxes(ahead, 1, 2)
        forecasts = unscale(ahead)
        return forecasts[:, :, 0] if fitted.n_targets == 1 else forecasts

    return run, model


def _check_exportable(path, fitted):
    kind = fitted.panel.kind
    if kind != "one":
        raise NoGraphError(
            path,
            "be fitted on one series to be exported",
            f"{FORMS[kind]} of {len(fitted.series)} series, each with its own scale",
            "Export forecaster.estimator_, which takes windows that are already "
            "scaled.",
        )


def _take_columns(ops, windows, columns):
    if columns == list(range(windows.shape[2])):
        return windows
    return ops.take(windows, np.asarray(columns, np.int32), axis=2)
