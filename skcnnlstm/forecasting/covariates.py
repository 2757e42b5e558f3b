"""Known-future covariates: columns that are given for rows still to come."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skcnnlstm._validation import check_finite, check_windows
from skcnnlstm.forecasting.panel import cut_rows, is_list_of_series, read_panel


def split_exog(exog, panel):
    """Return the covariates of each series of a panel, by key.

    They come in the form of the series, or as one table with an index that all series
    look their rows up in.
    """
    if panel.kind == "one":
        return {None: exog}
    if isinstance(exog, pd.DataFrame) and panel.id_column in exog.columns:
        exog = read_panel(exog, panel.id_column).series
    elif is_list_of_series(exog) and panel.kind == "list":
        if len(exog) != len(panel.series):
            raise ValueError(
                f"exog must have one table a series: got {len(exog)}, "
                f"{len(panel.series)} series."
            )
        exog = dict(enumerate(exog))
    elif isinstance(exog, pd.Series | pd.DataFrame):
        return dict.fromkeys(panel.series, exog)
    if not isinstance(exog, Mapping):
        raise TypeError(
            "exog must come as the series do, or as one DataFrame whose index all of "
            f"them share: got {type(exog).__name__}. Use a {panel.kind}."
        )
    missing = [key for key in panel.series if key not in exog]
    if missing:
        raise ValueError(
            f"exog must have a table for each series: got none for {missing[0]!r}."
        )
    return {key: exog[key] for key in panel.series}


def read_exog(exog, n_rows, labels, *, most):
    """Return the rows of `exog` that go with the rows of a series, (n_rows, n_exog).

    Parameters
    ----------
    exog : array-like, Series or DataFrame
        Covariates.
    n_rows : int
        Rows needed.
    labels : Index or None
        What they are called. Where `exog` has an index, too, its rows are looked up
        and may be more; else they are taken from the first on.
    most : int or None
        Rows that may be given without labels; None for any number.
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
            raise ValueError(
                f"exog must have a row for each of {n_rows} rows, from {labels[0]} to "
                f"{labels[-1]}: got none for {labels[int(np.argmax(places < 0))]}. "
                "predict and forecast need the rows of the horizon ahead, too."
            )
        table = table[places]
    elif len(table) < n_rows or (most is not None and len(table) > most):
        wanted = f"{n_rows}" if most == n_rows else f"{n_rows} or more"
        wanted = f"{n_rows} to {most}" if most and most > n_rows else wanted
        raise ValueError(
            f"exog must have {wanted} rows: got {len(table)}. predict and forecast "
            "need the rows of the horizon ahead, too; covariates with an index are "
            "looked up by label and may have more."
        )
    else:
        table = table[:n_rows]
    check_finite(table, name="exog", columns=getattr(exog, "columns", None))
    if table.dtype not in (np.float32, np.float64):
        table = table.astype(np.float64)
    return table


def columns_of(exog):
    """Return the names of the covariates, None where they have none."""
    columns = getattr(exog, "columns", None)
    return None if columns is None else list(columns)


def check_columns(table, names, fitted):
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


def cut_exog(exog, series, start, stop):
    """Return the covariates of rows from `start` to `stop` of one series.

    Where both have an index rows are looked up by their labels: all are returned.
    """
    if exog is None or (hasattr(exog, "iloc") and hasattr(series, "iloc")):
        return exog
    return cut_rows(exog, start, stop)
