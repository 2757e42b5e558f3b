"""checkpoint: a fit that was cut off goes on, and no fit takes up another's."""

import errno
import logging
import os
import signal
import subprocess
import sys
from functools import partial

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skcnnlstm import LSTMClassifier, LSTMRegressor, training
from skcnnlstm.training.fingerprint import contents_of


class Cut(keras.callbacks.Callback):
    """Cuts a fit off after an epoch, as a user does by ^C."""

    after = None

    def on_epoch_end(self, epoch, logs=None):
        if epoch == Cut.after:
            raise KeyboardInterrupt


class Counts(keras.callbacks.Callback):
    """Remembers epochs, in numbers and in an array."""

    total = 0

    def __init__(self):
        super().__init__()
        self.n, self.each, self.last = 0, [], np.zeros(1)

    def on_epoch_end(self, epoch, logs=None):
        Counts.total += 1
        self.n, self.each, self.last = self.n + 1, [*self.each, epoch], self.last + 1
        self.stopped = lambda: None  # what no file holds
        assert self.each == list(range(epoch + 1))
        assert self.n == self.last[0] == epoch + 1


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    """Write after every epoch, however short it is."""
    monkeypatch.setattr("skcnnlstm.training.checkpoint._SHARE", np.inf)


@pytest.fixture
def cut_after(monkeypatch):
    return lambda epoch: monkeypatch.setattr(Cut, "after", epoch)


def make(folder, **params):
    params = {"lstm_units": 3, "epochs": 8, "random_state": 0, "callbacks": [Cut]} | (
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
    {"early_stopping": True, "dropout": 0.3, "callbacks": [Counts, Cut]},
    {"early_stopping": True, "patience": 2, "learning_rate": 0.03},
    {"keep_best": True, "plateau_patience": 1, "learning_rate": 0.05, "epochs": 12},
    {"optimizer": "adamw", "optimizer__use_ema": True},
    {"callbacks": [keras.callbacks.EarlyStopping("loss", patience=1), Cut()]},
]


@pytest.mark.parametrize("params", PARAMS, ids=lambda params: next(iter(params)))
def test_a_fit_that_was_cut_off_ends_as_one_that_was_not(
    params, windows, tmp_path, cut_after, thorough
):
    if params is not PARAMS[0] and not thorough:
        pytest.skip("two traces a case: with --all-estimators")
    whole = make(None, **params).fit(*windows)
    cut = make(tmp_path, **params)
    for epoch in (2, 4) if thorough else (3,):
        cut_after(min(epoch, whole.n_epochs_ - 1))
        with pytest.raises(KeyboardInterrupt):
            cut.fit(*windows)
        assert not hasattr(cut, "history_")
    cut_after(None)
    Counts.total = 0
    assert_same_fit(cut.fit(*windows), whole)
    assert Counts.total <= 5  # what was done before is not done again
    assert os.listdir(tmp_path / "fits") == []


def test_a_seed_that_was_drawn_comes_back(windows, tmp_path, cut_after):
    X, y = windows
    drawn = make(
        tmp_path, random_state=None, kind=LSTMClassifier, early_stopping=True, epochs=4
    )
    cut_after(1)
    with pytest.raises(KeyboardInterrupt):
        drawn.fit(X, y > 0)
    (file,) = (tmp_path / "fits").iterdir()
    seed = training.Checkpoint(tmp_path / "other", ["facts"], 5).seed
    assert seed == 5
    cut_after(None)
    drawn.fit(X, y > 0)
    whole = make(None, kind=LSTMClassifier, early_stopping=True, epochs=4)
    whole.set_params(random_state=drawn._seed).fit(X, y > 0)
    assert_same_fit(drawn, whole)
    assert not file.exists()
    seeds = {drawn.fit(X, y > 0)._seed for _ in range(2)}
    assert len(seeds) == 2  # a fit that ended leaves no seed behind


