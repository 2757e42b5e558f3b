"""NaN, infinity and missing history."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from user_errors import assert_error

from skcnnlstm._utils import validation as check
from skcnnlstm.windows import (
    SlidingWindow,
)

NAN, INF = np.nan, np.inf
ROWS = np.arange(20.0).reshape(10, 2)
WINDOWS = np.arange(48.0).reshape(2, 12, 2)
properties = settings(deadline=None, max_examples=60)


def with_value(shape, place, value):
    array = np.arange(np.prod(shape), dtype=float).reshape(shape)
    array[place] = value
    return array


BAD_INPUT = {
    "too large for float32": (
        lambda: check.missing_history(with_value((2, 3, 2), (1, 0, 1), -1e39)),
        ValueError,
        "X must be finite in float32, the numbers of a network: got -1e+39, too large "
        "for float32 (above 3.403e+38), at sample (row) 1, step 0, feature 1. Scale "
        "the values first, for example with sklearn.preprocessing.StandardScaler.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)


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
