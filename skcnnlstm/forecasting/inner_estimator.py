"""Check, configure and fit the estimator inside a forecaster."""

from __future__ import annotations

import math
from functools import cache, partial
from numbers import Integral, Real

import numpy as np
from sklearn import config_context
from sklearn.base import is_classifier

from skcnnlstm._utils.linear_map import MAX_INPUTS, LinearTask, choose_linear_map
from skcnnlstm._utils.validation import check_no_keras_model, is_auto, kind_of_loss
from skcnnlstm.forecasting.weights import weight_arguments

# The windows of independent channels are copies. If these are larger, "auto" means
# "joint".
_MAX_CHANNEL_BYTES = 2**30


def check_estimator(estimator):
    """Raise if `estimator` is not a regressor."""
    check_no_keras_model("estimator", estimator)
    if isinstance(estimator, type):
        raise TypeError(
            f"estimator must be an instance: got the class {estimator.__name__}. Use "
            f"{estimator.__name__}()."
        )
    if not (hasattr(estimator, "fit") and hasattr(estimator, "predict")):
        raise TypeError(
            f"estimator must have fit and predict: got estimator={estimator!r}. "
            "Use a regressor, or a Pipeline that ends in one."
        )
    if hasattr(estimator, "__sklearn_tags__") and is_classifier(estimator):
        raise TypeError(
            f"estimator must be a regressor: got estimator={estimator!r}, a "
            "classifier. Use a regressor, or a Pipeline that ends in one."
        )


def fit_on_windows(estimator, windows, targets, weight=None):
    """Fit the estimator on windows; add a remedy to errors of unsuitable estimators."""
    weights = weight_arguments(estimator, weight)
    try:
        if not weights:
            return estimator.fit(windows, targets)
        # With metadata routing, steps of a Pipeline would have to request weights.
        with config_context(enable_metadata_routing=False):
            return estimator.fit(windows, targets, **weights)
    except ValueError as error:
        text = str(error)
        if "Found array with dim 3" in text:
            raise ValueError(
                "estimator must take windows (n_samples, window_length, n_features): "
                f"got estimator={estimator!r}, which is or contains an estimator for "
                "2-D input. Use make_pipeline(FlattenWindows(), Ridge()), with your "
                "estimator instead of Ridge()."
            ) from error
        if text.startswith("n_targets must be at most the number of features"):
            error.add_note(
                "SeriesForecaster sets n_targets, the number of columns that it "
                "forecasts, and instance_norm on the network. The network then needs "
                "windows (n_samples, window_length, n_features). Remove "
                "FlattenWindows, or set instance_norm=None on the network."
            )
        raise


def configure_estimator(
    estimator, n_targets, gap, windows, targets, weight=None, n_static=0
):
    """Set those parameters of inner networks that depend on the series.

    The docstring of `SeriesForecaster` lists these parameters, and which of their
    values are replaced.

    Parameters
    ----------
    estimator : estimator
        A clone, which is changed and returned.
    n_targets : int
        Number of columns that the estimator forecasts. A parameter `n_targets` is set
        only on an estimator that has `instance_norm`. In other estimators, such as
        GaussianProcessRegressor, a parameter of this name has another meaning.
    gap : int
        Number of samples between the training and the validation part of early
        stopping.
    windows, targets, weight : ndarray
        The training samples, by which `instance_norm` is chosen. `weight` may be None.
    n_static : int, default=0
        Number of static covariates. They are the last features of a window.
    """
    params = estimator.get_params(deep=True)
    changes = {}
    choose_norm = cache(
        partial(
            choose_instance_norm,
            windows,
            targets,
            n_targets,
            gap,
            weight=weight,
            n_static=n_static,
        )
    )
    for key, name, prefix in _split_names(params):
        value = params[key]
        if name == "instance_norm" and is_auto(value):
            loss = kind_of_loss(params.get(prefix + "loss"))
            season = params.get(prefix + "season_length")
            season = season if isinstance(season, Integral) else None
            changes[key] = choose_norm(season, loss)
        elif name == "linear_skip" and is_auto(value):
            task = LinearTask(None, n_targets, 1, windows.shape[2])
            changes[key] = task.n_inputs(windows.shape[1:]) <= MAX_INPUTS
        elif name == "standardize" and prefix + "instance_norm" in params:
            changes[key] = False
        elif name == "per_step" and value is True:
            raise ValueError(
                f"{key} must be False inside SeriesForecaster, which predicts the rows "
                f"after a window: got {key}=True. Set {key}=False, or fit the network "
                "on windows with one target for each step."
            )
        elif name == "n_targets" and prefix + "instance_norm" in params:
            changes[key] = n_targets
        elif name == "n_static" and prefix + "instance_norm" in params:
            changes[key] = n_static
        elif name == "validation_gap" and value == 0:
            # Set it even without early stopping: an inner search may enable that.
            changes[key] = gap
    return estimator.set_params(**changes)


