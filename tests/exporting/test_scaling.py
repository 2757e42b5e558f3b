"""Test scikit-learn's scalers as functions of a tensor."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from skcnnlstm.exporting.scaling import FUNCTIONS, is_scaling, scale, unscale


@pytest.mark.parametrize(
    "transformer",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        MinMaxScaler((-2, 3)),
        MinMaxScaler(clip=True),
        MaxAbsScaler(),
        MaxAbsScaler(clip=True),
        RobustScaler(),
        RobustScaler(with_centering=False),
        RobustScaler(with_scaling=False),
        FunctionTransformer(),
        FunctionTransformer(np.log, np.exp),
        make_pipeline(FunctionTransformer(np.log1p, np.expm1), "passthrough"),
    ],
    ids=repr,
)
def test_scalers_agree_with_scikit_learn_in_both_directions(transformer):
    rows = np.random.default_rng(0).uniform(1, 9, size=(50, 3))
    transformer = clone(transformer).fit(rows[:40])
    scaled = keras.ops.convert_to_numpy(scale(transformer)(rows.astype("float32")))
    np.testing.assert_allclose(scaled, transformer.transform(rows), atol=1e-5)
    unscaled = keras.ops.convert_to_numpy(unscale(transformer)(scaled))
    expected = transformer.inverse_transform(scaled)
    np.testing.assert_allclose(unscaled, expected, atol=1e-5)


@pytest.mark.parametrize("function", [np.log1p, np.expm1])
def test_functions_near_zero_are_accurate_to_float32(function):
    x = np.geomspace(1e-30, 80, 500, dtype=np.float32)
    x = np.r_[-x[x < 1], 0, x]
    output = keras.ops.convert_to_numpy(FUNCTIONS[function](x))
    np.testing.assert_allclose(output, function(x.astype(float)), rtol=5e-7)


@pytest.mark.parametrize(
    "transformer",
    [
        PCA(),
        FunctionTransformer(np.cbrt),
        FunctionTransformer(np.log, kw_args={"where": True}),
        FunctionTransformer(np.log, np.cbrt),
        make_pipeline(StandardScaler(), PCA()),
        "drop",
    ],
    ids=repr,
)
def test_other_transformers_are_not_supported(transformer):
    assert not is_scaling(transformer)
