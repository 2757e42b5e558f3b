"""
Explanations
============

Find out which hours and which columns a forecast depends on.
"""

# %%
# Generate an hourly load. It depends on its own value of 24 hours before and on the
# temperature of three hours before. It does not depend on the wind.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skcnnlstm import AttributionDisplay, CNNLSTMRegressor, SeriesForecaster
from skcnnlstm.inspection import attribute

rng = np.random.default_rng(0)
hours = pd.date_range("2026-01-01", periods=24 * 80, freq="h")
temperature, wind = rng.normal(size=(2, len(hours)))
load = np.zeros(len(hours))
for hour in range(24, len(hours)):
    load[hour] = 0.6 * load[hour - 24] - temperature[hour - 3] + rng.normal(scale=0.2)
frame = pd.DataFrame(
    {"load": 100 + 10 * load, "temperature": 15 + 5 * temperature, "wind": wind},
    index=hours,
)

# %%
# Fit a forecaster of the next hour. The temperature and the wind are past covariates.

network = CNNLSTMRegressor(epochs=40, linear_skip=True, random_state=0)
forecaster = SeriesForecaster(network, window_length=30, target_columns="load")
forecaster.fit(frame[:-200])

# %%
# Integrated gradients attribute each forecast to the values of its window, in the units
# of the load. Draw the mean absolute attribution over 200 forecasts. The drawing shows
# the two dependencies. Lags count from the last row of a window: lag 23 is 24 hours
# before the hour that is forecast.

result = attribute(forecaster, frame[-200:])
display = AttributionDisplay.from_result(result)

# %%
# Draw the attributions of one forecast, with their signs.

display = AttributionDisplay.from_estimator(forecaster, None, target=0)

# %%
# Permute blocks of lags between windows, to measure how much the error of the forecasts
# increases without each block.

importance = attribute(
    forecaster, frame[-200:], method="permutation", block_length=3, random_state=0
)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for ax, kind in zip(axes, ("lags", "features"), strict=True):
    AttributionDisplay.from_result(importance, kind=kind, ax=ax)
