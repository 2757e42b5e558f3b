"""CNN-LSTM encoder-decoder: a CNN encodes the window, an LSTM forecasts each step."""

import keras
from keras import layers

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters


@with_network_parameters
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
    """Build a network that forecasts the steps ahead one after the other.

    Parameters
    ----------
    output_axes : tuple of three int or None, default=None
        Numbers of steps ahead, targets and quantiles. Their product is `n_outputs`.
        None means `n_outputs` steps of one target.
    filters : int or tuple of int, default=(64, 64)
        Number of filters in the encoder. A tuple makes one convolution per entry.
    lstm_units : int, default=200
        Units of the decoder LSTM, which runs one step for each step ahead.
    dense_units : int or tuple of int, default=100
        Units of the hidden layers before the output. All steps ahead share the weights
        of these layers. A tuple makes one layer per entry; `()` makes none.
    dropout : float, default=0.0
        Dropout rate after the encoder, from 0 (inclusive) to 1 (exclusive).

    Notes
    -----
    Shapes for a window of L steps and F features:

    - input: `(L, F)`
    - each convolution: `(L, filters)`
    - max pooling: `(ceil(L / pool_size), filters)`
    - flattened and repeated: `(horizon, ceil(L / pool_size) * filters)`
    - LSTM: `(horizon, lstm_units)`
    - hidden layer: `(horizon, dense_units)`
    - output for each step: `(horizon, n_targets)`
    - output: `(n_outputs,)`

    Encoder-decoder networks were introduced by Cho et al. (2014). Differences from the
    CNN-LSTM encoder-decoder of Brownlee (2018):

    - Convolutions and pooling are padded, so that windows of any length are accepted.
      The book uses ``padding="valid"``.
    - The LSTM uses tanh. The book uses ``lstm_activation="relu"``.
    - Any number of targets is supported.

    References
    ----------
    Brownlee, J. (2018). Deep learning for time series forecasting. Machine Learning
    Mastery.

    Cho, K. et al. (2014). Learning phrase representations using RNN encoder-decoder for
    statistical machine translation. EMNLP.
    """
    blocks.check_input_axes(input_shape, (1, 2), "an encoder-decoder")
    filters = blocks.check_widths("filters", filters)
    kernel_size = blocks.check_per_layer("kernel_size", kernel_size, len(filters))
    pool_size = check_integer("pool_size", pool_size)
    lstm_units = check_integer("lstm_units", lstm_units)
    blocks.check_padding(padding)
    blocks.check_activation("activation", activation)
    horizon = n_outputs if output_axes is None else output_axes[0]

    window = layers.Input(input_shape, name="window")
    x = blocks.as_series(window)
    x = blocks.conv1d_stack(x, filters, kernel_size, padding, activation)
    if pool_size > 1:
        x = layers.MaxPooling1D(pool_size, padding="same", name="pool")(x)
    x = layers.Flatten(name="features")(x)
    x = blocks.apply_dropout(x, dropout, "dropout")
    x = layers.RepeatVector(horizon, name="steps_ahead")(x)
    x = blocks.apply_lstm(
        x, lstm_units, activation=lstm_activation, return_sequences=True, name="lstm"
    )
    x = blocks.output_head(
        x, n_outputs // horizon, dense_units=dense_units, activation=activation
    )
    output = layers.Flatten(name="steps_in_order")(x)
    return keras.Model(window, output, name="encoder_decoder")


class CNNLSTMEncoderDecoderRegressor(HybridRegressor, build=build_encoder_decoder):
    """Forecast several steps ahead with a CNN-LSTM encoder-decoder.

    Convolutions and pooling encode each window. An LSTM reads the encoded window once
    for each step ahead. Dense layers turn the output of the LSTM at each step into the
    forecast of that step.

    X has shape `(n_samples, window_length)` or `(n_samples, window_length,
    n_features)`. y has shape `(n_samples,)` or `(n_samples, horizon)`. With
    `n_targets`, y has shape `(n_samples, horizon * n_targets)`: all targets of step 1,
    then all targets of step 2, and so on.

    Examples
    --------
    >>> from skcnnlstm import CNNLSTMEncoderDecoderRegressor, make_windows
    >>> X, y = make_windows(range(20), window_length=7, horizon=3)
    >>> regressor = CNNLSTMEncoderDecoderRegressor(epochs=2, random_state=0)
    >>> regressor.fit(X, y).predict(X).shape
    (11, 3)
    """
