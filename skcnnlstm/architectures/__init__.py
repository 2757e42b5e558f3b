"""Networks for windows: each module defines one network and its estimators.

Each module has a function `build_x`, which builds the network, and the estimator
`XRegressor`. Most modules also have `XClassifier`. The keyword-only parameters of
`build_x` become parameters of the estimators, with their documentation.
"""

import skcnnlstm._utils.import_keras  # noqa: F401, before others import Keras
