"""Known-future covariates: columns that are given for rows still to come."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skcnnlstm._utils.validation import check_finite, check_windows
from skcnnlstm.forecasting.calendar import check_same_kind
from skcnnlstm.forecasting.panel import FORMS, is_list_of_series, read_panel


def check_given(exog, columns):
    """Raise where `fit` had covariates and these are none, or the reverse."""
    if columns is not None and exog is None:
        raise ValueError(
            "exog must be given, as to fit: got None. Give the covariates of the "
            "rows, and of those ahead of them in predict and forecast. A search or "
            "cross_validate hands them on to score after "
            "sklearn.set_config(enable_metadata_routing=True) and "
            "forecaster.set_fit_request(exog=True).set_score_request(exog=True)."
        )
    if exog is not None and columns is None:
        raise ValueError(
            "exog must be given to fit first: got covariates, fitted without any. "
            "Fit again with them."
        )


def check_window(length, block):
    """Raise where a window has no room for the covariates of all steps ahead."""
    if length < block:
        raise ValueError(
            "window_length must be at least horizon where exog is given: got "
            f"window_length={length}, horizon={block}. A window holds the covariates "
            "of the steps ahead in its last rows."
        )


def read_covariates(exog, panel, wanted, *, n_spare=0, ahead=False, columns=None):
    """Return the covariates of each series of a panel, and what columns they have.

    Parameters
    ----------
    exog : array-like, Series, DataFrame, list or dict
        In the form of the panel, or one table with an index that all series look
        their rows up in.
    panel : Panel
        The form of the series.
    wanted : dict of (int, Index or None)
        For each series the rows needed and, where it has an index, their labels.
    n_spare : int, default=0
        Rows that arrays may hold beyond those.
    ahead : bool, default=False
        Whether the rows wanted are those after the known ones, for messages.
    columns : (int, list or None) or None, default=None
        How many columns, and their names; None takes those of the first table.

    Returns
    -------
    tables : dict of ndarray of shape (n_rows, n_exog)
    columns : (int, list or None)
    """
    tables, raw = {}, split_exog(exog, panel._replace(series=wanted))
    for key, (n_rows, labels) in wanted.items():
        with panel.naming(key):
            tables[key] = _read(raw[key], n_rows, labels, n_rows + n_spare, ahead)
            names = getattr(raw[key], "columns", None)
            names = None if names is None else list(names)
            columns = columns or (tables[key].shape[1], names)
            _check_columns(tables[key], names, columns)
    return tables, columns


def split_exog(exog, panel):
    """Return the covariates of each series of a panel, by key."""
    keys = panel.series
    _check_no_names(exog)
    if panel.kind == "one":
        return {None: exog}
    if isinstance(exog, pd.DataFrame) and panel.id_column in exog.columns:
        exog = read_panel(exog, panel.id_column).series
    elif is_list_of_series(exog) and panel.kind == "list":
        if len(exog) != len(keys):
            raise ValueError(
                f"exog must have one table a series: got {len(exog)}, {len(keys)} "
                "series."
            )
        exog = dict(enumerate(exog))
    elif isinstance(exog, pd.Series | pd.DataFrame):
        return dict.fromkeys(keys, exog)
    if not isinstance(exog, Mapping):
        raise TypeError(
            "exog must come as the series do, or as one DataFrame whose index all of "
            f"them share: got {type(exog).__name__}. Use {FORMS[panel.kind]}."
        )
    missing = [key for key in keys if key not in exog]
    if missing:
        raise ValueError(
            f"exog must have a table for each series: got none for {missing[0]!r}."
        )
    return {key: exog[key] for key in keys}


def _check_no_names(exog):
    """Raise where columns are named instead of given."""
    names = [exog] if isinstance(exog, str) else exog
    if not isinstance(names, list | tuple) or not names:
        return
    if all(isinstance(name, str) for name in names):
        raise TypeError(
            f"exog must hold the values of covariates, not names: got {exog!r}. Give "
            "the columns themselves, such as frame[['price']], of a long frame with "
            "its id_column."
        )


def _read(exog, n_rows, labels, most, ahead):
    """Return the rows of `exog` that go with the rows of a series, (n_rows, n_exog).

    Where both have an index, rows are looked up and may be more; else they are taken
    from the first on, and may be `most`. `ahead` says that they are rows to come.
    """
    table = check_windows(exog, name="exog", min_ndim=1, max_ndim=2)
    table = table.reshape(len(table), -1)
    if isinstance(exog, pd.Series | pd.DataFrame) and labels is not None:
        if not exog.index.is_unique:
            label = exog.index[exog.index.duplicated()][0]
            raise ValueError(
                f"exog must have one row for each time: got the label {label} more "
                "than once. Drop or average the duplicates."
            )
        places = exog.index.get_indexer(labels)
        if (places < 0).any():
            check_same_kind(exog.index, labels)
            raise ValueError(
                f"exog must have a row for each of {n_rows} rows, from {labels[0]} to "
                f"{labels[-1]}: got none for {labels[int(np.argmax(places < 0))]}. "
                "predict and forecast need the rows of the horizon ahead, too."
            )
        table = table[places]
    elif not n_rows <= len(table) <= most:
        raise ValueError(_count_message(len(table), n_rows, most, ahead, labels))
    else:
        table = table[:n_rows]
    columns = getattr(exog, "columns", None)
    if isinstance(exog, pd.Series) and exog.name is not None:
        columns = [exog.name]
    check_finite(table, name="exog", columns=columns)
    if table.dtype not in (np.float32, np.float64):
        table = table.astype(np.float64)
    return table


def _count_message(n_given, n_rows, most, ahead, labels):
    """Say how many rows covariates without labels must have."""
    wanted = f"{n_rows}" if most == n_rows else f"{n_rows} to {most}"
    if not ahead:
        way_out = (
            "predict and forecast need the rows of the horizon ahead, too; covariates "
            "with an index are looked up by label and may have more."
        )
    elif n_given < n_rows:
        way_out = (
            "forecast needs them as far as the estimator predicts at once: whole "
            "horizons, but for a recursive one."
        )
    else:
        way_out = (
            "Nothing tells which of them are ahead: give these alone "
            f"(exog[-{n_rows}:], where rows of the past stand before them)"
        )
        if labels is not None:
            way_out += ", or a DataFrame with the index of the series, which may hold"
            way_out += " more"
        way_out += "."
    rows = "rows, those that follow" if ahead else "rows"
    return f"exog must have {wanted} {rows}: got {n_given}. {way_out}"


def _check_columns(table, names, fitted):
    """Raise where covariates are not those of `fit`: (how many, their names)."""
    n_fitted, fitted_names = fitted
    both = names is not None and fitted_names is not None
    if table.shape[1] != n_fitted or (both and names != fitted_names):
        got = f"{table.shape[1]} columns" if names is None else f"{names}"
        wanted = f"{n_fitted} columns" if fitted_names is None else f"{fitted_names}"
        raise ValueError(
            f"exog must have the columns given to fit, in that order: got {got}, "
            f"fitted on {wanted}."
        )


def name_rows_ahead(exog, panel, calendars, n_rows):
    """Return the labels of the rows after each series, by key.

    Parameters
    ----------
    exog : array-like, Series, DataFrame, list or dict
        Covariates, as for `read_covariates`.
    panel : Panel
        The form of the series.
    calendars : dict of (Calendar or None)
        Where each series ends; None for one without an index.
    n_rows : int
        How many rows after that.

    Returns
    -------
    labels : dict of (Index or None)
        None where there is no index on one of both sides, and rows only count.
    """
    raw, labels = split_exog(exog, panel._replace(series=calendars)), {}
    for key, calendar in calendars.items():
        labels[key] = None
        if calendar is not None and isinstance(raw[key], pd.Series | pd.DataFrame):
            with panel.naming(key):
                labels[key] = calendar.following_in(raw[key].index, n_rows)
    return labels
