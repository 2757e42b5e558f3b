"""The networks: shapes layer by layer, parameter counts, and their own parameters."""

import re

import numpy as np
import pytest

from skcnnlstm import (
    CNNClassifier,
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    ConvLSTMRegressor,
    LSTMRegressor,
    ParallelCNNLSTMClassifier,
    ParallelCNNLSTMRegressor,
    SubsequenceReshaper,
    make_windows,
)
from skcnnlstm.architectures.cnn import build_cnn
from skcnnlstm.architectures.cnn_lstm import build_cnn_lstm
from skcnnlstm.architectures.conv_lstm import build_conv_lstm
from skcnnlstm.architectures.lstm import build_lstm
from skcnnlstm.architectures.parallel import build_parallel_cnn_lstm

NINE = [10, 20, 30, 40, 50, 60, 70, 80, 90]


def shapes(model):
    """Return `{layer: shape of one sample of its output}` in the order of the graph."""
    return {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}


# ------------------------------------------------------------- published examples


def test_the_cnn_lstm_of_the_tutorial_has_its_23179_parameters():
    X, y = make_windows(NINE, 4)
    regressor = CNNLSTMRegressor(
        n_subsequences=2,
        filters=64,
        kernel_size=1,
        pool_size=2,
        lstm_units=50,
        lstm_activation="relu",
        epochs=1,
    ).fit(X, y)
    assert regressor.model_.count_params() == 23_179


def test_the_conv_lstm_of_the_tutorial_has_its_33601_parameters():
    X, y = make_windows(NINE, 4)
    regressor = ConvLSTMRegressor(
        n_subsequences=2,
        filters=64,
        kernel_size=(1, 2),
        padding="valid",
        activation="relu",
        epochs=1,
    ).fit(X, y)
    assert regressor.model_.count_params() == 33_601


def test_the_parallel_classifier_has_its_60675_parameters():
    X = np.random.default_rng(0).standard_normal((9, 16, 32))
    classifier = ParallelCNNLSTMClassifier(epochs=1).fit(X, [0, 1, 2] * 3)
    assert classifier.model_.count_params() == 60_675


@pytest.mark.parametrize(
    "regressor",
    [
        CNNLSTMRegressor(
            n_subsequences=2,
            filters=64,
            kernel_size=1,
            pool_size=2,
            lstm_units=50,
            lstm_activation="relu",
            epochs=500,
        ),
        ConvLSTMRegressor(
            n_subsequences=2,
            filters=64,
            kernel_size=(1, 2),
            padding="valid",
            activation="relu",
            epochs=500,
        ),
    ],
    ids=["CNN-LSTM", "ConvLSTM"],
)
def test_the_published_networks_continue_the_nine_numbers_with_100(regressor):
    X, y = make_windows(NINE, 4)
    forecasts = [
        regressor.set_params(random_state=seed).fit(X, y).predict([[60, 70, 80, 90]])[0]
        for seed in range(5)
    ]
    assert abs(np.median(forecasts) - 100) <= 3


# ---------------------------------------------------------------- layer by layer


def test_cnn_keeps_the_steps_pools_them_and_flattens():
    model = build_cnn((12, 3), 2, filters=(8, 16), kernel_size=(5, 3))
    assert shapes(model) == {
        "window": (12, 3),
        "conv_1": (12, 8),
        "conv_2": (12, 16),
        "pool": (6, 16),
        "features": (96,),
        "dense_1": (50,),
        "output": (2,),
    }
    assert model.count_params() == sum(
        [(5 * 3 + 1) * 8, (3 * 8 + 1) * 16, (96 + 1) * 50, (50 + 1) * 2]
    )


def test_lstm_layers_hand_on_sequences_and_the_last_a_state():
    model = build_lstm((12, 3), 1, lstm_units=(8, 4), bidirectional=True, dropout=0.1)
    assert shapes(model) == {
        "window": (12, 3),
        "lstm_1_both_ways": (12, 16),
        "dropout_1": (12, 16),
        "lstm_2_both_ways": (8,),
        "dropout_2": (8,),
        "output": (1,),
    }


def test_cnn_lstm_reads_each_subsequence_and_then_their_order():
    model = build_cnn_lstm((12,), 3, n_subsequences=3, filters=8, lstm_units=5)
    assert shapes(model) == {
        "window": (12,),
        "series": (12, 1),
        "subsequences": (3, 4, 1),
        "conv_1": (3, 4, 8),
        "pool": (3, 2, 8),
        "features": (3, 16),
        "lstm": (5,),
        "output": (3,),
    }


