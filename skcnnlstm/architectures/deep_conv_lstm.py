"""DeepConvLSTM: convolutions over time, sensor by sensor; LSTMs read all sensors."""

from __future__ import annotations

import keras
from keras import layers

from skcnnlstm.layers.blocks import (
    as_series,
    check_activation,
    check_padding,
    dropped,
    head,
    lstm,
    per_layer,
    require_axes,
    require_kernel_fits,
    widths,
)
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor


def build_deep_conv_lstm(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    filters=(64, 64, 64, 64),
    kernel_size=5,
    padding="valid",
    activation="relu",
    lstm_units=(128, 128),
    lstm_activation="tanh",
    dense_units=(),
    dropout=0.5,
):
    """Build a DeepConvLSTM for windows.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Width of the output.
    output_activation : str or None, default=None
        Activation of the output.
    filters : int or tuple of int, default=(64, 64, 64, 64)
        Channels of each convolution; an entry a convolution.
    kernel_size : int or tuple of int, default=5
        Reach of each convolution, in time steps. It never crosses into another
        feature, and all features share its weights.
    padding : {"valid", "same"}, default="valid"
        "valid" loses `kernel_size - 1` steps at each convolution, so that the defaults
        need windows of 17 steps at least; "same" keeps the number of steps.
    activation : str, default="relu"
        Activation of the convolutions and of the hidden layers of the head.
    lstm_units : int or tuple of int, default=(128, 128)
        Units of each LSTM over the steps; an entry a layer.
    lstm_activation : str, default="tanh"
        Activation of cell and output. Another than "tanh" cannot use the cuDNN kernel
        of a GPU.
    dense_units : int or tuple of int, default=()
        Widths of the hidden layers between the LSTMs and the output.
    dropout : float, default=0.5
        Share of what enters each LSTM and the head that is dropped in training, from 0
        to below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`, turned to `(F, L, 1)`, convolutions along time alone `(F, L - 16, 64)`,
    turned back `(L - 16, F * 64)`, LSTM layers `(L - 16, 128)`, of the last one the
    last step `(128,)`, head `(n_outputs,)`.

    Differences from Ordonez and Roggen (2016): LSTM cells without peephole connections
    (Keras' cell has none), whose forget gates start open; weights drawn as Keras draws
    them, in the place of orthogonal ones everywhere; Adam unless asked for RMSprop
    (theirs: `optimizer="rmsprop"`, `learning_rate=0.001`, `batch_size=100`).

    References
    ----------
    Ordonez, F. J. and Roggen, D. (2016). Deep convolutional and LSTM recurrent neural
    networks for multimodal wearable activity recognition. Sensors 16(1).
    """
    require_axes(input_shape, (1, 2), "A DeepConvLSTM")
    filters = widths("filters", filters)
    kernel_size = per_layer("kernel_size", kernel_size, len(filters))
    lstm_units = widths("lstm_units", lstm_units)
    check_padding(padding)
    check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    x = layers.Permute((2, 1), name="sensors")(as_series(window))
    x = layers.Reshape((*x.shape[1:], 1), name="sensor_series")(x)
    for i, (width, reach) in enumerate(zip(filters, kernel_size, strict=True), 1):
        require_kernel_fits(reach, x.shape[2], padding)
        x = layers.Conv2D(
            width,
            (1, reach),
            padding=padding,
            activation=activation,
            name=f"conv_{i}",
        )(x)
    x = layers.Permute((2, 1, 3), name="steps")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="features")(x)
    for i, units in enumerate(lstm_units, 1):
        x = dropped(x, dropout, f"dropout_{i}")
        x = lstm(
            x,
            units,
            activation=lstm_activation,
            sequences=i < len(lstm_units),
            name=f"lstm_{i}",
        )
    x = dropped(x, dropout, f"dropout_{len(lstm_units) + 1}")
    output = head(
        x,
        n_outputs,
        dense_units=dense_units,
        activation=activation,
        output_activation=output_activation,
    )
    return keras.Model(window, output, name="deep_conv_lstm")


class DeepConvLSTMRegressor(HybridRegressor, build=build_deep_conv_lstm):
    """Forecast from windows with a DeepConvLSTM.

    Convolutions read each feature of the window by itself, over time; LSTMs read what
    they found in all features, step by step, and the last state becomes the forecast.
    Windows are `(n_samples, window_length)` or `(n_samples, window_length,
    n_features)`.

    Examples
    --------
    >>> from skcnnlstm import DeepConvLSTMRegressor, make_windows
    >>> X, y = make_windows(range(30), window_length=20)
    >>> DeepConvLSTMRegressor(epochs=1, random_state=0).fit(X, y).predict(X).shape
    (10,)
    """


class DeepConvLSTMClassifier(HybridClassifier, build=build_deep_conv_lstm):
    """Classify windows with a DeepConvLSTM.

    Convolutions read each feature of the window by itself, over time; LSTMs read what
    they found in all features, step by step, and the last state is classified. Windows
    are `(n_samples, window_length)` or `(n_samples, window_length, n_features)`.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import DeepConvLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(20)))
    >>> classifier = DeepConvLSTMClassifier(epochs=1, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
