"""Tests of the LSTM."""

import pytest
from networks import check_fit_raises, layer_shapes

from skcnnlstm import LSTMRegressor
from skcnnlstm.architectures.lstm import build_lstm


def test_all_lstm_layers_but_the_last_return_sequences():
    model = build_lstm((12, 3), 1, lstm_units=(8, 4), bidirectional=True, dropout=0.1)
    assert layer_shapes(model) == {
        "window": (12, 3),
        "lstm_1_both_ways": (12, 16),
        "dropout_1": (12, 16),
        "lstm_2_both_ways": (8,),
        "dropout_2": (8,),
        "output": (1,),
    }


def test_the_last_lstm_layer_returns_sequences_with_per_step():
    model = build_lstm((12, 3), 2, lstm_units=(8, 4), per_step=True)
    shapes = layer_shapes(model)
    assert shapes["lstm_2"] == (12, 4)
    assert shapes["output"] == (12, 2)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_default_parameters_accept_the_shortest_windows(length):
    assert build_lstm((length,), 1).output.shape == (None, 1)


@pytest.mark.parametrize(("units", "error"), [(-3, ValueError), (2.5, TypeError)])
def test_units_must_be_positive_integers(units, error, windows):
    message = f"lstm_units must be an integer >= 1: got lstm_units={units}"
    check_fit_raises(LSTMRegressor(lstm_units=units), error, message, *windows)
