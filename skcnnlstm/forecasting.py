"""Forecasts of a raw series, with every step learned from training rows alone."""

import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple
from warnings import warn

import numpy as np
import pandas as pd
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    RegressorMixin,
    clone,
    is_classifier,
)
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnnlstm._validation import (
    check_enough_rows,
    check_integer,
    check_time_order,
    check_windows,
    time_index,
)
from skcnnlstm.windows import (
    Clock,
    digest,
    find_clock,
    find_runs,
    join_labels,
    label_kind,
    make_windows,
    sliding,
)

__all__ = ["SeriesForecaster", "forecast_scorer"]

# scikit-learn has no public list of its scorers by kind; those of other releases
# than the one installed are left out.
_REGRESSION_SCORERS = (
    "d2_absolute_error_score",
    "explained_variance",
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_gamma_deviance",
    "neg_mean_poisson_deviance",
    "neg_mean_squared_error",
    "neg_mean_squared_log_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
    "neg_root_mean_squared_log_error",
    "r2",
)


# ------------------------------------------------------------------ rows of a series


class _Rows(NamedTuple):
    """Checked rows: numbers, and how the user names them."""

    values: np.ndarray  # (n_rows, n_features)
    index: pd.Index | None  # None for bare arrays
    time: pd.Index | None  # the same where its labels can be ordered in time
    columns: Any  # the labels of a DataFrame, else None
    ndim: int  # of what came in
    name: Any  # the name of a Series, else None

    def take(self, runs):
        """Keep the rows of some runs, (start, stop) each."""
        if len(runs) == 1:
            kept = slice(*runs[0])
        else:
            kept = np.concatenate([np.arange(*run) for run in runs])
        index = None if self.index is None else self.index[kept]
        return self._replace(values=self.values[kept], index=index, time=None)

    def cell(self, mask):
        """Say which value and where the first True of `mask` is."""
        row, column = np.unravel_index(np.argmax(mask), mask.shape)
        label = "" if self.index is None else f" ({self.index[row]})"
        column_label = column if self.columns is None else repr(self.columns[column])
        value = self.values[row, column]
        value = "NaN" if np.isnan(value) else value  # as scikit-learn writes it
        return f"{value} at row {row}{label}, column {column_label}"

    def dress(self, forecasts, labels):
        """Give forecasts, (steps, n_targets), the form of these rows."""
        if self.ndim == 1:
            forecasts = forecasts[:, 0]
        if labels is None:
            return forecasts
        if self.ndim == 1:
            return pd.Series(forecasts, index=labels, name=self.name)
        return pd.DataFrame(forecasts, index=labels, columns=self.columns)


def _read_rows(forecaster, series, *, reset):
    """Check a series against (reset=True: as) what the forecaster was fitted on."""
    values = check_windows(
        series, name="series", estimator=forecaster, min_ndim=1, max_ndim=2
    )
    if not len(values):
        raise ValueError("series must have at least one row: got none.")
    time = time_index(series, name="series")
    check_time_order(time, name="series")
    ndim, table = values.ndim, values.reshape(len(values), -1)
    columns = getattr(series, "columns", None)
    # Names and number of columns, in scikit-learn's words.
    named = table if columns is None else series
    validate_data(forecaster, named, reset=reset, skip_check_array=True)
    if table.dtype not in (np.float32, np.float64):
        table = table.astype(np.float64)
    index = series.index if isinstance(series, pd.Series | pd.DataFrame) else None
    rows = _Rows(table, index, time, columns, ndim, getattr(series, "name", None))
    finite = np.isfinite(table)
    if not finite.all():
        raise ValueError(
            f"series must be finite: got {rows.cell(~finite)}. Interpolate, or start "
            "the series after the gap."
        )
    return rows


# ------------------------------------------------------------------------ their dates


def _step(index):
    """Return what leads from one label to the next, None where it varies."""
    if isinstance(index, pd.RangeIndex):
        return index.step
    if isinstance(index, pd.PeriodIndex):
        return 1
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        # None where the steps vary. (pandas 3.1 warns of changes to `infer_freq`.)
        return index.freq or type(index)(index, freq="infer").freq
    if index.inferred_type == "integer":
        gaps = np.diff(index)
        return int(gaps[0]) if (gaps == gaps[0]).all() else None
    return None


def _without_gaps(index, clock):
    """Say how to fill the gaps of a time index whose regular runs `clock` shows."""
    if clock.kind == "integer":
        first, last = int(index[0]), int(index[-1])
        return f"series.reindex(range({first}, {last + 1}, {clock.step}))"
    if clock.kind == "period":
        return "series.resample(series.index.freq).mean()"
    name = clock.name
    if not name:
        name = pd.tseries.frequencies.to_offset(pd.Timedelta(clock.step, "ns")).freqstr
    if clock.kind == "timedelta64":  # pandas' `asfreq` takes none of these
        return f"series.resample({name!r}).mean()"
    return f"series.asfreq({name!r})"


