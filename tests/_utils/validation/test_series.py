"""Length, target columns and time index of a series."""

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
    "target: a name twice": (
        lambda: check.check_target("a", 2, ["a", "a"]),
        ValueError,
        "target must be the name of one column of the series: got target='a'. Use one "
        "of 'a', 'a'.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)
