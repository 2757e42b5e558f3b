"""Scalar parameters: accepted values and the message for each rejected one."""

import numpy as np
import pytest
from hypothesis import settings
from user_errors import assert_error

from skcnnlstm._utils import validation as check

NAN, INF = np.nan, np.inf
ROWS = np.arange(20.0).reshape(10, 2)
WINDOWS = np.arange(48.0).reshape(2, 12, 2)
properties = settings(deadline=None, max_examples=60)


BAD_INPUT = {
    "integer: zero": (
        lambda: check.check_integer("filters", 0),
        ValueError,
        "filters must be an integer >= 1: got filters=0. Use a whole number, 1 or "
        "more.",
    ),
    "integer: a float": (
        lambda: check.check_integer("filters", 3.0),
        TypeError,
        "filters must be an integer >= 1: got filters=3.0 (float). Use a whole number, "
        "1 or more.",
    ),
    "integer: a boolean": (
        lambda: check.check_integer("patience", True, minimum=0),
        TypeError,
        "patience must be an integer >= 0: got patience=True (bool). Use a whole "
        "number, 0 or more.",
    ),
    "real: outside": (
        lambda: check.check_real("dropout", 1.0, low=0, high=1, inclusive="left"),
        ValueError,
        "dropout must be a finite number >= 0 and < 1: got dropout=1.0. Use a finite "
        "number >= 0 and < 1.",
    ),
    "real: NaN": (
        lambda: check.check_real("rate", NAN),
        ValueError,
        "rate must be a finite number: got rate=nan. Use a finite number.",
    ),
    "real: text": (
        lambda: check.check_real("rate", "high", low=0, inclusive="neither"),
        TypeError,
        "rate must be a finite number > 0: got rate='high' (str). Use a finite number "
        "> 0.",
    ),
    "real: a percentage": (
        lambda: check.check_real("coverage", 90, low=0, high=1, inclusive="neither"),
        ValueError,
        "coverage must be a finite number > 0 and < 1: got coverage=90.0. Use a finite "
        "number > 0 and < 1: 0.9 for 90 %.",
    ),
    "choice: unknown": (
        lambda: check.check_choice("merge", "sum", ["concat", "weighted", None]),
        ValueError,
        "merge must be a known choice: got merge='sum' (str). Use one of 'concat', "
        "'weighted', None.",
    ),
    "choice: another type": (
        lambda: check.check_choice("merge", 1, ["concat", "weighted"]),
        TypeError,
        "merge must be a known choice: got merge=1. Use one of 'concat', 'weighted'.",
    ),
    "boolean: a number": (
        lambda: check.check_boolean("attention", 1),
        TypeError,
        "attention must be a boolean: got attention=1 (int). Use True or False.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_integers_of_any_kind_become_int(value):
    assert check.check_integer("n", value) == 3
    assert type(check.check_integer("n", value)) is int


@pytest.mark.parametrize("inclusive", ["both", "left", "right", "neither"])
def test_bounds_count_as_inclusive_says(inclusive):
    def passes(value):
        try:
            check.check_real("x", value, low=0, high=1, inclusive=inclusive)
        except ValueError:
            return False
        return True

    assert passes(0) == (inclusive in ("both", "left"))
    assert passes(1) == (inclusive in ("both", "right"))
    assert passes(np.float32(0.5)) and not passes(-0.1) and not passes(1.1)


def test_choices_and_booleans_come_back():
    assert check.check_choice("c", None, ["a", None]) is None
    assert check.check_choice("c", "a", ["a", None]) == "a"
    assert type(check.check_choice("c", np.str_("a"), ["a", None])) is str
    assert check.check_boolean("b", np.True_) is True
