"""Checks of a series: its length, its target columns and its time index."""

import numbers

import numpy as np

from skcnnlstm._utils.validation.parameters import type_name
from skcnnlstm._utils.validation.tables import (
    has_labels,
    polars_dates,
    to_pandas_first,
)

# Values of `pandas.Index.inferred_type` for labels that can be ordered in time.
TIME_TYPES = frozenset(
    {"datetime64", "datetime", "date", "time", "period"}
    | {"timedelta64", "timedelta", "integer", "floating"}
)


def remedy_for_short_series(n_rows, horizon):
    """Return a remedy for a series that is too short for a window and its target.

    The remedy is a shorter horizon if the horizon alone takes all rows. Otherwise, it
    is shorter windows.
    """
    only_horizon = horizon > 1 and horizon >= n_rows
    return "a shorter horizon" if only_horizon else "shorter windows"


def check_enough_rows(n_rows, window_length, horizon):
    """Raise if a series is too short for one window and its target."""
    needed = window_length + horizon
    if n_rows < needed:
        columns = ""
        if n_rows == 1:
            columns = " If its columns are the steps, use numpy.transpose(series)."
        raise ValueError(
            "series must have at least window_length + horizon rows: got "
            f"{n_rows} rows, window_length={window_length}, horizon={horizon}. Use a "
            f"series of {needed} rows or more, or "
            f"{remedy_for_short_series(n_rows, horizon)}.{columns}"
        )


def check_target(target, n_columns, names=None, *, name="target"):
    """Return the positions of the target columns, given by position or by name.

    Parameters
    ----------
    target : int, str, list of these or None
        Value of the parameter. None selects every column.
    n_columns : int
        Number of columns of the series.
    names : sequence or None, default=None
        Column names of the series, if it has any.
    name : str, default="target"
        Name of the parameter in messages.
    """
    if target is None:
        return list(range(n_columns))
    is_list = isinstance(target, (list, tuple, np.ndarray)) or hasattr(target, "tolist")
    columns = list(target) if is_list and np.ndim(target) else [target]
    if not columns:
        raise ValueError(
            f"{name} must select at least one column: got {name}=[]. Use a column, a "
            "list of columns, or None for all columns."
        )
    return [_column_position(column, n_columns, names, name) for column in columns]


def _column_position(column, n_columns, names, parameter):
    got = f"got {parameter}={column!r}"
    if isinstance(column, numbers.Integral) and not isinstance(column, bool):
        if -n_columns <= column < n_columns:
            return int(column) % n_columns
        message = (
            f"{parameter} must be a column of the series: got {parameter}={column} and "
            f"{n_columns} column(s). Use a position from 0 to {n_columns - 1}."
        )
        labels = [] if names is None else list(names)
        if column in labels:
            message += (
                " An integer is always a position. The column with the label "
                f"{column} is at position {labels.index(column)}."
            )
        raise ValueError(message)
    if not isinstance(column, str):
        raise TypeError(
            f"{parameter} must be a column position or name, a list of them, or None: "
            f"{got} ({type_name(column)}). Use an integer or a name."
        )
    if names is None:
        raise ValueError(
            f"{parameter} must be a position if the series has no column names: {got}. "
            f"Use a position from 0 to {n_columns - 1}, or pass a pandas DataFrame."
        )
    found = [i for i, name in enumerate(names) if name == column]
    if not found:
        raise ValueError(
            f"{parameter} must be the name of a column of the series: {got}. Use one "
            f"of {', '.join(map(repr, names))}."
        )
    if len(found) > 1:
        raise ValueError(
            f"{parameter} must be the name of exactly one column: {got}, which is the "
            f"name of {len(found)} columns. Use a position, such as {found[0]}."
        )
    return found[0]


