"""The engine keeps its promises: same results, same bits, one trace, nothing left over.

Networks are tiny: 52 windows of 4 steps, batches of 16 and a last one of 4.
"""

import copy
import gc
import hashlib
import importlib
import math
import os
import pickle
import random
import re
import subprocess
import sys
import textwrap
import threading
import tracemalloc
import weakref
from collections import Counter, OrderedDict
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error, mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.utils.class_weight import compute_sample_weight

from skcnnlstm import (
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    ConvLSTMRegressor,
    LSTMRegressor,
    ParallelCNNLSTMClassifier,
    ParallelCNNLSTMRegressor,
    make_windows,
)
from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training import cache, clear_programs, samples
from skcnnlstm.training import network_config as networks
from skcnnlstm.training.flat_optimizer import build_optimizer
from skcnnlstm.wrappers import base

X, y = make_windows(np.sin(np.arange(56) * 1.3), 4)
LABELS = np.where(y > 0.5, "high", np.where(y < -0.5, "low", "middle"))
STILL = 1e-30  # a learning rate at which no weight moves
WEIGHT = np.random.default_rng(0).uniform(0.5, 2, len(X)).astype("float32")


def tiny(cls=CNNLSTMRegressor, **params):
    network = {"filters": 3, "lstm_units": 4}
    if cls in (ParallelCNNLSTMRegressor, ParallelCNNLSTMClassifier):
        network = {"filters": (3, 2), "kernel_size": (3, 3), "lstm_units": 4}
    if cls in (CNNRegressor, ConvLSTMRegressor):
        network = {"filters": 3}
    if cls is LSTMRegressor:
        network = {"lstm_units": 4}
    rest = {"epochs": 2, "batch_size": 16, "random_state": 0}
    return cls(**(network | rest | params))


