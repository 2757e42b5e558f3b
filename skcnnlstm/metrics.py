"""Forecast metrics, and the simple forecasts with which some metrics compare.

All functions take arrays. `backtest` selects the forecasts over which a metric is
averaged. For the mean absolute and the root mean squared error, use scikit-learn's
metrics.
"""

import itertools
import math

import numpy as np

from skcnnlstm._utils.validation import check_integer
from skcnnlstm._utils.validation.arrays import (
    check_broadcast,
    check_numbers,
    check_origins,
    check_pair,
    check_places,
    check_season,
)

__all__ = [
    "is_seasonal",
    "mase",
    "naive",
    "naive2",
    "owa",
    "percentage_errors",
    "scale_of_mase",
    "seasonal_indices",
    "seasonal_naive",
    "skill",
    "smape",
]

_CRITICAL_VALUE = 1.645  # of a two-sided test at 90 %


# ----------------------------------------------------------------------------- metrics


def smape(actual, forecast):
    """Return the symmetric mean absolute percentage error as M4 defines it.

    This is the mean of ``200 * |y - f| / (|y| + |f|)`` [1]_. The best value is 0, the
    worst 200. If y and f are both zero, the error is 0.

    Parameters
    ----------
    actual, forecast : array-like of the same shape
        Actual and predicted values.

    Returns
    -------
    smape : float
        The metric, in percent.

    References
    ----------
    .. [1] Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4
       Competition: 100,000 time series and 61 forecasting methods. International
       Journal of Forecasting 36(1), 54-74.

    Examples
    --------
    >>> from skcnnlstm.metrics import smape
    >>> smape([100.0, 0.0], [300.0, 0.0])
    50.0
    """
    return float(percentage_errors(actual, forecast).mean())


def percentage_errors(actual, forecast):
    """Return the symmetric percentage error of each forecast.

    `smape` is the mean of these errors.

    Parameters
    ----------
    actual, forecast : array-like of the same shape
        Actual and predicted values.

    Returns
    -------
    errors : ndarray of the same shape
        The errors in percent, from 0 to 200.
    """
    actual, forecast = check_pair(actual, forecast)
    size = np.abs(actual) + np.abs(forecast)
    error = 200 * np.abs(actual - forecast)
    # NaN is not zero, so it is not replaced by 0.
    return np.divide(error, size, out=np.zeros_like(size), where=size != 0)


def scale_of_mase(train, season_length=1, places=None):
    """Return the scale of `mase`: the error of a seasonal naive forecast.

    The scale is the mean of ``|y_t - y_(t-m)|`` over the training rows, with
    m = `season_length`. This is the mean absolute error of the seasonal naive forecast
    one step ahead.

    Parameters
    ----------
    train : array-like of shape (n_rows,) or (n_rows, n_targets)
        More than `season_length` training rows in time order. Differences that are
        NaN are ignored.
    season_length : int, default=1
        Length of a season, in time steps. 1 gives the error of the naive forecast.
    places : array-like of int of shape (n_rows,) or None, default=None
        Ascending positions of the rows in time, in time steps, for a series with gaps.
        Only rows exactly one season apart are compared. None for a series without
        gaps.

    Returns
    -------
    scale : float or ndarray of shape (n_targets,)
        The scale of each target. NaN if all seasons are equal, or if no two known rows
        are one season apart.

    Examples
    --------
    >>> from skcnnlstm.metrics import scale_of_mase
    >>> float(scale_of_mase([1, 2, 4, 7]))
    2.0
    """
    train = check_numbers("train", train)
    if train.ndim not in (1, 2):
        raise ValueError(
            "train must have the shape (n_rows,) or (n_rows, n_targets): got "
            f"{train.shape}. Use train.reshape(len(train), -1)."
        )
    season_length = check_season(season_length)
    places = check_places(places, len(train))
    later, earlier = _rows_one_season_apart(places, season_length)
    error = np.abs(train[later] - train[earlier])
    known = ~np.isnan(error)
    n_known = np.count_nonzero(known, axis=0)
    scale = error.sum(axis=0, where=known) / np.maximum(n_known, 1)
    return np.where(scale > 0, scale, np.nan)[()]


