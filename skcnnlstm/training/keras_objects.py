"""Look up, construct, serialize and deserialize Keras losses, metrics and optimizers.

A serialized object can be compared and hashed, so it can be part of the key of a cached
program. The serialization of Keras does not suffice: some configs leave out settings
(Keras 3.15 omits `delta` of Huber), and user-defined classes are often not registered.
"""

import copy
import json
import types
from dataclasses import dataclass, field

import keras
import numpy as np

from skcnnlstm.training.fingerprint import (
    Fingerprint,
    compute_fingerprint,
    find_registered,
    is_user_defined,
)
from skcnnlstm.training.network_config import building_layers

# Cache of serialized optimizers that were given by name with plain settings. It is
# needed because each construction of a Keras optimizer leaks 70 KB (Keras 3.15,
# TensorFlow 2.21).
_named_optimizers: dict[tuple, tuple] = {}
_MAX_NAMED_OPTIMIZERS = 256

_EXAMPLE_OPTIMIZERS = "'adam', 'adamw', 'sgd' or 'rmsprop'"
_EXAMPLE_LOSSES = "'mse', 'mae', 'huber' or 'sparse_categorical_crossentropy'"
_EXAMPLE_METRICS = "'mae', 'mse' or 'accuracy'"
# Names that Keras does not look up: their meaning depends on the shape of the target.
_TARGET_DEPENDENT_METRICS = ("accuracy", "acc", "crossentropy", "ce")

_PLAIN_TYPES = (bool, int, float, str, type(None))
# Types of the attributes that are copied in addition to a config.
_ATTRIBUTE_TYPES = (*_PLAIN_TYPES, np.ndarray)


@dataclass(frozen=True)
class SerializedObject:
    """A loss, metric or optimizer that can be compared, hashed and deserialized."""

    cls: type
    config: str | None  # JSON text; None means that `value` itself is used
    fingerprint: Fingerprint  # of the class and the attributes, or of `value`
    # The object itself, or a dict of the attributes that the config leaves out.
    value: object = field(compare=False, repr=False)

    @property
    def description(self):
        """Class and config as text."""
        return f"{self.cls.__module__}.{self.cls.__qualname__}: {self.config}"

    @property
    def facts(self):
        """Description and fingerprint. Both are the same in every process."""
        return self.description, self.fingerprint.digest


def serialize(value):
    """Serialize a name, class, function or instance for `deserialize`.

    Returns JSON text for a name, and a `SerializedObject` otherwise.
    """
    if isinstance(value, str):
        return json.dumps({"name": value})
    if isinstance(value, type):
        value = value()
    cls = type(value)
    if isinstance(value, keras.metrics.Metric):
        try:
            config = json.dumps(value.get_config(), sort_keys=True)
        except (TypeError, AttributeError):
            pass  # no usable config: serialize the instance itself
        else:
            attributes = _attributes_outside_config(value, _ATTRIBUTE_TYPES)
            fingerprint = compute_fingerprint([cls, attributes])
            return SerializedObject(cls, config, fingerprint, attributes)
    # A loss is not serialized by its config: Keras 3.15 omits `delta` of Huber, and
    # many user-defined losses have no config.
    return SerializedObject(cls, None, compute_fingerprint(value), value)


def deserialize(serialized, lookup):
    """Create an object from the result of `serialize`.

    `lookup` is a function that returns an object for a name, such as
    `keras.losses.get`. Metrics and optimizers have state, so each call returns a new
    object.
    """
    if isinstance(serialized, str):
        return lookup(json.loads(serialized)["name"])
    if serialized.config is None:
        return _copy_value(serialized)
    instance = serialized.cls.from_config(json.loads(serialized.config))
    vars(instance).update(serialized.value)
    return instance


def _copy_value(serialized):
    """Return a copy of a serialized object, or the object itself.

    Later changes of the object do not affect a trace of the copy. If the fingerprint is
    incomplete, return the object itself: a callback may change a variable that the loss
    reads. Also return the object itself if it cannot be copied.
    """
    if not serialized.fingerprint.is_complete:
        return serialized.value
    try:
        return join_loss(copy.deepcopy(split_loss(serialized.value)))
    except Exception:  # a user-defined object may raise anything
        return serialized.value


@dataclass(frozen=True)
class LossConfig:
    """Class and attributes of a loss, to copy and to pickle it completely.

    Keras copies and pickles a loss by its config. This loses settings that are not in
    the config, and classes that are not registered with Keras.
    """

    cls: type
    attributes: dict


