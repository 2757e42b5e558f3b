"""NaN and infinity: where they may stand, and where a history is missing."""

import numpy as np

# Windows are scanned in chunks of at most this many samples and bytes: a mask as large
# as all windows would be larger than the series that they are a view of.
_CHUNK_SAMPLES = 512
_CHUNK_BYTES = 4 * 2**20

# Networks compute in float32; a larger value becomes infinity there.
_LARGEST = float(np.finfo(np.float32).max)


def _is_finite(array):
    # The sum of finite numbers may overflow; a finite sum proves that all are finite,
    # at the cost of one pass and no mask.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


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
