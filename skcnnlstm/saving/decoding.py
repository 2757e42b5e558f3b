"""From nodes and arrays back to an object; `encoding` says what the nodes are."""

from __future__ import annotations

import datetime
import pathlib
from typing import ClassVar

import numpy as np
from sklearn.utils import Bunch

from skcnnlstm.saving import pandas_values, scipy_values
from skcnnlstm.saving.encoding import SHARED
from skcnnlstm.saving.keras_values import (
    keras_from_config,
    strangers_in,
    strangers_in_network,
)
from skcnnlstm.saving.names import (
    find_safe,
    import_named,
    is_named_tuple,
    skops_io,
    untrusted_in,
)

_LISTS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_DATES = {
    kind.__name__: kind for kind in (datetime.date, datetime.datetime, datetime.time)
}


class Decoder:
    """Decodes one document; every name in it is looked at before anything is made.

    `trusted` is what `find_trusted` returns.
    """

    def __init__(self, document, arrays, trusted):
        self.document, self.arrays, self.trusted = document, arrays, trusted
        self.done = []

    def estimator(self, path):
        """Return the object that was encoded, in a file at `path`."""
        strangers = self.strangers()
        if strangers:
            named = ", ".join(sorted(strangers))
            raise ValueError(
                f"path must name no unknown types: {path} holds {named}. Where "
                f"you know and trust them, load(path, trusted={sorted(strangers)})."
            )
        shells, names = self.document["shells"], self.document["names"]
        self.things = [self._thing(name, shells) for name in names]
        return self.decode(self.document["value"])

    # ------------------------------------------------------------------- trust

    def strangers(self):
        """Return the names of types and functions that are not trusted."""
        shells, strangers = self.document["shells"], set()
        for name in self.document["names"]:
            if name not in self.trusted and find_safe(name) is None:
                if name not in shells:
                    strangers.add(name)
        # Of what any file may hold, `_thing` looks at no shell.
        unsafe = [shells[name] for name in shells if find_safe(name) is None]
        for number in (*unsafe, *self.document["skops"]):
            strangers |= untrusted_in(self._bytes(number), self.trusted)
        strangers.update(self._strangers_of_keras(self.document["value"]))
        return strangers

    def _strangers_of_keras(self, node):
        """Yield the unknown names in configs of Keras and texts of networks."""
        if not isinstance(node, list) or not node:
            return
        if node[0] == "keras":
            yield from strangers_in(node[1], self.trusted)
            return
        if node[0] == "object":
            state = dict(zip(node[2::2], node[3::2], strict=True))
            if isinstance(state.get("_network"), str):
                yield from strangers_in_network(state["_network"], self.trusted)
        for part in node[1:]:
            yield from self._strangers_of_keras(part)

    def _thing(self, name, shells):
        """Return the class or function of a name."""
        if name in self.trusted:
            return self.trusted[name] or find_safe(name) or import_named(name)
        thing = find_safe(name)
        if thing is not None:
            return thing
        kind = type(self._skops(shells[name]))
        if f"{kind.__module__}.{kind.__qualname__}" != name:
            raise ValueError(f"a {kind} in the place of {name}")
        return kind

    def _bytes(self, number):
        return self.arrays[number].tobytes()

    def _skops(self, number):
        blob = self._bytes(number)
        return skops_io().loads(blob, trusted=list(self.trusted))

    # ------------------------------------------------------------------- values

    def decode(self, node):
        """Decode a node."""
        if not isinstance(node, list):
            if isinstance(node, dict):
                raise ValueError("a node that is no list")
            return node
        kind, *parts = node
        value = self._makers[kind](self, kind, *parts)
        if kind in SHARED:
            self.done.append(value)
        return value

    def _each(self, parts):
        return [self.decode(part) for part in parts]

    def _same(self, kind, number):
        if number < 0:
            raise ValueError("a node before the first")
        return self.done[number]

    def _sequence(self, kind, *parts):
        return _LISTS[kind](self._each(parts))

    def _dict(self, kind, *parts):
        values = self._each(parts)
        return dict(zip(values[::2], values[1::2], strict=True))

    def _bunch(self, kind, *parts):
        bunch = Bunch()
        bunch.update(self._dict(kind, *parts))  # "self" may be a key
        return bunch

    def _array(self, kind, number):
        return self.arrays[number]

    def _number(self, kind, number):
        return self.arrays[number][()]

    def _dtype(self, kind, text):
        return np.dtype(text)

    def _raw(self, kind, number):
        return {"bytes": bytes, "bytearray": bytearray}[kind](self._bytes(number))

    def _slice(self, kind, *parts):
        return {"slice": slice, "range": range}[kind](*self._each(parts))

    def _date(self, kind, name, text):
        return _DATES[name].fromisoformat(text)

    def _path(self, kind, text):
        return pathlib.Path(text)

    def _masked(self, kind, *parts):
        data, mask, fill = self._each(parts)
        return np.ma.MaskedArray(data, mask, fill_value=fill[()])

    def _objects(self, kind, shape, *parts):
        array = np.empty(len(parts), dtype=object)
        for position, part in enumerate(parts):
            array[position] = self.decode(part)
        return array.reshape(shape)

    def _pandas(self, kind, name, *parts):
        return pandas_values.from_parts(name, *self._each(parts))

    def _distribution(self, kind, *parts):
        return scipy_values.from_parts(*self._each(parts))

    def _keras(self, kind, config):
        return keras_from_config(config)

    def _name(self, kind, number):
        return self.things[number]

    def _record(self, kind, number, *parts):
        record = self.things[number]
        if not is_named_tuple(record):
            raise ValueError(f"{record} as a named tuple")
        return record(*self._each(parts))

    def _whole(self, kind, number):
        return self._skops(number)

    def _object(self, kind, number, *parts):
        made = self.things[number]
        if not isinstance(made, type):
            raise ValueError(f"{made} as a class")
        value = made.__new__(made)
        state = dict(zip(parts[::2], self._each(parts[1::2]), strict=True))
        if hasattr(value, "__setstate__"):
            value.__setstate__(state)
        else:
            vars(value).update(state)
        return value

    _makers: ClassVar[dict] = {
        **dict.fromkeys(_LISTS, _sequence),
        **dict.fromkeys(("bytes", "bytearray"), _raw),
        **dict.fromkeys(("slice", "range"), _slice),
        "same": _same,
        "dict": _dict,
        "bunch": _bunch,
        "array": _array,
        "number": _number,
        "dtype": _dtype,
        "date": _date,
        "path": _path,
        "masked": _masked,
        "objects": _objects,
        "pandas": _pandas,
        "distribution": _distribution,
        "keras": _keras,
        "name": _name,
        "record": _record,
        "skops": _whole,
        "object": _object,
    }
