"""Data for the tests of the base classes."""

import numpy as np
import pytest


@pytest.fixture
def labels(windows):
    """Two classes for the windows of the fixture `windows`."""
    X, _ = windows
    return np.where(X.mean(axis=1) > 0, "up", "down")
