"""Test what both ensembles share: fit, seeds, weights and parameters."""

import inspect
import re
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from ensemble_members import (
    LastStepClassifier,
    Recorder,
    ShiftedLastStep,
    WithoutWeights,
    numbered_windows,
    tiny_ensemble,
)
from sklearn import config_context
from sklearn.base import (
    clone,
    is_classifier,
    is_regressor,
)
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import (
    CNNRegressor,
    HybridEnsembleClassifier,
    HybridEnsembleRegressor,
    LSTMClassifier,
    SlidingWindow,
    make_windows,
)

METHODS = ["mean", "weighted", "stack"]


@pytest.mark.parametrize("method", ["weighted", "stack"])
@pytest.mark.parametrize("gap", [0, 2])
def test_members_predict_only_later_samples_than_they_were_fitted_on(
    predict_calls, method, gap
):
    X, y = numbered_windows(20)
    HybridEnsembleRegressor(
        cnn=ShiftedLastStep(1),
        lstm=ShiftedLastStep(-1),
        method=method,
        n_splits=3,
        validation_gap=gap,
    ).fit(X, y)
    assert (
        len(predict_calls) == 6
    )  # two members, three folds; the last fits predict nothing
    for fitted, predicted, _ in predict_calls:
        np.testing.assert_array_equal(fitted[:, 0], np.arange(len(fitted)))
        assert predicted[:, 0].min() == fitted[:, 0].max() + 1 + gap


def test_mean_needs_no_folds(predict_calls):
    X, y = numbered_windows(1)
    HybridEnsembleRegressor(cnn=ShiftedLastStep(), lstm=ShiftedLastStep()).fit(X, y)
    assert predict_calls == []


def test_members_read_views_of_the_windows(predict_calls):
    series = np.arange(30.0)
    X, y = make_windows(series, 3)
    ensemble = HybridEnsembleRegressor(
        cnn=ShiftedLastStep(), lstm=ShiftedLastStep(), method="weighted", n_splits=2
    ).fit(X, y)
    for fitted, predicted, _ in predict_calls:
        assert np.shares_memory(fitted, series)
        assert np.shares_memory(predicted, series)
    assert np.shares_memory(ensemble.cnn_.fitted_, series)


def test_members_are_finally_fitted_on_all_samples():
    X, y = numbered_windows(20)
    ensemble = HybridEnsembleRegressor(
        cnn=ShiftedLastStep(), lstm=ShiftedLastStep(), method="stack", n_splits=2
    ).fit(X, y)
    for member in ensemble.estimators_:
        np.testing.assert_array_equal(member.fitted_, X)


def test_mean_is_the_mean_of_the_members(wave):
    X, y, labels = wave
    regressor = tiny_ensemble().fit(X, y)
    predictions = [member.predict(X) for member in regressor.estimators_]
    np.testing.assert_allclose(
        regressor.predict(X), np.mean(predictions, axis=0), rtol=1e-12
    )
    classifier = tiny_ensemble("classifier").fit(X, labels)
    probabilities = [member.predict_proba(X) for member in classifier.estimators_]
    np.testing.assert_allclose(
        classifier.predict_proba(X), np.mean(probabilities, axis=0), rtol=1e-12
    )


@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_learned_weights_are_convex(wave, kind):
    X, y, labels = wave
    ensemble = tiny_ensemble(kind, method="weighted")
    ensemble.fit(X, y if kind == "regressor" else labels)
    assert ensemble.weights_.shape == (2,)
    assert (ensemble.weights_ >= 0).all()
    assert ensemble.weights_.sum() == pytest.approx(1, abs=1e-12)


