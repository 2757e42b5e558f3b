"""The ensembles: weights from later samples only, members joined as they say."""

import copy
import inspect
import pickle
import re
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import repeat

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context, get_config
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    clone,
    is_classifier,
    is_regressor,
)
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import (
    CNNClassifier,
    CNNRegressor,
    FlattenWindows,
    HybridEnsembleClassifier,
    HybridEnsembleRegressor,
    LSTMClassifier,
    LSTMRegressor,
    SeriesForecaster,
    SlidingWindow,
    make_windows,
)
from skcnnlstm.ensemble import out_of_fold as room

METHODS = ["mean", "weighted", "stack"]


# ------------------------------------------------------------------- fake members


class Shifted(RegressorMixin, BaseEstimator):
    """Predict the last step plus `shift`; remember what every clone saw, in order."""

    seen = []  # noqa: RUF012 - shared by clones on purpose

    def __init__(self, shift=0.0, random_state=None):
        self.shift = shift
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        self.fitted_, self.weight_ = X, sample_weight
        return self

    def predict(self, X):
        Shifted.seen.append((self.fitted_, X, self.weight_))
        return X[:, -1] + self.shift


class Sure(ClassifierMixin, BaseEstimator):
    """Give the class in the last step probability `sure`, if it was seen in fit."""

    def __init__(self, sure=0.9):
        self.sure = sure

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.codes_ = {code: i for i, code in enumerate(np.unique(X[:, -1]))}
        return self

    def predict_proba(self, X):
        others = (1 - self.sure) / (len(self.classes_) - 1)
        probabilities = np.full((len(X), len(self.classes_)), others)
        for row, code in enumerate(X[:, -1]):
            if code in self.codes_:
                probabilities[row, self.codes_[code]] = self.sure
        return probabilities

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Strict(KNeighborsRegressor):
    """A regressor whose fit takes no weights."""


class Witness(RegressorMixin, BaseEstimator):
    """Predict 0; remember the process's filters and the configuration during fit."""

    def __init__(self, meet=None):
        self.meet = meet

    def fit(self, X, y):
        self.filters_, self.config_ = warnings.filters, get_config()
        if self.meet is not None:
            self.meet()
        return self

    def predict(self, X):
        return np.zeros(len(X))


@pytest.fixture
def seen():
    Shifted.seen.clear()
    yield Shifted.seen
    Shifted.seen.clear()


def numbered(n_samples):
    """Return windows that hold their own number, and that number as the target."""
    X = np.repeat(np.arange(float(n_samples))[:, np.newaxis], 3, axis=1)
    return X, X[:, -1].copy()


def tiny(kind="regressor", **params):
    """Return an ensemble of networks that train in milliseconds."""
    members = {"epochs": 1, "batch_size": 16}
    if kind == "regressor":
        cnn, lstm, ensemble = CNNRegressor, LSTMRegressor, HybridEnsembleRegressor
    else:
        cnn, lstm, ensemble = CNNClassifier, LSTMClassifier, HybridEnsembleClassifier
    return ensemble(
        cnn=cnn(filters=2, dense_units=(), **members),
        lstm=lstm(lstm_units=2, **members),
        **{"n_splits": 2, "random_state": 0} | params,
    )


@pytest.fixture(scope="module")
def wave():
    """Return windows of a noisy wave, their targets, and labels of those."""
    noise = np.random.default_rng(0).normal(size=64)
    X, y = make_windows(np.sin(np.arange(64)) + 0.1 * noise, 4)
    return X, y, np.where(y > 0, "up", "down")


# ------------------------------------------------------------------ folds and time


@pytest.mark.parametrize("gap", [0, 3])
@pytest.mark.parametrize("n_splits", [2, 5])
def test_folds_are_those_of_time_series_split(n_splits, gap):
    expected = TimeSeriesSplit(n_splits, gap=gap).split(np.empty(29))
    folds = room.time_ordered_folds(29, n_splits, gap)
    rows = np.arange(29)
    for (train, test), (train_rows, test_rows) in zip(folds, expected, strict=True):
        np.testing.assert_array_equal(rows[train], train_rows)
        np.testing.assert_array_equal(rows[test], test_rows)