def split_loss(loss):
    """Split a loss instance into a `LossConfig`; return anything else unchanged."""
    if not isinstance(loss, keras.losses.Loss):
        return loss
    return LossConfig(type(loss), dict(vars(loss)))


def join_loss(parts):
    """Rebuild a loss instance from a `LossConfig`; return anything else unchanged."""
    if not isinstance(parts, LossConfig):
        return parts
    loss = object.__new__(parts.cls)
    vars(loss).update(parts.attributes)
    return loss


def serialize_loss(loss, settings):
    """Serialize a loss, given as a name, class, function or instance.

    `settings` are arguments of the constructor, for a name or a class.
    """
    if settings and isinstance(loss, str):
        loss = _construct_named_loss(loss, settings)
    elif isinstance(loss, type):
        loss = _construct("loss", loss, settings)
    elif settings:
        raise TypeError(
            "loss must be a name or a class if settings are routed to it: got "
            f"{loss!r} and the settings {sorted(settings)}. Pass the settings to the "
            "constructor of the loss instead."
        )
    if isinstance(loss, str):
        _look_up("loss", loss, keras.losses.get, _EXAMPLE_LOSSES)
    elif not callable(loss):
        raise TypeError(
            "loss must be a Keras loss, by name, class, function or instance: got "
            f"loss={loss!r}. Use {_EXAMPLE_LOSSES}, for example."
        )
    return serialize(loss)


def _construct_named_loss(name, settings):
    """Construct a loss by name with settings.

    Keras defines "huber" as a function and "Huber" as a class; only the class takes
    settings.
    """
    short = {"mse": "MeanSquaredError", "mae": "MeanAbsoluteError"}
    class_name = name if name[:1].isupper() else name.title().replace("_", "")
    config = {"class_name": short.get(name, class_name), "config": settings}
    try:
        return keras.losses.get(config)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"loss must accept the settings routed to it: got loss={name!r} with the "
            f"settings {settings}. Use 'huber' with loss__delta, for example."
        ) from error


def takes_class_codes(loss):
    """Return whether a classification loss takes class codes as targets.

    Other losses take one column for each class.
    """
    name = loss if isinstance(loss, str) else getattr(loss, "name", None)
    name = name or getattr(loss, "__name__", type(loss).__name__)
    return str(name).lower().startswith("sparse")


def serialize_metric(metric):
    """Serialize a metric, given as a name, class, function or instance."""
    if not isinstance(metric, str) and not callable(metric):
        raise TypeError(
            "metrics must be Keras metrics, by name, class, function or instance: got "
            f"the metric {metric!r}. Use {_EXAMPLE_METRICS}, for example."
        )
    if isinstance(metric, str) and metric not in _TARGET_DEPENDENT_METRICS:
        _look_up("metrics", metric, keras.metrics.get, _EXAMPLE_METRICS)
    return serialize(metric)


def serialize_optimizer(optimizer, settings):
    """Serialize an optimizer without its learning rate.

    `optimizer` is a name, a class or an instance. For a name or a class, `settings` are
    the arguments of the constructor. Returns the `SerializedObject` and the learning
    rate, which each fit sets. The rate is None for a schedule, because a schedule is
    part of the serialized object.
    """
    rate, others = settings.get("learning_rate"), dict(settings)
    is_number = type(rate) in (int, float)
    if is_number:
        del others["learning_rate"]
    plain = all(type(value) in _PLAIN_TYPES for value in others.values())
    if not (isinstance(optimizer, str) and plain):
        return _serialize_optimizer(optimizer, settings)
    # `repr` distinguishes 1, True and 1.0, which are equal as keys.
    key = optimizer, repr(sorted(others.items())), keras.config.floatx()
    custom_objects = find_registered(serialize(optimizer))
    if custom_objects:
        key += (compute_fingerprint(custom_objects),)
    result = _named_optimizers.get(key)
    if result is None:
        if len(_named_optimizers) >= _MAX_NAMED_OPTIMIZERS:
            _named_optimizers.clear()
        result = _named_optimizers[key] = _serialize_optimizer(optimizer, others)
    serialized, default_rate = result
    if is_number and default_rate is None:  # pass the rate to the constructor
        return _serialize_optimizer(optimizer, settings)
    return serialized, float(rate) if is_number else default_rate


