"""Tests of the CNN-LSTM."""

import pickle

import numpy as np
import pytest
from networks import (
    check_fit_raises,
    count_conv,
    count_dense,
    count_lstm,
    layer_shapes,
)
from sklearn.base import clone

from skcnnlstm import (
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    SubsequenceReshaper,
    make_windows,
)
from skcnnlstm.architectures.cnn_lstm import build_cnn_lstm

# A CNN-LSTM tutorial forecasts the next of these numbers.
NUMBERS = [10, 20, 30, 40, 50, 60, 70, 80, 90]
TUTORIAL = {
    "n_subsequences": 2,
    "filters": 64,
    "kernel_size": 1,
    "pool_size": 2,
    "lstm_units": 50,
    "lstm_activation": "relu",
}


def test_network_of_the_tutorial_has_23179_parameters():
    X, y = make_windows(NUMBERS, 4)
    regressor = CNNLSTMRegressor(**TUTORIAL, epochs=1).fit(X, y)
    assert regressor.model_.count_params() == 23_179


@pytest.mark.heavy
def test_network_of_the_tutorial_forecasts_100_after_90():
    X, y = make_windows(NUMBERS, 4)
    forecasts = [
        CNNLSTMRegressor(**TUTORIAL, epochs=500, random_state=seed)
        .fit(X, y)
        .predict([[60, 70, 80, 90]])[0]
        for seed in range(5)
    ]
    assert abs(np.median(forecasts) - 100) <= 3


def test_cnn_lstm_convolves_each_subsequence_before_the_lstm():
    model = build_cnn_lstm((12,), 3, n_subsequences=3, filters=8, lstm_units=5)
    assert layer_shapes(model) == {
        "window": (12,),
        "series": (12, 1),
        "subsequences": (3, 4, 1),
        "conv_1": (3, 4, 8),
        "pool": (3, 2, 8),
        "features": (3, 16),
        "lstm": (5,),
        "output": (3,),
    }


def test_attention_averages_the_outputs_of_both_directions():
    model = build_cnn_lstm(
        (3, 4, 2), 1, filters=8, lstm_units=5, bidirectional=True, attention=True
    )
    assert layer_shapes(model) == {
        "window": (3, 4, 2),
        "conv_1": (3, 4, 8),
        "pool": (3, 2, 8),
        "features": (3, 16),
        "lstm_both_ways": (3, 10),
        "attention_keys": (3, 5),
        "attention_scores": (3, 1),
        "attention_weights": (3, 1),
        "attention": (1, 10),
        "context": (10,),
        "output": (1,),
    }


@pytest.mark.parametrize("length", [1, 2, 3, 5])
@pytest.mark.filterwarnings("ignore:n_subsequences='auto' leaves each window")
def test_default_parameters_accept_the_shortest_windows(length):
    assert build_cnn_lstm((length,), 1).output.shape == (None, 1)


@pytest.mark.parametrize(("length", "shape"), [(1, (1, 1)), (12, (2, 6)), (13, (2, 7))])
@pytest.mark.filterwarnings("ignore:n_subsequences='auto' leaves each window")
def test_a_classifier_reads_halves_of_windows(length, shape):
    X = np.random.default_rng(0).normal(size=(20, length))
    y = np.arange(20) % 2
    classifier = CNNLSTMClassifier(epochs=1, random_state=0).fit(X, y)
    subsequences = classifier.model_.get_layer("subsequences").output
    assert subsequences.shape == (None, *shape, 1)
    assert classifier.predict_proba(X).shape == (20, 2)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(classifier)).predict_proba(X),
        classifier.predict_proba(X),
    )


def test_a_classifier_of_single_steps_reads_many_subsequences():
    X = np.random.default_rng(0).normal(size=(20, 16))
    classifier = CNNLSTMClassifier(per_step=True, epochs=1, random_state=0)
    subsequences = classifier.fit(X, X > 0).model_.get_layer("subsequences").output
    assert subsequences.shape == (None, 4, 4, 1)


@pytest.mark.parametrize("instance_norm", ["auto", "last"])
def test_attention_weights_are_positive_and_sum_to_one(instance_norm, windows):
    X, y = windows
    regressor = CNNLSTMRegressor(
        attention=True,
        n_subsequences=4,
        instance_norm=instance_norm,
        epochs=1,
        random_state=0,
    )
    weights = regressor.fit(X, y).attention_weights(X)
    assert weights.shape == (len(X), 4)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert weights.std(axis=0).max() > 0  # they depend on the window


