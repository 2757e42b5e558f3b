"""Tests of load on forged files: nothing runs, and one kind of error names the file."""

import io
import json
import sys
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
        "skcnnlstm.saving.save_load.save",
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
    assert_refused(path, f"only trusted types: got {path}, which holds {name}. If you")


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


def test_the_name_of_a_registered_class_as_a_parameter_is_refused(path):
    forge_parameter(path, json_node("forged>Runs"))
    assert_refused(path, "holds forged>Runs")
    assert load(path, trusted=["forged>Runs"]).loss == "forged>Runs"


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
    assert_refused(path, "two different nodes have the same id")


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


@pytest.mark.parametrize(
    "method",
    [
        zipfile.ZIP_DEFLATED,
        pytest.param(zipfile.ZIP_LZMA, marks=pytest.mark.heavy),
    ],
)
def test_a_compressed_part_is_refused(method, path):
    members = read_members(path) | {"zeros.bin": bytes(200_000_000)}
    write_members(path, members, method)
    members.clear()
    assert_refused(path, "a part is compressed", max_bytes=10e6)


def test_one_part_cannot_stand_for_many(path):
    members = read_members(path)
    (name,) = [name for name in members if name.endswith(".npy")]
    write_members(path, members | {name: npy((250_000,), data=bytes(2_000_000))})
    arrays = [
        node("NdArrayNode", "numpy.ndarray", type="numpy", file=name, __id__=number)
        for number in range(1000, 2000)
    ]
    forge_parameter(path, node("ListNode", "builtins.list", arrays))
    assert_refused(path, "two nodes use the same part")
    for array in arrays:
        array["__id__"] = 0
    forge_parameter(path, node("ListNode", "builtins.list", arrays))
    assert_refused(path, "a node has no id")


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


# ------------------------------------------------------------- further forged files


def dict_node(keys, key_types):
    """Return the node of a dict with the given keys, and nodes for their types."""
    content = {key: json_node(1) for key in keys}
    types = node("ListNode", "builtins.list", key_types)
    return node("DictNode", "builtins.dict", content, key_types=types)


@pytest.mark.parametrize(
    "key_type",
    [
        stored_value("keras name", "keras.activations.get"),
        stored_value("keras name", "keras.metrics.get"),
        stored_value("keras name", "keras.layers.Activation"),
        node("TypeNode", "builtins.map"),
        node("TypeNode", "numpy.void"),
        node("TypeNode", NAME_OF_CNN),
        node("FunctionNode", "skcnnlstm.metrics.smape"),
        node("FunctionNode", "sklearn.metrics._scorer.get_scorer"),
        json_node("str"),
    ],
)
def test_the_keys_of_a_dict_call_nothing_but_str(key_type, path):
    # skops calls the type of a key with the key.
    forge_parameter(path, dict_node(["forged>Runs"], [key_type]))
    assert_refused(path)


def test_the_keys_of_a_dict_are_strings(path):
    forge_parameter(path, dict_node(["a"], [node("TypeNode", "builtins.str")]))
    assert load(path).loss == {"a": 1}


def array_node(path, content, name="numpy.ndarray", file="forged.npy", id=4711):
    """Add an array to a saved file, and return its node."""
    write_members(path, read_members(path) | {file: content})
    return node("NdArrayNode", name, type="numpy", file=file, __id__=id)


@pytest.mark.parametrize("name", ["bytes_", "void", "str_", "object_", "float64"])
def test_a_scalar_type_is_called_with_a_scalar_of_this_type_only(name, path):
    # numpy.bytes_(10**9) allocates so many bytes.
    buffer = io.BytesIO()
    np.save(buffer, np.array(10**9))
    forge_parameter(path, array_node(path, buffer.getvalue(), f"numpy.{name}"))
    assert_refused(path, max_bytes=10e6)


def long_range():
    return stored_value("range", 0, 10**9, 1)


def a_tuple(*values):
    return node("TupleNode", "builtins.tuple", list(values))


def a_list(*values):
    return node("ListNode", "builtins.list", list(values))


