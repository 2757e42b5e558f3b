"""Tests of the masking layers, and of estimators with `missing="mask"`."""

import re

import keras
import numpy as np
import pytest
from instances import CLASSIFIERS, REGRESSORS
from networks import check_fit_raises, class_name
from sklearn.base import clone

from skcnnlstm import (
    CNNClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    SlidingWindow,
    make_windows,
)
from skcnnlstm.layers.masking import concatenate_mask, masked_shape

NAN = np.nan


def windows_with_nan(n_features=2, length=12):
    """Return windows with a fifth of their values missing, and their targets."""
    rng = np.random.default_rng(0)
    series = np.sin(np.arange(60)[:, None] / 3 + np.arange(n_features))
    X, y = make_windows(series, length, target=0)
    X = X.copy()
    X[rng.random(X.shape) < 0.2] = NAN
    X[0] = NAN  # a window without any known value
    return X, y


# --------------------------------------------------------------------------- layers


@pytest.mark.parametrize(
    ("window", "values", "mask"),
    [
        ([1, NAN, -2], [[1], [0], [-2]], [[0], [1], [0]]),
        ([[1, NAN], [NAN, 4]], [[1, 0], [0, 4]], [[0, 1], [1, 0]]),
    ],
)
def test_concatenate_mask_replaces_nan_by_zero_and_appends_the_mask(
    window, values, mask
):
    window = np.array([window], "float32")
    inputs = keras.Input(window.shape[1:])
    filled, masked = keras.Model(inputs, concatenate_mask(inputs))(window)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(filled)[0], values)
    expected = np.concatenate([values, mask], axis=-1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(masked)[0], expected)


@pytest.mark.parametrize("shape", [(5,), (5, 3), (2, 5, 3), (2, 4, 5, 3)])
def test_masked_shape_is_the_shape_after_concatenate_mask(shape):
    _, masked = concatenate_mask(keras.Input(shape))
    assert masked.shape[1:] == masked_shape(shape)


# ---------------------------------------------------------------------- estimators


@pytest.mark.parametrize("regressor", REGRESSORS, ids=class_name)
def test_every_regressor_predicts_quantiles_of_windows_with_nan(regressor):
    X, y = windows_with_nan(length=4)
    regressor = clone(regressor).set_params(
        missing="mask",
        quantiles=(0.1, 0.5, 0.9),
        instance_norm="standard",
        linear_skip=True,
        epochs=1,
    )
    quantiles = regressor.fit(X, y).predict_quantiles(X)
    assert quantiles.shape == (len(X), 1, 3)
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles) >= 0).all()
    np.testing.assert_array_equal(regressor.predict(X), quantiles[:, 0, 1])


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=class_name)
def test_every_classifier_predicts_windows_with_nan(classifier):
    X, y = windows_with_nan(length=4)
    classifier = clone(classifier).set_params(missing="mask", epochs=1)
    probabilities = classifier.fit(X, y > 0).predict_proba(X)
    assert np.isfinite(probabilities).all()


def test_nan_and_zero_lead_to_different_predictions():
    X, y = windows_with_nan()
    regressor = CNNRegressor(missing="mask", epochs=2, random_state=0).fit(X, y)
    filled = regressor.predict(np.nan_to_num(X))
    assert abs(filled - regressor.predict(X)).max() > 1e-3


@pytest.mark.parametrize(("mode", "linear_skip"), [("last", True), ("standard", False)])
def test_a_shift_of_the_known_values_shifts_the_forecast(mode, linear_skip):
    X, y = windows_with_nan(n_features=1)
    X, y = np.round(X * 64) / 64, np.round(y * 64) / 64
    regressor = CNNRegressor(
        missing="mask",
        instance_norm=mode,
        linear_skip=linear_skip,
        epochs=2,
        random_state=0,
    ).fit(X, y)
    X = X[1:]  # the first window has no known value
    shift = regressor.predict(X + 256) - regressor.predict(X)
    np.testing.assert_allclose(shift, 256, atol=2e-3)


