"""Build wrong input and calls with it, for the tests of error messages."""

import numpy as np
import pandas as pd


def with_value(shape, place, value):
    """Return ascending floats of a shape, with another value at a place."""
    array = np.arange(np.prod(shape), dtype=float).reshape(shape)
    array[place] = value
    return array


def dated(dates):
    """Return a frame of one column with these dates as its index."""
    index = pd.to_datetime(dates)
    return pd.DataFrame({"a": np.arange(float(len(index)))}, index=index)


def fit(transformer, X):
    """Return a function that fits a transformer to X."""
    return lambda: transformer.fit(X)


def fit_and(transformer, X, method, X_new):
    """Return a function that fits a transformer to X and calls a method with X_new."""
    return lambda: getattr(transformer.fit(X), method)(X_new)
