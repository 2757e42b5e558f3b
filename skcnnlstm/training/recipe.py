"""What decides a program: a recipe, made of values that compare and hash.

Sample counts, folds, epochs, batch sizes, seeds and learning rates are not in it:
none of them traces anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import keras


@dataclass(frozen=True)
class Recipe:
    """A network and how it is trained.

    Attributes
    ----------
    network : str
        JSON text of the network.
    loss, optimizer : str or object
        JSON text of the serialized object, or the object itself where Keras cannot
        serialize it.
    metrics : tuple of (str or object)
        As for `loss`.
    target_dtype : {"float32", "int32"}
        Targets `(n_samples, n_outputs)`, or class codes `(n_samples,)`.
    """

    network: str
    loss: object
    optimizer: object
    metrics: tuple = field(default=())
    target_dtype: str = "float32"


def freeze(thing):
    """Return a hashable stand-in from which `thaw` makes a copy of `thing`."""
    if isinstance(thing, str):
        return json.dumps({"name": thing})
    # What Keras did not write may have been changed since it was given its name, or
    # leave settings out of its config: the object itself is then the key, and every
    # use of it shares one program.
    module = thing.__module__ if callable(thing) else type(thing).__module__
    if module.partition(".")[0] != "keras":
        return thing
    return json.dumps(keras.saving.serialize_keras_object(thing), sort_keys=True)


def thaw(frozen, get):
    """Make the object that was frozen; `get` looks up names, as `keras.losses.get`."""
    if not isinstance(frozen, str):
        return frozen
    content = json.loads(frozen)
    if set(content) == {"name"}:
        return get(content["name"])
    return keras.saving.deserialize_keras_object(content)


def freeze_optimizer(optimizer, settings):
    """Return `(frozen, learning_rate)` of a name, a class or an instance.

    `settings` go to the constructor of a name or a class. A learning rate that is a
    plain number is taken out: it is loaded at each fit. A schedule stays in, and the
    number is None.
    """
    if isinstance(optimizer, str):
        optimizer = type(keras.optimizers.get(optimizer))
    if isinstance(optimizer, type):
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
