"""Tests of the validation of windows, targets and sample weights."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skcnnlstm import CNNRegressor, make_windows
from skcnnlstm.wrappers.fit_data import FitData, read_windows, usable_rows

NAN = np.nan


def replace(X, value, *, at):
    X = np.array(X)
    X[at] = value
    return X


def test_usable_rows_have_a_full_history_and_a_positive_weight():
    X = np.array([[[NAN], [1.0]], [[1.0], [2.0]], [[2.0], [3.0]], [[3.0], [4.0]]])
    rows, weight = usable_rows(X, [1.0, 0.0, 2.0, 3.0])
    np.testing.assert_array_equal(rows, [2, 3])
    np.testing.assert_array_equal(weight, [2, 3])
    rows, _ = usable_rows(X, None, allow_nan=True)
    np.testing.assert_array_equal(rows, [0, 1, 2, 3])


def test_read_windows_returns_feature_names_of_frames():
    frame = pd.DataFrame([[1.0, 2.0]], columns=["a", "b"])
    attributes, windows = read_windows(CNNRegressor(), frame)
    assert attributes["n_features_in_"] == 2
    assert list(attributes["feature_names_in_"]) == ["a", "b"]
    np.testing.assert_array_equal(windows, [[1, 2]])
    attributes, _ = read_windows(CNNRegressor(), np.zeros((5, 3, 2)))
    assert attributes == {"n_features_in_": 3}


def test_training_windows_keep_frames_and_select_rows():
    frame = pd.DataFrame([[1.0], [2.0], [3.0]])
    X = frame.to_numpy()
    fields = dict.fromkeys(FitData._fields)
    complete = FitData(**fields | {"X": X, "rows": np.arange(3)})
    assert complete.training_windows(frame) is frame
    some = FitData(**fields | {"X": X, "rows": np.array([0, 2])})
    pd.testing.assert_frame_equal(some.training_windows(frame), frame.iloc[[0, 2]])
    np.testing.assert_array_equal(some.training_windows(X.tolist()), [[1], [3]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (replace(X, NAN, at=(3, 2)), y), "NaN"),
        (lambda X, y: (replace(X, np.inf, at=(3, 2)), y), "infinity"),
        (lambda X, y: (replace(X[..., None], NAN, at=(3, 2, 0)), y), "NaN"),
        (lambda X, y: (replace(X[..., None], NAN, at=(3, 11, 0)), y), "NaN"),
        (lambda X, y: (X[:, 0], y), "Reshape your data"),
        (lambda X, y: (X.reshape(*X.shape, 1, 1, 1, 1), y), "X must have"),
        (lambda X, y: (X.astype(complex), y), "Complex data not supported"),
        (lambda X, y: (X.astype(str), y.astype(str)), None),
        (lambda X, y: (X[:0], y[:0]), "0 sample"),
        (
            lambda X, y: (X, y[1:]),
            "X and y must have the same number of samples",
        ),
        (lambda X, y: (X, None), "requires y to be passed, but the target y is None"),
        (lambda X, y: (X, replace(y, NAN, at=3)), "Input y contains NaN"),
        (lambda X, y: (X, y.reshape(-1, 1, 1)), "y must have shape (n_samples,)"),
        (
            lambda X, y: (np.full((4, 3, 1), [[NAN], [1.0], [2.0]]), y[:4]),
            "X must hold at least one sample with a full history and a positive "
            "weight: got 4 samples, 4 of them with missing (NaN) first steps. Use "
            "more rows or a smaller window_length.",
        ),
    ],
)
def test_invalid_data_raise_value_error_and_keep_the_fitted_state(
    change, message, windows
):
    X, y = windows
    regressor = CNNRegressor(filters=4, epochs=1, random_state=0).fit(X, y)
    before = regressor.predict(X)
    with pytest.raises(ValueError, match=message and re.escape(message)):
        regressor.fit(*change(X, y))
    np.testing.assert_array_equal(regressor.predict(X), before)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3), "sample_weight must have shape (n_samples,)"),
        (np.zeros(48), "sample_weight must"),
        (np.full(48, -1.0), "sample_weight must"),
    ],
)
def test_invalid_sample_weights_raise_value_error(weight, message, windows):
    X, y = windows
    with pytest.raises(ValueError, match=re.escape(message)):
        CNNRegressor(epochs=1).fit(X, y, sample_weight=weight)


@pytest.mark.filterwarnings("ignore:X holds overlapping windows")
def test_samples_of_weight_zero_are_left_out(windows):
    X, y = windows
    weight = np.ones(len(y))
    weight[::4] = 0
    kept = weight > 0
    regressor = CNNRegressor(filters=4, epochs=2, random_state=0)
    weighted = clone(regressor).fit(X, y, sample_weight=weight).predict(X)
    np.testing.assert_array_equal(weighted, regressor.fit(X[kept], y[kept]).predict(X))


def test_column_names_of_frames_are_kept_and_checked(windows):
    X, y = windows
    frame = pd.DataFrame(X, columns=[f"lag_{i}" for i in range(12)])
    regressor = CNNRegressor(filters=4, epochs=1, random_state=0).fit(frame, y)
    assert list(regressor.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        regressor.predict(frame[frame.columns[::-1]])
    assert not hasattr(regressor.fit(X, y), "feature_names_in_")


def test_targets_of_different_lengths_raise_value_error():
    X, _ = make_windows(np.arange(20.0), 4)
    ragged = pd.Series([[1.0], [1.0, 2.0]] * 8)
    with pytest.raises(
        ValueError,
        match=r"y must hold series of equal length .* same number of targets",
    ):
        CNNRegressor(epochs=1).fit(X, ragged)