def _rows_one_season_apart(places, season_length):
    """Return the rows that have a row one season earlier, and these earlier rows."""
    if not len(places):
        return places, places
    earlier = places - season_length
    row = np.searchsorted(places, earlier).clip(max=len(places) - 1)
    found = np.flatnonzero(places[row] == earlier)
    return found, row[found]


def mase(actual, forecast, scale):
    """Return the mean absolute scaled error.

    This is the mean of ``|y - f| / scale`` [1]_. A value below 1 means a smaller error
    than that of the seasonal naive forecast one step ahead on the training rows.

    Parameters
    ----------
    actual, forecast : array-like of the same shape
        Actual and predicted values.
    scale : float or array-like that broadcasts with `actual`
        The result of `scale_of_mase`.

    Returns
    -------
    mase : float
        The metric, NaN if a scale is NaN.

    References
    ----------
    .. [1] Hyndman, R. J. and Koehler, A. B. (2006). Another look at measures of
       forecast accuracy. International Journal of Forecasting 22(4), 679-688.

    Examples
    --------
    >>> from skcnnlstm.metrics import mase
    >>> mase([10.0, 12.0], [11.0, 15.0], scale=2.0)
    1.0
    """
    actual, forecast = check_pair(actual, forecast)
    scale = check_numbers("scale", scale)
    check_broadcast(actual=actual, scale=scale)
    return float(np.mean(np.abs(actual - forecast) / scale))


def owa(smape, mase, naive2_smape, naive2_mase):
    """Return M4's overall weighted average of sMAPE and MASE, relative to Naive2.

    This is ``(smape / naive2_smape + mase / naive2_mase) / 2``, where each metric is a
    mean over all forecasts [1]_. A value below 1 means that the forecasts are more
    accurate than Naive2.

    Parameters
    ----------
    smape, mase : float or array-like
        The metrics of the forecasts.
    naive2_smape, naive2_mase : float or array-like
        The metrics of the `naive2` forecasts of the same values.

    Returns
    -------
    owa : float or ndarray
        The metric, NaN if Naive2 makes no error or if an argument is NaN.

    References
    ----------
    .. [1] Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4
       Competition: 100,000 time series and 61 forecasting methods. International
       Journal of Forecasting 36(1), 54-74.

    Examples
    --------
    >>> from skcnnlstm.metrics import owa
    >>> float(owa(8.0, 2.0, naive2_smape=10.0, naive2_mase=2.0))
    0.9
    """
    smapes = _ratio(smape=smape, naive2_smape=naive2_smape)
    mases = _ratio(mase=mase, naive2_mase=naive2_mase)
    check_broadcast(smape=smapes, mase=mases)
    return (smapes + mases) / 2


def skill(error, reference_error):
    """Return the skill score: the share of a reference's error that is avoided.

    The skill is ``1 - error / reference_error``. It is 1 for a perfect forecast, 0 for
    a forecast as accurate as the reference, and below 0 for a less accurate forecast.

    Parameters
    ----------
    error, reference_error : float or array-like
        The errors of the forecast and of the reference, by the same metric, such as the
        mean absolute error.

    Returns
    -------
    skill : float or ndarray
        The skill, NaN if the reference makes no error.

    Examples
    --------
    >>> from skcnnlstm.metrics import skill
    >>> float(skill(3.0, reference_error=4.0))
    0.25
    """
    return 1 - _ratio(error=error, reference_error=reference_error)


def _ratio(**parameters):
    """Divide the first parameter by the second; NaN unless the second is positive."""
    arrays = {name: check_numbers(name, value) for name, value in parameters.items()}
    check_broadcast(**arrays)
    error, reference = arrays.values()
    out = np.full(np.broadcast_shapes(error.shape, reference.shape), np.nan)
    return np.divide(error, reference, out=out, where=reference > 0)[()]


# -------------------------------------------------------------------- simple forecasts


def naive(values, origins, horizon):
    """Forecast the value at the origin for all steps ahead.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_targets)
        The series.
    origins : array-like of int of shape (n_origins,)
        The last known row of each forecast.
    horizon : int
        Number of time steps to forecast.

    Returns
    -------
    forecasts : ndarray of shape (n_origins, horizon, n_targets)
        Entry ``[i, h]`` is the forecast for h + 1 steps after ``origins[i]``.
    """
    values, origins, horizon = _check_forecast(values, origins, horizon)
    return np.repeat(values[origins][:, np.newaxis], horizon, axis=1)


