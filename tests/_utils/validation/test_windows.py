"""Windows and tables: numeric data of the expected shape."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from user_errors import assert_error

from skcnnlstm._utils import validation as check
from skcnnlstm.windows import (
    FlattenWindows,
    LastSteps,
    SlidingWindow,
    SubsequenceReshaper,
)

ROWS = np.arange(20.0).reshape(10, 2)
NUMBERS = "Convert text and dates to numbers, or drop these columns."


BAD_INPUT = {
    "complex numbers": (
        lambda: check.check_windows(ROWS * 1j),
        ValueError,
        "X must be real: got complex numbers (Complex data not supported). Use "
        "numpy.real(X), or the real and imaginary parts as separate columns.",
    ),
    "structured array": (
        lambda: check.check_windows(np.zeros(3, dtype=[("a", float)])),
        TypeError,
        "X must be numeric: got a structured array with the fields ('a',). Use "
        "numpy.lib.recfunctions.structured_to_unstructured(X).",
    ),
    "ragged list": (
        lambda: check.check_windows([[1, 2], [3]]),
        ValueError,
        "X must be rectangular: got a ragged list, whose rows have different lengths. "
        "Pad shorter rows or windows with NaN at the start, and use "
        'missing="mask".',
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
        f"{NUMBERS} If the column holds dates, make it the index: X.set_index('b').",
    ),
    "a column that may identify series": (
        lambda: check.check_windows(pd.DataFrame({"b": ["x"]}), ids=True),
        ValueError,
        f"X must be numeric: got column 'b' of dtype {pd.Series(['x']).dtype}. "
        f"{NUMBERS} If the column holds dates, make it the index: X.set_index('b'). "
        "If it identifies the series of each row, set id_column='b'.",
    ),
    "a number with a decimal comma": (
        lambda: check.check_windows(pd.DataFrame({"b": ["1,5", "2"]})),
        ValueError,
        f"X must be numeric: got column 'b' of dtype {pd.Series(['x']).dtype}, with "
        "'1,5' at row 0 (label 0). If the comma is a decimal separator, use "
        "X['b'].str.replace(',', '.').astype(float).",
    ),
    "a word among numbers": (
        lambda: check.check_windows(pd.DataFrame({"b": ["n/a", "2"]})),
        ValueError,
        f"X must be numeric: got column 'b' of dtype {pd.Series(['x']).dtype}, with "
        "'n/a' at row 0 (label 0). Correct these values, or replace them by NaN with "
        "pandas.to_numeric(X['b'], errors='coerce') and fill the missing values.",
    ),
    "two columns of one name": (
        lambda: check.check_windows(pd.DataFrame([["x", "y"]], columns=["b", "b"])),
        ValueError,
        "X must have unique column names: got the column 'b' more than once. Rename or "
        "drop the duplicates.",
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
        "required: X must have no empty axis. Use at least one column and one "
        "step.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)


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
def test_input_that_scikit_learn_rejects_raises_its_message(function, X, error, words):
    with pytest.raises(error) as raised:
        function(X)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    "transformer",
    [SlidingWindow(2), LastSteps(1), SubsequenceReshaper(1), FlattenWindows()],
)
def test_another_number_of_features_raises_scikit_learns_message(transformer):
    name = type(transformer).__name__
    message = f"X has 2 features, but {name} is expecting 3 features as input."
    with pytest.raises(ValueError) as raised:
        transformer.fit(np.ones((4, 3))).transform(np.ones((4, 2)))
    assert str(raised.value) == message


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "bool"])
@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 2), (6, 2, 2, 2), (6, 2, 2, 2, 1)])
def test_windows_are_not_copied(shape, dtype):
    X = np.ones(shape, dtype=dtype)
    for view in (X, X[::2], np.asfortranarray(X)):
        checked = check.check_windows(view)
        assert np.shares_memory(checked, view)
        assert checked.dtype == dtype


def test_the_suggested_conversion_of_decimal_commas_is_accepted():
    X = pd.DataFrame({"b": ["1,5", 2.0]})
    X["b"] = X["b"].astype(str).str.replace(",", ".").astype(float)
    assert check.check_windows(X).tolist() == [[1.5], [2.0]]
