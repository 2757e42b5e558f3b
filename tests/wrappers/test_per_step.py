"""Tests of targets of each step of a window."""

import pickle
import re

import keras
import numpy as np
import pandas as pd
import pytest
from exported_models import RUN, skip_without_converter
from networks import check_fit_raises, class_name
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneGroupOut

import skcnnlstm
from skcnnlstm import (
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    DeepConvLSTMClassifier,
    DeepConvLSTMRegressor,
    HybridClassifier,
    HybridRegressor,
    LSTMClassifier,
    LSTMRegressor,
    SeriesForecaster,
    TCNLSTMClassifier,
    TCNLSTMRegressor,
)
from skcnnlstm.exporting import export
from skcnnlstm.inspection import attribute
from skcnnlstm.wrappers.per_step import check_step_target, count_steps

TINY = {"epochs": 2, "batch_size": 16, "random_state": 0, "per_step": True}
DEEP = {"filters": 4, "lstm_units": 3}

CLASSIFIERS = [
    LSTMClassifier(lstm_units=3, **TINY),
    CNNLSTMClassifier(filters=4, lstm_units=3, **TINY),
    DeepConvLSTMClassifier(**DEEP, **TINY),
    TCNLSTMClassifier(filters=4, lstm_units=3, **TINY),
]
REGRESSORS = [
    LSTMRegressor(lstm_units=3, **TINY),
    CNNLSTMRegressor(filters=4, lstm_units=3, **TINY),
    DeepConvLSTMRegressor(**DEEP, **TINY),
    TCNLSTMRegressor(filters=4, lstm_units=3, **TINY),
]


@pytest.fixture
def steps():
    """Windows of 8 steps and 2 features, and the sign of the first one at each step."""
    X = np.random.default_rng(0).standard_normal((24, 8, 2))
    return X, np.where(X[..., 0] > 0, "up", "down")


def lstm(**params):
    return LSTMClassifier(**{"lstm_units": 3, **TINY, **params})


# ------------------------------------------------------------------------- shapes


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=class_name)
def test_a_classifier_predicts_each_step(classifier, steps):
    X, y = steps
    classifier = clone(classifier).fit(X, y)
    probabilities = classifier.predict_proba(X)
    assert probabilities.shape == (24, 8, 2)
    np.testing.assert_allclose(probabilities.sum(axis=2), 1, rtol=1e-12)
    predicted = classifier.predict(X)
    np.testing.assert_array_equal(
        predicted, classifier.classes_[probabilities.argmax(axis=2)]
    )
    assert classifier.score(X, y) == accuracy_score(y.ravel(), predicted.ravel())


@pytest.mark.heavy
@pytest.mark.parametrize("regressor", REGRESSORS, ids=class_name)
def test_a_regressor_predicts_each_step(regressor, steps):
    X, _ = steps
    y = X[..., 0] + 100
    regressor = clone(regressor).fit(X, y)
    predicted = regressor.predict(X)
    assert predicted.shape == y.shape
    assert abs(predicted.mean() - 100) < 3  # the scale of y is restored
    assert regressor.score(X, y) == r2_score(y.ravel(), predicted.ravel())


def test_the_number_of_steps_depends_on_the_axes_of_a_sample():
    assert count_steps((12,)) == count_steps((12, 2)) == 12
    assert count_steps((3, 4, 2)) == 12  # subsequences
    assert count_steps((5, 8, 9, 1)) == 5  # frames


def test_the_network_learns_the_label_of_each_step(steps):
    X, y = steps
    classifier = lstm(epochs=60, learning_rate=0.1).fit(X, y)
    assert classifier.score(X, y) > 0.95


def test_a_forward_lstm_predicts_a_step_from_earlier_steps_only(steps):
    X, y = steps
    changed = X.copy()
    changed[:, 5:] += 1
    classifier = lstm().fit(X, y)
    before, after = classifier.predict_proba(X), classifier.predict_proba(changed)
    np.testing.assert_array_equal(before[:, :5], after[:, :5])
    assert (before[:, 5:] != after[:, 5:]).any()


