"""Tests of network texts, registered activations and initial weights."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from training_helpers import (
    TINY_RATE,
    X,
    assert_agrees_with_model,
    assert_equal_weights,
    register_activation,
    tiny,
    weights,
    y,
)

from skcnnlstm import ParallelCNNLSTMRegressor
from skcnnlstm.training import clear_programs, network_config


def test_a_new_network_around_batch_normalization_can_be_trained(empty_cache):
    # Layers of the inner network are called twice: when it is built, and when the
    # outer network is built around it.
    network = ParallelCNNLSTMRegressor(
        filters=(3, 5), lstm_units=2, epochs=1, linear_skip=True, random_state=0
    )
    fitted = network.fit(X, y)
    assert_equal_weights(fitted, clone(network).fit(X, y))
    truncated = keras.Model(fitted.model_.inputs, fitted.model_.layers[-2].output)
    assert len(truncated.predict(X[:2], verbose=0)) == 2


def test_an_activation_registered_again_is_a_different_one(
    traces, unregister_activation
):
    subsequences = X.reshape(-1, 2, 2, 1)
    first = tiny(activation=register_activation("relu")).fit(subsequences, y)
    before, shorter = first.predict(subsequences), first.predict(subsequences[:, 1:])
    second = tiny(activation=register_activation("tanh")).fit(subsequences, y)
    assert traces["epoch_function"] == 2
    assert_equal_weights(second, tiny(activation="tanh").fit(subsequences, y))
    # The first estimator keeps its activation, even if its program is created again.
    clear_programs()
    network_config._network_texts.clear()
    np.testing.assert_array_equal(first.predict(subsequences), before)
    np.testing.assert_array_equal(first.predict(subsequences[:, 1:]), shorter)
    for estimator in first, second:
        assert_agrees_with_model(estimator, subsequences)
    with pytest.raises(ValueError, match="is registered with Keras under its name"):
        first.fit(subsequences, y)
    np.testing.assert_array_equal(first.predict(subsequences), before)
    assert keras.saving.get_registered_object("tests>bend") is second.activation


def test_a_user_defined_activation_is_traced_once(traces, unregister_activation):
    activation = register_activation("tanh")
    for seed in range(3):
        estimator = clone(tiny(activation=activation, random_state=seed)).fit(X, y)
        estimator.predict(X)
    assert traces["epoch_function"] == traces["predict_function"] == 1


def test_initialize_draws_the_initial_weights_of_fit():
    estimator = tiny(ParallelCNNLSTMRegressor).initialize(X, y)
    still = tiny(ParallelCNNLSTMRegressor, learning_rate=TINY_RATE).fit(X, y)
    for one, other in zip(weights(estimator), weights(still), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-20)
    assert estimator.history_ == {"loss": []}
