"""Tests of checkpoints: an interrupted fit is resumed, and only that fit."""

import errno
import logging
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from fingerprint_cases import CASES
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skcnnlstm import LSTMClassifier, LSTMRegressor, training
from skcnnlstm.training.checkpoint import Checkpoint, Progress


class Stop(keras.callbacks.Callback):
    """Interrupts a fit after an epoch, as Ctrl+C does."""

    after = None

    def on_epoch_end(self, epoch, logs=None):
        if epoch == Stop.after:
            raise KeyboardInterrupt


class Counts(keras.callbacks.Callback):
    """Counts epochs, in a number, a list and an array."""

    total = 0

    def __init__(self):
        super().__init__()
        self.n, self.each, self.last = 0, [], np.zeros(1)

    def on_epoch_end(self, epoch, logs=None):
        Counts.total += 1
        self.n, self.each, self.last = self.n + 1, [*self.each, epoch], self.last + 1
        self.stopped = lambda: None  # cannot be stored
        assert self.each == list(range(epoch + 1))
        assert self.n == self.last[0] == epoch + 1


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    """Write a checkpoint after every epoch, however fast it is."""
    monkeypatch.setattr("skcnnlstm.training.checkpoint._WRITE_SHARE", np.inf)


@pytest.fixture
def stop_after(monkeypatch):
    return lambda epoch: monkeypatch.setattr(Stop, "after", epoch)


def make(folder, **params):
    params = {"lstm_units": 3, "epochs": 8, "random_state": 0, "callbacks": [Stop]} | (
        params
    )
    kind = params.pop("kind", LSTMRegressor)
    return kind(checkpoint=None if folder is None else folder / "fits", **params)


def assert_same_fit(one, other):
    assert one.history_ == other.history_
    for name in ("_weights", "_slots"):
        for array, again in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(array, again)


PARAMS = [
    {"early_stopping": True, "dropout": 0.3, "callbacks": [Counts, Stop]},
    {"early_stopping": True, "patience": 2, "learning_rate": 0.03},
    {"keep_best": True, "plateau_patience": 1, "learning_rate": 0.05, "epochs": 12},
    {"optimizer": "adamw", "optimizer__use_ema": True},
    {"epochs": "auto", "early_stopping": False, "batch_size": 48, "dropout": 0.3},
    {"callbacks": [keras.callbacks.EarlyStopping("loss", patience=1), Stop()]},
]


@pytest.mark.parametrize("params", PARAMS, ids=lambda params: next(iter(params)))
def test_a_resumed_fit_is_bit_identical_to_an_uninterrupted_one(
    params, windows, tmp_path, stop_after, thorough
):
    if params is not PARAMS[0] and not thorough:
        pytest.skip("two traces for each case: run with --all-estimators")
    expected = make(None, **params).fit(*windows)
    stopped = make(tmp_path, **params)
    for epoch in (2, 4) if thorough else (3,):
        stop_after(min(epoch, expected.n_epochs_ - 1))
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(*windows)
        assert not hasattr(stopped, "history_")
    stop_after(None)
    Counts.total = 0
    assert_same_fit(stopped.fit(*windows), expected)
    assert Counts.total <= 5  # earlier epochs are not repeated
    assert os.listdir(tmp_path / "fits") == []


def test_a_resumed_fit_keeps_its_drawn_seed(windows, tmp_path, stop_after):
    X, y = windows
    drawn = make(
        tmp_path, random_state=None, kind=LSTMClassifier, early_stopping=True, epochs=4
    )
    stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        drawn.fit(X, y > 0)
    (file,) = (tmp_path / "fits").iterdir()
    seed = training.Checkpoint(tmp_path / "other", ["facts"], 5).seed
    assert seed == 5
    stop_after(None)
    drawn.fit(X, y > 0)
    expected = make(None, kind=LSTMClassifier, early_stopping=True, epochs=4)
    expected.set_params(random_state=drawn._seed).fit(X, y > 0)
    assert_same_fit(drawn, expected)
    assert not file.exists()
    seeds = {drawn.fit(X, y > 0)._seed for _ in range(2)}
    assert len(seeds) == 2  # a finished fit leaves no seed


def test_data_parameters_and_callbacks_determine_the_file(
    windows, tmp_path, monkeypatch
):
    files = []

    def record_path(*args, checkpoint, **settings):
        files.append(checkpoint.path)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", record_path)
    X, y = windows
    once = make(tmp_path)
    changes = [{"epochs": 9}, {"random_state": 1}, {"learning_rate": 0.1}]
    changes += [{"lstm_units": 4}, {"loss": "mae"}, {"callbacks": [Counts, Stop]}]
    changes += [{"metrics": ["mae"]}, {"loss": lambda y, p: y - p}]
    changes += [{"loss": lambda y, p: p - y}, {"keep_best": True}]
    # Not X + 1: standardized, that is X.
    fits = [(once, X, y), (once, X**3, y), (once, X, -y), (once, X[1:], y[1:])]
    fits += [(clone(once).set_params(**change), X, y) for change in changes]
    for estimator, *data in [*fits, *fits]:
        with pytest.raises(KeyboardInterrupt):
            estimator.fit(*data)
    assert len(set(files)) == len(fits)
    assert files[: len(fits)] == files[len(fits) :]


