"""Tests of the validation of training parameters."""

import keras
import numpy as np
import pytest
from instances import CLASSIFIERS, REGRESSORS
from networks import check_fit_raises, class_name
from sklearn.base import clone

from skcnnlstm import CNNRegressor, LSTMRegressor
from skcnnlstm.wrappers.settings import (
    as_list,
    batch_size,
    check_settings,
    checkpoint_settings,
    draw_seed,
    optimizer_settings,
)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be an integer >= 1: got epochs=0."),
        ({"epochs": 2.0}, TypeError, "epochs must be an integer >= 1: got epochs=2.0"),
        ({"epochs": "many"}, TypeError, "epochs must be an integer >= 1: got epochs="),
        ({"batch_size": 0}, ValueError, "batch_size must be an integer >= 1: got"),
        (
            {"batch_size": 2**31},
            ValueError,
            "batch_size must be at most 2147483647 (2**31 - 1): got "
            "batch_size=2147483648. Use batch_size=-1 for all samples in one batch.",
        ),
        ({"batch_size": 2**63}, ValueError, "batch_size must be at most 2147483647"),
        ({"learning_rate": -1.0}, ValueError, "learning_rate must be"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be"),
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
        ({"verbose": "auto"}, TypeError, "verbose must be an integer >= 0: got"),
        (
            {"checkpoint": 3},
            TypeError,
            "checkpoint must be the path of a folder, or None: got checkpoint=3. Use "
            "a string or a pathlib.Path.",
        ),
        ({"random_state": "seed"}, TypeError, "random_state must be"),
        ({"random_state": -1}, ValueError, "random_state must be an integer >= 0: got"),
    ],
)
def test_invalid_training_parameters_raise_an_error(params, error, message, windows):
    regressor = CNNRegressor(filters=4, epochs=1).set_params(**params)
    check_fit_raises(regressor, error, message, *windows)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"loss": "least"}, ValueError, "loss must .* got loss='least'"),
        (
            {"loss": "mse", "loss__delta": 2.0},
            ValueError,
            "loss must .* got loss='mse' with the settings {'delta'",
        ),
        ({"loss": b"mse"}, TypeError, "loss must .* got loss=b'mse'"),
        ({"optimizer": "descent"}, ValueError, "optimizer must .* got optimizer='desc"),
        ({"optimizer": None}, TypeError, "optimizer must .* got optimizer=None"),
        ({"metrics": ["bogus"]}, ValueError, "metrics must .* got metrics='bogus'"),
        ({"metrics": [3]}, TypeError, "metrics must .* got the metric 3"),
        ({"callbacks": [print]}, TypeError, "callbacks must .* <built-in function pri"),
    ],
)
def test_invalid_keras_objects_raise_an_error(params, error, message, windows):
    regressor = CNNRegressor(filters=4, epochs=1).set_params(**params)
    with pytest.raises(error, match=f"^{message}"):
        regressor.fit(*windows)
    assert vars(regressor) == regressor.get_params()


def test_numpy_numbers_become_python_numbers():
    params = CNNRegressor(epochs=np.int8(3), validation_fraction=np.float32(0.5))
    settings = check_settings(params.get_params())
    assert type(settings["epochs"]) is int
    assert type(settings["validation_fraction"]) is float


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CLASSIFIERS], ids=class_name)
def test_numpy_integers_train_as_python_integers(estimator, windows):
    X, y = windows
    y = y > 0
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


def test_batch_size_minus_one_is_the_number_of_samples():
    assert batch_size({"batch_size": -1}, [1, 2, 3]) == 3
    assert batch_size({"batch_size": 2}, [1, 2, 3]) == 2


def test_checkpoint_settings_change_with_every_setting_of_the_training():
    settings = check_settings(CNNRegressor(epochs=3).get_params())
    settings |= {"decays": False}  # as `resolve_training` adds
    for name in ("epochs", "patience", "validation_gap", "decays", "standardize"):
        changed = settings | {name: settings[name] + 1}
        assert checkpoint_settings(changed) != checkpoint_settings(settings)
    silent = settings | {"verbose": 1}
    assert checkpoint_settings(silent) == checkpoint_settings(settings)


DEFAULTS = {"optimizer__global_clipnorm": 10.0}


@pytest.mark.parametrize(
    ("optimizer", "routed", "expected"),
    [
        ("adam", {"global_clipnorm": 10.0}, {"global_clipnorm": 10.0}),
        ("adam", {"global_clipnorm": None}, {"global_clipnorm": None}),
        # The user's way of clipping replaces the default of the class.
        ("adam", {"global_clipnorm": 10.0, "clipvalue": 1.0}, {"clipvalue": 1.0}),
        # An instance keeps its settings; explicit ones are passed on and rejected.
        (keras.optimizers.Adam(), {"global_clipnorm": 10.0}, {}),
        (keras.optimizers.Adam(), {"global_clipnorm": 3.0}, {"global_clipnorm": 3.0}),
    ],
)
def test_class_defaults_apply_to_optimizers_by_name(optimizer, routed, expected):
    settings = {"optimizer": optimizer, "learning_rate": None}
    assert optimizer_settings(settings, routed, DEFAULTS) == expected


def test_a_learning_rate_is_passed_to_the_optimizer():
    settings = {"optimizer": "adam", "learning_rate": 0.5}
    assert optimizer_settings(settings, {}, {}) == {"learning_rate": 0.5}


def test_draw_seed_returns_integers_and_new_ones_for_none():
    assert draw_seed(np.int64(3)) == 3
    assert draw_seed(None) != draw_seed(None)
    state = np.random.RandomState(3)
    assert draw_seed(state) != draw_seed(state)


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


def test_a_user_defined_optimizer_class_is_accepted(windows):
    class UserSGD(keras.optimizers.SGD):
        pass

    by_class = CNNRegressor(optimizer=UserSGD, epochs=1, random_state=0).fit(*windows)
    by_name = CNNRegressor(optimizer="sgd", epochs=1, random_state=0).fit(*windows)
    np.testing.assert_array_equal(
        by_class.predict(windows[0]), by_name.predict(windows[0])
    )


@pytest.mark.parametrize(
    ("value", "expected"), [(None, []), ("mae", ["mae"]), (("a", "b"), ["a", "b"])]
)
def test_as_list_returns_a_list(value, expected):
    assert as_list(value) == expected