@pytest.mark.parametrize("method", ["weighted", "stack"])
@pytest.mark.parametrize("gap", [0, 2])
def test_members_predict_only_later_samples_than_they_saw(seen, method, gap):
    X, y = numbered(20)
    HybridEnsembleRegressor(
        cnn=Shifted(1), lstm=Shifted(-1), method=method, n_splits=3, validation_gap=gap
    ).fit(X, y)
    assert len(seen) == 6  # two members, three folds; the last fits predict nothing
    for fitted, asked, _ in seen:
        np.testing.assert_array_equal(fitted[:, 0], np.arange(len(fitted)))
        assert asked[:, 0].min() == fitted[:, 0].max() + 1 + gap


def test_mean_needs_no_folds(seen):
    X, y = numbered(1)
    HybridEnsembleRegressor(cnn=Shifted(), lstm=Shifted()).fit(X, y)
    assert seen == []


def test_the_future_moves_no_out_of_fold_prediction(wave):
    X, y, _ = wave
    members = [CNNRegressor(epochs=1, filters=2, dense_units=(), random_state=0)]
    folds = room.time_ordered_folds(len(X), 3, 0)

    def out_of_fold_predictions(X, y):
        asked = None, folds, room.predictions, repeat(nullcontext)
        return room.out_of_fold_predictions(members, X, y, *asked)

    before = out_of_fold_predictions(X, y)[0]
    first_changed = folds[1][1].start
    X, y = X.copy(), y.copy()
    X[first_changed:] += 7
    y[first_changed:] -= 7
    after = out_of_fold_predictions(X, y)[0]
    n_earlier = first_changed - folds[0][1].start
    np.testing.assert_array_equal(before[:n_earlier], after[:n_earlier])
    assert not np.array_equal(before[n_earlier:], after[n_earlier:])


def test_members_see_views_of_the_windows(seen):
    series = np.arange(30.0)
    X, y = make_windows(series, 3)
    ensemble = HybridEnsembleRegressor(
        cnn=Shifted(), lstm=Shifted(), method="weighted", n_splits=2
    ).fit(X, y)
    for fitted, asked, _ in seen:
        assert np.shares_memory(fitted, series)
        assert np.shares_memory(asked, series)
    assert np.shares_memory(ensemble.cnn_.fitted_, series)


def test_members_are_fitted_on_everything_at_the_end():
    X, y = numbered(20)
    ensemble = HybridEnsembleRegressor(
        cnn=Shifted(), lstm=Shifted(), method="stack", n_splits=2
    ).fit(X, y)
    for member in ensemble.estimators_:
        np.testing.assert_array_equal(member.fitted_, X)


# ------------------------------------------------------------------------- weights


def test_mean_is_the_mean_of_the_members(wave):
    X, y, labels = wave
    regressor = tiny().fit(X, y)
    predictions = [member.predict(X) for member in regressor.estimators_]
    np.testing.assert_allclose(
        regressor.predict(X), np.mean(predictions, axis=0), rtol=1e-12
    )
    classifier = tiny("classifier").fit(X, labels)
    probabilities = [member.predict_proba(X) for member in classifier.estimators_]
    np.testing.assert_allclose(
        classifier.predict_proba(X), np.mean(probabilities, axis=0), rtol=1e-12
    )


@pytest.mark.parametrize(
    "shifts, weights",
    [
        ((0, 5), (1, 0)),
        ((5, 0), (0, 1)),
        ((1, -1), (0.5, 0.5)),
        ((1, -3), (0.75, 0.25)),  # 0.75 * 1 - 0.25 * 3 = 0
        ((1, 2), (1, 0)),  # no weight below zero, though 2 * 1 - 1 * 2 = 0
        ((2, 2), (0.5, 0.5)),  # nothing to choose between
    ],
)
def test_weight_goes_to_the_members_that_predict_better(shifts, weights):
    X, y = numbered(20)
    ensemble = HybridEnsembleRegressor(
        cnn=Shifted(shifts[0]), lstm=Shifted(shifts[1]), method="weighted"
    ).fit(X, y)
    np.testing.assert_allclose(ensemble.weights_, weights, atol=1e-12)
    error = np.dot(weights, shifts)
    np.testing.assert_allclose(ensemble.predict(X), y + error, atol=1e-12)


def test_weights_minimise_the_squares_of_all_outputs_by_sample_weight():
    generator = np.random.default_rng(0)
    first, second, y = generator.normal(size=(3, 40, 2))
    weight = generator.uniform(size=40)
    found = room.least_squares_weights(first, second, y, weight)
    shares = np.linspace(0, 1, 10_001)
    losses = [
        (weight[:, np.newaxis] * (y - s * first - (1 - s) * second) ** 2).sum()
        for s in shares
    ]
    assert abs(found[0] - shares[np.argmin(losses)]) <= 1e-4


