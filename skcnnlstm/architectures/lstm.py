"""LSTM: recurrent layers over the window, head."""

from __future__ import annotations

import keras
from keras import layers

from skcnnlstm.layers.blocks import as_series, dropped, head, lstm, require_axes, widths
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor


def build_lstm(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    lstm_units=50,
    lstm_activation="tanh",
    activation="relu",
    dense_units=(),
    dropout=0.0,
    bidirectional=False,
):
    """Build a stack of LSTM layers for windows.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Width of the output.
    output_activation : str or None, default=None
        Activation of the output.
    lstm_units : int or tuple of int, default=50
        Units of the LSTM; a tuple stacks one layer an entry.
    lstm_activation : str, default="tanh"
        Activation of cell and output. Another than "tanh" cannot use the cuDNN kernel
        of a GPU.
    activation : str, default="relu"
        Activation of the hidden layers of the head.
    dense_units : int or tuple of int, default=()
        Widths of the hidden layers between the last state and the output.
    dropout : float, default=0.0
        Share of each layer's output that is dropped in training, from 0 to below 1.
    bidirectional : bool, default=False
        Whether each layer also reads the window from its end; outputs are joined.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`, LSTM layers `(L, units)`, the last one `(units,)`, head `(n_outputs,)`.

    Differences from Hochreiter and Schmidhuber (1997): forget gates, which start open
    (Gers et al., 2000; Jozefowicz et al., 2015), trained by backpropagation through
    the whole window.

    References
    ----------
    Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory. Neural
    Computation 9(8).
    """
    require_axes(input_shape, (1, 2), "An LSTM")
    lstm_units = widths("lstm_units", lstm_units)

    window = layers.Input(input_shape, name="window")
    x = as_series(window)
    for i, units in enumerate(lstm_units):
        x = lstm(
            x,
            units,
            activation=lstm_activation,
            sequences=i + 1 < len(lstm_units),
            bidirectional=bidirectional,
            name=f"lstm_{i + 1}",
        )
        x = dropped(x, dropout, f"dropout_{i + 1}")
    output = head(
        x,
        n_outputs,
        dense_units=dense_units,
        activation=activation,
        output_activation=output_activation,
    )
    return keras.Model(window, output, name="lstm")


class LSTMRegressor(HybridRegressor, build=build_lstm):
    """Forecast from windows with an LSTM.

    Windows `(n_samples, window_length)` or `(n_samples, window_length, n_features)`
    are read step by step; the last state becomes the forecast.

    Examples
    --------
    >>> from skcnnlstm import LSTMRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> LSTMRegressor(epochs=2, random_state=0).fit(X, y).predict(X).shape
    (5,)
    """


class LSTMClassifier(HybridClassifier, build=build_lstm):
    """Classify windows with an LSTM.

    Windows `(n_samples, window_length)` or `(n_samples, window_length, n_features)`
    are read step by step; the last state is classified.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import LSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = LSTMClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
