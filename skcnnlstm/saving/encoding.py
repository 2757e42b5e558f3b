"""From an object to nodes that JSON can hold, and a list of arrays.

A node is None, a bool, an int, a float, a text, or a list whose first element says what
the others are: ``["tuple", 1, 2]``, ``["array", 3]``, ``["object", 0, ["item", ...]]``.
Arrays and names are numbered. What is one object in memory is one in the file:
``["same", 5]`` is the sixth of those that were finished before.
"""

from __future__ import annotations

import copyreg
import datetime
import pathlib
import types

import numpy as np
from sklearn.utils import Bunch

from skcnnlstm._utils.files import can_hold, dtype_text
from skcnnlstm.saving import pandas_values, scipy_values
from skcnnlstm.saving.keras_values import (
    has_plain_attributes,
    is_keras_object,
    keras_config,
)
from skcnnlstm.saving.names import find_safe, is_named_tuple, name_of, skops_io

_LITERALS = (type(None), bool, int, float, str)
_LISTS = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset"}
_DICTS = {dict: "dict", Bunch: "bunch"}
_DATES = (datetime.date, datetime.datetime, datetime.time)
_FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.ModuleType,
    types.GeneratorType,
)
# Finished once, they are named by number when they are met again.
SHARED = {"list", "dict", "bunch", "set", "array", "objects", "masked"}
SHARED |= {"object", "skops"}


