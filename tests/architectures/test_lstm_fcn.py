"""Tests of the LSTM-FCN: published networks, attention and training parameters."""

import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import count_dense, count_lstm, layer_shapes
from sklearn.base import clone

from skcnnlstm import LSTMFCNClassifier, LSTMFCNRegressor
from skcnnlstm.architectures.lstm_fcn import AttentionLSTM, build_lstm_fcn
from skcnnlstm.training import build_network_json, network_from_json

# Karim et al. (2018): filters and kernel size of each convolution.
BLOCKS = [(128, 8), (256, 5), (128, 3)]
UNITS = 8


def count_convolutions(n_features):
    """Count weights, biases and four numbers per channel of batch normalization."""
    channels = [n_features, 128, 256]
    return sum(
        width * (size * n_channels + 1) + 4 * width
        for n_channels, (width, size) in zip(channels, BLOCKS, strict=True)
    )


def count_attention(length):
    """Count the additional kernels of the context, keys, queries, bias and scores."""
    return length * 4 * UNITS + (length + UNITS + 1 + 1) * UNITS


# Two dense layers without bias, to a sixteenth of the channels and back, per block.
SQUEEZE_EXCITE = 2 * 128 * (128 // 16) + 2 * 256 * (256 // 16)


# ------------------------------------------------------------------------ networks


@pytest.mark.parametrize("n_features", [1, 6])
@pytest.mark.parametrize(
    ("attention", "squeeze_excite"),
    [(False, False), (True, False), (False, True), (True, True)],
    ids=["LSTM-FCN", "ALSTM-FCN", "MLSTM-FCN", "MALSTM-FCN"],
)
def test_networks_have_the_parameters_of_the_papers(
    attention, squeeze_excite, n_features
):
    length, n_classes = 100, 4
    model = build_lstm_fcn(
        (length, n_features),
        n_classes,
        attention=attention,
        squeeze_excite=squeeze_excite,
    )
    expected = count_convolutions(n_features) + count_lstm(length, UNITS)
    expected += count_dense(128 + UNITS, n_classes)
    expected += attention * count_attention(length) + squeeze_excite * SQUEEZE_EXCITE
    assert model.count_params() == expected


def test_the_lstm_reads_variables_and_the_convolutions_read_time():
    model = build_lstm_fcn((24, 6), 3)
    assert layer_shapes(model) == {
        "window": (24, 6),
        "conv_1": (24, 128),
        "batch_norm_1": (24, 128),
        "activation_1": (24, 128),
        "conv_2": (24, 256),
        "batch_norm_2": (24, 256),
        "activation_2": (24, 256),
        "dimension_shuffle": (6, 24),
        "conv_3": (24, 128),
        "lstm": (8,),
        "batch_norm_3": (24, 128),
        "dropout": (8,),
        "activation_3": (24, 128),
        "mean_over_time": (128,),
        "merge": (136,),
        "output": (3,),
    }
    for i in (1, 2, 3):
        conv = model.get_layer(f"conv_{i}")
        assert isinstance(conv.kernel_initializer, keras.initializers.HeUniform)
        assert conv.padding == "same"
    assert model.get_layer("dropout").rate == 0.8


def test_every_convolution_but_the_last_has_squeeze_and_excitation():
    shapes = layer_shapes(build_lstm_fcn((24, 6), 3, squeeze_excite=True))
    for i, width in ((1, 128), (2, 256)):
        assert shapes[f"squeeze_{i}"] == shapes[f"excite_{i}"] == (1, width)
        assert shapes[f"reduce_{i}"] == (1, width // 16)
        assert shapes[f"recalibrate_{i}"] == (24, width)
    assert "squeeze_3" not in shapes


def test_excitation_scales_each_channel_by_a_weight_between_zero_and_one():
    model = build_lstm_fcn((24, 2), 3, squeeze_excite=True, filters=(32, 16, 8))
    x = np.random.default_rng(0).standard_normal((5, 24, 2)).astype("float32")
    names = ("activation_1", "excite_1", "recalibrate_1")
    inner = keras.Model(model.inputs[0], [model.get_layer(n).output for n in names])
    before, weights, after = (np.asarray(a) for a in inner(x))
    assert ((weights > 0) & (weights < 1)).all()
    mean = before.mean(axis=1, keepdims=True)
    kernels = [model.get_layer(n).kernel.numpy() for n in ("reduce_1", "excite_1")]
    expected = 1 / (1 + np.exp(-np.maximum(mean @ kernels[0], 0) @ kernels[1]))
    np.testing.assert_allclose(weights, expected, rtol=1e-5)
    np.testing.assert_allclose(after, before * expected, rtol=1e-4, atol=1e-6)


# ----------------------------------------------------------------------- attention


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def attention_lstm(x, weights):
    """Compute the equations of the paper for each sample and step in float64."""
    states = []
    for sample in x:
        hidden = memory = np.zeros(weights["query_kernel"].shape[0])
        for step in sample:
            energies = [
                weights["score_kernel"][:, 0]
                @ np.tanh(
                    hidden @ weights["query_kernel"]
                    + key @ weights["key_kernel"]
                    + weights["key_bias"]
                )
                for key in sample
            ]
            attention = np.exp(energies) / np.exp(energies).sum()
            context = attention @ sample
            gates = (
                step @ weights["kernel"]
                + hidden @ weights["recurrent_kernel"]
                + context @ weights["context_kernel"]
                + weights["bias"]
            )
            i, f, c, o = np.split(gates, 4)
            memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(c)
            hidden = sigmoid(o) * np.tanh(memory)
        states.append(hidden)
    return np.array(states)


@pytest.mark.parametrize("n_steps", [1, 5])
def test_attention_lstm_computes_the_equations_of_the_paper(n_steps):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, n_steps, 7))
    layer = AttentionLSTM(4)
    layer.build(x.shape)
    for variable in layer.weights:
        variable.assign(rng.standard_normal(variable.shape))
    weights = {v.name: v.numpy().astype(float) for v in layer.weights}
    actual = layer(x.astype("float32")).numpy()
    np.testing.assert_allclose(actual, attention_lstm(x, weights), atol=1e-5)


