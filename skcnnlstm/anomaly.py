"""ForecastAnomalyDetector: flag rows of a series that were forecast badly."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, OutlierMixin, clone
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.introspection import NetworkReprMixin
from skcnnlstm._utils.validation import check_integer, check_real
from skcnnlstm._utils.validation.parameters import type_name
from skcnnlstm.conformal import conformal_quantile, scores_needed
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.forecasting.fitted import FittedForecaster, fitted_state
from skcnnlstm.forecasting.intervals import count_held_out
from skcnnlstm.forecasting.predict import (
    append_rows,
    forecast_segments,
    read_exog_with_rows_ahead,
    read_own_exog,
    remove_unknown,
)
from skcnnlstm.forecasting.series_input import check_is_not_steps, read_fitted_series
from skcnnlstm.windows.views import window_view

# Used if the `calibration_fraction` of the forecaster is None.
_CALIBRATION_FRACTION = 0.3
# The parts of a score are divided by this quantile of their calibration values.
_UNIT_QUANTILE = 0.9

# ------------------------------------------------------------------------- arithmetic


def _align_errors(forecasts, actual, relative):
    """Return the forecast errors of each row, (n_rows, horizon, n_targets).

    An error is the actual value minus the forecast.

    Parameters
    ----------
    forecasts : ndarray of shape (horizon + n_rows, horizon, n_targets)
        Forecasts from the `horizon` rows before the first row, and from each row.
    actual : ndarray of shape (n_rows, n_targets)
    relative : bool
        Whether to return differences of the logarithms instead.
    """
    horizon = forecasts.shape[1]
    # Row i was forecast h + 1 steps ahead from row i - h - 1.
    aligned = [
        forecasts[horizon - h - 1 : len(forecasts) - h - 1, h] for h in range(horizon)
    ]
    aligned, actual = np.stack(aligned, axis=1), actual[:, np.newaxis]
    return np.log(actual) - np.log(aligned) if relative else actual - aligned


def _join(errors):
    """Join the errors of each row into one number, (n_rows,).

    This is the mean over steps of the root mean square over targets. Unknown errors
    (NaN) are left out. The result is NaN if all targets of a step are unknown.
    """
    squares = errors**2
    n_known = np.count_nonzero(~np.isnan(squares), axis=2)
    sums = np.nansum(squares, axis=2)
    means = np.where(n_known, sums / np.maximum(n_known, 1), np.nan)
    return np.sqrt(means).mean(axis=1)


def _smooth(values, n_rows, fill):
    """Return the trailing mean over `n_rows` rows, along axis 0.

    `values` begins with ``n_rows - 1`` earlier rows. NaN counts as `fill`.
    """
    known = np.where(np.isnan(values), fill, values)
    return window_view(known, n_rows).mean(axis=1)


def _find_units(scores, default):
    """Return the typical error of each step and target, (horizon, n_targets).

    This is the median over axis 0 of `scores`. Where the median is zero, it is the
    mean. Where all scores are zero or unknown, it is `default`, (n_targets,).
    """
    known = ~np.isnan(scores)
    ranked = np.sort(scores, axis=0)  # NaN is sorted last
    middle = np.maximum(known.sum(axis=0) - 1, 0)[np.newaxis] // 2
    median = np.take_along_axis(ranked, middle, axis=0)[0]
    mean = np.nansum(scores, axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(median > 0, median, np.where(mean > 0, mean, default))


def _find_threshold(scores, contamination, memory):
    """Return the conformal quantile of scores, adjusted for scores that occur in runs.

    Large scores of a series occur in clusters, so they are not independent. The next
    cluster, not the next row, is exchangeable with the earlier clusters. The rank is
    therefore computed from n plus the mean size of a cluster, instead of n + 1.

    Parameters
    ----------
    scores : list of ndarray of shape (n,)
        The scores of each series in time order, which may hold NaN.
    contamination : float
        The share of rows to flag.
    memory : int
        Scores fewer rows apart than this belong to one cluster.
    """
    pooled = np.concatenate(scores)
    coverage = 1 - contamination
    threshold = conformal_quantile(pooled, coverage)
    n_large, n_clusters = 0, 0
    for one in scores:
        large = np.flatnonzero(one >= threshold)
        n_large += len(large)
        n_clusters += min(1, len(large)) + np.count_nonzero(np.diff(large) >= memory)
    n_known = np.count_nonzero(~np.isnan(pooled))
    rank = (n_known + n_large / max(1, n_clusters)) * coverage
    return float(conformal_quantile(pooled, min(rank, n_known) / (n_known + 1)))


# --------------------------------------------------------------------- fitted record


@dataclass(frozen=True, eq=False)
class _Memory:
    """Earlier forecasts and errors that the scores of the next rows depend on."""

    forecasts: np.ndarray  # (horizon, horizon, n_targets), from the last rows
    errors: np.ndarray  # (smoothing - 1, horizon, n_targets), of the last rows


@dataclass(frozen=True, eq=False)
class _FittedDetector:
    """Everything that scores depend on; parameters set after `fit` have no effect."""

    forecaster: FittedForecaster
    smoothing: int
    units: dict[Any, np.ndarray]  # by key, (horizon, n_targets)
    memories: dict[Any, _Memory]  # by key
    typical: float = np.nan  # the mean error of the held-out rows
    part_units: tuple[float, ...] = (1.0, 1.0, 1.0)  # of error, trailing mean, bias

    def measure(self, panel, tables):
        """Return two dicts by series: the errors, and the memory after the last row.

        The errors of a series are a list of (start, errors), one entry for each run of
        rows without a gap. `start` is the first row of the run. `errors` is divided by
        `units`, and begins with those of the ``smoothing - 1`` rows before the run.
        """
        fitted = self.forecaster
        all_runs, parts, memories = fitted.find_runs(tables), {}, {}
        exogs = read_exog_with_rows_ahead(fitted, panel, tables, None, all_runs)
        for key, rows in tables.items():
            with panel.naming(key):
                parts[key], memories[key] = self._measure_series(
                    key, rows, exogs[key], *all_runs[key]
                )
        return parts, memories

    def _measure_series(self, key, rows, exog, runs, next_run):
        fitted, one = self.forecaster, self.forecaster.series[key]
        segments = one.extract_segments(
            rows, exog, runs, next_run, n_ahead=fitted.horizon, with_last=False
        )
        scaled = forecast_segments(fitted, segments)
        remove_unknown(fitted, segments, scaled)
        forecasts = one.scale.inverse_transform(scaled)
        actual = one.scale.target_values(rows)
        parts, n_before = [], 0
        for number, (start, stop) in enumerate(runs):
            follows = number == next_run
            memory = self.memories[key] if follows else self._forget()
            own = forecasts[n_before : n_before + stop - start].copy()
            n_before += stop - start
            # The windows of these rows hold repetitions of the first row.
            n_known = one.n_known if follows else 0
            own[: max(0, fitted.window_length - 1 - n_known)] = np.nan
            own = np.concatenate([memory.forecasts, own])
            errors = _align_errors(own, actual[start:stop], fitted.calibration.relative)
            errors = np.concatenate([memory.errors, errors / self.units[key]])
            parts.append((start, errors))
            memory = _Memory(
                own[len(own) - fitted.horizon :].copy(),
                errors[len(errors) - self.smoothing + 1 :].copy(),
            )
        return parts, memory

    def _forget(self):
        """Return the memory for a run of rows that follows no known row: all NaN."""
        horizon, n_targets = self.forecaster.horizon, self.forecaster.n_targets
        return _Memory(
            np.full((horizon, horizon, n_targets), np.nan),
            np.full((self.smoothing - 1, horizon, n_targets), np.nan),
        )

    def measure_parts(self, errors):
        """Return the error, the trailing mean and the bias of each row, (3, n_rows).

        `errors` are those of a run of rows, as `measure` returns them.
        """
        joined = _join(errors)
        return np.stack(
            [
                joined[self.smoothing - 1 :],
                _smooth(joined, self.smoothing, self.typical),
                _join(_smooth(errors, self.smoothing, 0.0)),
            ]
        )

    def score(self, errors):
        """Return the anomaly scores of a run of rows from its errors.

        The scores are at least 0. They are NaN for rows without full history.
        """
        units = np.reshape(self.part_units, (3, 1))
        error, mean, bias = self.measure_parts(errors) / units
        return np.hypot(error, np.maximum(mean, bias)) / math.sqrt(2)


def _fit_detector(forecaster, X, contamination, smoothing):
    """Return the record of a detector and its threshold."""
    fitted = fitted_state(forecaster)
    calibration = fitted.calibration
    panel, tables = read_fitted_series(forecaster, X, fitted)
    units = {
        key: _find_units(calibration.scores_for(key, 0.5), calibration.units[key])
        for key in fitted.series
    }
    record = _FittedDetector(fitted, smoothing, units, {})
    parts, memories = record.measure(panel, tables)
    held_out = []
    for key, rows in tables.items():
        first = _first_held_out(forecaster, fitted, key, len(rows.values))
        late = [errors[max(0, first - start) :] for start, errors in parts[key]]
        held_out += [errors for errors in late if len(errors) >= smoothing]
    own = np.concatenate([_join(errors[smoothing - 1 :]) for errors in held_out])
    own = own[~np.isnan(own)]
    _check_enough_rows(len(own), contamination)
    record = replace(record, memories=memories, typical=float(own.mean()))
    measured = [record.measure_parts(errors) for errors in held_out]
    measured = np.concatenate(measured, axis=1)
    part_units = np.nanquantile(measured, _UNIT_QUANTILE, axis=1)
    # The unit is 1 if all errors are zero.
    part_units = tuple(float(unit) or 1.0 for unit in part_units)
    record = replace(record, part_units=part_units)
    scores = [record.score(errors) for errors in held_out]
    memory = smoothing + fitted.horizon - 1
    return record, _find_threshold(scores, contamination, memory)


def _first_held_out(forecaster, fitted, key, n_rows):
    """Return the first row of a series that the forecaster was not fitted on."""
    if not len(fitted.calibration.scores[key]):
        return n_rows  # one of many series, too short to hold out rows
    return n_rows - count_held_out(
        forecaster.calibration_fraction, n_rows, fitted.window_length, fitted.horizon
    )


def _check_enough_rows(n_rows, contamination):
    """Raise if there are too few calibration rows for a finite threshold."""
    needed = scores_needed(1 - contamination)
    if n_rows >= needed:
        return
    lowest = math.ceil(1000 / (n_rows + 1)) / 1000
    larger = f", or contamination={lowest:g} or more" if lowest <= 0.5 else ""
    raise ValueError(
        f"contamination={contamination:g} requires {needed} calibration rows with full "
        f"history: got {n_rows}. Use a longer series, or a larger calibration_fraction "
        f"of the forecaster{larger}."
    )


# ------------------------------------------------------------------------- estimator


class ForecastAnomalyDetector(
    NetworkReprMixin, MetaEstimatorMixin, OutlierMixin, BaseEstimator
):
    """Detect rows of a time series that are far from their forecasts.

    `fit` fits the forecaster on the early rows of one series or of many, and forecasts
    the late rows, which are held out. The score of a row compares its values with their
    forecasts from earlier rows. The threshold is a conformal quantile of the scores of
    the held-out rows. No labels are needed, and the score of a row depends on no later
    row.

    Parameters
    ----------
    forecaster : SeriesForecaster
        The forecaster of the raw series. `fit` fits a clone of it, without `exog`.

        - Its `calibration_fraction` is the share of the rows at the end of each series
          that are held out; None means 0.3.
        - Its `horizon` is the number of forecasts that each row is compared with. They
          are made from 1 to `horizon` steps before the row. A horizon of 4 to 8 keeps a
          change of level visible for longer.
    contamination : float, default=0.01
        The share of rows to flag in a series without anomalies, greater than 0 and at
        most 0.5. There must be at least ``1 / contamination - 1`` held-out rows.
    smoothing : int, default=25
        Number of last rows over which errors are averaged, in time steps; at least 1.
        A score depends on the error of its row and on this average. With larger values,
        the detector finds weak anomalies that last long, but also flags rows after
        their end. With 1, a score depends on the errors of its own row only.

    Attributes
    ----------
    forecaster_ : SeriesForecaster
        The fitted clone of `forecaster`.
    offset_ : float
        The threshold: `predict` flags rows whose score is lower.
    n_features_in_ : int
        Number of columns of a series.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; defined only if all names are strings.

    See Also
    --------
    SeriesForecaster : Forecast series, with conformal prediction intervals.

    Notes
    -----
    **Score.** A row has one error for each step ahead and target. Each error is divided
    by the median absolute error over the held-out rows of the series. With
    ``transformer="log"``, errors are of logarithms. Errors are joined into one number:
    the root mean square over the targets, then the mean over the steps. Three values
    result:

    - the error: the joined errors of the row;
    - the trailing mean: the mean of this error over the last `smoothing` rows;
    - the bias: the trailing mean of the signed errors, joined.

    Each value is divided by its 0.9 quantile over the held-out rows. The score is
    ``sqrt((error**2 + max(trailing_mean, bias)**2) / 2)``. A spike has a large error. A
    change of season or variance has a large trailing mean. A change of level has a
    large bias. `score_samples` returns the negative score, because larger values are
    more normal in scikit-learn.

    **Threshold.** It is the conformal quantile [1]_ of the scores of the held-out rows.
    If future rows are exchangeable with the held-out rows, a row is flagged with a
    probability of at most `contamination`. Rows of a time series are not exchangeable,
    because large scores occur in clusters. The rank of the quantile is therefore
    ``(n + m) * (1 - contamination)`` instead of ``(n + 1) * (1 - contamination)``. Here
    n is the number of held-out rows, and m is the mean size of a cluster of large
    scores. The share of flagged held-out rows can be smaller than `contamination`.

    **Rows without full history.** The first ``window_length + horizon - 1`` rows of the
    fitted series, and as many rows after a gap in time, have no complete history. Their
    score is 0, that of a perfect forecast, and they are not flagged. Rows with the
    value NaN, which a network with ``missing="mask"`` accepts, also have the score 0.

    Rows that continue the fitted rows have full history. With an index, the labels
    decide whether rows continue. Arrays are assumed to continue, unless they are equal
    to the fitted rows.

    References
    ----------
    .. [1] Laxhammar, R. and Falkman, G. (2014). Online learning and sequential anomaly
       detection in trajectories. IEEE Transactions on Pattern Analysis and Machine
       Intelligence 36(6), 1158-1173.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import (
    ...     FlattenWindows, ForecastAnomalyDetector, SeriesForecaster
    ... )
    >>> rng = np.random.default_rng(0)
    >>> series = np.sin(np.arange(600) / 4) + 0.1 * rng.standard_normal(600)
    >>> series[550] += 2
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> forecaster = SeriesForecaster(ridge)  # or CNNLSTMRegressor() instead of ridge
    >>> detector = ForecastAnomalyDetector(forecaster, smoothing=1).fit(series[:500])
    >>> np.flatnonzero(detector.predict(series[500:]) == -1)
    array([50])
    """

    def __init__(self, forecaster, *, contamination=0.01, smoothing=25):
        self.forecaster = forecaster
        self.contamination = contamination
        self.smoothing = smoothing

    def fit(self, X, y=None):
        """Fit the forecaster and find the threshold, without labels.

        Parameters
        ----------
        X : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_features)
            One series in time order, or many series with the same columns, in any form
            that `SeriesForecaster` takes. A few anomalies in the rows do little harm.
        y : None
            Ignored. A search may pass labels for its `scoring`.

        Returns
        -------
        self : ForecastAnomalyDetector
            The fitted detector. After an error it keeps its previous state.
        """
        contamination = check_real(
            "contamination", self.contamination, low=0, high=0.5, inclusive="right"
        )
        smoothing = check_integer("smoothing", self.smoothing)
        _check_is_no_sample(X)
        forecaster = _clone_forecaster(self.forecaster).fit(X)
        fitted, threshold = _fit_detector(forecaster, X, contamination, smoothing)
        self._fitted = fitted
        self.forecaster_ = forecaster
        self.offset_ = -threshold
        self.n_features_in_ = forecaster.n_features_in_
        if hasattr(forecaster, "feature_names_in_"):
            self.feature_names_in_ = forecaster.feature_names_in_
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def score_samples(self, X):
        """Return the score of each row; lower is more anomalous.

        Parameters
        ----------
        X : array-like, Series or DataFrame
            Rows with the columns given to `fit`, ``(n_rows,)`` or ``(n_rows,
            n_features)``. Pass many series in the form given to `fit`.

        Returns
        -------
        scores : ndarray, list or dict
            One score for each row, of shape ``(n_rows,)``, at most 0. Rows without full
            history have the score 0. In a series without anomalies, about one row in
            ten has a score below -1. For many series, a list or a dict of such arrays,
            or for a long frame one array with an entry for each row of the frame.
        """
        panel, scores = self._score(X)
        return panel.join_predictions(scores)

    def decision_function(self, X):
        """Return the score of each row minus the threshold, negative for anomalies.

        Parameters
        ----------
        X : array-like, Series or DataFrame
            Rows, as for `score_samples`.

        Returns
        -------
        decision : ndarray, list or dict
            One value for each row, in the form of `score_samples`.
        """
        panel, scores = self._score(X)
        return panel.join_predictions(
            {key: one - self.offset_ for key, one in scores.items()}
        )

    def predict(self, X):
        """Return -1 for each anomalous row and 1 for each other row.

        Parameters
        ----------
        X : array-like, Series or DataFrame
            Rows, as for `score_samples`.

        Returns
        -------
        labels : ndarray, list or dict
            -1 or 1 for each row, in the form of `score_samples`. Rows without full
            history have the label 1.
        """
        panel, scores = self._score(X)
        return panel.join_predictions(
            {key: np.where(one < self.offset_, -1, 1) for key, one in scores.items()}
        )

    def update(self, X):
        """Append rows to the known history, without fitting again.

        Rows that continue these are then scored with full history. The threshold does
        not change.

        Parameters
        ----------
        X : array-like, Series or DataFrame
            Rows that follow the known ones, as for `SeriesForecaster.update`.

        Returns
        -------
        self : ForecastAnomalyDetector
            The updated detector. After an error it keeps its previous state.
        """
        fitted, panel, tables = self._read(X)
        _, memories = fitted.measure(panel, tables)
        exogs = read_own_exog(fitted.forecaster, panel, tables, None)
        later = append_rows(fitted.forecaster, tables, exogs)
        self._fitted = replace(
            fitted, forecaster=later, memories=fitted.memories | memories
        )
        self.forecaster_ = copy.copy(self.forecaster_)
        self.forecaster_._fitted = later
        return self

    def _read(self, X):
        """Return the fitted record, and the form and the validated rows of a series."""
        check_is_fitted(self, "forecaster_")
        check_is_not_steps(X)
        _check_is_no_row(X, self.n_features_in_)
        fitted = self._fitted
        return fitted, *read_fitted_series(self.forecaster_, X, fitted.forecaster)

    def _score(self, X):
        """Return the form of the series, and a dict of the scores of each series."""
        fitted, panel, tables = self._read(X)
        parts, _ = fitted.measure(panel, tables)
        scores = {
            key: -np.concatenate([fitted.score(errors) for _, errors in runs])
            for key, runs in parts.items()
        }
        return panel, {key: np.nan_to_num(one) + 0.0 for key, one in scores.items()}


def _check_is_no_sample(X):
    """Raise if the series is a single row."""
    if getattr(X, "shape", ())[:1] == (1,):
        raise ValueError(
            "X must be a series, whose rows are consecutive in time: got one sample. "
            "Pass all rows of the series at once."
        )


def _check_is_no_row(X, n_features):
    """Raise if the series is 1-D, but the detector was fitted on several columns."""
    shape = getattr(X, "shape", ())
    if len(shape) == 1 and n_features > 1:
        remedy = "Pass rows with all of these columns."
        if shape[0] == n_features:
            remedy = "Reshape your data with numpy.reshape(X, (1, -1)) if X is one row."
        raise ValueError(
            f"X must have the {n_features} columns given to fit: got shape {shape}. "
            f"{remedy}"
        )


def _clone_forecaster(forecaster):
    """Return a clone that holds out rows; raise if it is not a SeriesForecaster."""
    if not isinstance(forecaster, SeriesForecaster):
        remedy = "SeriesForecaster(estimator)"
        if hasattr(forecaster, "best_estimator_"):
            remedy = "search.best_estimator_"
        raise TypeError(
            "forecaster must be a SeriesForecaster: got "
            f"{type_name(forecaster)}. Use ForecastAnomalyDetector({remedy})."
        )
    forecaster = clone(forecaster).set_params(refit_after_calibration=False)
    if forecaster.calibration_fraction is None:
        forecaster.set_params(calibration_fraction=_CALIBRATION_FRACTION)
    return forecaster
