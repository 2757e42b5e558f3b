"""Make scorers of forecasts for searches and cross-validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils.metadata_routing import MetadataRequest

from skcnnlstm._utils.introspection import unwrap_search
from skcnnlstm.forecasting.forecaster import SeriesForecaster

# scikit-learn has no public list of its regression scorers. Names that the installed
# release does not have are ignored.
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


class _Identity(RegressorMixin, BaseEstimator):
    """Predict the input, so that a scikit-learn scorer scores given forecasts."""

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return X[:, 0]


@dataclass(frozen=True, repr=False)
class _ForecastScorer:
    """A callable ``(estimator, X, y=None, *, exog=None)`` for `scoring` in a search."""

    scoring: str

    def __repr__(self):
        return f"forecast_scorer({self.scoring!r})"

    def get_metadata_routing(self):
        """Return a request for `exog`, which a search then passes on."""
        request = MetadataRequest(owner=self)
        request.score.add_request(param="exog", alias=True)
        return request

    def __call__(self, estimator, X, y=None, *, exog=None):
        estimator = unwrap_search(estimator)  # cross_validate may pass a search
        if not isinstance(estimator, SeriesForecaster):
            raise TypeError(
                f"estimator must be a SeriesForecaster for {self!r}: got "
                f"{estimator!r}. Use scoring={self.scoring!r} for other estimators."
            )
        return self.score(*estimator._forecasts_and_actual(X, exog))

    def score(self, forecasts, actual):
        """Return the metric of forecasts; unknown actual values (NaN) are left out."""
        known = ~np.isnan(actual)
        scorer = get_scorer(self.scoring)
        return float(
            scorer(_Identity(), forecasts[known].reshape(-1, 1), actual[known])
        )


def forecast_scorer(scoring):
    """Make a scorer for forecasters from a regression metric of scikit-learn.

    The scorer uses the same forecasts as ``SeriesForecaster.score``. A forecast starts
    from each test row that is followed by `horizon` test rows. If the test rows
    continue the fitted rows, a forecast also starts from the last fitted row. The
    metric is computed over all forecasts, steps and targets together.

    Parameters
    ----------
    scoring : str
        The name of a regression scorer, such as "neg_root_mean_squared_error" or "r2".

    Returns
    -------
    scorer : callable
        ``scorer(forecaster, series, exog=None)``, for the `scoring` parameter of a
        search or of ``cross_validate``. It can be pickled.

    Examples
    --------
    >>> from skcnnlstm import forecast_scorer
    >>> forecast_scorer("neg_root_mean_squared_error")
    forecast_scorer('neg_root_mean_squared_error')
    """
    choices = sorted(set(_REGRESSION_SCORERS).intersection(get_scorer_names()))
    if scoring not in choices:
        raise ValueError(
            "scoring must be a regression metric of scikit-learn: got "
            f"scoring={scoring!r}. Use one of {', '.join(choices)}."
        )
    return _ForecastScorer(scoring)


def check_forecast_scorer(scoring):
    """Return a scorer of forecasts from the parameter `scoring`.

    `scoring` is the name of a metric, a result of `forecast_scorer`, or None for the
    negative mean absolute error.
    """
    if scoring is None:
        return forecast_scorer("neg_mean_absolute_error")
    return scoring if isinstance(scoring, _ForecastScorer) else forecast_scorer(scoring)
