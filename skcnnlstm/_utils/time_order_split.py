"""Training and test slices of folds in time order."""

from __future__ import annotations


def split_in_time_order(
    n_samples: int,
    n_splits: int,
    gap: int = 0,
    *,
    test_size: int | None = None,
    max_train_size: int | None = None,
) -> list[tuple[slice, slice]]:
    """Return the `(train, test)` slices of each fold, as ``TimeSeriesSplit`` does.

    Unlike ``TimeSeriesSplit``, one fold is allowed. Slices keep windows that are a view
    of a series a view; an index array would copy them.

    Parameters
    ----------
    n_samples : int
        Samples in time order.
    n_splits : int
        Number of folds, at least 1.
    gap : int, default=0
        Samples left out between the training part and the test part.
    test_size : int or None, default=None
        Samples in each test part; None uses ``n_samples // (n_splits + 1)``.
    max_train_size : int or None, default=None
        Largest number of training samples, counted from the end; None keeps all.

    Returns
    -------
    folds : list of (slice, slice)
        Empty if a fold would have no training sample or no test sample.
    """
    size = n_samples // (n_splits + 1) if test_size is None else test_size
    first = n_samples - n_splits * size
    if size == 0 or first <= gap:
        return []
    longest = n_samples if max_train_size is None else max_train_size
    return [
        (slice(max(0, start - gap - longest), start - gap), slice(start, start + size))
        for start in range(first, n_samples, size)
    ]
