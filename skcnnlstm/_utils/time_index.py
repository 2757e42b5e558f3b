"""What an index says of time: how far its rows are apart, and where one is missing.

Indexes are pandas', which is not imported: they are asked what they are.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skcnnlstm._utils.validation import check_time_order


class Frequency(NamedTuple):
    """How far apart the labels of a regular index are."""

    kind: str  # by `label_kind`, or "calendar" for dates a month or the like apart
    step: Any  # labels, nanoseconds, or pandas' frequency
    name: str = ""  # pandas' name of the frequency, "B" for business days
    furthest: int = 1  # steps to a row that may be the next, where holidays are between


# pandas' names of steps that are equally long whatever the calendar or the clocks of a
# timezone do; a day is not one of them. Those in capitals were used before pandas 2.2.
_EXACT = frozenset({"h", "min", "s", "ms", "us", "ns", "H", "T", "S", "L", "U", "N"})


def label_kind(index: Any) -> str:
    """Name the kind of labels, "other" where no grid can be laid through them."""
    # Times as objects, or as another library stores them, have no `freq`.
    kind = index.inferred_type
    return kind if kind == "integer" or hasattr(index, "freq") else "other"


def _ticks(index: Any) -> NDArray[np.int64]:
    """Turn labels into integers: nanoseconds of UTC, ordinals of periods."""
    if hasattr(index, "as_unit"):
        index = index.as_unit("ns")
    return np.asarray(index.astype("int64"), dtype=np.int64)


def find_frequency(index: Any) -> Frequency | None:
    """Find the step of an index whose rows lie on a regular grid, with or without gaps.

    None where no such grid can be shown, and where there is no index.
    """
    if index is None:
        return None
    if not index.is_monotonic_increasing:
        index = index.sort_values()
    kind = label_kind(index)
    if kind == "period":
        return Frequency("period", index.freqstr)
    if kind == "integer":
        steps = np.diff(_ticks(index))
        if not len(steps):
            step = getattr(index, "step", None)  # a RangeIndex tells even of one row
            return Frequency(kind, abs(step)) if step else None
        # A step is shown by two rows that are one step apart.
        shown = np.gcd.reduce(steps) == steps.min()
        return Frequency(kind, int(steps.min())) if shown else None
    if kind == "other":
        return None
    freq = _frequency(index)
    if freq is not None:
        return _with_holidays(index, _named_clock(index, freq))
    # Folds leave gaps, which hide the frequency of the whole; the longest run shows it.
    freq = _frequency_of_longest_run(index)
    clock = None if freq is None else _named_clock(index, freq)
    if clock is None or find_places(index, clock) is None:
        return None
    return _with_holidays(index, clock)


def _frequency(index: Any) -> Any | None:
    """Return the frequency that an ascending index declares or, by pandas, shows."""
    if index.freq is not None and index.freq.n > 0:
        return index.freq
    # Not `inferred_freq`: pandas 3.1 warns that its type will change.
    return type(index)(index, freq="infer").freq


def _named_clock(index: Any, freq: Any) -> Frequency:
    kind, name = index.inferred_type, getattr(freq, "freqstr", freq)
    if kind == "timedelta64" or name.lstrip("0123456789") in _EXACT:
        step = _ticks(index[:1].shift(1, freq=freq)) - _ticks(index[:1])
        return Frequency(kind, int(step[0]))
    return Frequency("calendar", freq, name)


def _with_holidays(index: Any, clock: Frequency) -> Frequency:
    """Say of business days whether the holes in an ascending index are holidays.

    Exchanges close on some days: a few short holes are holidays, while folds leave long
    ones (or, shuffled, very many).
    """
    places = find_places(index, clock) if clock.name == "B" else None
    if places is None:
        return clock
    steps = np.diff(places)
    holidays = steps[(steps > 1) & (steps <= LONGEST_HOLIDAY)]
    if len(holidays) > max(1, len(index) // 10):
        return clock
    # One day is a holiday, more are where these rows have holidays as long.
    return clock._replace(furthest=int(holidays.max(initial=2)))


def _frequency_of_longest_run(index: Any) -> Any | None:
    """Infer the frequency from the longest part without gaps of an ascending index."""
    steps = np.diff(_ticks(index))
    if len(steps) < 2:
        return None
    # Half as long again as the shortest: months differ by less, a gap is twice as long.
    gaps = np.flatnonzero(steps > 1.5 * steps.min()) + 1
    edges = [0, *gaps.tolist(), len(index)]
    start, stop = max(pairwise(edges), key=lambda edge: edge[1] - edge[0])
    freq = _frequency(index[start:stop])
    # Five rows from Monday to Friday look like days, weeks of them like business days.
    is_days = getattr(freq, "freqstr", None) == "D" and hasattr(index, "day_of_week")
    return "B" if is_days and (index.day_of_week < 5).all() else freq


def find_places(index: Any, clock: Frequency) -> NDArray[np.int64] | None:
    """Place labels on the grid of `clock`, in steps from the first of them.

    None where the labels are of another kind or do not lie on the grid.
    """
    if clock.kind == "calendar":
        if label_kind(index) != "datetime64":
            return None
        # A calendar goes by the clock on the wall, summer time or not.
        wall = index.tz_localize(None)
        grid = wall.unique().sort_values().to_series().asfreq(clock.step).index
        places = grid.get_indexer(wall)
        return None if (places < 0).any() else places - places[0]
    if label_kind(index) != clock.kind:
        return None
    step = clock.step
    if clock.kind == "period":
        if index.freqstr != clock.step:
            return None
        step = index.freq.n
    ticks = _ticks(index)
    places, rest = np.divmod(ticks - ticks[0], step)
    return None if rest.any() else places


def join_labels(last: Any, index: Any) -> Any | None:
    """Put the last fitted label before `index`; None where they cannot be compared."""
    if last is None or index is None:
        return None
    kind = label_kind(last)
    if "other" in (kind, label_kind(index)):
        return None
    if getattr(last, "tz", None) is not None and getattr(index, "tz", None) is not None:
        index = index.tz_convert(last.tz)
    joined = last.append(index)  # of Python objects, where the two do not go together
    return joined if label_kind(joined) == kind else None


# From a business day to the next one that is open, in business days.
LONGEST_HOLIDAY = 6


class Segments(NamedTuple):
    """Rows put in time order and cut where a step is missing."""

    order: NDArray[np.intp]  # (n_rows,), the rows of X in time order
    starts: NDArray[np.intp]  # (n_runs,), where in that order each run starts
    next_run: int | None  # the run whose first row follows the last fitted row

    def spans(self) -> list[tuple[int, int]]:
        """Return (start, stop) of each run, in that order."""
        return list(pairwise([*self.starts.tolist(), len(self.order)]))


def _candidates(fitted: Frequency | None, own: Frequency | None) -> list[Frequency]:
    """List the clocks to try, the most trusted first: the fitted rows are the most."""
    known = [clock for clock in (fitted, own) if clock is not None]
    # But for business days that were taken for days within their first week.
    misread = [clock.name for clock in known] == ["D", "B"]
    return known[::-1] if misread else known


def find_segments(
    index: Any, clock: Frequency | None, last: Any, n_rows: int
) -> Segments:
    """Find the parts of X without gaps: one, where no index shows any gap."""
    order = np.arange(n_rows)
    one_run = Segments(order, np.zeros(1, dtype=np.intp), None)
    if index is None:
        return one_run
    joined = join_labels(last, index)
    labels = index if joined is None else joined[1:]  # in the fitted timezone
    for known in _candidates(clock, find_frequency(index)):
        places = find_places(labels, known)
        if places is not None:
            break
    else:
        # No grid: what ascends counts as consecutive, and nothing can be borrowed.
        check_time_order(index)
        return one_run
    if not index.is_monotonic_increasing:
        order = np.argsort(places)
        places = places[order]
    gaps, furthest = _gaps_between(places, known)
    starts = np.concatenate([[0], np.flatnonzero(gaps) + 1])

    ahead = None if joined is None else find_places(joined, known)
    if ahead is None:
        return Segments(order, starts, None)
    distance = ahead[1:][order[starts]]
    following = np.flatnonzero((distance >= 1) & (distance <= furthest))
    return Segments(order, starts, int(following[0]) if len(following) else None)


def _gaps_between(
    places: NDArray[np.int64], clock: Frequency
) -> tuple[NDArray[np.bool_], int]:
    """Tell between which rows steps are missing, and how far on the next row may lie.

    The latter is in steps from the last fitted row to one that counts as the next:
    there a `gap` between folds is as likely as a holiday, but for those that `clock` or
    these rows have as long.
    """
    steps = np.diff(places)
    gaps = steps != 1
    if clock.furthest > 1:
        holidays = gaps & (steps <= LONGEST_HOLIDAY)
        # A few rows around a holiday have many; shuffled folds have nothing else.
        if holidays.sum() <= max(1, len(places) // 2):
            return gaps & ~holidays, int(steps[holidays].max(initial=clock.furthest))
    return gaps, 1


def count_steps(index: Any, n_rows: int) -> NDArray[np.int64]:
    """Place ascending rows in time: each a step after the one before, save for gaps.

    Holidays are no steps, as they are no gaps; without a regular index rows are
    consecutive.
    """
    clock = find_frequency(index)
    starts = find_segments(index, clock, None, n_rows).starts[1:]
    places = None if clock is None else find_places(index, clock)
    steps = np.ones(n_rows, dtype=np.int64)
    if places is not None:
        steps[starts] = np.diff(places)[starts - 1]
    return np.cumsum(steps) - 1