def test_a_nested_range_allocates_no_memory(path):
    index = stored_value("pandas", "range", 0, 10**9, 1, None)
    for value in (
        stored_value("pandas", "levels", a_tuple(long_range()), a_list(json_node(1))),
        stored_value("pandas", "levels", a_tuple(index), a_list(json_node(1))),
        stored_value("pandas", "levels", a_list(a_tuple(index)), a_list(json_node(1))),
        stored_value(
            "pandas", "intervals", a_tuple(index), a_tuple(index), "right", None
        ),
        stored_value("pandas", "periods", a_tuple(long_range()), "D", None),
        stored_value("pandas", "index", a_list(json_node("a")), "<U900000000", None),
        stored_value("array", index, "int64"),
        node(
            "NdArrayNode",
            "numpy.ndarray",
            [long_range(), long_range()],
            type="json",
            shape=a_tuple(json_node(2), json_node(10**9)),
        ),
    ):
        forge_parameter(path, value)
        assert_refused(path, max_bytes=10e6)


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.isotonic.IsotonicRegression",
        "sklearn.metrics._dist_metrics.DistanceMetric",
    ],
)
def test_classes_that_compute_while_they_load_need_trusted(name, path):
    attributes = {"X_thresholds_": long_range(), "y_thresholds_": long_range()}
    attributes["out_of_bounds"] = json_node("nan")
    types = a_list(*[node("TypeNode", "builtins.str")] * 3)
    state = node("DictNode", "builtins.dict", attributes, key_types=types)
    forge_parameter(path, node("ObjectNode", name, state))
    assert_refused(path, f"holds {name}", max_bytes=10e6)


def test_references_cannot_multiply_the_work(path):
    # Each list holds the one before twice, by its id: 2**60 items.
    value = a_list(json_node(1)) | {"__id__": 10_000}
    for number in range(60):
        reference = a_list() | {"__id__": 10_000 + number}
        value = a_list(value, reference) | {"__id__": 10_001 + number}
    forge_parameter(path, value)
    assert_refused(path, "two different nodes have the same id")


def test_a_node_that_contains_itself_is_refused(path):
    value = a_list(a_list() | {"__id__": 10_000}) | {"__id__": 10_000}
    forge_parameter(path, value)
    assert_refused(path, "two different nodes have the same id")


def test_a_shared_array_cannot_be_converted_many_times(path):
    values = np.random.default_rng(0).permutation(100_000)
    buffer = io.BytesIO()
    np.save(buffer, values)
    array = array_node(path, buffer.getvalue())
    for one in (
        stored_value("pandas", "levels", a_list(array), a_list(json_node(1))),
        stored_value("masked array", array, array, json_node(0)),
    ):
        forge_parameter(path, a_list(*[one] * 300))
        assert_refused(path)


def test_a_bytearray_of_a_file_is_refused(path):
    # skops makes a list of its bytes first.
    write_members(path, read_members(path) | {"b.bin": bytes(30_000_000)})
    value = node("BytearrayNode", "builtins.bytearray", file="b.bin", __id__=4711)
    forge_parameter(path, value)
    assert_refused(path)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "text",
    [
        "[],",
        "{},",
        '{"":0},',
        '"ab",',
        '{"__class__":"a","__module__":"b","__loader__":"ObjectNode"},',
        '{"__class__":"add","__module__":"numpy","__loader__":"FunctionNode"},',
        '{"__class__":"str","__module__":"builtins","__loader__":"JsonNode",'
        '"content":"1"},',
    ],
)
def test_a_forged_schema_of_10_mb_needs_at_most_100_mb(text, path):
    items = text * (10_000_000 // len(text))
    schema = json.dumps(read_schema(path))
    forged = a_list() | {"content": "ITEMS"}
    write_schema(path, schema)
    forge_parameter(path, forged)
    schema = json.dumps(read_schema(path)).replace('"ITEMS"', f"[{items[:-1]}]")
    write_schema(path, schema)
    del items, schema
    assert_refused(path)


def test_of_two_members_with_one_name_the_checked_one_is_loaded(path):
    buffer = io.BytesIO()
    np.save(buffer, np.arange(9.0))
    (name,) = [name for name in read_members(path) if name.endswith(".npy")]
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning):
        archive.writestr(name, buffer.getvalue())
    assert_refused(path, "two parts have the same name")


def test_a_module_is_not_imported_by_name(path, tmp_path, monkeypatch):
    (tmp_path / "side_effects.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("side_effects.Estimator", "skcnnlstm.__main__.main", "antigravity.x"):
        for loader in ("ObjectNode", "TypeNode", "FunctionNode", "DictNode"):
            content = {} if loader == "DictNode" else dict_node([], [])
            forge_parameter(path, node(loader, name, content, key_types=a_list()))
            assert_refused(path, f"holds {name}")
    assert not {"side_effects", "antigravity", "skcnnlstm.__main__"} & {*sys.modules}
