"""LSTNet: a convolution, a GRU, a GRU over periods, and an autoregression."""

import keras
from keras import layers, ops

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridRegressor
from skcnnlstm.wrappers.parameters import with_network_parameters


@keras.saving.register_keras_serializable(package="skcnnlstm")
class FoldPeriods(layers.Layer):
    """Split each sequence into one sequence per phase of the period.

    The input has shape `(n_samples, n_periods * period, channels)`. The output has
    shape `(n_samples * period, n_periods, channels)`. The steps of an output sequence
    are one period apart.
    """

    def __init__(self, period, **kwargs):
        super().__init__(**kwargs)
        self.period = period

    def call(self, sequence):
        """Return one sequence per sample and phase."""
        n_steps, channels = sequence.shape[1:]
        n_periods = n_steps // self.period
        x = ops.reshape(sequence, (-1, n_periods, self.period, channels))
        return ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, n_periods, channels))

    def get_config(self):
        """Return the configuration of the layer."""
        return {**super().get_config(), "period": self.period}


@keras.saving.register_keras_serializable(package="skcnnlstm")
class JoinPhases(layers.Layer):
    """Concatenate the states of all phases of a sample.

    The states are the outputs of a GRU that reads the sequences of `FoldPeriods`.
    """

    def __init__(self, period, **kwargs):
        super().__init__(**kwargs)
        self.period = period

    def call(self, states):
        """Reshape `(n_samples * period, units)` to `(n_samples, period * units)`."""
        return ops.reshape(states, (-1, self.period * states.shape[-1]))

    def get_config(self):
        """Return the configuration of the layer."""
        return {**super().get_config(), "period": self.period}


@with_network_parameters
def build_lstnet(
    input_shape,
    n_outputs,
    *,
    output_axes=None,
    n_series=None,
    filters=100,
    kernel_size=6,
    activation="relu",
    gru_units=100,
    gru_activation="tanh",
    skip=24,
    skip_units=5,
    highway_window=24,
    dropout=0.2,
):
    """Build an LSTNet for windows.

    Parameters
    ----------
    output_axes : tuple of three int or None, default=None
        Numbers of steps ahead, targets and quantiles. Their product is `n_outputs`.
        None means `n_outputs` steps of the first feature.
    n_series : int or None, default=None
        Number of features, not counting the masks of missing values. The masks are the
        last features. None means that there are no masks.
    filters : int, default=100
        Number of filters of the convolution.
    kernel_size : int, default=6
        Kernel size of the convolution in time steps. The kernel covers all features.
    activation : str, default="relu"
        Activation of the convolution.
    gru_units : int, default=100
        Units of the GRU over all steps.
    gru_activation : str, default="tanh"
        Activation of the candidate state of both GRUs. Values other than "tanh" are
        slower on a GPU: they cannot use the cuDNN kernel.
    skip : int or None, default=24
        Length of a period in time steps. The skip-GRU connects steps that are one
        period apart, in the last whole periods of the window. None removes the
        skip-GRU. A window shorter than one period has no skip-GRU either.
    skip_units : int, default=5
        Units of the skip-GRU for each phase of the period.
    highway_window : int or None, default=24
        Number of last steps of each target that the autoregression reads. If the window
        is shorter, the autoregression reads all steps. All targets share the weights.
        None removes the autoregression.
    dropout : float, default=0.2
        Dropout rate after the convolution and both GRUs, from 0 (inclusive) to 1
        (exclusive).

    Notes
    -----
    Shapes for a window of L steps and F features:

    - input: `(L, F)`
    - convolution: `(L, filters)`
    - GRU: `(gru_units,)`
    - skip-GRU over the last `floor(L / skip)` periods, in parallel:
      `(skip * skip_units,)`
    - concatenated: `(gru_units + skip * skip_units,)`
    - output, after adding the autoregression of each target: `(n_outputs,)`

    Differences from Lai et al. (2018) and the code that the authors published:

    - The activation of the GRUs is tanh, as in the code. The paper uses ReLU: set
      ``gru_activation="relu"``.
    - The convolution is padded with zeros on the left and keeps all steps, as in the
      paper. The code does not pad. For a window of 168 steps, the skip-GRU of the code
      therefore has one period less.
    - The GRUs have two biases, as in the code.
    - The output is linear. The code offers a sigmoid for targets between 0 and 1.
    - The loss is the mean over a batch. The code uses the sum. Gradients are scaled
      down if their norm exceeds 10, as in the code. With the mean, this is rare.
    - There is no temporal attention (LSTNet-Attn).

    References
    ----------
    Lai, G., Chang, W.-C., Yang, Y. and Liu, H. (2018). Modeling long- and short-term
    temporal patterns with deep neural networks. SIGIR.
    """
    blocks.check_input_axes(input_shape, (1, 2), "an LSTNet")
    filters = check_integer("filters", filters)
    kernel_size = check_integer("kernel_size", kernel_size)
    gru_units = check_integer("gru_units", gru_units)
    blocks.check_activation("activation", activation)
    blocks.check_activation("gru_activation", gru_activation)

    window = layers.Input(input_shape, name="window")
    series = blocks.as_series(window)
    x = series
    if kernel_size > 1:
        x = layers.ZeroPadding1D((kernel_size - 1, 0), name="no_history")(x)
    x = layers.Conv1D(filters, kernel_size, activation=activation, name="conv")(x)
    x = blocks.apply_dropout(x, dropout, "dropout_conv")
    features = layers.GRU(gru_units, activation=gru_activation, name="gru")(x)
    features = blocks.apply_dropout(features, dropout, "dropout_gru")
    skip = None if skip is None else check_integer("skip", skip)
    skip_units = check_integer("skip_units", skip_units)
    n_periods = 0 if skip is None else x.shape[1] // skip
    if n_periods:
        phases = last_steps(x, n_periods * skip, "whole_periods")
        phases = FoldPeriods(skip, name="phases")(phases)
        skip_gru = layers.GRU(skip_units, activation=gru_activation, name="skip_gru")
        phases = JoinPhases(skip, name="joined_phases")(skip_gru(phases))
        phases = blocks.apply_dropout(phases, dropout, "dropout_skip_gru")
        features = layers.Concatenate(name="features")([features, phases])
    output = blocks.output_head(features, n_outputs)
    if highway_window is not None:
        n_steps = min(check_integer("highway_window", highway_window), series.shape[1])
        recent = last_steps(series, n_steps, "recent_steps")
        highway = autoregression(recent, output_axes or (n_outputs, 1, 1), n_series)
        output = layers.Add(name="with_highway")([output, highway])
    return keras.Model(window, output, name="lstnet")


