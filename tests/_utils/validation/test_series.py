"""Length, target columns and time index of a series."""

import re

import pandas as pd
import pytest
from user_errors import assert_error

from skcnnlstm._utils import validation as check


def indexed(index):
    return pd.Series(range(len(index)), index=index)


TWO_LEVELS = pd.MultiIndex.from_tuples(
    [("a", pd.Timestamp("2024")), ("b", pd.Timestamp("2024"))], names=["shop", "day"]
)
MIXED = [pd.Timestamp("2024-01-02", tz="UTC"), pd.Timestamp("2024-01-01")]
BAD_INPUT = {
    "with and without a time zone": (
        lambda: check.check_time_order(pd.Index(MIXED, dtype=object), name="series"),
        ValueError,
        "series must have a time zone in all times or in none: got an index with both "
        "kinds. Use series.set_axis(pandas.to_datetime(series.index, utc=True)).",
    ),
    "too short": (
        lambda: check.check_enough_rows(5, 4, 2),
        ValueError,
        "series must have at least window_length + horizon rows: got 5 rows, "
        "window_length=4, horizon=2. Use a series of 6 rows or more, or shorter "
        "windows.",
    ),
    "too short for the horizon alone": (
        lambda: check.check_enough_rows(5, 4, 6),
        ValueError,
        "series must have at least window_length + horizon rows: got 5 rows, "
        "window_length=4, horizon=6. Use a series of 10 rows or more, or a shorter "
        "horizon.",
    ),
    "target: a name of two columns": (
        lambda: check.check_target("a", 2, ["a", "a"]),
        ValueError,
        "target must be the name of exactly one column: got target='a', which is the "
        "name of 2 columns. Use a position, such as 0.",
    ),
    "target: the name of another parameter": (
        lambda: check.check_target([], 2, name="target_columns"),
        ValueError,
        "target_columns must select at least one column: got target_columns=[]. Use a "
        "column, a list of columns, or None for all columns.",
    ),
    "index: duplicates and an id_column": (
        lambda: check.check_time_index(indexed([1, 1]), ids=True),
        ValueError,
        "X must have one row for each time: got an index with the label 1 more than "
        "once. Drop the duplicates, or average them with X.groupby(level=0).mean(), or "
        "set id_column if they belong to several series.",
    ),
    "index: two levels and an id_column": (
        lambda: check.check_time_index(indexed(TWO_LEVELS), ids=True),
        ValueError,
        "X must have one time index: got an index of 2 levels. Use one series at a "
        "time, and drop the other levels (X.droplevel(...)), or fit all series at "
        "once: X.reset_index('shop'), id_column='shop'.",
    ),
    "rows: one row of many columns": (
        lambda: check.check_enough_rows(1, 6, 3),
        ValueError,
        "series must have at least window_length + horizon rows: got 1 rows, "
        "window_length=6, horizon=3. Use a series of 9 rows or more, or a shorter "
        "horizon. If its columns are the steps, use numpy.transpose(series).",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)


def test_targets_are_returned_as_positions():
    assert check.check_target(None, 3) == [0, 1, 2]
    assert check.check_target(-1, 3) == [2]
    assert check.check_target(["b", 0], 2, ["a", "b"]) == [1, 0]


@pytest.mark.parametrize(
    "index", [pd.Index(["a", "b"]), pd.CategoricalIndex(["a", "b"])]
)
def test_labels_without_an_order_in_time_are_no_time_index(index):
    assert check.check_time_index(indexed(index)) is None
    assert check.check_time_index([1.0, 2.0]) is None


@pytest.mark.parametrize(
    "rows", [indexed([1, 1]), indexed(pd.to_datetime(["2024-01-01", "2024-01-01"]))]
)
def test_the_suggested_average_of_duplicates_is_accepted(rows):
    averaged = rows.groupby(level=0).mean()
    assert check.check_time_index(averaged) is averaged.index


MONTHS = pd.MultiIndex.from_product(
    [[2020, 2021], range(1, 13)], names=["year", "month"]
)
DAYS_OF_ONE_SHOP = pd.MultiIndex.from_product(
    [["a"], pd.date_range("2024", periods=4)], names=["shop", "day"]
)


@pytest.mark.parametrize("index", [MONTHS, DAYS_OF_ONE_SHOP])
def test_the_suggested_index_of_several_levels_is_accepted(index):
    X = indexed(index)
    with pytest.raises(ValueError, match="one time index") as caught:
        check.check_time_index(X)
    remedy = re.search(r"levels\. .*?: (X.*)\.$", str(caught.value))[1]
    changed = eval(remedy, {"X": X, "pandas": pd})
    found = check.check_time_index(changed)
    assert found.is_monotonic_increasing
    assert found.inferred_type == "datetime64"


def test_the_suggested_selection_of_labelled_rows_is_accepted():
    rows = indexed(pd.to_datetime(["2024-01-01", None]))
    with pytest.raises(ValueError, match=r"without a label: X\[X\.index\.notna\(\)\]"):
        check.check_time_index(rows)
    assert len(check.check_time_index(rows[rows.index.notna()])) == 1
