"""Fit and forecast the folds of a backtest, in this process or in workers."""

from __future__ import annotations

import time
import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from skcnnlstm._utils.introspection import unwrap_search
from skcnnlstm.forecasting.fitted import fitted_state
from skcnnlstm.forecasting.intervals import check_enough_scores, count_held_out
from skcnnlstm.forecasting.new_series import with_new_series
from skcnnlstm.forecasting.panel import Panel, cut_rows, read_panel
from skcnnlstm.forecasting.scaling import is_log
from skcnnlstm.model_selection.backtesting.folds import Fold
from skcnnlstm.model_selection.backtesting.intervals import calibrated_widths


class FitTask(NamedTuple):
    """Settings of a fit that a worker needs besides the series."""

    forecaster: Any
    id_column: Any
    folds: dict[Any, list[Fold]]
    horizon: int
    coverage: float | None  # coverage of calibrated intervals; None: no such intervals
    hold_out: tuple = ()  # keys of the series that are not trained on
    static: Any = None  # static covariates of all series

    def runner(self, series, exogs):
        """Return a FoldRunner for the series and covariates that the user passed."""
        panel = read_panel(series, self.id_column)
        if self.hold_out and panel.kind == "list":
            panel = panel._replace(kind="dict")  # a fit gets some of the series
        return FoldRunner(
            self.forecaster,
            panel,
            exogs,
            self.folds,
            self.horizon,
            self.hold_out,
            self.static,
        )


class FoldRunner(NamedTuple):
    """Fit a forecaster on the folds of one or several series, and forecast."""

    forecaster: Any
    panel: Panel
    exogs: dict[Any, np.ndarray] | None  # by key, (n_rows, n_exog)
    folds: dict[Any, list[Fold]]
    horizon: int
    hold_out: tuple = ()  # keys of the series that are not trained on
    static: Any = None  # static covariates of all series

    @property
    def forecast_folds(self):
        """The folds of the series that are forecast, by key."""
        return {key: self.folds[key] for key in self.hold_out or self.folds}

    def check_scores(self, number, coverage):
        """Raise if the fit for a fold would have too few calibration scores."""
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
        """Return a forecaster that is fitted on the training rows of a fold.

        It is a fitted clone, or for a search the best forecaster. Series of `hold_out`
        are added to it as new series. An error gets the number of the fold as a note.
        """
        trains = {key: folds[number].train for key, folds in self.folds.items()}
        spans = {
            key: (rows.start, rows.stop, rows.stop) for key, rows in trains.items()
        }
        held_out = {key: spans.pop(key) for key in self.hold_out}
        rows, exog = self._select_rows(spans)
        static = {} if self.static is None else {"static": self.static}
        try:
            fitted = clone(self.forecaster).fit(rows, **exog, **static)
            if held_out:
                rows, exog = self._select_rows(held_out)
                return with_new_series(fitted, rows, **exog, **static)
        except Exception as error:
            error.add_note(f"Raised by the fit for fold {number} of the backtest.")
            raise
        return unwrap_search(fitted)

    def forecast(self, fitted, number):
        """Return the forecasts of a fold, of shape (n_origins, horizon, n_targets).

        The result is a dict by key. The rows passed to `predict` contain the whole
        window of the first origin. The forecasts therefore do not depend on whether
        `predict` treats these rows as a continuation of the fitted rows.
        """
        spans, horizon = {}, self.horizon
        for key, folds in self.forecast_folds.items():
            origins = folds[number].origins
            start, stop = origins[0] - fitted.window_length + 1, origins[-1] + 1
            spans[key] = max(0, int(start)), int(stop), int(stop) + horizon
        rows, exog = self._select_rows(spans)
        with warnings.catch_warnings():
            # The warning is about rows before the first origin, which are only history.
            # After a gap in time, `score` does not issue this warning either.
            warnings.filterwarnings("ignore", ".*fewer than window_length=")
            predicted = fitted.predict(rows, **exog)
        forecasts, predicted = {}, self._split_predictions(predicted, spans)
        for key, folds in self.forecast_folds.items():
            if predicted[key].shape[1] != horizon:
                raise ValueError(
                    "horizon must be the same in every fold: got "
                    f"horizon={predicted[key].shape[1]} from a search and "
                    f"horizon={horizon} from the forecaster. Do not tune horizon."
                )
            origins = folds[number].origins
            at_origins = predicted[key][origins - spans[key][0]]
            forecasts[key] = at_origins.reshape(len(origins), horizon, -1)
        return forecasts

    def _select_rows(self, spans):
        """Return rows of each series, and a dict with the argument `exog`, if any.

        `spans` holds (start, stop, stop of exog) for each series, by key.
        """
        exog, panel = {}, self.panel
        if self.exogs is not None:
            exogs = {
                key: self.exogs[key][start:exog_stop]
                for key, (start, _, exog_stop) in spans.items()
            }
            exog["exog"] = exogs[None] if panel.kind == "one" else exogs
        if panel.kind == "long":
            positions = [
                panel.places[key][start:stop] for key, (start, stop, _) in spans.items()
            ]
            return panel.frame.iloc[np.concatenate(positions)], exog
        rows = {
            key: cut_rows(panel.series[key], start, stop)
            for key, (start, stop, _) in spans.items()
        }
        return panel.join_each(rows), exog

    def _split_predictions(self, predicted, spans):
        """Return the predictions for the rows of `_select_rows`, by key."""
        if self.panel.kind == "long":
            ends = np.cumsum([stop - start for start, stop, _ in spans.values()])
            predicted = np.split(predicted, ends[:-1])
        if self.panel.kind in ("long", "list"):
            return dict(zip(spans, predicted, strict=True))
        return {None: predicted} if self.panel.kind == "one" else predicted


