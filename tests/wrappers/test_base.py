"""What every estimator of the suite promises, over all of them."""

import copy
import inspect
import io
import json
import pickle
import random
import re
import subprocess
import sys

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from instances import CLASSIFIERS, REGRESSORS
from scikeras.wrappers import KerasClassifier, KerasRegressor
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_html_repr

from skcnnlstm import (
    CNNClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    LSTMRegressor,
    SlidingWindow,
    make_windows,
)


def named(estimator):
    return type(estimator).__name__


every_regressor = pytest.mark.parametrize("regressor", REGRESSORS, ids=named)
every_classifier = pytest.mark.parametrize("classifier", CLASSIFIERS, ids=named)
every_estimator = pytest.mark.parametrize(
    "estimator", [*REGRESSORS, *CLASSIFIERS], ids=named
)


@pytest.fixture
def labels(windows):
    X, _ = windows
    return np.where(X.mean(axis=1) > 0, "up", "down")


def bend(x):
    return keras.ops.tanh(x)


def tanh(x):
    return -keras.ops.tanh(x)


# -------------------------------------------------------------------- parameters


@every_estimator
def test_each_is_a_scikeras_wrapper(estimator):
    wrapper = KerasClassifier if hasattr(estimator, "class_weight") else KerasRegressor
    assert isinstance(estimator, wrapper)


@every_estimator
def test_every_parameter_is_in_signature_docstring_and_repr(estimator):
    names = set(inspect.signature(type(estimator)).parameters)
    assert names == set(estimator.get_params())
    documented = re.findall(r"^(\w+) :", type(estimator).__doc__, flags=re.M)
    fitted = {name for name in documented if name.endswith("_")}
    assert set(documented) - fitted == names
    assert {"model_", "history_", "n_epochs_", "n_features_in_"} <= fitted
    html = estimator_html_repr(estimator)
    assert all(name in html for name in names)


@every_estimator
def test_parameters_are_keywords_and_nothing_else_is_set(estimator):
    fresh = type(estimator)()
    assert vars(fresh) == fresh.get_params()
    with pytest.raises(TypeError):
        type(estimator)(64)


def test_an_unknown_parameter_is_refused_at_once():
    with pytest.raises(TypeError, match="CNNRegressor got an unknown parameter 'unit'"):
        CNNRegressor(unit=3)
    regressor = CNNRegressor()
    with pytest.raises(ValueError, match="Invalid parameter 'unit' for estimator CNNR"):
        regressor.set_params(filters=3, unit=3)
    assert regressor.filters == 64  # nothing was set


def test_routed_names_work_and_survive_a_clone():
    regressor = CNNRegressor(optimizer__clipnorm=1.0, fit__epochs=2)
    assert regressor.get_params()["optimizer__clipnorm"] == 1.0
    assert clone(regressor).get_params() == regressor.get_params()
    regressor.set_params(optimizer__clipnorm=2.0)
    X, y = make_windows(np.arange(20.0), 4)
    assert regressor.fit(X, y).n_epochs_ == 2


