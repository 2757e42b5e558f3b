"""Checks of windows and tables: numeric data of the expected shape."""

import numpy as np
from sklearn.utils import check_array

from skcnnlstm._utils.validation.tables import (
    to_plain,
    warn_about_large_integers,
)
from skcnnlstm._utils.validation.text import not_numeric_message


def check_windows(X, *, name="X", estimator=None, min_ndim=2, max_ndim=5, ids=False):
    """Return `X` as a numeric array. A numeric array is returned without a copy.

    NaN and infinity are allowed. Use `count_missing_history` or `check_finite` to check
    them.

    Parameters
    ----------
    X : array-like
        Windows or rows. A caller that uses the column names or the index of X must pass
        the result of `to_plain`.
    name : str, default="X"
        Name of the input in messages.
    estimator : estimator or None, default=None
        The estimator that scikit-learn's messages name.
    min_ndim, max_ndim : int, default=2 and 5
        Smallest and largest allowed number of dimensions.
    ids : bool, default=False
        Whether messages may recommend the parameter `id_column`.
    """
    if type(X) is np.ndarray and X.dtype.name in ("float32", "float64"):
        if min_ndim <= X.ndim <= max_ndim and all(X.shape):
            return X  # faster: `check_array` takes 0.1 ms, a whole prediction 0.7 ms
    if hasattr(X, "__next__"):
        raise TypeError(
            f"{name} must be an array or a table: got a {type(X).__name__}, which can "
            f"be read only once. Use list({name})."
        )
    X = to_plain(X, name)
    if getattr(getattr(X, "dtype", None), "names", None):
        raise TypeError(
            f"{name} must be numeric: got a structured array with the fields "
            f"{X.dtype.names}. Use numpy.lib.recfunctions.structured_to_unstructured("
            f"{name})."
        )
    if hasattr(X, "iloc") and 0 in X.shape[1:]:
        # pandas 3 has no data type for a table without columns.
        raise ValueError(_no_features_message(name, X.shape))
    try:
        array = check_array(
            X,
            dtype="numeric",
            ensure_all_finite=False,
            ensure_2d=min_ndim >= 2,
            allow_nd=True,
            ensure_min_samples=0 if min_ndim < 2 else 1,
            estimator=estimator,
            input_name=name,
        )
    except (TypeError, ValueError) as error:
        text = str(error)
        if "setting an array element with a sequence" in text:
            raise ValueError(
                f"{name} must be rectangular: got a ragged list, whose rows have "
                "different lengths. Pad shorter rows or windows with NaN at the start, "
                'and use missing="mask".'
            ) from error
        columns = getattr(X, "columns", None)
        if columns is not None and not getattr(columns, "is_unique", True):
            label = columns[columns.duplicated()][0]
            raise ValueError(
                f"{name} must have unique column names: got the column {label!r} more "
                "than once. Rename or drop the duplicates."
            ) from error
        if "Complex data not supported" in text:
            raise ValueError(complex_data_message(name)) from error
        if "could not convert string" in text or "bytes/strings" in text:
            raise ValueError(not_numeric_message(name, X, "text", ids)) from error
        if "must be a string or a real number" in text:  # float() of an object
            what = "objects (an argument must be a string or a number)"
            raise TypeError(not_numeric_message(name, X, what, ids)) from error
        if "could not be promoted" in text:  # NumPy's message for a column of dates
            what = "columns of incompatible types"
            raise TypeError(not_numeric_message(name, X, what, ids)) from error
        raise
    if array.dtype.kind not in "biuf":
        what = f"dtype {array.dtype}"
        raise TypeError(not_numeric_message(name, X, what, ids))
    if not min_ndim <= array.ndim <= max_ndim:
        allowed = f"{min_ndim}" if min_ndim == max_ndim else f"{min_ndim} to {max_ndim}"
        shape = "rows of shape (n_rows, n_features)"
        if max_ndim > 2:
            shape = "windows of shape (n_samples, window_length, n_features)"
        raise ValueError(
            f"{name} must have {allowed} dimensions: got {array.ndim}, "
            f"shape {array.shape}. Use {shape}."
        )
    if 0 in array.shape[1:]:
        # scikit-learn checks 2-D arrays only.
        raise ValueError(_no_features_message(name, array.shape))
    warn_about_large_integers(array, name)
    return array


def _no_features_message(name, shape):
    # The estimator checks of scikit-learn search for this wording.
    return (
        f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is "
        f"required: {name} must have no empty axis. Use at "
        "least one column and one step."
    )


def complex_data_message(name):
    """Return the message for complex numbers."""
    # The estimator checks of scikit-learn search for this wording.
    return (
        f"{name} must be real: got complex numbers (Complex data not supported). Use "
        f"numpy.real({name}), or the real and imaginary parts as separate columns."
    )


def check_window_shape(estimator, X, shape):
    """Raise if the windows in `X` differ in shape from the windows given to `fit`."""
    if X.shape[1:] != shape:
        raise ValueError(
            "X must have the shape of the windows given to fit: got windows of shape "
            f"{X.shape[1:]}, but {type(estimator).__name__} was fitted on windows of "
            f"shape {shape}. Use windows of the same length and features, or fit again."
        )


def check_window_length(window_length, available):
    """Raise if windows have fewer steps than requested."""
    if window_length > available:
        raise ValueError(
            "window_length must not exceed the length of the windows: got "
            f"window_length={window_length} and windows of {available} steps. Use "
            f"{available} or less, or longer windows."
        )


def check_subsequences_shape(X, shape):
    """Raise if `X` does not have the shape that `SubsequenceReshaper` returns."""
    if X.shape[1:] != shape:
        expected = ", ".join(map(str, ("n_samples", *shape)))
        raise ValueError(
            f"X must have the shape that transform returns: got shape {X.shape}. Use "
            f"an array of shape ({expected})."
        )


def check_feature_names(names, n_features):
    """Return the feature names of a window as a list; None gives "x0", "x1", ..."""
    if names is None:
        return [f"x{i}" for i in range(n_features)]
    names = list(names)
    if len(names) != n_features:
        raise ValueError(
            "input_features must name each feature of a window: got "
            f"len(input_features)={len(names)}, n_features={n_features}. Use as many "
            "names as features, or None."
        )
    return names
