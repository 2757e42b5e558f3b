"""
A forecast
==========

Forecast twelve months of airline passengers with prediction intervals.
"""

# %%
# The network is not trained on the last quarter of the rows. The errors of the
# forecasts of these rows determine the width of the intervals. The index of the result
# holds the dates of the next twelve months.

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
# Compare the forecast with the actual values of the last year.

display = ForecastDisplay.from_estimator(
    forecaster, series[:-12], coverage=0.9, actual=series[-12:], n_history=48
)
