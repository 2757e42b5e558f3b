"""Tests of the CNN-LSTM encoder-decoder."""

import numpy as np
import pytest
from networks import (
    check_fit_raises,
    count_conv,
    count_dense,
    count_lstm,
    layer_shapes,
)

from skcnnlstm import CNNLSTMEncoderDecoderRegressor, make_windows
from skcnnlstm.architectures.encoder_decoder import build_encoder_decoder


def test_published_network_has_its_layers_and_parameters():
    model = build_encoder_decoder((14, 1), 7, padding="valid", lstm_activation="relu")
    assert layer_shapes(model) == {
        "window": (14, 1),
        "conv_1": (12, 64),
        "conv_2": (10, 64),
        "pool": (5, 64),
        "features": (320,),
        "steps_ahead": (7, 320),
        "lstm": (7, 200),
        "dense_1": (7, 100),
        "output": (7, 1),
        "steps_in_order": (7,),
    }
    convolutions = count_conv(3, 1, 64) + count_conv(3, 64, 64)
    dense = count_dense(200, 100) + count_dense(100, 1)
    assert model.count_params() == convolutions + count_lstm(320, 200) + dense


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_default_parameters_accept_the_shortest_windows(length):
    assert build_encoder_decoder((length,), 2).output.shape == (None, 2)


@pytest.mark.parametrize(
    ("params", "output_shape"),
    [
        ({}, (6, 1)),
        ({"n_targets": 2}, (3, 2)),
        ({"n_targets": 2, "quantiles": (0.1, 0.5, 0.9)}, (3, 6)),
    ],
)
def test_the_decoder_runs_one_step_for_each_step_ahead(params, output_shape):
    X, y = make_windows(np.random.default_rng(0).standard_normal((40, 2)), 8, 3)
    regressor = CNNLSTMEncoderDecoderRegressor(
        filters=3, lstm_units=4, dense_units=5, random_state=0, **params
    ).initialize(X, y)
    assert y.shape == (len(X), 6)
    assert layer_shapes(regressor.model_)["output"] == output_shape


def test_n_targets_must_divide_the_number_of_outputs():
    X, y = make_windows(np.arange(40.0), 8, 3)
    message = (
        "n_targets must divide the number of outputs: got n_targets=2, n_outputs=3. "
        "Use n_targets=1 for one target at each step. For more targets, y must hold "
        "all targets of step 1, then all targets of step 2, and so on."
    )
    regressor = CNNLSTMEncoderDecoderRegressor(n_targets=2)
    check_fit_raises(regressor, ValueError, message, X, y)