def test_final_estimator_is_cloned_and_fitted_on_both_members_side_by_side(wave):
    X, y, _ = wave
    final = Ridge()
    ensemble = tiny_ensemble(method="stack", final_estimator=final).fit(X, np.c_[y, -y])
    assert ensemble.final_estimator_.n_features_in_ == 4
    assert vars(final) == vars(Ridge())
    outputs = np.hstack([member.predict(X) for member in ensemble.estimators_])
    np.testing.assert_array_equal(
        ensemble.predict(X), ensemble.final_estimator_.predict(outputs)
    )


def test_other_methods_ignore_the_final_estimator(wave):
    X, y, _ = wave
    ensemble = tiny_ensemble(method="mean", final_estimator="ignored").fit(X, y)
    assert not hasattr(ensemble, "final_estimator_")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_fits_with_one_seed_are_bit_identical_for_any_n_jobs(wave, kind, method):
    X, y, labels = wave
    y = y if kind == "regressor" else labels
    first = tiny_ensemble(kind, method=method).fit(X, y)
    again = tiny_ensemble(kind, method=method, n_jobs=2).fit(X, y)
    other = tiny_ensemble(kind, method=method, random_state=1).fit(X, y)
    name = "predict" if kind == "regressor" else "predict_proba"
    np.testing.assert_array_equal(getattr(first, name)(X), getattr(again, name)(X))
    assert not np.array_equal(getattr(first, name)(X), getattr(other, name)(X))


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_fits_in_threads_leave_the_warning_filters_unchanged(n_jobs):
    # At the barrier all fits run at once, so that their context managers overlap. The
    # ensembles start one after another, because scikit-learn's check_array, which runs
    # first, itself changes the filters for a moment.
    n_at_a_time = n_jobs or 1
    entered, barrier = threading.Semaphore(0), threading.Barrier(3 * n_at_a_time)

    def meet():
        entered.release()
        barrier.wait(60)

    ensemble = HybridEnsembleRegressor(
        cnn=Recorder(meet), lstm=Recorder(meet), method="weighted", n_jobs=n_jobs
    )
    before, content = warnings.filters, list(warnings.filters)
    with ThreadPoolExecutor(3) as pool:
        started = []
        for _ in range(3):
            started.append(pool.submit(clone(ensemble).fit, *numbered_windows(20)))
            assert all(entered.acquire(timeout=60) for _ in range(n_at_a_time))
    fitted = [each.result() for each in started]
    assert warnings.filters is before
    assert warnings.filters == content
    for each in fitted:
        assert each.cnn_.filters_ is each.lstm_.filters_ is before


@pytest.mark.parametrize("n_jobs", [None, 2, -1])
def test_members_are_fitted_with_the_configuration_of_the_caller(n_jobs):
    X, y = numbered_windows(20)
    ensemble = HybridEnsembleRegressor(cnn=Recorder(), lstm=Recorder(), n_jobs=n_jobs)
    with config_context(transform_output="pandas"):
        ensemble.fit(X, y)
    for member in ensemble.estimators_:
        assert member.config_["transform_output"] == "pandas"


def test_estimators_without_a_seed_get_different_seeds():
    X, y = numbered_windows(20)
    ensemble = HybridEnsembleRegressor(
        cnn=make_pipeline(StandardScaler(), ShiftedLastStep()),
        lstm=ShiftedLastStep(),
        method="stack",
        final_estimator=RandomForestRegressor(2),
        random_state=0,
    ).fit(X, y)
    seeds = [
        ensemble.cnn_[-1].random_state,
        ensemble.lstm_.random_state,
        ensemble.final_estimator_.random_state,
    ]
    assert None not in seeds
    assert len(set(seeds)) == 3
    kept = HybridEnsembleRegressor(
        cnn=ShiftedLastStep(random_state=7), lstm=ShiftedLastStep(), random_state=0
    ).fit(X, y)
    assert kept.cnn_.random_state == 7