def test_cnn_lstm_with_attention_averages_the_states_of_both_directions():
    model = build_cnn_lstm(
        (3, 4, 2), 1, filters=8, lstm_units=5, bidirectional=True, attention=True
    )
    assert shapes(model) == {
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


def test_conv_lstm_keeps_rows_and_steps():
    model = build_conv_lstm((12, 2), 1, n_subsequences=3, filters=8)
    assert shapes(model) == {
        "window": (12, 2),
        "subsequences": (3, 4, 2),
        "grids": (3, 1, 4, 2),
        "conv_lstm": (1, 4, 8),
        "features": (32,),
        "output": (1,),
    }


def test_conv_lstm_takes_grids():
    model = build_conv_lstm((5, 6, 7, 2), 1, filters=3, kernel_size=3, padding="valid")
    assert shapes(model)["conv_lstm"] == (4, 5, 3)


@pytest.mark.parametrize(
    ("merge", "after"),
    [
        ("concat", {"merge": (12, 12), "mean_over_time": (12,)}),
        (
            "weighted",
            {"projection_lstm": (12, 8), "merge": (12, 8), "mean_over_time": (8,)},
        ),
        (
            "attention",
            {
                "merge": (12, 12),
                "attention_keys": (12, 4),
                "attention_scores": (12, 1),
                "attention_weights": (12, 1),
                "attention": (1, 12),
                "context": (12,),
            },
        ),
    ],
)
def test_parallel_branches_see_the_same_window_and_are_merged(merge, after):
    model = build_parallel_cnn_lstm(
        (12, 3), 2, filters=(6, 8), lstm_units=4, merge=merge
    )
    assert shapes(model) == {
        "window": (12, 3),
        "conv_1": (12, 6),
        "batch_norm_1": (12, 6),
        "activation_1": (12, 6),
        "conv_2": (12, 8),
        "batch_norm_2": (12, 8),
        "lstm": (12, 4),
        "activation_2": (12, 8),
        **after,
        "output": (2,),
    }


def test_pooled_branches_still_stand_beside_each_other():
    model = build_parallel_cnn_lstm((13, 1), 1, pool_size=3)
    found = shapes(model)
    assert found["pool_cnn"] == found["pool_lstm"] == (5, 64)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
@pytest.mark.filterwarnings("ignore:n_subsequences='auto' leaves windows in one piece")
@pytest.mark.parametrize(
    "build",
    [build_cnn, build_lstm, build_cnn_lstm, build_conv_lstm, build_parallel_cnn_lstm],
)
def test_defaults_build_for_the_shortest_windows(build, length):
    assert build((length,), 1).output.shape == (None, 1)


def test_two_builds_are_the_same_text():
    first = build_parallel_cnn_lstm((12, 3), 2, merge="attention").to_json()
    assert first == build_parallel_cnn_lstm((12, 3), 2, merge="attention").to_json()


# ---------------------------------------------------------- what can be read off


def test_merge_weights_sum_to_one(windows):
    regressor = ParallelCNNLSTMRegressor(
        merge="weighted", epochs=3, learning_rate=0.1, random_state=0
    ).fit(*windows)
    weights = regressor.merge_weights_
    assert weights.shape == (2,)
    assert weights.sum() == pytest.approx(1)
    assert not np.allclose(weights, 0.5)  # they were trained


@pytest.mark.parametrize(
    ("estimator", "n_steps"),
    [
        (ParallelCNNLSTMRegressor(merge="attention"), 12),
        (ParallelCNNLSTMRegressor(merge="attention", pool_size=5), 3),
        (CNNLSTMRegressor(attention=True, n_subsequences=4), 4),
        (CNNLSTMRegressor(attention=True, n_subsequences=4, instance_norm="last"), 4),
    ],
)
def test_attention_gives_each_step_a_weight_and_the_weights_sum_to_one(
    estimator, n_steps, windows
):
    X, y = windows
    weights = estimator.set_params(epochs=1, random_state=0).fit(X, y)
    weights = weights.attention_weights(X)
    assert weights.shape == (len(X), n_steps)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert weights.std(axis=0).max() > 0  # they depend on the window


def test_what_a_fitted_network_offers_does_not_follow_the_parameters(windows):
    concat = ParallelCNNLSTMRegressor(epochs=1, random_state=0).fit(*windows)
    concat.set_params(merge="weighted")
    assert not hasattr(concat, "merge_weights_")
    attentive = CNNLSTMRegressor(attention=True, epochs=1, random_state=0)
    attentive.fit(*windows).set_params(attention=False)
    assert attentive.attention_weights(windows[0]).shape[0] == len(windows[0])


def test_what_an_estimator_does_not_learn_it_does_not_offer(windows):
    assert not hasattr(CNNLSTMRegressor(), "attention_weights")
    concat = ParallelCNNLSTMRegressor(epochs=1).fit(*windows)
    assert not hasattr(concat, "attention_weights")
    assert not hasattr(concat, "merge_weights_")


# --------------------------------------------------------------------- the input


def test_a_cut_by_the_reshaper_equals_a_cut_by_the_network(windows):
    X, y = windows
    settings = {"epochs": 2, "random_state": 0}
    inside = CNNLSTMRegressor(n_subsequences=4, **settings).fit(X, y)
    cut = SubsequenceReshaper(4).fit_transform(X)
    outside = CNNLSTMRegressor(**settings).fit(cut, y)
    assert inside.model_.count_params() == outside.model_.count_params()
    np.testing.assert_array_equal(inside.predict(X), outside.predict(cut))


def test_subsequences_may_be_of_another_number_at_predict(windows):
    X, y = windows
    cut = SubsequenceReshaper(4).fit_transform(X)
    regressor = CNNLSTMRegressor(epochs=1, random_state=0).fit(cut, y)
    assert regressor.predict(cut[:, 1:]).shape == y.shape
    with pytest.raises(ValueError, match="expecting samples of shape"):
        regressor.predict(cut[:, :, 1:])
    skip = CNNLSTMRegressor(epochs=1, random_state=0, linear_skip=True).fit(cut, y)
    with pytest.raises(ValueError, match="expecting samples of shape"):
        skip.predict(cut[:, 1:])  # a linear map has one weight a step


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            CNNRegressor(filters=0),
            "filters must be an integer >= 1: got filters=0.",
        ),
        (
            CNNRegressor(filters=(8, 8), kernel_size=(3, 3, 3)),
            "kernel_size must be an integer or have one entry a layer: got "
            "kernel_size=(3, 3, 3) for 2 layers. Use 2 integers, or one for all.",
        ),
        (
            CNNClassifier(kernel_size=20, padding="valid"),
            "kernel_size must be at most the number of steps with padding='valid': "
            "got kernel_size=20, 12 steps. Use padding='same', a smaller kernel_size, "
            "or longer windows.",
        ),
        (CNNRegressor(pool_size=-1), "pool_size must be an integer >= 1: got"),
        (LSTMRegressor(lstm_units=-3), "lstm_units must be an integer >= 1: got"),
        (CNNRegressor(dropout=1.0), "dropout must be"),
        (
            CNNLSTMRegressor(n_subsequences=5),
            "n_subsequences must divide window_length: got n_subsequences=5, "
            "window_length=12. Use one of 1, 2, 3, 4, 6, 12.",
        ),
        (CNNLSTMClassifier(padding="full"), "padding must be"),
        (ParallelCNNLSTMRegressor(merge="sum"), "merge must be"),
        (ConvLSTMRegressor(kernel_size=(1, 2, 3)), "kernel_size must be"),
    ],
)
def test_an_impossible_network_is_refused_with_the_rule(estimator, message, windows):
    X, _ = windows
    y = np.arange(len(X)) % 2
    with pytest.raises(ValueError, match=re.escape(message)):
        estimator.fit(X, y)
    assert not hasattr(estimator, "n_features_in_")  # nothing was changed


@pytest.mark.parametrize(
    ("estimator", "value"),
    [(CNNRegressor(), "64"), (LSTMRegressor(), 2.5), (CNNLSTMRegressor(), True)],
)
def test_a_width_of_the_wrong_type_is_a_type_error(estimator, value, windows):
    name = "lstm_units" if isinstance(estimator, LSTMRegressor) else "filters"
    with pytest.raises(TypeError, match=f"{name} must be an integer >= 1: got"):
        estimator.set_params(**{name: value}).fit(*windows)


def test_axes_that_an_architecture_cannot_read_are_named(windows):
    X, y = windows
    cut = SubsequenceReshaper(4).fit_transform(X)
    message = (
        "A CNN takes X of shape (n_samples, window_length) or (n_samples, "
        "window_length, n_features): got 4 dimensions, (n_samples, 4, 3, 1). Make "
        "windows with SlidingWindow or make_windows, or cut them with "
        "SubsequenceReshaper."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        CNNRegressor().fit(cut, y)
