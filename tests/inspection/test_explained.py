"""Tests of windows to explain and of their baselines."""

import numpy as np
import pytest
from attribution_cases import explained
from numpy.testing import assert_array_equal
from user_errors import assert_error

from skcnnlstm.inspection.explained import resolve_baseline, split_lags

NAN = np.nan


def test_the_mean_is_that_of_each_feature_over_known_values():
    windows = [[[1, 10], [2, NAN]], [[3, 20], [NAN, 30]]]
    baseline = resolve_baseline("mean", explained(windows))
    assert baseline.shape == (2, 2, 2)
    assert_array_equal(baseline, np.broadcast_to([2, 20], (2, 2, 2)))


@pytest.mark.parametrize(
    "given, expected",
    [
        (5, np.full((2, 3, 1), 5)),
        ([7], np.full((2, 3, 1), 7)),
        ([1, 2, 3], [[[1], [2], [3]]] * 2),
        ([[1, 2, 3], [4, 5, 6]], [[[1], [2], [3]], [[4], [5], [6]]]),
        ([[[1]], [[2]]], [[[1]] * 3, [[2]] * 3]),
    ],
)
def test_a_baseline_may_have_the_shape_of_x(given, expected):
    windows = explained(np.zeros((2, 3, 1)), sample_shape=(3,))
    assert_array_equal(resolve_baseline(given, windows), expected)


@pytest.mark.parametrize(
    "baseline, error, message",
    [
        (
            "median",
            ValueError,
            "baseline must be 'mean', a number or an array of numbers: got 'median'. "
            "Use baseline=0.0 for windows with mean zero.",
        ),
        (
            [1.0, NAN],
            ValueError,
            "baseline must be finite: got NaN or infinity. Use baseline='mean' or "
            "replace these values.",
        ),
        (
            object,
            TypeError,
            "baseline must be 'mean', a number or an array of numbers: got <class "
            "'object'>. Use baseline=0.0 for windows with mean zero.",
        ),
        (
            [1.0, 2.0, 3.0],
            ValueError,
            "baseline must have a shape that can be broadcast to (n_samples, "
            "window_length, n_features) = (1, 4, 2): got shape (3,). Use one value per "
            "feature, one window, or one window for each sample.",
        ),
        (
            [0.0, 1.0],
            ValueError,
            "baseline must be positive with transformer='log': got 0 as smallest "
            "value. Use baseline='mean'.",
        ),
    ],
)
def test_a_baseline_that_does_not_suit_the_windows_raises(baseline, error, message):
    windows = explained(np.ones((1, 4, 2)), positive=np.array([True, False]))
    assert_error(lambda: resolve_baseline(baseline, windows), error, message)
    for remedy in ("mean", 1.0, np.ones(2), np.ones((4, 2)), np.ones((1, 4, 2))):
        assert resolve_baseline(remedy, windows).shape == (1, 4, 2)


def test_a_pair_repeats_the_same_steps_and_lacks_the_same_values():
    whole = explained(
        [[[2, 2], [2, 2], [3, NAN]]], n_missing=np.array([1])
    )  # step 1 is repeated in step 0
    baseline = np.arange(6.0).reshape(1, 3, 2)
    windows, others = whole.pair(baseline, slice(0, 1))
    assert_array_equal(windows, whole.windows)
    assert_array_equal(others, [[[2, 3], [2, 3], [4, NAN]]])
    attributions = np.array([[[1.0], [2.0], [4.0]]])
    whole.move_repeated(attributions)
    assert_array_equal(attributions[0, :, 0], [0, 3, 4])


def test_chunks_are_small_enough_to_copy():
    whole = explained(np.zeros((5, 2, 2)))
    assert [part.stop for part in whole.chunks(2)] == [2, 4, 5]
    assert whole.chunk_size(3) == 3
    huge = explained(np.broadcast_to(0.0, (3, 2**20, 8)))
    assert huge.chunk_size(100) == 1


def test_only_the_oldest_block_is_shorter():
    assert split_lags(10, 4) == [(0, 2), (2, 6), (6, 10)]
    assert split_lags(4, 2) == [(0, 2), (2, 4)]
    assert split_lags(3, 5) == [(0, 3)]
