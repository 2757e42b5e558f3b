"""Indexes of many kinds, for tests of forecasters."""

import numpy as np
import pandas as pd
import pytest

DAYS = pd.date_range("2024-02-20", periods=20, freq="D", name="day")
BERLIN = pd.date_range("2024-03-20", periods=20, freq="D", tz="Europe/Berlin")
INDEXES = {
    "months": pd.date_range("2020-01-31", periods=20, freq="ME"),
    "days without freq": pd.DatetimeIndex(DAYS.tolist(), name="day"),
    "business days without freq": pd.DatetimeIndex(
        pd.bdate_range("2024-01-01", periods=20).tolist()
    ),
    "days over a change of clocks": pd.DatetimeIndex(BERLIN.tolist()),
    "quarters": pd.period_range("2020Q1", periods=20, freq="Q", name="quarter"),
    "hours since": pd.timedelta_range("1h", periods=20, freq="7h"),
    "rows": pd.RangeIndex(20),
    "every fifth row": pd.RangeIndex(100, 200, 5, name="row"),
    "integers": pd.Index(np.arange(3, 43, 2)),
}

# Regular indexes, from which tests remove rows to make gaps.
REGULAR = {
    "months": pd.date_range("2020-01-01", periods=24, freq="MS"),
    "days": pd.date_range("2020-01-01", periods=24, freq="D"),
    "hours of a timezone": pd.date_range("2020", periods=24, freq="h", tz="UTC"),
    "periods": pd.period_range("2020-01", periods=24, freq="M"),
    "timedeltas": pd.timedelta_range("0h", periods=24, freq="6h"),
    "range": pd.RangeIndex(24),
    "integers by 5": pd.Index(np.arange(100, 220, 5)),
}
each_regular_index = pytest.mark.parametrize("index", REGULAR.values(), ids=REGULAR)


def numbered(index):
    """Return a series whose values are the numbers of its rows."""
    return pd.Series(np.arange(24.0), index=index)
