"""Keras layers, and blocks of layers, that architectures share."""

import skcnnlstm._utils.import_keras  # noqa: F401, before others import Keras
