"""Checks of targets and weights."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets


def check_regression_target(y, n_samples, *, estimator):
    """Return y as a numeric array of one or two dimensions."""
    _require_target(y, estimator)
    y = check_array(
        y, ensure_2d=False, dtype="numeric", input_name="y", estimator=estimator
    )
    if y.ndim > 2:
        raise ValueError(
            f"y must have shape (n_samples,) or (n_samples, n_outputs): got {y.shape}. "
            "Put all targets of step 1, then all of step 2, side by side."
        )
    _require_length("y", y, n_samples)
    return y


def check_class_target(y, n_samples, *, estimator):
    """Return y as one array of labels."""
    _require_target(y, estimator)
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y", estimator=estimator)
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    _require_length("y", y, n_samples)
    return y


def check_sample_weight(sample_weight, n_samples):
    """Return weights as float32; None gives ones."""
    if sample_weight is None:
        return np.ones(n_samples, np.float32)
    weight = check_array(
        sample_weight,
        ensure_2d=False,
        ensure_min_samples=0,
        dtype=np.float32,
        input_name="sample_weight",
    )
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have shape (n_samples,): got {weight.shape}, X has "
            f"{n_samples} samples. Give one weight a sample."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight must have one weight above zero at least: got only zeros. "
            "Samples of weight zero are left out, so none is left."
        )
    if (weight < 0).any():
        raise ValueError(
            "sample_weight must not be negative: got "
            f"{weight[weight < 0][0]:.4g}. Use zero to leave a sample out."
        )
    return weight


def _require_target(y, estimator):
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None."
        )


def _require_length(name, y, n_samples):
    if len(y) != n_samples:
        raise ValueError(
            "X and y must have the same number of samples: got X with "
            f"{n_samples}, {name} with {len(y)}. Make both by make_windows."
        )
