"""
Continued training and transfer
===============================

Train a network further with new rows, and use it for series with little data.
"""

# %%
# Train a network on the first nine years.

import numpy as np
import pandas as pd

from skcnnlstm import CNNLSTMRegressor, ForecastDisplay, SeriesForecaster
from skcnnlstm.datasets import load_airline

series = load_airline()
settings = {"window_length": 24, "horizon": 12, "transformer": "log"}
network = CNNLSTMRegressor(
    instance_norm="seasonal", season_length=12, dropout=0.2, random_state=0
)
forecaster = SeriesForecaster(network, **settings).fit(series[:108])


def mean_error(forecast, actual):
    """Return the mean absolute error."""
    return float(np.abs(forecast - actual).mean())


# %%
# Two years later, there are 24 new rows. `update` only adds them to the history.
# `partial_fit` also trains for one epoch on the windows whose last target is a new row.

updated = SeriesForecaster(network, **settings).fit(series[:108])
updated.update(series[108:132])
trained = forecaster.partial_fit(series[108:132])
errors = {
    "update": mean_error(updated.forecast(), series[132:]),
    "partial_fit": mean_error(trained.forecast(), series[132:]),
}
print(pd.Series(errors).round(1))

# %%
# Another airline has data of three and a half years. Forecast this series without
# training. It is scaled by its own rows:

months = pd.date_range("2001-01-01", periods=54, freq="MS")
other = pd.Series(30 * np.sqrt(series[:54].to_numpy()), index=months, name="other")
known, actual = other[:42], other[42:]
unseen = trained.forecast(series=known)

# %%
# Alternatively, start a new network from the weights of the trained network, and do not
# train its convolutions. Compare the errors with those of a network that starts from
# random weights:

start = CNNLSTMRegressor(
    instance_norm="seasonal",
    season_length=12,
    pretrained=trained,
    frozen="conv*",
    random_state=0,
)
tuned = SeriesForecaster(start, **settings).fit(known)
new = SeriesForecaster(network, **settings).fit(known)
errors = {
    "without training": mean_error(unseen, actual),
    "pretrained": mean_error(tuned.forecast(), actual),
    "new": mean_error(new.forecast(), actual),
}
print(tuned.estimator_.pretrained_layers_, pd.Series(errors).round(1), sep="\n")

# %%
# Draw the forecast of the network that started from trained weights.

display = ForecastDisplay.from_estimator(tuned, known, actual=actual)
