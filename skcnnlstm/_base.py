"""HybridRegressor and HybridClassifier: what every architecture's estimators share.

The only file that imports scikeras. Its wrappers are the base classes, so that code
written for `KerasRegressor` accepts ours; their build, fit, predict, parameters, tags
and repr are replaced, because they retrace every fit, switch TensorFlow's global
determinism on, and take any parameter name (scikeras 0.13.0).
"""

from __future__ import annotations

import inspect
import itertools
import math
import numbers
import os
import warnings
from functools import partial
from typing import NamedTuple

import numpy as np
from scikeras.wrappers import KerasClassifier, KerasRegressor
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnnlstm import _docs, training
from skcnnlstm._callbacks import CallbackSupportMixin, EpochTasks, with_callbacks
from skcnnlstm._inside import ShowsNetworks
from skcnnlstm._instance_norm import build_normalised
from skcnnlstm._missing import build_marked
from skcnnlstm._parameters import (
    AUTO_EPOCHS,
    classifier_parameters,
    declared_parameters,
    is_auto,
    is_known,
    regressor_parameters,
    training_parameters,
)
from skcnnlstm._quantiles import PinballLoss
from skcnnlstm._validation import (
    backfill,
    check_boolean,
    check_class_target,
    check_integer,
    check_missing,
    check_quantiles,
    check_real,
    check_regression_target,
    check_sample_weight,
    check_windows,
    missing_history,
)
from skcnnlstm.mistakes import (
    warn_of_long_windows,
    warn_of_scale,
    warn_of_slow_kernel,
)

_CLIPS = {"clipnorm", "clipvalue", "global_clipnorm"}


class _Read(NamedTuple):
    """What a fit was given, checked."""

    names: dict  # attributes that the columns of X give
    X: np.ndarray  # all windows
    y: np.ndarray  # targets of `rows`
    rows: np.ndarray  # the windows to learn from
    weight: np.ndarray  # of `rows`, as given
    samples: training.Samples
    n_outputs: int
    about_target: dict  # attributes that y gives


def _learned(read, plan, recipe, seed, done, trained):
    """Return the attributes that training leaves, after `done` epochs before it."""
    n_epochs = len(trained.history["loss"])
    return {
        **read.names,
        **read.about_target,
        "history_": trained.history,
        "n_epochs_": n_epochs,
        "_epochs_done": done + n_epochs,
        "_seed": seed,
        "_plan": plan,
        "_network": recipe.network,
        "_optimizer": recipe.optimizer.text,
        "_weights": trained.weights,
        "_slots": trained.slots,
        "_made": {},
    }


