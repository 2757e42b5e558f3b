"""Tests of fit, predict and the fitted state over all network estimators."""

import copy
import io
import json
import pickle
import random
import re
import subprocess
import sys

import joblib
import numpy as np
import pytest
import tensorflow as tf
from instances import CLASSIFIERS, REGRESSORS
from networks import class_name
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError

from skcnnlstm import CNNLSTMRegressor, CNNRegressor

every_estimator = pytest.mark.parametrize(
    "estimator", [*REGRESSORS, *CLASSIFIERS], ids=class_name
)


# ------------------------------------------------------------------------------ fit


@every_estimator
def test_training_lowers_the_loss(estimator, windows, labels):
    X, y = windows
    y = labels if is_classifier(estimator) else y
    fitted = clone(estimator).set_params(epochs=8, learning_rate=0.01).fit(X, y)
    loss = fitted.history_["loss"]
    assert loss[-1] < loss[0]
    assert len(loss) == fitted.n_epochs_ == 8


@every_estimator
def test_windows_of_several_features_are_accepted(estimator):
    X = np.random.default_rng(0).standard_normal((20, 6, 3))
    y = np.arange(20) % 2
    estimator = clone(estimator).fit(X, y)
    assert estimator.predict(X).shape == (20,)
    assert estimator.n_features_in_ == 6  # the length of the second axis


def test_initialize_draws_weights_without_training(windows):
    X, y = windows
    regressor = CNNRegressor(filters=4, random_state=0)
    assert not regressor.initialized_
    regressor.initialize(X, y)
    assert regressor.initialized_
    assert regressor.n_epochs_ == 0
    assert regressor.predict(X).shape == y.shape


@pytest.mark.parametrize("verbose", [1, 2])
def test_verbose_prints_the_epochs(verbose, windows, capsys):
    CNNRegressor(filters=4, epochs=2, verbose=verbose, random_state=0).fit(*windows)
    output = capsys.readouterr().out
    assert "Epoch 2/2" in output
    assert "loss" in output


@pytest.mark.filterwarnings("ignore:y is not scaled")
def test_weights_that_become_infinite_in_the_last_step_raise_value_error(windows):
    X, y = windows
    diverging = CNNRegressor(
        optimizer="sgd",
        learning_rate=1e38,
        epochs=1,
        batch_size=-1,
        standardize=False,
        random_state=0,
    )
    with pytest.raises(ValueError, match="weights that are not finite"):
        diverging.fit(X, y * 1e3)
    assert not diverging.initialized_


def test_an_infinite_validation_loss_raises_value_error(windows):
    X, y = windows
    regressor = CNNRegressor(
        epochs=1, early_stopping=True, standardize=False, random_state=0
    )
    message = "must stay finite in training: got val_loss=inf"
    with pytest.raises(ValueError, match=message):
        regressor.fit(X, np.r_[y[:-1], 3e38])


# -------------------------------------------------------------------------- predict


@every_estimator
def test_predict_before_fit_raises_not_fitted_error(estimator, windows):
    unfitted = clone(estimator)
    with pytest.raises(NotFittedError):
        unfitted.predict(windows[0])
    assert not hasattr(unfitted, "model_")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, 1:], "X has 11 features, but CNNRegressor is expecting 12"),
        (
            lambda X: X[..., None],
            "X has samples of shape (12, 1), but CNNRegressor is expecting samples of "
            "shape (12,), as in fit. Build the windows as for fit, or fit again.",
        ),
        (lambda X: np.where(X == X[0, 0], np.nan, X), "NaN"),
    ],
)
def test_predict_rejects_windows_of_another_shape_and_nan(change, message, windows):
    X, y = windows
    regressor = CNNRegressor(filters=4, epochs=1).fit(X, y)
    with pytest.raises(ValueError, match=re.escape(message)):
        regressor.predict(change(X))


