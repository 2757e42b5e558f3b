"""Checks of parameters and shapes, and the messages that they raise.

Every message names the parameter, the rule, what arrived and the way out.
numpy and scikit-learn's public functions are all that is needed here; pandas objects
are asked for their index without importing pandas.
"""

import itertools
import math
import numbers
import warnings

import numpy as np
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

# Windows are scanned in chunks of at most this many samples and bytes: a mask as large
# as all windows would be larger than the series that they are a view of.
_CHUNK_SAMPLES = 512
_CHUNK_BYTES = 4 * 2**20

# pandas' names (`Index.inferred_type`) for labels that have an order in time.
TIME_TYPES = frozenset(
    {"datetime64", "datetime", "date", "time", "period"}
    | {"timedelta64", "timedelta", "integer", "floating"}
)


# ---------------------------------------------------------------- parameters


def _got(name, value):
    """Say what arrived, with its type where the value alone may mislead."""
    text = f"got {name}={value!r}"
    return text if isinstance(value, (int, float)) else f"{text} ({_kind(value)})"


def _kind(value):
    return type(value).__name__


def check_integer(name, value, *, minimum=1):
    """Return `value` as an int that is at least `minimum`."""
    rule = f"{name} must be an integer >= {minimum}"
    way_out = f"Use a whole number, {minimum} or more."
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{rule}: got {name}={value!r} ({_kind(value)}). {way_out}")
    if value < minimum:
        raise ValueError(f"{rule}: got {name}={int(value)}. {way_out}")
    return int(value)


def check_real(name, value, *, low=None, high=None, inclusive="both"):
    """Return `value` as a finite float between `low` and `high` (None: no bound)."""
    left = inclusive in ("both", "left")
    right = inclusive in ("both", "right")
    bounds = []
    if low is not None:
        bounds.append(f"{'>=' if left else '>'} {low:g}")
    if high is not None:
        bounds.append(f"{'<=' if right else '<'} {high:g}")
    number = " ".join(["a finite number", " and ".join(bounds)]).rstrip()
    rule, way_out = f"{name} must be {number}", f"Use {number}."
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{rule}: got {name}={value!r} ({_kind(value)}). {way_out}")
    value = float(value)
    too_low = low is not None and (value < low or (value == low and not left))
    too_high = high is not None and (value > high or (value == high and not right))
    if not math.isfinite(value) or too_low or too_high:
        raise ValueError(f"{rule}: got {name}={value!r}. {way_out}")
    return value


def check_choice(name, value, choices):
    """Return `value` if it is one of `choices`."""
    choices = list(choices)
    # The type is compared too: 1 is not True, and an array has no single truth.
    for choice in choices:
        if type(value) is type(choice) and value == choice:
            return value
        # numpy's strings, as a grid made with np.array holds them, are text too.
        if isinstance(value, str) and isinstance(choice, str) and value == choice:
            return choice
    listed = ", ".join(map(repr, choices))
    message = (
        f"{name} must be a known choice: {_got(name, value)}. Use one of {listed}."
    )
    known_type = any(isinstance(value, type(choice)) for choice in choices)
    raise (ValueError if known_type else TypeError)(message)


