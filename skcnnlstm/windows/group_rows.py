"""Sort rows by recording, and find where the windows of each recording start."""

from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnnlstm._utils.validation import (
    check_enough_rows,
    check_time_index,
    check_time_order,
)
from skcnnlstm._utils.warnings import warn

_MAX_LISTED = 5  # recordings that a warning lists


def check_is_no_name(groups: Any) -> None:
    """Raise TypeError if `groups` is text, such as the name of a column."""
    if isinstance(groups, str):
        raise TypeError(
            "groups must hold the recording of each row: got the text "
            f"{groups!r}. If this is the name of a column, use "
            f"groups=series[{groups!r}] and series.drop(columns={groups!r})."
        )


def read_groups(
    series: Any, groups: Any, window_length: int, horizon: int
) -> tuple[NDArray[np.intp] | None, NDArray[np.intp]]:
    """Return the row positions sorted by recording, and the size of each recording.

    The positions are None if the rows are already sorted by recording. Raise if the
    times of a recording are invalid. A recording needs ``window_length + horizon``
    rows: raise if all recordings have fewer rows, and warn if some have fewer.
    """
    n_rows = len(series)
    if groups is None:
        index = check_time_index(series, name="series")
        check_time_order(index, name="series", table=series)
        check_enough_rows(n_rows, window_length, horizon)
        return None, np.array([n_rows])
    from skcnnlstm._utils.recordings import find_recordings, naming

    keys, places = find_recordings(groups, n_rows, "groups")
    for key, at in zip(keys, places, strict=True):
        if hasattr(series, "iloc"):
            with naming(key):
                one = series.iloc[at]
                index = check_time_index(one, name="series")
                check_time_order(index, name="series", table=one)
    sizes = np.array([len(at) for at in places], dtype=np.intp)
    needed = window_length + horizon
    if (sizes < needed).all():
        with naming(keys[int(np.argmax(sizes))]) if keys else nullcontext():
            check_enough_rows(sizes.max(initial=0), window_length, horizon)
    short = [key for key, size in zip(keys, sizes, strict=True) if size < needed]
    if short:
        others = len(short) - _MAX_LISTED
        listed = ", ".join(map(repr, short[:_MAX_LISTED]))
        listed += f" and {others} more" if others > 0 else ""
        warn(
            f"each recording should have at least {needed} rows: got fewer rows in "
            f"{len(short)} of {len(keys)} recordings: {listed}. These recordings give "
            "no window. Use shorter windows to keep them."
        )
    order = np.concatenate(places)
    return (None if (np.diff(order) == 1).all() else order), sizes


def find_starts(
    sizes: NDArray[np.intp], length: int, stride: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first row of each sample, and where the sample's recording ends.

    The rows are sorted by recording, and `sizes` holds the number of rows of each
    recording. A sample has `length` rows. An end is the position after the last row.
    """
    ends = np.cumsum(sizes)
    counts = np.maximum(0, (sizes - length) // stride + 1)
    first = np.repeat(ends - sizes, counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return first + within * stride, np.repeat(ends, counts)
