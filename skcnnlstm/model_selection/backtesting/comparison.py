"""Compare the errors of several models on the same forecasts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

# The test is too liberal with fewer differences, even after its correction.
_MIN_DIFFERENCES = 10


def compare_models(scores, losses, forecasts, metric):
    """Return the ranks of models, and their differences from the best model.

    Parameters
    ----------
    scores : Series
        The metric of each model, by name.
    losses : Series
        The term of each row of `forecasts` in the metric, such as the squared error for
        "rmse". NaN if the actual value is unknown.
    forecasts : DataFrame
        The table `forecasts` of a `BacktestResult`, with a column `model`.
    metric : str
        The name of the metric.

    Returns
    -------
    comparison : DataFrame
        One row for each model, in the order of the ranks. ``BacktestResult.scores``
        documents the columns `rank`, `difference`, `difference_std` and `p_value`.
    """
    order = scores.sort_values(kind="stable").index
    best = order[0]
    by_fold = losses.groupby([forecasts["model"], forecasts["fold"]]).mean().unstack(0)
    if metric == "rmse":
        by_fold = np.sqrt(by_fold)
    differences = by_fold.sub(by_fold[best], axis=0)
    horizon = int(forecasts["step"].max())
    by_origin, places = _mean_by_origin(losses, forecasts)
    p_values = {
        name: diebold_mariano(by_origin[name] - by_origin[best], places, horizon)
        for name in order
    }
    return pd.DataFrame(
        {
            "rank": scores[order].rank(method="min", na_option="bottom").astype(int),
            "difference": scores[order] - scores[best],
            "difference_std": differences.std(ddof=1)[order],
            "p_value": pd.Series(p_values, dtype=float),
        },
        index=order,
    )


def _mean_by_origin(losses, forecasts):
    """Return the mean loss at each origin, and the positions of the origins in time.

    Returns
    -------
    by_origin : DataFrame of shape (n_origins, n_models)
        Means over series, targets and steps. The n-th origins of all series form one
        row, because errors of several series at the same time are dependent.
    places : ndarray of shape (n_origins,)
        Position of each origin in time: the number of distinct forecast times before
        its first forecast.
    """
    one = forecasts[forecasts["model"] == forecasts["model"].iloc[0]]
    places = np.empty(len(one), dtype=int)
    numbers = np.empty(len(one), dtype=int)
    for rows in one.groupby("series", sort=False).indices.values():
        part = one.iloc[rows]
        times = pd.factorize(part["time"])[0]
        number = part.groupby(["fold", "origin"], sort=False).ngroup().to_numpy()
        first = pd.Series(times).groupby(number).min().to_numpy()
        numbers[rows], places[rows] = number, first[number]
    # All models have the same rows, one model after the other.
    n_models = len(forecasts) // len(one)
    number = np.tile(numbers, n_models)
    by_origin = losses.groupby([number, forecasts["model"].to_numpy()]).mean().unstack()
    return by_origin, pd.Series(places).groupby(numbers).min().to_numpy()


def diebold_mariano(differences, places, horizon):
    """Return the p-value of the Diebold-Mariano test for equal accuracy.

    The test statistic is the mean difference between the losses of two models, divided
    by its standard deviation. The standard deviation accounts for the correlation of
    overlapping forecasts [1]_. The statistic has the small-sample correction and the t
    distribution of Harvey et al. [2]_. If the estimated variance is not positive,
    covariances get Bartlett weights.

    Parameters
    ----------
    differences : array-like of shape (n_origins,)
        Loss of one model minus loss of the other model. NaN is left out.
    places : array-like of int of shape (n_origins,)
        Positions of the forecasts in time, in time steps. Forecasts that are less than
        `horizon` steps apart overlap.
    horizon : int
        Number of steps of a forecast.

    Returns
    -------
    p_value : float
        Two-sided p-value. NaN with fewer than 10 differences, with fewer than 2 * k
        differences if k consecutive forecasts overlap, or if all differences are equal.

    References
    ----------
    .. [1] Diebold, F. X. and Mariano, R. S. (1995). Comparing predictive accuracy.
       Journal of Business and Economic Statistics 13(3), 253-263.
    .. [2] Harvey, D., Leybourne, S. and Newbold, P. (1997). Testing the equality of
       prediction mean squared errors. International Journal of Forecasting 13(2),
       281-291.
    """
    differences, places = np.asarray(differences, float), np.asarray(places)
    known = ~np.isnan(differences)
    differences, places = differences[known], places[known]
    n = len(differences)
    if n < _MIN_DIFFERENCES:
        return np.nan
    order = np.argsort(places, kind="stable")
    differences, places = differences[order], places[order]
    # Maximum number of consecutive origins with forecasts that overlap.
    stop = np.searchsorted(places, places + horizon)
    n_overlapping = int((stop - np.arange(n)).max())
    if n < 2 * n_overlapping:
        return np.nan
    centred = differences - differences.mean()
    variance = centred @ centred
    covariance, weighted = 0.0, 0.0
    for lag in range(1, n_overlapping):
        distance = places[lag:] - places[:-lag]
        products = centred[lag:] * centred[:-lag] * (distance < horizon)
        covariance += 2 * products.sum()
        weighted += 2 * (products * (1 - distance / horizon)).sum()
    total = variance + covariance
    if total <= 1e-12 * variance:
        total = variance + weighted
    if not total > 0:
        return np.nan
    h = n_overlapping
    correction = math.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    statistic = correction * differences.sum() / math.sqrt(total)
    return float(2 * stats.t.sf(abs(statistic), n - 1))
