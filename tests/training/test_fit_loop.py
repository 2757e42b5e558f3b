"""Tests of training and prediction: correct, reproducible, restored weights."""

import os
import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from joblib import parallel_backend
from sklearn.base import clone
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from training_helpers import (
    EARLY_STOPPING,
    LABELS,
    N_TRAIN,
    N_VALIDATION,
    SAMPLE_WEIGHT,
    SGD,
    TINY_RATE,
    Adam,
    Recorder,
    X,
    as_array,
    assert_equal_weights,
    digest_of_fit,
    digest_of_long_fit,
    run_python,
    tiny,
    weights,
    weights_differ,
    y,
)

from skcnnlstm import (
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    ConvLSTMRegressor,
    ParallelCNNLSTMClassifier,
    ParallelCNNLSTMRegressor,
)
from skcnnlstm.training import clear_programs, samples


def plain_loop(estimator, X, target, loss, optimizer, weight=None):
    """Train eagerly, one step at a time, with the random numbers of the package.

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


ExponentialDecay = keras.optimizers.schedules.ExponentialDecay


TRAINING_CASES = {  # parameters, the equivalent optimizer, sample weights
    "adam": ({}, lambda: Adam(), None),
    "sample weights": ({}, lambda: Adam(), SAMPLE_WEIGHT),
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
        # Not Adam: the gradient of a bias before such a layer is only rounding error,
        # which Adam would scale to full steps.
        {"cls": ParallelCNNLSTMRegressor, "optimizer": "sgd", "learning_rate": 0.1},
        lambda: SGD(0.1),
        None,
    ),
    "convolutional LSTM": (
        {"cls": ConvLSTMRegressor, "n_subsequences": 4},
        lambda: Adam(),
        None,
    ),
    "classes": ({"cls": CNNLSTMClassifier}, lambda: Adam(), SAMPLE_WEIGHT),
    "bidirectional": ({"bidirectional": True, "dropout": 0.4}, lambda: Adam(), None),
}


@pytest.mark.parametrize(
    "case",
    [
        case
        if case in ("classes", "dropout", "batch normalization")
        else pytest.param(case, marks=pytest.mark.heavy)
        for case in TRAINING_CASES
    ],
)
def test_each_epoch_equals_a_plain_training_loop_within_rounding(case):
    params, optimizer, weight = TRAINING_CASES[case]
    estimator = tiny(**params, callbacks=Recorder)
    is_classifier = isinstance(estimator, CNNLSTMClassifier)
    loss = (
        keras.losses.SparseCategoricalCrossentropy()
        if is_classifier
        else keras.losses.MeanSquaredError()
    )
    target = LABELS if is_classifier else y
    estimator.fit(X, target, sample_weight=weight)
    actual = zip(Recorder.weights, estimator.history_["loss"], strict=True)
    expected = plain_loop(estimator, X, target, loss, optimizer(), weight)
    for epoch, (ours, plain) in enumerate(zip(actual, expected, strict=True)):
        for one, other in zip(ours[0], plain[0], strict=True):
            np.testing.assert_allclose(
                one, other, rtol=1e-4, atol=3e-6, err_msg=f"epoch {epoch}"
            )
        assert ours[1] == pytest.approx(plain[1], rel=1e-5)


def test_an_averaging_optimizer_returns_averaged_weights():
    estimator = tiny(optimizer__use_ema=True, optimizer__ema_momentum=0.5).fit(X, y)
    optimizer = Adam(use_ema=True, ema_momentum=0.5)
    loss = keras.losses.MeanSquaredError()
    *_, (expected, _) = plain_loop(estimator, X, y, loss, optimizer)
    for one, other in zip(estimator.model_.trainable_variables, expected, strict=True):
        np.testing.assert_allclose(as_array(one), other, rtol=1e-4, atol=3e-6)
    assert weights_differ(estimator, tiny().fit(X, y))


def test_without_shuffling_batches_follow_the_order_of_the_samples():
    total_losses = []

    class RecordLosses(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            total_losses.append(logs["loss"] * min(16 * (batch + 1), len(X)))

    estimator = tiny(
        shuffle=False, epochs=1, learning_rate=TINY_RATE, callbacks=RecordLosses
    )
    errors = (estimator.fit(X, y).predict(X) - y) ** 2
    expected = np.cumsum(errors)[np.array([16, 32, 48, 52]) - 1]
    np.testing.assert_allclose(total_losses, expected, rtol=1e-5)


def test_each_fit_resets_slots_dropout_and_statistics():
    estimator = tiny(
        ParallelCNNLSTMClassifier,
        dropout=0.3,
        optimizer="sgd",
        optimizer__momentum=0.9,
        metrics=["accuracy"],
    )
    once = clone(estimator).fit(X, LABELS)
    twice = estimator.fit(X, LABELS).fit(X, LABELS)
    assert_equal_weights(once, twice)
    assert once.history_ == twice.history_


def test_concurrent_fits_are_bit_identical_to_single_ones(empty_cache):
    seeds = [0, 0, 1, 2]
    single = [tiny(dropout=0.2, random_state=seed).fit(X, y) for seed in seeds]
    clear_programs()
    barrier = threading.Barrier(len(seeds), timeout=60)

    def fit(seed):
        barrier.wait()
        return tiny(dropout=0.2, random_state=seed).fit(X, y)

    with ThreadPoolExecutor(len(seeds)) as pool:
        concurrent = list(pool.map(fit, seeds))
    for one, other in zip(single, concurrent, strict=True):
        assert_equal_weights(one, other)


@pytest.mark.heavy
def test_concurrent_searches_return_the_scores_of_a_single_one():
    def search(n_jobs):
        grid = {"learning_rate": [0.001, 0.01], "filters": [2, 3]}
        search = GridSearchCV(tiny(), grid, cv=TimeSeriesSplit(2), n_jobs=n_jobs)
        return search.fit(X, y).cv_results_["mean_test_score"]

    single = search(None)

    def in_threads(_):
        with parallel_backend("threading"):
            return search(2)

    with ThreadPoolExecutor(2) as pool:
        for scores in pool.map(in_threads, range(2)):
            np.testing.assert_array_equal(scores, single)


@pytest.mark.heavy
def test_another_process_returns_bit_identical_results():
    # The other process has another hash seed, and has built other layers before.
    process = run_python(
        """
        import training_helpers as helpers
        helpers.tiny(helpers.LSTMRegressor).fit(helpers.X, helpers.y)
        print("digest", helpers.digest_of_fit())
        """
    )
    assert f"digest {digest_of_fit()}" in process.stdout, process.stderr


@pytest.mark.heavy
@pytest.mark.parametrize("n_features", [1, 80])  # one operation, or a loop
def test_fits_over_many_steps_are_bit_identical(n_features, monkeypatch, empty_cache):
    first = digest_of_long_fit(n_features)
    assert digest_of_long_fit(n_features) == first
    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(digest_of_long_fit, [n_features] * 2)) == {first}
    monkeypatch.setattr(samples, "CHUNK_BYTES", 1)
    assert digest_of_long_fit(n_features) == first
    process = run_python(
        f"""
        import training_helpers as helpers
        print("digest", helpers.digest_of_long_fit({n_features}))
        """
    )
    assert f"digest {first}" in process.stdout, process.stderr


def test_a_seeded_fit_does_not_change_global_state(empty_cache):
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

    python_state, numpy_state = random.getstate(), np.random.get_state()
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
        # An unseeded draw would raise an error if determinism were enabled.
        assert draws() == expected
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


def test_early_stopping_restores_the_weights_of_the_lowest_validation_loss():
    # The pattern of the first samples is wrong for the validation samples.
    reversed_tail = np.r_[y[:30], -y[30:]]
    settings = {"learning_rate": 0.05, "patience": 3, "epochs": 40}
    estimator = tiny(**settings, **EARLY_STOPPING).fit(X, reversed_tail)
    best = int(np.argmin(estimator.history_["val_loss"])) + 1
    assert estimator.n_epochs_ == len(estimator.history_["loss"]) == best + 3 < 40
    shorter = tiny(learning_rate=0.05, epochs=best)
    shorter.fit(X[:N_TRAIN], reversed_tail[:N_TRAIN])
    assert_equal_weights(estimator, shorter)


@pytest.mark.parametrize("cls", [CNNLSTMRegressor, ParallelCNNLSTMRegressor])
def test_keep_best_restores_the_weights_of_the_lowest_training_loss(cls):
    settings = {"learning_rate": 0.1, "dropout": 0.2}
    kept = tiny(cls, keep_best=True, epochs=14, **settings).fit(X, y)
    best = int(np.argmin(kept.history_["loss"])) + 1
    assert 1 < best < kept.n_epochs_ == 14  # the best epoch is not the last
    assert kept.best_epoch_ == best
    # The statistics of batch normalization belong to the restored weights.
    assert_equal_weights(kept, tiny(cls, epochs=best, **settings).fit(X, y))
    last = tiny(cls, epochs=14, **settings).fit(X, y)
    assert kept.history_ == last.history_
    assert weights_differ(kept, last)


AVERAGING = {"optimizer__use_ema": True, "optimizer__ema_momentum": 0.8}


def test_early_stopping_restores_the_averages_that_it_evaluated():
    reversed_tail = np.r_[y[:30], -y[30:]]
    settings = {"learning_rate": 0.05, **AVERAGING}
    kept = tiny(epochs=40, patience=3, **settings, **EARLY_STOPPING).fit(
        X, reversed_tail
    )
    losses = kept.history_["val_loss"]
    best = int(np.argmin(losses)) + 1
    assert best < kept.n_epochs_ < 40
    predicted = kept.predict(X[-N_VALIDATION:])
    loss = mean_squared_error(reversed_tail[-N_VALIDATION:], predicted)
    assert loss == pytest.approx(min(losses), rel=1e-5)
    shorter = tiny(epochs=best, **settings)
    shorter.fit(X[:N_TRAIN], reversed_tail[:N_TRAIN])
    assert_equal_weights(kept, shorter)


def test_keep_best_initializes_without_an_epoch():
    start = tiny(keep_best=True).initialize(X, y)
    assert start.n_epochs_ == 0
    assert_equal_weights(start, tiny().initialize(X, y))


def test_keep_best_restores_averaged_weights():
    settings = {"learning_rate": 0.1, "dropout": 0.2, **AVERAGING}
    kept = tiny(keep_best=True, epochs=14, **settings).fit(X, y)
    best = int(np.argmin(kept.history_["loss"])) + 1
    assert best < 14
    assert_equal_weights(kept, tiny(epochs=best, **settings).fit(X, y))


def test_early_stopping_takes_precedence_over_keep_best():
    params = {"epochs": 8, "patience": 2, "learning_rate": 0.1, **EARLY_STOPPING}
    assert_equal_weights(
        tiny(keep_best=True, **params).fit(X, y), tiny(**params).fit(X, y)
    )


def test_the_learning_rate_decreases_on_a_plateau_to_a_tenth():
    settings = {"learning_rate": TINY_RATE, "shuffle": False, "callbacks": Recorder}
    tiny(plateau_patience=2, epochs=6, **settings).fit(X, y)
    n_reductions = np.array([0, 0, 0, 1, 1, 2])
    expected = TINY_RATE * 2 ** (-n_reductions / 3)
    np.testing.assert_allclose(Recorder.rates, expected, rtol=1e-5)
    tiny(plateau_patience=1, epochs=15, **settings).fit(X, y)
    # Ten reductions would give 0.0992, below the minimum of 0.1.
    assert Recorder.rates[10] == pytest.approx(TINY_RATE / 8)
    assert Recorder.rates[11:] == [pytest.approx(TINY_RATE / 10)] * 4
    tiny(epochs=15, **settings).fit(X, y)
    assert len(set(Recorder.rates)) == 1


def test_the_learning_rate_of_a_loss_scale_optimizer_is_that_of_the_inner_one(traces):
    def scaled(rate):
        return keras.optimizers.LossScaleOptimizer(Adam(rate))

    settings = {"epochs": 5, "shuffle": False, "plateau_patience": 2}
    tiny(optimizer=scaled(TINY_RATE), callbacks=Recorder, **settings).fit(X, y)
    n_reductions = np.array([0, 0, 0, 1, 1])
    expected = TINY_RATE * 2 ** (-n_reductions / 3)
    np.testing.assert_allclose(Recorder.rates, expected, rtol=1e-5)
    fitted = tiny(optimizer=scaled(0.01)).fit(X, y)
    assert traces["epoch_function"] == 1
    plain = tiny(learning_rate=0.01).fit(X, y)
    for one, other in zip(weights(fitted), weights(plain), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


# The decay of the recipe; no early stopping, so that all epochs are trained.
DECAY = {"epochs": "auto", "early_stopping": False}


def batch_rates(**params):
    """Return the learning rate of each step of a fit with a decay."""
    rates = []

    class RecordRates(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate))

    tiny(**DECAY, **params, callbacks=RecordRates).fit(X, y)
    return np.array(rates)


def test_the_rate_warms_up_and_decays_along_a_half_cosine():
    rates = batch_rates()
    n_steps = len(rates)
    assert n_steps >= 250
    peak = rates.argmax()
    assert 0.03 < peak / n_steps < 0.08
    assert (np.diff(rates[: peak + 1]) >= 0).all()
    assert (np.diff(rates[peak:]) <= 0).all()
    assert rates[0] < 0.3 * rates[peak]
    assert rates[n_steps // 2] == pytest.approx(rates[peak] / 2, rel=0.05)
    assert rates[-1] < rates[peak] / 500


def test_a_decay_starts_from_the_rate_of_the_optimizer():
    rates = batch_rates(optimizer="sgd")
    assert rates.max() == pytest.approx(0.01, rel=0.02)


def test_a_decay_is_traced_once_for_all_numbers_of_epochs_and_rows(traces):
    fits = [tiny(**DECAY).fit(X[:n], y[:n]) for n in (52, 40, 20)]
    assert len({fit.n_epochs_ for fit in fits}) == 3
    tiny(epochs=2).fit(X, y)  # a constant rate
    assert traces["epoch_function"] == 1


def test_a_decay_does_not_depend_on_batch_callbacks_nor_on_chunks(monkeypatch):
    class EachBatch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    expected = tiny(**DECAY, dropout=0.2).fit(X, y)
    by_batch = tiny(**DECAY, dropout=0.2, callbacks=EachBatch).fit(X, y)
    assert_equal_weights(by_batch, expected)
    assert by_batch.history_ == expected.history_
    monkeypatch.setattr(samples, "CHUNK_BYTES", 1)
    assert_equal_weights(tiny(**DECAY, dropout=0.2).fit(X, y), expected)


def test_a_fit_after_one_with_a_decay_has_its_own_rate(empty_cache):
    expected = tiny().fit(X, y)
    clear_programs()
    tiny(**DECAY).fit(X, y)
    assert_equal_weights(tiny().fit(X, y), expected)


def test_a_schedule_of_the_optimizer_replaces_the_decay():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 20, 0.5)
    decayed = tiny(**DECAY, optimizer=SGD(schedule)).fit(X, y)
    expected = tiny(epochs=decayed.n_epochs_, optimizer=SGD(schedule)).fit(X, y)
    assert_equal_weights(decayed, expected)


def test_a_warm_start_decays_again():
    twice = tiny(**DECAY, warm_start=True, callbacks=Recorder).fit(X, y)
    first = list(Recorder.rates)
    twice.fit(X, y)
    assert Recorder.rates == first
    assert Recorder.epochs[0] == len(first)


def test_plateau_patience_is_an_error_with_a_schedule():
    decay = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    with pytest.raises(ValueError, match="plateau_patience must be None"):
        tiny(optimizer=keras.optimizers.SGD(decay), plateau_patience=3).fit(X, y)


@pytest.mark.parametrize("loss", ["poisson", keras.losses.Poisson()])
def test_a_diverging_poisson_loss_has_its_own_remedy(loss):
    message = (
        r"(?i)loss='poisson' and learning_rate=1\. The Poisson loss requires positive "
        r"outputs, but the output of a network can be any number\. Use 'mse', 'mae' or "
        r"'huber'\."
    )
    with pytest.raises(ValueError, match=message):
        tiny(loss=loss, learning_rate=1.0, epochs=20).fit(X, y - 9)


def test_callbacks_see_the_weights_that_fit_returns():
    class RecordLastWeights(keras.callbacks.Callback):
        record = []  # noqa: RUF012 - copies of the callback share the list

        def on_train_end(self, logs=None):
            self.record.append(self.model.get_weights())

    # At this learning rate, the last loss is not the lowest.
    fitted = tiny(
        keep_best=True, epochs=8, learning_rate=0.5, callbacks=RecordLastWeights
    ).fit(X, y)
    losses = fitted.history_["loss"]
    assert losses[-1] > min(losses)
    last_weights = RecordLastWeights.record[-1]
    for seen, returned in zip(last_weights, weights(fitted), strict=True):
        np.testing.assert_array_equal(seen, returned)


def test_a_sample_of_weight_zero_is_ignored():
    weight = np.ones(len(X))
    weight[::3] = 0
    without = tiny().fit(X[weight > 0], y[weight > 0])
    assert_equal_weights(tiny().fit(X, y, sample_weight=weight), without)


def test_verbose_prints_one_line_per_epoch(capsys):
    tiny(epochs=3).fit(X, y)
    assert capsys.readouterr().out == ""
    tiny(epochs=3, verbose=2).fit(X, y)
    out = capsys.readouterr().out
    assert re.findall(r"Epoch \d/\d", out) == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert len(re.findall(r"4/4 - .* - loss: ", out)) == 3
    tiny(epochs=1, verbose=1).fit(X, y)
    assert "4/4" in capsys.readouterr().out
