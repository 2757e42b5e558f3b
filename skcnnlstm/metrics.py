"""Measures of forecasts, and the simple forecasts that they compare with.

Pure functions of numbers: what is averaged over what is the business of `backtest`.
Mean absolute and root mean squared errors are scikit-learn's.
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

_CRITICAL = 1.645  # a two-sided test at 90 %


# ---------------------------------------------------------------------------- measures


def smape(actual, forecast):
    """Return the symmetric mean absolute percentage error as M4 defines it.

    The mean of ``200 * |y - f| / (|y| + |f|)`` [1]_: 0 is best, 200 worst. Where both
    are zero the forecast is right and counts as 0.

    Parameters
    ----------
    actual, forecast : array-like of one shape
        What came and what was said.

    Returns
    -------
    smape : float
        In percent.

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
    """Return the terms of which `smape` is the mean.

    Parameters
    ----------
    actual, forecast : array-like of one shape
        What came and what was said.

    Returns
    -------
    errors : ndarray of the same shape
        In percent, from 0 to 200.
    """
    actual, forecast = check_pair(actual, forecast)
    size = np.abs(actual) + np.abs(forecast)
    error = 200 * np.abs(actual - forecast)
    # NaN is not zero: it stays.
    return np.divide(error, size, out=np.zeros_like(size), where=size != 0)


def scale_of_mase(train, season_length=1, places=None):
    """Return what absolute errors are divided by in MASE.

    The mean of ``|y_t - y_(t-m)|`` over the training rows, m being `season_length`: the
    error of the seasonal naive forecast, one step ahead, where the model learned.

    Parameters
    ----------
    train : array-like of shape (n_rows,) or (n_rows, n_targets)
        Training rows in time order, more than `season_length` of them. Differences
        with a NaN are left out.
    season_length : int, default=1
        In time steps; 1 for the naive forecast.
    places : array-like of int of shape (n_rows,) or None, default=None
        Where the rows stand in time, in ascending time steps, for rows with gaps: only
        those that a season lies between count. None for rows without gaps.

    Returns
    -------
    scale : float or ndarray of shape (n_targets,)
        NaN where the rows repeat exactly, or no two known ones are a season apart: no
        error can be measured in it.

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
    later, earlier = _a_season_apart(places, places, season_length)
    change = np.abs(train[later] - train[earlier])
    known = ~np.isnan(change)
    n_known = np.count_nonzero(known, axis=0)
    scale = change.sum(axis=0, where=known) / np.maximum(n_known, 1)
    return np.where(scale > 0, scale, np.nan)[()]


def _a_season_apart(wanted, places, season_length):
    """Return which of `wanted` have a row a season before, and which row that is."""
    if not len(places):
        return wanted, wanted
    before = wanted - season_length
    row = np.searchsorted(places, before).clip(max=len(places) - 1)
    found = np.flatnonzero(places[row] == before)
    return found, row[found]


def mase(actual, forecast, scale):
    """Return the mean absolute scaled error.

    The mean of ``|y - f| / scale`` [1]_: below 1 is nearer than the seasonal naive
    forecast was, one step ahead, in the training rows.

    Parameters
    ----------
    actual, forecast : array-like of one shape
        What came and what was said.
    scale : float or array-like that broadcasts with them
        By `scale_of_mase`.

    Returns
    -------
    mase : float
        NaN where a scale is.

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
    """Return M4's overall weighted average: how sMAPE and MASE compare with Naive2's.

    ``(smape / naive2_smape + mase / naive2_mase) / 2``, of means over all forecasts
    [1]_; below 1 is better than Naive2.

    Parameters
    ----------
    smape, mase : float or array-like
        Of the forecasts.
    naive2_smape, naive2_mase : float or array-like
        Of Naive2's forecasts of the same values.

    Returns
    -------
    owa : float or ndarray
        NaN where Naive2 makes no error, or a measure is NaN.

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
    """Return how much of a reference's error a forecast avoids.

    ``1 - error / reference_error``: 1 is without error, 0 as good as the reference,
    below 0 worse.

    Parameters
    ----------
    error, reference_error : float or array-like
        One measure of both, such as the mean absolute error.

    Returns
    -------
    skill : float or ndarray
        NaN where the reference makes no error.

    Examples
    --------
    >>> from skcnnlstm.metrics import skill
    >>> float(skill(3.0, reference_error=4.0))
    0.25
    """
    return 1 - _ratio(error=error, reference_error=reference_error)


def _ratio(**both):
    """Divide one parameter by the other where there is something to divide by.

    Elsewhere it is NaN.
    """
    both = {name: check_numbers(name, values) for name, values in both.items()}
    check_broadcast(**both)
    error, reference = both.values()
    nothing = np.full(np.broadcast_shapes(error.shape, reference.shape), np.nan)
    return np.divide(error, reference, out=nothing, where=reference > 0)[()]


# -------------------------------------------------------------------- simple forecasts


def naive(values, origins, horizon):
    """Repeat the value of each origin.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_targets)
        The series.
    origins : array-like of int of shape (n_origins,)
        The last rows that are known.
    horizon : int
        In time steps.

    Returns
    -------
    forecasts : ndarray of shape (n_origins, horizon, n_targets)
        Entry i, h is for h + 1 steps after ``origins[i]``.
    """
    values, origins, horizon = _check_forecast(values, origins, horizon)
    return np.repeat(values[origins][:, np.newaxis], horizon, axis=1)


def _check_forecast(values, origins, horizon):
    """Return what each simple forecast is given."""
    values = check_numbers("values", values, "n_rows", "n_targets")
    origins = check_origins(origins, len(values))
    return values, origins, check_integer("horizon", horizon)


def seasonal_naive(values, origins, horizon, season_length, places=None):
    """Repeat the last `season_length` values that each origin knows.

    Where one of them is missing, in a gap, the value at its place in the season before.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_targets)
        The series.
    origins : array-like of int of shape (n_origins,)
        The last rows that are known, at least `season_length` - 1.
    horizon, season_length : int
        In time steps.
    places : array-like of int of shape (n_rows,) or None, default=None
        Where the rows stand in time, in ascending time steps, for rows with gaps. None
        for rows without gaps.

    Returns
    -------
    forecasts : ndarray of shape (n_origins, horizon, n_targets)
        Entry i, h is for h + 1 steps after ``origins[i]``; NaN where no row known is
        at its place in the season.
    """
    values, origins, horizon = _check_forecast(values, origins, horizon)
    season_length = check_season(season_length)
    places = check_places(places, len(values))
    back = season_length - 1 - np.arange(horizon) % season_length
    wanted = np.subtract.outer(places[origins], back)
    forecasts = np.full((*wanted.shape, values.shape[1]), np.nan)
    open_ = np.ones(wanted.shape, bool)
    while open_.any():
        row = np.searchsorted(places, wanted).clip(max=len(places) - 1)
        found = open_ & (places[row] == wanted)
        forecasts[found] = values[row[found]]
        wanted = wanted - season_length
        open_ &= ~found & (wanted >= places[0])
    return forecasts


def naive2(values, origins, horizon, season_length, train, places=None):
    """Forecast as M4's Naive2: naive on the seasonally adjusted series.

    Where `is_seasonal` says so of the training rows, the value of the origin over the
    index of its place in the season, times the index of the place forecast (less and
    plus, where the indices are additive); else naive [1]_. Test and indices come of
    the training rows alone (of the longest part without a gap); for an origin at their
    end that is M4's definition.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_targets)
        The series.
    origins : array-like of int of shape (n_origins,)
        The last rows that are known.
    horizon, season_length : int
        In time steps.
    train : slice
        The training rows, with a start and a stop.
    places : array-like of int of shape (n_rows,) or None, default=None
        Where the rows stand in time, in ascending time steps, for rows with gaps. None
        for rows without gaps.

    Returns
    -------
    forecasts : ndarray of shape (n_origins, horizon, n_targets)
        Entry i, h is for h + 1 steps after ``origins[i]``.

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
    place = (places[origins] - places[train.start]) % season_length
    ahead = (place[:, np.newaxis] + np.arange(1, horizon + 1)) % season_length
    for column in range(values.shape[1]):
        known = values[train, column]
        if not is_seasonal(known, season_length):
            continue
        indices, additive = seasonal_indices(known, season_length)
        if additive:
            forecasts[:, :, column] += indices[ahead] - indices[place][:, np.newaxis]
        else:
            forecasts[:, :, column] *= indices[ahead] / indices[place][:, np.newaxis]
    return forecasts


