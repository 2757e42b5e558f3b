"""Tests of the permutation importance of blocks."""

import numpy as np
from numpy.testing import assert_array_equal

from skcnnlstm.inspection.permutation import permute_blocks

BLOCKS = [(0, 2), (2, 4)]


def importances(score, windows, random_state=0):
    return permute_blocks(score, windows, BLOCKS, 3, random_state)


def test_only_the_block_that_the_score_reads_is_important():
    windows = np.random.default_rng(0).normal(size=(30, 4, 2))
    before = windows.copy()
    found = importances(lambda w: -np.abs(w[:, 3, 1] - before[:, 3, 1]).sum(), windows)
    assert found.shape == (2, 2, 3)
    assert (found[1, 1] > 0).all()
    found[1, 1] = 0
    assert_array_equal(found, 0)
    assert_array_equal(windows, before)


def test_the_steps_of_a_block_are_permuted_together():
    windows = np.arange(40.0).reshape(10, 4, 1)
    steps = []
    importances(lambda w: steps.append(w[:, 1] - w[:, 0]) or 0.0, windows)
    assert_array_equal(steps, np.ones_like(steps))


def test_the_same_seed_gives_the_same_importances():
    windows = np.random.default_rng(0).normal(size=(30, 4, 1))

    def score(w):
        return w[:, 0, 0] @ w[:, 3, 0]

    first, second, other = (importances(score, windows, seed) for seed in (0, 0, 1))
    assert_array_equal(first, second)
    assert (first != other).any()


def test_values_that_are_not_read_are_skipped():
    windows = np.full((5, 4, 1), np.nan)
    windows[:, 2:] = 1
    calls = []
    found = importances(lambda w: calls.append(1) or 0.0, windows)
    assert_array_equal(found, 0)
    assert len(calls) == 1 + 3