def test_a_routed_warm_start_goes_on(windows):
    regressor = CNNRegressor(filters=2, epochs=1, random_state=0, fit__warm_start=True)
    first = regressor.fit(*windows).history_["loss"]
    assert regressor.fit(*windows).history_["loss"] < first


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be an integer >= 1: got epochs=0."),
        ({"epochs": 2.0}, TypeError, "epochs must be an integer >= 1: got epochs=2.0"),
        ({"batch_size": 0}, ValueError, "batch_size must be an integer >= 1: got"),
        ({"learning_rate": -1.0}, ValueError, "learning_rate must be"),
        ({"validation_fraction": 1.0}, ValueError, "validation_fraction must be"),
        ({"validation_gap": -1}, ValueError, "validation_gap must be an integer >= 0"),
        ({"patience": -1}, ValueError, "patience must be an integer >= 0: got"),
        (
            {"plateau_patience": 0},
            ValueError,
            "plateau_patience must be an integer >= 1: got",
        ),
        ({"keep_best": "loss"}, TypeError, "keep_best must be a boolean: got"),
        ({"shuffle": "no"}, TypeError, "shuffle must be"),
        ({"early_stopping": 1}, TypeError, "early_stopping must be"),
        ({"random_state": "seed"}, TypeError, "random_state must be"),
        ({"random_state": -1}, ValueError, "random_state must be an integer >= 0: got"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be"),
        ({"verbose": "auto"}, TypeError, "verbose must be an integer >= 0: got"),
        ({"epochs": "many"}, TypeError, "epochs must be an integer >= 1: got"),
        (
            {"loss": "least"},
            ValueError,
            "loss must be a name that Keras defines: got loss='least'. Use 'mse', "
            "'mae', 'huber' or 'sparse_categorical_crossentropy', for example.",
        ),
        (
            {"loss": "mse", "loss__delta": 2.0},
            ValueError,
            "loss must accept the settings routed to it: got loss='mse' with "
            "{'delta': 2.0}. Use 'huber' with loss__delta, for example.",
        ),
        (
            {"optimizer": "descent"},
            ValueError,
            "optimizer must be a name that Keras defines: got optimizer='descent'. Use "
            "'adam', 'adamw', 'sgd' or 'rmsprop', for example.",
        ),
        (
            {"optimizer": None},
            TypeError,
            "optimizer must be a Keras optimizer, by name, class or instance: got "
            "optimizer=None. Use 'adam', 'adamw', 'sgd' or 'rmsprop', for example.",
        ),
        (
            {"metrics": ["bogus"]},
            ValueError,
            "metrics must be a name that Keras defines: got metrics='bogus'. Use",
        ),
        (
            {"metrics": [3]},
            TypeError,
            "metrics must be Keras metrics, by name, class, function or instance: got",
        ),
        (
            {"loss": b"mse"},
            TypeError,
            "loss must be a Keras loss, by name, class, function or instance: got "
            "loss=b'mse'. Use 'mse', 'mae', 'huber' or "
            "'sparse_categorical_crossentropy', for example.",
        ),
        (
            {"activation": "bogus"},
            ValueError,
            "activation must be the name of a Keras activation, or a function "
            "registered with keras.saving.register_keras_serializable: got "
            "activation='bogus'. Use 'relu', 'tanh', 'elu', 'gelu' or 'linear', for "
            "example.",
        ),
        ({"activation": np.tanh}, ValueError, "activation must be the name of a Keras"),
        ({"activation": bend}, ValueError, "activation must be the name of a Keras"),
        (
            {"activation": tanh},
            ValueError,
            "activation must be a function that its name leads back to: got "
            f"activation={tanh!r}, whose name leads to {keras.activations.tanh!r}. "
            "Register it with keras.saving.register_keras_serializable, or pass the "
            "one that was registered last by this name.",
        ),
        (
            {"activation": "threshold"},
            ValueError,
            "activation must be a function of one tensor that keeps its shape: got "
            "activation='threshold', which needs more than x. Use 'relu', 'tanh', "
            "'elu', 'gelu' or 'linear', for example.",
        ),
        (
            {"activation": "glu"},
            ValueError,
            "activation must be a function of one tensor that keeps its shape: got "
            "activation='glu', which makes (1, 1) of (1, 2).",
        ),
        (
            {"filters": ()},
            ValueError,
            "filters must have one entry at least: got filters=(). Use an integer, or "
            "a tuple with one integer a layer.",
        ),
        ({"instance_norm": "first"}, ValueError, "instance_norm must be"),
        ({"linear_skip": None}, TypeError, "linear_skip must be"),
        ({"n_targets": 0}, ValueError, "n_targets must be an integer >= 1: got"),
        (
            {"instance_norm": "last", "n_targets": 2},
            ValueError,
            "n_targets must be at most the number of features: got n_targets=2, "
            "n_features=1. instance_norm takes the level of the targets from the first "
            "n_targets features of the window.",
        ),
        (
            {"early_stopping": True, "validation_gap": 60},
            ValueError,
            "early_stopping must leave samples to train on: got 48 samples, 5 of them "
            "held out (validation_fraction=0.1) after validation_gap=60. Give more "
            "samples, or lower validation_fraction or validation_gap.",
        ),
        (
            {"callbacks": [print]},
            TypeError,
            "callbacks must be Keras callbacks, instances or classes: got <built-in "
            "function print>. Derive it from keras.callbacks.Callback.",
        ),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_rule(params, error, message, windows):
    regressor = CNNRegressor(filters=4, epochs=1).set_params(**params)
    with pytest.raises(error, match=re.escape(message)):
        regressor.fit(*windows)
    assert vars(regressor) == regressor.get_params()  # nothing was changed


def test_an_activation_that_only_a_scope_knows_is_refused(windows):
    # The network could not be made again, not even in the scope.
    regressor = CNNRegressor(filters=4, epochs=1, activation=bend)
    with keras.saving.custom_object_scope({"bend": bend}):
        with pytest.raises(ValueError, match="the name of a Keras activation"):
            regressor.fit(*windows)


# ------------------------------------------------------------------- wrong inputs


def bad(X, value, *, at):
    X = np.array(X)
    X[at] = value
    return X


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (bad(X, np.nan, at=(3, 2)), y), "NaN"),
        (lambda X, y: (bad(X, np.inf, at=(3, 2)), y), "infinity"),
        (lambda X, y: (bad(X[..., None], np.nan, at=(3, 2, 0)), y), "NaN"),
        (lambda X, y: (bad(X[..., None], np.nan, at=(3, 11, 0)), y), "NaN"),
        (lambda X, y: (X[:, 0], y), "Reshape your data"),
        (lambda X, y: (X.reshape(*X.shape, 1, 1, 1, 1), y), "X must have"),
        (lambda X, y: (X.astype(complex), y), "Complex data not supported"),
        (lambda X, y: (X.astype(str), y.astype(str)), None),
        (lambda X, y: (X[:0], y[:0]), "0 sample"),
        (
            lambda X, y: (X, y[1:]),
            "X and y must have the same number of samples: got",
        ),
        (lambda X, y: (X, None), "requires y to be passed, but the target y is None"),
        (lambda X, y: (X, bad(y, np.nan, at=3)), "Input y contains NaN"),
        (lambda X, y: (X, y.reshape(-1, 1, 1)), "y must have shape (n_samples,) or"),
        (
            lambda X, y: (np.full((4, 3, 1), [[np.nan], [1.0], [2.0]]), y[:4]),
            "X must hold one sample with a full history (and a weight above zero) at "
            "least: got 4 samples, 4 of them with missing (NaN) first steps. Give more "
            "rows or a smaller window_length.",
        ),
    ],
)
def test_wrong_data_are_refused_and_the_fitted_state_survives(change, message, windows):
    X, y = windows
    regressor = CNNRegressor(filters=4, epochs=1, random_state=0).fit(X, y)
    before = regressor.predict(X)
    with pytest.raises(ValueError, match=message and re.escape(message)):
        regressor.fit(*change(X, y))
    np.testing.assert_array_equal(regressor.predict(X), before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, 1:], "X has 11 features, but CNNRegressor is expecting 12"),
        (
            lambda X: X[..., None],
            "X has samples of shape (12, 1), but CNNRegressor is expecting samples of "
            "shape (12,), as in fit. Make the windows in the same way, or fit again.",
        ),
        (lambda X: bad(X, np.nan, at=(0, 0)), "NaN"),
    ],
)
def test_windows_of_another_kind_are_refused_at_predict(change, message, windows):
    X, y = windows
    regressor = CNNRegressor(filters=4, epochs=1).fit(X, y)
    with pytest.raises(ValueError, match=re.escape(message)):
        regressor.predict(change(X))


