"""Define HybridRegressor, the base class of all regressors."""

import math
import numbers
from dataclasses import replace

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import RegressorTags
from sklearn.utils.metaestimators import available_if

from skcnnlstm import training
from skcnnlstm._utils.calls import check_calls
from skcnnlstm._utils.linear_map import (
    MAX_INPUTS,
    LinearTask,
    choose_linear_map,
    fit_linear,
)
from skcnnlstm._utils.validation import (
    check_boolean,
    check_quantiles,
    check_regression_target,
    is_auto,
    kind_of_loss,
    with_plain_target,
)
from skcnnlstm.layers.quantiles import PinballLoss
from skcnnlstm.wrappers._scikeras import KerasRegressor
from skcnnlstm.wrappers.assemble import build_regressor_network
from skcnnlstm.wrappers.base import BaseHybrid
from skcnnlstm.wrappers.parameters import regressor_parameters
from skcnnlstm.wrappers.per_step import with_step_score
from skcnnlstm.wrappers.standardization import fit_standardization


def _is_class_code_loss(loss):
    """Return whether a loss is the sparse categorical cross-entropy of Keras."""
    if not isinstance(loss, str):
        loss = getattr(loss, "__name__", type(loss).__name__)
    return loss in ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy")


def is_absolute_loss(loss):
    """Return whether a loss is the pinball loss or the mean absolute error."""
    return isinstance(loss, PinballLoss) or kind_of_loss(loss) == "absolute"


