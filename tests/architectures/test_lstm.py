"""Tests of the LSTM."""

import re
from functools import partial

import numpy as np
import pytest
from networks import check_fit_raises, layer_shapes
from sklearn.model_selection import GridSearchCV

from skcnnlstm import LSTMClassifier, LSTMRegressor, SeriesForecaster
from skcnnlstm.architectures.cldnn import build_cldnn
from skcnnlstm.architectures.deep_conv_lstm import build_deep_conv_lstm
from skcnnlstm.architectures.lstm import build_lstm
from skcnnlstm.architectures.tcn_lstm import build_tcn_lstm


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


@pytest.mark.parametrize("length", [8, 7])
def test_patches_equal_windows_whose_features_are_the_values_of_patches(length):
    X, y = np.random.default_rng(0).normal(size=(20, length, 2)), np.arange(20.0)
    padded = np.concatenate([X[:, :1], X], axis=1) if length % 4 else X
    patches = padded.reshape(20, 2, 8)
    settings = {"lstm_units": 4, "epochs": 2, "random_state": 0, "standardize": False}
    expected = LSTMRegressor(**settings).fit(patches, y).predict(patches)
    actual = LSTMRegressor(patch_length=4, **settings).fit(X, y).predict(X)
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(
    ("settings", "length", "expected"),
    [
        ({}, 12, (12, 3)),
        ({"output_activation": "softmax"}, 12, (2, 18)),
        ({"output_activation": "softmax"}, 11, (2, 18)),
        ({"output_activation": "softmax"}, 1, (1, 3)),
        ({"output_activation": "softmax", "per_step": True}, 12, (12, 3)),
        ({"output_activation": "softmax", "patch_length": 1}, 12, (12, 3)),
        ({"patch_length": 5}, 12, (3, 15)),
    ],
)
def test_a_classifier_reads_two_halves_by_default(settings, length, expected):
    model = build_lstm((length, 3), 2, **settings)
    assert model.get_layer("lstm_1").input.shape[1:] == expected


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (13, ValueError),
        (0, ValueError),
        (-1, ValueError),
        (1.5, TypeError),
        (True, TypeError),
        (None, TypeError),
        ("half", TypeError),
    ],
)
def test_invalid_patch_lengths_raise(value, error):
    message = (
        "patch_length must be 'auto' or an integer from 1 to 12: got "
        f"patch_length={value!r}, and the LSTM reads 12 steps. Use 'auto', or one of "
        "these integers."
    )
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        build_lstm((12, 3), 2, patch_length=value)


def test_patches_and_per_step_raise():
    message = (
        "patch_length must be 1 or 'auto' with per_step=True, because each step has a "
        "target: got patch_length=2. Set patch_length=1."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build_lstm((12, 3), 2, patch_length=2, per_step=True)
    model = build_lstm((12, 3), 2, patch_length=1, per_step=True)
    assert model.output.shape == (None, 12, 2)


@pytest.mark.parametrize(
    ("build", "layer", "expected"),
    [
        (build_tcn_lstm, "lstm", (4, 160)),
        (build_cldnn, "lstm_1", (4, 5 * 259)),
        (partial(build_deep_conv_lstm, padding="same"), "lstm_1", (4, 5 * 192)),
    ],
)
def test_other_networks_read_patches_of_their_features(build, layer, expected):
    model = build((20, 3), 2, patch_length=5)
    assert model.get_layer(layer).input.shape[1:] == expected


def test_a_forecaster_reads_patches():
    series = np.sin(np.arange(60) / 4)
    network = LSTMRegressor(patch_length=4, lstm_units=4, epochs=1, random_state=0)
    forecaster = SeriesForecaster(network, window_length=10, horizon=3).fit(series)
    inputs = forecaster.estimator_.model_.get_layer("lstm_1").input
    assert inputs.shape[1:] == (3, 4)
    assert forecaster.forecast().shape == (3,)


def test_patches_of_a_classifier_work_in_a_search_with_masks():
    X = np.sin(np.outer(np.tile([1, 2], 6), np.arange(9)))
    X[0, :3] = np.nan
    y = np.tile(["slow", "fast"], 6)
    classifier = LSTMClassifier(missing="mask", epochs=2, random_state=0)
    search = GridSearchCV(classifier, {"patch_length": [1, 4, "auto"]}, cv=2)
    assert search.fit(X, y).predict(X).shape == (12,)
    inputs = search.estimator.fit(X, y).model_.get_layer("lstm_1").input
    assert inputs.shape[1:] == (2, 10)  # five values and their masks
