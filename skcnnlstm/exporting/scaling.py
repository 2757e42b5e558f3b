"""Transformers of scikit-learn as functions of tensors, there and back."""

from __future__ import annotations

import numpy as np
from keras import ops
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

# Kept as they are: both are "do nothing".
NOTHING = (None, "passthrough")
_FUNCTIONS = {
    None: lambda x: x,
    np.log: ops.log,
    np.log1p: ops.log1p,
    np.exp: ops.exp,
    np.expm1: ops.expm1,
    np.sqrt: ops.sqrt,
    np.square: ops.square,
}
SUPPORTED = (
    "StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, FunctionTransformer of "
    f"{', '.join(f'np.{f.__name__}' for f in _FUNCTIONS if f)}, Pipelines of them, "
    "'passthrough'"
)


def is_scaling(transformer):
    """Tell whether a fitted transformer has a function of tensors."""
    if isinstance(transformer, str) or transformer is None:
        return transformer in NOTHING
    if isinstance(transformer, Pipeline):
        return all(is_scaling(step) for _, step in transformer.steps)
    if type(transformer) is FunctionTransformer:
        return (
            _is_function(transformer.func)
            and _is_function(transformer.inverse_func)
            and not (transformer.kw_args or transformer.inv_kw_args)
        )
    return type(transformer) in _TABLES


def scale(transformer):
    """Return what `transform` does, as a function of tensors."""
    if transformer in NOTHING:
        return _FUNCTIONS[None]
    if isinstance(transformer, Pipeline):
        return _chain([scale(step) for _, step in transformer.steps])
    if isinstance(transformer, FunctionTransformer):
        return _FUNCTIONS[transformer.func]
    shift, factor, low, high = _TABLES[type(transformer)](transformer)

    def apply(x):
        scaled = (x - shift) / factor
        if low is None:
            return scaled
        scaled = scaled + low
        return ops.clip(scaled, low, high) if transformer.clip else scaled

    return apply


def unscale(transformer):
    """Return what `inverse_transform` does, as a function of tensors."""
    if transformer in NOTHING:
        return _FUNCTIONS[None]
    if isinstance(transformer, Pipeline):
        return _chain([unscale(step) for _, step in reversed(transformer.steps)])
    if isinstance(transformer, FunctionTransformer):
        return _FUNCTIONS[transformer.inverse_func]
    shift, factor, low, _ = _TABLES[type(transformer)](transformer)
    low = np.float32(0) if low is None else low
    return lambda x: (x - low) * factor + shift


def _is_function(function):
    return any(function is known for known in _FUNCTIONS)


def _chain(functions):
    def apply(x):
        for function in functions:
            x = function(x)
        return x

    return apply


# Each gives shift and factor of (x - shift) / factor, and what is added (a range).


def _standard(scaler):
    return _floats(scaler.mean_ if scaler.with_mean else None, scaler.scale_)


def _robust(scaler):
    return _floats(scaler.center_, scaler.scale_)


def _max_abs(scaler):
    return _floats(None, scaler.scale_)


def _min_max(scaler):
    low, high = map(np.float32, scaler.feature_range)
    return *_floats(scaler.data_min_, 1 / scaler.scale_)[:2], low, high


def _floats(shift, factor):
    shift = np.float32(0) if shift is None else np.float32(shift)
    factor = np.float32(1) if factor is None else np.float32(factor)
    return shift, factor, None, None


_TABLES = {
    StandardScaler: _standard,
    RobustScaler: _robust,
    MaxAbsScaler: _max_abs,
    MinMaxScaler: _min_max,
}
