"""Displays of forecasts, backtests, training, attention and attributions.

They follow the convention of scikit-learn. A display holds the data. Its class methods
`from_...` create and draw it, and `plot` draws it again. The attributes `ax_`,
`figure_` and the lines can be changed afterwards. matplotlib is imported on first use;
the extra `plot` installs it.
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
