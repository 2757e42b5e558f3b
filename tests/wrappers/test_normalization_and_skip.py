"""Tests of the parameters instance_norm and linear_skip."""

import keras
import numpy as np
import pytest
from instances import REGRESSORS
from networks import class_name
from sklearn.base import clone
from sklearn.linear_model import Ridge
from training_helpers import X, assert_equal_weights, tiny, y


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


@pytest.mark.heavy
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


def ridge(X, y, relative_penalty):
    """Return a ridge regression; the penalty is relative to the size of an input."""
    size = np.mean(X**2) * len(X)
    return Ridge(relative_penalty * size).fit(X, y)


@pytest.mark.parametrize("estimator", REGRESSORS, ids=class_name)
def test_with_linear_skip_the_network_starts_from_a_ridge_regression(estimator):
    params = {"linear_skip": True, "instance_norm": None, "standardize": False}
    regressor = clone(estimator).set_params(**params).initialize(X, y)
    # Without validation samples, the penalty is the middle one.
    expected = ridge(X, y, 1e-2).predict(X)
    np.testing.assert_allclose(regressor.predict(X), expected, atol=1e-4)


@pytest.mark.parametrize("mode", ["last", "standard"])
def test_the_ridge_regression_reads_the_normalized_window(mode):
    regressor = tiny(linear_skip=True, instance_norm=mode, standardize=False)
    regressor.initialize(X, y)
    level = X[:, -1:] if mode == "last" else X.mean(axis=1, keepdims=True)
    scale = 1 if mode == "last" else np.sqrt(X.var(axis=1, keepdims=True) + 1e-5)
    windows, target = (X - level) / scale, (y[:, None] - level) / scale
    # Errors count in units of the target.
    weight = np.broadcast_to(scale**2, (len(X), 1))[:, 0]
    size = np.mean(weight[:, None] * windows**2) * len(X)
    linear = Ridge(1e-2 * size).fit(windows, target, sample_weight=weight)
    expected = linear.predict(windows).reshape(-1, 1) * scale + level
    np.testing.assert_allclose(regressor.predict(X), expected[:, 0], atol=1e-4)


def test_the_linear_skip_is_not_trained():
    start = tiny(linear_skip=True).initialize(X, y).model_.get_layer("linear_skip")
    trained = tiny(linear_skip=True, learning_rate=0.1).fit(X, y)
    skip = trained.model_.get_layer("linear_skip")
    assert not skip.trainable_weights
    for before, after in zip(start.get_weights(), skip.get_weights(), strict=True):
        assert before.any()
        np.testing.assert_array_equal(after, before)


def test_the_linear_skip_keeps_its_weights_in_a_warm_start():
    whole = tiny(linear_skip=True, epochs=4).fit(X, y)
    warm = tiny(linear_skip=True, warm_start=True).fit(X, y).fit(X, y)
    assert_equal_weights(warm, whole)
    partial = tiny(linear_skip=True)
    for _ in range(4):
        partial.partial_fit(X, y)
    assert_equal_weights(partial, whole)


def test_a_warm_start_with_a_linear_skip_after_a_fit_without_one_starts_anew():
    estimator = tiny(warm_start=True).fit(X, y).set_params(linear_skip=True)
    with pytest.warns(UserWarning, match="warm_start has no effect"):
        estimator.fit(X, y)
    assert_equal_weights(estimator, tiny(linear_skip=True).fit(X, y))


def test_a_linear_skip_of_a_long_window_is_an_error():
    windows = np.zeros((8, 4000))
    with pytest.raises(ValueError) as error:
        tiny(linear_skip=True).fit(windows, windows[:, 0])
    assert str(error.value) == (
        "linear_skip must map at most 3,000 values to a target: got 4,000 values (its "
        "own history and all covariates). Use shorter windows or fewer covariates, or "
        "set linear_skip=False."
    )


def test_instance_norm_needs_targets_among_the_features():
    with pytest.raises(ValueError) as error:
        tiny(instance_norm="last", n_targets=2).fit(X, np.stack([y, y], 1))
    assert str(error.value) == (
        "n_targets must be at most the number of features: got n_targets=2, "
        "n_features=1. instance_norm takes the level of the targets from the first "
        "n_targets features of the window. Set n_targets=1 or less, or "
        "instance_norm=None."
    )
    tiny(instance_norm=None, n_targets=2).fit(X, np.stack([y, y], 1))
    with pytest.raises(ValueError) as error:
        tiny(instance_norm="standard", n_targets=2).fit(
            np.stack([X, X], -1), np.stack([y, y, y], 1)
        )
    assert str(error.value) == (
        "n_targets must divide the number of outputs: got n_targets=2, n_outputs=3. "
        "Use n_targets=1 for one target at each step. For more targets, y must hold "
        "all targets of step 1, then all targets of step 2, and so on."
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
