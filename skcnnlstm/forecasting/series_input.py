"""Validate the rows of series, and convert forecasts to the form of the input."""

from __future__ import annotations

import numbers
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from skcnnlstm._utils.validation import (
    check_time_index,
    check_time_order,
    check_windows,
    has_labels,
    to_plain,
)
from skcnnlstm._utils.validation.series import refresh_index
from skcnnlstm.forecasting.panel import SeriesOfFrame, check_same_series, read_panel

# The square of this bound is finite, and so is a sum of as many squares as fit in
# memory.
_LARGEST = 1e150


class Rows(NamedTuple):
    """The validated rows of one series, with the names that the user gave."""

    values: np.ndarray  # (n_rows, n_features)
    index: pd.Index | None  # None for bare arrays
    time: pd.Index | None  # the index if its labels can be ordered in time
    columns: Any  # the column labels of a DataFrame, else None
    ndim: int  # of the input
    name: Any  # the name of a Series, else None

    def take(self, runs):
        """Return the rows of some runs (start, stop), without their times."""
        if len(runs) == 1:
            kept = slice(*runs[0])
        else:
            kept = np.concatenate([np.arange(*run) for run in runs])
        index = None if self.index is None else self.index[kept]
        return self._replace(values=self.values[kept], index=index, time=None)

    def between(self, start, stop):
        """Return the rows from `start` up to `stop`, with their times."""
        time = None if self.time is None else self.time[start:stop]
        return self.take([(start, stop)])._replace(time=time)

    def describe_first(self, mask):
        """Return a text with the first value for which `mask` is True, and its place.

        The text is a part of a message.
        """
        row, column = np.unravel_index(np.argmax(mask), mask.shape)
        label = "" if self.index is None else f" ({self.index[row]})"
        column_label = column if self.columns is None else repr(self.columns[column])
        if self.ndim == 1 and self.name is not None:
            column_label = repr(self.name)
        value = self.values[row, column]
        value = "NaN" if np.isnan(value) else value  # as scikit-learn writes it
        return f"{value} at row {row}{label}, column {column_label}"

    def format_forecasts(self, forecasts, labels):
        """Return forecasts in the form of the input: an array, Series or DataFrame.

        `forecasts` has the shape (steps, n_targets). Without `labels`, the result is an
        array.
        """
        if self.ndim == 1:
            forecasts = forecasts[:, 0]
        if labels is None:
            return forecasts
        if self.ndim == 1:
            return pd.Series(forecasts, index=labels, name=self.name)
        return pd.DataFrame(forecasts, index=labels, columns=self.columns)


def read_series(estimator, panel, *, reset, accept_nan, id_column=None):
    """Validate the rows of each series of a panel.

    Parameters
    ----------
    estimator : estimator
        Holds the number and the names of the columns, as for `validate_data` of
        scikit-learn. With `reset`, the first series sets them.
    panel : Panel
        The series.
    reset : bool
        Whether the first series defines the columns.
    accept_nan : bool
        Whether NaN is allowed, because the inner estimator reads it.
    id_column : label or None, default=None
        The parameter of the forecaster, for messages.

    Returns
    -------
    tables : dict of Rows
        The validated rows of each series, by key.
    """
    tables = _read_tables(estimator, panel, reset, accept_nan, id_column)
    if panel.numbered:
        tables = {key: rows._replace(time=None) for key, rows in tables.items()}
    return tables


def _read_tables(estimator, panel, reset, accept_nan, id_column):
    if isinstance(panel.series, SeriesOfFrame):
        try:
            whole = read_values(
                estimator,
                panel.series.frame,
                reset=reset,
                accept_nan=accept_nan,
                id_column=id_column,
            )
            codes = panel.series.frame.index.factorize()[0]
        except (TypeError, ValueError):
            pass  # reading each series raises the error with its key
        else:
            return _split_rows(panel, whole, codes)
    tables, first = {}, None
    for key, series in panel.series.items():
        with panel.naming(key):
            rows = _read_similar(series, first, accept_nan)
            if rows is None:
                rows = read_rows(
                    estimator,
                    series,
                    reset=reset and not tables,
                    accept_nan=accept_nan,
                    id_column=id_column,
                )
        first = (series, rows) if first is None else first
        tables[key] = rows
    return tables


def _split_rows(panel, whole, codes):
    """Split the validated rows of a long frame into the rows of each series, by key.

    `codes` holds a number for the label of each row. Series with equal indexes share
    one index object.
    """
    tables, indexes = {}, {}
    for key, (start, stop) in panel.series.spans.items():
        labels = codes[start:stop].tobytes()
        if labels not in indexes:
            one = panel.series[key]
            with panel.naming(key):
                indexes[labels] = refresh_index(one.index), _check_time(one, ids=False)
        index, time = indexes[labels]
        values = whole.values[start:stop]
        tables[key] = whole._replace(values=values, index=index, time=time)
    return tables


