"""Check a skops file before skops reads it.

skops refuses classes and functions that are not trusted. The checks in this module also
reject these forged files, which skops would read:

- A file that names a trusted function in place of a class, or of the type of a dict
  key. skops would call the function.
- A file that declares more memory than it holds. skops would allocate this memory.
- A file with so many references to its parts that following them takes too much memory.
- A file in an old format, which has other rules.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from skcnnlstm.saving.keras_configs import find_public, parse_json, untrusted_in_text
from skcnnlstm.saving.trusted_types import find_safe, is_named_tuple
from skcnnlstm.saving.values import StoredValue

_STORED_VALUE = f"{StoredValue.__module__}.{StoredValue.__qualname__}"
_PROTOCOL = 2  # protocol of skops 0.16; older protocols have other nodes
# Nodes that need no other code or data than the file and the classes that they name.
_LOADERS = {
    *("JsonNode", "ListNode", "TupleNode", "SetNode", "DictNode", "ObjectNode"),
    *("FunctionNode", "TypeNode", "NdArrayNode", "DTypeNode", "RandomStateNode"),
    *("LossNode", "ConstructorFromReduceNode"),
}
# Classes with a `__setstate__` that computes: IsotonicRegression copies its attributes.
_COMPUTING = {"sklearn.isotonic.IsotonicRegression"}
# Nodes with these loaders need a few kilobytes for lists of trusted names (skops 0.16).
_LARGE_LOADERS = ("ObjectNode", "FunctionNode")
_STR_TYPE = {"__loader__": "TypeNode", "__module__": "builtins", "__class__": "str"}


class Names(NamedTuple):
    """The names of classes and functions in a file.

    Attributes
    ----------
    found : set of str
        All names.
    safe : set of str
        Names that any file may use in the roles that they have in this file.
    untrusted : set of str
        Names that skops accepts but that the user must trust, and untrusted names in
        Keras configs.
    """

    found: set
    safe: set
    untrusted: set


def import_skops():
    """Return the module `skops.io`; skops is an optional dependency."""
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            "save and load need skops: pip install skcnnlstm[save], or pip install "
            "skops."
        ) from error
    return skops.io


def check_archive(content, trusted) -> Names:
    """Check the content of a skops file, and return the names in it.

    `trusted` holds the names that the user trusts. If skops did not write the file, an
    exception of any type may be raised.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("a part is compressed")
        if len({member.filename for member in members}) < len(members):
            raise ValueError("two parts have the same name")
        if sum(member.file_size for member in members) > len(content):
            raise ValueError("the parts are longer than the file")
        schema = parse_json(archive.read("schema.json"))
        if schema["protocol"] < _PROTOCOL:
            raise ValueError(f"the old protocol {schema['protocol']} is not supported")
        visitor = _Visitor(archive, trusted, len(content))
        visitor.visit(schema)
    safe = {name for name in visitor.roles if visitor.is_safe(name)}
    return Names({*visitor.roles}, safe - visitor.untrusted, visitor.untrusted)


