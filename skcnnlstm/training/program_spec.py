"""What decides a program: a recipe, made of values that compare and hash.

Sample counts, folds, epochs, batch sizes, seeds and learning rates are not in it:
none of them traces anew. What is the user's own is in it by what it is made of: a
function that was edited, or that reads a global with another value, is another one.
"""

from __future__ import annotations

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

# What optimizers by name and plain settings are: each one that Keras makes costs 70 KB
# for good (Keras 3.15, TensorFlow 2.21).
_named_optimizers: dict[tuple, tuple] = {}
_MOST_NAMED = 256


@dataclass(frozen=True)
class SerializedObject:
    """A thing for Keras: equal to another of the same class, settings and contents.

    Attributes
    ----------
    kind : type
        Its class.
    settings : str or None
        The config to make it of, as JSON; None where the thing itself is used.
    fingerprint : Fingerprint
        Of the class, or of the thing itself.
    thing : object
        The thing itself; of what is made of a config, a dict of attributes beside it.
    """

    kind: type
    settings: str | None
    fingerprint: Fingerprint
    thing: object = field(compare=False, repr=False)

    @property
    def text(self):
        """Class and settings in words."""
        return f"{self.kind.__module__}.{self.kind.__qualname__}: {self.settings}"

    @property
    def facts(self):
        """Class, settings and digest: the same in every process."""
        return self.text, self.fingerprint.digest


@dataclass(frozen=True)
class ProgramSpec:
    """A network and how it is trained.

    Attributes
    ----------
    network : str
        JSON text of the network.
    optimizer : _Frozen
        Class and settings, as `serialize_optimizer` makes them.
    loss : str or object
        What `serialize` makes of a loss.
    metrics : tuple of (str or object)
        What `serialize` makes of each metric.
    target_dtype : {"float32", "int32"}
        Targets `(n_samples, n_outputs)`, or class codes `(n_samples,)`.
    own : dict
        What the user has registered with Keras of all that the texts name, when the
        recipe was made.
    fingerprint : Fingerprint
        Of `own`.
    """

    network: str
    loss: object
    optimizer: SerializedObject
    metrics: tuple = ()
    target_dtype: str = "float32"
    own: dict = field(init=False, compare=False, repr=False)
    fingerprint: Fingerprint = field(init=False)

    def __post_init__(self):
        """Look up what the texts name."""
        parts = [
            part.settings if isinstance(part, SerializedObject) else part
            for part in (self.optimizer, self.loss, *self.metrics)
        ]
        own = find_registered(self.network, *filter(None, parts))
        object.__setattr__(self, "own", own)
        object.__setattr__(self, "fingerprint", compute_fingerprint(own))


_OPTIMIZERS = "'adam', 'adamw', 'sgd' or 'rmsprop'"
_LOSSES = "'mse', 'mae', 'huber' or 'sparse_categorical_crossentropy'"


# What attributes may be that an object is given beside its config.
_VALUES = (bool, int, float, str, type(None), np.ndarray)
# Keras chooses one by the form of the target.
_OF_THE_TARGET = ("accuracy", "acc", "crossentropy", "ce")


def serialize(thing):
    """Return a hashable stand-in from which `deserialize` makes `thing` again."""
    if isinstance(thing, str):
        return json.dumps({"name": thing})
    if isinstance(thing, type):
        thing = thing()
    kind = type(thing)
    if isinstance(thing, keras.metrics.Metric):
        try:
            config = json.dumps(thing.get_config(), sort_keys=True)
        except (TypeError, AttributeError):
            pass  # equal to itself alone
        else:
            more = _beside_config(thing, _VALUES)
            return SerializedObject(
                kind, config, compute_fingerprint([kind, more]), more
            )
    # A loss not by its config: Keras 3.15 leaves `delta` out of Huber's, and many a
    # loss has none of its own.
    return SerializedObject(kind, None, compute_fingerprint(thing), thing)


def deserialize(frozen, get):
    """Make what was frozen; `get` looks up names, as `keras.losses.get`.

    Metrics and optimizers hold state, so each program has its own.
    """
    if isinstance(frozen, str):
        content = json.loads(frozen)
        if set(content) == {"name"}:
            return get(content["name"])
        return keras.saving.deserialize_keras_object(content)
    if frozen.settings is None:
        return _of_its_own(frozen)
    made = frozen.kind.from_config(json.loads(frozen.settings))
    vars(made).update(frozen.thing)
    return made


