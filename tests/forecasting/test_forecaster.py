"""SeriesForecaster as a scikit-learn estimator: state, searches, checks."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    ignore_missing_history,
    ridge,
)
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, clone, is_regressor
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted

from skcnnlstm import (
    FlattenWindows,
    SeriesForecaster,
    SubsequenceReshaper,
    forecast_scorer,
)


def test_y_is_ignored_with_a_warning_that_suggests_a_scorer(airline):
    forecaster = SeriesForecaster(ridge(), horizon=3)
    alone = forecaster.fit(airline).forecast()
    with pytest.warns(
        UserWarning, match=r"^y is ignored: .* forecast_scorer\("
    ) as seen:
        with_y = forecaster.fit(airline, np.zeros(7)).forecast()
    assert [warning.filename for warning in seen] == [__file__]
    pd.testing.assert_series_equal(alone, with_y)


@pytest.mark.parametrize("form", [pd.DataFrame, np.asarray])
def test_a_table_given_as_y_suggests_exog(airline, form):
    covariates = form(np.ones((144, 2)))
    remedy = r"Pass covariates that are known ahead as fit\(series, exog=\.\.\.\)\.$"
    with pytest.warns(UserWarning, match=remedy):
        SeriesForecaster(ridge()).fit(airline, covariates)
    with pytest.warns(UserWarning, match=r"off by one step\.$"):
        SeriesForecaster(ridge()).fit(airline, airline)


def test_a_failed_fit_leaves_the_forecaster_unchanged(two_columns):
    forecaster = SeriesForecaster(ridge(), window_length=12, horizon=2)
    before = forecaster.fit(two_columns).forecast()
    state = dict(vars(forecaster))
    for wrong in (two_columns[:5], two_columns["all"].replace(112, np.nan)):
        with pytest.raises(ValueError):
            forecaster.fit(wrong)
    with pytest.raises(TypeError):
        forecaster.set_params(transformer=object()).fit(two_columns)
    forecaster.set_params(transformer="standard")
    assert vars(forecaster) == state
    pd.testing.assert_frame_equal(forecaster.forecast(), before)


def test_a_refit_on_a_series_removes_the_feature_names(two_columns):
    forecaster = SeriesForecaster(ridge()).fit(two_columns)
    assert forecaster.feature_names_in_.tolist() == ["all", "less"]
    assert forecaster.n_features_in_ == 2
    forecaster.fit(two_columns["all"])
    assert not hasattr(forecaster, "feature_names_in_")
    assert forecaster.n_features_in_ == 1


def test_set_params_after_fit_changes_no_forecast_until_the_next_fit(airline):
    forecaster = SeriesForecaster(ridge(), window_length=12, horizon=3).fit(airline)
    before = forecaster.forecast(5)
    forecaster.set_params(window_length=6, horizon=2, transformer="log")
    pd.testing.assert_series_equal(forecaster.forecast(5), before)
    assert len(forecaster.fit(airline).forecast()) == 2


# -------------------------------------------------------------------- model selection


class Descent(RegressorMixin, BaseEstimator):
    """Repeat the last value, off by 1 / epochs: more epochs score higher."""

    def __init__(self, epochs=1):
        self.epochs = epochs

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return X[:, -1, 0] + 1 / self.epochs


SERIES = {
    "series": lambda frame: frame["all"],
    "frame": lambda frame: frame,
    "1-D array": lambda frame: frame["all"].to_numpy(),
    "2-D array": lambda frame: frame.to_numpy(),
}


@pytest.mark.parametrize("form", SERIES.values(), ids=SERIES)
@pytest.mark.parametrize("scoring", [None, forecast_scorer("r2")], ids=str)
def test_searches_take_the_raw_series(two_columns, form, scoring):
    series = form(two_columns)
    forecaster = SeriesForecaster(ridge(), horizon=3)
    grid = {"window_length": [6, 12], "estimator__ridge__alpha": [0.1, 1.0]}
    folds = TimeSeriesSplit(3, test_size=6)
    searches = [
        GridSearchCV(forecaster, grid, cv=folds, scoring=scoring),
        RandomizedSearchCV(
            forecaster, grid, n_iter=4, cv=folds, scoring=scoring, random_state=0
        ),
    ]
    for search in searches:
        search.fit(series)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        best = clone(forecaster).set_params(**search.best_params_).fit(series)
        np.testing.assert_array_equal(
            search.best_estimator_.forecast(), best.forecast()
        )
    first, second = (search.best_params_ for search in searches)
    assert first == second


def test_folds_of_an_array_and_of_a_series_score_alike(two_columns):
    forecaster = SeriesForecaster(ridge(), horizon=2)
    one, other = (
        cross_validate(forecaster, series, cv=TimeSeriesSplit(3))["test_score"]
        for series in (two_columns, two_columns.to_numpy())
    )
    np.testing.assert_allclose(one, other, rtol=1e-12)  # another memory order


def test_several_metrics_and_train_scores_in_one_run(airline):
    names = ("neg_mean_absolute_error", "r2")
    results = cross_validate(
        SeriesForecaster(ridge(), window_length=12),
        airline,
        cv=TimeSeriesSplit(2),
        scoring={name: forecast_scorer(name) for name in names},
        return_train_score=True,
    )
    for name in names:
        assert np.isfinite(results[f"test_{name}"]).all()
        assert np.isfinite(results[f"train_{name}"]).all()


def test_a_halving_search_uses_epochs_as_resource(airline):
    search = HalvingGridSearchCV(
        SeriesForecaster(Descent(), horizon=1),
        {"window_length": [6, 12, 24, 36]},
        resource="estimator__epochs",
        max_resources=8,
        min_resources=2,
        factor=2,
        cv=TimeSeriesSplit(2),
    ).fit(airline)
    assert search.n_resources_ == [2, 4, 8]
    assert search.best_estimator_.estimator_.epochs == 8
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_search_in_two_processes_equals_one_in_one_process(airline, own_workers):
    grid = {"window_length": [6, 12]}
    alone, together = (
        GridSearchCV(
            SeriesForecaster(ridge(), horizon=3),
            grid,
            cv=TimeSeriesSplit(3),
            scoring=forecast_scorer("neg_mean_squared_error"),
            n_jobs=n_jobs,
        ).fit(airline)
        for n_jobs in (1, 2)
    )
    np.testing.assert_allclose(
        alone.cv_results_["mean_test_score"],
        together.cv_results_["mean_test_score"],
        rtol=1e-10,
    )


def test_a_search_inside_cross_validation(airline):
    search = GridSearchCV(
        SeriesForecaster(ridge(), horizon=6),
        {"window_length": [6, 12]},
        cv=TimeSeriesSplit(2),
    )
    scores = cross_validate(
        search,
        airline,
        cv=TimeSeriesSplit(2, test_size=12),
        scoring=forecast_scorer("r2"),
    )
    assert np.isfinite(scores["test_score"]).all()


def test_searches_work_with_metadata_routing(airline):
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            SeriesForecaster(ridge(), horizon=6),
            {"window_length": [6, 12]},
            cv=TimeSeriesSplit(2),
            scoring={"r2": forecast_scorer("r2")},
            refit="r2",
        ).fit(airline)
    assert np.isfinite(search.best_score_)


@pytest.mark.parametrize(
    "grid, message",
    [
        (
            {"window_length": [12, 90]},
            "series must have at least window_length + horizon rows: got 36 rows, "
            "window_length=90, horizon=3. Use a series of 93 rows or more, or shorter "
            "windows.",
        ),
        (
            {"estimator__subsequencereshaper__n_subsequences": [4, 5]},
            "n_subsequences must divide window_length: got ",
        ),
    ],
    ids=["longer than a fold", "cannot be cut"],
)
def test_an_invalid_candidate_scores_nan_and_the_search_continues(
    airline, grid, message
):
    search = GridSearchCV(
        SeriesForecaster(
            make_pipeline(SubsequenceReshaper(4), FlattenWindows(), Ridge()),
            window_length=12,
            horizon=3,
        ),
        grid,
        cv=TimeSeriesSplit(3),
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(airline)
    failed = [w for w in caught if w.category is FitFailedWarning]
    assert len(failed) == 1
    assert message in str(failed[0].message)
    good, bad = search.cv_results_["mean_test_score"]
    assert np.isfinite(good)
    assert np.isnan(bad)
    assert search.best_index_ == 0


def test_shuffled_rows_with_an_index_are_rejected(airline):
    shuffled = KFold(3, shuffle=True, random_state=0)
    with pytest.raises(ValueError, match="All the 3 fits failed"):
        cross_validate(
            SeriesForecaster(ridge()),
            airline.sample(frac=1, random_state=0),
            cv=shuffled,
        )


# ----------------------------------------------------------------- scikit-learn's rules


@pytest.mark.parametrize(
    "check",
    [
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
        "check_estimators_unfitted",
        "check_n_features_in",
        "check_fit_score_takes_y",
        "check_complex_data",
        "check_estimator_sparse_tag",
        "check_estimators_nan_inf",
        "check_estimators_empty_data_messages",
        "check_estimators_pickle",
        "check_dict_unchanged",
        "check_dont_overwrite_parameters",
        "check_estimators_overwrite_params",
        "check_estimators_fit_returns_self",
        "check_readonly_memmap_input",
        "check_n_features_in_after_fitting",
        "check_dataframe_column_names_consistency",
    ],
)
def test_scikit_learn_estimator_checks_pass(check):
    forecaster = SeriesForecaster(ridge(), window_length=3)
    ignore_missing_history(
        getattr(estimator_checks, check), "SeriesForecaster", forecaster
    )


def test_it_is_a_regressor_that_needs_no_target():
    tags = SeriesForecaster(ridge()).__sklearn_tags__()
    assert is_regressor(SeriesForecaster(ridge()))
    assert not tags.target_tags.required
    assert tags.input_tags.two_d_array


def test_nested_parameters_can_be_set(airline):
    forecaster = SeriesForecaster(ridge(), transformer=MinMaxScaler())
    forecaster.set_params(
        estimator__ridge__alpha=7.0, transformer__feature_range=(0, 2)
    )
    assert forecaster.get_params()["estimator__ridge__alpha"] == 7.0
    forecaster.fit(airline)
    assert forecaster.estimator_[-1].alpha == 7.0
    assert forecaster.transformer_.feature_range == (0, 2)
    assert forecaster.estimator is not forecaster.estimator_


def test_all_parameters_except_estimator_are_keyword_only():
    with pytest.raises(TypeError, match="positional argument"):
        SeriesForecaster(ridge(), 12)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))]
)
def test_copies_of_a_fitted_forecaster_forecast_alike(two_columns, copied):
    forecaster = SeriesForecaster(ridge(), horizon=3, transformer="log")
    forecaster.fit(two_columns[:120])
    other = copied(forecaster)
    pd.testing.assert_frame_equal(other.forecast(7), forecaster.forecast(7))
    assert other.score(two_columns[120:]) == forecaster.score(two_columns[120:])


def test_a_clone_is_not_fitted(airline):
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(SeriesForecaster(ridge()).fit(airline)))


def test_the_html_repr_shows_the_nested_estimators(airline):
    html = SeriesForecaster(ridge(), window_length=9).fit(airline)._repr_html_()
    for name in ("SeriesForecaster", "FlattenWindows", "Ridge", "window_length"):
        assert name in html


MONTHS = pd.date_range("1949-01-01", periods=40, freq="MS")
FRAME = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) + 1}, index=MONTHS)


@pytest.mark.parametrize("method", ["forecast", "predict", "score"])
def test_methods_raise_not_fitted_before_fit(method):
    arguments = () if method == "forecast" else (FRAME,)
    with pytest.raises(NotFittedError, match="SeriesForecaster instance is not fitted"):
        getattr(SeriesForecaster(ridge()), method)(*arguments)
