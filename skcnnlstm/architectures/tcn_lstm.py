"""TCN-LSTM: residual blocks of dilated causal convolutions, then an LSTM."""

import keras
from keras import layers

from skcnnlstm._utils.validation import check_boolean, check_integer, check_real
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters


@with_network_parameters
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
    patch_length="auto",
    bidirectional=False,
    dense_units=(),
    dropout=0.2,
    per_step=False,
):
    """Build a temporal convolutional network, followed by an LSTM, for windows.

    Residual blocks of causal convolutions read each window. The dilation of the
    convolutions doubles from block to block. An LSTM reads the output of the last
    block, in classifiers several steps at once. The last output of the LSTM determines
    the prediction. X has shape `(n_samples, window_length)` or `(n_samples,
    window_length, n_features)`.

    Parameters
    ----------
    filters : int or tuple of int, default=(32, 32, 32, 32)
        Number of filters. A tuple makes one residual block per entry. The dilations of
        the blocks are 1, 2, 4, and so on. With n blocks, each output step depends on
        the last ``1 + 2 * (kernel_size - 1) * (2**n - 1)`` steps: 61 by default.
    kernel_size : int, default=3
        Kernel size in time steps. The kernel covers the current and earlier steps.
    activation : str, default="relu"
        Activation of the convolutions, of the residual sums and of the hidden layers.
    lstm_units : int, default=50
        Units of the LSTM.
    bidirectional : bool, default=False
        Whether a second LSTM reads the steps backwards. If this is False, the
        prediction of a step with ``per_step=True`` depends only on this step and
        earlier steps.
    dropout : float, default=0.2
        Rate of the spatial dropout after each convolution, from 0 (inclusive) to 1
        (exclusive). Spatial dropout drops whole channels.

    Notes
    -----
    Shapes for a window of L steps and F features:

    - input: `(L, F)`
    - each residual block: `(L, filters)`. A block applies two causal convolutions, each
      with activation and dropout, and adds its input to the result. If the numbers of
      channels differ, the input first passes through a convolution with a kernel of one
      step.
    - N patches of ``P = patch_length`` steps (N is L for P = 1): `(N, P * filters)`
    - LSTM: `(lstm_units,)`
    - output: `(n_outputs,)`

    With ``per_step=True``, the LSTM returns `(L, lstm_units)`, and the output is `(L,
    n_outputs)`.

    Differences from Bai et al. (2018):

    - The convolutions have no weight normalization.
    - Weights are initialized by the Keras defaults instead of a normal distribution
      with standard deviation 0.01.
    - An LSTM reads all steps of the last block, in classifiers several steps at once.
      The paper uses only the last step.

    References
    ----------
    Bai, S., Kolter, J. Z. and Koltun, V. (2018). An empirical evaluation of generic
    convolutional and recurrent networks for sequence modeling. arXiv:1803.01271.
    """
    blocks.check_input_axes(input_shape, (1, 2), "a TCN-LSTM")
    filters = blocks.check_widths("filters", filters)
    kernel_size = check_integer("kernel_size", kernel_size)
    lstm_units = check_integer("lstm_units", lstm_units)
    blocks.check_activation("activation", activation)
    check_boolean("per_step", per_step)
    check_real("dropout", dropout, low=0, high=1, inclusive="left")

    window = layers.Input(input_shape, name="window")
    x = blocks.as_series(window)
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
    x = blocks.as_patches(x, patch_length, output_activation, per_step)
    x = blocks.apply_lstm(
        x,
        lstm_units,
        activation=lstm_activation,
        return_sequences=per_step,
        bidirectional=bidirectional,
        name="lstm",
    )
    x = blocks.output_head(x, n_outputs, dense_units, activation, output_activation)
    return keras.Model(window, x, name="tcn_lstm")


def _residual_block(x, width, kernel_size, *, dilation, activation, dropout, name):
    """Add the input `x` to the result of two dilated causal convolutions of `x`.

    The input has shape `(n_steps, channels)`. The output has shape `(n_steps, width)`.
    """
    residual = x
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
    if residual.shape[-1] != width:
        residual = layers.Conv1D(width, 1, name=f"{name}_skip")(residual)
    x = layers.Add(name=f"{name}_sum")([x, residual])
    return layers.Activation(activation, name=f"{name}_activation")(x)


class TCNLSTMRegressor(HybridRegressor, build=build_tcn_lstm):
    """Forecast from windows with a temporal convolutional network and an LSTM.

    Examples
    --------
    >>> from skcnnlstm import TCNLSTMRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> TCNLSTMRegressor(epochs=2, random_state=0).fit(X, y).predict(X).shape
    (5,)
    """


class TCNLSTMClassifier(HybridClassifier, build=build_tcn_lstm):
    """Classify windows with a temporal convolutional network and an LSTM.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import TCNLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = TCNLSTMClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
