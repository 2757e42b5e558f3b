"""Replace the computations of Keras layers by equivalent ones of fewer operations.

TensorFlow needs more time to start a small operation than to run it. The computations
here start fewer operations:

- a convolution along time is one matrix product,
- an LSTM or GRU multiplies all steps by the input kernel at once,
- a ConvLSTM convolves its four gates together,
- an LSTM over many steps of few features is one operation.

Results agree with those of Keras within float32 rounding. A GPU has fast kernels for
most layers; there, only recurrent layers without such a kernel are replaced.

A layer keeps its class, its variables and its config. Only its method `call` is
replaced, in a model that the package creates itself. Layers with unsupported settings
are left unchanged.
"""

from __future__ import annotations

from functools import reduce

import keras
from keras import layers, ops

from skcnnlstm.training._tensorflow_recurrent import run_block_lstm, run_loop

# With more columns, the copies for the matrix product cost more time than they save.
_MAX_COLUMNS = 512
_CONVOLUTIONS = (
    layers.Conv1D,
    layers.Conv2D,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
)


def use_fast_layers(
    model, *, on_gpu=False, portable=True, large_batches=False, convolutions=True
) -> None:
    """Replace `call` of the layers of a built functional model, if possible.

    Parameters
    ----------
    model : keras.Model
        Changed in place.
    on_gpu : bool, default=False
        Whether layers that have a fast kernel on a GPU are left unchanged.
    portable : bool, default=True
        Whether to use only operations that exist in other runtimes, for exports.
    large_batches : bool, default=False
        Whether batches have more than 128 samples.
    convolutions : bool, default=True
        Whether to replace convolutions and poolings. Gradients of hundreds of windows
        take up to three times as long with the copies for the matrix product.
    """
    for outer in model.layers:
        for layer in unwrap_bidirectional(outer):
            if on_gpu and _has_gpu_kernel(layer):
                continue
            if not convolutions and isinstance(layer, _CONVOLUTIONS):
                continue
            if hasattr(layer, "use_cudnn"):
                layer.use_cudnn = False
            create_call = _FAST_CALLS.get(type(layer))
            if isinstance(layer, layers.RNN):
                # A layer that is called with initial states has a list of inputs.
                has_states = isinstance(outer.input, list)
                inputs = outer.input[0] if has_states else outer.input
                n_steps, n_features = inputs.shape[1], inputs.shape[-1]
                layer.unroll = n_steps <= MAX_UNROLLED_STEPS
                if n_steps == 1 and not has_states:
                    continue  # state weights are not used, and would have no gradient
                if portable or on_gpu:
                    if not layer.unroll:
                        continue
                elif _suits_block_lstm(layer, n_steps, n_features, large_batches):
                    create_call = _block_lstm_call
            call = create_call and create_call(layer)
            if call is not None:
                layer.call = call


def _has_gpu_kernel(layer):
    """Return whether a GPU has a fast kernel for a layer.

    Recurrent layers need the conditions under which Keras uses cuDNN.
    """
    if not isinstance(layer, layers.RNN):
        return True
    if not isinstance(layer, layers.LSTM | layers.GRU):
        return False
    cell = layer.cell
    return (
        cell.activation is keras.activations.tanh
        and cell.recurrent_activation is keras.activations.sigmoid
        and cell.use_bias
        and cell.recurrent_dropout == 0
        and getattr(cell, "reset_after", True)
        and layer.use_cudnn is not False
    )


def silu(x):
    """Compute the activation "silu" (also called "swish").

    It has the name of Keras' function, so that a network is saved with that name.
    """
    return x * ops.sigmoid(x)


def replace_silu(model) -> None:
    """Replace Keras' silu, so that TensorFlow does not keep its graph in memory.

    TensorFlow implements silu with a custom gradient, which it registers permanently,
    and with it the whole graph of the network.
    """
    for outer in model.layers:
        for layer in unwrap_bidirectional(outer):
            for owner in (layer, getattr(layer, "cell", None)):
                for name in ("activation", "recurrent_activation"):
                    if getattr(owner, name, None) is keras.activations.silu:
                        setattr(owner, name, silu)


