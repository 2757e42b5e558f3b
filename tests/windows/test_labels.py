"""Labels of windows: which windows have one, and which one."""

import numpy as np
import pytest

from skcnnlstm.windows.labels import label_windows

VALUES = np.array([2.0, 1.0, np.nan, 1.0, 2.0, 2.0])


@pytest.mark.parametrize(
    "label, labelled, expected",
    [
        ("last", [False, True, True, True], [1.0, 2.0, 2.0]),
        ("majority", [True, True, True, True], [1.0, 1.0, 1.0, 2.0]),
        ("all", [False, False, False, False], []),
    ],
)
def test_labels_of_windows_with_missing_steps(label, labelled, expected):
    known, y = label_windows(label, VALUES, np.arange(4), 3)
    assert known.tolist() == labelled
    assert y.tolist() == expected


def test_of_several_frequent_labels_the_first_in_sort_order_counts():
    values = np.array(["b", "a", "b", "c"], dtype=object)
    _, y = label_windows("majority", values, np.array([0, 1, 2]), 2)
    assert y.tolist() == ["a", "a", "b"]


def test_labels_of_all_steps_are_a_view():
    known, y = label_windows("per_step", VALUES, np.arange(5), 2)
    assert known.all() and np.shares_memory(y, VALUES)
