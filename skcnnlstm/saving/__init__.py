"""Fitted estimators in files, without a pickle.

`encoding` turns an object into nodes that JSON can hold and a list of arrays,
`decoding` turns them back, `names` says which classes and functions a file may name,
`keras_values`, `pandas_values` and `scipy_values` know what is Keras', pandas' and
SciPy's. skops answers for what is scikit-learn's.
"""

from skcnnlstm.saving.files import load, save

__all__ = ["load", "save"]
