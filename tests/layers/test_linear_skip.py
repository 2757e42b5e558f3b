"""Tests of the layer of the linear skip."""

import keras
import numpy as np
import pytest

from skcnnlstm.layers.linear_skip import LinearSkip


def apply(layer, windows, kernel=None, bias=None):
    windows = np.array(windows, "float32")
    layer.build(windows.shape)
    if kernel is not None:
        layer.set_weights([np.array(kernel, "float32"), np.array(bias, "float32")])
    return keras.ops.convert_to_numpy(layer(windows))


def test_the_weights_start_at_zero_and_are_not_trained():
    layer = LinearSkip(1, 2)
    np.testing.assert_array_equal(apply(layer, [[[1], [2], [3]]]), [[0, 0]])
    assert not layer.trainable_weights
    assert layer.kernel.shape == (3, 2)
    assert layer.bias.shape == (2,)


def test_one_series_is_mapped_by_a_matrix_and_a_bias():
    kernel, bias = [[1, 0], [10, 0], [100, 1]], [0, 5]
    output = apply(LinearSkip(1, 2), [[[1], [2], [3]]], kernel, bias)
    np.testing.assert_array_equal(output, [[321, 3 + 5]])


def test_a_shared_map_reads_own_history_and_covariates():
    # Two steps: the targets are [1, 2] and [3, 4], the covariate is [5, 6].
    window = [[1, 3, 5], [2, 4, 6]]
    kernel = [[1, 10], [100, 1000], [0.5, 0], [0, 0.25]]
    output = apply(LinearSkip(2, 2), [window], kernel, [0, 0])
    # Ordered by step: both targets of step 1, then both of step 2.
    step_1 = [1 + 200 + 2.5, 3 + 400 + 2.5]
    step_2 = [10 + 2000 + 1.5, 30 + 4000 + 1.5]
    np.testing.assert_array_equal(output, [step_1 + step_2])


def test_a_joint_map_reads_all_features():
    window = [[1, 3, 5], [2, 4, 6]]
    kernel = np.zeros((6, 4))
    kernel[:, 0] = 1  # step 1 of target 1: the sum of all values
    kernel[4, 3] = 1  # step 2 of target 2: the last value of the second feature
    output = apply(LinearSkip(2, 2, joint=True), [window], kernel, [0, 0, 7, 0])
    np.testing.assert_array_equal(output, [[21, 0, 7, 4]])


@pytest.mark.parametrize("joint", [False, True])
def test_axes_between_samples_and_features_are_time(joint):
    windows = np.random.default_rng(0).standard_normal((5, 2, 3, 2))
    layer = LinearSkip(1, 2, joint=joint)
    kernel = np.random.default_rng(1).standard_normal((12, 2))
    nested = apply(layer, windows, kernel, [1, 2])
    flat = LinearSkip(1, 2, joint=joint)
    flat = apply(flat, windows.reshape(5, 6, 2), kernel, [1, 2])
    np.testing.assert_array_equal(nested, flat)


def test_all_quantiles_of_an_output_are_equal():
    kernel, bias = [[1, 2], [0, 0]], [0, 1]
    output = apply(LinearSkip(1, 2, n_quantiles=3), [[[4], [9]]], kernel, bias)
    np.testing.assert_array_equal(output, [[4, 4, 4, 9, 9, 9]])


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_the_output_shape_is_the_computed_one(joint, n_targets):
    layer = LinearSkip(n_targets, 3, joint=joint, n_quantiles=2)
    output = layer(np.zeros((4, 5, 2), "float32"))
    assert output.shape == layer.compute_output_shape((4, 5, 2)) == (4, 6 * n_targets)


def test_the_layer_is_restored_from_its_configuration():
    layer = LinearSkip(2, 3, joint=True, n_quantiles=2)
    assert LinearSkip.from_config(layer.get_config()).get_config() == layer.get_config()