def disable_cudnn_for_bfloat16(model) -> None:
    """Set `use_cudnn=False` in layers that compute in bfloat16.

    With cuDNN, a layer of 50 units returned NaN (cuDNN 9.19, TensorFlow 2.21, H200).
    """
    for outer in model.layers:
        for layer in unwrap_bidirectional(outer):
            if hasattr(layer, "use_cudnn") and layer.compute_dtype == "bfloat16":
                layer.use_cudnn = False


def unwrap_bidirectional(layer):
    """Return both layers of a Bidirectional layer, or else the layer itself."""
    if isinstance(layer, layers.Bidirectional):
        return layer.forward_layer, layer.backward_layer
    return (layer,)


# ---------------------------------------------------------------------- convolution


def _convolve(x, kernel, padding, dilation=1, activate=lambda product: product):
    """Convolve `(..., n_steps, channels)` along its steps.

    The kernel has the shape `(kernel_size, channels, filters)`. `activate` adds the
    bias and applies the activation; TensorFlow fuses it with the matrix product.
    """
    kernel_size, channels, filters = kernel.shape
    *outer, n_steps, _ = x.shape
    n_lost = dilation * (kernel_size - 1)
    if padding == "valid":
        n_steps -= n_lost
    else:
        before = n_lost if padding == "causal" else n_lost // 2
        widths = [(0, 0)] * len(outer) + [(before, n_lost - before), (0, 0)]
        x = ops.pad(x, widths)
    if kernel_size > 1:
        starts = range(0, n_lost + 1, dilation)
        x = ops.concatenate([x[..., j : j + n_steps, :] for j in starts], axis=-1)
    columns = ops.reshape(x, (-1, kernel_size * channels))
    product = activate(ops.matmul(columns, ops.reshape(kernel, (-1, filters))))
    return ops.reshape(product, (-1, *outer[1:], n_steps, filters))


def _convolve_grid(x, kernel, padding):
    """Convolve `(n_samples, n_rows, n_steps, channels)` along rows and steps."""
    n_rows, kernel_size, channels, filters = kernel.shape
    if n_rows == 1 and _has_few_columns(kernel_size, channels):
        kernel = ops.reshape(kernel, (kernel_size, channels, filters))
        return _convolve(x, kernel, padding)
    return ops.conv(x, kernel, padding=padding, data_format="channels_last")


def _has_few_columns(kernel_size, channels):
    return kernel_size == 1 or kernel_size * channels <= _MAX_COLUMNS


def _is_supported_convolution(layer):
    """Return whether strides, padding and data format of a layer are supported."""
    return (
        all(step == 1 for step in layer.strides)
        and layer.data_format == "channels_last"
        and layer.padding in ("same", "valid", "causal")
    )


def _convolution_call(layer):
    """Return a `call` that convolves along time by one matrix product, or None."""
    *heights, kernel_size = layer.kernel_size
    along_time = all(height == 1 for height in heights) and layer.groups == 1
    if not (along_time and _is_supported_convolution(layer)):
        return None
    if not _has_few_columns(kernel_size, layer.input.shape[-1]):
        return None
    dilation = layer.dilation_rate[-1]

    def activate(product):
        return layer.activation(product + layer.bias if layer.use_bias else product)

    def call(inputs):
        kernel = ops.reshape(layer.kernel, layer.kernel.shape[-3:])
        return _convolve(inputs, kernel, layer.padding, dilation, activate)

    return call


