"""What decides a program: a recipe, made of values that compare and hash.

Sample counts, folds, epochs, batch sizes, seeds and learning rates are not in it:
none of them traces anew.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass, field

import keras

from skcnnlstm.training.networks import building_layers


@dataclass(frozen=True)
class Recipe:
    """A network and how it is trained.

    Attributes
    ----------
    network : str
        JSON text of the network.
    optimizer : str
        JSON text of the serialized optimizer.
    loss : str or object
        What `freeze` makes of a loss.
    metrics : tuple of (str or object)
        What `freeze` makes of each metric.
    target_dtype : {"float32", "int32"}
        Targets `(n_samples, n_outputs)`, or class codes `(n_samples,)`.
    """

    network: str
    loss: object
    optimizer: object
    metrics: tuple = field(default=())
    target_dtype: str = "float32"


@dataclass(frozen=True)
class _Frozen:
    """A loss or a metric: equal to another of the same class and settings."""

    kind: type
    settings: str | tuple
    thing: object = field(compare=False, repr=False)


def freeze(thing):
    """Return a hashable stand-in from which `thaw` makes `thing` again."""
    if isinstance(thing, str):
        return json.dumps({"name": thing})
    if isinstance(thing, type):
        thing = thing()
    try:
        if isinstance(thing, keras.metrics.Metric):
            config = json.dumps(thing.get_config(), sort_keys=True)
            return _Frozen(type(thing), config, thing)
        if isinstance(thing, keras.losses.Loss):
            # Not by its config: Keras 3.15 leaves `delta` out of Huber's, and many a
            # loss has none of its own.
            # Each by itself: a pickle also tells which of its strings are one object.
            settings = tuple(
                (key, pickle.dumps(value))
                for key, value in sorted(vars(thing).items())
                if key != "name"  # Keras numbers the names: "mine", "mine_1", ...
            )
            return _Frozen(type(thing), settings, thing)
    except (TypeError, AttributeError, pickle.PicklingError):
        pass  # equal to itself alone
    return thing


def thaw(frozen, get):
    """Make what was frozen; `get` looks up names, as `keras.losses.get`.

    A metric gathers values, so each program has one of its own.
    """
    if isinstance(frozen, str):
        content = json.loads(frozen)
        if set(content) == {"name"}:
            return get(content["name"])
        return keras.saving.deserialize_keras_object(content)
    if not isinstance(frozen, _Frozen):
        return frozen
    if isinstance(frozen.thing, keras.metrics.Metric):
        return frozen.kind.from_config(json.loads(frozen.settings))
    return frozen.thing


def freeze_optimizer(optimizer, settings):
    """Return `(frozen, learning_rate)` of a name, a class or an instance.

    `settings` go to the constructor of a name or a class. A learning rate that is a
    plain number is taken out: it is loaded at each fit. A schedule stays in, and the
    number is None.
    """
    if isinstance(optimizer, str):
        with building_layers():
            optimizer = type(keras.optimizers.get(optimizer))
    if isinstance(optimizer, type):
        with building_layers():
            optimizer = optimizer(**settings)
    elif settings:
        raise TypeError(
            "optimizer must be a name or a class to take settings: got an instance of "
            f"{type(optimizer).__name__} and {sorted(settings)}. Pass the settings to "
            "the instance instead."
        )
    content = keras.saving.serialize_keras_object(optimizer)
    # Keras numbers the names of what it makes: "adam", "adam_1", ...
    content["config"]["name"] = content["class_name"].lower()
    rate = content["config"].get("learning_rate")
    if not isinstance(rate, float | int):
        return json.dumps(content, sort_keys=True), None
    content["config"]["learning_rate"] = 0.001
    return json.dumps(content, sort_keys=True), float(rate)


def freeze_loss(loss, settings):
    """Freeze a name, class, function or instance; `settings` go to a constructor."""
    if settings and isinstance(loss, str):
        # Keras knows "huber" as a function and "Huber" as a class: only a class takes
        # settings.
        name = loss if loss[:1].isupper() else loss.title().replace("_", "")
        loss = keras.losses.get({"class_name": name, "config": settings})
    elif isinstance(loss, type):
        loss = loss(**settings)
    elif settings:
        raise TypeError(
            f"loss must be a name or a class to take settings: got {loss!r} and "
            f"{sorted(settings)}. Pass the settings to the instance instead."
        )
    if isinstance(loss, str):
        keras.losses.get(loss)  # an unknown name is an error before anything is built
    return freeze(loss)


def takes_codes(loss):
    """Tell whether a classification loss wants class codes, not one column a class."""
    name = loss if isinstance(loss, str) else getattr(loss, "name", None)
    name = name or getattr(loss, "__name__", type(loss).__name__)
    return str(name).lower().startswith("sparse")
