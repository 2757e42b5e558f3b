"""Gradients of elementary operations that are faster than those of TensorFlow.

A gradient must be summed over the axes along which an operand was broadcast.
TensorFlow finds these axes in every step, because it does not know all lengths when the
graph is traced. In a program of this package, only the batch axis has an unknown
length. The gradients here therefore find these axes once, when the graph is traced.
This saves half of all operations of a training step.
"""

import math

import numpy as np
import tensorflow as tf

# The operations of the fast layers and of the usual losses: for example, max pooling
# uses Maximum, a loss uses Mean, and a convolution along time uses StridedSlice.
GRADIENT_NAMES = {
    operation: f"skcnnlstm>{operation}"
    for operation in ("AddV2", "Sub", "Mul", "Maximum", "Sum", "Mean", "StridedSlice")
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
    """Pass the gradient to the larger operand, or to the first if both are equal."""
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


_SLICE_MASKS = (
    "begin_mask",
    "end_mask",
    "ellipsis_mask",
    "new_axis_mask",
    "shrink_axis_mask",
)


@tf.RegisterGradient("skcnnlstm>StridedSlice")
def _gradient_of_slice(op, gradient):
    """Pad the gradient of a slice with zeros to the shape of the sliced array.

    The operation of TensorFlow for this gradient is slow: for 32 windows of 24 steps
    and 32 channels, it takes longer than a matrix product. It is used only if the
    position of the slice is not known when the graph is traced.
    """
    operand, begin, end, strides = op.inputs
    masks = {name: op.get_attr(name) for name in _SLICE_MASKS}
    intervals = _sliced_intervals(operand.shape, begin, end, strides, **masks)
    if intervals is None:
        shape = tf.shape(operand, out_type=begin.dtype)
        gradient = tf.raw_ops.StridedSliceGrad(
            shape=shape, begin=begin, end=end, strides=strides, dy=gradient, **masks
        )
    else:
        widths = [(0, 0)] * operand.shape.rank
        for axis, (start, stop, is_removed) in sorted(intervals.items()):
            widths[axis] = start, operand.shape[axis] - stop
            if is_removed:
                gradient = tf.expand_dims(gradient, axis)
        gradient = tf.pad(gradient, widths)
    return gradient, None, None, None


def _sliced_intervals(
    shape,
    begin,
    end,
    strides,
    *,
    begin_mask,
    end_mask,
    ellipsis_mask,
    new_axis_mask,
    shrink_axis_mask,
):
    """Return `(start, stop, is_removed)` of each sliced axis, as a dict by axis number.

    The arguments are those of the operation StridedSlice. `is_removed` is true if the
    index of the axis is a number. The result is None if an interval is not known when
    the graph is traced, if a step is not 1, or if there is a new axis.
    """
    begin, end, strides = map(tf.get_static_value, (begin, end, strides))
    unknown = begin is None or end is None or strides is None or shape.rank is None
    if unknown or new_axis_mask or (strides != 1).any():
        return None
    n = len(begin)
    ellipsis = next((i for i in range(n) if ellipsis_mask >> i & 1), n)
    intervals = {}
    for i in range(n):
        axis = i if i < ellipsis else i - n + shape.rank
        is_removed = bool(shrink_axis_mask >> i & 1)
        first = None if begin_mask >> i & 1 else int(begin[i])
        last = None if end_mask >> i & 1 else int(end[i])
        if i == ellipsis or (first is last is None and not is_removed):
            continue
        if shape[axis] is None:
            return None
        if is_removed:
            first %= shape[axis]
            last = first + 1
        start, stop, _ = slice(first, last).indices(shape[axis])
        intervals[axis] = start, max(start, stop), is_removed
    return intervals
