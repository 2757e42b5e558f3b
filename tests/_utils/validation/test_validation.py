"""Checks: what passes unchanged, what is counted, and the whole message of each error.

Where scikit-learn words the message, the table holds the part that its versions share.
"""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skcnnlstm._utils import validation as check
from skcnnlstm.windows import (
    FlattenWindows,
    LastSteps,
    SlidingWindow,
    SubsequenceReshaper,
    make_windows,
)

NAN, INF = np.nan, np.inf
properties = settings(deadline=None, max_examples=60)


# ------------------------------------------------------------- the table of bad input


def with_value(shape, place, value):
    array = np.arange(np.prod(shape), dtype=float).reshape(shape)
    array[place] = value
    return array


def dated(dates):
    index = pd.to_datetime(dates)
    return pd.DataFrame({"a": np.arange(float(len(index)))}, index=index)


def fit(transformer, X):
    return lambda: transformer.fit(X)


def fit_and(transformer, X, method, X_new):
    return lambda: getattr(transformer.fit(X), method)(X_new)


FILL = (
    "Fill or drop missing values first, for example with sklearn.impute.SimpleImputer."
)
FILL_OR_MASK = (
    "Fill or drop missing values first, for example with "
    'sklearn.impute.SimpleImputer, or use missing="mask", here and on the network that '
    "reads it."
)
PREFIX = (
    "X must be finite (NaN may stand only for missing history: leading steps at which "
    "every feature is NaN, the last step known): got"
)
NUMBERS = "Convert dates and text to numbers, or leave those columns out."
A_DAY = pd.to_datetime(["2024-01-01"])
ROWS = np.arange(20.0).reshape(10, 2)
WINDOWS = np.arange(48.0).reshape(2, 12, 2)