@pytest.mark.parametrize("name", CASES)
def test_the_values_in_user_defined_objects_determine_the_file(
    name, windows, tmp_path, monkeypatch
):
    files = []

    def record_path(*args, checkpoint, **settings):
        files.append(checkpoint.path)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", record_path)
    for value in (1.0, 100.0, 1.0):
        with pytest.raises(KeyboardInterrupt):
            make(tmp_path, **CASES[name](value)).fit(*windows)
    first, other, again = files
    assert first == again != other


def test_a_log_of_a_callback_does_not_determine_the_file(windows, tmp_path, stop_after):
    losses = []
    log = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.append(logs["loss"])
    )
    log.logger = logging.getLogger("skcnnlstm.tests")
    stopped = make(tmp_path, callbacks=[log, Stop], epochs=4)
    stop_after(2)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(*windows)
    stop_after(None)
    log.logger.disabled = True
    stopped.fit(*windows)
    assert len(losses) == 5  # only the interrupted epoch is repeated
    assert os.listdir(tmp_path / "fits") == []


def test_a_fit_with_warm_start_is_resumed(windows, tmp_path, stop_after, thorough):
    if not thorough:
        pytest.skip("three traces: run with --all-estimators")
    expected = make(None, warm_start=True).fit(*windows).fit(*windows)
    stopped = make(tmp_path, warm_start=True).fit(*windows)
    before = stopped.predict(windows[0])
    stop_after(12)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(*windows)
    np.testing.assert_array_equal(stopped.predict(windows[0]), before)
    stop_after(None)
    assert_same_fit(stopped.fit(*windows), expected)


def test_the_fits_of_a_search_share_a_folder(windows, tmp_path, stop_after):
    def search(folder):
        return GridSearchCV(
            make(folder, epochs=3), {"lstm_units": [2, 3]}, cv=TimeSeriesSplit(2)
        )

    stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path).fit(*windows)
    stop_after(None)
    scores = [
        search(folder).fit(*windows).cv_results_["mean_test_score"]
        for folder in (tmp_path, None)
    ]
    np.testing.assert_array_equal(*scores)
    assert os.listdir(tmp_path / "fits") == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: content.replace(*(x.encode("utf-32-le") for x in ("7", "8"))),
    ],
)
def test_a_damaged_checkpoint_is_an_error(damage, tmp_path):
    one = Checkpoint(tmp_path, ["facts"], 5)
    one.write(Progress([np.ones(3)], [], {"loss": [0.7]}, []))
    one.path.write_bytes(damage(one.path.read_bytes()))
    with pytest.raises(ValueError, match=r"undamaged files: got .*\.npz, which cannot"):
        Checkpoint(tmp_path, ["facts"], 5)


def test_a_damaged_checkpoint_leaves_the_estimator_unfitted(
    windows, tmp_path, stop_after
):
    stop_after(2)
    stopped = make(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(*windows)
    (file,) = (tmp_path / "fits").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"Delete this file. The fit then starts from"):
        stopped.fit(*windows)
    assert not hasattr(stopped, "history_")


def test_progress_is_the_same_after_reading(tmp_path):
    progress = Progress(
        weights=[np.ones((2, 3)), np.arange(3).astype("bfloat16")],
        slots=[np.array(7)],
        history={"loss": [1.0, 0.5]},
        callbacks=[
            {"best": [np.zeros(2), np.ones(1)], "wait": 3},
            {"last": np.ones(2)},
        ],
    )
    Checkpoint(tmp_path, ["facts", np.ones(2)], 5).write(progress)
    loaded = Checkpoint(tmp_path, ["facts", np.ones(2)], 6)
    assert loaded.seed == 5
    for name in ("weights", "slots"):
        pairs = zip(
            getattr(progress, name), getattr(loaded.progress, name), strict=True
        )
        for array, other in pairs:
            np.testing.assert_array_equal(other, array, strict=True)
    assert loaded.progress.history == progress.history
    first, second = loaded.progress.callbacks
    np.testing.assert_array_equal(first["best"][0], np.zeros(2))
    assert first["wait"] == 3 and second["last"].tolist() == [1, 1]
    assert Checkpoint(tmp_path, ["facts", np.zeros(2)], 6).progress is None


def test_concurrent_fits_with_drawn_seeds_use_different_files(tmp_path):
    progress = Progress([np.ones(1)], [], {"loss": [1.0]}, [])
    with (
        Checkpoint(tmp_path, ["facts"], 1, drawn=True) as one,
        Checkpoint(tmp_path, ["facts"], 2, drawn=True) as other,
    ):
        assert one.path != other.path
        other.write(progress)
        third = Checkpoint(tmp_path, ["facts"], 3, drawn=True)
        assert third.path not in (one.path, other.path)
        assert (third.seed, third.progress) == (3, None)
        del third
    # The unfinished fit is resumed, though another file is free.
    with Checkpoint(tmp_path, ["facts"], 4, drawn=True) as resumed:
        assert resumed.seed == 2 and resumed.progress
        resumed.remove()
    assert os.listdir(tmp_path) == []


