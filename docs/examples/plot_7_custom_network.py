"""
A custom network
================

Turn the network of a tutorial into an estimator, check it, and tune it in a forecaster.
"""

# %%
# A builder is a function that takes the shape of a window and the number of outputs. It
# returns a Keras model that is not compiled. The keyword-only parameters of the builder
# become parameters of the estimator.

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
# Check the builder. Without the last two arguments, `check_network` also runs the
# estimator checks of scikit-learn, and compares the training time with `Model.fit`.

report = check_network(build_gru, estimator_checks=False, speed=False)
print(*report.output_shapes.items(), sep="\n")

# %%
# Tune the network like any other estimator.

series = load_airline()
forecaster = SeriesForecaster(
    GRURegressor(instance_norm="seasonal", season_length=12, random_state=0),
    window_length=24,
    horizon=12,
    transformer="log",
)
search = GridSearchCV(
    forecaster,
    {"estimator__units": [8, 32]},
    cv=TimeSeriesSplit(2, test_size=12),
).fit(series[:-12])
print(search.best_params_)

# %%
# Compare the forecast of the best network with the actual values of the last year.

display = ForecastDisplay.from_estimator(
    search.best_estimator_, series[:-12], actual=series[-12:], n_history=48
)
