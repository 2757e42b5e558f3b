"""Data for the tests of the ensembles."""

import numpy as np
import pytest
from ensemble_members import ShiftedLastStep

from skcnnlstm import make_windows


@pytest.fixture
def predict_calls():
    """Return the empty record of calls of `ShiftedLastStep.predict`."""
    ShiftedLastStep.calls.clear()
    yield ShiftedLastStep.calls
    ShiftedLastStep.calls.clear()


@pytest.fixture(scope="module")
def wave():
    """Return windows of a noisy wave, their targets, and labels of the targets."""
    noise = np.random.default_rng(0).normal(size=64)
    X, y = make_windows(np.sin(np.arange(64)) + 0.1 * noise, 4)
    return X, y, np.where(y > 0, "up", "down")
