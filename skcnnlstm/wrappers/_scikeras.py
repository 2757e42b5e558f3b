"""Import the scikeras wrappers; no other module imports scikeras.

The estimators derive from these wrappers, so code written for `KerasRegressor` accepts
the estimators. They override most methods of the wrappers, because scikeras 0.13.0
traces the network again in every fit, enables TensorFlow's global determinism, and
accepts any parameter name.
"""

from scikeras.wrappers import KerasClassifier, KerasRegressor

__all__ = ["KerasClassifier", "KerasRegressor"]
