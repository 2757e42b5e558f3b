"""Tests of the conversion of scipy.stats distributions."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

from skcnnlstm.saving.scipy_values import from_parts, to_parts


def test_every_distribution_of_scipy_is_found_by_its_name():
    for dist in vars(stats).values():
        if isinstance(dist, stats.rv_continuous | stats.rv_discrete):
            assert from_parts(*to_parts(dist)) is dist


def test_a_frozen_distribution_draws_the_same_numbers():
    frozen = stats.truncnorm(-1, b=2, loc=np.float32(0.1))
    parts = to_parts(frozen)
    assert parts == ["truncnorm", (-1,), {"b": 2, "loc": np.float32(0.1)}]
    copy = from_parts(*parts)
    assert_array_equal(copy.rvs(9, random_state=0), frozen.rvs(9, random_state=0))


@pytest.mark.parametrize(
    "parts",
    [
        ["gaussian_kde"],
        ["rv_histogram", (), {}],
        ["distributions.norm"],
        ["norm", ((1, 2),), {}],
        ["norm", (), {"loc": np.zeros(3)}],
        [()],
    ],
)
def test_no_other_attribute_of_scipy_is_called(parts):
    with pytest.raises((ValueError, TypeError)):
        from_parts(*parts)
