"""Rows of many recordings: positions, ids and errors."""

import numpy as np
import pandas as pd
import pytest
from user_errors import assert_error

from skcnnlstm._utils.recordings import (
    alternate,
    find_recordings,
    naming,
    take_column,
)


@pytest.mark.parametrize(
    "ids",
    [
        ["b", "a", "b"],
        pd.Series(["b", "a", "b"], index=[7, 8, 9]),
        pd.Categorical(["b", "a", "b"], categories=["a", "b", "unused"]),
    ],
)
def test_recordings_are_in_the_order_of_their_first_row(ids):
    found = find_recordings(ids, 3, "groups")
    assert found.keys == ["b", "a"]
    assert [rows.tolist() for rows in found.rows] == [[0, 2], [1]]


def test_no_rows_have_no_recordings():
    assert find_recordings([], 0, "groups") == ([], [])


@pytest.mark.parametrize(
    "labels, expected",
    [
        ([0, 1, 2, 3], True),
        ([0, 2, 1, 3], False),
        ([0, 0, 1, 1], False),  # times of two recordings
        ([0.0, 1.0, 2.0, 3.0], False),
    ],
)
def test_integers_that_number_alternating_rows_are_found(labels, expected):
    table = pd.DataFrame({"x": 1.0}, index=pd.Index(labels))
    rows = [np.array([0, 2]), np.array([1, 3])]
    assert alternate(table, rows) == expected


def test_the_id_column_is_taken_out_of_a_table():
    frame = pd.DataFrame({"x": [1.0, 2.0], "id": ["a", "b"]})
    rest, ids = take_column(frame, "id")
    assert list(rest) == ["x"] and list(ids) == ["a", "b"]
    rest, ids = take_column([["a", 1.0], ["b", 2.0]], 0)
    assert rest.tolist() == [[1.0], [2.0]] and list(ids) == ["a", "b"]


def fail_in(error):
    with naming("a"):
        raise error


@pytest.mark.parametrize(
    "call, error, message",
    [
        (
            lambda: find_recordings([1, 2], 3, "groups"),
            ValueError,
            "groups must have shape (n_rows,): got shape (2,) and 3 rows. Pass the "
            "recording of each row.",
        ),
        (
            lambda: find_recordings([1.0, np.nan], 2, "groups"),
            ValueError,
            "groups must have a value in each row: got a missing value in row 1. Drop "
            "the rows without a value.",
        ),
        (
            lambda: find_recordings(np.array([{}, {}]), 2, "groups"),
            TypeError,
            "groups must hold hashable values, such as numbers or text: got unhashable "
            "type: 'dict'. Use one number or text for each recording.",
        ),
        (lambda: fail_in(TypeError("no.")), TypeError, "In recording 'a': no."),
    ],
)
def test_errors_have_an_exact_message(call, error, message):
    assert_error(call, error, message)
