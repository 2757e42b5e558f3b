"""Warnings of likely mistakes: where they come, and where they must not."""

import os
import subprocess
import sys
import textwrap
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from forecast_models import Rising
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnnlstm import (
    CNNRegressor,
    HorizonSplit,
    HybridEnsembleRegressor,
    LSTMClassifier,
    LSTMRegressor,
    MistakeWarning,
    SeriesForecaster,
    SlidingWindow,
    make_windows,
    training,
)
from skcnnlstm._utils import diagnostics as mistakes
from skcnnlstm._utils.diagnostics import warn_about_shuffling
from skcnnlstm.cli import main

TINY = {"epochs": 1, "random_state": 0}
WAVE = np.sin(np.arange(60.0))


def network(**params):
    return CNNRegressor(filters=2, dense_units=2, **TINY | params)


def warned(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught if w.category is MistakeWarning]


@pytest.mark.parametrize(
    ("series", "params", "what"),
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
def test_windows_that_a_network_cannot_follow_are_warned_of(series, params, what):
    X, y = make_windows(series, 8)
    said = warned(lambda: network(**params).fit(X, y))
    assert len(said) == (what is not None)
    if what:
        assert said[0].startswith(what)
        assert "SeriesForecaster, which scales both" in said[0]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda network: network,
        lambda network: make_pipeline(FunctionTransformer(), network),
        lambda network: GridSearchCV(network, {}, cv=TimeSeriesSplit(2)),
        lambda network: HybridEnsembleRegressor(cnn=network, lstm=network, n_jobs=1),
    ],
    ids=["itself", "pipeline", "search", "ensemble"],
)
def test_the_warning_is_of_the_line_that_fits(wrap):
    X, y = make_windows(1e4 * WAVE, 8)
    with pytest.warns(MistakeWarning) as caught:
        wrap(network()).fit(X, y)
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_in_a_thread_the_warning_is_of_the_package(n_jobs):
    X, y = make_windows(1e4 * WAVE, 8)
    member = network()
    ensemble = HybridEnsembleRegressor(cnn=member, lstm=member, n_jobs=n_jobs)
    with pytest.warns(MistakeWarning) as caught, ThreadPoolExecutor(1) as pool:
        pool.submit(ensemble.fit, X, y).result()
    folder = Path(training.__file__).parent.parent
    assert caught
    assert all(Path(warning.filename).is_relative_to(folder) for warning in caught)


