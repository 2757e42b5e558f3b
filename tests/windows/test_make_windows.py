"""make_windows: hand-computed arrays, plain loops, shared memory and errors."""

import warnings

import numpy as np
import pandas as pd
import pytest
from bad_input import dated
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import peak_of
from numpy.testing import assert_array_equal
from user_errors import assert_error

from skcnnlstm.windows import (
    make_windows,
)

NAN, INF = np.nan, np.inf
ROWS = np.arange(20.0).reshape(10, 2)
WINDOWS = np.arange(48.0).reshape(2, 12, 2)
properties = settings(deadline=None, max_examples=60)
NUMBERS = "Convert text and dates to numbers, or drop these columns."


def test_nine_values_give_five_samples():
    X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], 4)
    assert_array_equal(
        X,
        [
            [10, 20, 30, 40],
            [20, 30, 40, 50],
            [30, 40, 50, 60],
            [40, 50, 60, 70],
            [50, 60, 70, 80],
        ],
    )
    assert_array_equal(y, [50, 60, 70, 80, 90])


TABLE = np.array([[1, 10], [2, 20], [3, 30], [4, 40], [5, 50]])


@pytest.mark.parametrize(
    "target, expected",
    [
        (None, [[3, 30, 4, 40], [4, 40, 5, 50]]),
        (0, [[3, 4], [4, 5]]),
        (-1, [[30, 40], [40, 50]]),
        ([1], [[30, 40], [40, 50]]),
        ([1, 0], [[30, 3, 40, 4], [40, 4, 50, 5]]),
        (np.int64(1), [[30, 40], [40, 50]]),
        (np.array([0, 1]), [[3, 30, 4, 40], [4, 40, 5, 50]]),
    ],
)
def test_targets_are_in_the_order_of_steps(target, expected):
    X, y = make_windows(TABLE, 2, 2, target=target)
    assert_array_equal(X, [[[1, 10], [2, 20]], [[2, 20], [3, 30]]])
    assert_array_equal(y, expected)


@pytest.mark.parametrize("target", ["b", ["b"], 1])
def test_target_columns_of_a_frame_are_selected_by_name_or_position(target):
    frame = pd.DataFrame(TABLE, columns=["a", "b"])
    _, y = make_windows(frame, 2, target=target)
    assert_array_equal(y, [30, 40, 50])


def test_one_step_of_several_targets_is_two_dimensional():
    _, y = make_windows(TABLE, 4, 1)
    assert_array_equal(y, [[5, 50]])


@properties
@given(
    n_rows=st.integers(2, 40),
    n_features=st.integers(0, 4),
    window_length=st.integers(1, 12),
    horizon=st.integers(1, 6),
    stride=st.integers(1, 7),
    dtype=st.sampled_from(["float64", "float32", "int16"]),
    data=st.data(),
)
def test_make_windows_agrees_with_a_plain_loop(
    n_rows, n_features, window_length, horizon, stride, dtype, data
):
    n_rows = max(n_rows, window_length + horizon)
    shape = (n_rows, n_features) if n_features else (n_rows,)
    series = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    columns = list(range(n_features or 1))
    target = data.draw(
        st.none() | st.lists(st.sampled_from(columns), min_size=1, unique=True)
    )
    table = series.reshape(n_rows, -1)
    windows, targets = [], []
    for start in range(0, n_rows - window_length - horizon + 1, stride):
        end = start + window_length
        windows.append([series[t] for t in range(start, end)])
        flat = []
        for t in range(end, end + horizon):
            flat.extend(table[t, c] for c in (columns if target is None else target))
        targets.append(flat)
    targets = np.array(targets)
    if targets.shape[1] == 1:
        targets = targets[:, 0]

    X, y = make_windows(series, window_length, horizon, stride=stride, target=target)
    assert_array_equal(X, np.array(windows))
    assert_array_equal(y, targets)
    assert X.dtype == series.dtype and y.dtype == series.dtype


