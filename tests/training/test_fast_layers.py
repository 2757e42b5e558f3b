"""The engine's forms of layers compute what Keras' layers compute."""

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
from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training import fast_layers as kernels
from skcnnlstm.training import network_from_json


def one_layer(shape, layer):
    inputs = layers.Input(shape, name="window")
    return keras.Model(inputs, layer(inputs))


def replaced(model):
    """Name the layers whose `call` is the engine's, those that reshape aside."""
    return {
        layer.name
        for layer in model.layers
        if any("call" in vars(part) for part in kernels._directions(layer))
        and not isinstance(layer, layers.Reshape | layers.Flatten)
    }


def outputs_and_gradients(model, x):
    with tf.GradientTape() as tape:
        output = model(x, training=True)
        # Weighted: a plain sum would hide values in the wrong place.
        weight = np.random.default_rng(1).standard_normal(output.shape)
        loss = tf.reduce_sum(output * weight.astype("float32"))
    return output.numpy(), [
        gradient.numpy() for gradient in tape.gradient(loss, model.trainable_variables)
    ]


def gradients_of_open_batches(model, x):
    """Take gradients as a traced epoch does."""

    @tf.function(input_signature=[tf.TensorSpec([None, *x.shape[1:]])])
    def run(x):
        weights = [tf.convert_to_tensor(v.value) for v in model.trainable_variables]
        state = list(zip(model.trainable_variables, weights, strict=True))
        with (
            x.graph.gradient_override_map(backend._GRADIENTS),
            keras.StatelessScope(state_mapping=state),
        ):
            output = model(x, training=True)
            loss = tf.reduce_sum(output * weight.astype("float32"))
        return tf.gradients(loss, weights)

    shape = (len(x), *model.outputs[0].shape[1:])
    weight = np.random.default_rng(1).standard_normal(shape)
    return [gradient.numpy() for gradient in run(x)]


def assert_equal_arithmetic(model, covered):
    """Compare a network with its fast form, forwards and backwards."""
    fast = network_from_json(model.to_json(), fast=True)
    fast.set_weights(model.get_weights())
    assert replaced(fast) == covered
    assert not replaced(model)
    shape = (5, *model.inputs[0].shape[1:])
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    expected, expected_gradients = outputs_and_gradients(model, x)
    found, found_gradients = outputs_and_gradients(fast, x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    expected_gradients *= 2
    found_gradients += gradients_of_open_batches(fast, x)
    # A bias before a batch normalization has no gradient but rounding: measure each
    # against the largest of all.
    scale = max([np.abs(g).max() for g in expected_gradients], default=1)
    for one, other in zip(found_gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6 * scale)


@pytest.mark.parametrize(
    ("model", "covered"),
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
            {"conv_1", "lstm_both_ways"},  # 6 steps are no whole pieces of 4
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
        (build_parallel_cnn_lstm((40, 2), 1), {"conv_1", "conv_2"}),  # 40 steps loop
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
            # The second and third convolution are wider than columns pay for.
            build_lstm_fcn((12, 2), 1, dropout=0.0, squeeze_excite=True),
            {"conv_1", "lstm"},
        ),
    ],
    ids=lambda value: value.name if isinstance(value, keras.Model) else "",
)
def test_networks_compute_the_same_forwards_and_backwards(model, covered):
    assert_equal_arithmetic(model, covered)


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
        ((40, 2), lambda: layers.LSTM(3, name="part")),
        ((8, 2), lambda: layers.GRU(3, reset_after=False, name="part")),
        ((8, 2), lambda: layers.GRU(3, use_bias=False, name="part")),
    ],
)
def test_what_a_form_does_not_cover_stays_as_keras_computes_it(shape, layer):
    model = one_layer(shape, layer())
    assert not replaced(network_from_json(model.to_json(), fast=True))


@pytest.mark.parametrize("padding", ["same", "valid", "causal"])
@pytest.mark.parametrize("dilation", [1, 2, 5])
@pytest.mark.parametrize("reach", [2, 3])
def test_dilated_and_causal_convolutions_compute_the_same(padding, dilation, reach):
    layer = layers.Conv1D(
        3, reach, padding=padding, dilation_rate=dilation, name="part"
    )
    assert_equal_arithmetic(one_layer((12, 2), layer), {"part"})


