"""Checks for NaN and infinity, and the count of missing history in windows."""

import numpy as np

# Windows are checked in chunks of at most this many samples and bytes. Windows are a
# view, so a mask of all windows at once would be larger than their series.
_CHUNK_SAMPLES = 512
_CHUNK_BYTES = 4 * 2**20

# Networks compute in float32, where a larger value becomes infinity.
_LARGEST = float(np.finfo(np.float32).max)


def _is_finite(array):
    # A finite sum proves, without a mask, that all values are finite. If the sum is not
    # finite, it may have overflowed, so the values are checked.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


def _is_finite_in_float32(array):
    if array.itemsize <= 4 or not array.size:
        return _is_finite(array)
    # NaN and infinity fail one of these comparisons, which need no mask.
    with np.errstate(invalid="ignore"):
        return bool(array.max() <= _LARGEST and array.min() >= -_LARGEST)


def _mask_of_non_finite(array):
    """Return a mask of the values that are not finite in float32."""
    with np.errstate(invalid="ignore"):
        return ~(np.abs(array) <= _LARGEST)


def _chunks(X, max_samples=None):
    """Return slices of axis 0 of `X`, of a few MB and at most `max_samples` each."""
    size = max(1, _CHUNK_BYTES // max(1, X[:1].size * X.itemsize))
    size = size if max_samples is None else min(size, max_samples)
    return [slice(i, min(i + size, len(X))) for i in range(0, len(X), size)]


def check_finite(rows, *, name="X", columns=None, missing=None):
    """Raise if rows hold infinity, or NaN that is not allowed.

    Parameters
    ----------
    rows : ndarray of shape (n_rows,) or (n_rows, n_features)
        The rows to check.
    name : str, default="X"
        Name of the rows in messages.
    columns : sequence or None, default=None
        Column names for messages. None uses positions.
    missing : {"error", "mask"} or None, default=None
        The parameter `missing` of the caller. "mask" allows NaN. None means that the
        caller has no such parameter.
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
        place = f"row {part.start + where[0]}"
        if rows.ndim == 2:
            column = where[1] if columns is None else columns[where[1]]
            label = f"{column!r}" if isinstance(column, str) else f"{column}"
            place += f", feature {label}"
        if np.isinf(chunk[tuple(where)]):
            raise ValueError(
                f"{name} must be finite: got infinity at {place}. {_REPLACE_INFINITY}"
            )
        fill = f"pandas.Series({name}).ffill().bfill()"
        if rows.ndim == 2:
            fill = "sklearn.impute.SimpleImputer"
        mask = ""
        if missing is not None:
            mask = ', or set missing="mask" here and on the network'
        raise ValueError(
            f"{name} must be finite: got NaN at {place}. Fill missing values first, "
            f"for example with {fill}{mask}."
        )


_REPLACE_INFINITY = "Replace infinite values with numbers first."


# ----------------------------------------------------------- missing history


def _as_steps(X):
    """Return a view of `X` of shape (n_samples, n_steps, n_features).

    Return None if this is not possible without a copy.
    """
    if X.ndim == 2:
        return X[:, :, np.newaxis]
    for axis in range(1, X.ndim - 2):
        if X.strides[axis] != X.strides[axis + 1] * X.shape[axis + 1]:
            return None
    return X.reshape(len(X), -1, X.shape[-1])


def _overlapping_non_finite(X):
    """Return the indices of overlapping windows that hold a non-finite value.

    In a sliding view, `steps[i, t]` is the same memory as `steps[i + 1, t - stride]`.
    It therefore suffices to check the first `stride` steps of every window and all
    steps of the last window. Return None if X is not a sliding view.
    """
    steps = _as_steps(X)
    if steps is None or steps.strides[1] == 0:
        return None
    stride, remainder = divmod(steps.strides[0], steps.strides[1])
    n_samples, length, _ = steps.shape
    if remainder or not 1 <= stride < length:
        return None
    before = np.zeros(n_samples * stride + length - stride + 1, dtype=np.int64)
    non_finite = before[1:]  # one entry per row; replaced by the cumulative sum below
    heads = steps[:, :stride]
    for part in _chunks(heads):
        head = heads[part]
        if not _is_finite_in_float32(head):
            rows = _mask_of_non_finite(head).any(axis=-1)
            start = part.start * stride
            non_finite[start : start + rows.size] = rows.ravel()
    last = _mask_of_non_finite(steps[-1, stride:])
    non_finite[n_samples * stride :] = last.any(axis=-1)
    np.cumsum(non_finite, out=non_finite)
    starts = np.arange(n_samples) * stride
    return np.flatnonzero(before[starts + length] > before[starts])


def _candidates(X):
    """Yield, in chunks, the indices of samples that may hold non-finite values."""
    samples = _overlapping_non_finite(X)
    if samples is None:
        for part in _chunks(X, _CHUNK_SAMPLES):
            if not _is_finite_in_float32(X[part]):
                yield np.arange(part.start, part.stop)
    elif len(samples):
        for part in _chunks(X[: len(samples)], _CHUNK_SAMPLES):
            yield samples[part]


def count_missing_history(X, *, name="X", allow_nan=False):
    """Count the leading steps of each window in which every feature is NaN.

    Such steps are missing history.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ..., n_features)
        Windows. All axes between the first and the last are time, in C order. Windows
        of shape (n_samples, window_length) must not have missing history.
    name : str, default="X"
        Name of the windows in messages.
    allow_nan : bool, default=False
        Whether NaN may occur anywhere. All counts are then 0.

    Returns
    -------
    missing : ndarray of int, shape (n_samples,)
        Number of leading steps in which every feature is NaN.

    Raises
    ------
    ValueError
        - If a value is infinite in float32.
        - If NaN is not allowed, and occurs after the missing history.
        - If NaN is not allowed, and a window has no known step.
    """
    missing = np.zeros(len(X), dtype=np.intp)
    if X.dtype.kind != "f":
        return missing
    n_features = X.shape[-1] if X.ndim > 2 else 1
    for samples in _candidates(X):
        chunk = X[samples].reshape(len(samples), -1, n_features)
        wrong = _mask_of_non_finite(chunk)
        if allow_nan:
            wrong &= ~np.isnan(chunk)
        elif X.ndim > 2:
            known_step = ~np.isnan(chunk).all(axis=-1)
            known_step[:, -1] = True  # a window of NaN only is an error
            first_known = known_step.argmax(axis=1)
            missing[samples] = first_known
            steps = np.arange(chunk.shape[1])
            wrong &= (steps >= first_known[:, np.newaxis])[..., np.newaxis]
        if wrong.any():
            i, step, feature = np.argwhere(wrong)[0]
            place = f"sample (row) {samples[i]}, step {step}, feature {feature}"
            value = chunk[i, step, feature]
            raise ValueError(_non_finite_message(name, value, place, X.ndim, allow_nan))
    return missing


def _non_finite_message(name, value, place, ndim, allow_nan):
    if np.isfinite(value):
        return (
            f"{name} must be finite in float32, the data type of the network: got "
            f"{value:.4g} at {place}, which exceeds {_LARGEST:.4g}. Scale the series "
            "before making windows, for example with "
            "sklearn.preprocessing.StandardScaler."
        )
    rule = f"{name} must be finite"
    if ndim > 2 and not allow_nan:
        rule += ", except for missing history (leading steps in which every feature is "
        rule += "NaN)"
    if not np.isnan(value):
        return f"{rule}: got infinity at {place}. {_REPLACE_INFINITY}"
    if ndim > 2:
        return (
            f"{rule}: got NaN at {place}. Fill missing values in the series before "
            'making windows, or use a network with missing="mask", which reads NaN '
            "anywhere."
        )
    fill = "Fill missing values first, for example with sklearn.impute.SimpleImputer"
    return f'{rule}: got NaN at {place}. {fill}, or use a network with missing="mask".'


def backfill(chunk, missing):
    """Fill the missing history of each window with its first known step, in place.

    Parameters
    ----------
    chunk : ndarray of float, shape (n_samples, ..., n_features)
        Windows in a writable array.
    missing : ndarray of int, shape (n_samples,)
        Number of leading steps to fill, from `count_missing_history`.
    """
    samples = np.flatnonzero(missing)
    if not len(samples):
        return
    counts = np.asarray(missing)[samples]
    part = np.ascontiguousarray(chunk[samples])  # so that the reshape is a view
    steps = part.reshape(len(samples), -1, chunk.shape[-1])
    first_known = steps[np.arange(len(samples)), counts]
    unknown = np.arange(steps.shape[1]) < counts[:, np.newaxis]
    steps[unknown] = np.repeat(first_known, counts, axis=0)
    chunk[samples] = part
