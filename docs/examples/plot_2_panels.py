"""
Many series
===========

Train one network on the weekly sales of twelve shops, and forecast all of them.
"""

# %%
# Generate the sales. All shops share a yearly season, but level, trend and noise differ
# between shops. The table has one row for each shop and week.

import numpy as np
import pandas as pd
from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm import CNNLSTMRegressor, ForecastDisplay, SeriesForecaster, backtest
from skcnnlstm.references import SeasonalNaive

rng = np.random.default_rng(0)
weeks = pd.date_range("2022-01-02", periods=170, freq="W", name="week")
t = np.arange(len(weeks))
tables = []
for number in range(12):
    level, trend = rng.uniform(50, 500), rng.normal(scale=0.002)
    season = 1 + 0.25 * np.sin(2 * np.pi * t / 52) + 0.15 * (t % 52 > 46)
    sales = level * (1 + trend * t) * season * rng.lognormal(sigma=0.06, size=len(t))
    tables.append(pd.DataFrame({"shop": f"shop {number}", "sales": sales}, weeks))
frame = pd.concat(tables)
frame.groupby("shop")["sales"].describe().round(0).head(3)

# %%
# `id_column` is the column that names the shop of each row. Each shop is scaled
# separately. One network is trained on the windows of all shops.

forecaster = SeriesForecaster(
    CNNLSTMRegressor(random_state=0),
    window_length=52,
    horizon=8,
    transformer="log",
    id_column="shop",
)
forecaster.fit(frame)
forecaster.forecast().groupby("shop").head(2).round(1).head(6)

# %%
# Compare the network with a forecast that repeats the sales of the year before. The
# levels of the shops differ, so use the MASE: the MAE divided by the MAE of a seasonal
# naive forecast of the training rows.

result = backtest(
    {"network": forecaster, "year before": SeasonalNaive(52)},
    frame,
    TimeSeriesSplit(2, test_size=8),
    season_length=52,
    verbose=0,
)
result.scores(by="model")[["mase", "rank", "difference", "difference_std"]].round(3)

# %%
# Draw three of the shops.

display = ForecastDisplay.from_estimator(
    forecaster, frame, names=["shop 0", "shop 1", "shop 2"]
)