class _Visitor:
    """Visit every node of schema.json and collect names.

    Attributes
    ----------
    roles : dict of set
        For each name of a class or function, the loaders that use it.
    untrusted : set of str
        Described in `Names`.
    """

    def __init__(self, archive, trusted, n_bytes):
        self._archive, self._trusted = archive, trusted
        self.roles, self.untrusted = defaultdict(set), set()
        self._sizes, self._ids = {}, {}
        # Bytes that nodes and converted arrays may use.
        self._memory = 40e6 + 3 * n_bytes

    def is_safe(self, name):
        """Return whether a name is safe in each of its roles.

        skops calls the class of some nodes. A function is therefore safe in a node that
        returns the function, but not as the class of a node.
        """
        return all(_is_safe(role, name) for role in self.roles[name])

    def visit(self, part):
        """Visit a part of schema.json and return its size.

        The size is the number of nodes plus the number of bytes of arrays.
        """
        if not isinstance(part, list | dict):
            return 0
        parts = part if isinstance(part, list) else part.values()
        size = sum(self.visit(one) for one in parts if isinstance(one, list | dict))
        return self._visit_node(part, size) if "__loader__" in part else size

    def _visit_node(self, node, size):
        loader = node["__loader__"]
        name = f"{node['__module__']}.{node['__class__']}"
        if loader == "JsonNode":
            self._visit_json(node)
        else:
            self.roles[name].add(loader)
        if loader not in _LOADERS or name in _COMPUTING:
            self.untrusted.add(name)
        if loader == "DictNode":
            for key in node["key_types"]["content"]:
                if key != key | _STR_TYPE:
                    raise ValueError("a dict has keys that are not text")
        # The dtype "object" is stored as an empty array, which is allowed.
        if loader == "NdArrayNode" and node["type"] != "numpy" and node["content"]:
            raise ValueError("an array holds objects")
        size += 1
        if "file" in node:
            size += self._check_file(node, loader, name)
        is_new = node.get("__id__") not in self._sizes
        # For each further node with the same id, skops returns the first node.
        if self._sizes.setdefault(node.get("__id__") or object(), size) != size:
            raise ValueError("two different nodes have the same id")
        self._memory -= 4000 if loader in _LARGE_LOADERS else 1000
        if name == _STORED_VALUE:
            self._visit_keras_name(node)
            self._memory -= size if is_new else 0
        if self._memory < 0:
            raise ValueError("the file has too many nodes for its size")
        return size

    def _visit_json(self, node):
        text = node["content"]
        if text[:1] in ("[", "{"):  # skops writes scalars only
            raise ValueError(
                "a JSON text holds a list or a dict instead of a single value"
            )
        value = json.loads(text)
        if isinstance(value, str):
            self.untrusted |= untrusted_in_text(value, self._trusted)

    def _visit_keras_name(self, node):
        """Add the Keras name in a node to `untrusted`, if the name is not safe.

        `StoredValue` also refuses such a name.
        """
        texts = [part.get("content") for part in node["content"]["content"]]
        if texts[0] == '"keras name"':
            name = json.loads(texts[1])
            if find_public(name, self._trusted) is None:
                self.untrusted.add(str(name))

    def _check_file(self, node, loader, name):
        """Check the archive member of a node and return its size in bytes.

        Two nodes must not use the same member.
        """
        file_name, node_id = node["file"], node["__id__"]
        if not isinstance(node_id, int) or not node_id:
            raise ValueError("a node has no id")
        if self._ids.setdefault(file_name, node_id) != node_id:
            raise ValueError("two nodes use the same part")
        n_bytes = self._archive.getinfo(file_name).file_size
        if loader == "NdArrayNode":
            with self._archive.open(file_name) as file:
                _check_array(file, n_bytes, name)
        return n_bytes


def _is_safe(loader, name):
    """Return whether any file may use a class or function in nodes with this loader."""
    if loader == "ConstructorFromReduceNode":
        return name == _STORED_VALUE
    if loader == "DictNode":
        return name == "sklearn.utils._bunch.Bunch"
    if loader == "DTypeNode":
        return name == "numpy.dtype"
    thing = find_safe(name)
    if loader == "FunctionNode":
        return callable(thing) and not isinstance(thing, type)
    if loader == "TupleNode":
        return isinstance(thing, type) and is_named_tuple(thing)
    return isinstance(thing, type) and loader in ("ObjectNode", "TypeNode")


def _check_array(file, n_bytes, name):
    """Check that a stored NumPy array matches its header and its node.

    The node of an array may name a scalar type, which skops calls with the array.
    """
    prefix = file.read(10)
    header = prefix + file.read(int.from_bytes(prefix[8:], "little"))
    shape, dtype = _read_header(header)
    n_values = math.prod(shape)
    if dtype.hasobject or min((0, *shape)) < 0 or n_values > n_bytes * 8:
        raise ValueError(f"an array of shape {shape} and dtype {dtype} is not allowed")
    if n_values * dtype.itemsize != n_bytes - len(header):
        raise ValueError("an array does not have the size in its header")
    is_scalar = shape == () and name == f"numpy.{dtype.type.__name__}"
    if name != "numpy.ndarray" and not is_scalar:
        raise ValueError(f"an array of dtype {dtype} must not be stored as {name}")


@lru_cache(1024)
def _read_header(header):
    """Return the shape and the dtype in the header of an array (NumPy format 1.0)."""
    if not header.startswith(b"\x93NUMPY\x01\x00"):
        raise ValueError("an array is not in NumPy's format 1.0")
    file = io.BytesIO(header[8:])
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype
