"""Compare networks of Keras with their fast versions."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from skcnnlstm.training import network_from_json
from skcnnlstm.training._tensorflow_operation_gradients import GRADIENT_NAMES
from skcnnlstm.training.fast_layers import unwrap_bidirectional


def heavy(*values, **more):
    """Mark a case that only `--heavy` runs: each compares two traced networks."""
    return pytest.param(*values, marks=pytest.mark.heavy, **more)


def model_of_layer(shape, layer):
    inputs = layers.Input(shape, name="window")
    return keras.Model(inputs, layer(inputs))


def replaced_layers(model):
    """Return the names of the layers with another `call`, except reshaping layers."""
    return {
        layer.name
        for layer in model.layers
        if any("call" in vars(part) for part in unwrap_bidirectional(layer))
        and not isinstance(layer, layers.Reshape | layers.Flatten)
    }


def outputs_and_gradients(model, x):
    with tf.GradientTape() as tape:
        output = model(x, training=True)
        # With equal weights, values in the wrong place would not be detected.
        weight = np.random.default_rng(1).standard_normal(output.shape)
        loss = tf.reduce_sum(output * weight.astype("float32"))
    return output.numpy(), [
        gradient.numpy() for gradient in tape.gradient(loss, model.trainable_variables)
    ]


def traced_gradients(model, x):
    """Compute gradients as a traced epoch does, with an unknown batch size."""

    @tf.function(input_signature=[tf.TensorSpec([None, *x.shape[1:]])])
    def run(x):
        weights = [tf.convert_to_tensor(v.value) for v in model.trainable_variables]
        state = list(zip(model.trainable_variables, weights, strict=True))
        with (
            x.graph.gradient_override_map(GRADIENT_NAMES),
            keras.StatelessScope(state_mapping=state),
        ):
            output = model(x, training=True)
            loss = tf.reduce_sum(output * weight.astype("float32"))
        return tf.gradients(loss, weights)

    shape = (len(x), *model.outputs[0].shape[1:])
    weight = np.random.default_rng(1).standard_normal(shape)
    return [gradient.numpy() for gradient in run(x)]


def assert_equal_results(model, replaced, portable=False):
    """Compare outputs and gradients of a network with those of its fast version."""
    fast = network_from_json(model.to_json(), fast=True, portable=portable)
    fast.set_weights(model.get_weights())
    assert replaced_layers(fast) == replaced
    assert not replaced_layers(model)
    shape = (5, *model.inputs[0].shape[1:])
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    expected, expected_gradients = outputs_and_gradients(model, x)
    actual, actual_gradients = outputs_and_gradients(fast, x)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    expected_gradients *= 2
    actual_gradients += traced_gradients(fast, x)
    # The gradient of a bias before batch normalization is only rounding error: compare
    # each gradient on the scale of the largest.
    scale = max([np.abs(g).max() for g in expected_gradients], default=1)
    for one, other in zip(actual_gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5 * scale)
