"""Backtests of forecasters: time-ordered folds, forecasts, intervals and scores.

- `folds`: the training rows and forecast origins of each fold.
- `series`: validation of the rows of each series.
- `fits`: one fit and the forecasts of its folds.
- `intervals`: widths of prediction intervals.
- `tables`: the tables of a `BacktestResult`.
- `result`: `BacktestResult` and its scores.
- `run`: `backtest`, which calls the others.
"""

from skcnnlstm.model_selection.backtesting.result import BacktestResult
from skcnnlstm.model_selection.backtesting.run import backtest

__all__ = ["BacktestResult", "backtest"]