def _of_its_own(frozen):
    """Return a copy of a thing: what is traced later must not read a later change.

    A function is its own copy. What words cannot tell is shared, so that a callback may
    change a variable that a loss reads.
    """
    if not frozen.fingerprint.is_complete:
        return frozen.thing
    try:
        return join_loss(copy.deepcopy(split_loss(frozen.thing)))
    except Exception:  # of the user's own
        return frozen.thing


@dataclass(frozen=True)
class LossConfig:
    """A loss taken apart, to copy and to pickle it.

    Keras does both by a config, which need not hold all: 3.15 leaves `delta` out of
    Huber's, and a class that is not registered comes back as none.
    """

    kind: type
    attributes: dict


def split_loss(loss):
    """Return the parts of a loss object; what is none is returned as it is."""
    if not isinstance(loss, keras.losses.Loss):
        return loss
    return LossConfig(type(loss), dict(vars(loss)))


def join_loss(parts):
    """Return the loss object of parts; what is none is returned as it is."""
    if not isinstance(parts, LossConfig):
        return parts
    loss = object.__new__(parts.kind)
    vars(loss).update(parts.attributes)
    return loss


def serialize_optimizer(optimizer, settings):
    """Return `(frozen, learning_rate)` of a name, a class or an instance.

    `settings` go to the constructor of a name or a class. A learning rate that is a
    plain number is taken out: it is loaded at each fit. A schedule stays in, and the
    number is None.
    """
    rate = settings.get("learning_rate")
    given = type(rate) in (int, float)
    others = {k: v for k, v in settings.items() if not given or k != "learning_rate"}
    if not isinstance(optimizer, str) or not _all_plain(others):
        return _freeze_optimizer(optimizer, settings)
    # `repr` tells 1 from True and 1.0, which are equal as keys.
    key = optimizer, repr(sorted(others.items())), keras.config.floatx()
    own = find_registered(serialize(optimizer))
    if own:
        key += (compute_fingerprint(own),)
    found = _named_optimizers.get(key)
    if found is None:
        if len(_named_optimizers) >= _MOST_NAMED:
            _named_optimizers.clear()
        found = _named_optimizers[key] = _freeze_optimizer(optimizer, others)
    frozen, usual = found
    if given and usual is None:  # it takes no rate, and says so
        return _freeze_optimizer(optimizer, settings)
    return frozen, float(rate) if given else usual


def _all_plain(settings):
    plain = bool, int, float, str, type(None)
    return all(type(value) in plain for value in settings.values())


def _freeze_optimizer(optimizer, settings):
    if isinstance(optimizer, str):
        with building_layers():
            found = _look_up("optimizer", optimizer, keras.optimizers.get, _OPTIMIZERS)
        optimizer = type(found)
    if isinstance(optimizer, type) and issubclass(
        optimizer, keras.optimizers.Optimizer
    ):
        with building_layers():
            optimizer = _construct("optimizer", optimizer, settings)
    elif not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            "optimizer must be a Keras optimizer, by name, class or instance: got "
            f"optimizer={optimizer!r}. Use {_OPTIMIZERS}, for example."
        )
    elif settings:
        raise TypeError(
            "optimizer must be a name or a class to take settings: got an instance of "
            f"{type(optimizer).__name__} and {sorted(settings)}. Pass the settings to "
            "the instance instead."
        )
    kind, config = type(optimizer), optimizer.get_config()
    stepping = config
    while "inner_optimizer" in stepping:  # of a LossScaleOptimizer
        stepping = stepping["inner_optimizer"]["config"]
        stepping["name"] = "inner"
    # Keras numbers the names of what it makes: "adam", "adam_1", ...
    config["name"] = kind.__name__.lower()
    rate = stepping.get("learning_rate")
    more = _beside_config(optimizer, (*_VALUES, types.FunctionType))
    fingerprint = compute_fingerprint([kind, more])
    if isinstance(rate, float | int):
        stepping["learning_rate"] = 0.001
        text = _text_of_numbers(config, kind)
        return SerializedObject(kind, text, fingerprint, more), float(rate)
    try:
        text = json.dumps(config, sort_keys=True)
        with building_layers():
            kind.from_config(json.loads(text))
    except (TypeError, ValueError) as error:
        raise ValueError(
            "learning_rate must be a number or a schedule that Keras can make again: "
            f"got an optimizer with learning_rate={rate!r}. Register the schedule with "
            "keras.saving.register_keras_serializable."
        ) from error
    return SerializedObject(kind, text, fingerprint, more), None


