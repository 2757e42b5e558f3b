"""Scorers of a forecaster for the `scoring` of a search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils.metadata_routing import MetadataRequest

from skcnnlstm._utils.introspection import unwrap_search
from skcnnlstm.forecasting.forecaster import SeriesForecaster

# scikit-learn has no public list of its scorers by kind; those of other releases
# than the one installed are left out.
_REGRESSION_SCORERS = (
    "d2_absolute_error_score",
    "explained_variance",
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_gamma_deviance",
    "neg_mean_poisson_deviance",
    "neg_mean_squared_error",
    "neg_mean_squared_log_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
    "neg_root_mean_squared_log_error",
    "r2",
)


class _Answers(RegressorMixin, BaseEstimator):
    """What a scikit-learn scorer asks for predictions: it gives back what it gets."""

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return X[:, 0]


@dataclass(frozen=True, repr=False)
class _ForecastScorer:
    """A callable ``(estimator, X, y=None)`` for the `scoring` of a search."""

    scoring: str

    def __repr__(self):
        return f"forecast_scorer({self.scoring!r})"

    def get_metadata_routing(self):
        """Ask for `exog`, where a search routes any."""
        request = MetadataRequest(owner=self)
        request.score.add_request(param="exog", alias=True)
        return request

    def __call__(self, estimator, X, y=None, *, exog=None):
        estimator = unwrap_search(estimator)  # a search, inside cross_validate
        if not isinstance(estimator, SeriesForecaster):
            raise TypeError(f"{self!r} scores a SeriesForecaster: got {estimator!r}.")
        forecasts, actual = estimator._from_each_origin(X, exog)
        known = ~np.isnan(actual)
        scorer = get_scorer(self.scoring)
        return float(scorer(_Answers(), forecasts[known].reshape(-1, 1), actual[known]))


def forecast_scorer(scoring):
    """Make a scorer of a series forecaster out of a scikit-learn regression metric.

    The scorer takes the forecasts that ``SeriesForecaster.score`` takes: from the last
    fitted row, where the test rows continue it, and from each row whose `horizon` next
    rows are test rows. The metric is that of all origins, steps and targets together.

    Parameters
    ----------
    scoring : str
        The name of a regression scorer, such as "neg_root_mean_squared_error" or "r2".

    Returns
    -------
    scorer : callable
        ``scorer(forecaster, series, exog=None)``, for the `scoring` of a search or of
        ``cross_validate``. It can be pickled.

    Examples
    --------
    >>> from skcnnlstm import forecast_scorer
    >>> forecast_scorer("neg_root_mean_squared_error")
    forecast_scorer('neg_root_mean_squared_error')
    """
    choices = sorted(set(_REGRESSION_SCORERS).intersection(get_scorer_names()))
    if scoring not in choices:
        raise ValueError(
            f"scoring must name a regression metric of scikit-learn: got {scoring!r}. "
            f"Use one of {', '.join(choices)}."
        )
    return _ForecastScorer(scoring)
