"""Tests of the layers that standardize windows and restore targets."""

import keras
import numpy as np
import pytest

from skcnnlstm.layers.standardization import RestoreTargets, StandardizeWindow


def apply(layer, values):
    output = layer(np.array(values, "float32"))
    return keras.ops.convert_to_numpy(output)


def test_windows_are_standardized_by_constants_of_each_feature():
    layer = StandardizeWindow([1, 10], [2, 5])
    output = apply(layer, [[[1, 0], [5, 20]]])
    np.testing.assert_array_equal(output, [[[0, -2], [2, 2]]])


def test_windows_without_a_feature_axis_have_one_constant():
    np.testing.assert_array_equal(
        apply(StandardizeWindow([1], [2]), [[1, 5]]), [[0, 2]]
    )


def test_nan_stays_nan():
    output = apply(StandardizeWindow([1], [2]), [[[np.nan], [3]]])
    np.testing.assert_array_equal(output, [[[np.nan], [1]]])


def test_targets_are_restored():
    output = apply(RestoreTargets([1, 10], [2, 5]), [[0, -2], [2, 2]])
    np.testing.assert_array_equal(output, [[1, 0], [5, 20]])


@pytest.mark.parametrize("n_quantiles", [1, 2, 3])
def test_all_quantiles_of_a_target_are_restored(n_quantiles):
    # keras.ops.add takes constants of shape (2, 1) for those of the last axis, if its
    # length is 2 (Keras 3).
    outputs = np.array([[[0, 1, 2], [-2, 0, 2]]])[..., :n_quantiles]
    expected = np.array([[[1, 3, 5], [0, 10, 20]]])[..., :n_quantiles]
    np.testing.assert_array_equal(
        apply(RestoreTargets([1, 10], [2, 5]), outputs), expected
    )


@pytest.mark.parametrize("cls", [StandardizeWindow, RestoreTargets])
def test_layers_have_no_weights_and_are_restored_from_their_configuration(cls):
    layer = cls(np.array([1.0, 2.0]), np.array([3.0, 4.0]), name="constants")
    apply(layer, [[0, 0]])
    assert not layer.weights
    restored = keras.layers.deserialize(keras.layers.serialize(layer))
    assert isinstance(restored, cls)
    assert restored.get_config() == layer.get_config()
    assert restored.get_config()["mean"] == [1, 2]
