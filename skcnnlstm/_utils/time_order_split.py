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

    Unlike ``TimeSeriesSplit``, this function allows one fold. It returns slices,
    because indexing windows with a slice gives a view. An index array would copy them.

    Parameters
    ----------
    n_samples : int
        Number of samples, which are in time order.
    n_splits : int
        Number of folds, at least 1.
    gap : int, default=0
        Number of samples left out between the training part and the test part.
    test_size : int or None, default=None
        Number of samples in each test part. None uses
        ``n_samples // (n_splits + 1)``.
    max_train_size : int or None, default=None
        Maximum number of training samples. The latest ones are kept. None keeps all.

    Returns
    -------
    folds : list of (slice, slice)
        Training and test slice of each fold. The list is empty if a fold would have no
        training sample or no test sample.
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
