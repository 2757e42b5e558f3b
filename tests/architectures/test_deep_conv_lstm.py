"""Tests of the DeepConvLSTM."""

import re

import keras
import numpy as np
import pytest
from networks import check_fit_raises, count_conv, count_dense, count_lstm, layer_shapes

from skcnnlstm import DeepConvLSTMClassifier, DeepConvLSTMRegressor
from skcnnlstm.architectures.deep_conv_lstm import build_deep_conv_lstm


def test_default_network_has_the_layers_and_parameters_of_the_paper():
    # Ordonez and Roggen (2016): 24 steps of 113 sensors, 18 gestures.
    model = build_deep_conv_lstm((24, 113), 18)
    assert layer_shapes(model) == {
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
    convolutions = count_conv(5, 1, 64) + 3 * count_conv(5, 64, 64)
    recurrent = count_lstm(113 * 64, 128) + count_lstm(128, 128)
    assert model.count_params() == convolutions + recurrent + count_dense(128, 18)
    assert {model.get_layer(f"dropout_{i}").rate for i in (1, 2, 3)} == {0.5}


@pytest.mark.parametrize("name", ["conv_1", "conv_2", "lstm_1", "lstm_2"])
def test_initial_kernels_are_orthogonal(name):
    X = np.random.default_rng(0).standard_normal((4, 24, 3))
    regressor = DeepConvLSTMRegressor(epochs=1, random_state=0).initialize(
        X, X[:, 0, 0]
    )
    kernel = regressor.model_.get_layer(name).get_weights()[0]
    kernel = kernel.reshape(-1, kernel.shape[-1])
    rows = kernel if kernel.shape[0] <= kernel.shape[1] else kernel.T
    np.testing.assert_allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-5)


def test_convolutions_do_not_mix_sensors():
    model = build_deep_conv_lstm((24, 3), 1, filters=(4, 5))
    convolutions = keras.Model(model.inputs[0], model.get_layer("conv_2").output)
    x = np.random.default_rng(0).standard_normal((2, 24, 3)).astype("float32")
    changed = x.copy()
    changed[:, :, 1] += 1
    differs = np.asarray(convolutions(x)) != np.asarray(convolutions(changed))
    assert differs.any(axis=(0, 2, 3)).tolist() == [False, True, False]


@pytest.mark.parametrize("cls", [DeepConvLSTMRegressor, DeepConvLSTMClassifier])
def test_too_short_windows_raise_value_error(cls):
    X = np.random.default_rng(0).standard_normal((8, 16))
    message = (
        "kernel_size must be at most the number of steps with padding='valid': got "
        "kernel_size=5, 4 steps. Use padding='same', a smaller kernel_size, or longer "
        "windows."
    )
    short = cls(lstm_units=4, filters=(4,) * 4, padding="valid", epochs=1)
    check_fit_raises(short, ValueError, message, X, [0, 1] * 4)
    assert short.set_params(padding="same").fit(X, [0, 1] * 4).predict(X).shape == (8,)


@pytest.mark.parametrize(
    ("kernel_size", "expected"),
    [(5, {1: 1, 16: 16, 17: 1, 24: 8}), ((3, 5, 1, 7), {12: 12, 13: 1})],
)
def test_automatic_padding_pads_windows_that_are_too_short(kernel_size, expected):
    n_steps = {}
    for length in expected:
        model = build_deep_conv_lstm((length,), 1, kernel_size=kernel_size)
        n_steps[length] = layer_shapes(model)["features"][0]
    assert n_steps == expected


@pytest.mark.parametrize(
    ("value", "error"), [("causal", ValueError), (None, TypeError)]
)
def test_invalid_padding_raises(value, error):
    message = f"padding must be one of 'auto', 'valid', 'same': got padding={value!r}"
    with pytest.raises(error, match=re.escape(message)):
        build_deep_conv_lstm((24,), 1, padding=value)


def test_each_step_has_an_output_with_per_step():
    model = build_deep_conv_lstm((24, 3), 2, per_step=True)
    shapes = layer_shapes(model)
    assert (shapes["lstm_2"], shapes["output"]) == ((24, 128), (24, 2))
