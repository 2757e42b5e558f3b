"""Read a series from a CSV file: choose columns, check values, order rows by time."""

import contextlib
import io
import re
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from skcnnlstm.cli.options import UsageError, file_hint
from skcnnlstm.cli.read_dates import (
    insert_missing_steps,
    lacks_year,
    read_column,
    season_length,
    strip_cells,
    with_equal_steps,
)
from skcnnlstm.cli.read_numbers import check_numbers, is_missing, read_numbers
from skcnnlstm.cli.report import format_label
from skcnnlstm.cli.time_parts import join_time_parts

# Names of columns that count rows or hold parts of dates. pandas writes row labels
# without a name, and reads them as "Unnamed: 0".
_NO_TARGETS = re.compile(
    r"unnamed: 0|date|time|timestamp|year|quarter|month|week|day|weekday|hour|minute"
    r"|year[ _-]?(week|month|quarter)",
    re.IGNORECASE,
)
_TIME_NAMES = re.compile(
    "date|time|month|week|day|period|quarter|^ds$|^ts$", re.IGNORECASE
)
NO_COLUMN = "none"  # the value of --time-column that numbers the rows


class InputSeries(NamedTuple):
    """One or many checked series to forecast."""

    # Rows in time order, by the name of the series (None for a single series). The
    # columns are floats: the targets, then the past covariates.
    frames: dict[str | None, pd.DataFrame]
    name: str
    unit: str  # of the targets
    notes: list  # lines that report what was chosen
    season_length: int | None  # of the steps; None if it is unknown
    targets: list[str]
    # Covariates that are known ahead, also for later rows; None without any.
    exogs: dict[str | None, pd.DataFrame] | None = None
    id_column: str | None = None

    @property
    def frame(self):
        """The rows of the single series, or of the first of many."""
        return next(iter(self.frames.values()))


class Columns(NamedTuple):
    """The columns that the user named by options; None or empty means the default."""

    time: str | None = None
    targets: list[str] | None = None
    past: tuple[str, ...] = ()
    exog: tuple[str, ...] = ()
    id: str | None = None

    @property
    def named(self):
        """All columns that the user named."""
        return [self.time, *(self.targets or ()), *self.past, *self.exog, self.id]


