"""Tests of the LSTM."""

import numpy as np
import pytest
from networks import check_fit_raises, layer_shapes
from sklearn.model_selection import GridSearchCV

from skcnnlstm import LSTMClassifier, LSTMRegressor
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
    ("settings", "error", "message"),
    [
        ({"patch_length": 13}, ValueError, "'auto' or an integer from 1 to 12, the"),
        ({"patch_length": 0}, ValueError, "an integer >= 1: got patch_length=0"),
        ({"patch_length": "half"}, ValueError, "'auto' or an integer from 1 to 12, t"),
        (
            {"patch_length": 2, "per_step": True},
            ValueError,
            "1 with per_step=True, because each step has a target: got patch_length=2",
        ),
    ],
)
def test_invalid_patch_lengths_are_refused(settings, error, message):
    with pytest.raises(error, match=f"patch_length must be {message}"):
        build_lstm((12, 3), 2, **settings)


def test_patches_of_a_classifier_work_in_a_search_with_masks():
    X = np.sin(np.outer(np.tile([1, 2], 6), np.arange(9)))
    X[0, :3] = np.nan
    y = np.tile(["slow", "fast"], 6)
    classifier = LSTMClassifier(missing="mask", epochs=2, random_state=0)
    search = GridSearchCV(classifier, {"patch_length": [1, 4, "auto"]}, cv=2)
    assert search.fit(X, y).predict(X).shape == (12,)
    units = search.estimator.fit(X, y).model_.get_layer("lstm_1").input.shape[1:]
    assert units == (2, 10)  # five values and their masks