def _check_forecast(values, origins, horizon):
    """Return the validated parameters that all simple forecasts have."""
    values = check_numbers("values", values, "n_rows", "n_targets")
    origins = check_origins(origins, len(values))
    return values, origins, check_integer("horizon", horizon)


def seasonal_naive(values, origins, horizon, season_length, places=None):
    """Forecast the values of the last season, which ends at the origin.

    If a row of that season is in a gap, the value one season earlier is used.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_targets)
        The series.
    origins : array-like of int of shape (n_origins,)
        The last known row of each forecast.
    horizon : int
        Number of time steps to forecast.
    season_length : int
        Length of a season, in time steps.
    places : array-like of int of shape (n_rows,) or None, default=None
        Ascending positions of the rows in time, in time steps, for a series with gaps.
        None for a series without gaps.

    Returns
    -------
    forecasts : ndarray of shape (n_origins, horizon, n_targets)
        Entry ``[i, h]`` is the forecast for h + 1 steps after ``origins[i]``. It is NaN
        if no known row has the same position in the season.
    """
    values, origins, horizon = _check_forecast(values, origins, horizon)
    season_length = check_season(season_length)
    places = check_places(places, len(values))
    lag = season_length - 1 - np.arange(horizon) % season_length
    source = np.subtract.outer(places[origins], lag)  # position of the value to repeat
    forecasts = np.full((*source.shape, values.shape[1]), np.nan)
    searching = np.ones(source.shape, bool)
    while searching.any():
        row = np.searchsorted(places, source).clip(max=len(places) - 1)
        found = searching & (places[row] == source)
        forecasts[found] = values[row[found]]
        source = source - season_length
        searching &= ~found & (source >= places[0])
    return forecasts


def naive2(values, origins, horizon, season_length, train, places=None):
    """Forecast by M4's Naive2: the naive forecast of the seasonally adjusted series.

    If the training rows are seasonal by `is_seasonal`, the value at the origin is
    divided by its seasonal index and multiplied by the index of the forecast step [1]_.
    Additive indices are subtracted and added instead. If the rows are not seasonal, the
    forecast is that of `naive`.

    `is_seasonal` and the seasonal indices use only the longest part of the training
    rows without a gap. For an origin at the end of the training rows, the forecast is
    the one that M4 defines.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_targets)
        The series.
    origins : array-like of int of shape (n_origins,)
        The last known row of each forecast.
    horizon : int
        Number of time steps to forecast.
    season_length : int
        Length of a season, in time steps.
    train : slice
        The training rows, with a start and a stop.
    places : array-like of int of shape (n_rows,) or None, default=None
        Ascending positions of the rows in time, in time steps, for a series with gaps.
        None for a series without gaps.

    Returns
    -------
    forecasts : ndarray of shape (n_origins, horizon, n_targets)
        Entry ``[i, h]`` is the forecast for h + 1 steps after ``origins[i]``.

    References
    ----------
    .. [1] Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4
       Competition: 100,000 time series and 61 forecasting methods. International
       Journal of Forecasting 36(1), 54-74.
    """
    values, origins, horizon = _check_forecast(values, origins, horizon)
    season_length = check_season(season_length)
    forecasts = naive(values, origins, horizon)
    places = check_places(places, len(values))
    if not isinstance(train, slice) or None in (train.start, train.stop):
        raise TypeError(
            "train must be a slice of the rows, with a start and a stop: got "
            f"{train!r:.60}. Use slice(0, n_train)."
        )
    train = _longest_part(places, train)
    origin = (places[origins] - places[train.start]) % season_length
    ahead = (origin[:, np.newaxis] + np.arange(1, horizon + 1)) % season_length
    for column in range(values.shape[1]):
        known = values[train, column]
        if not is_seasonal(known, season_length):
            continue
        indices, additive = seasonal_indices(known, season_length)
        if additive:
            forecasts[:, :, column] += indices[ahead] - indices[origin][:, np.newaxis]
        else:
            forecasts[:, :, column] *= indices[ahead] / indices[origin][:, np.newaxis]
    return forecasts


