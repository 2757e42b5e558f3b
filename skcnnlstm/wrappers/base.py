"""Implement fit, partial_fit and predict for regressors and classifiers."""

import copy
import itertools
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnnlstm import training
from skcnnlstm._utils.calls import check_calls
from skcnnlstm._utils.data_warnings import (
    warn_about_excluded_samples,
    warn_about_scale,
    warn_about_shuffling,
    warn_about_slow_kernel,
)
from skcnnlstm._utils.export_graph import ExportGraph
from skcnnlstm._utils.introspection import NetworkReprMixin
from skcnnlstm._utils.sklearn_callbacks import (
    CallbackSupportMixin,
    epoch_reporter,
    with_callbacks,
)
from skcnnlstm._utils.validation import (
    backfill,
    check_windows,
    count_missing_history,
    describe_filled_samples,
    to_plain,
)
from skcnnlstm._utils.warnings import warn
from skcnnlstm.wrappers.assemble import build_masked_network
from skcnnlstm.wrappers.auto_training import resolve_training
from skcnnlstm.wrappers.fit_data import FitData, read_windows, usable_rows
from skcnnlstm.wrappers.fit_plan import FitPlan
from skcnnlstm.wrappers.per_step import (
    check_step_settings,
    check_step_target,
    count_steps,
    known_values,
    step_weights,
    with_known_step,
)
from skcnnlstm.wrappers.settings import (
    as_list,
    batch_size,
    check_settings,
    checkpoint_settings,
    draw_seed,
    optimizer_settings,
)
from skcnnlstm.wrappers.signature import DeclaredParametersMixin
from skcnnlstm.wrappers.standardization import (
    fit_standardization,
    restore_targets,
    standardize_targets,
    standardized_network,
)
from skcnnlstm.wrappers.transfer import freeze, match_pretrained


