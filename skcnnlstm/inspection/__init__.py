"""Explain predictions: which steps and features of a window they depend on.

- `attribution` has the public function `attribute`.
- `explained` describes the windows to explain, and their baselines.
- `from_windows` reads the windows of an estimator, `from_series` those of a forecaster.
- `integrated_gradients`, `occlusion` and `permutation` are the methods.
- `outputs` selects outputs and converts probabilities to logits.
"""

from skcnnlstm.inspection.attribution import attribute

__all__ = ["attribute"]