@pytest.mark.heavy
def test_a_bidirectional_lstm_predicts_a_step_from_the_whole_window(steps):
    X, y = steps
    changed = X.copy()
    changed[:, 5:] += 1
    classifier = lstm(bidirectional=True).fit(X, y)
    before, after = classifier.predict_proba(X), classifier.predict_proba(changed)
    assert (before[:, 0] != after[:, 0]).any()


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:n_subsequences='auto' leaves each window")
def test_padded_windows_and_subsequences_have_one_prediction_per_own_step():
    X = np.random.default_rng(0).standard_normal((16, 13))  # padded to 16 steps
    regressor = clone(REGRESSORS[1]).fit(X, X)
    assert regressor.predict(X).shape == (16, 13)
    cut = X[:, 1:].reshape(16, 3, 4, 1)
    assert regressor.fit(cut, X[:, 1:]).predict(cut).shape == (16, 12)
    with pytest.raises(ValueError, match="expecting samples of shape"):
        regressor.predict(cut[:, 1:])


@pytest.mark.heavy
def test_quantiles_of_each_step_ascend(steps):
    X, _ = steps
    regressor = LSTMRegressor(lstm_units=3, quantiles=(0.1, 0.5, 0.9), **TINY)
    y = X[..., 0].copy()
    y[:, :3] = np.nan
    quantiles = regressor.fit(X, y).predict_quantiles(X)
    assert quantiles.shape == (24, 8, 3)
    assert (np.diff(quantiles) >= 0).all()
    np.testing.assert_array_equal(regressor.predict(X), quantiles[..., 1])
    copy = pickle.loads(pickle.dumps(regressor))
    np.testing.assert_array_equal(copy.predict_quantiles(X), quantiles)


# ------------------------------------------------------------------ unknown steps


@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_unknown_steps_change_neither_the_fit_nor_the_score(name, steps):
    X, y = steps
    if name == "regressor":
        y, estimator = X[..., 1], LSTMRegressor(lstm_units=3, **TINY)
    else:
        y, estimator = y.astype(object), lstm(metrics=["accuracy"])
    unknown = np.zeros(y.shape, bool)
    unknown[::2, 6:] = True
    partly = y.copy()
    partly[unknown] = np.nan
    fitted = clone(estimator).fit(X, partly)
    assert np.isfinite(fitted.history_["loss"]).all()
    assert fitted.score(X, partly) != fitted.score(X, y)
    metric = r2_score if name == "regressor" else accuracy_score
    expected = metric(y[~unknown].tolist(), fitted.predict(X)[~unknown])
    assert fitted.score(X, partly) == expected
    weight = np.linspace(0.5, 2, len(X))
    repeated = np.repeat(weight[:, None], 8, axis=1)[~unknown].astype(np.float32)
    expected = metric(
        y[~unknown].tolist(), fitted.predict(X)[~unknown], sample_weight=repeated
    )
    assert fitted.score(X, partly, sample_weight=weight) == pytest.approx(expected)


def test_the_fit_does_not_depend_on_the_inputs_of_unknown_later_steps(steps):
    X, y = steps
    y = y.astype(object)
    y[:, 6:] = None
    changed = X.copy()
    changed[:, 6:] += 1
    # Standardization reads every step.
    first = lstm(standardize=False).fit(X, y).predict_proba(X)
    second = lstm(standardize=False).fit(changed, y).predict_proba(X)
    np.testing.assert_array_equal(first, second)


def test_metrics_leave_out_unknown_steps(steps):
    X, y = steps
    y = np.where(y == "up", 1.0, 0.0)
    y[:, 4:] = np.nan
    classifier = lstm(metrics=["accuracy"], learning_rate=1e-9).fit(X, y)
    assert classifier.history_["accuracy"][0] == pytest.approx(
        accuracy_score(y[:, :4].ravel(), classifier.predict(X)[:, :4].ravel())
    )


