"""CLDNN: convolutions, a linear layer, LSTMs and hidden layers, with two skips."""

from __future__ import annotations

import keras
from keras import layers

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.layers.blocks import (
    as_series,
    check_activation,
    dropped,
    head,
    lstm,
    per_layer,
    require_axes,
    widths,
)
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor


def build_cldnn(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    filters=(256, 256),
    kernel_size=(9, 3),
    linear_units=256,
    activation="relu",
    lstm_units=(128, 128),
    lstm_activation="tanh",
    dense_units=256,
    dropout=0.0,
):
    """Build a CLDNN for windows.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Width of the output.
    output_activation : str or None, default=None
        Activation of the output.
    filters : int or tuple of int, default=(256, 256)
        Channels of each convolution; an entry a convolution.
    kernel_size : int or tuple of int, default=(9, 3)
        Reach of each convolution, in time steps.
    linear_units : int, default=256
        Width of the linear layer that makes the convolutions' output narrower.
    activation : str, default="relu"
        Activation of the convolutions and of the hidden layers of the head.
    lstm_units : int or tuple of int, default=(128, 128)
        Units of each LSTM over the steps; an entry a layer.
    lstm_activation : str, default="tanh"
        Activation of cell and output. Another than "tanh" cannot use the cuDNN kernel
        of a GPU.
    dense_units : int or tuple of int, default=256
        Widths of the hidden layers between the LSTMs and the output.
    dropout : float, default=0.0
        Share of what enters the hidden layers that is dropped in training, from 0 to
        below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`, convolutions `(L, 256)`, linear layer `(L, 256)`; beside it the window
    itself, the first skip, `(L, 256 + F)`; LSTM layers `(L, 128)`, of the last one the
    last step; beside it the linear layer's last step, the second skip, `(128 + 256,)`;
    head `(n_outputs,)`.

    Differences from Sainath et al. (2015): convolutions reach over time and all
    features at once, for features have no order as the frequencies of speech have;
    so the maximum over three neighbouring frequencies is left out, and the kernels of
    9 x 9 and 4 x 3 (frequency x time) keep their 9 and 3 steps. One output for the
    window, at its last step, in the place of one each step. LSTM layers of 128 units
    without projection, and a hidden layer of 256, in the place of 832 cells projected
    to 512 and of 1024: theirs learned from two thousand hours of speech. Trained on
    whole windows by Adam, in the place of asynchronous gradient descent on 20 steps.
    Convolutions see steps on both sides, theirs none that come later; recurrent weights
    are orthogonal and forget gates start open, where theirs are drawn from
    [-0.02, 0.02].

    References
    ----------
    Sainath, T. N., Vinyals, O., Senior, A. and Sak, H. (2015). Convolutional, long
    short-term memory, fully connected deep neural networks. ICASSP.
    """
    require_axes(input_shape, (1, 2), "A CLDNN")
    filters = widths("filters", filters)
    kernel_size = per_layer("kernel_size", kernel_size, len(filters))
    linear_units = check_integer("linear_units", linear_units)
    lstm_units = widths("lstm_units", lstm_units)
    check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    series = as_series(window)
    x = series
    for i, (width, reach) in enumerate(zip(filters, kernel_size, strict=True), 1):
        x = layers.Conv1D(
            width, reach, padding="same", activation=activation, name=f"conv_{i}"
        )(x)
    narrow = layers.Dense(linear_units, name="linear")(x)
    x = layers.Concatenate(name="with_window")([narrow, series])
    for i, units in enumerate(lstm_units, 1):
        x = lstm(
            x,
            units,
            activation=lstm_activation,
            sequences=i < len(lstm_units),
            name=f"lstm_{i}",
        )
    last = layers.Cropping1D((narrow.shape[1] - 1, 0), name="last_step")(narrow)
    last = layers.Flatten(name="last_convolved")(last)
    x = layers.Concatenate(name="with_convolved")([x, last])
    x = dropped(x, dropout, "dropout")
    output = head(
        x,
        n_outputs,
        dense_units=dense_units,
        activation=activation,
        output_activation=output_activation,
    )
    return keras.Model(window, output, name="cldnn")


class CLDNNRegressor(HybridRegressor, build=build_cldnn):
    """Forecast from windows with a CLDNN.

    Convolutions read the window over time, a linear layer makes what they found
    narrower, LSTMs read it beside the window itself, and hidden layers make the
    forecast from the last state and the last convolved step. Windows are
    `(n_samples, window_length)` or `(n_samples, window_length, n_features)`.

    Examples
    --------
    >>> from skcnnlstm import CLDNNRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> CLDNNRegressor(epochs=2, random_state=0).fit(X, y).predict(X).shape
    (5,)
    """


class CLDNNClassifier(HybridClassifier, build=build_cldnn):
    """Classify windows with a CLDNN.

    Convolutions read the window over time, a linear layer makes what they found
    narrower, LSTMs read it beside the window itself, and hidden layers classify the
    last state and the last convolved step. Windows are `(n_samples, window_length)`
    or `(n_samples, window_length, n_features)`.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import CLDNNClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = CLDNNClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
