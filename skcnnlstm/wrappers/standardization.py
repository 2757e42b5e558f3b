"""Standardize windows and targets by the training windows."""

import keras
import numpy as np

from skcnnlstm.layers.standardization import RestoreTargets, StandardizeWindow
from skcnnlstm.training.network_config import building_layers, network_from_json

# Maximum number of values for the statistics, spread evenly over all windows, and
# number of values that are copied at a time.
_MAX_VALUES, _CHUNK_VALUES = 20_000_000, 2**14


def fit_standardization(X, rows, y=None, n_targets=None, *, n_features=None):
    """Return the mean and the scale of each feature and of each target.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ..., n_features) or (n_samples, window_length)
        Windows. NaN is ignored.
    rows : ndarray of int
        Positions of the training windows in X.
    y : ndarray of shape (n_rows, n_outputs) or None
        Targets of the training windows. None computes no statistics of targets.
    n_targets : int or None
        If this is a number, the targets get the mean and the scale of the first
        `n_targets` features, so that windows and targets stay on the same scale. None
        computes the statistics of the targets from y.
    n_features : int or None
        Number of features. None uses the length of the last axis of X, or 1 for 2-D X.

    Returns
    -------
    constants : dict of ndarray, float64
        "x_mean" and "x_scale" of shape (n_features,). With y, also "y_mean" and
        "y_scale" of shape (n_outputs,).
    """
    n_values = int(np.prod(X.shape[1:]))
    if n_features is None:
        n_features = X.shape[-1] if X.ndim > 2 else 1
    step = -(-len(rows) * n_values // _MAX_VALUES)
    sample = rows[::step]
    length = max(1, _CHUNK_VALUES // n_values)

    def windows():
        for start in range(0, len(sample), length):
            chunk = X[sample[start : start + length]]
            yield np.asarray(chunk, np.float64).reshape(-1, n_features)

    constants = _moments("x", windows)
    if y is None:
        return constants
    if n_targets is None:
        return constants | _moments("y", lambda: [np.asarray(y, np.float64)])
    n_repeats = y.shape[1] // n_targets
    return constants | {
        f"y_{name}": np.tile(constants[f"x_{name}"][:n_targets], n_repeats)
        for name in ("mean", "scale")
    }


def _moments(prefix, chunks):
    """Return the mean and the standard deviation of each column, ignoring NaN.

    The result is a dict with the keys ``{prefix}_mean`` and ``{prefix}_scale``. A
    constant column gets the standard deviation 1. `chunks()` yields arrays of rows and
    is called twice.
    """
    count, total, squares = 0, 0.0, 0.0
    for values in chunks():
        known = ~np.isnan(values)
        count = count + known.sum(axis=0)
        total = total + np.where(known, values, 0).sum(axis=0)
    count = np.maximum(count, 1)
    mean = total / count
    for values in chunks():
        known = ~np.isnan(values)
        squares = squares + (np.where(known, values - mean, 0) ** 2).sum(axis=0)
    scale = np.sqrt(squares / count)
    scale[scale <= 1e-7 * np.abs(mean)] = 1.0
    return {f"{prefix}_mean": mean, f"{prefix}_scale": scale}


def standardize_targets(y, constants):
    """Return standardized targets in float32.

    If `constants` has no statistics of the targets, y is returned unchanged.
    """
    if "y_mean" not in constants:
        return y
    mean, scale = constants["y_mean"], constants["y_scale"]
    if y.ndim > 2:  # quantiles: the targets are repeated
        scaled = ((y[..., 0] - mean) / scale).astype(np.float32)
        return np.broadcast_to(scaled[..., np.newaxis], y.shape)
    return ((y - mean) / scale).astype(np.float32)


def restore_targets(output, constants):
    """Return outputs of a network in the units of y: the inverse standardization.

    The shape is `(n, n_outputs)` or `(n, n_outputs, n_quantiles)`. If `constants` has
    no statistics of the targets, the outputs are returned unchanged.
    """
    if "y_mean" not in constants:
        return output
    mean, scale = constants["y_mean"], constants["y_scale"]
    if output.ndim > 2:
        mean, scale = mean[:, np.newaxis], scale[:, np.newaxis]
    return output * scale + mean


def standardized_network(text, constants, custom_objects):
    """Return a network, as JSON text, that standardizes windows and restores targets.

    It has the same weights as the network `text`, in the same order.
    """
    model = network_from_json(text, custom_objects)
    with building_layers():
        window = keras.Input(model.input.shape[1:], name="unscaled_window")
        mean, scale = (constants[f"x_{name}"].tolist() for name in ("mean", "scale"))
        x = StandardizeWindow(mean, scale, name="standardized", dtype="float32")(window)
        x = model.call(x)
        if "y_mean" in constants:
            mean, scale = (
                constants[f"y_{name}"].tolist() for name in ("mean", "scale")
            )
            x = RestoreTargets(mean, scale, name="targets", dtype="float32")(x)
        return keras.Model(window, x, name=model.name).to_json()
