"""Tests of the traced functions, with values computed by hand."""

import keras
import numpy as np
import pytest

from skcnnlstm.training import _tensorflow as backend


@pytest.fixture
def linear_model():
    """A model that computes 2 * x, with a mean squared error."""
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
    model.compile(keras.optimizers.SGD(0.25), "mse", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    model.set_weights([np.array([[2.0]], "float32")])
    return model


def call(function, x, y, order, batch_size):
    x, y = (np.array(values, "float32").reshape(-1, 1) for values in (x, y))
    numbers = np.array(order, "int32"), np.int32(len(order)), np.int32(batch_size)
    arrays = x, y, np.ones(len(x), "float32"), *numbers, np.float32(0)
    total, metrics = function(*map(backend.tensor, arrays))
    assert metrics == {}
    return float(total)


def test_an_evaluation_sums_the_losses_of_the_samples_in_order(linear_model):
    function = backend.evaluate_function(linear_model, "float32")
    # Errors of 2 * x - y are 1, 2 and 3; the last batch has one sample.
    assert call(function, [1, 2, 3], [1, 2, 3], [0, 1, 2], 2) == 1 + 4 + 9
    assert call(function, [1, 2, 3], [1, 2, 3], [2], 2) == 9


def test_each_step_of_an_epoch_starts_from_the_weights_of_the_last(linear_model):
    function = backend.epoch_function(linear_model, "float32")
    # Step 1: error 2 * 1 - 1 = 1, gradient 2 * 1 * 1, weight 2 - 0.25 * 2 = 1.5.
    # Step 2: error 1.5 * 1 - 1 = 0.5, gradient 1, weight 1.5 - 0.25 = 1.25.
    assert call(function, [1, 1], [1, 1], [0, 1], 1) == 1 + 0.25
    assert linear_model.get_weights()[0].tolist() == [[1.25]]


def test_a_prediction_depends_on_the_weights_given(linear_model):
    function = backend.predict_function(linear_model)
    x = backend.tensor(np.array([[1], [2]], "float32"))
    predicted = function(backend.tensor(np.array([3], "float32")), x)
    assert predicted.numpy().tolist() == [[3], [6]]
    assert linear_model.get_weights()[0].tolist() == [[2]]


def test_moments_are_sums_over_all_axes_but_the_last():
    inputs = keras.Input((2, 2))
    layer = keras.layers.BatchNormalization()
    function = backend.moments_function(keras.Model(inputs, layer(inputs)), layer)
    x = np.array([[[1, 10], [2, 20]], [[3, 30], [4, 40]]], "float32")
    n, total, squares = (value.numpy().tolist() for value in function(x))
    assert n == 4
    assert total == [10, 100]
    assert squares == [30, 3000]
