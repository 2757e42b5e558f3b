"""Errors of wrong calls name the user's class and a remedy."""

import numpy as np
import pytest
from user_errors import assert_error

from skcnnlstm import (
    CNNClassifier,
    CNNRegressor,
    HybridEnsembleRegressor,
    LSTMRegressor,
    make_windows,
)

X, Y = make_windows(np.sin(np.arange(40.0)), 8)
NO_Y = (
    "got no y, the targets. Use X, y = make_windows(series, window_length) and "
    "{}(X, y)."
)

WRONG_CALLS = {
    "epochs": (
        lambda: CNNRegressor().fit(X, Y, epochs=10),
        "CNNRegressor.fit takes X, y, sample_weight: got epochs=10. epochs is a "
        "parameter of the estimator. Use CNNRegressor(epochs=10).",
    ),
    "a share to validate on": (
        lambda: LSTMRegressor().fit(X, Y, validation_split=0.2),
        "LSTMRegressor.fit takes X, y, sample_weight: got validation_split=0.2. Use "
        "LSTMRegressor(early_stopping=True, validation_fraction=0.2).",
    ),
    "an unknown argument": (
        lambda: CNNRegressor().fit(X, Y, steps_per_epoch=3),
        "CNNRegressor.fit takes X, y, sample_weight: got steps_per_epoch=3. Remove "
        "steps_per_epoch.",
    ),
    "no targets": (
        lambda: CNNRegressor().fit(X),
        f"CNNRegressor.fit takes X, y, sample_weight: {NO_Y.format('fit')}",
    ),
    "no labels": (
        lambda: CNNClassifier().partial_fit(X),
        "CNNClassifier.partial_fit takes X, y, classes, sample_weight: "
        f"{NO_Y.format('partial_fit')}",
    ),
    "no targets to score": (
        lambda: CNNRegressor().score(X),
        f"CNNRegressor.score takes X, y, sample_weight: {NO_Y.format('score')}",
    ),
    "verbose of predict": (
        lambda: CNNRegressor().predict(X, verbose=0),
        "CNNRegressor.predict takes X: got verbose=0. verbose is a parameter of the "
        "estimator. Use CNNRegressor(verbose=0).",
    ),
    "nothing": (
        lambda: CNNRegressor().fit(),
        "CNNRegressor.fit takes X, y, sample_weight: missing a required argument: 'X'.",
    ),
    "an ensemble": (
        lambda: HybridEnsembleRegressor().fit(X),
        f"HybridEnsembleRegressor.fit takes X, y, sample_weight: {NO_Y.format('fit')}",
    ),
}


@pytest.mark.parametrize("call, message", WRONG_CALLS.values(), ids=WRONG_CALLS.keys())
def test_a_wrong_call_names_the_class_of_the_user(call, message):
    assert_error(call, TypeError, message)


def test_the_suggested_calls_work():
    CNNRegressor(epochs=1, filters=2).fit(X, Y)
    CNNRegressor(epochs=1, filters=2, early_stopping=True, validation_fraction=0.2).fit(
        X, Y
    )


def test_a_fitted_network_survives_a_wrong_call():
    network = CNNRegressor(epochs=1, filters=2, random_state=0).fit(X, Y)
    before = network.predict(X)
    with pytest.raises(TypeError):
        network.fit(X, Y, epochs=3)
    np.testing.assert_array_equal(network.predict(X), before)
