"""Tests that convolutions by matrix products compute the same as those of Keras."""

import pytest
import tensorflow as tf
from fast_networks import assert_equal_results, model_of_layer, replaced_layers
from keras import layers

from skcnnlstm.training import network_from_json


@pytest.mark.parametrize("padding", ["same", "valid", "causal"])
@pytest.mark.parametrize("dilation", [1, 2, 5])
@pytest.mark.parametrize("kernel_size", [2, 3])
def test_outputs_of_dilated_and_causal_convolutions_are_equal(
    padding, dilation, kernel_size
):
    layer = layers.Conv1D(
        3, kernel_size, padding=padding, dilation_rate=dilation, name="part"
    )
    assert_equal_results(model_of_layer((12, 2), layer), {"part"})


def test_the_gradient_of_equal_maxima_goes_to_the_first():
    model = model_of_layer((4, 1), layers.MaxPooling1D(2, name="pool"))
    fast = network_from_json(model.to_json(), fast=True)
    x = tf.constant([[[1.0], [1.0], [2.0], [2.0]]])
    for network in (model, fast):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(network(x))
        assert tape.gradient(total, x).numpy().ravel().tolist() == [1, 0, 1, 0]
    assert replaced_layers(fast) == {"pool"}
