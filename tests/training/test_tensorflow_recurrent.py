"""Tests of the fused LSTM and of the loop over recurrent steps."""

import numpy as np
import tensorflow as tf

from skcnnlstm.training import _tensorflow_recurrent as recurrent


def test_a_fused_lstm_of_one_step_computes_the_equations_of_an_lstm():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 2, 3)).astype(np.float32)  # steps, samples, features
    kernel = rng.normal(size=(3, 16)).astype(np.float32)
    recurrent_kernel = rng.normal(size=(4, 16)).astype(np.float32)
    bias = rng.normal(size=16).astype(np.float32)
    weights = map(tf.constant, (kernel, recurrent_kernel, bias))
    hidden, cell = recurrent.run_block_lstm(tf.constant(x), *weights)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    i, _, c, o = np.split(x[0] @ kernel + bias, 4, axis=-1)
    expected_cell = sigmoid(i) * np.tanh(c)
    np.testing.assert_allclose(cell[0], expected_cell, rtol=1e-5)
    expected = sigmoid(o) * np.tanh(expected_cell)
    np.testing.assert_allclose(hidden[0], expected, rtol=1e-5)


def test_a_scan_passes_the_state_from_step_to_step():
    gates = tf.constant([[[1.0]], [[2.0]], [[4.0]]])

    def step(gates, state):
        return (state[0] + gates, state[1] + 1)

    zero = tf.zeros((1, 1))
    outputs, state = recurrent.run_loop(step, gates, (zero, zero))
    assert np.ravel(outputs).tolist() == [1, 3, 7]
    assert [float(np.ravel(part)[0]) for part in state] == [7, 3]
