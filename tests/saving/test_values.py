"""Tests of the conversion to values that skops supports."""

import datetime
import pathlib
from collections import OrderedDict, namedtuple
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import skops.io
from numpy.testing import assert_array_equal
from sklearn.utils import Bunch

from skcnnlstm.saving.values import StoredValue, nested_values, to_supported

Pair = namedtuple("Pair", "one other")
TRUSTED = [
    "numpy.dtype",
    "sklearn.utils._bunch.Bunch",
    "skcnnlstm.saving.values.StoredValue",
    f"{__name__}.Pair",
    "types.SimpleNamespace",
]


def save_and_load(value):
    """Write a value with skops, and read it."""
    return skops.io.loads(skops.io.dumps(to_supported(value)), trusted=TRUSTED)


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        float("inf"),
        1 + 2j,
        "text",
        b"bytes",
        bytearray(b"bytes"),
        [1, (2, "a"), {3}, frozenset({4})],
        {"a": 1, "b": [2]},
        {"a": 1, 3: 2, ("b", 1): 3, None: 4, True: 5, "3": 6},
        OrderedDict(b=1, a=2),
        Bunch(a=1),
        Pair(1, [2]),
        slice(1, np.int64(2)),
        range(1, 9, 2),
        datetime.date(2020, 1, 2),
        datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
        datetime.time(1, 2),
        pathlib.Path("a/b"),
        np.float32(0.1),
        np.dtype("<M8[D]"),
        np.dtype(object),
        np.dtype("bfloat16"),
        keras.losses.mean_absolute_error,
        keras.optimizers.RMSprop,
        int,
        np.float32,
    ],
    ids=lambda value: getattr(value, "__name__", None) or repr(value),
)
def test_a_loaded_value_is_equal_and_of_the_same_type(value):
    loaded = save_and_load([value])[0]
    assert type(loaded) is type(value)
    assert loaded == value
    if isinstance(value, dict):
        assert list(map(repr, loaded)) == list(map(repr, value))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(3, "int8"),
        np.array(["a", "bcd"]),
        np.array(["2020-01-01"], "M8[ns]"),
        np.arange(12)[::3],
        np.arange(3, dtype=">i4"),
        np.arange(3).astype("bfloat16"),
        np.array([None, "a", 1.5], dtype=object),
        np.array([[1, None], ["a", (2,)]], dtype=object),
        np.array({"a": 1}, dtype=object),
        np.ma.masked_array([1, 2, 3], [True, False, False], fill_value=7),
        np.ma.masked_array([1.0, 2.0]),
    ],
    ids=lambda a: f"{a.dtype}-{a.ndim}",
)
def test_a_loaded_array_has_the_same_values_dtype_and_order(array):
    loaded = save_and_load(array)
    assert_array_equal(loaded, array, strict=True)
    assert loaded.dtype == array.dtype
    assert loaded.flags.f_contiguous == array.flags.f_contiguous or array.ndim < 2
    if isinstance(array, np.ma.MaskedArray):
        assert_array_equal(loaded.mask, np.ma.getmaskarray(array))
        assert loaded.fill_value == array.fill_value


def test_shared_objects_stay_shared_and_the_original_is_unchanged():
    shared = SimpleNamespace(when=datetime.date(2020, 1, 2))
    value = SimpleNamespace(one=shared, other=[shared])
    loaded = save_and_load(value)
    assert loaded.one is loaded.other[0]
    assert loaded.one.when == shared.when == datetime.date(2020, 1, 2)


def test_nested_values_are_found_in_containers_and_attributes():
    inner = SimpleNamespace(text="inner")
    value = {"key": [(inner,), {"set"}], "array": np.array(["item"], dtype=object)}
    value["itself"] = value
    texts = {v for v in nested_values(value) if isinstance(v, str)}
    assert texts >= {"key", "inner", "set", "item"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("frozenset", range(10**12)),
        ("object array", range(10**12), (10**12,)),
        ("dict", range(10**12), range(10**12)),
        ("bytes", range(10**12)),
        ("array", range(10**12), "i8"),
        ("masked array", range(10**12), False, np.array(0)),
        ("masked array", np.zeros(1), np.zeros(2, bool), np.array(0)),
        ("keras object", np.str_("{}")),
        ("keras name", "keras.layers.Lambda"),
        ("keras name", "os.system"),
        ("eval", "1"),
    ],
)
def test_forged_arguments_are_an_error(arguments):
    with pytest.raises((TypeError, ValueError, KeyError)):
        StoredValue(*arguments)
