"""Convert the state of an estimator to values that skops supports.

skops supports numbers, text, arrays, lists, dicts with text keys and objects with
attributes. `to_supported` replaces every other value in a state by a `StoredValue`.
skops writes a `StoredValue` as a call of this class. When skops loads the file, the
call returns the original value, so no conversion after loading is needed.
"""

from __future__ import annotations

import copyreg
import datetime
import operator
import pathlib
import types
import zoneinfo
from collections import OrderedDict
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

import numpy as np
from scipy import sparse
from sklearn.utils import Bunch

from skcnnlstm.saving import keras_configs, pandas_values, scipy_values
from skcnnlstm.saving.trusted_types import full_name, is_named_tuple

_SCALARS = (type(None), bool, int, float, str)
_DATES = (datetime.date, datetime.datetime, datetime.time)
# Types of objects that cannot be stored.
_REFUSED = (types.MethodType, types.ModuleType, types.GeneratorType)
# Types for which skops has formats.
_OF_SKOPS = (np.random.RandomState, np.random.Generator, partial, zoneinfo.ZoneInfo)
_OF_SKOPS += (operator.attrgetter, operator.itemgetter, operator.methodcaller)
_OF_SKOPS += (sparse.spmatrix, sparse.sparray, np.ufunc)
_trusted: ContextVar[frozenset] = ContextVar("trusted", default=frozenset())


class StoredValue:
    """A stored call that builds a value from its kind and its parts."""

    def __new__(cls, kind, *parts):
        """Return the original value instead of a `StoredValue`."""
        return _READERS[kind](*parts)

    @classmethod
    def of(cls, kind, *parts):
        """Return an instance of this class, which skops writes to a file."""
        stored = super().__new__(cls)
        stored.arguments = (kind, *parts)
        return stored

    def __reduce__(self):
        return StoredValue, self.arguments


@contextmanager
def trusting(names):
    """Allow stored Keras objects to use `names`, for the duration of a block."""
    token = _trusted.set(frozenset(names))
    try:
        yield
    finally:
        _trusted.reset(token)


def to_supported(value):
    """Return a copy of an estimator that contains only values that skops supports.

    The copy shares its arrays with the estimator.

    Raises
    ------
    TypeError
        If a value cannot be stored. The message names the attribute with this value.
    """
    return _Converter().convert(value, "")


def nested_values(value):
    """Yield a value and all values in its containers and attributes, each one once."""
    seen, remaining = {}, [value]
    while remaining:
        value = remaining.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        yield value
        if isinstance(value, dict):
            remaining += value.keys()
            remaining += value.values()
        elif isinstance(value, list | tuple | set | frozenset):
            remaining += value
        elif isinstance(value, np.ndarray) and value.dtype == object:
            remaining += value.flat
        elif isinstance(value, partial):
            remaining += value.func, value.args, value.keywords
        if hasattr(value, "__dict__") and not isinstance(value, type):
            remaining += vars(value).values()


