"""Series that several tests of forecasters use."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.datasets import load_airline

DAYS = pd.date_range("2024-01-01", periods=60, freq="D")
MONTHS = pd.date_range("2020-01-01", periods=40, freq="MS")


@pytest.fixture
def airline():
    return load_airline()


@pytest.fixture
def two_columns(airline):
    return pd.DataFrame({"all": airline, "less": airline / 2 + np.arange(144)})


@pytest.fixture
def weather():
    return np.random.default_rng(0).normal(size=(60, 2))


@pytest.fixture
def series(weather):
    """Return rows that depend on the weather of the same day only."""
    return 3 * weather[:, 0] - weather[:, 1] + 5


@pytest.fixture
def frame(series, weather):
    return pd.DataFrame(
        {"rain": weather[:, 0], "load": series, "wind": weather[:, 1]}, index=DAYS
    )


@pytest.fixture
def three():
    """Return three series with different lengths, levels and dates."""
    rng = np.random.default_rng(0)
    return {
        name: pd.Series(
            level + np.cumsum(rng.normal(size=length)),
            index=MONTHS[start : start + length],
            name="value",
        )
        for name, level, start, length in [
            ("b", 1000, 0, 30),
            ("a", 10, 5, 20),
            ("c", -50, 2, 25),
        ]
    }


def pytest_collection_modifyitems(items):
    # Many tests of this folder use series with gaps or NaN on purpose.
    lost = pytest.mark.filterwarnings(
        "ignore:.* for training:skcnnlstm.MistakeWarning",
    )
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(lost)
