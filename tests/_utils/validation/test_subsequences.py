"""The number of subsequences of a window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from user_errors import assert_error

from skcnnlstm._utils import validation as check

BAD_INPUT = {
    "a number that does not divide": (
        lambda: check.resolve_subsequences(5, 24),
        ValueError,
        "n_subsequences must divide window_length: got n_subsequences=5, "
        "window_length=24. Use one of 1, 2, 3, 4, 6, 8, 12, 24.",
    ),
    "with n_rows, a number that does not divide": (
        lambda: check.resolve_subsequences(8, 24, n_rows=2),
        ValueError,
        "n_subsequences must divide window_length / n_rows: got n_subsequences=8, "
        "window_length=24, n_rows=2. Use one of 1, 2, 3, 4, 6, 12.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 2000))
def test_divisors_are_the_numbers_with_remainder_zero(n):
    assert check.divisors(n) == [d for d in range(1, n + 1) if n % d == 0]


@settings(deadline=None, max_examples=60)
@pytest.mark.filterwarnings("ignore:n_subsequences='auto' leaves:UserWarning")
@given(st.integers(1, 400))
def test_auto_selects_the_divisor_nearest_to_the_square_root(length):
    distances = {d: abs(d - length**0.5) for d in check.divisors(length)}
    nearest = min(distances.values())
    assert check.resolve_subsequences("auto", length) == min(
        d for d, distance in distances.items() if distance == nearest
    )


@pytest.mark.parametrize("length", [2, 3, 5, 23, 97])
def test_auto_warns_for_primes_and_names_other_lengths(length):
    with pytest.warns(UserWarning, match="a prime number") as caught:
        assert check.resolve_subsequences("auto", length) == 1
    listed = str(caught[0].message).split("such as ")[1].split(", or")[0]
    for named in map(int, listed.split(", ")):
        assert check.resolve_subsequences("auto", named) > 1


def test_auto_names_lengths_that_n_rows_divides():
    with pytest.warns(UserWarning) as caught:
        assert check.resolve_subsequences("auto", 14, n_rows=2) == 1
    assert str(caught[0].message) == (
        "n_subsequences='auto' leaves each window in one piece: window_length / n_rows "
        "is 7, a prime number. Use another window_length, such as 8, 12, 16, 18, or "
        "set n_subsequences."
    )


def test_integers_that_divide_are_returned():
    assert check.resolve_subsequences(np.int64(6), 24) == 6
    assert check.resolve_subsequences(6, 24, n_rows=2) == 6
