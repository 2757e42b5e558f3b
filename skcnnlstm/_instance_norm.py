"""`instance_norm` and `linear_skip`: what is put around any regression network.

A network cannot follow a level it has not seen. Here each window is shifted (and
scaled) by numbers taken from that window alone, and the output is shifted (and scaled)
back; a linear map may be added to what the network says. All of it is inside the
network, so nothing has to be fitted and nothing can leak.
"""

from __future__ import annotations

import math

import keras
from keras import layers, ops

from skcnnlstm._season import NormaliseSeason, check_season
from skcnnlstm._validation import check_boolean, check_choice, check_integer

# Keeps the scale of a constant window away from zero (Kim et al., 2022, use the same).
_EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="skcnnlstm")
class NormaliseWindow(layers.Layer):
    """Shift each window by its last value, or standardise it by its own moments.

    Takes `(n_samples, window_length, n_features)`; returns the normalised windows and
    the shift and scale of the targets, both `(n_samples, n_targets)`.
    """

    def __init__(self, mode, n_targets, **kwargs):
        super().__init__(**kwargs)
        self.mode, self.n_targets = mode, n_targets

    def call(self, window):
        """Normalise windows."""
        if self.mode == "standard":
            shift = ops.mean(window, axis=1, keepdims=True)
            scale = ops.sqrt(ops.var(window, axis=1, keepdims=True) + _EPSILON)
            normalised = (window - shift) / scale
        else:
            shift = window[:, -1:]
            scale = ops.ones_like(shift)
            normalised = window - shift
        targets = slice(0, self.n_targets)
        return normalised, shift[:, 0, targets], scale[:, 0, targets]

    def get_config(self):
        """Return what `from_config` needs."""
        return {
            **super().get_config(),
            "mode": self.mode,
            "n_targets": self.n_targets,
        }


@keras.saving.register_keras_serializable(package="skcnnlstm")
class RestoreLevel(layers.Layer):
    """Scale and shift outputs back, step by step: all targets of step 1, then 2, ..."""

    def __init__(self, horizon, **kwargs):
        super().__init__(**kwargs)
        self.horizon = horizon

    def call(self, output, shift, scale):
        """Undo `NormaliseWindow` on `(n_samples, horizon * n_targets)`."""
        return output * ops.tile(scale, (1, self.horizon)) + ops.tile(
            shift, (1, self.horizon)
        )

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "horizon": self.horizon}


def build_normalised(
    input_shape,
    n_outputs,
    *,
    build,
    instance_norm,
    linear_skip,
    n_targets,
    season_length=None,
    **params,
):
    """Build a network by `build` with normalisation and a linear skip around it.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one sample: time axes, then features; `(window_length,)` has one
        feature.
    n_outputs : int
        `horizon * n_targets`.
    build : callable
        The architecture's own `build_x(input_shape, n_outputs, **params)`.
    instance_norm : {"auto", "last", "standard", "seasonal"} or None
        Where the shift (and scale) come from; "auto" means None here.
    linear_skip : bool
        Whether to add a linear map of the normalised window, zero at the start.
    n_targets : int
        How many of the first features are the targets.
    season_length : int or None
        Time steps in a season; read for "seasonal" alone.

    Returns
    -------
    model : keras.Model
        Uncompiled.
    """
    modes = ("auto", None, "last", "standard", "seasonal")
    check_choice("instance_norm", instance_norm, modes)
    check_boolean("linear_skip", linear_skip)
    check_integer("n_targets", n_targets)
    network = build(input_shape, n_outputs, **params)
    mode = None if instance_norm == "auto" else instance_norm
    if mode is None and not linear_skip:
        return network

    n_features = input_shape[-1] if len(input_shape) > 1 else 1
    horizon = _horizon(n_outputs, n_targets, n_features, mode)
    inputs = window = layers.Input(input_shape, name="window")
    if mode is not None:
        n_steps = math.prod(input_shape) // n_features
        series = layers.Reshape((n_steps, n_features), name="level_series")(inputs)
        if mode == "seasonal":
            season_length = check_integer("season_length", season_length)
            check_season(season_length, n_steps)
            normalise = NormaliseSeason(
                season_length, n_targets, n_outputs, name="normalised_window"
            )
            horizon = 1  # the shift has a value for each output
        else:
            normalise = NormaliseWindow(mode, n_targets, name="normalised_window")
        series, shift, scale = normalise(series)
        window = layers.Reshape(input_shape, name="level_free")(series)
    # `call` runs the network's layers on the new window, in one flat graph.
    output = network.call(window)
    if linear_skip:
        flat = layers.Flatten(name="linear_skip_input")(window)
        skip = layers.Dense(
            n_outputs, use_bias=False, kernel_initializer="zeros", name="linear_skip"
        )(flat)
        output = layers.Add(name="with_linear_skip")([output, skip])
    if mode is not None:
        output = RestoreLevel(horizon, name="restored")(output, shift, scale)
    return keras.Model(inputs, output, name=network.name)


def _horizon(n_outputs, n_targets, n_features, mode):
    if mode is None:
        return None
    if n_targets > n_features:
        raise ValueError(
            "n_targets must be at most the number of features: got "
            f"n_targets={n_targets}, n_features={n_features}. instance_norm takes the "
            "level of the targets from the first n_targets features of the window."
        )
    if n_outputs % n_targets:
        raise ValueError(
            "n_targets must divide the number of outputs: got "
            f"n_targets={n_targets}, n_outputs={n_outputs}. The target holds all "
            "targets of step 1, then all of step 2, and so on."
        )
    return n_outputs // n_targets