def _beside_config(thing, kinds):
    """Return attributes of an object of the user's own class that no config need hold.

    Those of some kinds; Keras makes the rest, and counts in it.
    """
    if not any(map(is_user_defined, type(thing).__mro__)):
        return {}
    return {
        name: value
        for name, value in sorted(vars(thing).items())
        if type(value) in kinds
        and name not in ("name", "built", "_lock")
        and not name.startswith("_self_")
    }


def _construct(name, kind, settings):
    """Call a constructor; what it cannot take is named."""
    try:
        return kind(**settings)
    except (TypeError, ValueError) as error:
        kind_of_error = TypeError if isinstance(error, TypeError) else ValueError
        raise kind_of_error(
            f"{name} must take the settings routed to it: got {name}={kind.__name__} "
            f"with {settings}, which ended in {str(error)!r}. Use parameters of "
            f"{kind.__name__}, as {name}__name=value."
        ) from error


def _text_of_numbers(config, kind):
    try:
        return json.dumps(config, sort_keys=True)
    except TypeError as error:
        usual = bool, int, float, str, list, tuple, dict, type(None)
        odd = {k: v for k, v in config.items() if not isinstance(v, usual)}
        raise TypeError(
            f"optimizer must have settings that JSON can hold: got {kind.__name__} "
            f"with {odd or config}. Use numbers, switches and text."
        ) from error


def serialize_loss(loss, settings):
    """Freeze a name, class, function or instance; `settings` go to a constructor."""
    if settings and isinstance(loss, str):
        # Keras knows "huber" as a function and "Huber" as a class: only a class takes
        # settings.
        short = {"mse": "MeanSquaredError", "mae": "MeanAbsoluteError"}
        name = loss if loss[:1].isupper() else loss.title().replace("_", "")
        wanted = {"class_name": short.get(loss, name), "config": settings}
        try:
            loss = keras.losses.get(wanted)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"loss must take the settings routed to it: got loss={loss!r} with "
                f"{settings}. Use 'huber' with loss__delta, for example."
            ) from error
    elif isinstance(loss, type):
        loss = _construct("loss", loss, settings)
    elif settings:
        raise TypeError(
            f"loss must be a name or a class to take settings: got {loss!r} and "
            f"{sorted(settings)}. Pass the settings to the instance instead."
        )
    if isinstance(loss, str):
        _look_up("loss", loss, keras.losses.get, _LOSSES)
    elif not callable(loss):
        raise TypeError(
            "loss must be a Keras loss, by name, class, function or instance: got "
            f"loss={loss!r}. Use {_LOSSES}, for example."
        )
    return serialize(loss)


def serialize_metric(metric):
    """Freeze a name, class, function or instance; Keras looks names up."""
    if not isinstance(metric, str) and not callable(metric):
        raise TypeError(
            "metrics must be Keras metrics, by name, class, function or instance: got "
            f"{metric!r} among metrics. Use 'mae', 'mse' or 'accuracy', for example."
        )
    if isinstance(metric, str) and metric not in _OF_THE_TARGET:
        _look_up("metrics", metric, keras.metrics.get, "'mae', 'mse' or 'accuracy'")
    return serialize(metric)


def _look_up(name, value, get, examples):
    """Find what Keras calls `value`; an unknown name is an error with examples."""
    try:
        return get(value)
    except ValueError as error:
        raise ValueError(
            f"{name} must be one that Keras knows: got {name}={value!r}. Use "
            f"{examples}, for example."
        ) from error


def takes_class_codes(loss):
    """Tell whether a classification loss wants class codes, not one column a class."""
    name = loss if isinstance(loss, str) else getattr(loss, "name", None)
    name = name or getattr(loss, "__name__", type(loss).__name__)
    return str(name).lower().startswith("sparse")
