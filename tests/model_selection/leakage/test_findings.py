"""Tests of the findings of the leakage check."""

import numpy as np
import pandas as pd
import pytest
from leakage_cases import (
    BOTH,
    FRAME,
    LONG,
    RIDGE,
    kinds,
    pipeline_of_rows,
    windows,
)
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skcnnlstm import (
    CNNLSTMRegressor,
    FlattenWindows,
    HorizonSplit,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    check_leakage,
    make_windows,
)
from skcnnlstm.model_selection.leakage.findings import change_rows


def test_the_suggested_splitter_has_the_given_number_of_folds():
    X, y = windows(horizon=2)
    rows = np.arange(len(X))
    one_fold = str(check_leakage(Ridge(), X, y, [(rows[:-1], rows[-1:])]))
    assert "HorizonSplit(1, horizon=2), or TimeSeriesSplit(2, gap=1)." in one_fold
    # Leave-one-out folds have no counterpart in time order: five are suggested.
    leave_one_out = str(check_leakage(Ridge(), X, y, KFold(len(X))))
    assert "HorizonSplit(5, horizon=2), or TimeSeriesSplit(5, gap=1)." in leave_one_out


def test_a_panel_splitter_is_suggested_for_a_panel():
    forecaster = SeriesForecaster(RIDGE, window_length=6, id_column="shop")
    long = LONG[["shop", "v"]]
    report = check_leakage(forecaster, long, cv=KFold(3), n_fits=0)
    assert ("PanelTimeSeriesSplit(3, test_size=horizon) and groups=X['shop'].") in str(
        report
    )


def test_windows_of_one_recording_in_both_parts_are_reported():
    X = np.random.default_rng(0).normal(size=(60, 4, 1))  # without shared rows
    labels, groups = np.arange(60) % 2, np.repeat(["ann", "bo", "cy"], 20)
    model = make_pipeline(FlattenWindows(), LogisticRegression())
    report = check_leakage(model, X, labels, KFold(5), groups=groups)
    assert kinds(report) == [BOTH]
    assert not report.leaks
    finding = report.findings.iloc[0]
    assert finding["folds"] == 5
    assert finding["what"] == (
        "windows of up to 2 of 3 recordings are in both parts, for example windows of "
        "'ann'. The score does not hold for new recordings."
    )
    assert finding["way_out"] == (
        "Keep the windows of a recording together: GroupKFold(3) or "
        "LeaveOneGroupOut(), and pass groups."
    )
    clean = check_leakage(model, X, labels, GroupKFold(3), groups=groups)
    assert not len(clean.findings)
    one = check_leakage(model, X, labels, KFold(5), groups=np.repeat("ann", 60))
    assert not len(one.findings)


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler()])
@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_scaler_fitted_before_windowing_is_suspected(scaler, columns, dtype):
    rows = np.random.default_rng(1).normal(size=(120, columns)).cumsum(axis=0)
    X, y = make_windows(scaler.fit_transform(rows).astype(dtype), 6)
    report = check_leakage(RIDGE, X, y, HorizonSplit(3))
    assert kinds(report) == [("a scaler that saw the test rows", "suspicion")]
    assert not report.leaks


def test_a_scaler_fitted_on_windows_is_suspected():
    X, y = windows(horizon=1)
    X = StandardScaler().fit_transform(X)
    report = check_leakage(Ridge(), X, y, HorizonSplit(3))
    assert kinds(report) == [("a scaler that saw the test rows", "suspicion")]


def test_a_scaler_inside_the_pipeline_is_not_reported():
    X, y = windows(horizon=1)
    pipeline = make_pipeline(StandardScaler(), Ridge())
    assert not len(check_leakage(pipeline, X, y, HorizonSplit(3)).findings)


def test_a_frozen_scaler_fitted_on_more_rows_than_a_training_part_is_proof():
    X, y = windows(horizon=1)
    pipeline = make_pipeline(FrozenEstimator(StandardScaler().fit(X)), Ridge())
    report = check_leakage(pipeline, X, y, HorizonSplit(3))
    assert kinds(report) == [("a step that was fitted before the split", "proof")]
    assert "fitted on 114 rows" in str(report)


def test_a_target_that_equals_a_feature_is_proof():
    report = check_leakage(pipeline_of_rows(), FRAME, FRAME["v"], TimeSeriesSplit(3))
    assert kinds(report) == [("the target among the features", "proof")]


@pytest.mark.parametrize("ids", [{}, {"north": 1, "west": 2}])
@pytest.mark.parametrize("panel", [True, False])
def test_a_long_frame_is_fitted_and_checked(ids, panel):
    long = LONG.assign(shop=LONG["shop"].map(lambda name: ids.get(name, name)))
    long = long[["shop", "v"]]
    forecaster = SeriesForecaster(RIDGE, window_length=6, id_column="shop")
    splitter = PanelTimeSeriesSplit(3) if panel else TimeSeriesSplit(3)
    groups = long["shop"] if panel else None
    report = check_leakage(forecaster, long, cv=splitter, groups=groups)
    assert str(report) == "No leak was found in 3 folds."
    assert report.complete


def test_change_rows_changes_only_numbers_in_later_rows():
    later = np.arange(240) % 120 >= 60
    changed = change_rows(LONG, later, "shop")
    pd.testing.assert_frame_equal(changed[~later], LONG[~later])
    not_numeric = ["shop", "open", "kind"]
    pd.testing.assert_frame_equal(changed[not_numeric], LONG[not_numeric])
    assert (changed["v"] != LONG["v"]).to_numpy().tolist() == later.tolist()


class AddsMeanOfAllRows(SeriesForecaster):
    """Add the mean of all rows given to predict, which includes later rows."""

    def predict(self, series, exog=None):
        return super().predict(series, exog) + series.groupby("shop")["v"].transform(
            "mean"
        ).to_numpy().reshape(-1, 1)


def test_a_panel_forecaster_that_looks_ahead_is_proof():
    forecaster = AddsMeanOfAllRows(RIDGE, window_length=6, id_column="shop")
    report = check_leakage(
        forecaster,
        LONG[["shop", "v"]],
        cv=PanelTimeSeriesSplit(3),
        groups=LONG["shop"],
    )
    assert kinds(report) == [("predictions that look ahead", "proof")]
    assert "30 of 30 predictions changed" in str(report)


class CentersInTransform(TransformerMixin, BaseEstimator):
    """Subtract the mean of the rows given to transform, not of the fitted rows."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X - X.mean(axis=0)


def test_a_step_fitted_in_transform_makes_predictions_look_ahead():
    X, y = windows(horizon=1)
    pipeline = make_pipeline(CentersInTransform(), Ridge())
    report = check_leakage(pipeline, X, y, HorizonSplit(3))
    assert kinds(report) == [("predictions that look ahead", "proof")]
    assert not len(check_leakage(pipeline, X, y, HorizonSplit(3), n_fits=0).findings)


def test_random_predictions_are_reported_as_a_note():
    class Draws(Ridge):
        def predict(self, X):
            return np.random.default_rng().normal(size=len(X))

    report = check_leakage(Draws(), *windows(horizon=1), HorizonSplit(3))
    assert report.notes == [
        "two predictions for the same rows differ, so predictions were not checked."
    ]
    assert not report.complete


def test_a_network_is_fitted_for_one_epoch():
    X, y = windows(horizon=2)
    network = CNNLSTMRegressor(filters=2, lstm_units=2, epochs=10**6, random_state=0)
    report = check_leakage(network, X, y, HorizonSplit(2, horizon=2))
    assert str(report) == "No leak was found in 2 folds."