def as_array(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def weights(estimator):
    return estimator.model_.get_weights()


def assert_same_bits(first, second):
    for one, other in zip(weights(first), weights(second), strict=True):
        np.testing.assert_array_equal(one, other)


def differ(first, second):
    pairs = zip(weights(first), weights(second), strict=True)
    return any((one != other).any() for one, other in pairs)


class Recorder(keras.callbacks.Callback):
    """Remembers trainable weights and learning rates, over all of its copies."""

    weights = []  # noqa: RUF012 - copies of the callback share the lists
    rates = []  # noqa: RUF012
    epochs = []  # noqa: RUF012

    def on_train_begin(self, logs=None):
        for memory in (self.weights, self.rates, self.epochs):
            memory.clear()

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append([as_array(v) for v in self.model.trainable_variables])
        self.rates.append(float(self.model.optimizer.learning_rate))


@pytest.fixture
def empty_cache(monkeypatch):
    """Hide the programs that other tests have traced and will use again."""
    monkeypatch.setattr(cache, "_idle", [])
    monkeypatch.setattr(cache, "_predictions", OrderedDict())


@pytest.fixture
def traces(monkeypatch, empty_cache):
    """Count what is traced from here on, with no program in the cache."""
    counts = Counter()

    def counting(owner, name):
        original = getattr(owner, name)

        def counted(*args, **kwargs):
            counts[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    for name in ("epoch_function", "evaluate_function", "predict_function"):
        counting(backend, name)
    counting(tf, "gradients")
    return counts


# ------------------------------------------------------------- the same results


def plain_loop(estimator, X, target, loss, optimizer, weight=None):
    """Train as the engine says it does: eagerly, a step at a time.

    Yields the trainable weights and the mean loss after each epoch.
    """
    seed, batch_size = estimator.random_state, estimator.batch_size
    model = clone(estimator).set_params(callbacks=None).initialize(X, target).model_
    if target.dtype.kind == "U":
        target = np.unique(target, return_inverse=True)[1]
    else:
        target = target.reshape(len(target), -1).astype("float32")
    X = np.asarray(X, "float32")
    states = [v for v in model.variables if v.name == "seed_generator_state"]
    for epoch in range(estimator.epochs):
        order = np.random.default_rng([seed, epoch, 0]).permutation(len(X))
        numbers = np.random.SeedSequence([seed, epoch, 1]).generate_state(
            2 * len(states)
        )
        for i, state in enumerate(states):
            state.assign(numbers[2 * i : 2 * i + 2].astype(state.dtype))
        total = 0.0
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            with tf.GradientTape() as tape:
                predicted = model(tf.constant(X[rows]), training=True)
                value = loss(
                    target[rows],
                    predicted,
                    sample_weight=None if weight is None else weight[rows],
                )
            gradients = tape.gradient(value, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)
            total += float(value) * len(rows)
        if epoch == estimator.epochs - 1:
            optimizer.finalize_variable_values(model.trainable_variables)
        yield [as_array(v) for v in model.trainable_variables], total / len(X)


Adam, SGD = keras.optimizers.Adam, keras.optimizers.SGD
ExponentialDecay = keras.optimizers.schedules.ExponentialDecay
PLAIN = {  # parameters, the optimizer that they stand for, sample weights
    "adam": ({}, lambda: Adam(), None),
    "sample weights": ({}, lambda: Adam(), WEIGHT),
    "dropout": ({"dropout": 0.4}, lambda: Adam(), None),
    "learning rate": ({"learning_rate": 0.02}, lambda: Adam(0.02), None),
    "momentum": (
        {"optimizer": "sgd", "optimizer__momentum": 0.9},
        lambda: SGD(momentum=0.9),
        None,
    ),
    "clipnorm": (
        {"optimizer": "sgd", "optimizer__clipnorm": 0.01, "learning_rate": 0.5},
        lambda: SGD(0.5, clipnorm=0.01),
        None,
    ),
    "schedule": (
        {"optimizer": SGD, "optimizer__learning_rate": ExponentialDecay(0.1, 2, 0.5)},
        lambda: SGD(ExponentialDecay(0.1, 2, 0.5)),
        None,
    ),
    "batch normalization": (
        # Not Adam: a bias before such a layer has no gradient but rounding, and Adam
        # makes whole steps of that.
        {"cls": ParallelCNNLSTMRegressor, "optimizer": "sgd", "learning_rate": 0.1},
        lambda: SGD(0.1),
        None,
    ),
    "convolutional LSTM": (
        {"cls": ConvLSTMRegressor, "n_subsequences": 4},
        lambda: Adam(),
        None,
    ),
    "classes": ({"cls": CNNLSTMClassifier}, lambda: Adam(), WEIGHT),
    "both ways": ({"bidirectional": True, "dropout": 0.4}, lambda: Adam(), None),
}


@pytest.mark.parametrize("case", PLAIN)
def test_every_epoch_equals_a_plain_loop_within_rounding(case):
    params, optimizer, weight = PLAIN[case]
    estimator = tiny(**params, callbacks=Recorder)
    classifies = isinstance(estimator, CNNLSTMClassifier)
    loss = (
        keras.losses.SparseCategoricalCrossentropy()
        if classifies
        else keras.losses.MeanSquaredError()
    )
    target = LABELS if classifies else y
    estimator.fit(X, target, sample_weight=weight)
    seen = zip(Recorder.weights, estimator.history_["loss"], strict=True)
    expected = plain_loop(estimator, X, target, loss, optimizer(), weight)
    for epoch, (ours, plain) in enumerate(zip(seen, expected, strict=True)):
        for one, other in zip(ours[0], plain[0], strict=True):
            np.testing.assert_allclose(
                one, other, rtol=1e-4, atol=3e-6, err_msg=f"epoch {epoch}"
            )
        assert ours[1] == pytest.approx(plain[1], rel=1e-5)


def test_an_averaging_optimizer_leaves_its_averages():
    estimator = tiny(optimizer__use_ema=True, optimizer__ema_momentum=0.5).fit(X, y)
    optimizer = Adam(use_ema=True, ema_momentum=0.5)
    loss = keras.losses.MeanSquaredError()
    *_, (expected, _) = plain_loop(estimator, X, y, loss, optimizer)
    for one, other in zip(estimator.model_.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(as_array(one), other, rtol=1e-4, atol=3e-6)
    assert differ(estimator, tiny().fit(X, y))


BY_ELEMENT = {
    "SGD": {"momentum": 0.9, "nesterov": True},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adam": {"amsgrad": True, "clipvalue": 0.01},
    "AdamW": {"weight_decay": 0.1},
    "Nadam": {},
    "Adamax": {"global_clipnorm": 0.01},
    "Adagrad": {},
    "Adadelta": {"learning_rate": 1.0},
    "Lion": {"loss_scale_factor": 8.0},
}


def some_weights():
    generator = np.random.default_rng(0)
    return [
        keras.Variable(generator.standard_normal(shape), dtype="float32", name=name)
        for shape, name in [((3, 4), "kernel"), ((4,), "bias"), ((4, 1), "output")]
    ]


@pytest.mark.parametrize("name", BY_ELEMENT)
def test_one_vector_is_stepped_as_its_weights_would_be(name):
    def make():
        return getattr(keras.optimizers, name)(**BY_ELEMENT[name])

    apart, inside = some_weights(), some_weights()
    usual, ours = make(), make()
    usual.build(apart)
    vector = build_optimizer(ours, inside)
    vector.assign(np.concatenate([np.ravel(as_array(v)) for v in inside]))
    generator = np.random.default_rng(1)
    for _ in range(5):
        gradients = [generator.standard_normal(v.shape).astype("f") for v in apart]
        usual.apply(gradients, apart)
        ours.apply([np.concatenate([np.ravel(g) for g in gradients])], [vector])
    expected = np.concatenate([np.ravel(as_array(v)) for v in apart])
    np.testing.assert_allclose(as_array(vector), expected, rtol=1e-5, atol=1e-6)
    if name != "Adamax":  # a norm of all sums in another order
        np.testing.assert_array_equal(as_array(vector), expected)

    # Keras saves the slots as it knows them, and may load them.
    saved, expected = {}, {}
    ours.save_own_variables(saved)
    usual.save_own_variables(expected)
    assert saved.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(saved[key], value, rtol=1e-5, atol=1e-6)
    again = make()
    build_optimizer(again, inside)
    again.load_own_variables(saved)
    for one, other in zip(again.variables, ours.variables, strict=True):
        np.testing.assert_array_equal(as_array(one), as_array(other))


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: Adam(clipnorm=1.0),
        lambda: Adam(use_ema=True),
        lambda: keras.optimizers.Lamb(),
        lambda: keras.optimizers.Adafactor(),
        lambda: keras.optimizers.LossScaleOptimizer(Adam()),
        lambda: type("Mine", (Adam,), {})(),
    ],
)
def test_an_optimizer_that_may_tell_weights_apart_steps_them_themselves(optimizer):
    optimizer, variables = optimizer(), some_weights()
    assert build_optimizer(optimizer, variables) is None
    assert optimizer.built


def test_without_shuffling_batches_come_in_the_order_given():
    seen = []

    class Batches(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"] * min(16 * (batch + 1), len(X)))

    estimator = tiny(shuffle=False, epochs=1, learning_rate=STILL, callbacks=Batches)
    errors = (estimator.fit(X, y).predict(X) - y) ** 2
    ends = [16, 32, 48, 52]
    np.testing.assert_allclose(seen, np.cumsum(errors)[np.array(ends) - 1], rtol=1e-5)


# ----------------------------------------------------------------- the same bits


@pytest.mark.parametrize(
    "cls", [CNNLSTMRegressor, ParallelCNNLSTMRegressor, CNNLSTMClassifier]
)
def test_a_cached_program_gives_the_bits_of_a_fresh_one(cls, empty_cache):
    target = LABELS if cls is CNNLSTMClassifier else y
    fresh = tiny(cls, dropout=0.2).fit(X, target)
    # Whatever the fit between them did, nothing of it is left.
    other = tiny(cls, dropout=0.2, random_state=7, learning_rate=0.5, epochs=3)
    assert differ(fresh, other.set_params(batch_size=5).fit(X[:30], target[:30]))
    cached = tiny(cls, dropout=0.2).fit(X, target)
    assert_same_bits(fresh, cached)
    assert fresh.history_ == cached.history_
    clear_programs()
    np.testing.assert_array_equal(fresh.predict(X), cached.predict(X))


def test_an_optimizer_by_name_is_made_once(monkeypatch):
    made, make = [], keras.optimizers.Adam.__init__
    tiny(optimizer__beta_1=0.8).fit(X, y)
    monkeypatch.setattr(
        keras.optimizers.Adam,
        "__init__",
        lambda self, *args, **kwargs: made.append(0) or make(self, *args, **kwargs),
    )
    for rate in (None, 0.01, 0.02):
        tiny(optimizer__beta_1=0.8, learning_rate=rate, random_state=3).fit(X, y)
    assert not made
    tiny(optimizer__beta_1=0.7).fit(X, y)
    assert made


def test_a_network_around_batch_normalisation_trains_when_it_is_new(empty_cache):
    # Its layers were called twice: on the way to the network, and inside it.
    network = ParallelCNNLSTMRegressor(
        filters=(3, 5), lstm_units=2, epochs=1, linear_skip=True, random_state=0
    )
    fresh = network.fit(X, y)
    assert_same_bits(fresh, clone(network).fit(X, y))
    until = keras.Model(fresh.model_.inputs, fresh.model_.layers[-2].output)
    assert len(until.predict(X[:2], verbose=0)) == 2


def test_slots_dropout_and_statistics_start_anew_in_each_fit():
    estimator = tiny(
        ParallelCNNLSTMClassifier,
        dropout=0.3,
        optimizer="sgd",
        optimizer__momentum=0.9,
        metrics=["accuracy"],
    )
    once = clone(estimator).fit(X, LABELS)
    twice = estimator.fit(X, LABELS).fit(X, LABELS)
    assert_same_bits(once, twice)
    assert once.history_ == twice.history_


def test_seeds_differ_and_an_unseeded_fit_draws_a_new_one():
    first, second = (tiny(random_state=None).fit(X, y) for _ in range(2))
    assert differ(first, second)
    assert differ(tiny(random_state=0).fit(X, y), tiny(random_state=1).fit(X, y))


def test_threads_that_fit_at_once_give_the_bits_of_one(empty_cache):
    seeds = [0, 0, 1, 2]
    alone = [tiny(dropout=0.2, random_state=seed).fit(X, y) for seed in seeds]
    clear_programs()
    barrier = threading.Barrier(len(seeds), timeout=60)

    def fit(seed):
        barrier.wait()
        return tiny(dropout=0.2, random_state=seed).fit(X, y)

    with ThreadPoolExecutor(len(seeds)) as pool:
        together = list(pool.map(fit, seeds))
    for one, other in zip(alone, together, strict=True):
        assert_same_bits(one, other)


def test_threads_that_predict_at_once_from_one_estimator_agree_with_one(empty_cache):
    estimator = tiny().fit(X, y)
    parts = [X[i : i + 20 + i] for i in range(8)]
    alone = [clone(estimator).fit(X, y).predict(part) for part in parts]
    clear_programs()
    barrier = threading.Barrier(8, timeout=60)

    def predict(part):
        barrier.wait()
        return [estimator.predict(part) for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        for expected, results in zip(alone, pool.map(predict, parts), strict=True):
            for result in results:
                np.testing.assert_array_equal(result, expected)


def test_two_searches_at_once_find_what_one_finds():
    def search(n_jobs):
        grid = {"learning_rate": [0.001, 0.01], "filters": [2, 3]}
        search = GridSearchCV(tiny(), grid, cv=TimeSeriesSplit(2), n_jobs=n_jobs)
        return search.fit(X, y).cv_results_["mean_test_score"]

    alone = search(None)
    from joblib import parallel_backend

    def in_threads(_):
        with parallel_backend("threading"):
            return search(2)

    with ThreadPoolExecutor(2) as pool:
        for scores in pool.map(in_threads, range(2)):
            np.testing.assert_array_equal(scores, alone)


def digest():
    estimator = tiny(ParallelCNNLSTMRegressor, dropout=0.2).fit(X, y)
    values = [*weights(estimator), estimator.predict(X)]
    return hashlib.sha256(b"".join(v.tobytes() for v in values)).hexdigest()


def run_python(code, timeout=240):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=os.path.dirname(__file__),
    )


def test_another_process_gives_the_same_bits():
    # Another hash seed, and other layers built before, must not matter either.
    done = run_python(
        """
        import test_training as t
        t.tiny(t.LSTMRegressor).fit(t.X, t.y)
        print("digest", t.digest())
        """
    )
    assert f"digest {digest()}" in done.stdout, done.stderr


# ------------------------------------------------------------------ traced once


def test_a_grid_search_traces_one_program_a_shape(traces):
    grid = {
        "filters": [2, 3],
        "learning_rate": [0.001, 0.01],
        "epochs": [1, 2],
        "batch_size": [5, 16],
        "random_state": [0, 1],
    }
    search = GridSearchCV(tiny(), grid, cv=TimeSeriesSplit(2)).fit(X, y)
    search.predict(X[:1])
    assert traces == {"epoch_function": 2, "gradients": 2, "predict_function": 2}


def test_early_stopping_and_weights_add_one_evaluation_and_no_training(traces):
    tiny().fit(X, y)
    tiny(early_stopping=True).fit(X, y, sample_weight=WEIGHT)
    tiny(early_stopping=True, validation_fraction=0.4).fit(X, y)
    assert traces == {"epoch_function": 1, "gradients": 1, "evaluate_function": 1}


def test_an_optimizer_is_one_program_however_it_is_written(traces):
    for optimizer in ("adam", Adam, Adam(), Adam(0.5), Adam(name="mine")):
        tiny(optimizer=optimizer).fit(X, y)
    assert traces["epoch_function"] == 1
    tiny(optimizer=Adam(beta_1=0.5)).fit(X, y)
    assert traces["epoch_function"] == 2


# ----------------------------------------------------------- bounded, and safe


def count_graphs():
    gc.collect()
    return sum(isinstance(thing, tf.Graph) for thing in gc.get_objects())


def test_the_cache_is_bounded_and_lets_programs_go(monkeypatch, empty_cache):
    monkeypatch.setattr(cache, "MOST_IDLE", 2)
    monkeypatch.setattr(cache, "MOST_PREDICTIONS", 2)
    models, estimators = [], []
    tiny(CNNRegressor).fit(X, y)  # TensorFlow makes a graph of its own, once
    clear_programs()
    n_graphs = count_graphs()
    for filters in (1, 2, 3, 4):
        estimators.append(tiny(CNNRegressor, filters=filters).fit(X, y))
        models.append(weakref.ref(cache._idle[-1][1].model))
        estimators[-1].predict(X)
    assert len(cache._idle) == len(cache._predictions) == 2
    gc.collect()
    assert [model() is not None for model in models] == [False, False, True, True]
    before = [estimator.predict(X) for estimator in estimators]
    clear_programs()
    gc.collect()
    assert not any(model() for model in models)
    assert count_graphs() == n_graphs  # nor has TensorFlow kept any
    for estimator, predicted in zip(estimators, before, strict=True):
        np.testing.assert_array_equal(estimator.predict(X), predicted)


@pytest.mark.parametrize("name", ["silu", "swish"])
def test_no_activation_keeps_a_graph(name, empty_cache):
    tiny(CNNRegressor).fit(X, y).predict(X)
    clear_programs()
    n_graphs = count_graphs()
    estimator = tiny(CNNRegressor, activation=name).fit(X, y)
    predicted = estimator.predict(X)
    assert "activation: silu" in str(estimator.model_.to_json()).replace('"', "")
    np.testing.assert_allclose(
        predicted, as_array(estimator.model_(X.astype("float32")))[:, 0], atol=1e-6
    )
    del estimator
    clear_programs()
    assert count_graphs() == n_graphs


class ClearsPrograms(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        clear_programs()


def test_programs_may_be_cleared_in_the_middle_of_a_fit(empty_cache):
    expected = tiny().fit(X, y)
    assert_same_bits(tiny(callbacks=ClearsPrograms).fit(X, y), expected)


# -------------------------------------------------------- what is the user's own


def cell(source, **names):
    """Run the source of a notebook cell; return what it defines."""
    names |= {"__name__": "__main__", "keras": keras}
    exec(textwrap.dedent(source), names)
    return names


def bend(name):
    """Define and register an activation, as a cell does that is run again."""
    return cell(
        f"""
        @keras.saving.register_keras_serializable("tests")
        def bend(x):
            return keras.ops.{name}(x)
        """
    )["bend"]


def assert_agrees_with_model(estimator, X):
    expected = as_array(estimator.model_(X.astype("float32")))[:, 0]
    np.testing.assert_allclose(estimator.predict(X), expected, atol=1e-6)


@pytest.fixture
def no_bend():
    """Leave none of the activations registered."""
    yield
    keras.saving.get_custom_objects().pop("tests>bend", None)


def test_an_activation_that_is_registered_anew_is_another_one(traces, no_bend):
    cut = X.reshape(-1, 2, 2, 1)
    first = tiny(activation=bend("relu")).fit(cut, y)
    before, shorter = first.predict(cut), first.predict(cut[:, 1:])
    second = tiny(activation=bend("tanh")).fit(cut, y)
    assert traces["epoch_function"] == 2
    assert_same_bits(second, tiny(activation="tanh").fit(cut, y))
    # The first goes on by what it was fitted with, whatever has to be made anew.
    clear_programs()
    networks._described.clear()
    np.testing.assert_array_equal(first.predict(cut), before)
    np.testing.assert_array_equal(first.predict(cut[:, 1:]), shorter)
    for estimator in first, second:
        assert_agrees_with_model(estimator, cut)
    with pytest.raises(ValueError, match="pass the one that was registered last"):
        first.fit(cut, y)
    np.testing.assert_array_equal(first.predict(cut), before)
    assert keras.saving.get_registered_object("tests>bend") is second.activation


def test_an_activation_of_ones_own_is_traced_once(traces, no_bend):
    activation = bend("tanh")
    for seed in range(3):
        estimator = clone(tiny(activation=activation, random_state=seed)).fit(X, y)
        estimator.predict(X)
    assert traces["epoch_function"] == traces["predict_function"] == 1


def test_an_activation_may_read_a_global_that_changes(traces, no_bend):
    names = cell(
        """
        slope = 1.0

        @keras.saving.register_keras_serializable("tests")
        def bend(x):
            return slope * keras.ops.tanh(x)
        """
    )
    first = tiny(CNNRegressor, activation=names["bend"]).fit(X, y)
    before = first.predict(X)
    names["slope"] = 3.0
    second = tiny(CNNRegressor, activation=names["bend"]).fit(X, y)
    assert differ(first, second)
    for estimator in first, second:
        assert_agrees_with_model(estimator, X)
    names["slope"] = 1.0
    np.testing.assert_array_equal(first.predict(X), before)
    assert traces["epoch_function"] == 2


def loss_by_global():
    names = cell(
        """
        def loss(target, predicted):
            return factor * keras.ops.mean((target - predicted) ** 2, axis=-1)
        """,
        factor=1.0,
    )
    return {"loss": names["loss"]}, lambda factor: names.update(factor=factor)


def loss_by_global_of_another_function():
    names = cell(
        """
        def scale(error):
            return factor * error

        def loss(target, predicted):
            return scale(keras.ops.mean((target - predicted) ** 2, axis=-1))
        """,
        factor=1.0,
    )
    return {"loss": names["loss"]}, lambda factor: names.update(factor=factor)


class Weighs:
    """Is a loss by being called; keeps its factor, as a function of a closure does."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, target, predicted):
        return self.factor * keras.ops.mean((target - predicted) ** 2, axis=-1)

    def weigh(self, target, predicted):
        return self(target, predicted)


def loss_by_attribute():
    loss = Weighs(1.0)
    return {"loss": loss}, lambda factor: setattr(loss, "factor", factor)


def loss_by_method():
    loss = Weighs(1.0)
    return {"loss": loss.weigh}, lambda factor: setattr(loss, "factor", factor)


def loss_by_list():
    factors = [1.0]

    def loss(target, predicted):
        return factors[0] * keras.ops.mean((target - predicted) ** 2, axis=-1)

    return {"loss": loss}, lambda factor: factors.__setitem__(0, factor)


def optimizer_by_attribute():
    class Boosted(SGD):
        boost = 0.5

        def update_step(self, gradient, variable, learning_rate):
            super().update_step(self.boost * gradient, variable, learning_rate)

    optimizer = Boosted(0.01)
    optimizer.boost = 1.0
    return {"optimizer": optimizer}, lambda boost: setattr(optimizer, "boost", boost)


def optimizer_by_class():
    params, _ = optimizer_by_attribute()
    kind = type(params["optimizer"])
    kind.boost = 1.0
    params = {"optimizer": kind, "learning_rate": 0.01}
    return params, lambda boost: setattr(kind, "boost", boost)


@pytest.mark.parametrize(
    "make",
    [
        loss_by_global,
        loss_by_global_of_another_function,
        loss_by_attribute,
        loss_by_method,
        loss_by_list,
        optimizer_by_attribute,
        optimizer_by_class,
    ],
)
def test_what_changes_in_ones_own_is_trained_and_traced_anew(make, traces):
    params, change = make()
    usual = {"loss": "mse", "optimizer": SGD(0.01), "epochs": 3} | params
    first = tiny(CNNRegressor, **usual).fit(X, y)
    change(5.0)
    changed = tiny(CNNRegressor, **usual).fit(X, y)
    assert traces["epoch_function"] == 2
    assert differ(first, changed)
    # Five times the gradient is five times the rate.
    rates = {"loss": "mse", "optimizer": SGD(0.05), "epochs": 3}
    for one, other in zip(
        weights(changed), weights(tiny(CNNRegressor, **rates).fit(X, y)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    change(1.0)
    n_traces = traces["epoch_function"]
    assert_same_bits(tiny(CNNRegressor, **usual).fit(X, y), first)
    assert traces["epoch_function"] == n_traces


class Limit(keras.metrics.Metric):
    """Measures its own limit, which is in no config."""

    def __init__(self, limit=1.0, name="limit", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.limit = limit
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, target, predicted, sample_weight=None):
        self.total.assign(self.limit)

    def result(self):
        return self.total


def test_a_metric_is_given_what_is_in_no_config(traces):
    for limit in (3.0, 5.0, 3.0):
        metrics = [Limit(limit)]
        assert tiny(CNNRegressor, metrics=metrics).fit(X, y).history_["limit"] == [
            limit,
            limit,
        ]
    assert traces["epoch_function"] == 2


def test_what_is_traced_later_reads_no_later_change(traces):
    loss = Weighs(1.0)
    held_out = {"early_stopping": True, "validation_fraction": 0.25}
    tiny(CNNRegressor, loss=loss).fit(X, y)
    loss.factor = 100.0
    later = tiny(CNNRegressor, loss=Weighs(1.0), **held_out).fit(X, y)
    assert traces["epoch_function"] == 1  # the program made for the first
    expected = tiny(CNNRegressor, loss="mse", **held_out).fit(X, y)
    assert later.history_["val_loss"] == pytest.approx(expected.history_["val_loss"])


def test_a_variable_that_a_loss_reads_may_be_set_by_a_callback():
    factor = keras.Variable(1.0)

    class Loss(keras.losses.Loss):
        def __init__(self):
            super().__init__()
            self.factor = factor

        def call(self, target, predicted):
            return self.factor * keras.ops.mean((target - predicted) ** 2, axis=-1)

    double = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: factor.assign(2.0**epoch)
    )
    losses = (
        tiny(loss=Loss(), callbacks=double, learning_rate=STILL, epochs=3)
        .fit(X, y)
        .history_["loss"]
    )
    assert losses == pytest.approx([losses[0], 2 * losses[0], 4 * losses[0]])


# ------------------------------------------------------------------------ chunks


@pytest.mark.parametrize("chunk_bytes", [1, 4 * 4 * 16 * 2])
@pytest.mark.parametrize(
    "params",
    [{}, {"dropout": 0.3}, {"early_stopping": True, "validation_fraction": 0.5}],
    ids=str,
)
def test_results_do_not_depend_on_the_chunk(monkeypatch, chunk_bytes, params):
    params = {"metrics": ["mae"], **params}
    whole = tiny(**params).fit(X, y, sample_weight=WEIGHT)
    monkeypatch.setattr(samples, "CHUNK_BYTES", chunk_bytes)
    chunked = tiny(**params).fit(X, y, sample_weight=WEIGHT)
    assert_same_bits(chunked, whole)
    assert chunked.history_ == whole.history_


def test_exact_statistics_do_not_depend_on_the_chunk(monkeypatch):
    whole = tiny(ParallelCNNLSTMRegressor, early_stopping=True).fit(X, y)
    monkeypatch.setattr(samples, "CHUNK_BYTES", 1)
    chunked = tiny(ParallelCNNLSTMRegressor, early_stopping=True).fit(X, y)
    # Other rows are summed together, so the last bit of a statistic may differ.
    for one, other in zip(weights(whole), weights(chunked), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    for name, values in whole.history_.items():
        np.testing.assert_allclose(values, chunked.history_[name], rtol=1e-5)


def test_the_peak_of_a_fit_grows_with_the_chunk_and_not_with_the_windows(monkeypatch):
    monkeypatch.setattr(samples, "CHUNK_BYTES", 2**18)
    monkeypatch.setattr("skcnnlstm.training.fit_loop._PREDICTION_BYTES", 2**18)
    series = np.random.default_rng(0).standard_normal((4100, 8)).astype("float32")
    windows, target = make_windows(series, 100, target=0)  # 12.8 MB as copies
    estimator = CNNRegressor(
        filters=1, kernel_size=1, dense_units=(), epochs=1, batch_size=64
    )
    estimator.fit(windows[:128], target[:128]).predict(windows[:1])
    tracemalloc.start()
    estimator.fit(windows, target).predict(windows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert windows[0].nbytes * len(windows) > 12e6
    assert peak < 5 * 2**18  # a few chunks, and what has a number a sample


# -------------------------------------------------- BatchNormalization statistics


@pytest.mark.parametrize("early_stopping", [False, True])
def test_statistics_are_those_of_the_training_windows_layer_by_layer(early_stopping):
    estimator = tiny(
        ParallelCNNLSTMRegressor,
        early_stopping=early_stopping,
        validation_fraction=0.25,
        validation_gap=2,
    ).fit(X, y)
    trained_on = X[: 52 - 13 - 2] if early_stopping else X
    model = estimator.model_
    layers = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(layers) == 2
    for layer in layers:
        until = keras.Model(model.inputs[0], layer.input)
        entering = as_array(until(trained_on.astype("float32"))).astype("float64")
        entering = entering.reshape(-1, entering.shape[-1])
        mean, variance = as_array(layer.moving_mean), as_array(layer.moving_variance)
        np.testing.assert_allclose(mean, entering.mean(0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(variance, entering.var(0), rtol=1e-5)


def test_prediction_agrees_with_what_training_sees():
    estimator = tiny(ParallelCNNLSTMRegressor).fit(X, y)
    in_training = as_array(estimator.model_(X.astype("float32"), training=True))
    np.testing.assert_allclose(estimator.predict(X), in_training[:, 0], atol=1e-5)


# ------------------------------------------------------- instance_norm, linear_skip


@pytest.mark.parametrize("mode", ["last", "standard"])
def test_a_network_follows_a_level_that_it_has_not_seen(mode):
    # Multiples of 1/64 and a shift of 1024: float32 subtracts them exactly, so all
    # that may differ is the rounding of the output, by half of 2**-13.
    windows, target = np.round(X * 64) / 64, np.round(y * 64) / 64
    estimator = tiny(instance_norm=mode, linear_skip=True).fit(windows, target)
    here = estimator.predict(windows)
    there = estimator.predict(windows + 1024)
    np.testing.assert_allclose(there - here, 1024, rtol=0, atol=2**-13)
    plain = tiny(instance_norm=None).fit(windows, target)
    assert abs(plain.predict(windows + 1024) - 1024 - plain.predict(windows)).max() > 10


def test_standard_follows_the_scale_too():
    estimator = tiny(instance_norm="standard").fit(X, y)
    # 1e-5 is added to each window's variance, of 0.1 at least.
    np.testing.assert_allclose(
        estimator.predict(16 * X), 16 * estimator.predict(X), atol=1e-2
    )
    last = tiny(instance_norm="last").fit(X, y)
    assert abs(last.predict(16 * X) - 16 * last.predict(X)).max() > 0.1


def test_instance_norm_shifts_each_target_by_its_own_feature():
    two = np.stack([X, X[:, ::-1]], axis=-1)
    target = np.stack([y, -y, y, -y], axis=-1)  # two steps of two targets
    estimator = tiny(instance_norm="last", n_targets=2).fit(two, target)
    moved = estimator.predict(two + np.array([64.0, 256.0]))
    np.testing.assert_allclose(
        moved - estimator.predict(two),
        np.tile([[64, 256, 64, 256]], (52, 1)),
        atol=1e-4,
    )


def test_linear_skip_changes_nothing_at_the_start():
    skip = tiny(linear_skip=True).initialize(X, y)
    plain = tiny().initialize(X, y)
    model = plain.model_
    for layer in model.layers:
        layer.set_weights(skip.model_.get_layer(layer.name).get_weights())
    assert not skip.model_.get_layer("linear_skip").get_weights()[0].any()
    expected = as_array(model(X.astype("float32")))[:, 0]
    np.testing.assert_allclose(skip.predict(X), expected, atol=1e-6)
    trained = tiny(linear_skip=True).fit(X, y)
    assert trained.model_.get_layer("linear_skip").get_weights()[0].any()


def test_instance_norm_needs_targets_among_the_features():
    with pytest.raises(ValueError) as error:
        tiny(instance_norm="last", n_targets=2).fit(X, np.stack([y, y], 1))
    assert str(error.value) == (
        "n_targets must be at most the number of features: got n_targets=2, "
        "n_features=1. instance_norm takes the level of the targets from the first "
        "n_targets features of the window."
    )
    with pytest.raises(ValueError) as error:
        tiny(instance_norm="standard", n_targets=2).fit(
            np.stack([X, X], -1), np.stack([y, y, y], 1)
        )
    assert str(error.value) == (
        "n_targets must divide the number of outputs: got n_targets=2, n_outputs=3. "
        "The target holds all targets of step 1, then all of step 2, and so on."
    )


# ---------------------------------------------------------------- early stopping

STOPS = {"early_stopping": True, "validation_fraction": 0.25, "validation_gap": 3}
N_TRAIN, N_HELD = 36, 13


@pytest.mark.parametrize("shuffle", [True, False])
def test_the_tail_is_held_out_after_a_gap_whatever_the_order(shuffle):
    estimator = tiny(epochs=1, shuffle=shuffle, **STOPS).fit(X, y)
    head = tiny(epochs=1, shuffle=shuffle).fit(X[:N_TRAIN], y[:N_TRAIN])
    assert_same_bits(estimator, head)
    held = mean_squared_error(y[-N_HELD:], head.predict(X[-N_HELD:]))
    assert estimator.history_["val_loss"] == [pytest.approx(held, rel=1e-5)]


def test_held_out_targets_never_train_and_the_gap_does_nothing():
    before = tiny(epochs=1, **STOPS).fit(X, y)
    changed = y.copy()
    changed[N_TRAIN:-N_HELD] = 9
    gap = tiny(epochs=1, **STOPS).fit(X, changed)
    assert_same_bits(before, gap)
    assert before.history_ == gap.history_
    changed[-N_HELD:] = 9
    held = tiny(epochs=1, **STOPS).fit(X, changed)
    assert_same_bits(before, held)
    assert before.history_["loss"] == held.history_["loss"]
    assert before.history_["val_loss"] != held.history_["val_loss"]


def test_the_weights_of_the_lowest_validation_loss_come_back():
    turns = np.r_[y[:30], -y[30:]]  # what is learned of the head misleads on the tail
    settings = {"learning_rate": 0.05, "patience": 3, "epochs": 40}
    estimator = tiny(**settings, **STOPS).fit(X, turns)
    best = int(np.argmin(estimator.history_["val_loss"])) + 1
    assert estimator.n_epochs_ == len(estimator.history_["loss"]) == best + 3 < 40
    shorter = tiny(learning_rate=0.05, epochs=best)
    assert_same_bits(estimator, shorter.fit(X[:N_TRAIN], turns[:N_TRAIN]))


def test_too_few_samples_to_hold_any_out_is_an_error():
    with pytest.raises(ValueError) as error:
        tiny(early_stopping=True, validation_gap=50).fit(X, y)
    assert str(error.value) == (
        "early_stopping must leave samples to train on: got 52 samples, 6 of them held "
        "out (validation_fraction=0.1) after validation_gap=50. Give more samples, or "
        "lower validation_fraction or validation_gap."
    )


def test_classifiers_hold_out_a_seeded_stratified_part(monkeypatch):
    held, train = [], base.training.train

    def spy(recipe, samples, schedule, *, validation, **kwargs):
        assert not set(samples.rows) & set(validation.rows)
        assert len(samples) + len(validation) == len(X)
        held.append(validation)
        return train(recipe, samples, schedule, validation=validation, **kwargs)

    monkeypatch.setattr(base.training, "train", spy)
    for seed, shuffle in [(0, True), (0, False), (1, True)]:
        tiny(
            CNNLSTMClassifier,
            epochs=1,
            early_stopping=True,
            validation_fraction=0.25,
            random_state=seed,
            shuffle=shuffle,
        ).fit(X, LABELS)
    everyone = np.bincount(np.unique(LABELS, return_inverse=True)[1])
    for part in held:
        np.testing.assert_allclose(np.bincount(part.y), everyone / 4, atol=1)
    assert list(held[0].rows) == list(held[1].rows) != list(held[2].rows)


# ---------------------------------------------------------- the best training loss


@pytest.mark.parametrize("cls", [CNNLSTMRegressor, ParallelCNNLSTMRegressor])
def test_the_weights_of_the_lowest_training_loss_are_kept(cls):
    settings = {"learning_rate": 0.1, "dropout": 0.2}
    kept = tiny(cls, keep_best=True, epochs=14, **settings).fit(X, y)
    best = int(np.argmin(kept.history_["loss"])) + 1
    assert 1 < best < kept.n_epochs_ == 14  # not the last, and none was left out
    # Statistics of batch normalization are those of the weights that are kept.
    assert_same_bits(kept, tiny(cls, epochs=best, **settings).fit(X, y))
    last = tiny(cls, epochs=14, **settings).fit(X, y)
    assert kept.history_ == last.history_
    assert differ(kept, last)


AVERAGES = {"optimizer__use_ema": True, "optimizer__ema_momentum": 0.8}


def test_what_early_stopping_keeps_of_averages_is_what_it_measured():
    turns = np.r_[y[:30], -y[30:]]
    settings = {"learning_rate": 0.05, **AVERAGES}
    kept = tiny(epochs=40, patience=3, **settings, **STOPS).fit(X, turns)
    losses = kept.history_["val_loss"]
    best = int(np.argmin(losses)) + 1
    assert best < kept.n_epochs_ < 40
    held = mean_squared_error(turns[-N_HELD:], kept.predict(X[-N_HELD:]))
    assert held == pytest.approx(min(losses), rel=1e-5)
    head = tiny(epochs=best, **settings).fit(X[:N_TRAIN], turns[:N_TRAIN])
    assert_same_bits(kept, head)


def test_the_best_epoch_is_kept_with_its_averages():
    settings = {"learning_rate": 0.1, "dropout": 0.2, **AVERAGES}
    kept = tiny(keep_best=True, epochs=14, **settings).fit(X, y)
    best = int(np.argmin(kept.history_["loss"])) + 1
    assert best < 14
    assert_same_bits(kept, tiny(epochs=best, **settings).fit(X, y))


def test_early_stopping_chooses_by_its_own_loss():
    stops = {"epochs": 8, "patience": 2, "learning_rate": 0.1, **STOPS}
    assert_same_bits(tiny(keep_best=True, **stops).fit(X, y), tiny(**stops).fit(X, y))


# --------------------------------------------------------------------- callbacks


def never_better(cls, **settings):
    """Make a callback that sees no epoch as better than the first."""
    return cls(monitor="loss", min_delta=1e9, **settings)


def test_early_stopping_of_keras_stops():
    stop = never_better(keras.callbacks.EarlyStopping, patience=2)
    assert tiny(epochs=9, callbacks=stop).fit(X, y).n_epochs_ == 3


def test_reduce_on_plateau_and_scheduler_set_the_rate_of_their_fit_alone():
    plateau = never_better(
        keras.callbacks.ReduceLROnPlateau, factor=0.5, patience=1, min_lr=0
    )
    tiny(epochs=3, learning_rate=0.5, callbacks=[plateau, Recorder()]).fit(X, y)
    assert Recorder.rates == [0.5, 0.25, 0.125]
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 2.0**-epoch)
    tiny(epochs=3, callbacks=[scheduler, Recorder()]).fit(X, y)
    assert Recorder.rates == [1, 0.5, 0.25]
    tiny(callbacks=Recorder).fit(X, y)
    assert Recorder.rates == [pytest.approx(0.001)] * 2


def test_the_rate_falls_on_a_plateau_to_a_tenth():
    settings = {"learning_rate": STILL, "shuffle": False, "callbacks": Recorder}
    tiny(plateau_patience=2, epochs=6, **settings).fit(X, y)
    falls = np.array([0, 0, 0, 1, 1, 2])
    np.testing.assert_allclose(Recorder.rates, STILL * 2 ** (-falls / 3), rtol=1e-5)
    tiny(plateau_patience=1, epochs=15, **settings).fit(X, y)
    # Ten falls make .0992, which is below.
    assert Recorder.rates[10] == pytest.approx(STILL / 8)
    assert Recorder.rates[11:] == [pytest.approx(STILL / 10)] * 4
    tiny(epochs=15, **settings).fit(X, y)
    assert len(set(Recorder.rates)) == 1


def test_the_rate_of_a_loss_scale_optimizer_is_that_of_the_one_inside(traces):
    def scaled(rate):
        return keras.optimizers.LossScaleOptimizer(Adam(rate))

    settings = {"epochs": 5, "shuffle": False, "plateau_patience": 2}
    tiny(optimizer=scaled(STILL), callbacks=Recorder, **settings).fit(X, y)
    falls = np.array([0, 0, 0, 1, 1])
    np.testing.assert_allclose(Recorder.rates, STILL * 2 ** (-falls / 3), rtol=1e-5)
    fitted = tiny(optimizer=scaled(0.01)).fit(X, y)
    assert traces["epoch_function"] == 1
    plain = tiny(learning_rate=0.01).fit(X, y)
    for one, other in zip(weights(fitted), weights(plain), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_rate_that_follows_a_schedule_has_no_plateau():
    decay = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    with pytest.raises(ValueError, match="plateau_patience must be None where"):
        tiny(optimizer=keras.optimizers.SGD(decay), plateau_patience=3).fit(X, y)


def test_csv_logger_writes_a_line_an_epoch(tmp_path):
    logger = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    estimator = tiny(epochs=3, callbacks=logger, metrics=["mae"]).fit(X, y)
    header, *lines = (tmp_path / "log.csv").read_text().splitlines()
    table = [
        dict(zip(header.split(","), line.split(","), strict=True)) for line in lines
    ]
    assert [row["epoch"] for row in table] == ["0", "1", "2"]
    for name in ("loss", "mae"):
        assert [float(row[name]) for row in table] == estimator.history_[name]


def test_model_checkpoint_saves_a_model_that_predicts_the_same(tmp_path):
    saver = keras.callbacks.ModelCheckpoint(str(tmp_path / "best.keras"))
    estimator = tiny(instance_norm="last", callbacks=saver).fit(X, y)
    loaded = keras.models.load_model(tmp_path / "best.keras")
    predicted = as_array(loaded(X.astype("float32")))[:, 0]
    np.testing.assert_allclose(predicted, estimator.predict(X), atol=1e-6)


def test_tensorboard_writes_an_epoch_at_a_time(monkeypatch, tmp_path):
    written = []

    def scalar(name, value, step):
        written.append((name, int(step), float(value)))

    # TensorFlow leaves this one to the tensorboard package, which few tests need.
    monkeypatch.setattr(importlib.import_module("tensorflow.summary"), "scalar", scalar)
    board = keras.callbacks.TensorBoard(str(tmp_path))
    estimator = tiny(callbacks=board, early_stopping=True).fit(X, y)
    pairs = zip(estimator.history_["loss"], estimator.history_["val_loss"], strict=True)
    # One name, in a file for training and another for the part held out.
    assert [row[1:] for row in written if row[0] == "epoch_loss"] == [
        (epoch, value) for epoch, pair in enumerate(pairs) for value in pair
    ]
    assert not any(name.startswith("batch") for name, *_ in written)


def test_terminate_on_nan_changes_nothing_where_all_is_finite():
    assert_same_bits(
        tiny(callbacks=keras.callbacks.TerminateOnNaN()).fit(X, y), tiny().fit(X, y)
    )


class CountsBatches(keras.callbacks.Callback):
    seen = []  # noqa: RUF012 - copies of the callback share the list

    def on_train_batch_begin(self, batch, logs=None):
        self.seen.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        assert np.isfinite(logs["loss"])
        self.seen.append(batch)


@pytest.mark.parametrize("chunk_bytes", [1, 2**26])
def test_batch_hooks_see_every_batch_and_change_no_bit(monkeypatch, chunk_bytes):
    expected = tiny(dropout=0.2).fit(X, y)
    monkeypatch.setattr(samples, "CHUNK_BYTES", chunk_bytes)
    CountsBatches.seen.clear()
    estimator = tiny(dropout=0.2, callbacks=CountsBatches()).fit(X, y)
    assert CountsBatches.seen == [0, 0, 1, 1, 2, 2, 3, 3] * 2
    assert_same_bits(estimator, expected)
    assert estimator.history_ == expected.history_


def test_batch_hooks_of_a_lambda_callback_are_called_too():
    seen = []
    hook = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    tiny(callbacks=hook).fit(X, y)
    assert seen == [0, 1, 2, 3] * 2


def test_a_callback_may_stop_a_fit_in_the_middle_of_an_epoch():
    def stop(batch, logs):
        hook.model.stop_training = batch == 1
        seen.append(batch)

    seen = []
    hook = keras.callbacks.LambdaCallback(on_train_batch_end=stop)
    hook.__deepcopy__ = lambda memo: hook  # keep the one whose model `stop` reads
    type(hook).__deepcopy__ = lambda self, memo: self
    try:
        estimator = tiny(callbacks=hook, epochs=5).fit(X, y)
    finally:
        del type(hook).__deepcopy__
    assert seen == [0, 1]
    assert estimator.n_epochs_ == 1


def test_callbacks_are_copied_so_that_no_state_reaches_the_next_fit():
    stop = never_better(keras.callbacks.EarlyStopping, patience=1)
    before = dict(vars(stop))
    estimator = tiny(epochs=5, callbacks=[stop])
    assert [estimator.fit(X, y).n_epochs_ for _ in range(2)] == [2, 2]
    assert vars(stop) == before
    assert estimator.get_params()["callbacks"] == [stop]


def test_callback_classes_take_routed_settings():
    estimator = tiny(
        epochs=9,
        callbacks=keras.callbacks.EarlyStopping,
        callbacks__monitor="loss",
        callbacks__min_delta=1e9,
        callbacks__patience=1,
    )
    assert estimator.fit(X, y).n_epochs_ == 2


@pytest.mark.parametrize("wrong", ["early", [len], [None]], ids=str)
def test_what_is_no_callback_is_an_error(wrong):
    got = wrong if isinstance(wrong, str) else wrong[0]
    with pytest.raises(TypeError) as error:
        tiny(callbacks=wrong).fit(X, y)
    assert str(error.value) == (
        f"callbacks must be Keras callbacks, instances or classes: got {got!r}. "
        "Derive it from keras.callbacks.Callback."
    )


def test_verbose_prints_a_line_an_epoch_and_zero_prints_nothing(capsys):
    tiny(epochs=3).fit(X, y)
    assert capsys.readouterr().out == ""
    tiny(epochs=3, verbose=2).fit(X, y)
    out = capsys.readouterr().out
    assert re.findall(r"Epoch \d/\d", out) == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert len(re.findall(r"4/4 - .* - loss: ", out)) == 3
    tiny(epochs=1, verbose=1).fit(X, y)
    assert "4/4" in capsys.readouterr().out


# ------------------------------------------------------ what goes wrong is undone


def assert_untouched(estimator, X, before, predicted):
    assert vars(estimator).keys() == before.keys()
    assert all(vars(estimator)[name] is before[name] for name in before)
    np.testing.assert_array_equal(estimator.predict(X), predicted)


def test_a_loss_that_is_not_finite_stops_with_advice_and_changes_nothing():
    estimator = tiny().fit(X, y)
    estimator.set_params(optimizer="sgd", learning_rate=1e6, epochs=9)
    before, predicted = dict(vars(estimator)), estimator.predict(X)
    with pytest.raises(ValueError) as error:
        estimator.fit(X, y)
    assert re.fullmatch(
        r"The loss must stay finite: got loss=(nan|inf) in epoch \d, of "
        r"'mean_squared_error' at learning_rate=1e\+06\. Scale the series "
        r"\(StandardScaler\), lower learning_rate, or clip gradients with "
        r"optimizer__clipnorm=1\.0\.",
        str(error.value),
    )
    assert_untouched(estimator, X, before, predicted)
    estimator.set_params(optimizer="adam", learning_rate=None, epochs=2)
    assert_same_bits(estimator.fit(X, y), tiny().fit(X, y))


class Interrupts(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


def test_an_interrupted_fit_leaves_the_estimator_as_it_was():
    estimator = tiny().fit(X, y)
    estimator.set_params(callbacks=Interrupts, random_state=5)
    before, predicted = dict(vars(estimator)), estimator.predict(X)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, y)
    assert_untouched(estimator, X, before, predicted)
    fresh = tiny(callbacks=Interrupts)
    with pytest.raises(KeyboardInterrupt):
        fresh.fit(X, y)
    assert not fresh.__sklearn_is_fitted__()
    estimator.set_params(callbacks=None, random_state=0)
    assert_same_bits(estimator.fit(X, y), tiny().fit(X, y))


def test_a_seeded_fit_leaves_every_global_as_it_found_it(empty_cache):
    def state():
        return (
            random.getstate(),
            np.random.get_state()[1].tobytes(),
            np.random.get_state()[2],
            tf.random.get_global_generator().state.numpy().tobytes(),
            keras.config.floatx(),
            keras.config.dtype_policy().name,
            keras.config.backend(),
            tf.config.threading.get_inter_op_parallelism_threads(),
            tf.config.threading.get_intra_op_parallelism_threads(),
            dict(os.environ),
        )

    def draws():
        """Draw from the seeded global generators of Keras and TensorFlow."""
        return float(keras.random.normal(())), float(tf.random.normal(()))

    kept = random.getstate(), np.random.get_state()
    try:
        keras.utils.set_random_seed(3)
        draws()
        expected = draws()
        keras.utils.set_random_seed(3)
        draws()
        before = state()
        tiny(ParallelCNNLSTMRegressor, dropout=0.3, early_stopping=True).fit(X, y)
        tiny(dropout=0.3).fit(X, y).model_.summary(print_fn=lambda _: None)
        assert state() == before
        # An unseeded draw would raise if the determinism switch were on.
        assert draws() == expected
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])


def test_the_dtype_policy_of_keras_is_respected():
    single = tiny(dropout=0.2).fit(X, y)
    for policy in ("mixed_bfloat16", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        try:
            mixed = tiny(dropout=0.2).fit(X, y)
            again = tiny(dropout=0.2).fit(X, y)
            kinds = {layer.compute_dtype for layer in mixed.model_.layers}
            assert kinds == {policy.removeprefix("mixed_")}
            assert_same_bits(mixed, again)
            assert {w.dtype.name for w in weights(mixed)} == {"float32"}
            np.testing.assert_allclose(mixed.predict(X), single.predict(X), atol=0.05)
            assert differ(mixed, single)
        finally:
            keras.config.set_dtype_policy("float32")
    assert_same_bits(tiny(dropout=0.2).fit(X, y), single)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_level_is_kept_in_full_precision_under_any_policy(policy):
    single = tiny(instance_norm="last").fit(X + 30_000, y + 30_000)
    keras.config.set_dtype_policy(policy)
    try:
        mixed = tiny(instance_norm="last").fit(X + 30_000, y + 30_000)
        predicted = mixed.predict(X + 30_000)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(predicted, single.predict(X + 30_000), rtol=0, atol=0.1)


def test_a_callback_sees_the_weights_that_are_returned():
    class Last(keras.callbacks.Callback):
        seen = []  # noqa: RUF012 - copies of the callback share the list

        def on_train_end(self, logs=None):
            self.seen.append(self.model.get_weights())

    # At this rate the loss is not lowest at the end.
    fitted = tiny(keep_best=True, epochs=8, learning_rate=0.5, callbacks=Last).fit(X, y)
    losses = fitted.history_["loss"]
    assert losses[-1] > min(losses)
    for seen, returned in zip(Last.seen[-1], weights(fitted), strict=True):
        np.testing.assert_array_equal(seen, returned)


# -------------------------------------------------------------- going on training


@pytest.mark.parametrize("cls", [CNNLSTMRegressor, ParallelCNNLSTMRegressor])
def test_going_on_gives_the_bits_of_a_fit_that_never_stopped(cls):
    whole = tiny(cls, dropout=0.2, epochs=5, callbacks=Recorder).fit(X, y)
    assert Recorder.epochs == [0, 1, 2, 3, 4]
    warm = tiny(cls, dropout=0.2, epochs=2, warm_start=True, callbacks=Recorder)
    warm.fit(X, y).set_params(epochs=3).fit(X, y)
    assert Recorder.epochs == [2, 3, 4]
    assert_same_bits(warm, whole)
    assert warm.n_epochs_ == 3
    assert warm.history_["loss"] == whole.history_["loss"][2:]
    partial = tiny(cls, dropout=0.2)
    for _ in range(5):
        partial.partial_fit(X, y)
    assert_same_bits(partial, whole)
    assert partial.history_ == whole.history_


def test_a_warm_start_of_another_network_starts_anew():
    estimator = tiny(warm_start=True).fit(X, y)
    with pytest.warns(UserWarning, match="warm_start has no effect"):
        estimator.set_params(filters=2).fit(X, y)
    assert_same_bits(estimator, tiny(filters=2).fit(X, y))


def test_initialize_draws_the_weights_that_fit_starts_from():
    estimator = tiny(ParallelCNNLSTMRegressor).initialize(X, y)
    still = tiny(ParallelCNNLSTMRegressor, learning_rate=STILL).fit(X, y)
    for one, other in zip(weights(estimator), weights(still), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-20)
    assert estimator.history_ == {"loss": []}


def test_classes_named_in_the_first_partial_fit_may_come_later():
    middle = LABELS != "high"
    estimator = tiny(CNNLSTMClassifier)
    estimator.partial_fit(X[middle], LABELS[middle], classes=["high", "low", "middle"])
    assert estimator.partial_fit(X, LABELS).predict_proba(X).shape == (52, 3)


# --------------------------------------------------------------------------- fork


def test_a_fork_after_the_first_operation_is_an_error_and_not_a_hang():
    done = run_python(
        """
        import multiprocessing
        import warnings

        warnings.simplefilter("ignore")  # of the very threads that die in a fork
        import test_training as t

        def child(queue, task):
            try:
                queue.put(f"ran {len(task())}")
            except RuntimeError as error:
                queue.put(str(error))

        def report(name, task):
            context = multiprocessing.get_context("fork")
            queue = context.Queue()
            process = context.Process(target=child, args=(queue, task), daemon=True)
            process.start()
            print(name, queue.get(timeout=60))
            process.join(60)

        if __name__ == "__main__":
            fit = lambda: t.tiny().fit(t.X, t.y).predict(t.X)
            report("import", fit)
            t.keras.ops.ones(3)
            report("operation", fit)
            estimator = t.tiny(filters=2).fit(t.X, t.y)
            estimator.predict(t.X)
            report("fit", lambda: estimator.fit(t.X, t.y).predict(t.X))
            report("predict", lambda: estimator.predict(t.X))
            report("model", lambda: t.tiny(filters=1).initialize(t.X, t.y).predict(t.X))
        """
    )
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert lines.pop("import") == "ran 52", done.stderr
    assert lines.keys() == {"operation", "fit", "predict", "model"}, done.stderr
    for line in lines.values():
        assert re.fullmatch(
            r"TensorFlow cannot run in a process that was forked after its first "
            r"operation: first used in process \d+, now in process \d+\. Start workers "
            r"with joblib's default backend 'loky', or with the multiprocessing start "
            r"method 'spawn' or 'forkserver'\.",
            line,
        )


# ------------------------------------------------- losses, optimizers and metrics


def pinball(target, predicted):
    error = target - predicted
    return keras.ops.mean(keras.ops.maximum(0.9 * error, -0.1 * error), axis=-1)


class Scaled(keras.losses.Loss):
    """Leaves its factor out of its config, as many losses in the wild do."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor

    def call(self, target, predicted):
        return self.factor * keras.ops.mean((target - predicted) ** 2, axis=-1)


def huber(delta):
    return lambda t, p: float(keras.losses.Huber(delta)(t[:, None], p[:, None]))


LOSSES = {
    "mse": ("mse", mean_squared_error),
    "long name": ("mean_absolute_error", mean_absolute_error),
    "class name": ("MeanAbsoluteError", mean_absolute_error),
    "function": (keras.losses.mean_absolute_error, mean_absolute_error),
    "class": (keras.losses.MeanAbsoluteError, mean_absolute_error),
    "object": (keras.losses.Huber(0.3), huber(0.3)),
    "own function": (
        pinball,
        lambda t, p: np.mean(np.maximum(0.9 * (t - p), 0.1 * (p - t))),
    ),
    "own lambda": (
        lambda t, p: 3 * keras.ops.mean((t - p) ** 2, axis=-1),
        lambda t, p: 3 * mean_squared_error(t, p),
    ),
    "own object": (Scaled(5.0), lambda t, p: 5 * mean_squared_error(t, p)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_what_it_says(name):
    loss, expected = LOSSES[name]
    # Where no weight moves, the loss of an epoch is that of the first weights.
    estimator = tiny(loss=loss, learning_rate=STILL, epochs=1).fit(X, y)
    expected = expected(y, estimator.predict(X))
    assert estimator.history_["loss"] == [pytest.approx(expected, rel=1e-5)]


def test_settings_are_routed_to_a_loss_given_by_name():
    routed = tiny(loss="huber", loss__delta=0.3).fit(X, y)
    assert_same_bits(routed, tiny(loss=keras.losses.Huber(0.3)).fit(X, y))
    assert differ(routed, tiny(loss="huber").fit(X, y))
    with pytest.raises(ValueError, match="nonsense"):
        tiny(loss="nonsense").fit(X, y)
    with pytest.raises(TypeError) as error:
        tiny(loss=pinball, loss__delta=1).fit(X, y)
    assert str(error.value) == (
        f"loss must be a name or a class to take settings: got {pinball!r} and "
        "['delta']. Pass the settings to the instance instead."
    )


def test_an_own_loss_function_is_traced_once_and_known_by_more_than_its_name(traces):
    def times(factor):
        def loss(target, predicted):
            return factor * keras.ops.mean((target - predicted) ** 2, axis=-1)

        return loss

    one, two = times(1.0), times(2.0)
    first, again, other = (
        clone(tiny(loss=loss, learning_rate=STILL, epochs=1)).fit(X, y)
        for loss in (one, one, two)
    )
    assert traces["epoch_function"] == 2
    assert first.history_ == again.history_
    assert other.history_["loss"][0] == pytest.approx(2 * first.history_["loss"][0])


def test_losses_and_metrics_of_equal_settings_are_one_program(traces):
    class Bias(keras.metrics.MeanMetricWrapper):
        def __init__(self, name="bias", dtype=None):
            super().__init__(lambda t, p: p - t, name, dtype)

        def get_config(self):
            return {"name": self.name}

    fitted = []
    for _ in range(2):
        for params in (
            {"loss": Scaled(5.0)},
            {"loss": Scaled(2.0)},
            {"loss": "huber", "loss__delta": 0.3},
            {"metrics": [Bias()]},
        ):
            fitted.append(tiny(**params, learning_rate=STILL).fit(X, y))
    assert traces["epoch_function"] == 4
    for first, second in zip(fitted[:4], fitted[4:], strict=True):
        assert first.history_ == second.history_
    bias = np.mean(fitted[3].predict(X) - y)
    assert fitted[3].history_["bias"] == [pytest.approx(bias, abs=1e-6)] * 2


def test_an_optimizer_is_what_it_says():
    fitted = [
        tiny(**params).fit(X, y)
        for params in (
            {"optimizer": "sgd", "learning_rate": 0.1, "optimizer__momentum": 0.5},
            {"optimizer": SGD, "learning_rate": 0.1, "optimizer__momentum": 0.5},
            {"optimizer": SGD(0.1, momentum=0.5)},
            {"optimizer": SGD, "optimizer__learning_rate": 0.1, "learning_rate": 0.1}
            | {"optimizer__momentum": 0.5},
        )
    ]
    for other in fitted[1:]:
        assert_same_bits(fitted[0], other)
    assert differ(fitted[0], tiny(optimizer="sgd", learning_rate=0.1).fit(X, y))
    with pytest.raises(TypeError) as error:
        tiny(optimizer=SGD(), optimizer__momentum=0.5).fit(X, y)
    assert str(error.value) == (
        "optimizer must be a name or a class to take settings: got an instance of SGD "
        "and ['momentum']. Pass the settings to the instance instead."
    )


def test_an_optimizer_given_as_an_object_is_never_used_itself():
    optimizer = Adam(0.01)
    first = tiny(optimizer=optimizer).fit(X, y)
    assert int(optimizer.iterations) == 0 and not optimizer.built
    assert_same_bits(first, tiny(optimizer=optimizer).fit(X, y))


def test_metrics_are_recorded_by_name_and_by_object():
    metrics = ["mae", keras.metrics.RootMeanSquaredError(name="rmse")]
    estimator = tiny(
        metrics=metrics,
        learning_rate=STILL,
        early_stopping=True,
        validation_fraction=0.25,
    ).fit(X, y)
    names = ["loss", "mae", "rmse"]
    assert list(estimator.history_) == [*names, *(f"val_{name}" for name in names)]
    predicted = estimator.predict(X)
    for prefix, part in (("", slice(0, 39)), ("val_", slice(39, 52))):
        error = y[part] - predicted[part]
        expected = {
            "loss": np.mean(error**2),
            "mae": np.mean(abs(error)),
            "rmse": math.sqrt(np.mean(error**2)),
        }
        for name, value in expected.items():
            assert estimator.history_[prefix + name] == [pytest.approx(value)] * 2


@pytest.mark.parametrize(
    "loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"]
)
def test_accuracy_is_that_of_the_classes(loss):
    estimator = tiny(
        CNNLSTMClassifier, loss=loss, metrics=["accuracy"], learning_rate=STILL
    ).fit(X, LABELS)
    score = estimator.score(X, LABELS)
    assert 0 < score < 1
    assert estimator.history_["accuracy"] == [pytest.approx(score)] * 2


NO_NUMBER = r"metrics must each give one number of targets that are .* and an output"


@pytest.mark.parametrize(
    "metric", ["mae", "precision", "auc", "categorical_accuracy", lambda y: y]
)
def test_a_metric_that_cannot_read_codes_is_refused(metric):
    with pytest.raises(ValueError, match=NO_NUMBER + ".*categorical_crossentropy"):
        tiny(CNNLSTMClassifier, metrics=[metric]).fit(X, LABELS)


@pytest.mark.parametrize("loss", ["poisson", keras.losses.Poisson()])
def test_a_loss_of_positive_outputs_is_not_blamed_on_the_scale(loss):
    message = "(?i)'poisson' at learning_rate=1. It is for outputs above zero, .* 'mse'"
    with pytest.raises(ValueError, match=message):
        tiny(loss=loss, learning_rate=1.0, epochs=20).fit(X, y - 9)


@pytest.mark.parametrize("metric", ["precision", "auc", "categorical_accuracy"])
def test_a_metric_of_columns_reads_those_of_the_other_loss(metric):
    estimator = tiny(
        CNNLSTMClassifier, metrics=[metric], loss="categorical_crossentropy"
    ).fit(X, LABELS)
    assert all(0 <= value <= 1 for value in estimator.history_[metric])


def test_a_metric_of_several_numbers_is_refused():
    several = keras.metrics.R2Score(class_aggregation=None)
    with pytest.raises(ValueError, match=NO_NUMBER):
        tiny(metrics=[several]).fit(X, np.column_stack([y, y]))


class Weighted(keras.losses.Loss):
    """Not registered with Keras, nor described by a config."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def call(self, y_true, y_pred):
        return self.weight * keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


@pytest.mark.parametrize("loss", [keras.losses.Huber(delta=0.1), Weighted(3.0)])
def test_copies_have_the_loss_to_the_last_attribute(loss):
    estimator = tiny(loss=loss)
    copies = {
        "clone": clone(estimator),
        "clone in a Pipeline": clone(make_pipeline(estimator))[-1],
        "pickle": pickle.loads(pickle.dumps(estimator)),
        "deepcopy": copy.deepcopy(estimator),
    }
    expected = estimator.fit(X, y).history_
    for name, copied in copies.items():
        assert copied.loss is not loss, name
        assert copied.fit(X, y).history_ == expected, name
    assert clone(estimator).set_params(loss="mse").loss == "mse"


@pytest.mark.parametrize(
    "loss",
    [
        "sparse_categorical_crossentropy",
        keras.losses.sparse_categorical_crossentropy,
        keras.losses.SparseCategoricalCrossentropy,
        keras.losses.SparseCategoricalCrossentropy(),
    ],
)
def test_a_regressor_refuses_a_loss_of_class_codes(loss):
    with pytest.raises(ValueError, match="loss must be a loss for regression"):
        tiny(loss=loss).fit(X, y)


def test_a_regressor_takes_any_loss_of_ones_own():
    def sparse_error(y, predicted):
        return keras.ops.abs(y - predicted)

    assert len(tiny(loss=sparse_error).fit(X, y).history_["loss"]) == 2


def test_a_setting_of_the_optimizer_that_is_no_number_is_named():
    message = r"optimizer must have settings that JSON can hold: got Adam with .*clipn"
    with pytest.raises(TypeError, match=message):
        tiny(optimizer__clipnorm=2j).fit(X, y)


def broken(y, predicted):
    raise KeyError("no such thing")


def in_python(y, predicted):
    def refuse(value):
        raise ValueError("no such value")

    refused = tf.numpy_function(refuse, [predicted], tf.float32)
    return keras.ops.mean(predicted, axis=-1) + tf.ensure_shape(refused, [None])


CANNOT_STEP = (
    "{} must be able to take a step towards these targets: got loss={!r} and "
    "optimizer='Adam', which ended in {}. Use 'mse', 'mae' or 'huber' for numbers, "
    "'sparse_categorical_crossentropy' for classes, numbers as settings of an "
    "optimizer, and keras.ops in functions of your own."
)


@pytest.mark.parametrize(
    ("params", "error", "who", "loss", "ending"),
    [
        (
            {"optimizer__beta_1": "x"},
            TypeError,
            "loss and optimizer",
            "sparse_categorical_crossentropy",
            "TypeError, \"unsupported operand type(s) for -: 'int' and 'str'\"",
        ),
        (
            {"loss": broken},
            ValueError,
            "loss and optimizer",
            "broken",
            "KeyError, \"'no such thing'\"",
        ),
        # It fails when it runs, for it looks at the values.
        (
            {"loss": "circle", "metrics": ["accuracy"]},
            ValueError,
            "loss, optimizer and metrics",
            "circle",
            "InvalidArgumentError, 'Incompatible shapes: [16,3] vs. [3,16]'",
        ),
        (
            {"loss": in_python},
            ValueError,
            "loss and optimizer",
            "in_python",
            "InvalidArgumentError, 'ValueError: no such value'",
        ),
    ],
    ids=["setting", "own loss", "loss", "in Python"],
)
def test_what_cannot_take_a_step_is_named_and_leaves_a_fit_as_it_was(
    params, error, who, loss, ending
):
    estimator = tiny(CNNLSTMClassifier).fit(X, LABELS)
    before = estimator.predict_proba(X)
    with pytest.raises(error) as caught:
        estimator.set_params(**params).fit(X, LABELS)
    assert str(caught.value) == CANNOT_STEP.format(who, loss, ending)
    np.testing.assert_array_equal(estimator.predict_proba(X), before)


@pytest.mark.parametrize(
    "params",
    [
        {"optimizer__weight_decay": "x"},  # as a step runs
        {"optimizer": "adagrad", "optimizer__initial_accumulator_value": "x"},  # before
    ],
    ids=["in a step", "in its slots"],
)
def test_settings_that_cannot_take_a_step_are_refused(params):
    with pytest.raises(ValueError, match=r"^loss and optimizer must be able"):
        tiny(**params).fit(X, y)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            {"optimizer__foo": 1},
            ValueError,
            "optimizer must take the settings routed to it: got optimizer=Adam with "
            "{'foo': 1}, which ended in \"Argument(s) not recognized: {'foo': 1}\". "
            "Use parameters of Adam, as optimizer__name=value.",
        ),
        (
            {"loss": keras.losses.Huber, "loss__foo": 1},
            TypeError,
            "loss must take the settings routed to it: got loss=Huber with {'foo': 1}, "
            'which ended in "Huber.__init__() got an unexpected keyword argument '
            "'foo'\". Use parameters of Huber, as loss__name=value.",
        ),
    ],
    ids=["optimizer", "loss"],
)
def test_settings_that_nothing_takes_are_named(params, error, message):
    with pytest.raises(error) as caught:
        tiny(**params).fit(X, y)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "error", [MemoryError("no room"), RecursionError(), KeyboardInterrupt()], ids=repr
)
def test_what_says_nothing_of_the_loss_is_raised_as_it_is(error):
    def loss(y, predicted):
        raise error

    with pytest.raises(type(error)) as caught:
        tiny(loss=loss).fit(X, y)
    assert caught.value is error


@pytest.mark.parametrize(
    "class_weight", [{"high": 3.0, "low": 1.0, "middle": 0.5}, "balanced"], ids=str
)
def test_class_weights_are_sample_weights(class_weight):
    by_class = tiny(CNNLSTMClassifier, class_weight=class_weight).fit(X, LABELS)
    weight = compute_sample_weight(class_weight, LABELS)
    by_sample = tiny(CNNLSTMClassifier).fit(X, LABELS, sample_weight=weight)
    assert_same_bits(by_class, by_sample)
    assert differ(by_class, tiny(CNNLSTMClassifier).fit(X, LABELS))


def test_a_sample_of_weight_zero_is_as_good_as_absent():
    weight = np.ones(len(X))
    weight[::3] = 0
    without = tiny().fit(X[weight > 0], y[weight > 0])
    assert_same_bits(tiny().fit(X, y, sample_weight=weight), without)