def test_fits_of_other_data_parameters_and_callbacks_have_files_of_their_own(
    windows, tmp_path, monkeypatch
):
    files = []

    def only_look(*args, checkpoint, **settings):
        files.append(checkpoint.path)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", only_look)
    X, y = windows
    once = make(tmp_path)
    changes = [{"epochs": 9}, {"random_state": 1}, {"learning_rate": 0.1}]
    changes += [{"lstm_units": 4}, {"loss": "mae"}, {"callbacks": [Counts, Cut]}]
    changes += [{"metrics": ["mae"]}, {"loss": lambda y, p: y - p}]
    changes += [{"loss": lambda y, p: p - y}, {"keep_best": True}]
    fits = [(once, X, y), (once, X + 1, y), (once, X, -y), (once, X[1:], y[1:])]
    fits += [(clone(once).set_params(**change), X, y) for change in changes]
    for estimator, *data in [*fits, *fits]:
        with pytest.raises(KeyboardInterrupt):
            estimator.fit(*data)
    assert len(set(files)) == len(fits)
    assert files[: len(fits)] == files[len(fits) :]


def weighted(factor):
    def loss(target, predicted, power=2):
        return factor * keras.ops.mean((target - predicted) ** power, axis=-1)

    return loss


class Holds(keras.losses.Loss):
    """Calls the function that it holds."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, target, predicted):
        return self.function(target, predicted)


def with_default(power):
    loss = weighted(1.0)
    loss.__defaults__ = (power,)
    return loss


def by_global(factor):
    names = {"__name__": "__main__", "factor": factor, "more": {"by": [factor]}}
    exec("loss = lambda t, p: factor * more['by'][0] * abs(t - p)", names)
    return names["loss"]


def by_class(factor):
    class Loss(keras.losses.Loss):
        by = factor

        def call(self, target, predicted):
            return self.by * (target - predicted) ** 2

    return Loss()


def schedule(factor):
    return keras.callbacks.LearningRateScheduler(lambda epoch: factor * 1e-3)


def rewritten(sign):
    names = {"keras": keras, "__name__": "__main__"}
    source = f"""class Own(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.best = {sign} * logs["loss"]"""
    exec(source, names)
    return names["Own"]


OWN = {
    "closure": lambda value: {"loss": weighted(value)},
    "default": lambda value: {"loss": with_default(value)},
    "partial": lambda value: {"loss": partial(weighted(1.0), power=value)},
    "array": lambda value: {"loss": weighted(np.array([1.0, value]))},
    "method": lambda value: {"loss": Holds(weighted(value)).call},
    "global": lambda value: {"loss": by_global(value)},
    "function in a loss": lambda value: {"loss": Holds(weighted(value))},
    "class": lambda value: {"loss": by_class(value)},
    "cycle": lambda value: {"loss": weighted(cycle(value))},
    "function in a callback": lambda value: {"callbacks": [schedule(value)]},
    "code of a callback": lambda value: {"callbacks": [rewritten(value)]},
}


def cycle(value):
    ring = [value]
    ring.append(ring)
    return ring


@pytest.mark.parametrize("name", OWN)
def test_what_ones_own_functions_hold_decides_a_fit(
    name, windows, tmp_path, monkeypatch
):
    files = []

    def only_look(*args, checkpoint, **settings):
        files.append(checkpoint.path)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", only_look)
    for value in (1.0, 100.0, 1.0):
        with pytest.raises(KeyboardInterrupt):
            make(tmp_path, **OWN[name](value)).fit(*windows)
    first, other, again = files
    assert first == again != other


def test_a_log_that_a_callback_writes_decides_nothing(windows, tmp_path, cut_after):
    losses = []
    log = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.append(logs["loss"])
    )
    log.logger = logging.getLogger("skcnnlstm.tests")
    cut = make(tmp_path, callbacks=[log, Cut], epochs=4)
    cut_after(2)
    with pytest.raises(KeyboardInterrupt):
        cut.fit(*windows)
    cut_after(None)
    log.logger.disabled = True
    cut.fit(*windows)
    assert len(losses) == 5  # the epoch that was cut off, and no other, twice
    assert os.listdir(tmp_path / "fits") == []


OTHER_PROCESS = """
import sys
from skcnnlstm.training.contents import contents_of

sys.path.insert(0, sys.argv[1])
import test_checkpoint as tests

for make in tests.OWN.values():
    for thing in make(2.0).values():
        print(contents_of(thing).words)
"""


def test_contents_are_told_alike_in_another_process(thorough):
    if not thorough:
        pytest.skip("a process of its own: with --all-estimators")
    arguments = [sys.executable, "-c", OTHER_PROCESS, os.path.dirname(__file__)]
    done = subprocess.run(arguments, capture_output=True, text=True)
    here = [contents_of(t).words for make in OWN.values() for t in make(2.0).values()]
    assert done.stdout.split() == here, done.stderr


def test_a_fit_by_warm_start_goes_on_too(windows, tmp_path, cut_after, thorough):
    if not thorough:
        pytest.skip("three traces: with --all-estimators")
    whole = make(None, warm_start=True).fit(*windows).fit(*windows)
    cut = make(tmp_path, warm_start=True).fit(*windows)
    before = cut.predict(windows[0])
    cut_after(12)
    with pytest.raises(KeyboardInterrupt):
        cut.fit(*windows)
    np.testing.assert_array_equal(cut.predict(windows[0]), before)
    cut_after(None)
    assert_same_fit(cut.fit(*windows), whole)


def test_a_search_may_share_a_folder(windows, tmp_path, cut_after):
    def search(folder):
        return GridSearchCV(
            make(folder, epochs=3), {"lstm_units": [2, 3]}, cv=TimeSeriesSplit(2)
        )

    cut_after(1)
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path).fit(*windows)
    cut_after(None)
    scores = [
        search(folder).fit(*windows).cv_results_["mean_test_score"]
        for folder in (tmp_path, None)
    ]
    np.testing.assert_array_equal(*scores)
    assert os.listdir(tmp_path / "fits") == []


def test_a_damaged_checkpoint_is_told_and_the_estimator_stays(
    windows, tmp_path, cut_after
):
    cut_after(2)
    cut = make(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        cut.fit(*windows)
    (file,) = (tmp_path / "fits").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match="It is cut off or damaged"):
        cut.fit(*windows)
    assert not hasattr(cut, "history_")


def test_a_disk_that_is_full_ends_no_fit(windows, tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("skcnnlstm.training.checkpoint.write_file", refuse)
    with pytest.warns(UserWarning, match=r"could not be written.*The fit goes on"):
        fitted = make(tmp_path, epochs=2).fit(*windows)
    assert_same_fit(fitted, make(None, epochs=2).fit(*windows))


def test_a_checkpoint_is_a_folder(windows, tmp_path):
    (tmp_path / "fits").write_text("a file")
    with pytest.raises(NotADirectoryError, match="checkpoint must be a folder: got"):
        make(tmp_path).fit(*windows)
    with pytest.raises(TypeError, match="checkpoint must be the path of a folder"):
        LSTMRegressor(checkpoint=True).fit(*windows)


def test_partial_fit_and_initialize_keep_no_checkpoint(windows, tmp_path):
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
def test_a_signal_in_a_fit_leaves_a_whole_checkpoint(name, tmp_path, thorough):
    if not thorough:
        pytest.skip("processes of their own: with --all-estimators")
    if os.name != "posix":
        pytest.skip("signals of POSIX")
    number = getattr(signal, name)

    def run():
        folder = str(tmp_path / "fits")
        arguments = [sys.executable, "-c", SIGNALLED, folder, str(int(number))]
        return subprocess.run(arguments, capture_output=True, text=True)

    done = run()
    if number == signal.SIGTERM:  # else it went on by itself
        assert done.returncode == -number
        assert len(os.listdir(tmp_path / "fits")) == 1
        done = run()
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path / "fits") == []
    X = np.sin(np.arange(600.0)).reshape(50, 12)
    whole = make(None, epochs=6).fit(X, X[:, 0]).predict(X)
    np.testing.assert_array_equal(np.load(tmp_path / "fits.npy"), whole)