BAD_INPUT = {
    # parameters
    "integer: zero": (
        lambda: check.check_integer("filters", 0),
        ValueError,
        "filters must be an integer >= 1: got filters=0. Use a whole number, 1 or "
        "more.",
    ),
    "integer: a float": (
        lambda: check.check_integer("filters", 3.0),
        TypeError,
        "filters must be an integer >= 1: got filters=3.0 (float). Use a whole number, "
        "1 or more.",
    ),
    "integer: a boolean": (
        lambda: check.check_integer("patience", True, minimum=0),
        TypeError,
        "patience must be an integer >= 0: got patience=True (bool). Use a whole "
        "number, 0 or more.",
    ),
    "real: outside": (
        lambda: check.check_real("dropout", 1.0, low=0, high=1, inclusive="left"),
        ValueError,
        "dropout must be a finite number >= 0 and < 1: got dropout=1.0. Use a finite "
        "number >= 0 and < 1.",
    ),
    "real: NaN": (
        lambda: check.check_real("rate", NAN),
        ValueError,
        "rate must be a finite number: got rate=nan. Use a finite number.",
    ),
    "real: text": (
        lambda: check.check_real("rate", "high", low=0, inclusive="neither"),
        TypeError,
        "rate must be a finite number > 0: got rate='high' (str). Use a finite number "
        "> 0.",
    ),
    "real: a percentage": (
        lambda: check.check_real("coverage", 90, low=0, high=1, inclusive="neither"),
        ValueError,
        "coverage must be a finite number > 0 and < 1: got coverage=90.0. Use a finite "
        "number > 0 and < 1: 0.9 for 90 %.",
    ),
    "choice: unknown": (
        lambda: check.check_choice("merge", "sum", ["concat", "weighted", None]),
        ValueError,
        "merge must be a known choice: got merge='sum' (str). Use one of 'concat', "
        "'weighted', None.",
    ),
    "choice: another type": (
        lambda: check.check_choice("merge", 1, ["concat", "weighted"]),
        TypeError,
        "merge must be a known choice: got merge=1. Use one of 'concat', 'weighted'.",
    ),
    "boolean: a number": (
        lambda: check.check_boolean("attention", 1),
        TypeError,
        "attention must be a boolean: got attention=1 (int). Use True or False.",
    ),
    # arrays
    "a column of dates": (
        lambda: make_windows(dated(A_DAY).reset_index(names="day"), 2),
        TypeError,
        f"series must be numeric: got column 'day' of dtype {A_DAY.dtype}. Convert "
        "dates and text to numbers, or leave those columns out. A column of dates may "
        "become the index: series.set_index('day').",
    ),
    "complex numbers": (
        lambda: check.check_windows(ROWS * 1j),
        ValueError,
        "X must be real: got complex numbers (Complex data not supported). Use X.real, "
        "or the real and the imaginary parts side by side.",
    ),
    "regression target: complex numbers": (
        lambda: check.check_regression_target(ROWS[:, 0] * 1j, 10, estimator=None),
        ValueError,
        "y must be real: got complex numbers (Complex data not supported). Use y.real, "
        "or the real and the imaginary parts side by side.",
    ),
    "regression target: text": (
        lambda: check.check_regression_target(np.array(["a", "b"]), 2, estimator=None),
        ValueError,
        "y must be numeric: got text. Convert it to numbers, or use a classifier for "
        "labels.",
    ),
    "class target: complex numbers": (
        lambda: check.check_class_target(ROWS[:, 0] * 1j, 10, estimator=None),
        ValueError,
        "y must be real: got complex numbers (Complex data not supported). Use y.real, "
        "or the real and the imaginary parts side by side.",
    ),
    "too large for float32": (
        lambda: check.missing_history(with_value((2, 3, 2), (1, 0, 1), -1e39)),
        ValueError,
        "X must be finite in float32, the numbers of a network: got -1e+39, too large "
        "for float32 (above 3.403e+38), at sample (row) 1, step 0, feature 1. Scale "
        "the values first, for example with sklearn.preprocessing.StandardScaler.",
    ),
    "ragged list": (
        lambda: check.check_windows([[1, 2], [3]]),
        ValueError,
        "X must be rectangular: got a ragged list, whose rows have different lengths. "
        "Use rows (windows) of one length, where shorter ones begin with NaN "
        "(missing='mask').",
    ),
    "text": (
        lambda: check.check_windows([["a", "b"]]),
        ValueError,
        f"X must be numeric: got text. {NUMBERS}",
    ),
    "a column of text": (
        lambda: check.check_windows(pd.DataFrame({"a": [1.0], "b": ["x"]})),
        ValueError,
        f"X must be numeric: got column 'b' of dtype {pd.Series(['x']).dtype}. "
        f"{NUMBERS} A column of dates may become the index: X.set_index('b').",
    ),
    "dates": (
        lambda: check.check_windows(np.array([["2024-01-01"]], dtype="datetime64[D]")),
        TypeError,
        f"X must be numeric: got dtype datetime64[D]. {NUMBERS}",
    ),
    "six dimensions": (
        lambda: check.check_windows(np.zeros((1, 2, 3, 4, 5, 6))),
        ValueError,
        "X must have 2 to 5 dimensions: got 6, shape (1, 2, 3, 4, 5, 6). Use windows "
        "of shape (n_samples, window_length, n_features).",
    ),
    "too few dimensions": (
        lambda: check.check_windows(ROWS, min_ndim=3, max_ndim=3),
        ValueError,
        "X must have 3 dimensions: got 2, shape (10, 2). Use windows of shape "
        "(n_samples, window_length, n_features).",
    ),
    "no features in windows": (
        lambda: check.check_windows(np.zeros((3, 4, 0))),
        ValueError,
        "Found array with 0 feature(s) (shape=(3, 4, 0)) while a minimum of 1 is "
        "required: X must have no empty axis.",
    ),
    "NaN in rows": (
        fit(SlidingWindow(2), with_value((4, 2), (3, 1), NAN)),
        ValueError,
        f"X must be finite: got NaN at row 3, feature 1. {FILL_OR_MASK}",
    ),
    "NaN in named rows": (
        fit(SlidingWindow(2), pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, NAN]})),
        ValueError,
        f"X must be finite: got NaN at row 1, feature 'b'. {FILL_OR_MASK}",
    ),
    "infinity in rows at transform": (
        fit_and(SlidingWindow(2), ROWS, "transform", with_value((4, 2), (0, 0), INF)),
        ValueError,
        f"X must be finite: got infinity at row 0, feature 0. {FILL}",
    ),
    "NaN in flat windows": (
        fit(LastSteps(2), with_value((4, 3), (1, 0), NAN)),
        ValueError,
        f"X must be finite: got NaN at sample (row) 1, step 0, feature 0. {FILL}",
    ),
    "NaN after a known step": (
        fit(FlattenWindows(), with_value((4, 3, 2), (2, 1), NAN)),
        ValueError,
        f"{PREFIX} NaN at sample (row) 2, step 1, feature 0. {FILL}",
    ),
    "NaN in one feature of a leading step": (
        fit(FlattenWindows(), with_value((4, 3, 2), (2, 0, 1), NAN)),
        ValueError,
        f"{PREFIX} NaN at sample (row) 2, step 0, feature 1. {FILL}",
    ),
    "a window of NaN alone": (
        fit(FlattenWindows(), with_value((4, 3, 2), 1, NAN)),
        ValueError,
        f"{PREFIX} NaN at sample (row) 1, step 2, feature 0. {FILL}",
    ),
    "infinity in a leading step": (
        fit(FlattenWindows(), with_value((4, 3, 2), (3, 0), -INF)),
        ValueError,
        f"{PREFIX} infinity at sample (row) 3, step 0, feature 0. {FILL}",
    ),
    "windows of another length": (
        fit_and(FlattenWindows(), WINDOWS, "transform", WINDOWS[:, :, :1]),
        ValueError,
        "X must have the shape of the windows given to fit: got windows of shape "
        "(12, 1), FlattenWindows was fitted on windows of shape (12, 2). Use windows "
        "of the same length and features, or fit again.",
    ),
    "windows of another dimension": (
        fit_and(LastSteps(3), WINDOWS, "transform", WINDOWS[:, :, 0]),
        ValueError,
        "X must have the shape of the windows given to fit: got windows of shape "
        "(12,), LastSteps was fitted on windows of shape (12, 2). Use windows of the "
        "same length and features, or fit again.",
    ),
    "pieces of another shape": (
        fit_and(SubsequenceReshaper(3), WINDOWS, "inverse_transform", WINDOWS),
        ValueError,
        "X must have the shape that transform makes: got shape (2, 12, 2). Use an "
        "array of shape (n_samples, 3, 4, 2).",
    ),
    "names of features": (
        fit_and(FlattenWindows(), WINDOWS, "get_feature_names_out", ["a"]),
        ValueError,
        "input_features must name each feature of a window: got 1 names, "
        "n_features=2. Use 2 names, or None.",
    ),
    # subsequences
    "pieces that do not divide": (
        lambda: check.resolve_subsequences(5, 24),
        ValueError,
        "n_subsequences must divide window_length: got n_subsequences=5, "
        "window_length=24. Use one of 1, 2, 3, 4, 6, 8, 12, 24.",
    ),
    "pieces that do not divide beside rows": (
        lambda: check.resolve_subsequences(8, 24, n_rows=2),
        ValueError,
        "n_subsequences must divide window_length / n_rows: got n_subsequences=8, "
        "window_length=24, n_rows=2. Use one of 1, 2, 3, 4, 6, 12.",
    ),
    "rows that do not divide": (
        fit(SubsequenceReshaper(n_rows=5), WINDOWS),
        ValueError,
        "n_rows must divide window_length: got n_rows=5, window_length=12. Use one of "
        "1, 2, 3, 4, 6, 12.",
    ),
    "pieces: another word": (
        fit(SubsequenceReshaper("sqrt"), WINDOWS),
        ValueError,
        "n_subsequences must be 'auto' or an integer >= 1: got n_subsequences='sqrt'. "
        "Use 'auto', or one of 1, 2, 3, 4, 6, 12.",
    ),
    "pieces: zero": (
        fit(SubsequenceReshaper(0), WINDOWS),
        ValueError,
        "n_subsequences must be an integer >= 1: got n_subsequences=0. Use a whole "
        "number, 1 or more.",
    ),
    "pieces: None": (
        fit(SubsequenceReshaper(None), WINDOWS),
        TypeError,
        "n_subsequences must be an integer >= 1: got n_subsequences=None (NoneType). "
        "Use a whole number, 1 or more.",
    ),
    "steps: more than there are": (
        fit(LastSteps(13), WINDOWS),
        ValueError,
        "window_length must not exceed the length of the windows given: got "
        "window_length=13, windows of 12 steps. Use 12 or less, or longer windows.",
    ),
    # SlidingWindow
    "window_length: zero": (
        fit(SlidingWindow(0), ROWS),
        ValueError,
        "window_length must be an integer >= 1: got window_length=0. Use a whole "
        "number, 1 or more.",
    ),
    "context: unknown": (
        fit(SlidingWindow(2, context="auto"), ROWS),
        ValueError,
        "context must be a known choice: got context='auto' (str). Use one of "
        "'index', 'always', 'none'.",
    ),
    "rows of three dimensions": (
        fit(SlidingWindow(2), WINDOWS),
        ValueError,
        "X must have 2 dimensions: got 3, shape (2, 12, 2). Use rows of shape "
        "(n_rows, n_features).",
    ),
    "duplicate times": (
        fit(SlidingWindow(2), dated(["2024-01-01", "2024-01-02", "2024-01-02"])),
        ValueError,
        "X must have one row for each time: got an index with the label 2024-01-02 "
        "00:00:00 more than once. Drop or average the duplicates.",
    ),
    "duplicate integers": (
        fit(SlidingWindow(2), pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=[0, 1, 0])),
        ValueError,
        "X must have one row for each time: got an index with the label 0 more than "
        "once. Drop or average the duplicates.",
    ),
    "duplicate times at transform": (
        fit_and(
            SlidingWindow(2),
            dated(["2024-01-01", "2024-01-02", "2024-01-03"]),
            "transform",
            dated(["2024-01-04", "2024-01-04"]),
        ),
        ValueError,
        "X must have one row for each time: got an index with the label 2024-01-04 "
        "00:00:00 more than once. Drop or average the duplicates.",
    ),
    "unsorted irregular times": (
        fit(SlidingWindow(2), dated(["2024-01-01", "2024-01-09", "2024-01-04"])),
        ValueError,
        "X must be in time order: got an unsorted index, row 2 (label 2024-01-04 "
        "00:00:00) is earlier than the row before it. Use X.sort_index().",
    ),
    "a missing time": (
        fit(SlidingWindow(2), dated(["2024-01-01", None])),
        ValueError,
        "X must have a time for each row: got an index with a missing label. Drop "
        "those rows.",
    ),
    "an index of two levels": (
        fit(
            SlidingWindow(2),
            pd.DataFrame(
                {"a": [1.0, 2.0]}, index=pd.MultiIndex.from_tuples([(0, 1), (0, 2)])
            ),
        ),
        ValueError,
        "X must have one time index: got an index of 2 levels. Use one series at a "
        "time, with the other levels dropped (X.droplevel(...)).",
    ),
    # make_windows
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
    "series: a number": (
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
        f"series must be finite: got NaN at row 1. {FILL_OR_MASK}",
    ),
    "series: infinity in a column": (
        lambda: make_windows(pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, INF]}), 1),
        ValueError,
        f"series must be finite: got infinity at row 1, feature 'b'. {FILL}",
    ),
    "series: unsorted": (
        lambda: make_windows(dated(["2024-01-03", "2024-01-02", "2024-01-01"]), 1),
        ValueError,
        "series must be in time order: got an unsorted index, row 1 (label 2024-01-02 "
        "00:00:00) is earlier than the row before it. Use series.sort_index().",
    ),
    "series: duplicate times": (
        lambda: make_windows(dated(["2024-01-03", "2024-01-03"])["a"], 1),
        ValueError,
        "series must have one row for each time: got an index with the label "
        "2024-01-03 00:00:00 more than once. Drop or average the duplicates.",
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
        "target must be a column of the series: got target=2, 2 column(s). Use a "
        "position from 0 to 1.",
    ),
    "target: unknown name": (
        lambda: make_windows(pd.DataFrame({"a": ROWS[:, 0]}), 2, target="b"),
        ValueError,
        "target must be the name of a column of the series: got target='b'. Use one "
        "of 'a'.",
    ),
    "target: a name twice": (
        lambda: check.check_target("a", 2, ["a", "a"]),
        ValueError,
        "target must be the name of one column of the series: got target='a'. Use one "
        "of 'a', 'a'.",
    ),
    "target: a name for an array": (
        lambda: make_windows(ROWS, 2, target="a"),
        ValueError,
        "target must be a position where the series has no column names: got "
        "target='a'. Use a position from 0 to 1, or give a pandas DataFrame.",
    ),
    "target: a label that is an integer": (
        lambda: make_windows(pd.DataFrame(ROWS, columns=[20, 10]), 2, target=10),
        ValueError,
        "target must be a column of the series: got target=10, 2 column(s). Use a "
        "position from 0 to 1. An integer is a position, not a label: the column "
        "labelled 10 is at position 1.",
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
        "target must name at least one column: got target=[]. Use a column, a list of "
        "columns, or None for all.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_gives_the_whole_message(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message
    assert type(raised.value) is error


WORDED_BY_SCIKIT_LEARN = {
    "sparse": (scipy.sparse.eye_array(3).tocsr(), TypeError, "Sparse data was passed"),
    "complex": (np.ones((3, 2)) * 1j, ValueError, "Complex data not supported"),
    "one dimension": (np.arange(3.0), ValueError, "Reshape your data"),
    "a number": (3.0, ValueError, "Reshape your data"),
    "no samples": (np.empty((0, 3)), ValueError, "0 sample(s)"),
    "no samples of windows": (np.empty((0, 3, 2)), ValueError, "0 sample(s)"),
    "no features": (np.empty((3, 0)), ValueError, "0 feature(s) (shape=(3, 0))"),
    "a series": (pd.Series([1.0]), ValueError, "Expected a 2-dimensional container"),
}


@pytest.mark.parametrize(
    "X, error, words",
    WORDED_BY_SCIKIT_LEARN.values(),
    ids=WORDED_BY_SCIKIT_LEARN.keys(),
)
@pytest.mark.parametrize(
    "function",
    [check.check_windows]
    + [t.fit for t in (SlidingWindow(), LastSteps(1), FlattenWindows())],
)
def test_what_scikit_learn_refuses_is_refused_in_its_words(function, X, error, words):
    with pytest.raises(error) as raised:
        function(X)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    "transformer",
    [SlidingWindow(2), LastSteps(1), SubsequenceReshaper(1), FlattenWindows()],
)
def test_another_number_of_features_is_refused_in_scikit_learns_words(transformer):
    name = type(transformer).__name__
    message = f"X has 2 features, but {name} is expecting 3 features as input."
    with pytest.raises(ValueError) as raised:
        transformer.fit(np.ones((4, 3))).transform(np.ones((4, 2)))
    assert str(raised.value) == message


