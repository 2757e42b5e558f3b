"""Forecasts of the past: what a forecaster would have said, fold after fold.

`folds` says where a fold learns and from which rows it forecasts, `series` checks the
rows of each series and finds its folds, `fits` fits on some folds and forecasts them,
in this process or another, `intervals` says how sure these forecasts were, `tables`
lays them out, `result` holds and measures them, and `run` puts all of it together.
"""

from skcnnlstm.model_selection.backtesting.result import BacktestResult
from skcnnlstm.model_selection.backtesting.run import backtest

__all__ = ["BacktestResult", "backtest"]
