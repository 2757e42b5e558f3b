"""Tests of the samples that leak between the parts of a fold."""

import numpy as np
import pytest
from leakage_cases import (
    FUTURE,
    SHARED,
    kinds,
    windows,
)
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    KFold,
    TimeSeriesSplit,
)

from skcnnlstm import (
    check_leakage,
)
from skcnnlstm.model_selection.leakage.folds import overlaps_any


def test_folds_without_a_gap_share_target_steps():
    X, y = windows(horizon=3)
    report = check_leakage(Ridge(), X, y, TimeSeriesSplit(2, test_size=4))
    assert kinds(report) == [SHARED, FUTURE]
    assert report.leaks
    assert report.gap == 2
    # The last two training samples and the first two test samples, of 112 samples.
    shared = [(train.tolist(), test.tolist()) for train, test in report.shared]
    assert shared == [([102, 103], [104, 105]), ([106, 107], [108, 109])]
    assert report.folds.loc[0].tolist() == [104, 4, 2, 2, 2]
    assert "HorizonSplit(2, horizon=3), or TimeSeriesSplit(2, gap=2)" in str(report)


def test_a_single_target_several_steps_ahead_is_ahead_but_not_shared():
    X, y = windows(horizon=4)
    report = check_leakage(Ridge(), X, y[:, 3], TimeSeriesSplit(3))
    assert kinds(report) == [FUTURE]
    assert report.gap == 3


@pytest.mark.parametrize("cv", [None, KFold(4, shuffle=True, random_state=0)])
def test_folds_out_of_time_order_train_on_the_future(cv):
    X, y = windows(horizon=1)
    report = check_leakage(Ridge(), X, y, cv)
    assert kinds(report) == [FUTURE]
    n_folds = 5 if cv is None else 4
    assert report.findings["way_out"][0] == (
        "Use folds in time order, without shuffling: "
        f"HorizonSplit({n_folds}, horizon=1), or TimeSeriesSplit({n_folds})."
    )
    assert ("note: cv=None uses KFold(5)" in str(report)) == (cv is None)


def test_a_splitter_class_raises_an_error():
    with pytest.raises(TypeError, match=r"got the class TimeSeriesSplit. Use Time"):
        check_leakage(Ridge(), *windows(), TimeSeriesSplit)


def test_overlaps_any_finds_spans_that_share_a_step():
    first, last = np.array([0, 3, 5, 9]), np.array([2, 4, 8, 9])
    mask = overlaps_any(first, last, np.array([4, 7]), np.array([4, 7]))
    assert mask.tolist() == [False, True, True, False]
    empty = np.array([], int)
    assert not overlaps_any(first, last, empty, empty).any()
