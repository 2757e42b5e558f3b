"""Make and reshape windows of a time series.

Windows have the axes `(n_samples, window_length, n_features)`, as in Keras, with the
oldest step first. They are NumPy views of the rows wherever this is possible.
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
