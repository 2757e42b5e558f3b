"""Static covariates: columns that describe a whole series, such as its region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from skcnnlstm._utils.validation import check_finite, check_windows, to_plain
from skcnnlstm._utils.validation.series import refresh_index
from skcnnlstm.forecasting.covariate_encoding import encode, fit_encoder


def read_static(static, panel, keys, *, raw, columns=None):
    """Return the static covariates, one row for each series, and their columns.

    Parameters
    ----------
    static : DataFrame, Series, dict, list or array-like
        One row for each series. Rows are looked up by key. For a list of series, they
        may be in the order of the list.
    panel : Panel
        The form of the series.
    keys : list
        The keys of the series.
    raw : bool
        Whether values of any type are returned as they are, for a transformer.
    columns : (int, list or None) or None, default=None
        Required number and names of the columns. None accepts any columns.

    Returns
    -------
    rows : DataFrame or ndarray of shape (n_series, n_columns)
        The rows of the series, in the order of `keys`.
    columns : (int, list or None)
        Number and names of the columns.
    """
    table = _select(_to_table(static, panel, keys), panel, keys)
    names = list(table.columns)
    named = None if names == list(range(len(names))) else names
    found = len(names), named
    is_same = columns is None or found[0] == columns[0]
    if columns is not None and None not in (named, columns[1]):
        is_same = named == columns[1]
    if not is_same:
        raise ValueError(
            "static must have the columns given to fit, in that order: got "
            f"{_describe(found)}, fitted on {_describe(columns)}. Pass exactly these "
            "columns."
        )
    if columns is not None and columns[1] is not None:
        table = table.set_axis(columns[1], axis=1)
    if raw:
        return table.reset_index(drop=True), found
    values = check_windows(table, name="static", min_ndim=2, max_ndim=2)
    values = np.asarray(values, dtype=float)
    check_finite(values, name="static", columns=named)
    return values, found


def name_static_rows(static, panel):
    """Return static covariates as a DataFrame with the keys of a panel as index.

    For one series, the index is not changed.
    """
    keys = list(panel.series)
    table = _select(_to_table(static, panel, keys), panel, keys)
    if panel.kind == "one":
        return table
    return table.set_axis(_index_of(dict.fromkeys(keys)))


def _describe(columns):
    width, names = columns
    return f"{width} columns" if names is None else f"{names}"


def _to_table(static, panel, keys):
    """Return the static covariates as a DataFrame with one row for each series."""
    if isinstance(static, Mapping):
        if panel.kind == "one":
            return pd.DataFrame([dict(static)])
        rows = list(static.values())
        if not rows:
            raise ValueError(
                "static must have a row for each series: got an empty dict. Use "
                f"{{{keys[0]!r}: ..., ...}} with one row for each series."
            )
        if any(np.ndim(row) == 0 and not isinstance(row, Mapping) for row in rows):
            return pd.DataFrame({0: rows}, index=_index_of(static))
        if not hasattr(rows[0], "keys"):
            rows = [list(row) for row in rows]
        return pd.DataFrame([*map(_plain_row, rows)], index=_index_of(static))
    static = to_plain(static, "static")
    if isinstance(static, pd.Series):
        if panel.kind == "one" and len(static) != 1:  # a row of a table
            return static.to_frame().T.infer_objects()
        return static.to_frame(0 if static.name is None else static.name)
    if isinstance(static, pd.DataFrame):
        if panel.id_column is not None and panel.id_column in static.columns:
            return static.set_index(panel.id_column)
        return static
    values = np.asarray(static)
    if values.dtype.kind == "U":
        values = np.asarray(static, dtype=object)
    if values.ndim == 1:
        values = values.reshape((1, -1) if panel.kind == "one" else (-1, 1))
    if values.ndim != 2 or (panel.kind not in ("one", "list")):
        remedy = f"pandas.DataFrame(static, index={keys[:2]!r}) with the key of each "
        remedy += "series"
        if panel.kind == "one" or values.ndim != 2:
            remedy = "a DataFrame with one row for each series"
        raise TypeError(
            "static must be a DataFrame, a Series or a dict with one row for each "
            f"series: got {type(static).__name__} of shape {np.shape(values)}. Use "
            f"{remedy}."
        )
    return pd.DataFrame(values).infer_objects()


def _plain_row(row):
    return row.to_dict() if isinstance(row, pd.Series) else row


def _index_of(mapping):
    return pd.Index(list(mapping), tupleize_cols=False)


def _select(table, panel, keys):
    """Return the row of each series from `table`, in the order of `keys`."""
    if panel.kind == "one":
        if len(table) != 1:
            raise ValueError(
                f"static must have one row for one series: got {len(table)} rows. Pass "
                "the row of this series."
            )
        return table
    in_order = panel.kind == "list" and not set(keys) <= set(table.index)
    if in_order and len(table) == len(keys):
        return table
    index = refresh_index(table.index)
    if not index.is_unique:
        raise ValueError(
            "static must have one row for each series: got the key "
            f"{index[index.duplicated()][0]!r} more than once. Use "
            "static[~static.index.duplicated()]."
        )
    places = index.get_indexer(_index_of(dict.fromkeys(keys)))
    if (places < 0).any():
        key = keys[int(np.argmax(places < 0))]
        raise ValueError(
            "static must have a row for each series, with the keys of the series as "
            f"index: got no row for {key!r}. Add this row, or use set_index."
        )
    return table.iloc[places]


def learn_static(transformer, rows, keys):
    """Return a fitted transformer, the encoded row of each series, and column names.

    If `transformer` is None, the columns are standardized over all series.
    """
    transformer = StandardScaler() if transformer is None else transformer
    fitted = fit_encoder(transformer, {None: rows})
    values, names = encode_static(fitted, rows, keys)
    return fitted, values, names


def encode_static(encoder, rows, keys):
    """Return the encoded row of each series, by key, and the names of its columns."""
    encoded, names = encode("static_transformer", encoder, {None: rows})
    table = encoded[None]
    return dict(zip(keys, table, strict=True)), names


def with_new_static(fitted, static, panel):
    """Return `fitted` with the static covariates of the series in `panel`.

    `static` is the table of these covariates. If it is None, the series of a dict or a
    long frame keep the static covariates that `fit` was given for their keys.
    """
    known, keys = fitted.known, list(panel.series)
    columns: Any = None if known is None else known.static_columns
    if static is None and columns is not None:
        if panel.kind in ("dict", "long") and all(key in known.static for key in keys):
            return fitted
        raise ValueError(
            "static must be given because the forecaster was fitted with static: got "
            "None. Pass static with one row for each of these series."
        )
    if static is None:
        return fitted
    if columns is None:
        raise ValueError(
            "static must be None because the forecaster was fitted without static: got "
            f"{type(static).__name__}. Pass static to fit first."
        )
    rows, _ = read_static(
        static, panel, keys, raw=known.has_static_transformer, columns=columns
    )
    values, _ = encode_static(known.static_transformer, rows, keys)
    return replace(fitted, known=replace(known, static=values))
