"""Express scikit-learn's scalers and their inverses as functions of a tensor."""

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


def _identity(x):
    return x


def _log1p(x):
    """Return log(1 + x) without `ops.log1p`, which ONNX and LiteRT do not have.

    With u = 1 + x, rounded, ``x * log(u) / (u - 1)`` is also accurate for small x [1]_.

    References
    ----------
    .. [1] Higham, N. J. (2002). Accuracy and Stability of Numerical Algorithms, 2nd
       edition, section 1.14. SIAM.
    """
    u = 1 + x
    return _divide(x * ops.log(u), u - 1, otherwise=x)


def _expm1(x):
    """Return exp(x) - 1 without `ops.expm1`, which ONNX and LiteRT do not have.

    With u = exp(x), rounded, ``(u - 1) * x / log(u)`` is also accurate for small x
    (Higham 2002, section 1.14.1).
    """
    u = ops.exp(x)
    near_zero = ops.abs(x) < 1  # for other x, u - 1 is accurate, log(u) may overflow
    log_u = ops.log(ops.where(near_zero, u, 1.0))
    small = _divide((u - 1) * x, log_u, otherwise=x)
    return ops.where(near_zero, small, u - 1)


def _divide(numerator, denominator, *, otherwise):
    """Return the quotient, or `otherwise` where the denominator is zero."""
    is_zero = ops.equal(denominator, 0)
    quotient = numerator / ops.where(is_zero, 1.0, denominator)
    return ops.where(is_zero, otherwise, quotient)


FUNCTIONS = {
    None: _identity,
    np.log: ops.log,
    np.log1p: _log1p,
    np.exp: ops.exp,
    np.expm1: _expm1,
    np.sqrt: ops.sqrt,
    np.square: ops.square,
}
_SCALERS = (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler)
SUPPORTED = (
    f"{', '.join(scaler.__name__ for scaler in _SCALERS)}, FunctionTransformer of "
    f"{', '.join(f'np.{f.__name__}' for f in FUNCTIONS if f)}, Pipelines of them, "
    "'passthrough'"
)
_IDENTITIES = (None, "passthrough")  # steps of a Pipeline that do nothing


def is_scaling(transformer):
    """Return whether `scale` and `unscale` support a fitted transformer."""
    if isinstance(transformer, str) or transformer is None:
        return transformer in _IDENTITIES
    if isinstance(transformer, Pipeline):
        return all(is_scaling(step) for _, step in transformer.steps)
    if type(transformer) is FunctionTransformer:
        return (
            _is_supported(transformer.func)
            and _is_supported(transformer.inverse_func)
            and not (transformer.kw_args or transformer.inv_kw_args)
        )
    return type(transformer) in _SCALERS


def _is_supported(function):
    # Compare by identity, because a function may be an object that cannot be hashed.
    return any(function is known for known in FUNCTIONS)


def scale(transformer):
    """Return `transform` of a fitted transformer as a function of a tensor."""
    if transformer in _IDENTITIES:
        return _identity
    if isinstance(transformer, Pipeline):
        return _chain([scale(step) for _, step in transformer.steps])
    if isinstance(transformer, FunctionTransformer):
        return FUNCTIONS[transformer.func]
    shift, factor, offset = _affine(transformer)
    clips = getattr(transformer, "clip", False)
    low, high = getattr(transformer, "feature_range", (-1, 1))

    def apply(x):
        scaled = (x - shift) / factor + offset
        return ops.clip(scaled, low, high) if clips else scaled

    return apply


def unscale(transformer):
    """Return `inverse_transform` of a fitted transformer as a function of a tensor."""
    if transformer in _IDENTITIES:
        return _identity
    if isinstance(transformer, Pipeline):
        return _chain([unscale(step) for _, step in reversed(transformer.steps)])
    if isinstance(transformer, FunctionTransformer):
        return FUNCTIONS[transformer.inverse_func]
    shift, factor, offset = _affine(transformer)
    return lambda x: (x - offset) * factor + shift


def _chain(functions):
    def apply(x):
        for function in functions:
            x = function(x)
        return x

    return apply


def _affine(scaler):
    """Return the parameters of a scaler in ``(x - shift) / factor + offset``."""
    shift, factor, offset = None, scaler.scale_, None
    if isinstance(scaler, StandardScaler) and scaler.with_mean:
        shift = scaler.mean_
    elif isinstance(scaler, RobustScaler):
        shift = scaler.center_
    elif isinstance(scaler, MinMaxScaler):
        shift, factor, offset = scaler.data_min_, 1 / factor, scaler.feature_range[0]
    return (
        np.float32(0 if shift is None else shift),
        np.float32(1 if factor is None else factor),
        np.float32(0 if offset is None else offset),
    )