class Encoder:
    """Encodes one estimator; `arrays` gathers its arrays, none of them copied."""

    def __init__(self):
        self.arrays = []
        self.names = {}  # to their numbers
        self.things = {}  # what these names mean
        self.shells = {}  # of classes of scikit-learn, to numbers of arrays
        self.blobs = []  # numbers of arrays that are whole files of skops
        self.done = {}  # by id: number, and the object, so that its id stays its own
        self.open = set()

    def document(self, estimator):
        """Return what `Decoder` needs beside the arrays."""
        value = self.node(estimator, "")
        return {
            "names": list(self.names),
            "shells": self.shells,
            "skops": self.blobs,
            "value": value,
        }

    def node(self, value, path):
        """Encode a value; `path` says where it stands, for errors."""
        if type(value) in _LITERALS:
            return value
        key = id(value)
        if key in self.done:
            return ["same", self.done[key][0]]
        if key in self.open:
            raise TypeError(f"{_at(path)} must not hold itself: got {type(value)}.")
        self.open.add(key)
        node = self._node(value, path)
        self.open.remove(key)
        if node[0] in SHARED:
            self.done[key] = len(self.done), value
        return node

    def _node(self, value, path):
        kind = type(value)
        if kind in _LISTS:
            parts = enumerate(value)
            return [_LISTS[kind], *(self.node(v, f"{path}[{i}]") for i, v in parts)]
        if kind in _DICTS:
            return [_DICTS[kind], *self._items(value, path)]
        if isinstance(value, np.ndarray):
            return self._array(value, path)
        if isinstance(value, np.generic) and can_hold(value.dtype):
            return ["number", self._put(np.asarray(value))]
        if isinstance(value, np.dtype) and (value.kind == "O" or can_hold(value)):
            return ["dtype", dtype_text(value)]
        if kind in (bytes, bytearray):
            return [kind.__name__, self._put(np.frombuffer(value, np.uint8))]
        if kind in (slice, range):
            parts = value.start, value.stop, value.step
            return [kind.__name__, *(self.node(part, path) for part in parts)]
        if kind in _DATES and getattr(value, "tzinfo", None) is None:
            return ["date", kind.__name__, value.isoformat()]
        if isinstance(value, pathlib.PurePath):
            return ["path", str(value)]
        if isinstance(value, pandas_values.KINDS):
            return self._pandas(value, path)
        if isinstance(value, scipy_values.KINDS):
            return self._distribution(value, path)
        if is_keras_object(value):
            return self._keras(value, path)
        if isinstance(value, (type, *_FUNCTIONS)):
            return self._named(value, path)
        if isinstance(value, tuple) and is_named_tuple(kind):
            parts = zip(value._fields, value, strict=True)
            nodes = (self.node(part, f"{path}.{field}") for field, part in parts)
            return ["record", self._name(kind, path), *nodes]
        return self._object(value, path)

    # ---------------------------------------------------------------- plain values

    def _put(self, array):
        self.arrays.append(array)
        return len(self.arrays) - 1

    def _items(self, mapping, path):
        """Encode the items of a dict, side by side."""
        for key, value in mapping.items():
            yield self.node(key, f"a key of {path}")
            yield self.node(value, f"{path}[{key!r}]")

    def _array(self, array, path):
        if isinstance(array, np.ma.MaskedArray):
            fill = np.asarray(array.fill_value)
            parts = np.asarray(array.data), np.asarray(array.mask), fill
            return ["masked", *(self.node(part, path) for part in parts)]
        if type(array) is not np.ndarray:
            array = np.asarray(array)  # a memory map, a matrix
        if array.dtype == object:
            parts = (self.node(value, f"{path}[...]") for value in array.ravel())
            return ["objects", list(array.shape), *parts]
        if not can_hold(array.dtype):
            raise TypeError(
                f"{_at(path)} must be an array of numbers, times or text: got dtype "
                f"{array.dtype}. Convert it."
            )
        return ["array", self._put(array)]

    def _keras(self, value, path):
        config = keras_config(value)
        if config is not None:
            return ["keras", config]
        if has_plain_attributes(value):
            return self._attributes(type(value), vars(value), path)
        raise TypeError(
            f"{_at(path)} must be what a file can hold: got {value!r}, of which Keras "
            "makes no config. Register what it holds with "
            "keras.saving.register_keras_serializable."
        )

    def _pandas(self, value, path):
        parts = pandas_values.to_parts(value)
        try:
            again = pandas_values.from_parts(*parts)
        except (LookupError, OSError, TypeError, ValueError):  # of zoneinfo, too
            again = None
        if not pandas_values.is_same(value, again):
            raise TypeError(
                f"{_at(path)} must be a label or an index that a file can hold: got "
                f"{value!r}. Use a timezone and a frequency that pandas knows by name."
            )
        kind, *rest = parts
        return ["pandas", kind, *(self.node(part, path) for part in rest)]

    def _distribution(self, value, path):
        parts = scipy_values.to_parts(value)
        if parts is None:
            raise TypeError(
                f"{_at(path)} must be a distribution that scipy.stats holds by a name, "
                f"of numbers and with no random_state of its own: got {value!r}. Use "
                "one such as scipy.stats.uniform(0, 1), or a list of values."
            )
        return ["distribution", *(self.node(part, path) for part in parts)]

    # ------------------------------------------------------------- names and objects

    def _name(self, thing, path):
        """Return the number of a name; raise where it has none."""
        name = name_of(thing)
        if name is None:
            raise TypeError(
                f"{_at(path)} must be what a file can hold: got {thing!r}, which no "
                "module holds by a name. Use a class or function that is defined in a "
                "module (def, not lambda), or a name that Keras knows."
            )
        self.things[name] = thing
        return self.names.setdefault(name, len(self.names))

    def _named(self, thing, path):
        if isinstance(thing, _FUNCTIONS) and not isinstance(thing, types.FunctionType):
            raise TypeError(
                f"{_at(path)} must be what a file can hold: got {thing!r}. Use a "
                "function that is defined in a module, or a name that Keras knows."
            )
        if isinstance(thing, type) and issubclass(thing, np.generic):
            return self._skops(thing, path)
        return ["name", self._name(thing, path)]

    def _object(self, value, path):
        try:
            state = _state_of(value)
        except TypeError as error:  # of a lock, an open file
            raise TypeError(
                f"{_at(path)} must be what a file can hold: got {value!r}. Use a name, "
                "a Keras object or a plain value."
            ) from error
        if state is None:
            return self._skops(value, path)
        return self._attributes(type(value), state, path)

    def _attributes(self, kind, state, path):
        """Encode an object as its class and attributes."""
        number = self._name(kind, path)
        name = name_of(kind)
        if name.startswith("sklearn.") and name not in self.shells:
            if find_safe(name) is None:
                shell = skops_io().dumps(kind.__new__(kind))
                self.shells[name] = self._put(np.frombuffer(shell, np.uint8))
        parts = []
        for key, part in state.items():
            parts += key, self.node(part, f"{path}.{key}" if path else str(key))
        return ["object", number, *parts]

    def _skops(self, value, path):
        """Leave a value to skops, whole."""
        try:
            blob = skops_io().dumps(value)
        except ImportError:
            raise
        except Exception as error:
            raise TypeError(
                f"{_at(path)} must be what a file can hold: got {value!r} of type "
                f"{type(value).__module__}.{type(value).__qualname__}, which skops "
                "cannot write. Use a name, a Keras object or a plain value."
            ) from error
        self.blobs.append(self._put(np.frombuffer(blob, np.uint8)))
        return ["skops", self.blobs[-1]]


def _state_of(value):
    """Return the attributes of an object that are all there is to it, else None."""
    if type(value) in copyreg.dispatch_table:
        return None
    reduced = value.__reduce_ex__(2)
    if not isinstance(reduced, tuple):
        return None
    make, arguments, state, *items = (*reduced, None)
    if make is not copyreg.__newobj__ or arguments != (type(value),) or any(items):
        return None
    state = {} if state is None else state
    return state if isinstance(state, dict) else None


def _at(path):
    return path.lstrip(".") or "estimator"
