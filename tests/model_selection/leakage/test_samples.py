"""Tests of the positions of samples in time."""

import numpy as np
import pandas as pd
import pytest
from leakage_cases import (
    BOTH,
    FRAME,
    FUTURE,
    RIDGE,
    SERIES,
    SHARED,
    kinds,
    pipeline_of_rows,
    windows,
)
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import (
    FlattenWindows,
    HorizonSplit,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    SlidingWindow,
    check_leakage,
    make_windows,
)


@pytest.mark.parametrize("horizon", [1, 2, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("copied", [True, False])
def test_the_reported_gap_is_the_smallest_without_a_finding(
    horizon, stride, columns, copied
):
    series = np.random.default_rng(0).normal(size=(150, columns))
    X, y = windows(horizon, series if columns > 1 else series[:, 0], stride=stride)
    X = X.copy() if copied else X
    gap = check_leakage(RIDGE, X, y, KFold(3)).gap
    assert gap == (horizon - 1) // stride
    clean = TimeSeriesSplit(3, gap=gap, test_size=8)
    assert not len(check_leakage(RIDGE, X, y, clean).findings)
    if gap:
        short = TimeSeriesSplit(3, gap=gap - 1, test_size=8)
        assert check_leakage(RIDGE, X, y, short).leaks


def test_a_pipeline_with_a_sliding_window_is_checked_by_rows():
    targets = np.column_stack([SERIES[1:-1], SERIES[2:]])
    report = check_leakage(pipeline_of_rows(), FRAME[:-2], targets, TimeSeriesSplit(3))
    assert kinds(report) == [SHARED, FUTURE]
    assert report.gap == 1
    clean = check_leakage(
        pipeline_of_rows(), FRAME[:-1], SERIES[1:], TimeSeriesSplit(3)
    )
    assert not len(clean.findings)


def test_a_forecaster_needs_time_order_but_no_gap():
    forecaster = SeriesForecaster(RIDGE, window_length=6, horizon=12)
    folds = TimeSeriesSplit(3, test_size=12)
    assert not len(check_leakage(forecaster, FRAME, cv=folds).findings)
    search = GridSearchCV(forecaster, {"window_length": [4, 6]}, cv=folds)
    assert not len(check_leakage(search, FRAME).findings)
    assert kinds(check_leakage(forecaster, FRAME, cv=KFold(3))) == [FUTURE]


def test_the_id_column_separates_the_series_of_a_long_frame():
    long = pd.concat([FRAME.assign(id="a"), FRAME.assign(id="b")])
    forecaster = SeriesForecaster(RIDGE, window_length=6, id_column="id")
    folds = list(PanelTimeSeriesSplit(3).split(long, groups=long["id"]))
    assert not len(check_leakage(forecaster, long, cv=folds).findings)


def test_groups_separate_the_windows_of_many_series():
    X, y = windows(horizon=3)
    X, y = np.concatenate([X, 2 * X]), np.concatenate([y, 2 * y])
    groups = np.repeat(["a", "b"], len(X) // 2)
    report = check_leakage(Ridge(), X, y, PanelTimeSeriesSplit(3), groups=groups)
    assert kinds(report) == [SHARED, FUTURE]
    assert "PanelTimeSeriesSplit(3, horizon=3), and pass groups" in str(report)
    clean = PanelTimeSeriesSplit(3, horizon=3)
    assert not len(check_leakage(Ridge(), X, y, clean, groups=groups).findings)


def test_windows_of_a_classifier_must_not_overlap():
    X, _ = windows(horizon=1)
    labels = np.arange(len(X)) // 20 % 2
    model = LogisticRegression(max_iter=1000)
    report = check_leakage(model, X, labels, StratifiedKFold(3, shuffle=True))
    assert kinds(report) == [("shared rows", "proof")]
    assert report.gap == 5
    separate = HorizonSplit(2, horizon=0, window_length=6)
    assert not len(check_leakage(model, X, labels, separate).findings)
    disjoint = X[::6], labels[::6]
    assert not len(check_leakage(model, *disjoint, StratifiedKFold(3)).findings)


def recordings(n=3, length=40):
    """Return windows of several recordings that share no values, and the recordings."""
    rows = np.random.default_rng(0).normal(size=(n * length, 2))
    return make_windows(
        rows, 5, groups=np.repeat(range(n), length), label="time_to_end"
    )


@pytest.mark.parametrize("cap", [None, 10])
@pytest.mark.parametrize("horizon", [None, 0])
def test_the_time_to_end_describes_the_window(cap, horizon):
    X, y, groups = recordings()
    y = y if cap is None else np.minimum(y, cap)
    given = {"groups": groups, "horizon": horizon}
    report = check_leakage(RIDGE, X, y, KFold(2), **given)
    assert kinds(report) == [("shared rows", "proof"), BOTH]
    assert report.gap == 4
    for cv in (GroupKFold(3), LeaveOneGroupOut()):
        clean = check_leakage(RIDGE, X, y, cv, **given)
        assert not len(clean.findings) and not clean.notes


def test_the_id_column_of_a_sliding_window_holds_the_recordings():
    rows = pd.DataFrame({"unit": list("pqr") * 30, "x": SERIES[:90]})
    labels = np.arange(90) // 15 % 2
    scale = ColumnTransformer(
        [("scale", StandardScaler(), ["x"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    for before, column in ([scale], "unit"), ([], "unit"), ([], 0):
        sliding = SlidingWindow(4, id_column=column)
        pipeline = make_pipeline(
            *before, sliding, FlattenWindows(), LogisticRegression()
        )
        report = check_leakage(pipeline, rows, labels, KFold(3))
        assert kinds(report) == [("shared rows", "proof"), BOTH]
        assert report.complete
        groups = rows["unit"]
        clean = check_leakage(pipeline, rows, labels, GroupKFold(3), groups=groups)
        assert not len(clean.findings)
    codes = np.column_stack([rows["unit"].map({"p": 1, "q": 2, "r": 3}), rows["x"]])
    report = check_leakage(pipeline, codes, labels, KFold(3))
    assert kinds(report) == [("shared rows", "proof"), BOTH]


def test_a_horizon_that_cannot_be_inferred_is_assumed_or_given():
    X, _ = windows(horizon=1)
    y = np.random.default_rng(2).normal(size=len(X))
    report = check_leakage(Ridge(), X, y, TimeSeriesSplit(3))
    assert not report.leaks
    assert report.notes == [
        "horizon could not be inferred from the values: assuming horizon=1. Set "
        "horizon if this is wrong."
    ]
    given = check_leakage(Ridge(), X, y, TimeSeriesSplit(3), horizon=4)
    assert given.leaks
    assert not given.notes
