"""Warnings that point at the line of the user, however deep they come up."""

import concurrent
import inspect
import multiprocessing
import os
import threading
import warnings
from pathlib import Path

import joblib
import sklearn

_PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"
# What may stand between that line and a warning: Pipelines, searches, ensembles,
# forecasters, the decorators of their methods, threads and worker processes.
_BETWEEN = (
    _PACKAGE,
    *(
        f"{folder}{os.sep}"
        for package in (joblib, sklearn, multiprocessing, concurrent)
        for folder in package.__path__
    ),
    threading.__file__,
    "<frozen runpy>",  # begins the workers of joblib
)
_CLI = f"{_PACKAGE}cli{os.sep}"  # uses the package as a user does


def warn(message, category=UserWarning):
    """Warn at the innermost line that is the user's.

    In a thread or a worker process, which have no such line, it is the outermost of
    the package.
    """
    frame, level, outermost = inspect.currentframe(), 1, 1
    while frame and _is_between(frame.f_code.co_filename):
        if frame.f_code.co_filename.startswith(_PACKAGE):
            outermost = level
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level if frame else outermost)


def _is_between(file):
    return file.startswith(_BETWEEN) and not file.startswith(_CLI)
