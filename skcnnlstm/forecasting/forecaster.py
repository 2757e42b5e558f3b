"""SeriesForecaster: a regressor that reads windows, on the raw series."""

from __future__ import annotations

import copy
from itertools import pairwise
from warnings import warn

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._validation import check_enough_rows, check_integer
from skcnnlstm.forecasting.calendar import Calendar, runs_to_fit
from skcnnlstm.forecasting.networks import check_estimator, fit_on_windows, resolve
from skcnnlstm.forecasting.rows import read_rows
from skcnnlstm.forecasting.scaling import make_transformer
from skcnnlstm.windows import digest, find_clock, find_runs, make_windows, sliding


class SeriesForecaster(MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """Forecast a raw series with a regressor that reads windows of it.

    `fit` takes the series itself, ``(n_rows,)`` or ``(n_rows, n_features)``, learns
    the transformer on it, cuts windows ``(n_samples, window_length, n_features)`` and
    their targets ``(n_samples, horizon * n_targets)`` out of the transformed rows, and
    fits a clone of `estimator` on them. Everything is learned inside `fit`, so a
    search over time-ordered folds leaks nothing and can tune `window_length`.

    Parameters
    ----------
    estimator : estimator
        A regressor, or a Pipeline that ends in one, that takes windows
        ``(n_samples, window_length, n_features)`` and, where ``horizon * n_targets``
        exceeds 1, a 2-D target. Inside it ``instance_norm="auto"`` becomes "last",
        `n_targets` beside it the number of columns modelled, and a `validation_gap`
        of 0 under early stopping ``horizon - 1``.
    window_length : int, default=24
        Rows of history that one forecast reads, in time steps; at least 1.
    horizon : int, default=1
        Time steps ahead that the estimator predicts at once; at least 1.
    transformer : {"standard", "log"}, transformer or None, default="standard"
        The scale on which the series is modelled, fitted on the training rows;
        forecasts come back on the user's. "standard" takes mean and deviation off each
        column; "log" takes the logarithm first, so values must be positive; None
        models the rows as they are; else an instance with `inverse_transform`.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone of `estimator`.
    transformer_ : transformer or None
        The fitted transformer.
    n_features_in_ : int
        Columns of the series.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where they all are strings.
    n_targets_ : int
        Columns that are forecast: all of them.

    See Also
    --------
    forecast_scorer : Any scikit-learn regression metric of the forecasts.
    skcnnlstm.windows.SlidingWindow : Windows inside a Pipeline.

    Notes
    -----
    In `predict` and `score` the index says whether rows continue the fitted ones: their
    first label is the next one or, for an index with no regular step, a later one
    within the longest fitted gap. Labels that cannot be counted on (text, floats, date
    objects) never show it. Bare arrays are taken to continue, the fitted rows
    themselves excepted. Rows that do not continue have the history among themselves
    only.

    Where a regular index shows a gap, no window and no target reaches across it, in
    `fit`, `predict` and `score`, and a forecast reads the rows after the last gap: as
    in `SlidingWindow`, where a few missing business days count as holidays, too. In
    an index with no regular step, rows count as consecutive.

    `y` and the y of a search are ignored: give the search the series alone, and
    `forecast_scorer` for its scoring. Folds must keep the order of time.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import FlattenWindows, SeriesForecaster
    >>> from skcnnlstm.datasets import load_airline
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> forecaster = SeriesForecaster(ridge, horizon=12, transformer="log")
    >>> forecast = forecaster.fit(load_airline()).forecast(24)
    >>> forecast.shape, str(forecast.index[0])
    ((24,), '1961-01-01 00:00:00')

    Arrays give arrays, and a search takes the series as it is:

    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    >>> line = np.arange(40.0)
    >>> search = GridSearchCV(
    ...     SeriesForecaster(ridge), {"window_length": [2, 4]}, cv=TimeSeriesSplit(3)
    ... ).fit(line)
    >>> search.best_estimator_.forecast(3).shape
    (3,)
    """

    def __init__(
        self, estimator, *, window_length=24, horizon=1, transformer="standard"
    ):
        self.estimator = estimator
        self.window_length = window_length
        self.horizon = horizon
        self.transformer = transformer

    def fit(self, X, y=None):
        """Fit transformer and estimator on the rows of a series.

        Parameters
        ----------
        X : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_features)
            The series, in time order and without gaps in its values; at least
            ``window_length + horizon`` rows with no gap in time among them.
        y : None
            Ignored, with a warning where it is given.

        Returns
        -------
        self : SeriesForecaster
            The fitted forecaster. After an error it is as it was before.
        """
        if y is not None:
            # scikit-learn's own scorers would compare the forecast of row t + 1 with
            # row t of y.
            warn(
                "y is ignored: the targets of a SeriesForecaster are later rows of X. "
                "Give fit, a search or cross_validate the series alone, and as scoring "
                "None or a forecast_scorer, such as "
                "forecast_scorer('neg_mean_absolute_error'): scikit-learn's own "
                "scorers, which need y, are a step off.",
                stacklevel=2,
            )
        fitted = copy.copy(self)
        fitted._fit(X)
        self.__dict__ = vars(fitted)
        return self

    def _fit(self, series):
        length = check_integer("window_length", self.window_length)
        horizon = check_integer("horizon", self.horizon)
        check_estimator(self.estimator)
        rows = read_rows(self, series, reset=True)
        check_enough_rows(len(rows.values), length, horizon)
        clock = None if rows.time is None else find_clock(rows.time)
        runs = runs_to_fit(rows, clock, length, horizon)
        self._calendar = None if rows.index is None else Calendar.of(rows.index, clock)
        self._positive = isinstance(self.transformer, str) and self.transformer == "log"
        self.transformer_ = make_transformer(self.transformer)
        scaled = self._scale(rows, fit=True)
        estimator = resolve(clone(self.estimator), scaled.shape[1], horizon)
        pairs = [
            make_windows(scaled[start:stop], length, horizon)
            for start, stop in runs
            if stop - start >= length + horizon
        ]
        if len(pairs) == 1:
            windows, targets = pairs[0]
        else:
            windows, targets = map(np.concatenate, zip(*pairs, strict=True))
        self.estimator_ = fit_on_windows(estimator, windows, targets)
        self.n_targets_ = rows.values.shape[1]
        # All that forecasts need, so that set_params after fit changes none of them.
        self._horizon = horizon
        last_run = scaled[runs[-1][0] :][-length:]
        self._known = len(last_run)
        first = np.repeat(last_run[:1], length - self._known, axis=0)
        self._history = np.concatenate([first, last_run])
        self._form = rows._replace(values=None, index=None, time=None)
        self._digest = digest(np.asarray(rows.values, dtype=float))

    def forecast(self, steps=None):
        """Forecast the steps that follow the fitted series.

        Parameters
        ----------
        steps : int or None, default=None
            How many time steps; None for `horizon`. Past `horizon` the forecaster reads
            its own forecasts, a horizon at a time.

        Returns
        -------
        forecasts : Series, DataFrame or ndarray
            In the form of the fitted series: a Series or DataFrame with the labels that
            follow, or an array, ``(steps,)`` or ``(steps, n_targets)``.
        """
        check_is_fitted(self, "estimator_")
        steps = check_integer("steps", self._horizon if steps is None else steps)
        labels = None if self._calendar is None else self._calendar.following(steps)
        length = len(self._history)
        if self._known < length:
            warn(
                f"the fitted series has {self._known} rows since its last gap in time, "
                f"fewer than window_length={length}: the first of them was repeated in "
                "the place of those missing.",
                stacklevel=2,
            )
        known, forecasts = self._history, []
        for _ in range(0, steps, self._horizon):
            forecasts.append(self._ahead(known[np.newaxis])[0])
            known = np.concatenate([known, forecasts[-1]], dtype=known.dtype)
            known = known[-len(self._history) :]
        scaled = np.concatenate(forecasts)[np.newaxis, :steps]
        return self._form.dress(self._unscale(scaled)[0], labels)

    def predict(self, series):
        """Forecast from each row of a series, by the rows up to it alone.

        Rows that continue the fitted ones have the fitted ones as history. Otherwise,
        and after a gap in time, the first ``window_length - 1`` rows have too little:
        the first row is repeated in its place, with a warning.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            Rows of the same columns as those fitted, ``(n_rows,)`` or
            ``(n_rows, n_features)``.

        Returns
        -------
        forecasts : ndarray
            Entry t, h is for h + 1 steps after row t: ``(n_rows, horizon)`` for one
            target, else ``(n_rows, horizon, n_targets)``.
        """
        check_is_fitted(self, "estimator_")
        rows = read_rows(self, series, reset=False)
        runs, next_run = self._runs(rows)
        self._warn_of_short_history(runs, next_run)
        windows = self._windows(rows, runs, next_run)
        if next_run is not None:
            # Left out: the window of the last fitted row. A view stays one.
            at = runs[next_run][0]
            windows = windows[1:] if at == 0 else np.delete(windows, at, axis=0)
        forecasts = self._unscale(self._ahead(windows))
        return forecasts[:, :, 0] if self.n_targets_ == 1 else forecasts

    def score(self, series, y=None):
        """Return the negative mean absolute error of forecasts within a series.

        They start at the last fitted row, where the series continues it, and at each
        row whose `horizon` next rows all lie in the series. Where history is missing,
        as in a train score, the first row is repeated in its place without a warning.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            At least `horizon` rows that continue the fitted ones, or one more.
        y : None
            Ignored.

        Returns
        -------
        score : float
            Over all origins, steps and targets, on the scale of the series; 0 is best.
        """
        forecasts, actual = self._from_each_origin(series)
        return -float(np.mean(np.abs(forecasts - actual)))

    def _from_each_origin(self, series):
        """Return forecasts and what came, both (n_origins, horizon, n_targets)."""
        check_is_fitted(self, "estimator_")
        rows = read_rows(self, series, reset=False)
        horizon, n_rows = self._horizon, len(rows.values)
        runs, next_run = self._runs(rows)
        origins, actual, follows = [], [], None
        for number, (start, stop) in enumerate(runs):
            first = number != next_run  # else the last fitted row is an origin, too
            if stop - start < horizon + first:
                continue
            if not first:
                follows = len(origins)
            origins.append((start, stop - horizon))
            actual.append(sliding(rows.values[start:stop], horizon)[int(first) :])
        if not origins:
            continues = next_run is not None
            got = f"which {'continue' if continues else 'do not continue'} them"
            if len(runs) > 1:
                longest = max(stop - start for start, stop in runs)
                got = f"at most {longest} of them without a gap in time"
            raise ValueError(
                f"score needs {horizon} rows (the horizon) that continue the fitted "
                f"ones, or {horizon + 1} that do not: got n_rows={n_rows}, {got}. Use "
                "longer test folds or a shorter horizon."
            )
        windows = self._windows(rows, origins, follows)
        forecasts = self._unscale(self._ahead(windows))
        return forecasts, actual[0] if len(actual) == 1 else np.concatenate(actual)

    def _runs(self, rows):
        """Return the runs of rows without gaps, and which of them is the next one.

        Runs are (start, stop); the next one continues the fitted rows, None if none.
        """
        calendar, n_rows = self._calendar, len(rows.values)
        if calendar is None or rows.index is None:
            # Without labels on both sides the values must tell.
            starts = find_runs(rows.time, None, None, n_rows).starts
            seen = self._digest == digest(np.asarray(rows.values, dtype=float))
            next_run = None if seen else 0
        else:
            found = find_runs(rows.time, calendar.clock, calendar.last, n_rows)
            starts, next_run = found.starts, found.next_run
            if next_run is None and calendar.nearly_precedes(rows.time):
                next_run = 0
        return list(pairwise([*starts.tolist(), n_rows])), next_run

    def _warn_of_short_history(self, runs, next_run):
        """Warn once where rows of `predict` lack history."""
        length, n_short = len(self._history), 0
        for number, (start, stop) in enumerate(runs):
            known = self._known if number == next_run else 0
            n_short += min(stop - start, max(0, length - known - 1))
        if not n_short:
            return
        if len(runs) == 1 and next_run is None:
            who = f"the first {n_short} rows do not continue the fitted ones and have"
            first = "the first row"
        else:
            who = f"{n_short} rows stand after a gap in time and have"
            first = "the first row after the gap"
        warn(
            f"{who} fewer than window_length={length} rows of history: {first} was "
            "repeated in the place of those missing.",
            stacklevel=3,
        )

    def _windows(self, rows, runs, next_run):
        """Return the window of each row, after that of the last fitted one if next."""
        scaled, length = self._scale(rows.take(runs)), len(self._history)
        windows, at = [], 0
        for number, (start, stop) in enumerate(runs):
            run = scaled[at : at + stop - start]
            at += stop - start
            before = self._history
            if number != next_run:
                before = np.repeat(run[:1], length - 1, axis=0)
            padded = np.concatenate([before, run], dtype=self._history.dtype)
            windows.append(sliding(padded, length))
        return windows[0] if len(windows) == 1 else np.concatenate(windows)

    def _scale(self, rows, *, fit=False):
        """Return rows on the scale of the model, as an array."""
        if self._positive and (rows.values <= 0).any():
            raise ValueError(
                'transformer="log" needs values above zero: got '
                f'{rows.cell(rows.values <= 0)}. Use transformer="standard", or add a '
                "constant to the series."
            )
        if self.transformer_ is None:
            return rows.values
        if not len(rows.values):
            return self._history[:0]
        if fit:
            self.transformer_.fit(rows.values)
        scaled = np.asarray(self.transformer_.transform(rows.values))
        if scaled.ndim != 2 or len(scaled) != len(rows.values):
            raise ValueError(
                f"transformer must keep one row a row: made shape {scaled.shape} of "
                f"{rows.values.shape}. Received: transformer={self.transformer}."
            )
        return scaled

    def _ahead(self, windows):
        """Predict (n_windows, horizon, n_targets) on the scale of the model."""
        predicted = np.asarray(self.estimator_.predict(windows), dtype=float)
        shape = (len(windows), self._horizon, windows.shape[2])
        if predicted.size != np.prod(shape):
            raise ValueError(
                f"estimator must predict horizon * n_targets = {shape[1] * shape[2]} "
                f"values for each window: got shape {predicted.shape} for {shape[0]} "
                "windows."
            )
        return predicted.reshape(shape)

    def _unscale(self, ahead):
        """Bring (n, steps, n_targets) back to the user's scale."""
        if self.transformer_ is None:
            return np.asarray(ahead, dtype=float)
        flat = self.transformer_.inverse_transform(ahead.reshape(-1, ahead.shape[2]))
        return np.asarray(flat, dtype=float).reshape(*ahead.shape[:2], -1)

    def __sklearn_tags__(self):
        """Say that no target is needed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags
