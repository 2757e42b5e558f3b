"""
Missing values
==============

Forecast an hourly series in which single values and a whole day are missing.
"""

# %%
# Generate two months of hourly values. Remove one value in fifty, and one whole day.

import numpy as np
import pandas as pd

from skcnnlstm import CNNLSTMRegressor, ForecastDisplay, SeriesForecaster

rng = np.random.default_rng(0)
hours = pd.date_range("2026-01-01", periods=24 * 60, freq="h")
hour = hours.hour.to_numpy()
daily = 20 * np.sin(2 * np.pi * (hour - 6) / 24)
load = 100 + daily + rng.normal(scale=3, size=len(hours))
complete = pd.Series(load, index=hours, name="load")
series = complete.copy()
series[rng.random(len(series)) < 0.02] = np.nan
series["2026-02-10"] = np.nan
known, later = series[:-24], complete[-24:]
int(known.isna().sum())

# %%
# With ``missing="mask"``, the network reads NaN. Samples with NaN in a target are not
# used for training. `n_windows_` is the number of samples that are used.

import warnings

network = CNNLSTMRegressor(missing="mask", random_state=0)
forecaster = SeriesForecaster(network, window_length=48, horizon=24)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # most samples have a missing target
    forecaster.fit(known)
int(forecaster.n_windows_)

# %%
# The alternative is to fill the gaps before `fit`. Compare the errors on the last day.

filled = SeriesForecaster(
    CNNLSTMRegressor(random_state=0), window_length=48, horizon=24
)
filled.fit(known.interpolate())
errors = {
    "masked": (forecaster.forecast() - later).abs().mean(),
    "filled": (filled.forecast() - later).abs().mean(),
}
pd.Series(errors, name="mean absolute error").round(2)

# %%
# Draw the forecast. A value between two missing values is drawn as a dot.

display = ForecastDisplay.from_predictions(
    forecaster.forecast(), known, actual=later, n_history=24 * 5
)
