"""Estimators inside Pipelines, searches and meta-estimators of scikit-learn."""

import json
import pickle
import re
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from instances import CLASSIFIERS, REGRESSORS
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import StackingRegressor, VotingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import (
    CNNClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    FlattenWindows,
    LastSteps,
    LSTMRegressor,
    SeriesForecaster,
    SlidingWindow,
    SubsequenceReshaper,
)
from skcnnlstm.datasets import load_airline

TINY = CNNLSTMRegressor(filters=4, lstm_units=4, epochs=2, random_state=0)


def named(estimator):
    return type(estimator).__name__


@pytest.fixture
def frame():
    """Two daily columns and the next value of the first one as the target."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=61, freq="D")
    rows = rng.standard_normal((61, 2)).cumsum(axis=0)
    frame = pd.DataFrame(rows, index=days, columns=["load", "heat"])
    return frame.iloc[:-1], frame["load"].shift(-1).iloc[:-1]


def window_pipeline(regressor=TINY, window_length=8):
    scaler = StandardScaler().set_output(transform="pandas")
    return make_pipeline(scaler, SlidingWindow(window_length), regressor)


# ----------------------------------------------------- windows inside a Pipeline


def test_a_pipeline_makes_windows_inside_each_fold(frame):
    X, y = frame
    scores = cross_val_score(window_pipeline(), X, y, cv=TimeSeriesSplit(3))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("regressor", REGRESSORS, ids=named)
def test_predictions_in_a_fold_equal_those_of_windows_of_the_whole_series(
    regressor, frame
):
    X, y = frame
    train, test = slice(0, 48), slice(48, 60)
    pipeline = make_pipeline(SlidingWindow(8), clone(regressor))
    predicted = pipeline.fit(X[train], y[train]).predict(X[test])
    windows = SlidingWindow(8).fit_transform(X)
    expected = clone(regressor).fit(windows[train], y[train]).predict(windows[test])
    np.testing.assert_array_equal(predicted, expected)


def test_predictions_in_a_fold_do_not_depend_on_later_rows(frame):
    X, y = frame
    changed = X.copy()
    changed.iloc[50:] += 100
    first, second = (
        window_pipeline().fit(rows[:48], y[:48]).predict(rows[48:50])
        for rows in (X, changed)
    )
    np.testing.assert_array_equal(first, second)


def test_cross_val_predict_returns_a_prediction_for_every_row(frame):
    X, y = frame
    with pytest.warns(UserWarning, match="samples have no full history"):
        predicted = cross_val_predict(window_pipeline(), X, y, cv=KFold(3))
    assert predicted.shape == y.shape
    assert np.isfinite(predicted).all()


def test_sample_weight_is_routed_through_a_pipeline(frame):
    X, y = frame
    weight = np.linspace(0.1, 1, len(y))
    with config_context(enable_metadata_routing=True):
        regressor = clone(TINY).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(SlidingWindow(8), regressor)
        routed = pipeline.fit(X, y, sample_weight=weight)
        plain = make_pipeline(SlidingWindow(8), clone(regressor)).fit(X, y)
    windows = SlidingWindow(8).fit_transform(X)
    by_hand = clone(TINY).fit(windows, y, sample_weight=weight)
    expected = by_hand.predict(windows[7:])
    np.testing.assert_array_equal(routed[-1].predict(windows[7:]), expected)
    assert (plain[-1].predict(windows[7:]) != expected).any()


def test_set_output_applies_to_transformers_that_return_tables(frame):
    X, y = frame
    pipeline = make_pipeline(StandardScaler(), SlidingWindow(8), clone(TINY))
    pipeline.set_output(transform="pandas").fit(X, y)
    assert pipeline[0].transform(X).columns.tolist() == ["load", "heat"]
    assert pipeline[:2].transform(X).shape == (60, 8, 2)


def test_a_search_tunes_last_steps_before_a_network(frame):
    X, y = frame
    X = SlidingWindow(12).fit_transform(X)
    pipeline = make_pipeline(LastSteps(8), SubsequenceReshaper(2), clone(TINY))
    search = GridSearchCV(
        pipeline,
        {
            "laststeps__window_length": [4, 8],
            "subsequencereshaper__n_subsequences": [2],
        },
        cv=TimeSeriesSplit(2),
    ).fit(X, y)
    assert search.best_estimator_[-1].model_.input_shape[1] == 2


# ----------------------------------------------------------------------- searches


def scores_of(search):
    """Return the test scores and ranks of a search."""
    return {
        key: value
        for key, value in search.cv_results_.items()
        if "test_score" in key or "rank" in key
    }


@pytest.mark.heavy
def test_a_parallel_search_is_bit_identical_to_a_serial_one(windows, own_workers):
    grid = {"filters": [4, 8], "learning_rate": [0.001, 0.01]}

    def run(**jobs):
        return scores_of(
            GridSearchCV(TINY, grid, cv=TimeSeriesSplit(3), **jobs).fit(*windows)
        )

    serial = run()
    with joblib.parallel_config(backend="threading"):
        threads = run(n_jobs=2)
    processes = run(n_jobs=2)
    for key, value in serial.items():
        np.testing.assert_array_equal(threads[key], value)
        np.testing.assert_array_equal(processes[key], value)


@pytest.mark.filterwarnings("ignore:.*scores are non-finite:UserWarning")
def test_an_invalid_candidate_scores_nan_and_the_search_continues(windows):
    search = GridSearchCV(TINY, {"n_subsequences": [3, 5]}, cv=TimeSeriesSplit(2))
    with pytest.warns(FitFailedWarning, match="n_subsequences must divide"):
        search.fit(*windows)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores[0])
    assert np.isnan(scores[1])
    assert search.best_params_ == {"n_subsequences": 3}


def test_randomized_and_halving_searches_run(windows):
    cv = TimeSeriesSplit(2)
    random = RandomizedSearchCV(
        TINY, {"filters": [2, 3, 4]}, n_iter=2, cv=cv, random_state=0
    ).fit(*windows)
    assert random.best_params_["filters"] in (2, 3, 4)
    halving = HalvingGridSearchCV(
        TINY, {"filters": [2, 4]}, resource="epochs", max_resources=4, cv=cv
    ).fit(*windows)
    assert halving.best_estimator_.n_epochs_ == halving.n_resources_[-1]


def test_classification_folds_are_stratified(windows):
    X, _ = windows
    # Sorted labels: without stratification the folds would hold a single class.
    y = np.repeat(["a", "b"], 24)
    classifier = CNNClassifier(filters=4, epochs=1, random_state=0)
    scores = cross_validate(classifier, X, y, cv=3, return_indices=True)
    for test in scores["indices"]["test"]:
        assert np.unique(y[test], return_counts=True)[1].tolist() == [8, 8]
    assert isinstance(GridSearchCV(classifier, {}).cv, type(None))
    assert StratifiedKFold(3).get_n_splits(X, y) == len(scores["test_score"])


# ------------------------------------------------------------------ meta-estimators


def test_a_transformed_target_is_inverted(windows):
    X, y = windows
    regressor = TransformedTargetRegressor(clone(TINY), transformer=StandardScaler())
    shifted = clone(regressor).fit(X, y + 1000).predict(X)
    np.testing.assert_allclose(shifted, regressor.fit(X, y).predict(X) + 1000)


def test_networks_work_in_stacking_and_voting(windows):
    X, y = windows
    stack = StackingRegressor(
        [
            ("cnn", CNNRegressor(filters=4, epochs=1, random_state=0)),
            ("ridge", Ridge()),
        ],
        cv=3,
    )
    assert stack.fit(X, y).predict(X).shape == y.shape
    votes = VotingClassifier(
        [(named(c), clone(c)) for c in CLASSIFIERS[:2]], voting="soft"
    )
    labels = np.where(y > 0, "up", "down")
    assert set(votes.fit(X, labels).predict(X)) <= {"up", "down"}


@pytest.mark.heavy
def test_a_fitted_pipeline_predicts_the_same_in_a_fresh_process(frame, tmp_path):
    X, y = frame
    pipeline = window_pipeline().fit(X[:48], y[:48])
    path = tmp_path / "pipeline.pkl"
    path.write_bytes(pickle.dumps((pipeline, X[48:])))
    script = (
        "import json, pickle, sys\n"
        "pipeline, X = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(json.dumps(pipeline.predict(X).tolist()))"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    predicted = json.loads(process.stdout.splitlines()[-1])
    np.testing.assert_array_equal(predicted, pipeline.predict(X[48:]))


# ------------------------------------------------------------------ the forecaster


@pytest.mark.parametrize("regressor", REGRESSORS, ids=named)
def test_every_architecture_forecasts_a_series(regressor):
    forecaster = SeriesForecaster(clone(regressor), window_length=12, horizon=6)
    forecast = forecaster.fit(load_airline()).forecast(8)
    assert forecast.index[0] == pd.Timestamp("1961-01-01")
    assert len(forecast) == 8
    assert np.isfinite(forecast).all()
    assert forecaster.estimator_.instance_norm == "last"  # selected by "auto"
    assert regressor.instance_norm == "auto"


@pytest.mark.parametrize(
    "inner",
    [
        make_pipeline(FlattenWindows(), Ridge()),
        make_pipeline(SubsequenceReshaper(4), clone(TINY)),
    ],
    ids=["ridge", "reshaper"],
)
@pytest.mark.parametrize("kind", ["series", "frame", "array"])
def test_a_search_over_a_series_tunes_the_window_and_the_network(inner, kind):
    series = load_airline().iloc[:72]
    data = {
        "series": series,
        "frame": pd.DataFrame({"a": series, "b": series**0.5}),
        "array": series.to_numpy(),
    }[kind]
    search = GridSearchCV(
        SeriesForecaster(inner, horizon=3),
        {"window_length": [8, 12]},
        cv=TimeSeriesSplit(2, test_size=6),
    ).fit(data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(search.best_estimator_.forecast(5)) == 5


def test_a_halving_search_over_epochs_accepts_a_forecaster():
    forecaster = SeriesForecaster(clone(TINY), window_length=12)
    halving = HalvingGridSearchCV(
        forecaster,
        {"estimator__filters": [2, 4]},
        resource="estimator__epochs",
        max_resources=4,
        cv=TimeSeriesSplit(2, test_size=6),
    ).fit(load_airline().iloc[:60])
    assert halving.best_estimator_.estimator_.n_epochs_ == halving.n_resources_[-1]


@pytest.mark.filterwarnings("ignore:.*scores are non-finite:UserWarning")
@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"estimator__n_subsequences": [3, 5]}, "n_subsequences must divide"),
        ({"window_length": [12, 60]}, "60"),
    ],
    ids=["indivisible", "too long"],
)
def test_an_invalid_forecaster_scores_nan_and_the_search_continues(grid, message):
    search = GridSearchCV(
        SeriesForecaster(clone(TINY), window_length=12),
        grid,
        cv=TimeSeriesSplit(2, test_size=6),
    )
    with pytest.warns(FitFailedWarning, match=re.escape(message)):
        search.fit(load_airline().iloc[:60])
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True]


def test_validation_samples_of_a_forecaster_share_no_target_with_training():
    forecaster = SeriesForecaster(
        LSTMRegressor(lstm_units=3, epochs=1, early_stopping=True, random_state=0),
        window_length=12,
        horizon=6,
    ).fit(load_airline())
    assert forecaster.estimator_.validation_gap == 5


def test_a_constant_series_is_forecast_with_its_dates():
    series = pd.Series(7.0, index=pd.period_range("2020-01", periods=40, freq="M"))
    forecast = SeriesForecaster(clone(TINY), window_length=8).fit(series).forecast(3)
    np.testing.assert_allclose(forecast, 7.0, atol=1.0)
    assert forecast.index[0] == pd.Period("2023-05", freq="M")
