"""Tests of the parts that regressors add to the network of an architecture."""

import keras
import numpy as np
import pytest
from networks import check_fit_raises

from skcnnlstm import CNNRegressor
from skcnnlstm.wrappers.assemble import (
    build_masked_network,
    build_regressor_network,
    grid_shape,
)

NAN = np.nan


def build_identity(input_shape, n_outputs):
    """Build a network that returns its input, flattened."""
    window = keras.Input(input_shape)
    return keras.Model(window, keras.layers.Flatten()(window))


def build_zeros(input_shape, n_outputs):
    """Build a network with output zero."""
    window = keras.Input(input_shape)
    x = keras.layers.Flatten()(window)
    zeros = keras.layers.Dense(n_outputs, kernel_initializer="zeros", name="output")
    return keras.Model(window, zeros(x))


def assemble(input_shape, n_outputs, **params):
    params = {
        "build": build_zeros,
        "missing": "error",
        "instance_norm": None,
        "linear_skip": False,
        "n_targets": 1,
        "quantiles": None,
    } | params
    return build_regressor_network(input_shape, n_outputs, **params)


def predict(model, windows):
    return keras.ops.convert_to_numpy(model(np.array(windows, "float32")))


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ([1, NAN, -2], [[1, 0], [0, 1], [-2, 0]]),
        ([[1, NAN], [NAN, 4]], [[1, 0, 0, 1], [0, 4, 1, 0]]),
    ],
)
def test_masked_network_reads_zeros_and_the_mask_of_missing_values(window, expected):
    shape, size = np.shape(window), np.size(expected)
    model = build_masked_network(shape, size, build=build_identity, missing="mask")
    np.testing.assert_array_equal(predict(model, [window]), [np.ravel(expected)])


def test_masked_network_without_mask_is_the_network_itself():
    model = build_masked_network((3,), 3, build=build_identity, missing="error")
    np.testing.assert_array_equal(predict(model, [[1, 2, 3]]), [[1, 2, 3]])


@pytest.mark.parametrize(
    ("instance_norm", "expected"),
    [(None, [0, 0]), ("auto", [0, 0]), ("last", [5, 5]), ("standard", [3, 3])],
)
def test_zero_output_forecasts_the_level_of_the_window(instance_norm, expected):
    model = assemble((5,), 2, instance_norm=instance_norm)
    windows = [[1, 2, 3, 4, 5]]
    np.testing.assert_allclose(predict(model, windows), [expected], rtol=1e-6)


def test_zero_output_repeats_the_last_season():
    model = assemble((5,), 3, instance_norm="seasonal", season_length=2)
    np.testing.assert_array_equal(predict(model, [[1, 2, 3, 4, 5]]), [[4, 5, 4]])


def test_the_linear_skip_adds_a_linear_map_of_the_normalized_window():
    model = assemble((3,), 1, instance_norm="last", linear_skip=True)
    skip = model.get_layer("linear_skip")
    assert not any(values.any() for values in skip.get_weights())
    skip.set_weights([np.array([[1.0], [10.0], [100.0]]), np.array([0.5])])
    # The normalized window is [-2, -1, 0].
    np.testing.assert_array_equal(predict(model, [[1, 2, 3]]), [[-2 - 10 + 0.5 + 3]])


def test_quantiles_are_on_the_last_axis_of_the_output():
    model = assemble((3,), 2, quantiles=(0.1, 0.5, 0.9), instance_norm="last")
    assert model.output.shape == (None, 2, 3)
    np.testing.assert_array_equal(predict(model, [[1, 2, 3]]), np.full((1, 2, 3), 3))


@pytest.mark.parametrize(
    ("n_outputs", "params", "axes"),
    [
        (6, {"n_targets": None}, (2, 3, 1)),
        (4, {"n_targets": None}, (4, 1, 1)),  # 3 features do not divide 4 outputs
        (6, {"n_targets": 2, "quantiles": (0.5, 0.9)}, (3, 2, 2)),
    ],
)
def test_the_builder_receives_the_axes_of_its_output(n_outputs, params, axes):
    received = {}

    def build(input_shape, n_outputs, *, output_axes, n_series):
        received.update(output_axes=output_axes, n_series=n_series)
        return build_zeros(input_shape, n_outputs)

    assemble((5, 3), n_outputs, build=build, missing="mask", **params)
    assert received == {"output_axes": axes, "n_series": 3}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5,), (5, 1, 1, 1)),
        ((5, 3), (5, 1, 1, 3)),
        ((5, 6, 7), (5, 6, 7, 1)),
        ((5, 6, 7, 2), (5, 6, 7, 2)),
    ],
)
def test_grid_shape_adds_the_missing_axes(shape, expected):
    assert grid_shape(shape) == expected


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"instance_norm": "first"}, ValueError, "instance_norm must be"),
        ({"linear_skip": None}, TypeError, "linear_skip must be"),
        ({"n_targets": 0}, ValueError, "n_targets must be an integer >= 1: got"),
        (
            {"instance_norm": "last", "n_targets": 2},
            ValueError,
            "n_targets must be at most the number of features: got n_targets=2, "
            "n_features=1. instance_norm takes the level of the targets from the first "
            "n_targets features of the window. Set n_targets=1 or less, or "
            "instance_norm=None.",
        ),
    ],
)
def test_invalid_parameters_raise_an_error(params, error, message, windows):
    regressor = CNNRegressor(filters=4, epochs=1).set_params(**params)
    check_fit_raises(regressor, error, message, *windows)
