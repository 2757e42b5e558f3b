"""LSTM-FCN: convolutions over time beside an LSTM over the variables."""

from __future__ import annotations

import keras
from keras import layers, ops

from skcnnlstm._utils.validation import check_boolean, check_integer
from skcnnlstm.layers.blocks import (
    as_series,
    check_activation,
    dropped,
    head,
    per_layer,
    require_axes,
    widths,
)
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor

# Hu et al. (2018): how much narrower the middle of squeeze-and-excitation is.
_RATIO = 16

# Karim et al. (2018), section IV; what is not named here is so already, or the same
# everywhere (Adam, 0.001).
_PUBLISHED_TRAINING = {
    "epochs": 2000,
    "batch_size": 128,
    "plateau_patience": 100,
    "keep_best": True,
    "class_weight": "balanced",
}


@keras.saving.register_keras_serializable(package="skcnnlstm")
class AttentionLSTM(layers.Layer):
    """Run an LSTM that looks at all steps of its input before each step.

    Takes `(n_samples, n_steps, n_features)` and returns the last state, `(n_samples,
    units)`. Before step t the state s of step t-1 gives each step j a weight a_j, and
    the context c enters the four gates beside the input and the state:

        a = softmax_j(v . tanh(U s + W x_j + b)),  c = sum_j a_j x_j,
        gates = input_kernel x_t + recurrent_kernel s + context_kernel c + bias
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.unit_forget_bias = True
        self.kernel_initializer = keras.initializers.GlorotUniform()
        self.recurrent_initializer = keras.initializers.Orthogonal()
        self.context_initializer = keras.initializers.Orthogonal()
        self.key_initializer = keras.initializers.Orthogonal()
        self.query_initializer = keras.initializers.Orthogonal()
        # Zero, as the authors have it: the attention begins as a plain mean.
        self.score_initializer = keras.initializers.Zeros()
        self.bias_initializer = keras.initializers.Zeros()
        self.key_bias_initializer = keras.initializers.Zeros()

    def build(self, input_shape):
        """Create the weights of the gates and of the attention."""
        n_features, units = input_shape[-1], self.units

        def add(name, *shape):
            initializer = getattr(self, f"{name.removesuffix('_kernel')}_initializer")
            return self.add_weight(shape=shape, initializer=initializer, name=name)

        self.kernel = add("kernel", n_features, 4 * units)
        self.recurrent_kernel = add("recurrent_kernel", units, 4 * units)
        self.context_kernel = add("context_kernel", n_features, 4 * units)
        self.bias = add("bias", 4 * units)
        self.key_kernel = add("key_kernel", n_features, units)
        self.query_kernel = add("query_kernel", units, units)
        self.key_bias = add("key_bias", units)
        self.score_kernel = add("score_kernel", units, 1)

    def call(self, steps):
        """Return the state after the last step."""
        gates = ops.matmul(steps, self.kernel) + self.bias
        keys = ops.matmul(steps, self.key_kernel) + self.key_bias
        # The kernel of a sum is the sum of the kernels: a context is made of these.
        contexts = ops.matmul(steps, self.context_kernel)
        nothing = ops.zeros_like(keys[:, 0])

        def step(state, gates_of_step):
            hidden, memory = state
            query = ops.expand_dims(ops.matmul(hidden, self.query_kernel), 1)
            scores = ops.matmul(ops.tanh(query + keys), self.score_kernel)
            # A softmax; Keras' own warns where there is one step (3.15).
            highest = ops.stop_gradient(ops.max(scores, axis=1, keepdims=True))
            shares = ops.exp(scores - highest)
            shares = shares / ops.sum(shares, axis=1, keepdims=True)
            context = ops.sum(shares * contexts, axis=1)
            recurrent = ops.matmul(hidden, self.recurrent_kernel)
            i, f, c, o = ops.split(gates_of_step + recurrent + context, 4, axis=-1)
            memory = ops.sigmoid(f) * memory + ops.sigmoid(i) * ops.tanh(c)
            hidden = ops.sigmoid(o) * ops.tanh(memory)
            return (hidden, memory), None

        by_step = ops.transpose(gates, (1, 0, 2))
        (hidden, _), _ = ops.scan(step, (nothing, nothing), by_step)
        return hidden

    def compute_output_shape(self, input_shape):
        """Return the shape of a state."""
        return (input_shape[0], self.units)

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "units": self.units}


def build_lstm_fcn(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    filters=(128, 256, 128),
    kernel_size=(8, 5, 3),
    lstm_units=8,
    attention=False,
    squeeze_excite=False,
    activation="relu",
    dense_units=(),
    dropout=0.8,
):
    """Build an LSTM-FCN, ALSTM-FCN, MLSTM-FCN or MALSTM-FCN for windows.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Width of the output.
    output_activation : str or None, default=None
        Activation of the output.
    filters : int or tuple of int, default=(128, 256, 128)
        Channels of each convolution; an entry a convolution.
    kernel_size : int or tuple of int, default=(8, 5, 3)
        Reach of each convolution, in time steps.
    lstm_units : int, default=8
        Units of the LSTM over the variables; the papers choose among 8, 64 and 128 (in
        their code, by the lowest training loss).
    attention : bool, default=False
        Whether the LSTM looks at all variables before it reads each (ALSTM-FCN). Its
        query is its own last state. In windows of one feature there is one variable to
        look at, so its weight is 1 and the attention only adds a second kernel to the
        first.
    squeeze_excite : bool, default=False
        Whether each block of convolution but the last weighs its channels by what they
        hold in the whole window (MLSTM-FCN), through a layer 16 times narrower.
    activation : str, default="relu"
        Activation of the convolutions and of the hidden layers of the head.
    dense_units : int or tuple of int, default=()
        Widths of the hidden layers between the joined branches and the output.
    dropout : float, default=0.8
        Share of the LSTM's output that is dropped in training, from 0 to below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`; on one side three convolutions, each with batch normalization and ReLU,
    `(L, filters)`, mean over time `(128,)`; on the other the dimension shuffle
    `(F, L)`, which makes the variables the steps and the time their features, LSTM
    `(lstm_units,)`, dropout; side by side `(128 + lstm_units,)`, head `(n_outputs,)`.
    Windows should be standardised, each by itself or all together.

    Differences from Karim et al. (2018, 2019): no refinement of a trained network; no
    masking layer (``missing="mask"`` reads series of unequal length); the statistics of
    batch normalization are those of the training windows, not running averages; the
    attention's gates use the logistic function in the place of its piecewise linear
    likeness, and their forget gate starts open, as that of the plain LSTM does. The
    paper's annotations are the variables themselves, as in its authors' code. The
    papers classify; forecasts by the same network are this package's own.

    References
    ----------
    Karim, F., Majumdar, S., Darabi, H. and Chen, S. (2018). LSTM fully convolutional
    networks for time series classification. IEEE Access 6.

    Karim, F., Majumdar, S., Darabi, H. and Harford, S. (2019). Multivariate LSTM-FCNs
    for time series classification. Neural Networks 116.
    """
    require_axes(input_shape, (1, 2), "An LSTM-FCN")
    filters = widths("filters", filters)
    kernel_size = per_layer("kernel_size", kernel_size, len(filters))
    lstm_units = check_integer("lstm_units", lstm_units)
    check_boolean("attention", attention)
    check_boolean("squeeze_excite", squeeze_excite)
    check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    series = as_series(window)
    x = series
    for i, (width, reach) in enumerate(zip(filters, kernel_size, strict=True), 1):
        x = layers.Conv1D(
            width,
            reach,
            padding="same",
            kernel_initializer="he_uniform",
            name=f"conv_{i}",
        )(x)
        x = layers.BatchNormalization(name=f"batch_norm_{i}")(x)
        x = layers.Activation(activation, name=f"activation_{i}")(x)
        if squeeze_excite and i < len(filters):
            x = _squeeze_and_excite(x, i)
    convolved = layers.GlobalAveragePooling1D(name="mean_over_time")(x)

    shuffled = layers.Permute((2, 1), name="dimension_shuffle")(series)
    recurrent = AttentionLSTM if attention else layers.LSTM
    recurrent = recurrent(lstm_units, name="lstm")(shuffled)
    recurrent = dropped(recurrent, dropout, "dropout")

    x = layers.Concatenate(name="merge")([recurrent, convolved])
    output = head(
        x,
        n_outputs,
        dense_units=dense_units,
        activation=activation,
        output_activation=output_activation,
    )
    return keras.Model(window, output, name="lstm_fcn")


def _squeeze_and_excite(x, number):
    """Weigh the channels of `(n_steps, channels)` by what they hold in the window."""
    channels = x.shape[-1]
    narrow = max(1, channels // _RATIO)
    weights = layers.GlobalAveragePooling1D(keepdims=True, name=f"squeeze_{number}")(x)
    for name, width, activation in (
        ("reduce", narrow, "relu"),
        ("excite", channels, "sigmoid"),
    ):
        weights = layers.Dense(
            width,
            activation=activation,
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_{number}",
        )(weights)  # (1, width)
    return layers.Multiply(name=f"recalibrate_{number}")([x, weights])


class LSTMFCNRegressor(HybridRegressor, build=build_lstm_fcn):
    """Forecast from windows with an LSTM-FCN.

    Convolutions read the window over time and are averaged; beside them an LSTM reads
    variable after variable, each as a whole. Windows are `(n_samples, window_length)`
    or `(n_samples, window_length, n_features)`.

    Examples
    --------
    >>> from skcnnlstm import LSTMFCNRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> LSTMFCNRegressor(epochs=2, random_state=0).fit(X, y).predict(X).shape
    (5,)
    """


class LSTMFCNClassifier(
    HybridClassifier, build=build_lstm_fcn, defaults=_PUBLISHED_TRAINING
):
    """Classify windows with an LSTM-FCN.

    Convolutions read the window over time and are averaged; beside them an LSTM reads
    variable after variable, each as a whole. Windows are `(n_samples, window_length)`
    or `(n_samples, window_length, n_features)`. The defaults train as the papers do:
    2000 epochs are meant for sets of tens to hundreds of windows, where an epoch is a
    step or two; a few hundred often do, and more windows need fewer.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import LSTMFCNClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = LSTMFCNClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
