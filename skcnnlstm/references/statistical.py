"""Adapters for the models of statsforecast."""

from __future__ import annotations

import copy

import numpy as np

from skcnnlstm._utils.validation.arrays import check_season
from skcnnlstm.references.base import ReferenceForecaster, import_extra


class StatsForecast(ReferenceForecaster):
    """Forecast with a model of statsforecast.

    Each column of a series is forecast by its own copy of the model.

    Parameters
    ----------
    model : object
        A model of ``statsforecast.models``, such as ``AutoARIMA(season_length=12)``. It
        is copied and never changed.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the series.

    See Also
    --------
    AutoETS, AutoTheta, MSTL : Adapters of single models.

    Notes
    -----
    statsforecast reads values without labels. Missing steps are therefore interpolated
    from the rows before and after them. The intervals are computed by the model, which
    assumes normal errors.

    ``pip install "skcnnlstm[references]"`` installs statsforecast.

    Examples
    --------
    >>> from skcnnlstm.datasets import load_airline
    >>> from skcnnlstm.references import StatsForecast
    >>> from statsforecast.models import Naive  # doctest: +SKIP
    >>> StatsForecast(Naive()).fit(load_airline()).forecast(2).shape  # doctest: +SKIP
    (2,)
    """

    def __init__(self, model):
        self.model = model

    def _new_model(self):
        if isinstance(self.model, type) or not (
            hasattr(self.model, "fit") and hasattr(self.model, "predict")
        ):
            raise TypeError(
                "model must be a model of statsforecast with fit and predict: got "
                f"model={self.model!r}. Use statsforecast.models.AutoARIMA()."
            )
        return copy.deepcopy(self.model)

    def _learn(self, known):
        places = known.places - known.places[0]
        grid = np.arange(places[-1] + 1)
        columns = [np.interp(grid, places, column) for column in known.values.T]
        return [self._new_model().fit(y=column) for column in columns]

    def _forecast(self, learned, steps):
        return np.stack([model.predict(h=steps)["mean"] for model in learned], axis=1)

    def _bounds(self, learned, forecasts, coverage):
        level = 100 * coverage
        level = int(level) if level == int(level) else level
        found = [model.predict(h=len(forecasts), level=[level]) for model in learned]
        return [
            np.stack([result[f"{side}-{level}"] for result in found], axis=1)
            for side in ("lo", "hi")
        ]


class _SeasonalModel(StatsForecast):
    """Base class of adapters whose only parameter is the season length."""

    def __init__(self, season_length=1):
        self.season_length = season_length

    def _new_model(self):
        season_length = check_season(self.season_length)
        models = import_extra("statsforecast.models", type(self).__name__)
        return getattr(models, type(self).__name__)(season_length=season_length)


class AutoETS(_SeasonalModel):
    """Forecast by exponential smoothing, with components chosen by AICc.

    The model is ``statsforecast.models.AutoETS`` [1]_.

    Parameters
    ----------
    season_length : int, default=1
        Length of a season, in time steps. 1 fits no season.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the series.

    Notes
    -----
    See `StatsForecast`.

    References
    ----------
    .. [1] Hyndman, R. J., Koehler, A. B., Snyder, R. D. and Grose, S. (2002). A state
       space framework for automatic forecasting using exponential smoothing methods.
       International Journal of Forecasting 18(3), 439-454.

    Examples
    --------
    >>> from skcnnlstm.references import AutoETS
    >>> AutoETS(season_length=12)
    AutoETS(season_length=12)
    """


class AutoTheta(_SeasonalModel):
    """Forecast by the Theta method, with the best of four variants.

    The model is ``statsforecast.models.AutoTheta`` [1]_.

    Parameters
    ----------
    season_length : int, default=1
        Length of a season, in time steps. 1 fits no season.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the series.

    Notes
    -----
    See `StatsForecast`.

    References
    ----------
    .. [1] Fiorucci, J. A., Pellegrini, T. R., Louzada, F., Petropoulos, F. and Koehler,
       A. B. (2016). Models for optimising the theta method and their relationship to
       state space models. International Journal of Forecasting 32(4), 1151-1161.

    Examples
    --------
    >>> from skcnnlstm.references import AutoTheta
    >>> AutoTheta(season_length=12)
    AutoTheta(season_length=12)
    """


class MSTL(_SeasonalModel):
    """Forecast with a decomposition of the series into seasons and a trend.

    The model is ``statsforecast.models.MSTL`` [1]_, which decomposes by loess. It can
    have several seasons, such as the day and the week of hourly rows.

    Parameters
    ----------
    season_length : int or list of int, default=1
        Length of each season, in time steps.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the series.

    Notes
    -----
    See `StatsForecast`.

    References
    ----------
    .. [1] Bandara, K., Hyndman, R. J. and Bergmeir, C. (2021). MSTL: A seasonal-trend
       decomposition algorithm for time series with multiple seasonal patterns.
       arXiv:2107.13462.

    Examples
    --------
    >>> from skcnnlstm.references import MSTL
    >>> MSTL(season_length=[24, 168])
    MSTL(season_length=[24, 168])
    """

    def _new_model(self):
        given = self.season_length
        is_list = isinstance(given, list | tuple) and len(given)
        seasons = [check_season(one) for one in (given if is_list else [given])]
        models = import_extra("statsforecast.models", "MSTL")
        return models.MSTL(season_length=seasons)
