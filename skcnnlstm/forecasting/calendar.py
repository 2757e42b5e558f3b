"""Compute calendar covariates from the times of rows; they are known ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import clone

from skcnnlstm._utils.identity import once_per_object
from skcnnlstm._utils.time_index import read_labels
from skcnnlstm.forecasting.covariate_encoding import (
    check_output_finite,
    check_same_names,
    read_output,
)
from skcnnlstm.forecasting.gaps import describe_index

_NAME = "time"  # of the Series that a transformer gets


def check_calendar(calendar):
    """Raise if a calendar is neither None, nor a function, nor a transformer."""
    is_instance = not isinstance(calendar, type)
    if calendar is None or (is_instance and callable(calendar)):
        return
    if is_instance and hasattr(calendar, "fit") and hasattr(calendar, "transform"):
        return
    raise TypeError(
        "calendar must be None, a function of a Series of times, or an instance with "
        f"fit and transform: got calendar={calendar!r}. Use a function such as "
        "lambda times: times.dt.month, or skrub.DatetimeEncoder()."
    )


def fit_calendar(calendar, panel, axes, indexes):
    """Return a clone of a calendar transformer, fitted on the times of all series.

    A function needs no fit, and is returned as it is.

    Parameters
    ----------
    calendar : function or transformer
    panel : Panel
        The form of the series, for messages.
    axes : dict of (TimeAxis or None)
        The time axis of each series, by key.
    indexes : dict of (Index or None)
        The labels of the rows of each series, by key. Times of series that share an
        index are used once.
    """
    for key, axis in axes.items():
        with panel.naming(key):
            _check_frequency(indexes[key], axis)
    distinct = {id(index): index for index in indexes.values()}
    times = [times_of(index) for index in distinct.values()]
    zones = {str(getattr(one.dt, "tz", None)) for one in times}
    if len(zones) > 1:
        raise ValueError(
            "calendar needs the same time zone in all series: got "
            f"{' and '.join(sorted(zones))}. Use tz_convert on the index of each "
            "series, or tz_localize if it has no time zone (None)."
        )
    if not hasattr(calendar, "transform"):
        return calendar
    whole = times[0] if len(times) == 1 else pd.concat(times, ignore_index=True)
    return clone(calendar).fit(whole)


def transform_times(calendar, panel, indexes):
    """Return the calendar covariates of each series, and the names of their columns.

    Parameters
    ----------
    calendar : function or transformer
        A result of `fit_calendar`.
    panel : Panel
        The form of the series, for messages.
    indexes : dict of (Index or None)
        The labels of the rows of each series, by key. An index that several series
        share is transformed once.

    Returns
    -------
    tables : dict of ndarray of shape (n_rows, n_columns)
    names : list
        The names of the columns: ``calendar0``, ``calendar1``, ... if the calendar
        returns no names.
    """
    transform = once_per_object(lambda index: _transform(calendar, index))
    tables, names = {}, None
    for key, index in indexes.items():
        with panel.naming(key):
            tables[key], found = transform(index)
            width = tables[key].shape[1]
            found = [f"calendar{i}" for i in range(width)] if found is None else found
            if names is not None:
                check_same_names("calendar", found, names, "other series")
            names = found
    return tables, names


def _transform(calendar, index):
    times = times_of(index)
    output = getattr(calendar, "transform", calendar)(times)
    table, names = read_output("calendar", calendar, output, len(times))
    check_output_finite("calendar", table)
    return table, names


def times_of(index):
    """Return the labels of rows as a Series of times; raise if they are not dates."""
    labels = None if index is None else read_labels(index)[0]
    if isinstance(labels, pd.PeriodIndex):
        labels = labels.to_timestamp()
    if not isinstance(labels, pd.DatetimeIndex):
        got = "rows without an index" if index is None else describe_index(index)
        raise ValueError(
            f"calendar needs rows with an index of dates: got {got}. Pass a Series or "
            "a DataFrame with a DatetimeIndex, for example "
            "series.set_axis(pandas.to_datetime(...)), or set calendar=None."
        )
    return pd.Series(labels, index=np.arange(len(labels)), name=_NAME)


def _check_frequency(index, axis):
    """Raise if the times after the last row cannot be computed."""
    times_of(index)
    if axis is None:
        raise ValueError(
            "calendar needs an index of dates for each series: got the row numbers of "
            "a long frame. Set its index to the dates, or set calendar=None."
        )
    if axis.freq is None:
        raise ValueError(
            "calendar needs a frequency to compute the times of the rows ahead: got an "
            f"index without a frequency, {describe_index(index)}. Set freq, or "
            "resample the series."
        )
