"""Command-line options, markers and fixtures of the test suite."""

import os

import numpy as np
import pytest
from hypothesis import settings
from instances import CLASSIFIERS, ENSEMBLES, REGRESSORS
from joblib.externals.loky import get_reusable_executor

import skcnnlstm

# For CI: ten times as many examples as by default.
settings.register_profile("deep", max_examples=1000, deadline=None)


def pytest_addoption(parser):
    parser.addoption(
        "--all-estimators",
        action="store_true",
        help="run the tests of estimators for all of them, not only for the CNN-LSTM",
    )
    parser.addoption(
        "--gpu",
        action="store_true",
        help="let TensorFlow see the GPU, and run only the tests that need one",
    )
    parser.addoption(
        "--heavy",
        action="store_true",
        help="also run the tests that start processes or train for long",
    )
    parser.addoption(
        "--without-everyday",
        action="store_true",
        help="run only what --all-estimators and --heavy add",
    )


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "common: runs for every estimator; see tests/test_common.py"
    )
    config.addinivalue_line(
        "markers", "heavy: starts processes or is slow; see --heavy"
    )
    config.addinivalue_line("markers", "gpu: needs a GPU; see --gpu")
    if not config.getoption("--gpu"):
        # Most tests need bit-identical results, which a GPU does not give.
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def pytest_collection_modifyitems(config, items):
    gpu = config.getoption("--gpu")
    deselected = {item for item in items if bool(item.get_closest_marker("gpu")) != gpu}
    of_another_network = {item for item in items if _is_of_another_network(item)}
    heavy = {item for item in items if item.get_closest_marker("heavy")}
    if not config.getoption("--all-estimators"):
        deselected |= of_another_network
    if not config.getoption("--heavy"):
        deselected |= heavy
    if config.getoption("--without-everyday"):
        # Tests with the fixture `thorough` do more with --all-estimators.
        thorough = {item for item in items if "thorough" in item.fixturenames}
        deselected |= set(items) - of_another_network - heavy - thorough
    config.hook.pytest_deselected(items=deselected)
    items[:] = [item for item in items if item not in deselected]


def _is_of_another_network(item):
    """Return whether a test is parametrized with a network other than the CNN-LSTM.

    By default the CNN-LSTM stands for all networks, except in the common tests.
    """
    if item.get_closest_marker("common") or not hasattr(item, "callspec"):
        return False
    networks = tuple(type(one) for one in [*REGRESSORS, *CLASSIFIERS, *ENSEMBLES])
    namesakes = (skcnnlstm.CNNLSTMRegressor, skcnnlstm.CNNLSTMClassifier)
    values = item.callspec.params.values()
    return any(type(v) in networks and type(v) not in namesakes for v in values)


@pytest.fixture
def thorough(request):
    """Return whether the suite runs with --all-estimators, as CI does."""
    return request.config.getoption("--all-estimators")


@pytest.fixture
def own_workers():
    """Loky workers that no other test used, and none uses after.

    With psutil installed, joblib ends a worker that has grown by 300 MB since its
    first task; one that fitted a Ridge and then imports TensorFlow does so. Workers
    that end while tasks wait for them can hang the search (loky 3.6).
    """
    get_reusable_executor().shutdown(wait=True)
    yield
    get_reusable_executor().shutdown(wait=True)


@pytest.fixture
def windows():
    """Windows of 12 steps of a noisy wave, and the value that follows each."""
    rng = np.random.default_rng(0)
    series = np.sin(np.arange(60) / 3) + 0.1 * rng.standard_normal(60)
    return skcnnlstm.make_windows(series, 12)