# ------------------------------------------------------------------ what passes


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_integers_of_any_kind_become_int(value):
    assert check.check_integer("n", value) == 3
    assert type(check.check_integer("n", value)) is int


@pytest.mark.parametrize("inclusive", ["both", "left", "right", "neither"])
def test_bounds_count_as_inclusive_says(inclusive):
    def passes(value):
        try:
            check.check_real("x", value, low=0, high=1, inclusive=inclusive)
        except ValueError:
            return False
        return True

    assert passes(0) == (inclusive in ("both", "left"))
    assert passes(1) == (inclusive in ("both", "right"))
    assert passes(np.float32(0.5)) and not passes(-0.1) and not passes(1.1)


def test_choices_and_booleans_come_back():
    assert check.check_choice("c", None, ["a", None]) is None
    assert check.check_choice("c", "a", ["a", None]) == "a"
    assert type(check.check_choice("c", np.str_("a"), ["a", None])) is str
    assert check.check_boolean("b", np.True_) is True


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "bool"])
@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 2), (6, 2, 2, 2), (6, 2, 2, 2, 1)])
def test_windows_are_not_copied(shape, dtype):
    X = np.ones(shape, dtype=dtype)
    for view in (X, X[::2], np.asfortranarray(X)):
        checked = check.check_windows(view)
        assert np.shares_memory(checked, view)
        assert checked.dtype == dtype


