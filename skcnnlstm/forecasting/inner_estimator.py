"""Check, configure and fit the estimator inside a forecaster."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np
from sklearn.base import is_classifier

from skcnnlstm._utils.validation import check_no_keras_model, is_auto

# Number of optimizer steps with epochs="auto". On the validation parts of eight data
# sets, from 36 months of airline passengers to 6,640 hours of ETTh1, the errors after
# 150 to 400 steps differ by 3 %; 1,000 steps and more overfit.
_OPTIMIZER_STEPS = 250


def check_estimator(estimator):
    """Raise if `estimator` is not a regressor."""
    check_no_keras_model("estimator", estimator)
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
    """Fit on windows; add a remedy to errors that a wrong combination causes."""
    try:
        return estimator.fit(windows, targets)
    except ValueError as error:
        text = str(error)
        if "Found array with dim 3" in text:
            raise ValueError(
                "estimator must take windows (n_samples, window_length, n_features): "
                f"got estimator={estimator!r}, which contains an estimator for 2-D "
                "input. Use make_pipeline(FlattenWindows(), Ridge()), with your "
                "estimator instead of Ridge()."
            ) from error
        if text.startswith("n_targets must be at most the number of features"):
            error.add_note(
                "SeriesForecaster sets instance_norm='last' and "
                f"n_targets={windows.shape[2]}, the number of columns of the series, "
                "on the network. The network then needs windows (n_samples, "
                "window_length, n_features). Remove FlattenWindows, or set "
                "instance_norm=None on the network."
            )
        raise


def configure_estimator(estimator, n_targets, gap, n_samples):
    """Set the parameters of the inner networks that depend on the series.

    The docstring of `SeriesForecaster` lists them. Values that the user chose stay.

    Parameters
    ----------
    estimator : estimator
        A clone, which is changed.
    n_targets : int
        Columns that the estimator forecasts. It is set only on an estimator that has
        `instance_norm`: in others, such as GaussianProcessRegressor, a parameter of
        this name means something else.
    gap : int
        Samples between the training and the validation part of early stopping.
    n_samples : int
        Number of training samples, which determines the number of epochs.
    """
    params = estimator.get_params(deep=True)
    changes = {}
    for key, name, prefix in _split_names(params):
        value = params[key]
        if name == "instance_norm" and is_auto(value):
            changes[key] = "last"
        elif name == "linear_skip" and is_auto(value):
            changes[key] = True
        elif name == "n_targets" and prefix + "instance_norm" in params:
            changes[key] = n_targets
        elif name == "epochs" and is_auto(value):
            # With early stopping the network itself resolves "auto".
            if not _is_true(params.get(prefix + "early_stopping")):
                changes[key] = _count_epochs(
                    params.get(prefix + "batch_size"), n_samples
                )
        elif name == "validation_gap" and value == 0:
            # Set it even without early stopping: an inner search may enable that.
            changes[key] = gap
    return estimator.set_params(**changes)


def _count_epochs(batch_size, n_samples):
    """Return the number of epochs that take `_OPTIMIZER_STEPS` steps."""
    if not isinstance(batch_size, Integral) or not 0 < batch_size < n_samples:
        # One step per epoch; the network rejects invalid batch sizes.
        return _OPTIMIZER_STEPS
    return math.ceil(_OPTIMIZER_STEPS / math.ceil(n_samples / batch_size))


def validation_share(estimator):
    """Return the share of samples that early stopping in an estimator holds out.

    None without early stopping. None for an ensemble, which also holds out other
    samples.
    """
    params = estimator.get_params(deep=True)
    if any(
        name == "validation_gap" and prefix + "early_stopping" not in params
        for _, name, prefix in _split_names(params)
    ):
        return None
    shares = [
        params[key]
        for key, name, prefix in _split_names(params)
        if name == "validation_fraction"
        and _is_true(params.get(prefix + "early_stopping"))
        # The network itself rejects other values.
        and isinstance(params[key], Real)
        and 0 < params[key] < 1
    ]
    return max(shares, default=None)


def _is_true(value):
    """Return whether a value is True or numpy.True_, as a search over arrays sets."""
    return isinstance(value, bool | np.bool_) and bool(value)


def contains_network(estimator):
    """Return whether an estimator is or contains a network of this package."""
    params = estimator.get_params(deep=True)
    return any(name == "instance_norm" for _, name, _ in _split_names(params))


def accepts_nan(estimator):
    """Return whether an estimator contains a network with ``missing="mask"``."""
    params = estimator.get_params(deep=True)
    return any(
        name == "missing" and isinstance(params[key], str) and params[key] == "mask"
        for key, name, _ in _split_names(params)
    )


def _split_names(params):
    """Yield (key, name, prefix) for each parameter: "a__b" is ("a__b", "b", "a__").

    Networks may be nested: the last step of a Pipeline, or inside a
    TransformedTargetRegressor, a search or an ensemble.
    """
    for key in params:
        name = key.rpartition("__")[2]
        yield key, name, key.removesuffix(name)
