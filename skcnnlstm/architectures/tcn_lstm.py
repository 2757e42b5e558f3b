"""TCN-LSTM: residual blocks of dilated causal convolutions, then an LSTM."""

from __future__ import annotations

import keras
from keras import layers

from skcnnlstm._utils.validation import check_integer, check_real
from skcnnlstm.layers.blocks import (
    as_series,
    check_activation,
    head,
    lstm,
    require_axes,
    widths,
)
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor


def build_tcn_lstm(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    filters=(32, 32, 32, 32),
    kernel_size=3,
    activation="relu",
    lstm_units=50,
    lstm_activation="tanh",
    bidirectional=False,
    dense_units=(),
    dropout=0.2,
):
    """Build a temporal convolutional network with an LSTM behind it, for windows.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Width of the output.
    output_activation : str or None, default=None
        Activation of the output.
    filters : int or tuple of int, default=(32, 32, 32, 32)
        Channels of each block; an entry a block. The first block looks at
        neighbouring steps, each further one at steps twice as far apart (dilations 1,
        2, 4, ...). With `n` blocks a step sees the last `1 + 2 * (kernel_size - 1) *
        (2**n - 1)` steps: 61 with the defaults.
    kernel_size : int, default=3
        Steps that each convolution looks at: the present one and earlier ones.
    activation : str, default="relu"
        Activation of the convolutions, of the sums and of the hidden layers of the
        head.
    lstm_units : int, default=50
        Units of the LSTM over the steps.
    lstm_activation : str, default="tanh"
        Activation of cell and output. Another than "tanh" cannot use the cuDNN kernel
        of a GPU.
    bidirectional : bool, default=False
        Whether a second LSTM reads the steps from the end.
    dense_units : int or tuple of int, default=()
        Widths of the hidden layers between the LSTM and the output.
    dropout : float, default=0.2
        Share of the channels that is dropped after each convolution in training, each
        for the whole window, from 0 to below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`; blocks `(L, filters)`, each of two causal convolutions with activation
    and dropout, added to what entered the block (through a convolution of one step
    where the widths differ) and activated; LSTM `(lstm_units,)`, head `(n_outputs,)`.

    Differences from Bai et al. (2018): no weight normalization, weights drawn as Keras
    draws them in the place of a normal distribution of deviation 0.01, and an LSTM
    reads the last block's steps where they take the last step alone.

    References
    ----------
    Bai, S., Kolter, J. Z. and Koltun, V. (2018). An empirical evaluation of generic
    convolutional and recurrent networks for sequence modeling. arXiv:1803.01271.
    """
    require_axes(input_shape, (1, 2), "A TCN-LSTM")
    filters = widths("filters", filters)
    kernel_size = check_integer("kernel_size", kernel_size)
    lstm_units = check_integer("lstm_units", lstm_units)
    check_activation("activation", activation)
    check_real("dropout", dropout, low=0, high=1, inclusive="left")

    window = layers.Input(input_shape, name="window")
    x = as_series(window)
    for i, width in enumerate(filters):
        x = _residual_block(
            x,
            width,
            kernel_size,
            dilation=2**i,
            activation=activation,
            dropout=dropout,
            name=f"block_{i + 1}",
        )
    x = lstm(
        x,
        lstm_units,
        activation=lstm_activation,
        bidirectional=bidirectional,
        name="lstm",
    )
    output = head(
        x,
        n_outputs,
        dense_units=dense_units,
        activation=activation,
        output_activation=output_activation,
    )
    return keras.Model(window, output, name="tcn_lstm")


def _residual_block(x, width, kernel_size, *, dilation, activation, dropout, name):
    """Add two dilated causal convolutions of `(n_steps, channels)` to it."""
    entering = x
    for j in (1, 2):
        x = layers.Conv1D(
            width,
            kernel_size,
            padding="causal",
            dilation_rate=dilation,
            activation=activation,
            name=f"{name}_conv_{j}",
        )(x)
        if dropout:
            x = layers.SpatialDropout1D(dropout, name=f"{name}_dropout_{j}")(x)
    if entering.shape[-1] != width:
        entering = layers.Conv1D(width, 1, name=f"{name}_skip")(entering)
    x = layers.Add(name=f"{name}_sum")([x, entering])
    return layers.Activation(activation, name=f"{name}_activation")(x)


class TCNLSTMRegressor(HybridRegressor, build=build_tcn_lstm):
    """Forecast from windows with a temporal convolutional network and an LSTM.

    Residual blocks of causal convolutions, each looking twice as far back as the one
    before, read the window; an LSTM reads what they found, and its last state becomes
    the forecast. Windows are `(n_samples, window_length)` or `(n_samples,
    window_length, n_features)`.

    Examples
    --------
    >>> from skcnnlstm import TCNLSTMRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> TCNLSTMRegressor(epochs=2, random_state=0).fit(X, y).predict(X).shape
    (5,)
    """


class TCNLSTMClassifier(HybridClassifier, build=build_tcn_lstm):
    """Classify windows with a temporal convolutional network and an LSTM.

    Residual blocks of causal convolutions, each looking twice as far back as the one
    before, read the window; an LSTM reads what they found, and its last state is
    classified. Windows are `(n_samples, window_length)` or `(n_samples,
    window_length, n_features)`.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import TCNLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = TCNLSTMClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
