"""Check a skops file before skops reads it.

skops refuses classes and functions that are not trusted. Three things remain, which a
forged file could use: skops calls a trusted function if the file lists it as a class,
it decompresses and allocates whatever the file declares, and it accepts old formats
with other rules.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections import defaultdict

import numpy as np

from skcnnlstm.saving.keras_configs import find_public, untrusted_in_text
from skcnnlstm.saving.trust import find_safe, is_named_tuple
from skcnnlstm.saving.values import StoredValue

_STORED_VALUE = f"{StoredValue.__module__}.{StoredValue.__qualname__}"
_PROTOCOL = 2  # of skops 0.16; older ones have other nodes
# Nodes that hold only what is in the file, but for the classes that they name.
_LOADERS = {
    *("JsonNode", "ListNode", "TupleNode", "SetNode", "DictNode", "ObjectNode"),
    *("FunctionNode", "TypeNode", "NdArrayNode", "DTypeNode", "BytesNode"),
    *("BytearrayNode", "RandomStateNode", "LossNode", "ConstructorFromReduceNode"),
}
# numpy.void(10**9) allocates so many bytes.
_ALLOCATING = {"numpy.void"}
# skops compresses sparse matrices.
_MAX_SPARSE_BYTES = 64 * 2**20


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


def check_archive(content, trusted):
    """Check the content of a skops file.

    Parameters
    ----------
    content : bytes
        The file.
    trusted : set of str
        The names that the user trusts.

    Returns
    -------
    names : set of str
        The names for skops to trust. All of them are safe or in `trusted`.
    untrusted : set of str
        The names that are neither safe nor in `trusted`.

    Raises
    ------
    Exception
        Of any type, if skops did not write the file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _check_members(archive, len(content))
        schema = json.loads(archive.read("schema.json"))
        if schema["protocol"] < _PROTOCOL:
            raise ValueError(f"protocol {schema['protocol']}")
        nodes = _Nodes(archive, trusted)
        nodes.visit(schema)
    names = set(import_skops().get_untrusted_types(data=content))
    safe = {name for name in names if nodes.are_safe(name)} - nodes.untrusted
    untrusted = (names - safe) | nodes.untrusted
    return safe | (names & trusted), untrusted - trusted


def _check_members(archive, n_bytes):
    """Check that the members are not compressed and do not overlap."""
    members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("a compressed part")
    if sum(member.file_size for member in members) > n_bytes:
        raise ValueError("parts that are longer than the file")


class _Nodes:
    """Visits every node of schema.json and collects names.

    Attributes
    ----------
    roles : dict of set
        The loaders that use a class or function, by its name.
    untrusted : set of str
        Names that skops would trust, and names in Keras configs.
    """

    def __init__(self, archive, trusted):
        self._archive, self._trusted = archive, trusted
        self.roles, self.untrusted = defaultdict(set), set()
        self._ids = {}  # of the nodes with a member

    def are_safe(self, name):
        """Whether a name is safe in each of its roles, though skops does not trust it.

        skops calls the class of some nodes. So a function is safe in a node that
        returns it, and not in the place of a class.
        """
        roles = self.roles[name]
        return bool(roles) and all(_is_safe(role, name) for role in roles)

    def visit(self, node):
        """Visit a part of schema.json."""
        if isinstance(node, list):
            for part in node:
                self.visit(part)
        elif isinstance(node, dict):
            if "__loader__" in node:
                self._visit_node(node)
            for part in node.values():
                if isinstance(part, dict | list):
                    self.visit(part)

    def _visit_node(self, node):
        loader = node["__loader__"]
        if loader == "JsonNode":
            return self._visit_json(node)
        name = f"{node['__module__']}.{node['__class__']}"
        self.roles[name].add(loader)
        if loader not in _LOADERS or name in _ALLOCATING:
            self.untrusted.add(name)
        if name == _STORED_VALUE:
            self._visit_keras_name(node)
        if "file" in node:
            self._check_file(node, loader)

    def _visit_json(self, node):
        text = node["content"]
        if text[:1] in ("[", "{"):  # skops writes scalars only
            raise ValueError("a container in a JSON text")
        value = json.loads(text)
        if isinstance(value, str):
            self.untrusted |= untrusted_in_text(value, self._trusted)

    def _visit_keras_name(self, node):
        """Report an untrusted Keras name here; `StoredValue` refuses it, too."""
        texts = [part.get("content") for part in node["content"]["content"]]
        if texts[0] == '"keras name"':
            name = json.loads(texts[1])
            if find_public(name, self._trusted) is None:
                self.untrusted.add(str(name))

    def _check_file(self, node, loader):
        """Check the member of a node: one node each, of the declared size."""
        name = node["file"]
        if not isinstance(node["__id__"], int) or not node["__id__"]:
            raise ValueError("a node without an id")
        if self._ids.setdefault(name, node["__id__"]) != node["__id__"]:
            raise ValueError("two nodes with one file")
        with self._archive.open(name) as file:
            if loader == "NdArrayNode":
                _check_array(file, self._archive.getinfo(name).file_size)
            elif loader == "SparseMatrixNode":
                with zipfile.ZipFile(file) as matrix:
                    sizes = [member.file_size for member in matrix.infolist()]
                if sum(sizes) > _MAX_SPARSE_BYTES:
                    raise ValueError("a sparse matrix that is too large")


def _is_safe(loader, name):
    """Whether every file may hold a class or function in a role."""
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


def _check_array(file, n_bytes):
    """Check that an array in the format of NumPy is as large as its header says."""
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read_header(file)
    n_values = math.prod(shape)
    if dtype.hasobject or min((0, *shape)) < 0 or n_values > n_bytes * 8:
        raise ValueError(f"an array of shape {shape} and dtype {dtype}")
    if n_values * dtype.itemsize != n_bytes - file.tell():
        raise ValueError("an array of another size than its header says")
