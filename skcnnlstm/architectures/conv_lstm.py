"""ConvLSTM: an LSTM over the subsequences whose products are convolutions."""

from __future__ import annotations

import keras
from keras import layers

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.layers.blocks import (
    as_subsequences,
    check_activation,
    check_padding,
    dropped,
    head,
    per_layer,
    require_axes,
    require_kernel_fits,
    resolve_cut,
)
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor


def build_conv_lstm(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    n_subsequences="auto",
    filters=64,
    kernel_size=(1, 3),
    padding="same",
    activation="tanh",
    dense_units=(),
    dropout=0.0,
):
    """Build a ConvLSTM for windows, subsequences or grids.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)`, `(window_length, n_features)`, `(n_subsequences, n_steps,
        n_features)` or `(n_subsequences, n_rows, n_steps, n_features)`.
    n_outputs : int
        Width of the output.
    output_activation : str or None, default=None
        Activation of the output.
    n_subsequences : int or "auto", default="auto"
        Pieces a window is cut into, in time order; it must divide `window_length`.
        "auto" takes the divisor nearest to the square root. Windows that
        SubsequenceReshaper has cut are taken as they are.
    filters : int, default=64
        Channels of the state.
    kernel_size : int or tuple of two int, default=(1, 3)
        Reach of the convolutions, in rows and in time steps; an integer stands for
        both.
    padding : {"same", "valid"}, default="same"
        "same" keeps rows and steps; "valid" loses `kernel_size - 1` of them.
    activation : str, default="tanh"
        Activation of cell and output, and of the hidden layers of the head.
    dense_units : int or tuple of int, default=()
        Widths of the hidden layers between the last state and the output.
    dropout : float, default=0.0
        Share of the last state that is dropped in training, from 0 to below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`, cut `(S, 1, L/S, F)`, ConvLSTM `(1, L/S, filters)`, flattened, head
    `(n_outputs,)`.

    Differences from Shi et al. (2015): one layer, no peephole connections (Keras' cell
    has none), the last state goes to a head in the place of a forecasting network.

    References
    ----------
    Shi, X. et al. (2015). Convolutional LSTM network: a machine learning approach for
    precipitation nowcasting. NeurIPS.
    """
    require_axes(input_shape, (1, 2, 3, 4), "A ConvLSTM")
    filters = check_integer("filters", filters)
    rows, reach = per_layer("kernel_size", kernel_size, 2)
    check_padding(padding)
    check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    x = window
    if len(input_shape) < 4:
        x = as_subsequences(window, n_subsequences)
        x = layers.Reshape((x.shape[1], 1, *x.shape[2:]), name="grids")(x)
    require_kernel_fits(rows, x.shape[2], padding)
    require_kernel_fits(reach, x.shape[3], padding)
    x = layers.ConvLSTM2D(
        filters,
        (rows, reach),
        padding=padding,
        activation=activation,
        name="conv_lstm",
    )(x)  # (n_rows, n_steps, filters)
    x = layers.Flatten(name="features")(x)
    x = dropped(x, dropout, "dropout")
    output = head(
        x,
        n_outputs,
        dense_units=dense_units,
        activation=activation,
        output_activation=output_activation,
    )
    return keras.Model(window, output, name="conv_lstm")


class _ConvLSTM:
    """What regressor and classifier share."""

    def _resolve(self, params, input_shape):
        return resolve_cut(params, input_shape)


class ConvLSTMRegressor(_ConvLSTM, HybridRegressor, build=build_conv_lstm):
    """Forecast from windows with a ConvLSTM.

    A window is cut into subsequences, and an LSTM whose products are convolutions
    reads them in time order; its last state becomes the forecast. X is `(n_samples,
    window_length)`, `(n_samples, window_length, n_features)`, or what
    SubsequenceReshaper makes of it, with or without rows.

    Examples
    --------
    >>> from skcnnlstm import ConvLSTMRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> regressor = ConvLSTMRegressor(n_subsequences=2, epochs=2, random_state=0)
    >>> regressor.fit(X, y).predict(X).shape
    (5,)
    """


class ConvLSTMClassifier(_ConvLSTM, HybridClassifier, build=build_conv_lstm):
    """Classify windows with a ConvLSTM.

    A window is cut into subsequences, and an LSTM whose products are convolutions
    reads them in time order; its last state is classified. X is `(n_samples,
    window_length)`, `(n_samples, window_length, n_features)`, or what
    SubsequenceReshaper makes of it, with or without rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import ConvLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = ConvLSTMClassifier(n_subsequences=3, epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
