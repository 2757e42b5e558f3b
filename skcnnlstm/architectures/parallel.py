"""Parallel CNN and LSTM: two branches read the same window, and are merged."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops
from sklearn.utils.metaestimators import available_if

from skcnnlstm._utils.validation import check_choice, check_integer
from skcnnlstm.layers.blocks import (
    as_series,
    attend,
    check_activation,
    dropped,
    head,
    lstm,
    per_layer,
    require_axes,
    widths,
)
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor


@keras.saving.register_keras_serializable(package="skcnnlstm")
class WeightedMerge(layers.Layer):
    """Add branches of equal shape, each by a weight; the weights sum to one.

    The weights are the softmax of one trained number a branch, zero at the start.
    """

    def build(self, input_shapes):
        """Create one number a branch."""
        self.logits_initializer = keras.initializers.Zeros()
        self.logits = self.add_weight(
            shape=(len(input_shapes),),
            initializer=self.logits_initializer,
            name="logits",
        )

    def call(self, branches):
        """Add the branches."""
        weights = ops.softmax(self.logits)
        return sum(weights[i] * branch for i, branch in enumerate(branches))

    def compute_output_shape(self, input_shapes):
        """Return the shape of one branch."""
        return input_shapes[0]


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
    """Build a network whose CNN and LSTM branches read the same window.

    Parameters
    ----------
    input_shape : tuple of int
        `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Width of the output.
    output_activation : str or None, default=None
        Activation of the output.
    filters : int or tuple of int, default=(64, 64)
        Channels of each convolution; an entry a convolution.
    kernel_size : int or tuple of int, default=(7, 5)
        Reach of each convolution, in time steps.
    pool_size : int or None, default=None
        Steps of which the maximum is kept, in both branches, so that they still stand
        beside each other; None (or 1) keeps every step.
    lstm_units : int, default=64
        Units of the LSTM.
    lstm_activation : str, default="tanh"
        Activation of cell and output. Another than "tanh" cannot use the cuDNN kernel
        of a GPU.
    bidirectional : bool, default=False
        Whether a second LSTM reads the window from its end.
    merge : {"concat", "weighted", "attention"}, default="concat"
        "concat" puts the channels of both branches side by side. "weighted" adds the
        branches, each by a learned weight (`merge_weights_`); a branch narrower than
        the other is projected to its width. "attention" puts them side by side and
        replaces the mean over time by learned weights (`attention_weights`).
    activation : str, default="relu"
        Activation of the convolutions and of the hidden layers of the head.
    dense_units : int or tuple of int, default=()
        Widths of the hidden layers between the merged branches and the output.
    dropout : float, default=0.0
        Share of the merged features that is dropped in training, from 0 to below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`; beside each other, convolutions with batch normalization `(L, filters)`
    and LSTM `(L, lstm_units)`; merged `(L, filters + lstm_units)`, mean over time,
    head `(n_outputs,)`.

    Differences from Karim et al. (2018): both branches read the window in its own
    order (no dimension shuffle), keep their steps and are merged before the mean over
    time; two convolutions of 64 filters in the place of 128, 256 and 128; no dropout
    unless asked for.

    References
    ----------
    Karim, F., Majumdar, S., Darabi, H. and Chen, S. (2018). LSTM fully convolutional
    networks for time series classification. IEEE Access 6.
    """
    require_axes(input_shape, (1, 2), "A parallel CNN and LSTM")
    filters = widths("filters", filters)
    kernel_size = per_layer("kernel_size", kernel_size, len(filters))
    pool_size = 1 if pool_size is None else check_integer("pool_size", pool_size)
    lstm_units = check_integer("lstm_units", lstm_units)
    check_activation("activation", activation)
    check_choice("merge", merge, ("concat", "weighted", "attention"))

    window = layers.Input(input_shape, name="window")
    series = as_series(window)
    convolved = series
    for i, (width, reach) in enumerate(zip(filters, kernel_size, strict=True)):
        convolved = layers.Conv1D(width, reach, padding="same", name=f"conv_{i + 1}")(
            convolved
        )
        convolved = layers.BatchNormalization(name=f"batch_norm_{i + 1}")(convolved)
        convolved = layers.Activation(activation, name=f"activation_{i + 1}")(convolved)
    recurrent = lstm(
        series,
        lstm_units,
        activation=lstm_activation,
        sequences=True,
        bidirectional=bidirectional,
        name="lstm",
    )
    if pool_size > 1:
        convolved, recurrent = (
            layers.MaxPooling1D(pool_size, padding="same", name=f"pool_{name}")(branch)
            for name, branch in (("cnn", convolved), ("lstm", recurrent))
        )
    if merge == "weighted":
        branches = _of_one_width(convolved, recurrent)
        merged = WeightedMerge(name="merge")(branches)
    else:
        merged = layers.Concatenate(name="merge")([convolved, recurrent])
    if merge == "attention":
        x = attend(merged, lstm_units)
    else:
        x = layers.GlobalAveragePooling1D(name="mean_over_time")(merged)
    x = dropped(x, dropout, "dropout")
    output = head(
        x,
        n_outputs,
        dense_units=dense_units,
        activation=activation,
        output_activation=output_activation,
    )
    return keras.Model(window, output, name="parallel_cnn_lstm")


def _of_one_width(convolved, recurrent):
    """Project the narrower branch to the width of the other."""
    width = max(convolved.shape[-1], recurrent.shape[-1])
    return [
        branch
        if branch.shape[-1] == width
        else layers.Dense(width, name=f"projection_{name}")(branch)
        for name, branch in (("cnn", convolved), ("lstm", recurrent))
    ]


def _merges_by(kind):
    def check(estimator):
        merge = estimator._network_param("merge")
        if merge != kind:
            raise AttributeError(f"only with merge='{kind}': got merge={merge!r}")
        return True

    return check


class _ParallelCNNLSTM:
    """What regressor and classifier share."""

    @property
    def merge_weights_(self):
        """Weights of the CNN and of the LSTM branch, ndarray of shape (2,).

        Only with `merge="weighted"`; they sum to one.
        """
        _merges_by("weighted")(self)
        logits = self.model_.get_layer("merge").get_weights()[0].astype(float)
        exponentials = np.exp(logits - logits.max())
        return exponentials / exponentials.sum()

    @available_if(_merges_by("attention"))
    def attention_weights(self, X):
        """Return how much each time step of each window counts.

        Only with `merge="attention"`.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.

        Returns
        -------
        weights : ndarray of shape (n_samples, n_steps)
            Not negative; each row sums to one. With `pool_size` a step is a pooled
            one.
        """
        return self._layer_output("attention_weights", X)[..., 0]


class ParallelCNNLSTMRegressor(
    _ParallelCNNLSTM, HybridRegressor, build=build_parallel_cnn_lstm
):
    """Forecast from windows with a CNN and an LSTM side by side.

    Convolutions and an LSTM read the same windows, `(n_samples, window_length)` or
    `(n_samples, window_length, n_features)`. What they find at each step is merged,
    averaged over time and becomes the forecast.

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
    _ParallelCNNLSTM, HybridClassifier, build=build_parallel_cnn_lstm
):
    """Classify windows with a CNN and an LSTM side by side.

    Convolutions and an LSTM read the same windows, `(n_samples, window_length)` or
    `(n_samples, window_length, n_features)`. What they find at each step is merged,
    averaged over time and classified.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import ParallelCNNLSTMClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> classifier = ParallelCNNLSTMClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, ["slow", "fast", "slow", "fast"]).predict_proba(X).shape
    (4, 2)
    """
