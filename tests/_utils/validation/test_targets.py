"""Targets and sample weights."""

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
    "regression target: complex numbers": (
        lambda: check.check_regression_target(ROWS[:, 0] * 1j, 10, estimator=None),
        ValueError,
        "y must be real: got complex numbers (Complex data not supported). Use y.real, "
        "or the real and the imaginary parts side by side.",
    ),
    "regression target: text": (
        lambda: check.check_regression_target(np.array(["a", "b"]), 2, estimator=None),
        ValueError,
        "y must be numeric: got text. Convert it to numbers, or use a classifier for "
        "labels.",
    ),
    "class target: complex numbers": (
        lambda: check.check_class_target(ROWS[:, 0] * 1j, 10, estimator=None),
        ValueError,
        "y must be real: got complex numbers (Complex data not supported). Use y.real, "
        "or the real and the imaginary parts side by side.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)
