"""The encoder-decoder: the published network, and one output a step ahead."""

import re

import numpy as np
import pytest

from skcnnlstm import CNNLSTMEncoderDecoderRegressor, make_windows
from skcnnlstm.architectures.encoder_decoder import build_encoder_decoder


def shapes(model):
    return {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}


def test_the_published_network_has_its_layers_and_parameters():
    model = build_encoder_decoder((14, 1), 7, padding="valid", lstm_activation="relu")
    assert shapes(model) == {
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
    assert model.count_params() == sum(
        [
            (3 * 1 + 1) * 64,
            (3 * 64 + 1) * 64,
            4 * 200 * (320 + 200 + 1),
            (200 + 1) * 100,
            100 + 1,
        ]
    )


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_defaults_build_for_the_shortest_windows(length):
    assert build_encoder_decoder((length,), 2).output.shape == (None, 2)


@pytest.mark.parametrize(
    ("params", "step"),
    [
        ({}, (6, 1)),
        ({"n_targets": 2}, (3, 2)),
        ({"n_targets": 2, "quantiles": (0.1, 0.5, 0.9)}, (3, 6)),
    ],
)
def test_each_step_ahead_is_a_step_of_the_decoder(params, step):
    X, y = make_windows(np.random.default_rng(0).standard_normal((40, 2)), 8, 3)
    regressor = CNNLSTMEncoderDecoderRegressor(
        filters=3, lstm_units=4, dense_units=5, random_state=0, **params
    ).initialize(X, y)  # trains and traces nothing
    assert y.shape == (len(X), 6)
    assert shapes(regressor.model_)["output"] == step


def test_a_width_that_is_no_whole_number_of_steps_is_refused():
    X, y = make_windows(np.arange(40.0), 8, 3)
    message = "n_targets must divide the number of outputs: got n_targets=2, n_outputs="
    with pytest.raises(ValueError, match=re.escape(message)):
        CNNLSTMEncoderDecoderRegressor(n_targets=2).fit(X, y)
