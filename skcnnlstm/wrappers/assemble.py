"""Add masking, normalization, linear skip and quantiles to a network."""

import inspect
import math

import keras
from keras import layers

from skcnnlstm._utils.validation import check_choice, check_integer
from skcnnlstm.layers.instance_norm import NormaliseWindow, RestoreLevel
from skcnnlstm.layers.linear_skip import LinearSkip
from skcnnlstm.layers.masking import concatenate_mask, masked_shape
from skcnnlstm.layers.quantiles import SortQuantiles
from skcnnlstm.layers.seasonal_norm import NormaliseSeason, check_season_fits_window
from skcnnlstm.wrappers.builder import call_builder, name_operations

# Levels are subtracted and added in float32, even if Keras' dtype policy is float16:
# near 30,000, neighbouring float16 numbers are 16 apart.
_FLOAT32 = {"dtype": "float32"}


def build_masked_network(input_shape, n_outputs, *, build, missing, **params):
    """Build a network; with `missing="mask"`, it also reads a mask of missing values.

    `input_shape` is the shape of one sample: the time axes, then the features. The
    shape `(window_length,)` means one feature. `params` are parameters of the builder
    `build`.
    """
    if missing == "error":
        return call_builder(build, input_shape, n_outputs, **params)
    network = call_builder(build, masked_shape(input_shape), n_outputs, **params)
    window = layers.Input(input_shape, name="window")
    _, masked = concatenate_mask(window)
    whole = keras.Model(window, network.call(masked), name=network.name)
    return name_operations(whole)


