"""Trace the gradient of a network's output with respect to its windows."""

from __future__ import annotations

import math

import tensorflow as tf

from skcnnlstm.training._tensorflow_operation_gradients import GRADIENT_NAMES


def window_gradient_function(run, shape, output_shape):
    """Trace the gradient of a weighted sum of outputs with respect to the windows.

    Parameters
    ----------
    run : callable
        Maps a float32 tensor ``(n, *shape)`` to a tensor ``(n, *output_shape)``.
    shape, output_shape : tuple of int
        Shapes of one window and of its outputs.

    Returns
    -------
    gradient : callable
        ``gradient(windows, output)`` takes windows ``(n, *shape)`` and a vector with a
        weight for each output. It returns the gradients, ``(n, *shape)``, and the
        weighted sums of the outputs, ``(n,)``. All are float32 tensors.
    """
    n_outputs = math.prod(output_shape)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, *shape], tf.float32),
            tf.TensorSpec([n_outputs], tf.float32),
        ],
        autograph=False,
    )
    def gradient(windows, output):
        with windows.graph.gradient_override_map(GRADIENT_NAMES):
            outputs = tf.cast(run(windows), tf.float32)
            values = tf.linalg.matvec(tf.reshape(outputs, [-1, n_outputs]), output)
        # Zeros where no output depends on the windows.
        (gradients,) = tf.gradients(values, windows, unconnected_gradients="zero")
        return gradients, values

    return gradient.get_concrete_function()