class _Hybrid(ShowsNetworks, CallbackSupportMixin):
    """All that regressor and classifier share; think twice before adding to it."""

    # Whether X of other lengths along its first time axis may be predicted.
    _open_first_axis = False

    def __init_subclass__(cls, build=None, defaults=None, **kwargs):
        """Compose signature and docstring from `build` and the shared parameters.

        `defaults` are the class's own for parameters that it shares with others; a
        routed name among them (optimizer__clipnorm) joins the signature, and is
        documented in the class.
        """
        super().__init_subclass__(**kwargs)
        if build is None:
            return
        cls._build = staticmethod(build)
        sources = (build, training_parameters, cls._own_parameters)
        declared = {}
        for source in sources:
            declared |= declared_parameters(source)
        defaults = defaults or {}
        for name, value in defaults.items():
            shared = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
            declared[name] = declared.get(name, shared).replace(default=value)
        cls._network_names = tuple(declared_parameters(build))

        def __init__(self, **params):
            self._assign(params)

        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        __init__.__signature__ = inspect.Signature([own, *declared.values()])
        __init__.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__init__ = __init__
        cls.__doc__ = _docs.compose(
            cls.__doc__,
            *(source.__doc__ for source in sources),
            names=declared,
            defaults=defaults,
        )

    # ---------------------------------------------------------------- parameters

    @classmethod
    def _defaults(cls):
        parameters = inspect.signature(cls.__init__).parameters.values()
        return {p.name: p.default for p in parameters if p.name != "self"}

    @classmethod
    def _get_param_names(cls):
        return sorted(cls._defaults())

    def _assign(self, params):
        defaults = self._defaults()
        for name in params:
            if not is_known(name, defaults):
                raise TypeError(
                    f"{type(self).__name__} got an unknown parameter {name!r}. Use "
                    f"one of {', '.join(defaults)}, or a routed name such as "
                    "optimizer__clipnorm."
                )
        for name, value in {**defaults, **params}.items():
            setattr(self, name, value)

    def get_params(self, deep=True):
        """Return the parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            No effect here: no parameter is an estimator.

        Returns
        -------
        params : dict
            Every parameter of the signature, and the routed names that were set.
        """
        params = {name: getattr(self, name) for name in self._get_param_names()}
        return params | {k: v for k, v in vars(self).items() if _is_routed(k)}

    def set_params(self, **params):
        """Set parameters; nothing is set if any name is unknown.

        Parameters
        ----------
        **params : dict
            Parameters of the signature, or routed names such as
            `optimizer__clipnorm`.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If a name is unknown.
        """
        known = self._defaults()
        for name in params:
            if not is_known(name, known):
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. Valid "
                    f"parameters are: {sorted(known)!r}."
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def _routed(self, prefix):
        """Return the settings that were routed to `prefix`."""
        return {
            name.removeprefix(f"{prefix}__"): value
            for name, value in vars(self).items()
            if name.startswith(f"{prefix}__")
        }

    def _settings(self):
        """Return the parameters after routing, checked."""
        settings = self.get_params() | self._routed("model") | self._routed("fit")
        settings["epochs"] = self._n_epochs(settings["epochs"])
        # As Python's own numbers: an int8 of a grid would overflow where it is used.
        lowest = {"epochs": 1, "patience": 0, "validation_gap": 0}
        if not _is_whole_set(settings["batch_size"]):
            lowest["batch_size"] = 1
        if not isinstance(settings["verbose"], bool):
            lowest["verbose"] = 0
        if settings["plateau_patience"] is not None:
            lowest["plateau_patience"] = 1
        for name, minimum in lowest.items():
            settings[name] = check_integer(name, settings[name], minimum=minimum)
        if settings["learning_rate"] is not None:
            rate = settings["learning_rate"]
            rate = check_real("learning_rate", rate, low=0, inclusive="neither")
            settings["learning_rate"] = rate
        for name in ("shuffle", "early_stopping", "keep_best", "warm_start"):
            settings[name] = check_boolean(name, settings[name])
        share = settings["validation_fraction"]
        settings["validation_fraction"] = check_real(
            "validation_fraction", share, low=0, high=1, inclusive="neither"
        )
        check_missing(settings["missing"])
        if not isinstance(settings["checkpoint"], str | os.PathLike | None):
            raise TypeError(
                "checkpoint must be a folder, by its path, or None: got "
                f"checkpoint={settings['checkpoint']!r}."
            )
        return settings

    def _n_epochs(self, epochs):
        """Return what `epochs` means."""
        return epochs

    __repr__ = BaseEstimator.__repr__

    def __sklearn_tags__(self):
        """Return scikit-learn's tags; those of scikeras hide the estimator's type."""
        tags = BaseEstimator.__sklearn_tags__(self)
        tags.target_tags.required = True
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing == "mask"
        return tags

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
        tasks = EpochTasks(self, self._settings()["epochs"])
        return self._fit(X, y, sample_weight, resume=self.warm_start, tasks=tasks)

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
        return self._fit(X, y, resume=False, epochs=0)

    def _continue(self, X, y, sample_weight, classes=None):
        """Train one more epoch, for `partial_fit`."""
        earlier = {}
        if self.__sklearn_is_fitted__():
            self._check_shape(check_windows(X, estimator=self), X)
            earlier = self.history_
        self._fit(X, y, sample_weight, resume=True, epochs=1, classes=classes)
        self.history_ = {
            name: [*earlier.get(name, ()), *values]
            for name, values in self.history_.items()
        }
        return self

    def _fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        resume,
        epochs=None,
        classes=None,
        tasks=None,
    ):
        """Train, from the present weights with `resume`; `epochs` overrides those set.

        Nothing is changed before training has ended well. `tasks` are told of it.
        """
        settings = self._settings()
        whole = epochs is None  # not one epoch, or none
        resume = resume and self.__sklearn_is_fitted__()
        seed = self._seed if resume else draw_seed(settings["random_state"])
        read = self._read(settings, X, y, sample_weight, classes)
        plan = self._plan_network(settings, read.X.shape[1:], read.n_outputs)
        recipe, rate = self._recipe(settings, plan, str(read.samples.y.dtype))
        start = None
        if resume:
            start = self._present(recipe, read.about_target, needed=epochs == 1)
        done = self._epochs_done if start else 0
        callbacks = training.prepare_callbacks(
            settings["callbacks"], self._routed("callbacks")
        )
        checkpoint = None
        if settings["checkpoint"] is not None and whole:
            drawn = settings["random_state"] is None and not resume
            facts = itertools.chain(
                [*self._facts(settings, rate, done), None if drawn else seed],
                training.facts_of(recipe, read.samples, callbacks, start),
            )
            checkpoint = training.Checkpoint(settings["checkpoint"], facts, seed)
            seed = checkpoint.seed

        attributes = partial(_learned, read, plan, recipe, seed, done)
        # Without callbacks the epochs are no tasks: a search keeps each of those.
        watched = tasks is not None and hasattr(self, "_skl_callbacks")
        if watched:
            tasks.begin(
                lambda: _used(X, read.X, read.rows),
                lambda: read.y,
                None if sample_weight is None else read.weight,
                attributes,
            )
        samples, validation = read.samples, None
        if settings["early_stopping"] and whole:
            samples, validation = self._hold_out(samples, settings, seed)
        if whole:
            self._warn_of_mistakes(settings, read.X, read.y, read.rows)
        schedule = training.Schedule(
            seed=seed,
            epochs=settings["epochs"] if whole else epochs,
            batch_size=_batch_size(settings, samples),
            shuffle=settings["shuffle"],
            learning_rate=rate,
            patience=None if validation is None else settings["patience"],
            plateau_patience=settings["plateau_patience"],
            keep_best=settings["keep_best"],
            first_epoch=done,
            callbacks=callbacks,
            verbose=settings["verbose"],
            watcher=tasks if watched else None,
        )
        trained = training.train(
            recipe,
            samples,
            schedule,
            validation=validation,
            start=start,
            checkpoint=checkpoint,
        )

        vars(self).pop("feature_names_in_", None)
        vars(self).update(attributes(trained))
        if watched:
            tasks.end(attributes(trained))
        return self

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
        return _Read(names, X, y, rows, weight, samples, n_outputs, about_target)

    def _facts(self, settings, rate, done):
        """Return the settings that decide a fit beside its recipe and its samples."""
        names = "epochs", "batch_size", "shuffle", "early_stopping", "keep_best"
        names += "validation_fraction", "validation_gap", "patience", "plateau_patience"
        return type(self).__name__, rate, done, *(settings[name] for name in names)

    def _warn_of_mistakes(self, settings, X, y, rows):
        """Warn of use that is seldom meant; from `fit`, by way of `_fit`."""
        warn_of_long_windows(len(X), len(rows), stacklevel=4)
        target = None if is_classifier(self) else y
        norm = settings.get("instance_norm")
        warn_of_scale(X, target, rows, norm, stacklevel=4)
        if training.on_gpu():
            warn_of_slow_kernel(settings, stacklevel=4)

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
            warnings.warn(
                "warm_start begins anew: the network or the classes are not those of "
                "the fit before.",
                stacklevel=5,  # over the decorator of `fit`
            )
            return None
        same_optimizer = recipe.optimizer.text == self._optimizer
        slots = self._slots if same_optimizer else None
        return training.Trained(self._weights, slots, {})

    def _recipe(self, settings, plan, target_dtype):
        """Return what decides the program, and the learning rate."""
        optimizer_settings = self._routed("optimizer")
        defaults = self._defaults().items()
        usual = {
            name
            for name, value in optimizer_settings.items()
            if value is None or (f"optimizer__{name}", value) in defaults
        }
        if isinstance(settings["optimizer"], str | type):
            # Keras takes one way of clipping: the user's, where there is one.
            usual = usual & _CLIPS if _CLIPS & optimizer_settings.keys() - usual else ()
        # Else an instance has its settings; the class's own are for others.
        for name in usual:
            del optimizer_settings[name]
        if settings["learning_rate"] is not None:
            optimizer_settings["learning_rate"] = settings["learning_rate"]
        optimizer, rate = training.freeze_optimizer(
            settings["optimizer"], optimizer_settings
        )
        if rate is None and settings["plateau_patience"] is not None:
            raise ValueError(
                "plateau_patience must be None where the optimizer has no learning "
                f"rate that is a number: got {settings['plateau_patience']}. Set "
                "plateau_patience=None, or a learning_rate."
            )
        recipe = training.Recipe(
            network=training.describe_network(*plan),
            loss=training.freeze_loss(settings["loss"], self._routed("loss")),
            optimizer=optimizer,
            metrics=tuple(map(training.freeze_metric, _as_list(settings["metrics"]))),
            target_dtype=target_dtype,
        )
        return recipe, rate

    def _plan_network(self, settings, input_shape, n_outputs):
        """Return the arguments of `describe_network`."""
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

    def _as_steps(self, X):
        """View X with all time axes before the last one, which is a step."""
        return X

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
        return training.describe_network(*plan), windows

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
        missing = missing_history(self._as_steps(X), allow_nan=allow_nan)
        fill = None
        if missing.any():
            warnings.warn(
                f"{np.count_nonzero(missing)} of {len(X)} samples have no full "
                "history: their missing first steps are filled with their first known "
                "one.",
                stacklevel=4,
            )

            def fill(chunk, rows):
                backfill(self._as_steps(chunk), missing[rows])

        return training.predict(network, weights, X, fill)

    def _weights_on_device(self):
        if "weights" not in self._made:
            self._made["weights"] = training.load_weights(self._weights)
        return self._made["weights"]

    def _layer_output(self, name, X):
        """Return what the layer `name` gives for X."""
        check_is_fitted(self)
        network, X = self._network_for(X)
        text, weights = training.describe_until(network, self._weights, name)
        return self._run(text, training.load_weights(weights), X)

    @property
    def model_(self):
        """The fitted network as a `keras.Model` of this estimator's own."""
        check_is_fitted(self)
        if "model" not in self._made:
            model = training.network_from_json(self._network)
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
        """Return the state without what was made on first use."""
        state = super().__getstate__()
        return state | {"_made": {}} if "_made" in state else state


