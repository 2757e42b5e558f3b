"""Tests of `TrainingHistoryDisplay`."""

import numpy as np
import pytest
from display_cases import TINY, legend_of
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

import skcnnlstm as s


def test_training_and_validation_loss_are_drawn_with_the_best_epoch(samples):
    network = s.CNNRegressor(early_stopping=True, metrics=["mae"], **TINY)
    network.fit(*samples)
    display = s.TrainingHistoryDisplay.from_estimator(network)
    assert list(display.lines_) == [
        ("CNNRegressor", "loss"),
        ("CNNRegressor", "val_loss"),
    ]
    for (_, name), line in display.lines_.items():
        assert list(line.get_ydata()) == network.history_[name]
        assert list(line.get_xdata()) == [1, 2, 3]
    best = int(np.argmin(network.history_["val_loss"])) + 1
    marker = f"lowest validation loss (epoch {best})"
    assert legend_of(display) == ["training", "validation", marker]
    assert display.ax_.get_xlabel() == "epoch"
    assert display.plot(name="mae").ax_.get_ylabel() == "mae"
    with pytest.raises(
        ValueError, match=r"name must be a name in the history.*'loss', 'mae'"
    ):
        display.plot(name="mse")


def test_networks_are_found_inside_other_estimators(samples):
    X, y = samples
    ensemble = s.HybridEnsembleRegressor(epochs=1, random_state=0).fit(X, y)
    display = s.TrainingHistoryDisplay.from_estimator(ensemble)
    assert legend_of(display) == ["CNNRegressor, training", "LSTMRegressor, training"]
    pipeline = make_pipeline(s.LastSteps(12), s.CNNRegressor(**TINY))
    forecaster = s.SeriesForecaster(pipeline).fit(np.arange(40.0))
    display = s.TrainingHistoryDisplay.from_estimator(forecaster)
    assert legend_of(display) == ["training"]
    with pytest.raises(TypeError, match="estimator must be a network of this package"):
        s.TrainingHistoryDisplay.from_estimator(Ridge().fit(X, y))
