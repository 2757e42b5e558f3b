"""Series: enough rows, the target among their columns, and an index in time order."""

import numbers

import numpy as np

from skcnnlstm._utils.validation.parameters import kind_of

# pandas' names (`Index.inferred_type`) for labels that have an order in time.
TIME_TYPES = frozenset(
    {"datetime64", "datetime", "date", "time", "period"}
    | {"timedelta64", "timedelta", "integer", "floating"}
)


def what_to_shorten(n_rows, horizon):
    """Say what must be shorter for rows to hold a window and its target."""
    only_horizon = horizon > 1 and horizon >= n_rows
    return "a shorter horizon" if only_horizon else "shorter windows"


def check_enough_rows(n_rows, window_length, horizon):
    """Raise where a series is too short for a single window and its target."""
    needed = window_length + horizon
    if n_rows < needed:
        raise ValueError(
            "series must have at least window_length + horizon rows: got "
            f"{n_rows} rows, window_length={window_length}, horizon={horizon}. Use a "
            f"series of {needed} rows or more, or {what_to_shorten(n_rows, horizon)}."
        )


def check_target(target, n_columns, names=None, *, name="target"):
    """Return the positions of the target columns, given by position or by name."""
    if target is None:
        return list(range(n_columns))
    several = isinstance(target, (list, tuple, np.ndarray)) or hasattr(target, "tolist")
    wanted = list(target) if several and np.ndim(target) else [target]
    if not wanted:
        raise ValueError(
            f"{name} must name at least one column: got {name}=[]. Use a column, a "
            "list of columns, or None for all."
        )
    return [_target_position(one, n_columns, names, name) for one in wanted]


def _target_position(target, n_columns, names, parameter):
    if isinstance(target, numbers.Integral) and not isinstance(target, bool):
        if not -n_columns <= target < n_columns:
            message = (
                f"{parameter} must be a column of the series: got "
                f"{parameter}={target}, {n_columns} column(s). Use a position from 0 "
                f"to {n_columns - 1}."
            )
            labels = [] if names is None else list(names)
            if target in labels:
                message += (
                    " An integer is a position, not a label: the column labelled "
                    f"{target} is at position {labels.index(target)}."
                )
            raise ValueError(message)
        return int(target) % n_columns
    if not isinstance(target, str):
        raise TypeError(
            f"{parameter} must be a column position or name, a list of them, or None: "
            f"got {parameter}={target!r} ({kind_of(target)}). Use an integer or a name."
        )
    if names is None:
        raise ValueError(
            f"{parameter} must be a position where the series has no column names: got "
            f"{parameter}={target!r}. Use a position from 0 to {n_columns - 1}, or "
            "give a pandas DataFrame."
        )
    found = [i for i, name in enumerate(names) if name == target]
    if len(found) != 1:
        listed = ", ".join(repr(name) for name in names)
        rule = "a column" if not found else "one column"
        raise ValueError(
            f"{parameter} must be the name of {rule} of the series: got "
            f"{parameter}={target!r}. Use one of {listed}."
        )
    return found[0]


def time_index(X, *, name="X", ids=False):
    """Return the pandas index of `X` where its labels can be ordered in time, or None.

    `ids` says whether an `id_column` could tell series apart, for messages.

    Raises
    ------
    ValueError
        For more than one level, for a missing label, and for duplicates.
    """
    index = getattr(X, "index", None)
    if index is None or not hasattr(X, "iloc"):
        return None
    if getattr(index, "nlevels", 1) > 1:
        raise ValueError(
            f"{name} must have one time index: got an index of {index.nlevels} levels. "
            "Use one series at a time, with the other levels dropped "
            f"({name}.droplevel(...)){_or_levels_as_columns(index, name, ids)}."
        )
    if index.inferred_type not in TIME_TYPES:
        return None
    if index.hasnans:
        raise ValueError(
            f"{name} must have a time for each row: got an index with a missing label. "
            "Drop those rows."
        )
    if not index.is_unique:
        label = index[index.duplicated()][0]
        several = ", or set id_column where they are of several series" if ids else ""
        raise ValueError(
            f"{name} must have one row for each time: got an index with the label "
            f"{label} more than once. Drop or average the duplicates{several}."
        )
    return index


def _or_levels_as_columns(index, name, ids):
    """Say which level of an index may be the column that tells series apart."""
    no_times = [
        index.names[level]
        for level in range(index.nlevels)
        if index.levels[level].inferred_type not in TIME_TYPES
    ]
    if not ids or len(no_times) != 1 or no_times[0] is None:
        return ""
    level = no_times[0]
    return f", or {name}.reset_index({level!r}) and id_column={level!r} for all of them"


def check_time_order(index, *, name="X"):
    """Raise where a time index does not ascend."""
    if index is None or index.is_monotonic_increasing:
        return
    ordered = np.asarray(index[1:] > index[:-1])
    row = int(np.flatnonzero(~ordered)[0]) + 1
    raise ValueError(
        f"{name} must be in time order: got an unsorted index, row {row} (label "
        f"{index[row]}) is earlier than the row before it. Use {name}.sort_index()."
    )
