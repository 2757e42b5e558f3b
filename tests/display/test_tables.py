"""Tests of the conversion of forecasts and series to panels."""

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.display._tables import (
    has_index,
    select_columns,
    split_columns,
    split_intervals,
)


def test_columns_are_split_by_series_and_name():
    frame = pd.DataFrame({"y": [1.0, 2.0], "z": [3.0, 4.0]})
    columns = split_columns({"a": frame, "b": np.array([5.0, 6.0])})
    assert {key: column.tolist() for key, column in columns.items()} == {
        ("a", "y"): [1, 2],
        ("a", "z"): [3, 4],
        ("b", 0): [5, 6],
    }
    assert list(split_columns(pd.Series([1.0], name="y"))) == [(None, "y")]


def test_intervals_are_split_into_forecast_and_bounds():
    frame = pd.DataFrame({"forecast": [2.0], "lower": [1.0], "upper": [3.0]})
    parts = split_intervals(frame)
    assert [part[None, 0].tolist() for part in parts] == [[2], [1], [3]]
    several = pd.concat({"y": frame, "z": frame + 10}, axis=1)
    parts = split_intervals(several)
    assert [part[None, "z"].tolist() for part in parts] == [[12], [11], [13]]


def test_intervals_of_a_long_frame_are_split_by_series():
    frame = pd.DataFrame({"forecast": [2.0], "lower": [1.0], "upper": [3.0]})
    long = pd.concat([frame.assign(shop="a"), frame.assign(shop="b")])
    forecast, lower, _ = split_intervals(long, "shop")
    assert list(forecast) == list(lower) == [("a", 0), ("b", 0)]


def test_a_forecast_without_bounds_has_empty_bounds():
    forecast, lower, upper = split_intervals(pd.Series([1.0], name="y"))
    assert list(forecast) == [(None, "y")]
    assert lower == upper == {}


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pd.Series([1.0]), True),
        (np.ones(2), False),
        ([1.0, 2.0], False),
        ([pd.Series([1.0])], True),
        ({"a": np.ones(2)}, False),
    ],
)
def test_has_index_looks_at_the_first_series(series, expected):
    assert has_index(series) is expected


def test_columns_are_selected_by_key_or_by_order():
    columns = {("a", "y"): 1, ("b", "y"): 2}
    keys = list(columns)
    assert select_columns(columns, keys, keys[1:], "actual") == {("b", "y"): 2}
    unnamed = {(0, 0): 1, (1, 0): 2}
    assert select_columns(unnamed, keys, keys[1:], "actual") == {("b", "y"): 2}
    assert select_columns({}, keys, keys, "actual") == dict.fromkeys(keys)


def test_missing_columns_raise_an_error():
    keys = [("a", "y"), ("b", "y")]
    message = (
        "actual must contain each series that is drawn: got 'a', drawn are 'a', 'b'. "
        "Use names=['a'] to draw only these."
    )
    with pytest.raises(ValueError) as caught:
        select_columns({("a", "y"): 1}, keys, keys, "actual")
    assert str(caught.value) == message
    message = (
        "actual must have the columns of the forecast: got ['x', 'z', 'w'], the "
        "forecast has ['y', 'y']. Pass only the columns of the forecast."
    )
    with pytest.raises(ValueError) as caught:
        select_columns(
            {("a", "x"): 1, ("b", "z"): 2, ("b", "w"): 3}, keys, keys, "actual"
        )
    assert str(caught.value) == message
