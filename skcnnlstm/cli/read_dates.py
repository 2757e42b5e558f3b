"""Read a column of a CSV file as dates, times or integers at equal steps."""

import re
import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd

from skcnnlstm.cli.options import UsageError

_QUARTER = re.compile(r"(?P<year>\d{4})[ ./-]?Q(?P<number>[1-4])", re.IGNORECASE)
_QUARTER_FIRST = re.compile(r"Q(?P<number>[1-4])[ /-]?(?P<year>\d{4})", re.IGNORECASE)
_WEEK = r"(?P<year>\d{4})[ -]?W(?P<week>\d\d?)(?:-?(?P<day>[1-7]))?"  # ISO 8601
_OFFSET = r"(?<=\d)\s*(?:Z|[+-]\d{2}:?\d{2})$"
# Text without a year is not a date: pandas would read "1-01" as a day of year 1.
_HAS_YEAR = re.compile(r"\d{4}|\d{1,2}\D\d{1,2}\D\d{2}|[A-Za-z]{3,}\W*\d{2}$")
_MONTH_FORMATS = ("%b-%y", "%b %y", "%b-%Y", "%b %Y", "%B %Y", "%B-%Y", "%Y/%m")
_MONTH_FORMATS += ("%m.%Y", "%YM%m")  # the latter is that of Eurostat
# Formats by the number of digits. Shorter numbers of seconds may be counters.
_DIGITS = {6: ["%Y%m"], 8: ["%Y%m%d"], 9: ["s"], 10: ["s", "%Y%m%d%H"]}
_DIGITS |= {12: ["ms", "%Y%m%d%H%M"], 13: ["ms"], 14: ["%Y%m%d%H%M%S"]}
_DIGITS |= {15: ["us"], 16: ["us"], 18: ["ns"], 19: ["ns"]}


class Reading(NamedTuple):
    """The times of a column, read in one format."""

    format: str  # as for --date-format, or a description
    times: pd.Series  # NaT where a cell has another format
    step: object  # frequency of the times; None if they have none
    n_gaps: int  # number of gaps in the times


def read_column(column, date_format=None):
    """Read a column as times; return the best `Reading`, or None.

    With ``date_format=None``, all formats are tried. The best reading has equal steps
    and the fewest gaps. Raise UsageError if there are several such readings. If no
    reading has equal steps, the best is the one that reads most cells. Return None if
    no cell can be read.
    """
    readings = []
    for name, times in _read_all(strip_cells(column), date_format):
        if times.notna().any() and not any(r.times.equals(times) for r in readings):
            readings.append(Reading(name, times, *_steps(times)))
    regular = [reading for reading in readings if reading.step is not None]
    fewest = min((reading.n_gaps for reading in regular), default=0)
    regular = [reading for reading in regular if reading.n_gaps == fewest]
    if len(regular) > 1:
        meanings = ", or as ".join(
            f"{r.format}, with the last date {r.times.max():%Y-%m-%d}" for r in regular
        )
        raise UsageError(
            f"time column {column.name!r} can be read as {meanings}. Choose one with "
            "--date-format"
        )
    if regular:
        return regular[0]
    return max(readings, key=lambda r: r.times.notna().sum(), default=None)


def strip_cells(column):
    """Remove blanks around cells, and the ".0" of floats if all cells end with it."""
    cells = column.str.strip()
    if cells.str.fullmatch(r"\d+\.0").all():
        return cells.str.removesuffix(".0")
    return cells


def lacks_year(column):
    """Return whether all cells look like dates without a year, such as "1-01"."""
    return bool(column.str.strip().str.fullmatch(r"\d{1,2}[-/]\d{1,2}").all())


def _steps(times):
    """Return the frequency of times and the number of gaps in them.

    The frequency is None if the steps are not equal, or if a time is missing or occurs
    more than once.
    """
    if times.isna().any() or times.duplicated().any():
        return None, 0
    from skcnnlstm._utils.time_axis import read_time_axis

    axis = read_time_axis(pd.DatetimeIndex(times).sort_values())
    return axis.freq, np.count_nonzero(np.diff(axis.positions) != 1)


def _read_all(cells, date_format):
    """Yield (format, times) for each format that a column may have."""
    if date_format is not None:
        yield date_format, _parse(cells, format=date_format)
        return
    if cells.str.fullmatch(r"\d+").all():
        for name in _DIGITS.get(cells.str.len().max(), ()):
            if name in ("s", "ms", "us", "ns"):
                times = pd.to_datetime(pd.to_numeric(cells), unit=name)
                yield f"{name} since 1970", times
            else:
                times = _parse(cells, format=name)
                yield name, times
                if name == "%Y%m" and times.isna().any():  # a month above 12
                    yield "ISO weeks", _parse(cells + "1", format="%G%V%u")
        return
    for pattern in (_QUARTER, _QUARTER_FIRST):
        parts = cells.str.extract(rf"^{pattern.pattern}$", flags=re.IGNORECASE)
        if parts.notna().all(axis=None):
            months = 3 * parts["number"].astype(int) - 2
            yield (
                "quarters",
                _parse(parts["year"] + "-" + months.astype(str).str.zfill(2)),
            )
            return
    if cells.str.fullmatch(_WEEK).all():
        parts = cells.str.extract(_WEEK).fillna("1")  # Monday by default
        weeks = parts["year"] + parts["week"].str.zfill(2) + parts["day"]
        yield "ISO weeks", _parse(weeks, format="%G%V%u")
        return
    if cells.str.contains(_HAS_YEAR).mean() <= 0.5:
        return
    if cells.str.contains(rf":\d{{2}}.*{_OFFSET}").any():
        times = _read_with_offsets(cells)
        if times.notna().any():
            yield "dates with offsets from UTC", times
            return
    if cells.str.fullmatch(r"\d{4}-\d{3}").all():  # the day of the year
        yield "%Y-%j", _parse(cells, format="%Y-%j")
        return
    yield "%Y-%m-%d", _parse(cells, format="ISO8601")
    for name in _MONTH_FORMATS:
        yield name, _parse(cells, format=name)
    if cells.str.match(r"\d{4}\D").all():
        yield "year first", _parse(cells)
        return
    yield "month first (%m/%d/%Y)", _parse(cells)
    yield "day first (%d/%m/%Y)", _parse(cells, dayfirst=True)


