"""Tests of `standardize`: networks standardize windows and targets by constants."""

import pickle
import warnings

import keras
import numpy as np
import pytest
import training_helpers
from instances import CLASSIFIERS, REGRESSORS
from networks import class_name
from sklearn.base import clone
from training_helpers import (
    LABELS,
    X,
    as_array,
    assert_agrees_with_model,
    assert_equal_weights,
    weights,
    y,
)

from skcnnlstm import CNNLSTMClassifier, CNNLSTMRegressor, load, save
from skcnnlstm.wrappers.standardization import (
    fit_standardization,
    restore_targets,
    standardize_targets,
)

NAN = np.nan


def tiny(*args, **params):
    return training_helpers.tiny(*args, **{"standardize": True} | params)


def scaled_by_hand(values):
    return (values - values.mean(axis=0)) / values.std(axis=0)


# ----------------------------------------------------------------------- constants


def test_constants_are_the_moments_of_each_feature_and_target():
    windows = np.array([[[1, 10], [3, 10]], [[5, 10], [7, 10]], [[99, 99], [99, 99]]])
    target = np.array([[0, 2], [4, 2]])
    constants = fit_standardization(windows, np.array([0, 1]), target)
    np.testing.assert_allclose(constants["x_mean"], [4, 10])
    np.testing.assert_allclose(constants["x_scale"], [5**0.5, 1])  # 1 if constant
    np.testing.assert_allclose(constants["y_mean"], [2, 2])
    np.testing.assert_allclose(constants["y_scale"], [2, 1])


def test_windows_without_a_feature_axis_have_one_constant():
    constants = fit_standardization(np.array([[1.0, 3], [5, 7]]), np.arange(2))
    assert constants == {"x_mean": [4], "x_scale": [5**0.5]}


def test_nan_is_ignored():
    windows = np.array([[[1, NAN], [NAN, NAN]], [[3, NAN], [NAN, NAN]]])
    constants = fit_standardization(windows, np.arange(2))
    np.testing.assert_array_equal(constants["x_mean"], [2, 0])
    np.testing.assert_array_equal(constants["x_scale"], [1, 1])


def test_targets_can_have_the_constants_of_the_features_they_continue():
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((9, 4, 3)) * [1, 10, 100]
    constants = fit_standardization(windows, np.arange(9), rng.normal(size=(9, 4)), 2)
    for name in ("mean", "scale"):
        expected = np.tile(constants[f"x_{name}"][:2], 2)
        np.testing.assert_array_equal(constants[f"y_{name}"], expected)


@pytest.mark.parametrize("offset", [0, 1e3, -1e6])
def test_a_large_offset_does_not_change_the_scale(offset):
    windows = np.random.default_rng(0).standard_normal((200, 5))
    constants = fit_standardization(windows + offset, np.arange(200))
    np.testing.assert_allclose(constants["x_scale"], windows.std(), rtol=1e-4)
    np.testing.assert_allclose(constants["x_mean"], windows.mean() + offset, rtol=1e-9)


def test_rounding_errors_of_a_constant_feature_are_no_scale():
    noise = np.random.default_rng(0).standard_normal((30, 5)) * 1e-9
    windows = 1e6 + noise
    assert fit_standardization(windows, np.arange(30))["x_scale"] == [1]


@pytest.mark.parametrize("quantiles", [False, True])
def test_restored_targets_are_the_targets(quantiles):
    target = np.random.default_rng(0).standard_normal((6, 2)) * [3, 0.01] + [1e6, 5]
    constants = fit_standardization(np.zeros((6, 2)), np.arange(6), target)
    repeated = np.broadcast_to(target[..., None], (6, 2, 2)) if quantiles else target
    scaled = standardize_targets(repeated, constants)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-4)
    np.testing.assert_allclose(restore_targets(scaled, constants), repeated, rtol=1e-6)


# ---------------------------------------------------------------------------- fits