def check_time_index(X, *, name="X", ids=False):
    """Return the pandas index of `X`, or None if `X` has no index of times or integers.

    Parameters
    ----------
    X : array-like
        Rows. Only pandas objects have an index.
    name : str, default="X"
        Name of the rows in messages.
    ids : bool, default=False
        Whether messages may recommend the parameter `id_column`.

    Raises
    ------
    ValueError
        If the index has several levels, a missing label or duplicates.
    """
    index = getattr(X, "index", None)
    if index is None or not has_labels(X):
        return None
    if getattr(index, "nlevels", 1) > 1:
        raise ValueError(
            f"{name} must have one time index: got an index of {index.nlevels} levels. "
            f"{_remedy_for_levels(index, name, ids)}."
        )
    if index.inferred_type not in TIME_TYPES:
        return None
    if index.hasnans:
        raise ValueError(
            f"{name} must have a time for each row: got an index with a missing label. "
            f"Drop rows without a label: {name}[{name}.index.notna()]."
        )
    index = refresh_index(index)
    if not index.is_unique:
        label = index[index.duplicated()][0]
        id_column = ", or set id_column if they belong to several series" if ids else ""
        mean, dates = f"{name}.groupby(level=0).mean()", polars_dates(X)
        if dates is not None:
            mean = f"{name}.group_by({dates!r}, maintain_order=True).mean()"
        first = to_pandas_first(X, name) if dates is None else ""
        raise ValueError(
            f"{name} must have one row for each time: got an index with the label "
            f"{label} more than once. Drop the duplicates, or average them with "
            f"{mean}{id_column}.{first}"
        )
    return index


def refresh_index(index):
    """Return an equal index with a correct `is_unique`.

    In pandas 2, a slice may have the `is_unique` of the whole index.
    """
    return index if index.is_unique else index.take(np.arange(len(index)))


def _remedy_for_levels(index, name, ids):
    """Return the remedy for a MultiIndex: code that makes an index of one level."""
    names = [str(level).lower() for level in index.names]
    if names in (["year", "month"], ["year", "month", "day"]):
        parts = f"{name}.index.to_frame(index=False)"
        if len(names) == 2:
            parts += ".assign(day=1)"
        return f"Join them: {name}.set_axis(pandas.to_datetime({parts}))"
    for level in range(index.nlevels):
        others = [i for i in range(index.nlevels) if i != level]
        is_constant = [index.get_level_values(i).nunique() == 1 for i in others]
        if index.levels[level].inferred_type in TIME_TYPES and all(is_constant):
            return f"Drop the other levels: {name}.droplevel({others})"
    return (
        "Use one series at a time, and drop the other levels "
        f"({name}.droplevel(...)){_reset_index_remedy(index, name, ids)}"
    )


def _reset_index_remedy(index, name, ids):
    """Return the remedy to use a level of a MultiIndex as `id_column`.

    Return an empty text if `ids` is False, or if there is not exactly one level without
    times, or if this level has no name.
    """
    id_levels = [
        index.names[level]
        for level in range(index.nlevels)
        if index.levels[level].inferred_type not in TIME_TYPES
    ]
    if not ids or len(id_levels) != 1 or id_levels[0] is None:
        return ""
    level = id_levels[0]
    code = f"{name}.reset_index({level!r}), id_column={level!r}"
    return f", or fit all series at once: {code}"


def check_time_order(index, *, name="X", table=None, folds=False):
    """Raise if a time index is not in ascending order.

    Two parameters change only the message: `table` is the table with this index, and
    `folds` is whether the rows may come from a fold of a cross-validation.
    """
    if index is None or index.is_monotonic_increasing:
        return
    try:
        ascends = np.asarray(index[1:] > index[:-1])
    except TypeError:
        raise ValueError(
            f"{name} must have a time zone in all times or in none: got an index with "
            f"both kinds. Use {name}.set_axis(pandas.to_datetime({name}.index, "
            "utc=True))."
        ) from None
    row = int(np.flatnonzero(~ascends)[0]) + 1
    dates = polars_dates(table)
    sort = "sort_index()" if dates is None else f"sort({dates!r})"
    in_order = ""
    if folds:
        in_order = " In a search or cross-validation, use cv=TimeSeriesSplit()."
    first = to_pandas_first(table, name) if dates is None else ""
    raise ValueError(
        f"{name} must be in time order: got an unsorted index, in which row {row} "
        f"(label {index[row]}) is earlier than the row before it. Use {name}.{sort}."
        f"{in_order}{first}"
    )
