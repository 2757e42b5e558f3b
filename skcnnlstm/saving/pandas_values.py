"""Convert pandas labels and indexes to plain values and arrays, and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

_SCALARS = (pd.Timestamp, pd.Timedelta, pd.Period, pd.Interval, pd.offsets.BaseOffset)
KINDS = (pd.Index, *_SCALARS, pd.api.extensions.ExtensionDtype, type(pd.NaT))
_TIMES = pd.DatetimeIndex | pd.TimedeltaIndex | pd.PeriodIndex


def to_parts(value):
    """Convert a pandas object to a list: its kind, and the arguments of `from_parts`.

    These arguments are called parts. They are numbers, text, arrays, lists of these, or
    simpler pandas objects.
    """
    if value is pd.NaT:
        return ["NaT"]
    if isinstance(value, pd.offsets.BaseOffset):
        return _offset_parts(value)
    if isinstance(value, _SCALARS):
        # An index with this label keeps its unit, time zone and frequency.
        return ["label", pd.Index([value])]
    if isinstance(value, pd.CategoricalDtype):
        return ["categories", _in_memory(value.categories), value.ordered]
    if isinstance(value, pd.api.extensions.ExtensionDtype):
        return ["dtype", str(value)]
    if isinstance(value, pd.RangeIndex):
        return ["range", value.start, value.stop, value.step, value.name]
    if isinstance(value, pd.MultiIndex):
        levels = [_in_memory(value.get_level_values(i)) for i in range(value.nlevels)]
        return ["levels", levels, list(value.names)]
    if isinstance(value, _TIMES):
        return _time_parts(value)
    if isinstance(value, pd.IntervalIndex):
        bounds = _in_memory(value.left), _in_memory(value.right)
        return ["intervals", *bounds, value.closed, value.name]
    if isinstance(value, pd.CategoricalIndex):
        codes = np.asarray(value.codes)
        categories = _in_memory(value.categories)
        return ["categorical", codes, categories, value.ordered, value.name]
    dtype = value.dtype
    values = value.to_numpy() if isinstance(dtype, np.dtype) else list(value)
    return ["index", values, str(dtype), value.name]


def _offset_parts(offset):
    if type(offset) is pd.offsets.CustomBusinessDay:
        holidays = [str(day) for day in offset.holidays]
        return ["business days", offset.n, offset.weekmask, holidays]
    if type(offset) is pd.DateOffset and offset.kwds:
        return ["date offset", offset.n, list(offset.kwds), list(offset.kwds.values())]
    return ["offset", offset.freqstr]


def _in_memory(index):
    """Return an equal index that is not a RangeIndex, which `from_parts` refuses."""
    is_range = isinstance(index, pd.RangeIndex)
    return pd.Index(index.to_numpy(), name=index.name) if is_range else index


def _time_parts(index):
    freq = None if index.freq is None else index.freq.freqstr
    if isinstance(index, pd.PeriodIndex):
        # `freq.freqstr` is "QE-DEC", the name for dates; `freqstr` is "Q-DEC".
        return ["periods", np.asarray(index.asi8), index.freqstr, index.name]
    if isinstance(index, pd.TimedeltaIndex):
        return ["timedeltas", np.asarray(index.to_numpy()), freq, index.name]
    zone = None if index.tz is None else str(index.tz)
    values = index.tz_convert(None) if zone else index
    return ["times", np.asarray(values.to_numpy()), zone, freq, index.name]


def from_parts(kind, *parts):
    """Return the pandas object that `to_parts` converted to a kind and parts.

    Raise TypeError if a part is a range, a set or a dict. A range of 10**9 numbers
    takes a few bytes in a file, but an index made from it takes gigabytes of memory.
    """
    for part in parts:
        _check_part(part)
    return _MAKERS[kind](*parts)


def _check_part(part):
    if isinstance(part, list | tuple):
        for item in part:
            _check_part(item)
    elif isinstance(part, range | pd.RangeIndex | set | frozenset | dict):
        kind = type(part).__name__
        raise TypeError(f"a {kind} must not be a part of a pandas object")


def _index(values, dtype, name):
    if isinstance(values, list):
        dtype = _dtype(dtype)
        if isinstance(dtype, np.dtype) and dtype.kind != "O":
            # A dtype such as "<U1000000" would expand the values.
            raise TypeError(f"the values of an index of dtype {dtype} must be an array")
        return pd.Index(values, dtype=dtype, name=name)
    return pd.Index(values, dtype=values.dtype, name=name)


def _dtype(name):
    """Return the data type of a name. In pandas 2, text has the type object."""
    dtype = pd.api.types.pandas_dtype(name)
    is_text = name == "str" and isinstance(dtype, np.dtype)
    return np.dtype(object) if is_text else dtype


def _times(values, zone, freq, name):
    index = pd.DatetimeIndex(values, name=name)
    index = index.tz_localize("UTC").tz_convert(zone) if zone else index
    index.freq = freq
    return index


def _timedeltas(values, freq, name):
    return pd.TimedeltaIndex(values, freq=freq, name=name)


def _label(index):
    return index[0]


_MAKERS = {
    "NaT": lambda: pd.NaT,
    "offset": to_offset,
    "business days": lambda n, weekmask, holidays: pd.offsets.CustomBusinessDay(
        n, weekmask=weekmask, holidays=holidays
    ),
    "date offset": lambda n, names, values: pd.DateOffset(
        n, **dict(zip(names, values, strict=True))
    ),
    "label": _label,
    "categories": pd.CategoricalDtype,
    "dtype": _dtype,
    "range": lambda start, stop, step, name: pd.RangeIndex(
        start, stop, step, name=name
    ),
    "levels": lambda levels, names: pd.MultiIndex.from_arrays(levels, names=names),
    "categorical": lambda codes, categories, ordered, name: pd.CategoricalIndex(
        pd.Categorical.from_codes(codes, categories, ordered), name=name
    ),
    "periods": lambda ordinals, freq, name: pd.PeriodIndex.from_ordinals(
        ordinals, freq=freq, name=name
    ),
    "timedeltas": _timedeltas,
    "intervals": lambda left, right, closed, name: pd.IntervalIndex.from_arrays(
        left, right, closed, name
    ),
    "times": _times,
    "index": _index,
}


def is_equal(one, other):
    """Return whether two values are equal in type, values, names and frequency."""
    if isinstance(one, pd.Index):
        return bool(
            type(one) is type(other)
            and one.equals(other)
            and one.dtype == other.dtype
            and one.names == other.names
            and getattr(one, "freq", None) == getattr(other, "freq", None)
        )
    return type(one) is type(other) and (one is other or one == other)
