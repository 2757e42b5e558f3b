"""Series that are backtested: checked before the first fit, with their folds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from skcnnlstm._utils.time_index import count_steps, join_labels
from skcnnlstm._utils.validation import check_target
from skcnnlstm._utils.warnings import warn
from skcnnlstm.exceptions import MistakeWarning
from skcnnlstm.forecasting.covariates import read_covariates
from skcnnlstm.forecasting.inner_estimator import accepts_nan
from skcnnlstm.forecasting.series_input import Rows, read_rows
from skcnnlstm.model_selection.backtesting.folds import (
    Fold,
    check_same_number,
    make_folds,
    read_cv,
)


class FoldedSeries(NamedTuple):
    """One series: its rows, its numbers, and where its folds are."""

    rows: Rows
    places: np.ndarray  # (n_rows,), where rows stand in time, in time steps
    values: np.ndarray  # (n_rows, n_targets), of the columns forecast
    targets: pd.Index  # their names
    folds: list[Fold]

    def origins(self):
        """Return the rows from which all folds forecast."""
        return np.concatenate([fold.origins for fold in self.folds])

    def actual(self, horizon):
        """Return what came after each origin, (n_origins, horizon, n_targets)."""
        return self.values[np.add.outer(self.origins(), np.arange(1, horizon + 1))]

    def labels(self, positions):
        """Return the labels of rows; their positions where there is no index."""
        index = self.rows.index
        return positions if index is None else index.take(positions)


def read_all(forecaster, panel, cv, stride, season_length):
    """Return every series of a panel as a `FoldedSeries`, by key."""
    cv = read_cv(cv)
    reader, found = clone(forecaster), {}
    for key, series in panel.series.items():
        with panel.naming(key):
            found[key] = _read(reader, series, cv, stride, season_length)
    check_same_number({key: one.folds for key, one in found.items()})
    _warn_of_later_rows(found)
    return found


def _warn_of_later_rows(found):
    """Warn where a model learns from rows that are later than an origin.

    Each series is split by itself, so those that end at other times are cut at others.
    """
    times = {key: one.rows.time for key, one in found.items()}
    first = next(iter(times.values()))
    if first is None or first.inferred_type == "integer":
        return  # rows that are numbered, perhaps one series after the other
    if any(join_labels(first, time) is None for time in times.values()):
        return  # labels that cannot be compared
    for number in range(len(next(iter(found.values())).folds)):
        cut = {key: one.folds[number] for key, one in found.items()}
        learned = {key: times[key][fold.train.stop - 1] for key, fold in cut.items()}
        origin = {key: times[key][fold.origins[0]] for key, fold in cut.items()}
        latest, earliest = max(learned, key=learned.get), min(origin, key=origin.get)
        if learned[latest] > origin[earliest]:
            warn(
                f"series end at different times: in fold {number} the model learns "
                f"from rows of series {latest!r} up to {learned[latest]}, and "
                f"forecasts series {earliest!r} from {origin[earliest]} on. What moves "
                "them together is then known too early. Cut all of them at one date "
                "first.",
                MistakeWarning,
            )
            return


def _read(reader, series, cv, stride, season_length):
    """Check one series and find its folds."""
    rows = read_rows(
        reader,
        series,
        reset=True,
        accept_nan=accepts_nan(reader.estimator),
        id_column=reader.id_column,
    )
    n_rows, n_columns = rows.values.shape
    columns = check_target(
        reader.target_columns, n_columns, rows.columns, name="target_columns"
    )
    names = pd.Index(range(n_columns) if rows.columns is None else rows.columns)
    if rows.ndim == 1 and rows.name is not None:
        names = pd.Index([rows.name])
    places = count_steps(rows.time, n_rows)
    folds = make_folds(cv, series, places, reader.horizon, stride)
    shortest = min(fold.n_train for fold in folds)
    if shortest <= season_length:
        raise ValueError(
            "season_length must be shorter than every training part: got "
            f"season_length={season_length}, a training part of {shortest} rows. Use "
            "fewer folds or a shorter season."
        )
    values = rows.values[:, columns].astype(float)
    return FoldedSeries(rows, places, values, names.take(columns), folds)


def read_exog(exog, panel, all_series):
    """Return the covariates of the rows of each series; None without any."""
    if exog is None:
        return None
    wanted = {key: (len(one.places), one.rows.index) for key, one in all_series.items()}
    return read_covariates(exog, panel, wanted)[0]
