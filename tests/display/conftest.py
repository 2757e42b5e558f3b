"""Fixtures of the tests of displays."""

import numpy as np
import pytest

import skcnnlstm
from skcnnlstm.datasets import load_airline


@pytest.fixture(autouse=True)
def close_figures():
    """Close all figures after each test."""
    yield
    from matplotlib import pyplot

    pyplot.close("all")


@pytest.fixture(scope="module")
def airline():
    """Monthly airline passengers."""
    return load_airline()


@pytest.fixture(scope="module")
def samples():
    """Windows of 12 steps of a sine wave, with the values that follow."""
    return skcnnlstm.make_windows(np.sin(np.arange(60) / 3), 12)
