"""CLDNN: convolutions, a linear layer, LSTMs and hidden layers, with two skips."""

import keras
from keras import layers

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters


@with_network_parameters
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
    patch_length="auto",
    dense_units=256,
    dropout=0.0,
):
    """Build a CLDNN for windows.

    Convolutions read each window over time, and a linear layer reduces the number of
    channels. LSTMs read the output of the linear layer together with the window, in
    classifiers several steps at once. Hidden layers process the last output of the
    LSTMs and the last step of the linear layer. X has shape `(n_samples,
    window_length)` or `(n_samples, window_length, n_features)`.

    Parameters
    ----------
    linear_units : int, default=256
        Units of the linear layer that reduces the output of the convolutions.
    dropout : float, default=0.0
        Dropout rate before the hidden layers, from 0 (inclusive) to 1 (exclusive).

    Notes
    -----
    Shapes for a window of L steps and F features, with the default parameters:

    - input: `(L, F)`
    - each convolution: `(L, 256)`
    - linear layer: `(L, 256)`
    - concatenated with the input (first skip): `(L, 256 + F)`
    - N patches of ``P = patch_length`` steps (N is L for P = 1):
      `(N, P * (256 + F))`
    - first LSTM layer: `(N, 128)`
    - last LSTM layer: `(128,)`
    - concatenated with the last step of the linear layer (second skip):
      `(128 + 256,)`
    - hidden layer: `(256,)`
    - output: `(n_outputs,)`

    Differences from Sainath et al. (2015):

    - Each kernel covers all features, because features have no order, unlike the
      frequencies of speech. The kernels of 9 x 9 and 4 x 3 (frequency x time) become
      kernels of 9 and 3 steps. There is no max pooling over three frequencies.
    - Convolutions are padded on both sides. In the paper, they do not read later steps.
    - The network has one output per window. The paper has one output per step.
    - In classifiers, the LSTMs read several steps at once. The LSTMs of the paper read
      each step: set ``patch_length=1``.
    - LSTM layers have 128 units without projection instead of 832 cells projected to
      512, and the hidden layer has 256 units instead of 1024. The paper trained on
      2,000 hours of speech.
    - Recurrent weights are orthogonal and the initial bias of the forget gates is 1.
      The paper draws weights from [-0.02, 0.02].
    - Training uses Adam on whole windows instead of asynchronous gradient descent on
      20 steps.

    References
    ----------
    Sainath, T. N., Vinyals, O., Senior, A. and Sak, H. (2015). Convolutional, long
    short-term memory, fully connected deep neural networks. ICASSP.
    """
    blocks.check_input_axes(input_shape, (1, 2), "a CLDNN")
    filters = blocks.check_widths("filters", filters)
    kernel_size = blocks.check_per_layer("kernel_size", kernel_size, len(filters))
    linear_units = check_integer("linear_units", linear_units)
    lstm_units = blocks.check_widths("lstm_units", lstm_units)
    blocks.check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    series = blocks.as_series(window)
    x = blocks.conv1d_stack(
        series, filters, kernel_size, padding="same", activation=activation
    )
    linear = layers.Dense(linear_units, name="linear")(x)
    x = layers.Concatenate(name="with_window")([linear, series])
    x = blocks.as_patches(x, patch_length, output_activation)
    for i, units in enumerate(lstm_units, 1):
        x = blocks.apply_lstm(
            x,
            units,
            activation=lstm_activation,
            return_sequences=i < len(lstm_units),
            name=f"lstm_{i}",
        )
    last = layers.Cropping1D((linear.shape[1] - 1, 0), name="last_step")(linear)
    last = layers.Flatten(name="last_convolved")(last)
    x = layers.Concatenate(name="with_convolved")([x, last])
    x = blocks.apply_dropout(x, dropout, "dropout")
    x = blocks.output_head(x, n_outputs, dense_units, activation, output_activation)
    return keras.Model(window, x, name="cldnn")


class CLDNNRegressor(HybridRegressor, build=build_cldnn):
    """Forecast from windows with a CLDNN.

    Examples
    --------
    >>> from skcnnlstm import CLDNNRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> regressor = CLDNNRegressor(lstm_units=16, epochs=2, random_state=0)
    >>> regressor.fit(X, y).predict(X).shape
    (5,)
    """


class CLDNNClassifier(HybridClassifier, build=build_cldnn):
    """Classify windows with a CLDNN.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import CLDNNClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = CLDNNClassifier(lstm_units=16, epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
