"""Convert tables of any library to plain arrays or plain pandas objects.

`to_plain` is called wherever data enters the package. Plain arrays and plain pandas
objects are returned as they are, so windows stay views. pandas is imported only for
tables that need it.
"""

import numbers
import sys
from decimal import Decimal

import numpy as np

from skcnnlstm._utils.warnings import warn

_LARGEST_EXACT = 2**53  # float64 represents all integers up to here

# Keys of `DataFrame.attrs`. `_UNLABELLED` marks a table without row labels, which is
# treated like an array with column names. `_LIBRARY` holds the library of the original
# table, and `_DATES` the column that became the index. Messages use these two.
_UNLABELLED = "skcnnlstm_unlabelled"
_LIBRARY = "skcnnlstm_library"
_DATES = "skcnnlstm_dates"


def to_plain(table, name="X"):
    """Return a table as a plain array or a plain pandas object.

    Parameters
    ----------
    table : array-like
        Data from the user.
    name : str, default="X"
        Name of the data in messages.

    Returns
    -------
    plain : ndarray, Series, DataFrame or the table itself
        - A plain NumPy array or plain pandas object is returned as it is.
        - Missing values (masked entries, None, ``pandas.NA``, null) become NaN.
        - Nullable, pyarrow-backed, sparse and Decimal numbers become NumPy numbers.
        - polars and pyarrow tables become pandas objects. If there is a column of
          dates, it becomes the index.
        - A table with a series in each cell becomes windows of shape ``(n, length,
          n_columns)``.
        - Anything else, such as text, is returned unchanged. The caller must check it.
    """
    if isinstance(table, np.ndarray):
        if isinstance(table, np.ma.MaskedArray):
            return _fill_masked(table, name)
        return _convert_objects(table, name) if table.dtype.kind == "O" else table
    if isinstance(table, list | tuple):
        return _convert_list(table, name)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(table, pandas.DataFrame):
        return _convert_frame(table, name)
    if pandas is not None and isinstance(table, pandas.Series):
        values = _convert_column(table, name)
        if values is not table and values.ndim > 1:
            return values
        return _rebuild(table, values, table.index)
    library = type(table).__module__.partition(".")[0]
    convert = {"polars": _convert_polars, "pyarrow": _convert_pyarrow}.get(library)
    return table if convert is None else convert(table, name)


def has_labels(table):
    """Return whether a pandas object has row labels from the user."""
    return hasattr(table, "iloc") and not getattr(table, "attrs", {}).get(_UNLABELLED)


def polars_dates(table):
    """Return the name of the polars column that became the index, or None."""
    attrs = getattr(table, "attrs", {})
    return attrs.get(_DATES) if attrs.get(_LIBRARY) == "polars" else None


def is_from_polars(table):
    """Return whether `to_plain` made a table from a polars table."""
    return getattr(table, "attrs", {}).get(_LIBRARY) == "polars"


def to_pandas_first(table, name):
    """Return a sentence, for messages, with code that converts a table to pandas.

    The sentence is empty if the user passed a pandas object.
    """
    attrs = getattr(table, "attrs", {})
    library, dates = attrs.get(_LIBRARY), attrs.get(_DATES)
    if library is None:
        return ""
    code = f"{name}.to_pandas()"
    if library == "polars":  # its `to_pandas` needs pyarrow
        code = f"pandas.DataFrame({name}.to_dict(as_series=False))"
        if table.ndim == 1:
            code = f"pandas.Series({name}.to_list())"
    if dates is not None:
        code += f".set_index({dates!r}).rename(index=pandas.Timestamp)"
    return f" Convert {name} to pandas first: {name} = {code}."


def mark_unlabelled(frame):
    """Mark a frame as a table without row labels, and return it."""
    frame.attrs[_UNLABELLED] = True
    return frame


def without_unlabelled(frame):
    """Remove the mark of `mark_unlabelled` from a frame, and return it."""
    frame.attrs.pop(_UNLABELLED, None)
    return frame


