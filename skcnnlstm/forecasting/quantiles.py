"""Forecast the quantiles that the network inside a forecaster learned."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from skcnnlstm._utils.introspection import unwrap_search
from skcnnlstm.forecasting.predict import forecast_rows_scaled, forecast_scaled


def quantiles_of(estimator):
    """Return the quantiles that an estimator predicts; None if it predicts none.

    The estimator may be a network, a Pipeline that ends in a network, or a search over
    either.
    """
    last = _last_step(estimator)
    quantiles = last.get_params(deep=False).get("quantiles")
    return quantiles if hasattr(last, "predict_quantiles") else None


def _last_step(estimator):
    estimator = unwrap_search(estimator)
    return _last_step(estimator[-1]) if isinstance(estimator, Pipeline) else estimator


def forecast_quantiles(fitted, steps, exog):
    """Return tables of quantiles of the next steps, in the form of the series."""
    labels, values, quantiles = forecast_quantile_values(fitted, steps, exog)
    frames = {
        key: make_frame(
            values[key],
            quantiles,
            fitted.target_names(key),
            labels[key],
            level="quantile",
        )
        for key in values
    }
    return fitted.panel.join_forecasts(frames)


def forecast_quantile_values(fitted, steps, exog):
    """Forecast the quantiles of the next steps on the user's scale.

    Returns
    -------
    labels : dict of (Index or None)
        The labels of the steps, by key.
    values : dict of ndarray of shape (steps, n_targets, n_quantiles)
    quantiles : tuple of float
    """
    steps = fitted.check_steps(steps)
    quantiles = _check_quantiles(fitted, steps)
    labels, scaled = forecast_scaled(fitted, steps, exog, _predict_windows)
    values = {
        key: _inverse_transform(fitted.series[key].scale, array)[0]
        for key, array in scaled.items()
    }
    return labels, values, quantiles


def predict_row_quantiles(fitted, panel, tables, exog):
    """Return the quantiles that are forecast from each row of each series, by key.

    The arrays have the shape ``(n_rows, horizon, n_quantiles)`` for one target, else
    ``(n_rows, horizon, n_targets, n_quantiles)``.
    """
    _check_quantiles(fitted, fitted.horizon)
    scaled = forecast_rows_scaled(fitted, panel, tables, exog, _predict_windows)
    values = {}
    for key, array in scaled.items():
        array = _inverse_transform(fitted.series[key].scale, array)
        values[key] = array[:, :, 0] if fitted.n_targets == 1 else array
    return values


def _predict_windows(fitted, windows):
    """Predict quantiles of shape (n_windows, block_length, n_outputs, n_quantiles)."""
    predicted = predict_quantiles(fitted.estimator, windows)
    return predicted.reshape(len(windows), fitted.block_length, fitted.n_outputs, -1)


def predict_quantiles(estimator, windows):
    """Predict quantiles ``(n_samples, n_outputs, n_quantiles)`` of windows."""
    while not hasattr(estimator, "predict_quantiles"):
        if isinstance(estimator, Pipeline):
            windows = estimator[:-1].transform(windows) if estimator[:-1] else windows
            estimator = estimator[-1]
        else:
            estimator = estimator.best_estimator_
    return estimator.predict_quantiles(windows)


def _check_quantiles(fitted, steps):
    """Return the quantiles of the network; raise if they cannot be forecast.

    The network must have quantiles, and must predict at least `steps` steps at once.
    """
    quantiles = quantiles_of(fitted.estimator)
    if quantiles is None:
        raise ValueError(
            "estimator must be a network with quantiles: got "
            f"estimator={fitted.estimator!r}. Use "
            "CNNLSTMRegressor(quantiles=(0.05, 0.5, 0.95)) or another regressor of "
            "this package, alone or as the last step of a Pipeline."
        )
    if steps > fitted.block_length:
        remedy = f"Use SeriesForecaster(..., horizon={steps})"
        if steps <= fitted.horizon:
            remedy = 'Use strategy="direct"'
        elif fitted.block_length == 1:
            remedy += ' with strategy="direct"'
        raise ValueError(
            "steps must be at most the number that the network predicts at once, "
            "because forecasts that are fed back as input have no quantiles: got "
            f"steps={steps}, and the network predicts {fitted.block_length} at once. "
            f"{remedy}."
        )
    return tuple(quantiles)


def find_interval(quantiles, coverage):
    """Return the positions of the two quantiles that enclose the share `coverage`."""
    symmetric = {
        round(1 - 2 * low, 9): (place, other)
        for place, low in enumerate(quantiles)
        for other, high in enumerate(quantiles)
        if low < high and abs(low + high - 1) < 1e-9
    }
    if round(coverage, 9) not in symmetric:
        tail = (1 - coverage) / 2
        use = "Fit"
        if symmetric:
            shares = " or ".join(f"{share:g}" for share in symmetric)
            use = f"Use a coverage of {shares}, fit"
        raise ValueError(
            "coverage must be the share between two quantiles of the network that are "
            f"symmetric around 0.5: got coverage={coverage:g}, "
            f"quantiles={tuple(quantiles)}. {use} with quantiles=({tail:g}, 0.5, "
            f"{1 - tail:g}), or set a calibration_fraction."
        )
    return symmetric[round(coverage, 9)]


def make_frame(values, names, targets, index, *, level=None):
    """Return the values of one series as a DataFrame with one row for each step.

    Parameters
    ----------
    values : ndarray of shape (steps, n_targets, n_names)
    names : sequence
        The columns for each target.
    targets : sequence
        The names of the targets, above the columns if there are several.
    index : Index or None
        Labels of the steps; None counts them from 1.
    level : str or None, default=None
        The name of the column index.

    Returns
    -------
    frame : DataFrame
    """
    if index is None:
        index = pd.RangeIndex(1, len(values) + 1, name="step")
    columns = pd.Index(names, name=level)
    if values.shape[1] > 1:
        columns = pd.MultiIndex.from_product([targets, names], names=["target", level])
    return pd.DataFrame(values.reshape(len(values), -1), index=index, columns=columns)


def _inverse_transform(scale, values):
    """Return quantiles ``(n, steps, n_targets, n_quantiles)`` on the user's scale."""
    return np.stack(
        [
            scale.inverse_transform(values[..., place])
            for place in range(values.shape[-1])
        ],
        axis=-1,
    )
