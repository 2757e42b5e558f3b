"""Validation of the series of a backtest before the first fit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from skcnnlstm._utils.time_axis import read_time_axis
from skcnnlstm._utils.validation import check_target
from skcnnlstm._utils.warnings import warn
from skcnnlstm.exceptions import MistakeWarning
from skcnnlstm.forecasting.covariates import read_covariates
from skcnnlstm.forecasting.panel import listed
from skcnnlstm.forecasting.series_input import Rows, read_series
from skcnnlstm.model_selection.backtesting.folds import (
    Fold,
    check_equal_fold_counts,
    make_folds,
    read_cv,
    splits_rows_only,
)


class BacktestSeries(NamedTuple):
    """One series with its target values and folds."""

    rows: Rows
    times: np.ndarray  # (n_rows,), position of each row in time, in time steps
    values: np.ndarray  # (n_rows, n_targets), values of the target columns
    targets: pd.Index  # names of the target columns
    columns: list[int]  # positions of the target columns
    folds: list[Fold]

    def origins(self):
        """Return the forecast origins of all folds."""
        return np.concatenate([fold.origins for fold in self.folds])

    def actual(self, horizon):
        """Return the actual values after each origin.

        The shape is (n_origins, horizon, n_targets).
        """
        return self.values[np.add.outer(self.origins(), np.arange(1, horizon + 1))]

    def labels(self, positions):
        """Return the labels of rows, or their positions if there is no index."""
        index = self.rows.index
        return positions if index is None else index.take(positions)


def read_all(forecaster, panel, cv, stride, season_length, *, accept_nan):
    """Return each series of a panel as a `BacktestSeries`, by key.

    `accept_nan` is whether all models accept NaN.
    """
    cv = read_cv(cv)
    reader, all_series, known = clone(forecaster), {}, {}
    tables = read_series(
        reader,
        panel,
        reset=True,
        accept_nan=accept_nan,
        id_column=reader.id_column,
    )
    for key, rows in tables.items():
        with panel.naming(key):
            # Series with the same index have the same times and mostly the same folds.
            same = id(rows.time), len(rows.values)
            if same not in known or not splits_rows_only(cv):
                times = np.arange(len(rows.values))
                if rows.time is not None:
                    times = read_time_axis(rows.time, reader.freq).positions
                series = panel.series[key]
                folds = make_folds(cv, series, times, reader.horizon, stride)
                known[same] = times, folds
            all_series[key] = _read_one(reader, rows, *known[same], season_length)
    check_equal_fold_counts({key: series.folds for key, series in all_series.items()})
    _warn_about_later_training_rows(all_series)
    return all_series


def _warn_about_later_training_rows(all_series):
    """Warn if the model trains on rows that are later than a forecast origin.

    Each series is split separately. If series end at different times, they are
    therefore split at different times.
    """
    distinct = {
        (id(series.rows.time), id(series.folds)): key
        for key, series in reversed(all_series.items())
    }
    all_series = {key: all_series[key] for key in reversed(distinct.values())}
    times = {key: series.rows.time for key, series in all_series.items()}
    first = next(iter(times.values()))
    if first is None or first.inferred_type == "integer":
        return  # row numbers, which need not be comparable between series
    axis = read_time_axis(first)
    if any(time is None or not axis.is_comparable(time) for time in times.values()):
        return  # labels that cannot be compared
    for number in range(len(next(iter(all_series.values())).folds)):
        folds = {key: series.folds[number] for key, series in all_series.items()}
        trained = {key: times[key][fold.train.stop - 1] for key, fold in folds.items()}
        origin = {key: times[key][fold.origins[0]] for key, fold in folds.items()}
        latest, earliest = max(trained, key=trained.get), min(origin, key=origin.get)
        if trained[latest] > origin[earliest]:
            warn(
                f"the series end at different times: in fold {number}, the model "
                f"trains on rows of series {latest!r} up to {trained[latest]}, but "
                f"forecasts series {earliest!r} from {origin[earliest]} on. The model "
                "then learns from later events that affect all series. Cut all series "
                "at the same date.",
                MistakeWarning,
            )
            return


def _read_one(reader, rows, times, folds, season_length):
    """Return one series with its targets and folds."""
    n_columns = rows.values.shape[1]
    columns = check_target(
        reader.target_columns, n_columns, rows.columns, name="target_columns"
    )
    names = pd.Index(range(n_columns) if rows.columns is None else rows.columns)
    if rows.ndim == 1 and rows.name is not None:
        names = pd.Index([rows.name])
    shortest = min(fold.n_train for fold in folds)
    if shortest <= season_length:
        raise ValueError(
            "season_length must be shorter than every training part: got "
            f"season_length={season_length} and a training part of {shortest} rows. "
            "Use fewer folds or a shorter season."
        )
    values = rows.values[:, columns].astype(float)
    return BacktestSeries(rows, times, values, names.take(columns), columns, folds)


def check_hold_out(hold_out, panel, coverage):
    """Return the keys of the series to hold out as a tuple, which may be empty."""
    if hold_out is None:
        return ()
    known = list(panel.series)
    if isinstance(hold_out, str) or not isinstance(hold_out, Iterable):
        raise TypeError(
            f"hold_out must be a list of keys of series: got hold_out={hold_out!r}. "
            f"Use [{known[0]!r}]."
        )
    keys = tuple(dict.fromkeys(hold_out))
    if panel.kind == "one":
        raise ValueError(
            f"hold_out must be None for a single series: got hold_out={hold_out!r}. "
            "Pass several series, or use hold_out=None."
        )
    unknown = [key for key in keys if key not in panel.series]
    if unknown or not keys:
        raise ValueError(
            f"hold_out must hold keys of the series: got {listed(unknown) or 'none'}. "
            f"Use some of {listed(known)}."
        )
    if len(keys) == len(known):
        remedy = "Use hold_out=None"
        if len(known) > 1:
            remedy = f"Remove {known[0]!r} from hold_out"
        raise ValueError(
            "hold_out must leave a series to train on: got all "
            f"{len(known)} series. {remedy}."
        )
    if coverage is not None:
        raise ValueError(
            f"coverage must be None with hold_out: got coverage={coverage}. Intervals "
            "depend on earlier errors of a series, which are not known for held-out "
            "series. Use coverage=None."
        )
    return keys


def read_exog(exog, panel, all_series, *, raw):
    """Return the covariates of the rows of each series, by key; None if `exog` is None.

    `raw` is true if a model transforms the covariates. They may then have any type.
    """
    if exog is None:
        return None
    wanted = {
        key: (len(series.times), series.rows.index)
        for key, series in all_series.items()
    }
    # `fit` raises if the estimator does not read NaN.
    return read_covariates(exog, panel, wanted, accept_nan=True, raw=raw)[0]