def test_fit_changes_no_parameter(wave):
    X, y, _ = wave
    ensemble = tiny_ensemble(method="stack", epochs=2, final_estimator=Ridge())
    before = {name: repr(value) for name, value in ensemble.get_params().items()}
    members = [vars(ensemble.cnn).copy(), vars(ensemble.lstm).copy()]
    ensemble.fit(X, y)
    after = {name: repr(value) for name, value in ensemble.get_params().items()}
    assert before == after
    assert members == [vars(ensemble.cnn), vars(ensemble.lstm)]
    assert [member.n_epochs_ for member in ensemble.estimators_] == [2, 2]


def test_failed_fit_leaves_the_ensemble_unchanged(wave):
    X, y, _ = wave
    ensemble = tiny_ensemble(method="weighted").fit(X, y)
    before = vars(ensemble).copy()
    for params in ({"n_splits": 100}, {"cnn__kernel_size": 0}, {"lstm__epochs": -1}):
        broken = clone(ensemble).set_params(**params)
        ensemble.set_params(**broken.get_params(deep=False))
        with pytest.raises(ValueError):
            ensemble.fit(X, y)
    fitted = {name for name in before if name.endswith("_") or name[0] == "_"}
    assert all(vars(ensemble)[name] is before[name] for name in fitted)


def test_refit_with_another_method_removes_the_attributes_of_the_first():
    X, y = numbered_windows(20)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    ensemble = HybridEnsembleRegressor(cnn=ShiftedLastStep(), lstm=ShiftedLastStep())
    ensemble.fit(frame, y)
    assert ensemble.feature_names_in_.tolist() == ["a", "b", "c"]
    ensemble.set_params(method="stack").fit(X, y)
    for name in ("weights_", "feature_names_in_"):
        assert not hasattr(ensemble, name)
    ensemble.set_params(method="mean").fit(X, y)
    assert not hasattr(ensemble, "final_estimator_")


def test_missing_history_is_left_out_of_fit_and_filled_with_one_warning():
    series = np.sin(np.arange(40.0))[:, np.newaxis]
    X = SlidingWindow(4).fit_transform(series)  # (40, 4, 1), three incomplete
    y = series[:, 0]
    ensemble = tiny_ensemble(method="weighted").fit(X, y)
    complete = tiny_ensemble(method="weighted").fit(X[3:], y[3:])
    filled = X.copy()
    for row in range(3):
        filled[row, : 3 - row] = series[0]
    message = (
        "3 of 40 samples have no full history: their missing first steps are filled "
        "with the first known step."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}") as caught:
        predicted = ensemble.predict(X)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(predicted, complete.predict(filled))
    assert np.isnan(X[0, 0, 0])  # the caller's windows are unchanged


def test_sample_weight_reaches_the_members_and_the_learned_weights(predict_calls):
    X, y = numbered_windows(21)
    weight = np.ones(21)
    weight[0] = 0  # left out
    weight[15:] = 3
    # The target is 2 higher where the weight is 3, as the second member predicts.
    y[15:] += 2
    ensemble = HybridEnsembleRegressor(
        cnn=ShiftedLastStep(0), lstm=ShiftedLastStep(2), method="weighted", n_splits=1
    ).fit(X, y, sample_weight=weight)
    # The fold is samples 11 to 20. The first four need shift 0, six need shift 2.
    np.testing.assert_allclose(ensemble.weights_, [4 / 22, 18 / 22])
    np.testing.assert_array_equal(predict_calls[0][2], weight[1:11])
    np.testing.assert_array_equal(ensemble.lstm_.weight_, weight[1:])
    np.testing.assert_array_equal(ensemble.lstm_.fitted_, X[1:])


def test_sample_weight_reaches_the_final_estimator():
    X, y = numbered_windows(20)
    weight = np.arange(1.0, 21)
    ensemble = HybridEnsembleRegressor(
        cnn=ShiftedLastStep(),
        lstm=ShiftedLastStep(),
        method="stack",
        final_estimator=ShiftedLastStep(),
        n_splits=3,
    ).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(ensemble.final_estimator_.weight_, weight[5:])