@pytest.mark.parametrize(
    "series",
    [
        np.arange(50.0),
        np.arange(50, dtype=np.int8),
        np.arange(100.0, dtype=np.float32).reshape(50, 2),
        np.asfortranarray(np.arange(100.0).reshape(50, 2)),
        np.arange(200.0)[::2],
    ],
)
def test_windows_of_an_array_are_read_only_views(series):
    X, y = make_windows(series, 4, stride=3)
    assert np.shares_memory(X, series)
    assert np.shares_memory(y, series)
    assert not X.flags.writeable
    assert not y.flags.writeable


@pytest.mark.parametrize("stride", [1, 2])
def test_windows_of_pandas_objects_are_views(stride):
    series = pd.Series(np.arange(30.0))
    frame = pd.DataFrame(np.arange(60.0).reshape(30, 2))
    for thing in (series, frame):
        X, _ = make_windows(thing, 4, stride=stride)
        assert np.shares_memory(X, thing.to_numpy())


def test_long_windows_need_no_memory():
    series = np.random.default_rng(0).normal(size=(200_000, 8))  # 12.8 MB
    peak, (X, y) = peak_of(lambda: make_windows(series, 168, target=0))
    assert X.shape == (199_832, 168, 8)  # 2.1 GB as a copy
    assert y.shape == (199_832,)
    assert peak < 1e6


def test_windows_never_contain_their_target():
    X, y = make_windows(np.arange(60), 7, 3, stride=2)
    assert (X[:, -1] + 1 == y[:, 0]).all()
    assert (X.max(axis=1) < y.min(axis=1)).all()


def test_windows_do_not_depend_on_later_rows():
    series = np.random.default_rng(0).normal(size=(40, 2))
    X, y = make_windows(series, 5, 2)
    for t in range(8, 40):
        changed = series.copy()
        changed[t + 1 :] = -changed[t + 1 :] + 7
        X_new, y_new = make_windows(changed, 5, 2)
        n_known = t + 1 - 5 - 2 + 1  # windows whose last target is row t or earlier
        assert_array_equal(X_new[: t - 5 + 2], X[: t - 5 + 2])
        assert_array_equal(y_new[:n_known], y[:n_known])


# ----------------------------------------------------------- groups and labels

ACTS = pd.DataFrame({"x": np.arange(9.0), "act": list("ssswwsssw")})
SUBJECTS = list("aaaaabbbb")


@pytest.mark.parametrize(
    "label, expected",
    [
        ("last", ["s", "w", "w", "s", "w"]),
        ("majority", ["s", "s", "w", "s", "s"]),
        ("per_step", [list("sss"), list("ssw"), list("sww"), list("sss"), list("ssw")]),
    ],
)
def test_labels_are_those_of_the_window_itself(label, expected):
    X, y, groups = make_windows(ACTS, 3, target="act", label=label, groups=SUBJECTS)
    assert_array_equal(
        X[:, :, 0], [[0, 1, 2], [1, 2, 3], [2, 3, 4], [5, 6, 7], [6, 7, 8]]
    )
    assert X.shape == (5, 3, 1)  # without the column of the labels
    assert y.tolist() == expected
    assert groups.tolist() == list("aaabb")


def test_windows_with_different_labels_are_left_out():
    X, y, groups = make_windows(ACTS, 3, target=1, label="all", groups=SUBJECTS)
    assert_array_equal(X[:, :, 0], [[0, 1, 2], [5, 6, 7]])
    assert y.tolist() == ["s", "s"] and groups.tolist() == ["a", "b"]


def test_time_to_end_counts_the_rows_until_the_recording_ends():
    rows = np.arange(9.0)
    _, y, groups = make_windows(rows, 3, groups=SUBJECTS, label="time_to_end")
    assert y.tolist() == [2, 1, 0, 1, 0] and groups.tolist() == list("aaabb")
    X, y = make_windows(rows, 3, stride=2, label="time_to_end")
    assert y.tolist() == [6, 4, 2, 0]
    assert np.shares_memory(X, rows)


def label_by_loop(label, labels):
    if label == "last":
        return labels[-1]
    if label == "majority":
        return max(sorted(set(labels)), key=labels.count)
    if label == "all":
        return labels[0] if len(set(labels)) == 1 else None
    return labels