def _longest_part(places, rows):
    """Return the longest part of a slice of rows without a gap, the last of equals."""
    gaps = np.flatnonzero(np.diff(places[rows]) != 1) + 1
    edges = [0, *gaps.tolist(), rows.stop - rows.start]
    parts = reversed(list(itertools.pairwise(edges)))
    start, stop = max(parts, key=lambda part: part[1] - part[0])
    return slice(rows.start + start, rows.start + stop)


def is_seasonal(train, season_length):
    """Tell whether a series is seasonal, by M4's test.

    It is where the autocorrelation at lag m, the season, exceeds in absolute value
    ``1.645 * sqrt((1 + 2 * (r_1^2 + ... + r_(m-1)^2)) / n)``, a test at 90 %, and there
    are three seasons or more [1]_. R's ``acf``, which M4 called, stops at lag
    ``10 log10(n)``, and a longer season then never shows; no series of M4 is so short.
    Here each lag is looked at.

    Parameters
    ----------
    train : array-like of shape (n_rows,)
        One series, in time order.
    season_length : int
        In time steps; 1 is never seasonal.

    Returns
    -------
    seasonal : bool
        False for a constant series, too.

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
    return bool(abs(correlations[-1]) > _CRITICAL * spread)


def seasonal_indices(train, season_length):
    """Return the seasonal indices of a classical decomposition.

    The trend is the centred moving average over a season (its two ends at half weight
    for an even one); an index is the mean of value / trend over all rows at one place
    in the season, and the indices are divided by their mean. Where a value is not above
    zero that means nothing, and the decomposition is additive: value - trend, less
    the mean. (M4's values all are above zero.)

    Parameters
    ----------
    train : array-like of shape (n_rows,)
        One series, in time order, two seasons or more.
    season_length : int
        In time steps.

    Returns
    -------
    indices : ndarray of shape (season_length,)
        Entry i is for rows i, i + season_length and so on.
    additive : bool
        Whether they are added or multiplied.

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
    ratio = known - trend if additive else known / trend
    place = np.arange(half, half + len(trend)) % season_length
    total = np.bincount(place, ratio, minlength=season_length)
    indices = total / np.bincount(place, minlength=season_length)
    indices = indices - indices.mean() if additive else indices / indices.mean()
    return indices, additive
