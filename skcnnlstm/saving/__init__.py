"""Save fitted estimators to files, and load them, without pickle.

A file is a `skops.io` archive. The other modules hold what skops leaves open:

- `values` stores objects that skops does not support,
- `keras_configs`, `pandas_values` and `scipy_values` convert such objects,
- `trust` lists the classes and functions that a file may name,
- `archive` checks a file before skops reads it.
"""

import skcnnlstm._utils.import_keras  # noqa: F401, before others import Keras
from skcnnlstm.saving.files import load, save

__all__ = ["load", "save"]