@dataclass(frozen=True)
class _Calendar:
    """Where the fitted rows end in time, and what comes after them."""

    last: pd.Index  # the last label alone, as an index of its kind
    step: Any  # an offset, an integer or None
    clock: Clock | None  # of the runs without gaps, where they show one
    longest: Any  # gap between fitted rows, where there is no clock
    way_out: str  # for a forecast without a step

    @classmethod
    def of(cls, index, clock):
        step, longest = _step(index), None
        if clock is None and label_kind(index) != "other":
            longest = (index[1:] - index[:-1]).max()
        way_out = "dates with pandas.to_datetime and series.asfreq('D')"
        if clock is not None and step is None:
            way_out = _without_gaps(index, clock)
        return cls(index[-1:].copy(), step, clock, longest, way_out)

    def nearly_precedes(self, index):
        """Say whether the first label follows where no step can tell that it does.

        That is a later label within the longest gap seen: after a weekend or a
        holiday, not after a year.
        """
        joined = None if index is None else join_labels(self.last, index)
        if self.longest is None or joined is None:
            return False
        return bool(joined[0] < joined[1] <= joined[0] + self.longest)

    def following(self, steps):
        """Return the labels of the next `steps` rows."""
        last, step, name = self.last[0], self.step, self.last.name
        if step is None:
            raise ValueError(
                "forecast cannot name the rows that follow: the fitted index has no "
                f"regular step ({type(self.last).__name__} of dtype "
                f"{self.last.dtype}, last label {last!r}). Give the series one before "
                f"fit: {self.way_out} (interpolate what that adds), or "
                "series.reset_index(drop=True)."
            )
        if isinstance(self.last, pd.PeriodIndex):
            return pd.period_range(last + 1, periods=steps, name=name)
        if isinstance(self.last, pd.DatetimeIndex):
            return pd.date_range(last, periods=steps + 1, freq=step, name=name)[1:]
        if isinstance(self.last, pd.TimedeltaIndex):
            return pd.timedelta_range(last, periods=steps + 1, freq=step, name=name)[1:]
        return pd.RangeIndex(
            int(last) + step, int(last) + step * (steps + 1), step, name=name
        )


# --------------------------------------------------------------------- what is inside


def _make_transformer(transformer):
    """Return an unfitted transformer with an inverse, or None."""
    if transformer is None:
        return None
    if isinstance(transformer, str) and transformer == "standard":
        return StandardScaler()
    if isinstance(transformer, str) and transformer == "log":
        log = FunctionTransformer(
            np.log, np.exp, check_inverse=False, feature_names_out="one-to-one"
        )
        return make_pipeline(log, StandardScaler())
    methods = ("fit", "transform", "inverse_transform")
    if isinstance(transformer, type) or not all(
        hasattr(transformer, method) for method in methods
    ):
        raise (ValueError if isinstance(transformer, str) else TypeError)(
            'transformer must be "standard", "log", None or an instance with fit, '
            f"transform and inverse_transform: got transformer={transformer!r}. Use "
            "one of these, such as MinMaxScaler()."
        )
    return clone(transformer)


def _check_estimator(estimator):
    """Raise where the estimator is no regressor."""
    if isinstance(estimator, type) or not (
        hasattr(estimator, "fit") and hasattr(estimator, "predict")
    ):
        raise TypeError(
            f"estimator must have fit and predict: got estimator={estimator!r}. "
            "Use a regressor, or a Pipeline that ends in one."
        )
    if hasattr(estimator, "__sklearn_tags__") and is_classifier(estimator):
        raise TypeError(
            f"estimator must be a regressor: got estimator={estimator!r}, a "
            "classifier. Use a regressor, or a Pipeline that ends in one."
        )


def _fit_on_windows(estimator, windows, targets):
    """Fit, and say what to change where the estimator and its input do not match."""
    try:
        return estimator.fit(windows, targets)
    except ValueError as error:
        text = str(error)
        if "Found array with dim 3" in text:
            raise ValueError(
                "estimator must take windows (n_samples, window_length, n_features): "
                f"got estimator={estimator!r}, of which a part takes tables only. Use "
                "make_pipeline(FlattenWindows(), Ridge()), with your estimator in the "
                "place of Ridge()."
            ) from error
        if text.startswith("n_targets must be at most the number of features"):
            error.add_note(
                f"SeriesForecaster sets n_targets={windows.shape[2]}, the number of "
                "columns of the series, and instance_norm='last' on the network, which "
                "then needs windows (n_samples, window_length, n_features). Leave "
                "FlattenWindows out, or set instance_norm=None on the network."
            )
        raise