class _Converter:
    """Convert each object only once, so that shared objects stay shared."""

    def __init__(self):
        # (object, converted object) by the id of the object. The object is kept alive,
        # so that its id is not used again.
        self._converted = {}
        self._open = set()

    def convert(self, value, path):
        """Return the converted value; an object is converted only once.

        `path` is the place of the value for errors, such as "steps[0].alpha".
        """
        if type(value) in _SCALARS:
            return value
        key = id(value)
        if key in self._converted:
            return self._converted[key][1]
        if key in self._open:
            raise TypeError(
                f"{_at(path)} must not contain itself: got a circular reference to an "
                f"object of {type(value)}. Remove this reference."
            )
        self._open.add(key)
        result = self._convert(value, path)
        self._open.remove(key)
        self._converted[key] = value, result
        return result

    def _convert(self, value, path):
        kind = type(value)
        if kind in (list, tuple, set, frozenset):
            items = [self.convert(v, f"{path}[{i}]") for i, v in enumerate(value)]
            if kind is frozenset:
                return StoredValue.of("frozenset", items)
            return kind(items)
        if kind in (dict, OrderedDict, Bunch):
            return self._convert_dict(value, path)
        if isinstance(value, np.ndarray | np.generic | np.dtype):
            return self._convert_numpy(value, path)
        if kind in (bytes, bytearray):
            return StoredValue.of(kind.__name__, np.frombuffer(value, np.uint8))
        if kind is complex:
            return StoredValue.of("complex", value.real, value.imag)
        if kind in (slice, range):
            parts = value.start, value.stop, value.step
            parts = [self.convert(part, path) for part in parts]
            return StoredValue.of(kind.__name__, *parts)
        if kind in _DATES and getattr(value, "tzinfo", None) is None:
            return StoredValue.of("date", kind.__name__, value.isoformat())
        if isinstance(value, pathlib.PurePath):
            return StoredValue.of("path", str(value))
        if isinstance(value, pandas_values.KINDS):
            return self._convert_pandas(value, path)
        if isinstance(value, scipy_values.KINDS):
            return self._convert_distribution(value, path)
        if keras_configs.is_keras_object(value):
            return self._convert_keras(value, path)
        if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
            return self._convert_named(value, path)
        if isinstance(value, tuple) and is_named_tuple(kind):
            pairs = zip(value._fields, value, strict=True)
            return kind(*(self.convert(v, f"{path}.{name}") for name, v in pairs))
        return self._convert_object(value, path)

    def _convert_dict(self, value, path):
        values = [self.convert(v, f"{path}[{k!r}]") for k, v in value.items()]
        if all(type(key) is str for key in value):
            result = type(value)()
            result.update(zip(value, values, strict=True))
            return result
        keys = [self.convert(key, f"a key of {path}") for key in value]
        return StoredValue.of("dict", keys, values)

    def _convert_numpy(self, value, path):
        if isinstance(value, np.ma.MaskedArray):
            parts = value.data, np.ma.getmaskarray(value), value.fill_value
            parts = (self.convert(np.asarray(part), path) for part in parts)
            return StoredValue.of("masked array", *parts)
        dtype = value if isinstance(value, np.dtype) else value.dtype
        if dtype.kind == "V" and dtype.names is None:
            # A data type of ml_dtypes, such as bfloat16, which NumPy would write as raw
            # bytes.
            if value is dtype:
                return StoredValue.of("dtype", dtype.name)
            unsigned = np.asarray(value).view(f"u{dtype.itemsize}")
            return StoredValue.of("array", unsigned, dtype.name)
        if isinstance(value, np.ndarray):
            value = np.asarray(value)  # a matrix, a memory map
            if dtype.kind == "O":
                items = [self.convert(item, f"{path}[...]") for item in value.flat]
                return StoredValue.of("object array", items, value.shape)
        return value

    def _convert_pandas(self, value, path):
        kind, *parts = pandas_values.to_parts(value)
        try:
            copy = pandas_values.from_parts(kind, *parts)
        except (LookupError, OSError, TypeError, ValueError):  # zoneinfo raises several
            copy = None
        if not pandas_values.is_equal(value, copy):
            raise TypeError(
                f"{_at(path)} must be a pandas object that a file can hold: got "
                f"{value!r}. Use a time zone and a frequency that pandas can find by "
                "their names."
            )
        parts = (self.convert(part, path) for part in parts)
        return StoredValue.of("pandas", kind, *parts)

    def _convert_distribution(self, value, path):
        parts = scipy_values.to_parts(value)
        if parts is None:
            raise TypeError(
                f"{_at(path)} must be a distribution of scipy.stats with numbers as "
                f"parameters and without a random_state: got {value!r}. Use, for "
                "example, scipy.stats.uniform(0, 1), or a list of values."
            )
        parts = (self.convert(part, path) for part in parts)
        return StoredValue.of("distribution", *parts)

    def _convert_keras(self, value, path):
        config = keras_configs.to_config(value)
        if config is not None:
            return StoredValue.of("keras object", config)
        if isinstance(value, keras_configs.STATEFUL):
            return self._convert_attributes(type(value), vars(value), path)
        raise TypeError(
            f"{_at(path)} must be an object that a file can hold: got {value!r}, which "
            "Keras cannot serialize. Register its class and functions with "
            "keras.saving.register_keras_serializable."
        )

    def _convert_named(self, thing, path):
        """Return a class or function as a value that is stored by name."""
        public = keras_configs.public_name(thing)
        if public:
            return StoredValue.of("keras name", public)
        if full_name(thing) is None or isinstance(thing, types.BuiltinFunctionType):
            raise TypeError(
                f"{_at(path)} must be an object that a file can hold: got {thing!r}, "
                "which cannot be imported by name. Use a class or function that is "
                "defined in a module (def, not lambda), or the name of a Keras object."
            )
        return thing

    def _convert_object(self, value, path):
        if isinstance(value, _OF_SKOPS):
            return value
        kind = type(value)
        try:
            reduced, call = value.__reduce_ex__(2), value.__reduce__()
        except TypeError:  # a lock, an open file
            reduced = call = None
        state = _plain_state(kind, reduced)
        if state is not None and hasattr(value, "__dict__"):
            return self._convert_attributes(kind, state, path)
        is_supported = (
            isinstance(call, str)  # stored by name
            or (
                call and call[0] is kind and not any(call[2:])
            )  # as a call of its class
            or kind.__module__.startswith("sklearn.")
        )
        if not is_supported or isinstance(value, _REFUSED):
            raise TypeError(
                f"{_at(path)} must be an object that a file can hold: got {value!r} of "
                f"type {kind.__module__}.{kind.__qualname__}. Use a plain value, a "
                "Keras object, or the name of a Keras object, such as 'mse'."
            )
        return value

    def _convert_attributes(self, kind, state, path):
        """Return an object of the same class with converted attributes."""
        if full_name(kind) is None:
            raise TypeError(
                f"{_at(path)} must be an object that a file can hold: got an object of "
                f"{kind!r}, which cannot be imported by name. Define the class in a "
                "module."
            )
        result = kind.__new__(kind)
        vars(result).update(
            (name, self.convert(part, f"{path}.{name}" if path else str(name)))
            for name, part in state.items()
        )
        return result


