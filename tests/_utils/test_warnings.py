"""Warnings of the package point at the user's line of code."""

import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import skcnnlstm
from skcnnlstm import (
    CNNRegressor,
    HybridEnsembleRegressor,
    MistakeWarning,
    make_windows,
)
from skcnnlstm._utils.warnings import warn

NETWORK = CNNRegressor(
    filters=2, dense_units=2, epochs=1, standardize=False, random_state=0
)


@pytest.fixture
def unscaled():
    """Windows that are too large for a network, which warns about them."""
    return make_windows(1e4 * np.sin(np.arange(60.0)), 8)


def test_a_direct_call_warns_at_its_line():
    with pytest.warns(FutureWarning, match="message") as caught:
        warn("message", FutureWarning)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    "estimator",
    [
        NETWORK,
        make_pipeline(FunctionTransformer(), NETWORK),
        GridSearchCV(NETWORK, {}, cv=TimeSeriesSplit(2)),
        HybridEnsembleRegressor(cnn=NETWORK, lstm=NETWORK, n_jobs=1),
    ],
    ids=["network", "pipeline", "search", "ensemble"],
)
def test_a_warning_points_at_the_line_that_calls_fit(estimator, unscaled):
    with pytest.warns(MistakeWarning) as caught:
        estimator.fit(*unscaled)
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_in_a_thread_a_warning_points_at_the_package(n_jobs, unscaled):
    ensemble = HybridEnsembleRegressor(cnn=NETWORK, lstm=NETWORK, n_jobs=n_jobs)
    with pytest.warns(MistakeWarning) as caught, ThreadPoolExecutor(1) as pool:
        pool.submit(ensemble.fit, *unscaled).result()
    folder = Path(skcnnlstm.__file__).parent
    assert all(Path(warning.filename).is_relative_to(folder) for warning in caught)


@pytest.mark.heavy
def test_in_a_worker_process_a_warning_points_at_the_package():
    script = """
        import numpy as np
        from sklearn.model_selection import TimeSeriesSplit, cross_val_score
        from skcnnlstm import CNNRegressor, make_windows
        X, y = make_windows(1e5 + np.arange(200.0), 12)
        network = CNNRegressor(epochs=1, filters=2, standardize=False)
        cross_val_score(network, X, y, cv=TimeSeriesSplit(2), n_jobs=2)
        """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True
    )
    lines = [line for line in process.stderr.splitlines() if "MistakeWarning" in line]
    assert lines
    assert all(f"{os.sep}skcnnlstm{os.sep}" in line for line in lines)
