"""Known-future columns: covariates of the user (`exog`) and of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skcnnlstm.forecasting.calendar import fit_calendar, transform_times
from skcnnlstm.forecasting.covariates import check_given, read_covariates
from skcnnlstm.forecasting.encoding import encode, fit_encoder


@dataclass(frozen=True, eq=False)
class KnownColumns:
    """Hold the fitted transformers of known-future columns."""

    exog_transformer: Any = None  # None leaves the covariates as they are
    calendar: Any = None  # None without columns from times
    accept_nan: bool = False
    width: int = 0  # number of columns
    names: Any = None  # of the columns, a list

    def transform(self, panel, exogs, indexes):
        """Return the columns (n_rows, width) of each series, by key.

        Parameters
        ----------
        panel : Panel
            The form of the series, for messages.
        exogs : dict of (ndarray, DataFrame or None)
            The covariates as the user gave them.
        indexes : dict of (Index or None)
            The labels of the rows.
        """
        return self._transform(panel, exogs, indexes)[0]

    def _transform(self, panel, exogs, indexes):
        tables, names = exogs, None
        if self.exog_transformer is not None:
            tables, names = encode(
                "exog_transformer",
                self.exog_transformer,
                exogs,
                accept_nan=self.accept_nan,
            )
        if self.calendar is None:
            return tables, _names("exog", tables, names)
        times, time_names = transform_times(self.calendar, panel, indexes)
        time_names = _names("calendar", times, time_names)
        if next(iter(tables.values())) is None:
            return times, time_names
        joined = {
            key: np.concatenate([tables[key], times[key]], axis=1) for key in times
        }
        return joined, _names("exog", tables, names) + time_names


def _names(prefix, tables, names):
    if names is None:
        names = [f"{prefix}{i}" for i in range(next(iter(tables.values())).shape[1])]
    return names


def learn_known(exog_transformer, calendar, data, *, accept_nan):
    """Fit the transformers of known-future columns on training rows.

    Returns
    -------
    known : KnownColumns or None
        None without covariates and without a calendar.
    tables : dict of (ndarray or None)
        The columns of each series, by key.
    """
    if calendar is None and data.exog_columns is None:
        return None, data.exogs
    indexes = {key: rows.index for key, rows in data.tables.items()}
    if exog_transformer is not None:
        exog_transformer = fit_encoder(exog_transformer, data.exogs)
    if calendar is not None:
        calendar = fit_calendar(calendar, data.panel, data.axes, indexes)
    known = KnownColumns(exog_transformer, calendar, accept_nan)
    tables, names = known._transform(data.panel, data.exogs, indexes)
    if exog_transformer is None and data.exog_columns is not None:
        width, given = data.exog_columns
        names = names if given is None else [*given, *names[width:]]
    width = next(iter(tables.values())).shape[1]
    return KnownColumns(exog_transformer, calendar, accept_nan, width, names), tables


def read_known(fitted, exog, panel, wanted, *, indexes=None, **options):
    """Return the known-future columns of wanted rows by key; None for each without any.

    Parameters
    ----------
    fitted : FittedForecaster
    exog : array-like, Series, DataFrame, list, dict or None
        The covariates, which must have the columns given to `fit`.
    panel : Panel
        The form of the series.
    wanted : dict of (int, Index or None)
        For each series, the number of rows and, if `exog` is looked up, their labels.
    indexes : dict of (Index or None) or None, default=None
        The labels of the rows, for the calendar; None takes those of `wanted`.
    **options
        Further parameters of `read_covariates`.
    """
    known = fitted.known
    check_given(exog, fitted.exog_columns)
    if known is None:
        return dict.fromkeys(wanted)
    exogs = dict.fromkeys(wanted)
    if exog is not None:
        exogs, _ = read_covariates(
            exog,
            panel,
            wanted,
            columns=fitted.exog_columns,
            accept_nan=fitted.accepts_nan,
            raw=known.exog_transformer is not None,
            **options,
        )
    if indexes is None:
        indexes = {key: labels for key, (_, labels) in wanted.items()}
    return known.transform(panel, exogs, indexes)