def _plain_state(kind, reduced):
    """Return the attributes of an object, or None if it holds more than attributes."""
    if kind in copyreg.dispatch_table or not isinstance(reduced, tuple):
        return None
    make, arguments, state, *items = (*reduced, None)
    is_new = make is copyreg.__newobj__ and arguments == (kind,)
    if any(items) or not (is_new or (make is kind and arguments == ())):
        return None
    state = {} if state is None else state
    return state if isinstance(state, dict) else None


def _at(path):
    return path.lstrip(".") or "estimator"


# ---------------------------------------------------------------------------- reading


# A forged file may hold a range of 10**9 numbers, which takes only a few bytes. A list
# made from it would fill the memory. So the readers accept containers only.


def _read_dict(keys, values):
    return dict(zip(_a_list(keys), _a_list(values), strict=True))


def _read_frozenset(items):
    return frozenset(_a_list(items))


def _a_list(value):
    if type(value) is not list:
        raise TypeError(f"a list is stored as a {type(value).__name__}")
    return value


def _read_object_array(items, shape):
    items = _a_list(items)
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array.reshape(shape)


def _read_array(array, dtype):
    if not isinstance(array, np.ndarray) or type(dtype) is not str:
        raise TypeError(
            "an array must be stored as an ndarray and the name of a dtype: got "
            f"{type(array).__name__} and {type(dtype).__name__}"
        )
    return array.view(dtype)


def _read_bytes(array):
    return _read_array(array, "u1").tobytes()


def _read_masked_array(data, mask, fill_value):
    if not isinstance(data, np.ndarray) or np.shape(mask) != data.shape:
        raise TypeError("a masked array must have data and a mask of the same shape")
    return np.ma.MaskedArray(data, mask, fill_value=fill_value[()])


def _read_date(name, text):
    return {kind.__name__: kind for kind in _DATES}[name].fromisoformat(text)


def _read_keras_object(config):
    return keras_configs.from_config(config, _trusted.get())


def _read_keras_name(name):
    thing = keras_configs.find_public(name, _trusted.get())
    if thing is None:
        raise ValueError(f"{name} is not a safe Keras class or function")
    return thing


_READERS = {
    "array": _read_array,
    "bytearray": lambda array: bytearray(_read_bytes(array)),
    "bytes": _read_bytes,
    "complex": complex,
    "date": _read_date,
    "dict": _read_dict,
    "distribution": scipy_values.from_parts,
    "dtype": np.dtype,
    "frozenset": _read_frozenset,
    "keras name": _read_keras_name,
    "keras object": _read_keras_object,
    "masked array": _read_masked_array,
    "object array": _read_object_array,
    "pandas": pandas_values.from_parts,
    "path": pathlib.Path,
    "range": range,
    "slice": slice,
}
