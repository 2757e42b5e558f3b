"""Test the learned weights of two members."""

import numpy as np
import pytest

from skcnnlstm.ensemble.weights import least_squares_weights, log_loss_weights


def test_least_squares_weights_minimise_the_weighted_error_of_all_outputs():
    generator = np.random.default_rng(0)
    first, second, y = generator.normal(size=(3, 40, 2))
    weight = generator.uniform(size=40)
    found = least_squares_weights(first, second, y, weight)
    shares = np.linspace(0, 1, 10_001)
    losses = [
        (weight[:, np.newaxis] * (y - s * first - (1 - s) * second) ** 2).sum()
        for s in shares
    ]
    assert abs(found[0] - shares[np.argmin(losses)]) <= 1e-4


@pytest.mark.parametrize(
    "n_first, share",
    [(1, 0.0), (2, 0.0), (5, 0.5), (8, 1.0), (9, 1.0)],
)
def test_log_loss_weights_give_a_class_its_frequency(n_first, share):
    # One member predicts (0.8, 0.2) for every sample, the other (0.2, 0.8). The best
    # mixture predicts the frequency of the first class, clipped to [0.2, 0.8].
    first = np.tile([0.8, 0.2], (10, 1))
    codes = np.repeat([0, 1], [n_first, 10 - n_first])
    found = log_loss_weights(first, first[:, ::-1], codes)
    np.testing.assert_allclose(found, [share, 1 - share], atol=1e-9)


def test_log_loss_weights_count_sample_weight():
    first = np.tile([0.8, 0.2], (2, 1))
    found = log_loss_weights(
        first, first[:, ::-1], np.array([0, 1]), np.array([3.5, 6.5])
    )
    np.testing.assert_allclose(found, [0.25, 0.75], atol=1e-9)


def test_log_loss_weights_are_finite_if_no_member_expects_the_class():
    certain = np.tile([1.0, 0.0], (4, 1))
    codes = np.array([0, 0, 1, 1])
    np.testing.assert_array_equal(log_loss_weights(certain, certain, codes), [0.5, 0.5])
    found = log_loss_weights(certain, certain[:, ::-1], codes)
    np.testing.assert_allclose(found, [0.5, 0.5], atol=1e-9)