# -------------------------------------------------------------- missing history


def count_by_loop(X):
    """The rule of `missing_history`, one value at a time; None where it is broken."""
    counts = []
    for window in X.reshape(len(X), -1, X.shape[-1]):
        steps = [[bool(np.isnan(value)) for value in step] for step in window]
        count = 0
        while count < len(steps) and all(steps[count]):
            count += 1
        if count == len(steps) or not np.isfinite(window[count:]).all():
            return None
        counts.append(count)
    return counts


def judge(X):
    try:
        return check.missing_history(X).tolist()
    except ValueError:
        return None


@properties
@given(
    n_rows=st.integers(1, 30),
    n_features=st.integers(1, 3),
    length=st.integers(1, 8),
    stride=st.integers(1, 9),
    holes=st.lists(
        st.tuples(st.integers(0, 29), st.integers(-1, 2), st.sampled_from([NAN, INF])),
        max_size=3,
    ),
)
def test_overlapping_and_copied_windows_get_the_same_verdict_as_a_loop(
    n_rows, n_features, length, stride, holes
):
    rows = np.random.default_rng(0).normal(size=(n_rows + length, n_features))
    for row, feature, value in holes:
        place = row % len(rows), slice(None) if feature < 0 else feature % n_features
        rows[place] = value
    view = np.lib.stride_tricks.sliding_window_view(rows, length, axis=0)
    view = np.moveaxis(view, -1, 1)[::stride]
    expected = count_by_loop(view)
    assert judge(view) == expected
    assert judge(view.copy()) == expected
    assert judge(view[::-1]) == (expected and expected[::-1])
    if length % 2 == 0:
        pieces = view.reshape(len(view), 2, length // 2, n_features)
        assert np.shares_memory(pieces, rows)
        assert judge(pieces) == expected


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 5, 7])
def test_an_unknown_value_is_seen_wherever_it_stands(stride):
    for row in range(20):
        rows = np.ones((20, 2))
        rows[row, 1] = NAN
        view = np.lib.stride_tricks.sliding_window_view(rows, 4, axis=0)
        view = np.moveaxis(view, -1, 1)[::stride]
        seen = any(i * stride <= row < i * stride + 4 for i in range(len(view)))
        assert (judge(view) is None) == seen


