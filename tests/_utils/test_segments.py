"""Rows are split at gaps."""

import numpy as np

from skcnnlstm._utils.segments import split_at_gaps


def test_a_step_of_more_than_one_starts_a_segment():
    segments = split_at_gaps(np.array([0, 1, 4, 5, 6, 9]))
    assert segments.spans() == [(0, 2), (2, 5), (5, 6)]
    assert segments.next_run is None


def test_rows_are_put_in_time_order():
    segments = split_at_gaps(np.array([3, 1, 2, 7]))
    assert segments.order.tolist() == [1, 2, 0, 3]
    assert segments.spans() == [(0, 3), (3, 4)]


def test_the_segment_at_position_one_continues_a_series():
    assert split_at_gaps(np.array([1, 2, 5]), continues=True).next_run == 0
    assert split_at_gaps(np.array([-3, 1, 2]), continues=True).next_run == 1
    assert split_at_gaps(np.array([2, 3]), continues=True).next_run is None
