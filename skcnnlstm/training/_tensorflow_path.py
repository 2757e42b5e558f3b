"""Trace the gradient of a function of windows, averaged along a straight path."""

from __future__ import annotations

import math

import tensorflow as tf

from skcnnlstm.training._tensorflow_gradients import GRADIENT_NAMES


def path_gradient_function(run, shape, output_shape):
    """Trace the average gradient of one output between two windows.

    Parameters
    ----------
    run : callable
        Maps a float32 tensor ``(n, *shape)`` to a tensor ``(n, *output_shape)``.
    shape, output_shape : tuple of int
        Shapes of one window and of its outputs.

    Returns
    -------
    average : callable
        ``average(start, difference, nodes, weights, output)`` returns the mean of the
        gradients at ``start + node * difference``, weighted by `weights`, in the shape
        of `start`, ``(n, *shape)``. `nodes` and `weights` have one value for each point
        of the path, and `output` one for each output; the gradient is that of the sum
        of outputs, weighted by it. All are float32 tensors.
    """
    n_outputs = math.prod(output_shape)
    windows = tf.TensorSpec([None, *shape], tf.float32)
    vector = tf.TensorSpec([None], tf.float32)
    one_output = tf.TensorSpec([n_outputs], tf.float32)

    @tf.function(
        input_signature=[windows, windows, vector, vector, one_output], autograph=False
    )
    def average(start, difference, nodes, weights, output):
        points = start[:, None] + _steps(nodes, shape) * difference[:, None]
        points = tf.reshape(points, [-1, *shape])
        with points.graph.gradient_override_map(GRADIENT_NAMES):
            outputs = tf.cast(run(points), tf.float32)
            total = tf.linalg.matvec(tf.reshape(outputs, [-1, n_outputs]), output)
        # Zeros where no output depends on the windows.
        (gradient,) = tf.gradients(total, points, unconnected_gradients="zero")
        gradient = tf.reshape(gradient, [-1, tf.size(nodes), *shape])
        return tf.reduce_sum(_steps(weights, shape) * gradient, axis=1)

    return average.get_concrete_function()


def _steps(values, shape):
    """Return one value for each point of the path, to multiply windows with."""
    return tf.reshape(values, [1, -1, *[1] * len(shape)])
