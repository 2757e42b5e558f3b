"""One fit and the forecasts of the folds that it is for, in whatever process."""

from __future__ import annotations

import time
import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from skcnnlstm._utils.introspection import unwrap_search
from skcnnlstm.forecasting.fitted import fitted_state
from skcnnlstm.forecasting.intervals import check_enough_scores, count_held_out
from skcnnlstm.forecasting.panel import Panel, cut_rows, read_panel
from skcnnlstm.forecasting.scaling import is_log
from skcnnlstm.model_selection.backtesting.folds import Fold
from skcnnlstm.model_selection.backtesting.intervals import calibrated_widths


class Task(NamedTuple):
    """What a worker needs to know beside the series; it is sent with each fit."""

    forecaster: Any
    id_column: Any
    folds: dict[Any, list[Fold]]
    horizon: int
    coverage: float | None  # of intervals by calibration

    def on(self, series, exogs):
        """Return the work on series as they came in, and the covariates of each."""
        panel = read_panel(series, self.id_column)
        forecaster = self.forecaster
        if panel.kind != "one":
            # Many series are a dict from here on, whatever they came in.
            forecaster = clone(forecaster).set_params(id_column=None)
        return Work(forecaster, panel, exogs, self.folds, self.horizon)


class Work(NamedTuple):
    """What is backtested: a forecaster on one series, or on many by key."""

    forecaster: Any
    panel: Panel
    exogs: dict[Any, np.ndarray] | None  # (n_rows, n_exog), None without any
    folds: dict[Any, list[Fold]]
    horizon: int

    def check_scores(self, number, coverage):
        """Raise where the fit for a fold will see too few errors of held-out rows."""
        model, n_scores = self.forecaster, 0
        for key, folds in self.folds.items():
            with self.panel.naming(key):
                n_rows = count_held_out(
                    model.calibration_fraction,
                    folds[number].n_train,
                    model.window_length,
                    self.horizon,
                )
            n_scores += n_rows - self.horizon + 1
        check_enough_scores(n_scores, coverage, self.horizon)

    def fit(self, number):
        """Fit a clone on the training rows of a fold; an error says on which."""
        trains = {key: folds[number].train for key, folds in self.folds.items()}
        rows, exog = self._cut(
            {key: (rows.start, rows.stop, rows.stop) for key, rows in trains.items()}
        )
        try:
            fitted = clone(self.forecaster).fit(rows, **exog)
        except Exception as error:
            error.add_note(f"This is the fit for fold {number} of the backtest.")
            raise
        return unwrap_search(fitted)

    def ahead(self, fitted, number):
        """Return the forecasts of a fold by key, (n_origins, horizon, n_targets).

        The rows given end at the last origin, and begin so far before the first that
        no history but theirs is read: whether they are taken to continue the fitted
        ones makes no difference.
        """
        spans, horizon = {}, self.horizon
        for key, folds in self.folds.items():
            origins = folds[number].origins
            first, stop = origins[0] - fitted.window_length + 1, origins[-1] + 1
            spans[key] = max(0, int(first)), int(stop), int(stop) + horizon
        rows, exog = self._cut(spans)
        with warnings.catch_warnings():
            # Of the rows before the first origin, which are there as history alone;
            # after a gap in time it happens without a warning in `score`, too.
            warnings.filterwarnings("ignore", ".*fewer than window_length=")
            said = fitted.predict(rows, **exog)
        said = {None: said} if self.panel.kind == "one" else said
        found = {}
        for key, folds in self.folds.items():
            if said[key].shape[1] != horizon:
                raise ValueError(
                    f"horizon must be the same in every fold: got {said[key].shape[1]} "
                    f"from a search, horizon={horizon}. Leave the horizon out of the "
                    "search."
                )
            origins = folds[number].origins
            picked = said[key][origins - spans[key][0]]
            found[key] = picked.reshape(len(origins), horizon, -1)
        return found

    def _cut(self, spans):
        """Return rows and covariates of each series: (start, stop, stop of exog)."""
        rows, exogs = {}, {}
        for key, (start, stop, last) in spans.items():
            rows[key] = cut_rows(self.panel.series[key], start, stop)
            exogs[key] = None if self.exogs is None else self.exogs[key][start:last]
        exog = {} if self.exogs is None else {"exog": exogs}
        if self.panel.kind == "one":
            return rows[None], {name: each[None] for name, each in exog.items()}
        return rows, exog


class Said(NamedTuple):
    """What one fit said in the folds that it was for."""

    ahead: list[dict]  # by key, for each fold
    widths: list[dict]  # of intervals by calibration, where they are wanted
    seconds: list[float]
    target_columns: Any  # what a search chose
    transformer: Any
    calibration: Any  # of the first fold alone


def fit_and_forecast(series, exogs, task, numbers):
    """Fit for the first of some folds, and forecast all of them."""
    work = task.on(series, exogs)
    start = time.perf_counter()
    fitted = work.fit(numbers[0])
    ahead, widths, seconds = [], [], []
    for number in numbers:
        ahead.append(work.ahead(fitted, number))
        if task.coverage is not None:
            given = calibrated_widths(fitted, ahead[-1], task.coverage, work.panel)
            widths.append(given)
        seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
    calibration = fitted_state(fitted).calibration if numbers[0] == 0 else None
    tuned = fitted.target_columns, fitted.transformer
    return Said(ahead, widths, seconds, *tuned, calibration)


def check_tuned(forecaster, first, said, number, coverage):
    """Raise where a search chose what a backtest must be able to rely on.

    Parameters
    ----------
    forecaster : SeriesForecaster
        What the search is around.
    first, said : Said
        Of the first fit, and of the one for fold `number`.
    number : int
        The fold.
    coverage : float or None
        Of intervals, if there are any.
    """
    if repr(said.target_columns) != repr(forecaster.target_columns):
        name, before = "target_columns", forecaster
        rule = "not be tuned by a search, for other columns would be measured"
    elif coverage is None:
        return
    elif is_log(said.transformer) != is_log(first.transformer):
        name, before = "transformer", first
        rule = "be 'log' in every fold or in none, for intervals are then of ratios"
    else:
        return
    raise ValueError(
        f"{name} must {rule}: got {name}={getattr(said, name)!r} in fold {number}, "
        f"{getattr(before, name)!r} before. Leave it out of the search."
    )
