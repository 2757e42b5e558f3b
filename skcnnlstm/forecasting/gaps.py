"""Read the time axes of series, and find the rows between gaps."""

from __future__ import annotations

import contextlib

import pandas as pd

from skcnnlstm._utils.frequency_remedy import read_one_form, suggest_remedy
from skcnnlstm._utils.segments import split_at_gaps
from skcnnlstm._utils.time_axis import read_time_axis
from skcnnlstm._utils.validation import check_enough_rows, remedy_for_short_series
from skcnnlstm._utils.validation.tables import to_pandas_first
from skcnnlstm._utils.warnings import warn
from skcnnlstm.forecasting.panel import listed


def read_axes(panel, tables, freq):
    """Return the time axis of each series, by key; None for rows without labels.

    The row numbers of a long frame are not labels. Consecutive series with the same
    labels share one axis, because reading it takes time.
    """
    if panel.numbered:
        if freq is not None:
            _read_axis(None, freq)
        return dict.fromkeys(tables)
    axes, previous = {}, None
    for key, rows in tables.items():
        index = rows.index
        same = index is not None and previous is not None
        if not same or not (index is previous or index.identical(previous)):
            with panel.naming(key):
                axis = _read_axis(index, freq)
        axes[key], previous = axis, index
    return axes


def _read_axis(index, freq):
    if index is not None:
        return read_time_axis(index, freq)
    if freq is not None:
        raise ValueError(
            f"freq must fit the labels: got freq={freq!r}, and no labels. Use "
            "freq=None, or a Series or DataFrame whose index holds dates."
        )
    return None


def warn_about_labels(panel, tables, axes):
    """Warn if forecasts get numbers instead of dates, and suggest a remedy.

    This happens if the labels of a series have no frequency, or are integers that look
    like dates, such as 202401.
    """
    _warn_about_digits(panel, tables, axes)
    keys = [key for key, axis in axes.items() if axis is not None and axis.freq is None]
    if not keys:
        return
    index = tables[keys[0]].index
    remedy = suggest_remedy(index)
    use, first = f"Set {remedy.code}", ""
    if not remedy.code.startswith("freq="):
        use = f"Use {for_each_series(remedy.code, panel.id_column)}"
        first = to_pandas_first(panel.series[keys[0]], "series")
    subject = "the index of the series has"
    if panel.kind != "one":
        subject = f"the labels of series {listed(keys)} have"
    warn(
        f"{subject} no frequency ({index.dtype}): rows "
        "count as consecutive, and forecasts are labelled 1, 2, ... instead of dates. "
        f"{use}: {remedy.reason}.{first}"
    )


def _warn_about_digits(panel, tables, axes):
    for key, axis in axes.items():
        code = None
        if axis is not None and isinstance(axis.freq, int):
            code = read_one_form(tables[key].index)
        if code is not None:
            following = ", ".join(map(str, axis.next_labels(2)))
            warn(
                f"the index holds integers that look like dates, such as "
                f"{tables[key].index[0]}: they count as integers, and forecasts are "
                f"labelled {following}, ... instead of dates. Use "
                f"{for_each_series(code, panel.id_column)}."
            )
            return


def for_each_series(code, id_column):
    """Return code that applies `code` to each series of a long frame.

    Return `code` itself if `id_column` is None: the series are not in a long frame.
    """
    if id_column is None:
        return code
    if code == "series.reset_index(drop=True)":
        return f"series.set_index(series.groupby({id_column!r}).cumcount())"
    return (
        f"series.drop(columns={id_column!r}).groupby(series[{id_column!r}]).apply("
        f"lambda one: {code.replace('series', 'one')}).reset_index({id_column!r})"
    )


def describe_index(index):
    """Return the type of an index, for messages."""
    return f"{type(index).__name__} of dtype {index.dtype}"


def find_training_runs(panel, tables, axes, length, horizon):
    """Return the runs (start, stop) of training rows without a gap, by series.

    Raises
    ------
    ValueError
        If a series has no run as long as a window and its targets.
    """
    found = find_all_runs(tables, axes)
    if panel.kind == "one":
        first = to_pandas_first(panel.series[None], "series")
        _check_one(tables[None], axes[None], found[None], length, horizon, first)
    longest = {key: longest_run(runs) for key, runs in found.items()}
    short = [key for key, n_rows in longest.items() if n_rows < length + horizon]
    if short:
        shorter = remedy_for_short_series(max(longest[key] for key in short), horizon)
        named = listed(short, lambda key: f"{key!r} with {longest[key]}")
        raise ValueError(
            "each series must have at least window_length + horizon rows without a gap "
            f"in time: got {named}, window_length={length}, horizon={horizon}. "
            f"Remove these series, or use {shorter}."
        )
    return found


def find_all_runs(tables, axes):
    """Return the runs (start, stop) of rows without a gap, by series.

    Runs of any length are returned, also those shorter than a window.
    """
    return {
        key: [(0, len(tables[key].values))]
        if axis is None
        else split_at_gaps(axis.positions).spans()
        for key, axis in axes.items()
    }


def _check_one(rows, axis, runs, length, horizon, first):
    """Raise if no run of the only series is as long as a window and its targets."""
    check_enough_rows(len(rows.values), length, horizon)
    longest = longest_run(runs)
    if longest < length + horizon:
        shorter = remedy_for_short_series(longest, horizon)
        before, after = rows.index[runs[1][0] - 1], rows.index[runs[1][0]]
        raise ValueError(
            "series must have at least window_length + horizon rows without a gap in "
            f"time: got at most {longest} such rows (the first gap is from {before} to "
            f"{after}), window_length={length}, horizon={horizon}. Fill the gaps "
            f"({without_gaps(rows.index, axis.freq)} and interpolate), or use "
            f"{shorter}. If the rows are consecutive despite their labels, use "
            f"series.reset_index(drop=True).{first}"
        )


def without_gaps(index, freq):
    """Return a Python expression that inserts the missing rows of a series."""
    if isinstance(index, pd.PeriodIndex):
        return "series.resample(series.index.freq).mean()"
    if isinstance(freq, int):
        digits = read_one_form(index)
        if digits is not None:
            return digits
        first, last = int(index[0]), int(index[-1])
        return f"series.reindex(range({first}, {last + 1}, {freq}))"
    name = repr(freq.freqstr)
    if type(freq) is pd.offsets.CustomBusinessDay:
        name = "freq"  # the alias does not contain the weekdays and holidays
    if isinstance(index, pd.TimedeltaIndex):  # `asfreq` does not accept timedeltas
        return f"series.resample({name}).mean()"
    series = "series"
    if not isinstance(index, pd.DatetimeIndex):  # dates or datetimes of Python
        with contextlib.suppress(ValueError):  # with several offsets
            pd.to_datetime(index)
            series = "series.set_axis(pandas.to_datetime(series.index))"
    return f"{series}.asfreq({name})"


def longest_run(runs):
    """Return the length of the longest run."""
    return max(stop - start for start, stop in runs)
