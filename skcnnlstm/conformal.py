"""Arithmetic of conformal intervals: quantiles of scores, and their adaptation.

A score says how far a forecast was from what came. Scores of forecasts that the model
did not learn from, ranked, say how wide an interval must be.
"""

import math
from bisect import insort

import numpy as np

from skcnnlstm._utils.validation import check_real
from skcnnlstm._utils.validation.arrays import (
    check_ascending,
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
    """Return how many scores an interval of a coverage takes: 9 for 0.9, 99 for 0.99.

    Parameters
    ----------
    coverage : float
        Between 0 and 1.

    Returns
    -------
    n : int
        The least n with ``ceil((n + 1) * coverage) <= n``.

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
    """Return `coverage` as a float between 0 and 1, both excluded."""
    return check_real("coverage", coverage, low=0, high=1, inclusive="neither")


def _rank(n, coverage):
    """Return which of n sorted scores, from 1, bounds the next with a probability."""
    # 10 * 0.9 and the like, a rounding error above a whole number, are that number.
    return max(1, math.ceil(round((n + 1) * coverage, 9)))


def conformal_quantile(scores, coverage):
    """Return the score that the next one does not exceed with some probability.

    The ``ceil((n + 1) * coverage)``-th smallest of n: where the next score is
    exchangeable with them, it is not larger with a probability of `coverage` at least,
    and of ``coverage + 1 / (n + 1)`` at most where none tie [1]_.

    Parameters
    ----------
    scores : array-like of shape (n, ...)
        Along axis 0. NaN, a score that is not known, does not count.
    coverage : float
        Between 0 and 1.

    Returns
    -------
    quantile : ndarray of shape (...)
        Infinite where n scores are too few to tell (see `scores_needed`).

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
            f"scores must have an axis: got the number {scores}. Use [{scores}]."
        )
    # NaN is sorted behind all others.
    ranked = np.sort(scores, axis=0)
    n_known = np.count_nonzero(~np.isnan(ranked), axis=0)
    rank = np.vectorize(_rank, otypes=[int])(n_known, coverage)
    enough = rank <= n_known
    at = np.where(enough, rank - 1, 0)[np.newaxis]
    if not len(ranked):
        return np.full(ranked.shape[1:], np.inf)
    return np.where(enough, np.take_along_axis(ranked, at, axis=0)[0], np.inf)


def conformity(actual, forecast, *, relative=False):
    """Return how far forecasts were from what came: `bounds` undone.

    Parameters
    ----------
    actual, forecast : array-like of one shape
        What came and what was said, the latter above zero where `relative`.
    relative : bool, default=False
        Whether distance is counted in logarithms.

    Returns
    -------
    scores : ndarray of the same shape
        ``|y - f|``, or ``|log y - log f|``, infinite where y is not above zero; NaN
        where y is.
    """
    actual, forecast = check_pair(actual, forecast)
    if relative:
        ratio = np.divide(actual, forecast)
        scores = np.where(np.isnan(ratio), np.nan, np.inf)
        return np.abs(np.log(ratio, out=scores, where=ratio > 0))
    return np.abs(actual - forecast)


def bounds(forecast, widths, *, relative=False):
    """Return the interval of what lies no further than `widths` from a forecast.

    Parameters
    ----------
    forecast, widths : array-like that broadcast
        Widths on one side, as `conformity` counts; they may be infinite.
    relative : bool, default=False
        Whether distance is counted in logarithms.

    Returns
    -------
    lower, upper : ndarray
        ``f - w`` and ``f + w``, or ``f * exp(-w)`` and ``f * exp(w)``.
    """
    forecast = check_numbers("forecast", forecast)
    widths = check_numbers("widths", widths)
    check_broadcast(forecast=forecast, widths=widths)
    if relative:
        return forecast * np.exp(-widths), forecast * np.exp(widths)
    return forecast - widths, forecast + widths


def adaptive_widths(scores, origins, coverage, gamma, calibration=None):
    """Return the widths of adaptive conformal intervals, made in time order.

    By Gibbs and Candes [1]_. Each step ahead (and target) has a level a of its own,
    ``1 - coverage`` at first. Once an outcome is known,
    ``a += gamma * (1 - coverage - missed)``, where `missed` is 1 if the interval that
    had been given did not hold it; and its score joins those of which the ``1 - a``
    quantile is the next width. So intervals grow after misses and shrink after hits,
    and the share of misses tends to ``1 - coverage`` whatever the series does. The
    outcome of h steps ahead is known h rows later: an origin
    learns of those whose rows are not after its own, and of no other.

    Parameters
    ----------
    scores : array-like of shape (n_origins, horizon, n_targets)
        By `conformity`; NaN, of an outcome that never is known, changes no width.
    origins : array-like of int of shape (n_origins,)
        The last row that each forecast knew, ascending.
    coverage : float
        Between 0 and 1.
    gamma : float
        How much an outcome counts, above zero: the larger, the sooner a change is met,
        and the more widths jitter and become infinite. The paper takes 0.005.
    calibration : array-like of shape (n, horizon, n_targets) or None, default=None
        Scores that are known before the first origin.

    Returns
    -------
    widths : ndarray of shape (n_origins, horizon, n_targets)
        Infinite where too few scores are known or the level has fallen to 0 or below;
        0 where it has risen to 1.

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
    origins = check_ascending(origins, len(scores)).tolist()
    coverage = check_coverage(coverage)
    gamma = check_real("gamma", gamma, low=0, inclusive="neither")
    if calibration is not None:
        calibration = check_numbers("calibration", calibration, "n", *axes)
        if calibration.shape[1:] != scores.shape[1:]:
            raise ValueError(
                "calibration must have the horizon and the targets of scores: got "
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
    """Return the widths of one step ahead of one target; `ranked` scores are known."""
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
