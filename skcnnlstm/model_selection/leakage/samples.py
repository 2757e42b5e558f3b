"""Where samples stand in time: windows by what they have in common, rows by order."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from skcnnlstm._utils.validation import check_windows
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.windows.sliding_window import SlidingWindow

_FAR = 512  # steps ahead at which a target is looked for
_FEW = 256  # rows that are looked at to find where a target stands


class Samples(NamedTuple):
    """Where samples stand in time, and what they hold."""

    series: np.ndarray  # (n,) whose each is
    origin: np.ndarray  # (n,) the last step that each reads
    length: int  # steps that each reads
    horizon: int  # steps that its target reaches ahead
    stride: int  # steps from one to the next
    forecaster: bool  # whether targets are made of training rows alone
    classes: bool  # whether a target is of the window itself
    rows: np.ndarray | None = None  # (n, length, n_features)
    target: np.ndarray | None = None  # (n, n_outputs), numbers
    id_column: object = None  # of a long frame

    def span(self):
        """Return the first and last step that must not be in both parts."""
        if self.forecaster:
            return self.origin, self.origin
        if self.classes:
            return self.origin - self.length + 1, self.origin + self.horizon
        several = self.target is None or self.target.shape[1] > 1
        nearest = 1 if several else self.horizon
        return self.origin + nearest, self.origin + self.horizon

    def gap(self):
        """Return the samples to leave out."""
        if self.forecaster:
            return 0
        reach = self.horizon + self.length if self.classes else self.horizon
        return max(0, reach - 1) // self.stride


def place_samples(estimator, X, y, groups, horizon, notes):
    """Find out where samples stand in time."""
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    series = np.zeros(n_samples, np.intp)
    if groups is not None:
        series = np.unique(np.asarray(groups), return_inverse=True)[1]
    forecaster = _find_forecaster(estimator)
    if forecaster is None:
        if y is None and (is_regressor(estimator) or is_classifier(estimator)):
            raise ValueError(
                "y must be given where the estimator learns from it: got y=None, "
                f"estimator={type(estimator).__name__}. Use check_leakage(estimator, "
                "X, y, cv); make_windows gives X and y."
            )
        return _place_windows(estimator, X, y, series, horizon, notes)
    if groups is None and forecaster.id_column in getattr(X, "columns", ()):
        series = pd.factorize(X[forecaster.id_column])[0]
    order = _count_up(series)
    return Samples(
        series,
        order,
        length=1,
        horizon=0,
        stride=1,
        forecaster=True,
        classes=False,
        id_column=forecaster.id_column,
    )


def _place_windows(estimator, X, y, series, horizon, notes):
    """Find out where windows stand, or the rows that a Pipeline makes them of."""
    rows = check_windows(X, name="X", min_ndim=1)
    length_inside = _window_length_inside(estimator)
    classes = is_classifier(estimator)
    if rows.ndim == 1:
        rows = rows[:, np.newaxis]
    steps = rows.reshape(len(rows), -1, rows.shape[-1] if rows.ndim > 2 else 1)
    stride = None if length_inside is not None else _stride(steps)
    length = steps.shape[1]
    if stride is None:
        # Rows of a table, or windows that have nothing in common.
        if rows.ndim == 2:
            steps = rows[:, np.newaxis]
            length = 1 if length_inside is None else length_inside
            stride = 1
        else:
            stride = length
            notes.append(
                "X holds windows with no rows in common: taken to follow one another."
            )
        origin = _count_up(series) * stride
    else:
        series, origin = _origins(steps, stride, series)
    target = None if y is None or classes else np.asarray(y).reshape(len(y), -1)
    samples = Samples(series, origin, length, 0, stride, False, classes, steps, target)
    if horizon is None:
        horizon = 0 if classes else _find_horizon(samples, notes)
    return samples._replace(horizon=horizon)


def _find_forecaster(estimator):
    """Return the forecaster that is given, or that a search is around, or None."""
    while not isinstance(estimator, SeriesForecaster | None):
        estimator = getattr(estimator, "estimator", None)
    return estimator


def _window_length_inside(estimator):
    """Return the length of the windows that a Pipeline makes of rows, or None."""
    while hasattr(estimator, "estimator"):
        estimator = estimator.estimator
    for _, step in estimator.steps if isinstance(estimator, Pipeline) else ():
        if isinstance(step, SlidingWindow):
            return step.window_length
    return None


def _count_up(series):
    """Count the samples of each series from 0."""
    place = np.empty(len(series), np.intp)
    for one in np.unique(series):
        members = np.flatnonzero(series == one)
        place[members] = np.arange(len(members))
    return place


def _stride(steps):
    """Return how many steps windows move on, None where they share none."""
    n_samples, length, _ = steps.shape
    if n_samples < 2 or length < 2:
        return None
    pairs = np.unique(
        np.linspace(0, n_samples - 2, min(_FEW, n_samples - 1), dtype=int)
    )
    before, after = steps[pairs], steps[pairs + 1]
    for stride in range(1, length):
        equal = before[:, stride:] == after[:, : length - stride]
        # Where one series ends and another begins nothing is shared.
        if equal.all(axis=(1, 2)).mean() > 0.5:
            return stride
    return None


def _origins(steps, stride, series):
    """Return whose each window is and where it ends, a new series where none is shared.

    What the user said of the series is kept.
    """
    goes_on = np.zeros(len(steps), bool)
    goes_on[1:] = series[1:] == series[:-1]
    for start in range(1, len(steps), 4096):
        part = slice(start, min(start + 4096, len(steps)))
        before = steps[part.start - 1 : part.stop - 1, stride:]
        goes_on[part] &= (before == steps[part, : steps.shape[1] - stride]).all((1, 2))
    run = np.cumsum(~goes_on) - 1
    return run, _count_up(run) * stride + steps.shape[1] - 1


def _find_horizon(samples, notes):
    """Return how far a target reaches ahead, as values show it; 1 where none does."""
    y = samples.target
    if y is None:
        return 1
    found = _steps_ahead(samples, y[:, -1])
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
    notes.append(
        f"how far targets reach ahead is not seen in the values: taken to be "
        f"{max(1, y.shape[1])}. Say horizon= where that is wrong."
    )
    return max(1, y.shape[1])


def _steps_ahead(samples, column):
    """Return at which step after its window a target stands in later windows."""
    last = samples.rows[:, -1]
    for ahead in range(1, min(_FAR, len(last) - 1)):
        there, rest = divmod(ahead, samples.stride)
        if rest:
            continue
        at = np.flatnonzero(samples.series[there:] == samples.series[:-there])[:_FEW]
        if len(at) < 4:
            return None
        wanted = column[at].astype(float)
        known = last[at + there].astype(float)
        if (known == wanted[:, np.newaxis]).all(axis=0).any():
            return ahead
    return None
