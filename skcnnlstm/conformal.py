"""Conformal prediction intervals: quantiles of scores, and adaptive widths.

A score is the distance between forecast and actual value. The width of an interval is
a quantile of the scores of forecasts for rows that the model was not fitted on.
"""

import math
from bisect import insort

import numpy as np

from skcnnlstm._utils.validation import check_real
from skcnnlstm._utils.validation.arrays import (
    check_ascending_origins,
    check_broadcast,
    check_numbers,
    check_pair,
)

__all__ = [
    "adaptive_widths",
    "bounds",
    "conformal_quantile",
    "conformity",
    "scores_needed",
]


def scores_needed(coverage):
    """Return the smallest number of scores for which an interval is finite.

    Parameters
    ----------
    coverage : float
        Probability that an interval contains the actual value, between 0 and 1.

    Returns
    -------
    n : int
        The smallest n with ``ceil((n + 1) * coverage) <= n``.

    Examples
    --------
    >>> from skcnnlstm.conformal import scores_needed
    >>> scores_needed(0.9), scores_needed(0.99)
    (9, 99)
    """
    coverage = check_coverage(coverage)
    n = max(1, math.floor(coverage / (1 - coverage)))
    while _rank(n, coverage) > n:  # the division is rounded
        n += 1
    return n


def check_coverage(coverage):
    """Return `coverage` as a float; raise unless it is between 0 and 1."""
    return check_real("coverage", coverage, low=0, high=1, inclusive="neither")


def _rank(n, coverage):
    """Return the rank (from 1) among n scores that has at least this coverage."""
    # Products such as 10 * 0.9 may exceed an integer by a rounding error.
    return max(1, math.ceil(round((n + 1) * coverage, 9)))


def conformal_quantile(scores, coverage):
    """Return an upper bound for the next score, with a given coverage.

    The bound is the ``ceil((n + 1) * coverage)``-th smallest of n scores. If the next
    score is exchangeable with them, it is at most the bound with a probability of at
    least `coverage`. Without ties, this probability is at most
    ``coverage + 1 / (n + 1)`` [1]_.

    Parameters
    ----------
    scores : array-like of shape (n, ...)
        Scores along axis 0. NaN, an unknown score, is ignored.
    coverage : float
        Probability that an interval contains the actual value, between 0 and 1.

    Returns
    -------
    quantile : ndarray of shape (...)
        The bound, infinite if there are too few scores (see `scores_needed`).

    References
    ----------
    .. [1] Lei, J., G'Sell, M., Rinaldo, A., Tibshirani, R. J. and Wasserman, L. (2018).
       Distribution-free predictive inference for regression. Journal of the American
       Statistical Association 113(523), 1094-1111.

    Examples
    --------
    >>> from skcnnlstm.conformal import conformal_quantile
    >>> float(conformal_quantile([5, 1, 9, 3, 7, 2, 8, 6, 4], 0.9))
    9.0
    """
    coverage = check_coverage(coverage)
    scores = check_numbers("scores", scores)
    if not scores.ndim:
        raise ValueError(
            f"scores must have at least one axis: got the number {scores}. Use "
            f"[{scores}]."
        )
    # NaN is sorted last.
    ranked = np.sort(scores, axis=0)
    n_known = np.count_nonzero(~np.isnan(ranked), axis=0)
    rank = np.vectorize(_rank, otypes=[int])(n_known, coverage)
    enough = rank <= n_known
    position = np.where(enough, rank - 1, 0)[np.newaxis]
    if not len(ranked):
        return np.full(ranked.shape[1:], np.inf)
    return np.where(enough, np.take_along_axis(ranked, position, axis=0)[0], np.inf)


def conformity(actual, forecast, *, relative=False):
    """Return the distance between actual values and forecasts.

    `bounds` is the inverse: it returns the values at given distances from a forecast.

    Parameters
    ----------
    actual, forecast : array-like of the same shape
        Actual and predicted values. With `relative`, forecasts must be positive.
    relative : bool, default=False
        Whether to return the distance of the logarithms.

    Returns
    -------
    scores : ndarray of the same shape
        ``|y - f|``, or with `relative` ``|log y - log f|``. The latter is infinite if y
        is zero or negative. Scores are NaN if y is NaN.
    """
    actual, forecast = check_pair(actual, forecast)
    if relative:
        ratio = np.divide(actual, forecast)
        scores = np.where(np.isnan(ratio), np.nan, np.inf)
        return np.abs(np.log(ratio, out=scores, where=ratio > 0))
    return np.abs(actual - forecast)


