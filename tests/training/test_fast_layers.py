"""Tests that fast layers compute the same as those of Keras."""

import keras
import pytest
from fast_networks import assert_equal_results, model_of_layer, replaced_layers
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
from skcnnlstm.training import network_from_json


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


def test_convolutions_of_keras_can_be_kept():
    text = model_of_layer((4, 1), layers.MaxPooling1D(2, name="pool")).to_json()
    assert not replaced_layers(network_from_json(text, fast=True, convolutions=False))


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
