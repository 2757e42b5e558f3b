"""Tests of fit, partial_fit, warm_start, early stopping and failed fits."""

import re

import keras
import numpy as np
import pytest
from sklearn.metrics import mean_squared_error
from sklearn.utils.class_weight import compute_sample_weight
from training_helpers import (
    EARLY_STOPPING,
    LABELS,
    N_TRAIN,
    N_VALIDATION,
    Recorder,
    X,
    assert_equal_weights,
    tiny,
    weights,
    weights_differ,
    y,
)

from skcnnlstm import (
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    ParallelCNNLSTMRegressor,
)
from skcnnlstm.wrappers import base


def test_different_seeds_and_unseeded_fits_give_different_weights():
    first, second = (tiny(random_state=None).fit(X, y) for _ in range(2))
    assert weights_differ(first, second)
    assert weights_differ(
        tiny(random_state=0).fit(X, y), tiny(random_state=1).fit(X, y)
    )


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_regressor_holds_out_the_last_samples_after_a_gap(shuffle):
    params = {"epochs": 1, "shuffle": shuffle}
    estimator = tiny(**params, **EARLY_STOPPING).fit(X, y)
    expected = tiny(**params).fit(X[:N_TRAIN], y[:N_TRAIN])
    assert_equal_weights(estimator, expected)
    predicted = expected.predict(X[-N_VALIDATION:])
    loss = mean_squared_error(y[-N_VALIDATION:], predicted)
    assert estimator.history_["val_loss"] == [pytest.approx(loss, rel=1e-5)]


def test_training_uses_neither_held_out_samples_nor_the_gap():
    params = {"epochs": 1, **EARLY_STOPPING}
    before = tiny(**params).fit(X, y)
    changed = y.copy()
    changed[N_TRAIN:-N_VALIDATION] = 9
    changed_gap = tiny(**params).fit(X, changed)
    assert_equal_weights(before, changed_gap)
    assert before.history_ == changed_gap.history_
    changed[-N_VALIDATION:] = 9
    changed_tail = tiny(**params).fit(X, changed)
    assert_equal_weights(before, changed_tail)
    assert before.history_["loss"] == changed_tail.history_["loss"]
    assert before.history_["val_loss"] != changed_tail.history_["val_loss"]


def test_too_few_samples_for_early_stopping_is_an_error():
    with pytest.raises(ValueError) as error:
        tiny(early_stopping=True, validation_gap=50).fit(X, y)
    assert str(error.value) == (
        "early_stopping must leave samples to train on: got 52 samples, of which 6 are "
        "held out (validation_fraction=0.1) and 50 left out (validation_gap=50). Use "
        "more samples, or lower validation_fraction or validation_gap."
    )


def test_a_classifier_holds_out_a_seeded_stratified_part(monkeypatch):
    validation_parts, train = [], base.training.train

    def recording_train(spec, samples, options, *, validation, **kwargs):
        assert not set(samples.rows) & set(validation.rows)
        assert len(samples) + len(validation) == len(X)
        validation_parts.append(validation)
        return train(spec, samples, options, validation=validation, **kwargs)

    monkeypatch.setattr(base.training, "train", recording_train)
    for seed, shuffle in [(0, True), (0, False), (1, True)]:
        tiny(
            CNNLSTMClassifier,
            epochs=1,
            early_stopping=True,
            validation_fraction=0.25,
            random_state=seed,
            shuffle=shuffle,
        ).fit(X, LABELS)
    class_counts = np.bincount(np.unique(LABELS, return_inverse=True)[1])
    for part in validation_parts:
        np.testing.assert_allclose(np.bincount(part.y), class_counts / 4, atol=1)
    rows = [part.rows.tolist() for part in validation_parts]
    assert rows[0] == rows[1] != rows[2]


def assert_unchanged(estimator, X, before, predicted):
    assert vars(estimator).keys() == before.keys()
    assert all(vars(estimator)[name] is before[name] for name in before)
    np.testing.assert_array_equal(estimator.predict(X), predicted)


def test_a_diverging_loss_is_an_error_and_keeps_the_earlier_fit():
    estimator = tiny().fit(X, y)
    estimator.set_params(optimizer="sgd", learning_rate=1e6, epochs=9)
    before, predicted = dict(vars(estimator)), estimator.predict(X)
    with pytest.raises(ValueError) as error:
        estimator.fit(X, y)
    assert re.fullmatch(
        r"loss must stay finite in training: got loss=(nan|inf) in epoch \d\. The "
        r"parameters are loss='mean_squared_error' and learning_rate=1e\+06\. Scale "
        r"the series \(StandardScaler\), lower learning_rate, or clip gradients with "
        r"optimizer__clipnorm=1\.0\.",
        str(error.value),
    )
    assert_unchanged(estimator, X, before, predicted)
    estimator.set_params(optimizer="adam", learning_rate=None, epochs=2)
    assert_equal_weights(estimator.fit(X, y), tiny().fit(X, y))


