"""Read the known-future covariates (`exog`) of rows and of the rows ahead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skcnnlstm._utils.time_axis import read_time_axis
from skcnnlstm._utils.time_index import is_business_days
from skcnnlstm._utils.validation import (
    check_finite,
    check_windows,
    has_labels,
    to_plain,
)
from skcnnlstm._utils.validation.series import refresh_index
from skcnnlstm._utils.validation.tables import is_from_polars, to_pandas_first
from skcnnlstm.forecasting.covariate_encoding import read_raw_rows, take_raw_rows
from skcnnlstm.forecasting.gaps import describe_index
from skcnnlstm.forecasting.panel import FORMS, is_list_of_series, read_panel


def check_given(exog, columns):
    """Raise if only one of `fit` and the current call is given covariates.

    `columns` describes the covariates given to `fit`. It is None without covariates.
    """
    if columns is not None and exog is None:
        raise ValueError(
            "exog must be given because the forecaster was fitted with exog: got None. "
            "Pass the covariates of the given rows. The methods predict and forecast "
            "also need those of the rows ahead. For a search or cross_validate, call "
            "sklearn.set_config(enable_metadata_routing=True) and "
            "forecaster.set_fit_request(exog=True).set_score_request(exog=True)."
        )
    if exog is not None and columns is None:
        raise ValueError(
            "exog must be None because the forecaster was fitted without exog: got "
            "covariates. Pass exog to fit first."
        )


def check_window(window_length, block_length, name="exog"):
    """Raise if a window is too short for the covariates of all steps ahead."""
    if window_length < block_length:
        raise ValueError(
            f"window_length must be at least horizon if {name} is given, because a "
            "window holds the covariates of the steps ahead in its last rows: got "
            f"window_length={window_length}, horizon={block_length}. Use a longer "
            "window or a shorter horizon."
        )


def own_rows(tables):
    """Return (number of rows, labels) of each table, by key."""
    return {key: (len(rows.values), rows.index) for key, rows in tables.items()}


def read_covariates(
    exog,
    panel,
    wanted,
    *,
    n_spare=0,
    ahead=False,
    columns=None,
    accept_nan=False,
    raw=False,
):
    """Return the covariates of each series of a panel, and their columns.

    Parameters
    ----------
    exog : array-like, Series, DataFrame, list or dict
        In the form of the panel, or one table with an index for every series.
    panel : Panel
        The form of the series.
    wanted : dict of (int, Index or None)
        For each series, the number of rows and their labels. The labels are None if the
        series has no index.
    n_spare : int, default=0
        Number of further rows that arrays without labels may hold.
    ahead : bool, default=False
        Whether the wanted rows follow the known rows, for messages.
    columns : (int, list or None) or None, default=None
        Required number and names of the columns. None accepts any columns, as long as
        all tables have the same.
    accept_nan : bool, default=False
        Whether NaN is allowed, because the inner estimator reads it.
    raw : bool, default=False
        Whether values of any type are returned as they are, for a transformer.

    Returns
    -------
    tables : dict of (ndarray or, if `raw`, DataFrame) of shape (n_rows, n_exog)
        The covariates of the wanted rows, by key.
    columns : (int, list or None)
        Number and names of their columns.
    """
    tables, given = {}, split_exog(exog, panel._replace(series=wanted))
    of_fit = columns is not None
    for key, (n_rows, labels) in wanted.items():
        with panel.naming(key):
            tables[key] = _read(
                given[key], n_rows, labels, n_rows + n_spare, ahead, accept_nan, raw
            )
            names = getattr(given[key], "columns", None)
            names = None if names is None else list(names)
            columns = columns or (tables[key].shape[1], names)
            _check_columns(tables[key], names, columns, of_fit)
    return tables, columns


def split_exog(exog, panel):
    """Return the covariates of each series of a panel, by key."""
    keys = panel.series
    _check_not_names(exog)
    if not isinstance(exog, Mapping) and not is_list_of_series(exog):
        exog = to_plain(exog, "exog")
    if panel.kind == "one":
        return {None: exog}
    if isinstance(exog, pd.DataFrame) and panel.id_column in exog.columns:
        exog = read_panel(exog, panel.id_column, name="exog").series
    elif is_list_of_series(exog) and panel.kind == "list":
        if len(exog) != len(keys):
            raise ValueError(
                f"exog must have one table for each series: got {len(exog)} tables for "
                f"{len(keys)} series. Pass a list with one table for each series."
            )
        exog = dict(enumerate(exog))
    elif isinstance(exog, pd.Series | pd.DataFrame):
        return dict.fromkeys(keys, exog)
    if not isinstance(exog, Mapping):
        raise TypeError(
            "exog must have the form of the series, or be one DataFrame with an index, "
            f"which is used for every series: got {type(exog).__name__}. Use "
            f"{FORMS[panel.kind]}."
        )
    missing = [key for key in keys if key not in exog]
    if missing:
        raise ValueError(
            f"exog must have a table for each series: got no table for {missing[0]!r}. "
            "Add this table."
        )
    return {key: exog[key] for key in keys}


def _check_not_names(exog):
    """Raise if `exog` holds names of columns instead of their values."""
    names = [exog] if isinstance(exog, str) else exog
    if not isinstance(names, list | tuple) or not names:
        return
    if all(isinstance(name, str) for name in names):
        raise TypeError(
            f"exog must hold the values of covariates, not their names: got {exog!r}. "
            "Pass the columns themselves, such as frame[['price']]. For a long frame, "
            "include its id_column."
        )


def _read(exog, n_rows, labels, max_rows, ahead, accept_nan, raw):
    """Return the covariates of the rows of one series, (n_rows, n_exog).

    If `exog` and the series have an index, rows are looked up by label, and `exog` may
    have further rows. Otherwise the first `n_rows` rows are returned, and `exog` must
    have `n_rows` to `max_rows` rows. The other parameters are those of
    `read_covariates`.
    """
    exog = to_plain(exog, "exog")
    if raw:
        table = read_raw_rows(exog)
    else:
        table = check_windows(exog, name="exog", min_ndim=1, max_ndim=2)
        table = table.reshape(len(table), -1)
    if has_labels(exog) and labels is not None:
        index = refresh_index(exog.index)
        if not index.is_unique:
            label = index[index.duplicated()][0]
            raise ValueError(
                f"exog must have one row for each time: got the label {label} more "
                "than once. Drop or average the duplicates."
            )
        places = index.get_indexer(labels)
        if (places < 0).any():
            _check_same_kind(exog, read_time_axis(labels))
            raise ValueError(
                f"exog must have a row for each of {n_rows} labels, from {labels[0]} "
                f"to {labels[-1]}: got no row for "
                f"{labels[int(np.argmax(places < 0))]}. "
                "Add the missing rows. predict and forecast also need the rows of the "
                "horizon ahead."
            )
    elif not n_rows <= len(table) <= max_rows:
        raise ValueError(_count_message(len(table), n_rows, max_rows, ahead, labels))
    else:
        places = slice(n_rows)
    if raw:
        return take_raw_rows(table, places)
    table = table[places]
    columns = getattr(exog, "columns", None)
    if isinstance(exog, pd.Series) and exog.name is not None:
        columns = [exog.name]
    _check_known(table, exog, columns, accept_nan)
    if table.dtype not in (np.float32, np.float64):
        table = table.astype(np.float64)
    return table


def _check_known(table, exog, columns, accept_nan):
    """Raise if a covariate is infinite or, without `accept_nan`, NaN."""
    unknown = np.isnan(table)
    if not unknown.any() or accept_nan:
        check_finite(table, name="exog", columns=columns, missing="mask")
        return
    row, column = np.argwhere(unknown)[0]
    label = column if columns is None else repr(columns[column])
    fill = "pandas.DataFrame(exog).ffill().bfill().to_numpy()"
    if isinstance(exog, pd.Series | pd.DataFrame):
        fill = "exog.ffill().bfill()"
    if is_from_polars(exog):
        fill = 'exog.fill_null(strategy="forward").fill_null(strategy="backward")'
    raise ValueError(
        f"exog must be finite: got NaN at row {row}, column {label}. Fill missing "
        f'values, for example with {fill}, or use a network with missing="mask".'
    )


def check_covariates_known(table):
    """Raise if a column of the covariates given to `fit` contains only NaN."""
    unknown = np.isnan(table).all(axis=0)
    if unknown.any():
        raise ValueError(
            "exog must have a known value in each column: got only NaN in the column "
            f"at position {int(np.argmax(unknown))}. Remove this column."
        )


def _count_message(n_given, n_rows, max_rows, ahead, labels):
    """Return the error message for a wrong number of rows without labels."""
    wanted = f"{n_rows}" if max_rows == n_rows else f"{n_rows} to {max_rows}"
    if not ahead:
        remedy = (
            "Pass one row for each row of the series. predict and forecast also need "
            "the rows of the horizon ahead. With an index, exog may have further rows."
        )
    elif n_given < n_rows:
        remedy = (
            "Add the missing rows, or forecast fewer steps. With strategy='direct', "
            "exog needs at least horizon rows, because the estimator predicts a whole "
            "horizon at once: to use fewer rows, fit with a shorter horizon or with "
            "strategy='recursive'."
        )
    else:
        remedy = f"Pass only the rows ahead (exog[-{n_rows}:] if they are the last)"
        if labels is not None:
            remedy += ", or a DataFrame with the index of the series"
        remedy += "."
    steps = " for the steps ahead" if ahead else ""
    return f"exog must have {wanted} rows{steps}: got {n_given} rows. {remedy}"


def _check_columns(table, names, expected, of_fit):
    """Raise if covariates do not have the expected number and names of columns.

    The expected columns are those given to `fit`, or, if `of_fit` is False, those of
    the first series.
    """
    n_expected, expected_names = expected
    both = names is not None and expected_names is not None
    if table.shape[1] != n_expected or (both and names != expected_names):
        got = f"{table.shape[1]} columns" if names is None else f"{names}"
        wanted = f"{n_expected} columns"
        wanted = wanted if expected_names is None else f"{expected_names}"
        if not of_fit:
            raise ValueError(
                f"exog must have the same columns for all series, in one order: got "
                f"{got}, but {wanted} for the first series. Pass tables with the same "
                "columns."
            )
        raise ValueError(
            f"exog must have the columns given to fit, in that order: got {got}, "
            f"fitted on {wanted}. Pass exactly these columns."
        )


def name_rows_ahead(exog, panel, axes, n_rows):
    """Return the labels of the rows that follow each series, by key.

    Parameters
    ----------
    exog : array-like, Series, DataFrame, list or dict
        Covariates, as for `read_covariates`.
    panel : Panel
        The form of the series.
    axes : dict of (TimeAxis or None)
        The time axis of each series; None for a series without labels.
    n_rows : int
        Number of rows that follow.

    Returns
    -------
    labels : dict of (Index or None)
        The labels, by key. None if the series or its covariates have no index.
    """
    raw, labels = split_exog(exog, panel._replace(series=axes)), {}
    for key, axis in axes.items():
        labels[key] = None
        raw[key] = to_plain(raw[key], "exog")
        if axis is not None and has_labels(raw[key]):
            with panel.naming(key):
                labels[key] = _name_rows_in(raw[key], axis, n_rows)
    return labels


def _name_rows_in(exog, axis, n_rows):
    """Return the labels of the `n_rows` rows that follow a series with covariates.

    If the series has a frequency, the labels are computed from it. Otherwise, they are
    the labels of `exog` after the last label of the series. Labels of `exog` are also
    used if the rows are business days and `exog` lacks some days ahead (holidays).
    """
    known, is_business = exog.index, is_business_days(axis.ends, axis.freq)
    if axis.freq is not None:
        labels = axis.next_labels(n_rows)
        if not is_business or labels.isin(known).all():
            return labels
    positions = axis.locate(known)
    if positions is not None:
        order = np.argsort(positions)
        later = order[positions[order] > 0][:n_rows]
        labels, positions = known[later].rename(axis.ends.name), positions[later]
    else:
        _check_same_kind(exog, axis)
        # These labels have no order in time: use the order of the rows of the table.
        found = np.flatnonzero(known == axis.last_label[0])
        if not len(found):
            raise ValueError(
                "exog must contain the last label of the series if labels have no "
                f"order in time: got no row for {axis.last_label[0]!r}. Pass the rows "
                "of the series and the rows ahead, or an array of only the rows ahead "
                "(exog.to_numpy())."
            )
        labels = known[found[-1] + 1 :][:n_rows].rename(axis.ends.name)
    last = axis.last_label[0]
    if len(labels) < n_rows:
        raise ValueError(
            f"exog must have a row for each of the {n_rows} rows that follow {last}: "
            f"got {len(labels)}. Add the missing rows: exog must reach beyond the end "
            "of the series, over all rows to forecast."
        )
    if is_business and (np.diff(np.append(0, positions)) > 1).any():
        gap = int(np.argmax(np.diff(np.append(0, positions)) > 1))
        raise ValueError(
            f"exog must have a row for each of the rows that follow {last}: got none "
            f"between {labels[gap - 1] if gap else last} and {labels[gap]}. Add the "
            "missing rows."
        )
    return labels


def _check_same_kind(exog, axis):
    """Raise if covariates have labels of another kind than the series."""
    index = exog.index
    if axis.is_comparable(index):
        return
    known = axis.last_label
    remedy = (
        "Give exog the index of the series and of the rows ahead, or pass an array of "
        "exactly the required rows (exog.to_numpy())"
    )
    if isinstance(known, pd.DatetimeIndex):
        if isinstance(index, pd.DatetimeIndex):
            remedy = f"Use exog.tz_localize({str(known.tz) if known.tz else None!r})"
        elif index.inferred_type in ("string", "date", "datetime"):
            remedy = "Use exog.set_axis(pandas.to_datetime(exog.index))"
    raise ValueError(
        "exog must have labels of the same kind as the series: got "
        f"{describe_index(index)}, the series has {describe_index(known)}. {remedy}."
        f"{to_pandas_first(exog, 'exog')}"
    )