def last_steps(x, n_steps, name):
    """Return the last `n_steps` steps of a sequence."""
    if n_steps == x.shape[1]:
        return x
    return layers.Cropping1D((x.shape[1] - n_steps, 0), name=name)(x)


def autoregression(recent, output_axes, n_series=None):
    """Apply a linear map from the last steps of each target to its outputs.

    The input has shape `(n_steps, n_features)`. The output has shape `(horizon *
    n_targets * n_quantiles,)`. The targets are the first features. All targets share
    the weights.
    """
    horizon, n_targets, n_quantiles = output_axes
    n_features = recent.shape[-1]
    n_series = n_series or n_features
    if n_targets > n_series:
        raise ValueError(
            "n_targets must be at most the number of features: got "
            f"n_targets={n_targets}, n_features={n_series}. The autoregression of "
            "LSTNet continues the first n_targets features of the window. Set "
            "highway_window=None to remove it."
        )
    x = layers.Permute((2, 1), name="steps_of_features")(recent)
    if n_targets < n_features:
        others = 0, n_features - n_targets
        x = layers.Cropping1D(others, name="steps_of_targets")(x)
    x = layers.Dense(horizon * n_quantiles, name="highway")(x)
    if horizon * n_quantiles > 1:
        shape = n_targets, horizon, n_quantiles
        x = layers.Reshape(shape, name="targets_first")(x)
        x = layers.Permute((2, 1, 3), name="steps_first")(x)
    return layers.Flatten(name="highway_output")(x)


class LSTNetRegressor(
    HybridRegressor,
    build=build_lstnet,
    defaults={
        "loss": "mae",
        "batch_size": 128,
        "n_targets": None,
        "linear_skip": False,
        "optimizer__global_clipnorm": 10.0,
    },
):
    """Forecast many series at once with LSTNet.

    A convolution reads a few steps of all features at a time. A GRU reads the output of
    the convolution at every step. A second GRU, the skip-GRU, reads the steps at the
    same phase of each period, such as the same hour of each day. A linear
    autoregression of each target is added.

    X has shape `(n_samples, window_length)` or `(n_samples, window_length,
    n_features)`. y has shape `(n_samples, horizon * n_features)` and holds all features
    at each step ahead. If the width of y is not a multiple of `n_features`, y holds
    only the first feature at each step ahead. If y holds the first k features, set
    ``n_targets=k``.

    Set `skip` to the number of time steps in a period if it is not 24. The windows of
    the paper have 168 steps. Windows of any length are accepted.

    Parameters
    ----------
    optimizer__global_clipnorm : float or None, default=10.0
        Maximum norm of all gradients together. Larger gradients are scaled down to this
        norm. None does not clip gradients. Another clipping parameter, such as
        `optimizer__clipnorm`, replaces this one. If `optimizer` is an instance, this
        parameter has no effect.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import LSTNetRegressor, make_windows
    >>> hours = np.arange(100)[:, None]
    >>> X, y = make_windows(np.sin(hours / 24 * 2 * np.pi + [0, 1, 2]), 48)
    >>> regressor = LSTNetRegressor(gru_units=8, epochs=1, random_state=0)
    >>> regressor.fit(X, y).predict(X).shape
    (52, 3)
    """

    _models_columns_jointly = True
    _output_layers = ("output", "highway")
