"""Save fitted estimators to files, and load them, without pickle.

A file is a `skops.io` archive, with additions and checks in these modules:

- `values` stores objects that skops does not support,
- `keras_configs`, `pandas_values` and `scipy_values` convert such objects,
- `trusted_types` finds the classes and functions that a file may name,
- `check_archive` checks a file before skops reads it,
- `save_load` defines `save` and `load`.
"""

import skcnnlstm._utils.import_keras  # noqa: F401, before others import Keras
from skcnnlstm.saving.save_load import load, save

__all__ = ["load", "save"]
