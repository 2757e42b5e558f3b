"""Tests of load on forged files: nothing runs, and one kind of error names the file."""

import io
import json
import tracemalloc
import zipfile

import keras
import numpy as np
import pytest
from forged_files import (
    find_parameter,
    json_node,
    node,
    read_members,
    read_schema,
    stored_value,
    write_members,
    write_schema,
)
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcnnlstm import CNNRegressor, FlattenWindows, SeriesForecaster, load, save

NAME_OF_CNN = "skcnnlstm.architectures.cnn.CNNRegressor"
CALLS = []


def record_call(*args, **kwargs):
    """Record that a forged file ran a function."""
    CALLS.append((args, kwargs))
    return args


@pytest.fixture
def path(tmp_path):
    """Save an unfitted estimator; `loss` is an array with the file "loss.npy"."""
    path = tmp_path / "a model"
    save(CNNRegressor(loss=np.arange(3.0)), path)
    return path


def forge_parameter(path, value, name="loss"):
    """Replace the node of a parameter."""
    schema = read_schema(path)
    parameters, key = find_parameter(schema, name)
    parameters[key] = value
    write_schema(path, schema)


def assert_refused(path, reason="", max_bytes=100e6):
    """Check that load raises the one kind of error, and allocates little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"^path must ") as error:
            load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(path) in str(error.value)
    assert reason in str(error.value)
    assert peak < path.stat().st_size + max_bytes
    assert CALLS == []


# ------------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "subprocess.Popen",
        "skcnnlstm.saving.files.save",
        "skcnnlstm.training.program.Program",
        "keras.layers.Lambda",
        "keras.utils.get_file",
        "sklearn.datasets.fetch_openml",
        "no.such.thing",
        f"{__name__}.record_call",
    ],
)
def test_unknown_names_are_refused(name, path):
    module, _, attribute = name.rpartition(".")
    schema = read_schema(path)
    estimator = schema["content"]["estimator"]
    estimator |= {"__module__": module, "__class__": attribute}
    write_schema(path, schema)
    assert_refused(path, f"path must name trusted types only: {path} holds {name}. If")


@pytest.mark.parametrize(
    "loader",
    [
        *("ListNode", "TupleNode", "SetNode", "DictNode", "NdArrayNode", "ObjectNode"),
        *("ConstructorFromReduceNode", "LossNode", "RandomStateNode", "BytesNode"),
        *("PartialNode", "MethodNode", "OperatorFuncNode", "DefaultDictNode"),
        *("MaskedArrayNode", "SparseMatrixNode", "TreeNode", "RandomGeneratorNode"),
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "skcnnlstm.metrics.smape",
        "sklearn.model_selection._validation.cross_validate",
        "keras.src.losses.losses.Huber",
        f"{__name__}.record_call",
    ],
)
def test_no_node_calls_a_function_or_another_class(loader, name, path):
    array = node("NdArrayNode", "numpy.ndarray", type="numpy", file="x.npy", __id__=7)
    contents = [[json_node(1)], {"a": json_node(1)}, array, {"obj": array, "func": "a"}]
    for content in contents:
        value = node(
            loader, name, content, type="json", shape=json_node(1), attrs=array
        )
        value |= {"key_types": array, "__reduce__": {"args": array}}
        forge_parameter(path, value)
        if loader == "ObjectNode" and name.startswith("keras") and content is not array:
            continue  # a loss may have any attributes
        assert_refused(path)


@pytest.mark.parametrize(
    "value",
    [
        stored_value("keras name", "keras.layers.Lambda"),
        stored_value("keras name", "keras.callbacks.CSVLogger"),
        stored_value("keras name", "os.system"),
        stored_value("keras object", json.dumps({"class_name": "__lambda__"})),
        stored_value("no such kind"),
        stored_value("dtype", "no such type"),
        stored_value("distribution", "gaussian_kde"),
        stored_value("pandas", "eval", "1"),
        node("NdArrayNode", "numpy.void", type="numpy", file="x.npy", __id__=7),
        {"__loader__": "JsonNode", "content": "[" * 100_000},
        {"__loader__": "JsonNode", "content": "[[], []]"},
        node("CachedNode", "builtins.list", __id__=1),
    ],
)
def test_values_that_load_cannot_make_are_refused(value, path):
    forge_parameter(path, value)
    assert_refused(path)


def test_a_trusted_name_does_not_open_other_roles_to_ours(path):
    forge_parameter(path, node("ListNode", "skcnnlstm.metrics.smape", []))
    with pytest.raises(ValueError, match=r"holds skcnnlstm.metrics.smape"):
        load(path, trusted=["a.b"])


# ------------------------------------------------------------------------------ Keras


@keras.saving.register_keras_serializable(package="forged")
class Runs(keras.layers.Layer):
    """A user-defined layer that records that it was built."""

    def __init__(self, **kwargs):
        record_call()
        super().__init__(**kwargs)


CONFIG = {
    "module": "keras.layers",
    "class_name": "Dense",
    "registered_name": "forged>Runs",
    "config": {},
}


def test_a_registered_class_behind_a_module_of_keras_is_refused(path):
    for text in (
        json.dumps(CONFIG),
        json.dumps({"config": {"layers": [CONFIG]}}),
        json.dumps(CONFIG).replace("registered_name", "registered\\u005fname"),
    ):
        forge_parameter(path, json_node(text))
        assert_refused(path, "holds forged>Runs")
    forge_parameter(path, stored_value("keras object", json.dumps(CONFIG)))
    assert_refused(path, "holds forged>Runs")


@pytest.mark.parametrize("dtype", [np.str_, np.bytes_])
def test_a_network_config_in_a_numpy_string_is_refused(dtype, path):
    buffer = io.BytesIO()
    np.save(buffer, np.array(json.dumps(CONFIG), dtype))
    write_members(path, read_members(path) | {"network.npy": buffer.getvalue()})
    name = f"numpy.{dtype.__name__}"
    text = node("NdArrayNode", name, type="numpy", file="network.npy", __id__=77)
    forge_parameter(path, text)
    assert_refused(path, "forged>Runs")
    forge_parameter(path, stored_value("keras object", text))
    assert_refused(path)


def test_a_config_that_an_earlier_id_replaces_is_refused(path):
    # skops returns the first node of an id, and ignores the second.
    schema = read_schema(path)
    parameters, _ = find_parameter(schema, "loss")
    first, *_, last = parameters
    buffer = io.BytesIO()
    np.save(buffer, np.array(json.dumps(CONFIG)))
    write_members(path, read_members(path) | {"n.npy": buffer.getvalue()})
    text = node("NdArrayNode", "numpy.str_", type="numpy", file="n.npy", __id__=77)
    parameters |= {first: text, last: json_node("{}") | {"__id__": 77}}
    write_schema(path, schema)
    assert_refused(path, "forged>Runs")


# ------------------------------------------------------------------------------- sizes


def npy(shape, dtype="<f8", data=b""):
    """Return an array file with a header that may be wrong."""
    buffer = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue() + data


@pytest.mark.parametrize(
    "content",
    [
        npy((10**9,)),
        npy((10**9, 10**9)),
        npy((2**62, 4)),
        npy((-1,)),
        npy((3,), data=b"12345678"),
        npy((1,), data=b"12345678more"),
        npy((10**9,), "|V0"),
        npy((10**9,), "<U0"),
        npy((1,), "|O", b"12345678"),
        npy((10**9,), "|V1000000000"),
        b"\x93NUMPY\x03\x00",
        b"PK\x05\x06" + bytes(18),  # an archive, which numpy.load would open
        b"\x80\x04N.",  # a pickle
        b"",
    ],
)
def test_an_array_of_another_size_than_declared_is_refused(content, path):
    members = read_members(path)
    (name,) = [name for name in members if name.endswith(".npy")]
    write_members(path, members | {name: content})
    assert_refused(path, max_bytes=10e6)


def test_lengths_in_a_small_file_allocate_no_memory(path):
    long = stored_value("range", 0, 10**9, 1)
    index = stored_value("pandas", "range", 0, 10**9, 1, None)
    for value in (
        stored_value("object array", long, json_node(10**9)),
        stored_value("frozenset", long),
        stored_value("dict", long, long),
        stored_value("masked array", long, False, 0),
        stored_value("pandas", "index", long, "int64", None),
        stored_value("pandas", "times", index, None, None, None),
        stored_value("pandas", "intervals", index, index, "right", None),
        node("NdArrayNode", "numpy.void", json_node(10**9), type="json"),
    ):
        forge_parameter(path, value)
        assert_refused(path, max_bytes=10e6)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_compressed_part_is_refused(method, path):
    members = read_members(path) | {"zeros.bin": bytes(200_000_000)}
    write_members(path, members, method)
    members.clear()
    assert_refused(path, "a compressed part", max_bytes=10e6)


def test_one_part_cannot_stand_for_many(path):
    members = read_members(path)
    (name,) = [name for name in members if name.endswith(".npy")]
    write_members(path, members | {name: npy((250_000,), data=bytes(2_000_000))})
    arrays = [
        node("NdArrayNode", "numpy.ndarray", type="numpy", file=name, __id__=number)
        for number in range(1000, 2000)
    ]
    forge_parameter(path, node("ListNode", "builtins.list", arrays))
    assert_refused(path, "two nodes with one file")
    for array in arrays:
        array["__id__"] = 0
    forge_parameter(path, node("ListNode", "builtins.list", arrays))
    assert_refused(path, "a node without an id")


def test_parts_that_overlap_are_refused(path):
    content = bytearray(path.read_bytes())
    # The size in the central directory, 24 bytes after the start of an entry.
    entry = content.index(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = (2**31).to_bytes(4, "little") * 2
    path.write_bytes(content)
    assert_refused(path, "longer than the file", max_bytes=10e6)


# -------------------------------------------------------------------------------- root


@pytest.mark.parametrize(
    "root",
    [
        json_node("text"),
        node("ListNode", "builtins.list", []),
        node("TypeNode", NAME_OF_CNN),
        node("FunctionNode", "skcnnlstm.metrics.smape"),
        stored_value("keras name", "keras.losses.huber"),
    ],
)
def test_a_root_that_is_not_an_estimator_is_refused(root, path):
    schema = read_schema(path)
    schema["content"]["estimator"] = root
    write_schema(path, schema)
    assert_refused(path, "cannot be loaded")
    write_schema(path, root | {"protocol": 2})
    assert_refused(path)


@pytest.mark.parametrize("protocol", [-1, 0, 1, 3, 10**9, None, True, "2", 2.5])
def test_another_protocol_is_refused(protocol, path):
    schema = read_schema(path)
    write_schema(path, schema | {"protocol": protocol})
    assert_refused(path)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", "[" * 100_000, '{"a":' * 100_000, "\ud800", "1e999"]
)
def test_a_schema_that_is_not_one_is_refused(text, path):
    members = read_members(path)
    members["schema.json"] = text.encode("utf-8", "surrogatepass")
    write_members(path, members)
    assert_refused(path)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", bytes(1000)])
def test_another_file_is_refused(content, path):
    path.write_bytes(content)
    assert_refused(path)


# ----------------------------------------------------------------------------- mutants

N_MUTANTS = 200  # for each seed: 20,000 with --heavy
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(1, 100))]


def make_forecaster():
    """Fit a forecaster whose state has arrays, dates, functions and text."""
    import pandas as pd

    index = pd.date_range("2020-01-01", periods=40)
    series = pd.Series(50 + np.sin(np.arange(40.0)), index)
    estimator = make_pipeline(FlattenWindows(), Ridge())
    return SeriesForecaster(estimator, window_length=6, transformer="log").fit(series)


def containers_in(part):
    """Return all lists and dicts in a part of a schema."""
    found, remaining = [], [part]
    while remaining:
        part = remaining.pop()
        if isinstance(part, dict | list):
            found.append(part)
            remaining += part.values() if isinstance(part, dict) else part
    return found


@pytest.mark.filterwarnings("ignore:Trying to unpickle estimator")
@pytest.mark.filterwarnings("ignore:.*was written with other releases")
@pytest.mark.parametrize("seed", SEEDS)
def test_structural_mutants_are_loaded_or_refused(seed, path):
    save(make_forecaster(), path)
    members = read_members(path)
    text = members["schema.json"].decode()
    rng = np.random.default_rng(seed)
    values = [None, -1, 0, 1, 10**30, 0.5, "x", "", [], {}, [[]], "ListNode", "[]"]
    values += ["ConstructorFromReduceNode", "numpy", "os", "system", "builtins", True]
    values += [json_node(1), node("ListNode", "builtins.list", [])]
    n_loaded = 0
    for _ in range(N_MUTANTS):
        schema = json.loads(text)
        containers = [part for part in containers_in(schema) if part]
        part = containers[rng.integers(len(containers))]
        key = list(part)[rng.integers(len(part))] if isinstance(part, dict) else 0
        if rng.random() < 0.2:
            del part[key]
        elif rng.random() < 0.2:
            part[key] = containers[rng.integers(len(containers))]
        else:
            part[key] = values[rng.integers(len(values))]
        try:
            members["schema.json"] = json.dumps(schema).encode()
        except ValueError:  # a part that contains itself
            continue
        write_members(path, members)
        try:
            load(path)
            n_loaded += 1
        except ValueError as error:
            assert str(error).startswith("path must ") and str(path) in str(error)
        assert CALLS == []
    assert n_loaded < 0.9 * N_MUTANTS


@pytest.mark.filterwarnings("ignore:Trying to unpickle estimator")
@pytest.mark.parametrize("seed", SEEDS)
def test_cut_and_flipped_files_are_refused_or_unchanged(seed, path, windows):
    X, y = windows
    fitted = CNNRegressor(filters=2, epochs=1, random_state=0).fit(X, y)
    save(fitted, path)
    content = path.read_bytes()
    rng = np.random.default_rng(seed)
    for number in range(N_MUTANTS):
        at = int(rng.integers(len(content)))
        changed = bytearray(content[:at] if number % 2 else content)
        if number % 2 == 0:
            changed[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        try:
            loaded = load(path)
        except ValueError as error:
            assert str(error).startswith("path must ") and str(path) in str(error)
        else:  # a byte that means nothing, such as the time in the archive
            assert number % 2 == 0
            for one, other in zip(loaded._weights, fitted._weights, strict=True):
                np.testing.assert_array_equal(one, other)
