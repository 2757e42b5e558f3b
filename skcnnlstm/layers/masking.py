"""`missing="mask"`: what stands between windows with NaN in them and a network."""

from __future__ import annotations

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="skcnnlstm")
class FillMissing(layers.Layer):
    """Put zero in the place of NaN."""

    def call(self, window):
        """Fill windows of any shape."""
        return ops.where(ops.isnan(window), ops.zeros_like(window), window)


@keras.saving.register_keras_serializable(package="skcnnlstm")
class MarkMissing(layers.Layer):
    """Say where NaN stands: one where it does, zero elsewhere."""

    def call(self, window):
        """Mark windows of any shape."""
        return ops.cast(ops.isnan(window), window.dtype)


def fill_and_mark(window):
    """Return a window without NaN, and the same with one more channel a feature.

    `(window_length,)` becomes `(window_length, 1)` and `(window_length, 2)`; features
    come first, then what tells of each whether it is missing.
    """
    if len(window.shape) == 2:
        window = layers.Reshape((window.shape[1], 1), name="series_with_gaps")(window)
    values = FillMissing(name="known_values")(window)
    marks = MarkMissing(name="missing_marks")(window)
    return values, layers.Concatenate(name="values_and_marks")([values, marks])


def marked_shape(input_shape):
    """Return the shape of a sample with its marks."""
    if len(input_shape) == 1:
        return (*input_shape, 2)
    return (*input_shape[:-1], 2 * input_shape[-1])
