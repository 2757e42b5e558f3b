"""Tests of the generated signatures, docstrings and parameter methods."""

import inspect
import pickle
import re

import keras
import numpy as np
import pytest
from instances import CLASSIFIERS, REGRESSORS
from joblib import wrap_non_picklable_objects
from networks import class_name
from sklearn.base import clone
from sklearn.utils import estimator_html_repr

from skcnnlstm import (
    CNNRegressor,
    HybridClassifier,
    HybridRegressor,
    make_windows,
)

every_estimator = pytest.mark.parametrize(
    "estimator", [*REGRESSORS, *CLASSIFIERS], ids=class_name
)


@every_estimator
def test_signature_docstring_and_repr_list_the_same_parameters(estimator):
    names = set(inspect.signature(type(estimator)).parameters)
    assert names == set(estimator.get_params())
    documented = re.findall(r"^(\w+) :", type(estimator).__doc__, flags=re.M)
    fitted = {name for name in documented if name.endswith("_")}
    assert set(documented) - fitted == names
    assert {"model_", "history_", "n_epochs_", "n_features_in_"} <= fitted
    html = estimator_html_repr(estimator)
    assert all(name in html for name in names)


@every_estimator
def test_class_and_init_have_the_same_signature_of_keyword_parameters(estimator):
    cls = type(estimator)
    _, *parameters = inspect.signature(cls.__init__).parameters.values()
    assert parameters == list(inspect.signature(cls).parameters.values())
    assert {p.kind for p in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    assert all(p.default is not inspect.Parameter.empty for p in parameters)


@every_estimator
def test_init_sets_the_parameters_and_nothing_else(estimator):
    new = type(estimator)()
    assert vars(new) == new.get_params()
    with pytest.raises(TypeError):
        type(estimator)(64)


def test_a_subclass_gets_the_parameters_and_docstring_of_its_builder():
    def build_dense(input_shape, n_outputs, *, units=3):
        """Build one layer.

        Parameters
        ----------
        units : int, default=3
            Units of the layer.
        """
        window = keras.Input(input_shape)
        x = keras.layers.Dense(units, name="hidden")(window)
        return keras.Model(window, keras.layers.Dense(n_outputs, name="output")(x))

    class DenseRegressor(HybridRegressor, build=build_dense, defaults={"epochs": 2}):
        """Forecast with a dense layer."""

    parameters = inspect.signature(DenseRegressor).parameters
    assert parameters["units"].default == 3
    assert parameters["epochs"].default == 2
    assert "units : int, default=3\n    Units of the layer." in DenseRegressor.__doc__
    assert 'epochs : int or "auto", default=2\n' in DenseRegressor.__doc__
    X, y = make_windows(np.arange(20.0), 4)
    regressor = DenseRegressor(units=5).fit(X / 20, y / 20)
    assert regressor.n_epochs_ == 2
    assert regressor.model_.get_layer("hidden").units == 5


def build_flat(input_shape, n_outputs, *, output_activation=None, units=3):
    window = keras.Input(input_shape)
    x = keras.layers.Dense(units, name="hidden")(keras.layers.Flatten()(window))
    x = keras.layers.Dense(n_outputs, output_activation, name="output")(x)
    return keras.Model(window, x)


FlatRegressor = HybridRegressor.from_builder(build_flat)


def test_a_class_from_a_builder_is_named_after_it_and_can_be_pickled(windows):
    X, y = windows
    assert repr(FlatRegressor(units=5)) == "FlatRegressor(units=5)"
    assert FlatRegressor.__module__ == build_flat.__module__
    assert FlatRegressor.__doc__.startswith("Train the network of `build_flat`.\n")
    assert "epochs : int or" in FlatRegressor.__doc__
    fitted = FlatRegressor(epochs=1, random_state=0).fit(X, y)
    copied = pickle.loads(pickle.dumps(wrap_non_picklable_objects(fitted)))
    np.testing.assert_array_equal(copied.predict(X), fitted.predict(X))
    classifier = HybridClassifier.from_builder(
        build_flat, name="Trial", defaults={"epochs": 2}
    )
    assert classifier.__name__ == "Trial"
    assert classifier().fit(X, y > 0).n_epochs_ == 2


@pytest.mark.parametrize("base", [HybridRegressor, HybridClassifier])
def test_a_base_class_has_no_network_and_cannot_be_instantiated(base):
    message = f"{base.__name__} must have a network to train: got a class without a"
    with pytest.raises(TypeError, match=message):
        base(epochs=3)


def test_unknown_parameters_raise_an_error_and_set_nothing():
    with pytest.raises(TypeError, match="CNNRegressor got an unknown parameter 'unit'"):
        CNNRegressor(unit=3)
    regressor = CNNRegressor()
    with pytest.raises(ValueError, match="Invalid parameter 'unit' for estimator CNNR"):
        regressor.set_params(filters=3, unit=3)
    assert regressor.filters == 64


@pytest.mark.parametrize("name", ["fit__epoch", "model__units", "predict__epochs"])
def test_routed_names_of_unknown_parameters_raise_type_error(name):
    with pytest.raises(TypeError, match=f"unknown parameter '{name}'"):
        CNNRegressor(**{name: 1})


def test_routed_parameters_are_used_and_cloned():
    regressor = CNNRegressor(optimizer__clipnorm=1.0, fit__epochs=2)
    assert regressor.get_params()["optimizer__clipnorm"] == 1.0
    assert clone(regressor).get_params() == regressor.get_params()
    regressor.set_params(optimizer__clipnorm=2.0)
    X, y = make_windows(np.arange(20.0), 4)
    assert regressor.fit(X, y).n_epochs_ == 2


def test_a_routed_warm_start_continues_the_previous_fit(windows):
    regressor = CNNRegressor(filters=2, epochs=1, random_state=0, fit__warm_start=True)
    first = regressor.fit(*windows).history_["loss"]
    assert regressor.fit(*windows).history_["loss"] < first
