"""Checks for NaN and infinity, and the count of missing history."""

import numpy as np
import pytest
from bad_input import with_value
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import peak_of
from numpy.testing import assert_array_equal
from user_errors import assert_error

from skcnnlstm._utils import validation as check
from skcnnlstm.windows import (
    SlidingWindow,
)

NAN, INF = np.nan, np.inf
properties = settings(deadline=None, max_examples=60)


BAD_INPUT = {
    "too large for float32": (
        lambda: check.count_missing_history(with_value((2, 3, 2), (1, 0, 1), -1e39)),
        ValueError,
        "X must be finite in float32, the data type of the network: got -1e+39 at "
        "sample (row) 1, step 0, feature 1, which exceeds 3.403e+38. Scale the series "
        "before making windows, for example with sklearn.preprocessing.StandardScaler.",
    ),
    "NaN in a 1-D series": (
        lambda: check.check_finite(np.array([1.0, NAN]), name="series"),
        ValueError,
        "series must be finite: got NaN at row 1. Fill missing values first, for "
        "example with pandas.Series(series).ffill().bfill().",
    ),
    "NaN in rows": (
        lambda: check.check_finite(with_value((4, 2), (3, 1), NAN), missing="error"),
        ValueError,
        "X must be finite: got NaN at row 3, feature 1. Fill missing values first, for "
        'example with sklearn.impute.SimpleImputer, or set missing="mask" here and on '
        "the network.",
    ),
    "infinity in rows": (
        lambda: check.check_finite(with_value((4, 2), (3, 1), INF), columns=["a", "b"]),
        ValueError,
        "X must be finite: got infinity at row 3, feature 'b'. Replace infinite values "
        "with numbers first.",
    ),
    "infinity among allowed NaN": (
        lambda: check.count_missing_history(
            with_value((2, 3, 2), ([0, 1], 1, 1), [NAN, INF]), allow_nan=True
        ),
        ValueError,
        "X must be finite: got infinity at sample (row) 1, step 1, feature 1. Replace "
        "infinite values with numbers first.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)


def count_by_loop(X):
    """Apply the rule of `count_missing_history` by loops; None means an error."""
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


def counts_or_none(X):
    try:
        return check.count_missing_history(X).tolist()
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
def test_counts_of_overlapping_and_copied_windows_agree_with_a_loop(
    n_rows, n_features, length, stride, holes
):
    rows = np.random.default_rng(0).normal(size=(n_rows + length, n_features))
    for row, feature, value in holes:
        place = row % len(rows), slice(None) if feature < 0 else feature % n_features
        rows[place] = value
    view = np.lib.stride_tricks.sliding_window_view(rows, length, axis=0)
    view = np.moveaxis(view, -1, 1)[::stride]
    expected = count_by_loop(view)
    assert counts_or_none(view) == expected
    assert counts_or_none(view.copy()) == expected
    assert counts_or_none(view[::-1]) == (expected and expected[::-1])
    if length % 2 == 0:
        pieces = view.reshape(len(view), 2, length // 2, n_features)
        assert np.shares_memory(pieces, rows)
        assert counts_or_none(pieces) == expected


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 5, 7])
def test_nan_is_found_at_every_position(stride):
    for row in range(20):
        rows = np.ones((20, 2))
        rows[row, 1] = NAN
        view = np.lib.stride_tricks.sliding_window_view(rows, 4, axis=0)
        view = np.moveaxis(view, -1, 1)[::stride]
        is_covered = any(i * stride <= row < i * stride + 4 for i in range(len(view)))
        assert (counts_or_none(view) is None) == is_covered


@pytest.mark.parametrize("n_samples", [511, 512, 513, 1200])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_sample_of_every_chunk_is_checked(n_samples, dtype):
    X = np.ones((n_samples, 3, 2), dtype=dtype)
    expected = np.zeros(n_samples, dtype=int)
    for sample in range(0, n_samples, 101):
        X[sample, : 1 + sample % 2] = NAN
        expected[sample] = 1 + sample % 2
    assert_array_equal(check.count_missing_history(X), expected)
    X[-1, 1, 1] = NAN
    with pytest.raises(ValueError, match=rf"sample \(row\) {n_samples - 1}, step 1, f"):
        check.count_missing_history(X)


def test_the_largest_float32_is_finite():
    largest = np.finfo(np.float32).max
    X = np.full((4, 3, 2), largest, dtype=np.float32)
    assert check.count_missing_history(X).tolist() == [0, 0, 0, 0]
    assert check.count_missing_history(X[..., 0]).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("large", [1e39, -1e39])
@pytest.mark.parametrize("copied", [True, False])
def test_values_above_the_largest_float32_are_errors(large, copied):
    largest = float(np.finfo(np.float32).max)
    for row in range(12):
        rows = np.full((12, 2), -largest)
        view = np.lib.stride_tricks.sliding_window_view(rows, 4, axis=0)
        X = np.moveaxis(view, -1, 1)
        assert counts_or_none(X.copy() if copied else X) == [0] * 9
        rows[row, 1] = large
        assert counts_or_none(X.copy() if copied else X) is None


def test_integers_have_no_missing_history():
    assert check.count_missing_history(np.ones((3, 2), dtype=int)).tolist() == [0, 0, 0]


def test_scanning_needs_little_memory():
    rows = np.random.default_rng(0).normal(size=(100_000, 8))
    windows = SlidingWindow(100).fit_transform(rows)  # 640 MB as a copy
    copied = windows[200:40_200:4].copy()  # 64 MB
    for X in (windows, copied):
        peak, missing = peak_of(lambda X=X: check.count_missing_history(X))
        assert peak < 12e6
        assert missing.sum() == (99 * 100 // 2 if X is windows else 0)


@properties
@given(
    counts=st.lists(st.integers(0, 3), min_size=1, max_size=6),
    n_features=st.integers(1, 3),
    pieces=st.booleans(),
    strided=st.booleans(),
)
def test_backfill_repeats_the_first_known_step(counts, n_features, pieces, strided):
    rng = np.random.default_rng(0)
    chunk = rng.normal(size=(len(counts), 4, n_features))
    expected = chunk.copy()
    for i, count in enumerate(counts):
        chunk[i, :count] = NAN
        for step in range(count):
            expected[i, step] = expected[i, count]
    if pieces:
        chunk = chunk.reshape(len(counts), 2, 2, n_features)
    if strided:  # a view of every second step of a larger array
        chunk = np.repeat(chunk, 2, axis=1)[:, ::2]
    missing = check.count_missing_history(chunk)
    assert missing.tolist() == counts
    assert check.backfill(chunk, missing) is None
    assert_array_equal(chunk.reshape(expected.shape), expected)


def test_with_mask_nan_in_rows_is_allowed():
    rows = with_value((4, 2), (3, 1), NAN)
    assert check.check_finite(rows, missing="mask") is None


def test_allowed_nan_is_not_missing_history():
    X = with_value((2, 3, 2), (0, 0), NAN)
    assert check.count_missing_history(X).tolist() == [1, 0]
    assert check.count_missing_history(X, allow_nan=True).tolist() == [0, 0]
