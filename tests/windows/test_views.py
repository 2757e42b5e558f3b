"""Windows as views: which starts need a copy."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skcnnlstm.windows.views import take_windows, window_view

ROWS = np.arange(20.0).reshape(10, 2)


@pytest.mark.parametrize(
    "starts, is_view",
    [
        ([0, 1, 2], True),
        ([1, 4, 7], True),
        ([3], True),
        ([0, 1, 3], False),
        ([2, 1, 0], False),
        ([1, 1], False),
    ],
)
def test_windows_are_views_if_numpy_can_express_them(starts, is_view):
    windows = take_windows(ROWS, np.array(starts), 3)
    assert_array_equal(windows, [ROWS[start : start + 3] for start in starts])
    assert np.shares_memory(windows, ROWS) == is_view


def test_no_start_gives_no_window():
    assert take_windows(ROWS, np.array([], dtype=int), 3).shape == (0, 3, 2)
    assert window_view(ROWS, 3).shape == (8, 3, 2)
