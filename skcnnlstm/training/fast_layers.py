"""How layers compute: the same variables, the same arithmetic, fewer steps.

TensorFlow spends more time on starting small operations than on the operations. The
forms here start fewer: a convolution along time is one matrix product, an LSTM or GRU
multiplies all its steps by the input kernel at once, a ConvLSTM convolves its four
gates together. Results agree with Keras' own within float32 rounding. A GPU has fast
kernels of its own for most layers; there the forms serve recurrent ones that have none.

A layer keeps its class, its variables and its config; in one model of the engine's own
its `call` is replaced. What a form does not cover stays as it is.
"""

from __future__ import annotations

from functools import reduce

import keras
from keras import layers, ops

# A recurrent layer of more steps runs in a loop: the trace of each unrolled step costs
# more than a small fit saves.
UNROLLED_STEPS = 32
# Wider than this, the columns of the matrix product cost more memory than they save.
_WIDEST_COLUMNS = 512


def use_fast_forms(model, *, on_gpu=False) -> None:
    """Replace how the layers of a built functional model compute, where possible."""
    for layer in model.layers:
        for part in _directions(layer):
            if on_gpu and _is_served(part):
                continue
            if hasattr(part, "use_cudnn"):
                part.use_cudnn = False
            if isinstance(part, layers.RNN):
                # A layer that is given its states has a list of inputs.
                given = isinstance(layer.input, list)
                n_steps = (layer.input[0] if given else layer.input).shape[1]
                part.unroll = n_steps <= UNROLLED_STEPS
                if n_steps == 1 and not given:
                    continue  # no state is read: its weights would have no gradient
            form = _FORMS.get(type(part))
            call = form and form(part)
            if call is not None:
                part.call = call


def _is_served(layer):
    """Tell whether a GPU has a fast kernel for a layer.

    For recurrent layers that is cuDNN's, under the conditions that Keras names.
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
    """Compute Keras' activation of this name (also "swish"), by which it is saved.

    TensorFlow writes it with a gradient of its own, and keeps that for good with its
    whole graph.
    """
    return x * ops.sigmoid(x)


def use_sound_kernels(model) -> None:
    """Keep bfloat16 from cuDNN.

    There a layer of 50 units gave NaN (cuDNN 9.19, TensorFlow 2.21, an H200).
    """
    for layer in model.layers:
        for part in _directions(layer):
            if hasattr(part, "use_cudnn") and part.compute_dtype == "bfloat16":
                part.use_cudnn = False


def use_plain_gradients(model) -> None:
    """Replace the activation of which TensorFlow would keep a graph."""
    for layer in model.layers:
        for part in _directions(layer):
            for owner in (part, getattr(part, "cell", None)):
                for name in ("activation", "recurrent_activation"):
                    if getattr(owner, name, None) is keras.activations.silu:
                        setattr(owner, name, silu)


def _directions(layer):
    if isinstance(layer, layers.Bidirectional):
        return layer.forward_layer, layer.backward_layer
    return (layer,)


# ---------------------------------------------------------------------- convolution


def _convolve(x, kernel, padding, dilation=1, finish=lambda product: product):
    """Convolve `(..., n_steps, channels)` along its steps by `(k, channels, width)`.

    `finish` is applied to the product of matrices: TensorFlow fuses bias and activation
    with it there.
    """
    reach, channels, width = kernel.shape
    *outer, n_steps, _ = x.shape
    lost = dilation * (reach - 1)
    if padding == "valid":
        n_steps -= lost
    else:
        before = lost if padding == "causal" else lost // 2
        ends = [(0, 0)] * len(outer) + [(before, lost - before), (0, 0)]
        x = ops.pad(x, ends)
    if reach > 1:
        starts = range(0, lost + 1, dilation)
        x = ops.concatenate([x[..., j : j + n_steps, :] for j in starts], axis=-1)
    columns = ops.reshape(x, (-1, reach * channels))
    product = finish(ops.matmul(columns, ops.reshape(kernel, (-1, width))))
    return ops.reshape(product, (-1, *outer[1:], n_steps, width))


def _convolve_grid(x, kernel, padding):
    """Convolve `(n, n_rows, n_steps, channels)` by a kernel of any height."""
    rows, reach, channels, width = kernel.shape
    if rows == 1 and _is_narrow(reach, channels):
        return _convolve(x, ops.reshape(kernel, (reach, channels, width)), padding)
    return ops.conv(x, kernel, padding=padding, data_format="channels_last")


def _is_narrow(reach, channels):
    return reach == 1 or reach * channels <= _WIDEST_COLUMNS


def _is_plain(layer):
    """Tell whether a layer convolves in the common way, channels last."""
    return (
        all(step == 1 for step in layer.strides)
        and layer.data_format == "channels_last"
        and layer.padding in ("same", "valid", "causal")
    )


def _convolution(layer):
    """Convolve along time by one matrix product."""
    *heights, reach = layer.kernel_size
    along_time = all(height == 1 for height in heights) and layer.groups == 1
    if not (along_time and _is_plain(layer)):
        return None
    if not _is_narrow(reach, layer.input.shape[-1]):
        return None
    dilation = layer.dilation_rate[-1]

    def finish(product):
        return layer.activation(product + layer.bias if layer.use_bias else product)

    def call(inputs):
        kernel = ops.reshape(layer.kernel, layer.kernel.shape[-3:])
        return _convolve(inputs, kernel, layer.padding, dilation, finish)

    return call


def _max_pooling(layer):
    """Take maxima of neighbours; of equal ones the first, as Keras does."""
    *heights, size = layer.pool_size
    *outer, n_steps, channels = layer.input.shape
    whole = n_steps is not None and n_steps % size == 0
    usual = layer.strides == layer.pool_size and layer.data_format == "channels_last"
    if not (whole and usual and all(height == 1 for height in heights)):
        return None

    def call(inputs):
        pieces = ops.reshape(inputs, (-1, *outer[1:], n_steps // size, size * channels))
        return reduce(ops.maximum, ops.split(pieces, size, axis=-1))

    return call


def _reshape(layer):
    """Reshape without asking for the length of the batch."""
    target = layer.output.shape[1:]
    if None in target:
        return None
    return lambda inputs: ops.reshape(inputs, (-1, *target))


# ------------------------------------------------------------------------ recurrence


def _recurrent(layer, inputs_to_gates, run):
    """Return the `call` of an unrolled recurrent layer.

    `inputs_to_gates` maps a flat batch of all steps to their gates; `run` takes a list
    of the gates of each step and the initial states (None: zeros), and returns the
    state after each step and all states after the last.
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
        states, last = run(steps, initial_state)
        output = ops.stack(states, axis=1) if layer.return_sequences else states[-1]
        return (output, *last) if layer.return_state else output

    return call