class Interrupt(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


def test_an_interrupted_fit_does_not_change_the_estimator():
    estimator = tiny().fit(X, y)
    estimator.set_params(callbacks=Interrupt, random_state=5)
    before, predicted = dict(vars(estimator)), estimator.predict(X)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, y)
    assert_unchanged(estimator, X, before, predicted)
    unfitted = tiny(callbacks=Interrupt)
    with pytest.raises(KeyboardInterrupt):
        unfitted.fit(X, y)
    assert not unfitted.__sklearn_is_fitted__()
    estimator.set_params(callbacks=None, random_state=0)
    assert_equal_weights(estimator.fit(X, y), tiny().fit(X, y))


@pytest.mark.heavy
def test_the_dtype_policy_of_keras_is_respected():
    params = {"dropout": 0.2, "standardize": True}
    single = tiny(**params).fit(X, y)
    for policy in ("mixed_bfloat16", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        try:
            mixed = tiny(**params).fit(X, y)
            again = tiny(**params).fit(X, y)
            dtypes = {layer.name: layer.compute_dtype for layer in mixed.model_.layers}
            # Large values would lose their digits in half precision.
            single_precision = {
                dtypes.pop(name) for name in ("standardized", "targets")
            }
            assert single_precision == {"float32"}
            dtypes.pop("unscaled_window", None)
            assert set(dtypes.values()) == {policy.removeprefix("mixed_")}
            assert_equal_weights(mixed, again)
            assert {w.dtype.name for w in weights(mixed)} == {"float32"}
            np.testing.assert_allclose(mixed.predict(X), single.predict(X), atol=0.05)
            assert weights_differ(mixed, single)
        finally:
            keras.config.set_dtype_policy("float32")
    assert_equal_weights(tiny(**params).fit(X, y), single)


@pytest.mark.parametrize("cls", [CNNLSTMRegressor, ParallelCNNLSTMRegressor])
def test_warm_start_and_partial_fit_are_bit_identical_to_a_single_fit(cls):
    whole = tiny(cls, dropout=0.2, epochs=5, callbacks=Recorder).fit(X, y)
    assert Recorder.epochs == [0, 1, 2, 3, 4]
    warm = tiny(cls, dropout=0.2, epochs=2, warm_start=True, callbacks=Recorder)
    warm.fit(X, y).set_params(epochs=3).fit(X, y)
    assert Recorder.epochs == [2, 3, 4]
    assert_equal_weights(warm, whole)
    assert warm.n_epochs_ == 3
    assert warm.history_["loss"] == whole.history_["loss"][2:]
    partial = tiny(cls, dropout=0.2)
    for _ in range(5):
        partial.partial_fit(X, y)
    assert_equal_weights(partial, whole)
    assert partial.history_ == whole.history_


def test_a_warm_start_of_another_network_starts_with_new_weights():
    estimator = tiny(warm_start=True).fit(X, y)
    with pytest.warns(UserWarning, match="warm_start has no effect"):
        estimator.set_params(filters=2).fit(X, y)
    assert_equal_weights(estimator, tiny(filters=2).fit(X, y))


def test_classes_of_the_first_partial_fit_can_appear_later():
    subset = LABELS != "high"
    estimator = tiny(CNNLSTMClassifier)
    estimator.partial_fit(X[subset], LABELS[subset], classes=["high", "low", "middle"])
    assert estimator.partial_fit(X, LABELS).predict_proba(X).shape == (52, 3)


@pytest.mark.parametrize(
    "loss",
    [
        "sparse_categorical_crossentropy",
        keras.losses.sparse_categorical_crossentropy,
        keras.losses.SparseCategoricalCrossentropy,
        keras.losses.SparseCategoricalCrossentropy(),
    ],
)
def test_a_regressor_rejects_a_loss_of_class_codes(loss):
    with pytest.raises(ValueError, match="loss must be a loss for regression"):
        tiny(loss=loss).fit(X, y)


def test_a_regressor_accepts_a_user_defined_loss_named_sparse():
    def sparse_error(y, predicted):
        return keras.ops.abs(y - predicted)

    assert len(tiny(loss=sparse_error).fit(X, y).history_["loss"]) == 2


@pytest.mark.parametrize(
    "class_weight", [{"high": 3.0, "low": 1.0, "middle": 0.5}, "balanced"], ids=str
)
def test_class_weights_equal_sample_weights(class_weight):
    class_weighted = tiny(CNNLSTMClassifier, class_weight=class_weight).fit(X, LABELS)
    weight = compute_sample_weight(class_weight, LABELS)
    sample_weighted = tiny(CNNLSTMClassifier).fit(X, LABELS, sample_weight=weight)
    assert_equal_weights(class_weighted, sample_weighted)
    assert weights_differ(class_weighted, tiny(CNNLSTMClassifier).fit(X, LABELS))
