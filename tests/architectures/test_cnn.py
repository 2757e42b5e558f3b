"""Tests of the CNN."""

import pytest
from networks import check_fit_raises, count_conv, count_dense, layer_shapes

from skcnnlstm import CNNClassifier, CNNRegressor, SubsequenceReshaper
from skcnnlstm.architectures.cnn import build_cnn


def test_cnn_has_two_convolutions_pooling_and_a_hidden_layer():
    model = build_cnn((12, 3), 2, filters=(8, 16), kernel_size=(5, 3))
    assert layer_shapes(model) == {
        "window": (12, 3),
        "conv_1": (12, 8),
        "conv_2": (12, 16),
        "pool": (6, 16),
        "features": (96,),
        "dense_1": (50,),
        "output": (2,),
    }
    convolutions = count_conv(5, 3, 8) + count_conv(3, 8, 16)
    assert model.count_params() == convolutions + count_dense(96, 50) + count_dense(
        50, 2
    )


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_default_parameters_accept_the_shortest_windows(length):
    assert build_cnn((length,), 1).output.shape == (None, 1)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (CNNRegressor(filters=0), "filters must be an integer >= 1: got filters=0."),
        (
            CNNRegressor(filters=(8, 8), kernel_size=(3, 3, 3)),
            "kernel_size must be an integer or have one entry per layer (2): got "
            "kernel_size=(3, 3, 3). Use an integer, or a tuple of length 2.",
        ),
        (
            CNNClassifier(kernel_size=20, padding="valid"),
            "kernel_size must be at most the number of steps with padding='valid': "
            "got kernel_size=20, 12 steps. Use padding='same', a smaller kernel_size, "
            "or longer windows.",
        ),
        (CNNRegressor(pool_size=-1), "pool_size must be an integer >= 1: got"),
        (CNNRegressor(dropout=1.0), "dropout must be"),
    ],
)
def test_invalid_parameters_raise_and_leave_the_estimator_unchanged(
    estimator, message, windows
):
    X, y = windows
    check_fit_raises(estimator, ValueError, message, X, y > 0)


def test_text_as_filters_raises_type_error(windows):
    message = "filters must be an integer >= 1: got filters='64'"
    check_fit_raises(CNNRegressor(filters="64"), TypeError, message, *windows)


def test_windows_cut_into_subsequences_raise_with_the_accepted_shapes(windows):
    X, y = windows
    message = (
        "X must have shape (n_samples, window_length) or (n_samples, window_length, "
        "n_features) for a CNN: got shape (n_samples, 4, 3, 1). Use the windows that "
        "SlidingWindow or make_windows builds."
    )
    X = SubsequenceReshaper(4).fit_transform(X)
    check_fit_raises(CNNRegressor(), ValueError, message, X, y)
