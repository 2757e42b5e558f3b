"""Layer for `instance_norm="seasonal"`: subtract the last season from each window."""

import math

import keras
from keras import layers, ops

from skcnnlstm.layers.instance_norm import keep_static


@keras.saving.register_keras_serializable(package="skcnnlstm")
class NormaliseSeason(layers.Layer):
    """Subtract the last season from each window, and return the shift of the output.

    From each step of the window, the layer subtracts the value at the same position in
    the last season. With ``season_length=1``, it subtracts the last value of the
    window.

    The shift repeats the last season of the target. At step h ahead (1, 2, ...), it is
    the value at position ``window_length - season_length + (h - 1) % season_length`` of
    the window, counted from 0. NaN in the last season is replaced by the mean of the
    known values of that season.

    The targets are the first `n_targets` features. The `n_outputs` outputs are in the
    order of steps, then targets. The layer does not change the last `n_static`
    features.
    """

    def __init__(self, season_length, n_targets, n_outputs, n_static=0, **kwargs):
        super().__init__(**kwargs)
        self.n_static = n_static
        self.season_length, self.n_targets = season_length, n_targets
        self.n_outputs = n_outputs

    def call(self, window):
        """Return normalized windows, and the shift and scale of the outputs.

        Windows have shape `(n_samples, window_length, ..., n_features)`. Shift and
        scale have shape `(n_samples, n_outputs)`. The scale is 1.
        """
        return keep_static(self._normalise, window, self.n_static)

    def _normalise(self, window):
        season = self._fill_missing(window[:, -self.season_length :])
        n_steps, other_axes = window.shape[1], [1] * (len(window.shape) - 2)
        n_seasons = math.ceil(n_steps / self.season_length)
        level = ops.tile(season, (1, n_seasons, *other_axes))
        targets = season[..., : self.n_targets]
        n_values = math.prod(targets.shape[1:])
        shift = ops.reshape(targets, (-1, n_values))
        shift = ops.tile(shift, (1, math.ceil(self.n_outputs / n_values)))
        shift = shift[:, : self.n_outputs]
        return window - level[:, -n_steps:], shift, ops.ones_like(shift)

    def _fill_missing(self, season):
        """Replace NaN by the mean of the known values of the season."""
        missing = ops.isnan(season)
        known = ops.cast(ops.logical_not(missing), season.dtype)
        count = ops.sum(known, axis=1, keepdims=True)
        # `where` needs `isnan` itself as its condition: tf2onnx (1.17) converts other
        # conditions to products with 0 and 1, which keep NaN.
        filled = ops.where(missing, ops.zeros_like(season), season)
        mean = ops.sum(filled, axis=1, keepdims=True) / ops.maximum(count, 1)
        return ops.where(missing, mean, season)

    def get_config(self):
        """Return the configuration of the layer."""
        return {
            **super().get_config(),
            "season_length": self.season_length,
            "n_targets": self.n_targets,
            "n_outputs": self.n_outputs,
            "n_static": self.n_static,
        }


def check_season_fits_window(season_length, window_length):
    """Raise ValueError if a season is longer than the window."""
    if season_length > window_length:
        raise ValueError(
            "season_length must be at most window_length with "
            f"instance_norm='seasonal': got season_length={season_length}, "
            f"window_length={window_length}. Use longer windows or a shorter season."
        )
