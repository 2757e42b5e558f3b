"""A series from a CSV: which columns, checked values, rows at equal steps."""

import io
import os
import re
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from skcnnlstm.cli import report as _report


class UsageError(Exception):
    """A mistake that the user can put right; its message is one line."""

    def __init__(self, message):
        super().__init__(" ".join(str(message).split()))


def hint(name):
    """Tell a user whose FILE was taken for a value of the option before it."""
    return " (FILE goes before the options)" if os.path.isfile(name) else ""


class Series(NamedTuple):
    """What to forecast, checked."""

    frame: pd.DataFrame  # one float column a target, rows in time order
    name: str
    unit: str  # of the numbers, for the table
    notes: list  # what was chosen for the user


def read_series(file, time_column, target_columns):
    """Read and check the series that the options name; None is the airline series."""
    if file is None:
        from skcnnlstm.datasets import load_airline

        table = load_airline().reset_index()
        source, name = "the airline series", "Airline passengers"
        time_column, target_columns = (
            time_column or "month",
            target_columns or ["passengers"],
        )
    else:
        table = _read_table(file)
        source, name = file, Path(file).stem
    columns = list(table.columns)
    for column in [time_column, *(target_columns or ())]:
        if column is not None and column not in columns:
            raise UsageError(
                f"no column {column!r} in {source}, its columns are "
                f"{_listed(columns)}{hint(column)}"
            )
    targets = list(dict.fromkeys(target_columns or ()))
    if time_column in targets:
        raise UsageError(f"column {time_column!r} cannot be both time and target")
    notes = []
    if time_column is None:
        time_column = _find_time_column(table, targets)
        chosen = "none found, rows are counted" if time_column is None else time_column
        notes.append(f"time column: {chosen}")
    if not targets:
        others = [column for column in columns if column != time_column]
        targets = [column for column in others if _share(_as_numbers(table[column]))]
        if not targets:
            raise UsageError(f"no column of numbers in {source}: {_listed(columns)}")
        notes.append(f"target columns: {_listed(targets)}")
        left_out = [column for column in others if column not in targets]
        if left_out:
            notes.append(f"left out, no numbers: {_listed(left_out)}")
    frame = pd.DataFrame({target: _read_target(table[target]) for target in targets})
    if time_column is not None:
        frame.index = _read_times(table[time_column])
        if not frame.index.is_monotonic_increasing:
            frame = frame.sort_index(kind="stable")
            notes.append(f"rows were put in the order of {time_column}")
    unit = targets[0] if len(targets) == 1 else "the unit of each column"
    return Series(
        frame, name, "thousands of passengers" if file is None else unit, notes
    )


def _read_table(file):
    """Read a csv whose fields are parted by commas, semicolons or tabs."""
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"no such file: {file}") from None
    except IsADirectoryError:
        raise UsageError(f"{file} is a folder, not a csv file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not a text file in UTF-8") from None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    header = text.lstrip().partition("\n")[0]
    separator = next((mark for mark in ",;\t" if mark in header), ",")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # Without index_col=False a surplus field makes the first column an index.
            table = pd.read_csv(
                io.StringIO(text), sep=separator, index_col=False, low_memory=False
            )
    except pd.errors.EmptyDataError:
        raise UsageError(f"{file} is empty") from None
    except pd.errors.ParserWarning:
        raise UsageError(f"rows of {file} have more fields than its header") from None
    except pd.errors.ParserError as error:
        raise UsageError(f"{file} is not a csv table: {error}") from None
    if all(re.match(r"[-+.]?\d", name) for name in table.columns):
        raise UsageError(
            f"the first line of {file} must name the columns, it holds {header.strip()}"
        )
    if not len(table):
        raise UsageError(f"{file} has a header, but no rows")
    return table


def _listed(names):
    shown = ", ".join(map(str, names[:20]))
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def _cell(column, mask):
    """Say which value is the first True of `mask`, and in which row of the file."""
    row = int(np.argmax(mask))
    return f"{str(column.iloc[row])!r} in row {row + 1}"


def _as_numbers(column):
    return pd.to_numeric(column, errors="coerce")