def test_samples_without_a_known_step_are_left_out(steps):
    X, _ = steps
    y = X[..., 0].copy()
    y[20:] = np.nan
    regressor = LSTMRegressor(lstm_units=3, **TINY)
    some = clone(regressor).fit(X, y).predict(X)
    np.testing.assert_array_equal(regressor.fit(X[:20], y[:20]).predict(X), some)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([[0, None], [1, 0]], [0, 1]),
        ([["a", np.nan], ["b", "a"]], ["a", "b"]),
        (np.array([[0.0, np.nan], [1.0, 0.0]]), [0.0, 1.0]),
        (pd.DataFrame([[0, pd.NA], [1, 0]], dtype="Int64"), [0, 1]),
        (pd.DataFrame([["a", None], ["b", "a"]]), ["a", "b"]),
        (np.ma.array([[0, 7], [1, 0]], mask=[[0, 1], [0, 0]]), [0, 1]),
        (np.array([[-1, -1], [1, -1]]), [-1, 1]),  # -1 is a class
    ],
)
def test_a_missing_value_marks_an_unknown_step(labels, classes):
    y = check_step_target(labels, (2, 2), estimator=LSTMClassifier())
    assert np.unique(y.compressed()).tolist() == classes
    expected = [[False, -1 not in classes], [False, False]]
    np.testing.assert_array_equal(np.ma.getmaskarray(y), expected)


@pytest.mark.heavy
def test_sequences_of_different_lengths_are_padded(steps):
    X, y = steps
    X, y = X.copy(), y.astype(object)
    X[:12, 5:], y[:12, 5:] = np.nan, None
    classifier = lstm(missing="mask").fit(X, y)
    assert classifier.predict(X).shape == y.shape


# ------------------------------------------------------------------------ weights


def test_weight_zero_and_class_weights_apply_to_steps(steps):
    X, y = steps
    weight = np.r_[np.ones(16), np.zeros(8)]
    without = lstm().fit(X[:16], y[:16]).predict_proba(X)
    weighted = lstm().fit(X, y, sample_weight=weight).predict_proba(X)
    np.testing.assert_array_equal(without, weighted)
    up = [
        lstm(class_weight={"up": w, "down": 1}, epochs=10).fit(X, y).predict_proba(X)
        for w in (1, 50)
    ]
    assert up[1][..., 1].mean() > up[0][..., 1].mean()


@pytest.mark.heavy
@pytest.mark.parametrize("loss", ["categorical_crossentropy", "binary_crossentropy"])
def test_losses_that_are_not_sparse_read_one_column_per_class(loss, steps):
    X, y = steps
    y = y.astype(object)
    y[0, 0] = None
    assert lstm(loss=loss).fit(X, y).predict_proba(X).shape == (24, 8, 2)


@pytest.mark.heavy
def test_early_stopping_holds_out_samples_with_steps(steps):
    X, y = steps
    history = lstm(early_stopping=True).fit(X, y).history_
    assert len(history["val_loss"]) == 2
    regressor = LSTMRegressor(lstm_units=3, early_stopping=True, **TINY)
    assert len(regressor.fit(X, X[..., 0]).history_["val_loss"]) == 2


def test_partial_fit_and_warm_start_continue(steps):
    X, y = steps
    whole = lstm(epochs=2).fit(X, y).predict_proba(X)
    parts = lstm(batch_size=16).partial_fit(X, y, classes=["down", "up"])
    np.testing.assert_array_equal(parts.partial_fit(X, y).predict_proba(X), whole)
    warm = lstm(epochs=1, warm_start=True)
    np.testing.assert_array_equal(warm.fit(X, y).fit(X, y).predict_proba(X), whole)


# ------------------------------------------------------------------ copies and tools


def test_clone_pickle_and_save_keep_the_predictions(steps, tmp_path):
    X, y = steps
    classifier = lstm().fit(X, y)
    assert clone(classifier).per_step is True
    expected = classifier.predict_proba(X)
    skcnnlstm.save(classifier, tmp_path / "network")
    for copy in (
        pickle.loads(pickle.dumps(classifier)),
        skcnnlstm.load(tmp_path / "network"),
    ):
        np.testing.assert_array_equal(copy.predict_proba(X), expected)
        assert copy.score(X, y) == classifier.score(X, y)


def test_folds_of_whole_recordings_score_known_steps(steps):
    X, y = steps
    y = y.astype(object)
    y[:, :2] = None
    groups = np.repeat([0, 1, 2], 8)
    search = GridSearchCV(lstm(), {"epochs": [1, 2]}, cv=GroupKFold(3))
    search.fit(X, y, groups=groups)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(X).shape == y.shape


@pytest.mark.heavy
def test_a_search_with_two_workers_equals_one_without(steps, own_workers):
    X, y = steps
    scores = []
    for n_jobs in (1, 2):
        search = GridSearchCV(
            lstm(), {"lstm_units": [2, 3]}, cv=LeaveOneGroupOut(), n_jobs=n_jobs
        ).fit(X, y, groups=np.repeat([0, 1, 2], 8))
        scores.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)


