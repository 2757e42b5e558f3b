"""Tests of integrated gradients of functions whose gradients are known."""

import warnings

import numpy as np
import pytest
from attribution_cases import explained
from numpy.testing import assert_allclose, assert_array_equal

from skcnnlstm.inspection.gradients import gauss_legendre, integrate_gradients


def gradient_of(derivative):
    """Return `PathGradient` of a function whose derivative at windows is given."""

    def average(start, difference, nodes, weights, output):
        return sum(
            weight * derivative(start + node * difference)
            for node, weight in zip(nodes, weights, strict=True)
        )

    return average


def integrate(function, derivative, windows, baseline, **changes):
    whole = explained(windows, **changes)
    baseline = np.broadcast_to(baseline, whole.windows.shape)
    windows, others = whole.pair(baseline, slice(None))
    return integrate_gradients(
        gradient_of(derivative),
        whole,
        baseline,
        np.array([0]),
        function(windows)[:, np.newaxis],
        function(others)[:, np.newaxis],
    )[..., 0]


def total(windows):
    return np.nansum(windows, axis=(1, 2))


def test_quadrature_is_exact_for_polynomials():
    nodes, weights = gauss_legendre(4)
    assert_allclose(weights @ nodes**7, 1 / 8)
    assert_allclose(weights.sum(), 1)


def test_attributions_of_a_sum_of_squares():
    windows = np.random.default_rng(0).normal(size=(5, 3, 2))
    found = integrate(lambda w: total(w**2), lambda w: 2 * w, windows, 0.5)
    assert_allclose(found, windows**2 - 0.25)


def test_a_kink_gets_as_many_steps_as_it_needs():
    # Between a kink and the end of the path, the gradient is not smooth.
    windows = np.random.default_rng(0).normal(size=(50, 4, 1))

    def derivative(w):
        inside = total(w - 0.3)[:, np.newaxis, np.newaxis] > 0
        return np.where(inside, 1.0, 0.01) * np.ones_like(w)

    def function(w):
        value = total(w - 0.3)
        return np.where(value > 0, value, 0.01 * value)

    found = integrate(function, derivative, windows, 0.0)
    change = function(windows) - function(np.zeros_like(windows))
    assert_allclose(total(found), change, rtol=0.01, atol=1e-4)


def test_missing_values_get_nothing_although_their_gradient_is_nan():
    windows = [[[1.0], [np.nan], [2.0]]]
    found = integrate(lambda w: total(w**2), lambda w: 2 * w, windows, 0.0)
    assert_array_equal(found, [[[1], [0], [4]]])


def test_repeated_steps_give_their_share_to_the_first_known_one():
    windows = [[[2.0], [2.0], [3.0]]]
    found = integrate(total, np.ones_like, windows, 0.0, n_missing=np.array([1]))
    assert_allclose(found, [[[0], [4], [3]]])


def test_sums_that_stay_inaccurate_are_reported():
    with pytest.warns(UserWarning, match="attributions of 1 of 1 outputs do not sum"):
        integrate(total, np.zeros_like, [[[2.0]]], 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        integrate(total, np.ones_like, [[[2.0]]], 0.0)


def test_an_infinite_gradient_raises():
    with pytest.raises(ValueError, match=r"gradients .* must be finite: .*'occlusion'"):
        integrate(total, lambda w: np.full_like(w, np.inf), [[[2.0]]], 0.0)