def _as_times(column):
    """Read a column as times, day or month first, NaT where that fails."""
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(pd.NaT, index=column.index)
    readings = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of formats it had to guess
        warnings.simplefilter("error", FutureWarning)
        for settings in ({"format": "ISO8601"}, {}, {"dayfirst": True}):
            try:
                times = pd.to_datetime(column, errors="coerce", **settings)
            except (ValueError, FutureWarning):  # more than one offset from UTC
                times = pd.to_datetime(column, errors="coerce", utc=True, **settings)
            readings.append(times)
    return max(readings, key=lambda times: times.notna().sum())


def _share(parsed):
    """Say whether most values of a column could be read: a few may be mistakes."""
    return parsed.notna().mean() > 0.5


def _find_time_column(table, targets):
    """Return the name of the first column of times, or of a counter, or None."""
    columns = [column for column in table.columns if column not in targets]
    for name in columns:
        if not _share(_as_numbers(table[name])) and _share(_as_times(table[name])):
            return name
    first = table.iloc[:, 0]
    if columns[:1] == [first.name] and pd.api.types.is_integer_dtype(first):
        others = targets or [n for n in columns[1:] if _share(_as_numbers(table[n]))]
        steps = first.diff()[1:]
        if others and len(steps) and steps.iloc[0] > 0 and steps.nunique() == 1:
            return first.name
    return None


def _read_target(column):
    numbers = _as_numbers(column)
    missing = column.isna().to_numpy()
    text = numbers.isna().to_numpy() & ~missing
    if text.any():
        raise UsageError(f"column {column.name!r} holds text: {_cell(column, text)}")
    if missing.any():
        raise UsageError(
            f"column {column.name!r} has no value in row {np.argmax(missing) + 1}: "
            "fill it, or start after it"
        )
    numbers = numbers.to_numpy(dtype=float)
    endless = ~np.isfinite(numbers)
    if endless.any():
        cell = _cell(column, endless)
        raise UsageError(f"column {column.name!r} must be finite: {cell}")
    return numbers


def _read_times(column):
    """Return a time column as an index, unsorted as it comes."""
    name, missing = column.name, column.isna().to_numpy()
    if missing.any():
        raise UsageError(
            f"time column {name!r} has no value in row {np.argmax(missing) + 1}"
        )
    if pd.api.types.is_integer_dtype(column):
        index = pd.Index(column)
    else:
        times = _as_times(column)
        wrong = times.isna().to_numpy()
        if wrong.any():
            raise UsageError(
                f"time column {name!r} holds no time: {_cell(column, wrong)}"
            )
        index = pd.DatetimeIndex(times, name=name)
    twice = index.duplicated()
    if twice.any():
        label = index[twice][0]
        rows = " and ".join(map(str, np.flatnonzero(index == label)[:2] + 1))
        raise UsageError(
            f"duplicates in time column {name!r}: {_report.label(label)} in rows {rows}"
        )
    return index


def with_equal_steps(frame):
    """Give the rows of a frame, in time order, an index that can be counted on."""
    index = frame.index
    if isinstance(index, pd.RangeIndex):
        return frame
    steps = index[1:] - index[:-1]
    if not isinstance(index, pd.DatetimeIndex):
        if (steps == steps[0]).all():
            first, step = int(index[0]), int(steps[0])
            stop = first + step * len(index)
            return frame.set_axis(pd.RangeIndex(first, stop, step, name=index.name))
    else:
        # Not `infer_freq`: pandas 3.1 warns that its type will change.
        known = pd.DatetimeIndex(index, freq="infer")
        if known.freq is not None:
            return frame.set_axis(known)
        for unit in ("M", "Q", "Y"):  # the 15th of each month is no frequency
            periods = index.tz_localize(None).to_period(unit)
            if (np.diff(periods.asi8) == 1).all():
                return frame.set_axis(periods)
    usual = pd.Series(steps).mode()[0]
    odd = steps > 1.5 * usual
    row = int(np.argmax(odd if odd.any() else steps != usual))
    raise UsageError(
        f"gap in time column {index.name!r}: {_report.label(index[row])} is followed "
        f"by {_report.label(index[row + 1])}, where most steps are "
        f"{_report.label(usual)}: fill it, or drop the column to count rows"
    )
