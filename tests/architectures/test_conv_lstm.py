"""Tests of the ConvLSTM."""

import re

import numpy as np
import pytest
from networks import check_fit_raises, layer_shapes

from skcnnlstm import ConvLSTMClassifier, ConvLSTMRegressor, make_windows
from skcnnlstm.architectures.conv_lstm import build_conv_lstm

# A ConvLSTM tutorial forecasts the next of these numbers.
NUMBERS = [10, 20, 30, 40, 50, 60, 70, 80, 90]
TUTORIAL = {
    "n_subsequences": 2,
    "filters": 64,
    "kernel_size": (1, 2),
    "padding": "valid",
    "activation": "relu",
}


def test_network_of_the_tutorial_has_33601_parameters():
    X, y = make_windows(NUMBERS, 4)
    regressor = ConvLSTMRegressor(**TUTORIAL, epochs=1).fit(X, y)
    assert regressor.model_.count_params() == 33_601


@pytest.mark.heavy
def test_network_of_the_tutorial_forecasts_100_after_90():
    X, y = make_windows(NUMBERS, 4)
    forecasts = [
        ConvLSTMRegressor(**TUTORIAL, epochs=500, random_state=seed)
        .fit(X, y)
        .predict([[60, 70, 80, 90]])[0]
        for seed in range(5)
    ]
    assert abs(np.median(forecasts) - 100) <= 3


def test_conv_lstm_keeps_rows_and_steps():
    model = build_conv_lstm((12, 2), 1, n_subsequences=3, filters=8)
    assert layer_shapes(model) == {
        "window": (12, 2),
        "subsequences": (3, 4, 2),
        "grids": (3, 1, 4, 2),
        "conv_lstm": (1, 4, 8),
        "features": (32,),
        "output": (1,),
    }


def test_valid_padding_removes_rows_and_steps_of_grids():
    model = build_conv_lstm((5, 6, 7, 2), 1, filters=3, kernel_size=3, padding="valid")
    assert layer_shapes(model)["conv_lstm"] == (4, 5, 3)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
@pytest.mark.filterwarnings("ignore:n_subsequences='auto' leaves each window")
def test_default_parameters_accept_the_shortest_windows(length):
    assert build_conv_lstm((length,), 1).output.shape == (None, 1)


def test_grids_are_accepted_for_regression_and_classification():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((26, 4, 5, 6, 2)), rng.standard_normal(26)
    params = {"filters": 3, "kernel_size": 3, "epochs": 2, "random_state": 0}
    regressor = ConvLSTMRegressor(**params).fit(X, y)
    assert regressor.predict(X).shape == y.shape
    assert layer_shapes(regressor.model_)["conv_lstm"] == (5, 6, 3)
    classifier = ConvLSTMClassifier(**params).fit(X, y > 0)
    assert classifier.predict_proba(X).shape == (len(X), 2)


def test_kernel_size_must_have_one_or_two_entries(windows):
    message = "kernel_size must be an integer or have one entry per axis (2): got "
    estimator = ConvLSTMRegressor(kernel_size=(1, 2, 3))
    check_fit_raises(estimator, ValueError, message, *windows)


def test_a_kernel_with_more_rows_than_the_grid_raises():
    message = (
        "kernel_size must be at most the number of rows with padding='valid': got "
        "kernel_size=7, 6 rows. Use padding='same', a smaller kernel_size, or more "
        "rows."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        build_conv_lstm((5, 6, 7, 2), 1, kernel_size=7, padding="valid")


@pytest.mark.parametrize(("length", "shape"), [(1, (1, 1)), (12, (2, 6)), (13, (2, 7))])
def test_a_classifier_reads_halves_of_windows(length, shape):
    X = np.random.default_rng(0).normal(size=(20, length))
    classifier = ConvLSTMClassifier(filters=2, epochs=1, random_state=0)
    classifier.fit(X, np.arange(20) % 2)
    subsequences = classifier.model_.get_layer("subsequences").output
    assert subsequences.shape == (None, *shape, 1)
    assert classifier.predict_proba(X).shape == (20, 2)
