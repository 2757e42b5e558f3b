"""Tests of the rules for network builders, and of the names of their layers."""

import re

import keras
import numpy as np
import pytest
from keras import layers
from user_errors import check_error

from skcnnlstm import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.builder import call_builder, check_builder


def build_blog(input_shape, n_outputs, *, units=4):
    """Build the network of a blog, without any name."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Reshape((*input_shape, 1)[:2]),
            layers.Bidirectional(layers.LSTM(units, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(units)),
            layers.LSTM(units),
            layers.Dense(units, name="dense_1000"),
            layers.Dense(n_outputs),
        ]
    )


def without_input(input_shape, n_outputs, *, units=4):
    return keras.Sequential([layers.Flatten(), layers.Dense(n_outputs)])


# ---------------------------------------------------------------------------- rules


def of_units(input_shape, n_outputs, units=3):
    """Have a parameter that is not keyword-only."""


def of_any(input_shape, n_outputs, **params):
    """Have any parameter."""


def of_shape(input_shape, *, units=3):
    """Have no number of outputs."""


def without_default(input_shape, n_outputs, *, units):
    """Have a parameter without default."""


def of_epochs(input_shape, n_outputs, *, epochs=3):
    """Have a parameter of training."""


@pytest.mark.parametrize(
    ("build", "message"),
    [
        ("cnn", "build must be a function that returns a keras.Model: got 'cnn'."),
        (keras.Model, "build must be a function that returns a keras.Model: got"),
        (
            of_units,
            "build must take only keyword-only parameters after the first two: got "
            "of_units(input_shape, n_outputs, units=3), in which these parameters are "
            "not keyword-only: units. Write a * after the second parameter, and name "
            "each parameter instead of using *args or **kwargs: "
            "def build_network(input_shape, n_outputs, *, units=32).",
        ),
        (of_any, "are not keyword-only: **params. Write a * after the second"),
        (
            of_shape,
            "build must take the shape of a window and the number of outputs: got "
            "of_shape(input_shape, *, units=3). Use def build_network(",
        ),
        (
            without_default,
            "build must have a default for each keyword-only parameter: got "
            "without_default(input_shape, n_outputs, *, units). Give units a default.",
        ),
        (of_epochs, "where epochs is a shared parameter. Rename epochs."),
    ],
)
def test_a_function_that_is_no_builder_raises_type_error(build, message):
    with pytest.raises(TypeError, match=re.escape(message)) as raised:
        HybridRegressor.from_builder(build)
    check_error(raised.value)


def test_the_builder_of_a_classifier_needs_the_activation_of_the_output():
    message = "Add output_activation=None after the *, and use it in the last layer"
    with pytest.raises(TypeError, match=re.escape(message)):

        class BlogClassifier(HybridClassifier, build=build_blog):
            pass


def test_a_builder_without_parameters_is_accepted():
    check_builder(lambda input_shape, n_outputs: None, ["epochs"])


# ------------------------------------------------------------------------- networks


def compiled(input_shape, n_outputs):
    network = build_blog(input_shape, n_outputs)
    network.compile("adam", "mse")
    return network


class Subclassed(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda shape, n: None, TypeError, "must return a keras.Model: got NoneType"),
        (compiled, ValueError, "got a compiled model from compiled. Remove compile("),
        (
            lambda shape, n: build_blog(shape, n + 1),
            ValueError,
            "got [(None, 12, 1), (None, 3)] from <lambda>, expected [(None, 12, 1), "
            "(None, 2)]. Begin with keras.Input(input_shape) and end with "
            "keras.layers.Dense(n_outputs)",
        ),
        (
            lambda shape, n: Subclassed(),
            TypeError,
            "must return a functional or sequential model: got Subclassed",
        ),
    ],
    ids=["nothing", "compiled", "wide", "subclassed"],
)
def test_what_is_no_network_raises(build, error, message):
    with pytest.raises(error, match=re.escape(message)) as raised:
        call_builder(build, (12, 1), 2)
    check_error(raised.value)


def test_a_sequential_model_without_an_input_is_built_for_the_shape():
    network = call_builder(without_input, (12, 1), 2)
    assert network.input_shape == (None, 12, 1)
    assert network.output_shape == (None, 2)
    assert network.name == "without_input"


def test_layers_without_names_get_names_that_do_not_depend_on_earlier_layers():
    texts = []
    for _ in range(2):
        network = call_builder(build_blog, (12, 1), 2)
        texts.append(network.to_json())
        layers.Dense(3)  # advances the counter in automatic names
    assert texts[0] == texts[1]
    assert network.name == "blog"
    names = [layer.name for layer in network.layers if layer.weights]
    assert names == ["bidirectional", "time_distributed", "lstm", "dense_1000", "dense"]


def test_operations_get_names_that_do_not_depend_on_earlier_ones():
    def build_mean(input_shape, n_outputs):
        window = keras.Input(input_shape, name="window")
        mean = keras.ops.mean(window, axis=1) + keras.ops.max(window, axis=1)
        return keras.Model(window, layers.Dense(n_outputs, name="output")(mean))

    first, second = (call_builder(build_mean, (12, 1), 2).to_json() for _ in range(2))
    assert first == second


def test_a_network_with_renamed_layers_trains_and_is_copied(windows):
    X, y = windows
    cls = HybridRegressor.from_builder(build_blog)
    params = {"instance_norm": "last", "standardize": False}
    fitted = cls(epochs=1, random_state=0, **params).fit(X, y)
    copied = keras.models.model_from_json(fitted._network)
    copied.set_weights(fitted.model_.get_weights())
    expected = np.asarray(copied(X.astype("float32")))[:, 0]
    np.testing.assert_allclose(fitted.predict(X), expected, atol=1e-5)