def _run_lstm(cell, gates_of_steps, initial_state, state_to_gates):
    """Run an LSTM of any kind, its gates in the order input, forget, cell, output."""
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


def _lstm(layer):
    cell = layer.cell

    def state_to_gates(state):
        return ops.matmul(state, cell.recurrent_kernel)

    return _recurrent(
        layer,
        lambda inputs: ops.matmul(inputs, cell.kernel) + cell.bias,
        lambda steps, initial: _run_lstm(cell, steps, initial, state_to_gates),
    )


def _conv_lstm(layer):
    cell = layer.cell
    if not _is_plain(cell) or any(step != 1 for step in cell.dilation_rate):
        return None

    def state_to_gates(state):
        return _convolve_grid(state, cell.recurrent_kernel, "same")

    return _recurrent(
        layer,
        lambda inputs: _convolve_grid(inputs, cell.kernel, cell.padding) + cell.bias,
        lambda steps, initial: _run_lstm(cell, steps, initial, state_to_gates),
    )


def _gru(layer):
    """Multiply all steps by the input kernel at once."""
    cell = layer.cell
    if not (cell.reset_after and cell.use_bias):
        return None

    def run(gates_of_steps, initial_state):
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

    return _recurrent(
        layer, lambda inputs: ops.matmul(inputs, cell.kernel) + cell.bias[0], run
    )


_FORMS = {
    layers.Conv1D: _convolution,
    layers.Conv2D: _convolution,
    layers.MaxPooling1D: _max_pooling,
    layers.MaxPooling2D: _max_pooling,
    layers.Flatten: _reshape,
    layers.Reshape: _reshape,
    layers.GRU: _gru,
    layers.LSTM: _lstm,
    layers.ConvLSTM2D: _conv_lstm,
}
