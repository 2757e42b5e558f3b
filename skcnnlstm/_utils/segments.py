"""Split rows at the gaps in time."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Segments(NamedTuple):
    """Rows in time order, split at the gaps."""

    order: NDArray[np.intp]  # (n_rows,), the rows in time order
    starts: NDArray[np.intp]  # (n_runs,), where in that order each run starts
    next_run: int | None  # the run that continues the series of an axis

    def spans(self) -> list[tuple[int, int]]:
        """Return (start, stop) of each run in `order`."""
        return list(pairwise([*self.starts.tolist(), len(self.order)]))


def split_at_gaps(positions: Any, *, continues: bool = False) -> Segments:
    """Return the segments of rows at some positions.

    `continues` means that the positions count from the latest row of a series.
    """
    order = np.argsort(positions, kind="stable")
    positions = positions[order]
    starts = np.append(0, np.flatnonzero(np.diff(positions) != 1) + 1)
    next_run = None
    if continues and (positions[starts] == 1).any():
        next_run = int(np.argmax(positions[starts] == 1))
    return Segments(order, starts, next_run)
