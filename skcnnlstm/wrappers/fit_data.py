"""Reading: X, rows and weights checked, and the record of what a fit was given."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from skcnnlstm import training
from skcnnlstm._utils.validation import (
    check_sample_weight,
    check_windows,
    count_missing_history,
    to_plain,
)


class FitData(NamedTuple):
    """What a fit was given, checked."""

    names: dict  # attributes that the columns of X give
    X: np.ndarray  # all windows
    y: np.ndarray  # targets of `rows`
    rows: np.ndarray  # the windows to learn from
    weight: np.ndarray  # of `rows`, as given
    samples: training.Samples
    n_outputs: int
    about_target: dict  # attributes that y gives

    def used(self, given):
        """Return the windows to learn from, with their columns' names as `given`."""
        if len(self.rows) == len(self.X):
            return given
        table = hasattr(given, "iloc")
        return given.iloc[self.rows] if table else self.X[self.rows]


class _Names(BaseEstimator):
    """Takes the names and the number of features of one X."""


def read_windows(estimator, X):
    """Return the attributes that X's columns give an estimator, and X as an array."""
    X = to_plain(X)
    windows = check_windows(X, estimator=estimator)
    if windows.ndim > 2:
        return {"n_features_in_": windows.shape[1]}, windows
    names = _Names()
    validate_data(names, X, skip_check_array=True)
    return dict(vars(names)), windows


def usable_rows(X, sample_weight, *, allow_nan=False):
    """Return which samples have a full history and a weight, and those weights."""
    weight = check_sample_weight(sample_weight, len(X))
    missing = count_missing_history(X, allow_nan=allow_nan)
    rows = np.flatnonzero((missing == 0) & (weight > 0))
    if len(rows) == 0:
        raise ValueError(
            "X must hold one sample with a full history (and a weight above zero) at "
            f"least: got {len(X)} samples, {np.count_nonzero(missing)} of them with "
            "missing (NaN) first steps. Give more rows or a smaller window_length."
        )
    return rows, weight[rows]
