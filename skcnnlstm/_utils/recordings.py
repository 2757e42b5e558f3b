"""Rows of many recordings: find the rows of each recording, and take out a column.

A recording is an uninterrupted measurement of one unit, such as a person or an engine.
No window holds rows of two recordings.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skcnnlstm._utils.validation import (
    check_target,
    check_windows,
    has_labels,
    to_plain,
)
from skcnnlstm._utils.validation.series import refresh_index


class Recordings(NamedTuple):
    """The ids of recordings, and the rows of each recording."""

    keys: list[Hashable]  # ids, in the order of their first row
    rows: list[NDArray[np.intp]]  # positions of the rows of each recording, ascending


def find_recordings(ids: Any, n_rows: int, name: str) -> Recordings:
    """Return the rows of each recording.

    Parameters
    ----------
    ids : array-like of shape (n_rows,)
        The id of the recording of each row.
    n_rows : int
        Number of rows of the table.
    name : str
        Name of the ids in messages.

    Raises
    ------
    ValueError
        If there is not one id per row, or if an id is missing.
    TypeError
        If an id cannot be hashed.
    """
    ids = to_plain(ids, name)
    if not hasattr(ids, "iloc"):
        ids = np.asarray(ids)
    if ids.shape != (n_rows,):
        raise ValueError(
            f"{name} must have shape (n_rows,): got shape {ids.shape} and {n_rows} "
            "rows. Pass the recording of each row."
        )
    try:
        codes, keys = pd.factorize(ids)
    except TypeError as error:
        raise TypeError(
            f"{name} must hold hashable values, such as numbers or text: got {error}. "
            "Use one number or text for each recording."
        ) from error
    if (codes < 0).any():
        raise ValueError(
            f"{name} must have a value in each row: got a missing value in row "
            f"{int(np.argmax(codes < 0))}. Drop the rows without a value."
        )
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return Recordings(keys.tolist(), np.split(order, cuts) if len(keys) else [])


def encode(values: Any) -> tuple[NDArray[np.intp], int]:
    """Return the code of each value and the number of codes.

    Codes number the distinct values in sort order. The code of a missing value is -1.
    """
    codes, classes = pd.factorize(np.asarray(values), sort=True)
    return codes, len(classes)


@contextmanager
def naming(key: Hashable) -> Iterator[None]:
    """Return a context manager that adds the id of a recording to error messages."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"In recording {key!r}: {error}") from error


def take_column(
    X: Any, column: Any, *, parameter: str = "id_column", name: str = "X"
) -> tuple[Any, Any]:
    """Return a table without one column, and that column.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_columns)
        The result of `to_plain`.
    column : int or str
        Position of the column, or its name in a DataFrame.
    parameter : str, default="id_column"
        Name of the parameter `column` in messages.
    name : str, default="X"
        Name of the table in messages.
    """
    if isinstance(X, list | tuple):
        X = np.asarray(X, dtype=object)
    elif not hasattr(X, "toarray") and not hasattr(X, "iloc"):
        X = np.asarray(X)
    if hasattr(X, "toarray") or 0 in np.shape(X)[1:]:
        check_windows(X, name=name, max_ndim=2)  # raises
    if np.ndim(X) != 2:
        raise ValueError(
            f"{name} must have 2 dimensions, with the column {parameter}={column!r} "
            f"among its columns: got shape {np.shape(X)}. Use rows of shape (n_rows, "
            "n_columns)."
        )
    got = f"got {parameter}={column!r}"
    if isinstance(column, str) and column in _index_names(X):
        raise ValueError(
            f"{parameter} must be a column: {got}, which is a level of the index. Use "
            f"{name}.reset_index({column!r})."
        )
    positions = check_target(
        column, X.shape[1], getattr(X, "columns", None), name=parameter
    )
    if len(positions) != 1:
        raise ValueError(
            f"{parameter} must be one column: {got}. Join several columns into one "
            "column first."
        )
    if hasattr(X, "iloc"):
        others = [i for i in range(X.shape[1]) if i != positions[0]]
        return X.iloc[:, others], X.iloc[:, positions[0]]
    return np.delete(X, positions, axis=1), X[:, positions[0]]


def _index_names(X: Any) -> list[Any]:
    return list(getattr(getattr(X, "index", None), "names", ()))


def alternate(table: Any, rows: list[NDArray[np.intp]]) -> bool:
    """Return whether an index holds row numbers, and rows of recordings alternate.

    A jump in the index of a recording is then not necessarily a gap. `rows` holds the
    positions of the rows of each recording.
    """
    if len(rows) < 2 or not has_labels(table):
        return False
    index = table.index
    if index.inferred_type != "integer" or not refresh_index(index).is_unique:
        return False
    labels = index.to_numpy()
    spans = sorted((labels[at].min(), labels[at].max()) for at in rows)
    ends = np.array(spans)
    return bool((ends[1:, 0] < ends[:-1, 1]).any())
