"""CNN: convolutions over the window, pooling, head."""

from __future__ import annotations

import keras
from keras import layers

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.layers.blocks import (
    as_series,
    check_activation,
    check_padding,
    dropped,
    head,
    per_layer,
    require_axes,
    require_kernel_fits,
    widths,
)
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor


def build_cnn(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    filters=64,
    kernel_size=3,
    padding="same",
    pool_size=2,
    activation="relu",
    dense_units=50,
    dropout=0.0,
):
    """Build a convolutional network for windows.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Width of the output.
    output_activation : str or None, default=None
        Activation of the output.
    filters : int or tuple of int, default=64
        Channels of the convolution; a tuple makes one convolution an entry.
    kernel_size : int or tuple of int, default=3
        Reach of each convolution, in time steps.
    padding : {"same", "valid"}, default="same"
        "same" keeps the number of steps; "valid" loses `kernel_size - 1` of them at
        each convolution.
    pool_size : int, default=2
        Steps of which the maximum is kept, after the last convolution. 1 keeps every
        step; a rest shorter than `pool_size` is pooled too.
    activation : str, default="relu"
        Activation of the convolutions and of the hidden layers of the head.
    dense_units : int or tuple of int, default=50
        Widths of the hidden layers between the features and the output; `()` for none.
    dropout : float, default=0.0
        Share of the pooled features that is dropped in training, from 0 to below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`, convolutions `(L, filters)`, pooling `(ceil(L / pool_size), filters)`,
    flattened, head `(n_outputs,)`.

    Differences from LeCun and Bengio (1995): maximum pooling in the place of
    sub-sampling with learned weights, ReLU in the place of tanh, any number of
    convolutions with one pooling at the end.

    References
    ----------
    LeCun, Y. and Bengio, Y. (1995). Convolutional networks for images, speech, and
    time series. The Handbook of Brain Theory and Neural Networks.
    """
    require_axes(input_shape, (1, 2), "A CNN")
    filters = widths("filters", filters)
    kernel_size = per_layer("kernel_size", kernel_size, len(filters))
    pool_size = check_integer("pool_size", pool_size)
    check_padding(padding)
    check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    x = as_series(window)
    for i, (width, reach) in enumerate(zip(filters, kernel_size, strict=True)):
        require_kernel_fits(reach, x.shape[1], padding)
        x = layers.Conv1D(
            width, reach, padding=padding, activation=activation, name=f"conv_{i + 1}"
        )(x)
    if pool_size > 1:
        x = layers.MaxPooling1D(pool_size, padding="same", name="pool")(x)
    x = layers.Flatten(name="features")(x)
    x = dropped(x, dropout, "dropout")
    output = head(
        x,
        n_outputs,
        dense_units=dense_units,
        activation=activation,
        output_activation=output_activation,
    )
    return keras.Model(window, output, name="cnn")


class CNNRegressor(HybridRegressor, build=build_cnn):
    """Forecast from windows with a convolutional network.

    Windows `(n_samples, window_length)` or `(n_samples, window_length, n_features)`
    pass through convolutions over time, maximum pooling and a hidden layer.

    Examples
    --------
    >>> from skcnnlstm import CNNRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> CNNRegressor(epochs=2, random_state=0).fit(X, y).predict(X).shape
    (5,)
    """


class CNNClassifier(HybridClassifier, build=build_cnn):
    """Classify windows with a convolutional network.

    Windows `(n_samples, window_length)` or `(n_samples, window_length, n_features)`
    pass through convolutions over time, maximum pooling and a hidden layer.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import CNNClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = CNNClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
