"""Tests of the blocks that architectures share, and of their checks."""

import re

import keras
import numpy as np
import pytest
from keras import layers
from networks import layer_shapes

from skcnnlstm.layers.blocks import (
    apply_dropout,
    apply_lstm,
    as_patches,
    as_series,
    as_subsequences,
    attention_pooling,
    check_activation,
    check_input_axes,
    check_kernel_fits,
    check_padding,
    check_per_layer,
    check_widths,
    conv1d_stack,
    conv1d_stack_per_row,
    conv2d_stack_per_frame,
    output_head,
    resolve_auto_subsequences,
)


def unregistered(x):
    return keras.ops.tanh(x)


def tanh(x):
    """Return another function than the one that Keras finds by this name."""
    return -keras.ops.tanh(x)


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


# -------------------------------------------------------------------------- checks


@pytest.mark.parametrize(
    ("value", "n_layers", "expected"),
    [
        (3, None, (3,)),
        (3, 2, (3, 3)),
        (np.int64(3), 2, (3, 3)),
        ([5, 3], None, (5, 3)),
        ((5, 3), 2, (5, 3)),
        ((), None, ()),
    ],
)
def test_check_per_layer_returns_one_integer_per_layer(value, n_layers, expected):
    assert check_per_layer("units", value, n_layers) == expected


EXAMPLES = "Use 'relu', 'tanh', 'elu', 'gelu' or 'linear', for example."
UNKNOWN = (
    "activation must be the name of a Keras activation, or a function registered with "
    "keras.saving.register_keras_serializable: got activation={!r}. " + EXAMPLES
)


@pytest.mark.parametrize(
    ("check", "args", "message"),
    [
        (
            check_per_layer,
            ("units", (5, 3, 1), 2),
            "units must be an integer or have one entry per layer (2): got "
            "units=(5, 3, 1). Use an integer, or a tuple of length 2.",
        ),
        (
            check_widths,
            ("filters", ()),
            "filters must have at least one entry: got filters=(). Use an integer, or "
            "a tuple with one integer per layer.",
        ),
        (
            check_kernel_fits,
            (5, 4, "valid"),
            "kernel_size must be at most the number of steps with padding='valid': got "
            "kernel_size=5, 4 steps. Use padding='same', a smaller kernel_size, or "
            "longer windows.",
        ),
        (
            check_input_axes,
            ((4, 3, 1), (1,), "a test"),
            "X must have shape (n_samples, window_length) for a test: got shape "
            "(n_samples, 4, 3, 1). Use the windows that SlidingWindow or make_windows "
            "builds.",
        ),
        (
            check_input_axes,
            ((4, 3, 1, 1), (1, 3), "a test"),
            "X must have shape (n_samples, window_length) or (n_samples, "
            "n_subsequences, n_steps, n_features) for a test: got shape (n_samples, 4, "
            "3, 1, 1). Use the windows that SlidingWindow or make_windows builds, and "
            "SubsequenceReshaper to cut them.",
        ),
        (check_activation, ("activation", "bogus"), UNKNOWN.format("bogus")),
        (check_activation, ("activation", np.tanh), UNKNOWN.format(np.tanh)),
        (check_activation, ("activation", unregistered), UNKNOWN.format(unregistered)),
        (
            check_activation,
            ("activation", tanh),
            "activation must be the function that is registered with Keras under its "
            f"name: got activation={tanh!r}, but Keras finds "
            f"{keras.activations.tanh!r}. Register the function with "
            "keras.saving.register_keras_serializable, or pass the function that Keras "
            "finds.",
        ),
        (
            check_activation,
            ("activation", "threshold"),
            "activation must map one tensor to a tensor of the same shape: got "
            f"activation='threshold', which requires further arguments. {EXAMPLES}",
        ),
        (
            check_activation,
            ("activation", "glu"),
            "activation must map one tensor to a tensor of the same shape: got "
            "activation='glu', which returns shape (1, 1) for shape (1, 2). "
            + EXAMPLES,
        ),
    ],
)
def test_checks_raise_value_error_with_the_whole_message(check, args, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check(*args)


def test_an_activation_registered_only_in_a_scope_is_rejected():
    # The network could not be deserialized, not even inside the scope.
    with keras.saving.custom_object_scope({"unregistered": unregistered}):
        with pytest.raises(ValueError, match="the name of a Keras activation"):
            check_activation("activation", unregistered)


@pytest.mark.parametrize("value", ["relu", keras.activations.elu, None])
def test_activations_that_keras_finds_are_returned_unchanged(value):
    assert check_activation("activation", value) is value


def test_unknown_padding_raises_value_error():
    with pytest.raises(ValueError, match="padding must be one of 'same', 'valid'"):
        check_padding("full")


# --------------------------------------------------------------------------- shapes


def test_as_series_adds_the_feature_axis_only_if_it_is_missing():
    assert as_series(keras.Input((6,))).shape == (None, 6, 1)
    window = keras.Input((6, 2))
    assert as_series(window) is window


def test_as_subsequences_cuts_windows_in_time_order():
    window = keras.Input((6,))
    cut = keras.Model(window, as_subsequences(window, 3))
    output = to_numpy(cut(np.arange(6.0)[None]))
    np.testing.assert_array_equal(output[0, ..., 0], [[0, 1], [2, 3], [4, 5]])


def test_resolve_auto_subsequences_leaves_cut_windows_unchanged():
    params = {"n_subsequences": "auto", "filters": 3}
    assert resolve_auto_subsequences(params, (3, 4, 1)) is params
    assert resolve_auto_subsequences(params, (12,)) == params | {"n_subsequences": 3}


@pytest.mark.parametrize(
    ("n_channels", "expected"),
    [(10, (2, 500)), (400, (5, 8000)), (9000, (100, 9000))],
)
def test_automatic_patches_have_at_most_8192_values(n_channels, expected):
    x = keras.Input((100, n_channels))
    assert as_patches(x, "auto", "softmax").shape[1:] == expected
    assert as_patches(x, "auto", None) is x
    assert as_patches(x, "auto", "softmax", per_step=True) is x


def test_patches_repeat_the_first_step_if_the_window_is_too_short():
    window = keras.Input((5, 2))
    model = keras.Model(window, as_patches(window, 3, None))
    X = np.arange(10.0).reshape(1, 5, 2)
    expected = [[[0, 1, 0, 1, 2, 3], [4, 5, 6, 7, 8, 9]]]
    np.testing.assert_array_equal(model.predict(X, verbose=0), expected)


def test_resolve_auto_subsequences_cuts_even_windows_into_halves():
    params = {"n_subsequences": "auto"}
    assert resolve_auto_subsequences(params, (12,), halves=True)["n_subsequences"] == 2
    assert resolve_auto_subsequences(params, (1,), halves=True)["n_subsequences"] == 1
    assert resolve_auto_subsequences(params, (13,), halves=True) is params


# --------------------------------------------------------------------------- blocks


def test_conv1d_stack_has_one_layer_per_entry():
    x = conv1d_stack(
        keras.Input((9, 2)), (3, 4), (5, 2), padding="valid", activation="relu"
    )
    assert x.shape == (None, 9 - 4 - 1, 4)


def test_conv1d_stack_per_row_equals_time_distributed_convolutions():
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 2)).astype("float32")
    rows = keras.Input((3, 8, 2))
    output = conv1d_stack_per_row(rows, (4,), (3,), padding="same", activation="relu")
    model = keras.Model(rows, output)
    convolution = layers.Conv1D(4, 3, padding="same", activation="relu")
    convolution.build((None, 8, 2))
    kernel, bias = model.get_layer("conv_1").get_weights()
    convolution.set_weights([kernel[0], bias])
    for row in range(3):
        expected = to_numpy(convolution(x[:, row]))
        np.testing.assert_allclose(to_numpy(model(x))[:, row], expected, atol=1e-6)


