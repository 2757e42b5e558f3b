"""Folds in time order: where each one learns, and from which rows it forecasts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skcnnlstm.model_selection.split import (
    PanelTimeSeriesSplit,
    check_splitter,
    read_pair,
)


class Fold(NamedTuple):
    """Where a fold learns, and from which rows it forecasts."""

    train: slice
    origins: np.ndarray  # positions of the last rows known, ascending

    @property
    def n_train(self):
        """How many rows it learns from."""
        return self.train.stop - self.train.start


def read_cv(cv):
    """Return a splitter as it came, and pairs of rows as a list, to be read again."""
    check_splitter(cv)
    return cv if hasattr(cv, "split") else list(cv)


def make_folds(cv, series, places, horizon, stride):
    """Return the folds of a series; `places` says where its rows stand in time."""
    folds, last = [], 0
    for number, (train, test) in enumerate(map(read_pair, _pairs(cv, series))):
        _check_order(number, train, test, last)
        _check_rows(number, train, test, len(places))
        last = test[0]
        origins = _origins(test, places, horizon)
        origins = origins[:1] if stride == "fold" else origins[::stride]
        if not len(origins):
            raise ValueError(
                f"each test part must have at least horizon={horizon} rows with no gap "
                f"in time before or among them: got {len(test)} rows in fold {number}. "
                f"Use TimeSeriesSplit(..., test_size={horizon}) or a shorter horizon."
            )
        folds.append(Fold(slice(int(train[0]), int(train[-1]) + 1), origins))
    if not folds:
        raise ValueError(f"cv must make at least one fold: got none of {cv!r}.")
    return folds


def _pairs(cv, series):
    """Return what a splitter makes of a series, or the pairs that were given."""
    if isinstance(cv, PanelTimeSeriesSplit):
        # A backtest splits each series by itself, so here the panel is one.
        return cv.split(series, groups=np.zeros(len(series), int))
    return cv.split(series) if hasattr(cv, "split") else cv


def check_same_number(folds):
    """Raise where the series, by key, have not as many folds."""
    counts = {key: len(own) for key, own in folds.items()}
    most, fewest = max(counts, key=counts.get), min(counts, key=counts.get)
    if counts[most] != counts[fewest]:
        raise ValueError(
            f"cv must make as many folds of each series: got {counts[most]} of series "
            f"{most!r}, {counts[fewest]} of series {fewest!r}. Use a splitter with a "
            "number of folds, such as TimeSeriesSplit(5, test_size=horizon)."
        )


def _check_order(number, train, test, last):
    """Raise where a fold does not learn from what is before its test rows."""
    why = None
    if not len(train) or not len(test):
        why = f"fold {number} has no {'test' if len(train) else 'training'} rows"
    elif (np.diff(train) != 1).any():
        why = f"the training rows of fold {number} do not follow one another"
    elif (np.diff(test) != 1).any():
        why = f"the test rows of fold {number} do not follow one another"
    elif train[-1] >= test[0]:
        why = f"fold {number} trains on row {train[-1]} and tests from row {test[0]} on"
    elif test[0] < last:
        why = f"fold {number} tests earlier rows than the fold before it"
    if why is not None:
        raise ValueError(
            f"cv must keep the order of time: {why}. Use a splitter that does, without "
            "shuffling, such as TimeSeriesSplit(5, test_size=horizon)."
        )


def _check_rows(number, train, test, n_rows):
    """Raise where a fold, in order, begins before the series or ends after it."""
    if test[-1] >= n_rows or train[0] < 0:
        row = train[0] if train[0] < 0 else test[-1]
        raise ValueError(
            f"cv must name rows of the series: got row {row} in fold {number}, of "
            f"{n_rows} rows. Make the folds for this series."
        )


def _origins(test, places, horizon):
    """Return the rows whose next `horizon` rows are test rows, the one before too."""
    origins = np.arange(test[0] - 1, test[-1] + 1 - horizon)
    # As in `score`: no forecast across a gap in time.
    return origins[places[origins] + horizon == places[origins + horizon]]
