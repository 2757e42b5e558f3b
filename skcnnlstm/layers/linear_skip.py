"""Layer for `linear_skip`: a linear map of the window, added to the output."""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="skcnnlstm")
class LinearSkip(layers.Layer):
    """Map the steps of a window linearly to the steps ahead of each target.

    The first `n_targets` features of the window are the targets. The other features are
    covariates. With ``joint=False``, all targets share one map, which forecasts a
    target from its own history and from all covariates. With ``joint=True``, the map
    forecasts each target from all features.

    The weights are not trained with the network. `fit` sets them to a ridge regression,
    so the network learns the remaining error of the linear map.
    """

    def __init__(self, n_targets, horizon, joint=False, n_quantiles=1, **kwargs):
        super().__init__(**kwargs)
        self.n_targets, self.horizon, self.joint = n_targets, horizon, joint
        self.n_quantiles = n_quantiles
        self.kernel_initializer = keras.initializers.Zeros()
        self.bias_initializer = keras.initializers.Zeros()

    def build(self, input_shape):
        """Create the weights."""
        n_features = input_shape[-1]
        n_steps = math.prod(input_shape[1:-1])
        n_inputs, n_outputs = n_steps * n_features, self.n_targets * self.horizon
        if not self.joint:
            n_inputs = n_steps * (1 + n_features - self.n_targets)
            n_outputs = self.horizon
        self.kernel = self.add_weight(
            shape=(n_inputs, n_outputs),
            initializer=self.kernel_initializer,
            trainable=False,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(n_outputs,),
            initializer=self.bias_initializer,
            trainable=False,
            name="bias",
        )

    def call(self, window):
        """Return outputs in the order of steps, then targets, then quantiles.

        Windows have shape `(n_samples, ..., n_features)`. All axes between the first
        and the last are time.
        """
        n_features = window.shape[-1]
        n_steps = math.prod(window.shape[1:-1])
        steps = ops.reshape(window, (-1, n_steps, n_features))
        if self.joint or self.n_targets == n_features == 1:
            inputs = ops.reshape(steps, (-1, n_steps * n_features))
            output = ops.matmul(inputs, self.kernel) + self.bias
        else:
            own = ops.transpose(steps[..., : self.n_targets], (0, 2, 1))
            output = ops.matmul(own, self.kernel[:n_steps]) + self.bias
            if n_features > self.n_targets:
                others = steps[..., self.n_targets :]
                others = ops.reshape(
                    others, (-1, n_steps * (n_features - self.n_targets))
                )
                shared = ops.matmul(others, self.kernel[n_steps:])
                output = output + ops.expand_dims(shared, 1)
            output = ops.transpose(output, (0, 2, 1))
            output = ops.reshape(output, (-1, self.horizon * self.n_targets))
        if self.n_quantiles > 1:
            output = ops.repeat(output, self.n_quantiles, axis=1)
        return output

    def compute_output_shape(self, input_shape):
        """Return the shape of the output."""
        return input_shape[0], self.horizon * self.n_targets * self.n_quantiles

    def get_config(self):
        """Return the configuration of the layer."""
        return {
            **super().get_config(),
            "n_targets": self.n_targets,
            "horizon": self.horizon,
            "joint": self.joint,
            "n_quantiles": self.n_quantiles,
        }