@every_estimator
def test_nothing_is_predicted_before_fit(estimator, windows):
    fresh = clone(estimator)
    with pytest.raises(NotFittedError):
        fresh.predict(windows[0])
    assert not hasattr(fresh, "model_")


def test_a_single_class_is_refused(windows):
    X, y = windows
    with pytest.raises(ValueError, match="must see two classes at least: got one"):
        CNNClassifier().fit(X, np.zeros(len(y)))


def test_weights_of_the_wrong_kind_are_refused(windows):
    X, y = windows
    regressor = CNNRegressor(epochs=1)
    for weight, message in [
        (np.ones(3), "sample_weight must have shape (n_samples,): got (3,), X has 48"),
        (np.zeros(48), "sample_weight must have one weight above zero at least"),
        (np.full(48, -1.0), "sample_weight must not be negative: got -1."),
    ]:
        with pytest.raises(ValueError, match=re.escape(message)):
            regressor.fit(X, y, sample_weight=weight)


# ------------------------------------------------------------------ what comes out


@every_regressor
@pytest.mark.parametrize("shape", [(48,), (48, 1), (48, 3)], ids=str)
def test_predictions_have_the_shape_of_the_target(regressor, shape, windows):
    X, _ = windows
    y = np.random.default_rng(0).standard_normal(shape)
    predicted = clone(regressor).fit(X, y).predict(X)
    assert predicted.shape == shape
    assert predicted.dtype == np.float64


