"""Convert Keras objects to JSON configs and back, and check the names in a config."""

from __future__ import annotations

import importlib
import json
import re

import keras

from skcnnlstm import training
from skcnnlstm.training.network_config import building_layers

# Modules of the classes and functions that a file may name.
_MODULES = {
    "keras.activations": keras.activations,
    "keras.constraints": keras.constraints,
    "keras.initializers": keras.initializers,
    "keras.layers": keras.layers,
    "keras.losses": keras.losses,
    "keras.metrics": keras.metrics,
    "keras.ops": keras.ops,
    "keras.optimizers": keras.optimizers,
    "keras.optimizers.schedules": keras.optimizers.schedules,
    "keras.regularizers": keras.regularizers,
}
# Safe callbacks. Other callbacks write files or send data over the network.
_CALLBACKS = ("EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN")
# These layers hold code, or read files.
_UNSAFE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
_UNSAFE += ("StringLookup", "IntegerLookup", "TextVectorization")
_FUNCTION_MODULES = ("activations", "losses", "metrics", "ops", "initializers")
# Classes with objects that are stored as a config.
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
# Classes with objects that hold only attributes. If a config is incomplete, the
# attributes are stored.
STATEFUL = (keras.losses.Loss,)
# Names that configs use instead of a class, for values that have no class name.
_VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__")
# Largest number in the config of a metric. Metrics allocate memory in proportion to the
# square of some parameters.
_MAX_METRIC_SIZE = 4096


def public_name(thing):
    """Return the public name of a Keras class or function; None for other objects."""
    if str(getattr(thing, "__module__", "")).startswith("keras."):
        name = getattr(thing, "__name__", "")
        for module, members in {**_MODULES, "keras.callbacks": keras.callbacks}.items():
            if getattr(members, name, None) is thing:
                return f"{module}.{name}"
    return None


def find_public(name, trusted=()):
    """Return the Keras class or function of a public name, or None if it is not safe.

    Some classes are safe only if their names are in `trusted`.
    """
    module, _, attribute = str(name).rpartition(".")
    if attribute.startswith("_"):
        return None
    if module == "keras.callbacks":
        is_safe = attribute in _CALLBACKS or name in trusted
        return getattr(keras.callbacks, attribute, None) if is_safe else None
    if module not in _MODULES or (attribute in _UNSAFE and name not in trusted):
        return None
    thing = getattr(_MODULES[module], attribute, None)
    return thing if callable(thing) else None


def find_stateful_class(name):
    """Return the safe Keras loss or callback class of a name, such as "keras.src.a.B".

    A file stores the attributes of objects of these classes. Return None for other
    names.
    """
    for module, kind in (
        (keras.losses, keras.losses.Loss),
        (keras.callbacks, keras.callbacks.Callback),
    ):
        thing = getattr(module, name.rpartition(".")[2], None)
        if isinstance(thing, type) and issubclass(thing, kind):
            if f"{thing.__module__}.{thing.__name__}" == name:
                is_loss = kind is keras.losses.Loss
                return thing if is_loss or thing.__name__ in _CALLBACKS else None
    return None


# ---------------------------------------------------------------------------- objects


def is_keras_object(thing):
    """Return whether Keras can convert an object to a config."""
    return isinstance(thing, _OBJECTS)


def to_config(thing):
    """Return the JSON config of a Keras object, or None if the config is incomplete."""
    try:
        text = json.dumps(keras.saving.serialize_keras_object(thing))
        copy = _deserialize(json.loads(text))
    except (TypeError, ValueError):
        return None
    # Keras 3.15 omits `delta` from the config of Huber.
    is_loss = isinstance(thing, keras.losses.Loss)
    if is_loss and training.serialize(thing) != training.serialize(copy):
        return None
    return text


def from_config(text, trusted):
    """Return the Keras object of a JSON config, after a check of all names in it."""
    if type(text) is not str:
        raise ValueError(f"a Keras config must be text: got {type(text).__name__}")
    config = parse_json(text)
    untrusted = sorted(untrusted_names(config, trusted))
    if untrusted:
        raise ValueError(f"a Keras config has untrusted names: {', '.join(untrusted)}")
    _check_size(config)
    return _deserialize(config)


def _deserialize(config):
    with building_layers():
        return keras.saving.deserialize_keras_object(config, safe_mode=True)


