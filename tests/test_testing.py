"""Tests of the checks for authors of networks: good ones pass, each fault is named."""

import itertools
import re

import keras
import numpy as np
import pytest
from instances import CLASSIFIERS, REGRESSORS
from keras import layers
from networks import class_name

from skcnnlstm import HybridRegressor
from skcnnlstm.testing import check_network

quick = {"estimator_checks": False, "speed": False}


def build_dense(input_shape, n_outputs, *, output_activation=None, units=4):
    """Build two dense layers."""
    window = keras.Input(input_shape)
    x = layers.Dense(units, name="hidden")(layers.Flatten()(window))
    x = layers.Dense(n_outputs, output_activation, name="output")(x)
    return keras.Model(window, x)


def build_strided(input_shape, n_outputs, *, filters=4):
    """Build a convolution that needs ten steps."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Reshape((*input_shape, 1)[:2]),
            layers.Conv1D(filters, 10, name="conv"),
            layers.Flatten(),
            layers.Dense(n_outputs, name="output"),
        ]
    )


@pytest.mark.heavy
@pytest.mark.parametrize(
    "estimator", [*REGRESSORS, *CLASSIFIERS], ids=lambda one: class_name(one)
)
def test_the_networks_of_this_package_pass(estimator):
    # tests/test_estimator_checks.py runs the checks of scikit-learn.
    params = {name: getattr(estimator, name) for name in estimator._network_names}
    report = check_network(type(estimator), params=params, **quick)
    assert report.n_weights > 0
    assert report.output_shapes["window"] == (None, 24, 2)


@pytest.mark.heavy
@pytest.mark.parametrize("build", [build_dense, build_strided])
def test_a_custom_builder_passes_with_the_checks_of_scikit_learn(build):
    report = check_network(build)
    assert len(set(report.checks)) > 40
    assert report.speed > 0.5


@pytest.mark.heavy
def test_the_report_holds_the_facts_of_the_network_with_several_features():
    report = check_network(build_dense, params={"units": 3}, n_features=4, **quick)
    assert report.n_weights == (24 * 4 + 1) * 3 + (3 + 1) * 3
    assert report.output_shapes["hidden"] == (None, 3)
    assert report.speed is None
    assert report.checks == []


# ----------------------------------------------------------------------------- faults


def sequential(*body):
    """Return a builder of layers that `body` makes for each build."""

    def build_faulty(input_shape, n_outputs):
        window = keras.Input(input_shape)
        x = layers.Flatten()(window)
        for make in body:
            x = make()(x)
        return keras.Model(window, layers.Dense(n_outputs, name="output")(x))

    return build_faulty


class Forgetful(layers.Layer):
    """Is not registered, and forgets its factor."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return self.factor * x


@keras.saving.register_keras_serializable("tests")
class Registered(Forgetful):
    """Is registered, but forgets its factor."""

    def get_config(self):
        return super().get_config()


@keras.saving.register_keras_serializable("tests")
class RandomStart(layers.Layer):
    """Draws its weight from NumPy."""

    def build(self, shape):
        value = keras.initializers.Constant(np.random.default_rng().normal())
        self.factor = self.add_weight(name="factor", shape=(), initializer=value)

    def call(self, x):
        return self.factor * x


@keras.saving.register_keras_serializable("tests")
class Scale(layers.Layer):
    """Multiplies by a weight without naming its initializer."""

    def build(self, shape):
        self.factor = self.add_weight(name="factor", shape=(shape[-1],))

    def call(self, x):
        return self.factor * x


numbers = itertools.count()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda shape, n: keras.Sequential(
                [keras.Input(shape), layers.LSTM(3), layers.Dense(n)]
            ),
            "build must accept input_shape=(24,) and n_outputs=2: got ValueError, ",
        ),
        (
            sequential(lambda: layers.Dense(3)),
            "each layer with weights must have an explicit name, because the "
            "parameters pretrained and frozen refer to names: got 'dense",
        ),
        (
            sequential(lambda: layers.Activation("relu", name=f"a{next(numbers)}")),
            "build must return the same network for the same arguments",
        ),
        (
            sequential(lambda: Forgetful(name="scale")),
            "Register custom layers and functions with keras.saving.register_keras",
        ),
        (
            sequential(lambda: Registered(3.0, name="scale")),
            "in the output between the network and its copy. Let get_config",
        ),
        (
            sequential(lambda: layers.Lambda(lambda x: 2 * x, name="double")),
            "use layers instead of lambdas",
        ),
        (
            sequential(lambda: RandomStart(name="random")),
            "equal seeds must give equal predictions: got a difference of",
        ),
    ],
    ids=["axes", "names", "counter", "class", "config", "lambda", "random"],
)
def test_a_fault_is_named_with_a_remedy(build, message):
    with pytest.raises(AssertionError, match=re.escape(message)):
        check_network(build, **quick)


def test_weights_of_a_layer_that_names_no_initializer_depend_on_the_seed():
    regressor = HybridRegressor.from_builder(sequential(lambda: Scale(name="scale")))
    X, y = np.ones((4, 3)), np.arange(4)
    first, second, other = (
        regressor(random_state=seed).initialize(X, y).model_.get_weights()[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_a_class_that_is_no_network_raises_type_error():
    with pytest.raises(TypeError, match="a subclass of HybridRegressor or"):
        check_network(dict)
