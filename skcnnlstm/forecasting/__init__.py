"""Forecast series without leakage: all fitted state comes from training rows."""

from skcnnlstm.forecasting.forecaster import SeriesForecaster
from skcnnlstm.forecasting.scorer import forecast_scorer

__all__ = ["SeriesForecaster", "forecast_scorer"]
