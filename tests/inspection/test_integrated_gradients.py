"""Tests of integrated gradients of functions whose gradients are known."""

import tracemalloc
import warnings

import numpy as np
import pytest
from attribution_cases import explained
from numpy.testing import assert_allclose, assert_array_equal

from skcnnlstm.inspection.integrated_gradients import integrate_gradients


class Gradient:
    """`WindowGradient` of a function whose derivative is given; counts its windows."""

    def __init__(self, function, derivative):
        self.function, self.derivative = function, derivative
        self.n_windows = 0

    def __call__(self, windows, output):
        self.n_windows += len(windows)
        return self.derivative(windows), self.function(windows)


def integrate(function, derivative, windows, baseline, tolerance=0.01, **changes):
    """Return attributions, and the number of gradients per window."""
    whole = explained(windows, **changes)
    baseline = np.broadcast_to(baseline, whole.windows.shape)
    windows, others = whole.pair(baseline, slice(None))
    gradient = Gradient(function, derivative)
    attributions = integrate_gradients(
        gradient,
        whole,
        baseline,
        np.array([0]),
        function(windows)[:, np.newaxis],
        function(others)[:, np.newaxis],
        tolerance,
    )
    return attributions[..., 0], gradient.n_windows / len(windows)


def total(windows):
    return np.nansum(windows, axis=(1, 2))


def test_attributions_of_a_sum_of_squares():
    windows = np.random.default_rng(0).normal(size=(5, 3, 2))
    found, n_gradients = integrate(lambda w: total(w**2), lambda w: 2 * w, windows, 0.5)
    assert_allclose(found, windows**2 - 0.25, rtol=1e-6)
    assert n_gradients == 4


def test_only_parts_with_a_kink_are_divided():
    windows = np.random.default_rng(0).normal(size=(50, 4, 1))

    def derivative(w):
        inside = total(w - 0.3)[:, np.newaxis, np.newaxis] > 0
        return np.where(inside, 1.0, 0.01) * np.ones_like(w)

    def function(w):
        value = total(w - 0.3)
        return np.where(value > 0, value, 0.01 * value)

    found, n_gradients = integrate(function, derivative, windows, 0.0, tolerance=0.001)
    change = function(windows) - function(np.zeros_like(windows))
    assert_allclose(total(found), change)
    # The gradient is the same for all values of a window.
    expected = windows * (change / total(windows))[:, np.newaxis, np.newaxis]
    assert_allclose(found, expected, atol=0.005)
    assert 4 < n_gradients < 25


def test_missing_values_get_nothing_although_their_gradient_is_nan():
    windows = [[[1.0], [np.nan], [2.0]]]
    found, _ = integrate(lambda w: total(w**2), lambda w: 2 * w, windows, 0.0)
    assert_allclose(found, [[[1], [0], [4]]])
    assert_array_equal(found[0, 1], 0)


def test_repeated_steps_give_their_share_to_the_first_known_one():
    windows, n_missing = [[[2.0], [2.0], [3.0]]], np.array([1])
    found, _ = integrate(total, np.ones_like, windows, 0.0, n_missing=n_missing)
    assert_allclose(found, [[[0], [4], [3]]])


def test_sums_that_stay_inaccurate_are_reported():
    with pytest.warns(UserWarning, match="attributions of 1 of 1 outputs are inacc"):
        _, n_gradients = integrate(total, np.zeros_like, [[[2.0]]], 0.0)
    assert 128 <= n_gradients < 600  # no endless loop
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        integrate(total, np.ones_like, [[[2.0]]], 0.0)


def test_rounding_errors_are_not_divided():
    def function(w):  # the change is far below the rounding of float32
        return (total(w) * 1e-9 + 1000).astype(np.float32)

    def derivative(w):
        return np.full_like(w, 1e-9)

    _, n_gradients = integrate(function, derivative, [[[2.0]]], 0.0)
    assert n_gradients == 4


def test_an_infinite_gradient_raises():
    with pytest.raises(ValueError, match=r"gradients .* must be finite: .*'occlusion'"):
        integrate(total, lambda w: np.full_like(w, np.inf), [[[2.0]]], 0.0)


def test_windows_equal_to_their_baseline_need_no_gradient():
    found, n_gradients = integrate(total, np.ones_like, np.ones((2, 3, 1)), 1.0)
    assert_array_equal(found, 0)
    assert n_gradients == 0


def test_memory_does_not_grow_with_the_number_of_windows():
    def peak(n):
        windows = np.ones((n, 1000, 1))
        tracemalloc.start()
        integrate(total, np.ones_like, windows, 0.0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - 3 * windows.nbytes  # copies of all windows, and the result

    assert peak(4000) < peak(500) + 2**24
