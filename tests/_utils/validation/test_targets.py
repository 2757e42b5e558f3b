"""Targets and sample weights."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import Ridge
from user_errors import assert_error

from skcnnlstm._utils import validation as check

ROWS = np.arange(20.0).reshape(10, 2)


BAD_INPUT = {
    "class target: masked labels": (
        lambda: check.check_class_target(
            np.ma.masked_equal(np.arange(10) % 3, 2), 10, estimator=None
        ),
        ValueError,
        "Input y contains NaN.",
    ),
    "regression target: complex numbers": (
        lambda: check.check_regression_target(ROWS[:, 0] * 1j, 10, estimator=None),
        ValueError,
        "y must be real: got complex numbers (Complex data not supported). Use "
        "numpy.real(y), or the real and imaginary parts as separate columns.",
    ),
    "regression target: text": (
        lambda: check.check_regression_target(np.array(["a", "b"]), 2, estimator=None),
        ValueError,
        "y must be numeric: got text. Convert it to numbers, or use a classifier for "
        "class labels.",
    ),
    "class target: complex numbers": (
        lambda: check.check_class_target(ROWS[:, 0] * 1j, 10, estimator=None),
        ValueError,
        "y must be real: got complex numbers (Complex data not supported). Use "
        "numpy.real(y), or the real and imaginary parts as separate columns.",
    ),
    "regression target: sequences of different lengths": (
        lambda: check.check_regression_target([[1], [1, 2]], 2, estimator=None),
        ValueError,
        "y must hold one number for each target: got sequences of different lengths. "
        "Use an array of shape (n_samples, n_outputs).",
    ),
    "regression target: three dimensions": (
        lambda: check.check_regression_target(np.ones((2, 3, 4)), 2, estimator=None),
        ValueError,
        "y must have shape (n_samples,) or (n_samples, n_outputs): got (2, 3, 4). If "
        "y has shape (n_samples, horizon, n_targets), use y.reshape(len(y), -1).",
    ),
    "regression target: another length": (
        lambda: check.check_regression_target(ROWS[:, 0], 9, estimator=None),
        ValueError,
        "X and y must have the same number of samples: got 9 in X and 10 in y. Use "
        "make_windows, which returns X and y of the same length.",
    ),
    "class target: none": (
        lambda: check.check_class_target(None, 9, estimator=Ridge()),
        ValueError,
        "Ridge requires y to be passed, but the target y is None. Pass the targets "
        "as y.",
    ),
    "sample weight: another length": (
        lambda: check.check_sample_weight([1.0, 2.0], 3),
        ValueError,
        "sample_weight must have shape (n_samples,): got shape (2,) and 3 samples in "
        "X. Use one weight for each sample.",
    ),
    "sample weight: only zeros": (
        lambda: check.check_sample_weight([0.0, 0.0], 2),
        ValueError,
        "sample_weight must have at least one weight above zero: got only zeros. "
        "Use a positive weight for each sample to train on. Zero excludes a sample.",
    ),
    "sample weight: negative": (
        lambda: check.check_sample_weight([1.0, -2.0], 2),
        ValueError,
        "sample_weight must not be negative: got -2. Use zero to exclude a sample.",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)


@pytest.mark.parametrize("convert", [np.asarray, pd.DataFrame, np.ndarray.tolist])
@pytest.mark.parametrize("dtype", [float, int, bool])
def test_one_hot_labels_are_named_and_the_remedy_works(convert, dtype):
    labels = np.array([0, 2, 1, 2])
    y = convert(np.eye(3, dtype=dtype)[labels])
    with pytest.raises(ValueError, match=r"one-hot .* \(4, 3\)\. Use") as caught:
        check.check_class_target(y, 4, estimator=None)
    remedy = str(caught.value).rpartition("Use ")[2].removesuffix(".")
    y = eval(remedy, {"numpy": np, "y": y})
    assert check.check_class_target(y, 4, estimator=None).tolist() == labels.tolist()


def test_grids_may_have_more_than_two_dimensions():
    y = np.ones((2, 3, 4))
    assert check.check_regression_target(y, 2, estimator=None, grids=True) is y


def test_missing_sample_weights_are_ones():
    weight = check.check_sample_weight(None, 3)
    assert weight.dtype == np.float32
    assert weight.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("mixin", [ClassifierMixin, RegressorMixin])
def test_a_score_does_not_use_masked_targets(mixin):
    class Constant(mixin, BaseEstimator):
        score = check.with_plain_target(mixin.score)

        def predict(self, X):
            return np.ones(len(X))

    assert Constant().score(ROWS, np.ma.array(np.ones(10))) == 1
    y = np.ma.array(np.ones(10), mask=np.arange(10) == 4)
    for masked in (y, y[:, np.newaxis]):
        with pytest.raises(ValueError, match="a masked array with 1 masked val") as got:
            Constant().score(ROWS, masked)
        code = str(got.value).partition("known = ")[2].removesuffix(".")
        known = eval(code, {"numpy": np, "y": masked})
        assert Constant().score(ROWS[known], masked[known]) == 1