def check_boolean(name, value):
    """Return `value` as a bool."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(
            f"{name} must be a boolean: got {name}={value!r} ({_kind(value)}). "
            "Use True or False."
        )
    return bool(value)


def check_quantiles(quantiles):
    """Return quantiles as a tuple of floats; None stays None."""
    if quantiles is None:
        return None
    rule = (
        "quantiles must be None, or numbers between 0 and 1 that ascend, 0.5 among them"
    )
    message = (
        f"{rule}: got quantiles={quantiles!r}. Use (0.05, 0.5, 0.95), for example."
    )
    if not isinstance(quantiles, (list, tuple, np.ndarray)):
        raise TypeError(message)
    numbers_only = all(
        isinstance(q, numbers.Real) and not isinstance(q, (bool, np.bool_))
        for q in quantiles
    )
    if not numbers_only:
        raise TypeError(message)
    values = tuple(map(float, quantiles))
    ascend = all(low < high for low, high in itertools.pairwise((0.0, *values, 1.0)))
    if not ascend or 0.5 not in values:
        raise ValueError(message)
    return values


# -------------------------------------------------------------------- arrays


def check_windows(X, *, name="X", estimator=None, min_ndim=2, max_ndim=5):
    """Return `X` as a numeric array, sharing memory with an array given.

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
                "different lengths. Use rows (windows) of one length."
            ) from error
        columns = getattr(X, "columns", None)
        if columns is not None and not getattr(columns, "is_unique", True):
            label = columns[columns.duplicated()][0]
            raise ValueError(
                f"{name} must have one column of each name: got the column {label!r} "
                "more than once. Rename or drop the duplicates."
            ) from error
        if "Complex data not supported" in text:
            raise ValueError(_complex_message(name)) from error
        if "could not convert string" in text or "bytes/strings" in text:
            raise ValueError(_not_numeric_message(name, X, "text")) from error
        if "could not be promoted" in text:  # numpy's, for a column of dates
            what = "columns of types that do not go together"
            raise TypeError(_not_numeric_message(name, X, what)) from error
        raise
    if array.dtype.kind not in "biuf":
        raise TypeError(_not_numeric_message(name, X, f"dtype {array.dtype}"))
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


def _complex_message(name):
    # scikit-learn's own checks look for its words.
    return (
        f"{name} must be real: got complex numbers (Complex data not supported). Use "
        f"{name}.real, or the real and the imaginary parts side by side."
    )


def _not_numeric_message(name, X, what):
    """Say which column of a table is not numeric, where it can be known."""
    columns, way_out = getattr(X, "columns", None), ""
    if columns is not None and hasattr(X, "iloc"):
        for i, label in enumerate(columns):
            column = X.iloc[:, i]
            dates = getattr(column.dtype, "kind", "O") in "mM"
            if dates or not _makes_floats(column):
                what = f"column {label!r} of dtype {column.dtype}"
                way_out = (
                    " A column of dates may become the index: "
                    f"{name}.set_index({label!r})."
                )
                break
    return (
        f"{name} must be numeric: got {what}. Convert dates and text to numbers, or "
        f"leave those columns out.{way_out}"
    )


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


def _is_finite(array):
    # The sum of finite numbers may overflow; a finite sum proves that all are finite,
    # at the cost of one pass and no mask.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


# Networks compute in float32; a larger value becomes infinity there.
_LARGEST = float(np.finfo(np.float32).max)


def _fits(array):
    """Tell whether all values are finite, in float32 too."""
    if array.itemsize <= 4 or not array.size:
        return _is_finite(array)
    # NaN and infinity come through both, and fail. Two passes, and no mask.
    with np.errstate(invalid="ignore"):
        return bool(array.max() <= _LARGEST and array.min() >= -_LARGEST)


def _unfit(array):
    """Mark the values that are not finite, or would not be in float32."""
    with np.errstate(invalid="ignore"):
        return ~(np.abs(array) <= _LARGEST)