@pytest.mark.parametrize(
    "n_first, share",
    [(1, 0.0), (2, 0.0), (5, 0.5), (8, 1.0), (9, 1.0)],
)
def test_log_loss_weights_match_the_frequency_of_the_class(n_first, share):
    # One says (0.8, 0.2) of every sample, the other (0.2, 0.8). The best mixture gives
    # the first class its frequency, as far as it reaches.
    first = np.tile([0.8, 0.2], (10, 1))
    codes = np.repeat([0, 1], [n_first, 10 - n_first])
    found = room.log_loss_weights(first, first[:, ::-1], codes)
    np.testing.assert_allclose(found, [share, 1 - share], atol=1e-9)


def test_log_loss_weights_count_sample_weight():
    first = np.tile([0.8, 0.2], (2, 1))
    found = room.log_loss_weights(
        first, first[:, ::-1], np.array([0, 1]), np.array([3.5, 6.5])
    )
    np.testing.assert_allclose(found, [0.25, 0.75], atol=1e-9)


def test_log_loss_weights_are_finite_where_nobody_expected_the_class():
    certain = np.tile([1.0, 0.0], (4, 1))
    codes = np.array([0, 0, 1, 1])
    np.testing.assert_array_equal(
        room.log_loss_weights(certain, certain, codes), [0.5, 0.5]
    )
    found = room.log_loss_weights(certain, certain[:, ::-1], codes)
    np.testing.assert_allclose(found, [0.5, 0.5], atol=1e-9)


@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_learned_weights_are_convex(wave, kind):
    X, y, labels = wave
    ensemble = tiny(kind, method="weighted")
    ensemble.fit(X, y if kind == "regressor" else labels)
    assert ensemble.weights_.shape == (2,)
    assert (ensemble.weights_ >= 0).all()
    assert ensemble.weights_.sum() == pytest.approx(1, abs=1e-12)


# ------------------------------------------------------------------------ stacking


def test_stacking_regression_finds_what_mends_the_members():
    X, y = numbered(24)
    ensemble = HybridEnsembleRegressor(
        cnn=Shifted(3), lstm=Shifted(3), method="stack", n_splits=3
    ).fit(X, y)
    assert (ensemble.final_estimator_.coef_ >= 0).all()
    np.testing.assert_allclose(ensemble.predict(X), y, atol=1e-9)
    assert not hasattr(ensemble, "weights_")


def test_given_final_estimator_is_cloned_and_reads_both_members_side_by_side(wave):
    X, y, _ = wave
    final = Ridge()
    ensemble = tiny(method="stack", final_estimator=final).fit(X, np.c_[y, -y])
    assert ensemble.final_estimator_.n_features_in_ == 4
    assert vars(final) == vars(Ridge())
    said = np.hstack([member.predict(X) for member in ensemble.estimators_])
    np.testing.assert_array_equal(
        ensemble.predict(X), ensemble.final_estimator_.predict(said)
    )


def test_other_methods_do_not_read_the_final_estimator(wave):
    X, y, _ = wave
    ensemble = tiny(method="mean", final_estimator="unread").fit(X, y)
    assert not hasattr(ensemble, "final_estimator_")


# -------------------------------------------------------------------------- classes


