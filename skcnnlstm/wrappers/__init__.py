"""HybridRegressor and HybridClassifier: what every architecture's estimators share.

`hybrid` holds what both do alike: fit, partial_fit, predict and the state between them.
`signature` puts a class's parameters together, `settings` says what they mean in a fit,
`reading` checks X, rows and weights, `course` says what is trained from where, and what
that leaves. `regressor` and `classifier` add what is their own. `_scikeras` is the only
file that imports scikeras.
"""

from skcnnlstm.wrappers.classifier import HybridClassifier
from skcnnlstm.wrappers.regressor import HybridRegressor

__all__ = ["HybridClassifier", "HybridRegressor"]
