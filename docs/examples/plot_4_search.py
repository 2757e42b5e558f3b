"""
A grid search
=============

The window, the transformer and the network are tuned together, in folds that keep the
order of time.
"""

# %%
# Each of these sizes is traced once; the folds, and what is fitted last, use it again.

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
# Scores are negative mean absolute errors, in passengers. The best one was fitted again
# on the whole series:

search.best_estimator_.forecast(3).round(1)

# %%
# What its training did:

display = TrainingHistoryDisplay.from_estimator(search)
