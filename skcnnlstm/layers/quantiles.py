"""`quantiles`: outputs that are quantiles, and the loss that makes them so."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="skcnnlstm")
class SortQuantiles(layers.Layer):
    """Give each output its quantiles, in ascending order.

    Takes `(n_samples, n_outputs * n_quantiles)`, the quantiles of an output side by
    side; returns `(n_samples, n_outputs, n_quantiles)`.

    Sorting keeps quantiles from crossing whatever the scale of the target: steps made
    positive by a softplus would have to grow to the scale of a large target, and could
    not get down to that of a small one.
    """

    def __init__(self, n_quantiles, **kwargs):
        super().__init__(**kwargs)
        self.n_quantiles = n_quantiles

    def call(self, output):
        """Sort the quantiles of each output."""
        n_outputs = output.shape[-1] // self.n_quantiles
        return ops.sort(ops.reshape(output, (-1, n_outputs, self.n_quantiles)))

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "n_quantiles": self.n_quantiles}


@keras.saving.register_keras_serializable(package="skcnnlstm")
class PinballLoss(keras.losses.Loss):
    """Mean over outputs and quantiles q of max(q e, (q - 1) e), e = true - predicted.

    Its minimum is at the quantiles (Koenker and Bassett, 1978). Both arguments are
    `(n_samples, n_outputs, n_quantiles)`.
    """

    def __init__(self, quantiles, *, name="pinball", **kwargs):
        super().__init__(name=name, **kwargs)
        self.quantiles = tuple(quantiles)

    def call(self, y_true, y_pred):
        """Return the loss of each sample."""
        quantiles = ops.convert_to_tensor(self.quantiles, y_pred.dtype)
        error = y_true - y_pred
        loss = ops.maximum(quantiles * error, (quantiles - 1) * error)
        return ops.mean(loss, axis=(1, 2))

    def spread(self, target):
        """View targets `(n_samples, n_outputs)` with an axis for the quantiles."""
        shape = (*target.shape, len(self.quantiles))
        return np.broadcast_to(target[..., np.newaxis], shape)

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "quantiles": self.quantiles}
