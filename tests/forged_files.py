"""Change the parts of a saved file, and keep the archive valid."""

import json
import zipfile


def read_members(path):
    """Return the members of a saved file: bytes by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_members(path, members, compression=zipfile.ZIP_STORED):
    """Write members to a file, with checksums that are right."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def read_schema(path):
    """Return the tree of nodes in a saved file."""
    return json.loads(read_members(path)["schema.json"])


def write_schema(path, schema):
    """Replace the tree of nodes in a saved file."""
    text = schema if isinstance(schema, str) else json.dumps(schema)
    write_members(path, read_members(path) | {"schema.json": text.encode()})


def find_parameter(schema, name):
    """Return the dict that holds the node of a parameter, and its key."""
    return schema["content"]["estimator"]["content"]["content"], name


def json_node(value):
    """Return the node of a number or a text."""
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
    }


def node(loader, name, content=None, **others):
    """Return a node of a class or function, such as "builtins.list"."""
    module, _, name = name.rpartition(".")
    made = {"__class__": name, "__module__": module, "__loader__": loader}
    return made | ({} if content is None else {"content": content}) | others


def stored_value(kind, *parts):
    """Return the node of a `StoredValue`."""
    values = [part if isinstance(part, dict) else json_node(part) for part in parts]
    arguments = node("TupleNode", "builtins.tuple", [json_node(kind), *values])
    name = "skcnnlstm.saving.values.StoredValue"
    return node("ConstructorFromReduceNode", name, arguments)
