"""Interruptions: signals during a fit and a killed worker during a search."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from faulty_estimators import KillsItsProcess
from joblib import parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.model_selection import GridSearchCV

from skcnnlstm import CNNRegressor, HorizonSplit, make_windows

# A fit that reports its second epoch and never finishes.
FIT = """
    import signal, sys
    import keras, numpy as np
    from skcnnlstm import CNNRegressor, make_windows

    X, y = make_windows(np.sin(np.arange(60.0)), 8)

    class ReportEpoch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                print("training", flush=True)

    def tiny(**params):
        return CNNRegressor(filters=2, dense_units=2, random_state=0, **params)

    fitted = tiny(epochs=2).fit(X, y)
    predicted = fitted.predict(X)
    {handler}
    try:
        fitted.set_params(epochs=10**9, callbacks=ReportEpoch()).fit(X, y)
    except (KeyboardInterrupt, SystemExit) as stopped:
        assert (fitted.predict(X) == predicted).all(), "the fit changed"
        fitted.set_params(epochs=2, callbacks=None).fit(X, y)
        assert (fitted.predict(X) == predicted).all(), "a later fit differs"
        print(type(stopped).__name__, flush=True)
"""
ON_TERM = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))"


def output_after_signal(number, handler=""):
    """Send a signal to a process that trains; return its output and exit code."""
    script = textwrap.dedent(FIT).format(handler=handler)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "training\n"
            process.send_signal(number)
            output, _ = process.communicate(timeout=120)
        finally:
            process.kill()
    return output.strip(), process.returncode


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("number", "handler", "expected"),
    [
        (signal.SIGINT, "", ("KeyboardInterrupt", 0)),
        (signal.SIGTERM, ON_TERM, ("SystemExit", 0)),
        (signal.SIGTERM, "", ("", -signal.SIGTERM)),
    ],
)
def test_a_signal_ends_a_fit_and_keeps_the_earlier_one(number, handler, expected):
    assert output_after_signal(number, handler) == expected


@pytest.mark.heavy
def test_a_killed_worker_ends_a_search_and_the_next_search_works(own_workers):
    X, y = make_windows(np.sin(np.arange(60.0)), 8)
    cv = HorizonSplit(2)
    network = CNNRegressor(filters=2, dense_units=2, epochs=1, random_state=0)
    network.fit(X, y)
    predicted = network.predict(X)
    killed = GridSearchCV(
        KillsItsProcess(os.getpid()), {"parent": [os.getpid()] * 2}, cv=cv
    )
    search = GridSearchCV(network, {"learning_rate": [0.01, 0.1]}, cv=cv)
    serial = search.fit(X, y).cv_results_["mean_test_score"]
    with parallel_config("loky", n_jobs=2):
        with pytest.raises(TerminatedWorkerError):
            killed.fit(X, y)
        parallel = search.fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(parallel, serial)
    np.testing.assert_array_equal(network.predict(X), predicted)
