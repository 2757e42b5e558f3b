"""
A grid search
=============

Tune the window length and the network together, with folds in time order.
"""

# %%
# TensorFlow traces each size of network once: it builds a program of the operations.
# All folds and the final fit reuse this program.

import pandas as pd
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skcnnlstm import CNNLSTMRegressor, SeriesForecaster, TrainingHistoryDisplay
from skcnnlstm.datasets import load_airline

series = load_airline()
forecaster = SeriesForecaster(
    CNNLSTMRegressor(epochs=60, n_subsequences=2, linear_skip=True, random_state=0),
    window_length=24,
    horizon=12,
    transformer="log",
)
search = GridSearchCV(
    forecaster,
    {"window_length": [12, 24], "estimator__dropout": [0.0, 0.3]},
    cv=TimeSeriesSplit(3, test_size=12),
).fit(series)
columns = ["param_window_length", "param_estimator__dropout", "mean_test_score"]
pd.DataFrame(search.cv_results_)[columns].round(2)

# %%
# Scores are negative mean absolute errors, in thousands of passengers. After the folds,
# the search has fitted the best forecaster again on the whole series. Forecast with it:

search.best_estimator_.forecast(3).round(1)

# %%
# Draw the training loss of this last fit.

display = TrainingHistoryDisplay.from_estimator(search)
