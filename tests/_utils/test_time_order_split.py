"""Tests of slices for folds in time order."""

import numpy as np
import pytest
from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm._utils.time_order_split import split_in_time_order


def test_folds_match_hand_computed_slices():
    assert split_in_time_order(9, 2, 2, test_size=2) == [
        (slice(0, 3), slice(5, 7)),
        (slice(0, 5), slice(7, 9)),
    ]


def test_max_train_size_keeps_the_last_training_samples():
    assert split_in_time_order(9, 2, 2, test_size=2, max_train_size=2) == [
        (slice(1, 3), slice(5, 7)),
        (slice(3, 5), slice(7, 9)),
    ]


def test_one_fold_is_allowed():
    assert split_in_time_order(10, 1) == [(slice(0, 5), slice(5, 10))]


@pytest.mark.parametrize("n_samples", [12, 13, 40])
@pytest.mark.parametrize("gap", [0, 1])
@pytest.mark.parametrize(
    "params", [{}, {"test_size": 2}, {"max_train_size": 3}], ids=str
)
def test_folds_equal_those_of_time_series_split(n_samples, gap, params):
    rows = np.arange(n_samples)
    expected = TimeSeriesSplit(4, gap=gap, **params).split(rows)
    folds = split_in_time_order(n_samples, 4, gap, **params)
    for (train, test), pair in zip(folds, expected, strict=True):
        np.testing.assert_array_equal(rows[train], pair[0])
        np.testing.assert_array_equal(rows[test], pair[1])


@pytest.mark.parametrize(
    ("n_samples", "n_splits", "gap"), [(3, 3, 0), (12, 5, 2), (12, 2, 4)]
)
def test_too_few_samples_give_no_folds(n_samples, n_splits, gap):
    assert split_in_time_order(n_samples, n_splits, gap) == []