@pytest.mark.parametrize("n_samples", [511, 512, 513, 1200])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_sample_of_every_chunk_is_looked_at(n_samples, dtype):
    X = np.ones((n_samples, 3, 2), dtype=dtype)
    expected = np.zeros(n_samples, dtype=int)
    for sample in range(0, n_samples, 101):
        X[sample, : 1 + sample % 2] = NAN
        expected[sample] = 1 + sample % 2
    assert_array_equal(check.missing_history(X), expected)
    X[-1, 1, 1] = NAN
    with pytest.raises(ValueError, match=rf"sample \(row\) {n_samples - 1}, step 1, f"):
        check.missing_history(X)


def test_large_finite_values_are_finite():
    largest = np.finfo(np.float32).max
    X = np.full((4, 3, 2), largest, dtype=np.float32)
    assert check.missing_history(X).tolist() == [0, 0, 0, 0]
    assert check.missing_history(X[..., 0]).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("large", [1e39, -1e39])
@pytest.mark.parametrize("copied", [True, False])
def test_values_too_large_for_float32_are_infinity(large, copied):
    largest = float(np.finfo(np.float32).max)
    for row in range(12):
        rows = np.full((12, 2), -largest)
        view = np.lib.stride_tricks.sliding_window_view(rows, 4, axis=0)
        X = np.moveaxis(view, -1, 1)
        assert judge(X.copy() if copied else X) == [0] * 9
        rows[row, 1] = large
        assert judge(X.copy() if copied else X) is None