def _has_quantiles(estimator):
    return estimator._network_param("quantiles") is not None


class HybridRegressor(_Hybrid, KerasRegressor):
    """Base class of the regressors: `class XRegressor(HybridRegressor, build=build_x)`.

    `build_x` declares the network and its hyper-parameters; signature, docstring and
    all methods follow from it.
    """

    _own_parameters = staticmethod(regressor_parameters)

    def _n_epochs(self, epochs):
        return AUTO_EPOCHS if is_auto(epochs) else epochs

    def _settings(self):
        settings = super()._settings()
        if is_auto(settings["linear_skip"]):
            settings["linear_skip"] = False
        check_boolean("linear_skip", settings["linear_skip"])
        quantiles = settings["quantiles"] = check_quantiles(settings["quantiles"])
        if quantiles is None:
            return settings
        if settings["loss"] != self._defaults()["loss"] or self._routed("loss"):
            raise ValueError(
                "loss must not be set beside quantiles, which are learned by the "
                f"pinball loss: got loss={settings['loss']!r}, quantiles={quantiles}. "
                "Leave loss as it is, or set quantiles=None."
            )
        return settings | {"loss": PinballLoss(quantiles)}

    def _plan_network(self, settings, input_shape, n_outputs):
        _, *shapes, params = super()._plan_network(settings, input_shape, n_outputs)
        around = "instance_norm", "season_length", "linear_skip", "n_targets"
        params |= {name: settings[name] for name in (*around, "quantiles")}
        return build_normalised, *shapes, params

    def _check_target(self, y, X):
        return check_regression_target(y, len(X), estimator=self)

    def _encode(self, y, loss, classes):
        codes = y.reshape(len(y), -1).astype(np.float32)
        n_outputs = codes.shape[1]
        if isinstance(loss, PinballLoss):
            codes = loss.spread(codes)
        return codes, n_outputs, {"_target_shape": y.shape[1:]}

    def _hold_out(self, samples, settings, seed):
        """Cut off the chronological tail."""
        fraction, gap = settings["validation_fraction"], settings["validation_gap"]
        n_held = max(1, math.ceil(len(samples) * fraction))
        n_train = len(samples) - n_held - gap
        if n_train < 1:
            raise ValueError(
                "early_stopping must leave samples to train on: got "
                f"{len(samples)} samples, {n_held} of them held out "
                f"(validation_fraction={fraction}) after validation_gap={gap}. Give "
                "more samples, or lower validation_fraction or validation_gap."
            )
        tail = samples.part(len(samples) - n_held, len(samples))
        return samples.part(0, n_train), tail

    def partial_fit(self, X, y, sample_weight=None):
        """Train one more epoch from the present weights.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.

        Returns
        -------
        self : estimator
        """
        return self._continue(X, y, sample_weight)

    def predict(self, X):
        """Forecast from windows.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Missing first steps (NaN in every feature)
            are filled with the first known one, with a warning, unless `missing` is
            "mask".

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            In the shape of the fitted target; the median where there are `quantiles`.
        """
        predicted = self._raw_predict(X)
        quantiles = self._network_param("quantiles")
        if quantiles is not None:
            predicted = predicted[..., quantiles.index(0.5)]
        return predicted.reshape(len(predicted), *self._target_shape)

    @available_if(_has_quantiles)
    def predict_quantiles(self, X):
        """Forecast every quantile from windows.

        Only with `quantiles`.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.

        Returns
        -------
        y : ndarray of shape (n_samples, n_outputs, n_quantiles), float64
            In the order of `quantiles`; ascending, never crossing.
        """
        return self._raw_predict(X)

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination R^2 of `predict(X)`.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.

        Returns
        -------
        score : float
            1 at best.
        """
        return RegressorMixin.score(self, X, y, sample_weight)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        # The checks feed rows that are no windows, to networks of a few epochs.
        tags.regressor_tags = RegressorTags(poor_score=True)
        tags.target_tags.multi_output = True
        return tags


class HybridClassifier(_Hybrid, KerasClassifier):
    """Base class of the classifiers, as HybridRegressor is of the regressors.

    `build_x` declares the network and its hyper-parameters; signature, docstring and
    all methods follow from it.
    """

    _own_parameters = staticmethod(classifier_parameters)

    def _plan_network(self, settings, input_shape, n_outputs):
        *plan, params = super()._plan_network(settings, input_shape, n_outputs)
        return *plan, params | {"output_activation": "softmax"}

    def _check_target(self, y, X):
        return check_class_target(y, len(X), estimator=self)

    def _encode(self, y, loss, classes):
        labels = np.unique(y) if classes is None else np.unique(classes)
        strangers = np.setdiff1d(y, labels)
        if len(strangers):
            raise ValueError(
                f"y must hold classes of the first fit only: got {strangers}, known "
                f"are {labels}. Name all classes in the first partial_fit."
            )
        if len(labels) < 2:
            raise ValueError(
                f"{type(self).__name__} must see two classes at least: got one class, "
                f"{labels[0]!r}. Samples without full history do not count."
            )
        codes = np.searchsorted(labels, y).astype(np.int32)
        if not training.takes_codes(loss):
            codes = np.eye(len(labels), dtype=np.float32)[codes]
        return codes, len(labels), {"classes_": labels}

    def _hold_out(self, samples, settings, seed):
        """Draw a stratified part."""
        codes = samples.y if samples.y.ndim == 1 else samples.y.argmax(axis=1)
        counts = np.unique(codes, return_counts=True)[1]
        n_held = math.ceil(len(samples) * settings["validation_fraction"])
        if counts.min() < 2 or min(n_held, len(samples) - n_held) < len(counts):
            raise ValueError(
                "early_stopping must hold out a sample of each class: got "
                f"{len(samples)} samples, {counts.min()} of the rarest class, {n_held} "
                f"held out, {len(counts)} classes. Give more samples, raise "
                "validation_fraction, or set early_stopping=False."
            )
        positions = np.arange(len(samples))
        train, held = train_test_split(
            positions,
            test_size=n_held,
            stratify=codes,
            random_state=seed % 2**32,
        )
        return samples.pick(np.sort(train)), samples.pick(np.sort(held))

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train one more epoch from the present weights.

        Parameters
        ----------
        X, y : array-like
            As for `fit`.
        classes : array-like or None, default=None
            All labels, for the first call; None takes those of `y`.
        sample_weight : array-like or None, default=None
            As for `fit`.

        Returns
        -------
        self : estimator
        """
        if self.__sklearn_is_fitted__():
            if classes is not None and not np.array_equal(
                np.unique(classes), self.classes_
            ):
                raise ValueError(
                    "classes must be those of the first partial_fit: got "
                    f"{np.unique(classes)}, known are {self.classes_}. Call fit to "
                    "start anew."
                )
            classes = self.classes_
        return self._continue(X, y, sample_weight, classes)

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Missing first steps (NaN in every feature)
            are filled with the first known one, with a warning, unless `missing` is
            "mask".

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), float64
            In the order of `classes_`.
        """
        raw = self._raw_predict(X)
        return raw / raw.sum(axis=1, keepdims=True)

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : array-like
            As for `predict_proba`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def score(self, X, y, sample_weight=None):
        """Return the accuracy of `predict(X)`.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.

        Returns
        -------
        score : float
            1 at best.
        """
        return ClassifierMixin.score(self, X, y, sample_weight)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        # The checks feed rows that are no windows, to networks of a few epochs.
        tags.classifier_tags = ClassifierTags(poor_score=True)
        return tags


class _Names(BaseEstimator):
    """Takes the names and the number of features of one X."""


def read_windows(estimator, X):
    """Return the attributes that X's columns give an estimator, and X as an array."""
    windows = check_windows(X, estimator=estimator)
    if windows.ndim > 2:
        return {"n_features_in_": windows.shape[1]}, windows
    names = _Names()
    validate_data(names, X, skip_check_array=True)
    return dict(vars(names)), windows


