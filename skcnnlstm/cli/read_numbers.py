"""Read a column of a CSV file as numbers."""

import numpy as np
import pandas as pd

from skcnnlstm.cli.options import UsageError

MISSING = frozenset(["", "na", "n/a", "nan", "null", "none", "?", "-", "#n/a", "<na>"])
MISSING |= {".", "..", "--"}  # of FRED, the World Bank and others
_MARKS = {".": ",", ",": "."}  # from decimal mark to thousands separator
_NOT_DIGITS = r"[\s€$£¥%']|^[A-Z]{3}(?=[\s\d])|(?<=\d)\s*[A-Z]{3}$"


def is_missing(column):
    """Return a mask of the cells that hold no value."""
    return column.str.strip().str.lower().isin(MISSING)


def read_numbers(column, decimal=None):
    """Read a column of text as numbers; return them and the decimal mark.

    Currency signs, percent signs and thousands separators are ignored. A number in
    parentheses is negative, as in accounting. Missing cells and text are NaN. With
    ``decimal=None``, the mark is the one that reads most cells as numbers. It is None
    if both marks read equally many cells, but as different numbers.
    """
    if decimal is not None:
        return _read(column, decimal), decimal
    point = _read(column, ".")
    if not column.str.contains(",").any():
        return point, "."
    comma = _read(column, ",")
    n_point, n_comma = np.isfinite(point).sum(), np.isfinite(comma).sum()
    if n_point == n_comma and not np.array_equal(point, comma, equal_nan=True):
        return point, None
    return (comma, ",") if n_comma > n_point else (point, ".")


def _read(column, decimal):
    cells = column.str.strip().str.replace(_NOT_DIGITS, "", regex=True)
    cells = cells.str.replace("\u2212", "-", regex=False)  # the minus sign of Unicode
    cells = cells.str.replace(r"^\((\d[\d.,]*)\)$", r"-\1", regex=True)  # accounting
    thousands = _MARKS[decimal]
    grouped = rf"([-+]?[1-9]\d{{0,2}}(?:\{thousands}\d{{3}})+(?:\{decimal}\d*)?)"
    is_grouped = cells.str.fullmatch(grouped)
    cells = cells.where(~is_grouped, cells.str.replace(thousands, "", regex=False))
    if decimal == ",":
        # A point that is no thousands separator makes the cell text.
        cells = cells.str.replace(".", "x", regex=False)
        cells = cells.str.replace(",", ".", regex=False)
    cells = cells.where(~is_missing(column))
    return pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float)


def check_numbers(column, numbers, decimal, cell):
    """Raise if a cell is neither missing nor a finite number."""
    wrong = np.isnan(numbers) & ~is_missing(column).to_numpy()
    if wrong.any():
        other = "," if decimal in (None, ".") else "."
        first = column[wrong].iloc[:1]
        hint = ". Correct the cell, or leave it empty for a missing value"
        if first.str.strip().iloc[0] == column.name:
            hint = ". Remove the row, which repeats the column names"
        if np.isfinite(_read(first, other)).all():
            hint = f". Read it with --decimal {other!r}"
        raise UsageError(
            f"column {column.name!r} must hold numbers: got {cell(column, wrong)}{hint}"
        )
    infinite = np.isinf(numbers)
    if infinite.any():
        raise UsageError(
            f"column {column.name!r} must be finite: got {cell(column, infinite)}. "
            "Replace infinite values by numbers, or leave the cells empty"
        )