def build_regressor_network(
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
    n_static=0,
    grids=False,
    **params,
):
    """Build a network with the parts that a regressor adds to its architecture.

    Most parameters are documented in `build_masked_network` and `regressor_parameters`.
    The others are:

    - `n_outputs`: number of outputs: ``horizon * n_targets``, or ``horizon * n_targets
      * n_cells`` with `grids`.
    - `grids`: whether a sample is a sequence of grids. In this case, the sample is
      reshaped to `grid_shape(input_shape)`, only the first axis is time, and each cell
      is normalized separately.

    If the builder has a parameter `output_axes`, its value is `(horizon, n_targets,
    n_quantiles)`, the axes of the output in C order. If the builder has a parameter
    `n_series`, its value is the number of features without the masks.

    The output has shape `(n_samples, n_outputs)` or, with `quantiles`, `(n_samples,
    n_outputs, n_quantiles)`. With ``per_step=True``, it has shape `(n_samples, n_steps,
    1)` or, with `quantiles`, `(n_samples, n_steps, n_quantiles)`.
    """
    if params.get("per_step"):
        return _build_step_network(
            input_shape, quantiles, build=build, missing=missing, **params
        )
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
    if mode is not None and n_targets > n_features:
        raise ValueError(
            "n_targets must be at most the number of features: got "
            f"n_targets={n_targets}, n_features={n_features}. instance_norm takes the "
            "level of the targets from the first n_targets features of the window. Set "
            f"n_targets={n_features} or less, or instance_norm=None."
        )
    n_static = check_integer("n_static", n_static, minimum=0)
    if (n_static > n_features - n_targets and n_static) or (n_static and grids):
        raise ValueError(
            "n_static must be at most the number of features that are not targets, and "
            f"0 for grids: got n_static={n_static}, n_features={n_features}, "
            f"n_targets={n_targets}. Use n_static=0."
        )
    builder_parameters = inspect.signature(build).parameters
    if "n_series" in builder_parameters:
        params["n_series"] = n_features
    if "output_axes" in builder_parameters:
        horizon = _infer_horizon(n_outputs, n_targets, n_cells)
        params["output_axes"] = horizon, n_targets, n_quantiles
    if mode is None and not linear_skip and quantiles is None and shape == input_shape:
        return build_masked_network(
            shape, width, build=build, missing=missing, **params
        )

    mask = missing == "mask"
    shape_read = masked_shape(shape) if mask else shape
    network = call_builder(build, shape_read, width, **params)
    inputs = values = layers.Input(input_shape, name="window")
    if shape != input_shape:
        values = layers.Reshape(shape, name="grids", **_FLOAT32)(inputs)
    if mode is not None:
        horizon = _infer_horizon(n_outputs, n_targets, n_cells)
        if mode == "seasonal":
            season_length = _check_season_length(season_length)
            n_steps = math.prod(shape) // (n_features * n_cells)
            check_season_fits_window(season_length, n_steps)
            normalise = NormaliseSeason(
                season_length,
                n_targets,
                n_outputs,
                n_static,
                name="normalised_window",
                **_FLOAT32,
            )
            horizon = 1  # the seasonal shift has one value per output
        else:
            normalise = NormaliseWindow(
                mode, n_targets, mask, n_static, name="normalised_window", **_FLOAT32
            )
        values, shift, scale = _normalise(values, normalise, flatten=not grids)
    values, window = concatenate_mask(values) if mask else (values, values)
    # `call` adds the layers of the network to this graph instead of nesting the model.
    output = network.call(window)
    if linear_skip:
        skip = LinearSkip(
            n_cells * n_targets,
            _infer_horizon(n_outputs, n_targets, n_cells),
            joint=linear_skip == "joint",
            n_quantiles=n_quantiles,
            name="linear_skip",
        )
        shape = tuple(values.shape[1:])
        n_columns = n_cells * (shape[-1] if len(shape) > 1 else 1)
        columns = layers.Reshape(
            (math.prod(shape) // n_columns, n_columns), name="linear_skip_input"
        )
        output = layers.Add(name="with_linear_skip")([output, skip(columns(values))])
    if quantiles is not None:
        output = SortQuantiles(n_quantiles, name="sorted_quantiles")(output)
    if mode is not None:
        restore = RestoreLevel(horizon, name="restored", **_FLOAT32)
        output = restore(output, shift, scale)
    return name_operations(keras.Model(inputs, output, name=network.name))


def _build_step_network(input_shape, quantiles, **params):
    """Build a network that predicts each step of a window.

    The output has shape `(n_steps, 1)` or, with `quantiles`, `(n_steps, n_quantiles)`.
    """
    if quantiles is None:
        return build_masked_network(input_shape, 1, **params)
    network = build_masked_network(input_shape, len(quantiles), **params)
    output = layers.Flatten(name="quantiles")(network.output)
    output = SortQuantiles(len(quantiles), name="sorted_quantiles")(output)
    return name_operations(keras.Model(network.input, output, name=network.name))


def _normalise(window, normalise, *, flatten):
    """Apply the layer `normalise` to a window, and return its three results.

    These are the normalized window, and the shift and scale for the output of the
    network. With `flatten`, the layer gets a window in which all axes except the last
    are flattened into one time axis.
    """
    if not flatten:
        return normalise(window)
    shape = tuple(window.shape[1:])
    n_features = shape[-1] if len(shape) > 1 else 1
    n_steps = math.prod(shape) // n_features
    series = layers.Reshape((n_steps, n_features), name="level_series", **_FLOAT32)
    series, shift, scale = normalise(series(window))
    return layers.Reshape(shape, name="level_free")(series), shift, scale


def grid_shape(input_shape):
    """Return the shape of a sample as `(n_steps, n_rows, n_columns, n_features)`.

    The feature axis is optional for grids of one feature. A window of a series is a
    sequence of grids of one cell.
    """
    if len(input_shape) < 3:
        n_steps, n_features = (*input_shape, 1)[:2]
        return n_steps, 1, 1, n_features
    return (*input_shape, 1)[:4]


def _check_season_length(season_length):
    if season_length is None:
        raise TypeError(
            "season_length must be an integer with instance_norm='seasonal': got "
            "season_length=None. Use season_length=7 for daily data with a weekly "
            "pattern, 12 for monthly data with a yearly pattern."
        )
    return check_integer("season_length", season_length)


def _infer_horizon(n_outputs, n_targets, n_cells):
    n_outputs_per_step = n_targets * n_cells
    if n_outputs % n_outputs_per_step == 0:
        return n_outputs // n_outputs_per_step
    if n_cells > 1:
        raise ValueError(
            f"y must hold n_targets values for each of the {n_cells} cells of a grid: "
            f"got n_targets={n_targets}, n_outputs={n_outputs}. Build y from whole "
            "grids with the features on the last axis: y.reshape(len(y), -1)."
        )
    raise ValueError(
        "n_targets must divide the number of outputs: got "
        f"n_targets={n_targets}, n_outputs={n_outputs}. Use n_targets=1 for one "
        "target at each step. For more targets, y must hold all targets of step 1, "
        "then all targets of step 2, and so on."
    )