def test_attention_weights_exist_only_with_attention():
    assert hasattr(CNNLSTMRegressor(attention=True), "attention_weights")
    assert not hasattr(CNNLSTMRegressor(), "attention_weights")


def test_set_params_after_fit_does_not_remove_attention_weights(windows):
    X, y = windows
    regressor = CNNLSTMRegressor(attention=True, epochs=1, random_state=0).fit(X, y)
    regressor.set_params(attention=False)
    assert regressor.attention_weights(X).shape[0] == len(X)


def test_windows_cut_by_the_reshaper_and_by_the_network_train_equally(windows):
    X, y = windows
    settings = {"epochs": 2, "random_state": 0}
    uncut = CNNLSTMRegressor(n_subsequences=4, **settings).fit(X, y)
    subsequences = SubsequenceReshaper(4).fit_transform(X)
    cut = CNNLSTMRegressor(**settings).fit(subsequences, y)
    assert uncut.model_.count_params() == cut.model_.count_params()
    np.testing.assert_array_equal(uncut.predict(X), cut.predict(subsequences))


def test_predict_accepts_another_number_of_subsequences(windows):
    X, y = windows
    cut = SubsequenceReshaper(4).fit_transform(X)
    regressor = CNNLSTMRegressor(epochs=1, random_state=0).fit(cut, y)
    assert regressor.predict(cut[:, 1:]).shape == y.shape
    with pytest.raises(ValueError, match="expecting samples of shape"):
        regressor.predict(cut[:, :, 1:])


def test_linear_skip_requires_the_fitted_number_of_subsequences(windows):
    X, y = windows
    cut = SubsequenceReshaper(4).fit_transform(X)
    regressor = CNNLSTMRegressor(linear_skip=True, epochs=1, random_state=0).fit(cut, y)
    with pytest.raises(ValueError, match="expecting samples of shape"):
        regressor.predict(cut[:, 1:])  # the linear map has one weight per step


# ------------------------------------------------------------------- each step


def test_a_dense_layer_predicts_all_steps_of_a_subsequence():
    model = build_cnn_lstm(
        (12,), 3, n_subsequences=3, filters=8, lstm_units=5, per_step=True
    )
    assert layer_shapes(model) == {
        "window": (12,),
        "series": (12, 1),
        "subsequences": (3, 4, 1),
        "conv_1": (3, 4, 8),
        "pool": (3, 2, 8),
        "features": (3, 16),
        "lstm": (3, 5),
        "output": (3, 4 * 3),
        "steps": (12, 3),
        "step_outputs": (12, 3),
    }


# ----------------------------------------------------------------- image sequences


@pytest.fixture
def frames():
    """Sequences of 3 frames, each with a bright row or a bright column."""
    rng = np.random.default_rng(0)
    X = 0.1 * rng.standard_normal((12, 3, 5, 6, 1))
    X[:6, :, 2] += 1
    X[6:, :, :, 3] += 1
    return X, np.repeat(["row", "column"], 6)


def test_a_2d_network_reads_each_frame_before_the_lstm():
    model = build_cnn_lstm((7, 24, 33, 3), 4, filters=(8, 16), lstm_units=5)
    shapes = [tuple(operation.output.shape[1:]) for operation in model.operations]
    assert shapes == [
        (7, 24, 33, 3),
        (24, 33, 3),  # frames become samples
        (24, 33, 8),
        (12, 17, 8),
        (12, 17, 16),
        (6, 9, 16),
        (7, 6 * 9 * 16),
        (5,),
        (4,),
    ]
    convolutions = count_conv(9, 3, 8) + count_conv(9, 8, 16)
    recurrent = count_lstm(6 * 9 * 16, 5)
    assert model.count_params() == convolutions + recurrent + count_dense(5, 4)


def test_each_frame_has_an_output_with_per_step():
    model = build_cnn_lstm((7, 24, 33, 3), 4, filters=8, lstm_units=5, per_step=True)
    assert model.output.shape == (None, 7, 4)
    assert model.get_layer("lstm").output.shape == (None, 7, 5)


