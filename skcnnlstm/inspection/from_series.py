"""Read the windows of a SeriesForecaster."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skcnnlstm.forecasting.fitted import FittedForecaster
from skcnnlstm.forecasting.graph import build_series_graph
from skcnnlstm.forecasting.panel import Panel
from skcnnlstm.forecasting.raw_windows import (
    forecast_raw_windows,
    last_raw_windows,
    raw_windows_of_rows,
    raw_windows_with_actual,
)
from skcnnlstm.forecasting.scaling import Scale
from skcnnlstm.forecasting.scorer import check_forecast_scorer
from skcnnlstm.inspection.explained import Explained
from skcnnlstm.inspection.from_windows import gradient_context


@dataclass(frozen=True, eq=False)
class SeriesModel:
    """A fitted forecaster as a `Model`: functions of raw windows of one series."""

    fitted: FittedForecaster
    scale: Scale

    def predict(self, windows: np.ndarray) -> np.ndarray:
        """Return forecasts, ``(n, horizon)`` or ``(n, horizon, n_targets)``."""
        forecasts = forecast_raw_windows(self.fitted, self.scale, windows)
        return forecasts[:, :, 0] if self.fitted.n_targets == 1 else forecasts

    def score(self, windows: np.ndarray, actual: Any, scoring: Any) -> float:
        """Return a metric of the forecasts."""
        forecasts = forecast_raw_windows(self.fitted, self.scale, windows)
        return check_forecast_scorer(scoring).score(forecasts, actual)

    def build_graph(self) -> Callable[[Any], Any]:
        """Return `predict` as a function of a tensor."""
        return build_series_graph(self.fitted, self.scale, gradient_context()).run


def read_forecasts(
    forecaster: Any, series: Any, exog: Any, *, with_actual: bool
) -> tuple[Panel, dict[Hashable, Explained]]:
    """Return the form of the result, and the windows to explain of each series.

    `series` is None for the forecast of the next steps. With `with_actual`, only
    windows that are followed by `horizon` rows are returned, with these rows.
    """
    fitted, columns = forecaster._fitted, None
    if series is None:
        panel, by_key = fitted.panel, last_raw_windows(fitted, exog)
    else:
        fitted, panel, tables = forecaster._read(series)
        cut = raw_windows_with_actual if with_actual else raw_windows_of_rows
        by_key = cut(fitted, panel, tables, exog)
        columns = next(iter(tables.values())).columns
    names = _feature_names(fitted, columns)
    n_ahead = 0 if fitted.known is None else fitted.horizon
    explained = {}
    for key, raw in by_key.items():
        scale = fitted.series[key].scale
        positive = np.zeros(len(names), dtype=bool)
        positive[scale.roles.targets] = scale.positive
        explained[key] = Explained(
            SeriesModel(fitted, scale),
            raw.windows,
            raw.n_missing,
            np.arange(fitted.window_length - 1, -n_ahead - 1, -1),
            names,
            raw.windows.shape[1:],
            actual=raw.actual,
            target_names=_target_names(fitted, names),
            positive=positive if scale.positive else None,
        )
    return panel, explained


def _feature_names(fitted, columns):
    """Return the names of the columns of the series and of the covariates."""
    if columns is None:
        columns = fitted.feature_names
    if columns is None:
        name = next(iter(fitted.series.values())).form.name
        columns = [f"x{i}" for i in range(fitted.n_features)]
        if fitted.n_features == 1 and name is not None:
            columns = [name]
    names = list(columns)
    if fitted.known is not None:
        names += fitted.known.names
    return np.array(names, dtype=object)


def _target_names(fitted, names):
    """Return the names of the targets if there are several, else None."""
    if fitted.n_targets == 1:
        return None
    return [names[column] for column in fitted.roles.targets]
