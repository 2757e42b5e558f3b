"""What things of the user's own are made of, so that a change to one is seen.

A loss, an activation, an optimizer's class or a callback may be the user's: a notebook
cell that is run again makes another function of the same name, a global that it reads
is set anew, an attribute changes. Caches of programs and checkpoints ask here.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import json
import pickle
import re
import sys
import sysconfig
import threading
import types
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
import numpy as np

# What comes from these is known by its name.
_LIBRARIES = sys.stdlib_module_names | {
    *("keras", "tensorflow", "numpy", "scipy", "pandas", "sklearn", "joblib"),
    *("skcnnlstm", "scikeras", "jax", "torch", "matplotlib"),
}
_INSTALLED = tuple(sysconfig.get_paths()[name] for name in ("purelib", "platlib"))
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
# Bounds of a walk; what lies beyond is told by its kind alone.
_DEEPEST = 20
_MOST = 2000
# Held by who reads or changes where names lead.
_names = threading.RLock()
_QUOTED = re.compile(r'"([^"\\]+)"')


class _Same:
    """A thing that is equal to itself alone; while this lives, its id is its own."""

    __slots__ = ("thing",)

    def __init__(self, thing):
        self.thing = thing

    def __eq__(self, other):
        return isinstance(other, _Same) and self.thing is other.thing

    def __hash__(self):
        return id(self.thing)


class Contents(NamedTuple):
    """What a thing is made of, to compare and to hash.

    Attributes
    ----------
    words : str
        A digest in which no address is: the same in another process.
    held : tuple
        The user's own functions and classes in the thing, and what words cannot tell:
        each is equal to itself alone, in this process.
    whole : bool
        Whether words tell everything.
    """

    words: str
    held: tuple
    whole: bool


def contents_of(thing, *, remembers=False) -> Contents:
    """Describe a thing by the code and the values in it.

    The walk goes through attributes, containers, arrays, closures, defaults, partials,
    methods, and the globals that a function names, to a depth and a number of things
    that are bounded. A thing that is neither these nor can be pickled (a lock, a
    variable that a traced program reads) is told by its kind, and held.

    Parameters
    ----------
    thing : object
        What to describe.
    remembers : bool, default=False
        Whether it is a callback. What its class holds, and the lists, dicts and objects
        that its functions reach, is then where it remembers, and left out; objects of
        libraries in it (a logger, a progress bar) are told by their kind.
    """
    walk = _Walk(remembers)
    walk.go(thing)
    return walk.contents()


def registered_in(*texts) -> dict:
    """Return what the user has registered with Keras of all that JSON texts name."""
    quoted = frozenset().union(*map(_quoted, texts))
    with _names:
        known = keras.saving.get_custom_objects()
        named = {name: known[name] for name in sorted(quoted & known.keys())}
    return {name: thing for name, thing in named.items() if _is_own(thing)}


@contextmanager
def registered_as(own):
    """Let names lead to the functions and classes in `own`, for as long as it lasts.

    A scope of Keras does not reach into the layers of a network (Keras 3.15: each layer
    opens one of its own).
    """
    if not own:
        yield
        return
    with _names:
        known = keras.saving.get_custom_objects()
        before = {name: known.get(name) for name in own}
        try:
            known.update(own)
            yield
        finally:
            known.update(before)
            for name in [name for name, thing in before.items() if thing is None]:
                del known[name]


@functools.lru_cache(256)
def _quoted(text):
    return frozenset(_QUOTED.findall(text))


def _is_own(thing):
    """Tell a function or class of the user's own, or one that a library made anew."""
    module = getattr(thing, "__module__", None) or ""
    name = getattr(thing, "__qualname__", "")
    return module.partition(".")[0] not in _LIBRARIES or "<locals>" in name


