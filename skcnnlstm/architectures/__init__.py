"""Networks for windows: each module defines one network, its regressor and classifier.

Each module has a function `build_x`, which builds the network, and the estimators
`XRegressor` and, for networks that can classify, `XClassifier`. The keyword-only
parameters of `build_x` and their documentation become those of the estimators.
"""

import skcnnlstm._utils.import_keras  # noqa: F401, before others import Keras
