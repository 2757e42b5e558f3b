"""
Several columns and covariates
==============================

Forecast an hourly load from its own history, a past covariate (the temperature) and a
covariate that is known ahead (holidays).
"""

# %%
# Generate a load with a daily pattern that depends on the temperature and on holidays.

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
holidays = pd.DataFrame({"holiday": holiday}, index=hours)

# %%
# Only the columns in `target_columns` are forecast. The temperature is the other
# column, so it is a past covariate: the windows contain it. The holidays are passed as
# `exog`, for past and future rows. The network reads `exog` of the hours that it
# forecasts.

known, later = frame[:-24], frame[-24:]
network = CNNLSTMRegressor(linear_skip=True, dropout=0.1, random_state=0)
settings = {"window_length": 48, "horizon": 24, "target_columns": "load"}
errors = {}
for name, exog in (("without", None), ("with", holidays)):
    forecaster = SeriesForecaster(network, **settings).fit(known, exog=exog)
    forecast = forecaster.forecast(exog=exog)["load"]
    errors[f"{name} holidays"] = (forecast - later["load"]).abs().mean()
pd.Series(errors, name="mean absolute error").round(2)

# %%
# Compare the forecast of the last day with the actual values.

display = ForecastDisplay.from_predictions(
    forecast, known["load"], actual=later["load"], n_history=96
)