def test_changes_to_model_do_not_change_the_estimator(windows):
    X, y = windows
    regressor = CNNLSTMRegressor(filters=4, epochs=1, random_state=0).fit(X, y)
    output = regressor.model_(np.array(X, np.float32)).numpy()[:, 0]
    before = regressor.predict(X)
    np.testing.assert_allclose(output, before, rtol=1e-5, atol=1e-6)
    regressor.model_.set_weights([w * 0 for w in regressor.model_.get_weights()])
    np.testing.assert_array_equal(regressor.predict(X), before)
    refitted = CNNLSTMRegressor(filters=4, epochs=1, random_state=0).fit(X, y)
    np.testing.assert_array_equal(refitted.predict(X), before)


# -------------------------------------------------------------------- random numbers


@every_estimator
def test_equal_seeds_give_bit_identical_predictions(estimator, windows, labels):
    X, y = windows
    y = labels if is_classifier(estimator) else y
    method = "predict_proba" if is_classifier(estimator) else "predict"
    first = getattr(clone(estimator).fit(X, y), method)(X)
    second = getattr(clone(estimator).fit(X, y), method)(X)
    other = clone(estimator).set_params(random_state=1).fit(X, y)
    np.testing.assert_array_equal(first, second)
    assert (getattr(other, method)(X) != first).any()


def test_fit_does_not_change_global_random_generators(windows):
    tf.random.set_seed(5)
    np.random.seed(5)
    random.seed(5)
    generator = tf.random.get_global_generator().state.numpy()
    numpy_state, python_state = np.random.get_state(), random.getstate()
    CNNLSTMRegressor(filters=7, dropout=0.2, epochs=1, random_state=0).fit(*windows)
    CNNLSTMRegressor(filters=7, epochs=1, random_state=None).fit(*windows)
    assert random.getstate() == python_state
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state[1])
    np.testing.assert_array_equal(
        tf.random.get_global_generator().state.numpy(), generator
    )
    # This raises if op determinism is enabled.
    assert tf.random.uniform([], seed=None).shape == ()


# ------------------------------------------------------------------ pickle and clone


@pytest.mark.heavy
@pytest.mark.parametrize("library", ["pickle", "joblib"])
def test_another_process_predicts_and_fits_bit_identically(library, windows, tmp_path):
    X, y = windows
    regressor = CNNLSTMRegressor(filters=4, epochs=1, random_state=0).fit(X, y)
    path = tmp_path / "regressor"
    if library == "joblib":
        joblib.dump(regressor, path)
    else:
        path.write_bytes(pickle.dumps(regressor))
    np.save(tmp_path / "X.npy", X)
    script = (
        "import joblib, json, numpy as np, pickle, sys\n"
        "path, X = sys.argv[1], np.load(sys.argv[2])\n"
        "load = joblib.load if sys.argv[3] == 'joblib' else "
        "lambda p: pickle.load(open(p, 'rb'))\n"
        "regressor = load(path)\n"
        "print(json.dumps([regressor.predict(X).tolist(), "
        "regressor.fit(X, X[:, 0]).predict(X).tolist()]))"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(path), str(tmp_path / "X.npy"), library],
        capture_output=True,
        text=True,
        check=True,
    )
    predicted, refitted = json.loads(process.stdout.splitlines()[-1])
    np.testing.assert_array_equal(predicted, regressor.predict(X))
    np.testing.assert_array_equal(refitted, regressor.fit(X, X[:, 0]).predict(X))


@every_estimator
def test_copies_predict_bit_identically_and_hold_no_keras_object(
    estimator, windows, labels
):
    X, y = windows
    y = labels if is_classifier(estimator) else y
    fitted = clone(estimator).fit(X, y)
    assert fitted.model_.count_params() > 0
    expected = fitted.predict(X)
    for duplicate in (copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(duplicate.predict(X), expected)
    packages = set()

    class RecordingUnpickler(pickle.Unpickler):
        def find_class(self, module, name):
            packages.add(module.split(".")[0])
            return super().find_class(module, name)

    RecordingUnpickler(io.BytesIO(pickle.dumps(fitted))).load()
    assert packages <= {"skcnnlstm", "numpy", "builtins", "copyreg"}
