"""Faults from outside: signals in a fit, a worker that is killed in a search."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from joblib import parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GridSearchCV

from skcnnlstm import CNNRegressor, HorizonSplit, make_windows

# A fit that says when it is in its second epoch, and never ends by itself.
FIT = """
    import signal, sys
    import keras, numpy as np
    from skcnnlstm import CNNRegressor, make_windows

    X, y = make_windows(np.sin(np.arange(60.0)), 8)

    class Tell(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                print("training", flush=True)

    def tiny(**params):
        return CNNRegressor(filters=2, dense_units=2, random_state=0, **params)

    fitted = tiny(epochs=2).fit(X, y)
    said = fitted.predict(X)
    {handler}
    try:
        fitted.set_params(epochs=10**9, callbacks=Tell()).fit(X, y)
    except (KeyboardInterrupt, SystemExit) as stopped:
        assert (fitted.predict(X) == said).all(), "another fit than before"
        fitted.set_params(epochs=2, callbacks=None).fit(X, y)
        assert (fitted.predict(X) == said).all(), "another fit after"
        print(type(stopped).__name__, flush=True)
"""
ON_TERM = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))"


def signalled(number, handler=""):
    """Send a signal to a process that trains; return what it says and its end."""
    script = textwrap.dedent(FIT).format(handler=handler)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "training\n"
            process.send_signal(number)
            said, _ = process.communicate(timeout=120)
        finally:
            process.kill()
    return said.strip(), process.returncode


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("number", "handler", "expected"),
    [
        (signal.SIGINT, "", ("KeyboardInterrupt", 0)),
        (signal.SIGTERM, ON_TERM, ("SystemExit", 0)),
        (signal.SIGTERM, "", ("", -signal.SIGTERM)),
    ],
)
def test_a_signal_ends_a_fit_and_leaves_the_one_before(number, handler, expected):
    assert signalled(number, handler) == expected


class Killed(RegressorMixin, BaseEstimator):
    """Ends its own process, as a machine that is out of memory does."""

    def __init__(self, parent=0):
        self.parent = parent

    def fit(self, X, y):
        if os.getpid() != self.parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return self

    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.heavy
def test_a_killed_worker_ends_a_search_and_the_next_one_works(own_workers):
    X, y = make_windows(np.sin(np.arange(60.0)), 8)
    cv = HorizonSplit(2)
    network = CNNRegressor(filters=2, dense_units=2, epochs=1, random_state=0)
    network.fit(X, y)
    said = network.predict(X)
    killed = GridSearchCV(Killed(os.getpid()), {"parent": [os.getpid()] * 2}, cv=cv)
    search = GridSearchCV(network, {"learning_rate": [0.01, 0.1]}, cv=cv)
    alone = search.fit(X, y).cv_results_["mean_test_score"]
    with parallel_config("loky", n_jobs=2):
        with pytest.raises(TerminatedWorkerError):
            killed.fit(X, y)
        beside = search.fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(beside, alone)
    np.testing.assert_array_equal(network.predict(X), said)
