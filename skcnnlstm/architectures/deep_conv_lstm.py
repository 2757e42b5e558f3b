"""DeepConvLSTM: convolutions over time for each sensor, LSTMs over all sensors."""

import keras
from keras import layers

from skcnnlstm._utils.validation import check_boolean, check_choice, is_auto
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters

# The initial kernels of Ordonez and Roggen (2016).
_INITIALIZER = "orthogonal"


@with_network_parameters
def build_deep_conv_lstm(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    filters=(64, 64, 64, 64),
    kernel_size=5,
    padding="auto",
    activation="relu",
    lstm_units=(128, 128),
    lstm_activation="tanh",
    patch_length="auto",
    dense_units=(),
    dropout=0.5,
    per_step=False,
):
    """Build a DeepConvLSTM for windows.

    Convolutions over time process each feature separately. LSTMs read the convolved
    features of all steps, in classifiers several steps at once. The last output of the
    LSTMs determines the prediction. X has shape `(n_samples, window_length)` or
    `(n_samples, window_length, n_features)`.

    Parameters
    ----------
    kernel_size : int or tuple of int, default=5
        Kernel size in time steps. A tuple has one entry per convolution. Each feature
        is convolved separately, with the same weights.
    padding : {"auto", "valid", "same"}, default="auto"
        "valid" removes ``kernel_size - 1`` time steps in each convolution, as in the
        paper. "same" keeps the number of time steps. "auto" means "same" with
        ``per_step=True``, and if windows are too short for "valid". With the default
        filters and kernel size, these are windows of fewer than 17 steps. Otherwise,
        "auto" means "valid". ``per_step=True`` does not allow "valid". In windows of 17
        to about 30 steps, "valid" leaves few steps for the LSTMs: compare "same".
    dropout : float, default=0.5
        Dropout rate before each LSTM layer and after the last one, from 0 (inclusive)
        to 1 (exclusive).

    Notes
    -----
    Shapes for a window of L steps (17 or more) and F features, with the default
    parameters:

    - input: `(L, F)`
    - transposed: `(F, L, 1)`
    - last convolution: `(F, L - 16, 64)`
    - transposed and flattened: `(L - 16, F * 64)`
    - N patches of ``P = patch_length`` steps (N is L - 16 for P = 1): `(N, P * F * 64)`
    - first LSTM layer: `(N, 128)`
    - last LSTM layer: `(128,)`
    - output: `(n_outputs,)`

    With ``padding="same"``, L - 16 becomes L. With ``per_step=True``, the last LSTM
    layer returns `(L, 128)`, and the output is `(L, n_outputs)`.

    Differences from Ordonez and Roggen (2016):

    - The LSTM cells have no peephole connections (Keras' cell has none), and the
      initial bias of their forget gates is 1.
    - In classifiers, the LSTMs read several steps at once. The LSTMs of the paper read
      each step: set ``patch_length=1``.
    - The convolutions and the LSTMs have orthogonal initial kernels, as all layers of
      the paper. The initial kernels of the dense layers are those of Keras.
    - The optimizer is Adam. For the training of the paper, set
      ``optimizer="rmsprop"``, ``learning_rate=0.001`` and ``batch_size=100``.

    References
    ----------
    Ordonez, F. J. and Roggen, D. (2016). Deep convolutional and LSTM recurrent neural
    networks for multimodal wearable activity recognition. Sensors 16(1).
    """
    blocks.check_input_axes(input_shape, (1, 2), "a DeepConvLSTM")
    filters = blocks.check_widths("filters", filters)
    kernel_size = blocks.check_per_layer("kernel_size", kernel_size, len(filters))
    lstm_units = blocks.check_widths("lstm_units", lstm_units)
    check_boolean("per_step", per_step)
    padding = _resolve_padding(padding, kernel_size, input_shape[0], per_step)
    blocks.check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    x = layers.Permute((2, 1), name="sensors")(blocks.as_series(window))
    x = layers.Reshape((*x.shape[1:], 1), name="sensor_series")(x)
    x = blocks.conv1d_stack_per_row(
        x, filters, kernel_size, padding, activation, initializer=_INITIALIZER
    )
    x = layers.Permute((2, 1, 3), name="steps")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="features")(x)
    x = blocks.as_patches(x, patch_length, output_activation, per_step)
    for i, units in enumerate(lstm_units, 1):
        x = blocks.apply_dropout(x, dropout, f"dropout_{i}")
        x = blocks.apply_lstm(
            x,
            units,
            activation=lstm_activation,
            return_sequences=per_step or i < len(lstm_units),
            initializer=_INITIALIZER,
            name=f"lstm_{i}",
        )
    x = blocks.apply_dropout(x, dropout, f"dropout_{len(lstm_units) + 1}")
    x = blocks.output_head(x, n_outputs, dense_units, activation, output_activation)
    return keras.Model(window, x, name="deep_conv_lstm")


def _resolve_padding(padding, kernel_size, n_steps, per_step):
    """Return "valid" or "same"; raise ValueError if a step would have no output."""
    check_choice("padding", padding, ("auto", "valid", "same"))
    n_removed = sum(size - 1 for size in kernel_size)  # by "valid"
    if is_auto(padding):
        return "same" if per_step or n_removed >= n_steps else "valid"
    if padding == "valid" and per_step and n_removed:
        raise ValueError(
            "padding must be 'auto' or 'same' with per_step=True, because each step "
            f"has a target: got padding='valid', which removes {n_removed} steps. Set "
            "padding='same'."
        )
    return padding


class DeepConvLSTMRegressor(HybridRegressor, build=build_deep_conv_lstm):
    """Forecast from windows with a DeepConvLSTM.

    Examples
    --------
    >>> from skcnnlstm import DeepConvLSTMRegressor, make_windows
    >>> X, y = make_windows(range(30), window_length=20)
    >>> regressor = DeepConvLSTMRegressor(lstm_units=16, epochs=1, random_state=0)
    >>> regressor.fit(X, y).predict(X).shape
    (10,)
    """


class DeepConvLSTMClassifier(HybridClassifier, build=build_deep_conv_lstm):
    """Classify windows with a DeepConvLSTM.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import DeepConvLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(20)))
    >>> classifier = DeepConvLSTMClassifier(lstm_units=16, epochs=1, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
