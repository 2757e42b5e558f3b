"""Series that several tests of forecasters use."""

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.datasets import load_airline


@pytest.fixture
def airline():
    return load_airline()


@pytest.fixture
def two_columns(airline):
    return pd.DataFrame({"all": airline, "less": airline / 2 + np.arange(144)})
