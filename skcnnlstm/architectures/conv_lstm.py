"""ConvLSTM: an LSTM with convolutions instead of matrix products."""

import keras
from keras import layers

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters


@with_network_parameters
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

    Each window is cut into subsequences. A ConvLSTM, an LSTM with convolutions instead
    of matrix products, reads the subsequences in time order. The last state of the
    ConvLSTM determines the prediction.

    X has shape `(n_samples, window_length)` or `(n_samples, window_length,
    n_features)`. X can also be the output of SubsequenceReshaper, with or without
    `n_rows`.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one sample: `(window_length,)`, `(window_length, n_features)`,
        `(n_subsequences, n_steps, n_features)` or `(n_subsequences, n_rows, n_steps,
        n_features)`.
    filters : int, default=64
        Number of channels of the LSTM state.
    kernel_size : int or tuple of two int, default=(1, 3)
        Kernel size in rows and in time steps. An integer is used for both.
    padding : {"same", "valid"}, default="same"
        "same" keeps the numbers of rows and time steps. "valid" reduces both numbers by
        the kernel size minus one.
    activation : str, default="tanh"
        Activation of the LSTM cell and of the hidden layers.
    dropout : float, default=0.0
        Dropout rate after the ConvLSTM, from 0 (inclusive) to 1 (exclusive).

    Notes
    -----
    Shapes for a window of L steps and F features, cut into S subsequences of
    ``T = L / S`` steps:

    - input: `(L, F)`
    - subsequences, as grids of one row: `(S, 1, T, F)`
    - ConvLSTM: `(1, T, filters)`
    - flattened: `(T * filters,)`
    - output: `(n_outputs,)`

    Differences from Shi et al. (2015):

    - The network has one ConvLSTM layer.
    - The cells have no peephole connections (Keras' cell has none).
    - Dense layers replace the forecasting network of the paper. ConvLSTMGridRegressor
      has a forecasting network.

    References
    ----------
    Shi, X. et al. (2015). Convolutional LSTM network: a machine learning approach for
    precipitation nowcasting. NeurIPS.
    """
    blocks.check_input_axes(input_shape, (1, 2, 3, 4), "a ConvLSTM")
    filters = check_integer("filters", filters)
    kernel_rows, kernel_steps = blocks.check_per_layer(
        "kernel_size", kernel_size, 2, "axis"
    )
    blocks.check_padding(padding)
    blocks.check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    x = window
    if len(input_shape) < 4:
        halves = blocks.reads_halves(output_activation)
        x = blocks.as_subsequences(window, n_subsequences, halves)
        x = layers.Reshape((x.shape[1], 1, *x.shape[2:]), name="grids")(x)
    blocks.check_kernel_fits(kernel_rows, x.shape[2], padding, "rows")
    blocks.check_kernel_fits(kernel_steps, x.shape[3], padding)
    x = layers.ConvLSTM2D(
        filters,
        (kernel_rows, kernel_steps),
        padding=padding,
        activation=activation,
        name="conv_lstm",
    )(x)  # (n_rows, n_steps, filters)
    x = layers.Flatten(name="features")(x)
    x = blocks.apply_dropout(x, dropout, "dropout")
    x = blocks.output_head(x, n_outputs, dense_units, activation, output_activation)
    return keras.Model(window, x, name="conv_lstm")


class ConvLSTMRegressor(HybridRegressor, build=build_conv_lstm):
    """Forecast from windows with a ConvLSTM.

    Examples
    --------
    >>> from skcnnlstm import ConvLSTMRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> regressor = ConvLSTMRegressor(n_subsequences=2, epochs=2, random_state=0)
    >>> regressor.fit(X, y).predict(X).shape
    (5,)
    """

    _resolve_auto = staticmethod(blocks.resolve_auto_subsequences)


class ConvLSTMClassifier(HybridClassifier, build=build_conv_lstm):
    """Classify windows with a ConvLSTM.

    ``n_subsequences="auto"`` cuts each window into two halves, as in CNNLSTMClassifier.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import ConvLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = ConvLSTMClassifier(n_subsequences=3, epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """

    _resolve_auto = staticmethod(blocks.resolve_auto_halves)
