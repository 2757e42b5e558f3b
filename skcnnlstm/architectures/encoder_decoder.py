"""CNN-LSTM encoder-decoder: convolutions read the window, an LSTM writes the steps."""

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
    lstm,
    per_layer,
    require_axes,
    require_kernel_fits,
    widths,
)
from skcnnlstm.wrappers import HybridRegressor


def build_encoder_decoder(
    input_shape,
    n_outputs,
    *,
    output_axes=None,
    filters=(64, 64),
    kernel_size=3,
    padding="same",
    pool_size=2,
    activation="relu",
    lstm_units=200,
    lstm_activation="tanh",
    dense_units=100,
    dropout=0.0,
):
    """Build a network whose LSTM makes one output after the other.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Width of the output.
    output_axes : tuple of three int or None, default=None
        Steps ahead, targets and quantiles, of which the output is the product; None
        takes it as steps of one target.
    filters : int or tuple of int, default=(64, 64)
        Channels of each convolution of the encoder; an entry a convolution.
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
    lstm_units : int, default=200
        Units of the LSTM that decodes, one step of it a step ahead.
    lstm_activation : str, default="tanh"
        Activation of cell and output. Another than "tanh" cannot use the cuDNN kernel
        of a GPU.
    dense_units : int or tuple of int, default=100
        Widths of the hidden layers between the LSTM and the output, the same for each
        step ahead; `()` for none.
    dropout : float, default=0.0
        Share of the encoder's output that is dropped in training, from 0 to below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`, convolutions `(L, filters)`, pooling `(ceil(L / pool_size), filters)`,
    flattened and repeated `(horizon, features)`, LSTM `(horizon, lstm_units)`, head
    `(horizon, n_targets)`, flattened `(n_outputs,)`.

    Differences from Brownlee (2018): `padding="same"` and a pooling that keeps a last
    step alone, so that windows of any length can be read (`padding="valid"` is the
    published form); tanh in the place of ReLU in the LSTM (`lstm_activation="relu"`);
    any number of targets.

    References
    ----------
    Brownlee, J. (2018). Deep learning for time series forecasting. Machine Learning
    Mastery.

    Cho, K. et al. (2014). Learning phrase representations using RNN encoder-decoder for
    statistical machine translation. EMNLP.
    """
    require_axes(input_shape, (1, 2), "An encoder-decoder")
    filters = widths("filters", filters)
    kernel_size = per_layer("kernel_size", kernel_size, len(filters))
    pool_size = check_integer("pool_size", pool_size)
    lstm_units = check_integer("lstm_units", lstm_units)
    check_padding(padding)
    check_activation("activation", activation)
    horizon = n_outputs if output_axes is None else output_axes[0]

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
    x = layers.RepeatVector(horizon, name="steps_ahead")(x)
    x = lstm(x, lstm_units, activation=lstm_activation, sequences=True, name="lstm")
    x = head(x, n_outputs // horizon, dense_units=dense_units, activation=activation)
    output = layers.Flatten(name="steps_in_order")(x)
    return keras.Model(window, output, name="encoder_decoder")


class CNNLSTMEncoderDecoderRegressor(HybridRegressor, build=build_encoder_decoder):
    """Forecast several steps ahead, one after the other, with a CNN-LSTM.

    Convolutions and pooling read a window `(n_samples, window_length)` or `(n_samples,
    window_length, n_features)`. An LSTM starts from what they found and runs one step
    for each step ahead; the same hidden layer turns each of its outputs into that
    step's forecast. y is `(n_samples,)`, `(n_samples, horizon)` or, with `n_targets`,
    `(n_samples, horizon * n_targets)`, step by step.

    Examples
    --------
    >>> from skcnnlstm import CNNLSTMEncoderDecoderRegressor, make_windows
    >>> X, y = make_windows(range(20), window_length=7, horizon=3)
    >>> regressor = CNNLSTMEncoderDecoderRegressor(epochs=2, random_state=0)
    >>> regressor.fit(X, y).predict(X).shape
    (11, 3)
    """
