"""Tests of the conversion of pandas objects."""

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.saving.pandas_values import from_parts, is_equal, to_parts

DAYS = pd.date_range("2020-01-01", periods=4, name="day")
VALUES = [
    pd.NaT,
    pd.Timestamp("2020-01-01", tz="Europe/Berlin"),
    pd.Timedelta("1h"),
    pd.Period("2020Q1", freq="Q"),
    pd.Interval(0, 1),
    pd.offsets.BusinessDay(2),
    pd.offsets.CustomBusinessDay(2, weekmask="Mon Tue", holidays=["2024-01-01"]),
    pd.DateOffset(3, months=1, days=2),
    pd.CategoricalDtype(["a", "b"], ordered=True),
    pd.StringDtype(),
    pd.RangeIndex(5, 125, 2, name="n"),
    pd.Index([1.5, 2.5], name=("a", 1)),
    pd.Index(["a", "b"], dtype=object),
    pd.Index(["a", None], dtype="string"),
    DAYS,
    DAYS.as_unit("s"),
    DAYS[[0, 1, 3]],
    DAYS.tz_localize("Europe/Berlin"),
    pd.date_range("2020-01-31", periods=3, freq="ME"),
    pd.timedelta_range("1h", periods=3, freq="15min"),
    pd.period_range("2001Q1", periods=3, freq="Q"),
    pd.interval_range(0, 3),
    pd.CategoricalIndex(["a", "b", "a"], name="c"),
    pd.MultiIndex.from_product([["a", "b"], range(2)], names=["x", None]),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_parts_describe_a_value_completely(value):
    kind, *parts = to_parts(value)
    assert is_equal(value, from_parts(kind, *parts))


def test_values_that_differ_in_one_property_are_not_equal():
    for other in (
        DAYS.rename("date"),
        DAYS._with_freq(None) if hasattr(DAYS, "_with_freq") else DAYS[[0, 1, 2, 3]],
        DAYS.as_unit("s"),
        DAYS.tz_localize("UTC"),
        DAYS[:3],
        None,
    ):
        assert not is_equal(DAYS, other)


@pytest.mark.parametrize("long", [range(10**9), pd.RangeIndex(10**9)], ids=type)
def test_a_range_is_not_expanded_to_another_index(long):
    for parts in (
        ["times", long, None, None, None],
        ["levels", [long], [None]],
        ["intervals", long, long, "right", None],
        ["index", long, "int64", None],
        ["levels", (long,), [None]],
        ["levels", [(long,)], [None]],
        ["periods", (long,), "D", None],
    ):
        with pytest.raises(TypeError, match=r"a \w+ must not be a part of a pandas"):
            from_parts(*parts)
    assert len(from_parts("range", 0, 10**9, 1, None)) == 10**9


def test_unknown_kinds_are_an_error():
    with pytest.raises(KeyError):
        from_parts("eval", np.zeros(1))


def test_text_labels_of_pandas_3_can_be_loaded_in_pandas_2():
    index = from_parts("index", ["north", "west"], "str", "shop")
    pd.testing.assert_index_equal(index, pd.Index(["north", "west"], name="shop"))
    assert from_parts("dtype", "str") == index.dtype