def _parse(cells, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that pandas guesses a format
        settings = {"errors": "coerce", **(settings or {"dayfirst": False})}
        try:
            times = pd.to_datetime(cells, **settings)
        except ValueError as error:
            if "directive" in str(error):
                raise UsageError(f"--date-format is invalid: {error}") from None
            times = None
        if times is None or times.dtype == object:  # some cells have offsets
            times = pd.to_datetime(cells, **settings | {"utc": True})
        return times


def _read_with_offsets(cells):
    """Read times with offsets from UTC.

    If all times have the same offset, they keep it. If the offsets differ, the times
    are returned in UTC. Exception: if all local times are at the same time of day, the
    local times are returned, without offsets.
    """
    absolute = _parse(cells, utc=True, format="ISO8601")
    offsets = cells.str.extract(f"({_OFFSET})")[0].str.strip()
    if offsets.nunique() == 1:
        return _parse(cells, format="ISO8601")
    local = _parse(cells.str.replace(_OFFSET, "", regex=True), format="ISO8601")
    if local.isna().any():  # no ISO 8601
        return absolute
    midnight = local.dt.normalize()
    usual = (local - midnight).mode()[0]
    # Where clocks change at midnight, that day starts one hour later.
    late = (local - midnight == usual + pd.Timedelta("1h")) & (
        offsets != offsets.shift()
    )
    is_daily = ((local - midnight == usual) | late).all()
    return midnight + usual if is_daily else absolute


def insert_missing_steps(frame):
    """Insert rows of NaN for missing steps; return the frame and the number inserted.

    Nothing is inserted if the index has no frequency, if the missing steps are more
    than a tenth of the rows, or if the labels are not on a regular grid.
    """
    from skcnnlstm._utils.time_axis import read_time_axis

    axis = read_time_axis(frame.index)
    positions = axis.positions
    n_missing = int(positions[-1]) + 1 - len(positions)
    if axis.freq is None or not 0 < n_missing <= 0.1 * len(positions):
        return frame, 0
    first = read_time_axis(frame.index[:1], axis.freq)
    labels = frame.index[:1].append(first.next_labels(int(positions[-1])))
    # Labels may differ from a regular grid, for example business days with holidays.
    if not frame.index.isin(labels).all():
        return frame, 0
    return frame.reindex(labels.rename(frame.index.name)), n_missing


def with_equal_steps(index):
    """Check that a sorted index has equal steps and no gaps, and return it.

    Dates without a frequency that fall in consecutive months, quarters or years, such
    as the 15th of each month, are converted to periods.
    """
    name = index.name
    from skcnnlstm._utils.time_axis import read_time_axis

    axis = read_time_axis(index)
    if axis.freq is None and isinstance(index, pd.DatetimeIndex):
        for unit in ("M", "Q", "Y"):
            periods = index.tz_localize(None).to_period(unit)
            if (np.diff(periods.asi8) == 1).all():
                return periods
    if axis.freq is not None and (np.diff(axis.positions) == 1).all():
        return index
    from skcnnlstm.cli.report import format_label

    lengths = pd.Series(index[1:] - index[:-1])
    usual = lengths.mode()[0]
    remedy = "Number the rows with --time-column none"
    if axis.freq is not None:
        rule, wrong = "no gaps", np.diff(axis.positions) != 1
        remedy = "Fill the gap, or number the rows with --time-column none"
    else:
        rule, wrong = "equal steps", (lengths > 1.5 * usual).to_numpy()
        wrong = wrong if wrong.any() else (lengths != usual).to_numpy()
    row = int(np.argmax(wrong))
    raise UsageError(
        f"time column {name!r} must have {rule}: {format_label(index[row])} is "
        f"followed by {format_label(index[row + 1])}, but most steps are "
        f"{format_label(usual)}. {remedy}"
    )


def step_unit(index):
    """Return the step of an index as a number and a unit, such as (2, "h").

    The unit of months is "M", for dates at the start or the end of months and for
    periods. The units of quarters and years are "Q" and "Y". For unknown steps, the
    result is (1, None).
    """
    from skcnnlstm._utils.time_axis import read_time_axis

    if index.dtype.kind == "i" and re.fullmatch("years?", str(index.name), re.I):
        return int(index[1] - index[0]) if len(index) > 1 else 1, "Y"
    periods = isinstance(index, pd.PeriodIndex)
    freq = index.freqstr if periods else read_time_axis(index).alias
    match = re.match(r"(\d*)([A-Za-z]+)", freq) if isinstance(freq, str) else None
    if match is None:
        return 1, None
    number, unit = match.groups()
    return int(number or 1), re.sub("^([YQM])[SE]$", r"\1", unit)


def season_length(index):
    """Return the usual season length for the step of an index; None if unknown."""
    n, unit = step_unit(index)
    sizes = {"Y": 1, "Q": 4, "M": 12, "W": 52, "B": 5, "D": 7, "h": 24, "min": 1440}
    size = sizes.get(unit)
    if size is None:
        return None
    if unit == "min" and n < 5:
        size = 60
    return size // n if size % n == 0 else 1