def test_a_frame_changes_no_output_of_an_earlier_frame():
    model = build_cnn_lstm((4, 5, 6, 1), 1, filters=2, lstm_units=3, per_step=True)
    x = np.random.default_rng(0).standard_normal((2, 4, 5, 6, 1)).astype("float32")
    changed = x.copy()
    changed[0, 2] += 1
    differs = np.asarray(model(x)) != np.asarray(model(changed))
    expected = [[False, False, True, True], [False, False, False, False]]
    np.testing.assert_array_equal(differs[..., 0], expected)


def test_a_classifier_learns_what_frames_show_and_reads_fewer_of_them(frames):
    X, y = frames
    classifier = CNNLSTMClassifier(
        filters=4, lstm_units=4, epochs=20, learning_rate=0.03, random_state=0
    ).fit(X, y)
    assert classifier.score(X, y) == 1
    np.testing.assert_array_equal(classifier.predict(X[:, :2]), y)
    with pytest.raises(ValueError, match="expecting samples of shape"):
        classifier.predict(X[:, :, 1:])
    copy = clone(classifier).fit(X, y)
    np.testing.assert_array_equal(copy.predict_proba(X), classifier.predict_proba(X))


@pytest.mark.heavy
def test_missing_first_frames_are_missing_history(frames):
    X, _ = frames
    gaps = X.copy()
    gaps[:4, 0] = np.nan
    y = X.mean(axis=(1, 2, 3, 4))
    settings = {"filters": 4, "lstm_units": 4, "epochs": 2, "random_state": 0}
    regressor = CNNLSTMRegressor(**settings).fit(gaps, y)
    complete = CNNLSTMRegressor(**settings).fit(X[4:], y[4:])
    with pytest.warns(UserWarning, match="4 of 12 samples have no full history"):
        predicted = regressor.predict(gaps)
    np.testing.assert_array_equal(predicted[4:], complete.predict(X[4:]))
    gaps[:4, 0] = X[:4, 1]
    np.testing.assert_array_equal(predicted, complete.predict(gaps))


@pytest.mark.parametrize(
    ("params", "remedy", "message"),
    [
        (
            {"instance_norm": "last"},
            {"instance_norm": None},
            "instance_norm must be None and linear_skip must be False for image "
            "sequences: got instance_norm='last', linear_skip=False. Set "
            "instance_norm=None and linear_skip=False. To forecast each cell, use "
            "ConvLSTMGridRegressor.",
        ),
        (
            {"linear_skip": True},
            {"linear_skip": False},
            "instance_norm must be None and linear_skip must be False for image "
            "sequences: got instance_norm='auto', linear_skip=True. Set "
            "instance_norm=None and linear_skip=False. To forecast each cell, use "
            "ConvLSTMGridRegressor.",
        ),
        (
            {"padding": "valid", "kernel_size": 6},
            {"kernel_size": 5},
            "kernel_size must be at most the number of rows and columns with "
            "padding='valid': got kernel_size=6, 5 rows and columns. Use "
            "padding='same', a smaller kernel_size, or larger frames.",
        ),
    ],
)
def test_invalid_parameters_for_frames_raise(params, remedy, message, frames):
    X, _ = frames
    y = X.mean(axis=(1, 2, 3, 4))
    regressor = CNNLSTMRegressor(**params, filters=4, lstm_units=4, epochs=1)
    check_fit_raises(regressor, ValueError, message, X, y)
    assert regressor.set_params(**remedy).fit(X, y)


def test_windows_of_more_axes_raise(frames):
    X, y = frames
    message = "X must have 2 to 5 dimensions: got 6, shape (12, 1, 3, 5, 6, 1)."
    check_fit_raises(CNNLSTMClassifier(), ValueError, message, X[:, None], y)


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        (
            CNNLSTMRegressor(n_subsequences=5),
            ValueError,
            "n_subsequences must divide window_length: got n_subsequences=5, "
            "window_length=12. Use one of 1, 2, 3, 4, 6, 12.",
        ),
        (CNNLSTMClassifier(padding="full"), ValueError, "padding must be"),
        (CNNLSTMRegressor(filters=True), TypeError, "filters must be an integer >= 1"),
    ],
)
def test_invalid_parameters_raise_and_leave_the_estimator_unchanged(
    estimator, error, message, windows
):
    X, y = windows
    check_fit_raises(estimator, error, message, X, y > 0)
