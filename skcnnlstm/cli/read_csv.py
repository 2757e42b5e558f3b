"""Read a series from a CSV file: choose columns, check values, order rows by time."""

import io
import re
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from skcnnlstm.cli.options import UsageError, file_hint
from skcnnlstm.cli.report import format_label


class InputSeries(NamedTuple):
    """A checked series to forecast."""

    frame: pd.DataFrame  # one float column for each target, rows in time order
    name: str
    unit: str  # of the targets
    notes: list  # lines that report what was chosen


def read_series(file, time_column, target_columns):
    """Read and check the series that the options select.

    Parameters
    ----------
    file : str or None
        Path of a CSV file; None loads the airline series.
    time_column : str or None
        None selects the first column of times, or else of equally spaced integers.
    target_columns : list of str or None
        None selects all other numeric columns.

    Returns
    -------
    series : InputSeries
    """
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
                f"no column {column!r} in {source}. Its columns are "
                f"{_join_names(columns)}{file_hint(column)}"
            )
    targets = list(dict.fromkeys(target_columns or ()))
    if time_column in targets:
        raise UsageError(
            f"column {time_column!r} cannot be the time column and a target"
        )
    notes = []
    if time_column is None:
        time_column = _find_time_column(table, targets)
        chosen = "none, rows are numbered" if time_column is None else time_column
        notes.append(f"time column: {chosen}")
    if not targets:
        others = [column for column in columns if column != time_column]
        targets = [
            column for column in others if _mostly_valid(_as_numbers(table[column]))
        ]
        if not targets:
            raise UsageError(
                f"no column of numbers in {source}: {_join_names(columns)}"
            )
        notes.append(f"target columns: {_join_names(targets)}")
        left_out = [column for column in others if column not in targets]
        if left_out:
            notes.append(f"columns without numbers, not used: {_join_names(left_out)}")
    frame = pd.DataFrame({target: _read_target(table[target]) for target in targets})
    if time_column is not None:
        frame.index = _read_times(table[time_column])
        if not frame.index.is_monotonic_increasing:
            frame = frame.sort_index(kind="stable")
            notes.append(f"rows were sorted by {time_column}")
    unit = targets[0] if len(targets) == 1 else "the unit of each column"
    return InputSeries(
        frame, name, "thousands of passengers" if file is None else unit, notes
    )


def _read_table(file):
    """Read a CSV file with commas, semicolons or tabs as separators."""
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"no such file: {file}") from None
    except IsADirectoryError:
        raise UsageError(f"{file} is a folder, not a CSV file") from None
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
        raise UsageError(f"{file} is not a CSV table: {error}") from None
    if all(re.match(r"[-+.]?\d", name) for name in table.columns):
        raise UsageError(
            f"the first line of {file} must hold column names: got {header.strip()}"
        )
    if not len(table):
        raise UsageError(f"{file} has a header but no rows")
    return table


def _join_names(names):
    shown = ", ".join(map(str, names[:20]))
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def _cell(column, mask):
    """Return the value and the row of the first True of `mask`, for messages."""
    row = int(np.argmax(mask))
    return f"{str(column.iloc[row])!r} in row {row + 1}"


def _as_numbers(column):
    return pd.to_numeric(column, errors="coerce")


def _as_times(column):
    """Read a column as times, day or month first; NaT for other values."""
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(pd.NaT, index=column.index)
    readings = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that pandas guesses the format
        warnings.simplefilter("error", FutureWarning)
        for settings in ({"format": "ISO8601"}, {}, {"dayfirst": True}):
            try:
                times = pd.to_datetime(column, errors="coerce", **settings)
            except (ValueError, FutureWarning):  # more than one offset from UTC
                times = pd.to_datetime(column, errors="coerce", utc=True, **settings)
            readings.append(times)
    return max(readings, key=lambda times: times.notna().sum())


def _mostly_valid(parsed):
    """Return whether more than half of the values could be read."""
    return parsed.notna().mean() > 0.5


def _find_time_column(table, targets):
    """Return the first column of times, or else a first column that counts, or None."""
    columns = [column for column in table.columns if column not in targets]
    for name in columns:
        if not _mostly_valid(_as_numbers(table[name])) and _mostly_valid(
            _as_times(table[name])
        ):
            return name
    first = table.iloc[:, 0]
    if columns[:1] == [first.name] and pd.api.types.is_integer_dtype(first):
        others = targets or [
            n for n in columns[1:] if _mostly_valid(_as_numbers(table[n]))
        ]
        steps = first.diff()[1:]
        if others and len(steps) and steps.iloc[0] > 0 and steps.nunique() == 1:
            return first.name
    return None


def _read_target(column):
    numbers = _as_numbers(column)
    missing = column.isna().to_numpy()
    text = numbers.isna().to_numpy() & ~missing
    if text.any():
        raise UsageError(
            f"column {column.name!r} must hold numbers: got {_cell(column, text)}"
        )
    if missing.any():
        raise UsageError(
            f"column {column.name!r} has no value in row {np.argmax(missing) + 1}. "
            "Fill it, or remove the rows up to it"
        )
    numbers = numbers.to_numpy(dtype=float)
    infinite = ~np.isfinite(numbers)
    if infinite.any():
        raise UsageError(
            f"column {column.name!r} must be finite: got {_cell(column, infinite)}"
        )
    return numbers


def _read_times(column):
    """Return a time column as an index, in the order of the rows."""
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
                f"time column {name!r} must hold dates, times or integers: got "
                f"{_cell(column, wrong)}"
            )
        index = pd.DatetimeIndex(times, name=name)
    duplicated = index.duplicated()
    if duplicated.any():
        label = index[duplicated][0]
        rows = " and ".join(map(str, np.flatnonzero(index == label)[:2] + 1))
        raise UsageError(
            f"time column {name!r} must hold each time once: got "
            f"{format_label(label)} in rows {rows}"
        )
    return index


def with_equal_steps(frame):
    """Return a frame with a regular index; raise an error if it has a gap."""
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
        # `infer_freq` warns in pandas 3.1 that its return type will change.
        known = pd.DatetimeIndex(index, freq="infer")
        if known.freq is not None:
            return frame.set_axis(known)
        for unit in ("M", "Q", "Y"):  # such as the 15th of each month
            periods = index.tz_localize(None).to_period(unit)
            if (np.diff(periods.asi8) == 1).all():
                return frame.set_axis(periods)
    usual = pd.Series(steps).mode()[0]
    unequal = steps > 1.5 * usual
    row = int(np.argmax(unequal if unequal.any() else steps != usual))
    raise UsageError(
        f"gap in time column {index.name!r}: {format_label(index[row])} is followed by "
        f"{format_label(index[row + 1])}, but most steps are {format_label(usual)}. "
        "Fill the gap, or remove the column to number the rows"
    )