def _longest_part(places, rows):
    """Return the longest part of `rows` without a gap.

    Of equally long parts, return the last.
    """
    gaps = np.flatnonzero(np.diff(places[rows]) != 1) + 1
    edges = [0, *gaps.tolist(), rows.stop - rows.start]
    parts = reversed(list(itertools.pairwise(edges)))
    start, stop = max(parts, key=lambda part: part[1] - part[0])
    return slice(rows.start + start, rows.start + stop)


def is_seasonal(train, season_length):
    """Return whether a series is seasonal, by M4's test at 90 % [1]_.

    The series is seasonal if it has at least three seasons, and if the absolute
    autocorrelation at lag m, the season length, exceeds
    ``1.645 * sqrt((1 + 2 * (r_1^2 + ... + r_(m-1)^2)) / n)``. M4 used R's ``acf``,
    which computes lags up to ``10 log10(n)`` only. It therefore does not find longer
    seasons. This function computes all lags. For all series of M4, the result is the
    same.

    Parameters
    ----------
    train : array-like of shape (n_rows,)
        One series, in time order.
    season_length : int
        Length of a season, in time steps. 1 is never seasonal.

    Returns
    -------
    seasonal : bool
        Whether the series is seasonal. False for a constant series.

    References
    ----------
    .. [1] Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4
       Competition: 100,000 time series and 61 forecasting methods. International
       Journal of Forecasting 36(1), 54-74.

    Examples
    --------
    >>> from skcnnlstm.metrics import is_seasonal
    >>> is_seasonal([1, 2, 3, 4] * 6, 4), is_seasonal([1, 2, 3, 4] * 2, 4)
    (True, False)
    """
    train = check_numbers("train", train, "n_rows")
    season_length = check_season(season_length)
    n_rows = len(train)
    if season_length == 1 or n_rows < 3 * season_length:
        return False
    centred = train - train.mean()
    power = centred @ centred
    if power == 0:
        return False
    lags = range(1, season_length + 1)
    correlations = np.array([centred[lag:] @ centred[:-lag] for lag in lags]) / power
    spread = math.sqrt((1 + 2 * (correlations[:-1] ** 2).sum()) / n_rows)
    return bool(abs(correlations[-1]) > _CRITICAL_VALUE * spread)


def seasonal_indices(train, season_length):
    """Return the seasonal indices of a classical decomposition.

    The trend is the centred moving average over a season. If the season length is
    even, the two ends of the average have half weight. An index is the mean of
    ``value / trend`` over all rows at one position in the season. The indices are then
    divided by their mean.

    If a value is zero or negative, the decomposition is additive instead: an index is
    the mean of ``value - trend``, and the mean of the indices is subtracted.

    Parameters
    ----------
    train : array-like of shape (n_rows,)
        One series in time order, with at least two seasons.
    season_length : int
        Length of a season, in time steps.

    Returns
    -------
    indices : ndarray of shape (season_length,)
        Entry i is the index of rows i, i + season_length and so on.
    additive : bool
        Whether the indices are additive (True) or multiplicative (False).

    Examples
    --------
    >>> from skcnnlstm.metrics import seasonal_indices
    >>> seasonal_indices([1.0, 3.0] * 3, 2)
    (array([0.5, 1.5]), False)
    """
    train = check_numbers("train", train, "n_rows")
    season_length = check_season(season_length, len(train), n_seasons=2)
    half = season_length // 2
    weights = np.ones(2 * half + 1)
    if season_length % 2 == 0:
        weights[[0, -1]] = 0.5
    trend = np.convolve(train, weights / season_length, mode="valid")
    additive = bool((train <= 0).any())
    known = train[half : half + len(trend)]
    detrended = known - trend if additive else known / trend
    position = np.arange(half, half + len(trend)) % season_length
    total = np.bincount(position, detrended, minlength=season_length)
    indices = total / np.bincount(position, minlength=season_length)
    indices = indices - indices.mean() if additive else indices / indices.mean()
    return indices, additive
