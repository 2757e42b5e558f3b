"""ForecastAnomalyDetector: scores, thresholds, forms of series and state."""

import pickle

import numpy as np
import pandas as pd
import pytest
from instances import DETECTORS
from sklearn.base import clone, is_outlier_detector
from sklearn.datasets import make_blobs
from sklearn.linear_model import Ridge
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from user_errors import assert_error

import skcnnlstm as s
from skcnnlstm import anomaly


def make_detector(*, contamination=0.05, smoothing=25, **forecaster):
    ridge = make_pipeline(s.FlattenWindows(), Ridge())
    parameters = {"window_length": 24, "horizon": 8} | forecaster
    return s.ForecastAnomalyDetector(
        s.SeriesForecaster(ridge, **parameters),
        contamination=contamination,
        smoothing=smoothing,
    )


def make_series(seed, n_rows, kind="season"):
    """Return a daily season with autocorrelated noise."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_t(4, n_rows) if kind == "heavy" else rng.normal(size=n_rows)
    phi = {"season": 0.5, "heavy": 0.7, "noise": 0.0}[kind]
    level = np.zeros(n_rows)
    for t in range(1, n_rows):
        level[t] = phi * level[t - 1] + 0.4 * noise[t]
    wave = 3 * np.sin(2 * np.pi * np.arange(n_rows) / 24)
    return level + (0 if kind == "noise" else wave)


@pytest.fixture(scope="module")
def series():
    return make_series(0, 900)


@pytest.fixture(scope="module")
def fitted(series):
    return make_detector().fit(series[:600])


# ------------------------------------------------------------------------ arithmetic


def test_errors_are_those_of_forecasts_from_the_rows_before():
    # forecasts[i, h]: from row i - 2, for h + 1 steps later; two steps, three rows.
    forecasts = np.arange(10.0).reshape(5, 2, 1)
    actual = np.array([[10.0], [20.0], [30.0]])
    errors = anomaly._align_errors(forecasts, actual, relative=False)
    # Row 0 was forecast from row -1 (2.0) and from row -2 (1.0).
    expected = [[8.0, 9.0], [16.0, 17.0], [24.0, 25.0]]
    np.testing.assert_array_equal(errors[:, :, 0], expected)
    relative = anomaly._align_errors(forecasts + 1, actual, relative=True)
    assert relative[0, 0, 0] == pytest.approx(np.log(10 / 3))


def test_joined_errors_leave_out_unknown_targets_but_need_each_step():
    errors = np.array([[[3.0, 4.0]], [[3.0, np.nan]], [[np.nan, np.nan]]])
    joined = anomaly._join(errors)
    np.testing.assert_allclose(joined, [np.sqrt(12.5), 3.0, np.nan])


def test_a_trailing_mean_counts_unknown_values_as_typical():
    values = np.array([np.nan, 1.0, 2.0, np.nan])
    np.testing.assert_array_equal(anomaly._smooth(values, 2, 5.0), [3.0, 1.5, 3.5])


def test_units_are_medians_or_means_or_the_default():
    scores = np.array([[1.0, 0, 0], [2.0, 0, 0], [3.0, 3, 0]])[:, np.newaxis]
    units = anomaly._find_units(scores, np.array([7.0, 8.0, 9.0]))
    np.testing.assert_array_equal(units, [[2.0, 1.0, 9.0]])


def test_the_threshold_of_single_large_scores_is_the_conformal_quantile():
    scores = np.random.default_rng(0).permutation(99.0 * np.arange(1, 100))
    assert anomaly._find_threshold([scores], 0.1, memory=1) == 99 * 90


def test_a_cluster_of_large_scores_raises_the_threshold():
    scores = np.arange(1.0, 101.0)  # the ten largest are one cluster
    assert anomaly._find_threshold([scores], 0.1, memory=2) == 99
    # It never exceeds the largest score.
    assert anomaly._find_threshold([scores], 0.02, memory=2) == 100


# ---------------------------------------------------------------------------- scores


def test_the_score_of_a_row_depends_on_no_later_row(fitted, series):
    changed = series[600:].copy()
    changed[200:] = 50 * np.random.default_rng(1).normal(size=100)
    before, after = (fitted.score_samples(x) for x in (series[600:], changed))
    np.testing.assert_array_equal(before[:200], after[:200])
    assert (after[200:] < before[200:]).mean() > 0.9


def test_scores_do_not_depend_on_how_rows_are_split(fitted, series):
    whole = fitted.score_samples(series[600:])
    updated = pickle.loads(pickle.dumps(fitted)).update(series[600:607])
    np.testing.assert_allclose(updated.score_samples(series[607:]), whole[7:])
    updated.update(series[607:750])
    np.testing.assert_allclose(updated.score_samples(series[750:]), whole[150:])
    np.testing.assert_array_equal(fitted.score_samples(series[600:]), whole)


def test_rows_without_full_history_are_normal(fitted, series):
    n_short = 24 + 8 - 1
    scores = fitted.score_samples(series[:600])
    assert (scores[:n_short] == 0).all()
    assert (scores[n_short:] < 0).all()
    assert (fitted.predict(series[:600])[:n_short] == 1).all()
    assert (fitted.score_samples(series[600:]) < 0).all()


def test_rows_after_a_gap_have_no_full_history(series):
    index = pd.date_range("2024", periods=900, freq="h").delete(range(700, 710))
    hourly = pd.Series(np.delete(series, range(700, 710)), index)
    detector = make_detector().fit(hourly[:600])
    scores = detector.score_samples(hourly[600:])
    assert np.flatnonzero(scores == 0).tolist() == list(range(100, 131))
    np.testing.assert_allclose(
        scores[:100], make_detector().fit(series[:600]).score_samples(series[600:700])
    )


def test_the_share_of_training_outliers_is_at_most_contamination():
    # The part of scikit-learn's checks of outlier detectors that applies.
    X, _ = make_blobs(n_samples=300, random_state=0)
    X = np.random.default_rng(7).permutation(X)
    detector = clone(DETECTORS[0]).set_params(contamination=0.1)
    labels = detector.fit_predict(X)
    assert labels.dtype.kind == "i"
    assert set(labels) == {-1, 1}
    assert (labels[-90:] == -1).mean() <= 0.1
    np.testing.assert_array_equal(labels, detector.predict(X))
    decision = detector.decision_function(X)
    np.testing.assert_array_equal(labels == 1, decision >= 0)
    np.testing.assert_allclose(detector.score_samples(X) - detector.offset_, decision)
    for method in ("predict", "decision_function", "score_samples"):
        with pytest.raises(ValueError, match="features"):
            getattr(detector, method)(X.T)


@pytest.mark.parametrize(
    ("kind", "contamination"),
    [
        ("season", 0.05),
        *(
            pytest.param(kind, contamination, marks=pytest.mark.heavy)
            for kind in ("season", "heavy", "noise")
            for contamination in (0.02, 0.05)
        ),
    ],
)
def test_series_without_anomalies_are_flagged_as_often_as_asked(kind, contamination):
    shares = []
    for seed in range(100, 120):
        series = make_series(seed, 6000, kind)
        detector = make_detector(contamination=contamination, calibration_fraction=0.5)
        detector.fit(series[:4000])
        shares.append((detector.predict(series[4000:]) == -1).mean())
    assert 0 < np.mean(shares) <= 1.2 * contamination


def _plant(series, kind, first, n_rows):
    """Return a series with an anomaly in some rows."""
    series, rows = series.copy(), np.arange(first, first + n_rows)
    if kind == "spike":
        series[rows] += 5
    elif kind == "level shift":
        series[rows] += 4
    else:
        series[rows] += 3 * np.sin(2 * np.pi * rows / 17)
        series[rows] -= 3 * np.sin(2 * np.pi * rows / 24)
    return series


@pytest.mark.parametrize(
    ("kind", "n_rows", "precision"),
    [("spike", 1, 0.9), ("level shift", 100, 0.75), ("change of season", 100, 0.75)],
)
def test_planted_anomalies_are_found(kind, n_rows, precision):
    found = []
    for seed in range(4):
        series = _plant(make_series(seed, 2400), kind, 2000, n_rows)
        detector = make_detector(contamination=0.01).fit(series[:1500])
        later = series[1500:]
        anomalous = np.isin(np.arange(900), np.arange(500, 500 + n_rows))
        assert (detector.predict(later)[anomalous] == -1).any()
        scores = detector.score_samples(later)
        found.append(average_precision_score(anomalous, -scores))
    assert np.mean(found) >= precision


# ----------------------------------------------------------------- forms and settings


def test_one_series_scores_the_same_in_each_form(fitted, series):
    expected = fitted.score_samples(series[600:])
    index = pd.date_range("2024", periods=900, freq="h")
    for whole in (pd.Series(series, index), pd.DataFrame({"x": series}, index)):
        detector = make_detector().fit(whole[:600])
        np.testing.assert_allclose(detector.score_samples(whole[600:]), expected)
    assert detector.feature_names_in_.tolist() == ["x"]
    assert detector.fit(series[:600]).n_features_in_ == 1
    assert not hasattr(detector, "feature_names_in_")


def test_many_series_are_scored_in_their_form(series):
    many = {"a": series, "b": 100 + 10 * make_series(1, 900)}
    first = {key: one[:600] for key, one in many.items()}
    later = {key: one[600:] for key, one in many.items()}
    detector = make_detector().fit(first)
    by_key = detector.predict(later)
    assert {key: one.shape for key, one in by_key.items()} == {
        "a": (300,),
        "b": (300,),
    }
    np.testing.assert_array_equal(detector.predict({"b": later["b"]})["b"], by_key["b"])
    as_list = make_detector().fit(list(first.values())).predict(list(later.values()))
    np.testing.assert_array_equal(as_list[1], by_key["b"])
    frame = pd.concat(
        [pd.DataFrame({"id": key, "x": one}) for key, one in first.items()]
    )
    long = make_detector(id_column="id").fit(frame)
    assert long.predict(frame).shape == (1200,)


def test_several_columns_and_targets():
    columns = np.stack([make_series(seed, 900) for seed in range(3)], axis=1)
    spike = columns.copy()
    spike[700, 2] += 8
    both = make_detector(smoothing=1).fit(columns[:600]).predict(spike[600:])
    assert both[100] == -1
    first = make_detector(smoothing=1, target_columns=[0]).fit(columns[:600])
    assert first.predict(spike[600:])[100] == 1


def test_a_constant_series_has_no_anomaly_until_it_changes():
    detector = make_detector().fit(np.full(300, 7.0))
    later = np.full(50, 7.0)
    later[20] = 8
    assert (detector.predict(later)[:20] == 1).all()
    assert detector.predict(later)[20] == -1


def test_log_errors_and_the_settings_of_the_forecaster():
    series = np.exp(make_series(0, 900))
    detector = make_detector(
        transformer="log", calibration_fraction=0.5, refit_after_calibration=True
    ).fit(series[:600])
    assert detector.forecaster_.calibration_fraction == 0.5
    assert not detector.forecaster_.refit_after_calibration
    assert len(detector.forecaster_.calibration_scores_) == 300 - 8 + 1
    assert (detector.predict(series[600:]) == -1).mean() < 0.15


def test_missing_values_are_normal_and_leave_later_scores_known():
    network = s.CNNLSTMRegressor(
        filters=4, lstm_units=3, epochs=2, missing="mask", random_state=0
    )
    forecaster = s.SeriesForecaster(network, window_length=12)
    series = make_series(0, 300)
    detector = s.ForecastAnomalyDetector(forecaster, contamination=0.05)
    detector.fit(series[:200])
    later = series[200:].copy()
    later[40:43] = np.nan
    scores = detector.score_samples(later)
    assert np.flatnonzero(scores == 0).tolist() == [40, 41, 42]


# ---------------------------------------------------------------------- scikit-learn


def test_it_is_an_outlier_detector_and_a_kind_of_its_own():
    assert is_outlier_detector(make_detector())
    kind = s.all_estimators("outlier_detector")
    assert kind == [("ForecastAnomalyDetector", s.ForecastAnomalyDetector)]


def test_scores_do_not_depend_on_parameters_set_after_fit(series):
    detector = make_detector().fit(series[:600])
    before = detector.decision_function(series[600:])
    detector.set_params(contamination=0.4, smoothing=3, forecaster__window_length=2)
    detector.forecaster_.set_params(horizon=1, calibration_fraction=0.1)
    np.testing.assert_array_equal(detector.decision_function(series[600:]), before)


def test_a_saved_detector_scores_the_same(fitted, series, tmp_path):
    s.save(fitted, tmp_path / "detector.skops")
    loaded = s.load(tmp_path / "detector.skops")
    np.testing.assert_array_equal(
        loaded.score_samples(series[600:]), fitted.score_samples(series[600:])
    )
    assert loaded.offset_ == fitted.offset_


def test_it_works_in_a_pipeline_and_in_a_search_with_labels(series):
    series = series.copy()
    labels = np.ones(900, dtype=int)
    for first in (350, 550, 750):
        series[first] += 5
        labels[first] = -1
    pipeline = make_pipeline(StandardScaler(), make_detector())
    search = GridSearchCV(
        pipeline,
        {
            "forecastanomalydetector__smoothing": [1, 25],
            "forecastanomalydetector__forecaster__window_length": [2, 24],
        },
        scoring="roc_auc",
        cv=TimeSeriesSplit(3, test_size=200),
    ).fit(series[:, np.newaxis], labels)
    assert search.best_score_ > 0.95
    assert search.predict(series[:, np.newaxis]).shape == (900,)


# ---------------------------------------------------------------------------- errors


def _fit(series, **parameters):
    return make_detector(**parameters).fit(series)


ERRORS = [
    (
        lambda x: s.ForecastAnomalyDetector(Ridge()).fit(x),
        TypeError,
        "forecaster must be a SeriesForecaster: got Ridge. Use "
        "ForecastAnomalyDetector(SeriesForecaster(estimator)).",
    ),
    (
        lambda x: _fit(x, contamination=0),
        ValueError,
        "contamination must be a finite number > 0 and <= 0.5: got contamination=0.0. "
        "Use a finite number > 0 and <= 0.5.",
    ),
    (
        lambda x: _fit(x, smoothing=0),
        ValueError,
        "smoothing must be an integer >= 1: got smoothing=0. Use a whole number, 1 or "
        "more.",
    ),
    (
        lambda x: _fit(x[:300], contamination=0.01),
        ValueError,
        "contamination=0.01 requires 99 calibration rows with full history: got 90. "
        "Use a longer series, or a larger calibration_fraction of the forecaster, or "
        "contamination=0.011 or more.",
    ),
    (
        lambda x: _fit(x[:1]),
        ValueError,
        "X must be a series, whose rows are consecutive in time: got one sample. Pass "
        "all rows of the series at once.",
    ),
    (
        lambda x: _fit(np.c_[x, x]).predict(x[:2]),
        ValueError,
        "X must have the 2 columns given to fit: got shape (2,). Reshape your data "
        "with numpy.reshape(X, (1, -1)) if X is one row.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS)
def test_errors(call, kind, message, series):
    assert_error(lambda: call(series), kind, message)


def test_the_remedies_of_too_few_calibration_rows_work(series):
    make_detector(contamination=0.011).fit(series[:300])
    make_detector(contamination=0.01, calibration_fraction=0.4).fit(series[:300])


def test_the_remedy_for_a_search_works(series):
    forecaster = make_detector().forecaster
    search = GridSearchCV(forecaster, {"horizon": [1, 8]}, cv=TimeSeriesSplit(2))
    with pytest.raises(TypeError, match=r"Detector\(search\.best_estimator_\)"):
        s.ForecastAnomalyDetector(search.fit(series)).fit(series)
    s.ForecastAnomalyDetector(search.best_estimator_, contamination=0.05).fit(series)


def test_a_failed_call_keeps_the_state(series):
    detector = make_detector().fit(series[:600])
    before = detector.score_samples(series[600:])
    with pytest.raises(ValueError, match="at least horizon rows"):
        detector.fit(series[:20])
    with pytest.raises(ValueError, match="fitted rows again"):
        detector.update(series[:600])
    np.testing.assert_array_equal(detector.score_samples(series[600:]), before)


def test_scores_with_a_calendar_do_not_depend_on_how_rows_are_split():
    # The last rows of each part need the calendar of the rows after them.
    index = pd.date_range("2024-01-01", periods=400, freq="h")
    noise = np.random.default_rng(0).normal(size=400)
    series = pd.Series(noise + index.hour, index)
    forecaster = s.SeriesForecaster(
        make_pipeline(s.FlattenWindows(), Ridge()),
        window_length=6,
        horizon=4,
        calendar=lambda times: times.dt.hour,
    )
    detector = s.ForecastAnomalyDetector(forecaster, contamination=0.1, smoothing=3)
    expected = detector.fit(series[:300]).score_samples(series[300:])
    scores = []
    for start in range(300, 400, 5):
        part = series[start : start + 5]
        scores.extend(detector.score_samples(part))
        detector.update(part)
    np.testing.assert_allclose(scores, expected)