@check_calls
class BaseHybrid(DeclaredParametersMixin, NetworkReprMixin, CallbackSupportMixin):
    """Base class of HybridRegressor and HybridClassifier."""

    # Whether `predict` accepts another length of the first time axis than `fit`.
    _variable_first_axis = False
    # The smallest value of batch_size="auto" with epochs="auto".
    _min_batch_size = 16

    __repr__ = BaseEstimator.__repr__

    def __sklearn_tags__(self):
        """Return the tags of scikit-learn."""
        # The tags of scikeras 0.13 hide the type of the estimator.
        tags = BaseEstimator.__sklearn_tags__(self)
        tags.target_tags.required = True
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing == "mask"
        return tags

    def _merged_params(self):
        """Return the parameters; `model__name` and `fit__name` replace `name`."""
        return self.get_params() | self._routed("model") | self._routed("fit")

    def _fit_settings(self):
        """Return the validated parameters of one fit."""
        return check_step_settings(check_settings(self._merged_params()))

    # ----------------------------------------------------------------------- fit

    @with_callbacks
    def fit(self, X, y, sample_weight=None):
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, window_length, ...)
            Windows. The docstring of the class lists the accepted shapes. Unless
            `missing` is "mask", samples with missing history (NaN in every feature of
            the first steps) are left out.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of a regressor, or class labels of a classifier. With
            ``per_step=True``, the shape is `(n_samples, window_length)`, and a missing
            value marks an unknown step.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the samples. Samples of weight zero are left out.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If parameters, windows or targets are invalid, or if the loss becomes
            infinite or NaN. The estimator is unchanged in this case.
        """
        settings = self._fit_settings()
        resume = settings["warm_start"]
        return self._fit(X, y, sample_weight, settings, resume=resume, report=True)

    def initialize(self, X, y):
        """Draw initial weights for the shapes of X and y, without training.

        As in `fit`, a linear skip gets the weights of a ridge regression on X and y.

        Parameters
        ----------
        X, y : array-like
            Windows and targets, as for `fit`.

        Returns
        -------
        self : estimator
            The initialized estimator.
        """
        return self._fit(X, y, None, self._partial_settings(0), is_partial=True)

    def _fit_one_epoch(self, X, y, sample_weight, classes=None):
        """Train for one more epoch; implements `partial_fit`."""
        history = {}
        if self.__sklearn_is_fitted__():
            X = to_plain(X)
            self._check_shape(check_windows(X, estimator=self), X)
            history = self.history_
        settings = self._partial_settings(1)
        self._fit(
            X, y, sample_weight, settings, is_partial=True, resume=True, classes=classes
        )
        self.history_ = {
            name: [*history.get(name, ()), *values]
            for name, values in self.history_.items()
        }
        return self

    def _partial_settings(self, epochs):
        """Return the settings of a fit that trains for exactly `epochs` epochs."""
        changes = {"epochs": epochs, "early_stopping": False, "checkpoint": None}
        return self._fit_settings() | changes

    def _fit(
        self,
        X,
        y,
        sample_weight,
        settings,
        *,
        is_partial=False,
        resume=False,
        classes=None,
        report=False,
    ):
        """Validate the data, train, and set the fitted attributes, in this order.

        The estimator does not change before training has succeeded. `is_partial` is
        true for `partial_fit` and `initialize`. With `resume`, a fitted estimator
        continues from its weights. `classes` holds all class labels; None uses the
        labels in `y`. With `report`, scikit-learn callbacks receive the progress.
        """
        resume = resume and self.__sklearn_is_fitted__()
        seed = self._seed if resume else draw_seed(settings["random_state"])
        data = self._prepare_data(settings, X, y, sample_weight, classes)
        settings = self._resolve_training(settings, data)
        tasks = epoch_reporter(self, settings["epochs"]) if report else None
        continues = resume and self._continues(settings, data)
        data, constants = self._standardize(settings, data, continues)
        settings, start = self._prepare_start(settings, data, continues)
        plan = self._plan_fit(settings, data, seed, resume, is_partial)
        fitted_attributes = partial(plan.fitted_attributes, data, constants)
        if tasks:
            weight = None if sample_weight is None else data.weight
            tasks.begin(
                lambda: data.training_windows(X),
                lambda: data.y,
                weight,
                fitted_attributes,
            )

        samples, validation = data.samples, None
        if settings["early_stopping"]:
            samples, validation = self._split_validation(samples, settings, plan.seed)
        if not is_partial:
            self._warn_about_mistakes(settings, data)
        trained = training.train(
            plan.program_spec,
            samples,
            plan.schedule(settings, samples, tasks, start),
            validation=validation,
            start=plan.initial_state,
            checkpoint=plan.checkpoint,
        )
        if settings["retrains"] and not continues and not plan.callbacks:
            trained = self._retrain(trained, settings, data, plan)

        vars(self).pop("feature_names_in_", None)
        vars(self).update(fitted_attributes(trained))
        if tasks:
            tasks.end(fitted_attributes(trained))
        return self

    def _resolve_training(self, settings, data):
        """Return the settings, with "auto" replaced in the training parameters."""
        horizon = self._horizon(settings, data)
        resolved = resolve_training(
            settings, len(data.samples), self._min_batch_size, horizon
        )
        return settings | resolved._asdict()

    def _continues(self, settings, data):
        """Return whether a new fit has the fitted network.

        The targets must also have the fitted shape, or the fitted classes.
        """
        args = self._build_network_args(
            self._with_fitted_form(settings), data.X.shape[1:], data.n_outputs
        )
        network = training.build_network_json(*freeze(args, settings["frozen"]))
        return network == self._network and self._has_targets(data.target_attributes)

    def _with_fitted_form(self, settings):
        """Return the settings unchanged.

        HybridRegressor overrides this method. The override replaces `linear_skip=True`
        by the fitted form of the linear skip, "shared" or "joint".
        """
        return settings

    def _has_targets(self, target_attributes):
        """Return whether the fitted attributes have the values in `target_attributes`.

        `target_attributes` is a dict by attribute name.
        """
        return all(
            np.array_equal(value, getattr(self, name))
            for name, value in target_attributes.items()
        )

    def _standardize(self, settings, data, continues):
        """Return standardized data, and the means and scales that were used.

        With `continues`, these are the means and scales of the previous fit. If the fit
        uses no means and scales, return the unchanged data and an empty dict.
        """
        if continues:
            constants = self._constants
        elif settings["standardize"]:
            constants = self._fit_constants(settings, data)
        else:
            constants = {}
        if constants:
            samples = copy.copy(data.samples)
            samples.mean, samples.scale = constants["x_mean"], constants["x_scale"]
            samples.y = standardize_targets(samples.y, constants)
            data = data._replace(samples=samples)
        return data, constants

    def _fit_constants(self, settings, data):
        """Return the means and scales of the features."""
        _, n_features = self._count_columns(data.X)
        return fit_standardization(data.X, data.rows, n_features=n_features)

    def _count_columns(self, X):
        """Return the number of cells per time step, and of features per cell.

        Only grids have more than one cell.
        """
        return 1, X.shape[-1] if X.ndim > 2 else 1

    def _prepare_start(self, settings, data, continues):
        """Return the settings, and a dict of initial weights by layer name.

        Layers that are not in the dict start from new weights.
        """
        return settings, {}

    def _restart(self, settings, data):
        """Return the initial weights for `_retrain`, as a dict by layer name."""
        return {}

    def _horizon(self, settings, data):
        """Return the number of steps that y reaches ahead; None for a classifier."""
        return None

    def _retrain(self, trained, settings, data, plan):
        """Train again on all samples, for `trained.best_epoch` epochs.

        Return `trained` with the weights of this second training.
        """
        start = self._restart(settings, data)
        without = settings | {"early_stopping": False, "compares_initial": False}
        again = plan.schedule(without, data.samples, None, start, trained.best_epoch)
        result = training.train(plan.program_spec, data.samples, again)
        return trained._replace(weights=result.weights, slots=result.slots)

    # ---------------------------------------------------------------- data of a fit

    def _prepare_data(self, settings, X, y, sample_weight, classes):
        """Validate the data of a fit and select the samples to train on."""
        feature_attributes, X = read_windows(self, X)
        per_step = settings.get("per_step", False)
        if per_step:
            steps = len(X), count_steps(X.shape[1:])
            y = check_step_target(y, steps, estimator=self)
        else:
            y = self._check_target(y, X)
        rows, weight = usable_rows(
            self._flatten_steps(X),
            sample_weight,
            allow_nan=settings["missing"] == "mask",
        )
        if per_step:
            rows, weight = with_known_step(y, rows, weight)
        y = y[rows]
        encoded, n_outputs, target_attributes = self._encode_target(
            y, settings["loss"], classes
        )
        total_weight = step_weights(y, weight) if per_step else weight
        if settings.get("class_weight") is not None:
            class_weight = np.zeros(y.shape, np.float32)
            class_weight[~np.ma.getmaskarray(y)] = compute_sample_weight(
                settings["class_weight"], known_values(y)
            )
            total_weight = total_weight * class_weight
        samples = training.Samples(X, encoded, total_weight, rows)
        return FitData(
            feature_attributes,
            X,
            y,
            rows,
            weight,
            samples,
            n_outputs,
            target_attributes,
        )

    def _flatten_steps(self, X):
        """Return X with all values of a time step on one axis.

        Architectures for images or grids override this method.
        """
        return X

    def _warn_about_mistakes(self, settings, data):
        """Warn about input that is valid but probably a mistake."""
        warn_about_excluded_samples(data.X, data.rows)
        target = None if is_classifier(self) else data.y
        if not settings["standardize"]:
            norm = settings.get("instance_norm")
            warn_about_scale(data.X, target, data.rows, norm)
        warn_about_shuffling(data.X)
        if training.on_gpu():
            warn_about_slow_kernel(settings)

    # ---------------------------------------------------------------- plan of a fit

    def _plan_fit(self, settings, data, seed, resume, is_partial):
        """Return the plan of a fit: its network, initial state and checkpoint."""
        network_args = self._build_network_args(
            settings, data.X.shape[1:], data.n_outputs
        )
        network_args = freeze(network_args, settings["frozen"])
        spec, rate = self._build_program_spec(settings, network_args, data.samples)
        initial_state = None
        if resume:
            initial_state = self._fitted_state(
                spec, data.target_attributes, required=is_partial
            )
        epochs_done = self._epochs_done if initial_state else 0
        pretrained = {}
        if initial_state is None:
            pretrained = match_pretrained(
                settings["pretrained"], spec, settings["frozen"]
            )
        callbacks = training.prepare_callbacks(
            settings["callbacks"], self._routed("callbacks")
        )
        checkpoint = None
        if settings["checkpoint"] is not None:
            new_seed = settings["random_state"] is None and not resume
            facts = itertools.chain(
                [type(self).__name__, rate, epochs_done],
                checkpoint_settings(settings),
                [None if new_seed else seed],
                training.facts_of(spec, data.samples, callbacks, initial_state),
                itertools.chain.from_iterable(pretrained.values()),
            )
            checkpoint = training.Checkpoint(
                settings["checkpoint"], facts, seed, drawn=new_seed
            )
            seed = checkpoint.seed
        pretrained_layers = list(pretrained)
        if initial_state:
            pretrained_layers = self.pretrained_layers_
        return FitPlan(
            network_args,
            spec,
            rate,
            seed,
            initial_state,
            epochs_done,
            callbacks,
            checkpoint,
            pretrained,
            pretrained_layers,
        )

    def _build_network_args(self, settings, input_shape, n_outputs):
        """Return the arguments of `build_network_json`."""
        params = {name: settings[name] for name in self._network_names}
        params = self._resolve_auto(params, input_shape)
        params |= {"build": self._build, "missing": settings["missing"]}
        return build_masked_network, input_shape, n_outputs, params

    def _network_param(self, name):
        """Return the fitted value of a parameter; before `fit`, the current value."""
        if hasattr(self, "_network_args"):
            return self._network_args[3][name]
        return getattr(self, name)

    def _resolve_auto(self, params, input_shape):
        """Return the builder parameters; an override may replace "auto" in them."""
        return params

    def _build_program_spec(self, settings, network_args, samples):
        """Return the specification of the training program, and the learning rate."""
        routed = self._routed("optimizer")
        optimizer, rate = training.serialize_optimizer(
            settings["optimizer"],
            optimizer_settings(settings, routed, self._defaults()),
        )
        if rate is None and settings["plateau_patience"] is not None:
            raise ValueError(
                "plateau_patience must be None if the learning rate is not a number: "
                f"got plateau_patience={settings['plateau_patience']}. Set "
                "plateau_patience=None, or set learning_rate to a number."
            )
        spec = training.ProgramSpec(
            network=training.build_network_json(*network_args),
            loss=training.serialize_loss(settings["loss"], self._routed("loss")),
            optimizer=optimizer,
            metrics=tuple(map(training.serialize_metric, as_list(settings["metrics"]))),
            target_dtype=str(samples.y.dtype),
            step_weights=samples.weight.ndim > 1,
            large_batches=batch_size(settings, samples) > training.MAX_SMALL_BATCH,
        )
        return spec, rate

    def _fitted_state(self, spec, target_attributes, *, required):
        """Return the fitted state, from which a fit continues.

        A fit cannot continue with another network, or with targets of another shape or
        other classes. In this case, raise ValueError if `required` is true; otherwise,
        warn and return None.
        """
        same_target = self._has_targets(target_attributes)
        if spec.network != self._network or not same_target:
            if required:
                raise ValueError(
                    "partial_fit must continue with the fitted network: got other "
                    "network parameters, or another number of targets. Call fit to "
                    "train a new network."
                )
            warn(
                "warm_start has no effect on this fit, which starts with new weights: "
                "the network, the number of targets or the classes in y have changed "
                "since the previous fit. Set warm_start=False if this is intended."
            )
            return None
        same_optimizer = spec.optimizer.description == self._optimizer
        slots = self._slots if same_optimizer else None
        return training.TrainingResult(self._weights, slots, {})

    # ------------------------------------------------------------------- predict

    def _raw_predict(self, X):
        """Return the output of the network in the units of y, as float64."""
        check_is_fitted(self)
        network, X = self._network_for(X)
        if "weights" not in self._cache:
            self._cache["weights"] = training.copy_weights_to_device(self._weights)
        output = self._compute_output(network, self._cache["weights"], X)
        return restore_targets(output, self._constants)

    @property
    def _predicts_steps(self):
        """Whether the fitted network predicts each step of a window."""
        return self._network_args[3].get("per_step", False)

    def _network_for(self, X):
        """Return the network that accepts X, and X as a validated array."""
        X = to_plain(X)
        windows = check_windows(X, estimator=self)
        if self._check_shape(windows, X):
            return self._network, windows
        build, _, n_outputs, params = self._network_args
        args = build, windows.shape[1:], n_outputs, params
        return training.build_network_json(
            *args, custom_objects=self._custom_objects
        ), windows

    def _check_shape(self, windows, X):
        """Return whether the samples have the fitted shape, or raise ValueError.

        The result is False if only the number of subsequences or frames differs, and
        the network accepts another number. Any other difference raises ValueError.
        """
        fitted, actual = self._network_args[1], windows.shape[1:]
        if len(fitted) == len(actual) == 1:
            validate_data(self, X, reset=False, skip_check_array=True)
            return True
        if fitted == actual:
            return True
        params = self._network_args[3]
        one_output = not (params.get("linear_skip") or self._predicts_steps)
        if self._variable_first_axis and one_output:
            if len(actual) > 2 and actual[1:] == fitted[1:]:
                return False
        raise ValueError(
            f"X has samples of shape {actual}, but {type(self).__name__} is expecting "
            f"samples of shape {fitted}, as in fit. Build the windows as for fit, or "
            "fit again."
        )

    def _compute_output(self, network, weights, X):
        """Return the output of a network for X; warn if missing history is filled."""
        allow_nan = self._network_param("missing") == "mask"
        missing = count_missing_history(self._flatten_steps(X), allow_nan=allow_nan)
        if missing.any():
            warn(describe_filled_samples(missing))
        constants = self._constants

        def prepare(chunk, rows):
            if constants:
                chunk[...] = (X[rows] - constants["x_mean"]) / constants["x_scale"]
            backfill(self._flatten_steps(chunk), missing[rows])

        change = prepare if constants or missing.any() else None
        return training.predict(network, weights, X, change, self._custom_objects)

    def _layer_output(self, name, X):
        """Return the output of the layer `name` for X."""
        check_is_fitted(self)
        network, X = self._network_for(X)
        text, weights = training.truncate_network(
            network, self._weights, name, self._custom_objects
        )
        return self._compute_output(text, training.copy_weights_to_device(weights), X)

    def _build_graph(self, context):
        """Return the network's output as a graph for `export`."""
        model = self._build_model(**context.network_options)
        return ExportGraph(
            lambda windows: model(windows, training=False),
            shape=self._network_args[1],
            networks=[model],
            reads_missing=self._network_param("missing") == "mask",
        )

    @property
    def _custom_objects(self):
        """User-defined functions and classes in the network, by registered name.

        These are the objects that were registered during `fit`, even if the names have
        been registered again since. Copied and loaded estimators look up the names
        again.
        """
        if "custom_objects" not in self._cache:
            self._cache["custom_objects"] = training.find_registered(self._network)
        return self._cache["custom_objects"]

    @property
    def model_(self):
        """The fitted network as a `keras.Model`; `predict` ignores changes to it."""
        check_is_fitted(self)
        if "model" not in self._cache:
            self._cache["model"] = self._build_model()
        return self._cache["model"]

    def _build_model(self, **options):
        """Return the fitted network as a model that includes the standardization."""
        text, objects = self._network, self._custom_objects
        if self._constants:
            text = standardized_network(text, self._constants, objects)
        model = training.network_from_json(text, objects, **options)
        model.set_weights(self._weights)
        return model

    @property
    def initialized_(self):
        """Whether the estimator has weights."""
        return self.__sklearn_is_fitted__()

    def __sklearn_is_fitted__(self):
        """Return whether the estimator has weights."""
        return hasattr(self, "_weights")

    # --------------------------------------------------------------- pickle and clone

    def __getstate__(self):
        """Return the state without cached objects."""
        state = super().__getstate__()
        state = state | {"loss": training.split_loss(state["loss"])}
        return state | {"_cache": {}} if "_cache" in state else state

    def __setstate__(self, state):
        """Restore the state."""
        state = state | {"loss": training.join_loss(state["loss"])}
        super().__setstate__(state)

    def __sklearn_clone__(self):
        """Return an unfitted copy, which refers to the same `pretrained` object."""
        parts = training.split_loss(self.loss)
        if parts is self.loss and self.pretrained is None:
            return super().__sklearn_clone__()
        unfitted = copy.copy(self)
        unfitted.pretrained = None
        if parts is not self.loss:
            # Keras 3.15 copies a loss object by its config, which can lack settings.
            unfitted.loss = "mse"
        unfitted = super(BaseHybrid, unfitted).__sklearn_clone__()
        unfitted.pretrained = self.pretrained
        if parts is not self.loss:
            unfitted.loss = training.join_loss(copy.deepcopy(parts))
        return unfitted
