"""Find the position of samples in time.

The position of windows is found from the rows that they share. If they share no rows,
or if the samples are rows, their order is used.
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from skcnnlstm._utils.recordings import take_column
from skcnnlstm._utils.validation import check_windows
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.windows.sliding_window import SlidingWindow

_MAX_STEPS_AHEAD = 512  # largest inferred horizon
_N_CHECKED = 256  # number of samples that are compared to infer a stride or a horizon


class TimedSamples(NamedTuple):
    """Samples with their position in time, in time steps."""

    series: np.ndarray  # (n,) series of each sample
    origin: np.ndarray  # (n,) last step of the features of each sample
    length: int  # number of steps in the features of a sample
    horizon: int  # number of steps that a target reaches ahead
    stride: int  # number of steps from one sample to the next
    forecaster: bool  # whether targets are built from the training rows only
    classes: bool  # whether the target describes the window itself
    rows: np.ndarray | None = None  # (n, length, n_features)
    target: np.ndarray | None = None  # (n, n_outputs), numbers
    id_column: object = None  # id column of a long frame
    recordings: np.ndarray | None = None  # (n,) from `groups` or an id column

    def span(self):
        """Return the steps of each sample that may be in only one part of a fold.

        The result is two arrays: the first and the last of these steps.
        """
        if self.forecaster:
            return self.origin, self.origin
        if self.classes:
            return self.origin - self.length + 1, self.origin + self.horizon
        several_steps = self.target is None or self.target.shape[1] > 1
        first_step = 1 if several_steps else self.horizon
        return self.origin + first_step, self.origin + self.horizon

    def gap(self):
        """Return the number of samples to leave out between training and test part."""
        if self.forecaster:
            return 0
        reach = self.horizon + self.length if self.classes else self.horizon
        return max(0, reach - 1) // self.stride


def locate_samples(estimator, X, y, groups, horizon, notes):
    """Return the samples as `TimedSamples`, and append assumptions to `notes`."""
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    series = np.zeros(n_samples, np.intp)
    if groups is not None:
        series = np.unique(np.asarray(groups), return_inverse=True)[1]
    forecaster = _find_forecaster(estimator)
    if forecaster is None:
        if y is None and (is_regressor(estimator) or is_classifier(estimator)):
            raise ValueError(
                "y must be given for a regressor or classifier: got y=None and "
                f"estimator={type(estimator).__name__}. Use check_leakage(estimator, "
                "X, y, cv), for example with X and y from make_windows."
            )
        return _locate_windows(estimator, X, y, series, groups, horizon, notes)
    if groups is None and forecaster.id_column in getattr(X, "columns", ()):
        series = pd.factorize(X[forecaster.id_column])[0]
    return TimedSamples(
        series,
        _positions_in_series(series),
        length=1,
        horizon=0,
        stride=1,
        forecaster=True,
        classes=False,
        id_column=forecaster.id_column,
    )


def _locate_windows(estimator, X, y, series, groups, horizon, notes):
    """Return windows, or rows that a Pipeline turns into windows, as `TimedSamples`."""
    sliding, is_first = _find_sliding_window(estimator)
    id_column = _find_id_column(sliding, is_first, X)
    if id_column is not None:
        X, ids = take_column(X, id_column)
        series = pd.factorize(ids)[0]
        groups = ids if groups is None else groups
    rows = check_windows(X, name="X", min_ndim=1)
    inner_length = None if sliding is None else sliding.window_length
    classes = is_classifier(estimator)
    if rows.ndim == 1:
        rows = rows[:, np.newaxis]
    steps = rows.reshape(len(rows), -1, rows.shape[-1] if rows.ndim > 2 else 1)
    stride = None if inner_length is not None else _infer_stride(steps)
    length = steps.shape[1]
    if stride is None:
        # Rows of a table, or windows without shared rows.
        if rows.ndim == 2:
            steps = rows[:, np.newaxis]
            length = 1 if inner_length is None else inner_length
            stride = 1
        else:
            stride = length
            notes.append(
                "the windows in X share no rows: assuming that they are consecutive."
            )
        origin = _positions_in_series(series) * stride
    else:
        series, origin = _locate_overlapping(steps, stride, series)
    target = None if y is None or classes else np.asarray(y).reshape(len(y), -1)
    if not classes and (
        horizon == 0 or (horizon is None and _counts_down(target, series, stride))
    ):
        classes, horizon, target = True, 0, None
    samples = TimedSamples(
        series,
        origin,
        length,
        0,
        stride,
        False,
        classes,
        steps,
        target,
        id_column,
        None if groups is None else np.asarray(groups),
    )
    if horizon is None:
        horizon = 0 if classes else _infer_horizon(samples, notes)
    return samples._replace(horizon=horizon)


def _find_forecaster(estimator):
    """Return `estimator` if it is a `SeriesForecaster`, or the forecaster in a search.

    Return None for other estimators.
    """
    while not isinstance(estimator, SeriesForecaster | None):
        estimator = getattr(estimator, "estimator", None)
    return estimator


def _find_sliding_window(estimator):
    """Return the `SlidingWindow` of a Pipeline, and whether it is the first step.

    Without a `SlidingWindow`, return None and False.
    """
    while hasattr(estimator, "estimator"):
        estimator = estimator.estimator
    steps = estimator.steps if isinstance(estimator, Pipeline) else ()
    for place, (_, step) in enumerate(steps):
        if isinstance(step, SlidingWindow):
            return step, place == 0
    return None, False


def _find_id_column(sliding, is_first, X):
    """Return the id column of a `SlidingWindow` if its place in X is known, else None.

    A step before the `SlidingWindow` may move the column to another position.
    """
    id_column = None if sliding is None else sliding.id_column
    columns = getattr(X, "columns", None)
    if isinstance(id_column, Integral) and columns is not None:
        id_column = columns[id_column] if is_first else None
    is_known = is_first if columns is None else id_column in columns
    return id_column if is_known else None


def _counts_down(target, series, stride):
    """Return whether a target is the time until each series ends.

    The time may be capped at a maximum.
    """
    if target is None or target.shape[1] != 1 or target.dtype.kind not in "iuf":
        return False
    steps = np.diff(target[:, 0].astype(float))
    steps = steps[series[1:] == series[:-1]]
    return bool(np.isin(steps, (0, -stride)).all() and (steps < 0).sum() > 1)


def _positions_in_series(series):
    """Return the position of each sample within its series, from 0."""
    return pd.Series(series).groupby(series).cumcount().to_numpy()


def _infer_stride(steps):
    """Return the number of steps from one window to the next.

    Return None if windows share no rows.
    """
    n_samples, length, _ = steps.shape
    if n_samples < 2 or length < 2:
        return None
    pairs = np.unique(
        np.linspace(0, n_samples - 2, min(_N_CHECKED, n_samples - 1), dtype=int)
    )
    before, after = steps[pairs], steps[pairs + 1]
    for stride in range(1, length):
        equal = before[:, stride:] == after[:, : length - stride]
        # Two windows of different series share no rows, so not all pairs must match.
        if equal.all(axis=(1, 2)).mean() > 0.5:
            return stride
    return None


def _locate_overlapping(steps, stride, series):
    """Return the series and the last step of each window.

    A new series starts at each window that shares no rows with the previous window, and
    at each boundary between the given series.
    """
    continues = np.zeros(len(steps), bool)
    continues[1:] = series[1:] == series[:-1]
    for start in range(1, len(steps), 4096):
        part = slice(start, min(start + 4096, len(steps)))
        before = steps[part.start - 1 : part.stop - 1, stride:]
        continues[part] &= (before == steps[part, : steps.shape[1] - stride]).all(
            (1, 2)
        )
    run = np.cumsum(~continues) - 1
    return run, _positions_in_series(run) * stride + steps.shape[1] - 1


def _infer_horizon(samples, notes):
    """Return the number of steps that a target reaches ahead, inferred from values.

    If the number cannot be inferred, return the number of outputs and append a note.
    Without a target, return 1.
    """
    y = samples.target
    if y is None:
        return 1
    found = _find_steps_ahead(samples, y[:, -1])
    if y.shape[1] > 1:
        width = y.shape[1]
        for n_targets in range(1, width):
            if width % n_targets:
                continue
            ahead = n_targets * samples.stride
            if ahead < width and np.array_equal(y[:-1, ahead:], y[1:, :-ahead]):
                return max(found or 0, width // n_targets)
    if found:
        return found
    horizon = max(1, y.shape[1])
    notes.append(
        "horizon could not be inferred from the values: assuming "
        f"horizon={horizon}. Set horizon if this is wrong."
    )
    return horizon


def _find_steps_ahead(samples, column):
    """Return the number of steps from the end of a window to its target.

    `column` holds one target value of each sample. The function searches for these
    values in the last steps of later windows. Return None if it does not find them.
    """
    last = samples.rows[:, -1]
    for ahead in range(1, min(_MAX_STEPS_AHEAD, len(last) - 1)):
        shift, rest = divmod(ahead, samples.stride)
        if rest:
            continue
        at = np.flatnonzero(samples.series[shift:] == samples.series[:-shift])
        at = at[:_N_CHECKED]
        if len(at) < 4:
            return None
        target = column[at].astype(float)
        later = last[at + shift].astype(float)
        if (later == target[:, np.newaxis]).all(axis=0).any():
            return ahead
    return None