def test_integers_miss_nothing():
    assert check.missing_history(np.ones((3, 2), dtype=int)).tolist() == [0, 0, 0]


def test_scanning_costs_little_memory():
    rows = np.random.default_rng(0).normal(size=(100_000, 8))
    windows = SlidingWindow(100).fit_transform(rows)  # 640 MB as a copy
    copied = windows[200:40_200:4].copy()  # 64 MB
    for X in (windows, copied):
        tracemalloc.start()
        try:
            missing = check.missing_history(X)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 12e6
        assert missing.sum() == (99 * 100 // 2 if X is windows else 0)


@properties
@given(
    counts=st.lists(st.integers(0, 3), min_size=1, max_size=6),
    n_features=st.integers(1, 3),
    pieces=st.booleans(),
    strided=st.booleans(),
)
def test_backfill_puts_the_first_known_step_before_itself(
    counts, n_features, pieces, strided
):
    rng = np.random.default_rng(0)
    chunk = rng.normal(size=(len(counts), 4, n_features))
    expected = chunk.copy()
    for i, count in enumerate(counts):
        chunk[i, :count] = NAN
        for step in range(count):
            expected[i, step] = expected[i, count]
    if pieces:
        chunk = chunk.reshape(len(counts), 2, 2, n_features)
    if strided:  # every other place of a larger array
        chunk = np.repeat(chunk, 2, axis=1)[:, ::2]
    missing = check.missing_history(chunk)
    assert missing.tolist() == counts
    assert check.backfill(chunk, missing) is None
    assert_array_equal(chunk.reshape(expected.shape), expected)


# ---------------------------------------------------------------- subsequences


@properties
@given(st.integers(1, 2000))
def test_divisors_are_those_that_leave_no_rest(n):
    assert check.divisors(n) == [d for d in range(1, n + 1) if n % d == 0]


@settings(deadline=None, max_examples=60)
@pytest.mark.filterwarnings("ignore:n_subsequences='auto' leaves:UserWarning")
@given(st.integers(1, 400))
def test_auto_is_the_nearest_divisor_to_the_root(length):
    distances = {d: abs(d - length**0.5) for d in check.divisors(length)}
    nearest = min(distances.values())
    assert check.resolve_subsequences("auto", length) == min(
        d for d, distance in distances.items() if distance == nearest
    )


@pytest.mark.parametrize("length", [2, 3, 5, 23, 97])
def test_auto_warns_exactly_for_primes_and_names_lengths_that_cut(length):
    with pytest.warns(UserWarning, match="a prime number") as caught:
        assert check.resolve_subsequences("auto", length) == 1
    listed = str(caught[0].message).split("such as ")[1].split(", or")[0]
    for named in map(int, listed.split(", ")):
        assert check.resolve_subsequences("auto", named) > 1


def test_auto_names_lengths_that_cut_with_the_rows_too():
    with pytest.warns(UserWarning) as caught:
        assert check.resolve_subsequences("auto", 14, n_rows=2) == 1
    assert str(caught[0].message) == (
        "n_subsequences='auto' leaves windows in one piece: window_length / n_rows is "
        "7, a prime number. Use a window_length that cuts well, such as 8, 12, 16, 18, "
        "or set n_subsequences."
    )


def test_whole_numbers_that_divide_come_back():
    assert check.resolve_subsequences(np.int64(6), 24) == 6
    assert check.resolve_subsequences(6, 24, n_rows=2) == 6
