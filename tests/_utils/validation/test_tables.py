"""Tables of every kind become plain arrays or plain pandas objects."""

import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from skcnnlstm._utils.validation import check_windows, to_plain
from skcnnlstm._utils.validation.tables import has_labels

DAYS = [datetime.date(2020, 1, day) for day in (1, 2, 3)]
NAN = np.nan


def nested(*columns):
    """Return a frame whose cells hold series."""
    return pd.DataFrame(
        {
            f"dim_{i}": [pd.Series(cell) for cell in cells]
            for i, cells in enumerate(columns)
        }
    )


def sparse(values, fill_value):
    return pd.DataFrame({"a": pd.arrays.SparseArray(values, fill_value=fill_value)})


PLAIN = {
    "array": np.arange(3.0),
    "float32": np.arange(6, dtype=np.float32).reshape(3, 2),
    "integers": np.arange(3),
    "view": np.lib.stride_tricks.sliding_window_view(np.arange(9.0), 4),
    "series": pd.Series([1.0, 2.0]),
    "frame": pd.DataFrame({"a": [1.0, 2.0], "b": [1, 2]}),
    "text": pd.Series(["a", "b"]),
    "dates": pd.DataFrame({"a": pd.date_range("2020", periods=2)}),
    "category": pd.Series(["a"], dtype="category"),
    "ragged list": [[1], [1, 2]],
    "list of text": ["a"],
    "nothing": None,
}


@pytest.mark.parametrize("table", PLAIN.values(), ids=PLAIN)
def test_plain_data_are_returned_as_they_are(table):
    assert to_plain(table) is table


CONVERTED = {
    "masked integers": (np.ma.array([1, 2, 3], mask=[0, 1, 0]), [1, NAN, 3]),
    "masked floats": (np.ma.masked_values([1.0, 1e6, 3.0], 1e6), [1, NAN, 3]),
    "masked booleans": (np.ma.array([True, False], mask=[0, 1]), [1, NAN]),
    "masked objects": (np.ma.array([1, 2], mask=[0, 1], dtype=object), [1, NAN]),
    "masked table": (
        np.ma.array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]]),
        [[1, NAN], [3, 4]],
    ),
    "rows of masked arrays": (
        [np.ma.array([1, 2], mask=[0, 1]), [3, 4]],
        [[1, NAN], [3, 4]],
    ),
    "list with None": ([1, None, 3.5], [1, NAN, 3.5]),
    "list with pandas.NA": ([[1, pd.NA], [2, 3]], [[1, NAN], [2, 3]]),
    "decimals": ([Decimal("1.5"), Fraction(1, 4)], [1.5, 0.25]),
    "objects": (np.array([1, pd.NA, True], dtype=object), [1, NAN, 1]),
    "signaling NaN": ([Decimal("sNaN"), Decimal(1)], [NAN, 1]),
    "object column": (pd.Series([1, pd.NA, Decimal(2)], dtype=object), [1, NAN, 2]),
    "object frame": (
        pd.DataFrame({"a": [1, None], "b": [pd.NA, 2.5]}, dtype=object),
        [[1, NAN], [NAN, 2.5]],
    ),
    "NaT among numbers": (pd.Series([1, pd.NaT], dtype=object), [1, NAN]),
    "Int64": (pd.Series([1, None], dtype="Int64"), [1, NAN]),
    "UInt8": (pd.Series([1, 2], dtype="UInt8"), [1, 2]),
    "Float32": (pd.Series([0.5, None], dtype="Float32"), [0.5, NAN]),
    "boolean": (
        pd.DataFrame({"a": pd.array([True, None], dtype="boolean")}),
        [[1], [NAN]],
    ),
    "sparse, fill 0": (sparse([0, 1, 0], 0), [[0], [1], [0]]),
    "sparse, fill 7": (sparse([7.0, 1.0, 7.0], 7.0), [[7], [1], [7]]),
    "sparse, fill NaN": (sparse([NAN, 1.0, NAN], NAN), [[NAN], [1], [NAN]]),
    "sparse series": (sparse([2, 1, 2], 2)["a"], [2, 1, 2]),
    "nested frame": (
        nested([[1, 2, 3], [4, 5, 6]], [[0, 0, 0], [1, 1, 1]]),
        [[[1, 0], [2, 0], [3, 0]], [[4, 1], [5, 1], [6, 1]]],
    ),
    "nested lists": (pd.DataFrame({"a": [[1, 2], [3, 4]]}), [[[1], [2]], [[3], [4]]]),
    "nested series with gaps": (
        pd.Series([[1, None], [3, pd.NA]]),
        [[[1], [NAN]], [[3], [NAN]]],
    ),
    "equal labels": (
        pd.DataFrame([[1, pd.NA], [2, 3]], columns=["a", "a"]),
        [[1, NAN], [2, 3]],
    ),
}


