"""Known-future columns: covariates (`exog`), the calendar, and static covariates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skcnnlstm.forecasting.calendar import fit_calendar, transform_times
from skcnnlstm.forecasting.covariate_encoding import (
    check_same_names,
    encode,
    fit_encoder,
)
from skcnnlstm.forecasting.covariates import check_given, read_covariates
from skcnnlstm.forecasting.static_covariates import learn_static


@dataclass(frozen=True, eq=False)
class KnownColumns:
    """Hold the fitted transformers and static values that give known-future columns.

    The columns are those of `exog`, of the calendar, and of the static covariates, in
    this order.
    """

    exog_transformer: Any = None  # None leaves the covariates as they are
    calendar: Any = None  # None without columns from times
    accept_nan: bool = False
    width: int = 0  # number of columns
    names: Any = None  # list of the names of the columns
    returned: Any = None  # names that the transformer of exog and the calendar return
    static: Any = None  # encoded values by key, (n_static,) each; None without any
    static_transformer: Any = None
    static_columns: Any = None  # number and names of the columns given to `fit`
    has_static_transformer: bool = False  # whether the parameter was set

    @property
    def n_static(self):
        """The number of static columns, which are the last columns."""
        return 0 if self.static is None else len(next(iter(self.static.values())))

    def transform(self, panel, exogs, indexes, counts):
        """Return the columns (n_rows, width) of each series, by key.

        Parameters
        ----------
        panel : Panel
            The form of the series, for messages.
        exogs : dict of (ndarray, DataFrame or None)
            The covariates as the user gave them.
        indexes : dict of (Index or None)
            The labels of the rows of each series; only the calendar reads them.
        counts : dict of int
            The number of rows of each series.
        """
        tables, names = self._transform(panel, exogs, indexes, counts)
        if self.returned is not None:
            parts = {
                "exog_transformer": self.exog_transformer,
                "calendar": self.calendar,
            }
            name = " and ".join(key for key in parts if parts[key] is not None)
            check_same_names(name, names, self.returned, "the training rows")
        return tables

    def _transform(self, panel, exogs, indexes, counts):
        """Return the columns by key, and the names of those that are not static."""
        tables, names = exogs, None
        if self.exog_transformer is not None:
            tables, names = encode(
                "exog_transformer",
                self.exog_transformer,
                exogs,
                accept_nan=self.accept_nan,
            )
        parts, all_names = [], []
        if next(iter(tables.values())) is not None:
            parts.append(tables)
            all_names += _names("exog", tables, names)
        if self.calendar is not None:
            times, names = transform_times(self.calendar, panel, indexes)
            parts.append(times)
            all_names += _names("calendar", times, names)
        if self.static is not None:
            parts.append(
                {key: np.tile(self.static[key], (counts[key], 1)) for key in counts}
            )
        if len(parts) == 1:
            return parts[0], all_names
        joined = {
            key: np.concatenate([part[key] for part in parts], axis=1) for key in counts
        }
        return joined, all_names


def _names(prefix, tables, names):
    if names is None:
        names = [f"{prefix}{i}" for i in range(next(iter(tables.values())).shape[1])]
    return list(names)


def learn_known(settings, data, *, accept_nan):
    """Fit the transformers of known-future columns on training rows.

    Returns
    -------
    known : KnownColumns or None
        None if there are neither covariates, nor a calendar, nor static covariates.
    tables : dict of (ndarray or None)
        The known-future columns of each series, by key.
    """
    calendar, exog_transformer = settings.calendar, settings.exog_transformer
    if calendar is None and data.exog_columns is None and data.static is None:
        return None, data.exogs
    indexes = {key: rows.index for key, rows in data.tables.items()}
    counts = {key: len(rows.values) for key, rows in data.tables.items()}
    if exog_transformer is not None:
        exog_transformer = fit_encoder(exog_transformer, data.exogs)
    if calendar is not None:
        calendar = fit_calendar(calendar, data.panel, data.axes, indexes)
    known, static_names = KnownColumns(exog_transformer, calendar, accept_nan), []
    if data.static is not None:
        rows, columns = data.static
        keys, transformer = list(data.tables), settings.static_transformer
        encoder, static, names = learn_static(transformer, rows, keys)
        known = replace(
            known,
            static=static,
            static_transformer=encoder,
            static_columns=columns,
            has_static_transformer=transformer is not None,
        )
        if transformer is None:
            names = columns[1]
        static_names = names or [f"static{i}" for i in range(known.n_static)]
    tables, names = known._transform(data.panel, data.exogs, indexes, counts)
    known = replace(known, returned=names)
    if exog_transformer is None and data.exog_columns is not None:
        width, given = data.exog_columns
        names = names if given is None else [*given, *names[width:]]
    names = [*names, *static_names]
    return replace(known, width=len(names), names=names), tables


def read_known(fitted, exog, panel, wanted, *, indexes=None, **options):
    """Return the known-future columns of the wanted rows of each series, by key.

    The values of the dict are None if the forecaster has no such columns.

    Parameters
    ----------
    fitted : FittedForecaster
    exog : array-like, Series, DataFrame, list, dict or None
        The covariates, which must have the columns given to `fit`.
    panel : Panel
        The form of the series.
    wanted : dict of (int, Index or None)
        For each series, the number of rows and their labels. The labels are None if
        `exog` is not looked up by label.
    indexes : dict of (Index or None) or None, default=None
        The labels of the rows, for the calendar. None means those of `wanted`.
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
    counts = {key: n_rows for key, (n_rows, _) in wanted.items()}
    return known.transform(panel, exogs, indexes, counts)
