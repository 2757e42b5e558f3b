"""Warnings about probable mistakes: when they are issued, and when not."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from forecast_models import Rising
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    CNNRegressor,
    HorizonSplit,
    LSTMClassifier,
    LSTMRegressor,
    MistakeWarning,
    SeriesForecaster,
    SlidingWindow,
    make_windows,
    training,
)
from skcnnlstm._utils import data_warnings
from skcnnlstm._utils.data_warnings import warn_about_shuffling
from skcnnlstm.cli import main

TINY = {"epochs": 1, "random_state": 0, "standardize": False}
WAVE = np.sin(np.arange(60.0))


def network(**params):
    return CNNRegressor(filters=2, dense_units=2, **TINY | params)


def mistake_warnings(call):
    """Return the messages of the mistake warnings that a call issues."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught if w.category is MistakeWarning]


@pytest.mark.parametrize(
    ("series", "params", "start"),
    [
        (1e4 + WAVE, {}, "X is not scaled: its values are about 1e+04"),
        (1e4 * WAVE, {"instance_norm": "last"}, "X is not scaled: its values are"),
        (1e4 + WAVE, {"instance_norm": "last"}, None),
        (1e4 * WAVE, {"instance_norm": "standard"}, None),
        (10 * WAVE, {}, None),
        (100 * WAVE, {"instance_norm": "last"}, None),
        (1e-4 * WAVE, {}, None),
        (0 * WAVE, {}, None),
    ],
)
def test_unscaled_windows_are_reported(series, params, start):
    X, y = make_windows(series, 8)
    messages = mistake_warnings(lambda: network(**params).fit(X, y))
    assert len(messages) == (start is not None)
    if start:
        assert messages[0].startswith(start)
        assert "SeriesForecaster, which scales X and y" in messages[0]


def test_a_warning_on_the_command_line_points_at_main(monkeypatch, tmp_path):
    monkeypatch.setattr(data_warnings, "_EXTREME", -1.0)  # warn about any forecast
    arguments = "--models cnn_lstm --epochs 1 --folds 2 --output".split()
    with pytest.warns(MistakeWarning) as caught:
        main([*arguments, str(tmp_path)])
    assert {Path(warning.filename).name for warning in caught} == {"fitting.py"}


def test_unscaled_targets_are_reported_but_not_class_labels():
    X, y = make_windows(WAVE, 8)
    airline = 266  # the level of the airline series
    for target in (1e5 * y, airline + y, -airline + y):
        (message,) = mistake_warnings(lambda target=target: network().fit(X, target))
        assert message.startswith("y is not scaled: its values are about ")
        assert "TransformedTargetRegressor" in message
    assert not mistake_warnings(lambda: network().fit(X, 10 + y))
    classifier = LSTMClassifier(lstm_units=2, **TINY)
    labels = np.resize([10_000, 20_000], len(X))
    assert not mistake_warnings(lambda: classifier.fit(X, labels))


def test_a_classifier_gets_no_advice_for_regressors():
    X, _ = make_windows(1e4 * WAVE, 8)
    classifier = LSTMClassifier(lstm_units=2, **TINY)
    labels = np.resize(["a", "b"], len(X))
    (message,) = mistake_warnings(lambda: classifier.fit(X, labels))
    assert message.endswith("(StandardScaler before SlidingWindow in a Pipeline).")


def test_an_unscaled_forecaster_is_reported_but_not_one_that_scales():
    series = 1e5 + 1e4 * WAVE
    forecaster = SeriesForecaster(network(), window_length=8)
    assert not mistake_warnings(lambda: forecaster.fit(series))
    assert mistake_warnings(lambda: forecaster.set_params(transformer=None).fit(series))


def test_windows_longer_than_half_of_the_rows_are_reported():
    frame = pd.DataFrame({"a": WAVE[:30]})
    pipeline = make_pipeline(SlidingWindow(17), network())
    message = "16 of 30 samples have no full history and are excluded from fit"
    assert message in mistake_warnings(lambda: pipeline.fit(frame, WAVE[:30]))[0]
    pipeline.set_params(slidingwindow__window_length=16)
    assert not mistake_warnings(lambda: pipeline.fit(frame, WAVE[:30]))


def test_samples_excluded_after_the_first_complete_one_are_reported():
    X, y = make_windows(WAVE, 8)
    X = X[..., np.newaxis].copy()
    X[3::4, :2] = np.nan
    (message,) = mistake_warnings(lambda: network().fit(X, y))
    assert f"fit excludes {len(X[3::4])} of {len(X)} samples" in message
    assert 'Set missing="mask" on the network' in message


def test_samples_excluded_after_a_gap_in_time_are_not_reported():
    frame = pd.DataFrame({"a": WAVE}, index=pd.date_range("2020", periods=len(WAVE)))
    rows = frame.drop(frame.index[20:25])[:50]
    pipeline = make_pipeline(SlidingWindow(8), network())
    assert not mistake_warnings(lambda: pipeline.fit(rows, rows["a"]))


def test_a_network_with_a_mask_excludes_no_samples():
    X, y = make_windows(WAVE, 8)
    X = X[..., np.newaxis].copy()
    X[3::4, :2] = np.nan
    assert not mistake_warnings(lambda: network(missing="mask").fit(X, y))