def _resolve(estimator, n_targets, horizon):
    """Tell the networks inside an estimator what only a forecaster knows.

    Parameters are found by name at any depth: in the last step of a Pipeline, in a
    TransformedTargetRegressor, a search, an ensemble. `n_targets` is set only beside
    `instance_norm`, for other estimators (GaussianProcessRegressor) have a parameter
    of that name which means something else.
    """
    params = estimator.get_params(deep=True)
    changes = {}
    for key, value in params.items():
        name = key.rpartition("__")[2]
        owner = key.removesuffix(name)
        if name == "instance_norm" and isinstance(value, str) and value == "auto":
            changes[key] = "last"
        elif name == "n_targets" and owner + "instance_norm" in params:
            changes[key] = n_targets
        elif name == "validation_gap" and value == 0:
            # An ensemble has a gap, between its folds, and no early stopping.
            if params.get(owner + "early_stopping", True) is True:
                changes[key] = horizon - 1
    return estimator.set_params(**changes)


def _runs_to_fit(rows, clock, length, horizon):
    """Return the parts of the rows without gaps in time, (start, stop) each."""
    starts = find_runs(rows.time, clock, None, len(rows.values)).starts.tolist()
    runs = list(pairwise([*starts, len(rows.values)]))
    longest = max(stop - start for start, stop in runs)
    if longest < length + horizon:
        before, after = rows.time[starts[1] - 1], rows.time[starts[1]]
        raise ValueError(
            "series must have at least window_length + horizon rows without a gap in "
            f"time: got at most {longest} such rows (the first gap is from {before} to "
            f"{after}), window_length={length}, horizon={horizon}. Fill the gaps "
            f"({_without_gaps(rows.time, clock)} and interpolate), use shorter "
            "windows, or series.reset_index(drop=True) where rows do follow one "
            "another."
        )
    return runs


# -------------------------------------------------------------------- the forecaster


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
        _check_estimator(self.estimator)
        rows = _read_rows(self, series, reset=True)
        check_enough_rows(len(rows.values), length, horizon)
        clock = None if rows.time is None else find_clock(rows.time)
        runs = _runs_to_fit(rows, clock, length, horizon)
        self._calendar = None if rows.index is None else _Calendar.of(rows.index, clock)
        self._positive = isinstance(self.transformer, str) and self.transformer == "log"
        self.transformer_ = _make_transformer(self.transformer)
        scaled = self._scale(rows, fit=True)
        estimator = _resolve(clone(self.estimator), scaled.shape[1], horizon)
        pairs = [
            make_windows(scaled[start:stop], length, horizon)
            for start, stop in runs
            if stop - start >= length + horizon
        ]
        if len(pairs) == 1:
            windows, targets = pairs[0]
        else:
            windows, targets = map(np.concatenate, zip(*pairs, strict=True))
        self.estimator_ = _fit_on_windows(estimator, windows, targets)
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
        rows = _read_rows(self, series, reset=False)
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
        rows = _read_rows(self, series, reset=False)
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


# ------------------------------------------------------------------------- other scores


class _Answers(RegressorMixin, BaseEstimator):
    """What a scikit-learn scorer asks for predictions: it gives back what it gets."""

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return X[:, 0]


class _ForecastScorer:
    """A callable ``(estimator, X, y=None)`` for the `scoring` of a search."""

    def __init__(self, scoring):
        self.scoring = scoring

    def __repr__(self):
        return f"forecast_scorer({self.scoring!r})"

    def __call__(self, estimator, X, y=None):
        while hasattr(estimator, "best_estimator_"):  # a search, inside cross_validate
            estimator = estimator.best_estimator_
        if not isinstance(estimator, SeriesForecaster):
            raise TypeError(f"{self!r} scores a SeriesForecaster: got {estimator!r}.")
        forecasts, actual = estimator._from_each_origin(X)
        scorer = get_scorer(self.scoring)
        return float(scorer(_Answers(), forecasts.reshape(-1, 1), actual.ravel()))


def forecast_scorer(scoring):
    """Make a scorer of a series forecaster out of a scikit-learn regression metric.

    The scorer takes the forecasts that ``SeriesForecaster.score`` takes: from the last
    fitted row, where the test rows continue it, and from each row whose `horizon` next
    rows are test rows. The metric is that of all origins, steps and targets together.

    Parameters
    ----------
    scoring : str
        The name of a regression scorer, such as "neg_root_mean_squared_error" or "r2".

    Returns
    -------
    scorer : callable
        ``scorer(forecaster, series)``, for the `scoring` of a search or of
        ``cross_validate``. It can be pickled.

    Examples
    --------
    >>> from skcnnlstm import forecast_scorer
    >>> forecast_scorer("neg_root_mean_squared_error")
    forecast_scorer('neg_root_mean_squared_error')
    """
    choices = sorted(set(_REGRESSION_SCORERS).intersection(get_scorer_names()))
    if scoring not in choices:
        raise ValueError(
            f"scoring must name a regression metric of scikit-learn: got {scoring!r}. "
            f"Use one of {', '.join(choices)}."
        )
    return _ForecastScorer(scoring)