@pytest.mark.parametrize("method", METHODS)
def test_labels_may_be_strings_and_probabilities_sum_to_one(wave, method):
    X, _, labels = wave
    classifier = tiny("classifier", method=method).fit(X, labels)
    probabilities = classifier.predict_proba(X)
    assert classifier.classes_.tolist() == ["down", "up"]
    assert probabilities.shape == (len(X), 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(
        classifier.predict(X), classifier.classes_[probabilities.argmax(axis=1)]
    )


@pytest.mark.parametrize("method", METHODS)
def test_classes_may_begin_in_the_middle(method):
    # One class alone for ten samples: no classifier can be fitted before the fold
    # there. The third begins in the last fold: nobody expects it there.
    codes = np.r_[np.zeros(10), np.tile([0.0, 1.0], 7), np.tile([2.0, 1.0], 3)]
    labels = np.array(["calm", "rain", "storm"])[codes.astype(int)]
    classifier = HybridEnsembleClassifier(
        cnn=Sure(0.9), lstm=Sure(0.6), method=method, n_splits=5
    ).fit(codes[:, np.newaxis], labels)
    assert classifier.classes_.tolist() == ["calm", "rain", "storm"]
    assert classifier.predict(codes[:, np.newaxis]).tolist() == labels.tolist()
    if method == "weighted":
        # As sure as they get on what they know; neither knows a storm.
        assert classifier.weights_[0] > 0.99


def test_absent_classes_have_probability_zero_in_their_place():
    X = np.array([[0.0], [2.0]])
    member = Sure(0.9).fit(X, ["a", "c"])
    np.testing.assert_allclose(
        room.probabilities(member, X, np.array(["a", "b", "c"])),
        [[0.9, 0, 0.1], [0.1, 0, 0.9]],
    )


# ------------------------------------------------------------------- what comes back


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(60,), (60, 1), (60, 3)])
def test_predictions_are_float64_of_the_shape_of_the_target(wave, method, shape):
    X, y, _ = wave
    y = np.tile(y[:, np.newaxis], (1, 3))[:, : shape[-1]] if len(shape) > 1 else y
    predicted = tiny(method=method).fit(X.astype(np.float32), y).predict(X)
    assert predicted.shape == shape
    assert predicted.dtype == np.float64


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_same_seed_gives_the_same_bits_for_any_n_jobs(wave, kind, method):
    X, y, labels = wave
    y = y if kind == "regressor" else labels
    first = tiny(kind, method=method).fit(X, y)
    again = tiny(kind, method=method, n_jobs=2).fit(X, y)
    other = tiny(kind, method=method, random_state=1).fit(X, y)
    say = "predict" if kind == "regressor" else "predict_proba"
    np.testing.assert_array_equal(getattr(first, say)(X), getattr(again, say)(X))
    assert not np.array_equal(getattr(first, say)(X), getattr(other, say)(X))


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_threads_that_fit_ensembles_leave_the_warning_filters_alone(n_jobs):
    # At the barrier all fits are under way at once: whatever they entered overlaps.
    # One ensemble starts after the other, as scikit-learn's check_array, which comes
    # first, catches warnings itself.
    n_at_a_time = n_jobs or 1
    entered, barrier = threading.Semaphore(0), threading.Barrier(3 * n_at_a_time)

    def meet():
        entered.release()
        barrier.wait(60)

    ensemble = HybridEnsembleRegressor(
        cnn=Witness(meet), lstm=Witness(meet), method="weighted", n_jobs=n_jobs
    )
    before, content = warnings.filters, list(warnings.filters)
    with ThreadPoolExecutor(3) as pool:
        started = []
        for _ in range(3):
            started.append(pool.submit(clone(ensemble).fit, *numbered(20)))
            assert all(entered.acquire(timeout=60) for _ in range(n_at_a_time))
    fitted = [each.result() for each in started]
    assert warnings.filters is before
    assert warnings.filters == content
    for each in fitted:
        assert each.cnn_.filters_ is each.lstm_.filters_ is before


@pytest.mark.parametrize("n_jobs", [None, 2, -1])
def test_members_are_fitted_with_the_configuration_of_the_caller(n_jobs):
    X, y = numbered(20)
    ensemble = HybridEnsembleRegressor(cnn=Witness(), lstm=Witness(), n_jobs=n_jobs)
    with config_context(transform_output="pandas"):
        ensemble.fit(X, y)
    for member in ensemble.estimators_:
        assert member.config_["transform_output"] == "pandas"


def test_estimators_without_a_seed_get_one_each():
    X, y = numbered(20)
    ensemble = HybridEnsembleRegressor(
        cnn=make_pipeline(StandardScaler(), Shifted()),
        lstm=Shifted(),
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
        cnn=Shifted(random_state=7), lstm=Shifted(), random_state=0
    ).fit(X, y)
    assert kept.cnn_.random_state == 7


def test_fit_changes_no_parameter(wave):
    X, y, _ = wave
    ensemble = tiny(method="stack", epochs=2, final_estimator=Ridge())
    before = {name: repr(value) for name, value in ensemble.get_params().items()}
    members = [vars(ensemble.cnn).copy(), vars(ensemble.lstm).copy()]
    ensemble.fit(X, y)
    after = {name: repr(value) for name, value in ensemble.get_params().items()}
    assert before == after
    assert members == [vars(ensemble.cnn), vars(ensemble.lstm)]
    assert [member.n_epochs_ for member in ensemble.estimators_] == [2, 2]


