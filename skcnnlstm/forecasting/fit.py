"""What a forecaster tells the estimator inside it, and how it is fitted."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np
from sklearn.base import is_classifier

from skcnnlstm._utils.validation import is_auto

# Steps of the optimizer where epochs="auto". On the validation parts of eight sets, of
# 36 months of airline passengers to 6,640 hours of ETTh1, 150 to 400 differ by 3 %, and
# 1,000 and more learn the training rows by heart.
_STEPS = 250


def check_estimator(estimator):
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


def fit_on_windows(estimator, windows, targets):
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


def resolve(estimator, n_targets, gap, n_samples):
    """Tell the networks inside an estimator what only a forecaster knows.

    `n_targets` is set only beside `instance_norm`, for other estimators
    (GaussianProcessRegressor) have a parameter of that name which means something
    else. `gap` is for early stopping, in samples. A long series needs fewer epochs than
    a short one: `n_samples` says how many steps make one.
    """
    params = estimator.get_params(deep=True)
    changes = {}
    for key, name, owner in _named(params):
        value = params[key]
        if name == "instance_norm" and is_auto(value):
            changes[key] = "last"
        elif name == "linear_skip" and is_auto(value):
            changes[key] = True
        elif name == "n_targets" and owner + "instance_norm" in params:
            changes[key] = n_targets
        elif name == "epochs" and is_auto(value):
            # Early stopping finds the number by itself.
            if not _is_true(params.get(owner + "early_stopping")):
                changes[key] = _epochs(params.get(owner + "batch_size"), n_samples)
        elif name == "validation_gap" and value == 0:
            # Without early stopping, too, which a search inside may turn on.
            changes[key] = gap
    return estimator.set_params(**changes)


def _epochs(batch_size, n_samples):
    """Return how many epochs make `_STEPS` steps of the optimizer."""
    if not isinstance(batch_size, Integral) or not 0 < batch_size < n_samples:
        return _STEPS  # one step an epoch; what is no number the network refuses
    return math.ceil(_STEPS / math.ceil(n_samples / batch_size))


def held_out(estimator):
    """Return the share that early stopping inside an estimator holds out.

    None where there is no early stopping, and where an ensemble cuts at places of its
    own, too.
    """
    params = estimator.get_params(deep=True)
    if any(
        name == "validation_gap" and owner + "early_stopping" not in params
        for _, name, owner in _named(params)
    ):
        return None
    shares = [
        params[key]
        for key, name, owner in _named(params)
        if name == "validation_fraction"
        and _is_true(params.get(owner + "early_stopping"))
        # What else is there is for the network to refuse.
        and isinstance(params[key], Real)
        and 0 < params[key] < 1
    ]
    return max(shares, default=None)


def _is_true(value):
    """Tell a True of Python's or NumPy's, as a search over arrays sets them."""
    return isinstance(value, bool | np.bool_) and bool(value)


def find_network(estimator):
    """Tell whether a network of this package is inside an estimator."""
    params = estimator.get_params(deep=True)
    return any(name == "instance_norm" for _, name, _ in _named(params))


def reads_gaps(estimator):
    """Tell whether a network inside an estimator reads NaN."""
    params = estimator.get_params(deep=True)
    return any(
        name == "missing" and isinstance(params[key], str) and params[key] == "mask"
        for key, name, _ in _named(params)
    )


def _named(params):
    """Yield (key, name, prefix) of parameters at any depth.

    They stand in the last step of a Pipeline, in a TransformedTargetRegressor, a
    search, an ensemble.
    """
    for key in params:
        name = key.rpartition("__")[2]
        yield key, name, key.removesuffix(name)
