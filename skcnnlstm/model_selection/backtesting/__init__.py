"""Backtests of forecasters: time-ordered folds, forecasts, intervals and scores.

- `models`: the kinds of models, and the settings that they share.
- `folds`: the training rows and forecast origins of each fold.
- `series`: validation of the rows of each series.
- `fits`: one fit of a forecaster, and its forecasts for one or several folds.
- `each_origin`: fits and forecasts of all other models, at each origin.
- `one_model`: all folds of one model.
- `intervals`: widths of prediction intervals.
- `tables`: the tables of a `BacktestResult`.
- `comparison`: ranks of models, and differences between models.
- `result`: `BacktestResult` and its scores.
- `run`: the function `backtest`, which uses the other modules.
"""

from skcnnlstm.model_selection.backtesting.result import BacktestResult
from skcnnlstm.model_selection.backtesting.run import backtest

__all__ = ["BacktestResult", "backtest"]