class FitResult(NamedTuple):
    """Forecasts of one fitted forecaster for all folds that share the fit."""

    forecasts: list[dict]  # forecasts of each fold, by key
    widths: list[dict]  # widths of calibrated intervals; empty without intervals
    seconds: list[float]
    target_columns: Any  # value in the fitted forecaster, which a search may tune
    transformer: Any  # value in the fitted forecaster, which a search may tune
    calibration: Any  # calibration of the first fit; None for other fits


def fit_and_forecast(series, exogs, task, numbers):
    """Fit for the first of the given folds, and forecast all of them."""
    runner = task.runner(series, exogs)
    start = time.perf_counter()
    fitted = runner.fit(numbers[0])
    calibration = fitted_state(fitted).calibration
    forecasts, widths, seconds = [], [], []
    for number in numbers:
        forecasts.append(runner.forecast(fitted, number))
        if task.coverage is not None:
            widths.append(
                calibrated_widths(
                    calibration, forecasts[-1], task.coverage, runner.panel
                )
            )
        seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
    return FitResult(
        forecasts,
        widths,
        seconds,
        fitted.target_columns,
        fitted.transformer,
        calibration if numbers[0] == 0 else None,
    )


def check_tuned(forecaster, first, result, number, coverage):
    """Raise if a search tuned a parameter that must be equal in all folds.

    Parameters
    ----------
    forecaster : SeriesForecaster
        The forecaster inside the search.
    first, result : FitResult
        The results of the first fit, and of the fit for fold `number`.
    number : int
        Number of the fold.
    coverage : float or None
        Coverage of the intervals. None means no intervals.
    """
    if repr(result.target_columns) != repr(forecaster.target_columns):
        name, before, where = "target_columns", forecaster, "in the forecaster"
        rule = "be the same in all folds, because all folds are scored together"
    elif coverage is None:
        return
    elif is_log(result.transformer) != is_log(first.transformer):
        name, before, where = "transformer", first, "in the first fold"
        rule = "be 'log' in all folds or in no fold if coverage is given"
    else:
        return
    raise ValueError(
        f"{name} must {rule}: got {name}={getattr(result, name)!r} in fold {number} "
        f"and {getattr(before, name)!r} {where}. Do not tune {name}."
    )
