"""Rows of many recordings: their order, and where the windows of each start."""

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.windows.group_rows import find_starts, read_groups


def test_windows_start_inside_their_recording():
    starts, ends = find_starts(np.array([5, 2, 4]), 3, 2)
    assert starts.tolist() == [0, 2, 7]
    assert ends.tolist() == [5, 5, 11]


def test_alternating_rows_have_an_order():
    rows = np.zeros(4)
    order, sizes = read_groups(rows, [1, 0, 1, 0], 1, 0)
    assert order.tolist() == [0, 2, 1, 3] and sizes.tolist() == [2, 2]
    order, sizes = read_groups(rows, [1, 1, 1, 0], 1, 0)
    assert order is None and sizes.tolist() == [3, 1]


def test_times_are_those_of_each_recording():
    frame = pd.DataFrame({"x": np.zeros(4)}, index=[0, 1, 1, 1])
    with pytest.raises(ValueError, match="In recording 'b': series must have one row"):
        read_groups(frame, list("aabb"), 1, 0)
    read_groups(frame.set_axis([0, 1, 0, 1]), list("aabb"), 1, 0)
