"""Windows: that they are numbers, and of the shape that is read."""

import numpy as np
from sklearn.utils import check_array


def check_windows(X, *, name="X", estimator=None, min_ndim=2, max_ndim=5, ids=False):
    """Return `X` as a numeric array, sharing memory with an array given.

    `ids` says whether an `id_column` could tell series apart, for messages.

    NaN and infinity pass: `missing_history` and `check_finite` are the judges of those.
    """
    if hasattr(X, "iloc") and 0 in X.shape[1:]:
        # pandas 3 has no type for a table without columns.
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
                "different lengths. Use rows (windows) of one length, where shorter "
                "ones begin with NaN (missing='mask')."
            ) from error
        columns = getattr(X, "columns", None)
        if columns is not None and not getattr(columns, "is_unique", True):
            label = columns[columns.duplicated()][0]
            raise ValueError(
                f"{name} must have one column of each name: got the column {label!r} "
                "more than once. Rename or drop the duplicates."
            ) from error
        if "Complex data not supported" in text:
            raise ValueError(complex_message(name)) from error
        if "could not convert string" in text or "bytes/strings" in text:
            raise ValueError(_not_numeric_message(name, X, "text", ids)) from error
        if "could not be promoted" in text:  # numpy's, for a column of dates
            what = "columns of types that do not go together"
            raise TypeError(_not_numeric_message(name, X, what, ids)) from error
        raise
    if array.dtype.kind not in "biuf":
        what = f"dtype {array.dtype}"
        raise TypeError(_not_numeric_message(name, X, what, ids))
    if not min_ndim <= array.ndim <= max_ndim:
        allowed = f"{min_ndim}" if min_ndim == max_ndim else f"{min_ndim} to {max_ndim}"
        raise ValueError(
            f"{name} must have {allowed} dimensions: got {array.ndim}, "
            f"shape {array.shape}. {_AXES[max_ndim]}"
        )
    if 0 in array.shape[1:]:
        # scikit-learn looks at 2-D arrays only; its words are kept.
        raise ValueError(_no_features_message(name, array.shape))
    return array


def _no_features_message(name, shape):
    return (
        f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is "
        f"required: {name} must have no empty axis."
    )


def complex_message(name):
    # scikit-learn's own checks look for its words.
    return (
        f"{name} must be real: got complex numbers (Complex data not supported). Use "
        f"{name}.real, or the real and the imaginary parts side by side."
    )


def _not_numeric_message(name, X, what, ids):
    """Say which column of a table is not numeric, where it can be known."""
    columns, way_out = getattr(X, "columns", None), ""
    if columns is None and hasattr(X, "iloc") and what == "text":
        return _text_message(name, name, "text", X)
    if columns is not None and hasattr(X, "iloc"):
        for i, label in enumerate(columns):
            column = X.iloc[:, i]
            dates = getattr(column.dtype, "kind", "O") in "mM"
            if dates or not _makes_floats(column):
                what = f"column {label!r} of dtype {column.dtype}"
                if not dates and any(map(_is_number, column)):
                    return _text_message(name, f"{name}[{label!r}]", what, column)
                way_out = (
                    " A column of dates may become the index: "
                    f"{name}.set_index({label!r})."
                )
                if ids and not dates:
                    way_out += (
                        " One that says which series a row is of may be the "
                        f"id_column: id_column={label!r}."
                    )
                break
    return (
        f"{name} must be numeric: got {what}. Convert dates and text to numbers, or "
        f"leave those columns out.{way_out}"
    )


def _text_message(name, column_name, what, column):
    """Say which value of a column of numbers and text is the first that is none."""
    for row, (label, value) in enumerate(column.items()):
        if isinstance(value, str) and not _is_number(value):
            what += f", {value!r} at row {row} ({label})"
            break
    return (
        f"{name} must be numeric: got {what}. Use pandas.to_numeric({column_name}, "
        "errors='coerce'), which makes NaN of what is no number, and fill that."
    )


def _is_number(value):
    """Tell whether a value is a number, or text that says one."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    return number == number


def _makes_floats(column):
    try:
        np.asarray(column, dtype=float)
    except (TypeError, ValueError):
        return False
    return True


_AXES = {
    2: "Use rows of shape (n_rows, n_features).",
    3: "Use windows of shape (n_samples, window_length, n_features).",
    4: "Use windows of shape (n_samples, window_length, n_features).",
    5: "Use windows of shape (n_samples, window_length, n_features).",
}


def check_window_shape(estimator, X, shape):
    """Raise where the samples of `X` have another shape than those given to `fit`."""
    if X.shape[1:] != shape:
        raise ValueError(
            f"X must have the shape of the windows given to fit: got windows of shape "
            f"{X.shape[1:]}, {type(estimator).__name__} was fitted on windows of shape "
            f"{shape}. Use windows of the same length and features, or fit again."
        )


def check_steps(window_length, available):
    """Raise where fewer steps are available than are to be kept."""
    if window_length > available:
        raise ValueError(
            "window_length must not exceed the length of the windows given: got "
            f"window_length={window_length}, windows of {available} steps. Use "
            f"{available} or less, or longer windows."
        )


def check_pieces_shape(X, shape):
    """Raise where `X` is not of the shape that `SubsequenceReshaper` makes."""
    if X.shape[1:] != shape:
        expected = ", ".join(map(str, ("n_samples", *shape)))
        raise ValueError(
            f"X must have the shape that transform makes: got shape {X.shape}. Use an "
            f"array of shape ({expected})."
        )


def check_feature_names(names, n_features):
    """Return the names of the features of a window, made up where `names` is None."""
    if names is None:
        return [f"x{i}" for i in range(n_features)]
    names = list(names)
    if len(names) != n_features:
        raise ValueError(
            f"input_features must name each feature of a window: got {len(names)} "
            f"names, n_features={n_features}. Use {n_features} names, or None."
        )
    return names
