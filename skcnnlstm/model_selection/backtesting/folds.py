"""Training rows and forecast origins of the folds of a backtest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm.model_selection.split import (
    HorizonSplit,
    PanelTimeSeriesSplit,
    check_splitter,
    read_pair,
)


class Fold(NamedTuple):
    """Training rows of a fold, and the origins of its forecasts."""

    train: slice
    origins: np.ndarray  # position of the last known row of each forecast, ascending

    @property
    def n_train(self):
        """Number of training rows."""
        return self.train.stop - self.train.start


def read_cv(cv):
    """Validate `cv`; return a splitter unchanged, and an iterable of pairs as a list.

    A list can be iterated several times, once for each series.
    """
    check_splitter(cv)
    return cv if hasattr(cv, "split") else list(cv)


def splits_rows_only(cv):
    """Return whether the folds of `cv` depend only on the number of rows."""
    known = TimeSeriesSplit, HorizonSplit, PanelTimeSeriesSplit, list
    return type(cv) in known


def make_folds(cv, series, times, horizon, stride):
    """Return the folds of one series.

    `times` holds the position of each row in time, in time steps.
    """
    folds, previous_test_start = [], 0
    for number, (train, test) in enumerate(map(read_pair, _pairs(cv, series))):
        _check_time_order(number, train, test, previous_test_start)
        _check_row_range(number, train, test, len(times))
        previous_test_start = test[0]
        origins = _find_origins(test, times, horizon)
        origins = origins[:1] if stride == "fold" else origins[::stride]
        if not len(origins):
            raise ValueError(
                f"cv must give test parts with at least horizon={horizon} rows that "
                "follow a known row without a gap in time: got no such rows in fold "
                f"{number} ({len(test)} test rows). Use TimeSeriesSplit(..., "
                f"test_size={horizon}) or a shorter horizon."
            )
        folds.append(Fold(slice(int(train[0]), int(train[-1]) + 1), origins))
    if not folds:
        raise ValueError(
            f"cv must make at least one fold: got none from {cv!r}. Use a splitter, "
            "such as TimeSeriesSplit(5, test_size=horizon)."
        )
    return folds


def _pairs(cv, series):
    """Return the (training rows, test rows) of each fold."""
    if isinstance(cv, PanelTimeSeriesSplit):
        # A backtest splits each series separately, so this panel has one series.
        return cv.split(series, groups=np.zeros(len(series), int))
    return cv.split(series) if hasattr(cv, "split") else cv


def check_equal_fold_counts(folds):
    """Raise if the series differ in their number of folds.

    `folds` holds the folds of each series, by key.
    """
    counts = {key: len(series_folds) for key, series_folds in folds.items()}
    most, fewest = max(counts, key=counts.get), min(counts, key=counts.get)
    if counts[most] != counts[fewest]:
        raise ValueError(
            f"cv must make the same number of folds for each series: got "
            f"{counts[most]} folds for series {most!r} and {counts[fewest]} for series "
            f"{fewest!r}. Use a splitter with a fixed number of folds, such as "
            "TimeSeriesSplit(5, test_size=horizon)."
        )


def _check_time_order(number, train, test, previous_test_start):
    """Raise if the rows of a fold are not consecutive, or not in time order."""
    problem = None
    if not len(train) or not len(test):
        problem = f"fold {number} without {'test' if len(train) else 'training'} rows"
    elif (np.diff(train) != 1).any():
        problem = f"training rows that are not consecutive in fold {number}"
    elif (np.diff(test) != 1).any():
        problem = f"test rows that are not consecutive in fold {number}"
    elif train[-1] >= test[0]:
        problem = (
            f"training row {train[-1]} and first test row {test[0]} in fold {number}"
        )
    elif test[0] < previous_test_start:
        problem = f"earlier test rows in fold {number} than in the previous fold"
    if problem is not None:
        raise ValueError(
            f"cv must keep the order of time: got {problem}. Use a splitter without "
            "shuffling, such as TimeSeriesSplit(5, test_size=horizon)."
        )


def _check_row_range(number, train, test, n_rows):
    """Raise if an ordered fold contains rows outside the series."""
    if test[-1] >= n_rows or train[0] < 0:
        row = train[0] if train[0] < 0 else test[-1]
        raise ValueError(
            f"cv must select rows of the series: got row {row} in fold {number}, but "
            f"the series has {n_rows} rows. Make the folds for this series."
        )


def _find_origins(test, times, horizon):
    """Return the rows that are followed by `horizon` test rows without a gap in time.

    The earliest possible origin is the row before the test rows.
    """
    origins = np.arange(test[0] - 1, test[-1] + 1 - horizon)
    return origins[times[origins] + horizon == times[origins + horizon]]
