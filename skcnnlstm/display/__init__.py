"""Pictures, in the way of scikit-learn's displays.

A display holds what is drawn. `from_...` makes one and draws it, `plot` draws it again,
and `ax_`, `figure_` and the lines stay to be changed. matplotlib (the extra `plot`) is
imported when something is drawn.
"""

from skcnnlstm.display.attention import AttentionDisplay
from skcnnlstm.display.backtest import BacktestDisplay
from skcnnlstm.display.forecast import ForecastDisplay
from skcnnlstm.display.training import TrainingHistoryDisplay

__all__ = [
    "AttentionDisplay",
    "BacktestDisplay",
    "ForecastDisplay",
    "TrainingHistoryDisplay",
]
