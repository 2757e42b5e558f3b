"""Recurrent layers over many steps: one operation for all steps, or a loop."""

from __future__ import annotations

import tensorflow as tf


def run_block_lstm(inputs, kernel, recurrent_kernel, bias, initial_state=None):
    """Run an LSTM with tanh and sigmoid over all steps in one operation.

    `BlockLSTM` expects its gates in the order input, cell, forget, output; Keras
    stores them as input, forget, cell, output. (`BlockLSTMV2` takes Keras' order, but
    its gradients are wrong in TensorFlow 2.21.)

    Parameters
    ----------
    inputs : tensor of shape (n_steps, n_samples, n_features)
        Inputs in float32, in the order of processing.
    kernel, recurrent_kernel, bias : tensor
        Weights of a Keras LSTM.
    initial_state : pair of tensors of shape (n_samples, units) or None
        Hidden state and cell state before the first step; None means zeros.

    Returns
    -------
    hidden, cell : tensor of shape (n_steps, n_samples, units)
        States after each step.
    """
    units = recurrent_kernel.shape[0]
    if initial_state is None:
        zeros = tf.zeros([tf.shape(inputs)[1], units])
        initial_state = zeros, zeros
    hidden, cell = initial_state
    no_peephole = tf.zeros([units])
    states = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.constant(inputs.shape[0], tf.int64),
        x=inputs,
        cs_prev=cell,
        h_prev=hidden,
        w=_reorder_gates(tf.concat([kernel, recurrent_kernel], 0)),
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        b=_reorder_gates(bias),
        forget_bias=0.0,
        cell_clip=-1.0,
        use_peephole=False,
    )
    return states.h, states.cs


def _reorder_gates(weight):
    """Return a weight of a Keras LSTM with its gates in the order of `BlockLSTM`."""
    i, f, c, o = tf.split(weight, 4, axis=-1)
    return tf.concat([i, c, f, o], axis=-1)


def run_loop(step, gates, state=None, *, keep_outputs=True):
    """Run a recurrent step over the gates of all steps in a loop.

    Parameters
    ----------
    step : callable
        ``step(gates, state)`` returns the state after a step, a tuple of tensors. The
        first tensor is the output. None for `state` means zeros.
    gates : tensor of shape (n_steps, n_samples, ...)
        Products of the inputs of all steps with the input kernel, plus the bias.
    state : tuple of tensors or None
        State before the first step. None means zeros.
    keep_outputs : bool, default=True
        Whether to return the output of each step.

    Returns
    -------
    outputs : tensor of shape (n_steps, n_samples, ...) or None
        Output of each step. None if `keep_outputs` is False.
    state : tuple of tensors
        State after the last step.
    """
    n_steps = gates.shape[0]
    rows = tf.TensorArray(gates.dtype, n_steps, element_shape=gates.shape[1:])
    rows = rows.unstack(gates)
    start, outputs = 0, ()
    if state is None:
        # Run the first step outside the loop: the loop needs the shape of the state.
        start, state = 1, step(rows.read(0), None)
    if keep_outputs:
        shape = state[0].shape
        outputs = (tf.TensorArray(gates.dtype, n_steps, element_shape=shape),)
        if start:
            outputs = (outputs[0].write(0, state[0]),)

    def body(position, state, outputs):
        state = step(rows.read(position), state)
        outputs = tuple(array.write(position, state[0]) for array in outputs)
        return position + 1, state, outputs

    _, state, outputs = tf.while_loop(
        lambda position, *_: position < n_steps,
        body,
        (tf.constant(start), state, outputs),
    )
    return outputs[0].stack() if keep_outputs else None, state