@properties
@given(
    ids=st.lists(st.integers(0, 3), min_size=1, max_size=30),
    window_length=st.integers(1, 6),
    horizon=st.integers(1, 3),
    stride=st.integers(1, 4),
    label=st.sampled_from([None, "last", "majority", "all", "per_step", "time_to_end"]),
    data=st.data(),
)
def test_no_window_or_target_crosses_a_recording(
    ids, window_length, horizon, stride, label, data
):
    acts = [data.draw(st.sampled_from("pqr")) for _ in ids]
    horizon = horizon if label is None else 0
    windows, expected, groups = [], [], []
    for key in dict.fromkeys(ids):
        rows = [row for row, other in enumerate(ids) if other == key]
        for i in range(0, len(rows) - window_length - horizon + 1, stride):
            window, after = rows[i : i + window_length], rows[i + window_length :]
            value = after[:horizon]
            if label == "time_to_end":
                value = len(after)
            elif label is not None:
                value = label_by_loop(label, [acts[row] for row in window])
            if value is not None:
                windows.append(window)
                expected.append(value)
                groups.append(key)
    frame = pd.DataFrame({"row": np.arange(len(ids)), "act": acts})
    params = {"horizon": horizon} if label is None else {"label": label}
    if label in (None, "time_to_end"):
        frame = frame["row"]
    else:
        params["target"] = "act"

    def call():
        return make_windows(frame, window_length, stride=stride, groups=ids, **params)

    if max(map(ids.count, ids)) < window_length + horizon:
        with pytest.raises(ValueError, match="must have at least window_length"):
            call()
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "each recording should have at least")
        X, y, found = call()
    assert X.reshape(-1, window_length).tolist() == windows
    assert y.ravel().tolist() == np.ravel(expected).tolist()
    assert found.tolist() == groups


def test_windows_of_recordings_are_views_if_they_are_equally_spaced():
    rows = np.arange(24.0).reshape(12, 2)
    X, y, _ = make_windows(
        rows, 3, groups=[0] * 6 + [1] * 6, stride=3, label="time_to_end"
    )
    assert np.shares_memory(X, rows) and not X.flags.writeable
    assert y.tolist() == [3, 0, 3, 0]
    X, y, _ = make_windows(rows, 3, groups=["one"] * 12, target=1)
    assert np.shares_memory(X, rows) and np.shares_memory(y, rows)


@pytest.mark.parametrize(
    "label, kept, expected",
    [
        ("last", [0, 2], ["s", "w"]),
        ("majority", [0, 1, 2, 3], ["s", "s", "w", "w"]),
        ("all", [0], ["s"]),
        ("per_step", [0, 1, 2, 3], [["s", "s"], ["s", "?"], ["?", "w"], ["w", "?"]]),
    ],
)
def test_windows_without_a_label_are_left_out(label, kept, expected):
    acts = ["s", "s", None, "w", None, None]
    frame = pd.DataFrame({"x": np.arange(6.0), "act": acts})
    X, y = make_windows(frame, 2, target="act", label=label, missing="mask")
    assert_array_equal(X[:, 0, 0], kept)
    assert np.where(pd.isna(y), "?", y).tolist() == expected


def test_a_window_without_any_known_label_has_none():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "act": [np.nan, np.nan, 1.0]})
    for label in ("last", "majority", "all", "per_step"):
        X, _ = make_windows(frame, 1, target="act", label=label, missing="mask")
        assert_array_equal(X, [[[3.0]]])


def test_unknown_targets_of_recordings_are_left_out():
    rows = np.array([1.0, 2, 3, NAN, 5, 6])
    X, y, groups = make_windows(rows, 1, groups=[1, 1, 2, 2, 2, 2], missing="mask")
    assert_array_equal(X[:, 0], [1, NAN, 5])
    assert_array_equal(y, [2, 5, 6])
    assert groups.tolist() == [1, 2, 2]


def test_short_recordings_cause_a_warning():
    with pytest.warns(UserWarning) as caught:
        _, y, groups = make_windows(np.arange(9.0), 4, groups=SUBJECTS)
    assert y.tolist() == [4.0] and groups.tolist() == ["a"]
    assert str(caught[0].message) == (
        "each recording should have at least 5 rows: got fewer rows in 1 of 2 "
        "recordings: 'b'. These recordings give no window. Use shorter windows to keep "
        "them."
    )


