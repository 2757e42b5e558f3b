"""Layers that standardize windows and restore targets, with constant statistics."""

import keras
import numpy as np
from keras import layers


@keras.saving.register_keras_serializable(package="skcnnlstm")
class StandardizeWindow(layers.Layer):
    """Subtract a constant from each feature and divide by another constant."""

    def __init__(self, mean, scale, **kwargs):
        super().__init__(**kwargs)
        self.mean, self.scale = list(mean), list(scale)

    def call(self, window):
        """Return the standardized windows, of unchanged shape."""
        mean = np.asarray(self.mean, "float32")
        return (window - mean) / np.asarray(self.scale, "float32")

    def get_config(self):
        """Return the configuration of the layer."""
        return {**super().get_config(), "mean": self.mean, "scale": self.scale}


@keras.saving.register_keras_serializable(package="skcnnlstm")
class RestoreTargets(layers.Layer):
    """Multiply each output by a constant and add another constant."""

    def __init__(self, mean, scale, **kwargs):
        super().__init__(**kwargs)
        self.mean, self.scale = list(mean), list(scale)

    def call(self, output):
        """Return the restored outputs, of unchanged shape.

        The shape is `(n_samples, n_outputs)` or `(n_samples, n_outputs, n_quantiles)`.
        """
        mean = np.asarray(self.mean, "float32")
        scale = np.asarray(self.scale, "float32")
        if len(output.shape) > 2:
            mean, scale = mean[:, np.newaxis], scale[:, np.newaxis]
        return output * scale + mean

    def get_config(self):
        """Return the configuration of the layer."""
        return {**super().get_config(), "mean": self.mean, "scale": self.scale}