@every_classifier
def test_probabilities_sum_to_one_and_name_the_prediction(classifier, windows, labels):
    X, _ = windows
    classifier = clone(classifier).fit(X, labels)
    probabilities = classifier.predict_proba(X)
    assert list(classifier.classes_) == ["down", "up"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    best = classifier.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(classifier.predict(X), best)


@every_estimator
def test_multivariate_windows_are_read(estimator):
    X = np.random.default_rng(0).standard_normal((20, 6, 3))
    y = np.arange(20) % 2
    estimator = clone(estimator).fit(X, y)
    assert estimator.predict(X).shape == (20,)
    assert estimator.n_features_in_ == 6  # the second axis, as scikit-learn counts


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "binary_crossentropy"])
def test_losses_over_one_column_a_class_are_given_such_columns(loss, windows, labels):
    classifier = CNNClassifier(loss=loss, epochs=1, random_state=0)
    assert classifier.fit(windows[0], labels).predict_proba(windows[0]).shape == (48, 2)


@every_estimator
def test_a_fit_that_learns_lowers_its_loss(estimator, windows, labels):
    X, y = windows
    y = labels if hasattr(estimator, "class_weight") else y
    learner = clone(estimator).set_params(epochs=8, learning_rate=0.01)
    loss = learner.fit(X, y).history_["loss"]
    assert loss[-1] < loss[0]
    assert len(loss) == learner.n_epochs_ == 8


# ----------------------------------------------------------------- missing history


@every_regressor
def test_samples_without_full_history_are_left_out_of_fit(regressor):
    rows = np.random.default_rng(0).standard_normal((40, 2))
    X = SlidingWindow(6, context="none").fit_transform(rows)
    y = np.arange(40.0)
    with_prefix = clone(regressor).fit(X, y)
    without = clone(regressor).fit(np.array(X[5:]), y[5:])
    np.testing.assert_array_equal(with_prefix.predict(X[5:]), without.predict(X[5:]))


@every_regressor
def test_missing_history_is_filled_at_predict_with_one_warning(regressor):
    rows = np.random.default_rng(0).standard_normal((40, 2))
    X = SlidingWindow(6, context="none").fit_transform(rows)
    fitted = clone(regressor).fit(X, np.arange(40.0))
    message = (
        "5 of 40 samples have no full history: their missing first steps are filled "
        "with their first known one."
    )
    with pytest.warns(UserWarning, match=re.escape(message)) as caught:
        predicted = fitted.predict(X)
    assert len(caught) == 1
    filled = np.array(X)
    for t in range(5):
        filled[t, : 5 - t] = rows[0]
    np.testing.assert_array_equal(predicted, fitted.predict(filled))


@pytest.mark.filterwarnings("ignore:X holds overlapping windows")
def test_weight_zero_leaves_a_sample_out(windows):
    X, y = windows
    weight = np.ones(len(y))
    weight[::4] = 0
    kept = weight > 0
    regressor = CNNRegressor(filters=4, epochs=2, random_state=0)
    weighted = clone(regressor).fit(X, y, sample_weight=weight).predict(X)
    np.testing.assert_array_equal(weighted, regressor.fit(X[kept], y[kept]).predict(X))


# ---------------------------------------------------------------------- same bits


@every_estimator
def test_the_same_seed_gives_the_same_bits(estimator, windows, labels):
    X, y = windows
    y = labels if hasattr(estimator, "class_weight") else y
    answer = "predict_proba" if hasattr(estimator, "predict_proba") else "predict"
    first = getattr(clone(estimator).fit(X, y), answer)(X)
    again = getattr(clone(estimator).fit(X, y), answer)(X)
    other = clone(estimator).set_params(random_state=1).fit(X, y)
    np.testing.assert_array_equal(first, again)
    assert (getattr(other, answer)(X) != first).any()