def read_series(
    file,
    time_column=None,
    target_columns=None,
    *,
    past_covariates=(),
    exog=(),
    id_column=None,
    date_format=None,
    decimal=None,
    encoding=None,
    skip_rows=0,
):
    """Read and check the series that the options select.

    Parameters
    ----------
    file : str or None
        Path of the file. None loads the airline series.
    time_column : str or None, default=None
        "none" numbers the rows. None means the column that `_find_time_column` chooses.
    target_columns : list of str or None, default=None
        None means all numeric columns without another role, except those that count
        rows or time.
    past_covariates, exog : sequence of str, default=()
        Names of past covariates, and of covariates that are known ahead.
    id_column : str or None, default=None
        Column that names the series of each row. None means one series.
    date_format, decimal : str or None, default=None
        Format of the times, and decimal mark. None infers them from the cells.
    encoding : str or None, default=None
        None means UTF-8.
    skip_rows : int, default=0
        Number of lines above the column names to leave out.

    Returns
    -------
    series : InputSeries
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
        table = _read_table(file, encoding, skip_rows)
        source, name = file, Path(file).stem
    targets = list(dict.fromkeys(target_columns or ()))
    chosen = Columns(
        time_column, targets, tuple(past_covariates), tuple(exog), id_column
    )
    is_numbered = _check_named(chosen, list(table.columns), source)
    numbers = {column: read_numbers(table[column], decimal) for column in table.columns}
    parts = _split_series(table, id_column)
    first = next(iter(parts.values()))
    chosen, notes, time_parts = _choose_columns(
        table.iloc[first],
        {name: (values[first], mark) for name, (values, mark) in numbers.items()},
        chosen,
        is_numbered,
        date_format,
        source,
    )
    if time_parts:
        table[chosen.time] = join_time_parts(table[time_parts])[0]
    columns = [*chosen.targets, *chosen.past]
    values = _read_targets(table, [*columns, *chosen.exog], numbers, decimal)
    times = None
    if chosen.time is not None:
        times = _read_times(table[chosen.time], date_format, several=len(parts) > 1)
    frames, exogs, found = {}, {}, []
    for key, rows in parts.items():
        with _naming(key):
            index = None if times is None else times[rows]
            frame, more = _order_rows(values.iloc[rows], index, chosen)
            known, ahead = _split_ahead(frame, chosen)
            frames[key], exogs[key] = known[columns], ahead
        found += [note for note in more if note not in found]
    notes += found
    if id_column is not None:
        notes.insert(0, f"series: {len(frames)}, named by column {id_column}")
    n_missing = sum(int(one.isna().to_numpy().sum()) for one in frames.values())
    if n_missing:
        notes.append(f"missing values: {n_missing}, which the networks mask")
    unit = "the unit of each column"
    if len(chosen.targets) == 1:
        unit = "thousands of passengers" if file is None else chosen.targets[0]
    season = season_length(next(iter(frames.values())).index)
    return InputSeries(
        frames,
        name,
        unit,
        notes,
        season,
        chosen.targets,
        exogs if chosen.exog else None,
        id_column,
    )


def _check_named(chosen, columns, source):
    """Raise if a named column does not exist, or has more than one role.

    Return whether the rows are numbered because of ``--time-column none``.
    """
    is_numbered = chosen.time == NO_COLUMN and NO_COLUMN not in columns
    for column in chosen.named:
        if column not in (None, *columns) and not (is_numbered and column == NO_COLUMN):
            raise UsageError(
                f"no column {column!r} in {source}. Its columns are "
                f"{_join_names(columns)}{file_hint(column)}"
            )
    roles = {
        "the time column": [] if is_numbered else [chosen.time],
        "a target": chosen.targets,
        "a past covariate": chosen.past,
        "known ahead": chosen.exog,
        "the id column": [chosen.id],
    }
    used = {}
    for role, names in roles.items():
        for name in names:
            if name is not None and used.setdefault(name, role) != role:
                raise UsageError(
                    f"column {name!r} cannot be both {used[name]} and {role}. "
                    "Name it in one option only"
                )
    return is_numbered


def _split_series(table, id_column):
    """Return the row numbers of each series, by its name.

    The name of a single series is None.
    """
    if id_column is None:
        return {None: np.arange(len(table))}
    missing = is_missing(table[id_column]).to_numpy()
    if missing.any():
        raise UsageError(
            f"id column {id_column!r} must have a value in each row: got none in row "
            f"{np.argmax(missing) + 1}. Fill in the value, or remove the row"
        )
    codes, names = pd.factorize(table[id_column].str.strip())
    return {name: np.flatnonzero(codes == code) for code, name in enumerate(names)}


@contextlib.contextmanager
def _naming(key):
    """Add the name of a series to an error, unless the name is None."""
    try:
        yield
    except UsageError as error:
        raise error if key is None else UsageError(f"series {key!r}: {error}") from None


def _choose_columns(table, numbers, chosen, is_numbered, date_format, source):
    """Choose the columns that the user did not name.

    Return all columns to use, notes about the choice, and the names of the columns that
    must be joined to get the times. There are no such names for a single time column.
    """
    notes, parts, columns = [], [], list(table.columns)
    others = {*chosen.past, *chosen.exog, chosen.id}
    if is_numbered:
        chosen = chosen._replace(time=None)
        notes.append("time column: none, rows are numbered")
    elif chosen.time is None:
        left = table.drop(columns=[name for name in others if name is not None])
        time_column, note, parts = _find_time_column(
            left, chosen.targets, numbers, date_format
        )
        columns = [column for column in columns if column not in parts]
        chosen = chosen._replace(time=time_column)
        notes.append(f"time column: {note}")
    if chosen.targets:
        return chosen, notes, parts
    others = [c for c in columns if c != chosen.time and c not in others]
    numeric = [column for column in others if _is_numeric(table, numbers, column)]
    targets = [c for c in numeric if not _NO_TARGETS.fullmatch(c)]
    if len(targets) > 1 and targets[0] == table.columns[0]:
        targets = targets[_counts(numbers[targets[0]][0]) :]
    targets = targets or numeric
    if not targets:
        last = table[columns[-1]]
        raise UsageError(
            f"no column of numbers in {source}. Its columns are "
            f"{_join_names(columns)}. Column {last.name!r} holds "
            f"{_cell(last, ~is_missing(last).to_numpy())}. Remove units and other text "
            "from its cells, or replace categories by numbers"
        )
    notes.append(f"target columns: {_join_names(targets)}")
    counting = [column for column in numeric if column not in targets]
    if counting:
        names = _join_names(counting)
        notes.append(f"columns that count rows or time, not used: {names}")
    left_out = [column for column in others if column not in numeric]
    if left_out:
        notes.append(f"columns without numbers, not used: {_join_names(left_out)}")
    return chosen._replace(targets=targets), notes, parts


def _order_rows(frame, index, chosen):
    """Return the rows in time order and at equal steps, and notes about changes.

    If `index` is None, the rows are numbered in the order of the file.
    """
    notes = []
    if index is None:
        return frame.reset_index(drop=True), notes
    check_distinct(index, chosen.time, chosen.id)
    frame = frame.set_axis(index)
    if not index.is_monotonic_increasing:
        frame = frame.sort_index(kind="stable")
        notes.append(f"rows were sorted by {chosen.time}")
    frame, n_inserted = insert_missing_steps(frame)
    if n_inserted:
        notes.append(
            f"missing rows: {n_inserted}, inserted in {chosen.time} without values"
        )
    frame.index = with_equal_steps(frame.index).rename(chosen.time)
    return frame, notes


def _split_ahead(frame, chosen):
    """Return the rows up to the last known target, and all rows of the covariates.

    Without covariates that are known ahead, return all rows and None.
    """
    if not chosen.exog:
        return frame, None
    known = frame[chosen.targets].notna().any(axis=1).to_numpy()
    if not known.any():
        raise UsageError(
            f"columns {_join_names(chosen.targets)} must hold numbers: got only "
            "missing cells. Choose other columns with --target-columns"
        )
    last = len(known) - np.argmax(known[::-1])
    return frame.iloc[:last], frame[list(chosen.exog)]


def _read_table(file, encoding=None, skip_rows=0):
    """Read a CSV file with commas, semicolons or tabs as separators."""
    try:
        text = Path(file).read_text(encoding=encoding or "utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"no such file: {file}") from None
    except IsADirectoryError:
        raise UsageError(
            f"{file} is a folder, not a CSV file. Name a file in it"
        ) from None
    except LookupError:
        raise UsageError(
            f"--encoding must be a codec of Python: got {encoding!r}. Use utf-8, "
            "latin-1 or utf-16"
        ) from None
    except UnicodeError:
        raise UsageError(
            f"{file} is not a text file in {encoding or 'UTF-8'}. Use --encoding with "
            "its encoding, such as latin-1 or utf-16, or save it as UTF-8"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    text = "\n".join(text.split("\n")[skip_rows:])
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
        raise UsageError(
            f"{file} is empty. Use a file with column names and a row per time step"
        ) from None
    except pd.errors.ParserWarning:
        raise UsageError(
            f"rows of {file} have more fields than its first line, {header.strip()!r}. "
            "If there are lines above the column names, skip them with --skip-rows N. "
            f"Put values that contain {separator!r} in double quotes"
        ) from None
    except pd.errors.ParserError as error:
        raise UsageError(
            f"{file} is not a CSV table: {error}. If there are lines above the column "
            "names, skip them with --skip-rows N"
        ) from None
    is_unnamed = table.columns.str.startswith("Unnamed: ")
    holds_values = (table != "").any().to_numpy()  # spreadsheets append empty columns
    if (is_unnamed & holds_values).sum() > (~is_unnamed).sum():
        raise UsageError(
            f"the first line of {file} must hold column names: got {header.strip()!r}. "
            "If the names are in a later line, skip the lines above with --skip-rows N"
        )
    if all(re.match(r"[-+.]?\d", name) for name in table.columns):
        raise UsageError(
            f"the first line of {file} must hold column names: got {header.strip()}. "
            "Insert a line with a name for each column"
        )
    names = table.columns.str.strip()
    if names.is_unique:  # pandas numbers names that occur twice
        table.columns = names
    table = table[(table != "").any(axis=1)]  # spreadsheets append empty rows
    if not len(table):
        raise UsageError(f"{file} has a header but no rows. Add a row per time step")
    table.attrs["separator"] = separator
    return table


def _find_separator(header, row):
    """Return the separator of the fields, by the header and the first row.

    Semicolons, tabs and bars are tried before commas, because a comma may also be a
    decimal mark or part of a name.
    """
    for mark in ";\t|":
        if 0 < header.count(mark) == row.count(mark):
            return mark
    return next((mark for mark in ",;\t|" if mark in header), ",")


def _join_names(names):
    shown = ", ".join(map(str, names[:20]))
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def _cell(column, mask):
    """Describe the first cell where `mask` is True, by its value and row."""
    row = int(np.argmax(mask))
    return f"{str(column.iloc[row])!r} in row {row + 1}"


def _is_numeric(table, numbers, column):
    """Return whether more than half of the cells that hold a value are numbers."""
    known = ~is_missing(table[column]).to_numpy()
    return known.any() and np.mean(~np.isnan(numbers[column][0][known])) > 0.5


def _has_decimal_points(column):
    """Return whether a cell has a point that can only be a decimal mark."""
    numbers, with_commas = (read_numbers(column, mark)[0] for mark in ".,")
    return bool((np.isnan(with_commas) & ~np.isnan(numbers)).any())


def _find_time_column(table, targets, numbers, date_format):
    """Return the time column, a note, and the columns that are joined to get it.

    The time column is None if the rows are numbered. The list of columns is empty if
    none are joined. The first of these that exists is chosen:

    1. a column of times at equal steps;
    2. several columns, such as year and month, that are joined to such times;
    3. a column of text in which most cells are dates;
    4. the first column, if it holds integers at equal steps.
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
            return None, f"none, rows are numbered: {first!r} has no year", []
        others = targets or [c for c in columns[1:] if _is_numeric(table, numbers, c)]
        if others and _counts(numbers[first][0]):
            return first, first, []
    return None, "none, rows are numbered", []