def bounds(forecast, widths, *, relative=False):
    """Return the bounds of the interval that extends `widths` around a forecast.

    Parameters
    ----------
    forecast, widths : array-like that broadcast
        Predicted values, and the width of the interval on each side of them. Widths
        are in the unit of the scores that `conformity` returns, and may be infinite.
    relative : bool, default=False
        Whether the widths are those of the logarithms.

    Returns
    -------
    lower, upper : ndarray
        ``f - w`` and ``f + w``, or with `relative` ``f * exp(-w)`` and
        ``f * exp(w)``.
    """
    forecast = check_numbers("forecast", forecast)
    widths = check_numbers("widths", widths)
    check_broadcast(forecast=forecast, widths=widths)
    if relative:
        return forecast * np.exp(-widths), forecast * np.exp(widths)
    return forecast - widths, forecast + widths


def adaptive_widths(scores, origins, coverage, gamma, calibration=None):
    """Return the widths of adaptive conformal intervals, computed in time order.

    This is the method of Gibbs and Candes [1]_. For each step ahead and each target, it
    keeps a level a, initially ``1 - coverage``. The width is the ``1 - a`` quantile of
    the known scores. When an actual value becomes known, its score is added to the
    known scores, and the level changes: ``a += gamma * (1 - coverage - missed)``.
    `missed` is 1 if the interval did not contain the value, otherwise 0. Intervals
    therefore grow after misses and shrink after hits, and the share of misses tends to
    ``1 - coverage`` for any series.

    The actual value h steps ahead is known h rows later. The width of an origin
    therefore depends only on values up to its own row.

    Parameters
    ----------
    scores : array-like of shape (n_origins, horizon, n_targets)
        Scores by `conformity`. NaN, for an unknown actual value, changes no width.
    origins : array-like of int of shape (n_origins,)
        The last known row of each forecast, ascending.
    coverage : float
        Probability that an interval contains the actual value, between 0 and 1.
    gamma : float
        Step size of the level, positive. With a larger value, the widths adapt sooner
        to a change, but fluctuate more and are more often infinite. The paper uses
        0.005.
    calibration : array-like of shape (n, horizon, n_targets) or None, default=None
        Scores that are known before the first origin. With None, no score is known.

    Returns
    -------
    widths : ndarray of shape (n_origins, horizon, n_targets)
        The width of each interval on each side. It is infinite if too few scores are
        known, or if the level is 0 or less. It is 0 if the level is 1 or more.

    References
    ----------
    .. [1] Gibbs, I. and Candes, E. (2021). Adaptive conformal inference under
       distribution shift. Advances in Neural Information Processing Systems 34,
       1660-1672.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm.conformal import adaptive_widths
    >>> scores = np.array([1.0, 3.0, 2.0, 5.0]).reshape(4, 1, 1)
    >>> adaptive_widths(scores, np.arange(4), coverage=0.5, gamma=0.1).ravel()
    array([inf,  1.,  3.,  2.])
    """
    axes = "horizon", "n_targets"
    scores = check_numbers("scores", scores, "n_origins", *axes)
    origins = check_ascending_origins(origins, len(scores)).tolist()
    coverage = check_coverage(coverage)
    gamma = check_real("gamma", gamma, low=0, inclusive="neither")
    if calibration is not None:
        calibration = check_numbers("calibration", calibration, "n", *axes)
        if calibration.shape[1:] != scores.shape[1:]:
            raise ValueError(
                "calibration must have the same horizon and targets as scores: got "
                f"{calibration.shape[1:]} and {scores.shape[1:]}. Use scores of the "
                "same forecaster."
            )
    widths = np.empty(scores.shape)
    for step in range(scores.shape[1]):
        for target in range(scores.shape[2]):
            known = () if calibration is None else calibration[:, step, target]
            widths[:, step, target] = _adapt(
                scores[:, step, target].tolist(),
                origins,
                step + 1,
                coverage,
                gamma,
                sorted(known[~np.isnan(known)] if len(known) else known),
            )
    return widths


def _adapt(scores, origins, step, coverage, gamma, ranked):
    """Return the widths for one step ahead and one target.

    `ranked` holds the sorted scores known before the first origin.
    """
    level, widths, n_known = 1 - coverage, [], 0
    for origin in origins:
        while n_known < len(widths) and origins[n_known] + step <= origin:
            if not math.isnan(scores[n_known]):
                missed = scores[n_known] > widths[n_known]
                level += gamma * (1 - coverage - missed)
                insort(ranked, scores[n_known])
            n_known += 1
        rank = _rank(len(ranked), 1 - level)
        if level >= 1:
            widths.append(0.0)
        else:
            widths.append(ranked[rank - 1] if rank <= len(ranked) else math.inf)
    return widths
