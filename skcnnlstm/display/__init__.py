"""Displays of forecasts, backtests, training, attention and attributions.

They follow the convention of scikit-learn: a display holds the data, `from_...` creates
and draws it, and `plot` draws it again. The attributes `ax_`, `figure_` and the lines
can be changed afterwards. matplotlib, of the extra `plot`, is imported on first use.
"""

from skcnnlstm.display.attention import AttentionDisplay
from skcnnlstm.display.attribution import AttributionDisplay
from skcnnlstm.display.backtest import BacktestDisplay
from skcnnlstm.display.forecast import ForecastDisplay
from skcnnlstm.display.training import TrainingHistoryDisplay

__all__ = [
    "AttentionDisplay",
    "AttributionDisplay",
    "BacktestDisplay",
    "ForecastDisplay",
    "TrainingHistoryDisplay",
]
