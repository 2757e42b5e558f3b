"""Replace the computations of Keras layers by equivalent ones of fewer operations.

TensorFlow needs more time to start a small operation than to run it. The computations
here start fewer operations:

- a convolution along time is one matrix product,
- an LSTM or GRU multiplies all steps by the input kernel at once,
- a ConvLSTM convolves its four gates together.

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

# Recurrent layers with more steps run in a loop: tracing each unrolled step would cost
# more time than a small fit saves.
MAX_UNROLLED_STEPS = 32
# With more columns, the copies for the matrix product cost more time than they save.
_MAX_COLUMNS = 512


def use_fast_layers(model, *, on_gpu=False) -> None:
    """Replace `call` of the layers of a built functional model, if possible.

    With `on_gpu`, layers that have a fast kernel on a GPU are left unchanged.
    """
    for outer in model.layers:
        for layer in unwrap_bidirectional(outer):
            if on_gpu and _has_gpu_kernel(layer):
                continue
            if hasattr(layer, "use_cudnn"):
                layer.use_cudnn = False
            if isinstance(layer, layers.RNN):
                # A layer that is called with initial states has a list of inputs.
                has_states = isinstance(outer.input, list)
                n_steps = (outer.input[0] if has_states else outer.input).shape[1]
                layer.unroll = n_steps <= MAX_UNROLLED_STEPS
                if n_steps == 1 and not has_states:
                    continue  # state weights are not used, and would have no gradient
            create_call = _FAST_CALLS.get(type(layer))
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


def _recurrent_call(layer, inputs_to_gates, run_steps):
    """Return the `call` of an unrolled recurrent layer, or None.

    `inputs_to_gates` maps a batch of the inputs of all steps to their gates.
    `run_steps` takes a list of the gates of each step and the initial states (None for
    zeros). It returns the state after each step, and all states after the last step.
    """
    cell = layer.cell
    if not (
        layer.unroll
        and cell.use_bias
        and cell.dropout == cell.recurrent_dropout == 0
        and not layer.stateful
    ):
        return None
    keras_call = layer.call

    def call(sequences, initial_state=None, mask=None, training=False):
        if mask is not None:
            return keras_call(sequences, initial_state, mask, training)
        n_steps, *step = sequences.shape[1:]
        gates = inputs_to_gates(ops.reshape(sequences, (-1, *step)))
        first, *rest = gates.shape[1:]
        gates = ops.reshape(gates, (-1, n_steps * first, *rest))
        steps = ops.split(gates, n_steps, axis=1)
        steps = steps[::-1] if layer.go_backwards else steps
        states, last = run_steps(steps, initial_state)
        output = ops.stack(states, axis=1) if layer.return_sequences else states[-1]
        return (output, *last) if layer.return_state else output

    return call


def _run_lstm(cell, gates_of_steps, initial_state, state_to_gates):
    """Run an LSTM or a ConvLSTM; the gates are input, forget, cell and output."""
    state, memory = (None, None) if initial_state is None else initial_state
    states = []
    for gates in gates_of_steps:
        if state is not None:
            gates = gates + state_to_gates(state)
        i, f, c, o = ops.split(gates, 4, axis=-1)
        new = cell.recurrent_activation(i) * cell.activation(c)
        if memory is not None:
            new = cell.recurrent_activation(f) * memory + new
        memory = new
        state = cell.recurrent_activation(o) * cell.activation(memory)
        states.append(state)
    return states, (state, memory)


def _lstm_call(layer):
    cell = layer.cell

    def state_to_gates(state):
        return ops.matmul(state, cell.recurrent_kernel)

    return _recurrent_call(
        layer,
        lambda inputs: ops.matmul(inputs, cell.kernel) + cell.bias,
        lambda steps, initial: _run_lstm(cell, steps, initial, state_to_gates),
    )


def _conv_lstm_call(layer):
    cell = layer.cell
    if not _is_supported_convolution(cell) or any(
        step != 1 for step in cell.dilation_rate
    ):
        return None

    def state_to_gates(state):
        return _convolve_grid(state, cell.recurrent_kernel, "same")

    return _recurrent_call(
        layer,
        lambda inputs: _convolve_grid(inputs, cell.kernel, cell.padding) + cell.bias,
        lambda steps, initial: _run_lstm(cell, steps, initial, state_to_gates),
    )


def _gru_call(layer):
    cell = layer.cell
    if not (cell.reset_after and cell.use_bias):
        return None

    def run_steps(gates_of_steps, initial_state):
        state = initial_state[0] if initial_state else None
        states = []
        for gates in gates_of_steps:
            inner = cell.bias[1]
            if state is not None:
                inner = ops.matmul(state, cell.recurrent_kernel) + inner
            update, reset, new = ops.split(gates, 3, axis=-1)
            update_inner, reset_inner, new_inner = ops.split(inner, 3, axis=-1)
            update = cell.recurrent_activation(update + update_inner)
            reset = cell.recurrent_activation(reset + reset_inner)
            new = (1 - update) * cell.activation(new + reset * new_inner)
            state = new if state is None else update * state + new
            states.append(state)
        return states, (state,)

    return _recurrent_call(
        layer, lambda inputs: ops.matmul(inputs, cell.kernel) + cell.bias[0], run_steps
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