def usable_rows(X, sample_weight, *, allow_nan=False):
    """Return which samples have a full history and a weight, and those weights."""
    weight = check_sample_weight(sample_weight, len(X))
    missing = missing_history(X, allow_nan=allow_nan)
    rows = np.flatnonzero((missing == 0) & (weight > 0))
    if len(rows) == 0:
        raise ValueError(
            "X must hold one sample with a full history (and a weight above zero) at "
            f"least: got {len(X)} samples, {np.count_nonzero(missing)} of them with "
            "missing (NaN) first steps. Give more rows or a smaller window_length."
        )
    return rows, weight[rows]


def _used(given, X, rows):
    """Return the samples that are trained on, with their columns' names."""
    if len(rows) == len(X):
        return given
    return given.iloc[rows] if hasattr(given, "iloc") else X[rows]


def _is_routed(attribute):
    """Tell a routed parameter, prefix__name, from every other attribute."""
    return "__" in attribute.strip("_")


def draw_seed(random_state):
    """Return an integer seed; None draws one without touching any generator."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return check_integer("random_state", random_state, minimum=0)


def _is_whole_set(batch_size):
    return isinstance(batch_size, numbers.Integral) and batch_size == -1


def _batch_size(settings, samples):
    size = settings["batch_size"]
    return len(samples) if _is_whole_set(size) else size


def _as_list(value):
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