def test_samples_of_weight_zero_have_no_effect(wave):
    X, y, labels = wave
    weight = np.ones(len(X))
    weight[::5] = 0
    kept = weight > 0
    for kind, target in (("regressor", y), ("classifier", labels)):
        for method in METHODS:
            zero_weight = tiny_ensemble(kind, method=method).fit(
                X, target, sample_weight=weight
            )
            left_out = tiny_ensemble(kind, method=method).fit(
                X[kept], target[kept], sample_weight=weight[kept]
            )
            np.testing.assert_array_equal(zero_weight.predict(X), left_out.predict(X))


def test_nested_names_replace_members_that_are_none():
    ensemble = HybridEnsembleRegressor()
    assert ensemble.get_params()["cnn__filters"] == CNNRegressor().filters
    assert ensemble.get_params(deep=False)["cnn"] is None
    ensemble.set_params(cnn__filters=7, cnn__epochs=2, n_splits=3)
    assert repr(ensemble) == (
        "HybridEnsembleRegressor(cnn=CNNRegressor(epochs=2, filters=7), n_splits=3)"
    )
    assert ensemble.lstm is None
    ensemble.set_params(cnn__filters=8)
    assert (ensemble.cnn.filters, ensemble.cnn.epochs) == (8, 2)
    ensemble.set_params(cnn=None, cnn__epochs=3)
    assert (ensemble.cnn.filters, ensemble.cnn.epochs) == (64, 3)


def test_unknown_names_raise_and_set_nothing():
    ensemble = HybridEnsembleClassifier()
    with pytest.raises(ValueError, match="Invalid parameter 'filter' for estimator"):
        ensemble.set_params(cnn__filter=3)
    with pytest.raises(ValueError, match="Invalid parameter 'filters' for estimator"):
        ensemble.set_params(filters=3)
    assert ensemble.cnn is None


@pytest.mark.parametrize(
    "ensemble", [HybridEnsembleRegressor, HybridEnsembleClassifier]
)
def test_errors_about_arguments_name_the_class(ensemble):
    message = f"{ensemble.__name__}.__init__() got an unexpected keyword argument 'foo'"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}"):
        ensemble(foo=1)
    with pytest.raises(TypeError, match=f"^{ensemble.__name__}.__init__"):
        ensemble(CNNRegressor())


def test_a_subclass_needs_neither_docstring_nor_parameters_of_its_own():
    class Subclass(HybridEnsembleRegressor):
        pass

    class WithParameter(HybridEnsembleRegressor):
        def __init__(self, further=0, cnn=None):
            super().__init__(cnn=cnn)
            self.further = further

    assert repr(clone(Subclass(n_splits=3))) == "Subclass(n_splits=3)"
    assert repr(clone(WithParameter(further=3))) == "WithParameter(further=3)"


@pytest.mark.parametrize("name", ["cnn_", "lstm_"])
def test_fitted_members_exist_only_after_fit(name):
    ensemble = HybridEnsembleRegressor()
    assert not hasattr(ensemble, name)
    with pytest.raises(NotFittedError, match="HybridEnsembleRegressor instance is not"):
        getattr(ensemble, name)


@pytest.mark.parametrize(
    "ensemble", [HybridEnsembleRegressor, HybridEnsembleClassifier]
)
def test_every_parameter_is_documented_in_order(ensemble):
    section = ensemble.__doc__.split("Attributes\n")[0].split("Parameters\n")[1]
    documented = re.findall(r"^(\w+) :", section, flags=re.M)
    assert documented == list(inspect.signature(ensemble).parameters)


def test_kind_and_tags():
    assert is_regressor(HybridEnsembleRegressor())
    assert is_classifier(HybridEnsembleClassifier())
    tags = HybridEnsembleRegressor(random_state=0).__sklearn_tags__()
    assert tags.target_tags.multi_output
    assert not tags.non_deterministic
    assert HybridEnsembleClassifier().__sklearn_tags__().non_deterministic


