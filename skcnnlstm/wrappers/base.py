"""Hybrid: what regressors and classifiers do alike, from fit to predict."""

from __future__ import annotations

import copy
import itertools
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnnlstm import training
from skcnnlstm._utils.calls import check_calls
from skcnnlstm._utils.diagnostics import (
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
from skcnnlstm._utils.validation import backfill, check_windows, count_missing_history
from skcnnlstm._utils.warnings import warn
from skcnnlstm.wrappers.assemble import build_marked
from skcnnlstm.wrappers.fit_data import FitData, read_windows, usable_rows
from skcnnlstm.wrappers.fit_plan import FitPlan
from skcnnlstm.wrappers.settings import (
    as_list,
    check_settings,
    deciding,
    draw_seed,
    optimizer_settings,
)
from skcnnlstm.wrappers.signature import TakesParameters


@check_calls
class Hybrid(TakesParameters, NetworkReprMixin, CallbackSupportMixin):
    """All that regressor and classifier share; think twice before adding to it."""

    # Whether X of other lengths along its first time axis may be predicted.
    _open_first_axis = False

    __repr__ = BaseEstimator.__repr__

    def __sklearn_tags__(self):
        """Return scikit-learn's tags; those of scikeras hide the estimator's type."""
        tags = BaseEstimator.__sklearn_tags__(self)
        tags.target_tags.required = True
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing == "mask"
        return tags

    def _given(self):
        """Return the parameters after routing, as they were given."""
        return self.get_params() | self._routed("model") | self._routed("fit")

    def _settings(self):
        """Return the parameters after routing, checked."""
        return check_settings(self._given())

    # ----------------------------------------------------------------------- fit

    @with_callbacks
    def fit(self, X, y, sample_weight=None):
        """Train the network.

        Parameters
        ----------
        X : array-like
            Windows; see the class for their shapes. Samples whose history begins
            with missing steps (NaN in every feature) are left out, unless `missing`
            is "mask".
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; labels for a classifier.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights; samples of weight zero are left out.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If parameters, windows or targets do not fit together, or the loss does
            not stay finite. The estimator is then as it was before.
        """
        settings = self._settings()
        tasks = epoch_reporter(self, settings["epochs"])
        resume = settings["warm_start"]
        return self._fit(X, y, sample_weight, settings, resume=resume, tasks=tasks)

    def initialize(self, X, y):
        """Draw fresh weights for data of this shape, without training.

        Parameters
        ----------
        X, y : array-like
            As for `fit`.

        Returns
        -------
        self : estimator
        """
        return self._fit(X, y, None, self._settings_of_part(0), whole=False)

    def _continue(self, X, y, sample_weight, classes=None):
        """Train one more epoch, for `partial_fit`."""
        earlier = {}
        if self.__sklearn_is_fitted__():
            self._check_shape(check_windows(X, estimator=self), X)
            earlier = self.history_
        settings = self._settings_of_part(1)
        self._fit(
            X, y, sample_weight, settings, whole=False, resume=True, classes=classes
        )
        self.history_ = {
            name: [*earlier.get(name, ()), *values]
            for name, values in self.history_.items()
        }
        return self

    def _settings_of_part(self, epochs):
        """Return the settings of so many epochs that are not a fit by themselves."""
        part = {"epochs": epochs, "early_stopping": False, "checkpoint": None}
        return self._settings() | part

    def _fit(
        self,
        X,
        y,
        sample_weight,
        settings,
        *,
        whole=True,
        resume=False,
        classes=None,
        tasks=None,
    ):
        """Read, set the course, train, keep; nothing is changed before the last.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.
        settings : dict
            Of this fit, checked.
        whole : bool
            Whether this is `fit`, not a part of one.
        resume : bool
            Whether to go on from the present weights, where there are any.
        classes : array-like or None
            All labels, where `y` need not hold each.
        tasks : EpochReporter or None
            Are told of the fit.
        """
        resume = resume and self.__sklearn_is_fitted__()
        seed = self._seed if resume else draw_seed(settings["random_state"])
        read = self._read(settings, X, y, sample_weight, classes)
        course = self._course(settings, read, seed, resume=resume, whole=whole)
        learned = partial(course.learned, read)
        if tasks:
            weight = None if sample_weight is None else read.weight
            tasks.begin(lambda: read.used(X), lambda: read.y, weight, learned)

        samples, validation = read.samples, None
        if settings["early_stopping"]:
            samples, validation = self._hold_out(samples, settings, course.seed)
        if whole:
            self._warn_of_mistakes(settings, read)
        trained = training.train(
            course.recipe,
            samples,
            course.schedule(settings, samples, tasks),
            validation=validation,
            start=course.start,
            checkpoint=course.checkpoint,
        )

        vars(self).pop("feature_names_in_", None)
        vars(self).update(learned(trained))
        if tasks:
            tasks.end(learned(trained))
        return self

    # --------------------------------------------------------- what a fit is given

    def _read(self, settings, X, y, sample_weight, classes):
        """Check what came in, and make it samples."""
        names, X = read_windows(self, X)
        y = self._check_target(y, X)
        rows, weight = usable_rows(
            self._as_steps(X), sample_weight, allow_nan=settings["missing"] == "mask"
        )
        y = y[rows]
        codes, n_outputs, about_target = self._encode(y, settings["loss"], classes)
        balanced = weight
        if settings.get("class_weight") is not None:
            balance = compute_sample_weight(settings["class_weight"], y)
            balanced = weight * balance.astype(np.float32)
        samples = training.Samples(X, codes, balanced, rows)
        return FitData(names, X, y, rows, weight, samples, n_outputs, about_target)

    def _as_steps(self, X):
        """View X with all time axes before the last one, which is a step."""
        return X

    def _warn_of_mistakes(self, settings, read):
        """Warn of use that is seldom meant."""
        warn_about_excluded_samples(read.X, read.rows)
        target = None if is_classifier(self) else read.y
        norm = settings.get("instance_norm")
        warn_about_scale(read.X, target, read.rows, norm)
        warn_about_shuffling(read.X)
        if training.on_gpu():
            warn_about_slow_kernel(settings)

    # ------------------------------------------------------------- how a fit goes

    def _course(self, settings, read, seed, *, resume, whole):
        """Return what is trained, and from where."""
        plan = self._plan_network(settings, read.X.shape[1:], read.n_outputs)
        recipe, rate = self._recipe(settings, plan, str(read.samples.y.dtype))
        start = None
        if resume:
            start = self._present(recipe, read.about_target, needed=not whole)
        done = self._epochs_done if start else 0
        callbacks = training.prepare_callbacks(
            settings["callbacks"], self._routed("callbacks")
        )
        checkpoint = None
        if settings["checkpoint"] is not None:
            drawn = settings["random_state"] is None and not resume
            facts = itertools.chain(
                [type(self).__name__, rate, done, *deciding(settings)],
                [None if drawn else seed],
                training.facts_of(recipe, read.samples, callbacks, start),
            )
            checkpoint = training.Checkpoint(settings["checkpoint"], facts, seed)
            seed = checkpoint.seed
        return FitPlan(plan, recipe, rate, seed, start, done, callbacks, checkpoint)

    def _plan_network(self, settings, input_shape, n_outputs):
        """Return the arguments of `build_network_json`."""
        params = {name: settings[name] for name in self._network_names}
        params = self._resolve(params, input_shape)
        params |= {"build": self._build, "missing": settings["missing"]}
        return build_marked, input_shape, n_outputs, params

    def _network_param(self, name):
        """Return a parameter of the fitted network; before `fit`, the one set."""
        return self._plan[3][name] if hasattr(self, "_plan") else getattr(self, name)

    def _resolve(self, params, input_shape):
        """Replace "auto" in an architecture's parameters, where it has any."""
        return params

    def _recipe(self, settings, plan, target_dtype):
        """Return what decides the program, and the learning rate."""
        routed = self._routed("optimizer")
        optimizer, rate = training.serialize_optimizer(
            settings["optimizer"],
            optimizer_settings(settings, routed, self._defaults()),
        )
        if rate is None and settings["plateau_patience"] is not None:
            raise ValueError(
                "plateau_patience must be None where the optimizer has no learning "
                f"rate that is a number: got {settings['plateau_patience']}. Set "
                "plateau_patience=None, or a learning_rate."
            )
        recipe = training.ProgramSpec(
            network=training.build_network_json(*plan),
            loss=training.serialize_loss(settings["loss"], self._routed("loss")),
            optimizer=optimizer,
            metrics=tuple(map(training.serialize_metric, as_list(settings["metrics"]))),
            target_dtype=target_dtype,
        )
        return recipe, rate

    def _present(self, recipe, about_target, *, needed):
        """Return the state to go on from, or None where it is of another network."""
        same_target = all(
            np.array_equal(value, getattr(self, name))
            for name, value in about_target.items()
        )
        if recipe.network != self._network or not same_target:
            if needed:
                raise ValueError(
                    "partial_fit must go on with the network and the targets that it "
                    "has: got other parameters of the network, or targets of another "
                    "width. Call fit to start anew."
                )
            warn(
                "warm_start begins anew: the network or the classes are not those of "
                "the fit before."
            )
            return None
        same_optimizer = recipe.optimizer.description == self._optimizer
        slots = self._slots if same_optimizer else None
        return training.TrainingResult(self._weights, slots, {})

    # ------------------------------------------------------------------- predict

    def _raw_predict(self, X):
        """Return the network's output, (n_samples, n_outputs) in float64."""
        check_is_fitted(self)
        network, X = self._network_for(X)
        return self._run(network, self._weights_on_device(), X)

    def _network_for(self, X):
        """Check X, and return the network that reads it and X as an array."""
        windows = check_windows(X, estimator=self)
        if self._check_shape(windows, X):
            return self._network, windows
        build, _, n_outputs, params = self._plan
        plan = build, windows.shape[1:], n_outputs, params
        return training.build_network_json(*plan, custom_objects=self._own), windows

    def _check_shape(self, windows, X):
        """Raise unless X has the fitted shape; tell whether to the last axis."""
        fitted, given = self._plan[1], windows.shape[1:]
        if len(fitted) == len(given) == 1:
            validate_data(self, X, reset=False, skip_check_array=True)
            return True
        if fitted == given:
            return True
        open_axis = self._open_first_axis and not self._plan[3].get("linear_skip")
        if open_axis and len(given) == 3 and given[1:] == fitted[1:]:
            return False
        raise ValueError(
            f"X has samples of shape {given}, but {type(self).__name__} is expecting "
            f"samples of shape {fitted}, as in fit. Make the windows in the same way, "
            "or fit again."
        )

    def _run(self, network, weights, X):
        allow_nan = self._network_param("missing") == "mask"
        missing = count_missing_history(self._as_steps(X), allow_nan=allow_nan)
        fill = None
        if missing.any():
            warn(
                f"{np.count_nonzero(missing)} of {len(X)} samples have no full "
                "history: their missing first steps are filled with their first known "
                "one."
            )

            def fill(chunk, rows):
                backfill(self._as_steps(chunk), missing[rows])

        return training.predict(network, weights, X, fill, self._own)

    def _weights_on_device(self):
        if "weights" not in self._made:
            self._made["weights"] = training.copy_weights_to_device(self._weights)
        return self._made["weights"]

    def _layer_output(self, name, X):
        """Return what the layer `name` gives for X."""
        check_is_fitted(self)
        network, X = self._network_for(X)
        text, weights = training.truncate_network(
            network, self._weights, name, self._own
        )
        return self._run(text, training.copy_weights_to_device(weights), X)

    def _build_graph(self, context):
        """Return the network's output as a graph for `export`."""
        model = training.network_from_json(self._network, self._own, fast=True)
        model.set_weights(self._weights)
        return ExportGraph(
            lambda windows: model(windows, training=False),
            shape=self._plan[1],
            networks=[model],
            reads_missing=self._network_param("missing") == "mask",
        )

    @property
    def _own(self):
        """The user's own functions and classes in the network, by name.

        Those of the fit, whatever is registered by their names later. What those read
        (globals, closures) is read when a prediction is made. A copy and another
        process look the names up again.
        """
        if "own" not in self._made:
            self._made["own"] = training.registered_in(self._network)
        return self._made["own"]

    @property
    def model_(self):
        """The fitted network as a `keras.Model` of this estimator's own."""
        check_is_fitted(self)
        if "model" not in self._made:
            model = training.network_from_json(self._network, self._own)
            model.set_weights(self._weights)
            self._made["model"] = model
        return self._made["model"]

    @property
    def initialized_(self):
        """Whether the estimator has weights."""
        return self.__sklearn_is_fitted__()

    def __sklearn_is_fitted__(self):
        """Tell whether the estimator has weights."""
        return hasattr(self, "_weights")

    def __getstate__(self):
        """Return the state without what was made on first use; a loss in parts."""
        state = super().__getstate__()
        state = state | {"loss": training.split_loss(state["loss"])}
        return state | {"_made": {}} if "_made" in state else state

    def __setstate__(self, state):
        """Take a state, put its loss together."""
        state = state | {"loss": training.join_loss(state["loss"])}
        super().__setstate__(state)

    def __sklearn_clone__(self):
        """Return an unfitted copy, whose loss is the same to the last attribute."""
        parts = training.split_loss(self.loss)
        if parts is self.loss:
            return super().__sklearn_clone__()
        other = copy.copy(self)
        other.loss = "mse"  # for Keras' way to copy
        made = super(Hybrid, other).__sklearn_clone__()
        made.loss = training.join_loss(copy.deepcopy(parts))
        return made
