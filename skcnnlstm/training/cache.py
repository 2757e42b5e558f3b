"""The programs of this process: taken out by a fit, put back after it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager

import keras

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training.network_config import name_of
from skcnnlstm.training.program import PredictionProgram, Program

# Idle programs kept. A program of a small network holds about 10 MB.
MOST_IDLE = 24
MOST_PREDICTIONS = 48

_lock = threading.Lock()
_idle: list[tuple[tuple, Program]] = []  # least recently used first
_predictions: OrderedDict[tuple, PredictionProgram] = OrderedDict()
_first_use: dict[tuple, threading.Lock] = {}


@contextmanager
def borrowed_program(recipe):
    """Lend a program of `recipe` to one fit.

    Two fits at once hold two programs. A program whose fit failed is dropped: it may
    have been interrupted in the middle of a trace.
    """
    backend.check_process()
    key = (recipe, _policy())
    program = _take(key) or Program(recipe)
    yield program
    with _lock:
        _idle.append((key, program))
        dropped = _idle[:-MOST_IDLE]
        del _idle[:-MOST_IDLE]
    del dropped  # outside the lock: TensorFlow has locks of its own


def _take(key):
    with _lock:
        # The last one first: it is the likeliest to be warm.
        for position in reversed(range(len(_idle))):
            if _idle[position][0] == key:
                return _idle.pop(position)[1]
    return None


def prediction_program(network, own=None):
    """Return the program that predicts with `network`, shared by all threads.

    `own` is as for `network_from_json`; a program is kept for as long as what is in it
    does not change.
    """
    backend.check_process()
    key = (*name_of(network, own), _policy())
    with _lock:
        program = _predictions.get(key)
        if program is not None:
            _predictions.move_to_end(key)
            return program
        first_use = _first_use.setdefault(key, threading.Lock())
    with first_use:
        with _lock:
            program = _predictions.get(key)
        if program is None:
            program = PredictionProgram(network, own)
            with _lock:
                _predictions[key] = program
                _first_use.pop(key, None)
                while len(_predictions) > MOST_PREDICTIONS:
                    _predictions.popitem(last=False)
    return program


def clear_programs():
    """Drop every idle program; running fits keep theirs."""
    with _lock:
        _idle.clear()
        _predictions.clear()


def _policy():
    """Return what else of Keras' settings a trace depends on."""
    return keras.config.dtype_policy().name, keras.config.floatx()
