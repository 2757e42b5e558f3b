"""Issue warnings that point at the user's line of code."""

import concurrent.futures
import inspect
import multiprocessing
import os
import threading
import warnings
from pathlib import Path

import joblib
import sklearn

_PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"
# Code that may be called between the user's line and a warning: Pipelines, searches and
# other meta-estimators, decorators of their methods, threads and worker processes. The
# parameter `skip_file_prefixes` of `warnings.warn` is not used: it needs Python 3.12,
# and it has no fallback for workers, which contain no code of the user.
_SKIPPED = (
    _PACKAGE,
    *(
        f"{module.__path__[0]}{os.sep}"
        for module in (joblib, sklearn, multiprocessing, concurrent.futures)
    ),
    threading.__file__,
    "<frozen runpy>",  # the first frame of joblib's workers
)
_CLI = f"{_PACKAGE}cli{os.sep}"  # the command line is a user of the package


def warn(message, category=UserWarning):
    """Issue a warning at the innermost line of the user's code.

    If there is no such line, as in a thread or a worker process, the warning points at
    the outermost line of the package.
    """
    frame, level, outermost = inspect.currentframe(), 1, 1
    while frame and _is_skipped(frame.f_code.co_filename):
        if frame.f_code.co_filename.startswith(_PACKAGE):
            outermost = level
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level if frame else outermost)


def _is_skipped(file):
    return file.startswith(_SKIPPED) and not file.startswith(_CLI)
