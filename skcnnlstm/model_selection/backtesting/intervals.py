"""Widths of the prediction intervals of a backtest."""

from __future__ import annotations

import numpy as np

from skcnnlstm.conformal import adaptive_widths, conformity


def calibrated_widths(calibration, forecasts, coverage, panel):
    """Return the interval widths of a calibration for the forecasts of a fold, by key.

    Parameters
    ----------
    calibration : Calibration
        Calibration of the last fit.
    forecasts : dict of ndarray of shape (n_origins, horizon, n_targets)
        Forecasts of each series.
    coverage : float
        As for `backtest`.
    panel : Panel
        Names the series in errors.
    """
    widths = {}
    for key, series_forecasts in forecasts.items():
        with panel.naming(key):
            width = calibration.widths(key, coverage)
        widths[key] = np.broadcast_to(width, series_forecasts.shape)
    return widths


def adapted_widths(all_series, forecasts, calibration, coverage, gamma, *, relative):
    """Return adaptive interval widths for all forecasts of each series, by key.

    Parameters
    ----------
    all_series : dict of BacktestSeries
        The test rows of their folds may overlap.
    forecasts : dict of ndarray of shape (n_origins, horizon, n_targets)
        Forecasts of each series.
    calibration : Calibration or None
        Calibration of the first fit, which gives the initial widths; None starts
        without scores.
    coverage, gamma : float
        As for `backtest`.
    relative : bool
        Whether the errors are differences of logarithms.
    """
    widths = {}
    for key, series in all_series.items():
        horizon, origins = forecasts[key].shape[1], series.origins()
        initial_scores = None
        if calibration is not None:
            initial_scores = calibration.scores_for(key, coverage)
        scores = conformity(series.actual(horizon), forecasts[key], relative=relative)
        order = np.argsort(origins, kind="stable")
        widths[key] = np.empty(scores.shape)
        widths[key][order] = adaptive_widths(
            scores[order], origins[order], coverage, gamma, initial_scores
        )
    return widths