def _read_similar(series, first, accept_nan):
    """Read a series without the full validation if it is similar to the first one.

    `first` holds the first series of the panel and its validated rows, or is None.
    Return None if the series needs the full validation: if it is the first one, is
    empty, is not float64, or differs from the first one in type or columns.
    """
    if first is None or type(series) is not type(first[0]) or not len(series):
        return None
    other, rows = first
    values = series if isinstance(series, np.ndarray) else series.to_numpy()
    if values.dtype != np.float64 or values.shape[1:] != np.shape(other)[1:]:
        return None
    if values.ndim > 2 or rows.values.dtype != np.float64:
        return None
    index = time = columns = None
    if not isinstance(series, np.ndarray):
        columns = getattr(series, "columns", None)
        if columns is not None and not columns.identical(rows.columns):
            return None
        if has_labels(series):
            index, time = rows.index, rows.time
            if not (series.index is index or series.index.identical(index)):
                index, time = series.index, _check_time(series, ids=True)
    found = rows._replace(
        values=values.reshape(len(values), -1),
        index=index,
        time=time,
        columns=columns,
        name=getattr(series, "name", None),
    )
    _check_size(found, accept_nan)
    return found


def _check_time(series, *, ids):
    """Return the time index of a series; raise if it is not in time order.

    The result is None for a series without a time index.
    """
    time = check_time_index(series, name="series", ids=ids)
    check_time_order(time, name="series", table=series, folds=True)
    return time


def read_fitted_series(estimator, series, fitted):
    """Validate rows of series that were given to `fit`; return (panel, tables)."""
    id_column = fitted.panel.id_column
    panel = read_panel(series, None if isinstance(series, dict) else id_column)
    check_same_series(panel, fitted.panel, fitted.series)
    panel = panel._replace(numbered=panel.numbered or fitted.panel.numbered)
    tables = read_series(
        estimator,
        panel,
        reset=False,
        accept_nan=fitted.accepts_nan,
        id_column=id_column,
    )
    return panel, tables


def read_rows(estimator, series, *, reset, accept_nan, id_column=None):
    """Validate the rows of one series; the parameters are those of `read_series`."""
    series = to_plain(series, "series")
    rows = read_values(
        estimator, series, reset=reset, accept_nan=accept_nan, id_column=id_column
    )
    return rows._replace(time=_check_time(series, ids=id_column is None))


def read_values(estimator, series, *, reset, accept_nan, id_column=None):
    """Validate the values of a series, but not its times."""
    ids = id_column is None  # whether messages may suggest an id_column
    if not reset:
        _check_has_columns(series, getattr(estimator, "feature_names_in_", None))
    values = check_windows(
        series, name="series", estimator=estimator, min_ndim=1, max_ndim=2, ids=ids
    )
    if not len(values):
        raise ValueError(
            "series must have at least one row: got 0 rows. Pass the rows of a series."
        )
    ndim, table = values.ndim, values.reshape(len(values), -1)
    columns = getattr(series, "columns", None)
    # This checks the number and the names of the columns, with scikit-learn's messages.
    named = table if columns is None else series
    validate_data(estimator, named, reset=reset, skip_check_array=True)
    if table.dtype not in (np.float32, np.float64):
        table = table.astype(np.float64)
    index = series.index if has_labels(series) else None
    rows = Rows(table, index, None, columns, ndim, getattr(series, "name", None))
    _check_size(rows, accept_nan)
    return rows


def _check_size(rows, accept_nan):
    """Raise if a value is infinite, too large for a finite variance, or NaN.

    With `accept_nan`, NaN is accepted.
    """
    _check_finite(rows, accept_nan)
    table = rows.values
    # Python numbers, because float32 cannot hold the bound. NaN is ignored.
    highest, lowest = (f.reduce(table, axis=None) for f in (np.fmax, np.fmin))
    if max(float(highest), -float(lowest)) > _LARGEST:
        raise ValueError(
            f"series must not exceed {_LARGEST:g} in absolute value, so that its "
            "variance is finite: got "
            f"{rows.describe_first(np.abs(table) > _LARGEST)}. Use larger units."
        )


def check_is_not_steps(series):
    """Raise if the rows for `predict` are a number of steps, or an index of dates."""
    if isinstance(series, numbers.Integral):
        got, steps = f"the number {series}", series
    elif isinstance(series, pd.Index):
        got, steps = f"{len(series)} labels ({type(series).__name__})", len(series)
    else:
        return
    raise TypeError(
        "series must hold rows with values, because predict forecasts from each row: "
        f"got {got}. Use forecast({steps}) for the steps after the fitted rows."
    )


def _check_has_columns(series, fitted_names):
    """Raise if a table has no columns, although the fitted series had some."""
    if fitted_names is not None and getattr(series, "shape", ())[1:] == (0,):
        names = ", ".join(map(repr, fitted_names))
        raise ValueError(
            f"series must have the columns given to fit: got no columns, fitted on "
            f"{names}. Pass rows with all of these columns."
        )


def _check_finite(rows, accept_nan):
    """Raise if a value is infinite or, without `accept_nan`, NaN."""
    wrong = np.isinf(rows.values) if accept_nan else ~np.isfinite(rows.values)
    if not wrong.any():
        return
    remedy = "Replace infinite values with numbers first"
    if np.isnan(rows.values[wrong][0]):
        remedy = "Interpolate, start the series after the gap, or use a network with "
        remedy += "missing='mask'"
    raise ValueError(
        f"series must be finite: got {rows.describe_first(wrong)}. {remedy}."
    )


def check_columns_known(rows):
    """Raise if a column contains only NaN."""
    unknown = np.isnan(rows.values).all(axis=0)
    if unknown.any():
        first = rows.describe_first(np.isnan(rows.values) & unknown)
        raise ValueError(
            f"series must have a known value in each column: got {first} and in all "
            "other rows. Remove the column."
        )
