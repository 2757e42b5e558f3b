"""Windows of many recordings in the splitters and searches of scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    FlattenWindows,
    LastSteps,
    make_windows,
)

TINY = {"filters": 4, "lstm_units": 3, "epochs": 2, "random_state": 0}
SPLITTERS = [
    GroupKFold(2),
    StratifiedGroupKFold(2, shuffle=True, random_state=0),
    LeaveOneGroupOut(),
]


def activities():
    """Return the rows of three persons, and the person of each row."""
    rng = np.random.default_rng(0)
    person = np.repeat(["ann", "bo", "cy"], [60, 50, 40])
    act = np.where(np.sin(np.arange(150) / 4) > 0, "walk", "rest")
    x, z = np.where(act == "walk", 1.0, 0.0) + rng.normal(size=(2, 150))
    return pd.DataFrame({"x": x, "z": z, "act": act}), person


def windows():
    rows, person = activities()
    return make_windows(
        rows, 8, stride=2, target="act", label="majority", groups=person
    )


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
@pytest.mark.parametrize("routing", [False, True])
def test_group_splitters_keep_persons_apart(cv, routing):
    X, y, groups = windows()
    model = make_pipeline(FlattenWindows(), RidgeClassifier())
    search = GridSearchCV(
        make_pipeline(LastSteps(4), model), {"laststeps__window_length": [4, 8]}, cv=cv
    )
    for train, test in cv.split(X, y, groups):
        assert not set(groups[train]) & set(groups[test])
    with config_context(enable_metadata_routing=routing):
        search.fit(X, y, groups=groups)
        given = {"params": {"groups": groups}} if routing else {"groups": groups}
        scores = cross_val_score(clone(model), X, y, cv=cv, **given)
    n_splits = cv.get_n_splits(X, y, groups)
    assert search.n_splits_ == len(scores) == n_splits
    expected = [
        clone(model).fit(X[train], y[train]).score(X[test], y[test])
        for train, test in cv.split(X, y, groups)
    ]
    np.testing.assert_array_equal(scores, expected)


def test_networks_take_windows_of_recordings_in_folds_by_group():
    X, y, groups = windows()
    classifier = CNNLSTMClassifier(**TINY)
    cv = GroupKFold(2)
    predicted = cross_val_predict(classifier, X, y, groups=groups, cv=cv)
    assert set(predicted) <= {"walk", "rest"} and predicted.shape == y.shape


def test_the_time_to_end_is_learned_in_folds_by_group():
    rng = np.random.default_rng(0)
    sizes = [30, 34, 26, 40]
    unit = np.repeat(range(4), sizes)
    left = np.concatenate([np.arange(n)[::-1] for n in sizes])
    rows = np.column_stack([left, left**2]) / 30 + rng.normal(size=(130, 2)) / 9
    X, y, groups = make_windows(rows, 5, groups=unit, label="time_to_end")
    ridge = make_pipeline(FlattenWindows(), Ridge())
    for model in (ridge, CNNLSTMRegressor(**TINY)):
        with config_context(enable_metadata_routing=True):
            search = GridSearchCV(model, {}, cv=GroupKFold(2), error_score="raise")
            search.fit(X, y, groups=groups)
        assert search.predict(X).shape == y.shape
    scores = cross_val_score(ridge, X, y, groups=groups, cv=GroupKFold(4))
    assert scores.min() > 0.9
