"""Blocks of layers that architectures share, and checks of their parameters.

A block is a function from tensor to tensor. Every layer gets an explicit name, so two
builds of a network have the same JSON text.
"""

import math
import numbers
from types import FunctionType

import keras
from keras import layers, ops

from skcnnlstm._utils.validation import (
    auto_subsequences,
    check_boolean,
    check_choice,
    check_integer,
    check_real,
    is_auto,
    resolve_subsequences,
)

# -------------------------------------------------------------------------- checks


def check_per_layer(name, value, n_layers=None, per="layer"):
    """Return a parameter as a tuple with one positive integer per layer.

    An integer is repeated `n_layers` times. With ``n_layers=None``, an integer gives a
    tuple of one entry, and a tuple may have any number of entries. `per` is used in the
    error message: "layer", or "axis" if the entries belong to the axes of a kernel.
    """
    if not isinstance(value, list | tuple):
        check_integer(name, value)
        return (int(value),) * (1 if n_layers is None else n_layers)
    values = tuple(check_integer(name, item) for item in value)
    if n_layers is not None and len(values) != n_layers:
        raise ValueError(
            f"{name} must be an integer or have one entry per {per} ({n_layers}): got "
            f"{name}={value}. Use an integer, or a tuple of length {n_layers}."
        )
    return values


def check_widths(name, value):
    """Return the width of each layer as a tuple; raise if there is no layer."""
    values = check_per_layer(name, value)
    if not values:
        raise ValueError(
            f"{name} must have at least one entry: got {name}={value}. Use an integer, "
            "or a tuple with one integer per layer."
        )
    return values


_ACTIVATIONS = "'relu', 'tanh', 'elu', 'gelu' or 'linear'"


def check_activation(name, value):
    """Return `value` if it is a valid activation; otherwise, raise ValueError.

    A valid activation can be found by its name in another process. It keeps the shape
    of a tensor.
    """
    try:
        function = keras.activations.get(value)
        config = keras.activations.serialize(function)
        # Keras 3.15 deserializes the layers of a network without the custom object
        # scope of the user. The empty scope here has the same effect.
        with keras.saving.custom_object_scope({}):
            found = keras.activations.deserialize(config)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(_unknown_activation_message(name, value)) from error
    if isinstance(found, str):  # Keras returns unknown names unchanged
        raise ValueError(_unknown_activation_message(name, value))
    if isinstance(function, FunctionType) and found is not function:
        raise ValueError(
            f"{name} must be the function that is registered with Keras under its "
            f"name: got {name}={value!r}, but Keras finds {found!r}. Register the "
            "function with keras.saving.register_keras_serializable, or pass the "
            "function that Keras finds."
        )
    sample = keras.ops.ones((1, 2))
    try:
        shape = tuple(function(sample).shape)
    except (TypeError, ValueError) as error:
        reason = "requires further arguments"
        raise ValueError(_not_elementwise_message(name, value, reason)) from error
    if shape != (1, 2):
        reason = f"returns shape {shape} for shape (1, 2)"
        raise ValueError(_not_elementwise_message(name, value, reason))
    return value


def _unknown_activation_message(name, value):
    return (
        f"{name} must be the name of a Keras activation, or a function registered "
        f"with keras.saving.register_keras_serializable: got {name}={value!r}. Use "
        f"{_ACTIVATIONS}, for example."
    )


def _not_elementwise_message(name, value, reason):
    return (
        f"{name} must map one tensor to a tensor of the same shape: got "
        f"{name}={value!r}, which {reason}. Use {_ACTIVATIONS}, for example."
    )


def check_padding(padding):
    """Return `padding` if it is "same" or "valid"."""
    return check_choice("padding", padding, ("same", "valid"))


def check_input_axes(
    input_shape,
    accepted,
    architecture,
    four_axes="(n_samples, n_subsequences, n_rows, n_steps, n_features)",
):
    """Raise ValueError if a sample has an unaccepted number of axes.

    `accepted` holds the accepted numbers. The message contains `architecture`, a name
    with its article, such as "a CNN". If samples may have four axes, the message
    contains `four_axes` as the shape of X.
    """
    if len(input_shape) not in accepted:
        shapes = {
            1: "(n_samples, window_length)",
            2: "(n_samples, window_length, n_features)",
            3: "(n_samples, n_subsequences, n_steps, n_features)",
            4: four_axes,
        }
        actual = ", ".join(map(str, input_shape))
        remedy = "Use the windows that SlidingWindow or make_windows builds"
        remedy += ", and SubsequenceReshaper to cut them." if 3 in accepted else "."
        raise ValueError(
            f"X must have shape {' or '.join(shapes[n] for n in accepted)} for "
            f"{architecture}: got shape (n_samples, {actual}). {remedy}"
        )


