"""Keras models are recognised, and the remedy works."""

import keras
import numpy as np
import pytest
from scikeras.wrappers import KerasRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    FlattenWindows,
    HybridEnsembleRegressor,
    SeriesForecaster,
    make_windows,
)

SERIES = np.sin(np.arange(60.0))


def build():
    return keras.Sequential(
        [keras.Input((24, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: model,
        lambda model: make_pipeline(FlattenWindows(), model),
        TransformedTargetRegressor,
    ],
)
def test_a_keras_model_in_a_forecaster_is_rejected(wrap):
    with pytest.raises(TypeError, match=r"^estimator must be .* Keras model \(Seq"):
        SeriesForecaster(wrap(build())).fit(SERIES)


def test_a_functional_model_in_an_ensemble_is_rejected():
    window = keras.Input((8,))
    model = keras.Model(window, keras.layers.Dense(1)(window))
    X, y = make_windows(SERIES, 8)
    with pytest.raises(TypeError, match=r"^cnn must be .* Keras model \(Functional"):
        HybridEnsembleRegressor(cnn=model).fit(X, y)


def test_the_suggested_wrapper_works():
    wrapped = KerasRegressor(build, loss="mse", verbose=0)
    assert SeriesForecaster(wrapped).fit(SERIES).forecast(2).shape == (2,)
