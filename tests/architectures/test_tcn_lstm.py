"""Tests of the TCN-LSTM."""

import keras
import numpy as np
import pytest
from networks import count_conv, count_dense, count_lstm, layer_shapes

from skcnnlstm.architectures.tcn_lstm import build_tcn_lstm


def test_each_block_doubles_the_dilation():
    model = build_tcn_lstm((24, 3), 2, filters=(8, 8, 4), kernel_size=3, lstm_units=5)
    for i in range(3):
        for j in (1, 2):
            convolution = model.get_layer(f"block_{i + 1}_conv_{j}")
            assert convolution.dilation_rate == (2**i,)
            assert convolution.padding == "causal"


def test_blocks_project_their_input_only_if_the_width_changes():
    model = build_tcn_lstm((24, 3), 2, filters=(8, 8, 4), kernel_size=3, lstm_units=5)
    shapes = layer_shapes(model)
    blocks = ("block_1", "block_2", "block_3")
    assert [f"{block}_skip" in shapes for block in blocks] == [True, False, True]
    assert [shapes[f"{block}_activation"][-1] for block in blocks] == [8, 8, 4]
    assert model.count_params() == sum(
        [
            count_conv(3, 3, 8) + count_conv(3, 8, 8) + count_dense(3, 8),
            2 * count_conv(3, 8, 8),
            count_conv(3, 8, 4) + count_conv(3, 4, 4) + count_dense(8, 4),
            count_lstm(4, 5) + count_dense(5, 2),
        ]
    )


def test_a_step_changes_only_the_documented_number_of_later_outputs():
    model = build_tcn_lstm(
        (40, 1), 1, filters=(4, 4, 4), kernel_size=3, activation="elu"
    )
    blocks = keras.Model(model.inputs[0], model.get_layer("block_3_activation").output)
    x = np.random.default_rng(0).standard_normal((1, 40, 1)).astype("float32")
    changed = x.copy()
    changed[0, 5] += 1
    differs = (np.asarray(blocks(x)) != np.asarray(blocks(changed))).any(axis=(0, 2))
    receptive_field = 1 + 2 * (3 - 1) * (2**3 - 1)
    assert np.flatnonzero(differs).tolist() == list(range(5, 5 + receptive_field))


def test_each_step_has_an_output_with_per_step():
    shapes = layer_shapes(build_tcn_lstm((12, 3), 2, lstm_units=5, per_step=True))
    assert (shapes["lstm"], shapes["output"]) == ((12, 5), (12, 2))


@pytest.mark.parametrize("length", [1, 2, 5])
def test_default_parameters_accept_the_shortest_windows(length):
    assert build_tcn_lstm((length,), 1).output.shape == (None, 1)
