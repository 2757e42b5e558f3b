"""Split rows at the gaps in time."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Segments(NamedTuple):
    """Rows in time order, split at the gaps."""

    order: NDArray[np.intp]  # (n_rows,), positions of the rows in time order
    starts: NDArray[np.intp]  # (n_runs,), where each run without gaps starts in `order`
    next_run: int | None  # number of the run that continues an earlier series

    def spans(self) -> list[tuple[int, int]]:
        """Return (start, stop) of each run, as positions in `order`."""
        return list(pairwise([*self.starts.tolist(), len(self.order)]))


def split_at_gaps(positions: Any, *, continues: bool = False) -> Segments:
    """Split rows into runs without gaps, by their positions in time.

    With `continues`, the positions count from the latest row of an earlier series. The
    row at position 1 then continues that series.
    """
    order = np.argsort(positions, kind="stable")
    positions = positions[order]
    starts = np.append(0, np.flatnonzero(np.diff(positions) != 1) + 1)
    next_run = None
    if continues and (positions[starts] == 1).any():
        next_run = int(np.argmax(positions[starts] == 1))
    return Segments(order, starts, next_run)
