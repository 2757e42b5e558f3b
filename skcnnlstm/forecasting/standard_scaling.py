"""Standardize many series without the overhead of `StandardScaler`.

A `StandardScaler` validates each array, which takes longer than the arithmetic if
series are short. The functions below return bit-identical results.
"""

from __future__ import annotations

import copy

import numpy as np
from sklearn.preprocessing import StandardScaler


def is_standard(transformer):
    """Return whether `standardize` and `unstandardize` can replace a transformer."""
    return (
        type(transformer) is StandardScaler
        and transformer.with_mean
        and transformer.with_std
    )


def standardize(scaler, values):
    """Return the result of `scaler.transform` for a fitted `StandardScaler`."""
    scaled = np.array(values, dtype=_float_dtype(values))
    scaled -= scaler.mean_.astype(scaled.dtype, copy=False)
    scaled /= scaler.scale_.astype(scaled.dtype, copy=False)
    return scaled


def unstandardize(scaler, values):
    """Return the result of `scaler.inverse_transform` for a fitted `StandardScaler`."""
    values = np.array(values, dtype=_float_dtype(values))
    values *= scaler.scale_.astype(values.dtype, copy=False)
    values += scaler.mean_.astype(values.dtype, copy=False)
    return values


def _float_dtype(values):
    return values.dtype if values.dtype in (np.float32, np.float64) else np.float64


class StandardScalerFactory:
    """Fit one `StandardScaler` for each series.

    For each number of columns, scikit-learn fits the first scaler. If the arithmetic
    below gives bit-identical statistics, later scalers are copies with new statistics.
    """

    def __init__(self):
        self._templates = {}

    def fit(self, values):
        """Return a `StandardScaler` fitted on values of shape (n_rows, n_columns)."""
        statistics = _compute_statistics(values)
        template = self._templates.get(values.shape[1])
        if statistics is None or template is None:
            scaler = StandardScaler().fit(values)
            if statistics is not None and _are_statistics_of(scaler, statistics):
                self._templates[values.shape[1]] = scaler
            return scaler
        scaler = copy.copy(template)
        mean, var, scale = statistics
        scaler.mean_, scaler.var_, scaler.scale_ = mean, var, scale
        scaler.n_samples_seen_ = type(template.n_samples_seen_)(len(values))
        return scaler


def _compute_statistics(values):
    """Return the mean, variance and scale of each column.

    They are computed by the corrected two-pass algorithm of Chan, Golub and LeVeque
    (1983), with the order of operations of scikit-learn 1.9. Return None if the dtype
    is not float64, or if a value is NaN or infinite.
    """
    if values.dtype != np.float64:
        return None
    n_rows, total = np.float64(len(values)), values.sum(axis=0)
    if not np.isfinite(total).all():
        return None
    mean = total / n_rows
    deviations = values - mean
    correction = deviations.sum(axis=0)
    deviations **= 2
    var = (deviations.sum(axis=0) - correction**2 / n_rows) / n_rows
    eps = np.finfo(np.float64).eps
    constant = var <= n_rows * eps * var + (n_rows * mean * eps) ** 2
    scale = np.sqrt(var)
    scale[constant] = 1.0
    return mean, var, scale


def _are_statistics_of(scaler, statistics):
    fitted = scaler.mean_, scaler.var_, scaler.scale_
    return all(map(np.array_equal, fitted, statistics))
