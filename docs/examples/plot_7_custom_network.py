"""
A custom network
================

Turn the network of a tutorial into an estimator, check it, and tune it in a forecaster.
"""

# %%
# A builder is a function of the shape of a window and the number of outputs. It returns
# a Keras model that is not compiled. Its keyword-only parameters become parameters of
# the estimator.

import keras
from keras import layers
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skcnnlstm import ForecastDisplay, HybridRegressor, SeriesForecaster
from skcnnlstm.datasets import load_airline
from skcnnlstm.testing import check_network


def build_gru(input_shape, n_outputs, *, units=32, dropout=0.0):
    """Build a GRU that reads the window in both directions."""
    window = keras.Input(input_shape, name="window")
    x = layers.Reshape((*input_shape, 1)[:2], name="steps")(window)
    x = layers.Bidirectional(layers.GRU(units), name="gru")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(window, layers.Dense(n_outputs, name="output")(x))


class GRURegressor(HybridRegressor, build=build_gru):
    """Forecast with a bidirectional GRU."""


# %%
# Check the builder. Leave out the last two arguments to also run the checks of
# scikit-learn and to compare the speed with that of `Model.fit`.

report = check_network(build_gru, estimator_checks=False, speed=False)
print(*report.output_shapes.items(), sep="\n")

# %%
# Tune the network like any other.

series = load_airline()
forecaster = SeriesForecaster(
    GRURegressor(instance_norm="seasonal", season_length=12, random_state=0),
    window_length=24,
    horizon=12,
    transformer="log",
)
search = GridSearchCV(
    forecaster,
    {"estimator__units": [8, 32], "estimator__dropout": [0.0, 0.2]},
    cv=TimeSeriesSplit(3, test_size=12),
).fit(series[:-12])
print(search.best_params_)

# %%
display = ForecastDisplay.from_estimator(
    search.best_estimator_, series[:-12], actual=series[-12:], n_history=48
)
