"""
A backtest with intervals
=========================

Repeat the forecasts of the last three years, measure their errors, and check the
coverage of their prediction intervals.
"""

# %%
# Fit and forecast once a year. In each fit, the last quarter of the training rows is
# held out. The errors on these rows determine the width of the intervals.

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
# The MASE is the MAE divided by the MAE of a seasonal naive forecast of the training
# rows. Show the scores of the first, sixth and twelfth step ahead:

result.scores(by="step").round(3).iloc[[0, 5, 11]]

# %%
# Draw the forecasts, their intervals and the actual values.

display = BacktestDisplay.from_result(result)

# %%
# Draw the errors for each step ahead.

display = BacktestDisplay.from_result(result, kind="errors")