# --------------------------------------------------------------------------- input


@pytest.mark.parametrize("sample", [(12,), (12, 1), (4, 3, 1)])
def test_windows_of_any_number_of_axes_can_contain_nan(sample):
    X, y = windows_with_nan(n_features=1)
    X = X.reshape(len(X), *sample)
    before = X.copy()
    regressor = CNNLSTMRegressor(
        missing="mask", filters=3, lstm_units=4, epochs=1, random_state=0
    ).fit(X, y)
    assert np.isfinite(regressor.predict(X)).all()
    np.testing.assert_array_equal(X, before)  # X is not changed
    if len(sample) == 3:  # another number of subsequences
        assert np.isfinite(regressor.predict(X[:, 1:])).all()


def test_sequences_of_unequal_length_are_classified():
    rng = np.random.default_rng(0)
    fast = np.arange(80) % 2
    X = np.sin(np.arange(20) * (0.3 + 0.6 * fast[:, None])) + np.zeros((80, 20))
    X += 0.05 * rng.standard_normal(X.shape)
    # Every sequence is shorter than 20 steps.
    X[np.arange(20) < rng.integers(1, 11, 80)[:, None]] = NAN
    X = X[..., None]
    classifier = CNNClassifier(missing="mask", epochs=20, random_state=0)
    assert classifier.fit(X[:60], fast[:60]).score(X[60:], fast[60:]) > 0.9
    with pytest.raises(ValueError, match="at least one sample with a full history"):
        CNNClassifier().fit(X, fast)


def test_windows_with_missing_history_are_used_in_training():
    series = np.sin(np.arange(40.0))[:, None]
    windows = SlidingWindow(12).fit_transform(series)
    regressor = CNNRegressor(missing="mask", epochs=1, random_state=0)
    predicted = regressor.fit(windows, series[:, 0]).predict(windows)  # no warning
    assert np.isfinite(predicted).all()
    complete = CNNRegressor(epochs=1, random_state=0)
    complete.fit(windows[11:], series[11:, 0])
    assert complete.history_ != regressor.history_


@pytest.mark.parametrize("missing", ["error", "mask"])
def test_infinity_raises_value_error_with_and_without_mask(missing):
    X, y = windows_with_nan()
    X = np.nan_to_num(X)
    X[3, 2, 1] = np.inf
    message = "X must be finite"
    with pytest.raises(ValueError, match=message) as error:
        CNNRegressor(missing=missing).fit(X, y)
    assert "got infinity at sample (row) 3, step 2, feature 1" in str(error.value)
    assert ("except for missing history" in str(error.value)) == (missing == "error")


def test_values_too_large_for_float32_raise_value_error():
    X, y = windows_with_nan()
    X[5, 1] = [NAN, 1e300]
    with pytest.raises(ValueError, match=re.escape("finite in float32")):
        CNNRegressor(missing="mask").fit(X, y)


@pytest.mark.filterwarnings("ignore:X holds overlapping windows")
def test_nan_inside_a_window_raises_value_error_without_mask():
    X, y = windows_with_nan()
    with pytest.raises(ValueError, match="got NaN at sample"):
        CNNRegressor().fit(X, y)
    fitted = CNNRegressor(epochs=1).fit(np.nan_to_num(X), y)
    with pytest.raises(ValueError, match="got NaN at sample"):
        fitted.set_params(missing="mask").predict(X)  # the fitted network reads no mask


def test_unknown_value_of_missing_raises_value_error():
    X, y = windows_with_nan()
    message = "missing must be one of 'error', 'mask': got missing='drop'."
    check_fit_raises(CNNRegressor(missing="drop"), ValueError, message, X, y)


def test_the_tag_allow_nan_depends_on_missing():
    assert not CNNRegressor().__sklearn_tags__().input_tags.allow_nan
    assert CNNRegressor(missing="mask").__sklearn_tags__().input_tags.allow_nan