@pytest.mark.heavy
@pytest.mark.parametrize("format", RUN)
@pytest.mark.parametrize("name", ["classifier", "regressor", "quantiles", "frames"])
def test_exported_models_predict_each_step(name, format, steps, tmp_path):
    skip_without_converter(format)
    X, y = steps
    if name == "classifier":
        fitted = clone(CLASSIFIERS[1]).fit(X, y)
    elif name == "regressor":
        fitted = LSTMRegressor(lstm_units=3, **TINY).fit(X, X[..., 0])
    elif name == "quantiles":
        fitted = LSTMRegressor(lstm_units=3, quantiles=(0.1, 0.5, 0.9), **TINY)
        fitted.fit(X, X[..., 0])
    else:
        X = np.random.default_rng(0).standard_normal((12, 3, 5, 6, 2))
        fitted = CNNLSTMRegressor(filters=(3, 4), lstm_units=3, **TINY)
        fitted.fit(X, X.mean(axis=(2, 3, 4)))
    export(fitted, tmp_path / "model", format)
    actual, _ = RUN[format](tmp_path / "model", X.astype(np.float32))
    expected = fitted.predict_proba(X) if name == "classifier" else fitted.predict(X)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_attributions_explain_the_probability_of_a_class_at_each_step(steps):
    X, y = steps
    explained = attribute(lstm().fit(X, y), X[:4], target="up", method="occlusion")
    assert explained.attributions.shape[0] == 4


# ------------------------------------------------------------------ custom builders


def build_steps(input_shape, n_outputs, *, output_activation=None, per_step=False):
    """Build a linear map of each step."""
    window = keras.Input(input_shape)
    x = window if per_step else keras.layers.Flatten(name="flat")(window)
    output = keras.layers.Dense(n_outputs, output_activation, name="output")(x)
    return keras.Model(window, output)


def build_without_steps(input_shape, n_outputs, *, per_step=False):
    """Build a network that has no output for each step."""
    return build_steps(input_shape, n_outputs)


@pytest.mark.heavy
def test_a_custom_builder_with_the_parameter_per_step_predicts_steps(steps):
    X, y = steps
    settings = {"epochs": 1, "per_step": True, "random_state": 0}
    classifier = HybridClassifier.from_builder(build_steps)(**settings)
    assert classifier.fit(X, y).predict(X).shape == y.shape


def test_a_custom_builder_must_return_an_output_for_each_step(steps):
    X, _ = steps
    settings = {"epochs": 1, "per_step": True, "random_state": 0}
    regressor = HybridRegressor.from_builder(build_without_steps)(**settings)
    message = (
        "build must return a network with one output of shape (None, n_steps, "
        "n_outputs) for per_step=True: got [(None, 8, 2), (None, 1)] from "
        "build_without_steps, expected [(None, 8, 2), (None, 8, 1)]."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        regressor.fit(X, X[..., 0])


def test_a_loss_must_return_one_number_for_each_step(steps):
    X, _ = steps

    def mean_of_sample(y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2, axis=(1, 2))

    regressor = LSTMRegressor(lstm_units=3, loss=mean_of_sample, **TINY)
    message = (
        "loss must return one number for each step with per_step=True: got "
        "loss='mean_of_sample', which returns shape (3,) for predictions of shape "
        "(3, 8, 1). Reduce the last axis only: keras.ops.mean(..., axis=-1)."
    )
    check_fit_raises(regressor, ValueError, message, X, X[..., 0])


@pytest.mark.heavy
def test_a_loss_of_each_step_trains(steps):
    X, _ = steps

    def mean_of_step(y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    fitted = LSTMRegressor(lstm_units=3, loss=mean_of_step, **TINY).fit(X, X[..., 0])
    assert np.isfinite(fitted.history_["loss"]).all()


@pytest.mark.heavy
def test_default_training_holds_out_and_retrains(steps):
    X, _ = steps
    X = np.tile(X, (6, 1, 1))
    regressor = LSTMRegressor(lstm_units=3, per_step=True, random_state=0)
    history = regressor.fit(X, X[..., 0]).history_
    assert history["val_loss"][-1] < history["val_loss"][0]


# ------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda y: y[:, 0],
            "y must have shape (n_samples, n_steps) with per_step=True: got shape "
            "(24,), expected (24, 8). Pass one target for each step of the window, or "
            "set per_step=False for targets of whole windows.",
        ),
        (
            lambda y: y.ravel(),
            "got shape (192,), expected (24, 8). Use y.reshape(",
        ),
        (
            lambda y: y[..., None],
            "got shape (24, 8, 1), expected (24, 8). Use y[:, :, 0",
        ),
        (
            lambda y: np.eye(2)[(y == "up") * 1],
            "got shape (24, 8, 2), expected (24, 8). Use numpy.asarray(y).argmax(",
        ),
        (
            lambda y: y[:9],
            "Cut the targets into the same windows as X, one row for each sample.",
        ),
        (lambda y: [*y[1:].tolist(), ["up"]], "got rows of different lengths."),
        (lambda y: np.full(y.shape, np.nan), "y must hold at least one known step"),
        (lambda y: np.full(y.shape, "up"), "y must hold at least two classes"),
        (lambda y: np.random.default_rng(0).random(y.shape), "Unknown label type"),
    ],
)
def test_targets_of_another_shape_raise(change, message, steps):
    X, y = steps
    check_fit_raises(lstm(), ValueError, message, X, change(y))


