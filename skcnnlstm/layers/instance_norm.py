"""Normalise each window by its own level, and restore the level of the output."""

from __future__ import annotations

import math

import keras
from keras import layers, ops

# Keeps the scale of a constant window away from zero (Kim et al., 2022, use the same).
_EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="skcnnlstm")
class NormaliseWindow(layers.Layer):
    """Shift each window by its last value, or standardise it by its own moments.

    Takes windows `(n_samples, n_steps, ..., n_features)`; returns them normalised, and
    the shift and scale of the first `n_targets` features, both `(n_samples, n_levels)`:
    a grid has a level for each cell. With `gaps` NaN is left out of all statistics and
    stays NaN; what is never known in a window has shift zero.
    """

    def __init__(self, mode, n_targets, gaps=False, **kwargs):
        super().__init__(**kwargs)
        self.mode, self.n_targets, self.gaps = mode, n_targets, gaps

    def call(self, window):
        """Normalise windows."""
        if self.gaps:
            shift, scale = self._known_level(window)
        elif self.mode == "standard":
            shift = ops.mean(window, axis=1, keepdims=True)
            scale = ops.sqrt(ops.var(window, axis=1, keepdims=True) + _EPSILON)
        else:
            shift = window[:, -1:]
            scale = ops.ones_like(shift)
        levels = self._of_targets(shift), self._of_targets(scale)
        if self.mode == "last":
            return window - shift, *levels
        return (window - shift) / scale, *levels

    def _of_targets(self, level):
        kept = level[..., : self.n_targets]
        return ops.reshape(kept, (-1, math.prod(kept.shape[1:])))

    def _known_level(self, window):
        """Return shift and scale of what is not NaN."""
        missing, zeros = ops.isnan(window), ops.zeros_like(window)
        known = ops.logical_not(missing)
        # Asked of NaN itself: tf2onnx (1.17) makes products with 0 and 1 of others.
        filled = ops.where(missing, zeros, window)
        if self.mode == "last":
            # Whole numbers: of floats, Keras' argmax looks for -0.0 bit by bit, which
            # neither ONNX (before opset 18) nor LiteRT can do.
            steps = ops.arange(1, window.shape[1] + 1, dtype="int32")
            steps = ops.reshape(steps, (-1, *[1] * (len(window.shape) - 2)))
            steps = ops.where(known, steps, ops.zeros_like(steps))
            newest = ops.argmax(steps, axis=1, keepdims=True)
            shift = ops.take_along_axis(filled, newest, axis=1)
            return shift, ops.ones_like(shift)
        count = ops.sum(ops.cast(known, window.dtype), axis=1, keepdims=True)
        count = ops.maximum(count, 1)
        shift = ops.sum(filled, axis=1, keepdims=True) / count
        squares = ops.where(known, ops.square(filled - shift), zeros)
        variance = ops.sum(squares, axis=1, keepdims=True) / count
        return shift, ops.sqrt(variance + _EPSILON)

    def get_config(self):
        """Return what `from_config` needs."""
        return {
            **super().get_config(),
            "mode": self.mode,
            "n_targets": self.n_targets,
            "gaps": self.gaps,
        }


@keras.saving.register_keras_serializable(package="skcnnlstm")
class RestoreLevel(layers.Layer):
    """Scale and shift outputs back, step by step: all targets of step 1, then 2, ..."""

    def __init__(self, horizon, **kwargs):
        super().__init__(**kwargs)
        self.horizon = horizon

    def call(self, output, shift, scale):
        """Undo `NormaliseWindow` on `(n_samples, horizon * n_targets)`.

        The outputs may have quantiles on a further axis.
        """
        scale = ops.tile(scale, (1, self.horizon))
        shift = ops.tile(shift, (1, self.horizon))
        if len(output.shape) > 2:
            scale, shift = scale[..., None], shift[..., None]
        return output * scale + shift

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "horizon": self.horizon}