def _check_size(config, in_metric=False):
    """Raise if an object would allocate far more memory than the size of its config."""
    if isinstance(config, dict):
        module = str(config.get("module"))
        if "build_config" in config or module in ("keras", "keras.layers"):
            if config.get("class_name") != "DTypePolicy":
                raise ValueError("the config of a Keras object contains a layer")
        in_metric |= module == "keras.metrics"
        for part in config.values():
            _check_size(part, in_metric)
    elif isinstance(config, list):
        for part in config:
            _check_size(part, in_metric)
    elif in_metric and isinstance(config, int | float) and config > _MAX_METRIC_SIZE:
        raise ValueError(f"a metric has a parameter above {_MAX_METRIC_SIZE}")


# ------------------------------------------------------------------------------ names


def parse_json(text):
    """Parse JSON text. Raise if its values need far more memory than the text."""
    _check_density(text)
    return json.loads(text)


def _check_density(text):
    """Raise if the values of a JSON text need many times the memory of the text."""
    memory = 0
    for mark, size in ("{", 230), ("[", 90), (",", 60):
        memory += size * text.count(mark if isinstance(text, str) else mark.encode())
    if memory > 40e6 + 3 * len(text):
        raise ValueError("a JSON text has too many values for its length")


def untrusted_in_text(text, trusted):
    """Return the untrusted names in a text that Keras would read.

    Keras reads JSON text as a config, and other text as the name of a registered
    object. JSON readers accept any subclass of `str`, such as `numpy.str_`, and bytes.
    """
    if isinstance(text, str) and text.lstrip()[:1] not in ("{", "["):
        return set(untrusted_names(str(text), trusted))
    _check_density(text)
    try:
        config = json.loads(text)
    except ValueError:
        return set()
    return set(untrusted_names(config, trusted))


def untrusted_names(config, trusted):
    """Yield the names in a config that are not trusted.

    Names of safe Keras objects and of this package are always trusted. Keras looks up
    `registered_name` before `module` and `class_name`. It also looks up plain text,
    such as the name of an activation, among the registered functions. So all of these
    are checked.
    """
    if isinstance(config, str):
        if config not in trusted and not _is_ours(_find_registered(config), True):
            yield config
    elif isinstance(config, list):
        for part in config:
            yield from untrusted_names(part, trusted)
    elif isinstance(config, dict):
        for key, part in config.items():
            if key not in ("class_name", "registered_name", "module"):
                yield from untrusted_names(part, trusted)
        if "class_name" in config and not _is_known(config, trusted):
            yield _label(config)


def _label(config):
    if config["class_name"] == "function":
        return str(config.get("config"))
    return str(config.get("registered_name") or config["class_name"])


def _find_registered(name):
    return keras.saving.get_registered_object(name) if isinstance(name, str) else None


def _is_ours(thing, default=False):
    if thing is None:
        return default
    return str(getattr(thing, "__module__", "")).startswith("skcnnlstm.")


def _is_known(config, trusted):
    """Return whether a config describes an object that is safe or trusted."""
    module, name = config.get("module"), config["class_name"]
    registered = config.get("registered_name")
    if not isinstance(module, str) or not isinstance(name, str):
        return isinstance(name, str) and name in _VALUES
    if name == "function":
        function = config.get("config")
        names = [f"keras.{part}.{function}" for part in _FUNCTION_MODULES]
        is_safe = function in trusted or any(map(find_public, names))
        return module == "builtins" and is_safe
    if module.startswith(("skcnnlstm.layers.", "skcnnlstm.architectures.")):
        importlib.import_module(module)  # registers the layers
    thing = _find_registered(registered) or _find_registered(name)
    if thing is not None:
        is_same = (thing.__module__, thing.__name__) == (module, name)
        return is_same and (registered in trusted or _is_ours(thing))
    if registered is not None and registered != name:
        return False
    if name in _VALUES:
        return True
    if name == "Functional":
        return module.startswith("keras.src.models.")
    if module.startswith("keras.src.ops."):
        # An operation in a network. ConvertToTensor is keras.ops.convert_to_tensor.
        function = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        return find_public(f"keras.ops.{function}") is not None
    if module == "keras":
        return name in ("DTypePolicy", "Model", "Sequential")
    return find_public(f"{module}.{name}", trusted) is not None
