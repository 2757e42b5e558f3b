"""Tests of the cache of programs: traced once, bounded, safe to clear."""

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from training_helpers import (
    LABELS,
    SAMPLE_WEIGHT,
    X,
    as_array,
    assert_equal_weights,
    tiny,
    weights_differ,
    y,
)

from skcnnlstm import (
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    LSTMRegressor,
    ParallelCNNLSTMRegressor,
)
from skcnnlstm.training import cache, clear_programs


@pytest.mark.parametrize(
    "cls", [CNNLSTMRegressor, ParallelCNNLSTMRegressor, CNNLSTMClassifier]
)
def test_a_cached_program_is_bit_identical_to_a_new_one(cls, empty_cache):
    target = LABELS if cls is CNNLSTMClassifier else y
    new = tiny(cls, dropout=0.2).fit(X, target)
    # A different fit in between leaves no state in the program.
    other = tiny(cls, dropout=0.2, random_state=7, learning_rate=0.5, epochs=3)
    assert weights_differ(new, other.set_params(batch_size=5).fit(X[:30], target[:30]))
    cached = tiny(cls, dropout=0.2).fit(X, target)
    assert_equal_weights(new, cached)
    assert new.history_ == cached.history_
    clear_programs()
    np.testing.assert_array_equal(new.predict(X), cached.predict(X))


def test_a_grid_search_traces_one_program_for_each_shape(traces):
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


def test_only_large_batches_need_another_program(traces):
    for size in (1, 128, 129, 1000):
        tiny(LSTMRegressor, batch_size=size, epochs=1).fit(X, y)
    assert traces["epoch_function"] == 2


def test_early_stopping_and_sample_weights_trace_only_an_evaluation(traces):
    tiny().fit(X, y)
    tiny(early_stopping=True).fit(X, y, sample_weight=SAMPLE_WEIGHT)
    tiny(early_stopping=True, validation_fraction=0.4).fit(X, y)
    assert traces == {"epoch_function": 1, "gradients": 1, "evaluate_function": 1}


def count_graphs():
    gc.collect()
    return sum(isinstance(instance, tf.Graph) for instance in gc.get_objects())


@pytest.mark.heavy
def test_the_cache_is_bounded_and_frees_programs(monkeypatch, empty_cache):
    monkeypatch.setattr(cache, "MAX_IDLE", 2)
    monkeypatch.setattr(cache, "MAX_PREDICTIONS", 2)
    models, estimators = [], []
    tiny(CNNRegressor).fit(X, y)  # TensorFlow keeps one graph permanently
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
    assert count_graphs() == n_graphs  # TensorFlow keeps none either
    for estimator, predicted in zip(estimators, before, strict=True):
        np.testing.assert_array_equal(estimator.predict(X), predicted)


class ClearPrograms(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        clear_programs()


def test_programs_can_be_cleared_during_a_fit(empty_cache):
    expected = tiny().fit(X, y)
    assert_equal_weights(tiny(callbacks=ClearPrograms).fit(X, y), expected)


def test_concurrent_predictions_of_one_estimator_are_bit_identical(empty_cache):
    estimator = tiny().fit(X, y)
    parts = [X[i : i + 20 + i] for i in range(8)]
    single = [clone(estimator).fit(X, y).predict(part) for part in parts]
    clear_programs()
    barrier = threading.Barrier(8, timeout=60)

    def predict(part):
        barrier.wait()
        return [estimator.predict(part) for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        for expected, results in zip(single, pool.map(predict, parts), strict=True):
            for result in results:
                np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    "name", ["silu", pytest.param("swish", marks=pytest.mark.heavy)]
)
def test_silu_keeps_no_graph_in_memory(name, empty_cache):
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


def test_a_failed_trace_leaves_no_lock(empty_cache, monkeypatch):
    regressor = tiny().fit(X, y)

    def fail(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(cache, "PredictionProgram", fail)
        with pytest.raises(MemoryError):
            regressor.predict(X)
    assert not cache._first_use
    assert regressor.predict(X).shape == y.shape
