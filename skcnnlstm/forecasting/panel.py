"""Split many series that are given at once, and join results in the same form."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skcnnlstm._utils.validation import to_plain, without_unlabelled
from skcnnlstm._utils.validation.series import refresh_index

FORMS = {
    "one": "one series",
    "list": "a list",
    "dict": "a dict",
    "long": "a long frame",
}

_MAX_LISTED = 5  # keys that an error lists; it counts the others


class SeriesOfFrame(Mapping[Hashable, pd.DataFrame]):
    """Map the key of each series to its slice of a long frame.

    Slices are made on access only, because validation reads the whole frame at once.
    """

    def __init__(self, frame: pd.DataFrame, spans: dict[Hashable, tuple[int, int]]):
        self.frame = frame  # without the id column, one series after the other
        self.spans = spans  # (start, stop) of each series in the frame

    def __getitem__(self, key: Hashable) -> pd.DataFrame:
        return self.frame.iloc[slice(*self.spans[key])]

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)


class Panel(NamedTuple):
    """One series or many, by key."""

    kind: str  # "one", "list", "dict" or "long"
    series: Mapping[Hashable, Any]
    # The fields below describe a long frame.
    id_column: Any = None
    id_place: int = 0
    id_dtype: Any = None
    places: dict[Hashable, np.ndarray] | None = None  # the rows of each series
    numbered: bool = False  # whether the index numbers the rows of the whole frame
    frame: pd.DataFrame | None = None  # as given

    def form(self):
        """Return the panel without the rows of the series."""
        return self._replace(series={}, places=None, frame=None)

    @contextmanager
    def naming(self, key):
        """Add the key of the series to the message of an error.

        The message is not changed if the panel holds one series.
        """
        try:
            yield
        except (TypeError, ValueError) as error:
            if self.kind == "one":
                raise
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"In series {key!r}: {error}") from error

    def join_each(self, by_key):
        """Return the result of one series; for many series, return a list or a dict.

        `by_key` holds one result for each series. A long frame gives a dict.
        """
        if self.kind == "one":
            return by_key[None]
        if self.kind == "list":
            return list(by_key.values())
        return by_key

    def join_forecasts(self, forecasts):
        """Return forecasts of each series in the form of the panel."""
        if self.kind != "long":
            return self.join_each(forecasts)
        name = self.id_column
        for key, frame in forecasts.items():
            if frame.columns.nlevels > 1:
                name = (self.id_column, *[""] * (frame.columns.nlevels - 1))
            frame.insert(min(self.id_place, frame.shape[1]), name, key)
        joined = pd.concat(list(forecasts.values()))
        return joined.astype({name: self.id_dtype})

    def join_rows(self, rows):
        """Return the rows of all series in the form of the panel.

        `rows` holds a table for each series, by key. The tables are not changed.
        """
        if self.kind == "long":  # `join_forecasts` inserts the id column in place
            rows = {key: frame.copy() for key, frame in rows.items()}
        return self.join_forecasts(rows)

    def join_predictions(self, predictions):
        """Return arrays with one entry for each row, in the form of the panel.

        A long frame gives one array in the order of its rows.
        """
        if self.kind != "long":
            return self.join_each(predictions)
        n_rows = sum(map(len, predictions.values()))
        shape = next(iter(predictions.values())).shape[1:]
        joined = np.empty((n_rows, *shape))
        for key, prediction in predictions.items():
            joined[self.places[key]] = prediction
        return joined


def read_panel(series, id_column, *, name="series"):
    """Return a panel of one series, or of many in a list, a dict or a long frame.

    The series of the panel are NumPy arrays or pandas objects; tables of other
    libraries are converted. `name` is the name of the parameter, for messages.
    """
    _check_not_grouped(series)
    if id_column is not None:
        return _split_long_frame(to_plain(series, name), id_column)
    # A sparse matrix by keys is a mapping, too, but has a shape.
    if isinstance(series, Mapping) and not hasattr(series, "shape"):
        if not len(series):
            raise ValueError(
                "series must hold at least one series: got an empty dict. Use "
                "{key: series}."
            )
        return Panel("dict", _to_plain_each(dict(series), name))
    if is_list_of_series(series):
        return Panel("list", _to_plain_each(dict(enumerate(series)), name))
    plain = to_plain(series, name)
    if hasattr(series, "iloc") and plain.ndim == 3:
        cells = name if series.ndim == 1 else f"{name}[{series.columns[0]!r}]"
        raise ValueError(
            f"{name} must hold numbers: got a {type(series).__name__} whose cells hold "
            f"series. Use list({cells}) for one series from each cell."
        )
    return Panel("one", {None: plain})


def _to_plain_each(series, name):
    panel = Panel("dict", series)
    for key, one in series.items():
        with panel.naming(key):
            series[key] = to_plain(one, name)
    return series


def is_list_of_series(series):
    """Return whether a list holds series (arrays or tables), not rows of one series."""
    return (
        isinstance(series, list | tuple)
        and len(series) > 0
        and all(
            (isinstance(one, np.ndarray | pd.Series | pd.DataFrame) and one.ndim)
            or (hasattr(one, "to_pandas") and not hasattr(one, "iloc"))
            for one in series
        )
    )


def _check_not_grouped(series):
    """Raise if the series is a pandas GroupBy object."""
    kind = type(series).__name__
    if kind.endswith("GroupBy") and hasattr(series, "ngroups"):
        keys = series.keys if isinstance(series.keys, list) else [series.keys]
        column = keys[0] if isinstance(keys[0], str) else "..."
        raise TypeError(
            f"series must not be grouped: got {kind}. Pass the long frame itself and "
            f"set SeriesForecaster(..., id_column={column!r})."
        )


def _split_long_frame(frame, id_column):
    """Return a panel of the series in a long frame, split by its id column."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            "series must be a long DataFrame if id_column is set: got "
            f"{type(frame).__name__}, id_column={id_column!r}. Use id_column=None for "
            "one series, a list or a dict."
        )
    n_found = list(frame.columns).count(id_column)
    if n_found > 1:
        raise ValueError(
            "id_column must be the name of one column of the series: got id_column="
            f"{id_column!r}, the name of {n_found} columns. Drop the other columns: "
            "use series.loc[:, ~series.columns.duplicated()]."
        )
    if not n_found:
        remedy = f". Use one of {', '.join(map(repr, frame.columns))}"
        if id_column in frame.index.names:
            remedy = f", a level of the index. Use series.reset_index({id_column!r})"
        raise ValueError(
            f"id_column must be a column of the series: got id_column={id_column!r}"
            f"{remedy}."
        )
    codes, keys = pd.factorize(frame[id_column])
    if (codes < 0).any():
        raise ValueError(
            "id_column must have a value in each row: got a missing value in row "
            f"{int(np.argmax(codes < 0))} of {id_column!r}. Drop rows without a value."
        )
    if not len(keys):
        raise ValueError(
            "series must have at least one row: got 0 rows. Pass the rows of a series."
        )
    order, values = np.argsort(codes, kind="stable"), frame.drop(columns=id_column)
    values = without_unlabelled(values)  # each series has its rows of the frame
    if (np.diff(codes) < 0).any():
        values = values.iloc[order]
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    edges = [0, *cuts.tolist(), len(order)]
    spans = dict(zip(keys.tolist(), pairwise(edges), strict=True))
    places = {key: order[slice(*span)] for key, span in spans.items()}
    return Panel(
        "long",
        SeriesOfFrame(values, spans),
        id_column,
        list(frame.columns).index(id_column),
        frame[id_column].dtype,
        places,
        # Times of several series repeat. Integers that do not are not times.
        frame.index.inferred_type == "integer"
        and len(places) > 1
        and refresh_index(frame.index).is_unique,
        frame,
    )


