"""LastSteps, SubsequenceReshaper and FlattenWindows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import peak_of
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline
from user_errors import assert_error

from skcnnlstm.windows import (
    FlattenWindows,
    LastSteps,
    SlidingWindow,
    SubsequenceReshaper,
    make_windows,
)

NAN, INF = np.nan, np.inf
ROWS = np.arange(20.0).reshape(10, 2)
WINDOWS = np.arange(48.0).reshape(2, 12, 2)
properties = settings(deadline=None, max_examples=60)
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


def test_the_last_steps_stay():
    windows = np.arange(24.0).reshape(2, 4, 3)
    last = LastSteps(2).fit_transform(windows)
    assert_array_equal(last, [[[6, 7, 8], [9, 10, 11]], [[18, 19, 20], [21, 22, 23]]])
    assert np.shares_memory(last, windows)
    flat = np.arange(8.0).reshape(2, 4)
    assert_array_equal(LastSteps(3).fit_transform(flat), [[1, 2, 3], [5, 6, 7]])
    assert_array_equal(LastSteps(4).fit_transform(flat), flat)


@properties
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 3), st.integers(1, 5))
def test_last_steps_of_long_windows_are_the_short_windows(short, extra, n_features, n):
    length = short + extra
    shape = (length + n, n_features) if n_features else (length + n,)
    series = np.arange(np.prod(shape)).reshape(shape)
    X_long, y_long = make_windows(series, length)
    X_short, y_short = make_windows(series, short)
    assert_array_equal(LastSteps(short).fit_transform(X_long), X_short[extra:])
    assert_array_equal(y_long, y_short[extra:])


def test_a_search_can_tune_the_length_of_windows():
    X, y = make_windows(np.sin(np.arange(80.0)), 8)
    pipeline = make_pipeline(LastSteps(8), Ridge())
    grid = {"laststeps__window_length": [1, 4, 8]}
    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(3)).fit(X, y)
    assert search.best_params_["laststeps__window_length"] > 1


def test_windows_are_cut_in_time_order():
    windows = np.arange(12.0).reshape(1, 6, 2)
    cut = SubsequenceReshaper(3).fit_transform(windows)
    assert_array_equal(cut, [[[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [10, 11]]]])


def test_rows_fold_each_piece():
    windows = np.arange(8.0).reshape(1, 8)
    cut = SubsequenceReshaper(2, n_rows=2).fit_transform(windows)
    assert cut.shape == (1, 2, 2, 2, 1)
    assert_array_equal(cut[..., 0], [[[[0, 1], [2, 3]], [[4, 5], [6, 7]]]])


@properties
@given(
    pieces=st.integers(1, 5),
    n_rows=st.none() | st.integers(1, 3),
    columns=st.integers(1, 4),
    n_features=st.integers(0, 3),
    n=st.integers(1, 6),
)
def test_cutting_agrees_with_a_plain_loop_shares_memory_and_can_be_undone(
    pieces, n_rows, columns, n_features, n
):
    per_piece = (n_rows or 1) * columns
    length = pieces * per_piece
    shape = (length + n, n_features) if n_features else (length + n,)
    series = np.arange(np.prod(shape)).reshape(shape)
    X, _ = make_windows(series, length)
    reshaper = SubsequenceReshaper(pieces, n_rows=n_rows).fit(X)
    cut = reshaper.transform(X)
    for i in range(n):
        for piece in range(pieces):
            for step in range(per_piece):
                place = (step,) if n_rows is None else divmod(step, columns)
                value = X[i, piece * per_piece + step]
                assert_array_equal(cut[(i, piece, *place)], np.atleast_1d(value))
    assert np.shares_memory(cut, series)
    back = reshaper.inverse_transform(cut)
    assert_array_equal(back, X)
    assert np.shares_memory(back, series)


@pytest.mark.parametrize(
    "length, n_rows, pieces",
    [
        (1, None, 1),
        (4, None, 2),
        (12, None, 3),
        (24, None, 4),
        (36, None, 6),
        (24, 1, 4),
        (24, 2, 3),
        (48, 3, 4),
    ],
)
def test_auto_takes_the_divisor_nearest_to_the_root(length, n_rows, pieces):
    reshaper = SubsequenceReshaper(n_rows=n_rows).fit(np.zeros((2, length)))
    assert reshaper.n_subsequences_ == pieces


def test_auto_warns_of_a_prime_length_and_names_others():
    message = (
        "n_subsequences='auto' leaves windows in one piece: window_length is 23, a "
        "prime number. Use a window_length that cuts well, such as 18, 20, 24, 25, or "
        "set n_subsequences."
    )
    with pytest.warns(UserWarning) as caught:
        reshaper = SubsequenceReshaper().fit(np.zeros((2, 23)))
    assert [str(warning.message) for warning in caught] == [message]
    assert reshaper.transform(np.zeros((2, 23))).shape == (2, 1, 23, 1)


def test_cutting_a_long_series_costs_no_memory():
    series = np.random.default_rng(0).normal(size=(200_000, 4))
    X, _ = make_windows(series, 120)
    reshaper = SubsequenceReshaper(10)
    peak, cut = peak_of(lambda: reshaper.fit_transform(X))
    assert cut.shape == (199_880, 10, 12, 4)  # 768 MB as a copy
    assert np.shares_memory(cut, series)
    assert peak < 10e6


def test_steps_are_laid_side_by_side():
    windows = np.arange(12.0).reshape(2, 3, 2)
    flat = FlattenWindows().fit_transform(windows)
    assert_array_equal(flat, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
    assert np.shares_memory(flat, windows)


def test_flat_windows_pass_through():
    windows = np.arange(6.0).reshape(2, 3)
    flat = FlattenWindows().fit_transform(windows)
    assert_array_equal(flat, windows)
    assert np.shares_memory(flat, windows)


def test_missing_history_is_filled_backwards_in_a_copy():
    rows = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    windows = SlidingWindow(3).fit_transform(rows)
    flat = FlattenWindows().fit_transform(windows)
    assert_array_equal(
        flat,
        [
            [1, 10, 1, 10, 1, 10],
            [1, 10, 1, 10, 2, 20],
            [1, 10, 2, 20, 3, 30],
        ],
    )
    assert np.isnan(windows[0, 0]).all()


def test_flat_windows_are_in_c_order_whatever_came():
    X, _ = make_windows(np.random.default_rng(0).normal(size=(100, 3)), 24)
    assert FlattenWindows().fit_transform(X).flags.c_contiguous
    assert FlattenWindows().fit_transform(X[::-2]).flags.c_contiguous


@properties
@given(st.integers(1, 12), st.integers(1, 3), st.integers(1, 14))
def test_flattening_agrees_with_a_plain_loop(n_rows, n_features, length):
    rows = np.random.default_rng(0).normal(size=(n_rows, n_features))
    flat = FlattenWindows().fit_transform(SlidingWindow(length).fit_transform(rows))
    expected = [
        [
            rows[max(0, i - back), feature]
            for back in range(length - 1, -1, -1)
            for feature in range(n_features)
        ]
        for i in range(n_rows)
    ]
    assert_array_equal(flat, expected)


def test_flat_columns_say_feature_and_lag():
    windows = np.arange(12.0).reshape(2, 3, 2)
    flatten = FlattenWindows().set_output(transform="pandas")
    frame = flatten.fit_transform(windows)
    names = ["x0_lag2", "x1_lag2", "x0_lag1", "x1_lag1", "x0_lag0", "x1_lag0"]
    assert list(frame.columns) == names
    named = flatten.get_feature_names_out(["a", "b"])
    assert list(named[:2]) == ["a_lag2", "b_lag2"]
    flatten.fit(pd.DataFrame([[1.0, 2.0]], columns=["t0", "t1"]))
    assert list(flatten.get_feature_names_out()) == ["t0", "t1"]


BAD_INPUT = {
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
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)