def test_failed_fit_leaves_the_ensemble_as_it_was(wave):
    X, y, _ = wave
    ensemble = tiny(method="weighted").fit(X, y)
    before = vars(ensemble).copy()
    for params in ({"n_splits": 100}, {"cnn__kernel_size": 0}, {"lstm__epochs": -1}):
        broken = clone(ensemble).set_params(**params)
        ensemble.set_params(**broken.get_params(deep=False))
        with pytest.raises(ValueError):
            ensemble.fit(X, y)
    fitted = {name for name in before if name.endswith("_") or name[0] == "_"}
    assert all(vars(ensemble)[name] is before[name] for name in fitted)


def test_refit_with_another_method_leaves_nothing_of_the_first():
    X, y = numbered(20)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    ensemble = HybridEnsembleRegressor(cnn=Shifted(), lstm=Shifted())
    ensemble.fit(frame, y)
    assert ensemble.feature_names_in_.tolist() == ["a", "b", "c"]
    ensemble.set_params(method="stack").fit(X, y)
    for name in ("weights_", "feature_names_in_"):
        assert not hasattr(ensemble, name)
    ensemble.set_params(method="mean").fit(X, y)
    assert not hasattr(ensemble, "final_estimator_")


def test_error_in_a_fold_says_where_the_fold_is(wave):
    X, y, _ = wave
    ensemble = tiny(method="weighted", validation_gap=1).set_params(
        cnn__early_stopping=True, cnn__validation_gap=30
    )
    with pytest.raises(ValueError, match="early_stopping") as caught:
        ensemble.fit(X, y)
    assert caught.value.__notes__ == [
        "Raised by CNNRegressor on the first 19 samples, fitted to predict samples 20 "
        "to 39: n_splits and validation_gap say where the folds lie."
    ]


# ---------------------------------------------------- missing history and weights


