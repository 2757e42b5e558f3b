"""
A forecast
==========

Twelve months of airline passengers, from the raw series, with intervals.
"""

# %%
# The series has dates; forecasts come back with the dates that follow. The last rows
# are kept from the model to learn how far off its forecasts are.

from skcnnlstm import CNNLSTMRegressor, ForecastDisplay, SeriesForecaster
from skcnnlstm.datasets import load_airline

series = load_airline()
forecaster = SeriesForecaster(
    CNNLSTMRegressor(
        instance_norm="seasonal", season_length=12, dropout=0.2, random_state=0
    ),
    window_length=24,
    horizon=12,
    transformer="log",
    calibration_fraction=0.25,
)
forecaster.fit(series[:-12])
forecaster.forecast_interval(coverage=0.9).round(1)

# %%
# What came in the year that was held out lies beside it.

display = ForecastDisplay.from_estimator(
    forecaster, series[:-12], coverage=0.9, actual=series[-12:], n_history=48
)
