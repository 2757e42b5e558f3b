"""Scalar parameters: accepted values, and the message for each rejected one."""

import numpy as np
import pytest
from user_errors import assert_error

from skcnnlstm._utils import validation as check

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
    "real: out of bounds": (
        lambda: check.check_real("dropout", 1.0, low=0, high=1, inclusive="left"),
        ValueError,
        "dropout must be a finite number >= 0 and < 1: got dropout=1.0. Use a finite "
        "number >= 0 and < 1.",
    ),
    "real: NaN": (
        lambda: check.check_real("rate", np.nan),
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
        "coverage must be a finite number > 0 and < 1: got coverage=90.0. Use 0.9 for "
        "90 %.",
    ),
    "choice: unknown": (
        lambda: check.check_choice("merge", "sum", ["concat", "weighted", None]),
        ValueError,
        "merge must be one of 'concat', 'weighted', None: got merge='sum'.",
    ),
    "choice: another type": (
        lambda: check.check_choice("merge", 1, ["concat", "weighted"]),
        TypeError,
        "merge must be one of 'concat', 'weighted': got merge=1.",
    ),
    "choice: the number 1 is not True": (
        lambda: check.check_choice("seasonal", 1, [True, False]),
        TypeError,
        "seasonal must be one of True, False: got seasonal=1.",
    ),
    "boolean: a number": (
        lambda: check.check_boolean("attention", 1),
        TypeError,
        "attention must be a boolean: got attention=1 (int). Use True or False.",
    ),
    "quantiles: no median": (
        lambda: check.check_quantiles((0.1, 0.9)),
        ValueError,
        "quantiles must be None, or increasing numbers between 0 and 1 that include "
        "0.5: got quantiles=(0.1, 0.9). Use quantiles=(0.05, 0.5, 0.95), for example.",
    ),
    "quantiles: a single number": (
        lambda: check.check_quantiles(0.5),
        TypeError,
        "quantiles must be None, or increasing numbers between 0 and 1 that include "
        "0.5: got quantiles=0.5. Use quantiles=(0.05, 0.5, 0.95), for example.",
    ),
    "missing: unknown": (
        lambda: check.check_missing("drop"),
        ValueError,
        "missing must be one of 'error', 'mask': got missing='drop'.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_integers_of_any_type_become_int(value):
    assert check.check_integer("n", value) == 3
    assert type(check.check_integer("n", value)) is int


@pytest.mark.parametrize("inclusive", ["both", "left", "right", "neither"])
def test_inclusive_selects_the_allowed_bounds(inclusive):
    def passes(value):
        try:
            check.check_real("x", value, low=0, high=1, inclusive=inclusive)
        except ValueError:
            return False
        return True

    assert passes(0) == (inclusive in ("both", "left"))
    assert passes(1) == (inclusive in ("both", "right"))
    assert passes(np.float32(0.5)) and not passes(-0.1) and not passes(1.1)


def test_choices_and_booleans_are_returned_as_python_objects():
    assert check.check_choice("c", None, ["a", None]) is None
    assert check.check_choice("c", "a", ["a", None]) == "a"
    assert type(check.check_choice("c", np.str_("a"), ["a", None])) is str
    assert check.check_boolean("b", np.True_) is True


def test_quantiles_become_a_tuple_of_floats():
    assert check.check_quantiles(None) is None
    assert check.check_quantiles(np.array([0.1, 0.5])) == (0.1, 0.5)


def test_only_the_string_auto_is_auto():
    assert check.is_auto("auto") and check.is_auto(np.str_("auto"))
    assert not check.is_auto(None) and not check.is_auto("AUTO")
