"""Tests of HybridRegressor over all regressors."""

import numpy as np
import pytest
from instances import REGRESSORS
from networks import check_fit_raises, class_name
from sklearn.base import clone
from sklearn.metrics import r2_score

from skcnnlstm import CNNRegressor, SlidingWindow

every_regressor = pytest.mark.parametrize("regressor", REGRESSORS, ids=class_name)


@every_regressor
@pytest.mark.parametrize("shape", [(48,), (48, 1), (48, 3)], ids=str)
def test_predictions_have_the_shape_of_the_target(regressor, shape, windows):
    X, _ = windows
    y = np.random.default_rng(0).standard_normal(shape)
    predicted = clone(regressor).fit(X, y).predict(X)
    assert predicted.shape == shape
    assert predicted.dtype == np.float64


@every_regressor
def test_samples_with_missing_history_are_left_out_of_fit(regressor):
    rows = np.random.default_rng(0).standard_normal((40, 2))
    X = SlidingWindow(6, context="none").fit_transform(rows)
    y = np.arange(40.0)
    with_missing = clone(regressor).fit(X, y)
    complete = clone(regressor).fit(np.array(X[5:]), y[5:])
    np.testing.assert_array_equal(with_missing.predict(X[5:]), complete.predict(X[5:]))


@every_regressor
def test_predict_fills_missing_history_with_one_warning(regressor):
    rows = np.random.default_rng(0).standard_normal((40, 2))
    X = SlidingWindow(6, context="none").fit_transform(rows)
    fitted = clone(regressor).fit(X, np.arange(40.0))
    message = (
        "^5 of 40 samples have no full history: their missing first steps are filled "
        r"with the first known step\. SlidingWindow can use"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        predicted = fitted.predict(X)
    assert len(caught) == 1
    filled = np.array(X)
    for t in range(5):
        filled[t, : 5 - t] = rows[0]
    np.testing.assert_array_equal(predicted, fitted.predict(filled))


@every_regressor
def test_set_params_after_fit_changes_only_the_next_fit(regressor, windows):
    X, y = windows
    fitted = clone(regressor).fit(X, y)
    before = fitted.predict(X)
    fitted.set_params(epochs=1, random_state=7)
    np.testing.assert_array_equal(fitted.predict(X), before)
    assert fitted.fit(X, y).n_epochs_ == 1


@every_regressor
def test_windows_of_one_step_train_without_a_warning(regressor, windows):
    X, y = windows
    assert clone(regressor).fit(X[:, :1], y).predict(X[:, :1]).shape == y.shape


def test_auto_means_no_linear_skip_outside_a_forecaster(windows):
    regressor = CNNRegressor(filters=2, epochs=1, random_state=0).fit(*windows)
    assert regressor.linear_skip == "auto"
    assert "linear_skip" not in {layer.name for layer in regressor.model_.layers}


def test_score_is_r2(windows):
    X, y = windows
    regressor = CNNRegressor(filters=2, epochs=2, random_state=0).fit(X, y)
    assert regressor.score(X, y) == r2_score(y, regressor.predict(X))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"loss": "sparse_categorical_crossentropy"},
            "loss must be a loss for regression: got "
            "loss='sparse_categorical_crossentropy', which compares class codes. Use "
            "'mse' or 'mae', or a classifier.",
        ),
        (
            {"early_stopping": True, "validation_gap": 60},
            "early_stopping must leave samples to train on: got 48 samples, of which 5 "
            "are held out (validation_fraction=0.1) and 60 left out "
            "(validation_gap=60). Use more samples, or lower validation_fraction or "
            "validation_gap.",
        ),
    ],
)
def test_invalid_parameters_raise_value_error(params, message, windows):
    regressor = CNNRegressor(filters=4, epochs=1).set_params(**params)
    check_fit_raises(regressor, ValueError, message, *windows)


def test_partial_fit_with_another_network_raises_value_error(windows):
    X, y = windows
    regressor = CNNRegressor(filters=4, random_state=0).partial_fit(X, y)
    message = (
        "^partial_fit must continue with the fitted network: got other network "
        r"parameters, or another number of targets\. Call fit to train a new network\.$"
    )
    with pytest.raises(ValueError, match=message):
        regressor.partial_fit(X, np.c_[y, y])
    regressor.set_params(filters=5)
    with pytest.raises(ValueError, match=message):
        regressor.partial_fit(X, y)
