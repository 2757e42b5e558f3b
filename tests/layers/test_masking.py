"""missing="mask": NaN anywhere in a window, and what networks make of it."""

import re

import keras
import numpy as np
import pytest
from instances import CLASSIFIERS, REGRESSORS
from sklearn.base import clone

from skcnnlstm import (
    CNNClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    SlidingWindow,
    make_windows,
)
from skcnnlstm.layers.instance_norm import NormaliseWindow
from skcnnlstm.wrappers.assemble import build_marked

NAN = np.nan


def named(estimator):
    return type(estimator).__name__


def gappy(n_features=2, length=12):
    """Return windows with a fifth of their values missing, and what follows them."""
    rng = np.random.default_rng(0)
    series = np.sin(np.arange(60)[:, None] / 3 + np.arange(n_features))
    X, y = make_windows(series, length, target=0)
    X = X.copy()
    X[rng.random(X.shape) < 0.2] = NAN
    X[0] = NAN  # not a single value is known
    return X, y


def evaluated(layer, *inputs):
    outputs = layer(*(keras.ops.convert_to_tensor(x, "float32") for x in inputs))
    return [np.array(keras.ops.convert_to_numpy(output)) for output in outputs]


# ------------------------------------------------------------------ inside the network


def test_a_network_reads_zeros_and_beside_them_what_is_missing():
    def echo(input_shape, n_outputs):
        window = keras.Input(input_shape)
        return keras.Model(window, keras.layers.Reshape(input_shape)(window))

    model = build_marked((3,), 6, build=echo, missing="mask")
    seen = keras.ops.convert_to_numpy(model(np.array([[1, NAN, -2]], "float32")))
    np.testing.assert_array_equal(seen, [[[1, 0], [0, 1], [-2, 0]]])
    model = build_marked((2, 2), 8, build=echo, missing="mask")
    window = np.array([[[1, NAN], [NAN, 4]]], "float32")
    seen = keras.ops.convert_to_numpy(model(window))
    np.testing.assert_array_equal(seen, [[[1, 0, 0, 1], [0, 4, 1, 0]]])


WINDOW = np.array([[[1, NAN], [3, NAN], [NAN, NAN]], [[2, 1], [NAN, 5], [6, NAN]]])


def test_the_last_level_is_the_last_known_value():
    window, shift, scale = evaluated(NormaliseWindow("last", 2, gaps=True), WINDOW)
    np.testing.assert_array_equal(shift, [[3, 0], [6, 5]])
    np.testing.assert_array_equal(scale, [[1, 1], [1, 1]])
    expected = [[[-2, NAN], [0, NAN], [NAN, NAN]], [[-4, -4], [NAN, 0], [0, NAN]]]
    np.testing.assert_array_equal(window, expected)


def test_standard_moments_are_those_of_the_known_values():
    layer = NormaliseWindow("standard", 1, gaps=True)
    window, shift, scale = evaluated(layer, WINDOW)
    np.testing.assert_allclose(shift, [[2], [4]])
    np.testing.assert_allclose(scale, [[1], [2]], rtol=1e-5)
    expected = [[[-1, NAN], [1, NAN], [NAN, NAN]], [[-1, -1], [NAN, 1], [1, NAN]]]
    np.testing.assert_allclose(window, expected, rtol=1e-5)


@pytest.mark.parametrize("mode", ["last", "standard"])
def test_levels_of_complete_windows_are_those_without_gaps(mode):
    window = np.random.default_rng(0).standard_normal((5, 7, 3))
    plain = evaluated(NormaliseWindow(mode, 3), window)
    gaps = evaluated(NormaliseWindow(mode, 3, gaps=True), window)
    for one, other in zip(plain, gaps, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


# ------------------------------------------------------------------- every architecture


@pytest.mark.parametrize("regressor", REGRESSORS, ids=named)
def test_every_regressor_learns_quantiles_with_values_missing(regressor):
    X, y = gappy(length=4)
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


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=named)
def test_every_classifier_learns_and_predicts_with_values_missing(classifier):
    X, y = gappy(length=4)
    classifier = clone(classifier).set_params(missing="mask", epochs=1)
    probabilities = classifier.fit(X, y > 0).predict_proba(X)
    assert np.isfinite(probabilities).all()


def test_missing_is_not_zero():
    X, y = gappy()
    regressor = CNNRegressor(missing="mask", epochs=2, random_state=0).fit(X, y)
    filled = regressor.predict(np.nan_to_num(X))
    assert abs(filled - regressor.predict(X)).max() > 1e-3