def check_kernel_fits(kernel_size, n_steps, padding, axis="steps"):
    """Raise ValueError if a convolution without padding would have no output."""
    if padding == "valid" and kernel_size > n_steps:
        larger = {"steps": "longer windows", "rows": "more rows"}.get(
            axis, "larger frames"
        )
        raise ValueError(
            f"kernel_size must be at most the number of {axis} with padding='valid': "
            f"got kernel_size={kernel_size}, {n_steps} {axis}. Use padding='same', a "
            f"smaller kernel_size, or {larger}."
        )


# --------------------------------------------------------------------------- shapes


@keras.saving.register_keras_serializable(package="skcnnlstm")
class PadStart(layers.Layer):
    """Lengthen windows at their start by `n_steps` copies of the first step."""

    def __init__(self, n_steps, **kwargs):
        super().__init__(**kwargs)
        self.n_steps = n_steps

    def call(self, window):
        """Return windows that are `n_steps` longer.

        Windows have shape `(n_samples, window_length, n_features)`.
        """
        first = ops.tile(window[:, :1], (1, self.n_steps, 1))
        return ops.concatenate([first, window], axis=1)

    def get_config(self):
        """Return the configuration of the layer."""
        return {**super().get_config(), "n_steps": self.n_steps}


def as_series(window):
    """Return a window with a feature axis; add the axis to `(window_length,)`."""
    if len(window.shape) == 2:
        return layers.Reshape((window.shape[1], 1), name="series")(window)
    return window


