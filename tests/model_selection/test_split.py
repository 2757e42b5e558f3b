"""Tests of splitters, against hand-computed folds and scikit-learn's splitters."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    FlattenWindows,
    HorizonSplit,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    make_windows,
)


def as_lists(folds):
    return [(train.tolist(), test.tolist()) for train, test in folds]


def test_folds_leave_out_samples_whose_targets_reach_into_the_test_part():
    folds = HorizonSplit(2, horizon=3, test_size=2).split(np.zeros((9, 4)))
    assert as_lists(folds) == [
        ([0, 1, 2], [5, 6]),
        ([0, 1, 2, 3, 4], [7, 8]),
    ]


@pytest.mark.parametrize("horizon", [1, 2, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_training_targets_end_at_the_last_row_of_the_first_test_window(horizon, stride):
    steps = np.arange(60.0)  # each value is its position in time
    X, y = make_windows(steps, 4, horizon, stride=stride)
    y = y.reshape(len(y), -1)
    splitter = HorizonSplit(3, horizon=horizon, stride=stride, test_size=2)
    for train, test in splitter.split(X):
        assert y[train].max() <= X[test[0], -1]
        # The gap is no larger than needed.
        assert y[train[-1] + 1].max() > X[test[0], -1]


@pytest.mark.parametrize(("horizon", "gap"), [(0, 3), (1, 4), (2, 5)])
def test_window_length_keeps_rows_of_both_parts_disjoint(horizon, gap):
    splitter = HorizonSplit(2, horizon=horizon, window_length=4)
    assert splitter.gap == gap
    X, y = make_windows(np.arange(40.0), 4, max(1, horizon))
    for train, test in splitter.split(X):
        last = y[train].max() if horizon else X[train].max()
        assert last == X[test].min() - 1


@pytest.mark.parametrize(
    "params", [{}, {"n_splits": 3}, {"test_size": 4}, {"max_train_size": 5}]
)
def test_folds_equal_those_of_time_series_split_with_the_same_gap(params):
    X = np.zeros((40, 2))
    splitter = HorizonSplit(horizon=3, **params)
    expected = TimeSeriesSplit(gap=2, **params)
    assert as_lists(splitter.split(X)) == as_lists(expected.split(X))
    assert splitter.get_n_splits() == expected.get_n_splits()


def test_grid_search_accepts_the_splitter():
    X, y = make_windows(np.sin(np.arange(60.0)), 6, 2)
    cv = HorizonSplit(3, horizon=2)
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=cv).fit(X, y)
    assert search.n_splits_ == 3
    assert repr(cv).startswith("HorizonSplit(horizon=2,")


def test_panel_splits_interleaved_series_separately():
    shops = ["b", "a", "b", "a", "a", "b", "a", "b", "b", "b"]  # a: 1346, b: 025789
    folds = PanelTimeSeriesSplit(2, test_size=1, horizon=2).split(shops, groups=shops)
    assert as_lists(folds) == [
        ([0, 1, 2, 5], [4, 8]),
        ([0, 1, 2, 3, 5, 7], [6, 9]),
    ]


def test_panel_splits_series_of_different_lengths_separately():
    groups = np.repeat([7, 3], [3, 9])
    folds = as_lists(PanelTimeSeriesSplit(2).split(groups, groups=groups))
    assert folds == [
        ([0, 3, 4, 5], [1, 6, 7, 8]),
        ([0, 1, 3, 4, 5, 6, 7, 8], [2, 9, 10, 11]),
    ]


@pytest.mark.parametrize("routing", [False, True])
def test_scikit_learn_passes_groups_to_the_panel_splitter(routing):
    X, y = make_windows(np.random.default_rng(0).normal(size=60), 6)
    groups = np.tile(["a", "b"], len(X) // 2)
    passed = {"params": {"groups": groups}} if routing else {"groups": groups}
    with config_context(enable_metadata_routing=routing):
        cv = PanelTimeSeriesSplit(3)
        scores = cross_val_score(Ridge(), X, y, cv=cv, **passed)
        assert np.isfinite(scores).all()
        with pytest.raises(ValueError, match="groups must hold the series of each"):
            cross_val_score(Ridge(), X, y, cv=cv)


def test_grid_search_tunes_a_forecaster_on_a_long_frame():
    frame = pd.DataFrame(
        {"shop": ["a", "b"] * 40, "sold": np.sin(np.arange(80.0)) + np.tile([0, 9], 40)}
    )
    forecaster = SeriesForecaster(
        make_pipeline(FlattenWindows(), Ridge()), id_column="shop"
    )
    cv = PanelTimeSeriesSplit(3, test_size=4)
    search = GridSearchCV(forecaster, {"window_length": [2, 6]}, cv=cv)
    search.fit(frame, groups=frame["shop"])
    assert search.best_params_ == {"window_length": 6}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    ("params", "kind", "message"),
    [
        ({"n_splits": 0}, ValueError, "n_splits must be an integer >= 1"),
        ({"horizon": 1.5}, TypeError, "horizon must be an integer >= 0"),
        ({"stride": 0}, ValueError, "stride must be an integer >= 1"),
        ({"window_length": 0}, ValueError, "window_length must be an integer >= 1"),
        ({"test_size": "a"}, TypeError, "test_size must be an integer >= 1"),
        ({"max_train_size": 0}, ValueError, "max_train_size must be an integer"),
        (
            {"horizon": 8},
            ValueError,
            "n_splits must leave at least one training sample before the gap and the "
            "first test part: got n_splits=5, test_size=2, gap=7 (from horizon=8, "
            "stride=1, window_length=None) and 12 samples",
        ),
        ({"n_splits": 20}, ValueError, "got n_splits=20, test_size=0"),
    ],
)
@pytest.mark.parametrize("splitter", [HorizonSplit, PanelTimeSeriesSplit])
def test_invalid_parameters_raise_an_error_that_names_them(
    splitter, params, kind, message
):
    with pytest.raises(kind) as caught:
        list(splitter(**params).split(np.zeros(12), groups=np.zeros(12)))
    assert str(caught.value).startswith(message) or message in str(caught.value)


def test_panel_rejects_invalid_groups_and_names_a_short_series():
    panel = PanelTimeSeriesSplit(2)
    with pytest.raises(ValueError, match=r"groups must have shape \(n_samples,\)"):
        list(panel.split(np.zeros(4), groups=[1, 2]))
    with pytest.raises(ValueError, match="2 samples of series 'short'"):
        list(panel.split(np.zeros(8), groups=["long"] * 6 + ["short"] * 2))
    with pytest.raises(TypeError, match="X must be an array-like of samples"):
        list(HorizonSplit().split(None))
