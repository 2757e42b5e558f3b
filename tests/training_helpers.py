"""Small estimators, data and assertions for the tests of training.

The data are 52 windows of 4 steps. With batches of 16, the last batch has 4 samples.
"""

import hashlib
import os
import subprocess
import sys
import textwrap

import keras
import numpy as np

from skcnnlstm import (
    CNNLSTMRegressor,
    CNNRegressor,
    ConvLSTMRegressor,
    LSTMRegressor,
    ParallelCNNLSTMClassifier,
    ParallelCNNLSTMRegressor,
    make_windows,
)

X, y = make_windows(np.sin(np.arange(56) * 1.3), 4)
LABELS = np.where(y > 0.5, "high", np.where(y < -0.5, "low", "middle"))
TINY_RATE = 1e-30  # a learning rate that changes no weight
SAMPLE_WEIGHT = np.random.default_rng(0).uniform(0.5, 2, len(X)).astype("float32")
EARLY_STOPPING = {
    "early_stopping": True,
    "validation_fraction": 0.25,
    "validation_gap": 3,
}
N_TRAIN, N_VALIDATION = 36, 13  # of the 52 windows, with EARLY_STOPPING
Adam, SGD = keras.optimizers.Adam, keras.optimizers.SGD


def tiny(cls=CNNLSTMRegressor, **params):
    """Return an estimator with a small network, trained for two epochs.

    Losses and outputs are those of the network: X and y are not standardized.
    """
    network = {"filters": 3, "lstm_units": 4}
    if cls in (ParallelCNNLSTMRegressor, ParallelCNNLSTMClassifier):
        network = {"filters": (3, 2), "kernel_size": (3, 3), "lstm_units": 4}
    if cls in (CNNRegressor, ConvLSTMRegressor):
        network = {"filters": 3}
    if cls is LSTMRegressor:
        network = {"lstm_units": 4}
    rest = {"epochs": 2, "batch_size": 16, "standardize": False, "random_state": 0}
    return cls(**(network | rest | params))


def as_array(tensor):
    """Convert a tensor or a variable to an array."""
    return np.array(keras.ops.convert_to_numpy(tensor))


def weights(estimator):
    """Return the weights of a fitted estimator."""
    return estimator.model_.get_weights()


def assert_equal_weights(first, second):
    """Raise AssertionError unless the weights of two estimators are bit-identical."""
    for one, other in zip(weights(first), weights(second), strict=True):
        np.testing.assert_array_equal(one, other)


def weights_differ(first, second):
    """Return whether any weight of two estimators differs."""
    pairs = zip(weights(first), weights(second), strict=True)
    return any((one != other).any() for one, other in pairs)


class Recorder(keras.callbacks.Callback):
    """Record weights, learning rates and epochs; all copies share the lists."""

    weights = []  # noqa: RUF012 - copies of the callback share the lists
    rates = []  # noqa: RUF012
    epochs = []  # noqa: RUF012

    def on_train_begin(self, logs=None):
        for record in (self.weights, self.rates, self.epochs):
            record.clear()

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append([as_array(v) for v in self.model.trainable_variables])
        self.rates.append(float(self.model.optimizer.learning_rate))


class ScaledError:
    """A callable that is a loss, with its factor as an attribute."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, target, predicted):
        return self.factor * keras.ops.mean((target - predicted) ** 2, axis=-1)

    def method(self, target, predicted):
        return self(target, predicted)


def never_better(cls, **settings):
    """Return a callback for which no epoch improves on the first."""
    return cls(monitor="loss", min_delta=1e9, **settings)


def run_cell(source, **names):
    """Run the source of a notebook cell; return the namespace."""
    names |= {"__name__": "__main__", "keras": keras}
    exec(textwrap.dedent(source), names)
    return names


def register_activation(name):
    """Define and register the activation "bend", as a repeated notebook cell does."""
    return run_cell(
        f"""
        @keras.saving.register_keras_serializable("tests")
        def bend(x):
            return keras.ops.{name}(x)
        """
    )["bend"]


def assert_agrees_with_model(estimator, X):
    """Raise AssertionError unless `predict` returns the output of `model_`."""
    expected = as_array(estimator.model_(X.astype("float32")))[:, 0]
    np.testing.assert_allclose(estimator.predict(X), expected, atol=1e-6)


class LossWithoutConfig(keras.losses.Loss):
    """A loss whose config omits its factor, as in many user-defined losses."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor

    def call(self, target, predicted):
        return self.factor * keras.ops.mean((target - predicted) ** 2, axis=-1)


def digest_of_fit():
    """Return a digest of the weights and predictions of a seeded fit."""
    estimator = tiny(ParallelCNNLSTMRegressor, dropout=0.2).fit(X, y)
    values = [*weights(estimator), estimator.predict(X)]
    return hashlib.sha256(b"".join(v.tobytes() for v in values)).hexdigest()


def digest_of_long_fit(n_features):
    """Return a digest of a seeded fit of an LSTM over 40 steps."""
    rows = np.random.default_rng(0).standard_normal((90, n_features))
    long, target = make_windows(rows.astype("float32"), 40, target=0)
    estimator = tiny(LSTMRegressor, bidirectional=True).fit(long, target)
    values = [*weights(estimator), estimator.predict(long)]
    return hashlib.sha256(b"".join(v.tobytes() for v in values)).hexdigest()


def run_python(code, timeout=240):
    """Run code in a new Python process that can import the test helpers."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=os.path.dirname(__file__),
    )
