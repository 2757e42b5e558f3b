"""Forecast series; transformers, windows and targets are made of training rows only."""

from skcnnlstm.forecasting.forecaster import SeriesForecaster
from skcnnlstm.forecasting.scorer import forecast_scorer

__all__ = ["SeriesForecaster", "forecast_scorer"]
