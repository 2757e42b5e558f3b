"""Tests that fast layers compute the same as those of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from skcnnlstm.architectures.cnn import build_cnn
from skcnnlstm.architectures.cnn_lstm import build_cnn_lstm
from skcnnlstm.architectures.conv_lstm import build_conv_lstm
from skcnnlstm.architectures.conv_lstm_grid import build_conv_lstm_grid
from skcnnlstm.architectures.deep_conv_lstm import build_deep_conv_lstm
from skcnnlstm.architectures.lstm import build_lstm
from skcnnlstm.architectures.lstm_fcn import build_lstm_fcn
from skcnnlstm.architectures.lstnet import build_lstnet
from skcnnlstm.architectures.parallel import build_parallel_cnn_lstm
from skcnnlstm.architectures.tcn_lstm import build_tcn_lstm
from skcnnlstm.training import fast_layers, network_from_json
from skcnnlstm.training._tensorflow_gradients import GRADIENT_NAMES



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
        if any("call" in vars(part) for part in fast_layers.unwrap_bidirectional(layer))
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


@pytest.mark.parametrize(
    ("model", "replaced"),
    [
        (
            build_cnn((24, 2), 2, filters=(8, 6), kernel_size=(4, 3)),
            {"conv_1", "conv_2", "pool"},
        ),
        (build_cnn((23,), 1, padding="valid", pool_size=1), {"conv_1"}),
        (build_lstm((24, 2), 1, lstm_units=(5, 4)), {"lstm_1", "lstm_2"}),
        (
            build_lstm((9, 2), 1, bidirectional=True, lstm_units=(3, 4)),
            {"lstm_1_both_ways", "lstm_2_both_ways"},
        ),
        (build_cnn_lstm((24,), 3), {"conv_1", "pool", "lstm"}),
        (
            build_cnn_lstm((24, 2), 1, attention=True, bidirectional=True, pool_size=4),
            {"conv_1", "lstm_both_ways"},  # a pool size of 4 does not divide 6 steps
        ),
        (build_conv_lstm((24, 2), 1), {"conv_lstm"}),
        (
            build_conv_lstm((12,), 1, padding="valid", kernel_size=(1, 2)),
            {"conv_lstm"},
        ),
        (build_conv_lstm((4, 3, 5, 2), 1, kernel_size=(3, 2)), {"conv_lstm"}),
        (
            build_parallel_cnn_lstm((24, 2), 1, pool_size=3, merge="weighted"),
            {"conv_1", "conv_2", "lstm", "pool_cnn", "pool_lstm"},
        ),
        (build_parallel_cnn_lstm((40, 2), 1), {"conv_1", "conv_2", "lstm"}),
        (
            build_lstnet((10, 2), 2, filters=4, gru_units=3, skip=3, dropout=0.0),
            {"conv", "gru", "skip_gru"},
        ),
        (
            build_conv_lstm_grid((3, 4, 5, 2), 40, output_axes=(2, 1, 1), filters=3),
            {"encoder_1", "forecaster_1"},
        ),
        (
            build_deep_conv_lstm((12, 2), 1, filters=(4, 4), lstm_units=3, dropout=0.0),
            {"conv_1", "conv_2", "lstm_1"},
        ),
        (
            build_tcn_lstm((12, 2), 1, filters=(4, 4), lstm_units=3, dropout=0.0),
            {f"block_{i}_conv_{j}" for i in (1, 2) for j in (1, 2)}
            | {"block_1_skip", "lstm"},
        ),
        (
            # The second and third convolution have too many columns.
            build_lstm_fcn((12, 2), 1, dropout=0.0, squeeze_excite=True),
            {"conv_1", "lstm"},
        ),
    ],
    ids=lambda value: value.name if isinstance(value, keras.Model) else "",
)
def test_outputs_and_gradients_of_networks_are_equal(model, replaced):
    assert_equal_results(model, replaced)


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ((8, 2), lambda: layers.Conv1D(3, 3, strides=2, name="part")),
        ((8, 4), lambda: layers.Conv1D(4, 3, groups=2, name="part")),
        ((4, 8, 2), lambda: layers.Conv2D(3, (2, 1), dilation_rate=2, name="part")),
        (
            (3, 4, 8, 2),
            lambda: layers.ConvLSTM2D(3, (1, 3), dilation_rate=2, name="part"),
        ),
        ((8, 600), lambda: layers.Conv1D(3, 3, name="part")),
        ((4, 8, 2), lambda: layers.Conv2D(3, (3, 3), name="part")),
        ((4, 8, 2), lambda: layers.MaxPooling2D((2, 2), name="part")),
        ((8, 2), lambda: layers.MaxPooling1D(2, strides=1, name="part")),
        ((8, 2), lambda: layers.LSTM(3, use_bias=False, name="part")),
        ((8, 2), lambda: layers.LSTM(3, recurrent_dropout=0.5, name="part")),
        ((40, 2), lambda: layers.LSTM(3, use_bias=False, name="part")),
        ((40, 2), lambda: layers.LSTM(3, dropout=0.5, name="part")),
        ((8, 2), lambda: layers.GRU(3, reset_after=False, name="part")),
        ((8, 2), lambda: layers.GRU(3, use_bias=False, name="part")),
    ],
)
def test_layers_with_unsupported_settings_are_not_replaced(shape, layer):
    text = model_of_layer(shape, layer()).to_json()
    for portable in (False, True):
        fast = network_from_json(text, fast=True, portable=portable)
        assert not replaced_layers(fast)


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


def test_convolutions_of_keras_can_be_kept():
    text = model_of_layer((4, 1), layers.MaxPooling1D(2, name="pool")).to_json()
    assert not replaced_layers(network_from_json(text, fast=True, convolutions=False))


# ------------------------------------------------------------------------ recurrence


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


# ------------------------------------------------------------------------------- GPU


@pytest.mark.parametrize(
    ("model", "replaced"),
    [
        (build_cnn_lstm((24,), 1), set()),
        (build_cnn_lstm((24,), 1, lstm_activation="relu"), {"lstm"}),
        (build_lstm((9, 2), 1, bidirectional=True), set()),
        (model_of_layer((9, 2), layers.GRU(3)), set()),
        (model_of_layer((9, 2), layers.LSTM(3, dtype="mixed_float16")), set()),
        (
            model_of_layer((9, 2), layers.LSTM(3, dtype="mixed_bfloat16", name="a")),
            {"a"},
        ),
        (build_conv_lstm((24, 2), 1), {"conv_lstm"}),
    ],
    ids=lambda case: case.name if hasattr(case, "name") else "",
)
def test_on_a_gpu_only_recurrent_layers_without_a_kernel_are_replaced(model, replaced):
    gpu_model = network_from_json(
        model.to_json(), fast=True, on_gpu=True, portable=False
    )
    assert replaced_layers(gpu_model) == replaced
    for layer in gpu_model.layers:
        if isinstance(layer, layers.LSTM | layers.GRU):
            assert layer.use_cudnn == (False if layer.name in replaced else "auto")


def test_on_a_gpu_layers_over_many_steps_are_not_replaced():
    text = model_of_layer((40, 2), layers.LSTM(3, activation="relu")).to_json()
    assert not replaced_layers(
        network_from_json(text, fast=True, on_gpu=True, portable=False)
    )
    on_cpu = network_from_json(text, fast=True, portable=False)
    assert replaced_layers(on_cpu)  # so the test can fail


@pytest.mark.parametrize("fast", [False, True])
def test_bfloat16_layers_do_not_use_cudnn(fast):
    model = model_of_layer((40, 2), layers.LSTM(3, dtype="mixed_bfloat16", name="part"))
    loaded = network_from_json(model.to_json(), fast=fast, on_gpu=True)
    assert loaded.get_layer("part").use_cudnn is False
    assert model.get_layer("part").use_cudnn == "auto"  # so the test can fail


def test_the_json_text_of_a_fast_network_is_that_of_keras():
    text = build_cnn_lstm((24,), 1).to_json()
    assert network_from_json(text, fast=True).to_json().count("skcnnlstm") == 0
