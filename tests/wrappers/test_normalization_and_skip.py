"""Tests of the parameters instance_norm and linear_skip."""

import keras
import numpy as np
import pytest
from training_helpers import X, as_array, tiny, y


@pytest.mark.parametrize("mode", ["last", "standard"])
def test_instance_norm_extrapolates_to_an_unseen_level(mode):
    # Float32 subtracts a shift of 1024 from multiples of 1/64 exactly. Only the output
    # is rounded, by half of 2**-13 at most.
    windows, target = np.round(X * 64) / 64, np.round(y * 64) / 64
    estimator = tiny(instance_norm=mode, linear_skip=True).fit(windows, target)
    predicted = estimator.predict(windows)
    shifted = estimator.predict(windows + 1024)
    np.testing.assert_allclose(shifted - predicted, 1024, rtol=0, atol=2**-13)
    plain = tiny(instance_norm=None).fit(windows, target)
    assert abs(plain.predict(windows + 1024) - 1024 - plain.predict(windows)).max() > 10


def test_standard_instance_norm_extrapolates_to_an_unseen_scale():
    estimator = tiny(instance_norm="standard").fit(X, y)
    # Not exact: 1e-5 is added to the variance of each window, which is at least 0.1.
    np.testing.assert_allclose(
        estimator.predict(16 * X), 16 * estimator.predict(X), atol=1e-2
    )
    last = tiny(instance_norm="last").fit(X, y)
    assert abs(last.predict(16 * X) - 16 * last.predict(X)).max() > 0.1


def test_instance_norm_shifts_each_target_by_its_own_feature():
    windows = np.stack([X, X[:, ::-1]], axis=-1)  # two features
    target = np.stack([y, -y, y, -y], axis=-1)  # two steps of two targets
    estimator = tiny(instance_norm="last", n_targets=2).fit(windows, target)
    shifted = estimator.predict(windows + np.array([64.0, 256.0]))
    np.testing.assert_allclose(
        shifted - estimator.predict(windows),
        np.tile([[64, 256, 64, 256]], (52, 1)),
        atol=1e-4,
    )


def test_linear_skip_is_zero_before_training():
    skip = tiny(linear_skip=True).initialize(X, y)
    plain = tiny().initialize(X, y)
    model = plain.model_
    for layer in model.layers:
        layer.set_weights(skip.model_.get_layer(layer.name).get_weights())
    assert not skip.model_.get_layer("linear_skip").get_weights()[0].any()
    expected = as_array(model(X.astype("float32")))[:, 0]
    np.testing.assert_allclose(skip.predict(X), expected, atol=1e-6)
    trained = tiny(linear_skip=True).fit(X, y)
    assert trained.model_.get_layer("linear_skip").get_weights()[0].any()


def test_instance_norm_needs_targets_among_the_features():
    with pytest.raises(ValueError) as error:
        tiny(instance_norm="last", n_targets=2).fit(X, np.stack([y, y], 1))
    assert str(error.value) == (
        "n_targets must be at most the number of features: got n_targets=2, "
        "n_features=1. instance_norm takes the level of the targets from the first "
        "n_targets features of the window."
    )
    with pytest.raises(ValueError) as error:
        tiny(instance_norm="standard", n_targets=2).fit(
            np.stack([X, X], -1), np.stack([y, y, y], 1)
        )
    assert str(error.value) == (
        "n_targets must divide the number of outputs: got n_targets=2, n_outputs=3. "
        "The target holds all targets of step 1, then all of step 2, and so on."
    )


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_instance_norm_keeps_the_level_in_full_precision_under_any_policy(policy):
    single = tiny(instance_norm="last").fit(X + 30_000, y + 30_000)
    keras.config.set_dtype_policy(policy)
    try:
        mixed = tiny(instance_norm="last").fit(X + 30_000, y + 30_000)
        predicted = mixed.predict(X + 30_000)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(predicted, single.predict(X + 30_000), rtol=0, atol=0.1)
