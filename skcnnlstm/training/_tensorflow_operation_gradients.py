"""Gradients of elementary operations that need fewer steps than TensorFlow's.

TensorFlow's own gradients compute at every step along which axes an operand was
broadcast, because two axes of unknown length may differ. In a program of this package
the batch axis is the only axis of unknown length. Its gradients can therefore decide
when the graph is traced, which saves half of all operations of a training step.
"""

import math

import numpy as np
import tensorflow as tf

# A max pooling computes maxima, a loss computes means.
GRADIENT_NAMES = {
    operation: f"skcnnlstm>{operation}"
    for operation in ("AddV2", "Sub", "Mul", "Maximum", "Sum", "Mean")
}


def _sum_to_shape(gradient, operand):
    """Sum a gradient over the axes along which its operand was broadcast."""
    if gradient.shape.rank is None or operand.shape.rank is None:
        shape = tf.shape(operand)
        axes = tf.raw_ops.BroadcastGradientArgs(s0=shape, s1=tf.shape(gradient)).r0
        return tf.reshape(tf.reduce_sum(gradient, axes), shape)
    n_missing = gradient.shape.rank - operand.shape.rank
    broadcast = [
        axis + n_missing
        for axis, length in enumerate(operand.shape)
        if length == 1 and gradient.shape[axis + n_missing] != 1
    ]
    if broadcast:
        gradient = tf.reduce_sum(gradient, broadcast, keepdims=True)
    return tf.reduce_sum(gradient, list(range(n_missing))) if n_missing else gradient


@tf.RegisterGradient("skcnnlstm>AddV2")
def _gradient_of_addition(op, gradient):
    return [_sum_to_shape(gradient, operand) for operand in op.inputs]


@tf.RegisterGradient("skcnnlstm>Sub")
def _gradient_of_subtraction(op, gradient):
    first, second = op.inputs
    return _sum_to_shape(gradient, first), _sum_to_shape(-1.0 * gradient, second)


@tf.RegisterGradient("skcnnlstm>Mul")
def _gradient_of_product(op, gradient):
    first, second = op.inputs
    return (
        _sum_to_shape(gradient * second, first),
        _sum_to_shape(gradient * first, second),
    )


@tf.RegisterGradient("skcnnlstm>Maximum")
def _gradient_of_maximum(op, gradient):
    """Pass the gradient to the larger operand, or to the first of equal ones."""
    first, second = op.inputs
    to_second = tf.raw_ops.ReluGrad(gradients=gradient, features=second - first)
    return _sum_to_shape(gradient - to_second, first), _sum_to_shape(to_second, second)


@tf.RegisterGradient("skcnnlstm>Sum")
def _gradient_of_sum(op, gradient):
    operand, axes = op.inputs
    kept = tf.reduce_sum(operand, axes, keepdims=True)
    lengths = kept.shape.as_list() if kept.shape.rank is not None else [None, None]
    if lengths.count(None) < 2:  # `reshape` infers one unknown length
        kept = [-1 if length is None else length for length in lengths]
    else:
        kept = tf.shape(kept)
    return tf.reshape(gradient, kept) * tf.ones_like(operand), None


@tf.RegisterGradient("skcnnlstm>Mean")
def _gradient_of_mean(op, gradient):
    operand, axes = op.inputs
    n_values = _n_values(operand.shape, tf.get_static_value(axes))
    if n_values is None:
        n_values = tf.size(operand) // tf.maximum(tf.size(op.outputs[0]), 1)
    return _gradient_of_sum(op, gradient / tf.cast(n_values, gradient.dtype))


def _n_values(shape, axes):
    """Return the product of the lengths of `axes`, or None if one is unknown."""
    if shape.rank is None or axes is None:
        return None
    lengths = [shape[axis] for axis in np.ravel(axes).tolist()]
    return None if None in lengths else math.prod(lengths)
