"""Tests of reading windows for attributions."""

import numpy as np
import pandas as pd
import pytest
from attribution_cases import TARGET, WINDOWS, linear
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC

from skcnnlstm import (
    ConvLSTMGridRegressor,
    FlattenWindows,
    SlidingWindow,
    SubsequenceReshaper,
)
from skcnnlstm.inspection.from_windows import read_windows

ROWS = pd.DataFrame(
    np.random.default_rng(0).normal(size=(40, 2)).cumsum(axis=0) + 20,
    columns=["load", "wind"],
    index=pd.date_range("2026-01-01", periods=40),
)


def ridge_of_rows(*steps, context="index", rows=ROWS, length=4):
    window = SlidingWindow(length, context=context)
    pipeline = make_pipeline(*steps, window, FlattenWindows(), Ridge())
    return pipeline.fit(rows, rows.sum(axis=1))


def test_axes_of_time_become_one_axis():
    subsequences = SubsequenceReshaper(3).fit_transform(WINDOWS)
    found = read_windows(linear(subsequences), subsequences)
    assert_array_equal(found.windows, WINDOWS)
    assert found.sample_shape == (3, 2, 2)
    assert_array_equal(found.lags, [5, 4, 3, 2, 1, 0])
    assert_array_equal(found.feature_names, ["x0", "x1"])
    predicted = linear(subsequences).predict(subsequences)
    assert_allclose(found.model.predict(found.windows), predicted)


@pytest.mark.heavy
def test_cells_of_a_grid_are_features():
    grids = np.random.default_rng(0).normal(size=(12, 3, 2, 4))
    network = ConvLSTMGridRegressor(filters=2, epochs=1, random_state=0)
    network.fit(grids, grids[:, -1])
    found = read_windows(network, grids)
    assert found.windows.shape == (12, 3, 8)
    assert_allclose(found.model.predict(found.windows), network.predict(grids))


def test_2d_windows_have_one_feature_and_keep_their_names():
    frame = pd.DataFrame(WINDOWS[:, :, 0], columns=list("abcdef"))
    model = LinearRegression().fit(frame, TARGET)
    found = read_windows(model, frame)
    assert found.windows.shape == (80, 6, 1)
    assert_allclose(found.model.predict(found.windows), model.predict(frame))


@pytest.mark.parametrize("context", ["index", "always", "none"])
@pytest.mark.parametrize("steps", [(), (StandardScaler(), "passthrough")])
def test_windows_of_rows_are_in_the_units_of_the_rows(steps, context):
    for step in steps[:1]:
        step.set_output(transform="pandas")
    model = ridge_of_rows(*steps, context=context, rows=ROWS[:30])
    expected = np.lib.stride_tricks.sliding_window_view(ROWS.to_numpy(), 4, axis=0)
    if context == "none":
        with pytest.warns(UserWarning, match="3 of 10 samples have no full history"):
            found = read_windows(model, ROWS[30:])
        assert_array_equal(found.n_missing, [3, 2, 1, *[0] * 7])
        assert_allclose(found.windows[0], ROWS.iloc[[30] * 4])
    else:
        found = read_windows(model, ROWS[30:])
        assert_allclose(found.windows, np.moveaxis(expected, 2, 1)[27:])
    assert_array_equal(found.feature_names, ["load", "wind"])
    assert found.sample_shape == (4, 2)


@pytest.mark.filterwarnings("ignore:.*no full history")
@pytest.mark.parametrize(
    "model",
    [
        ridge_of_rows(PCA(1)),
        ridge_of_rows(make_pipeline(StandardScaler(), MinMaxScaler())),
        TransformedTargetRegressor(
            ridge_of_rows(StandardScaler()), func=np.log, inverse_func=np.exp
        ).fit(ROWS, ROWS.sum(axis=1)),
        make_pipeline(
            StandardScaler(),
            TransformedTargetRegressor(
                make_pipeline(SlidingWindow(4), FlattenWindows(), Ridge())
            ),
        ).fit(ROWS, ROWS.sum(axis=1)),
        GridSearchCV(ridge_of_rows(), {"ridge__alpha": [1]}, cv=2).fit(
            ROWS, ROWS.sum(axis=1)
        ),
    ],
    ids=["pca", "nested", "target", "target inside", "search"],
)
def test_predictions_from_windows_of_rows_are_those_of_the_pipeline(model):
    found = read_windows(model, ROWS)
    assert_allclose(found.model.predict(found.windows), model.predict(ROWS))


def test_history_needs_an_inverse_only_if_it_is_borrowed():
    log = FunctionTransformer(np.log)  # without an inverse
    model = ridge_of_rows(log, context="always", rows=ROWS[:30])
    with pytest.raises(ValueError, match="steps before SlidingWindow must have an inv"):
        read_windows(model, ROWS[30:])
    log_and_exp = FunctionTransformer(np.log, np.exp)  # the remedies
    model = ridge_of_rows(log_and_exp, context="always", rows=ROWS[:30])
    assert_allclose(read_windows(model, ROWS[30:]).windows[0], ROWS[27:31])
    model = ridge_of_rows(log, context="none", rows=ROWS[:30])
    with pytest.warns(UserWarning, match="no full history"):
        assert len(read_windows(model, ROWS[30:]).windows) == 10


def test_missing_history_of_windows_is_filled():
    windows = WINDOWS[:3].copy()
    windows[1, :2] = np.nan
    model = linear()
    with pytest.warns(UserWarning, match="1 of 3 samples have no full history"):
        found = read_windows(model, windows)
    assert_array_equal(found.n_missing, [0, 2, 0])
    assert_array_equal(found.windows[1, :2], [windows[1, 2]] * 2)
    assert np.isnan(windows[1, 0]).all()  # not changed


def test_rows_of_many_recordings_are_explained_by_their_windows():
    rows = ROWS.assign(unit="a")
    sliding = SlidingWindow(4, id_column="unit")
    model = make_pipeline(sliding, FlattenWindows(), Ridge()).fit(rows, ROWS["load"])
    with pytest.raises(ValueError, match=r"attribute\(pipeline\[-1\], pipeline"):
        read_windows(model, rows)
    read_windows(model[-1], model[:-1].transform(rows))


def test_a_classifier_without_probabilities_raises():
    model = make_pipeline(FlattenWindows(), LinearSVC()).fit(WINDOWS, TARGET > 0)
    with pytest.raises(TypeError, match="must predict probabilities: got a classifier"):
        read_windows(model, WINDOWS)


def test_a_search_is_scored_by_its_own_metric():
    search = GridSearchCV(
        linear(),
        {"linearregression__positive": [False]},
        cv=2,
        scoring="neg_mean_absolute_error",
    ).fit(WINDOWS, TARGET + 1)
    found = read_windows(search, WINDOWS)
    score = found.model.score(found.windows, TARGET + 1, None)
    assert score == search.score(WINDOWS, TARGET + 1)
    assert found.model.score(found.windows, TARGET + 1, "r2") == 1.0
