"""Widths of the intervals of a backtest: calibrated by a fit, or adapted on the way."""

from __future__ import annotations

import numpy as np

from skcnnlstm.conformal import adaptive_widths, conformity
from skcnnlstm.forecasting.fitted import fitted_state


def calibrated_widths(fitted, said, coverage, panel):
    """Return the widths of the last calibration for the forecasts of a fold, by key."""
    calibration = fitted_state(fitted).calibration
    widths = {}
    for key, ahead in said.items():
        with panel.naming(key):
            width = calibration.widths(key, coverage)
        widths[key] = np.broadcast_to(width, ahead.shape)
    return widths


def adapted_widths(all_series, ahead, calibration, coverage, gamma, *, relative):
    """Return adaptive widths for all forecasts of each series, by key.

    Parameters
    ----------
    all_series : dict of FoldedSeries
        The test rows of their folds may overlap.
    ahead : dict of ndarray of shape (n_origins, horizon, n_targets)
        What was forecast.
    calibration : Calibration or None
        Of the first fit, to start from.
    coverage, gamma : float
        As for `backtest`.
    relative : bool
        Whether errors are of logarithms.
    """
    widths = {}
    for key, one in all_series.items():
        horizon, origins = ahead[key].shape[1], one.origins()
        known = None
        if calibration is not None:
            known = calibration.scores_for(key, coverage)
        scores = conformity(one.actual(horizon), ahead[key], relative=relative)
        order = np.argsort(origins, kind="stable")
        widths[key] = np.empty(scores.shape)
        widths[key][order] = adaptive_widths(
            scores[order], origins[order], coverage, gamma, known
        )
    return widths
