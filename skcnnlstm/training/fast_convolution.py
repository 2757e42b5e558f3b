"""Compute convolutions and max pooling along time with few operations."""

from __future__ import annotations

from functools import reduce

from keras import ops

# With more columns, copying the inputs of the matrix product takes more time than the
# product saves.
_MAX_COLUMNS = 512


def _convolve(x, kernel, padding, dilation=1, activate=lambda product: product):
    """Convolve `x`, of shape `(..., n_steps, channels)`, along its steps.

    The kernel has the shape `(kernel_size, channels, filters)`. `activate` adds the
    bias to a matrix product, and applies the activation. TensorFlow fuses these
    operations with the matrix product.
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


def convolve_grid(x, kernel, padding):
    """Convolve `x` along its rows and steps.

    The shape of `x` is `(n_samples, n_rows, n_steps, channels)`.
    """
    n_rows, kernel_size, channels, filters = kernel.shape
    if n_rows == 1 and _has_few_columns(kernel_size, channels):
        kernel = ops.reshape(kernel, (kernel_size, channels, filters))
        return _convolve(x, kernel, padding)
    return ops.conv(x, kernel, padding=padding, data_format="channels_last")


def _has_few_columns(kernel_size, channels):
    return kernel_size == 1 or kernel_size * channels <= _MAX_COLUMNS


def is_supported_convolution(layer):
    """Return whether strides, padding and data format of a layer are supported."""
    return (
        all(step == 1 for step in layer.strides)
        and layer.data_format == "channels_last"
        and layer.padding in ("same", "valid", "causal")
    )


def convolution_call(layer):
    """Return a replacement of `layer.call` that convolves by one matrix product.

    Return None if the layer convolves along another axis than time, has unsupported
    settings, or has so many inputs that one matrix product is slower.
    """
    *heights, kernel_size = layer.kernel_size
    along_time = all(height == 1 for height in heights) and layer.groups == 1
    if not (along_time and is_supported_convolution(layer)):
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


def max_pooling_call(layer):
    """Return a replacement of `layer.call` that computes maxima of neighboring steps.

    If several values are the maximum, the first one gets the gradient, as in Keras.
    Return None if the settings of the layer are not supported.
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