@pytest.mark.heavy
def test_in_a_worker_of_joblib_the_warning_is_of_the_package():
    script = """
        import numpy as np
        from sklearn.model_selection import TimeSeriesSplit, cross_val_score
        from skcnnlstm import CNNRegressor, make_windows
        X, y = make_windows(1e5 + np.arange(200.0), 12)
        network = CNNRegressor(epochs=1, filters=2)
        cross_val_score(network, X, y, cv=TimeSeriesSplit(2), n_jobs=2)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if "MistakeWarning" in line]
    assert said and not [
        line for line in said if f"{os.sep}skcnnlstm{os.sep}" not in line
    ]


def test_in_the_command_line_the_warning_is_of_its_line(monkeypatch, tmp_path):
    monkeypatch.setattr(mistakes, "_FAR", -1.0)  # any forecast lies too far
    words = "--models cnn_lstm --epochs 1 --folds 2 --output".split()
    with pytest.warns(MistakeWarning) as caught:
        main([*words, str(tmp_path)])
    assert {Path(warning.filename).name for warning in caught} == {"run.py"}


def test_a_target_of_another_scale_is_named_and_classes_have_none():
    X, y = make_windows(WAVE, 8)
    for target in (1e5 * y, 266 + y, -266 + y):  # 266, as the airline series
        (said,) = warned(lambda target=target: network().fit(X, target))
        assert said.startswith("y is not scaled: its values are about ")
        assert "TransformedTargetRegressor" in said
    assert not warned(lambda: network().fit(X, 10 + y))
    classifier = LSTMClassifier(lstm_units=2, **TINY)
    assert not warned(lambda: classifier.fit(X, np.resize([10_000, 20_000], len(X))))


def test_a_forecaster_scales_and_one_without_a_transformer_is_warned_of():
    series = 1e5 + 1e4 * WAVE
    forecaster = SeriesForecaster(network(), window_length=8)
    assert not warned(lambda: forecaster.fit(series))
    assert warned(lambda: forecaster.set_params(transformer=None).fit(series))


def test_windows_longer_than_half_the_rows_are_warned_of():
    frame = pd.DataFrame({"a": WAVE[:30]})
    pipeline = make_pipeline(SlidingWindow(17), network())
    message = "16 of 30 samples have no full history and are left out of fit"
    assert message in warned(lambda: pipeline.fit(frame, WAVE[:30]))[0]
    pipeline.set_params(slidingwindow__window_length=16)
    assert not warned(lambda: pipeline.fit(frame, WAVE[:30]))


def test_samples_left_out_among_others_are_warned_of():
    X, y = make_windows(WAVE, 8)
    X = X[..., np.newaxis].copy()
    X[3::4, :2] = np.nan
    (said,) = warned(lambda: network().fit(X, y))
    assert f"{len(X[3::4])} of {len(X)} samples are left out of fit" in said
    assert 'missing="mask" reads them' in said
    # Windows after gaps, as folds leave them, are as they should be.
    frame = pd.DataFrame({"a": WAVE}, index=pd.date_range("2020", periods=len(WAVE)))
    rows = frame.drop(frame.index[20:25])[:50]
    pipeline = make_pipeline(SlidingWindow(8), network())
    assert not warned(lambda: pipeline.fit(rows, rows["a"]))
    assert not warned(lambda: network(missing="mask").fit(X, y))


WALK = np.random.default_rng(0).normal(size=600).cumsum()


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize(
    ("cv", "what"),
    [
        (KFold(5, shuffle=True, random_state=0), "% of them lack their neighbour"),
        (KFold(10, shuffle=True, random_state=1), "% of them lack their neighbour"),
        (ShuffleSplit(2, random_state=0), "they are in no order of time"),
        (KFold(5), None),
        (TimeSeriesSplit(3), None),
        (HorizonSplit(3, horizon=2), None),
    ],
)
def test_windows_of_shuffled_folds_are_known(cv, what, stride):
    X, y = make_windows(np.column_stack([WALK, WALK[::-1]]), 24, stride=stride)
    for train, _ in cv.split(X):
        said = warned(lambda rows=train: network().fit(X[rows], y[rows, 0]))
        assert len(said) == (what is not None)
        if what:
            assert said[0].startswith("X holds windows that overlap, and ")
            assert what in said[0] and "HorizonSplit" in said[0]


@pytest.mark.parametrize(
    "series",
    [
        np.zeros(60),
        np.tile(np.arange(12.0), 6),
        np.resize([0.0, 1.0, 1.0], 90),
        np.where(np.arange(90) % 11, np.arange(90.0) / 9, np.nan),
    ],
)
def test_windows_that_repeat_or_lack_values_are_not_taken_for_shuffled(series):
    X, y = make_windows(series, 8, missing="mask")
    rows = np.flatnonzero(np.arange(len(X)) % 5)
    assert not warned(lambda: network(missing="mask").fit(X[rows], y[rows]))


def many_in_time_order():
    """Return the windows of three series, each followed by those of its time."""
    made = [make_windows(series, 8)[0] for series in np.split(WALK, 3)]
    return np.stack(made, axis=1).reshape(-1, 8)


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
    ids="strange others many-in-time newest-first weekdays table wide".split(),
)
def test_windows_in_order_and_tables_are_not_taken_for_shuffled(X):
    assert not warned(lambda: warn_about_shuffling(X))


@pytest.mark.parametrize("channels", ["joint", "independent"])
def test_a_forecaster_of_many_series_has_its_windows_in_order(channels):
    pairs = [np.column_stack([one, one[::-1]]) for one in np.split(WALK, 4)]
    forecaster = SeriesForecaster(network(), window_length=8, channels=channels)
    assert not warned(lambda: forecaster.fit(pairs))


@pytest.mark.parametrize("gpu", [True, False])
def test_an_activation_without_a_fast_kernel_is_warned_of_where_there_is_a_gpu(
    gpu, monkeypatch
):
    monkeypatch.setattr(training, "on_gpu", lambda: gpu)
    X, y = make_windows(WAVE, 8)
    usual = LSTMRegressor(lstm_units=2, **TINY)
    assert not warned(lambda: usual.fit(X, y))
    said = warned(lambda: usual.set_params(lstm_activation="relu").fit(X, y))
    assert len(said) == gpu
    if gpu:
        assert said[0].startswith("lstm_activation='relu' cannot use the cuDNN kernel")


class Doubles(RegressorMixin, BaseEstimator):
    """Forecast twice the last value."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return 2 * X[:, -1, 0]


def test_a_forecast_that_runs_away_is_warned_of_and_given():
    forecaster = SeriesForecaster(Doubles(), window_length=2, transformer=None)
    forecaster.fit({"a": np.arange(1.0, 11.0), "b": np.ones(9)})
    with pytest.warns(MistakeWarning) as caught:
        forecast = forecaster.forecast(4)
    message = (
        "the forecast of series 'a' lies far outside the values seen: 160 at step 4, "
        "where these range from 1 to 10."
    )
    assert len(caught) == 1
    assert str(caught[0].message).startswith(message)
    assert forecast["a"].tolist() == [20, 40, 80, 160]
    assert caught[0].filename == __file__


def test_a_trend_may_go_on_and_known_rows_widen_what_was_seen():
    forecaster = SeriesForecaster(Rising(), window_length=2, transformer=None)
    forecaster.fit(np.arange(10.0))
    assert not warned(lambda: forecaster.forecast(90))
    assert warned(lambda: forecaster.forecast(91))
    forecaster.update(np.arange(10.0, 20.0))
    assert not warned(lambda: forecaster.forecast(91))
