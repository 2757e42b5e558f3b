"""Base classes of all network estimators: HybridRegressor and HybridClassifier.

- `base`: fit, partial_fit, predict and the fitted state, for both base classes.
- `regressor`, `classifier`: the two base classes.
- `parameters`: the parameters that estimators share, with their documentation.
- `builder`: checks and calls the function that builds a network.
- `transfer`: starts from the weights of a fitted network, and freezes layers.
- `signature`: generates the signature and the docstring of each class.
- `settings`: validates the parameters of one fit.
- `auto_training`: replaces "auto" in the training parameters of one fit.
- `per_step`: validates and scores y with one target per step of a window.
- `fit_data`: validates and holds the data of one fit.
- `standardization`: standardizes windows and targets.
- `fit_plan`: holds everything that determines one fit, except the data.
- `assemble`: adds masking, normalization, linear skip and quantiles to a network.
- `_scikeras`: the only module that imports scikeras.
"""

import skcnnlstm._utils.import_keras  # noqa: F401, before others import Keras
from skcnnlstm.wrappers.classifier import HybridClassifier
from skcnnlstm.wrappers.regressor import HybridRegressor

__all__ = ["HybridClassifier", "HybridRegressor"]
