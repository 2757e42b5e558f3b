"""CNN-LSTM: convolutions read each subsequence, an LSTM reads the results in order."""

import keras
from keras import layers
from sklearn.utils.metaestimators import available_if

from skcnnlstm._utils.validation import check_boolean, check_integer
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters
from skcnnlstm.wrappers.per_step import count_steps


@with_network_parameters
def build_cnn_lstm(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    n_subsequences="auto",
    filters=64,
    kernel_size=3,
    padding="same",
    pool_size=2,
    activation="relu",
    lstm_units=50,
    lstm_activation="tanh",
    dense_units=(),
    dropout=0.0,
    bidirectional=False,
    attention=False,
    per_step=False,
):
    """Build a CNN-LSTM for windows, subsequences or image sequences.

    Each window is cut into subsequences. Convolutions and pooling extract features from
    each subsequence. An LSTM reads the features in time order, and the last output of
    the LSTM determines the prediction.

    X has shape `(n_samples, window_length)` or `(n_samples, window_length,
    n_features)`. X can also be the output of SubsequenceReshaper, of shape
    `(n_samples, n_subsequences, n_steps, n_features)`. In this case, the number of
    subsequences in `predict` may differ from that in `fit`.

    Image sequences have shape `(n_samples, n_frames, n_rows, n_columns, n_features)`.
    The last axis is required even for one feature (colour). A 2-D convolutional network
    reads each frame, and the LSTM reads the frames in time order. The number of frames
    in `predict` may differ from that in `fit`. With ``per_step=True``, each frame has a
    target, and y has shape `(n_samples, n_frames)`.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one sample: `(window_length,)`, `(window_length, n_features)`,
        `(n_subsequences, n_steps, n_features)` or `(n_frames, n_rows, n_columns,
        n_features)`.
    kernel_size : int or tuple of int, default=3
        Kernel size in time steps. A tuple has one entry per convolution. A convolution
        never reads two subsequences at once. In image sequences, this is the size of
        the kernels in rows and in columns.
    pool_size : int, default=2
        Pool size of the max pooling after the last convolution, in time steps. The
        last pool can be shorter. 1 means no pooling. In image sequences, each
        convolution is followed by pooling over this number of rows and columns.
    lstm_units : int, default=50
        Units of the LSTM over the subsequences or frames.
    dropout : float, default=0.0
        Dropout rate before and after the LSTM, from 0 (inclusive) to 1 (exclusive).
    bidirectional : bool, default=False
        Whether a second LSTM reads the subsequences backwards.
    attention : bool, default=False
        Whether to average the outputs of the LSTM over all subsequences with learned
        weights. The method `attention_weights` returns these weights. By default, only
        the last output of the LSTM is used.

    Notes
    -----
    Shapes for a window of L steps and F features, cut into S subsequences of
    ``T = L / S`` steps:

    - input: `(L, F)`
    - subsequences: `(S, T, F)`
    - each convolution: `(S, T, filters)`
    - max pooling: `(S, ceil(T / pool_size), filters)`
    - flattened: `(S, ceil(T / pool_size) * filters)`
    - LSTM: `(lstm_units,)`
    - output: `(n_outputs,)`

    With ``per_step=True``, the LSTM returns `(S, lstm_units)`. A dense layer computes
    the outputs of all T steps of a subsequence, `(S, T * n_outputs)`. The output is
    `(L, n_outputs)`. The prediction of a step depends on its subsequence and all
    earlier subsequences. With `bidirectional`, it depends on the whole window.

    Shapes for S frames of R rows, C columns and F features:

    - input: `(S, R, C, F)`
    - each convolution, followed by max pooling: `(S, ceil(R / pool_size), ceil(C /
      pool_size), filters)`
    - flattened, with the numbers of rows and columns after the last pooling:
      `(S, n_rows * n_columns * filters)`
    - LSTM: `(lstm_units,)`, or `(S, lstm_units)` with `per_step`
    - output: `(n_outputs,)`, or `(S, n_outputs)` with `per_step`

    Differences from Donahue et al. (2015):

    - For windows, subsequences take the place of the video frames of the paper.
    - The convolutional network is small, has no dense layers and is not pretrained. The
      paper uses a CaffeNet pretrained on ImageNet.
    - The network has one output, after the last frame. The network of the paper has an
      output for each frame, like ``per_step=True``, and averages the probabilities of
      all frames of a video.
    - The LSTM has 50 units instead of 256, and no dropout by default.

    References
    ----------
    Donahue, J. et al. (2015). Long-term recurrent convolutional networks for visual
    recognition and description. CVPR.
    """
    blocks.check_input_axes(
        input_shape,
        (1, 2, 3, 4),
        "a CNN-LSTM",
        "(n_samples, n_frames, n_rows, n_columns, n_features)",
    )
    filters = blocks.check_widths("filters", filters)
    kernel_size = blocks.check_per_layer("kernel_size", kernel_size, len(filters))
    pool_size = check_integer("pool_size", pool_size)
    lstm_units = check_integer("lstm_units", lstm_units)
    check_boolean("attention", attention)
    if check_boolean("per_step", per_step) and attention:
        raise ValueError(
            "attention must be False with per_step=True: got attention=True, which "
            "averages over all steps. Set attention=False, and bidirectional=True to "
            "read the whole window for each step."
        )
    blocks.check_padding(padding)
    blocks.check_activation("activation", activation)

    window = layers.Input(input_shape, name="window")
    n_steps = 1  # time steps for each step of the LSTM
    if len(input_shape) == 4:
        x = blocks.conv2d_stack_per_frame(
            window, filters, kernel_size, padding, activation, pool_size
        )
    else:
        halves = blocks.reads_halves(output_activation, per_step)
        x = blocks.as_subsequences(window, n_subsequences, halves)
        n_steps = x.shape[2]
        x = blocks.conv1d_stack_per_row(x, filters, kernel_size, padding, activation)
        if pool_size > 1:
            x = layers.MaxPooling2D((1, pool_size), padding="same", name="pool")(x)
        x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="features")(x)
    x = blocks.apply_dropout(x, dropout, "dropout_1")
    x = blocks.apply_lstm(
        x,
        lstm_units,
        activation=lstm_activation,
        return_sequences=attention or per_step,
        bidirectional=bidirectional,
        name="lstm",
    )
    if attention:
        x = blocks.attention_pooling(x, lstm_units)
    x = blocks.apply_dropout(x, dropout, "dropout_2")
    if not per_step:
        x = blocks.output_head(x, n_outputs, dense_units, activation, output_activation)
        return keras.Model(window, x, name="cnn_lstm")
    x = blocks.output_head(x, n_steps * n_outputs, dense_units, activation)
    x = layers.Reshape((x.shape[1] * n_steps, n_outputs), name="steps")(x)
    n_padded = x.shape[1] - count_steps(input_shape)
    if n_padded:  # steps that n_subsequences="auto" added at the start
        x = layers.Cropping1D((n_padded, 0), name="own_steps")(x)
    x = layers.Activation(output_activation, name="step_outputs")(x)
    return keras.Model(window, x, name="cnn_lstm")


