"""Scaling many series gives the bits of scikit-learn's StandardScaler."""

import numpy as np
import pytest
import sklearn
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from skcnnlstm.forecasting.standard_scaling import (
    StandardScalerFactory,
    is_standard,
    standardize,
    unstandardize,
)

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(60, 4)) * [1, 1e-9, 1e9, 0] + [0, 1e6, -1, 5]
SERIES = {
    "one column": TABLE[:, :1],
    "table": TABLE,
    "Fortran order": np.asfortranarray(TABLE),
    "some columns": TABLE[:, ::2],
    "every second row": TABLE[::2],
    "one row": TABLE[:1],
    "float32": TABLE.astype(np.float32),
    "NaN": np.where(TABLE > 1e8, np.nan, TABLE),
    "large": TABLE * 1e140,
    "constant": np.full((7, 2), 0.1),
    "long": RNG.normal(size=(5000, 3)).cumsum(0),
}


def assert_equal(actual, expected):
    """Require equal types, and bit-identical values unless scikit-learn is older."""
    assert actual.dtype == expected.dtype
    if parse_version(sklearn.__version__) >= parse_version("1.9"):
        np.testing.assert_array_equal(actual, expected)
    else:  # multiplies float32 in another order
        np.testing.assert_allclose(actual, expected, rtol=1e-6)


@pytest.mark.parametrize("values", SERIES.values(), ids=SERIES)
def test_a_scaler_is_that_of_scikit_learn(values):
    expected = StandardScaler().fit(values)
    factory = StandardScalerFactory()
    factory.fit(RNG.normal(size=(9, values.shape[1])))
    for _ in range(2):
        scaler = factory.fit(values)
        assert vars(scaler).keys() == vars(expected).keys()
        for name, value in vars(expected).items():
            np.testing.assert_array_equal(getattr(scaler, name), value, strict=True)
        scaled = standardize(scaler, values)
        assert_equal(scaled, expected.transform(values))
        assert_equal(unstandardize(scaler, scaled), expected.inverse_transform(scaled))


def test_scalers_of_series_share_no_statistics():
    factory = StandardScalerFactory()
    first = factory.fit(TABLE)
    mean = first.mean_.copy()
    second = factory.fit(TABLE * 2)
    assert second is not first
    np.testing.assert_array_equal(first.mean_, mean)
    np.testing.assert_array_equal(second.mean_, mean * 2)


def test_other_transformers_are_not_standard():
    class Scaler(StandardScaler):
        pass

    assert is_standard(StandardScaler())
    assert not is_standard(Scaler())
    assert not is_standard(StandardScaler(with_mean=False))
    assert not is_standard(StandardScaler(with_std=False))
    assert not is_standard(None)