def cut_rows(rows, start, stop):
    """Return the rows from `start` up to `stop`; an array if `rows` is a list."""
    rows = rows if hasattr(rows, "iloc") else np.asarray(rows)
    return getattr(rows, "iloc", rows)[start:stop]


def check_same_series(panel, fitted, known):
    """Raise if the form or the series of a panel do not match those given to `fit`."""
    if "one" in (panel.kind, fitted.kind) and panel.kind != fitted.kind:
        got, wanted = (
            FORMS[kind] if kind == "one" else f"many series ({FORMS[kind]})"
            for kind in (panel.kind, fitted.kind)
        )
        raise ValueError(
            f"series must have the form given to fit: got {got}, fitted on {wanted}. "
            "Pass the rows of each series in that form, or fit again."
        )
    unknown = [key for key in panel.series if key not in known]
    if unknown:
        if panel.kind != fitted.kind and "list" in (panel.kind, fitted.kind):
            raise ValueError(
                f"series must have the form given to fit: got {FORMS[panel.kind]}, "
                f"fitted on {FORMS[fitted.kind]}. Pass {FORMS[fitted.kind]} of the "
                "same series."
            )
        remedy = ""
        if panel.kind == "long":
            remedy = (
                " In a search, use folds that split each series: "
                "cv=PanelTimeSeriesSplit(2) and "
                f"fit(frame, groups=frame[{panel.id_column!r}])."
            )
        raise ValueError(
            f"series must be among those given to fit: got {listed(unknown)}. Use "
            "forecast(series=...) to forecast other series, or fit again with these "
            f"series.{remedy}"
        )
    if panel.kind == "list" and len(panel.series) != len(known):
        raise ValueError(
            "series must hold all series given to fit, in that order: got "
            f"{len(panel.series)}, fitted on {len(known)}. To pass only some of them, "
            "use a dict with their positions as keys."
        )


def listed(keys, describe=repr):
    """Return a text that lists a few keys and counts the others."""
    named = ", ".join(describe(key) for key in keys[:_MAX_LISTED])
    more = len(keys) - _MAX_LISTED
    return f"{named} and {more} more" if more > 0 else named
