"""Widths of the prediction intervals of a backtest."""

from __future__ import annotations

import numpy as np

from skcnnlstm.conformal import adaptive_widths, conformity


def calibrated_widths(calibration, forecasts, coverage, panel):
    """Return the widths of calibrated intervals for the forecasts of a fold.

    Parameters
    ----------
    calibration : Calibration
        Calibration of the last fit.
    forecasts : dict of ndarray of shape (n_origins, horizon, n_targets)
        Forecasts of each series, by key.
    coverage : float
        Share of actual values that the intervals should contain.
    panel : Panel
        The series. It is used to name a series in errors.

    Returns
    -------
    widths : dict of ndarray of shape (n_origins, horizon, n_targets)
        Widths for each series, by key.
    """
    widths = {}
    for key, series_forecasts in forecasts.items():
        with panel.naming(key):
            width = calibration.widths(key, coverage)
        widths[key] = np.broadcast_to(width, series_forecasts.shape)
    return widths


def adapted_widths(all_series, forecasts, calibration, coverage, gamma, *, relative):
    """Return the widths of adaptive intervals for all forecasts.

    Parameters
    ----------
    all_series : dict of BacktestSeries
        Each series, by key. The test rows of different folds may overlap.
    forecasts : dict of ndarray of shape (n_origins, horizon, n_targets)
        Forecasts of each series, by key.
    calibration : Calibration or None
        Calibration of the first fit, which gives the initial widths. With None, the
        first intervals are infinite.
    coverage, gamma : float
        Parameters of `backtest`.
    relative : bool
        Whether the errors are differences of logarithms.

    Returns
    -------
    widths : dict of ndarray of shape (n_origins, horizon, n_targets)
        Widths for each series, by key.
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
