"""Export fitted estimators to other runtimes: ONNX, LiteRT and SavedModel."""

import skcnnlstm._utils.import_keras  # noqa: F401, before others import Keras
from skcnnlstm.exporting.files import export

__all__ = ["export"]
