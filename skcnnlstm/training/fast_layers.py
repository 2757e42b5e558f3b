"""Replace the computations of Keras layers by equivalent ones with fewer operations.

TensorFlow needs more time to start a small operation than to run it. The computations
here start fewer operations:

- a convolution along time is one matrix product,
- an LSTM or GRU multiplies all steps by the input kernel at once,
- a ConvLSTM convolves its four gates together,
- an LSTM over many steps of few features is one operation.

Results agree with those of Keras within float32 rounding. On a GPU, most layers have
fast kernels, so only recurrent layers without such a kernel are replaced.

A layer keeps its class, its variables and its config. Only its method `call` is
replaced, in a model that the package creates itself. Layers with unsupported settings
are left unchanged.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from skcnnlstm.training.fast_convolution import convolution_call, max_pooling_call
from skcnnlstm.training.fast_recurrence import (
    MAX_UNROLLED_STEPS,
    block_lstm_call,
    conv_lstm_call,
    gru_call,
    lstm_call,
    suits_block_lstm,
)

_CONVOLUTIONS = (
    layers.Conv1D,
    layers.Conv2D,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
)


def use_fast_layers(
    model, *, on_gpu=False, portable=True, large_batches=False, convolutions=True
) -> None:
    """Replace the method `call` of the layers that have a faster computation.

    Parameters
    ----------
    model : keras.Model
        A built functional model. Its layers are changed in place.
    on_gpu : bool, default=False
        Whether the network runs on a GPU. Layers with a fast GPU kernel are then left
        unchanged.
    portable : bool, default=True
        Whether to use only operations that other runtimes have, for exports.
    large_batches : bool, default=False
        Whether batches have more than 128 samples.
    convolutions : bool, default=True
        Whether to replace convolutions and poolings. Set False for gradients of
        hundreds of windows: the replacement copies its inputs, which makes these
        gradients take up to three times as long.
    """
    for outer in model.layers:
        for layer in unwrap_bidirectional(outer):
            if on_gpu and _has_gpu_kernel(layer):
                continue
            if not convolutions and isinstance(layer, _CONVOLUTIONS):
                continue
            if hasattr(layer, "use_cudnn"):
                layer.use_cudnn = False
            create_call = _FAST_CALLS.get(type(layer))
            if isinstance(layer, layers.RNN):
                # The input of a layer is a list if the layer gets initial states.
                has_states = isinstance(outer.input, list)
                inputs = outer.input[0] if has_states else outer.input
                n_steps, n_features = inputs.shape[1], inputs.shape[-1]
                layer.unroll = n_steps <= MAX_UNROLLED_STEPS
                if n_steps == 1 and not has_states:
                    continue  # recurrent weights would not be used and have no gradient
                if portable or on_gpu:
                    if not layer.unroll:
                        continue
                elif suits_block_lstm(layer, n_steps, n_features, large_batches):
                    create_call = block_lstm_call
            call = create_call and create_call(layer)
            if call is not None:
                layer.call = call


def _has_gpu_kernel(layer):
    """Return whether a GPU has a fast kernel for a layer.

    A recurrent layer has one if Keras can use cuDNN for it. Every other layer is
    assumed to have one.
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
    """Compute the activation "silu" (also called "swish").

    This function and Keras' function have the same name, so a saved network contains
    the usual name.
    """
    return x * ops.sigmoid(x)


def replace_silu(model) -> None:
    """Replace Keras' silu, so that TensorFlow can free the graph of the network.

    TensorFlow implements silu with a custom gradient. It registers this gradient
    permanently and therefore never frees the graph that contains it.
    """
    for outer in model.layers:
        for layer in unwrap_bidirectional(outer):
            for owner in (layer, getattr(layer, "cell", None)):
                for name in ("activation", "recurrent_activation"):
                    if getattr(owner, name, None) is keras.activations.silu:
                        setattr(owner, name, silu)


def disable_cudnn_for_bfloat16(model) -> None:
    """Set `use_cudnn=False` in layers that compute in bfloat16.

    With cuDNN, a layer of 50 units returned NaN (cuDNN 9.19, TensorFlow 2.21, H200).
    """
    for outer in model.layers:
        for layer in unwrap_bidirectional(outer):
            if hasattr(layer, "use_cudnn") and layer.compute_dtype == "bfloat16":
                layer.use_cudnn = False


def unwrap_bidirectional(layer):
    """Return the two layers inside a Bidirectional layer; otherwise, `(layer,)`."""
    if isinstance(layer, layers.Bidirectional):
        return layer.forward_layer, layer.backward_layer
    return (layer,)


def _reshape_call(layer):
    """Return a replacement of `layer.call` that does not read the batch size.

    Return None if a length of the output, other than the batch size, is unknown.
    """
    target = layer.output.shape[1:]
    if None in target:
        return None
    return lambda inputs: ops.reshape(inputs, (-1, *target))


# Each function returns the new `call` of a layer, or None for unsupported settings.
_FAST_CALLS = {
    layers.Conv1D: convolution_call,
    layers.Conv2D: convolution_call,
    layers.MaxPooling1D: max_pooling_call,
    layers.MaxPooling2D: max_pooling_call,
    layers.Flatten: _reshape_call,
    layers.Reshape: _reshape_call,
    layers.GRU: gru_call,
    layers.LSTM: lstm_call,
    layers.ConvLSTM2D: conv_lstm_call,
}