def _serialize_optimizer(optimizer, settings):
    optimizer = _create_optimizer(optimizer, settings)
    cls, config = type(optimizer), optimizer.get_config()
    inner = config  # config of the optimizer that holds the learning rate
    while "inner_optimizer" in inner:  # LossScaleOptimizer
        inner = inner["inner_optimizer"]["config"]
        inner["name"] = "inner"
    # Keras numbers the names of optimizers ("adam", "adam_1", ...).
    config["name"] = cls.__name__.lower()
    rate = inner.get("learning_rate")
    attributes = _attributes_outside_config(
        optimizer, (*_ATTRIBUTE_TYPES, types.FunctionType)
    )
    fingerprint = compute_fingerprint([cls, attributes])
    if isinstance(rate, float | int):
        inner["learning_rate"] = 0.001
        text = _optimizer_config_to_json(config, cls)
        return SerializedObject(cls, text, fingerprint, attributes), float(rate)
    try:
        text = json.dumps(config, sort_keys=True)
        with building_layers():
            cls.from_config(json.loads(text))
    except (TypeError, ValueError) as error:
        raise ValueError(
            "learning_rate must be a number or a schedule that Keras can rebuild from "
            f"its config: got an optimizer with learning_rate={rate!r}. Register the "
            "schedule with keras.saving.register_keras_serializable."
        ) from error
    return SerializedObject(cls, text, fingerprint, attributes), None


def _create_optimizer(optimizer, settings):
    """Return an optimizer instance for a name, a class or an instance."""
    if isinstance(optimizer, str):
        get, examples = keras.optimizers.get, _EXAMPLE_OPTIMIZERS
        with building_layers():
            optimizer = type(_look_up("optimizer", optimizer, get, examples))
    if isinstance(optimizer, type) and issubclass(
        optimizer, keras.optimizers.Optimizer
    ):
        with building_layers():
            return _construct("optimizer", optimizer, settings)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            "optimizer must be a Keras optimizer, by name, class or instance: got "
            f"optimizer={optimizer!r}. Use {_EXAMPLE_OPTIMIZERS}, for example."
        )
    if settings:
        raise TypeError(
            "optimizer must be a name or a class if settings are routed to it: got an "
            f"instance of {type(optimizer).__name__} and the settings "
            f"{sorted(settings)}. Pass the settings to the constructor of the "
            "optimizer instead."
        )
    return optimizer


def _optimizer_config_to_json(config, cls):
    try:
        return json.dumps(config, sort_keys=True)
    except TypeError as error:
        json_types = (*_PLAIN_TYPES, list, tuple, dict)
        invalid = {k: v for k, v in config.items() if not isinstance(v, json_types)}
        raise TypeError(
            f"optimizer must have settings that JSON can store: got {cls.__name__} "
            f"with the settings {invalid or config}. Use numbers, booleans and strings."
        ) from error


def _attributes_outside_config(instance, types_):
    """Return the attributes of an object that are possibly missing from its config.

    Only attributes of the given types are returned, without those that Keras sets in
    every instance. The configs of Keras' own metrics and optimizers are complete, so
    the result is empty for them.
    """
    if not any(map(is_user_defined, type(instance).__mro__)):
        return {}
    return {
        name: value
        for name, value in sorted(vars(instance).items())
        if type(value) in types_
        and name not in ("name", "built", "_lock")
        and not name.startswith("_self_")
    }


def _construct(parameter, cls, settings):
    """Create an instance; if that fails, raise an error that names `parameter`."""
    try:
        return cls(**settings)
    except (TypeError, ValueError) as error:
        error_type = TypeError if isinstance(error, TypeError) else ValueError
        raise error_type(
            f"{parameter} must accept the settings routed to it: got "
            f"{parameter}={cls.__name__} with the settings {settings}, which raised "
            f"{str(error)!r}. Use only parameters of {cls.__name__} in "
            f"{parameter}__name=value."
        ) from error


def _look_up(parameter, name, get, examples):
    """Return the Keras object that the function `get` finds by its name.

    If Keras does not define the name, raise a ValueError. Its message contains
    `parameter` and, as a remedy, `examples`.
    """
    try:
        return get(name)
    except ValueError as error:
        raise ValueError(
            f"{parameter} must be a name that Keras defines: got {parameter}={name!r}. "
            f"Use {examples}, for example."
        ) from error
