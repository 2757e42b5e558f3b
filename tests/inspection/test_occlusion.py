"""Tests of occlusion with functions of windows."""

import numpy as np
import pytest
from attribution_cases import explained
from numpy.testing import assert_allclose, assert_array_equal

from skcnnlstm.inspection import occlusion
from skcnnlstm.inspection.explained import Explained
from skcnnlstm.inspection.occlusion import occlude

STEPS = np.arange(1.0, 5.0)[:, np.newaxis]  # the weight of each step


def weighted(windows):
    return np.nansum(windows * STEPS, axis=(1, 2))[:, np.newaxis]


def run(windows, block_length, function=weighted, baseline=0.0, **changes):
    whole = explained(windows, function, **changes)
    baseline = np.broadcast_to(baseline, whole.windows.shape)
    outputs = function(whole.windows)
    return occlude(whole, baseline, np.array([0]), outputs, block_length)[..., 0]


def test_each_value_gets_the_change_that_it_causes():
    windows = np.random.default_rng(0).normal(size=(3, 4, 2))
    found = run(windows, 1, baseline=0.5)
    assert_allclose(found, (windows - 0.5) * STEPS)


def test_a_block_shares_its_change_equally():
    found = run([[[1.0], [1.0], [1.0], [1.0]]], 2)
    assert_allclose(found[0, :, 0], [1.5, 1.5, 3.5, 3.5])
    oldest = run([[[1.0], [1.0], [1.0], [1.0]]], 3)
    assert_allclose(oldest[0, :, 0], [1, 3, 3, 3])


def test_missing_values_get_nothing_and_stay_missing():
    seen = []

    def function(windows):
        seen.append(np.isnan(windows[:, 1]).all())
        return weighted(windows)

    found = run([[[1.0], [np.nan], [1.0], [1.0]]], 2, function)
    assert_allclose(found[0, :, 0], [1, 0, 3.5, 3.5])
    assert all(seen)


def test_steps_that_repeat_the_first_known_one_are_replaced_with_it():
    found = run([[[2.0], [2.0], [2.0], [1.0]]], 1, n_missing=np.array([2]))
    assert_array_equal(found[0, :, 0], [0, 0, 2 * (1 + 2 + 3), 4])


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_results_do_not_depend_on_the_size_of_a_batch(monkeypatch, batch):
    windows = np.random.default_rng(0).normal(size=(5, 4, 2))
    monkeypatch.setattr(occlusion, "_BATCH", batch)
    sizes = []

    def function(windows):
        sizes.append(len(windows))
        return weighted(windows)

    assert_allclose(run(windows, 1, function), windows * STEPS)
    assert max(sizes[1:]) <= batch
    assert isinstance(explained(windows), Explained)
