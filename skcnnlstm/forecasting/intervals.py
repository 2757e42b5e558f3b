"""What forecasts of held-out rows say about the width of intervals."""

from __future__ import annotations

import math

import numpy as np

from skcnnlstm._validation import check_real
from skcnnlstm.conformal import conformal_quantile, scores_needed


def check_coverage(coverage):
    """Return `coverage` as a float between 0 and 1, both excluded."""
    return check_real("coverage", coverage, low=0, high=1, inclusive="neither")


def check_calibrated(calibration):
    """Raise where nothing (None) tells how wide intervals are to be."""
    if calibration is None:
        raise ValueError(
            "intervals need a calibration_fraction: got calibration_fraction=None. "
            "Use SeriesForecaster(..., calibration_fraction=0.2) and fit."
        )


def is_relative(transformer):
    """Say whether errors are counted in logarithms, as the series is modelled."""
    return isinstance(transformer, str) and transformer == "log"


def rows_to_hold_out(fraction, n_rows, length, horizon):
    """Return how many of the last rows of a series are for calibration."""
    fraction = check_real(
        "calibration_fraction", fraction, low=0, high=1, inclusive="neither"
    )
    n_held_out = math.floor(round(fraction * n_rows, 9))
    if n_held_out < horizon or n_rows - n_held_out < length + horizon:
        raise ValueError(
            "calibration_fraction must leave window_length + horizon rows to learn "
            f"from and hold out horizon rows or more: got {n_rows - n_held_out} and "
            f"{n_held_out} of {n_rows} rows, calibration_fraction={fraction:g}, "
            f"window_length={length}, horizon={horizon}. Use a longer series, or "
            "calibration_fraction=None for no intervals."
        )
    return n_held_out


def interval_widths(scores, coverage, steps=None):
    """Return how wide intervals are on each side, by step ahead and target.

    Parameters
    ----------
    scores : ndarray of shape (n, horizon, n_targets)
        How far forecasts of held-out rows were off, by `conformity`.
    coverage : float
        Between 0 and 1.
    steps : int or None, default=None
        How many steps ahead; None for the horizon.

    Returns
    -------
    widths : ndarray of shape (steps, n_targets)
    """
    n_scores, horizon = scores.shape[:2]
    steps = horizon if steps is None else steps
    if steps > horizon:
        raise ValueError(
            "steps of an interval must be at most the horizon, for later ones were "
            f"not calibrated: got steps={steps}, horizon={horizon}. Use "
            f"SeriesForecaster(..., horizon={steps}), or forecast for values alone."
        )
    needed = scores_needed(coverage)
    if n_scores < needed:
        raise ValueError(
            f"coverage={coverage:g} needs {needed} calibration residuals a step: got "
            f"{n_scores}. Use a longer series or a larger calibration_fraction "
            f"({needed + horizon - 1} rows held out without a gap would do), or a "
            f"coverage of at most {_highest(n_scores)}."
        )
    return conformal_quantile(scores[:, :steps], coverage)


def _highest(n_scores):
    """Return a coverage that some scores are enough for, rounded down."""
    return f"{np.floor(1000 * n_scores / (n_scores + 1)) / 1000:g}"
