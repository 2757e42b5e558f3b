"""Numbers in CSV files."""

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.cli.read_numbers import is_missing, read_numbers


@pytest.mark.parametrize(
    "cells, expected, mark",
    [
        (["1", "-2.5", "+3e2"], [1, -2.5, 300], "."),
        (["1,5", "2"], [1.5, 2], ","),
        (["1.000,5", "2.000"], [1000.5, 2000], ","),
        (["1,000", "2,000,000"], [1000, 2000000], "."),
        (["1,000", "2,000"], [1000, 2000], None),
        (["1.000", "2.000"], [1, 2], "."),
        (["1'234.5", "€ 2"], [1234.5, 2], "."),
        (["(1,234.5)", "2"], [-1234.5, 2], "."),
        (["$(5)", "(x)"], [-5, np.nan], "."),
        (["inf", "text"], [np.inf, np.nan], "."),
    ],
)
def test_the_decimal_mark_is_found(cells, expected, mark):
    numbers, found = read_numbers(pd.Series(cells))
    np.testing.assert_array_equal(numbers, expected)
    assert found == mark


def test_an_explicit_decimal_mark_is_used():
    cells = pd.Series(["1.000", "2,5"])
    np.testing.assert_array_equal(read_numbers(cells, ",")[0], [1000, 2.5])
    np.testing.assert_array_equal(read_numbers(cells, ".")[0], [1, np.nan])


def test_missing_cells_are_known_by_their_text():
    cells = pd.Series(["NA", " ? ", "", "NaN", "null", "0", "x"])
    assert is_missing(cells).tolist() == [True] * 5 + [False] * 2
