"""A bounded cache of the programs of this process."""

import threading
from collections import OrderedDict
from contextlib import contextmanager

import keras

from skcnnlstm.training import _tensorflow_process as process
from skcnnlstm.training.network_config import network_key
from skcnnlstm.training.program import PredictionProgram, Program

# Maximum numbers of programs in the cache. A program of a small network takes about
# 10 MB.
MAX_IDLE = 24
MAX_PREDICTIONS = 48

_lock = threading.Lock()
_idle: list[tuple[tuple, Program]] = []  # least recently used first
_predictions: OrderedDict[tuple, PredictionProgram] = OrderedDict()
_first_use: dict[tuple, threading.Lock] = {}


@contextmanager
def borrow_program(spec):
    """Give one fit a program with the specification `spec`.

    After the fit, the program returns to the cache. Two fits at the same time get two
    programs. If the fit raises an error, the program is discarded, because the error
    may have interrupted a trace.
    """
    process.check_process()
    key = (spec, _keras_settings())
    program = _take_idle(key) or Program(spec)
    yield program
    with _lock:
        _idle.append((key, program))
        dropped = _idle[:-MAX_IDLE]
        del _idle[:-MAX_IDLE]
    del dropped  # outside the lock, because TensorFlow takes locks too


def _take_idle(key):
    with _lock:
        # Search from the most recently used program: CPU caches may hold its data.
        for position in reversed(range(len(_idle))):
            if _idle[position][0] == key:
                return _idle.pop(position)[1]
    return None


def prediction_program(network, custom_objects=None):
    """Return the program that predicts with `network`, shared by all threads.

    `custom_objects` is documented in `network_from_json`. If the fingerprint of these
    objects has changed, a new program is created.
    """
    process.check_process()
    key = (*network_key(network, custom_objects), _keras_settings())
    with _lock:
        program = _predictions.get(key)
        if program is not None:
            _predictions.move_to_end(key)
            return program
        first_use = _first_use.setdefault(key, threading.Lock())
    with first_use:  # one thread traces, the others wait, and use its program
        with _lock:
            program = _predictions.get(key)
        if program is None:
            try:
                program = PredictionProgram(network, custom_objects)
            finally:
                with _lock:
                    _first_use.pop(key, None)
                    if program is not None:
                        _predictions[key] = program
                    while len(_predictions) > MAX_PREDICTIONS:
                        _predictions.popitem(last=False)
    return program


def clear_programs():
    """Remove all cached programs, to free memory or to force a new trace.

    A program is a network that TensorFlow has traced. Fits and predictions with the
    same network, loss and optimizer share a program. The package keeps up to 24
    programs for training and 48 for prediction. For a small network, a program takes
    about 10 MB.

    Call this function

    - to free the memory of programs that are no longer needed,
    - after changing a global variable or a function that a user-defined loss, metric,
      layer or optimizer uses. The cache does not detect such changes.

    Fitted estimators remain usable. Their next prediction creates a new program and
    returns the same values. Fits in other threads keep their programs.

    Examples
    --------
    >>> import skcnnlstm
    >>> skcnnlstm.clear_programs()
    """
    with _lock:
        _idle.clear()
        _predictions.clear()


def _keras_settings():
    """Return the global settings of Keras that a trace depends on."""
    return keras.config.dtype_policy().name, keras.config.floatx()
