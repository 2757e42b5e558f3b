"""Checks of targets and sample weights."""

import functools

import numpy as np
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skcnnlstm._utils.validation.tables import to_plain, warn_about_large_integers
from skcnnlstm._utils.validation.windows import complex_data_message


def check_regression_target(y, n_samples, *, estimator, grids=False):
    """Return y as a numeric array of one or two dimensions.

    With `grids`, the array may have more dimensions.
    """
    check_not_none(y, estimator)
    y = to_plain(y, "y")
    try:
        y = check_array(
            y,
            ensure_2d=False,
            allow_nd=True,
            dtype="numeric",
            input_name="y",
            estimator=estimator,
        )
    except (TypeError, ValueError) as error:
        text = str(error)
        if "Complex data not supported" in text:
            raise ValueError(complex_data_message("y")) from error
        if "could not convert string" in text or "bytes/strings" in text:
            raise ValueError(
                "y must be numeric: got text. Convert it to numbers, or use a "
                "classifier for class labels."
            ) from error
        if "sequence" in text:
            raise ValueError(
                "y must hold one number for each target: got sequences of different "
                "lengths. Use an array of shape (n_samples, n_outputs)."
            ) from error
        raise
    if y.ndim > 2 and not grids:
        raise ValueError(
            f"y must have shape (n_samples,) or (n_samples, n_outputs): got {y.shape}. "
            "If y has shape (n_samples, horizon, n_targets), use y.reshape(len(y), -1)."
        )
    _check_length(y, n_samples)
    warn_about_large_integers(y, "y")
    return y


def check_class_target(y, n_samples, *, estimator):
    """Return y as a one-dimensional array of class labels."""
    check_not_none(y, estimator)
    y = _plain_labels(y)
    try:
        y = check_array(
            y, ensure_2d=False, dtype=None, input_name="y", estimator=estimator
        )
    except ValueError as error:
        if "Complex data not supported" in str(error):
            raise ValueError(complex_data_message("y")) from error
        raise
    _check_not_one_hot(y)
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    _check_length(y, n_samples)
    return y


def with_plain_target(score):
    """Decorate a `score` method to convert y to a plain array-like.

    If a value of y is masked, the method raises an error.
    """

    @functools.wraps(score)
    def score_plain_target(self, X, y, sample_weight=None):
        if np.ma.is_masked(y):
            known = "~numpy.ma.getmaskarray(y)"
            if y.ndim > 1:
                known += ".reshape(len(y), -1).any(axis=1)"
            raise ValueError(
                "y must have no masked values in score: got a masked array with "
                f"{np.ma.count_masked(y)} masked values. Use score(X[known], "
                f"y[known]) with known = {known}."
            )
        return score(self, X, _plain_labels(y), sample_weight)

    return score_plain_target


def _check_not_one_hot(y):
    """Raise if class labels have one column for each class."""
    if y.ndim != 2 or y.shape[1] < 2 or y.dtype.kind not in "biuf":
        return
    if ((y != 0) & (y != 1)).any() or (y.sum(axis=1) != 1).any():
        return
    # The estimator checks of scikit-learn search for "should be a 1d array".
    raise ValueError(
        "y should be a 1d array of class labels: got one-hot labels of shape "
        f"{y.shape}. Use numpy.asarray(y).argmax(axis=1)."
    )


def check_sample_weight(sample_weight, n_samples):
    """Return sample weights as float32; None becomes ones."""
    if sample_weight is None:
        return np.ones(n_samples, np.float32)
    weight = check_array(
        to_plain(sample_weight, "sample_weight"),
        ensure_2d=False,
        ensure_min_samples=0,
        dtype=np.float32,
        input_name="sample_weight",
    )
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have shape (n_samples,): got shape {weight.shape} and "
            f"{n_samples} samples in X. Use one weight for each sample."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight must have at least one weight above zero: got only zeros. "
            "Use a positive weight for each sample to train on. Zero excludes a sample."
        )
    if (weight < 0).any():
        raise ValueError(
            "sample_weight must not be negative: got "
            f"{weight[weight < 0][0]:.4g}. Use zero to exclude a sample."
        )
    return weight


def _plain_labels(y):
    """Return class labels as a plain array-like, with NaN for masked values."""
    if isinstance(y, np.ma.MaskedArray):
        return to_plain(y, "y") if np.ma.is_masked(y) else y.data
    return y if isinstance(y, np.ndarray | list | tuple) else to_plain(y, "y")


def check_not_none(y, estimator):
    """Raise if y is None. The checks of scikit-learn search for this message."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None. Pass the targets as y."
        )


def _check_length(y, n_samples):
    if len(y) != n_samples:
        raise ValueError(
            f"X and y must have the same number of samples: got {n_samples} in X and "
            f"{len(y)} in y. Use make_windows, which returns X and y of the same "
            "length."
        )