def test_a_fit_equals_one_on_series_standardized_by_hand():
    windows, target = X * 40 - 300, y * 40 - 300
    automatic = tiny().fit(windows, target)
    scaled = (windows - windows.mean()) / windows.std(), scaled_by_hand(target)
    by_hand = tiny(standardize=False).fit(*scaled)
    for one, other in zip(weights(automatic), weights(by_hand), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        automatic.history_["loss"], by_hand.history_["loss"], rtol=1e-4
    )
    expected = by_hand.predict(scaled[0]) * target.std() + target.mean()
    np.testing.assert_allclose(automatic.predict(windows), expected, rtol=1e-5)


@pytest.mark.parametrize("offset", [0, 1e6])
@pytest.mark.parametrize("scale", [1e-4, 1, 1e4])
@pytest.mark.parametrize(
    "params",
    [{}, {"loss": "mae"}, {"quantiles": (0.1, 0.5)}, {"instance_norm": "last"}],
    ids=str,
)
def test_the_units_of_x_and_y_cost_no_accuracy(scale, offset, params):
    expected = tiny(**params).fit(X, y).predict(X)
    windows, target = X * scale + offset * scale, y * scale + offset * scale
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predicted = tiny(**params).fit(windows, target).predict(windows)
    np.testing.assert_allclose(predicted / scale - offset, expected, rtol=0, atol=1e-2)


def test_the_units_of_x_cost_a_classifier_no_accuracy():
    expected = tiny(CNNLSTMClassifier).fit(X, LABELS).predict_proba(X)
    windows = X * 1e3 + 1e6
    proba = tiny(CNNLSTMClassifier).fit(windows, LABELS).predict_proba(windows)
    np.testing.assert_allclose(proba, expected, atol=1e-3)


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CLASSIFIERS], ids=class_name)
def test_the_network_has_the_same_parameters_and_model_agrees_with_predict(estimator):
    is_regressor = any(estimator is regressor for regressor in REGRESSORS)
    windows, target = X * 1e3 + 1e5, y * 1e3 + 1e5 if is_regressor else LABELS
    scaled = clone(estimator).fit(windows, target)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* not scaled")
        plain = clone(estimator).set_params(standardize=False).fit(windows, target)
    assert scaled.model_.count_params() == plain.model_.count_params()
    names = {layer.name for layer in scaled.model_.layers}
    assert "standardized" in names
    assert ("targets" in names) == is_regressor
    output = as_array(scaled.model_(windows.astype("float32")))
    if is_regressor:
        np.testing.assert_allclose(scaled.predict(windows), output[:, 0], atol=0.5)
    else:
        np.testing.assert_allclose(scaled.predict_proba(windows), output, atol=1e-3)


def test_without_standardize_the_network_reads_windows_as_they_are():
    fitted = tiny(standardize=False).fit(X, y)
    assert not fitted._constants
    assert {"standardized", "targets"}.isdisjoint(
        layer.name for layer in fitted.model_.layers
    )
    assert_agrees_with_model(fitted, X)


@pytest.mark.parametrize("params", [{}, {"quantiles": (0.1, 0.5)}], ids=str)
def test_pickles_copies_and_files_predict_the_same(params, tmp_path):
    windows, target = X * 1e3 + 1e5, np.stack([y, y * 7], axis=1) + 50
    fitted = tiny(**params).fit(windows, target)
    expected = fitted.predict(windows)
    save(fitted, tmp_path / "network")
    for restored in (
        pickle.loads(pickle.dumps(fitted)),
        load(tmp_path / "network"),
    ):
        np.testing.assert_array_equal(restored.predict(windows), expected)


def test_a_second_fit_is_bit_identical_and_reads_only_its_own_data():
    estimator = tiny().fit(X * 9 + 5, y * 9)
    expected = tiny().fit(X, y)
    assert_equal_weights(estimator.fit(X, y), expected)
    np.testing.assert_array_equal(estimator.predict(X), expected.predict(X))


