"""
Several columns and covariates
==============================

Hourly load that follows temperature: what is forecast, what is only read, and what is
known ahead.
"""

# %%
# A load with a daily course that heating and a holiday shift; temperature is measured,
# holidays are in the calendar.

import numpy as np
import pandas as pd

from skcnnlstm import CNNLSTMRegressor, ForecastDisplay, SeriesForecaster

rng = np.random.default_rng(0)
hours = pd.date_range("2026-01-01", periods=24 * 60, freq="h")
hour, day = hours.hour.to_numpy(), np.arange(len(hours)) // 24
temperature = 5 * np.sin(2 * np.pi * day / 30) + 3 * np.sin(2 * np.pi * (hour - 9) / 24)
temperature = temperature + rng.normal(scale=0.5, size=len(hours))
holiday = (day % 7 >= 5).astype(float)
load = 100 + 20 * np.sin(2 * np.pi * (hour - 6) / 24) - 2 * temperature - 25 * holiday
frame = pd.DataFrame(
    {"load": load + rng.normal(scale=2, size=len(hours)), "temperature": temperature},
    index=hours,
)
calendar = pd.DataFrame({"holiday": holiday}, index=hours)

# %%
# `target_columns` says what is forecast: temperature is then read in windows alone.
# `exog` enters them shifted by the horizon, so that each knows whether the hours to
# come are a holiday.

known, later = frame[:-24], frame[-24:]
network = CNNLSTMRegressor(linear_skip=True, dropout=0.1, random_state=0)
settings = {"window_length": 48, "horizon": 24, "target_columns": "load"}
errors = {}
for name, exog in (("without", None), ("with", calendar)):
    forecaster = SeriesForecaster(network, **settings).fit(known, exog=exog)
    forecast = forecaster.forecast(exog=exog)["load"]
    errors[f"{name} holidays"] = (forecast - later["load"]).abs().mean()
pd.Series(errors, name="mean absolute error").round(2)

# %%
# The last day, with what came.

display = ForecastDisplay.from_predictions(
    forecast, known["load"], actual=later["load"], n_history=96
)
