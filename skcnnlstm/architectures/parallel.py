"""Parallel CNN-LSTM: a CNN and an LSTM read the same window and are merged."""

import keras
import numpy as np
from keras import layers, ops
from sklearn.utils.metaestimators import available_if

from skcnnlstm._utils.validation import check_choice, check_integer
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters


@keras.saving.register_keras_serializable(package="skcnnlstm")
class WeightedMerge(layers.Layer):
    """Compute the weighted sum of branches of equal shape.

    The weights are the softmax of one trainable logit per branch. They are initially
    equal.
    """

    def build(self, input_shapes):
        """Create one logit per branch."""
        self.logits_initializer = keras.initializers.Zeros()
        self.logits = self.add_weight(
            shape=(len(input_shapes),),
            initializer=self.logits_initializer,
            name="logits",
        )

    def call(self, branches):
        """Return the weighted sum."""
        weights = ops.softmax(self.logits)
        return sum(weights[i] * branch for i, branch in enumerate(branches))

    def compute_output_shape(self, input_shapes):
        """Return the shape of one branch."""
        return input_shapes[0]


@with_network_parameters
def build_parallel_cnn_lstm(
    input_shape,
    n_outputs,
    *,
    output_activation=None,
    filters=(64, 64),
    kernel_size=(7, 5),
    pool_size=None,
    lstm_units=64,
    lstm_activation="tanh",
    bidirectional=False,
    merge="concat",
    activation="relu",
    dense_units=(),
    dropout=0.0,
):
    """Build a network with parallel CNN and LSTM branches for windows.

    Convolutions and an LSTM read each window in parallel. Their outputs are merged at
    each step and averaged over time. Dense layers compute the prediction. X has shape
    `(n_samples, window_length)` or `(n_samples, window_length, n_features)`.

    Parameters
    ----------
    pool_size : int or None, default=None
        Pool size of the max pooling at the end of both branches, in time steps. The
        last pool can be shorter. None and 1 mean no pooling.
    lstm_units : int, default=64
        Units of the LSTM.
    bidirectional : bool, default=False
        Whether a second LSTM reads the window backwards.
    merge : {"concat", "weighted", "attention"}, default="concat"
        How to merge the branches.

        - "concat" concatenates the channels of both branches, and averages over time.
        - "weighted" computes a weighted sum of both branches, and averages over time.
          The learned weights are in `merge_weights_`. A linear layer first gives the
          branch with fewer channels as many channels as the other branch.
        - "attention" concatenates the channels of both branches, and averages over time
          with learned weights. `attention_weights` returns these weights.
    dropout : float, default=0.0
        Dropout rate after the merge, from 0 (inclusive) to 1 (exclusive).

    Notes
    -----
    Shapes for a window of L steps and F features:

    - input: `(L, F)`
    - CNN branch, convolutions with batch normalization: `(L, filters)`
    - LSTM branch: `(L, lstm_units)`
    - merged by "concat": `(L, filters + lstm_units)`
    - mean over time: `(filters + lstm_units,)`
    - output: `(n_outputs,)`

    Differences from Karim et al. (2018):

    - The LSTM reads the window in time order, without the dimension shuffle.
    - The branches are merged at each step, before the mean over time.
    - There are two convolutions of 64 filters instead of three of 128, 256 and 128.
    - There is no dropout by default.

    References
    ----------
    Karim, F., Majumdar, S., Darabi, H. and Chen, S. (2018). LSTM fully convolutional
    networks for time series classification. IEEE Access 6.
    """
    blocks.check_input_axes(input_shape, (1, 2), "a parallel CNN-LSTM")
    filters = blocks.check_widths("filters", filters)
    kernel_size = blocks.check_per_layer("kernel_size", kernel_size, len(filters))
    pool_size = 1 if pool_size is None else check_integer("pool_size", pool_size)
    lstm_units = check_integer("lstm_units", lstm_units)
    blocks.check_activation("activation", activation)
    check_choice("merge", merge, ("concat", "weighted", "attention"))

    window = layers.Input(input_shape, name="window")
    series = blocks.as_series(window)
    convolved = series
    for i, (width, size) in enumerate(zip(filters, kernel_size, strict=True), 1):
        convolution = layers.Conv1D(width, size, padding="same", name=f"conv_{i}")
        convolved = convolution(convolved)
        convolved = layers.BatchNormalization(name=f"batch_norm_{i}")(convolved)
        convolved = layers.Activation(activation, name=f"activation_{i}")(convolved)
    recurrent = blocks.apply_lstm(
        series,
        lstm_units,
        activation=lstm_activation,
        return_sequences=True,
        bidirectional=bidirectional,
        name="lstm",
    )
    if pool_size > 1:
        convolved, recurrent = (
            layers.MaxPooling1D(pool_size, padding="same", name=f"pool_{name}")(branch)
            for name, branch in (("cnn", convolved), ("lstm", recurrent))
        )
    if merge == "weighted":
        branches = _project_to_equal_width(convolved, recurrent)
        merged = WeightedMerge(name="merge")(branches)
    else:
        merged = layers.Concatenate(name="merge")([convolved, recurrent])
    if merge == "attention":
        x = blocks.attention_pooling(merged, lstm_units)
    else:
        x = layers.GlobalAveragePooling1D(name="mean_over_time")(merged)
    x = blocks.apply_dropout(x, dropout, "dropout")
    x = blocks.output_head(x, n_outputs, dense_units, activation, output_activation)
    return keras.Model(window, x, name="parallel_cnn_lstm")