def channels_are_independent(estimator, cut, n_targets, n_rows, horizon, n_static=0):
    """Return whether ``channels="auto"`` treats each column as a separate series.

    The docstring of `SeriesForecaster` lists the cases. In the last of them, ridge
    regressions on all columns and on each column are compared on the last samples.

    Parameters
    ----------
    estimator : estimator
        The inner estimator.
    cut : callable
        Function that returns samples of one series, in the form of `cut_samples`. The
        windows that ``cut(False)`` returns contain all columns.
    n_targets : int
        Number of columns to forecast.
    n_rows : int
        Number of rows of all series.
    horizon : int
        Number of steps that the targets reach ahead.
    n_static : int, default=0
        Number of static covariates. They are the last features of a window.
    """
    if not contains_network(estimator) or _models_columns_jointly(estimator):
        return False
    windows, targets, *weight = max(cut(False)[0], key=lambda pair: len(pair[0]))
    n_own = windows.shape[1] * (1 + windows.shape[2] - n_targets)
    if 4 * n_rows * n_targets * n_own > _MAX_CHANNEL_BYTES:
        return False
    first, later = _split_in_time(windows, targets, horizon - 1, *weight)
    if first is None:
        return True
    task = LinearTask("last", n_targets, horizon, windows.shape[2], n_static=n_static)
    return not choose_linear_map(first, later, task)[0].joint


def _models_columns_jointly(estimator):
    """Return whether an estimator contains a network made for many columns at once."""
    parts = [estimator, *estimator.get_params(deep=True).values()]
    return any(getattr(part, "_models_columns_jointly", False) for part in parts)


def _split_in_time(windows, targets, gap, weight=None):
    """Return the first samples and the last tenth; both None for too few samples.

    `gap` samples between them are left out.
    """
    # Imported here, because it loads TensorFlow, which other estimators do not need.
    from skcnnlstm.training.samples import Samples

    samples = Samples(
        windows,
        targets.reshape(len(targets), -1),
        np.ones(len(windows)) if weight is None else weight,
        np.arange(len(windows)),
    )
    n_later = math.ceil(len(samples) / 10)
    n_first = len(samples) - n_later - gap
    if n_first < n_later:
        return None, None
    first = samples.select(slice(0, n_first))
    return first, samples.select(slice(len(samples) - n_later, None))


def choose_instance_norm(
    windows,
    targets,
    n_targets,
    gap,
    season_length,
    loss_kind,
    *,
    weight=None,
    n_static=0,
):
    """Return the normalization with which a ridge regression forecasts best.

    One ridge regression for each normalization is fitted on the first samples. They are
    compared on the last tenth. A normalization other than "last" is returned only if it
    is better by more than two standard errors. If there are too few samples, the result
    is "last".
    """
    first, later = _split_in_time(windows, targets, gap, weight)
    if first is None:
        return "last"
    modes = ["last", None, "standard"]
    if season_length is not None and 1 < season_length <= windows.shape[1]:
        modes.append("seasonal")
    horizon = first.y.shape[1] // n_targets
    tasks = [
        LinearTask(
            mode,
            n_targets,
            horizon,
            windows.shape[2],
            season_length=season_length,
            absolute=loss_kind == "absolute",
            n_static=n_static,
        )
        for mode in modes
    ]
    task, _ = choose_linear_map(first, later, *tasks)
    return task.mode


def validation_share(estimator):
    """Return the share of samples that early stopping in an estimator holds out.

    The result is None without early stopping. It is also None for an ensemble, whose
    members are fitted several times, on different samples.
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
        and _holds_out(params, prefix)
        # The network itself rejects other values.
        and isinstance(params[key], Real)
        and 0 < params[key] < 1
    ]
    return max(shares, default=None)


def _holds_out(params, prefix):
    """Return whether the network with this prefix holds out samples to stop early."""
    early_stopping = params.get(prefix + "early_stopping")
    if is_auto(early_stopping):
        return is_auto(params.get(prefix + "epochs"))
    # A search over arrays sets numpy.True_.
    return isinstance(early_stopping, bool | np.bool_) and bool(early_stopping)


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
