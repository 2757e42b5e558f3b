"""LastSteps, SubsequenceReshaper and FlattenWindows."""

import numpy as np
import pandas as pd
import pytest
from bad_input import fit, fit_and, with_value
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


def test_last_steps_keeps_the_end_of_each_window():
    windows = np.arange(24.0).reshape(2, 4, 3)
    last = LastSteps(2).fit_transform(windows)
    assert_array_equal(last, [[[6, 7, 8], [9, 10, 11]], [[18, 19, 20], [21, 22, 23]]])
    assert np.shares_memory(last, windows)
    flat = np.arange(8.0).reshape(2, 4)
    assert_array_equal(LastSteps(3).fit_transform(flat), [[1, 2, 3], [5, 6, 7]])
    assert_array_equal(LastSteps(4).fit_transform(flat), flat)


@properties
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 3), st.integers(1, 5))
def test_last_steps_of_long_windows_equal_short_windows(short, extra, n_features, n):
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


def test_windows_are_split_in_time_order():
    windows = np.arange(12.0).reshape(1, 6, 2)
    cut = SubsequenceReshaper(3).fit_transform(windows)
    assert_array_equal(cut, [[[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [10, 11]]]])


def test_n_rows_folds_each_subsequence():
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
def test_splitting_agrees_with_a_loop_and_can_be_inverted(
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
def test_auto_selects_the_divisor_nearest_to_the_square_root(length, n_rows, pieces):
    reshaper = SubsequenceReshaper(n_rows=n_rows).fit(np.zeros((2, length)))
    assert reshaper.n_subsequences_ == pieces


def test_auto_warns_about_a_prime_length_and_names_others():
    message = (
        "n_subsequences='auto' leaves each window in one piece: window_length is 23, a "
        "prime number. Use another window_length, such as 18, 20, 24, 25, or set "
        "n_subsequences."
    )
    with pytest.warns(UserWarning) as caught:
        reshaper = SubsequenceReshaper().fit(np.zeros((2, 23)))
    assert [str(warning.message) for warning in caught] == [message]
    assert reshaper.transform(np.zeros((2, 23))).shape == (2, 1, 23, 1)


def test_splitting_a_long_series_needs_no_memory():
    series = np.random.default_rng(0).normal(size=(200_000, 4))
    X, _ = make_windows(series, 120)
    reshaper = SubsequenceReshaper(10)
    peak, cut = peak_of(lambda: reshaper.fit_transform(X))
    assert cut.shape == (199_880, 10, 12, 4)  # 768 MB as a copy
    assert np.shares_memory(cut, series)
    assert peak < 10e6


def test_flatten_puts_the_steps_into_one_row():
    windows = np.arange(12.0).reshape(2, 3, 2)
    flat = FlattenWindows().fit_transform(windows)
    assert_array_equal(flat, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
    assert np.shares_memory(flat, windows)


def test_flatten_leaves_2d_windows_unchanged():
    windows = np.arange(6.0).reshape(2, 3)
    flat = FlattenWindows().fit_transform(windows)
    assert_array_equal(flat, windows)
    assert np.shares_memory(flat, windows)


def test_missing_history_is_back_filled_in_a_copy():
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


def test_flat_windows_are_always_in_c_order():
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


def test_flat_columns_are_named_by_feature_and_lag():
    windows = np.arange(12.0).reshape(2, 3, 2)
    flatten = FlattenWindows().set_output(transform="pandas")
    frame = flatten.fit_transform(windows)
    names = ["x0_lag2", "x1_lag2", "x0_lag1", "x1_lag1", "x0_lag0", "x1_lag0"]
    assert list(frame.columns) == names
    named = flatten.get_feature_names_out(["a", "b"])
    assert list(named[:2]) == ["a_lag2", "b_lag2"]
    flatten.fit(pd.DataFrame([[1.0, 2.0]], columns=["t0", "t1"]))
    assert list(flatten.get_feature_names_out()) == ["t0", "t1"]


RULE = (
    "X must be finite, except for missing history (leading steps in which every "
    "feature is NaN): got"
)
FILL = (
    "Fill missing values in the series before making windows, or use a network with "
    'missing="mask", which reads NaN anywhere.'
)
BAD_INPUT = {
    "NaN in 2-D windows": (
        fit(LastSteps(2), with_value((4, 3), (1, 0), NAN)),
        ValueError,
        "X must be finite: got NaN at sample (row) 1, step 0, feature 0. Fill missing "
        "values first, for example with sklearn.impute.SimpleImputer, or use a network "
        'with missing="mask".',
    ),
    "NaN after a known step": (
        fit(FlattenWindows(), with_value((4, 3, 2), (2, 1), NAN)),
        ValueError,
        f"{RULE} NaN at sample (row) 2, step 1, feature 0. {FILL}",
    ),
    "NaN in one feature of a leading step": (
        fit(FlattenWindows(), with_value((4, 3, 2), (2, 0, 1), NAN)),
        ValueError,
        f"{RULE} NaN at sample (row) 2, step 0, feature 1. {FILL}",
    ),
    "a window of NaN only": (
        fit(FlattenWindows(), with_value((4, 3, 2), 1, NAN)),
        ValueError,
        f"{RULE} NaN at sample (row) 1, step 2, feature 0. {FILL}",
    ),
    "infinity in a leading step": (
        fit(FlattenWindows(), with_value((4, 3, 2), (3, 0), -INF)),
        ValueError,
        f"{RULE} infinity at sample (row) 3, step 0, feature 0. Replace infinite "
        "values with numbers first.",
    ),
    "windows of another length": (
        fit_and(FlattenWindows(), WINDOWS, "transform", WINDOWS[:, :, :1]),
        ValueError,
        "X must have the shape of the windows given to fit: got windows of shape "
        "(12, 1), but FlattenWindows was fitted on windows of shape (12, 2). Use "
        "windows of the same length and features, or fit again.",
    ),
    "windows of another dimension": (
        fit_and(LastSteps(3), WINDOWS, "transform", WINDOWS[:, :, 0]),
        ValueError,
        "X must have the shape of the windows given to fit: got windows of shape "
        "(12,), but LastSteps was fitted on windows of shape (12, 2). Use windows of "
        "the same length and features, or fit again.",
    ),
    "subsequences of another shape": (
        fit_and(SubsequenceReshaper(3), WINDOWS, "inverse_transform", WINDOWS),
        ValueError,
        "X must have the shape that transform returns: got shape (2, 12, 2). Use an "
        "array of shape (n_samples, 3, 4, 2).",
    ),
    "too few feature names": (
        fit_and(FlattenWindows(), WINDOWS, "get_feature_names_out", ["a"]),
        ValueError,
        "input_features must name each feature of a window: got "
        "len(input_features)=1, n_features=2. Use as many names as features, or None.",
    ),
    "n_rows: a number that does not divide": (
        fit(SubsequenceReshaper(n_rows=5), WINDOWS),
        ValueError,
        "n_rows must divide window_length: got n_rows=5, window_length=12. Use one of "
        "1, 2, 3, 4, 6, 12.",
    ),
    "n_subsequences: another string": (
        fit(SubsequenceReshaper("sqrt"), WINDOWS),
        ValueError,
        "n_subsequences must be 'auto' or an integer >= 1: got n_subsequences='sqrt'. "
        "Use 'auto', or one of 1, 2, 3, 4, 6, 12.",
    ),
    "n_subsequences: zero": (
        fit(SubsequenceReshaper(0), WINDOWS),
        ValueError,
        "n_subsequences must be an integer >= 1: got n_subsequences=0. Use a whole "
        "number, 1 or more.",
    ),
    "n_subsequences: None": (
        fit(SubsequenceReshaper(None), WINDOWS),
        TypeError,
        "n_subsequences must be an integer >= 1: got n_subsequences=None (NoneType). "
        "Use a whole number, 1 or more.",
    ),
    "window_length: more steps than the windows have": (
        fit(LastSteps(13), WINDOWS),
        ValueError,
        "window_length must not exceed the length of the windows: got "
        "window_length=13 and windows of 12 steps. Use 12 or less, or longer windows.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)
