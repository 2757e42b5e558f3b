"""Layers that normalize each window, and restore the level of the output."""

import math

import keras
from keras import layers, ops

# This constant keeps the scale of a constant window away from zero. The value is from
# Kim et al. (2022), "Reversible instance normalization", ICLR.
_EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="skcnnlstm")
class NormaliseWindow(layers.Layer):
    """Subtract the last value of each window, or standardize each window.

    With the mode "last", the layer subtracts the last value. With "standard", it
    subtracts the mean and divides by the standard deviation. The targets are the first
    `n_targets` features. The layer does not change the last `n_static` features.

    With `skip_nan`, windows can contain NaN. The statistics are then computed from the
    known values, and NaN stays NaN. If a feature has no known value, its shift is zero.
    """

    def __init__(self, mode, n_targets, skip_nan=False, n_static=0, **kwargs):
        super().__init__(**kwargs)
        self.mode, self.n_targets, self.skip_nan = mode, n_targets, skip_nan
        self.n_static = n_static

    def call(self, window):
        """Return normalized windows, and the shift and scale of the targets.

        Windows have shape `(n_samples, n_steps, ..., n_features)`. Shift and scale have
        shape `(n_samples, n_targets)`. In grids, they have one value for each target of
        each cell.
        """
        return keep_static(self._normalise, window, self.n_static)

    def _normalise(self, window):
        if self.skip_nan:
            shift, scale = self._known_level(window)
        elif self.mode == "standard":
            shift = ops.mean(window, axis=1, keepdims=True)
            scale = ops.sqrt(ops.var(window, axis=1, keepdims=True) + _EPSILON)
        else:
            shift = window[:, -1:]
            scale = ops.ones_like(shift)
        target_levels = self._select_targets(shift), self._select_targets(scale)
        if self.mode == "last":
            return window - shift, *target_levels
        if self.skip_nan:
            # The gradient of NaN / scale is NaN, even where its weight is zero.
            missing, zeros = ops.isnan(window), ops.zeros_like(window)
            filled = ops.where(missing, zeros, window)
            normalised = ops.where(missing, window, (filled - shift) / scale)
            return normalised, *target_levels
        return (window - shift) / scale, *target_levels

    def _select_targets(self, level):
        targets = level[..., : self.n_targets]
        return ops.reshape(targets, (-1, math.prod(targets.shape[1:])))

    def _known_level(self, window):
        """Return the shift and scale, computed from the values that are not NaN."""
        missing, zeros = ops.isnan(window), ops.zeros_like(window)
        known = ops.logical_not(missing)
        # `where` needs `isnan` itself as its condition: tf2onnx (1.17) converts other
        # conditions to products with 0 and 1, which keep NaN.
        filled = ops.where(missing, zeros, window)
        if self.mode == "last":
            # Steps are integers, because Keras' argmax of floats uses bit operations to
            # find -0.0. ONNX (before opset 18) and LiteRT do not support these.
            steps = ops.arange(1, window.shape[1] + 1, dtype="int32")
            steps = ops.reshape(steps, (-1, *[1] * (len(window.shape) - 2)))
            steps = ops.where(known, steps, ops.zeros_like(steps))
            last_known = ops.argmax(steps, axis=1, keepdims=True)
            shift = ops.take_along_axis(filled, last_known, axis=1)
            return shift, ops.ones_like(shift)
        count = ops.sum(ops.cast(known, window.dtype), axis=1, keepdims=True)
        count = ops.maximum(count, 1)
        shift = ops.sum(filled, axis=1, keepdims=True) / count
        squares = ops.where(known, ops.square(filled - shift), zeros)
        variance = ops.sum(squares, axis=1, keepdims=True) / count
        return shift, ops.sqrt(variance + _EPSILON)

    def get_config(self):
        """Return the configuration of the layer."""
        return {
            **super().get_config(),
            "mode": self.mode,
            "n_targets": self.n_targets,
            "skip_nan": self.skip_nan,
            "n_static": self.n_static,
        }


def keep_static(normalise, window, n_static):
    """Apply `normalise` to all features of a window except the last `n_static`.

    Return the results of `normalise`: the normalized window, with the unchanged last
    features appended, and the levels.
    """
    if not n_static:
        return normalise(window)
    normalised, *levels = normalise(window[..., :-n_static])
    return ops.concatenate([normalised, window[..., -n_static:]], axis=-1), *levels


@keras.saving.register_keras_serializable(package="skcnnlstm")
class RestoreLevel(layers.Layer):
    """Scale and shift the output of a network: the inverse of the normalization.

    Outputs are ordered by step: all targets of step 1, then all targets of step 2, and
    so on, up to `horizon`.
    """

    def __init__(self, horizon, **kwargs):
        super().__init__(**kwargs)
        self.horizon = horizon

    def call(self, output, shift, scale):
        """Return outputs on the scale of the window.

        Outputs have shape `(n_samples, horizon * n_targets)`, or `(n_samples, horizon *
        n_targets, n_quantiles)`.
        """
        scale = ops.tile(scale, (1, self.horizon))
        shift = ops.tile(shift, (1, self.horizon))
        if len(output.shape) > 2:
            scale, shift = scale[..., None], shift[..., None]
        return output * scale + shift

    def get_config(self):
        """Return the configuration of the layer."""
        return {**super().get_config(), "horizon": self.horizon}
