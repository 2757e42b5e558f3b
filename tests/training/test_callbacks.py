"""Tests that Keras callbacks work as in `Model.fit`."""

import importlib

import keras
import numpy as np
import pytest
from training_helpers import (
    Recorder,
    X,
    as_array,
    assert_equal_weights,
    never_better,
    tiny,
    y,
)

from skcnnlstm.training import samples


def test_early_stopping_of_keras_stops_the_fit():
    stop = never_better(keras.callbacks.EarlyStopping, patience=2)
    assert tiny(epochs=9, callbacks=stop).fit(X, y).n_epochs_ == 3


def test_callbacks_change_the_learning_rate_of_their_fit_only():
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


def test_csv_logger_writes_one_line_per_epoch(tmp_path):
    logger = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    estimator = tiny(epochs=3, callbacks=logger, metrics=["mae"]).fit(X, y)
    header, *lines = (tmp_path / "log.csv").read_text().splitlines()
    table = [
        dict(zip(header.split(","), line.split(","), strict=True)) for line in lines
    ]
    assert [row["epoch"] for row in table] == ["0", "1", "2"]
    for name in ("loss", "mae"):
        assert [float(row[name]) for row in table] == estimator.history_[name]


def test_model_checkpoint_saves_a_model_with_equal_predictions(tmp_path):
    saver = keras.callbacks.ModelCheckpoint(str(tmp_path / "best.keras"))
    estimator = tiny(instance_norm="last", callbacks=saver).fit(X, y)
    loaded = keras.models.load_model(tmp_path / "best.keras")
    predicted = as_array(loaded(X.astype("float32")))[:, 0]
    np.testing.assert_allclose(predicted, estimator.predict(X), atol=1e-6)


def test_tensorboard_writes_values_per_epoch(monkeypatch, tmp_path):
    written = []

    def scalar(name, value, step):
        written.append((name, int(step), float(value)))

    # TensorFlow implements `scalar` in the package tensorboard, which is not required.
    monkeypatch.setattr(importlib.import_module("tensorflow.summary"), "scalar", scalar)
    board = keras.callbacks.TensorBoard(str(tmp_path))
    estimator = tiny(callbacks=board, early_stopping=True).fit(X, y)
    pairs = zip(estimator.history_["loss"], estimator.history_["val_loss"], strict=True)
    # Training and validation losses have the same name, in different files.
    assert [row[1:] for row in written if row[0] == "epoch_loss"] == [
        (epoch, value) for epoch, pair in enumerate(pairs) for value in pair
    ]
    assert not any(name.startswith("batch") for name, *_ in written)


def test_terminate_on_nan_does_not_change_a_finite_fit():
    assert_equal_weights(
        tiny(callbacks=keras.callbacks.TerminateOnNaN()).fit(X, y), tiny().fit(X, y)
    )


class CountBatches(keras.callbacks.Callback):
    batches = []  # noqa: RUF012 - copies of the callback share the list

    def on_train_batch_begin(self, batch, logs=None):
        self.batches.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        assert np.isfinite(logs["loss"])
        self.batches.append(batch)


@pytest.mark.parametrize("chunk_bytes", [1, 2**26])
def test_batch_hooks_are_called_for_every_batch_and_change_no_result(
    monkeypatch, chunk_bytes
):
    expected = tiny(dropout=0.2).fit(X, y)
    monkeypatch.setattr(samples, "CHUNK_BYTES", chunk_bytes)
    CountBatches.batches.clear()
    estimator = tiny(dropout=0.2, callbacks=CountBatches()).fit(X, y)
    assert CountBatches.batches == [0, 0, 1, 1, 2, 2, 3, 3] * 2
    assert_equal_weights(estimator, expected)
    assert estimator.history_ == expected.history_


def test_batch_hooks_of_a_lambda_callback_are_called():
    batches = []
    hook = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: batches.append(batch)
    )
    tiny(callbacks=hook).fit(X, y)
    assert batches == [0, 1, 2, 3] * 2


def test_a_callback_can_stop_a_fit_within_an_epoch():
    def stop(batch, logs):
        hook.model.stop_training = batch == 1
        batches.append(batch)

    batches = []
    hook = keras.callbacks.LambdaCallback(on_train_batch_end=stop)
    # `stop` needs the callback that runs: prevent that fit copies it.
    hook.__deepcopy__ = lambda memo: hook
    type(hook).__deepcopy__ = lambda self, memo: self
    try:
        estimator = tiny(callbacks=hook, epochs=5).fit(X, y)
    finally:
        del type(hook).__deepcopy__
    assert batches == [0, 1]
    assert estimator.n_epochs_ == 1


def test_callbacks_are_copied_for_each_fit():
    stop = never_better(keras.callbacks.EarlyStopping, patience=1)
    before = dict(vars(stop))
    estimator = tiny(epochs=5, callbacks=[stop])
    assert [estimator.fit(X, y).n_epochs_ for _ in range(2)] == [2, 2]
    assert vars(stop) == before
    assert estimator.get_params()["callbacks"] == [stop]


def test_callback_classes_accept_routed_settings():
    estimator = tiny(
        epochs=9,
        callbacks=keras.callbacks.EarlyStopping,
        callbacks__monitor="loss",
        callbacks__min_delta=1e9,
        callbacks__patience=1,
    )
    assert estimator.fit(X, y).n_epochs_ == 2


@pytest.mark.parametrize("wrong", ["early", [len], [None]], ids=str)
def test_an_object_that_is_not_a_callback_is_an_error(wrong):
    invalid = wrong if isinstance(wrong, str) else wrong[0]
    with pytest.raises(TypeError) as error:
        tiny(callbacks=wrong).fit(X, y)
    assert str(error.value) == (
        "callbacks must be Keras callbacks, as instances or classes: got "
        f"{invalid!r}. Derive its class from keras.callbacks.Callback."
    )
