"""forecast_scorer: metrics of scikit-learn for forecasts."""

import pickle

import numpy as np
import pytest
from forecast_models import (
    ridge,
)
from sklearn import config_context, metrics
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
)

from skcnnlstm import SeriesForecaster, forecast_scorer
from skcnnlstm.forecasting.scorer import _REGRESSION_SCORERS


@pytest.mark.parametrize(
    "name, metric",
    [
        ("neg_mean_absolute_error", metrics.mean_absolute_error),
        ("neg_root_mean_squared_error", metrics.root_mean_squared_error),
        ("neg_median_absolute_error", metrics.median_absolute_error),
    ],
)
@pytest.mark.parametrize("n_columns", [1, 2])
def test_a_scorer_computes_the_metric_over_all_origins_steps_and_targets(
    two_columns, name, metric, n_columns
):
    series = two_columns.iloc[:, :n_columns]
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=3)
    forecaster.fit(series[:120])
    first = forecaster.forecast().to_numpy().reshape(1, 3, -1)
    later = forecaster.predict(series[120:]).reshape(24, 3, -1)[:-3]
    ahead = np.concatenate([first, later])
    actual = np.stack([series[t + 1 : t + 4] for t in range(119, 141)])
    expected = -metric(actual.ravel(), ahead.ravel())
    score = forecast_scorer(name)(forecaster, series[120:])
    assert score == pytest.approx(expected, rel=1e-12)


def test_there_is_a_scorer_for_every_regression_metric_of_scikit_learn(airline):
    forecaster = SeriesForecaster(ridge(), transformer="log").fit(airline[:120])
    named = {
        name
        for name in metrics.get_scorer_names()
        if metrics.get_scorer(name)._score_func.__module__.endswith("._regression")
    }
    named.discard("max_error")  # the old name of neg_max_error
    assert named <= set(_REGRESSION_SCORERS)
    for name in named:
        assert np.isfinite(forecast_scorer(name)(forecaster, airline[120:]))


def test_scorers_have_a_repr_pickle_and_accept_a_fitted_search(airline):
    scorer = forecast_scorer("r2")
    assert repr(scorer) == "forecast_scorer('r2')"
    grid = {"window_length": [6, 12]}
    search = GridSearchCV(
        SeriesForecaster(ridge()), grid, cv=TimeSeriesSplit(2), scoring=scorer
    ).fit(airline[:120])
    again = pickle.loads(pickle.dumps(scorer))
    score = scorer(search.best_estimator_, airline[120:])
    assert again(search, airline[120:]) == score


def test_an_unknown_metric_is_rejected_with_the_choices():
    with pytest.raises(ValueError) as caught:
        forecast_scorer("accuracy")
    message = str(caught.value)
    assert message.startswith(
        "scoring must be a regression metric of scikit-learn: got scoring='accuracy'. "
        "Use one of d2_absolute_error_score, explained_variance, "
    )
    assert message.endswith(", r2.")


def test_a_scorer_rejects_other_estimators():
    with pytest.raises(TypeError, match=r"^estimator must be a SeriesForecaster for f"):
        forecast_scorer("r2")(Ridge(), np.arange(9.0))


def test_a_scorer_receives_routed_covariates(airline):
    exog = np.sin(np.arange(len(airline)))
    with config_context(enable_metadata_routing=True):
        forecaster = SeriesForecaster(ridge(), window_length=6, horizon=2)
        forecaster.set_fit_request(exog=True).set_score_request(exog=True)
        search = GridSearchCV(
            forecaster,
            {"window_length": [4, 8]},
            cv=TimeSeriesSplit(2, test_size=10),
            scoring=forecast_scorer("r2"),
        ).fit(airline, exog=exog)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
