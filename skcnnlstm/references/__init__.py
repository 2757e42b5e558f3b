"""Reference forecasts to compare with: simple ones, and models of other libraries.

Each forecaster has the methods ``fit(series)``, ``forecast(steps)`` and
``forecast_interval(steps, coverage)``, and `skcnnlstm.backtest` accepts it.

- `SeasonalNaive`, `Drift`: no further package is needed.
- `AutoETS`, `AutoTheta`, `MSTL`, `StatsForecast`: models of statsforecast.
- `LightGBM`: a regressor on windows.

The extra `references` installs statsforecast and LightGBM, which are imported on use.
"""

from skcnnlstm.references.boosting import LightGBM
from skcnnlstm.references.naive import Drift, SeasonalNaive
from skcnnlstm.references.statistical import MSTL, AutoETS, AutoTheta, StatsForecast

__all__ = [
    "MSTL",
    "AutoETS",
    "AutoTheta",
    "Drift",
    "LightGBM",
    "SeasonalNaive",
    "StatsForecast",
]
