"""Read a series from a CSV file: choose columns, check values, order rows by time."""

import io
import re
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from skcnnlstm.cli.options import UsageError, file_hint
from skcnnlstm.cli.read_dates import (
    lacks_year,
    read_column,
    season_length,
    strip_cells,
    with_equal_steps,
)
from skcnnlstm.cli.read_numbers import check_numbers, is_missing, read_numbers
from skcnnlstm.cli.report import format_label
from skcnnlstm.cli.time_parts import join_time_parts

# Columns that count rows or hold parts of dates; the first is pandas' row labels.
_NO_TARGETS = re.compile(
    r"unnamed: 0|date|time|timestamp|year|quarter|month|week|day|weekday|hour|minute",
    re.IGNORECASE,
)
_TIME_NAMES = re.compile("date|time|month|day|period|quarter|^ds$|^ts$", re.IGNORECASE)
NO_COLUMN = "none"  # the value of --time-column that numbers the rows


class InputSeries(NamedTuple):
    """A checked series to forecast."""

    frame: pd.DataFrame  # one float column for each target, rows in time order
    name: str
    unit: str  # of the targets
    notes: list  # lines that report what was chosen
    season_length: int | None  # of the steps; None if it is unknown


def read_series(
    file, time_column=None, target_columns=None, *, date_format=None, decimal=None
):
    """Read and check the series that the options select.

    `file` is a path; None loads the airline series. For the other parameters, None
    means: the first column of times at equal steps, or else of integers, as time column
    ("none" numbers the rows); all other numeric columns as targets; the date format and
    the decimal mark that fit.
    """
    if file is None:
        from skcnnlstm.datasets import load_airline

        table = load_airline().reset_index().astype(str)
        source, name = "the airline series", "Airline passengers"
        time_column, target_columns = (
            time_column or "month",
            target_columns or ["passengers"],
        )
    else:
        table = _read_table(file)
        source, name = file, Path(file).stem
    columns = list(table.columns)
    is_numbered = time_column == NO_COLUMN and NO_COLUMN not in columns
    for column in [time_column, *(target_columns or ())]:
        if column not in (None, *columns) and not (is_numbered and column == NO_COLUMN):
            raise UsageError(
                f"no column {column!r} in {source}. Its columns are "
                f"{_join_names(columns)}{file_hint(column)}"
            )
    targets = list(dict.fromkeys(target_columns or ()))
    if time_column in targets:
        raise UsageError(
            f"column {time_column!r} cannot be both the time column and a target"
        )
    numbers = {column: read_numbers(table[column], decimal) for column in columns}
    notes = []
    if is_numbered:
        time_column = None
        notes.append("time column: none, rows are numbered")
    elif time_column is None:
        time_column, note, parts = _find_time_column(
            table, targets, numbers, date_format
        )
        columns = [column for column in columns if column not in parts]
        notes.append(f"time column: {note}")
    if not targets:
        others = [column for column in columns if column != time_column]
        numeric = [column for column in others if _is_numeric(table, numbers, column)]
        targets = [c for c in numeric if not _NO_TARGETS.fullmatch(c)]
        if len(targets) > 1 and targets[0] == table.columns[0]:
            targets = targets[_counts(numbers[targets[0]][0]) :]
        targets = targets or numeric
        if not targets:
            last = table[columns[-1]]
            raise UsageError(
                f"no column of numbers in {source}: {_join_names(columns)}. Column "
                f"{last.name!r} holds {_cell(last, ~is_missing(last).to_numpy())}"
            )
        notes.append(f"target columns: {_join_names(targets)}")
        parts = [column for column in numeric if column not in targets]
        if parts:
            notes.append(
                f"columns that count rows or time, not used: {_join_names(parts)}"
            )
        left_out = [column for column in others if column not in numeric]
        if left_out:
            notes.append(f"columns without numbers, not used: {_join_names(left_out)}")
    frame = _read_targets(table, targets, numbers, decimal)
    if time_column is not None:
        frame.index = _read_times(table[time_column], date_format)
        if not frame.index.is_monotonic_increasing:
            frame = frame.sort_index(kind="stable")
            notes.append(f"rows were sorted by {time_column}")
        frame.index = with_equal_steps(frame.index).rename(time_column)
    n_missing = int(frame.isna().to_numpy().sum())
    if n_missing:
        notes.append(f"missing values: {n_missing}, which the networks mask")
    unit = targets[0] if len(targets) == 1 else "the unit of each column"
    unit = "thousands of passengers" if file is None else unit
    return InputSeries(frame, name, unit, notes, season_length(frame.index))


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
    text = re.sub(r"\Asep=.\s+", "", text)  # the first line of files for Excel
    header, _, rows = text.lstrip().partition("\n")
    separator = _find_separator(header, rows.partition("\n")[0])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # Without index_col=False a surplus field makes the first column an index.
            table = pd.read_csv(
                io.StringIO(text),
                sep=separator,
                index_col=False,
                dtype=str,
                keep_default_na=False,
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
    table = table[(table != "").any(axis=1)]  # spreadsheets append empty rows
    if not len(table):
        raise UsageError(f"{file} has a header but no rows")
    table.attrs["separator"] = separator
    return table


def _find_separator(header, row):
    """Return the mark between fields.

    A comma may be part of a name or a decimal mark in a file with another mark.
    """
    for mark in ";\t|":
        if 0 < header.count(mark) == row.count(mark):
            return mark
    return next((mark for mark in ",;\t|" if mark in header), ",")


def _join_names(names):
    shown = ", ".join(map(str, names[:20]))
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def _cell(column, mask):
    """Return the value and the row of the first True of `mask`, for messages."""
    row = int(np.argmax(mask))
    return f"{str(column.iloc[row])!r} in row {row + 1}"


def _is_numeric(table, numbers, column):
    """Return whether more than half of the cells that hold a value are numbers."""
    known = ~is_missing(table[column]).to_numpy()
    return known.any() and np.mean(~np.isnan(numbers[column][0][known])) > 0.5


def _has_decimal_points(column):
    """Return whether points in a column cannot be marks between thousands."""
    numbers, with_commas = (read_numbers(column, mark)[0] for mark in ".,")
    return bool((np.isnan(with_commas) & ~np.isnan(numbers)).any())


def _find_time_column(table, targets, numbers, date_format):
    """Return the column of times, or None; a note; and the columns it is joined from.

    Times at equal steps come first, in one column or in several such as year and month.
    Then follow other dates, and then a first column that counts.
    """
    columns = [column for column in table.columns if column not in targets]
    dates = []
    for name in columns:
        is_text = not _is_numeric(table, numbers, name)
        # Numbers such as 200101 are dates in the first column, or by their name.
        if not (is_text or name == table.columns[0] or _TIME_NAMES.search(name)):
            continue
        reading = read_column(table[name], date_format)
        if reading is not None and reading.step is not None:
            others = [other for other in table.columns if other != name]
            if targets or any(_is_numeric(table, numbers, other) for other in others):
                return name, name, []
        if reading is not None and is_text and reading.times.notna().mean() > 0.5:
            dates.append(name)
    found = None if date_format else join_time_parts(table[columns])
    if found is not None:
        joined, parts = found
        reading = read_column(joined)
        others = [column for column in columns if column not in parts]
        has_targets = targets or any(_is_numeric(table, numbers, c) for c in others)
        if has_targets and reading is not None and reading.step is not None:
            table[joined.name] = joined
            return joined.name, f"joined from {_join_names(parts)}", parts
    if dates:
        return dates[0], dates[0], []
    if date_format is not None:
        raise UsageError(
            f"no column has dates of the format {date_format!r}. Correct "
            "--date-format, or leave it out"
        )
    first = table.columns[0]
    if columns[:1] == [first]:
        if lacks_year(table[first]):
            return None, f"none, {first} has no year and rows are numbered", []
        others = targets or [c for c in columns[1:] if _is_numeric(table, numbers, c)]
        if others and _counts(numbers[first][0]):
            return first, first, []
    return None, "none, rows are numbered", []


def _counts(values):
    """Return whether values are whole numbers at equal steps above 0."""
    steps = np.diff(values)
    rises = len(steps) and steps[0] > 0 and (steps == steps[0]).all()
    return bool(rises and (values == np.round(values)).all())


def _read_targets(table, targets, numbers, decimal):
    """Return the targets as a frame of floats; NaN where a cell is missing."""
    marks = {
        mark for name, (_, mark) in numbers.items() if _is_numeric(table, numbers, name)
    }
    frame = {}
    for name in targets:
        values, mark = numbers[name]
        if decimal is None and mark != "," and "," in marks:
            # "1.234" is ambiguous: use the decimal mark of the other columns.
            with_commas, _ = read_numbers(table[name], ",")
            if not np.isnan(with_commas[~np.isnan(values)]).any():
                values, mark = with_commas, ","
        sign, sign_name = ",", "comma"
        if decimal is None and mark == "." and table.attrs.get("separator") == ";":
            # Such files often have decimal commas; then the point groups thousands.
            others = [c for c in numbers if _is_numeric(table, numbers, c)]
            if not any(_has_decimal_points(table[c]) for c in others):
                with_commas, _ = read_numbers(table[name], ",")
                mark = mark if np.array_equal(values, with_commas, True) else None
                sign, sign_name = ".", "point"
        if mark is None:
            first = table[name].str.contains(sign, regex=False).to_numpy()
            raise UsageError(
                f"column {name!r} is ambiguous: the {sign_name} of "
                f"{_cell(table[name], first)} can be a decimal mark or a thousands "
                'separator. Use --decimal "," or --decimal "."'
            )
        check_numbers(table[name], values, decimal, _cell)
        if np.isnan(values).all():
            raise UsageError(
                f"column {name!r} must hold numbers: got only missing cells"
            )
        frame[name] = values
    return pd.DataFrame(frame)


def _read_times(column, date_format):
    """Return a time column as an index, in the order of the rows."""
    name, missing = column.name, is_missing(column).to_numpy()
    if missing.any():
        raise UsageError(
            f"time column {name!r} has no value in row {np.argmax(missing) + 1}"
        )
    reading = read_column(column, date_format)
    cells = strip_cells(column)
    is_integer = cells.str.fullmatch(r"[-+]?\d{1,18}").all()
    if is_integer and (reading is None or reading.step is None):
        index = pd.Index(cells.astype("int64"), name=name)
    else:
        wrong = np.ones(len(column), dtype=bool)
        if reading is not None:
            wrong = reading.times.isna().to_numpy()
        if wrong.any():
            raise UsageError(
                f"time column {name!r} must hold dates, times or integers: got "
                f"{_cell(column, wrong)}. Use --date-format, or --time-column none"
            )
        index = pd.DatetimeIndex(reading.times, name=name)
    duplicated = index.duplicated()
    if duplicated.any():
        label = index[duplicated][0]
        rows = " and ".join(map(str, np.flatnonzero(index == label)[:2] + 1))
        raise UsageError(
            f"time column {name!r} must hold each time once: got "
            f"{format_label(label)} in rows {rows}"
        )
    return index