@pytest.mark.parametrize(("table", "expected"), CONVERTED.values(), ids=CONVERTED)
def test_missing_values_and_other_numbers(table, expected):
    plain = to_plain(table)
    np.testing.assert_array_equal(np.asarray(plain), expected)
    assert np.asarray(plain).dtype.kind in "biuf"
    if hasattr(table, "iloc") and np.ndim(plain) < 3:
        pd.testing.assert_index_equal(plain.index, table.index)
        if table.ndim == 2:
            assert plain.columns.tolist() == table.columns.tolist()
    # A second call changes nothing.
    assert to_plain(plain) is plain


def test_conversion_leaves_the_input_alone():
    masked = np.ma.array([1.0, 1e6], mask=[0, 1])
    objects = pd.Series([1, pd.NA], dtype=object)
    to_plain(masked), to_plain(objects)
    assert masked.data.tolist() == [1.0, 1e6]
    assert objects[1] is pd.NA


def test_masked_array_without_masked_values_is_no_copy():
    array = np.arange(3.0)
    assert np.shares_memory(to_plain(np.ma.array(array)), array)


def test_text_beside_missing_values_is_named_in_the_message():
    for dtype in (object, "string", "str"):
        text = pd.Series([None, "x"], dtype=dtype)
        with pytest.raises(
            ValueError, match="must be numeric: got text, with 'x' at row 1"
        ):
            check_windows(text, min_ndim=1)


@pytest.mark.parametrize(
    "objects",
    [DAYS, [datetime.time(1), datetime.time(2)], [object(), object()]],
    ids=["dates", "times", "objects"],
)
def test_objects_that_are_no_numbers_are_an_error_of_this_package(objects):
    for table in (objects, pd.DataFrame({"a": objects})):
        with pytest.raises(TypeError, match=r"^X must be numeric: got"):
            check_windows(table, min_ndim=1)


ERRORS = [
    (
        nested([[1, 2, 3], [4, 5]]),
        "X must hold series of equal length in its cells: got 3 steps in row 0 and 2 "
        "steps in row 1. Cut the series to the last 2 steps, or pad them with NaN at "
        'the start and use missing="mask".',
    ),
    (
        nested([[1, 2]], [[1, 2, 3]]),
        "X must hold series of equal length in its cells: got 2 to 3 steps in "
        "different columns. Use columns of the same length.",
    ),
    (
        nested([[1, 2]]).assign(b=1),
        "X must have a series in each cell, or in none: got series in column 'dim_0' "
        "and none in column 'b'. Select only the columns with series, or only the "
        "columns without series.",
    ),
    (
        pd.DataFrame({"a": [[1, 2], None]}),
        "X must have a series in each cell: got a missing value in row 1. Drop this "
        "row.",
    ),
]


@pytest.mark.parametrize(("table", "message"), ERRORS)
def test_nested_tables_that_are_no_windows(table, message):
    with pytest.raises(ValueError) as raised:
        to_plain(table)
    assert str(raised.value) == message


