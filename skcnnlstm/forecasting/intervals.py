"""Prediction intervals from the forecast errors of held-out rows, or from quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skcnnlstm._utils.validation import check_real
from skcnnlstm.conformal import (
    bounds,
    check_coverage,
    conformal_quantile,
    conformity,
    scores_needed,
)
from skcnnlstm.forecasting.predict import forecast_steps
from skcnnlstm.forecasting.quantiles import (
    find_interval,
    forecast_quantile_values,
    make_frame,
    quantiles_of,
)
from skcnnlstm.metrics import scale_of_mase

_COLUMNS = ("forecast", "lower", "upper")

# ------------------------------------------------------------------------ calibration


@dataclass(frozen=True, eq=False)
class Calibration:
    """The errors of the forecasts of held-out rows, for each series."""

    scores: dict  # by key, (n, horizon, n_targets), as `conformity` returns them
    units: dict  # by key, (n_targets,), which make the errors of series comparable
    relative: bool  # whether the errors are of logarithms

    def scores_for(self, key, coverage):
        """Return the errors of one series, or of all series if its own are too few.

        The errors of other series are converted to the unit of this series.
        """
        own = self.scores[key]
        if _count_known(own) >= scores_needed(coverage) or len(self.scores) == 1:
            return own
        pooled = [scores / self.units[other] for other, scores in self.scores.items()]
        return np.concatenate(pooled) * self.units[key]

    def widths(self, key, coverage, steps=None):
        """Return the widths of the intervals on each side, (steps, n_targets).

        `steps` is at most the horizon; None means the horizon.
        """
        scores = self.scores_for(key, coverage)
        horizon = scores.shape[1]
        steps = horizon if steps is None else steps
        if steps > horizon:
            raise ValueError(
                "steps must be at most horizon for intervals, because later steps are "
                f"not calibrated: got steps={steps}, horizon={horizon}. Use "
                f"SeriesForecaster(..., horizon={steps}), or forecast without "
                "intervals."
            )
        scores = scores[:, :steps]
        check_enough_scores(_count_known(scores), coverage, horizon)
        return conformal_quantile(scores, coverage)


def calibrate(results, units, relative):
    """Return the calibration of a forecaster.

    `results` holds the arrays (forecasts, actual) of the held-out rows, by key.
    """
    scores = {
        key: conformity(actual, forecasts, relative=relative)
        for key, (forecasts, actual) in results.items()
    }
    return Calibration(scores, units, relative)


def _count_known(scores):
    """Count the known scores of each step and target; return the smallest count."""
    return int(np.count_nonzero(~np.isnan(scores), axis=0).min())


def check_calibrated(calibration):
    """Raise if the calibration is None: no rows were held out."""
    if calibration is None:
        raise ValueError(
            "calibration_fraction must be set for intervals: got "
            "calibration_fraction=None. Fit SeriesForecaster(..., "
            "calibration_fraction=0.2). For forecast_interval, you can also fit a "
            "network with quantiles=(0.05, 0.5, 0.95)."
        )


def check_enough_scores(n_scores, coverage, horizon):
    """Raise if there are too few errors for finite intervals of this coverage."""
    needed = scores_needed(coverage)
    if n_scores >= needed:
        return
    highest = math.floor(1000 * n_scores / (n_scores + 1)) / 1000
    lower = f", or a coverage of at most {highest:g}" if n_scores else ""
    raise ValueError(
        f"coverage={coverage:g} requires {needed} calibration errors for each step: "
        f"got {n_scores}. Use a longer series or a larger calibration_fraction "
        f"({needed + horizon - 1} held-out rows without a gap suffice){lower}."
    )


def find_units(tables, targets, relative):
    """Return the unit in which the errors of each series are compared, by key.

    The unit is the mean absolute difference between consecutive rows. A constant series
    gets the mean unit of the other series, or 1 if all series are constant.
    """
    units = {}
    for key, rows in tables.items():
        values = rows.values[:, targets].astype(float)
        units[key] = scale_of_mase(np.log(values) if relative else values)
    known = np.array(list(units.values()))
    n_known = np.isfinite(known).sum(axis=0)
    mean = np.where(n_known, np.nansum(known, axis=0) / np.maximum(n_known, 1), 1.0)
    return {key: np.where(np.isnan(unit), mean, unit) for key, unit in units.items()}


def count_held_out(fraction, n_rows, window_length, horizon):
    """Return the number of last rows of a series that are held out for calibration.

    Raise if too few rows are held out, or are left for training.
    """
    fraction = check_real(
        "calibration_fraction", fraction, low=0, high=1, inclusive="neither"
    )
    n_held_out = math.floor(round(fraction * n_rows, 9))
    if n_held_out < horizon or n_rows - n_held_out < window_length + horizon:
        raise ValueError(
            "calibration_fraction must leave window_length + horizon rows for training "
            "and hold out at least horizon rows: got "
            f"calibration_fraction={fraction:g}, which leaves {n_rows - n_held_out} "
            f"and holds out {n_held_out} of {n_rows} rows, "
            f"window_length={window_length}, horizon={horizon}. Use a longer series, "
            "or calibration_fraction=None for no intervals."
        )
    return n_held_out


# -------------------------------------------------------------------------- intervals


def forecast_interval(fitted, steps, coverage, exog):
    """Return tables of forecasts and interval bounds, in the form of the series.

    The docstring of ``SeriesForecaster.forecast_interval`` describes the tables.
    """
    coverage = check_coverage(coverage)
    steps = fitted.check_steps(steps)
    if fitted.calibration is None and quantiles_of(fitted.estimator) is not None:
        frames = _intervals_between_quantiles(fitted, steps, coverage, exog)
    else:
        frames = _conformal_intervals(fitted, steps, coverage, exog)
    return fitted.panel.join_forecasts(frames)


def _conformal_intervals(fitted, steps, coverage, exog):
    calibration = fitted.calibration
    check_calibrated(calibration)
    widths = {}
    for key in fitted.series:
        with fitted.panel.naming(key):
            widths[key] = calibration.widths(key, coverage, steps)
    frames = {}
    for key, forecast in forecast_steps(fitted, steps, exog).items():
        values = np.asarray(forecast).reshape(widths[key].shape)
        limits = bounds(values, widths[key], relative=calibration.relative)
        table = np.stack([values, *limits], axis=2)
        index = getattr(forecast, "index", None)
        frames[key] = make_frame(table, _COLUMNS, fitted.target_names(key), index)
    return frames


def _intervals_between_quantiles(fitted, steps, coverage, exog):
    labels, values, quantiles = forecast_quantile_values(fitted, steps, exog)
    low, high = find_interval(quantiles, coverage)
    places = [quantiles.index(0.5), low, high]
    return {
        key: make_frame(
            values[key][..., places], _COLUMNS, fitted.target_names(key), labels[key]
        )
        for key in values
    }