def test_of_equal_neighbours_the_first_takes_the_gradient():
    model = one_layer((4, 1), layers.MaxPooling1D(2, name="pool"))
    fast = network_from_json(model.to_json(), fast=True)
    x = tf.constant([[[1.0], [1.0], [2.0], [2.0]]])
    for network in (model, fast):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(network(x))
        assert tape.gradient(total, x).numpy().ravel().tolist() == [1, 0, 1, 0]
    assert replaced(fast) == {"pool"}


@pytest.mark.parametrize(
    ("model", "covered"),
    [
        (build_cnn_lstm((24,), 1), set()),
        (build_cnn_lstm((24,), 1, lstm_activation="relu"), {"lstm"}),
        (build_lstm((9, 2), 1, bidirectional=True), set()),
        (one_layer((9, 2), layers.GRU(3)), set()),
        (one_layer((9, 2), layers.LSTM(3, dtype="mixed_float16")), set()),
        (one_layer((9, 2), layers.LSTM(3, dtype="mixed_bfloat16", name="a")), {"a"}),
        (build_conv_lstm((24, 2), 1), {"conv_lstm"}),
    ],
    ids=lambda case: case.name if hasattr(case, "name") else "",
)
def test_on_a_gpu_forms_serve_recurrent_layers_without_a_kernel(model, covered):
    there = network_from_json(model.to_json(), fast=True, on_gpu=True)
    assert replaced(there) == covered
    for layer in there.layers:
        if isinstance(layer, layers.LSTM | layers.GRU):
            assert layer.use_cudnn == (False if layer.name in covered else "auto")


@pytest.mark.parametrize("fast", [False, True])
def test_no_network_leaves_bfloat16_to_cudnn(fast):
    model = one_layer((40, 2), layers.LSTM(3, dtype="mixed_bfloat16", name="part"))
    grown = network_from_json(model.to_json(), fast=fast, on_gpu=True)
    assert grown.get_layer("part").use_cudnn is False
    assert model.get_layer("part").use_cudnn == "auto"  # so it may fail


def test_a_fast_network_is_described_as_keras_describes_it():
    text = build_cnn_lstm((24,), 1).to_json()
    assert network_from_json(text, fast=True).to_json().count("skcnnlstm") == 0


OPERANDS = {  # shapes of two operands, the first length of which is the batch's
    "alike": ((3, 4), (3, 4)),
    "a row for all": ((3, 4), (4,)),
    "a number": ((), (3, 4)),
    "a column": ((3, 1), (3, 4)),
    "one sample for all": ((1, 4), (3, 4)),
    "three axes and two": ((3, 2, 4), (2, 1)),
}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", OPERANDS)
@pytest.mark.parametrize(
    "function", [tf.add, tf.subtract, tf.multiply, tf.maximum], ids=lambda f: f.__name__
)
def test_gradients_of_open_lengths_are_those_of_tensorflow(name, function, known):
    generator = np.random.default_rng(0)
    first, second = (
        tf.constant(generator.integers(-2, 3, shape), "float32")  # with equal ones
        for shape in OPERANDS[name]
    )
    shapes = [[None if n == 3 else n for n in shape] for shape in OPERANDS[name]]
    shapes = shapes if known else [None, None]

    def gradients(first, second, kinds):
        with first.graph.gradient_override_map(kinds):
            total = tf.reduce_sum(function(first, second) ** 2)
        return tf.gradients(total, [first, second])

    found, expected = (
        tf.function(
            lambda a, b, kinds=kinds: gradients(a, b, kinds),
            input_signature=[tf.TensorSpec(shape) for shape in shapes],
        )(first, second)
        for kinds in (backend._GRADIENTS, {})
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shape", [(None, 2, 4), (None, None, 4), None], ids=str)
@pytest.mark.parametrize("axes", [-1, (0, 2), (1, 2), None], ids=str)
@pytest.mark.parametrize("keepdims", [True, False])
def test_gradients_of_sums_and_means_are_those_of_tensorflow(shape, axes, keepdims):
    def gradient(x, kinds):
        with x.graph.gradient_override_map(kinds):
            mean = tf.reduce_mean(x, axes, keepdims=keepdims)
            total = tf.reduce_sum(tf.reduce_sum(x, axes, keepdims=keepdims) * mean)
        return tf.gradients(total, x)[0]

    x = tf.constant(np.random.default_rng(0).standard_normal((3, 2, 4)), "float32")
    found, expected = (
        tf.function(
            lambda x, kinds=kinds: gradient(x, kinds),
            input_signature=[tf.TensorSpec(shape)],
        )(x)
        for kinds in (backend._GRADIENTS, {})
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)
