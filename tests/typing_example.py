"""Code of a user, type-checked by mypy and never run.

Each `type: ignore` marks an error that the type checker must find: mypy runs with
`warn_unused_ignores`, so it fails where a wrong argument passes unnoticed.
"""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import skcnnlstm as s
from skcnnlstm import CNNLSTMClassifier, CNNLSTMRegressor, SeriesForecaster
from skcnnlstm.metrics import smape

X, y = s.make_windows(np.arange(50.0), 12)
network = CNNLSTMRegressor(filters=(16, 16), epochs=5, instance_norm="last")
assert_type(network.fit(X, y), CNNLSTMRegressor)
assert_type(network.score(X, y), float)
assert_type(network.n_epochs_, int)
assert_type(smape([1.0], [2.0]), float)

CNNLSTMRegressor(filter=16)  # type: ignore[call-arg]
CNNLSTMRegressor(16)  # type: ignore[call-arg]
CNNLSTMRegressor(merge="concat")  # type: ignore[call-arg]
CNNLSTMRegressor(epochs=1.5)  # type: ignore[arg-type]
CNNLSTMRegressor(padding="full")  # type: ignore[arg-type]

classifier = CNNLSTMClassifier(n_subsequences=3, dropout=0.2).fit(X, y > 20)
assert_type(classifier.predict_proba(X), NDArray[Any])
CNNLSTMClassifier(quantiles=(0.1, 0.9))  # type: ignore[call-arg]

forecaster = SeriesForecaster(network, window_length=12, horizon=3).fit(y)
assert_type(forecaster, SeriesForecaster)
SeriesForecaster(network, 12)  # type: ignore[call-arg]
SeriesForecaster(network, channels="all")  # type: ignore[arg-type]
forecaster.forecast("three")  # type: ignore[arg-type]
s.SlidingWindow(length=3)  # type: ignore[call-arg]
s.HorizonSplit(3, horizons=2)  # type: ignore[call-arg]
s.save(network)  # type: ignore[call-arg]
transformer = s.Transformer()  # type: ignore[attr-defined]


def build_own(input_shape: tuple[int, ...], n_outputs: int, *, units: int = 8) -> Any:
    """Build a network of a user."""


class OwnRegressor(s.HybridRegressor, build=build_own, defaults={"epochs": 3}):
    """A network of a user."""


assert_type(OwnRegressor(units=3).fit(X, y), OwnRegressor)
assert_type(s.HybridRegressor.from_builder(build_own), type[s.HybridRegressor])
s.HybridRegressor.from_builder("own")  # type: ignore[arg-type]

X, y, subjects = s.make_windows(np.arange(50.0), 12, groups=np.repeat([0, 1], 25))
s.make_windows(np.arange(50.0), 12, label="first")  # type: ignore[call-overload]