def test_a_random_state_instance_gives_each_fit_another_seed(windows):
    X, y = windows
    regressor = LSTMRegressor(lstm_units=4, epochs=1)
    state = np.random.RandomState(3)
    first, second = (
        regressor.set_params(random_state=state).fit(X, y).predict(X) for _ in range(2)
    )
    assert (first != second).any()
    regressor.set_params(random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(regressor.fit(X, y).predict(X), first)


def test_no_global_generator_is_touched(windows):
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
    # With op determinism switched on this raises: it was left off.
    assert tf.random.uniform([], seed=None).shape == ()


@pytest.mark.parametrize("dump", [pickle.dumps, "joblib"], ids=["pickle", "joblib"])
def test_a_fresh_process_predicts_the_same_bits(dump, windows, tmp_path):
    X, y = windows
    regressor = CNNLSTMRegressor(filters=4, epochs=1, random_state=0).fit(X, y)
    path = tmp_path / "regressor"
    if dump == "joblib":
        joblib.dump(regressor, path)
    else:
        path.write_bytes(dump(regressor))
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
    kind = dump if dump == "joblib" else "pickle"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(tmp_path / "X.npy"), kind],
        capture_output=True,
        text=True,
        check=True,
    )
    there = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_array_equal(there[0], regressor.predict(X))
    np.testing.assert_array_equal(there[1], regressor.fit(X, X[:, 0]).predict(X))