@pytest.mark.heavy
def test_the_remedies_for_shapes_work(steps):
    X, y = steps
    expected = lstm().fit(X, y).predict(X)
    for fixed in (y.ravel().reshape(24, 8), y[..., None][:, :, 0]):
        np.testing.assert_array_equal(lstm().fit(X, fixed).predict(X), expected)
    assert lstm(per_step=False).fit(X, y[:, 0]).predict(X).shape == (24,)
    one_hot = np.eye(2)[(y == "up") * 1]
    assert lstm().fit(X, one_hot.argmax(axis=2)).predict(X).shape == (24, 8)


@pytest.mark.parametrize(
    ("params", "remedy", "message"),
    [
        (
            {"instance_norm": "last"},
            {"instance_norm": None},
            "instance_norm must be None with per_step=True: got instance_norm='last', "
            "which is for targets that follow the window. Set instance_norm=None, or "
            "per_step=False.",
        ),
        ({"linear_skip": True}, {"linear_skip": False}, "linear_skip must be False"),
        ({"n_targets": 2}, {"n_targets": 1}, "n_targets must be 1 with per_step=True"),
    ],
)
def test_parameters_for_later_targets_raise(params, remedy, message, steps):
    X, _ = steps
    regressor = LSTMRegressor(**{"lstm_units": 3, **TINY, **params})
    check_fit_raises(regressor, ValueError, message, X, X[..., 0])
    assert regressor.set_params(**remedy).fit(X, X[..., 0])


def test_networks_that_cannot_predict_steps_raise(steps):
    X, y = steps
    message = (
        "padding must be 'auto' or 'same' with per_step=True, because each step has a "
        "target: got padding='valid', which removes 4 steps. Set padding='same'."
    )
    deep = DeepConvLSTMClassifier(**{**DEEP, **TINY, "padding": "valid"})
    check_fit_raises(deep, ValueError, message, X, y)
    assert deep.set_params(padding="same").fit(X, y).predict(X).shape == y.shape
    message = "attention must be False with per_step=True"
    attention = clone(CLASSIFIERS[1]).set_params(attention=True)
    check_fit_raises(attention, ValueError, message, X, y)
    message = "per_step must be a boolean"
    check_fit_raises(lstm(per_step="yes"), TypeError, message, X, y)


def test_text_and_mixed_labels_raise(steps):
    X, y = steps
    message = "y must be numeric: got text. Convert it to numbers, or use a classifier"
    regressor = LSTMRegressor(lstm_units=3, **TINY)
    check_fit_raises(regressor, ValueError, message, X, y)
    mixed = y.astype(object)
    mixed[0] = 1
    message = "y must hold labels of one type: got text and other values."
    check_fit_raises(lstm(), TypeError, message, X, mixed)


def test_a_forecaster_refuses_targets_of_each_step():
    forecaster = SeriesForecaster(LSTMRegressor(per_step=True), window_length=4)
    message = "per_step must be False inside SeriesForecaster"
    with pytest.raises(ValueError, match=message):
        forecaster.fit(np.arange(30.0))
