"""Layers that let a network read windows with missing values."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="skcnnlstm")
class FillMissing(layers.Layer):
    """Replace NaN by zero."""

    def call(self, window):
        """Return windows of the same shape without NaN."""
        return ops.where(ops.isnan(window), ops.zeros_like(window), window)


@keras.saving.register_keras_serializable(package="skcnnlstm")
class MarkMissing(layers.Layer):
    """Compute a mask of missing values: 1 for NaN, 0 for known values."""

    def call(self, window):
        """Return the mask, in the shape of the windows."""
        return ops.cast(ops.isnan(window), window.dtype)


def concatenate_mask(window):
    """Return windows without NaN, and the same windows concatenated with a mask of NaN.

    NaN is replaced by zero. The mask doubles the number of features. A window of shape
    `(window_length,)` first gets a feature axis.
    """
    if len(window.shape) == 2:
        window = layers.Reshape((window.shape[1], 1), name="series_with_gaps")(window)
    values = FillMissing(name="known_values")(window)
    mask = MarkMissing(name="missing_marks")(window)
    return values, layers.Concatenate(name="values_and_marks")([values, mask])


def masked_shape(input_shape):
    """Return the shape of a sample after `concatenate_mask`, including the mask."""
    if len(input_shape) == 1:
        return (*input_shape, 2)
    return (*input_shape[:-1], 2 * input_shape[-1])