def test_conv2d_stack_per_frame_equals_time_distributed_convolutions():
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 6, 2)).astype("float32")
    frames = keras.Input((3, 5, 6, 2))
    output = conv2d_stack_per_frame(frames, (4,), (3,), "same", "relu", pool_size=2)
    model = keras.Model(frames, output)
    stack = [
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2, padding="same"),
        layers.Flatten(),
    ]
    slow = keras.Sequential(
        [keras.Input((3, 5, 6, 2)), *map(layers.TimeDistributed, stack)]
    )
    slow.set_weights(model.get_weights())
    np.testing.assert_allclose(to_numpy(model(x)), to_numpy(slow(x)), atol=1e-6)


@pytest.mark.parametrize(
    ("params", "shape"),
    [
        ({}, (4,)),
        ({"return_sequences": True}, (7, 4)),
        ({"bidirectional": True}, (8,)),
        ({"return_sequences": True, "bidirectional": True}, (7, 8)),
    ],
)
def test_apply_lstm_returns_the_documented_shape(params, shape):
    assert apply_lstm(keras.Input((7, 2)), 4, name="lstm", **params).shape[1:] == shape


def test_attention_pooling_returns_the_weighted_mean_over_time():
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype("float32")
    sequence = keras.Input((5, 3))
    model = keras.Model(sequence, attention_pooling(sequence, 4))
    weights = keras.Model(sequence, model.get_layer("attention_weights").output)(x)
    expected = (to_numpy(weights) * x).sum(axis=1)
    np.testing.assert_allclose(to_numpy(model(x)), expected, rtol=1e-5, atol=1e-7)


def test_apply_dropout_with_rate_zero_adds_no_layer():
    x = keras.Input((3,))
    assert apply_dropout(x, 0.0, "dropout") is x
    with pytest.raises(ValueError, match="dropout must be"):
        apply_dropout(x, 1.0, "dropout")


@pytest.mark.parametrize(
    ("dense_units", "hidden"),
    [((), {}), (5, {"dense_1": (5,)}), ((5, 4), {"dense_1": (5,), "dense_2": (4,)})],
)
def test_output_head_has_one_hidden_layer_per_entry(dense_units, hidden):
    x = keras.Input((3,), name="input")
    output = output_head(x, 2, dense_units=dense_units, output_activation="softmax")
    model = keras.Model(x, output)
    assert layer_shapes(model) == {"input": (3,), **hidden, "output": (2,)}
    assert model.get_layer("output").activation is keras.activations.softmax
