"""Backtests of forecasters: time-ordered folds, forecasts, intervals and scores.

- `models`: the kinds of models, and the settings that they share.
- `folds`: the training rows and forecast origins of each fold.
- `series`: validation of the rows of each series.
- `fits`: one fit of a forecaster and the forecasts of its folds.
- `each_origin`: fits and forecasts of other models, from each origin.
- `one_model`: all folds of one model.
- `intervals`: widths of prediction intervals.
- `tables`: the tables of a `BacktestResult`.
- `comparison`: ranks of models, and differences between them.
- `result`: `BacktestResult` and its scores.
- `run`: `backtest`, which calls the others.
"""

from skcnnlstm.model_selection.backtesting.result import BacktestResult
from skcnnlstm.model_selection.backtesting.run import backtest

__all__ = ["BacktestResult", "backtest"]
