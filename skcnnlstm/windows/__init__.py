"""Make and reshape windows of a time series.

Windows have the axes `(n_samples, window_length, n_features)`, oldest step first, as in
Keras. They are views of the rows wherever NumPy can express this.
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