@check_calls
class HybridRegressor(BaseHybrid, KerasRegressor):
    """Base class of regressors that train a Keras network.

    A subclass names its network builder with the class argument `build`. The builder is
    called as ``build(input_shape, n_outputs, **params)`` and returns an uncompiled
    `keras.Model`. The keyword-only parameters of the builder become parameters of the
    subclass, with their documentation. The class argument `defaults`, a dict, changes
    the defaults of shared parameters.

    The class itself has no network, so it cannot be instantiated.

    See Also
    --------
    HybridClassifier : The base class of classifiers.
    skcnnlstm.testing.check_network : Check a builder.

    Notes
    -----
    Rules for builders:

    - `input_shape` is the shape of one sample. It is ``(window_length, n_features)``
      inside SeriesForecaster, and ``(window_length,)`` for windows without a feature
      axis.
    - The network is a functional or a sequential model. It has one input of shape
      `input_shape` and one output of shape ``(n_outputs,)``: all targets of step 1,
      then all targets of step 2, and so on.
    - Every other parameter is keyword-only and has a default. Its name must not be the
      name of a shared parameter.
    - A builder may have the parameters `output_axes` and `n_series`, which do not
      become parameters of the subclass. `output_axes` is passed as the tuple
      ``(horizon, n_targets, n_quantiles)``, whose product is `n_outputs`. `n_series` is
      passed as the number of features, not counting masks of missing values.
    - A builder may have the parameter `per_step`, which becomes a parameter of the
      subclass. With ``per_step=True``, the network has the output ``(n_steps,
      n_outputs)``, and y has shape ``(n_samples, n_steps)``.
    - Custom layers are registered with ``keras.saving.register_keras_serializable`` and
      have a complete `get_config`.

    Examples
    --------
    >>> import keras
    >>> from skcnnlstm import HybridRegressor, make_windows
    >>> def build_dense(input_shape, n_outputs, *, units=8):
    ...     window = keras.Input(input_shape)
    ...     x = keras.layers.Dense(units, activation="relu", name="hidden")(window)
    ...     return keras.Model(window, keras.layers.Dense(n_outputs, name="output")(x))
    >>> class DenseRegressor(HybridRegressor, build=build_dense):
    ...     pass
    >>> X, y = make_windows(range(20), window_length=4)
    >>> DenseRegressor(units=4, epochs=2, random_state=0).fit(X, y).predict(X).shape
    (16,)
    """

    _task_parameters = staticmethod(regressor_parameters)
    # Layers whose outputs are added to the linear skip.
    _output_layers = ("output",)

    def _merged_params(self):
        """Return the parameters, with `linear_skip="auto"` replaced by False."""
        params = super()._merged_params()
        if is_auto(params["linear_skip"]):
            params["linear_skip"] = False
        return params

    def _fit_settings(self):
        settings = super()._fit_settings()
        check_boolean("linear_skip", settings["linear_skip"])
        if _is_class_code_loss(settings["loss"]):
            raise ValueError(
                "loss must be a loss for regression: got "
                f"loss={settings['loss']!r}, which compares class codes. Use 'mse' or "
                "'mae', or a classifier."
            )
        quantiles = settings["quantiles"] = check_quantiles(settings["quantiles"])
        if quantiles is None:
            return settings
        if settings["loss"] != self._defaults()["loss"] or self._routed("loss"):
            raise ValueError(
                "loss must keep its default with quantiles, which are trained with the "
                f"pinball loss: got loss={settings['loss']!r}, quantiles={quantiles}. "
                "Remove loss, or set quantiles=None."
            )
        loss = PinballLoss(quantiles, per_step=settings.get("per_step", False))
        return settings | {"loss": loss}

    def _build_network_args(self, settings, input_shape, n_outputs):
        args = super()._build_network_args(settings, input_shape, n_outputs)
        names = "instance_norm", "season_length", "linear_skip", "n_targets"
        names = *names, "n_static", "quantiles"
        params = args[-1] | {name: settings[name] for name in names}
        return build_regressor_network, input_shape, n_outputs, params

    def _count_targets(self, settings, data):
        """Return the number of targets of a step, summed over all cells.

        If `n_targets` is invalid, return 1: the network builder raises the error.
        """
        n_cells, n_features = self._count_columns(data.X)
        n_targets = settings["n_targets"]
        if n_targets is None:
            divides = data.n_outputs % (n_cells * n_features) == 0
            n_targets = n_features if divides else 1
        if not isinstance(n_targets, numbers.Integral) or n_targets < 1:
            return 1
        n_targets = int(n_targets) * n_cells
        return 1 if data.n_outputs % n_targets else n_targets

    def _horizon(self, settings, data):
        """Return the number of steps that the targets reach ahead."""
        return data.n_outputs // self._count_targets(settings, data)

    def _fit_constants(self, settings, data):
        """Return the means and scales that the loss allows, as a dict.

        - A squared or an absolute error allows the means and scales of the features and
          of the targets.
        - Any other loss depends on the units of the targets. It allows only the means
          and scales of the features. With `instance_norm` or `linear_skip`, which
          require features and targets on the same scale, it allows none.
        """
        loss, mode = settings["loss"], settings["instance_norm"]
        # If true, the targets are later values of features, and get their statistics.
        continues = settings["linear_skip"] or not (mode is None or is_auto(mode))
        if not (is_absolute_loss(loss) or kind_of_loss(loss) == "squared"):
            # Other losses depend on the units of the targets.
            return {} if continues else super()._fit_constants(settings, data)
        n_cells, n_features = self._count_columns(data.X)
        n_targets = self._count_targets(settings, data) // n_cells
        continues = continues and 0 < n_targets <= n_features
        y = data.samples.y
        y = y[..., 0] if y.ndim > 2 else y
        if settings.get("per_step"):  # all known steps have one mean and one scale
            y = y[data.samples.weight > 0][:, np.newaxis]
        return fit_standardization(
            data.X,
            data.rows,
            y,
            n_targets if continues else None,
            n_features=n_features,
        )

    def _with_fitted_form(self, settings):
        fitted = self._network_args[3].get("linear_skip")
        if settings["linear_skip"] and fitted:
            return settings | {"linear_skip": fitted}
        return settings

    def _prepare_start(self, settings, data, continues):
        """Fit the linear skip of a new network; return settings and initial weights.

        In the returned settings, `linear_skip` is the fitted form ("shared" or
        "joint"). It is False without a linear skip, and for grids in which not all
        features are targets. The initial weights are a dict by layer name. This dict is
        empty if `linear_skip` is False or if a fit continues.
        """
        if not settings["linear_skip"]:
            return settings, {}
        if continues:
            return self._with_fitted_form(settings), {}
        n_cells, n_features = self._count_columns(data.X)
        n_targets = self._count_targets(settings, data)
        if n_cells > 1 and n_targets != n_cells * n_features:
            return settings | {"linear_skip": False}, {}
        # The builder checks the parameters of the network.
        shared = settings | {"linear_skip": "shared"}
        training.build_network_json(
            *self._build_network_args(shared, data.X.shape[1:], data.n_outputs)
        )
        task = self._linear_task(settings, data)
        if task.n_targets > task.n_columns:
            raise ValueError(
                "n_targets must be at most the number of features if linear_skip is "
                f"True: got n_targets={task.n_targets}, n_features={task.n_columns}. "
                "Set linear_skip=False."
            )
        n_inputs = task.n_inputs(data.X.shape[1:])
        if n_inputs > MAX_INPUTS:
            raise ValueError(
                f"linear_skip must map at most {MAX_INPUTS:,} values to a target: got "
                f"{n_inputs:,} values (its own history and all covariates). Use "
                "shorter windows or fewer covariates, or set linear_skip=False."
            )
        samples, later = data.samples, None
        if settings["early_stopping"]:
            samples, later = self._split_validation(samples, settings, None)
        task, solution = choose_linear_map(samples, later, task)
        form = "joint" if task.joint else "shared"
        settings = settings | {"linear_skip": form, "linear_penalty": solution.penalty}
        return settings, self._start_from(solution)

    def _restart(self, settings, data):
        """Return the initial weights after fitting the linear skip to all samples."""
        if not settings["linear_skip"]:
            return {}
        task = self._linear_task(settings, data)
        task = task._replace(joint=settings["linear_skip"] == "joint")
        return self._start_from(
            fit_linear(data.samples, None, task, settings["linear_penalty"])
        )

    def _start_from(self, solution):
        """Return the initial weights with which a network equals a linear map."""
        start = dict.fromkeys(self._output_layers, 0.0)
        return start | {"linear_skip": [solution.kernel, solution.bias]}

    def _linear_task(self, settings, data):
        mode = settings["instance_norm"]
        return LinearTask(
            mode=None if is_auto(mode) else mode,
            n_targets=self._count_targets(settings, data),
            horizon=self._horizon(settings, data),
            n_columns=math.prod(self._count_columns(data.X)),
            season_length=settings["season_length"],
            absolute=is_absolute_loss(settings["loss"]),
            n_static=settings["n_static"],
        )

    def _check_target(self, y, X):
        return check_regression_target(y, len(X), estimator=self)

    def _encode_target(self, y, loss, classes):
        """Return y in the shape that the loss needs, and the number of outputs.

        The third result holds the fitted attributes that describe y.
        """
        targets = np.asarray(y).reshape(len(y), -1).astype(np.float32)
        n_outputs = targets.shape[1]
        if isinstance(loss, PinballLoss):
            targets = loss.repeat_targets(targets)
        elif isinstance(y, np.ma.MaskedArray):  # the network predicts each step
            targets = targets[..., np.newaxis]
        return targets, n_outputs, {"_target_shape": y.shape[1:]}

    def _split_validation(self, samples, settings, seed):
        """Return the training samples, and the last samples for validation."""
        fraction, gap = settings["validation_fraction"], settings["validation_gap"]
        n_validation = max(1, math.ceil(len(samples) * fraction))
        n_train = len(samples) - n_validation - gap
        if n_train < 1:
            raise ValueError(
                "early_stopping must leave samples to train on: got "
                f"{len(samples)} samples, of which {n_validation} are held out "
                f"(validation_fraction={fraction}) and {gap} left out "
                f"(validation_gap={gap}). Use more samples, or lower "
                "validation_fraction or validation_gap."
            )
        validation = samples.select(slice(len(samples) - n_validation, None))
        return samples.select(slice(0, n_train)), validation

    def partial_fit(self, X, y, sample_weight=None):
        """Train for one more epoch, from the current weights.

        Parameters
        ----------
        X, y, sample_weight : array-like
            Windows, targets and weights, as for `fit`.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        return self._fit_one_epoch(X, y, sample_weight)

    def predict(self, X):
        """Predict the target of each window.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Unless `missing` is "mask", missing history
            (NaN in every feature of the first steps) is filled with the first known
            step, and a warning is issued.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            Predictions, in the shape of the y given to `fit`. With `quantiles`, they
            are the medians.
        """
        predicted = self._raw_predict(X)
        quantiles = self._network_param("quantiles")
        if quantiles is not None:
            predicted = predicted[..., quantiles.index(0.5)]
        return predicted.reshape(len(predicted), *self._target_shape)

    def _build_graph(self, context):
        """Return the predictions as a graph for `export`.

        With ``context.quantiles``, these are all quantiles instead of the medians.
        """
        quantiles = self._network_param("quantiles")
        target_shape = self._target_shape
        if context.quantiles:
            graph = super()._build_graph(context)
            return replace(graph, metadata={"quantiles": [float(q) for q in quantiles]})

        def predict(raw):
            median = raw if quantiles is None else raw[..., quantiles.index(0.5)]
            return context.ops.reshape(median, (-1, *target_shape))

        return super()._build_graph(context).then(predict)

    @available_if(lambda self: self._network_param("quantiles") is not None)
    def predict_quantiles(self, X):
        """Predict the quantiles of the target of each window.

        Available if the network was fitted with `quantiles`.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.

        Returns
        -------
        y : ndarray of shape (n_samples, n_outputs, n_quantiles), float64
            Predicted quantiles, in the order of `quantiles`. No quantile is lower than
            the one before it.
        """
        return self._raw_predict(X)

    # Replaces the `score` of scikeras.
    score = with_step_score(with_plain_target(RegressorMixin.score))

    def __sklearn_tags__(self):
        """Return the tags of scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        # The common checks train for few epochs, on rows that are not windows.
        tags.regressor_tags = RegressorTags(poor_score=True)
        tags.target_tags.multi_output = True
        return tags
