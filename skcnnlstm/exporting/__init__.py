"""Export fitted estimators to other runtimes: ONNX, LiteRT and SavedModel."""

from skcnnlstm.exporting.files import export

__all__ = ["export"]
