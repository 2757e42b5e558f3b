"""Checked rows of one series, and forecasts in their form."""

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
)
from skcnnlstm.forecasting.fit import reads_gaps

# Its square is a number, and so is the sum of as many as there can be.
_LARGEST = 1e150


class Rows(NamedTuple):
    """Checked rows: numbers, and how the user names them."""

    values: np.ndarray  # (n_rows, n_features)
    index: pd.Index | None  # None for bare arrays
    time: pd.Index | None  # the same where its labels can be ordered in time
    columns: Any  # the labels of a DataFrame, else None
    ndim: int  # of what came in
    name: Any  # the name of a Series, else None

    def take(self, runs):
        """Keep the rows of some runs, (start, stop) each."""
        if len(runs) == 1:
            kept = slice(*runs[0])
        else:
            kept = np.concatenate([np.arange(*run) for run in runs])
        index = None if self.index is None else self.index[kept]
        return self._replace(values=self.values[kept], index=index, time=None)

    def cell(self, mask):
        """Say which value and where the first True of `mask` is."""
        row, column = np.unravel_index(np.argmax(mask), mask.shape)
        label = "" if self.index is None else f" ({self.index[row]})"
        column_label = column if self.columns is None else repr(self.columns[column])
        if self.ndim == 1 and self.name is not None:
            column_label = repr(self.name)
        value = self.values[row, column]
        value = "NaN" if np.isnan(value) else value  # as scikit-learn writes it
        return f"{value} at row {row}{label}, column {column_label}"

    def dress(self, forecasts, labels):
        """Give forecasts, (steps, n_targets), the form of these rows."""
        if self.ndim == 1:
            forecasts = forecasts[:, 0]
        if labels is None:
            return forecasts
        if self.ndim == 1:
            return pd.Series(forecasts, index=labels, name=self.name)
        return pd.DataFrame(forecasts, index=labels, columns=self.columns)


def read_rows(forecaster, series, *, reset):
    """Check a series against (reset=True: as) what the forecaster was fitted on.

    NaN passes where the estimator inside reads it.
    """
    if reset:
        forecaster._gaps = reads_gaps(forecaster.estimator)
    ids = forecaster.id_column is None
    if not reset:
        _check_some_columns(series, getattr(forecaster, "feature_names_in_", None))
    values = check_windows(
        series, name="series", estimator=forecaster, min_ndim=1, max_ndim=2, ids=ids
    )
    if not len(values):
        raise ValueError("series must have at least one row: got none.")
    time = check_time_index(series, name="series", ids=ids)
    check_time_order(time, name="series")
    ndim, table = values.ndim, values.reshape(len(values), -1)
    columns = getattr(series, "columns", None)
    # Names and number of columns, in scikit-learn's words.
    named = table if columns is None else series
    validate_data(forecaster, named, reset=reset, skip_check_array=True)
    if table.dtype not in (np.float32, np.float64):
        table = table.astype(np.float64)
    index = series.index if isinstance(series, pd.Series | pd.DataFrame) else None
    rows = Rows(table, index, time, columns, ndim, getattr(series, "name", None))
    _check_known(rows, forecaster._gaps)
    # As Python's numbers: float32 cannot hold the bound. NaN is passed over.
    highest, lowest = (f.reduce(table, axis=None) for f in (np.fmax, np.fmin))
    if max(float(highest), -float(lowest)) > _LARGEST:
        raise ValueError(
            f"series must be at most {_LARGEST:g} in size, for its variance to be "
            f"finite: got {rows.cell(np.abs(table) > _LARGEST)}. Use other units."
        )
    return rows


def check_rows_not_steps(series):
    """Raise where `predict` is asked for steps or dates, as `forecast` is."""
    if isinstance(series, numbers.Integral):
        got, steps = f"the number {series}", series
    elif isinstance(series, pd.Index):
        got, steps = f"{len(series)} labels ({type(series).__name__})", len(series)
    else:
        return
    raise TypeError(
        "predict must be given rows with their values, to forecast from each of them: "
        f"got {got}. Use forecast({steps}) for the steps that follow the known rows."
    )


def _check_some_columns(series, fitted):
    """Raise where a table has none of the columns of `fit` left."""
    if fitted is not None and getattr(series, "shape", ())[1:] == (0,):
        listed = ", ".join(map(repr, fitted))
        raise ValueError(
            f"series must have the columns given to fit: got none, fitted on {listed}. "
            "Give the rows all of them."
        )


def _check_known(rows, gaps):
    """Raise where a value is not finite; with `gaps`, where it is infinite."""
    wrong = np.isinf(rows.values) if gaps else ~np.isfinite(rows.values)
    if not wrong.any():
        return
    way_out = "Interpolate, or start the series after the gap"
    if np.isnan(rows.values[wrong]).any():
        way_out += ", or use a network with missing='mask', which reads NaN"
    raise ValueError(f"series must be finite: got {rows.cell(wrong)}. {way_out}.")


def check_some_known(rows):
    """Raise where a column is NaN throughout."""
    unknown = np.isnan(rows.values).all(axis=0)
    if unknown.any():
        cell = rows.cell(np.isnan(rows.values) & unknown)
        raise ValueError(
            f"each column of a series must have a known value: got {cell} and in all "
            "other rows. Leave the column out."
        )
