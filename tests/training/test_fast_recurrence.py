"""Tests that fast recurrent layers compute the same as those of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from fast_networks import assert_equal_results, heavy, model_of_layer
from keras import layers

from skcnnlstm.training import network_from_json


def recurrent_model(shape, layer, *, bidirectional=False, states=0):
    """Build a model of one recurrent layer; `states` is the number of its states."""
    inputs = layers.Input(shape, name="window")
    if bidirectional:
        layer = layers.Bidirectional(layer, name="part")
    initial = [
        layers.Dense(layer.units, activation="tanh")(layers.Flatten()(inputs))
        for _ in range(states)
    ]
    outputs = layer(inputs, initial_state=initial) if states else layer(inputs)
    if isinstance(outputs, list | tuple):
        outputs = layers.Concatenate()([layers.Flatten()(part) for part in outputs])
    return keras.Model(inputs, outputs)


def operation_types(model):
    """Return the types of all operations of a traced prediction."""
    run = tf.function(lambda x: model(x, training=False), autograph=False)
    traced = run.get_concrete_function(tf.TensorSpec(model.inputs[0].shape))
    return {node.op for node in traced.graph.as_graph_def().node} | {
        node.op
        for function in traced.graph.as_graph_def().library.function
        for node in function.node_def
    }


@pytest.mark.parametrize("n_steps", [*map(heavy, (2, 12, 24, 48, 96)), 11, 33])
@pytest.mark.parametrize(
    ("features", "create_layer"),
    [
        ((2,), lambda **more: layers.LSTM(3, **more)),
        heavy((80,), lambda **more: layers.LSTM(3, **more)),
        heavy((2,), lambda **more: layers.LSTM(3, activation="relu", **more)),
        ((2,), lambda **more: layers.GRU(3, **more)),
        heavy((1, 4, 2), lambda **more: layers.ConvLSTM2D(3, (1, 2), **more)),
    ],
    ids=["narrow", "wide", "relu", "gru", "conv"],
)
def test_recurrent_layers_over_few_and_many_steps_are_equal(
    n_steps, features, create_layer
):
    shape = (n_steps, *features)
    assert_equal_results(model_of_layer(shape, create_layer(name="part")), {"part"})
    layer = create_layer(name="part", return_sequences=True, go_backwards=True)
    assert_equal_results(model_of_layer(shape, layer), {"part"})


@pytest.mark.parametrize("n_steps", [1, 12, 33])
@pytest.mark.parametrize("n_features", [2, heavy(80)])
@pytest.mark.parametrize("cell", [layers.LSTM, layers.GRU])
@pytest.mark.parametrize("return_sequences", [heavy(False), True])
def test_recurrent_layers_with_initial_states_are_equal(
    n_steps, n_features, cell, return_sequences
):
    layer = cell(3, return_sequences=return_sequences, return_state=True, name="part")
    states = 2 if cell is layers.LSTM else 1
    model = recurrent_model((n_steps, n_features), layer, states=states)
    assert_equal_results(model, {"part"})


@pytest.mark.parametrize("n_steps", [12, 33])
@pytest.mark.parametrize("n_features", [2, heavy(80)])
@pytest.mark.parametrize("cell", [layers.LSTM, layers.GRU])
@pytest.mark.parametrize("return_sequences", [heavy(False), True])
def test_bidirectional_layers_are_equal(n_steps, n_features, cell, return_sequences):
    layer = cell(3, return_sequences=return_sequences)
    model = recurrent_model((n_steps, n_features), layer, bidirectional=True)
    assert_equal_results(model, {"part"})


@pytest.mark.parametrize("n_steps", [12, 33])
def test_layers_with_a_mask_are_equal(n_steps):
    inputs = layers.Input((n_steps, 2), name="window")
    masked = layers.Masking(mask_value=0.0)(inputs)
    model = keras.Model(inputs, layers.LSTM(3, return_sequences=True)(masked))
    fast = network_from_json(model.to_json(), fast=True, portable=False)
    fast.set_weights(model.get_weights())
    x = np.random.default_rng(0).standard_normal((5, n_steps, 2)).astype("float32")
    x[:, n_steps // 2 :] = 0
    np.testing.assert_allclose(fast(x), model(x), rtol=1e-5, atol=1e-6)
    assert "BlockLSTM" not in operation_types(fast)


@pytest.mark.parametrize(
    ("n_steps", "layer"),
    [
        (11, lambda: layers.LSTM(3)),
        (12, lambda: layers.LSTM(3, activation="relu")),
        (12, lambda: layers.LSTM(3, recurrent_activation="hard_sigmoid")),
        (12, lambda: layers.LSTM(3, dtype="mixed_bfloat16")),
        (33, lambda: layers.LSTM(3, dtype="mixed_float16")),
        (33, lambda: layers.LSTM(128)),
        (33, lambda: layers.GRU(3)),
    ],
)
def test_block_lstm_is_not_used_for_unsuitable_layers(n_steps, layer):
    text = model_of_layer((n_steps, 2), layer()).to_json()
    fast = network_from_json(text, fast=True, portable=False)
    assert "BlockLSTM" not in operation_types(fast)
    default = model_of_layer((12, 2), layers.LSTM(3)).to_json()  # so the test can fail
    fast = network_from_json(default, fast=True, portable=False)
    assert "BlockLSTM" in operation_types(fast)


@pytest.mark.parametrize(
    ("n_steps", "n_features", "expected"),
    [(32, 32, True), (32, 33, False), (33, 64, True), (33, 65, False)],
)
def test_block_lstm_is_used_for_few_features(n_steps, n_features, expected):
    text = model_of_layer((n_steps, n_features), layers.LSTM(3)).to_json()
    fast = network_from_json(text, fast=True, portable=False)
    assert ("BlockLSTM" in operation_types(fast)) == expected


@pytest.mark.parametrize("n_steps", [12, 33])
def test_large_batches_run_unrolled_where_steps_are_few(n_steps):
    text = model_of_layer((n_steps, 2), layers.LSTM(3)).to_json()
    fast = network_from_json(text, fast=True, portable=False, large_batches=True)
    assert ("BlockLSTM" in operation_types(fast)) == (n_steps == 33)


@pytest.mark.parametrize("n_steps", [12, 33])
def test_portable_layers_are_unrolled_or_unchanged(n_steps):
    model = model_of_layer((n_steps, 2), layers.LSTM(3, name="part"))
    assert_equal_results(model, {"part"} if n_steps == 12 else set(), portable=True)
    portable = network_from_json(model.to_json(), fast=True)
    assert "BlockLSTM" not in operation_types(portable)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("n_steps", [12, 33])
def test_mixed_precision_is_that_of_keras(n_steps, dtype):
    model = model_of_layer((n_steps, 2), layers.LSTM(3, dtype=dtype))
    fast = network_from_json(model.to_json(), fast=True, portable=False)
    fast.set_weights(model.get_weights())
    x = np.random.default_rng(0).standard_normal((5, n_steps, 2)).astype("float32")
    expected, actual = model(x), fast(x)
    assert actual.dtype == expected.dtype
    # bfloat16 has 8 significant bits.
    np.testing.assert_allclose(
        tf.cast(actual, "float32"), tf.cast(expected, "float32"), atol=0.01
    )