def _chunks(X, most=None):
    """Cut axis 0 of `X` into slices of a few MB, and of at most `most` samples."""
    size = max(1, _CHUNK_BYTES // max(1, X[:1].size * X.itemsize))
    size = size if most is None else min(size, most)
    return [slice(i, min(i + size, len(X))) for i in range(0, len(X), size)]


def check_finite(rows, *, name="X", columns=None, missing=None):
    """Raise where `rows`, (n_rows,) or (n_rows, n_features), has NaN or infinity.

    `missing` is the parameter of that name where there is one: with "mask" NaN passes.
    """
    if rows.dtype.kind != "f":
        return
    for part in _chunks(rows):
        chunk = rows[part]
        if _is_finite(chunk):
            continue
        wrong = np.isinf(chunk) if missing == "mask" else ~np.isfinite(chunk)
        if not wrong.any():
            continue
        where = np.argwhere(wrong)[0]
        what = "NaN" if np.isnan(chunk[tuple(where)]) else "infinity"
        at = f"row {part.start + where[0]}"
        if rows.ndim == 2:
            column = where[1] if columns is None else columns[where[1]]
            label = f"{column!r}" if isinstance(column, str) else f"{column}"
            at += f", feature {label}"
        way_out = "Fill or drop missing values first, for example with "
        way_out += "sklearn.impute.SimpleImputer"
        if what == "NaN" and missing is not None:
            way_out += ', or use missing="mask", here and on the network that reads it'
        raise ValueError(f"{name} must be finite: got {what} at {at}. {way_out}.")


def check_missing(missing):
    """Return what NaN means: "error", or "mask" where it may stand anywhere."""
    return check_choice("missing", missing, ("error", "mask"))


# ----------------------------------------------------------- missing history


def _as_steps(X):
    """View `X` as (n_samples, steps, n_features), or None where that would copy."""
    if X.ndim == 2:
        return X[:, :, np.newaxis]
    for axis in range(1, X.ndim - 2):
        if X.strides[axis] != X.strides[axis + 1] * X.shape[axis + 1]:
            return None
    return X.reshape(len(X), -1, X.shape[-1])


def _touched(X):
    """Find the overlapping windows that hold a value that is not finite in float32.

    A sliding view is judged by the rows under it: `steps[i, t]` is the same memory as
    `steps[i + 1, t - stride]`, so the first `stride` steps of every window and the
    rest of the last one are all there is. Returns None for any other array.
    """
    steps = _as_steps(X)
    if steps is None or steps.strides[1] == 0:
        return None
    stride, remainder = divmod(steps.strides[0], steps.strides[1])
    n_samples, length, _ = steps.shape
    if remainder or not 1 <= stride < length:
        return None
    before = np.zeros(n_samples * stride + length - stride + 1, dtype=np.int64)
    unknown = before[1:]  # row by row; summed in place below
    heads = steps[:, :stride]
    for rows in _chunks(heads):
        head = heads[rows]
        if not _fits(head):
            bad = _unfit(head).any(axis=-1)
            start = rows.start * stride
            unknown[start : start + bad.size] = bad.ravel()
    unknown[n_samples * stride :] = _unfit(steps[-1, stride:]).any(axis=-1)
    np.cumsum(unknown, out=unknown)
    starts = np.arange(n_samples) * stride
    return np.flatnonzero(before[starts + length] > before[starts])


def _suspects(X):
    """Yield indices, a chunk at a time, of samples that may hold NaN or infinity."""
    touched = _touched(X)
    if touched is None:
        for rows in _chunks(X, _CHUNK_SAMPLES):
            if not _fits(X[rows]):
                yield np.arange(rows.start, rows.stop)
    elif len(touched):
        for rows in _chunks(X[: len(touched)], _CHUNK_SAMPLES):
            yield touched[rows]


def missing_history(X, *, name="X", allow_nan=False):
    """Count the leading steps of each window at which every feature is NaN.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ..., n_features)
        Windows. All axes between the first and the last are the time axis, in C order.
        In 2-D windows, (n_samples, window_length), no history may be missing.
    name : str, default="X"
        What messages call it.
    allow_nan : bool, default=False
        Whether NaN may stand anywhere; then no history counts as missing.

    Returns
    -------
    missing : ndarray of int, shape (n_samples,)
        0 where a window is complete.

    Raises
    ------
    ValueError
        Where NaN lies outside such a prefix or at the last step (unless allowed), for
        infinity, and for values that are infinity in float32.
    """
    missing = np.zeros(len(X), dtype=np.intp)
    if X.dtype.kind != "f":
        return missing
    n_features = X.shape[-1] if X.ndim > 2 else 1
    for samples in _suspects(X):
        chunk = X[samples].reshape(len(samples), -1, n_features)
        unknown = _unfit(chunk)
        if allow_nan:
            unknown &= ~np.isnan(chunk)
        elif X.ndim > 2:
            known_step = ~np.isnan(chunk).all(axis=-1)
            known_step[:, -1] = True  # a window of NaN alone is no history at all
            prefix = known_step.argmax(axis=1)
            missing[samples] = prefix
            unknown &= (np.arange(chunk.shape[1]) >= prefix[:, np.newaxis])[..., None]
        if unknown.any():
            where = np.argwhere(unknown)[0]
            in_prefix = X.ndim > 2 and not allow_nan
            sample = samples[where[0]]
            raise ValueError(_unknown_message(chunk, where, sample, name, in_prefix))
    return missing


def _unknown_message(chunk, where, sample, name, in_prefix):
    _, step, feature = where
    value = chunk[tuple(where)]
    at = f"sample (row) {sample}, step {step}, feature {feature}"
    if np.isfinite(value):
        return (
            f"{name} must be finite in float32, the numbers of a network: got "
            f"{value:.4g}, too large for float32 (above {_LARGEST:.4g}), at {at}. "
            "Scale the values first, for example with "
            "sklearn.preprocessing.StandardScaler."
        )
    what = "NaN" if np.isnan(value) else "infinity"
    rule = f"{name} must be finite"
    if in_prefix:
        rule += " (NaN may stand only for missing history: leading steps at which "
        rule += "every feature is NaN, the last step known)"
    return (
        f"{rule}: got {what} at {at}. Fill or drop missing values first, for "
        "example with sklearn.impute.SimpleImputer."
    )


def backfill(chunk, missing):
    """Fill the first `missing[i]` steps of sample i with its first known, in place.

    Parameters
    ----------
    chunk : ndarray of float, shape (n_samples, ..., n_features)
        Writable.
    missing : ndarray of int, shape (n_samples,)
        What `missing_history` counted for these samples.
    """
    samples = np.flatnonzero(missing)
    if not len(samples):
        return
    counts = np.asarray(missing)[samples]
    part = np.ascontiguousarray(chunk[samples])  # a reshape of it is then a view
    steps = part.reshape(len(samples), -1, chunk.shape[-1])
    first_known = steps[np.arange(len(samples)), counts]
    prefix = np.arange(steps.shape[1]) < counts[:, np.newaxis]
    steps[prefix] = np.repeat(first_known, counts, axis=0)
    chunk[samples] = part


# -------------------------------------------------------------- subsequences


def divisors(n):
    """List the divisors of `n` in ascending order."""
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return small + [n // d for d in reversed(small) if d * d != n]


def _middle_divisor(n):
    # Of two divisors whose product is n the smaller is never further from the root of n
    # (the arithmetic mean is no less than the geometric one): the nearest of all is the
    # largest one that does not exceed the root, and no tie is possible.
    return max(d for d in divisors(n) if d * d <= n)


def _lengths_that_cut_well(n):
    """Two lengths on each side of `n` whose pieces and piece length are much alike."""

    def well(m):
        return m > 3 and m <= 2 * _middle_divisor(m) ** 2

    below = [m for m in range(n - 1, 3, -1) if well(m)][:2]
    above = []
    m = n
    while len(above) < 2:
        m += 1
        if well(m):
            above.append(m)
    return sorted(below) + above


def resolve_subsequences(n_subsequences, window_length, *, n_rows=None):
    """Return the number of pieces that a window is cut into.

    "auto" takes the divisor of `window_length` (of `window_length / n_rows`) nearest to
    its square root.
    """
    length, of = window_length, "window_length"
    if n_rows is not None:
        n_rows = check_integer("n_rows", n_rows)
        if window_length % n_rows:
            raise ValueError(
                f"n_rows must divide window_length: got n_rows={n_rows}, "
                f"window_length={window_length}. Use one of "
                f"{_listed(divisors(window_length))}."
            )
        length, of = window_length // n_rows, "window_length / n_rows"
    if isinstance(n_subsequences, str):
        if n_subsequences != "auto":
            raise ValueError(
                "n_subsequences must be 'auto' or an integer >= 1: got "
                f"n_subsequences={n_subsequences!r}. Use 'auto', or one of "
                f"{_listed(divisors(length))}."
            )
        pieces = _middle_divisor(length)
        if pieces == 1 and length > 1:
            scale = n_rows or 1
            near = [m * scale for m in _lengths_that_cut_well(length)]
            warnings.warn(
                f"n_subsequences='auto' leaves windows in one piece: {of} is {length}, "
                "a prime number. Use a window_length that cuts well, such as "
                f"{_listed(near)}, or set n_subsequences.",
                UserWarning,
                stacklevel=5,  # over the decorators of `fit`
            )
        return pieces
    pieces = check_integer("n_subsequences", n_subsequences)
    if length % pieces:
        rows = "" if n_rows is None else f", n_rows={n_rows}"
        raise ValueError(
            f"n_subsequences must divide {of}: got n_subsequences={pieces}, "
            f"window_length={window_length}{rows}. Use one of "
            f"{_listed(divisors(length))}."
        )
    return pieces


def _listed(numbers_):
    return ", ".join(map(str, numbers_))


# -------------------------------------------------- series, columns and index


def check_enough_rows(n_rows, window_length, horizon):
    """Raise where a series is too short for a single window and its target."""
    needed = window_length + horizon
    if n_rows < needed:
        raise ValueError(
            "series must have at least window_length + horizon rows: got "
            f"{n_rows} rows, window_length={window_length}, horizon={horizon}. Use a "
            f"series of {needed} rows or more, or shorter windows."
        )


def check_target(target, n_columns, names=None, *, name="target"):
    """Return the positions of the target columns, given by position or by name."""
    if target is None:
        return list(range(n_columns))
    several = isinstance(target, (list, tuple, np.ndarray)) or hasattr(target, "tolist")
    wanted = list(target) if several and np.ndim(target) else [target]
    if not wanted:
        raise ValueError(
            f"{name} must name at least one column: got {name}=[]. Use a column, a "
            "list of columns, or None for all."
        )
    return [_target_position(one, n_columns, names, name) for one in wanted]


def _target_position(target, n_columns, names, parameter):
    if isinstance(target, numbers.Integral) and not isinstance(target, bool):
        if not -n_columns <= target < n_columns:
            message = (
                f"{parameter} must be a column of the series: got "
                f"{parameter}={target}, {n_columns} column(s). Use a position from 0 "
                f"to {n_columns - 1}."
            )
            labels = [] if names is None else list(names)
            if target in labels:
                message += (
                    " An integer is a position, not a label: the column labelled "
                    f"{target} is at position {labels.index(target)}."
                )
            raise ValueError(message)
        return int(target) % n_columns
    if not isinstance(target, str):
        raise TypeError(
            f"{parameter} must be a column position or name, a list of them, or None: "
            f"got {parameter}={target!r} ({_kind(target)}). Use an integer or a name."
        )
    if names is None:
        raise ValueError(
            f"{parameter} must be a position where the series has no column names: got "
            f"{parameter}={target!r}. Use a position from 0 to {n_columns - 1}, or "
            "give a pandas DataFrame."
        )
    found = [i for i, name in enumerate(names) if name == target]
    if len(found) != 1:
        listed = ", ".join(repr(name) for name in names)
        rule = "a column" if not found else "one column"
        raise ValueError(
            f"{parameter} must be the name of {rule} of the series: got "
            f"{parameter}={target!r}. Use one of {listed}."
        )
    return found[0]


def time_index(X, *, name="X"):
    """Return the pandas index of `X` where its labels can be ordered in time, or None.

    Raises
    ------
    ValueError
        For more than one level, for a missing label, and for duplicates.
    """
    index = getattr(X, "index", None)
    if index is None or not hasattr(X, "iloc"):
        return None
    if getattr(index, "nlevels", 1) > 1:
        raise ValueError(
            f"{name} must have one time index: got an index of {index.nlevels} levels. "
            "Use one series at a time, with the other levels dropped "
            "(X.droplevel(...))."
        )
    if index.inferred_type not in TIME_TYPES:
        return None
    if index.hasnans:
        raise ValueError(
            f"{name} must have a time for each row: got an index with a missing label. "
            "Drop those rows."
        )
    if not index.is_unique:
        label = index[index.duplicated()][0]
        raise ValueError(
            f"{name} must have one row for each time: got an index with the label "
            f"{label} more than once. Drop or average the duplicates."
        )
    return index


def check_time_order(index, *, name="X"):
    """Raise where a time index does not ascend."""
    if index is None or index.is_monotonic_increasing:
        return
    ordered = np.asarray(index[1:] > index[:-1])
    row = int(np.flatnonzero(~ordered)[0]) + 1
    raise ValueError(
        f"{name} must be in time order: got an unsorted index, row {row} (label "
        f"{index[row]}) is earlier than the row before it. Use {name}.sort_index()."
    )


def check_regression_target(y, n_samples, *, estimator, grids=False):
    """Return y as a numeric array of one or two dimensions, or more where `grids`."""
    _require_target(y, estimator)
    try:
        y = check_array(
            y,
            ensure_2d=False,
            allow_nd=True,
            dtype="numeric",
            input_name="y",
            estimator=estimator,
        )
    except (TypeError, ValueError) as error:
        text = str(error)
        if "Complex data not supported" in text:
            raise ValueError(_complex_message("y")) from error
        if "could not convert string" in text or "bytes/strings" in text:
            raise ValueError(
                "y must be numeric: got text. Convert it to numbers, or use a "
                "classifier for labels."
            ) from error
        if "sequence" in text:
            raise ValueError(
                "y must hold one number a target: got sequences of several lengths. "
                "Give (n_samples, n_outputs) with as many outputs in each row."
            ) from error
        raise
    if y.ndim > 2 and not grids:
        raise ValueError(
            f"y must have shape (n_samples,) or (n_samples, n_outputs): got {y.shape}. "
            "Put all targets of step 1, then all of step 2, side by side."
        )
    _require_length("y", y, n_samples)
    return y


def check_class_target(y, n_samples, *, estimator):
    """Return y as one array of labels."""
    _require_target(y, estimator)
    try:
        y = check_array(
            y, ensure_2d=False, dtype=None, input_name="y", estimator=estimator
        )
    except ValueError as error:
        if "Complex data not supported" in str(error):
            raise ValueError(_complex_message("y")) from error
        raise
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    _require_length("y", y, n_samples)
    return y


def check_sample_weight(sample_weight, n_samples):
    """Return weights as float32; None gives ones."""
    if sample_weight is None:
        return np.ones(n_samples, np.float32)
    weight = check_array(
        sample_weight,
        ensure_2d=False,
        ensure_min_samples=0,
        dtype=np.float32,
        input_name="sample_weight",
    )
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have shape (n_samples,): got {weight.shape}, X has "
            f"{n_samples} samples. Give one weight a sample."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight must have one weight above zero at least: got only zeros. "
            "Samples of weight zero are left out, so none is left."
        )
    if (weight < 0).any():
        raise ValueError(
            "sample_weight must not be negative: got "
            f"{weight[weight < 0][0]:.4g}. Use zero to leave a sample out."
        )
    return weight


def _require_target(y, estimator):
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None."
        )


def _require_length(name, y, n_samples):
    if len(y) != n_samples:
        raise ValueError(
            "X and y must have the same number of samples: got X with "
            f"{n_samples}, {name} with {len(y)}. Make both by make_windows."
        )