class _CNNLSTMMixin:
    """Methods of CNNLSTMRegressor and CNNLSTMClassifier."""

    _variable_first_axis = True
    _resolve_auto = staticmethod(blocks.resolve_auto_subsequences)

    def _flatten_steps(self, X):
        return X if X.ndim < 5 else X.reshape(*X.shape[:2], -1)

    def _build_network_args(self, settings, input_shape, n_outputs):
        norm, skip = settings.get("instance_norm"), settings.get("linear_skip")
        has_skip = skip not in (None, False, "auto")  # "shared", in place of True
        if len(input_shape) == 4 and (norm not in (None, "auto") or has_skip):
            raise ValueError(
                "instance_norm must be None and linear_skip must be False for image "
                f"sequences: got instance_norm={norm!r}, linear_skip={has_skip}. Set "
                "instance_norm=None and linear_skip=False. To forecast each cell, use "
                "ConvLSTMGridRegressor."
            )
        return super()._build_network_args(settings, input_shape, n_outputs)

    @available_if(lambda estimator: estimator._network_param("attention"))
    def attention_weights(self, X):
        """Return the attention weights of the subsequences of each window.

        Available with ``attention=True``.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.

        Returns
        -------
        weights : ndarray of shape (n_samples, n_subsequences)
            Nonnegative weights. Each row sums to 1.
        """
        return self._layer_output("attention_weights", X)[..., 0]


class CNNLSTMRegressor(_CNNLSTMMixin, HybridRegressor, build=build_cnn_lstm):
    """Forecast from windows with a CNN-LSTM.

    Examples
    --------
    >>> from skcnnlstm import CNNLSTMRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> regressor = CNNLSTMRegressor(n_subsequences=2, epochs=2, random_state=0)
    >>> regressor.fit(X, y).predict(X).shape
    (5,)
    """


class CNNLSTMClassifier(_CNNLSTMMixin, HybridClassifier, build=build_cnn_lstm):
    """Classify windows with a CNN-LSTM.

    ``n_subsequences="auto"`` cuts each window into two halves, and repeats the first
    step of a window of odd length. In cross-validation on eight UCR data sets, two
    subsequences had a higher accuracy than many. With ``per_step=True``, "auto" has the
    same meaning as in CNNLSTMRegressor.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import CNNLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = CNNLSTMClassifier(n_subsequences=3, epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """

    _resolve_auto = staticmethod(blocks.resolve_auto_halves)
