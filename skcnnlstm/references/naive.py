"""Seasonal naive and drift forecasts, with conformal intervals."""

from __future__ import annotations

import numpy as np

from skcnnlstm import metrics
from skcnnlstm._utils.validation.arrays import check_season
from skcnnlstm.conformal import conformal_quantile, scores_needed
from skcnnlstm.references.base import ReferenceForecaster


class SimpleForecaster(ReferenceForecaster):
    """Base class of forecasters that need no training, and can start from any row.

    A subclass defines ``_forecast_from(known, origins, steps)``, which returns an array
    (n_origins, steps, n_targets). The array is NaN at origins with too little history.
    """

    def _learn(self, known):
        return known

    def _forecast(self, known, steps):
        last = np.array([len(known.values) - 1])
        return self._forecast_from(known, last, steps)[0]

    def _bounds(self, known, forecasts, coverage):
        steps, origins = len(forecasts), np.arange(len(known.values) - 1)
        past = self._forecast_from(known, origins, steps)
        scores = np.abs(past - _actual_after(known, origins, steps))
        n_scores = int(np.count_nonzero(~np.isnan(scores), axis=0).min())
        needed = scores_needed(coverage)
        if n_scores < needed:
            raise ValueError(
                f"coverage={coverage:g} requires {needed} errors of earlier forecasts "
                f"for each step: got {n_scores} for steps={steps}. Use a longer "
                "series, fewer steps or a smaller coverage."
            )
        widths = conformal_quantile(scores, coverage)
        return forecasts - widths, forecasts + widths

    def _forecast_from(self, known, origins, steps):
        """Return the forecasts from each origin, (n_origins, steps, n_targets)."""
        raise NotImplementedError


def _actual_after(known, origins, steps):
    """Return the values after each origin, (n_origins, steps, n_targets).

    Values after the last row and in gaps are NaN.
    """
    places = known.places
    wanted = np.add.outer(places[origins], np.arange(1, steps + 1))
    rows = np.searchsorted(places, wanted).clip(max=len(places) - 1)
    found = (places[rows] == wanted)[:, :, np.newaxis]
    return np.where(found, known.values[rows], np.nan)


class SeasonalNaive(SimpleForecaster):
    """Forecast the values of the last season.

    Use it as a baseline: a model should have smaller errors than this forecast.

    Parameters
    ----------
    season_length : int, default=1
        Length of a season, in time steps: 12 for monthly rows, 24 for hourly rows. 1
        repeats the last value (the naive forecast).

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the series.

    See Also
    --------
    skcnnlstm.metrics.seasonal_naive : The same forecasts, as a function on arrays.

    Notes
    -----
    The intervals are split conformal, as in ``SeriesForecaster.forecast_interval``.
    They are based on the errors of seasonal naive forecasts from all earlier rows. Such
    a forecast uses no row after its origin, so no rows need to be held out.

    Examples
    --------
    >>> from skcnnlstm.datasets import load_airline
    >>> from skcnnlstm.references import SeasonalNaive
    >>> SeasonalNaive(season_length=12).fit(load_airline()).forecast(2)
    month
    1961-01-01    417.0
    1961-02-01    391.0
    Freq: MS, Name: passengers, dtype: float64
    """

    def __init__(self, season_length=1):
        self.season_length = season_length

    def _learn(self, known):
        check_season(self.season_length, len(known.values), n_seasons=1)
        return known

    def _forecast_from(self, known, origins, steps):
        season = check_season(self.season_length)
        return metrics.seasonal_naive(
            known.values, origins, steps, season, known.places
        )


class Drift(SimpleForecaster):
    """Forecast on the line through the first and the last value.

    Rows are counted from 0. The forecast h steps after the last row n is
    ``y[n] + h * (y[n] - y[0]) / n``.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the series.

    Notes
    -----
    The intervals are computed like those of `SeasonalNaive`.

    Examples
    --------
    >>> from skcnnlstm.references import Drift
    >>> Drift().fit([1.0, 5.0, 4.0]).forecast(2)
    array([5.5, 7. ])
    """

    def _learn(self, known):
        if len(known.values) < 2:
            raise ValueError(
                "series must have at least two rows for a drift: got "
                f"{len(known.values)}. Use SeasonalNaive() for one row."
            )
        return known

    def _forecast_from(self, known, origins, steps):
        elapsed = known.places[origins] - known.places[0]
        rise = known.values[origins] - known.values[0]
        slope = np.full(rise.shape, np.nan)
        np.divide(rise, elapsed[:, np.newaxis], out=slope, where=elapsed[:, None] > 0)
        ahead = np.arange(1, steps + 1)[np.newaxis, :, np.newaxis]
        return known.values[origins][:, np.newaxis] + ahead * slope[:, np.newaxis]
