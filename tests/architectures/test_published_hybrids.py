"""DeepConvLSTM, CLDNN and TCN-LSTM: the published networks, layer by layer."""

import re

import keras
import numpy as np
import pytest

from skcnnlstm import DeepConvLSTMClassifier, DeepConvLSTMRegressor
from skcnnlstm.architectures.cldnn import build_cldnn
from skcnnlstm.architectures.deep_conv_lstm import build_deep_conv_lstm
from skcnnlstm.architectures.tcn_lstm import build_tcn_lstm


def shapes(model):
    return {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}


def lstm(entering, units):
    return 4 * units * (entering + units + 1)


def dense(entering, units):
    return (entering + 1) * units


# ------------------------------------------------------------------ DeepConvLSTM


def test_deep_conv_lstm_has_the_layers_of_the_paper():
    # Ordonez and Roggen (2016): 24 steps of 113 sensors, 18 gestures.
    model = build_deep_conv_lstm((24, 113), 18)
    assert shapes(model) == {
        "window": (24, 113),
        "sensors": (113, 24),
        "sensor_series": (113, 24, 1),
        "conv_1": (113, 20, 64),
        "conv_2": (113, 16, 64),
        "conv_3": (113, 12, 64),
        "conv_4": (113, 8, 64),
        "steps": (8, 113, 64),
        "features": (8, 7232),
        "dropout_1": (8, 7232),
        "lstm_1": (8, 128),
        "dropout_2": (8, 128),
        "lstm_2": (128,),
        "dropout_3": (128,),
        "output": (18,),
    }
    convolutions = (5 * 1 + 1) * 64 + 3 * (5 * 64 + 1) * 64
    recurrent = lstm(113 * 64, 128) + lstm(128, 128)
    assert model.count_params() == convolutions + recurrent + dense(128, 18)
    assert {model.get_layer(f"dropout_{i}").rate for i in (1, 2, 3)} == {0.5}


def test_sensors_are_kept_apart_until_the_lstm():
    model = build_deep_conv_lstm((24, 3), 1, filters=(4, 5))
    until = keras.Model(model.inputs[0], model.get_layer("conv_2").output)
    x = np.random.default_rng(0).standard_normal((2, 24, 3)).astype("float32")
    changed = x.copy()
    changed[:, :, 1] += 1
    differs = (np.asarray(until(x)) != np.asarray(until(changed))).any(axis=(0, 2, 3))
    assert differs.tolist() == [False, True, False]


@pytest.mark.parametrize("cls", [DeepConvLSTMRegressor, DeepConvLSTMClassifier])
def test_windows_too_short_for_valid_convolutions_are_refused_with_the_way_out(cls):
    X = np.random.default_rng(0).standard_normal((8, 16))
    message = (
        "kernel_size must be at most the number of steps with padding='valid': got "
        "kernel_size=5, 4 steps. Use padding='same', a smaller kernel_size, or longer "
        "windows."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        cls(epochs=1).fit(X, [0, 1] * 4)
    assert build_deep_conv_lstm((17,), 1).get_layer("features").output.shape[1] == 1


# ------------------------------------------------------------------------- CLDNN


def test_cldnn_has_the_layers_of_the_paper_and_both_skips():
    model = build_cldnn(
        (20, 40), 10, lstm_units=(832, 832), dense_units=1024, dropout=0.1
    )
    assert shapes(model) == {
        "window": (20, 40),
        "conv_1": (20, 256),
        "conv_2": (20, 256),
        "linear": (20, 256),
        "with_window": (20, 256 + 40),
        "lstm_1": (20, 832),
        "last_step": (1, 256),
        "lstm_2": (832,),
        "last_convolved": (256,),
        "with_convolved": (832 + 256,),
        "dropout": (832 + 256,),
        "dense_1": (1024,),
        "output": (10,),
    }
    assert model.get_layer("linear").activation is keras.activations.linear
    assert model.count_params() == sum(
        [
            (9 * 40 + 1) * 256 + (3 * 256 + 1) * 256,  # 9 and 3 steps
            dense(256, 256),
            lstm(256 + 40, 832) + lstm(832, 832),
            dense(832 + 256, 1024) + dense(1024, 10),
        ]
    )


def test_the_skips_of_cldnn_carry_the_window_and_the_last_convolved_step():
    model = build_cldnn((7, 2), 1, filters=4, kernel_size=3, linear_units=5)
    names = ("linear", "with_window", "with_convolved")
    inner = keras.Model(model.inputs[0], [model.get_layer(n).output for n in names])
    x = np.random.default_rng(0).standard_normal((3, 7, 2)).astype("float32")
    linear, with_window, with_convolved = (np.asarray(a) for a in inner(x))
    np.testing.assert_array_equal(with_window, np.concatenate([linear, x], axis=-1))
    np.testing.assert_array_equal(with_convolved[:, 128:], linear[:, -1])


# ---------------------------------------------------------------------- TCN-LSTM


def test_tcn_lstm_doubles_the_dilation_of_each_block():
    model = build_tcn_lstm((24, 3), 2, filters=(8, 8, 4), kernel_size=3, lstm_units=5)
    blocks = ("block_1", "block_2", "block_3")
    for i, block in enumerate(blocks):
        for j in (1, 2):
            conv = model.get_layer(f"{block}_conv_{j}")
            assert conv.dilation_rate == (2**i,)
            assert conv.padding == "causal"
    found = shapes(model)
    # A skip of its own only where the widths differ: 3 to 8 and 8 to 4 channels.
    assert [f"{block}_skip" in found for block in blocks] == [True, False, True]
    assert [found[f"{block}_activation"][-1] for block in blocks] == [8, 8, 4]
    assert model.count_params() == sum(
        [
            (3 * 3 + 1) * 8 + (3 * 8 + 1) * 8 + dense(3, 8),
            2 * (3 * 8 + 1) * 8,
            (3 * 8 + 1) * 4 + (3 * 4 + 1) * 4 + dense(8, 4),
            lstm(4, 5) + dense(5, 2),
        ]
    )


def test_the_blocks_see_as_far_back_as_said_and_never_ahead():
    model = build_tcn_lstm(
        (40, 1), 1, filters=(4, 4, 4), kernel_size=3, activation="elu"
    )
    until = keras.Model(model.inputs[0], model.get_layer("block_3_activation").output)
    x = np.random.default_rng(0).standard_normal((1, 40, 1)).astype("float32")
    changed = x.copy()
    changed[0, 5] += 1
    differs = (np.asarray(until(x)) != np.asarray(until(changed))).any(axis=(0, 2))
    reach = 1 + 2 * (3 - 1) * (2**3 - 1)
    assert np.flatnonzero(differs).tolist() == list(range(5, 5 + reach))


# ----------------------------------------------------------------------- all three


@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("build", [build_cldnn, build_tcn_lstm])
def test_defaults_build_for_the_shortest_windows(build, length):
    assert build((length,), 1).output.shape == (None, 1)
