"""Many series at once: read apart, and put together again in the form they came in."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

FORMS = {
    "one": "one series",
    "list": "a list",
    "dict": "a dict",
    "long": "a long frame",
}

_NAMED = 5  # series that an error names before it counts the others


class Panel(NamedTuple):
    """One series or many, by key."""

    kind: str  # "one", "list", "dict" or "long"
    series: dict[Hashable, Any]
    id_column: Any = None  # of a long frame, as all that follows
    id_place: int = 0
    id_dtype: Any = None
    places: dict[Hashable, np.ndarray] | None = None  # the rows of each series

    def form(self):
        """Return the panel without its rows."""
        return self._replace(series={}, places=None)

    @contextmanager
    def naming(self, key):
        """Say in an error which of many series it is about."""
        try:
            yield
        except (TypeError, ValueError) as error:
            if self.kind == "one":
                raise
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"In series {key!r}: {error}") from error

    def join_each(self, by_key):
        """Put what each series was given together: one thing, a list or a dict."""
        if self.kind == "one":
            return by_key[None]
        if self.kind == "list":
            return list(by_key.values())
        return by_key

    def join_rows(self, rows):
        """Put rows of each series, by key, in the form of the panel."""
        if self.kind == "long":  # a column will be inserted
            rows = {key: frame.copy() for key, frame in rows.items()}
        return self.join_forecasts(rows)

    def join_forecasts(self, forecasts):
        """Put forecasts, by key, in the form of the panel."""
        if self.kind != "long":
            return self.join_each(forecasts)
        name = self.id_column
        for key, frame in forecasts.items():
            if frame.columns.nlevels > 1:
                name = (self.id_column, *[""] * (frame.columns.nlevels - 1))
            frame.insert(min(self.id_place, frame.shape[1]), name, key)
        joined = pd.concat(list(forecasts.values()))
        return joined.astype({name: self.id_dtype})

    def join_predictions(self, predictions):
        """Put arrays with an entry a row, by key, in the form of the panel."""
        if self.kind != "long":
            return self.join_each(predictions)
        n_rows = sum(map(len, predictions.values()))
        shape = next(iter(predictions.values())).shape[1:]
        joined = np.empty((n_rows, *shape))
        for key, prediction in predictions.items():
            joined[self.places[key]] = prediction
        return joined


def read_panel(series, id_column):
    """Tell one series from a list, a dict and a long frame of them."""
    _check_no_groups(series)
    if id_column is not None:
        return _read_long(series, id_column)
    if isinstance(series, Mapping):
        _require_some(series)
        return Panel("dict", dict(series))
    if is_list_of_series(series):
        return Panel("list", dict(enumerate(series)))
    return Panel("one", {None: series})


def is_list_of_series(series):
    """Tell a list of series from a list of rows: its elements are arrays or pandas'."""
    return (
        isinstance(series, list | tuple)
        and len(series) > 0
        and all(
            isinstance(one, np.ndarray | pd.Series | pd.DataFrame) and one.ndim
            for one in series
        )
    )


def _require_some(series):
    if not len(series):
        raise ValueError("series must hold one series at least: got an empty dict.")


def _check_no_groups(series):
    """Raise where a frame comes grouped, as pandas has it."""
    kind = type(series).__name__
    if kind.endswith("GroupBy") and hasattr(series, "ngroups"):
        keys = series.keys if isinstance(series.keys, list) else [series.keys]
        column = keys[0] if isinstance(keys[0], str) else "..."
        raise TypeError(
            f"series must come as rows, not in groups: got {kind}. Give the long frame "
            f"itself, and SeriesForecaster(..., id_column={column!r})."
        )


def _read_long(frame, id_column):
    """Take a long frame apart by its id column."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            "series must be a long DataFrame where id_column is set: got "
            f"{type(frame).__name__}, id_column={id_column!r}. Use id_column=None for "
            "one series, a list or a dict."
        )
    if list(frame.columns).count(id_column) != 1:
        way_out = f". Use one of {', '.join(map(repr, frame.columns))}"
        if id_column in frame.index.names:
            way_out = f", a level of the index. Use series.reset_index({id_column!r})"
        raise ValueError(
            f"id_column must be a column of the series: got id_column={id_column!r}"
            f"{way_out}."
        )
    codes, keys = pd.factorize(frame[id_column])
    if (codes < 0).any():
        raise ValueError(
            f"id_column must name a series in each row: got none in row "
            f"{int(np.argmax(codes < 0))} of {id_column!r}. Drop those rows."
        )
    if not len(keys):
        raise ValueError("series must have at least one row: got none.")
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    places = dict(zip(keys.tolist(), np.split(order, cuts), strict=True))
    values = frame.drop(columns=id_column)
    return Panel(
        "long",
        {key: values.iloc[rows] for key, rows in places.items()},
        id_column,
        list(frame.columns).index(id_column),
        frame[id_column].dtype,
        places,
    )


def cut_rows(rows, start, stop):
    """Return rows of one series as what they are; a list becomes an array."""
    rows = rows if hasattr(rows, "iloc") else np.asarray(rows)
    return getattr(rows, "iloc", rows)[start:stop]


def check_same_series(panel, fitted, known):
    """Raise where series come in another form than fitted, or were not fitted."""
    if "one" in (panel.kind, fitted.kind) and panel.kind != fitted.kind:
        got, wanted = (
            FORMS[kind] if kind == "one" else f"many series ({FORMS[kind]})"
            for kind in (panel.kind, fitted.kind)
        )
        raise ValueError(
            f"series must come as in fit: got {got}, fitted on {wanted}. Give the rows "
            "of each series in that form, or fit again."
        )
    strangers = [key for key in panel.series if key not in known]
    if strangers:
        if panel.kind != fitted.kind and "list" in (panel.kind, fitted.kind):
            raise ValueError(
                f"series must come as in fit: got {FORMS[panel.kind]}, fitted on "
                f"{FORMS[fitted.kind]}. Give {FORMS[fitted.kind]} of the same series."
            )
        way_out = "."
        if panel.kind == "long":
            way_out = (
                "; in a search, cut each by itself: cv=PanelTimeSeriesSplit(2) and "
                f"fit(frame, groups=frame[{panel.id_column!r}])."
            )
        raise ValueError(
            f"series must be among those given to fit: got {listed(strangers)}. Fit "
            f"again with them: each is modelled on the scale of its own rows{way_out}"
        )
    if panel.kind == "list" and len(panel.series) != len(known):
        raise ValueError(
            "series must be as many as given to fit, in that order: got "
            f"{len(panel.series)}, fitted on {len(known)}. Use a dict for some of them."
        )


def listed(keys, describe=repr):
    """Name a few keys and count the others."""
    named = ", ".join(describe(key) for key in keys[:_NAMED])
    more = len(keys) - _NAMED
    return f"{named} and {more} more" if more > 0 else named
