"""Detect rows to score that are earlier than fitted rows, but were not fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skcnnlstm._utils.time_axis import TimeAxis
from skcnnlstm._utils.time_index import read_labels, ticks_of

# A step longer than this many median steps is a hole in the fitted rows.
_HOLE = 1.5


@dataclass(frozen=True, eq=False)
class FittedLabels:
    """The parts of time that hold fitted rows.

    Only the first and the last label of each part is kept, not all labels.
    """

    axis: TimeAxis  # its `ends` are the first and last label of each part, ascending

    @classmethod
    def of(cls, time):
        """Return the parts of time of an index.

        The result is None if there is no index, or if its labels have no order.
        """
        if time is None:
            return None
        labels, form = read_labels(time)
        if form == "text":
            return None
        if not labels.is_monotonic_increasing:
            labels = labels.sort_values()
        steps = np.diff(ticks_of(labels))
        ends = np.flatnonzero(steps > _HOLE * np.median(steps)) if len(steps) else []
        places = [[0], ends, np.add(ends, 1), [len(labels) - 1]]
        places = np.sort(np.concatenate(places)).astype(np.intp)
        return cls(TimeAxis(None, None, None, labels[places], form))

    def compare(self, time):
        """Return the ends of the parts and the labels of `time`, as arrays of numbers.

        The ends are the first and the last label of each part. The result is None if
        `time` has labels of another kind.
        """
        joined = self.axis.join(time)
        return None if joined is None else np.split(ticks_of(joined), [-len(time)])

    def count_earlier(self, time):
        """Return how many unfitted labels in `time` are before the last fitted label.

        Labels within a part count as fitted.
        """
        compared = self.compare(time)
        if compared is None:
            return 0
        edges, labels = compared
        place = np.searchsorted(edges, labels, side="right")
        fitted = (place % 2 == 1) | np.isin(labels, edges)
        return int(np.count_nonzero(~fitted & (labels < edges[-1])))

    def count_before_end(self, time):
        """Return how many labels in `time` are before the last fitted label."""
        compared = self.compare(time)
        if compared is None:
            return 0
        edges, labels = compared
        return int(np.count_nonzero(labels < edges[-1]))


def describe_earlier_rows(fitted, tables):
    """Return a warning if rows to score are earlier than fitted rows, otherwise None.

    `tables` holds the scored rows of each series.
    """
    earlier = {
        key: fitted.series[key].labels.count_earlier(rows.time)
        for key, rows in tables.items()
        if rows.time is not None and fitted.series[key].labels is not None
    }
    n_earlier = sum(earlier.values())
    n_rows = sum(len(rows.values) for rows in tables.values())
    if n_earlier:
        return (
            f"{n_earlier} of {n_rows} rows to score are earlier than fitted rows: the "
            "forecaster was trained on their future, so the score is too good. "
            f"{_use_folds(fitted)}"
        )
    if fitted.panel.kind != "long" or len(tables) == len(fitted.series):
        return None
    others = [
        one.labels
        for key, one in fitted.series.items()
        if key not in tables and one.labels is not None
    ]
    early = sum(
        max((labels.count_before_end(rows.time) for labels in others), default=0)
        for key, rows in tables.items()
        if not _was_fitted(fitted.series[key], rows)
    )
    if not early:
        return None
    return (
        f"the rows to score hold {len(tables)} of {len(fitted.series)} series, and "
        f"{early} of {n_rows} rows are earlier than fitted rows of other series: the "
        f"forecaster was trained on their future. {_use_folds(fitted)}"
    )


def _was_fitted(one, rows):
    """Return whether the last of `rows` is not later than the last fitted row.

    `one` is the record of the series. Without labels, the result is True.
    """
    if one.labels is None or rows.time is None:
        return True
    compared = one.labels.compare(rows.time[-1:])
    return compared is not None and bool(compared[1][0] <= compared[0][-1])


def _use_folds(fitted):
    if fitted.panel.kind == "long":
        name = fitted.panel.id_column
        return (
            "Use folds in time order for each series: cv=PanelTimeSeriesSplit(2) and "
            f"fit(frame, groups=frame[{name!r}])."
        )
    return "Use folds in time order, such as cv=TimeSeriesSplit(3) in a search."
