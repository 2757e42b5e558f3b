"""What forecasts of held-out rows say about the width of intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skcnnlstm._utils.validation import check_real
from skcnnlstm.conformal import conformal_quantile, conformity, scores_needed
from skcnnlstm.forecasting.panel import cut_rows
from skcnnlstm.metrics import scale_of_mase


def check_coverage(coverage):
    """Return `coverage` as a float between 0 and 1, both excluded."""
    return check_real("coverage", coverage, low=0, high=1, inclusive="neither")


def check_calibrated(calibration):
    """Raise where nothing (None) tells how wide intervals are to be."""
    if calibration is None:
        raise ValueError(
            "intervals need a calibration_fraction: got calibration_fraction=None. "
            "Use SeriesForecaster(..., calibration_fraction=0.2) and fit, or (for "
            "forecast_interval) a network with quantiles=(0.05, 0.5, 0.95)."
        )


def is_relative(transformer):
    """Say whether errors are counted in logarithms, as the series is modelled."""
    return isinstance(transformer, str) and transformer == "log"


# ------------------------------------------------------------------------------- scores


@dataclass(frozen=True)
class Calibration:
    """How far forecasts of held-out rows were off, in each of some series."""

    scores: dict  # by key, (n, horizon, n_targets), by `conformity`
    units: dict  # by key, (n_targets,): in which series compare
    relative: bool  # whether the scores are of logarithms

    def scores_for(self, key, coverage):
        """Return scores that tell of one series: its own, if they are enough.

        Else those of all series, each in its own unit, in the unit of this one.
        """
        own = self.scores[key]
        if _n_known(own) >= scores_needed(coverage) or len(self.scores) == 1:
            return own
        pooled = [scores / self.units[other] for other, scores in self.scores.items()]
        return np.concatenate(pooled) * self.units[key]

    def widths(self, key, coverage, steps=None):
        """Return how wide intervals are on each side, (steps, n_targets).

        `steps` is at most the horizon; None for that.
        """
        scores = self.scores_for(key, coverage)
        horizon = scores.shape[1]
        steps = horizon if steps is None else steps
        if steps > horizon:
            raise ValueError(
                "steps of an interval must be at most the horizon, for later ones were "
                f"not calibrated: got steps={steps}, horizon={horizon}. Use "
                f"SeriesForecaster(..., horizon={steps}), or forecast for values alone."
            )
        scores = scores[:, :steps]
        check_enough_scores(_n_known(scores), coverage, horizon)
        return conformal_quantile(scores, coverage)


def _n_known(scores):
    """Return how many scores are known of each step and target, at least."""
    return int(np.count_nonzero(~np.isnan(scores), axis=0).min())


def check_enough_scores(n_scores, coverage, horizon):
    """Raise where no finite interval of a coverage can be told."""
    needed = scores_needed(coverage)
    if n_scores >= needed:
        return
    highest = math.floor(1000 * n_scores / (n_scores + 1)) / 1000
    raise ValueError(
        f"coverage={coverage:g} needs {needed} calibration residuals a step: got "
        f"{n_scores}. Use a longer series or a larger calibration_fraction "
        f"({needed + horizon - 1} rows held out without a gap are enough), or a "
        f"coverage of at most {highest:g}."
    )


def units_of(tables, targets, relative):
    """Return in what the errors of each series are measured, to compare them.

    The mean absolute difference from row to row; the mean of the other series' for one
    that never changes, and 1 where none does.
    """
    units = {}
    for key, rows in tables.items():
        values = rows.values[:, targets].astype(float)
        units[key] = scale_of_mase(np.log(values) if relative else values)
    known = np.array(list(units.values()))
    n_known = np.isfinite(known).sum(axis=0)
    usual = np.where(n_known, np.nansum(known, axis=0) / np.maximum(n_known, 1), 1.0)
    return {key: np.where(np.isnan(unit), usual, unit) for key, unit in units.items()}


# ---------------------------------------------------------------------------- held out


def hold_out(fraction, panel, tables, exogs, length, horizon):
    """Split series and covariates into rows to learn from and rows for calibration.

    Parameters
    ----------
    fraction : float
        Share of the rows of each series that is for calibration.
    panel : Panel
        The series as they came.
    tables : dict of Rows
        The same, checked.
    exogs : dict of ndarray, or None
        Covariates of these rows.
    length, horizon : int
        Of a window, and of what follows it.

    Returns
    -------
    early, late : (series, exog)
        Each in the form of the panel.
    """
    parts = ({}, {}), ({}, {})
    for key, one in panel.series.items():
        n_rows = len(tables[key].values)
        with panel.naming(key):
            cut = n_rows - count_held_out(fraction, n_rows, length, horizon)
        for (rows, covariates), span in zip(
            parts, ((0, cut), (cut, n_rows)), strict=True
        ):
            rows[key] = cut_rows(one, *span)
            covariates[key] = None if exogs is None else exogs[key][slice(*span)]
    return tuple(
        (
            panel.join_rows(rows),
            None if exogs is None else panel.join_each(covariates),
        )
        for rows, covariates in parts
    )


def count_held_out(fraction, n_rows, length, horizon):
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


def calibrate(forecasts, units, relative):
    """Return what forecasts of held-out rows tell: (forecasts, actual), by key."""
    scores = {
        key: conformity(actual, said, relative=relative)
        for key, (said, actual) in forecasts.items()
    }
    return Calibration(scores, units, relative)


# ------------------------------------------------------------------------------ frames


def interval_frame(forecast, lower, upper, targets, index):
    """Lay out forecasts of one series with their bounds.

    Parameters
    ----------
    forecast, lower, upper : ndarray of shape (steps, n_targets)
        On the scale of the series.
    targets : sequence
        The names of the targets.
    index : Index or None
        Labels of the steps; None counts them from 1.

    Returns
    -------
    frame : DataFrame
        Columns forecast, lower and upper; of several targets these under each.
    """
    if index is None:
        index = pd.RangeIndex(1, len(forecast) + 1, name="step")
    names = ["forecast", "lower", "upper"]
    table = np.stack([forecast, lower, upper], axis=2).reshape(len(forecast), -1)
    columns = names
    if forecast.shape[1] > 1:
        columns = pd.MultiIndex.from_product([targets, names], names=["target", None])
    return pd.DataFrame(table, index=index, columns=columns)
