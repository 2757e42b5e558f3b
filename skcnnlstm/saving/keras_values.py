"""Keras' classes, functions and objects in a file: only what is safe to make."""

from __future__ import annotations

import json
import re
from copy import deepcopy

import keras

from skcnnlstm import training
from skcnnlstm.training.network_config import building_layers

# Where Keras keeps what may be a parameter, or a part of a network.
_ROOMS = {
    "activations": keras.activations,
    "constraints": keras.constraints,
    "initializers": keras.initializers,
    "layers": keras.layers,
    "losses": keras.losses,
    "metrics": keras.metrics,
    "ops": keras.ops,
    "optimizers": keras.optimizers,
    "optimizers.schedules": keras.optimizers.schedules,
    "regularizers": keras.regularizers,
}
# Others write files or send what they see away.
_CALLBACKS = ("EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN")
# They hold code, or names of it.
_UNSAFE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
_OBJECTS = (
    keras.constraints.Constraint,
    keras.initializers.Initializer,
    keras.losses.Loss,
    keras.metrics.Metric,
    keras.optimizers.Optimizer,
    keras.optimizers.schedules.LearningRateSchedule,
    keras.regularizers.Regularizer,
    keras.DTypePolicy,
)
# What Keras writes for values that are no objects of its own.
_PLAIN = ("__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__")


def keras_name(thing):
    """Return the public name of a class or function of Keras, None of others."""
    if not str(getattr(thing, "__module__", "")).startswith("keras."):
        return None
    name = getattr(thing, "__name__", "")
    for room, module in {**_ROOMS, "callbacks": keras.callbacks}.items():
        if getattr(module, name, None) is thing:
            return f"keras.{room}.{name}"
    return None


def keras_named(name):
    """Return what a public name of Keras means, None where no file may hold it."""
    room, _, attribute = name.removeprefix("keras.").rpartition(".")
    if room == "callbacks" and attribute in _CALLBACKS:
        return getattr(keras.callbacks, attribute)
    if room not in _ROOMS or attribute in _UNSAFE or attribute.startswith("_"):
        return None
    thing = getattr(_ROOMS[room], attribute, None)
    return thing if callable(thing) else None


def is_keras_object(thing):
    """Tell an object that Keras can write as a config."""
    return isinstance(thing, _OBJECTS)


def has_plain_attributes(thing):
    """Tell an object of Keras that is nothing but its attributes."""
    return isinstance(thing, keras.losses.Loss)


def keras_config(thing):
    """Return the config of an object of Keras, None where it would not be the same."""
    try:
        text = json.dumps(keras.saving.serialize_keras_object(thing))
        again = keras_from_config(json.loads(text))
    except (TypeError, ValueError):
        return None
    # Keras 3.15 leaves `delta` out of Huber's config.
    is_loss = isinstance(thing, keras.losses.Loss)
    if is_loss and training.serialize(thing) != training.serialize(again):
        return None
    return json.loads(text)


def keras_from_config(config):
    """Make an object of Keras."""
    config = deepcopy(config)  # Keras 3.15 puts the objects of a schedule into it
    with building_layers():
        return keras.saving.deserialize_keras_object(config, safe_mode=True)


def strangers_in(config, trusted):
    """Yield the names in a config of Keras that no file may hold, if not trusted."""
    if isinstance(config, list):
        for part in config:
            yield from strangers_in(part, trusted)
    if not isinstance(config, dict):
        return
    for key, part in config.items():
        if key != "class_name":
            yield from strangers_in(part, trusted)
    if "class_name" in config and config["class_name"] not in _PLAIN:
        if not _is_known(config, trusted):
            registered = config.get("registered_name") or config["class_name"]
            yield str(registered)


def _is_known(config, trusted):
    module, name = config.get("module", "_"), config["class_name"]
    registered = config.get("registered_name")
    if registered in trusted:
        return True
    if name == "function":
        function = str(config.get("config"))
        rooms = "activations", "losses", "metrics", "ops", "initializers"
        return module == "builtins" and any(
            keras_named(f"keras.{room}.{function}") for room in rooms
        )
    if isinstance(registered, str) and registered.startswith("skcnnlstm>"):
        return str(module).startswith("skcnnlstm.")
    if name == "Functional":
        return str(module).startswith("keras.") and "." not in name
    if str(module).startswith("keras.src.ops."):
        # A function of keras.ops in a graph: ConvertToTensor is convert_to_tensor.
        function = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name)).lower()
        return keras_named(f"keras.ops.{function}") is not None
    if module == "keras":
        return name in ("DTypePolicy", "Model", "Sequential")
    return keras_named(f"{module}.{name}") is not None


def strangers_in_network(text, trusted):
    """Yield the names in the text of a network that no file may hold."""
    yield from strangers_in(json.loads(text), trusted)
