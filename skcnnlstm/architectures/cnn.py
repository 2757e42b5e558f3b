"""CNN: convolutions over time, max pooling and hidden layers."""

import keras
from keras import layers

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters


@with_network_parameters
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

    Convolutions over time, max pooling and a hidden layer process each window. X has
    shape `(n_samples, window_length)` or `(n_samples, window_length, n_features)`.

    Parameters
    ----------
    dropout : float, default=0.0
        Dropout rate after pooling, from 0 (inclusive) to 1 (exclusive).

    Notes
    -----
    Shapes for a window of L steps and F features:

    - input: `(L, F)`
    - each convolution: `(L, filters)`
    - max pooling: `(ceil(L / pool_size), filters)`
    - flattened: `(ceil(L / pool_size) * filters,)`
    - hidden layer: `(dense_units,)`
    - output: `(n_outputs,)`

    Differences from LeCun and Bengio (1995):

    - Max pooling replaces subsampling with learned weights.
    - ReLU replaces tanh.
    - One pooling layer follows the last convolution. In the paper, a pooling layer
      follows each convolution.

    References
    ----------
    LeCun, Y. and Bengio, Y. (1995). Convolutional networks for images, speech, and
    time series. The Handbook of Brain Theory and Neural Networks.
    """
    blocks.check_input_axes(input_shape, (1, 2), "a CNN")
    filters = blocks.check_widths("filters", filters)
    kernel_size = blocks.check_per_layer("kernel_size", kernel_size, len(filters))
    pool_size = check_integer("pool_size", pool_size)
    blocks.check_padding(padding)
    blocks.check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    x = blocks.as_series(window)
    x = blocks.conv1d_stack(x, filters, kernel_size, padding, activation)
    if pool_size > 1:
        x = layers.MaxPooling1D(pool_size, padding="same", name="pool")(x)
    x = layers.Flatten(name="features")(x)
    x = blocks.apply_dropout(x, dropout, "dropout")
    x = blocks.output_head(x, n_outputs, dense_units, activation, output_activation)
    return keras.Model(window, x, name="cnn")


class CNNRegressor(HybridRegressor, build=build_cnn):
    """Forecast from windows with a convolutional network.

    Examples
    --------
    >>> from skcnnlstm import CNNRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> CNNRegressor(epochs=2, random_state=0).fit(X, y).predict(X).shape
    (5,)
    """


class CNNClassifier(HybridClassifier, build=build_cnn):
    """Classify windows with a convolutional network.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import CNNClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = CNNClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