def test_all_attention_weights_have_gradients_with_several_variables():
    def gradients(n_steps):
        layer = AttentionLSTM(4)
        x = np.random.default_rng(0).standard_normal((3, n_steps, 7)).astype("float32")
        layer.build(x.shape)
        layer.score_kernel.assign(np.ones((4, 1)))
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(x))
        names = [variable.name for variable in layer.weights]
        values = tape.gradient(total, layer.trainable_variables)
        return {n: np.abs(g).max() for n, g in zip(names, values, strict=True)}

    assert min(gradients(5).values()) > 1e-6
    one = gradients(1)
    assert one["query_kernel"] == one["key_kernel"] == one["score_kernel"] == 0
    assert one["context_kernel"] > 0


def test_attention_lstm_is_restored_from_its_json_text():
    text = build_network_json(build_lstm_fcn, (12, 3), 2, {"attention": True})
    model = network_from_json(text)
    assert isinstance(model.get_layer("lstm"), AttentionLSTM)
    assert model.get_layer("lstm").units == 8


@pytest.mark.parametrize("n_features", [1, pytest.param(3, marks=pytest.mark.heavy)])
def test_a_network_with_attention_trains_and_can_be_pickled(n_features):
    X = np.random.default_rng(0).standard_normal((12, 9, n_features))
    small = {"filters": (4, 4), "kernel_size": 3, "lstm_units": 3, "epochs": 3}
    estimator = LSTMFCNClassifier(
        attention=True, squeeze_excite=True, dropout=0.0, random_state=0, **small
    ).fit(X, [0, 1, 2] * 4)
    start = clone(estimator).initialize(X, [0, 1, 2] * 4)
    trained = {
        variable.name
        for variable, before in zip(
            estimator.model_.get_layer("lstm").weights,
            start.model_.get_layer("lstm").weights,
            strict=True,
        )
        if (np.asarray(variable) != np.asarray(before)).any()
    }
    all_weights = {v.name for v in estimator.model_.get_layer("lstm").weights}
    # With one variable, there is one step and its attention weight is always 1: the
    # weights of the attention and the recurrent kernel have no effect.
    unused = {"recurrent_kernel", "key_kernel", "query_kernel", "key_bias"}
    unused |= {"score_kernel"}
    assert trained == (all_weights - unused if n_features == 1 else all_weights)
    restored = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(restored.predict_proba(X), estimator.predict_proba(X))


# ------------------------------------------------------------- training parameters


def test_paper_training_holds_the_training_parameters_of_the_papers():
    params = LSTMFCNClassifier(**LSTMFCNClassifier.paper_training).get_params()
    assert params["epochs"] == 2000
    assert params["batch_size"] == 128
    assert params["plateau_patience"] == 100
    assert params["keep_best"] is True
    assert params["class_weight"] == "balanced"
    assert params["optimizer"] == "adam"
    assert params["dropout"] == 0.8


def test_paper_training_cannot_be_changed():
    with pytest.raises(TypeError):
        LSTMFCNClassifier.paper_training["epochs"] = 1


@pytest.mark.parametrize("cls", [LSTMFCNRegressor, LSTMFCNClassifier])
def test_the_defaults_are_those_of_the_recipe(cls):
    assert cls().epochs == cls().batch_size == cls().learning_rate == "auto"
    assert 'epochs : int or "auto", default="auto"\n' in cls.__doc__


def test_few_windows_are_trained_in_batches_of_all_windows():
    X = np.random.default_rng(0).normal(size=(100, 8))
    y = np.arange(100) % 2
    small = {"filters": (2, 2), "kernel_size": 2, "lstm_units": 2, "random_state": 0}
    whole = LSTMFCNClassifier(batch_size=-1, **small).fit(X, y)
    automatic = LSTMFCNClassifier(**small).fit(X, y)
    assert automatic.n_epochs_ == whole.n_epochs_
    np.testing.assert_array_equal(automatic.predict_proba(X), whole.predict_proba(X))
    smaller = LSTMFCNClassifier(batch_size=50, **small).fit(X, y)
    assert smaller.n_epochs_ < whole.n_epochs_
