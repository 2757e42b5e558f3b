"""Arrays of numbers and of row positions."""

from fractions import Fraction

import numpy as np
import pytest
from user_errors import assert_error

from skcnnlstm._utils.validation import arrays

BAD_INPUT = {
    "numbers: text": (
        lambda: arrays.check_numbers("values", ["1", "2"]),
        TypeError,
        "values must be an array of numbers: got ['1', '2']. Convert text to "
        "numbers, and use NaN for missing values.",
    ),
    "numbers: another shape": (
        lambda: arrays.check_numbers("values", [1.0, 2.0], "n_rows", "n_targets"),
        ValueError,
        "values must have the shape (n_rows, n_targets): got (2,). Reshape it, for "
        "example with np.reshape(values, (-1, 1)).",
    ),
    "broadcast": (
        lambda: arrays.check_broadcast(low=np.zeros(2), high=np.zeros(3)),
        ValueError,
        "low and high must broadcast: got the shapes (2,) and (3,). Use arrays of the "
        "same shape, or a single number.",
    ),
    "pair: a column and a row": (
        lambda: arrays.check_pair([1.0, 2.0], [[1.0], [2.0]]),
        ValueError,
        "actual and forecast must have the same shape: got (2,) and (2, 1). Use "
        "numpy.reshape(forecast, (2,)).",
    ),
    "pair: rows and columns swapped": (
        lambda: arrays.check_pair(np.ones((2, 3)), np.ones((3, 2))),
        ValueError,
        "actual and forecast must have the same shape: got (2, 3) and (3, 2). Use "
        "numpy.transpose(forecast).",
    ),
    "pair: other lengths": (
        lambda: arrays.check_pair([1.0, 2.0], [1.0, 2.0, 3.0]),
        ValueError,
        "actual and forecast must have the same shape: got (2,) and (3,). Pass one "
        "forecast for each actual value.",
    ),
    "origins: outside": (
        lambda: arrays.check_origins([0, 3], 3),
        ValueError,
        "origins must be row positions from 0 to 2: got 0 to 3. Use np.arange(3) for "
        "all rows.",
    ),
    "origins: floats": (
        lambda: arrays.check_origins([0.0], 3),
        TypeError,
        "origins must be integers of shape (n,): got dtype float64 of shape (1,). Use "
        "np.asarray(origins, dtype=int).ravel().",
    ),
    "places: too few": (
        lambda: arrays.check_places([0, 1], 3),
        ValueError,
        "places must have one value for each row: got 2 values for 3 rows. Use 3 "
        "values in time order.",
    ),
    "places: a repeated one": (
        lambda: arrays.check_places([0, 1, 1], 3),
        ValueError,
        "places must be in ascending order: got 1 before 1, at position 1. Remove the "
        "duplicates.",
    ),
    "places: unordered": (
        lambda: arrays.check_places([1, 0, 2], 3),
        ValueError,
        "places must be in ascending order: got 1 before 0, at position 0. Sort places "
        "and the rows by np.argsort(places).",
    ),
    "season: too long": (
        lambda: arrays.check_season(4, 7, 2),
        ValueError,
        "season_length must fit 2 times into the rows: got season_length=4 and 7 rows. "
        "Use at least 8 rows, or a season_length of at most 3.",
    ),
    "season: no shorter one": (
        lambda: arrays.check_season(1, 1, 2),
        ValueError,
        "season_length must fit 2 times into the rows: got season_length=1 and 1 rows. "
        "Use at least 2 rows.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)


@pytest.mark.parametrize(
    "values", [[1, 2], np.array([1, 2], dtype="i1"), [Fraction(1), Fraction(2)]]
)
def test_numbers_of_any_type_become_floats(values):
    numbers = arrays.check_numbers("values", values, "n_rows")
    assert numbers.dtype == float
    assert numbers.tolist() == [1.0, 2.0]


def test_missing_numbers_become_nan():
    assert np.isnan(arrays.check_numbers("values", [1.0, None])[1])


def test_floats_are_not_copied():
    values = np.arange(3.0)
    assert arrays.check_numbers("values", values) is values


def test_places_without_gaps_are_the_row_numbers():
    assert arrays.check_places(None, 3).tolist() == [0, 1, 2]


def test_origins_of_overlapping_folds_may_repeat():
    assert arrays.check_ascending_origins([1, 1, 2], 3).tolist() == [1, 1, 2]


def test_no_origins_are_allowed():
    assert arrays.check_origins([], 3).dtype == np.intp