def _project_to_equal_width(convolved, recurrent):
    """Project the branch with fewer channels to the width of the other branch."""
    width = max(convolved.shape[-1], recurrent.shape[-1])
    return [
        branch
        if branch.shape[-1] == width
        else layers.Dense(width, name=f"projection_{name}")(branch)
        for name, branch in (("cnn", convolved), ("lstm", recurrent))
    ]


def _requires_merge(required):
    """Return a check that raises AttributeError if `merge` differs from `required`."""

    def check(estimator):
        merge = estimator._network_param("merge")
        if merge != required:
            raise AttributeError(
                f"merge must be {required!r} for this attribute: got merge={merge!r}. "
                f"Set merge={required!r} and fit again."
            )
        return True

    return check


class _ParallelCNNLSTMMixin:
    """Methods of ParallelCNNLSTMRegressor and ParallelCNNLSTMClassifier."""

    @property
    def merge_weights_(self):
        """Weights of the CNN branch and the LSTM branch, an ndarray of shape (2,).

        The weights sum to 1. Available with ``merge="weighted"``.
        """
        _requires_merge("weighted")(self)
        logits = self.model_.get_layer("merge").get_weights()[0].astype(float)
        exponentials = np.exp(logits - logits.max())
        return exponentials / exponentials.sum()

    @available_if(_requires_merge("attention"))
    def attention_weights(self, X):
        """Return the attention weights of the time steps of each window.

        Available with ``merge="attention"``.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.

        Returns
        -------
        weights : ndarray of shape (n_samples, n_steps)
            Nonnegative weights. Each row sums to 1. With `pool_size`, there is one
            weight for each step after pooling.
        """
        return self._layer_output("attention_weights", X)[..., 0]


class ParallelCNNLSTMRegressor(
    _ParallelCNNLSTMMixin, HybridRegressor, build=build_parallel_cnn_lstm
):
    """Forecast from windows with a parallel CNN and LSTM.

    Examples
    --------
    >>> from skcnnlstm import ParallelCNNLSTMRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> regressor = ParallelCNNLSTMRegressor(
    ...     merge="weighted", epochs=2, random_state=0
    ... ).fit(X, y)
    >>> regressor.merge_weights_.shape
    (2,)
    """


class ParallelCNNLSTMClassifier(
    _ParallelCNNLSTMMixin,
    HybridClassifier,
    build=build_parallel_cnn_lstm,
    defaults={"filters": (128, 256, 128), "kernel_size": (8, 5, 3)},
):
    """Classify windows with a parallel CNN and LSTM.

    By default, the convolutions have the filters and kernel sizes of Karim et al.
    (2018). With ``epochs="auto"``, an automatic batch size is at least 128, as in that
    paper. With fewer windows, each batch holds all of them, so batch normalization uses
    the statistics of all windows.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import ParallelCNNLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = ParallelCNNLSTMClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """

    _min_batch_size = 128