@pytest.mark.parametrize(("mode", "linear_skip"), [("last", True), ("standard", False)])
def test_a_network_follows_the_level_of_what_is_known(mode, linear_skip):
    X, y = gappy(n_features=1)
    X, y = np.round(X * 64) / 64, np.round(y * 64) / 64
    regressor = CNNRegressor(
        missing="mask",
        instance_norm=mode,
        linear_skip=linear_skip,
        epochs=2,
        random_state=0,
    ).fit(X, y)
    known = X[1:]  # the first window has no level
    shift = regressor.predict(known + 256) - regressor.predict(known)
    np.testing.assert_allclose(shift, 256, atol=2e-3)


# ---------------------------------------------------------------------------- the input


@pytest.mark.parametrize("sample", [(12,), (12, 1), (4, 3, 1)])
def test_windows_of_any_number_of_axes_may_have_gaps(sample):
    X, y = gappy(n_features=1)
    X = X.reshape(len(X), *sample)
    before = X.copy()
    regressor = CNNLSTMRegressor(
        missing="mask", filters=3, lstm_units=4, epochs=1, random_state=0
    ).fit(X, y)
    assert np.isfinite(regressor.predict(X)).all()
    np.testing.assert_array_equal(X, before)  # nothing was filled in place
    if len(sample) == 3:  # another number of subsequences
        assert np.isfinite(regressor.predict(X[:, 1:])).all()


def test_sequences_of_unequal_length_are_classified_by_their_known_steps():
    rng = np.random.default_rng(0)
    fast = np.arange(80) % 2
    X = np.sin(np.arange(20) * (0.3 + 0.6 * fast[:, None])) + np.zeros((80, 20))
    X += 0.05 * rng.standard_normal(X.shape)
    X[np.arange(20) < rng.integers(1, 11, 80)[:, None]] = NAN  # every one is short
    X = X[..., None]
    classifier = CNNClassifier(missing="mask", epochs=20, random_state=0)
    assert classifier.fit(X[:60], fast[:60]).score(X[60:], fast[60:]) > 0.9
    with pytest.raises(ValueError, match="one sample with a full history"):
        CNNClassifier().fit(X, fast)


def test_rows_before_the_history_are_samples_too():
    series = np.sin(np.arange(40.0))[:, None]
    windows = SlidingWindow(12).fit_transform(series)
    regressor = CNNRegressor(missing="mask", epochs=1, random_state=0)
    predicted = regressor.fit(windows, series[:, 0]).predict(windows)  # no warning
    assert np.isfinite(predicted).all()
    dropped = CNNRegressor(epochs=1, random_state=0).fit(windows[11:], series[11:, 0])
    assert dropped.history_ != regressor.history_


@pytest.mark.parametrize("missing", ["error", "mask"])
def test_infinity_is_an_error_with_or_without_a_mask(missing):
    X, y = gappy()
    X = np.nan_to_num(X)
    X[3, 2, 1] = np.inf
    message = "X must be finite"
    with pytest.raises(ValueError, match=message) as error:
        CNNRegressor(missing=missing).fit(X, y)
    assert "got infinity at sample (row) 3, step 2, feature 1" in str(error.value)
    assert ("except for missing history" in str(error.value)) == (missing == "error")


def test_values_too_large_for_the_network_are_found_among_gaps():
    X, y = gappy()
    X[5, 1] = [NAN, 1e300]
    with pytest.raises(ValueError, match=re.escape("finite in float32")):
        CNNRegressor(missing="mask").fit(X, y)


@pytest.mark.filterwarnings("ignore:X holds overlapping windows")
def test_without_a_mask_a_gap_is_an_error():
    X, y = gappy()
    with pytest.raises(ValueError, match="got NaN at sample"):
        CNNRegressor().fit(X, y)
    fitted = CNNRegressor(epochs=1).fit(np.nan_to_num(X), y)
    with pytest.raises(ValueError, match="got NaN at sample"):
        fitted.set_params(missing="mask").predict(X)  # the network has no mask


def test_an_unknown_way_is_refused():
    X, y = gappy()
    message = "missing must be one of 'error', 'mask': got missing='drop'."
    with pytest.raises(ValueError, match=re.escape(message)):
        CNNRegressor(missing="drop").fit(X, y)


def test_the_tags_say_whether_gaps_are_taken():
    assert not CNNRegressor().__sklearn_tags__().input_tags.allow_nan
    assert CNNRegressor(missing="mask").__sklearn_tags__().input_tags.allow_nan