def warn_about_large_integers(array, name="X"):
    """Warn about integers that float64 cannot represent exactly."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return
    if array.ndim > 1 and len(array) > 1 and array.strides[0] == array.strides[1]:
        # Overlapping windows: the first steps and the last window hold all values.
        parts = array[:, 0], array[-1]
    else:
        parts = (array,)
    lowest = min(int(part.min()) for part in parts)
    highest = max(int(part.max()) for part in parts)
    _warn_about_range(lowest, highest, name)


def _warn_about_range(lowest, highest, name):
    largest = max(lowest, highest, key=abs)
    if abs(largest) <= _LARGEST_EXACT:
        return
    value = int(float(largest))
    rounded = "" if value == largest else f", which becomes {value}"
    remedy = f"numpy.subtract({name}, numpy.min({name}, axis=0))"
    if highest - lowest > _LARGEST_EXACT:
        remedy = f"numpy.divide({name}, 1000)"
    warn(
        f"{name} should hold integers of at most 2**53 in absolute value, because "
        f"float64 rounds larger integers: got {largest}{rounded}. Use an offset or "
        f"larger units, for example {remedy}."
    )


# ----------------------------------------------------------------- arrays and lists


def _fill_masked(array, name):
    """Return a masked array as a plain array, with NaN for masked values."""
    values = np.asarray(array.data)
    mask = np.ma.getmaskarray(array)
    if not mask.any():
        return to_plain(values, name)
    if values.dtype.kind in "biu":
        warn_about_large_integers(values[~mask], name)
        values = values.astype(np.float64)
    elif values.dtype.kind in "fc":
        values = values.copy()
    else:
        values = values.astype(object)
    values[mask] = np.nan
    return to_plain(values, name)


def _convert_list(rows, name):
    """Return a list of numbers or of mixed objects as an array; others stay a list.

    Rows that are tables or masked arrays are converted first.
    """
    if any(_needs_conversion(row) for row in rows):
        rows = [to_plain(row, name) for row in rows]
    try:
        array = np.asarray(rows)
    except (TypeError, ValueError):  # rows of different lengths
        return rows
    if array.dtype.kind == "O":
        return _convert_objects(array, name)
    return array if array.dtype.kind in "biuf" else rows


def _needs_conversion(row):
    """Return whether `to_plain` converts a row of a list differently from NumPy."""
    return (
        isinstance(row, np.ma.MaskedArray)
        or hasattr(row, "iloc")
        or type(row).__module__.partition(".")[0] in ("polars", "pyarrow")
    )


def _convert_objects(array, name):
    """Return an array of objects as an array of numbers or windows, if possible.

    Missing values become NaN.
    """
    values = array.ravel()
    missing = np.array([_is_missing(value) for value in values], dtype=bool)
    known = values[~missing] if missing.any() else values
    if len(known) and all(map(_is_sequence, known)):
        return _stack_cells(array, missing, name)
    if missing.any():
        array = array.copy()
        array[missing.reshape(array.shape)] = np.nan
    if not all(isinstance(value, numbers.Number | Decimal) for value in known):
        return array
    integers = [int(v) for v in known if isinstance(v, numbers.Integral)]
    if integers:
        _warn_about_range(min(integers), max(integers), name)
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):  # complex, or beyond float64
        return array


def _is_missing(value):
    if isinstance(value, Decimal):
        return value.is_snan()  # `float` raises for a signaling NaN
    return value is None or type(value).__name__ in (
        "NAType",
        "NaTType",
        "MaskedConstant",
    )


def _is_sequence(value):
    return isinstance(value, list | tuple) or (
        hasattr(value, "__array__") and getattr(value, "ndim", 1) == 1
    )


def _stack_cells(array, missing, name):
    """Stack cells that hold series into windows of shape (n, length, n_columns)."""
    if missing.any():
        row = int(np.argmax(missing.reshape(len(array), -1).any(axis=1)))
        raise ValueError(
            f"{name} must have a series in each cell: got a missing value in row "
            f"{row}. Drop this row."
        )
    cells = [np.asarray(to_plain(cell, name)) for cell in array.ravel()]
    lengths = [len(cell) for cell in cells]
    if len(set(lengths)) > 1:
        n_columns = array.size // len(array)
        other = next(i for i, length in enumerate(lengths) if length != lengths[0])
        remedy = (
            f"Cut the series to the last {min(lengths)} steps, or pad them with NaN at "
            'the start and use missing="mask".'
        )
        if name == "y":
            remedy = "Give each sample the same number of targets."
        raise ValueError(
            f"{name} must hold series of equal length in its cells: got {lengths[0]} "
            f"steps in row 0 and {lengths[other]} steps in row {other // n_columns}. "
            f"{remedy}"
        )
    windows = np.stack(cells).reshape(len(array), -1, lengths[0])
    return windows.transpose(0, 2, 1)


# --------------------------------------------------------------------------- pandas


def _convert_frame(frame, name):
    dtypes = list(frame.dtypes)
    if all(isinstance(dtype, np.dtype) and dtype.kind != "O" for dtype in dtypes):
        return _rebuild(frame, frame, frame.index)
    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    values = [_convert_column(column, name) for column in columns]
    nested = [getattr(value, "ndim", 1) > 1 for value in values]
    if all(nested):
        lengths = [value.shape[1] for value in values]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"{name} must hold series of equal length in its cells: got "
                f"{min(lengths)} to {max(lengths)} steps in different columns. Use "
                "columns of the same length."
            )
        return np.concatenate(values, axis=2)
    if any(nested):
        series, numbers_ = nested.index(True), nested.index(False)
        raise ValueError(
            f"{name} must have a series in each cell, or in none: got series in column "
            f"{frame.columns[series]!r} and none in column "
            f"{frame.columns[numbers_]!r}. Select only the columns with series, or "
            "only the columns without series."
        )
    if all(value is column for value, column in zip(values, columns, strict=True)):
        return _rebuild(frame, frame, frame.index)
    return _rebuild(frame, dict(enumerate(values)), frame.index)


def _rebuild(table, values, index):
    """Return a pandas object like `table`, with other values and a plain index.

    `values` is `table` itself if the values do not change. `index` is converted to a
    plain index.
    """
    plain = _convert_index(index)
    if values is table and plain is index:
        return table
    if values is table:
        table = table.copy(deep=False)
        table.index = plain
        return table
    import pandas as pd

    if isinstance(values, dict):
        for number, value in values.items():
            values[number] = getattr(value, "array", value)
        rebuilt = pd.DataFrame(values, index=plain)
        rebuilt.columns = table.columns
    else:
        rebuilt = pd.Series(values, index=plain, name=table.name)
    rebuilt.attrs = table.attrs
    return rebuilt


def _convert_index(index):
    """Return an index, with dates and integers converted to NumPy types."""
    dtype = index.dtype
    if isinstance(dtype, np.dtype) or not hasattr(dtype, "numpy_dtype"):
        return index
    import pandas as pd

    if dtype.kind == "M":
        zone = getattr(getattr(dtype, "pyarrow_dtype", None), "tz", None)
        times = pd.DatetimeIndex(
            index.to_numpy(dtype="M8[ns]" if zone is None else object)
        )
        return times.rename(index.name)
    if str(dtype).startswith("date"):
        return pd.DatetimeIndex(pd.to_datetime(index.astype(object))).rename(index.name)
    if dtype.kind in "iu" and not index.hasnans:
        return pd.Index(index.to_numpy(dtype=np.int64), name=index.name)
    return index


def _convert_column(column, name):
    """Return a column as an array of numbers or of windows.

    The column is returned unchanged if it is plain already, or not numeric.
    """
    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind != "O":
            return column
        objects = column.to_numpy()
        values = _convert_objects(objects, name)
        return column if values is objects else values
    if hasattr(dtype, "subtype") and hasattr(dtype, "fill_value"):  # sparse
        return _convert_column(column.sparse.to_dense(), name).to_numpy()
    if not hasattr(dtype, "numpy_dtype") or dtype.kind not in "biufO":
        if type(dtype).__name__ == "StringDtype" and column.isna().any():
            objects = column.to_numpy(dtype=object, na_value=None)
            return _convert_objects(objects, name)
        return column  # categories, text, dates and periods
    if dtype.kind == "O":  # decimals of pyarrow, or text, which stays unchanged
        return _convert_objects(column.to_numpy(dtype=object, na_value=None), name)
    missing = column.isna().to_numpy()
    if dtype.kind != "f" and not missing.any():
        return column.to_numpy(dtype=dtype.numpy_dtype)
    if dtype.kind in "iu":
        known = column[~missing].to_numpy(dtype=dtype.numpy_dtype)
        warn_about_large_integers(known, name)
    number = np.float32 if dtype.numpy_dtype == np.float32 else np.float64
    return column.to_numpy(dtype=number, na_value=np.nan)


# --------------------------------------------------------------- polars and pyarrow


def _convert_polars(table, name):
    import pandas as pd

    if hasattr(table, "collect"):
        raise TypeError(
            f"{name} must be in memory: got a polars {type(table).__name__}. Use "
            f"{name}.collect()."
        )
    if not hasattr(table, "columns"):
        if not hasattr(table, "to_numpy"):
            return table
        values = _polars_column(table, name)
        series = pd.Series(values, name=table.name or None)
        series.attrs |= {_UNLABELLED: True, _LIBRARY: "polars"}
        return to_plain(series, name)
    columns = {c: _polars_column(table[c], name) for c in table.columns}
    return _with_dates_as_index(pd.DataFrame(columns), name, table)


def _polars_column(column, name):
    """Return a column of polars as an array or a pandas index of dates."""
    import pandas as pd

    dtype = column.dtype
    if dtype.is_nested():
        cells = np.empty(len(column), dtype=object)
        cells[:] = [None if cell is None else cell for cell in column.to_list()]
        return cells
    if getattr(dtype, "time_zone", None):
        utc = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy()
        times = pd.DatetimeIndex(utc)
        return times.tz_localize("UTC").tz_convert(dtype.time_zone)
    if dtype.is_integer() and column.null_count():
        known = column.drop_nulls().to_numpy()
        warn_about_large_integers(known, name)
    if dtype.is_decimal() or not (dtype.is_numeric() or dtype.is_temporal()):
        values = np.empty(len(column), dtype=object)
        values[:] = column.to_list()
        return values
    return column.to_numpy()


def _convert_pyarrow(table, name):
    import pandas as pd

    if not hasattr(table, "to_pandas"):
        return table
    plain = table.to_pandas(date_as_object=False)
    if isinstance(plain, pd.Series):
        plain.attrs |= {_UNLABELLED: True, _LIBRARY: "pyarrow"}
        return to_plain(plain, name)
    if not isinstance(plain, pd.DataFrame):
        return table
    metadata = table.schema.pandas_metadata
    if metadata and any(isinstance(c, str) for c in metadata["index_columns"]):
        return to_plain(plain, name)  # the table was made from a frame with an index
    return _with_dates_as_index(plain, name, table)


def _with_dates_as_index(frame, name, table):
    """Make the column of dates the index of a frame, and return the result.

    Without a column of dates, the frame is marked as a table without row labels. Raise
    if there are several such columns, or if a date is missing.
    """
    frame.attrs[_LIBRARY] = type(table).__module__.partition(".")[0]
    kind = f"{frame.attrs[_LIBRARY]} {type(table).__name__}"
    dates = [
        label
        for label, dtype in frame.dtypes.items()
        if dtype.kind == "M" or hasattr(dtype, "tz")
    ]
    drop = f"{name}.drop" if kind.startswith("polars") else f"{name}.drop_columns"
    if len(dates) > 1:
        raise ValueError(
            f"{name} must have at most one column of dates, which becomes the time "
            f"index: got {', '.join(map(repr, dates))} in a {kind}. Drop the other "
            f"columns of dates: {drop}({dates[1:]!r})."
        )
    if not dates:
        return to_plain(mark_unlabelled(frame), name)
    missing = frame[dates[0]].isna().to_numpy()
    if missing.any():
        remedy = f"{name}.drop_nulls({dates[0]!r})"
        if not kind.startswith("polars"):
            remedy = f"{name}.filter(pyarrow.compute.is_valid({name}[{dates[0]!r}]))"
        raise ValueError(
            f"{name} must have a date in each row: got a missing date in row "
            f"{int(np.argmax(missing))} of column {dates[0]!r} of a {kind}. Drop rows "
            f"without a date: {remedy}."
        )
    frame = frame.set_index(dates[0])
    frame.attrs[_DATES] = dates[0]
    return to_plain(frame, name)
