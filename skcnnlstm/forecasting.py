"""Forecasts of a raw series, with every step learned from training rows alone."""

import copy
from dataclasses import dataclass
from typing import Any, NamedTuple
from warnings import warn

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
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
from skcnnlstm.windows import _digest, _sliding, make_windows

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
    columns: Any  # the labels of a DataFrame, else None
    ndim: int  # of what came in
    name: Any  # the name of a Series, else None

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
    check_time_order(time_index(series, name="series"), name="series")
    ndim, table = values.ndim, values.reshape(len(values), -1)
    columns = getattr(series, "columns", None)
    # Names and number of columns, in scikit-learn's words.
    named = table if columns is None else series
    validate_data(forecaster, named, reset=reset, skip_check_array=True)
    if table.dtype not in (np.float32, np.float64):
        table = table.astype(np.float64)
    index = series.index if isinstance(series, pd.Series | pd.DataFrame) else None
    rows = _Rows(table, index, columns, ndim, getattr(series, "name", None))
    finite = np.isfinite(table)
    if not finite.all():
        raise ValueError(
            f"series must be finite: got {rows.cell(~finite)}. Interpolate, or start "
            "the series after the gap."
        )
    return rows


# ------------------------------------------------------------------------ their dates


def _is_time(index):
    """Say whether labels can be counted on: dates, periods or row numbers."""
    kinds = ("datetime64", "period", "timedelta64", "integer")
    return index is not None and index.inferred_type in kinds


def _step(index):
    """Return what leads from one label to the next, None where it varies."""
    if isinstance(index, pd.RangeIndex):
        return index.step
    if isinstance(index, pd.PeriodIndex):
        return 1
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        # None where the steps vary. (pandas 3.1 warns of changes to `infer_freq`.)
        return index.freq or type(index)(index, freq="infer").freq
    if _is_time(index):
        gaps = np.diff(index)
        return int(gaps[0]) if (gaps == gaps[0]).all() else None
    return None


@dataclass(frozen=True)
class _Calendar:
    """Where the fitted rows end in time, and what comes after them."""

    last: pd.Index  # the last label alone, as an index of its kind
    step: Any  # an offset, an integer or None
    longest: Any  # gap between fitted rows, where there is no step
    is_time: bool

    @classmethod
    def of(cls, index):
        step, is_time = _step(index), _is_time(index)
        irregular = is_time and step is None
        longest = (index[1:] - index[:-1]).max() if irregular else None
        return cls(index[-1:].copy(), step, longest, is_time)

    def precedes(self, index):
        """Say whether the first label of `index` is the next one.

        Where there is no regular step, that is a later label within the longest
        gap seen: after a weekend or a holiday, not after a year.
        """
        last, first = self.last[0], index[0]
        if self.step is not None:
            return bool(first == last + self.step)
        try:
            return bool(last < first <= last + self.longest)
        except TypeError:  # labels of another kind
            return False

    def following(self, steps):
        """Return the labels of the next `steps` rows."""
        last, step, name = self.last[0], self.step, self.last.name
        if step is None:
            raise ValueError(
                "forecast cannot name the rows that follow: the fitted index has no "
                f"regular step ({type(self.last).__name__} of dtype "
                f"{self.last.dtype}, last label {last!r}). Give the series one before "
                "fit: dates with pandas.to_datetime and series.asfreq('D') "
                "(interpolate what that adds), or series.reset_index(drop=True)."
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
    within the longest fitted gap. Bare arrays and labels that are no time are taken to
    continue, the fitted rows themselves excepted. Rows that do not continue have the
    history among themselves only.

    `y` and the y of a search are ignored: give the search the series alone. Folds must
    keep the order of time.

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
            ``window_length + horizon`` rows.
        y : None
            Ignored.

        Returns
        -------
        self : SeriesForecaster
            The fitted forecaster. After an error it is as it was before.
        """
        fitted = copy.copy(self)
        fitted._fit(X)
        self.__dict__ = vars(fitted)
        return self

    def _fit(self, series):
        length = check_integer("window_length", self.window_length)
        horizon = check_integer("horizon", self.horizon)
        rows = _read_rows(self, series, reset=True)
        check_enough_rows(len(rows.values), length, horizon)
        self._calendar = None if rows.index is None else _Calendar.of(rows.index)
        self._positive = isinstance(self.transformer, str) and self.transformer == "log"
        self.transformer_ = _make_transformer(self.transformer)
        scaled = self._scale(rows, fit=True)
        estimator = _resolve(clone(self.estimator), scaled.shape[1], horizon)
        if not hasattr(estimator, "predict"):
            raise TypeError(
                f"estimator must have fit and predict: got estimator={estimator!r}. "
                "Use a regressor, or a Pipeline that ends in one."
            )
        windows, targets = make_windows(scaled, length, horizon)
        self.estimator_ = estimator.fit(windows, targets)
        self.n_targets_ = rows.values.shape[1]
        # All that forecasts need, so that set_params after fit changes none of them.
        self._horizon = horizon
        self._history = scaled[-length:].copy()
        self._form = rows._replace(values=None, index=None)
        self._digest = _digest(np.asarray(rows.values, dtype=float))

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
        known, forecasts = self._history, []
        for _ in range(0, steps, self._horizon):
            forecasts.append(self._ahead(known[np.newaxis])[0])
            known = np.concatenate([known, forecasts[-1]], dtype=known.dtype)
            known = known[-len(self._history) :]
        scaled = np.concatenate(forecasts)[np.newaxis, :steps]
        return self._form.dress(self._unscale(scaled)[0], labels)

    def predict(self, series):
        """Forecast from each row of a series, by the rows up to it alone.

        Rows that continue the fitted ones have the fitted ones as history. Otherwise
        the first ``window_length - 1`` rows have too little: the first row is repeated
        in its place, with a warning.

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
        n_rows, length = len(rows.values), len(self._history)
        continues = self._continues(rows)
        if not continues and length > 1:
            warn(
                f"the first {min(length - 1, n_rows)} rows do not continue the fitted "
                f"ones and have fewer than window_length={length} rows of history: the "
                "first row was repeated in the place of those missing.",
                stacklevel=2,
            )
        windows = self._windows(rows, continues)[-n_rows:]
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
        continues = self._continues(rows)
        if n_rows < horizon + (not continues):
            raise ValueError(
                f"score needs {horizon} rows (the horizon) that continue the fitted "
                f"ones, or {horizon + 1} that do not: got n_rows={n_rows}, which "
                f"{'continue' if continues else 'do not continue'} them. Use longer "
                "test folds or a shorter horizon."
            )
        origins = rows._replace(values=rows.values[: n_rows - horizon])
        forecasts = self._unscale(self._ahead(self._windows(origins, continues)))
        return forecasts, _sliding(rows.values, horizon)[-len(forecasts) :]

    def _continues(self, rows):
        """Say whether rows are the next ones after those fitted."""
        calendar = self._calendar
        if calendar is not None and calendar.is_time and _is_time(rows.index):
            return calendar.precedes(rows.index)
        return self._digest != _digest(np.asarray(rows.values, dtype=float))

    def _windows(self, rows, continues):
        """Return the window of each row, after that of the last fitted one if next."""
        scaled, before = self._scale(rows), self._history
        if not continues:
            before = np.repeat(scaled[:1], len(before) - 1, axis=0)
        padded = np.concatenate([before, scaled], dtype=self._history.dtype)
        return _sliding(padded, len(self._history))

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
