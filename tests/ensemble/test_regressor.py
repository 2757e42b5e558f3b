"""Test HybridEnsembleRegressor."""

import numpy as np
import pytest
from ensemble_members import ShiftedLastStep, numbered_windows, tiny_ensemble
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    FlattenWindows,
    HybridEnsembleRegressor,
    SeriesForecaster,
    make_windows,
)

METHODS = ["mean", "weighted", "stack"]


@pytest.mark.parametrize(
    "shifts, weights",
    [
        ((0, 5), (1, 0)),
        ((5, 0), (0, 1)),
        ((1, -1), (0.5, 0.5)),
        ((1, -3), (0.75, 0.25)),  # 0.75 * 1 - 0.25 * 3 = 0
        ((1, 2), (1, 0)),  # weights are nonnegative, although 2 * 1 - 1 * 2 = 0
        ((2, 2), (0.5, 0.5)),  # equal members have equal weights
    ],
)
def test_weights_favour_the_more_accurate_member(shifts, weights):
    X, y = numbered_windows(20)
    ensemble = HybridEnsembleRegressor(
        cnn=ShiftedLastStep(shifts[0]),
        lstm=ShiftedLastStep(shifts[1]),
        method="weighted",
    ).fit(X, y)
    np.testing.assert_allclose(ensemble.weights_, weights, atol=1e-12)
    error = np.dot(weights, shifts)
    np.testing.assert_allclose(ensemble.predict(X), y + error, atol=1e-12)


def test_stacking_corrects_a_bias_that_both_members_share():
    X, y = numbered_windows(24)
    ensemble = HybridEnsembleRegressor(
        cnn=ShiftedLastStep(3), lstm=ShiftedLastStep(3), method="stack", n_splits=3
    ).fit(X, y)
    assert (ensemble.final_estimator_.coef_ >= 0).all()
    np.testing.assert_allclose(ensemble.predict(X), y, atol=1e-9)
    assert not hasattr(ensemble, "weights_")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(60,), (60, 1), (60, 3)])
def test_predictions_are_float64_in_the_shape_of_the_target(wave, method, shape):
    X, y, _ = wave
    y = np.tile(y[:, np.newaxis], (1, 3))[:, : shape[-1]] if len(shape) > 1 else y
    predicted = tiny_ensemble(method=method).fit(X.astype(np.float32), y).predict(X)
    assert predicted.shape == shape
    assert predicted.dtype == np.float64


def test_members_may_be_pipelines_on_windows_of_several_features():
    series = np.cumsum(np.random.default_rng(0).normal(size=(40, 2)), axis=0)
    X, y = make_windows(series, 4)
    assert X.shape == (36, 4, 2)
    ridge = make_pipeline(FlattenWindows(), Ridge())
    ensemble = HybridEnsembleRegressor(
        cnn=ridge, lstm=clone(ridge).set_params(ridge__alpha=0.1), method="weighted"
    )
    assert ensemble.fit(X, y).predict(X).shape == y.shape
    assert ensemble.n_features_in_ == X.shape[1]


def test_forecaster_sets_parameters_of_members_that_are_none():
    forecaster = SeriesForecaster(
        HybridEnsembleRegressor(epochs=1, random_state=0), window_length=4, horizon=2
    ).fit(np.arange(30.0))
    for member in forecaster.estimator_.estimators_:
        assert member.instance_norm == "last"
    assert forecaster.estimator.cnn is None
    assert forecaster.forecast(3).shape == (3,)
