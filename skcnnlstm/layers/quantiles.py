"""Layer and loss for the prediction of quantiles."""

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="skcnnlstm")
class SortQuantiles(layers.Layer):
    """Sort the predicted quantiles of each output, so that they never cross.

    The input has shape `(n_samples, n_outputs * n_quantiles)`, with the quantiles of an
    output next to each other. The output has shape `(n_samples, n_outputs,
    n_quantiles)`.

    Sorting works for targets of any scale. The alternative is to predict differences
    between neighbouring quantiles with a softplus, which trains badly for large and for
    small targets.
    """

    def __init__(self, n_quantiles, **kwargs):
        super().__init__(**kwargs)
        self.n_quantiles = n_quantiles

    def call(self, output):
        """Return the sorted quantiles."""
        n_outputs = output.shape[-1] // self.n_quantiles
        return ops.sort(ops.reshape(output, (-1, n_outputs, self.n_quantiles)))

    def get_config(self):
        """Return the configuration of the layer."""
        return {**super().get_config(), "n_quantiles": self.n_quantiles}


@keras.saving.register_keras_serializable(package="skcnnlstm")
class PinballLoss(keras.losses.Loss):
    """Compute the mean pinball loss over outputs and quantiles (Koenker, Bassett 1978).

    For the error e = true - predicted and the quantile level q, the loss is ``max(q *
    e, (q - 1) * e)``. The q-quantile of the target minimizes the expected loss. With
    `per_step`, the mean is over quantiles only, so each output can have its own weight.
    """

    def __init__(self, quantiles, *, per_step=False, name="pinball", **kwargs):
        super().__init__(name=name, **kwargs)
        self.quantiles = tuple(quantiles)
        self.per_step = per_step

    def call(self, y_true, y_pred):
        """Return the loss of each sample, or of each output with `per_step`.

        Both arguments have shape `(n_samples, n_outputs, n_quantiles)`.
        """
        quantiles = ops.convert_to_tensor(self.quantiles, y_pred.dtype)
        error = y_true - y_pred
        loss = ops.maximum(quantiles * error, (quantiles - 1) * error)
        return ops.mean(loss, axis=2 if self.per_step else (1, 2))

    def repeat_targets(self, targets):
        """Return targets as a view, repeated along a new last axis for quantiles."""
        shape = (*targets.shape, len(self.quantiles))
        return np.broadcast_to(targets[..., np.newaxis], shape)

    def get_config(self):
        """Return the configuration of the loss."""
        config = {"quantiles": self.quantiles, "per_step": self.per_step}
        return {**super().get_config(), **config}
