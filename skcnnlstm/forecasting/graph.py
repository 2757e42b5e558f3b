"""Build the export graph of a fitted SeriesForecaster."""

from __future__ import annotations

import numpy as np

from skcnnlstm._utils.export_graph import ExportGraph
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
    independent, length = fitted.independent, fitted.window_length
    horizon, block = fitted.horizon, fitted.block_length
    n_modelled, n_targets = fitted.n_modelled, fitted.n_targets
    scale = next(iter(fitted.series.values())).scale
    targets, past = scale.roles
    _check_exportable(context.path, fitted)
    n_channels = n_modelled if independent else 1
    ops = context.ops
    scale_targets = context.transform(scale.targets, "transformer_")
    unscale_targets = context.inverse_transform(scale.targets, "transformer_")
    scale_past = context.transform(scale.past, "transformer_")
    model = context.build(fitted.estimator, "estimator_")

    def read(windows):
        """Return windows on the scale of the model, one series for each channel."""
        values = scale_targets(_take_columns(ops, windows, targets))
        if past:
            past_values = scale_past(_take_columns(ops, windows, past))
            values = ops.concatenate([values, past_values], axis=2)
        if n_channels > 1:
            values = ops.reshape(ops.transpose(values, (0, 2, 1)), (-1, length, 1))
        return values

    def predict_block(values):
        shape = (-1, block, n_modelled // n_channels)
        return ops.reshape(model.run(values), shape)

    def run(windows):
        values = read(windows)
        blocks = [predict_block(values)]
        while len(blocks) * block < horizon:
            values = ops.concatenate([values, blocks[-1]], axis=1)[:, -length:]
            blocks.append(predict_block(values))
        ahead = ops.concatenate(blocks, axis=1)[:, :horizon]
        if n_channels > 1:
            ahead = ops.reshape(ahead, (-1, n_channels, horizon))
            ahead = ops.transpose(ahead, (0, 2, 1))
        forecasts = unscale_targets(ahead)
        return forecasts[:, :, 0] if n_targets == 1 else forecasts

    return ExportGraph(run, (length, fitted.n_features), networks=model.networks)


def _check_exportable(path, fitted):
    kind, past = fitted.panel.kind, fitted.roles.past
    if kind != "one":
        raise TypeError(
            f"{path} must be fitted on one series to be exported: got {FORMS[kind]} of "
            f"{len(fitted.series)} series, each with its own scale. Export "
            "forecaster.estimator_, which takes windows on the scale of the model."
        )
    if fitted.exog_columns is not None:
        width, names = fitted.exog_columns
        columns = f"{width} columns" if names is None else listed(list(names))
        raise TypeError(
            f"{path} must be fitted without exog to be exported: got {columns}. Export "
            "forecaster.estimator_, which takes windows that contain the covariates."
        )
    if fitted.independent and past:
        raise TypeError(
            f"{path} must not combine past covariates with channels='independent' to "
            f"be exported: got {len(past)} past covariates. Use channels='joint'."
        )


def _take_columns(ops, windows, columns):
    if columns == list(range(windows.shape[2])):
        return windows
    return ops.take(windows, np.asarray(columns, np.int32), axis=2)
