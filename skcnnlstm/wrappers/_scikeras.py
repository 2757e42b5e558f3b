"""The only file that imports scikeras: its wrappers are the base classes of ours.

So code written for `KerasRegressor` accepts ours. Their build, fit, predict,
parameters, tags and repr are replaced, because they retrace every fit, switch
TensorFlow's global determinism on, and take any parameter name (scikeras 0.13.0).
"""

from scikeras.wrappers import KerasClassifier, KerasRegressor

__all__ = ["KerasClassifier", "KerasRegressor"]
