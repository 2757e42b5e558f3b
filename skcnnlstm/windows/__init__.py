"""Windows of a time series: functions and transformers that share memory.

Axes are `(n_samples, window_length, n_features)`, in Keras order, oldest step first.
Everything here is a view of the rows wherever numpy can express it.
"""

from skcnnlstm.windows.make_windows import make_windows
from skcnnlstm.windows.reshaping import FlattenWindows, LastSteps, SubsequenceReshaper
from skcnnlstm.windows.sliding_window import SlidingWindow

__all__ = [
    "FlattenWindows",
    "LastSteps",
    "SlidingWindow",
    "SubsequenceReshaper",
    "make_windows",
]