def as_subsequences(window, n_subsequences, halves=False):
    """Return a window as `(n_subsequences, n_steps, n_features)`.

    With ``n_subsequences="auto"``, the window is first padded at its start to the
    length that ``auto_subsequences(length, halves)`` returns. A window that is already
    cut is returned unchanged.
    """
    if len(window.shape) == 4:
        return window
    window = as_series(window)
    length, n_features = window.shape[1:]
    if is_auto(n_subsequences):
        n_subsequences, padded = auto_subsequences(length, halves)
        if padded > length:
            window = PadStart(padded - length, name="padded")(window)
            length = padded
    n_subsequences = resolve_subsequences(n_subsequences, length)
    return layers.Reshape(
        (n_subsequences, length // n_subsequences, n_features), name="subsequences"
    )(window)


def reads_halves(output_activation, per_step=False):
    """Return whether "auto" cuts a window into two halves.

    This is so in classifiers, which have an output activation, except with `per_step`.
    """
    return output_activation is not None and not per_step


def resolve_auto_subsequences(params, input_shape, halves=False):
    """Return `params`, with `n_subsequences="auto"` replaced by a number.

    `halves` has the meaning that it has in `auto_subsequences`.

    If "auto" pads the windows, or if the windows are already cut, `params` is returned
    unchanged.
    """
    if len(input_shape) > 2:
        return params
    n_subsequences, length = params["n_subsequences"], input_shape[0]
    if is_auto(n_subsequences):
        number, padded = auto_subsequences(length, halves)
        return params if padded > length else {**params, "n_subsequences": number}
    return {**params, "n_subsequences": resolve_subsequences(n_subsequences, length)}


def resolve_auto_halves(params, input_shape):
    """Replace ``n_subsequences="auto"`` in the parameters of a classifier."""
    halves = not params.get("per_step")
    return resolve_auto_subsequences(params, input_shape, halves)


# Maximum number of values in a patch of ``patch_length="auto"``. It limits the size of
# an LSTM: 8,192 values and 128 units need 4 million weights.
_MAX_PATCH_VALUES = 8192


def as_patches(x, patch_length, output_activation, per_step=False):
    """Return `(n_steps, channels)` as `(n_patches, patch_length * channels)`.

    If `patch_length` does not divide `n_steps`, the first step is repeated at the
    start. ``patch_length="auto"`` means 1, except in a classifier without `per_step`.
    There it means half of the steps, rounded up, or fewer steps if a patch would have
    more than `_MAX_PATCH_VALUES` values.
    """
    n_steps, channels = x.shape[1:]
    if is_auto(patch_length):
        patch_length = 1
        if reads_halves(output_activation, per_step):
            longest = max(1, _MAX_PATCH_VALUES // channels)
            patch_length = min(math.ceil(n_steps / 2), longest)
    elif per_step and patch_length != 1:
        raise ValueError(
            "patch_length must be 1 or 'auto' with per_step=True, because each step "
            f"has a target: got patch_length={patch_length!r}. Set patch_length=1."
        )
    rule = f"patch_length must be 'auto' or an integer from 1 to {n_steps}"
    got = f"got patch_length={patch_length!r}, and the LSTM reads {n_steps} steps"
    remedy = "Use 'auto', or one of these integers."
    is_integer = isinstance(patch_length, numbers.Integral)
    if not is_integer or isinstance(patch_length, bool):
        raise TypeError(f"{rule}: {got}. {remedy}")
    if not 1 <= patch_length <= n_steps:
        raise ValueError(f"{rule}: {got}. {remedy}")
    patch_length = int(patch_length)
    if patch_length == 1:
        return x
    if n_steps % patch_length:
        n_missing = patch_length - n_steps % patch_length
        x = PadStart(n_missing, name="padded")(x)
    shape = x.shape[1] // patch_length, patch_length * channels
    return layers.Reshape(shape, name="patches")(x)


# --------------------------------------------------------------------------- blocks


def conv2d_stack_per_frame(x, filters, kernel_size, padding, activation, pool_size):
    """Apply one Conv2D per entry of `filters` to each frame of a sequence.

    If `pool_size` is greater than 1, max pooling follows each Conv2D. The input has
    shape `(frames, rows, columns, channels)`. The output has shape `(frames,
    features)`. Each frame becomes a sample of Conv2D. The result equals that of
    `TimeDistributed(Conv2D)`, which loops over the frames.
    """
    n_frames = x.shape[1]
    # (samples * frames, rows, columns, channels)
    x = ops.reshape(x, (-1, *x.shape[2:]))
    for i, (width, size) in enumerate(zip(filters, kernel_size, strict=True), 1):
        for n_steps in x.shape[1:3]:
            check_kernel_fits(size, n_steps, padding, "rows and columns")
        x = layers.Conv2D(
            width, size, padding=padding, activation=activation, name=f"conv_{i}"
        )(x)
        if pool_size > 1:
            x = layers.MaxPooling2D(pool_size, padding="same", name=f"pool_{i}")(x)
    return ops.reshape(x, (-1, n_frames, math.prod(x.shape[1:])))


def conv1d_stack(x, filters, kernel_size, padding, activation):
    """Apply one Conv1D per entry of `filters` to `(n_steps, channels)`."""
    for i, (width, size) in enumerate(zip(filters, kernel_size, strict=True), 1):
        check_kernel_fits(size, x.shape[1], padding)
        x = layers.Conv1D(
            width, size, padding=padding, activation=activation, name=f"conv_{i}"
        )(x)
    return x


def conv1d_stack_per_row(
    x, filters, kernel_size, padding, activation, initializer="glorot_uniform"
):
    """Apply one Conv1D per entry of `filters` to each row of `(rows, steps, channels)`.

    `initializer` draws the kernels. This uses a Conv2D with a kernel of one row. The
    result equals that of `TimeDistributed(Conv1D)`, which loops over the rows.
    """
    for i, (width, size) in enumerate(zip(filters, kernel_size, strict=True), 1):
        check_kernel_fits(size, x.shape[2], padding)
        x = layers.Conv2D(
            width,
            (1, size),
            padding=padding,
            activation=activation,
            kernel_initializer=initializer,
            name=f"conv_{i}",
        )(x)
    return x


def apply_lstm(
    x,
    units,
    *,
    activation="tanh",
    return_sequences=False,
    bidirectional=False,
    initializer="glorot_uniform",
    name,
):
    """Apply an LSTM to `(n_steps, n_features)`.

    The output has shape `(units,)`, or `(n_steps, units)` with `return_sequences`. With
    `bidirectional`, the last axis has length `2 * units`. `initializer` draws the
    weights of the inputs.
    """
    check_boolean("bidirectional", bidirectional)
    check_activation("lstm_activation", activation)
    layer = layers.LSTM(
        units,
        activation=activation,
        return_sequences=return_sequences,
        kernel_initializer=initializer,
        name=name,
    )
    if bidirectional:
        layer = layers.Bidirectional(layer, name=f"{name}_both_ways")
    return layer(x)


def attention_pooling(sequence, units):
    """Average `(n_steps, channels)` over time with learned weights.

    This is the additive attention of Bahdanau et al. (2015) with one learned query. The
    weights are softmax_t(v . tanh(W h_t + b)), the output of the layer
    "attention_weights".

    References
    ----------
    Bahdanau, D., Cho, K. and Bengio, Y. (2015). Neural machine translation by jointly
    learning to align and translate. ICLR.
    """
    scores = layers.Dense(units, activation="tanh", name="attention_keys")(sequence)
    scores = layers.Dense(1, use_bias=False, name="attention_scores")(scores)
    weights = layers.Softmax(axis=1, name="attention_weights")(scores)  # (n_steps, 1)
    context = layers.Dot(axes=1, name="attention")([weights, sequence])
    return layers.Flatten(name="context")(context)  # (channels,)


def apply_dropout(x, rate, name):
    """Apply dropout; a rate of zero adds no layer."""
    check_real("dropout", rate, low=0, high=1, inclusive="left")
    return layers.Dropout(rate, name=name)(x) if rate else x


def output_head(
    x, n_outputs, dense_units=(), activation="relu", output_activation=None
):
    """Apply one hidden layer per entry of `dense_units`, then the output layer."""
    if not isinstance(dense_units, list | tuple):
        dense_units = (dense_units,)
    check_activation("activation", activation)
    for i, units in enumerate(check_per_layer("dense_units", dense_units), 1):
        x = layers.Dense(units, activation=activation, name=f"dense_{i}")(x)
    return layers.Dense(n_outputs, activation=output_activation, name="output")(x)
