"""Fitted estimators for other runtimes: ONNX, LiteRT and SavedModel.

`graph` turns an estimator, with all that stands before and after its network, into one
function of tensors; `scaling` does so for transformers of scikit-learn; `files` writes
the function in a format, and `operations` looks whether its runtime can run that.
"""

from skcnnlstm.exporting.files import export

__all__ = ["export"]
