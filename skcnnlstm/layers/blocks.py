"""Blocks that architectures share: functions from tensor to tensor.

Every layer has a name of its own, so that the same network is always the same text.
"""

from __future__ import annotations

from types import FunctionType

import keras
from keras import layers

from skcnnlstm._utils.validation import (
    check_boolean,
    check_choice,
    check_integer,
    check_real,
    resolve_subsequences,
)


def per_layer(name, value, n_layers=None, *, minimum=1):
    """Return `value` as a tuple with one integer a layer.

    A single integer stands for every layer (for one layer where `n_layers` is None).
    With `n_layers=None` a tuple may have any number of entries.
    """
    if not isinstance(value, list | tuple):
        check_integer(name, value, minimum=minimum)
        return (int(value),) * (1 if n_layers is None else n_layers)
    values = tuple(check_integer(name, item, minimum=minimum) for item in value)
    if n_layers is not None and len(values) != n_layers:
        raise ValueError(
            f"{name} must be an integer or have one entry a layer: got {name}={value} "
            f"for {n_layers} layers. Use {n_layers} integers, or one for all."
        )
    return values


def widths(name, value):
    """Return `value` as a tuple with one width a layer, at least one."""
    values = per_layer(name, value)
    if not values:
        raise ValueError(
            f"{name} must have one entry at least: got {name}={value}. Use an integer, "
            "or a tuple with one integer a layer."
        )
    return values


_ACTIVATIONS = "'relu', 'tanh', 'elu', 'gelu' or 'linear'"


def check_activation(name, value):
    """Return an activation that Keras finds by name in any process."""
    try:
        found = keras.activations.get(value)
        written = keras.activations.serialize(found)
        # A scope of Keras replaces the one around it: the user's does not reach into
        # the layers of a network (Keras 3.15), and an empty one hides it here.
        with keras.saving.custom_object_scope({}):
            again = keras.activations.deserialize(written)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(_not_known(name, value)) from error
    if isinstance(again, str):  # what Keras makes of a name that nothing has
        raise ValueError(_not_known(name, value))
    if isinstance(found, FunctionType) and again is not found:
        # A network keeps the name alone.
        raise ValueError(
            f"{name} must be a function that its name leads back to: got "
            f"{name}={value!r}, whose name leads to {again!r}. Register it with "
            "keras.saving.register_keras_serializable, or pass the one that was "
            "registered last by this name."
        )
    sample = keras.ops.ones((1, 2))
    try:
        shape = tuple(found(sample).shape)
    except (TypeError, ValueError) as error:
        raise ValueError(_not_elementwise(name, value, "needs more than x")) from error
    if shape != (1, 2):
        raise ValueError(_not_elementwise(name, value, f"makes {shape} of (1, 2)"))
    return value


def _not_known(name, value):
    return (
        f"{name} must be the name of a Keras activation, or a function registered "
        f"with keras.saving.register_keras_serializable: got {name}={value!r}. Use "
        f"{_ACTIVATIONS}, for example."
    )


def _not_elementwise(name, value, why):
    return (
        f"{name} must be a function of one tensor that keeps its shape: got "
        f"{name}={value!r}, which {why}. Use {_ACTIVATIONS}, for example."
    )


def require_axes(input_shape, axes, name):
    """Raise unless a sample of `input_shape` has one of the numbers of axes."""
    if len(input_shape) not in axes:
        kinds = {
            1: "(n_samples, window_length)",
            2: "(n_samples, window_length, n_features)",
            3: "(n_samples, n_subsequences, n_steps, n_features)",
            4: "(n_samples, n_subsequences, n_rows, n_steps, n_features)",
        }
        raise ValueError(
            f"{name} takes X of shape {' or '.join(kinds[n] for n in axes)}: got "
            f"{len(input_shape) + 1} dimensions, (n_samples, "
            f"{', '.join(map(str, input_shape))}). Make windows with SlidingWindow or "
            "make_windows, or cut them with SubsequenceReshaper."
        )


def as_series(window):
    """Give `(window_length,)` its feature axis; leave `(window_length, n_features)`."""
    if len(window.shape) == 2:
        return layers.Reshape((window.shape[1], 1), name="series")(window)
    return window


def as_subsequences(window, n_subsequences):
    """Cut a window into `(n_subsequences, n_steps, n_features)`, if not yet cut."""
    if len(window.shape) == 4:
        return window
    window = as_series(window)
    length, n_features = window.shape[1:]
    n_subsequences = resolve_subsequences(n_subsequences, length)
    return layers.Reshape(
        (n_subsequences, length // n_subsequences, n_features), name="subsequences"
    )(window)


def resolve_cut(params, input_shape):
    """Return `params` with `n_subsequences` as a number; cut windows keep theirs."""
    if len(input_shape) > 2:
        return params
    n_subsequences = resolve_subsequences(params["n_subsequences"], input_shape[0])
    return {**params, "n_subsequences": n_subsequences}


def require_kernel_fits(kernel_size, n_steps, padding):
    """Raise where a "valid" convolution would have no step left."""
    if padding == "valid" and kernel_size > n_steps:
        raise ValueError(
            "kernel_size must be at most the number of steps with padding='valid': "
            f"got kernel_size={kernel_size}, {n_steps} steps. Use padding='same', a "
            "smaller kernel_size, or longer windows."
        )


def lstm(x, units, *, activation="tanh", sequences=False, bidirectional=False, name):
    """Run an LSTM over `(n_steps, n_features)`, both ways if `bidirectional`.

    Returns `(units,)`, or `(n_steps, units)` with `sequences`; twice the units where
    bidirectional.
    """
    check_boolean("bidirectional", bidirectional)
    check_activation("lstm_activation", activation)
    layer = layers.LSTM(
        units, activation=activation, return_sequences=sequences, name=name
    )
    if bidirectional:
        layer = layers.Bidirectional(layer, name=f"{name}_both_ways")
    return layer(x)


def attend(sequence, units):
    """Average `(n_steps, channels)` over time by learned weights.

    Additive attention of Bahdanau et al. (2015) with one learned query: the weights
    are softmax_t(v . tanh(W h_t + b)); the layer "attention_weights" gives them.
    """
    scores = layers.Dense(units, activation="tanh", name="attention_keys")(sequence)
    scores = layers.Dense(1, use_bias=False, name="attention_scores")(scores)
    weights = layers.Softmax(axis=1, name="attention_weights")(scores)  # (n_steps, 1)
    context = layers.Dot(axes=1, name="attention")([weights, sequence])
    return layers.Flatten(name="context")(context)  # (channels,)


def dropped(x, rate, name):
    """Drop a share of the values in training; no layer at all where it is zero."""
    check_real("dropout", rate, low=0, high=1, inclusive="left")
    return layers.Dropout(rate, name=name)(x) if rate else x


def head(x, n_outputs, *, dense_units=(), activation="relu", output_activation=None):
    """Map a vector to the outputs through `dense_units` hidden layers."""
    if not isinstance(dense_units, list | tuple):
        dense_units = (dense_units,)
    check_activation("activation", activation)
    for i, units in enumerate(per_layer("dense_units", dense_units)):
        x = layers.Dense(units, activation=activation, name=f"dense_{i + 1}")(x)
    return layers.Dense(n_outputs, activation=output_activation, name="output")(x)


def check_padding(padding):
    """Raise unless `padding` is one that Keras knows for any convolution."""
    return check_choice("padding", padding, ("same", "valid"))
