"""Validate the data of one fit: windows, targets and sample weights."""

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from skcnnlstm import training
from skcnnlstm._utils.validation import (
    check_sample_weight,
    check_windows,
    count_missing_history,
    describe_no_sample,
    to_plain,
)


class FitData(NamedTuple):
    """The validated data of one fit."""

    feature_attributes: dict  # fitted attributes that describe the columns of X
    X: np.ndarray  # all windows
    y: np.ndarray  # targets of the windows `rows`
    rows: np.ndarray  # positions of the windows to train on
    weight: np.ndarray  # sample weights of the windows `rows`, as passed
    samples: training.Samples
    n_outputs: int
    target_attributes: dict  # fitted attributes that describe y

    def training_windows(self, X):
        """Return the windows to train on; `X` itself if no window is left out.

        `X` holds the windows as passed to `fit`.
        """
        if len(self.rows) == len(self.X):
            return X
        return X.iloc[self.rows] if hasattr(X, "iloc") else self.X[self.rows]


class _FeatureNames(BaseEstimator):
    """Estimator on which scikit-learn sets the names and the number of features."""


def read_windows(estimator, X):
    """Return the fitted attributes that describe X, and X as an array of windows.

    The attributes are `n_features_in_` and, for a DataFrame, `feature_names_in_`.
    """
    X = to_plain(X)
    windows = check_windows(X, estimator=estimator)
    if windows.ndim > 2:
        return {"n_features_in_": windows.shape[1]}, windows
    names = _FeatureNames()
    validate_data(names, X, skip_check_array=True)
    return dict(vars(names)), windows


def usable_rows(X, sample_weight, *, allow_nan=False):
    """Return the positions and the weights of the samples to train on.

    These are the samples with a full history and a positive weight.
    """
    weight = check_sample_weight(sample_weight, len(X))
    missing = count_missing_history(X, allow_nan=allow_nan)
    rows = np.flatnonzero((missing == 0) & (weight > 0))
    if len(rows) == 0:
        length = X[0, ..., 0].size if X.ndim > 2 else X.shape[1]
        raise ValueError(describe_no_sample(missing, length))
    return rows, weight[rows]
