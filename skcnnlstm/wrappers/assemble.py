"""Assemble a network: mask, normalisation, skip and quantiles around a builder."""

from __future__ import annotations

import inspect
import math

import keras
from keras import layers

from skcnnlstm._utils.validation import check_choice, check_integer
from skcnnlstm.layers.instance_norm import NormaliseWindow, RestoreLevel
from skcnnlstm.layers.masking import fill_and_mark, marked_shape
from skcnnlstm.layers.quantiles import SortQuantiles
from skcnnlstm.layers.seasonal_norm import NormaliseSeason, check_season

# Levels are taken off and put back in full precision, whatever Keras' dtype policy: in
# half of it, a level of 30,000 would leave steps of 16.
_FULL = {"dtype": "float32"}


def build_normalised(
    input_shape,
    n_outputs,
    *,
    build,
    missing,
    instance_norm,
    linear_skip,
    n_targets,
    quantiles,
    season_length=None,
    grids=False,
    **params,
):
    """Build a network by `build` with all that a regressor may ask for around it.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one sample: time axes, then features; `(window_length,)` has one
        feature.
    n_outputs : int
        `horizon * n_targets`.
    build : callable
        The architecture's own `build_x(input_shape, n_outputs, **params)`. Where it
        takes `output_axes`, it is told what its outputs are: `(horizon, n_targets,
        n_quantiles)`, in C order. Where it takes `n_series`, it is told how many
        features are values, and no marks of missing ones.
    missing : {"error", "mask"}
        Whether windows may have NaN in them.
    instance_norm : {"auto", "last", "standard", "seasonal"} or None
        Where the shift (and scale) come from; "auto" means None here.
    linear_skip : bool
        Whether to add a linear map of the normalised window, zero at the start.
    n_targets : int or None
        How many of the first features are the targets. None: all of them where their
        number divides `n_outputs`, one otherwise.
    quantiles : tuple of float or None
        Quantiles of each output; the network's output is then `(n_samples, n_outputs,
        n_quantiles)`.
    season_length : int or None, default=None
        Time steps in a season; read for "seasonal" alone.
    grids : bool, default=False
        Whether a sample is a row of grids, `grid_shape(input_shape)`: then only its
        first axis is time, and every cell is a series.

    Returns
    -------
    model : keras.Model
        Uncompiled.
    """
    modes = ("auto", None, "last", "standard", "seasonal")
    check_choice("instance_norm", instance_norm, modes)
    mode = None if instance_norm == "auto" else instance_norm
    n_quantiles = 1 if quantiles is None else len(quantiles)
    width = n_outputs * n_quantiles
    shape = grid_shape(input_shape) if grids else input_shape
    n_features = shape[-1] if len(shape) > 1 else 1
    n_cells = math.prod(shape[1:3]) if grids else 1
    if n_targets is None:
        n_targets = n_features if n_outputs % (n_cells * n_features) == 0 else 1
    n_targets = check_integer("n_targets", n_targets)
    if mode is not None:
        _check_targets(n_targets, n_features)
    told = inspect.signature(build).parameters
    if "n_series" in told:
        params["n_series"] = n_features
    if "output_axes" in told:
        horizon = _horizon(n_outputs, n_targets, n_cells)
        params["output_axes"] = horizon, n_targets, n_quantiles
    if mode is None and not linear_skip and quantiles is None and shape == input_shape:
        return build_marked(shape, width, build=build, missing=missing, **params)

    gaps = missing == "mask"
    network = build(marked_shape(shape) if gaps else shape, width, **params)
    inputs = values = layers.Input(input_shape, name="window")
    if shape != input_shape:
        values = layers.Reshape(shape, name="grids", **_FULL)(inputs)
    if mode is not None:
        horizon = _horizon(n_outputs, n_targets, n_cells)
        if mode == "seasonal":
            if season_length is None:
                raise TypeError(
                    "instance_norm='seasonal' must have a season_length: got "
                    "season_length=None. Use season_length=7 for days with a weekly "
                    "pattern, 12 for months with a yearly one."
                )
            season_length = check_integer("season_length", season_length)
            check_season(season_length, math.prod(shape) // (n_features * n_cells))
            normalise = NormaliseSeason(
                season_length, n_targets, n_outputs, name="normalised_window", **_FULL
            )
            horizon = 1  # the shift has a value for each output
        else:
            normalise = NormaliseWindow(
                mode, n_targets, gaps, name="normalised_window", **_FULL
            )
        values, shift, scale = _without_level(values, normalise, flat=not grids)
    values, window = fill_and_mark(values) if gaps else (values, values)
    # `call` runs the network's layers on the new window, in one flat graph.
    output = network.call(window)
    if linear_skip:
        flat = layers.Flatten(name="linear_skip_input")(values)
        skip = layers.Dense(
            width, use_bias=False, kernel_initializer="zeros", name="linear_skip"
        )(flat)
        output = layers.Add(name="with_linear_skip")([output, skip])
    if quantiles is not None:
        output = SortQuantiles(n_quantiles, name="sorted_quantiles")(output)
    if mode is not None:
        restore = RestoreLevel(horizon, name="restored", **_FULL)
        output = restore(output, shift, scale)
    return keras.Model(inputs, output, name=network.name)


def _without_level(window, normalise, *, flat):
    """Normalise a window; with `flat`, all axes but the last are its steps."""
    if not flat:
        return normalise(window)
    shape = tuple(window.shape[1:])
    n_features = shape[-1] if len(shape) > 1 else 1
    n_steps = math.prod(shape) // n_features
    steps = layers.Reshape((n_steps, n_features), name="level_series", **_FULL)
    series, *level = normalise(steps(window))
    return layers.Reshape(shape, name="level_free")(series), *level


def grid_shape(input_shape):
    """Return the shape of a sample as `(n_steps, n_rows, n_columns, n_features)`.

    Grids of one feature may come without its axis, and a window of a series is a row of
    grids of one cell.
    """
    if len(input_shape) < 3:
        n_steps, n_features = (*input_shape, 1)[:2]
        return n_steps, 1, 1, n_features
    return (*input_shape, 1)[:4]


def _check_targets(n_targets, n_features):
    if n_targets > n_features:
        raise ValueError(
            "n_targets must be at most the number of features: got "
            f"n_targets={n_targets}, n_features={n_features}. instance_norm takes the "
            "level of the targets from the first n_targets features of the window."
        )


def _horizon(n_outputs, n_targets, n_cells):
    per_step = n_targets * n_cells
    if n_outputs % per_step == 0:
        return n_outputs // per_step
    if n_cells > 1:
        raise ValueError(
            f"y must hold n_targets values for each of the {n_cells} cells of a grid: "
            f"got n_targets={n_targets}, n_outputs={n_outputs}. Use "
            "y.reshape(len(y), -1) of whole grids, with the features as the last axis."
        )
    raise ValueError(
        "n_targets must divide the number of outputs: got "
        f"n_targets={n_targets}, n_outputs={n_outputs}. The target holds all "
        "targets of step 1, then all of step 2, and so on."
    )


def build_marked(input_shape, n_outputs, *, build, missing, **params):
    """Build a network by `build`, one that reads marks where `missing` is "mask".

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one sample: time axes, then features; `(window_length,)` has one
        feature.
    n_outputs : int
        Width of the output.
    build : callable
        The architecture's own `build_x(input_shape, n_outputs, **params)`.
    missing : {"error", "mask"}
        "error" builds the network as it is.

    Returns
    -------
    model : keras.Model
        Uncompiled.
    """
    if missing == "error":
        return build(input_shape, n_outputs, **params)
    network = build(marked_shape(input_shape), n_outputs, **params)
    window = layers.Input(input_shape, name="window")
    _, marked = fill_and_mark(window)
    return keras.Model(window, network.call(marked), name=network.name)
