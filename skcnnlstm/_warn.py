"""Warnings that point at the line of the user, however deep they come up."""

import inspect
import os
import warnings
from pathlib import Path

import joblib
import sklearn

# What may stand between that line and a warning: Pipelines, searches, ensembles,
# forecasters, and the decorators of their methods.
_BETWEEN = tuple(
    f"{Path(file).parent}{os.sep}"
    for file in (__file__, sklearn.__file__, joblib.__file__)
)


def warn(message, category=UserWarning):
    """Warn at the innermost line that is not the package's nor scikit-learn's.

    Python shows a warning once a line: a search whose every fit says the same says it
    once.
    """
    frame, level = inspect.currentframe(), 1
    while frame and frame.f_back and frame.f_code.co_filename.startswith(_BETWEEN):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