@functools.lru_cache(1024)
def _globals_of(code):
    """Return the names of globals that code reads, functions inside it too."""
    names = {
        step.argval
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            names.update(_globals_of(const))
    return tuple(sorted(names))


class _Walk:
    """One walk through a thing: each object once, the words into a digest."""

    def __init__(self, remembers):
        self._remembers = remembers
        self._digest = hashlib.blake2b(digest_size=16)
        self._seen: dict[int, tuple[int, Any]] = {}  # held, so that ids stay theirs
        self._held: dict[int, _Same] = {}
        self._whole = True
        self._depth = 0

    def contents(self):
        """Return what was found."""
        return Contents(
            self._digest.hexdigest(), tuple(self._held.values()), self._whole
        )

    def go(self, thing):
        """Tell of a thing and of all that is in it."""
        kind = type(thing)
        if kind in _PLAIN:
            return self._say(kind.__name__, thing)
        if kind in (tuple, frozenset) and not thing:
            return self._say(kind.__name__)
        if id(thing) in self._seen:
            return self._say("again", self._seen[id(thing)][0])
        self._seen[id(thing)] = len(self._seen), thing
        if self._depth >= _DEEPEST or len(self._seen) > _MOST:
            return self._leave(thing)
        self._depth += 1
        self._tell(thing, kind)
        self._depth -= 1

    def _say(self, *words):
        self._digest.update(f"{words!r}\n".encode())

    def _hold(self, thing):
        self._held[id(thing)] = _Same(thing)

    def _leave(self, thing):
        """Tell a thing by its kind, and hold it."""
        self._say("a", type(thing).__module__, type(thing).__qualname__)
        self._hold(thing)
        self._whole = False

    def _tell(self, thing, kind):
        if isinstance(thing, types.ModuleType):
            self._say("module", thing.__name__)
        elif isinstance(thing, types.FunctionType):
            self._function(thing)
        elif isinstance(thing, type):
            self._class(thing)
        elif isinstance(thing, types.MethodType):
            self._parts("method", thing.__func__, thing.__self__)
        elif isinstance(thing, functools.partial):
            self._parts("partial", thing.func, thing.args, thing.keywords)
        elif isinstance(thing, staticmethod | classmethod):
            self._parts(kind.__name__, thing.__func__)
        elif isinstance(thing, property):
            self._parts("property", thing.fget, thing.fset, thing.fdel)
        elif isinstance(thing, functools.cached_property):
            self._parts("cached property", thing.func)
        elif isinstance(thing, types.BuiltinFunctionType):
            self._parts(thing.__qualname__, thing.__self__)
        elif isinstance(thing, keras.Layer | keras.Metric | keras.Optimizer):
            self._with_variables(thing)
        elif isinstance(thing, np.ndarray | np.generic) or hasattr(kind, "__array__"):
            self._array(thing)
        else:
            self._object(thing, kind)

    def _parts(self, *parts):
        for part in parts:
            self.go(part)

    # ---------------------------------------------------------- functions and classes

    def _function(self, function):
        self._say("function", function.__module__, function.__qualname__)
        if not _is_own(function):
            return
        self._hold(function)
        self._code(function.__code__)
        self._parts(function.__defaults__, function.__kwdefaults__)
        self._parts(*(vars(function)[name] for name in sorted(vars(function))))
        for cell in function.__closure__ or ():
            try:
                self._outside(cell.cell_contents)
            except ValueError:  # not yet set
                self._say("empty")
        for name in _globals_of(function.__code__):
            if name not in function.__globals__:
                continue  # a builtin
            value = function.__globals__[name]
            self._say(name)
            self._outside(value)
            if isinstance(value, types.ModuleType) and _is_own_module(value):
                for attribute in function.__code__.co_names:
                    if attribute in vars(value):
                        self._outside(vars(value)[attribute])

    def _outside(self, value):
        """Tell of what a function reaches and does not own."""
        fixed = (types.FunctionType, types.MethodType, types.ModuleType, type)
        fixed += (*_PLAIN, tuple, functools.partial, types.BuiltinFunctionType)
        if not self._remembers or isinstance(value, fixed):
            self.go(value)

    def _code(self, code):
        self._say(code.co_code.hex(), code.co_names, code.co_freevars)
        self._say(code.co_varnames, code.co_argcount, code.co_kwonlyargcount)
        for const in code.co_consts:
            if isinstance(const, types.CodeType):
                self._code(const)
            else:
                self.go(const)

    def _class(self, thing):
        self._say("class", thing.__module__, thing.__qualname__)
        for kind in filter(_is_own, thing.__mro__):
            self._hold(kind)
            self._say(kind.__qualname__)
            for name, value in sorted(vars(kind).items()):
                if self._is_of_class(name, value):
                    self._say(name)
                    self.go(value)

    def _is_of_class(self, name, value):
        runs = isinstance(
            value, types.FunctionType | staticmethod | classmethod | property
        )
        # Python's own: a docstring, annotations, caches of abstract classes.
        pythons = name.startswith("__") or name == "_abc_impl"
        slot = isinstance(value, types.MemberDescriptorType)
        return runs or not (pythons or slot or self._remembers)

    # ------------------------------------------------------------------------- values

    def _array(self, thing):
        try:
            array = np.asarray(thing)
        except Exception:  # of any library's
            return self._leave(thing)
        self._say("array", str(array.dtype), array.shape)
        if array.dtype.hasobject:
            self.go(array.tolist())
        else:
            self._digest.update(np.ascontiguousarray(array).tobytes())
        if hasattr(thing, "assign_add"):
            # A program reads a variable itself, not what it once held.
            self._leave(thing)

    def _with_variables(self, thing):
        self.go(type(thing))
        try:
            self._say(json.dumps(thing.get_config(), sort_keys=True))
        except (TypeError, ValueError, NotImplementedError):
            pass
        if isinstance(thing, keras.Layer):
            self.go(thing.get_weights())
        self._leave(thing)

    def _object(self, thing, kind):
        self.go(kind)
        if self._remembers and _is_tool(thing):
            return
        if isinstance(thing, dict):
            for key, value in thing.items():
                self._parts(key, value)
        elif isinstance(thing, list | tuple):
            self._parts(*thing)
        elif isinstance(thing, set | frozenset):
            inside = [contents_of(part, remembers=self._remembers) for part in thing]
            self._say(sorted(part.words for part in inside))
            self._whole = self._whole and all(part.whole for part in inside)
            self._held.update((hash(s), s) for part in inside for s in part.held)
        if hasattr(thing, "__dict__"):
            self._attributes(thing)
        elif not isinstance(thing, dict | list | tuple | set | frozenset):
            self._pickled(thing)

    def _attributes(self, thing):
        if hasattr(thing, "__wrapped__"):  # a traced function, or a cache around one
            self.go(thing.__wrapped__)
            return self._leave(thing)
        for name, value in sorted(vars(thing).items()):
            # Keras numbers the names: "mine", "mine_1", ...
            if name != "name" or not isinstance(thing, keras.losses.Loss):
                self._say(name)
                self.go(value)

    def _pickled(self, thing):
        try:
            self._digest.update(pickle.dumps(thing, protocol=4))
        except Exception:  # of any library's
            self._leave(thing)


def _is_tool(thing):
    """Tell an object of a library that is neither Keras' nor a mere container."""
    containers = dict, list, tuple, set, frozenset, types.SimpleNamespace
    kind = type(thing)
    if isinstance(thing, (keras.callbacks.Callback, *containers)):
        return False
    if not hasattr(thing, "__dict__") or kind.__module__.startswith("keras."):
        return False
    file = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
    return not _is_own(kind) or file.startswith(_INSTALLED)


def _is_own_module(module):
    return module.__name__.partition(".")[0] not in _LIBRARIES
