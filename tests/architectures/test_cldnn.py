"""Tests of the CLDNN."""

import keras
import numpy as np
import pytest
from networks import count_conv, count_dense, count_lstm, layer_shapes

from skcnnlstm.architectures.cldnn import build_cldnn


def test_network_has_the_layers_of_the_paper_and_both_skips():
    model = build_cldnn(
        (20, 40), 10, lstm_units=(832, 832), dense_units=1024, dropout=0.1
    )
    assert layer_shapes(model) == {
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
            count_conv(9, 40, 256) + count_conv(3, 256, 256),
            count_dense(256, 256),
            count_lstm(256 + 40, 832) + count_lstm(832, 832),
            count_dense(832 + 256, 1024) + count_dense(1024, 10),
        ]
    )


def test_skips_concatenate_the_window_and_the_last_linear_step():
    model = build_cldnn((7, 2), 1, filters=4, kernel_size=3, linear_units=5)
    names = ("linear", "with_window", "with_convolved")
    inner = keras.Model(model.inputs[0], [model.get_layer(n).output for n in names])
    x = np.random.default_rng(0).standard_normal((3, 7, 2)).astype("float32")
    linear, with_window, with_convolved = (np.asarray(a) for a in inner(x))
    np.testing.assert_array_equal(with_window, np.concatenate([linear, x], axis=-1))
    np.testing.assert_array_equal(with_convolved[:, 128:], linear[:, -1])


@pytest.mark.parametrize("length", [1, 2, 5])
def test_default_parameters_accept_the_shortest_windows(length):
    assert build_cldnn((length,), 1).output.shape == (None, 1)