def test_grid_search_over_time_series_split_tunes_members_and_method(wave):
    X, y, _ = wave
    search = GridSearchCV(
        HybridEnsembleRegressor(lstm=ShiftedLastStep(), random_state=0, n_splits=2),
        {"cnn__filters": [2, 3], "cnn__epochs": [1], "method": ["mean", "stack"]},
        cv=TimeSeriesSplit(2),
        error_score="raise",
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = search.best_estimator_
    assert best.cnn_.filters == search.best_params_["cnn__filters"]


X20, Y20 = numbered_windows(20)
LABELS = np.repeat(["a", "b"], 10)


REGRESSOR_ERRORS = [
    (
        {"method": "median"},
        {},
        ValueError,
        "method must be one of 'mean', 'weighted', 'stack': got method='median'.",
    ),
    (
        {"n_splits": 0},
        {},
        ValueError,
        "n_splits must be an integer >= 1: got n_splits=0. Use a whole number, 1 or "
        "more.",
    ),
    (
        {"validation_gap": 1.5},
        {},
        TypeError,
        "validation_gap must be an integer >= 0: got validation_gap=1.5 (float). Use a "
        "whole number, 0 or more.",
    ),
    (
        {"epochs": 0, "cnn": None, "lstm": None},
        {},
        ValueError,
        "epochs must be an integer >= 1: got epochs=0. Use a whole number, 1 or more.",
    ),
    (
        {"epochs": 3, "cnn": CNNRegressor()},
        {},
        ValueError,
        "epochs must have an effect on both members: got epochs=3, but lstm of type "
        "ShiftedLastStep has no parameter epochs. Use epochs=None, and set the epochs "
        "of the other member.",
    ),
    (
        {"cnn": CNNRegressor},
        {},
        TypeError,
        "cnn must be None or a regressor instance that has fit and predict: got "
        "cnn=<class 'skcnnlstm.architectures.cnn.CNNRegressor'> (type). Use "
        "CNNRegressor().",
    ),
    (
        {"lstm": LSTMClassifier()},
        {},
        TypeError,
        "lstm must be None or a regressor instance that has fit and predict: got "
        "lstm=LSTMClassifier() (LSTMClassifier). Use LSTMRegressor().",
    ),
    (
        {"method": "stack", "final_estimator": "ridge"},
        {},
        TypeError,
        "final_estimator must be None or a regressor instance that has fit and "
        "predict: got final_estimator='ridge' (str). Use "
        "LinearRegression(positive=True).",
    ),
    (
        {"lstm": WithoutWeights()},
        {"sample_weight": np.ones(20)},
        TypeError,
        "sample_weight must be accepted by every estimator in the ensemble: got lstm "
        "of type WithoutWeights, whose fit has no such parameter. Omit sample_weight, "
        "or use another estimator.",
    ),
    (
        {"method": "weighted", "n_splits": 30},
        {},
        ValueError,
        "n_splits must leave training samples before every fold: got n_splits=30, "
        "validation_gap=0, n_samples=20 (those with full history and nonzero weight). "
        "Use n_splits=19, more samples, or method='mean', which needs no folds.",
    ),
    (
        {"method": "stack", "validation_gap": 19},
        {},
        ValueError,
        "n_splits must leave training samples before every fold: got n_splits=5, "
        "validation_gap=19, n_samples=20 (those with full history and nonzero weight). "
        "Use more samples, or method='mean', which needs no folds.",
    ),
    (
        {},
        {"y": Y20[:19]},
        ValueError,
        "X and y must have the same number of samples: got 20 in X and 19 in y. Use "
        "make_windows, which returns X and y of the same length.",
    ),
]


CLASSIFIER_ERRORS = [
    (
        {"lstm": Ridge()},
        {},
        TypeError,
        "lstm must be None or a classifier instance that has fit and predict_proba: "
        "got lstm=Ridge() (Ridge). Use LSTMClassifier().",
    ),
    (
        {"method": "stack", "final_estimator": LinearRegression()},
        {},
        TypeError,
        "final_estimator must be None or a classifier instance that has fit and "
        "predict_proba: got final_estimator=LinearRegression() (LinearRegression). Use "
        "LogisticRegression().",
    ),
    (
        {},
        {"y": np.full(20, "a")},
        ValueError,
        "y must contain at least two classes: got one class, 'a', in the samples with "
        "full history and nonzero weight. Use samples of more classes.",
    ),
    (
        {"method": "weighted", "n_splits": 1},
        {},
        ValueError,
        "y must contain two classes in at least one training part: got one class, "
        "'a', in the first 10 of 20 samples. Use method='mean', which needs no folds, "
        "or add earlier samples.",
    ),
    (
        {"method": "stack", "n_splits": 3},
        {},
        ValueError,
        "y must contain two classes in the test parts of the folds for "
        "method='stack': got one class, 'b', in the last 5 samples. Use method='mean' "
        "or 'weighted', or add later samples.",
    ),
]


@pytest.mark.parametrize(
    "ensemble, y, params, data, error, message",
    [
        (
            HybridEnsembleRegressor(cnn=ShiftedLastStep(), lstm=ShiftedLastStep()),
            Y20,
            *row,
        )
        for row in REGRESSOR_ERRORS
    ]
    + [
        (
            HybridEnsembleClassifier(
                cnn=LastStepClassifier(), lstm=LastStepClassifier()
            ),
            LABELS,
            *row,
        )
        for row in CLASSIFIER_ERRORS
    ],
)
def test_invalid_input_raises_the_exact_message(
    ensemble, y, params, data, error, message
):
    ensemble = clone(ensemble).set_params(**params)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        ensemble.fit(**{"X": X20, "y": y} | data)
    assert not [name for name in vars(ensemble) if name.endswith("_")]


@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_predict_before_fit_raises_not_fitted_error(kind):
    with pytest.raises(NotFittedError):
        tiny_ensemble(kind).predict(X20)


def test_windows_of_another_shape_raise_in_predict():
    X, y = numbered_windows(20)
    ensemble = HybridEnsembleRegressor(cnn=ShiftedLastStep(), lstm=ShiftedLastStep())
    ensemble.fit(X, y)
    with pytest.raises(
        ValueError,
        match=(
            "^X has 2 features, but HybridEnsembleRegressor is expecting 3 features as "
            r"input\.$"
        ),
    ):
        ensemble.predict(X[:, :2])
    with pytest.raises(ValueError, match=r"fitted on windows of shape \(3,\)"):
        ensemble.predict(X[..., np.newaxis])


def test_fit_and_predict_do_not_warn(wave):
    X, y, _ = wave
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tiny_ensemble(method="stack").fit(X, y).predict(X)


@pytest.mark.parametrize(("n_jobs", "error"), [(0, ValueError), ("two", TypeError)])
def test_invalid_n_jobs_raises(n_jobs, error):
    ensemble = HybridEnsembleRegressor(epochs=1, n_jobs=n_jobs)
    with pytest.raises(error, match="n_jobs must be None or an integer other than 0"):
        ensemble.fit(np.arange(40.0).reshape(10, 4), np.arange(10.0))


@pytest.mark.parametrize("fitted", METHODS)
@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_predictions_do_not_depend_on_parameters_set_after_fit(wave, kind, fitted):
    X, y, labels = wave
    ensemble = tiny_ensemble(kind, method=fitted)
    ensemble.fit(X, y if kind == "regressor" else labels)
    before = ensemble.predict(X)
    for method in METHODS:
        ensemble.set_params(
            method=method, cnn=None, lstm=None, epochs=9, n_splits=1, random_state=None
        )
        np.testing.assert_array_equal(ensemble.predict(X), before)