WALK = np.random.default_rng(0).normal(size=600).cumsum()


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize(
    ("cv", "problem"),
    [
        (
            KFold(5, shuffle=True, random_state=0),
            "the next window is missing",
        ),
        (
            KFold(10, shuffle=True, random_state=1),
            "the next window is missing",
        ),
        (ShuffleSplit(2, random_state=0), "the windows are not in time order"),
        (KFold(5), None),
        (TimeSeriesSplit(3), None),
        (HorizonSplit(3, horizon=2), None),
    ],
)
def test_windows_of_shuffled_folds_are_reported(cv, problem, stride):
    X, y = make_windows(np.column_stack([WALK, WALK[::-1]]), 24, stride=stride)
    for train, _ in cv.split(X):
        messages = mistake_warnings(
            lambda rows=train: network().fit(X[rows], y[rows, 0])
        )
        assert len(messages) == (problem is not None)
        if problem:
            assert messages[0].startswith("X holds overlapping windows from ")
            assert problem in messages[0] and "HorizonSplit" in messages[0]


@pytest.mark.parametrize(
    "series",
    [
        np.zeros(60),
        np.tile(np.arange(12.0), 6),
        np.resize([0.0, 1.0, 1.0], 90),
        np.where(np.arange(90) % 11, np.arange(90.0) / 9, np.nan),
    ],
)
def test_repeating_windows_and_windows_with_nan_are_not_reported_as_shuffled(series):
    X, y = make_windows(series, 8, missing="mask")
    rows = np.flatnonzero(np.arange(len(X)) % 5)
    assert not mistake_warnings(lambda: network(missing="mask").fit(X[rows], y[rows]))


def many_in_time_order():
    """Return the windows of three series, sorted by time first."""
    windows = [make_windows(series, 8)[0] for series in np.split(WALK, 3)]
    return np.stack(windows, axis=1).reshape(-1, 8)


INTEGERS = np.random.default_rng(0).integers(0, 20, size=(1600, 10))
WEEKDAYS = np.arange(592) % 7 < 5


@pytest.mark.parametrize(
    "X",
    [
        np.random.default_rng(0).normal(size=(60, 8)),
        np.concatenate([make_windows(s, 8)[0] for s in np.split(WALK, 12)]),
        many_in_time_order(),
        make_windows(WALK, 8)[0][::-1],
        make_windows(WALK, 8)[0][WEEKDAYS],
        INTEGERS,
        np.random.default_rng(0).normal(size=(30, 24, 900)),
    ],
    ids="noise series-by-series by-time newest-first weekdays table wide".split(),
)
def test_ordered_windows_and_tables_are_not_reported_as_shuffled(X):
    assert not mistake_warnings(lambda: warn_about_shuffling(X))


@pytest.mark.parametrize("channels", ["joint", "independent"])
def test_windows_of_a_forecaster_of_many_series_are_in_order(channels):
    pairs = [np.column_stack([one, one[::-1]]) for one in np.split(WALK, 4)]
    forecaster = SeriesForecaster(network(), window_length=8, channels=channels)
    assert not mistake_warnings(lambda: forecaster.fit(pairs))


@pytest.mark.parametrize("gpu", [True, False])
def test_an_activation_without_a_cudnn_kernel_is_reported_on_a_gpu(gpu, monkeypatch):
    monkeypatch.setattr(training, "on_gpu", lambda: gpu)
    X, y = make_windows(WAVE, 8)
    regressor = LSTMRegressor(lstm_units=2, **TINY)
    assert not mistake_warnings(lambda: regressor.fit(X, y))
    regressor.set_params(lstm_activation="relu")
    messages = mistake_warnings(lambda: regressor.fit(X, y))
    assert len(messages) == gpu
    if gpu:
        assert messages[0].startswith(
            "lstm_activation='relu' cannot use the cuDNN kernel"
        )


class Doubles(RegressorMixin, BaseEstimator):
    """Forecast twice the last value."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return 2 * X[:, -1, 0]


def test_a_diverging_forecast_is_reported_and_returned():
    forecaster = SeriesForecaster(Doubles(), window_length=2, transformer=None)
    forecaster.fit({"a": np.arange(1.0, 11.0), "b": np.ones(9)})
    with pytest.warns(MistakeWarning) as caught:
        forecast = forecaster.forecast(4)
    message = (
        "the forecast of series 'a' lies far outside the known values: 160 at step 4, "
        "but the known values are between 1 and 10."
    )
    assert len(caught) == 1
    assert str(caught[0].message).startswith(message)
    assert forecast["a"].tolist() == [20, 40, 80, 160]
    assert caught[0].filename == __file__


def test_a_trend_is_not_reported_and_update_extends_the_known_values():
    forecaster = SeriesForecaster(Rising(), window_length=2, transformer=None)
    forecaster.fit(np.arange(10.0))
    assert not mistake_warnings(lambda: forecaster.forecast(90))
    assert mistake_warnings(lambda: forecaster.forecast(91))
    forecaster.update(np.arange(10.0, 20.0))
    assert not mistake_warnings(lambda: forecaster.forecast(91))
