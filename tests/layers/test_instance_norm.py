"""Tests of the layers that normalize windows and restore the level of outputs."""

import keras
import numpy as np
import pytest

from skcnnlstm.layers.instance_norm import NormaliseWindow, RestoreLevel

NAN = np.nan
WINDOWS = np.array([[[1, NAN], [3, NAN], [NAN, NAN]], [[2, 1], [NAN, 5], [6, NAN]]])


def apply(layer, *inputs):
    outputs = layer(*(keras.ops.convert_to_tensor(x, "float32") for x in inputs))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    return [np.array(keras.ops.convert_to_numpy(output)) for output in outputs]


def test_last_subtracts_the_last_value_of_each_feature():
    window, shift, scale = apply(NormaliseWindow("last", 1), [[[1, 10], [3, 40]]])
    np.testing.assert_array_equal(window, [[[-2, -30], [0, 0]]])
    np.testing.assert_array_equal(shift, [[3]])
    np.testing.assert_array_equal(scale, [[1]])


def test_standard_subtracts_the_mean_and_divides_by_the_deviation():
    window, shift, scale = apply(NormaliseWindow("standard", 1), [[[1], [5]]])
    np.testing.assert_allclose(window, [[[-1], [1]]], rtol=1e-5)
    np.testing.assert_allclose(shift, [[3]])
    np.testing.assert_allclose(scale, [[2]], rtol=1e-5)


def test_each_cell_of_a_grid_has_a_level():
    grids = np.arange(8.0).reshape(1, 2, 2, 1, 2)  # two steps of two cells
    _, shift, _ = apply(NormaliseWindow("last", 2), grids)
    np.testing.assert_array_equal(shift, [[4, 5, 6, 7]])


def test_last_with_nan_subtracts_the_last_known_value():
    window, shift, scale = apply(NormaliseWindow("last", 2, skip_nan=True), WINDOWS)
    np.testing.assert_array_equal(shift, [[3, 0], [6, 5]])
    np.testing.assert_array_equal(scale, [[1, 1], [1, 1]])
    expected = [[[-2, NAN], [0, NAN], [NAN, NAN]], [[-4, -4], [NAN, 0], [0, NAN]]]
    np.testing.assert_array_equal(window, expected)


def test_standard_with_nan_uses_the_moments_of_the_known_values():
    layer = NormaliseWindow("standard", 1, skip_nan=True)
    window, shift, scale = apply(layer, WINDOWS)
    np.testing.assert_allclose(shift, [[2], [4]])
    np.testing.assert_allclose(scale, [[1], [2]], rtol=1e-5)
    expected = [[[-1, NAN], [1, NAN], [NAN, NAN]], [[-1, -1], [NAN, 1], [1, NAN]]]
    np.testing.assert_allclose(window, expected, rtol=1e-5)


@pytest.mark.parametrize("mode", ["last", "standard"])
def test_skip_nan_does_not_change_windows_without_nan(mode):
    window = np.random.default_rng(0).standard_normal((5, 7, 3))
    without = apply(NormaliseWindow(mode, 3), window)
    with_skip = apply(NormaliseWindow(mode, 3, skip_nan=True), window)
    for expected, actual in zip(without, with_skip, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["last", "standard"])
@pytest.mark.parametrize("skip_nan", [False, True])
def test_static_features_stay_as_they_are(mode, skip_nan):
    window = np.random.default_rng(0).standard_normal((5, 7, 3))
    expected = apply(NormaliseWindow(mode, 1, skip_nan), window[..., :2])
    layer = NormaliseWindow(mode, 1, skip_nan, n_static=1)
    layer = NormaliseWindow.from_config(layer.get_config())
    normalised, *levels = apply(layer, window)
    np.testing.assert_array_equal(normalised[..., :2], expected[0])
    np.testing.assert_array_equal(normalised[..., 2], window[..., 2].astype("float32"))
    for level, other in zip(levels, expected[1:], strict=True):
        np.testing.assert_array_equal(level, other)


def test_restore_level_repeats_the_level_of_each_target_for_each_step():
    output = [[1, 2, 3, 4]]  # two steps of two targets
    (restored,) = apply(RestoreLevel(2), output, [[10, 20]], [[1, 2]])
    np.testing.assert_array_equal(restored, [[11, 24, 13, 28]])


def test_restore_level_moves_all_quantiles_of_an_output():
    output = [[[1, 2], [3, 4]]]  # two targets, two quantiles
    (restored,) = apply(RestoreLevel(1), output, [[10, 20]], [[1, 2]])
    np.testing.assert_array_equal(restored, [[[11, 12], [26, 28]]])


@pytest.mark.parametrize(
    "layer", [NormaliseWindow("last", 2, skip_nan=True), RestoreLevel(3)]
)
def test_layers_are_restored_from_their_configuration(layer):
    restored = type(layer).from_config(layer.get_config())
    assert restored.get_config() == layer.get_config()
