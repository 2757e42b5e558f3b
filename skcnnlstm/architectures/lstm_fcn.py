"""LSTM-FCN: convolutions over time, parallel to an LSTM over the variables."""

from types import MappingProxyType

import keras
from keras import layers, ops

from skcnnlstm._utils.validation import check_boolean, check_integer
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters

# Reduction ratio of squeeze-and-excitation: Hu et al. (2018), "Squeeze-and-excitation
# networks", CVPR.
_REDUCTION_RATIO = 16

# Karim et al. (2018), section IV. The optimizer, Adam with a learning rate of 0.001, is
# the default of all estimators.
_PAPER_TRAINING = {
    "epochs": 2000,
    "batch_size": 128,
    "plateau_patience": 100,
    "keep_best": True,
    "class_weight": "balanced",
    "lstm_units": 8,
}


@keras.saving.register_keras_serializable(package="skcnnlstm")
class AttentionLSTM(layers.Layer):
    """Apply an LSTM with attention over all steps of its input.

    The input has shape `(n_samples, n_steps, n_features)`, the output is the last
    hidden state, `(n_samples, units)`. At step t, the hidden state s of step t-1
    determines a weight a_j for each step j. The weighted sum c of all steps is an
    additional input of the four gates:

        a = softmax_j(v . tanh(U s + W x_j + b)),  c = sum_j a_j x_j,
        gates = kernel x_t + recurrent_kernel s + context_kernel c + bias
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
        # With zeros, as in the authors' code, all steps have equal weights at first.
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
        """Return the hidden state after the last step."""
        gates = ops.matmul(steps, self.kernel) + self.bias
        keys = ops.matmul(steps, self.key_kernel) + self.key_bias
        # The context kernel is linear: applied before the weighted sum over steps, it
        # is computed once instead of once per step.
        contexts = ops.matmul(steps, self.context_kernel)
        zeros = ops.zeros_like(keys[:, 0])

        def step(state, gates_of_step):
            hidden, memory = state
            query = ops.expand_dims(ops.matmul(hidden, self.query_kernel), 1)
            scores = ops.matmul(ops.tanh(query + keys), self.score_kernel)
            # The next lines are a softmax. That of Keras 3.15 warns about one step.
            maximum = ops.stop_gradient(ops.max(scores, axis=1, keepdims=True))
            weights = ops.exp(scores - maximum)
            weights = weights / ops.sum(weights, axis=1, keepdims=True)
            context = ops.sum(weights * contexts, axis=1)
            recurrent = ops.matmul(hidden, self.recurrent_kernel)
            i, f, c, o = ops.split(gates_of_step + recurrent + context, 4, axis=-1)
            memory = ops.sigmoid(f) * memory + ops.sigmoid(i) * ops.tanh(c)
            hidden = ops.sigmoid(o) * ops.tanh(memory)
            return (hidden, memory), None

        steps_first = ops.transpose(gates, (1, 0, 2))
        (hidden, _), _ = ops.scan(step, (zeros, zeros), steps_first)
        return hidden

    def compute_output_shape(self, input_shape):
        """Return the shape of the last hidden state."""
        return (input_shape[0], self.units)

    def get_config(self):
        """Return the configuration of the layer."""
        return {**super().get_config(), "units": self.units}


@with_network_parameters
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

    Convolutions read each window over time, and their output is averaged over time. In
    parallel, an LSTM reads the features as a sequence: at each of its steps, it reads
    all time steps of one feature. X has shape `(n_samples, window_length)` or
    `(n_samples, window_length, n_features)`.

    Parameters
    ----------
    lstm_units : int, default=8
        Units of the LSTM over the features. The papers select 8, 64 or 128. The
        published code selects the number with the lowest training loss.
    attention : bool, default=False
        Whether the LSTM has attention over all features (ALSTM-FCN). This has an effect
        only with several features: the weight of a single feature is always 1.
    squeeze_excite : bool, default=False
        Whether a squeeze-and-excitation block follows each convolution except the last
        (MLSTM-FCN). The block scales each channel by a weight, which it computes from
        the means of all channels over the window.
    dropout : float, default=0.8
        Dropout rate after the LSTM, from 0 (inclusive) to 1 (exclusive).

    Notes
    -----
    Shapes for a window of L steps and F features, with the default parameters:

    - input: `(L, F)`
    - CNN branch, three convolutions with batch normalization and ReLU: `(L, 128)`
    - CNN branch, mean over time: `(128,)`
    - LSTM branch, transposed (the "dimension shuffle"): `(F, L)`. Features become the
      steps of the LSTM.
    - LSTM branch, LSTM and dropout: `(lstm_units,)`
    - concatenated branches: `(lstm_units + 128,)`
    - output: `(n_outputs,)`

    Differences from Karim et al. (2018, 2019):

    - The "refinement" of the papers, a repeated fine-tuning, is not implemented.
    - There is no masking layer. Use ``missing="mask"`` for series of unequal length.
    - After training, batch normalization uses the statistics of all training windows
      instead of running averages.
    - The gates of the LSTM with attention use the logistic function instead of a
      piecewise linear approximation. The initial bias of the forget gate is 1, as in
      the LSTM without attention.
    - The papers only classify. Forecasting is an extension of this package.

    As in the code of the authors, the attention reads the features of X, not hidden
    states.

    References
    ----------
    Karim, F., Majumdar, S., Darabi, H. and Chen, S. (2018). LSTM fully convolutional
    networks for time series classification. IEEE Access 6.

    Karim, F., Majumdar, S., Darabi, H. and Harford, S. (2019). Multivariate LSTM-FCNs
    for time series classification. Neural Networks 116.
    """
    blocks.check_input_axes(input_shape, (1, 2), "an LSTM-FCN")
    filters = blocks.check_widths("filters", filters)
    kernel_size = blocks.check_per_layer("kernel_size", kernel_size, len(filters))
    lstm_units = check_integer("lstm_units", lstm_units)
    check_boolean("attention", attention)
    check_boolean("squeeze_excite", squeeze_excite)
    blocks.check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    series = blocks.as_series(window)
    x = series
    for i, (width, size) in enumerate(zip(filters, kernel_size, strict=True), 1):
        x = layers.Conv1D(
            width,
            size,
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
    lstm_layer = AttentionLSTM if attention else layers.LSTM
    recurrent = lstm_layer(lstm_units, name="lstm")(shuffled)
    recurrent = blocks.apply_dropout(recurrent, dropout, "dropout")

    x = layers.Concatenate(name="merge")([recurrent, convolved])
    x = blocks.output_head(x, n_outputs, dense_units, activation, output_activation)
    return keras.Model(window, x, name="lstm_fcn")


def _squeeze_and_excite(x, number):
    """Scale each channel of `(n_steps, channels)` by one weight for all steps."""
    channels = x.shape[-1]
    narrow = max(1, channels // _REDUCTION_RATIO)
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

    Examples
    --------
    >>> from skcnnlstm import LSTMFCNRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> LSTMFCNRegressor(epochs=2, random_state=0).fit(X, y).predict(X).shape
    (5,)
    """


class LSTMFCNClassifier(
    HybridClassifier, build=build_lstm_fcn, defaults={"lstm_units": 128}
):
    """Classify windows with an LSTM-FCN.

    The papers select 8, 64 or 128 units and always train for 2,000 epochs. Here, the
    default is 128 units, the best number in cross-validation on eight UCR data sets.
    The default training, ``epochs="auto"``, takes a small part of the time of 2,000
    epochs. Its batch size is at least 128, the batch size of the papers. With fewer
    windows, each batch holds all of them, so batch normalization uses the statistics of
    all windows. The attribute `paper_training` holds the parameters of the papers. To
    use them, write ``LSTMFCNClassifier(**LSTMFCNClassifier.paper_training)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import LSTMFCNClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = LSTMFCNClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """

    paper_training = MappingProxyType(_PAPER_TRAINING)
    _min_batch_size = _PAPER_TRAINING["batch_size"]
