"""The seasonal form of `instance_norm`: steps ahead less the value a season before."""

from __future__ import annotations

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="skcnnlstm")
class NormaliseSeason(layers.Layer):
    """Take its last season off each window, and say what outputs lack by that.

    Takes `(n_samples, window_length, ..., n_features)`; returns the shifted windows,
    and shift and scale of the outputs, both `(n_samples, n_outputs)`. The shift of step
    h (from 1 on) of a target is the target's value at step
    ``window_length - season_length + (h - 1) % season_length`` of the window, so that
    a network that says nothing repeats the last season. Each step of the window loses
    the value of that season at its own place in it, so a season of one step is the
    last value. NaN in the season counts as the mean of what is known of it.
    """

    def __init__(self, season_length, n_targets, n_outputs, **kwargs):
        super().__init__(**kwargs)
        self.season_length, self.n_targets = season_length, n_targets
        self.n_outputs = n_outputs

    def call(self, window):
        """Normalise windows."""
        season = self._fill(window[:, -self.season_length :])
        n_steps, further = window.shape[1], [1] * (len(window.shape) - 2)
        level = ops.tile(season, (1, math.ceil(n_steps / self.season_length), *further))
        # All targets of step 1, then of step 2, as outputs are.
        targets = season[..., : self.n_targets]
        n_values = math.prod(targets.shape[1:])
        shift = ops.reshape(targets, (-1, n_values))
        shift = ops.tile(shift, (1, math.ceil(self.n_outputs / n_values)))
        shift = shift[:, : self.n_outputs]
        return window - level[:, -n_steps:], shift, ops.ones_like(shift)

    def _fill(self, season):
        missing = ops.isnan(season)
        known = ops.cast(ops.logical_not(missing), season.dtype)
        count = ops.sum(known, axis=1, keepdims=True)
        # Asked of NaN itself: tf2onnx (1.17) makes products with 0 and 1 of others.
        filled = ops.where(missing, ops.zeros_like(season), season)
        mean = ops.sum(filled, axis=1, keepdims=True) / ops.maximum(count, 1)
        return ops.where(missing, mean, season)

    def get_config(self):
        """Return what `from_config` needs."""
        return {
            **super().get_config(),
            "season_length": self.season_length,
            "n_targets": self.n_targets,
            "n_outputs": self.n_outputs,
        }


def check_season(season_length, n_steps):
    """Raise where a window holds no whole season."""
    if season_length > n_steps:
        raise ValueError(
            "season_length must be at most window_length where "
            f"instance_norm='seasonal': got season_length={season_length}, "
            f"window_length={n_steps}. Use windows of a season or more."
        )