def test_remedies_for_nested_tables():
    ragged = nested([[1, 2, 3], [4, 5]])
    cut = pd.DataFrame({"a": [cell.tail(2) for cell in ragged["dim_0"]]})
    assert to_plain(cut).shape == (2, 2, 1)
    missing = pd.DataFrame({"a": [[1, 2], None]})
    assert to_plain(missing.drop(index=1)).shape == (1, 2, 1)


# ----------------------------------------------------------------- large integers

LARGE = 2**60
LARGE_INTEGERS = {
    "list": [LARGE + 1, LARGE + 3],
    "array": np.array([[LARGE + 1], [LARGE + 3]]),
    "unsigned": np.array([LARGE + 1, LARGE + 3], dtype=np.uint64),
    "negative": np.array([-LARGE - 1, -LARGE]),
    "frame": pd.DataFrame({"a": [LARGE + 1, LARGE + 3], "b": [LARGE, LARGE + 2]}),
    "Int64": pd.Series([LARGE + 1, LARGE + 3], dtype="Int64"),
    "beyond 64 bits": [2**70 + 1, 2**70 + 3],
    "windows": np.lib.stride_tricks.sliding_window_view(np.arange(9) + LARGE, 4),
}


@pytest.mark.parametrize("table", LARGE_INTEGERS.values(), ids=LARGE_INTEGERS)
def test_large_integers_warn_and_the_remedy_works(table):
    with pytest.warns(UserWarning, match=r"at most 2\*\*53") as warned:
        check_windows(table, min_ndim=1)
    assert len(warned) == 1
    assert "numpy.subtract(X, numpy.min(X, axis=0))" in str(warned[0].message)
    check_windows(np.subtract(table, np.min(table, axis=0)), min_ndim=1)


def test_large_integers_with_missing_values_warn():
    with pytest.warns(UserWarning, match=r"at most 2\*\*53"):
        to_plain(pd.Series([LARGE + 1, None], dtype="Int64"))
    with pytest.warns(UserWarning, match=r"at most 2\*\*53"):
        to_plain(np.ma.array([LARGE + 1, 0], mask=[0, 1]))


def test_large_integers_far_apart_are_divided():
    for table in ([1, LARGE + 1], pd.DataFrame({"a": [LARGE + 1], "b": [1]})):
        with pytest.warns(UserWarning, match=r"numpy\.divide\(X, 1000\)"):
            check_windows(table, min_ndim=1)
        check_windows(np.divide(table, 1000), min_ndim=1)


def test_exact_integers_do_not_warn():
    check_windows(np.array([2**53, -(2**53)]), min_ndim=1)
    check_windows(pd.Series([2**53, 0], dtype="Int64"), min_ndim=1)


# ---------------------------------------------------------------- polars, pyarrow


def test_the_dates_of_a_polars_frame_become_the_index():
    pl = pytest.importorskip("polars", reason="polars is optional")
    plain = to_plain(pl.DataFrame({"day": DAYS, "a": [1, None, 3]}))
    assert plain.index.tolist() == pd.DatetimeIndex(DAYS).tolist()
    assert plain.index.name == "day"
    np.testing.assert_array_equal(plain.to_numpy(), [[1], [NAN], [3]])
    assert has_labels(plain)


def test_polars_dates_keep_time_zone_and_resolution():
    pl = pytest.importorskip("polars", reason="polars is optional")
    index = pd.date_range("2024-03-30", periods=3, tz="Europe/Berlin", unit="us")
    column = pl.Series(index.tolist()).dt.convert_time_zone("Europe/Berlin")
    plain = to_plain(pl.DataFrame({"day": column, "a": [1.0, 2.0, 3.0]}))
    assert plain.index.tolist() == index.tolist()
    assert str(plain.index.tz) == "Europe/Berlin"