def test_times_of_recordings_may_overlap():
    frame = ACTS.set_axis([*range(5), *range(4)])
    _, y, _ = make_windows(frame, 3, target="act", label="last", groups=SUBJECTS)
    assert y.tolist() == ["s", "w", "w", "s", "w"]
    with pytest.raises(ValueError, match="In recording 'b': series must be in time"):
        make_windows(frame[["x"]][::-1], 3, groups=SUBJECTS[::-1])


def test_groups_of_polars_are_an_array():
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({"x": ACTS["x"].tolist(), "act": ACTS["act"].tolist()})
    ids = polars.Series(SUBJECTS)
    _, y, groups = make_windows(table, 3, target="act", label="last", groups=ids)
    assert type(groups) is np.ndarray and groups.tolist() == list("aaabb")
    assert y.tolist() == ["s", "w", "w", "s", "w"]


A_DAY = pd.to_datetime(["2024-01-01"])
BAD_INPUT = {
    "series: too short": (
        lambda: make_windows(np.arange(5.0), 4, 2),
        ValueError,
        "series must have at least window_length + horizon rows: got 5 rows, "
        "window_length=4, horizon=2. Use a series of 6 rows or more, or shorter "
        "windows.",
    ),
    "series: empty": (
        lambda: make_windows([], 4),
        ValueError,
        "series must have at least window_length + horizon rows: got 0 rows, "
        "window_length=4, horizon=1. Use a series of 5 rows or more, or shorter "
        "windows.",
    ),
    "series: three dimensions": (
        lambda: make_windows(WINDOWS, 4),
        ValueError,
        "series must have 1 to 2 dimensions: got 3, shape (2, 12, 2). Use rows of "
        "shape (n_rows, n_features).",
    ),
    "series: a scalar": (
        lambda: make_windows(5.0, 4),
        ValueError,
        "series must have 1 to 2 dimensions: got 0, shape (). Use rows of shape "
        "(n_rows, n_features).",
    ),
    "series: text": (
        lambda: make_windows(["a", "b", "c"], 1),
        ValueError,
        f"series must be numeric: got text. {NUMBERS}",
    ),
    "series: NaN": (
        lambda: make_windows([1.0, NAN, 3.0], 1),
        ValueError,
        "series must be finite: got NaN at row 1. Fill missing values first, for "
        "example with pandas.Series(series).ffill().bfill(), or set "
        'missing="mask" here and on the network.',
    ),
    "series: infinity in a column": (
        lambda: make_windows(pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, INF]}), 1),
        ValueError,
        "series must be finite: got infinity at row 1, feature 'b'. Replace infinite "
        "values with numbers first.",
    ),
    "series: unsorted": (
        lambda: make_windows(dated(["2024-01-03", "2024-01-02", "2024-01-01"]), 1),
        ValueError,
        "series must be in time order: got an unsorted index, in which row 1 (label "
        "2024-01-02 00:00:00) is earlier than the row before it. Use "
        "series.sort_index().",
    ),
    "series: duplicate times": (
        lambda: make_windows(dated(["2024-01-03", "2024-01-03"])["a"], 1),
        ValueError,
        "series must have one row for each time: got an index with the label "
        "2024-01-03 00:00:00 more than once. Drop the duplicates, or average them "
        "with series.groupby(level=0).mean().",
    ),
    "groups: a name": (
        lambda: make_windows(ACTS, 3, target="act", label="last", groups="act"),
        TypeError,
        "groups must hold the recording of each row: got the text 'act'. If this is "
        "the name of a column, use groups=series['act'] and "
        "series.drop(columns='act').",
    ),
    "groups: a name of a column of text": (
        lambda: make_windows(ACTS.assign(unit="a"), 3, groups="unit"),
        TypeError,
        "groups must hold the recording of each row: got the text 'unit'. If this is "
        "the name of a column, use groups=series['unit'] and "
        "series.drop(columns='unit').",
    ),
    "groups: too few": (
        lambda: make_windows([1.0, 2.0, 3.0], 2, groups=[1, 2]),
        ValueError,
        "groups must have shape (n_rows,): got shape (2,) and 3 rows. Pass the "
        "recording of each row.",
    ),
    "groups: too short": (
        lambda: make_windows(ACTS[["x"]], 5, groups=SUBJECTS),
        ValueError,
        "In recording 'a': series must have at least window_length + horizon rows: got "
        "5 rows, window_length=5, horizon=1. Use a series of 6 rows or more, or "
        "shorter windows.",
    ),
    "label: unknown": (
        lambda: make_windows(ACTS, 3, label="first"),
        ValueError,
        "label must be one of None, 'last', 'majority', 'all', 'per_step', "
        "'time_to_end': got label='first'.",
    ),
    "label: no column": (
        lambda: make_windows(ACTS, 3, label="last"),
        ValueError,
        "target must be given with label='last': got target=None. Set target to the "
        "position or the name of the column that holds the labels.",
    ),
    "label: a column that is not needed": (
        lambda: make_windows(ACTS, 3, target="act", label="time_to_end"),
        ValueError,
        "target must be None with label='time_to_end': got target='act'. This label "
        "counts rows and reads no column. Set target=None, and drop columns that are "
        "not features from the series.",
    ),
    "label: a horizon": (
        lambda: make_windows(ACTS, 3, 2, target="act", label="last"),
        ValueError,
        "horizon must be 1 with label: got horizon=2, label='last'. A label describes "
        "the window itself. Use label=None to predict later rows.",
    ),
    "label: a 1-D series": (
        lambda: make_windows(ACTS["x"], 3, target=0, label="last"),
        ValueError,
        "series must have 2 dimensions, with the column target=0 among its columns: "
        "got shape (9,). Use rows of shape (n_rows, n_columns).",
    ),
    "label: a missing one": (
        lambda: make_windows(ACTS.replace("w", None), 3, target="act", label="last"),
        ValueError,
        "series must have a label in each row: got a missing value in row 3 of "
        "target='act'. Fill missing labels, or set missing=\"mask\" to leave out "
        "windows without a label.",
    ),
    "horizon: zero": (
        lambda: make_windows(ROWS, 2, 0),
        ValueError,
        "horizon must be an integer >= 1: got horizon=0. Use a whole number, 1 or "
        "more.",
    ),
    "stride: a fraction": (
        lambda: make_windows(ROWS, 2, stride=0.5),
        TypeError,
        "stride must be an integer >= 1: got stride=0.5 (float). Use a whole number, "
        "1 or more.",
    ),
    "target: outside": (
        lambda: make_windows(ROWS, 2, target=2),
        ValueError,
        "target must be a column of the series: got target=2 and 2 column(s). Use a "
        "position from 0 to 1.",
    ),
    "target: unknown name": (
        lambda: make_windows(pd.DataFrame({"a": ROWS[:, 0]}), 2, target="b"),
        ValueError,
        "target must be the name of a column of the series: got target='b'. Use one "
        "of 'a'.",
    ),
    "target: a name for an array": (
        lambda: make_windows(ROWS, 2, target="a"),
        ValueError,
        "target must be a position if the series has no column names: got target='a'. "
        "Use a position from 0 to 1, or pass a pandas DataFrame.",
    ),
    "target: a label that is an integer": (
        lambda: make_windows(pd.DataFrame(ROWS, columns=[20, 10]), 2, target=10),
        ValueError,
        "target must be a column of the series: got target=10 and 2 column(s). Use a "
        "position from 0 to 1. An integer is always a position. The column with the "
        "label 10 is at position 1.",
    ),
    "target: another type": (
        lambda: make_windows(ROWS, 2, target=1.5),
        TypeError,
        "target must be a column position or name, a list of them, or None: got "
        "target=1.5 (float). Use an integer or a name.",
    ),
    "target: no column": (
        lambda: make_windows(ROWS, 2, target=[]),
        ValueError,
        "target must select at least one column: got target=[]. Use a column, a list "
        "of columns, or None for all columns.",
    ),
    "a column of dates": (
        lambda: make_windows(dated(A_DAY).reset_index(names="day"), 2),
        TypeError,
        f"series must be numeric: got column 'day' of dtype {A_DAY.dtype}. Convert "
        "text and dates to numbers, or drop these columns. If the column holds dates, "
        "make it the index: series.set_index('day').",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)
