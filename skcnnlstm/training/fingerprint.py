"""Fingerprints of user-defined objects, for program caches and checkpoints.

A loss, a layer, an optimizer or a callback may be user-defined. A name does not
identify such an object: a notebook cell that is run again defines another function of
the same name. A fingerprint therefore covers the code and the values of an object.

The values of global variables are not covered: a fingerprint contains only the names of
the globals that a function reads. After changing such a value, call `clear_programs()`
and delete the checkpoint.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import sys
import threading
import types
from contextlib import contextmanager, suppress
from typing import NamedTuple

import keras
import numpy as np

# Functions and classes of these packages are identified by their names.
_LIBRARIES = sys.stdlib_module_names | {
    *("keras", "tensorflow", "numpy", "scipy", "pandas", "sklearn", "joblib"),
    *("skcnnlstm", "scikeras", "jax", "torch", "matplotlib"),
}
_SCALARS = (type(None), bool, int, float, complex, str, bytes, type(...))
_CONTAINERS = (dict, list, tuple, set, frozenset, types.SimpleNamespace)
_WRAPPED = {  # parts of objects that wrap a function, by the type of the object
    types.MethodType: ("__func__", "__self__"),
    functools.partial: ("func", "args", "keywords"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget", "fset", "fdel"),
    functools.cached_property: ("func",),
    types.BuiltinFunctionType: ("__qualname__", "__self__"),
}
_CODE = (types.FunctionType, staticmethod, classmethod, property)
# Values in the closure of a callback that do not change during a fit.
_CONSTANTS = (*_SCALARS, *_WRAPPED, *_CODE, tuple, type, types.ModuleType)
_CODE_PARTS = (
    *("co_code", "co_names", "co_freevars", "co_exceptiontable"),
    *("co_varnames", "co_argcount", "co_kwonlyargcount"),
)
_MAX_DEPTH = 20
_MAX_OBJECTS = 2000
# Guards Keras' registry of user-defined objects.
_registry = threading.RLock()
_QUOTED = re.compile(r'"([^"\\]+)"')


class _Identity:
    """Key for an object that is compared by identity.

    It keeps the object alive, so that the id of the object is not used again.
    """

    __slots__ = ("thing",)

    def __init__(self, thing):
        self.thing = thing

    def __eq__(self, other):
        return isinstance(other, _Identity) and self.thing is other.thing

    def __hash__(self):
        return id(self.thing)


class Fingerprint(NamedTuple):
    """A description of an object that can be compared and hashed.

    Attributes
    ----------
    digest : str
        A digest of code and values. It is the same in every process.
    identities : tuple
        The objects that the digest cannot describe, such as a lock. Caches compare
        these objects by identity. Checkpoints ignore them.
    """

    digest: str
    identities: tuple

    @property
    def is_complete(self):
        """Whether the digest describes the whole object."""
        return not self.identities


def compute_fingerprint(thing, *, is_callback=False) -> Fingerprint:
    """Return the fingerprint of an object.

    Parameters
    ----------
    thing : object
        A function, a class, an object, or a container of these.
    is_callback : bool, default=False
        Whether `thing` is a callback. Some of its values can change during a fit and
        are left out: data in its class, and lists, dicts and objects that its functions
        use. For objects of other libraries, such as a logger, only the class is used.
    """
    walk = _Walk(is_callback)
    walk.visit(thing)
    return Fingerprint(walk.digest.hexdigest(), tuple(walk.identities.values()))


def is_user_defined(thing) -> bool:
    """Return whether a function or class belongs to no known library.

    Functions and classes that are defined inside a function also count as user-defined.
    """
    module = getattr(thing, "__module__", None) or ""
    is_local = "<locals>" in getattr(thing, "__qualname__", "")
    return module.partition(".")[0] not in _LIBRARIES or is_local


class _Walk:
    """Visit each object once, and add it to a digest."""

    def __init__(self, is_callback):
        self.is_callback = is_callback
        self.digest = hashlib.blake2b(digest_size=16)
        self.identities: dict[int, _Identity] = {}
        self._seen: dict[int, tuple] = {}  # keeps the objects alive
        self._depth = 0

    def _add(self, *values):
        self.digest.update(f"{values!r}\n".encode())

    def _add_identity(self, thing):
        self._add(type(thing).__module__, type(thing).__qualname__)
        self.identities[id(thing)] = _Identity(thing)

    def visit(self, *things):
        """Add objects, and everything that they hold, to the digest."""
        for thing in things:
            if type(thing) in _SCALARS:
                self._add(type(thing).__name__, thing)
            elif isinstance(thing, tuple | frozenset) and not thing:
                self._add(type(thing).__name__)  # Python reuses empty ones
            elif id(thing) in self._seen:
                self._add("seen", self._seen[id(thing)][0])
            elif self._depth >= _MAX_DEPTH or len(self._seen) > _MAX_OBJECTS:
                self._add_identity(thing)
            else:
                self._seen[id(thing)] = len(self._seen), thing
                self._depth += 1
                self._visit_new(thing)
                self._depth -= 1

    def _visit_new(self, thing):
        if isinstance(thing, types.ModuleType):
            self._add(thing.__name__)
        elif isinstance(thing, types.CodeType):
            self._add(*(getattr(thing, name) for name in _CODE_PARTS))
            self.visit(*thing.co_consts)
        elif isinstance(thing, types.FunctionType | type):
            self._add(thing.__module__, thing.__qualname__)
            if isinstance(thing, type):
                self._visit_class(thing)
            elif is_user_defined(thing):
                self._visit_function(thing)
        elif type(thing) in _WRAPPED:
            self.visit(*(getattr(thing, name) for name in _WRAPPED[type(thing)]))
        elif isinstance(thing, keras.Layer | keras.Metric | keras.Optimizer):
            # Programs share the variables of these objects: compare them by identity.
            self.visit(type(thing), getattr(thing, "get_weights", list)())
            with suppress(TypeError, ValueError, NotImplementedError):
                self._add(json.dumps(thing.get_config(), sort_keys=True))
            self._add_identity(thing)
        elif hasattr(type(thing), "__array__"):
            self._visit_array(thing)
        else:
            self._visit_object(thing)

    def _visit_function(self, function):
        self.visit(function.__code__, function.__defaults__)
        self.visit(function.__kwdefaults__, vars(function))
        for cell in function.__closure__ or ():
            try:
                value = cell.cell_contents
            except ValueError:  # the variable is not set yet
                continue
            if not self.is_callback or isinstance(value, _CONSTANTS):
                self.visit(value)

    def _visit_class(self, thing):
        for kind in filter(is_user_defined, thing.__mro__):
            for name, value in sorted(vars(kind).items()):
                # Python adds annotations, a docstring and caches of abstract classes.
                is_data = not (name.startswith("__") or name == "_abc_impl")
                is_data &= not isinstance(value, types.MemberDescriptorType)
                if isinstance(value, _CODE) or (is_data and not self.is_callback):
                    self.visit(name, value)

    def _visit_array(self, thing):
        try:
            array = np.asarray(thing)
        except Exception:  # any library may define __array__
            return self._add_identity(thing)
        self._add(str(array.dtype), array.shape)
        if array.dtype.hasobject:
            self.visit(array.tolist())
        else:
            self.digest.update(np.ascontiguousarray(array).tobytes())
        if hasattr(thing, "assign_add"):
            # A program reads the variable itself, and the value may change.
            self._add_identity(thing)

    def _visit_object(self, thing):
        self.visit(type(thing))
        if self.is_callback and _is_of_library(thing):
            return
        if isinstance(thing, dict):
            self.visit(*(part for item in thing.items() for part in item))
        elif isinstance(thing, list | tuple):
            self.visit(*thing)
        elif isinstance(thing, set | frozenset):
            parts = [compute_fingerprint(one) for one in thing]
            self._add(sorted(part.digest for part in parts))
            self.identities |= {hash(i): i for part in parts for i in part.identities}
        if hasattr(thing, "__wrapped__"):  # a traced or cached function
            self.visit(thing.__wrapped__)
            self._add_identity(thing)
        elif hasattr(thing, "__dict__"):
            for name, value in sorted(vars(thing).items()):
                # Keras numbers the names of losses: "mine", "mine_1", ...
                if name != "name" or not isinstance(thing, keras.losses.Loss):
                    self.visit(name, value)
        elif not isinstance(thing, _CONTAINERS):
            self._add_identity(thing)


def _is_of_library(thing):
    """Return whether an object belongs to a library other than Keras.

    The result is False for containers and callbacks.
    """
    kind = type(thing)
    if issubclass(kind, (keras.callbacks.Callback, *_CONTAINERS)):
        return False
    file = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
    is_other = not is_user_defined(kind) or "site-packages" in file
    return is_other and not kind.__module__.startswith("keras.")


# ----------------------------------------------------------- registered objects


def find_registered(*texts) -> dict:
    """Return the registered user-defined objects that JSON texts name, by name."""
    names = frozenset().union(*map(_quoted_names, texts))
    with _registry:
        registered = keras.saving.get_custom_objects()
        found = {name: registered[name] for name in sorted(names & registered.keys())}
    return {name: thing for name, thing in found.items() if is_user_defined(thing)}


@contextmanager
def registered_as(objects):
    """Register objects with Keras under the given names, for the duration of a block.

    A custom-object scope of Keras does not suffice: in Keras 3.15, each layer opens
    another scope, in which the outer scope does not apply.
    """
    if not objects:
        yield
        return
    with _registry:
        registered = keras.saving.get_custom_objects()
        before = {name: registered.get(name) for name in objects}
        try:
            registered.update(objects)
            yield
        finally:
            registered.update(before)
            for name in [name for name, thing in before.items() if thing is None]:
                del registered[name]


@functools.lru_cache(256)
def _quoted_names(text):
    return frozenset(_QUOTED.findall(text))
