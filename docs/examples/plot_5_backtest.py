"""
A backtest with intervals
=========================

What the forecaster would have said in the last three years, how far off it was, and
how much its intervals held.
"""

# %%
# A fit and a forecast each year. Intervals come from rows that each fit was kept from.

from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm import BacktestDisplay, CNNLSTMRegressor, SeriesForecaster, backtest
from skcnnlstm.datasets import load_airline

forecaster = SeriesForecaster(
    CNNLSTMRegressor(
        instance_norm="seasonal", season_length=12, dropout=0.2, random_state=0
    ),
    window_length=24,
    horizon=12,
    transformer="log",
    calibration_fraction=0.25,
)
result = backtest(
    forecaster,
    load_airline(),
    TimeSeriesSplit(3, test_size=12),
    season_length=12,
    coverage=0.9,
    verbose=0,
)
result.scores().round(3)

# %%
# MASE below 1 is nearer than a seasonal naive forecast was in the training rows. By how
# far ahead:

result.scores(by="step").round(3).iloc[[0, 5, 11]]

# %%
display = BacktestDisplay.from_result(result)

# %%
display = BacktestDisplay.from_result(result, kind="errors")
