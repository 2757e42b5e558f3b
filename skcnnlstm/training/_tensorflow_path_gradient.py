"""Trace the gradient of a function of windows, averaged along parts of paths."""

from __future__ import annotations

import math

import tensorflow as tf

from skcnnlstm.training._tensorflow_operation_gradients import GRADIENT_NAMES


def path_gradient_function(run, shape, output_shape, nodes, weights):
    """Trace the average gradient of one output along parts of straight paths.

    Parameters
    ----------
    run : callable
        Maps a float32 tensor ``(n, *shape)`` to a tensor ``(n, *output_shape)``.
    shape, output_shape : tuple of int
        Shapes of one window and of its outputs.
    nodes, weights : sequence of float
        Nodes and weights of a quadrature between 0 and 1. The last node is 1.

    Returns
    -------
    average : callable
        Traced function ``average(start, difference, left, right, output)`` of float32
        tensors. A path consists of the points ``start + t * difference``.

        - `start` and `difference` have shape ``(n, *shape)``.
        - `left` and `right`, of shape ``(n,)``, are the values of t between which the
          gradient of each path is averaged.
        - `output` holds a weight for each output. The function computes the gradient of
          the weighted sum of outputs.

        The function returns the average gradients, of shape ``(n, *shape)``, and the
        weighted sums of outputs at `right`, of shape ``(n,)``.
    """
    n_outputs = math.prod(output_shape)
    windows = tf.TensorSpec([None, *shape], tf.float32)
    vector = tf.TensorSpec([None], tf.float32)
    one_output = tf.TensorSpec([n_outputs], tf.float32)

    @tf.function(
        input_signature=[windows, windows, vector, vector, one_output], autograph=False
    )
    def average(start, difference, left, right, output):
        steps = left[:, None] + tf.constant(nodes, tf.float32) * (right - left)[:, None]
        steps = tf.reshape(steps, [-1, len(nodes), *[1] * len(shape)])
        points = start[:, None] + steps * difference[:, None]
        points = tf.reshape(points, [-1, *shape])
        with points.graph.gradient_override_map(GRADIENT_NAMES):
            outputs = tf.cast(run(points), tf.float32)
            values = tf.linalg.matvec(tf.reshape(outputs, [-1, n_outputs]), output)
        # The gradient is zero if no output depends on the windows.
        (gradient,) = tf.gradients(values, points, unconnected_gradients="zero")
        gradient = tf.reshape(gradient, [-1, len(nodes), *shape])
        mean = tf.tensordot(gradient, tf.constant(weights, tf.float32), [[1], [0]])
        return mean, tf.reshape(values, [-1, len(nodes)])[:, -1]

    return average.get_concrete_function()
