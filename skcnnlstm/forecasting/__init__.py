"""Forecasts of a raw series, with every step learned from training rows alone.

`rows` checks one series and `panel` many, `covariates` puts known-future columns beside
them, `calendar` names the labels that follow, `scaling` fits transformers, `history`
holds what is known of a series after `fit`, `windowing` cuts windows and feeds
forecasts back, `networks` prepares the estimator inside. `forecaster` puts them
together, and `scorer` scores it.
"""

from skcnnlstm.forecasting.forecaster import SeriesForecaster
from skcnnlstm.forecasting.scorer import forecast_scorer

__all__ = ["SeriesForecaster", "forecast_scorer"]