def _counts(values):
    """Return whether values are integers that increase by equal steps."""
    steps = np.diff(values)
    rises = len(steps) and steps[0] > 0 and (steps == steps[0]).all()
    return bool(rises and (values == np.round(values)).all())


def _read_targets(table, targets, numbers, decimal):
    """Return the columns `targets` as a frame of floats; NaN where a cell is missing.

    `numbers` holds the numbers and the decimal mark of each column, by name.
    """
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
            # Such files often have decimal commas. A point then separates thousands.
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
                f"column {name!r} must hold numbers: got only missing cells. Choose "
                "other columns"
            )
        frame[name] = values
    return pd.DataFrame(frame)


def _read_times(column, date_format, *, several=False):
    """Return a time column as an index, in the order of the rows.

    With several series, times may repeat. The format is then found from the distinct
    cells of all series.
    """
    name, missing = column.name, is_missing(column).to_numpy()
    if missing.any():
        raise UsageError(
            f"time column {name!r} must have a value in each row: got none in row "
            f"{np.argmax(missing) + 1}. Fill in the value, or remove the row"
        )
    cells, rows = strip_cells(column), np.arange(len(column))
    if several:
        rows, distinct = pd.factorize(cells)
        cells = pd.Series(distinct, name=name)
    reading = read_column(cells, date_format)
    is_integer = cells.str.fullmatch(r"[-+]?\d{1,18}").all()
    if is_integer and (reading is None or reading.step is None):
        return pd.Index(cells.astype("int64"), name=name)[rows]
    wrong = np.ones(len(cells), dtype=bool)
    if reading is not None:
        wrong = reading.times.isna().to_numpy()
    if wrong.any():
        remedy = "Use --date-format, or --time-column none"
        if 2 * wrong.sum() < len(wrong):
            remedy = "Correct the cell, or remove the row"
        raise UsageError(
            f"time column {name!r} must hold dates, times or integers: got "
            f"{_cell(column, wrong[rows])}. {remedy}"
        )
    return pd.DatetimeIndex(reading.times, name=name)[rows]


def check_distinct(index, name, id_column=None):
    """Raise if a time occurs more than once in the rows of one series."""
    duplicated = index.duplicated()
    if duplicated.any():
        label = index[duplicated][0]
        rows = " and ".join(map(str, np.flatnonzero(index == label)[:2] + 1))
        n_more = int(duplicated.sum()) - 1
        more = f", and {n_more} more duplicate{'s' * (n_more > 1)}" if n_more else ""
        remedy = "Remove the duplicates"
        if id_column is None:
            remedy += ", or use --id-column if the rows are of several series"
        if isinstance(index, pd.DatetimeIndex) and (index != index.normalize()).any():
            remedy += ". If the clocks were set back, write the times in UTC"
        raise UsageError(
            f"time column {name!r} must hold each time once: got "
            f"{format_label(label)} in rows {rows}{more}. {remedy}"
        )