@every_estimator
def test_copies_predict_the_same_and_hold_no_keras_object(estimator, windows, labels):
    X, y = windows
    y = labels if hasattr(estimator, "class_weight") else y
    fitted = clone(estimator).fit(X, y)
    assert fitted.model_.count_params() > 0
    expected = fitted.predict(X)
    for twin in (copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(twin.predict(X), expected)
    packages = set()

    class Watching(pickle.Unpickler):
        def find_class(self, module, name):
            packages.add(module.split(".")[0])
            return super().find_class(module, name)

    Watching(io.BytesIO(pickle.dumps(fitted))).load()
    assert packages <= {"skcnnlstm", "numpy", "builtins", "copyreg"}


def test_model_is_a_network_of_the_estimators_own(windows):
    X, y = windows
    regressor = CNNLSTMRegressor(filters=4, epochs=1, random_state=0).fit(X, y)
    keras_says = regressor.model_(np.array(X, np.float32)).numpy()[:, 0]
    np.testing.assert_allclose(keras_says, regressor.predict(X), rtol=1e-5, atol=1e-6)
    regressor.model_.set_weights([w * 0 for w in regressor.model_.get_weights()])
    other = CNNLSTMRegressor(filters=4, epochs=1, random_state=0).fit(X, y)
    np.testing.assert_array_equal(other.predict(X), regressor.predict(X))


# ------------------------------------------------------------------- going on


@every_regressor
def test_set_params_after_fit_changes_the_next_fit_only(regressor, windows):
    X, y = windows
    fitted = clone(regressor).fit(X, y)
    before = fitted.predict(X)
    fitted.set_params(epochs=1, random_state=7)
    np.testing.assert_array_equal(fitted.predict(X), before)
    assert fitted.fit(X, y).n_epochs_ == 1


def test_classes_of_a_partial_fit_are_named_once(windows, labels):
    X, _ = windows
    classifier = CNNClassifier(filters=4, random_state=0)
    few = labels == "up"
    classifier.partial_fit(X[few], labels[few], classes=["down", "up"])
    classifier.partial_fit(X, labels)
    assert classifier.predict_proba(X).shape == (48, 2)
    assert len(classifier.history_["loss"]) == 2
    with pytest.raises(ValueError, match="classes must be those of the first partial"):
        classifier.partial_fit(X, labels, classes=["down", "up", "still"])
    with pytest.raises(ValueError, match="y must hold classes of the first fit only"):
        classifier.partial_fit(X, np.where(few, "up", "sideways"))


def test_partial_fit_refuses_another_network(windows):
    X, y = windows
    regressor = CNNRegressor(filters=4, random_state=0).partial_fit(X, y)
    with pytest.raises(ValueError, match="partial_fit must go on with the network"):
        regressor.partial_fit(X, np.c_[y, y])
    regressor.set_params(filters=5)
    with pytest.raises(ValueError, match="Call fit to start anew"):
        regressor.partial_fit(X, y)


def test_a_warm_start_with_other_classes_starts_anew(windows, labels):
    X, _ = windows
    classifier = CNNClassifier(filters=4, epochs=1, warm_start=True, random_state=0)
    classifier.fit(X, labels)
    with pytest.warns(UserWarning, match="warm_start begins anew"):
        classifier.fit(X, np.where(labels == "up", 1, 2))
    assert classifier.classes_.tolist() == [1, 2]
    fresh = CNNClassifier(filters=4, epochs=1, random_state=0)
    fresh.fit(X, np.where(labels == "up", 1, 2))
    np.testing.assert_array_equal(classifier.predict(X), fresh.predict(X))


@pytest.mark.filterwarnings("ignore:y is not scaled")
def test_a_fit_whose_last_step_leaves_the_numbers_is_refused(windows):
    X, y = windows
    runaway = CNNRegressor(
        optimizer="sgd", learning_rate=1e38, epochs=1, batch_size=-1, random_state=0
    )
    with pytest.raises(ValueError, match="got weights that are not finite in epoch 1"):
        runaway.fit(X, y * 1e3)
    assert not runaway.initialized_


def test_a_validation_loss_that_is_not_finite_is_named(windows):
    X, y = windows
    regressor = CNNRegressor(epochs=1, early_stopping=True, random_state=0)
    with pytest.raises(ValueError, match="must stay finite: got val_loss=inf in epoch"):
        regressor.fit(X, np.r_[y[:-1], 3e38])


@every_estimator
def test_numpy_integers_are_integers(estimator, windows, labels):
    X, y = windows
    y = labels if hasattr(estimator, "class_weight") else y
    params = {
        name: np.int64(value)
        for name, value in estimator.get_params().items()
        if type(value) is int
    }
    assert {"epochs", "batch_size"} <= set(params)
    fitted = clone(estimator).set_params(**params).fit(X, y)
    np.testing.assert_array_equal(
        fitted.predict(X), clone(estimator).fit(X, y).predict(X)
    )


@every_regressor
def test_windows_of_a_single_step_train_without_a_warning(regressor, windows):
    X, y = windows
    assert clone(regressor).fit(X[:, :1], y).predict(X[:, :1]).shape == y.shape


def test_an_optimizer_class_of_the_users_own_is_taken(windows):
    class Careful(keras.optimizers.SGD):
        pass

    by_class = CNNRegressor(optimizer=Careful, epochs=1, random_state=0).fit(*windows)
    by_name = CNNRegressor(optimizer="sgd", epochs=1, random_state=0).fit(*windows)
    np.testing.assert_array_equal(
        by_class.predict(windows[0]), by_name.predict(windows[0])
    )


def test_early_stopping_needs_a_sample_of_each_class_on_both_sides(windows):
    X, _ = windows
    y = np.r_[np.zeros(47), 1]
    with pytest.raises(ValueError, match="early_stopping must hold out a sample"):
        CNNClassifier(early_stopping=True, epochs=1).fit(X, y)


@pytest.mark.parametrize("name", ["fit__epoch", "model__units", "predict__epochs"])
def test_a_routed_name_that_leads_nowhere_is_refused(name):
    with pytest.raises(TypeError, match=f"unknown parameter '{name}'"):
        CNNRegressor(**{name: 1})


@pytest.mark.parametrize("verbose", [1, 2])
def test_verbose_shows_the_epochs(verbose, windows, capsys):
    CNNRegressor(filters=4, epochs=2, verbose=verbose, random_state=0).fit(*windows)
    shown = capsys.readouterr().out
    assert "Epoch 2/2" in shown
    assert "loss" in shown


def test_initialize_draws_weights_without_training(windows):
    X, y = windows
    regressor = CNNRegressor(filters=4, random_state=0)
    assert not regressor.initialized_
    regressor.initialize(X, y)
    assert regressor.initialized_
    assert regressor.n_epochs_ == 0
    assert regressor.predict(X).shape == y.shape


def test_frames_give_their_names(windows):
    X, y = windows
    frame = pd.DataFrame(X, columns=[f"lag_{i}" for i in range(12)])
    regressor = CNNRegressor(filters=4, epochs=1, random_state=0).fit(frame, y)
    assert list(regressor.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        regressor.predict(frame[frame.columns[::-1]])
    assert not hasattr(regressor.fit(X, y), "feature_names_in_")


def test_targets_of_several_lengths_are_refused_in_our_words():
    X, _ = make_windows(np.arange(20.0), 4)
    ragged = pd.Series([[1.0], [1.0, 2.0]] * 8)
    with pytest.raises(ValueError, match="y must hold one number a target: got seq"):
        CNNRegressor(epochs=1).fit(X, ragged)