def test_partial_fit_and_warm_start_keep_the_constants_of_the_first_fit():
    first, second = (X[:26], y[:26]), (X[26:] * 3, y[26:] * 3)
    for estimator, train in [
        (tiny(), CNNLSTMRegressor.partial_fit),
        (tiny(warm_start=True), CNNLSTMRegressor.fit),
    ]:
        train(estimator, *first)
        constants = estimator._constants
        train(estimator, *second)
        assert estimator._constants is constants
    np.testing.assert_allclose(constants["x_mean"], [X[:26].mean()])


def test_a_warm_start_of_windows_of_another_shape_starts_anew():
    estimator = tiny(warm_start=True).fit(np.stack([X, X], axis=-1), y)
    three = np.stack([X, X * 9, X], axis=-1)
    with pytest.warns(UserWarning, match="warm_start has no effect"):
        estimator.fit(three, y)
    assert_equal_weights(estimator, tiny().fit(three, y))


def test_a_warm_start_of_another_network_computes_the_constants_anew():
    estimator = tiny(warm_start=True).fit(X * 9 + 5, y)
    with pytest.warns(UserWarning, match="warm_start has no effect"):
        estimator.set_params(filters=2).fit(X, y)
    assert_equal_weights(estimator, tiny(filters=2).fit(X, y))


def test_constant_features_and_targets_are_predicted():
    windows = np.stack([X, np.full_like(X, 7e5)], axis=-1)
    target = np.stack([y, np.full_like(y, 5e5)], axis=1)
    predicted = tiny(epochs=1).fit(windows, target).predict(windows)
    np.testing.assert_allclose(predicted[:, 1], 5e5, atol=10)


def test_missing_values_are_no_part_of_the_constants():
    windows = np.stack([X, X], axis=-1) * 100 + 1e4
    windows[3, 1, 0] = windows[8] = NAN
    fitted = tiny(missing="mask").fit(windows, y)
    np.testing.assert_allclose(fitted._constants["x_mean"], np.nanmean(windows, (0, 1)))
    assert np.isfinite(fitted.predict(windows)).all()
    output = as_array(fitted.model_(windows.astype("float32")))[:, 0]
    np.testing.assert_allclose(fitted.predict(windows), output, atol=1e-4)


def test_samples_of_weight_zero_are_no_part_of_the_constants():
    weight = np.r_[np.zeros(10), np.ones(42)]
    windows = np.r_[X[:10] * 1e3, X[10:]]
    fitted = tiny().fit(windows, y, sample_weight=weight)
    assert_equal_weights(fitted, tiny().fit(X[10:], y[10:]))


@pytest.mark.parametrize("loss", ["huber", "poisson"])
def test_targets_keep_their_units_with_a_loss_that_depends_on_them(loss):
    fitted = tiny(loss=loss, epochs=1).fit(X, y + 3)
    assert set(fitted._constants) == {"x_mean", "x_scale"}


@pytest.mark.parametrize(
    "loss",
    [
        "mean_squared_error",
        "MeanSquaredError",
        keras.losses.mean_squared_error,
        keras.losses.MeanSquaredError(),
    ],
    ids=["long name", "name of the class", "function", "object"],
)
def test_each_spelling_of_a_loss_standardizes_targets(loss):
    fitted = tiny(loss=loss, epochs=1).fit(X, y * 9)
    np.testing.assert_allclose(fitted._constants["y_scale"], [np.std(y * 9)])


def test_model_can_be_cut_at_a_layer():
    model = tiny().fit(X, y).model_
    cut = keras.Model(model.input, model.get_layer("lstm").output)
    assert cut(X.astype("float32")).shape == (52, 4)


def test_history_holds_losses_of_the_standardized_targets():
    fitted = tiny(epochs=1, early_stopping=True).fit(X, y * 9 + 5)
    n_held_out = 6  # the last ones
    errors = fitted.predict(X) - (y * 9 + 5)
    expected = np.mean(errors[-n_held_out:] ** 2) / np.var(y * 9)
    assert fitted.history_["val_loss"] == [pytest.approx(expected, rel=1e-4)]


def test_standardize_must_be_a_boolean():
    with pytest.raises(TypeError, match="standardize must be a boolean: got"):
        tiny(standardize="yes").fit(X, y)
