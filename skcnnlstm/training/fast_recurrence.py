"""Recurrent layers: unrolled, in a loop, or as one operation for all steps.

`benchmarks/README.md` has the measurements on which the choice of the form is based.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from skcnnlstm.training._tensorflow_recurrent import run_block_lstm, run_loop
from skcnnlstm.training.fast_convolution import (
    convolve_grid,
    is_supported_convolution,
)

# Recurrent layers with more steps run in a loop. Tracing each unrolled step would take
# more time than unrolling saves in a small fit.
MAX_UNROLLED_STEPS = 32
# `BlockLSTM` multiplies inputs and states step by step. It is the fastest form for many
# steps of few features; `benchmarks/README.md` has the measurements.
_MIN_BLOCK_STEPS = 12
_MAX_BLOCK_FEATURES = {"unrolled": 32, "loop": 64}  # by the alternative form
_MAX_BLOCK_KERNEL = 10_200  # units * (n_features + units)


def suits_block_lstm(layer, n_steps, n_features, large_batches):
    """Return whether a layer can run as `BlockLSTM` and is fastest in this form."""
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
    """Return whether a recurrent layer is supported.

    Such a layer has a bias and no dropout, and is not stateful.
    """
    cell = layer.cell
    return (
        cell.use_bias
        and cell.dropout == cell.recurrent_dropout == 0
        and not layer.stateful
    )


def _recurrent_call(layer, run):
    """Return a replacement of `layer.call` that uses `run` to compute all steps.

    Return None if the layer is not supported.

    `run(sequences, state)` takes the initial state; None means zeros. It returns the
    outputs of all steps and the state after the last step. The outputs are in the order
    of processing, as a list or as a tensor with the steps on the first axis. They can
    be None if the layer returns only the last output.
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
    """Return a replacement of `layer.call` that unrolls the steps or runs a loop.

    Return None if the layer is not supported.

    `inputs_to_gates` maps the inputs of all steps to the gates of these steps.
    ``step(gates, state)`` returns the state after a step, a tuple of tensors. The first
    tensor is the output. None for `state` means zeros.
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


def block_lstm_call(layer):
    """Return a replacement of `layer.call` that runs an LSTM in one operation.

    Return None if the layer is not supported.
    """
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
    """Return the argument `step` of `_step_call` for an LSTM or a ConvLSTM.

    `state_to_gates` maps the output of the previous step to a tensor that is added to
    the gates. The order of the gates is input, forget, cell, output.
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


def lstm_call(layer):
    """Return a replacement of `layer.call` for an LSTM; None if it is not supported."""
    cell = layer.cell
    return _step_call(
        layer,
        lambda inputs: ops.matmul(inputs, cell.kernel) + cell.bias,
        _lstm_step(cell, lambda state: ops.matmul(state, cell.recurrent_kernel)),
    )


def conv_lstm_call(layer):
    """Return a replacement of `layer.call` for a ConvLSTM, or None if unsupported."""
    cell = layer.cell
    if not is_supported_convolution(cell) or any(
        step != 1 for step in cell.dilation_rate
    ):
        return None

    def state_to_gates(state):
        return convolve_grid(state, cell.recurrent_kernel, "same")

    return _step_call(
        layer,
        lambda inputs: convolve_grid(inputs, cell.kernel, cell.padding) + cell.bias,
        _lstm_step(cell, state_to_gates),
    )


def gru_call(layer):
    """Return a replacement of `layer.call` for a GRU; None if it is not supported."""
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
