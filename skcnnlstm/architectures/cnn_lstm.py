"""CNN-LSTM: convolutions read each subsequence, an LSTM reads the subsequences."""

from __future__ import annotations

import keras
from keras import layers
from sklearn.utils.metaestimators import available_if

from skcnnlstm._utils.validation import check_boolean, check_integer
from skcnnlstm.layers.blocks import (
    as_subsequences,
    attend,
    check_activation,
    check_padding,
    dropped,
    head,
    lstm,
    per_layer,
    require_axes,
    require_kernel_fits,
    resolve_cut,
    widths,
)
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor


def build_cnn_lstm(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    n_subsequences="auto",
    filters=64,
    kernel_size=3,
    padding="same",
    pool_size=2,
    activation="relu",
    lstm_units=50,
    lstm_activation="tanh",
    dense_units=(),
    dropout=0.0,
    bidirectional=False,
    attention=False,
):
    """Build a CNN-LSTM for windows or subsequences.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)`, `(window_length, n_features)` or
        `(n_subsequences, n_steps, n_features)`.
    n_outputs : int
        Width of the output.
    output_activation : str or None, default=None
        Activation of the output.
    n_subsequences : int or "auto", default="auto"
        Pieces a window is cut into, in time order; it must divide `window_length`.
        "auto" takes the divisor nearest to the square root. Windows that
        SubsequenceReshaper has cut are taken as they are.
    filters : int or tuple of int, default=64
        Channels of the convolution; a tuple makes one convolution an entry.
    kernel_size : int or tuple of int, default=3
        Reach of each convolution, in time steps; it never crosses into another
        subsequence.
    padding : {"same", "valid"}, default="same"
        "same" keeps the number of steps; "valid" loses `kernel_size - 1` of them at
        each convolution.
    pool_size : int, default=2
        Steps of which the maximum is kept, after the last convolution. 1 keeps every
        step; a rest shorter than `pool_size` is pooled too.
    activation : str, default="relu"
        Activation of the convolutions and of the hidden layers of the head.
    lstm_units : int, default=50
        Units of the LSTM over the subsequences.
    lstm_activation : str, default="tanh"
        Activation of cell and output. Another than "tanh" cannot use the cuDNN kernel
        of a GPU.
    dense_units : int or tuple of int, default=()
        Widths of the hidden layers between the LSTM and the output.
    dropout : float, default=0.0
        Share of the convolutions' and of the LSTM's output that is dropped in
        training, from 0 to below 1.
    bidirectional : bool, default=False
        Whether a second LSTM reads the subsequences from the end.
    attention : bool, default=False
        Whether the LSTM's outputs at all subsequences are averaged by learned weights
        (`attention_weights`); without, its last output is taken.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`, cut `(S, L/S, F)`, convolutions `(S, L/S, filters)`, pooling
    `(S, ceil(L/S / pool_size), filters)`, flattened `(S, features)`, LSTM
    `(lstm_units,)`, head `(n_outputs,)`.

    Differences from Donahue et al. (2015): the frames are pieces of one window, the
    convolutions are small and trained from the start, one output is made after the
    last frame. A convolution with kernel `(1, kernel_size)` stands for a
    `TimeDistributed(Conv1D)`: the same arithmetic and parameters, without its loop.

    References
    ----------
    Donahue, J. et al. (2015). Long-term recurrent convolutional networks for visual
    recognition and description. CVPR.
    """
    require_axes(input_shape, (1, 2, 3), "A CNN-LSTM")
    filters = widths("filters", filters)
    kernel_size = per_layer("kernel_size", kernel_size, len(filters))
    pool_size = check_integer("pool_size", pool_size)
    lstm_units = check_integer("lstm_units", lstm_units)
    check_boolean("attention", attention)
    check_padding(padding)
    check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    x = as_subsequences(window, n_subsequences)
    for i, (width, reach) in enumerate(zip(filters, kernel_size, strict=True)):
        require_kernel_fits(reach, x.shape[2], padding)
        x = layers.Conv2D(
            width,
            (1, reach),
            padding=padding,
            activation=activation,
            name=f"conv_{i + 1}",
        )(x)
    if pool_size > 1:
        x = layers.MaxPooling2D((1, pool_size), padding="same", name="pool")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="features")(x)
    x = dropped(x, dropout, "dropout_1")
    x = lstm(
        x,
        lstm_units,
        activation=lstm_activation,
        sequences=attention,
        bidirectional=bidirectional,
        name="lstm",
    )
    if attention:
        x = attend(x, lstm_units)
    x = dropped(x, dropout, "dropout_2")
    output = head(
        x,
        n_outputs,
        dense_units=dense_units,
        activation=activation,
        output_activation=output_activation,
    )
    return keras.Model(window, output, name="cnn_lstm")


def _has_attention(estimator):
    return estimator._network_param("attention")


class _CNNLSTM:
    """What regressor and classifier share."""

    _open_first_axis = True

    def _resolve(self, params, input_shape):
        return resolve_cut(params, input_shape)

    @available_if(_has_attention)
    def attention_weights(self, X):
        """Return how much each subsequence of each window counts.

        Only with `attention=True`.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.

        Returns
        -------
        weights : ndarray of shape (n_samples, n_subsequences)
            Not negative; each row sums to one.
        """
        return self._layer_output("attention_weights", X)[..., 0]


class CNNLSTMRegressor(_CNNLSTM, HybridRegressor, build=build_cnn_lstm):
    """Forecast from windows with a CNN-LSTM.

    A window is cut into subsequences. Convolutions and pooling read each of them, an
    LSTM reads what they found, subsequence after subsequence, and its last output
    becomes the forecast. X is `(n_samples, window_length)`, `(n_samples,
    window_length, n_features)`, or what SubsequenceReshaper makes of it,
    `(n_samples, n_subsequences, n_steps, n_features)`; then windows of another number
    of subsequences may be predicted.

    Examples
    --------
    >>> from skcnnlstm import CNNLSTMRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> regressor = CNNLSTMRegressor(n_subsequences=2, epochs=2, random_state=0)
    >>> regressor.fit(X, y).predict(X).shape
    (5,)
    """


class CNNLSTMClassifier(_CNNLSTM, HybridClassifier, build=build_cnn_lstm):
    """Classify windows with a CNN-LSTM.

    A window is cut into subsequences. Convolutions and pooling read each of them, an
    LSTM reads what they found, subsequence after subsequence, and its last output is
    classified. X is `(n_samples, window_length)`, `(n_samples, window_length,
    n_features)`, or what SubsequenceReshaper makes of it, `(n_samples,
    n_subsequences, n_steps, n_features)`.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import CNNLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = CNNLSTMClassifier(n_subsequences=3, epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