def _max_pooling_call(layer):
    """Return a `call` that computes maxima of neighbouring steps, or None.

    The gradient of equal maxima goes to the first one, as in Keras.
    """
    *heights, size = layer.pool_size
    *outer, n_steps, channels = layer.input.shape
    divides = n_steps is not None and n_steps % size == 0
    usual = layer.strides == layer.pool_size and layer.data_format == "channels_last"
    if not (divides and usual and all(height == 1 for height in heights)):
        return None

    def call(inputs):
        pieces = ops.reshape(inputs, (-1, *outer[1:], n_steps // size, size * channels))
        return reduce(ops.maximum, ops.split(pieces, size, axis=-1))

    return call


def _reshape_call(layer):
    """Return a `call` that reshapes without reading the batch size, or None."""
    target = layer.output.shape[1:]
    if None in target:
        return None
    return lambda inputs: ops.reshape(inputs, (-1, *target))


# ------------------------------------------------------------------------ recurrence

# Recurrent layers with more steps run in a loop: tracing each unrolled step would cost
# more time than a small fit saves.
MAX_UNROLLED_STEPS = 32
# `BlockLSTM` multiplies inputs and states step by step. It is the fastest form for many
# steps of few features; `benchmarks/README.md` has the measurements.
_MIN_BLOCK_STEPS = 12
_MAX_BLOCK_FEATURES = {"unrolled": 32, "loop": 64}  # the alternative to it
_MAX_BLOCK_KERNEL = 10_200  # units * (n_features + units)


def _suits_block_lstm(layer, n_steps, n_features, large_batches):
    """Return whether `BlockLSTM` supports a layer and is its fastest form."""
    if large_batches and layer.unroll:
        return False
    if type(layer) is not layers.LSTM or layer.compute_dtype != "float32":
        return False
    cell = layer.cell
    return (
        cell.activation is keras.activations.tanh
        and cell.recurrent_activation is keras.activations.sigmoid
        and n_steps >= _MIN_BLOCK_STEPS
        and n_features <= _MAX_BLOCK_FEATURES["unrolled" if layer.unroll else "loop"]
        and cell.units * (n_features + cell.units) <= _MAX_BLOCK_KERNEL
    )


def _is_supported_recurrence(layer):
    """Return whether a recurrent layer has a bias, no dropout and no kept state."""
    cell = layer.cell
    return (
        cell.use_bias
        and cell.dropout == cell.recurrent_dropout == 0
        and not layer.stateful
    )


def _recurrent_call(layer, run):
    """Return the `call` of a recurrent layer, or None.

    `run(sequences, state)` takes the initial state (None for zeros). It returns the
    outputs of all steps as a list or as a tensor, in the order of processing and with
    the steps first, and the state after the last step.
    """
    if not _is_supported_recurrence(layer):
        return None
    keras_call = layer.call

    def call(sequences, initial_state=None, mask=None, training=False):
        if mask is not None:
            return keras_call(sequences, initial_state, mask, training)
        state = None if initial_state is None else tuple(initial_state)
        outputs, state = run(sequences, state)
        output = state[0]
        if layer.return_sequences:
            if isinstance(outputs, list):
                output = ops.stack(outputs, axis=1)
            else:
                output = ops.moveaxis(outputs, 0, 1)
        return (output, *state) if layer.return_state else output

    return call


def _step_call(layer, inputs_to_gates, step):
    """Return the `call` of a recurrent layer that is unrolled or looped, or None.

    `inputs_to_gates` maps a batch of the inputs of all steps to their gates.
    ``step(gates, state)`` returns the state after a step, a tuple whose first part is
    the output. A `state` of None means zeros.
    """

    def unroll(sequences, state):
        n_steps, *shape = sequences.shape[1:]
        gates = inputs_to_gates(ops.reshape(sequences, (-1, *shape)))
        first, *rest = gates.shape[1:]
        gates = ops.reshape(gates, (-1, n_steps * first, *rest))
        steps = ops.split(gates, n_steps, axis=1)
        outputs = []
        for gates in steps[::-1] if layer.go_backwards else steps:
            state = step(gates, state)
            outputs.append(state[0])
        return outputs, state

    def loop(sequences, state):
        n_steps, *shape = sequences.shape[1:]
        sequences = _move_steps_first(sequences, layer)
        gates = inputs_to_gates(ops.reshape(sequences, (-1, *shape)))
        gates = ops.reshape(gates, (n_steps, -1, *gates.shape[1:]))
        return run_loop(step, gates, state, keep_outputs=layer.return_sequences)

    return _recurrent_call(layer, unroll if layer.unroll else loop)


def _move_steps_first(sequences, layer):
    """Move the time axis to the front; reverse it for a layer that goes backwards."""
    sequences = ops.moveaxis(sequences, 1, 0)
    return ops.flip(sequences, axis=0) if layer.go_backwards else sequences


def _block_lstm_call(layer):
    """Return a `call` that runs all steps of an LSTM in one operation, or None."""
    cell = layer.cell

    def run(sequences, state):
        hidden, memory = run_block_lstm(
            _move_steps_first(sequences, layer),
            ops.convert_to_tensor(cell.kernel),
            ops.convert_to_tensor(cell.recurrent_kernel),
            ops.convert_to_tensor(cell.bias),
            state,
        )
        return hidden, (hidden[-1], memory[-1])

    return _recurrent_call(layer, run)


def _lstm_step(cell, state_to_gates):
    """Return the step of an LSTM or a ConvLSTM.

    The order of the gates is input, forget, cell, output.
    """

    def step(gates, state):
        if state is not None:
            gates = gates + state_to_gates(state[0])
        i, f, c, o = ops.split(gates, 4, axis=-1)
        memory = cell.recurrent_activation(i) * cell.activation(c)
        if state is not None:
            memory = cell.recurrent_activation(f) * state[1] + memory
        return cell.recurrent_activation(o) * cell.activation(memory), memory

    return step


def _lstm_call(layer):
    cell = layer.cell
    return _step_call(
        layer,
        lambda inputs: ops.matmul(inputs, cell.kernel) + cell.bias,
        _lstm_step(cell, lambda state: ops.matmul(state, cell.recurrent_kernel)),
    )


def _conv_lstm_call(layer):
    cell = layer.cell
    if not _is_supported_convolution(cell) or any(
        step != 1 for step in cell.dilation_rate
    ):
        return None

    def state_to_gates(state):
        return _convolve_grid(state, cell.recurrent_kernel, "same")

    return _step_call(
        layer,
        lambda inputs: _convolve_grid(inputs, cell.kernel, cell.padding) + cell.bias,
        _lstm_step(cell, state_to_gates),
    )


def _gru_call(layer):
    cell = layer.cell
    if not (cell.reset_after and cell.use_bias):
        return None

    def step(gates, state):
        inner = cell.bias[1]
        if state is not None:
            inner = ops.matmul(state[0], cell.recurrent_kernel) + inner
        update, reset, new = ops.split(gates, 3, axis=-1)
        update_inner, reset_inner, new_inner = ops.split(inner, 3, axis=-1)
        update = cell.recurrent_activation(update + update_inner)
        reset = cell.recurrent_activation(reset + reset_inner)
        new = (1 - update) * cell.activation(new + reset * new_inner)
        return (new if state is None else update * state[0] + new,)

    return _step_call(
        layer, lambda inputs: ops.matmul(inputs, cell.kernel) + cell.bias[0], step
    )


# Each function returns the new `call` of a layer, or None for unsupported settings.
_FAST_CALLS = {
    layers.Conv1D: _convolution_call,
    layers.Conv2D: _convolution_call,
    layers.MaxPooling1D: _max_pooling_call,
    layers.MaxPooling2D: _max_pooling_call,
    layers.Flatten: _reshape_call,
    layers.Reshape: _reshape_call,
    layers.GRU: _gru_call,
    layers.LSTM: _lstm_call,
    layers.ConvLSTM2D: _conv_lstm_call,
}