def test_missing_history_is_left_out_of_fit_and_filled_with_one_warning():
    series = np.sin(np.arange(40.0))[:, np.newaxis]
    X = SlidingWindow(4).fit_transform(series)  # (40, 4, 1), three incomplete
    y = series[:, 0]
    ensemble = tiny(method="weighted").fit(X, y)
    complete = tiny(method="weighted").fit(X[3:], y[3:])
    filled = X.copy()
    for row in range(3):
        filled[row, : 3 - row] = series[0]
    message = (
        "3 of 40 samples have no full history: their missing first steps are filled "
        "with their first known one."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$") as caught:
        predicted = ensemble.predict(X)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(predicted, complete.predict(filled))
    assert np.isnan(X[0, 0, 0])  # the caller's windows are not filled


def test_sample_weight_reaches_members_and_what_joins_them(seen):
    X, y = numbered(21)
    weight = np.ones(21)
    weight[0] = 0  # left out
    weight[15:] = 3
    # The members are 1 too high; the target is 2 higher still where the weight is 3.
    y[15:] += 2
    ensemble = HybridEnsembleRegressor(
        cnn=Shifted(0), lstm=Shifted(2), method="weighted", n_splits=1
    ).fit(X, y, sample_weight=weight)
    # Tested: samples 11 to 20, of which 11 to 14 want shift 0 and six want shift 2.
    np.testing.assert_allclose(ensemble.weights_, [4 / 22, 18 / 22])
    np.testing.assert_array_equal(seen[0][2], weight[1:11])
    np.testing.assert_array_equal(ensemble.lstm_.weight_, weight[1:])
    np.testing.assert_array_equal(ensemble.lstm_.fitted_, X[1:])


def test_sample_weight_reaches_the_final_estimator():
    X, y = numbered(20)
    weight = np.arange(1.0, 21)
    ensemble = HybridEnsembleRegressor(
        cnn=Shifted(),
        lstm=Shifted(),
        method="stack",
        final_estimator=Shifted(),
        n_splits=3,
    ).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(ensemble.final_estimator_.weight_, weight[5:])


def test_weight_zero_is_as_good_as_absent(wave):
    X, y, labels = wave
    weight = np.ones(len(X))
    weight[::5] = 0
    kept = weight > 0
    for kind, target in (("regressor", y), ("classifier", labels)):
        for method in METHODS:
            masked = tiny(kind, method=method).fit(X, target, sample_weight=weight)
            absent = tiny(kind, method=method).fit(
                X[kept], target[kept], sample_weight=weight[kept]
            )
            np.testing.assert_array_equal(masked.predict(X), absent.predict(X))


# ------------------------------------------------------------------------ parameters


def test_members_that_stand_for_none_can_be_set():
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


def test_unknown_names_are_refused_and_nothing_is_set():
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
    class Plain(HybridEnsembleRegressor):
        pass

    class Further(HybridEnsembleRegressor):
        def __init__(self, further=0, cnn=None):
            super().__init__(cnn=cnn)
            self.further = further

    assert repr(clone(Plain(n_splits=3))) == "Plain(n_splits=3)"
    assert repr(clone(Further(further=3))) == "Further(further=3)"


@pytest.mark.parametrize("name", ["cnn_", "lstm_"])
def test_members_are_asked_for_after_fit(name):
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


# ----------------------------------------------------------------------- composition


@pytest.mark.parametrize("method", METHODS)
def test_copies_of_a_fitted_ensemble_predict_the_same_bits(wave, tmp_path, method):
    X, _, labels = wave
    ensemble = tiny("classifier", method=method).fit(X, labels)
    joblib.dump(ensemble, tmp_path / "ensemble.joblib")
    for other in (
        pickle.loads(pickle.dumps(ensemble)),
        copy.deepcopy(ensemble),
        joblib.load(tmp_path / "ensemble.joblib"),
        clone(ensemble).fit(X, labels),
    ):
        np.testing.assert_array_equal(other.predict_proba(X), ensemble.predict_proba(X))


def test_grid_search_over_time_series_split_tunes_members_and_method(wave):
    X, y, _ = wave
    search = GridSearchCV(
        HybridEnsembleRegressor(lstm=Shifted(), random_state=0, n_splits=2),
        {"cnn__filters": [2, 3], "cnn__epochs": [1], "method": ["mean", "stack"]},
        cv=TimeSeriesSplit(2),
        error_score="raise",
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = search.best_estimator_
    assert best.cnn_.filters == search.best_params_["cnn__filters"]


def test_members_may_be_pipelines_on_windows_of_several_features():
    series = np.cumsum(np.random.default_rng(0).normal(size=(40, 2)), axis=0)
    X, y = make_windows(series, 4)
    assert X.shape == (36, 4, 2)
    ridge = make_pipeline(FlattenWindows(), Ridge())
    ensemble = HybridEnsembleRegressor(
        cnn=ridge, lstm=clone(ridge).set_params(ridge__alpha=0.1), method="weighted"
    )
    assert ensemble.fit(X, y).predict(X).shape == y.shape
    assert ensemble.n_features_in_ == X.shape[1]


def test_ensemble_ends_a_pipeline_and_stratifies_in_cross_validation(wave):
    X, _, labels = wave
    pipeline = make_pipeline(StandardScaler(), tiny("classifier"))
    predicted = cross_val_predict(pipeline, X, labels, cv=2)
    assert set(predicted) <= {"down", "up"}


def test_forecaster_reaches_members_that_stand_for_none():
    forecaster = SeriesForecaster(
        HybridEnsembleRegressor(epochs=1, random_state=0), window_length=4, horizon=2
    ).fit(np.arange(30.0))
    for member in forecaster.estimator_.estimators_:
        assert member.instance_norm == "last"
    assert forecaster.estimator.cnn is None
    assert forecaster.forecast(3).shape == (3,)


# ----------------------------------------------------------------------------- errors

X20, Y20 = numbered(20)
LABELS = np.repeat(["a", "b"], 10)

REGRESSOR_ERRORS = [
    (
        {"method": "median"},
        {},
        ValueError,
        "method must be a known choice: got method='median' (str). Use one of 'mean', "
        "'weighted', 'stack'.",
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
        "epochs must have an effect on both members: got epochs=3, lstm of type "
        "Shifted, which has no such parameter. Use epochs=None, and set the epochs of "
        "the other member.",
    ),
    (
        {"cnn": CNNRegressor},
        {},
        TypeError,
        "cnn must be None or a regressor, an instance with fit and predict: got "
        "cnn=<class 'skcnnlstm.architectures.cnn.CNNRegressor'> (type). Use "
        "CNNRegressor().",
    ),
    (
        {"lstm": LSTMClassifier()},
        {},
        TypeError,
        "lstm must be None or a regressor, an instance with fit and predict: got "
        "lstm=LSTMClassifier() (LSTMClassifier). Use LSTMRegressor().",
    ),
    (
        {"method": "stack", "final_estimator": "ridge"},
        {},
        TypeError,
        "final_estimator must be None or a regressor, an instance with fit and "
        "predict: got final_estimator='ridge' (str). Use "
        "LinearRegression(positive=True).",
    ),
    (
        {"lstm": Strict()},
        {"sample_weight": np.ones(20)},
        TypeError,
        "sample_weight must be taken by every estimator in the ensemble: got lstm of "
        "type Strict, whose fit has no such parameter. Leave sample_weight out, or use "
        "another estimator there.",
    ),
    (
        {"method": "weighted", "n_splits": 30},
        {},
        ValueError,
        "n_splits must leave samples to train on before every fold: got n_splits=30, "
        "validation_gap=0, n_samples=20 (those with full history and weight). Use "
        "n_splits=19, more samples, or method='mean', which needs no folds.",
    ),
    (
        {"method": "stack", "validation_gap": 19},
        {},
        ValueError,
        "n_splits must leave samples to train on before every fold: got n_splits=5, "
        "validation_gap=19, n_samples=20 (those with full history and weight). Use "
        "more samples, or method='mean', which needs no folds.",
    ),
    (
        {},
        {"y": Y20[:19]},
        ValueError,
        "X and y must have the same number of samples: got X with 20, y with 19. Make "
        "both by make_windows.",
    ),
]

CLASSIFIER_ERRORS = [
    (
        {"lstm": Ridge()},
        {},
        TypeError,
        "lstm must be None or a classifier, an instance with fit and predict_proba: "
        "got lstm=Ridge() (Ridge). Use LSTMClassifier().",
    ),
    (
        {"method": "stack", "final_estimator": LinearRegression()},
        {},
        TypeError,
        "final_estimator must be None or a classifier, an instance with fit and "
        "predict_proba: got final_estimator=LinearRegression() (LinearRegression). Use "
        "LogisticRegression().",
    ),
    (
        {},
        {"y": np.full(20, "a")},
        ValueError,
        "HybridEnsembleClassifier must see two classes at least: got one class, 'a'. "
        "Samples without full history or weight do not count.",
    ),
    (
        {"method": "weighted", "n_splits": 1},
        {},
        ValueError,
        "y must hold two classes before one of the folds at least: got one class, 'a', "
        "in the first 10 of 20 samples. Use method='mean', which needs no folds, or "
        "samples from an earlier time.",
    ),
    (
        {"method": "stack", "n_splits": 3},
        {},
        ValueError,
        "y must hold two classes within the folds for method='stack': got one class, "
        "'b', in the last 5 samples. Use method='mean' or 'weighted', or samples up to "
        "a later time.",
    ),
]


@pytest.mark.parametrize(
    "ensemble, y, params, data, error, message",
    [
        (HybridEnsembleRegressor(cnn=Shifted(), lstm=Shifted()), Y20, *row)
        for row in REGRESSOR_ERRORS
    ]
    + [
        (HybridEnsembleClassifier(cnn=Sure(), lstm=Sure()), LABELS, *row)
        for row in CLASSIFIER_ERRORS
    ],
)
def test_bad_input_is_refused_with_a_way_out(ensemble, y, params, data, error, message):
    ensemble = clone(ensemble).set_params(**params)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        ensemble.fit(**{"X": X20, "y": y} | data)
    assert not [name for name in vars(ensemble) if name.endswith("_")]


def test_windows_of_another_shape_are_refused_at_predict():
    X, y = numbered(20)
    ensemble = HybridEnsembleRegressor(cnn=Shifted(), lstm=Shifted())
    with pytest.raises(NotFittedError):
        ensemble.predict(X)
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


def test_a_fit_and_a_prediction_warn_of_nothing(wave):
    X, y, _ = wave
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tiny(method="stack").fit(X, y).predict(X)


@pytest.mark.parametrize(("n_jobs", "error"), [(0, ValueError), ("two", TypeError)])
def test_n_jobs_that_mean_nothing_are_refused(n_jobs, error):
    ensemble = HybridEnsembleRegressor(epochs=1, n_jobs=n_jobs)
    with pytest.raises(error, match="n_jobs must be None or an integer other than 0"):
        ensemble.fit(np.arange(40.0).reshape(10, 4), np.arange(10.0))
