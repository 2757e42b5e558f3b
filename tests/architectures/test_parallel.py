"""Tests of the parallel CNN-LSTM."""

import numpy as np
import pytest
from networks import check_fit_raises, layer_shapes

from skcnnlstm import ParallelCNNLSTMClassifier, ParallelCNNLSTMRegressor
from skcnnlstm.architectures.parallel import build_parallel_cnn_lstm


def test_published_classifier_has_60675_parameters():
    X = np.random.default_rng(0).standard_normal((9, 16, 32))
    published = {"filters": (64, 64), "kernel_size": (7, 5), "lstm_units": 64}
    classifier = ParallelCNNLSTMClassifier(**published, epochs=1)
    classifier.fit(X, [0, 1, 2] * 3)
    assert classifier.model_.count_params() == 60_675


@pytest.mark.parametrize(
    ("merge", "merge_layers"),
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
def test_both_branches_read_the_window_and_are_merged(merge, merge_layers):
    model = build_parallel_cnn_lstm(
        (12, 3), 2, filters=(6, 8), lstm_units=4, merge=merge
    )
    assert layer_shapes(model) == {
        "window": (12, 3),
        "conv_1": (12, 6),
        "batch_norm_1": (12, 6),
        "activation_1": (12, 6),
        "conv_2": (12, 8),
        "batch_norm_2": (12, 8),
        "lstm": (12, 4),
        "activation_2": (12, 8),
        **merge_layers,
        "output": (2,),
    }


def test_pooling_leaves_both_branches_with_the_same_number_of_steps():
    shapes = layer_shapes(build_parallel_cnn_lstm((13, 1), 1, pool_size=3))
    assert shapes["pool_cnn"] == shapes["pool_lstm"] == (5, 64)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_default_parameters_accept_the_shortest_windows(length):
    assert build_parallel_cnn_lstm((length,), 1).output.shape == (None, 1)


def test_two_builds_have_the_same_json_text():
    first, second = (
        build_parallel_cnn_lstm((12, 3), 2, merge="attention").to_json()
        for _ in range(2)
    )
    assert first == second


def test_merge_weights_are_trained_and_sum_to_one(windows):
    regressor = ParallelCNNLSTMRegressor(
        merge="weighted", epochs=3, learning_rate=0.1, random_state=0
    ).fit(*windows)
    weights = regressor.merge_weights_
    assert weights.shape == (2,)
    assert weights.sum() == pytest.approx(1)
    assert not np.allclose(weights, 0.5)


@pytest.mark.parametrize(("pool_size", "n_steps"), [(None, 12), (5, 3)])
def test_attention_weights_are_positive_and_sum_to_one(pool_size, n_steps, windows):
    X, y = windows
    regressor = ParallelCNNLSTMRegressor(
        merge="attention", pool_size=pool_size, epochs=1, random_state=0
    )
    weights = regressor.fit(X, y).attention_weights(X)
    assert weights.shape == (len(X), n_steps)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert weights.std(axis=0).max() > 0  # they depend on the window


def test_merge_weights_and_attention_weights_require_their_merge(windows):
    regressor = ParallelCNNLSTMRegressor(epochs=1, random_state=0).fit(*windows)
    assert not hasattr(regressor, "attention_weights")
    with pytest.raises(
        AttributeError,
        match=r"^merge must be 'weighted' for this attribute: got merge='concat'\. Set",
    ):
        regressor.merge_weights_  # noqa: B018


def test_set_params_after_fit_does_not_add_merge_weights(windows):
    regressor = ParallelCNNLSTMRegressor(epochs=1, random_state=0).fit(*windows)
    regressor.set_params(merge="weighted")
    assert not hasattr(regressor, "merge_weights_")


def test_unknown_merge_raises_value_error(windows):
    estimator = ParallelCNNLSTMRegressor(merge="sum")
    check_fit_raises(estimator, ValueError, "merge must be", *windows)