def test_polars_without_dates_has_columns_but_no_labels():
    pl = pytest.importorskip("polars", reason="polars is optional")
    frame = to_plain(pl.DataFrame({"a": [1, None], "b": [Decimal("1.5"), None]}))
    assert frame.columns.tolist() == ["a", "b"] and not has_labels(frame)
    assert not has_labels(frame.iloc[:1])
    np.testing.assert_array_equal(frame.to_numpy(), [[1, 1.5], [NAN, NAN]])
    series = to_plain(pl.Series("a", [True, None]))
    assert series.name == "a" and not has_labels(series)
    np.testing.assert_array_equal(series.to_numpy(), [1, NAN])


def test_polars_lists_become_windows():
    pl = pytest.importorskip("polars", reason="polars is optional")
    frame = pl.DataFrame({"a": [[1, 2, 3], [4, 5, 6]], "b": [[0.0, 0, 0], [1, 1, 1]]})
    assert to_plain(frame).shape == (2, 3, 2)


def test_polars_tables_that_are_no_series():
    pl = pytest.importorskip("polars", reason="polars is optional")
    frame = pl.DataFrame({"day": DAYS, "a": [1.0, 2.0, 3.0]})
    with pytest.raises(TypeError, match=r"got a polars LazyFrame. Use X.collect\(\)."):
        to_plain(frame.lazy())
    two = frame.with_columns(end=pl.col("day"))
    with pytest.raises(ValueError, match=r"'day', 'end' in .* X.drop\(\['end'\]\)."):
        to_plain(two)
    assert to_plain(two.drop(["end"])).shape == (3, 1)
    gap = frame.with_columns(day=pl.Series([DAYS[0], None, DAYS[2]]))
    with pytest.raises(ValueError, match=r"missing .* row 1 .* X.drop_nulls\('day'\)."):
        to_plain(gap)
    assert to_plain(gap.drop_nulls("day")).shape == (2, 1)


def test_large_integers_of_polars_warn():
    pl = pytest.importorskip("polars", reason="polars is optional")
    for values in ([LARGE + 1, None], [LARGE + 1, LARGE + 3]):
        with pytest.warns(UserWarning, match=r"at most 2\*\*53"):
            check_windows(pl.Series(values), min_ndim=1)


def test_numbers_of_pyarrow():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
    for dtype in ("int64[pyarrow]", "double[pyarrow]", "bool[pyarrow]"):
        plain = to_plain(pd.Series([1, None], dtype=dtype))
        np.testing.assert_array_equal(plain.to_numpy(), [1, NAN])
        assert plain.dtype == np.float64
    decimals = pd.ArrowDtype(pa.decimal128(5, 2))
    plain = to_plain(pd.DataFrame({"a": [Decimal("1.5"), None]}, dtype=decimals))
    np.testing.assert_array_equal(plain.to_numpy(), [[1.5], [NAN]])


def test_labels_of_pyarrow_become_plain():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
    days = pd.date_range("2020", periods=3)
    for dtype in (pa.timestamp("us"), pa.timestamp("ns"), pa.date32()):
        labels = pd.Index(days.to_list(), dtype=pd.ArrowDtype(dtype), name="day")
        plain = to_plain(pd.Series([1.0, 2.0, 3.0], index=labels))
        assert isinstance(plain.index, pd.DatetimeIndex) and plain.index.name == "day"
        assert plain.index.equals(days)


def test_tables_of_pyarrow():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
    table = pa.table({"day": DAYS, "a": [1, None, 3]})
    plain = to_plain(table)
    assert plain.index.tolist() == pd.DatetimeIndex(DAYS).tolist()
    np.testing.assert_array_equal(plain.to_numpy(), [[1], [NAN], [3]])
    frame = pd.DataFrame({"a": [1.0, 2.0]}, index=pd.Index([5, 6], name="k"))
    pd.testing.assert_frame_equal(to_plain(pa.Table.from_pandas(frame)), frame)
    assert not has_labels(to_plain(pa.chunked_array([[1, None]])))
