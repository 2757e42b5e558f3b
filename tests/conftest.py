"""Options of the suite, and data that many tests read."""

import os

import numpy as np
import pytest
from hypothesis import settings
from instances import RARE
from joblib.externals.loky import get_reusable_executor

import skcnnlstm

# For CI: ten times as many examples as every day.
settings.register_profile("deep", max_examples=1000, deadline=None)


def pytest_addoption(parser):
    parser.addoption(
        "--all-estimators",
        action="store_true",
        help="run the tests that walk every estimator for all of them, not for a few",
    )
    parser.addoption(
        "--gpu",
        action="store_true",
        help="let TensorFlow see the GPU, and run the tests that need one alone",
    )
    parser.addoption(
        "--heavy",
        action="store_true",
        help="run the tests that start processes or train for long, too",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "heavy: not for every day; see --heavy")
    config.addinivalue_line("markers", "gpu: needs a GPU; see --gpu")
    if not config.getoption("--gpu"):
        # Most tests compare bits, which a GPU does not give twice.
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def pytest_collection_modifyitems(config, items):
    gpu = config.getoption("--gpu")
    left_out = {item for item in items if bool(item.get_closest_marker("gpu")) != gpu}
    if not config.getoption("--all-estimators"):
        left_out |= {item for item in items if _walks_past(item)}
    if not config.getoption("--heavy"):
        left_out |= {item for item in items if item.get_closest_marker("heavy")}
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _walks_past(item):
    """Tell whether a test is that of an estimator which is not for every day."""
    params = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return any(type(value) in RARE for value in params)


@pytest.fixture
def thorough(request):
    """Whether the suite runs with --all-estimators, as CI does."""
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
