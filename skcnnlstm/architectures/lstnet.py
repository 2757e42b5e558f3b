"""LSTNet: convolution, GRU, a GRU that skips whole periods, and an autoregression."""

from __future__ import annotations

import keras
from keras import layers, ops

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.layers.blocks import (
    as_series,
    check_activation,
    dropped,
    head,
    require_axes,
)
from skcnnlstm.wrappers import HybridRegressor


@keras.saving.register_keras_serializable(package="skcnnlstm")
class FoldPeriods(layers.Layer):
    """Put the phases of a period beside each other, as samples of their own.

    Takes `(n_samples, n_periods * period, channels)`; returns `(n_samples * period,
    n_periods, channels)`: one step a period, all at the same phase.
    """

    def __init__(self, period, **kwargs):
        super().__init__(**kwargs)
        self.period = period

    def call(self, sequence):
        """Fold sequences."""
        n_steps, channels = sequence.shape[1:]
        n_periods = n_steps // self.period
        x = ops.reshape(sequence, (-1, n_periods, self.period, channels))
        return ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, n_periods, channels))

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "period": self.period}


@keras.saving.register_keras_serializable(package="skcnnlstm")
class JoinPhases(layers.Layer):
    """Give each sample the states of all its phases: the way back of `FoldPeriods`."""

    def __init__(self, period, **kwargs):
        super().__init__(**kwargs)
        self.period = period

    def call(self, states):
        """Join `(n_samples * period, units)` to `(n_samples, period * units)`."""
        return ops.reshape(states, (-1, self.period * states.shape[-1]))

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "period": self.period}


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
    input_shape : tuple of int
        `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Width of the output.
    output_axes : tuple of three int or None, default=None
        Steps ahead, targets and quantiles, of which the output is the product; None
        takes it as steps of the first feature.
    n_series : int or None, default=None
        How many of the first features are values, those behind them saying what is
        missing; None for all.
    filters : int, default=100
        Channels of the convolution.
    kernel_size : int, default=6
        Reach of the convolution, in time steps; it spans all features.
    activation : str, default="relu"
        Activation of the convolution.
    gru_units : int, default=100
        Units of the GRU that reads every step.
    gru_activation : str, default="tanh"
        Activation of both GRUs' candidate state. Another than "tanh" cannot use the
        cuDNN kernel of a GPU.
    skip : int or None, default=24
        Length of a period, in time steps: the skip-GRU goes from a step to the one a
        period later, over the last whole periods of the window. Windows shorter than
        one period have no skip-GRU, and None leaves it out of any.
    skip_units : int, default=5
        Units of the skip-GRU, for each phase of the period.
    highway_window : int or None, default=24
        Last steps of each target that an autoregression reads, its weights shared by
        all targets; all steps where the window has fewer. None leaves it out.
    dropout : float, default=0.2
        Share of the outputs of convolution, GRU and skip-GRU that is dropped in
        training, from 0 to below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(L, F)`, convolution `(L, filters)`; beside each other, GRU `(gru_units,)` and,
    over the last `floor(L / skip)` periods, skip-GRU `(skip * skip_units,)`; joined,
    output `(n_outputs,)`; the autoregression of each target is added to it.

    Differences from Lai et al. (2018): the GRUs' activation is tanh, as in the code
    that the authors published with their figures, where the paper has ReLU
    (`gru_activation="relu"`). The convolution is padded on the left with zeros and
    keeps all steps, as in the paper; that code pads nothing, and its skip-GRU has one
    period less in a window of 168. The GRUs are Keras', with two biases, as that
    code's are. The output is linear; that code offers a sigmoid, for targets between 0
    and 1. The loss is a mean where that code's is a sum over a batch, so gradients
    rarely reach the norm of 10 at which they are scaled down. There is no temporal
    attention (the paper's LSTNet-Attn).

    References
    ----------
    Lai, G., Chang, W.-C., Yang, Y. and Liu, H. (2018). Modeling long- and short-term
    temporal patterns with deep neural networks. SIGIR.
    """
    require_axes(input_shape, (1, 2), "An LSTNet")
    filters = check_integer("filters", filters)
    kernel_size = check_integer("kernel_size", kernel_size)
    gru_units = check_integer("gru_units", gru_units)
    check_activation("activation", activation)
    check_activation("gru_activation", gru_activation)

    window = layers.Input(input_shape, name="window")
    series = as_series(window)
    x = series
    if kernel_size > 1:
        x = layers.ZeroPadding1D((kernel_size - 1, 0), name="no_history")(x)
    x = layers.Conv1D(filters, kernel_size, activation=activation, name="conv")(x)
    x = dropped(x, dropout, "dropout_conv")
    features = layers.GRU(gru_units, activation=gru_activation, name="gru")(x)
    features = dropped(features, dropout, "dropout_gru")
    skip = None if skip is None else check_integer("skip", skip)
    skip_units = check_integer("skip_units", skip_units)
    n_periods = 0 if skip is None else x.shape[1] // skip
    if n_periods:
        phases = last_steps(x, n_periods * skip, "whole_periods")
        phases = FoldPeriods(skip, name="phases")(phases)
        phases = layers.GRU(skip_units, activation=gru_activation, name="skip_gru")(
            phases
        )
        phases = JoinPhases(skip, name="joined_phases")(phases)
        phases = dropped(phases, dropout, "dropout_skip_gru")
        features = layers.Concatenate(name="features")([features, phases])
    output = head(features, n_outputs)
    if highway_window is not None:
        n_steps = min(check_integer("highway_window", highway_window), series.shape[1])
        recent = last_steps(series, n_steps, "recent_steps")
        past = autoregress(recent, output_axes or (n_outputs, 1, 1), n_series)
        output = layers.Add(name="with_highway")([output, past])
    return keras.Model(window, output, name="lstnet")


def last_steps(x, n_steps, name):
    """Keep the last steps of `(n_steps, channels)`."""
    if n_steps == x.shape[1]:
        return x
    return layers.Cropping1D((x.shape[1] - n_steps, 0), name=name)(x)


def autoregress(recent, output_axes, n_series=None):
    """Map the steps of each target to its outputs, by weights that all targets share.

    `(n_steps, n_features)` becomes `(horizon * n_targets * n_quantiles,)`; the targets
    are the first features, of the `n_series` that are values (None: all).
    """
    horizon, n_targets, n_quantiles = output_axes
    n_features = recent.shape[-1]
    n_series = n_series or n_features
    if n_targets > n_series:
        raise ValueError(
            "n_targets must be at most the number of features: got "
            f"n_targets={n_targets}, n_features={n_series}. The autoregression of "
            "LSTNet continues the first n_targets features of the window. Set "
            "highway_window=None to leave it out."
        )
    past = layers.Permute((2, 1), name="steps_of_features")(recent)
    if n_targets < n_features:
        past = layers.Cropping1D((0, n_features - n_targets), name="steps_of_targets")(
            past
        )
    past = layers.Dense(horizon * n_quantiles, name="highway")(past)
    if horizon * n_quantiles > 1:
        past = layers.Reshape((n_targets, horizon, n_quantiles), name="targets_first")(
            past
        )
        past = layers.Permute((2, 1, 3), name="steps_first")(past)
    return layers.Flatten(name="highway_output")(past)


class LSTNetRegressor(
    HybridRegressor,
    build=build_lstnet,
    defaults={
        "loss": "mae",
        "batch_size": 128,
        "n_targets": None,
        "optimizer__global_clipnorm": 10.0,
    },
):
    """Forecast many series at once with LSTNet.

    A convolution reads a few steps of all features, a GRU what it found at every step,
    a second GRU the steps at the same phase of each period (of each day, where rows are
    hours); a linear autoregression of each target is added. X is `(n_samples,
    window_length)` or `(n_samples, window_length, n_features)`, y holds every feature
    at each step ahead, `(n_samples, horizon * n_features)`, or at one step alone,
    `(n_samples, n_features)`. A y whose width is no multiple of `n_features` holds
    steps of the first feature; `n_targets=k` says that it holds the first k.

    The paper's windows have 168 steps. Any length is taken: the convolution is padded,
    steps before the last whole periods do not reach the skip-GRU, and a window shorter
    than `skip` has none. Where rows repeat after another number of steps than 24, set
    `skip` to that.

    Parameters
    ----------
    optimizer__global_clipnorm : float or None, default=10.0
        Norm of all gradients together above which they are scaled down to it; None
        leaves them as they are, and so does another way of clipping
        (`optimizer__clipnorm`). An optimizer that is an instance keeps its own.

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