def test_concurrent_fits_without_random_state_are_independent(windows, tmp_path):
    class Waits(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            both.wait(timeout=60)

    both = threading.Barrier(2)
    estimators = [
        make(tmp_path, random_state=None, callbacks=[Waits()], epochs=3)
        for _ in range(2)
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda estimator: estimator.fit(*windows), estimators))
    one, other = estimators
    assert one._seed != other._seed
    assert one.history_ != other.history_
    assert os.listdir(tmp_path / "fits") == []
    for estimator in estimators:
        alone = make(None, random_state=estimator._seed, callbacks=None, epochs=3)
        assert_same_fit(estimator, alone.fit(*windows))


RESUMES = """
import os, sys
import keras, numpy as np
from skcnnlstm import LSTMRegressor

class Own(keras.losses.Loss):
    power = 2

    def call(self, target, predicted):
        return keras.ops.mean(abs(target - predicted) ** self.power, axis=-1)

class Stops(keras.callbacks.Callback):
    is_first = not os.path.isdir(sys.argv[1])

    def on_epoch_end(self, epoch, logs=None):
        print("epoch", epoch)
        if Stops.is_first and epoch == 3:
            os._exit(9)

X = np.sin(np.arange(600.0)).reshape(50, 12)
LSTMRegressor(
    lstm_units=3, epochs=6, random_state=0, checkpoint=sys.argv[1], loss=Own(),
    callbacks=[Stops()],
).fit(X, X[:, 0])
"""


@pytest.mark.heavy
def test_another_process_resumes_a_fit_with_a_class_defined_in_main(tmp_path):
    def run():
        arguments = [sys.executable, "-c", RESUMES, str(tmp_path / "fits")]
        return subprocess.run(arguments, capture_output=True, text=True)

    first, second = run(), run()
    assert first.returncode == 9
    assert second.returncode == 0, second.stderr
    # A file is written after each epoch if it is fast enough, so after 2 at the latest.
    assert second.stdout.split()[1] != "0"
    assert second.stdout.split()[-1] == "5"
    assert os.listdir(tmp_path / "fits") == []


def test_a_full_disk_is_a_warning(windows, tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("skcnnlstm.training.checkpoint.write_atomically", refuse)
    with pytest.warns(UserWarning, match=r"could not be written.*The fit continues"):
        fitted = make(tmp_path, epochs=2).fit(*windows)
    assert_same_fit(fitted, make(None, epochs=2).fit(*windows))


def test_checkpoint_must_be_a_folder(windows, tmp_path):
    (tmp_path / "fits").write_text("a file")
    with pytest.raises(NotADirectoryError, match="checkpoint must be a folder: got"):
        make(tmp_path).fit(*windows)
    with pytest.raises(TypeError, match="checkpoint must be the path of a folder"):
        LSTMRegressor(checkpoint=True).fit(*windows)


def test_partial_fit_and_initialize_write_no_checkpoint(windows, tmp_path):
    make(tmp_path).initialize(*windows).partial_fit(*windows)
    assert os.listdir(tmp_path) == []


SIGNALLED = """
import os, signal, sys
import keras, numpy as np
from skcnnlstm import LSTMRegressor

folder, number = sys.argv[1], int(sys.argv[2])

class Sends(keras.callbacks.Callback):
    armed = not os.path.isdir(folder)
    def on_epoch_end(self, epoch, logs=None):
        if Sends.armed and epoch == 3:
            os.kill(os.getpid(), number)

X = np.sin(np.arange(600.0)).reshape(50, 12)
estimator = LSTMRegressor(
    lstm_units=3, epochs=6, random_state=0, checkpoint=folder, callbacks=Sends
)
try:
    estimator.fit(X, X[:, 0])
except KeyboardInterrupt:
    assert not hasattr(estimator, "history_")
    Sends.armed = False
    estimator.fit(X, X[:, 0])
np.save(folder + ".npy", estimator.predict(X))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_leaves_a_complete_checkpoint(name, tmp_path, thorough):
    if not thorough:
        pytest.skip("starts processes: run with --all-estimators")
    if os.name != "posix":
        pytest.skip("POSIX signals")
    number = getattr(signal, name)

    def run():
        folder = str(tmp_path / "fits")
        arguments = [sys.executable, "-c", SIGNALLED, folder, str(int(number))]
        return subprocess.run(arguments, capture_output=True, text=True)

    process = run()
    if number == signal.SIGTERM:  # after SIGINT, the same process resumes
        assert process.returncode == -number
        assert len(os.listdir(tmp_path / "fits")) == 1
        process = run()
    assert process.returncode == 0, process.stderr
    assert os.listdir(tmp_path / "fits") == []
    X = np.sin(np.arange(600.0)).reshape(50, 12)
    expected = make(None, epochs=6).fit(X, X[:, 0]).predict(X)
    np.testing.assert_array_equal(np.load(tmp_path / "fits.npy"), expected)
