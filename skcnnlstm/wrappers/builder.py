"""Check and call the functions that build networks."""

import inspect
import re

import keras

from skcnnlstm.wrappers.parameters import INTERNAL_ARGUMENTS
from skcnnlstm.wrappers.per_step import count_steps

_MODEL_NAME = re.compile(r"(sequential|functional|model)(_\d+)?")
_NUMBER = re.compile(r"_\d+$")


def check_builder(build, reserved, required=()):
    """Raise TypeError if a function cannot be the network builder of a class.

    Parameters
    ----------
    build : callable
        The function.
    reserved : iterable of str
        Parameters that the class has without the builder.
    required : iterable of str
        Keyword-only parameters that the builder must have.
    """
    if isinstance(build, type | keras.Model) or not callable(build):
        raise TypeError(
            f"build must be a function that returns a keras.Model: got {build!r:.80}. "
            f"Use {_example()}."
        )
    name = builder_name(build)
    signature = inspect.signature(build)
    positional, others, keywords = [], [], {}
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            keywords[parameter.name] = parameter
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            others.append(str(parameter))
        else:
            positional.append(parameter.name)
    got = f"got {name}{signature}"
    if len(positional) < 2:
        raise TypeError(
            "build must take the shape of a window and the number of outputs: "
            f"{got}. Use {_example()}."
        )
    if others or len(positional) > 2:
        raise TypeError(
            "build must take its parameters by keyword only: "
            f"{got}, with {', '.join([*positional[2:], *others])}. Write a * before "
            f"them, and name each: {_example()}."
        )
    for key, parameter in keywords.items():
        if key in INTERNAL_ARGUMENTS:
            continue
        if parameter.default is parameter.empty:
            raise TypeError(
                f"build must have a default for each parameter: {got}. Give {key} a "
                "default."
            )
        if key in reserved or "__" in key:
            reason = "two underscores" if "__" in key else "the name of a parameter"
            raise TypeError(
                "build must not use the names of parameters that each estimator has, "
                f"nor names with two underscores: {got}, where {key} has {reason}. "
                f"Rename {key}."
            )
    for key in required:
        if key not in keywords:
            raise TypeError(
                f"build must take {key}, the activation of the output, for a "
                f"classifier: {got}. Add {key}=None after the *, and use it in the "
                f"last layer: Dense(n_outputs, activation={key})."
            )


def _example():
    return "def build_network(input_shape, n_outputs, *, units=32)"


def builder_name(build):
    """Return the name of a builder, for messages."""
    return getattr(build, "__name__", type(build).__name__)


def call_builder(build, input_shape, n_outputs, **params):
    """Return the network of a builder as a functional model with stable names.

    The architectures of this package name their layers. Layers of other builders that
    have no explicit name get one that does not depend on the layers built before.

    Raises
    ------
    TypeError, ValueError
        If the builder does not return a network of this shape.
    """
    network = _build_once(build, input_shape, n_outputs, params)
    own = getattr(build, "__module__", "").startswith("skcnnlstm.architectures.")
    if not own and any(_has_automatic_name(layer) for layer in network.layers):
        # Names that Keras made contain a counter, so they differ from build to build.
        again = _build_once(build, input_shape, n_outputs, params)
        _name_layers(network, again)
    return name_operations(network)


def _build_once(build, input_shape, n_outputs, params):
    network = build(input_shape, n_outputs, **params)
    name = builder_name(build)
    if not isinstance(network, keras.Model):
        raise TypeError(
            f"build must return a keras.Model: got {type(network).__name__} from "
            f"{name}. Return keras.Model(window, output), or a keras.Sequential."
        )
    if network.compiled:
        raise ValueError(
            f"build must return a model that is not compiled: got a compiled one from "
            f"{name}. Remove compile(...), and set loss and optimizer as parameters of "
            "the estimator."
        )
    if isinstance(network, keras.Sequential):
        if not network.built:
            network.build((None, *input_shape))
        network = _as_functional(network)
    if not hasattr(network, "operations"):
        raise TypeError(
            f"build must return a functional or sequential model: got "
            f"{type(network).__name__} from {name}, a subclass of keras.Model. Return "
            "keras.Model(window, output), and put your code into layers."
        )
    shapes = [tuple(one.shape) for one in (*network.inputs, *network.outputs)]
    expected = [(None, *input_shape), (None, n_outputs)]
    if params.get("per_step"):
        expected[1] = (None, count_steps(input_shape), n_outputs)
        if shapes != expected:
            raise ValueError(
                "build must return a network with one output of shape (None, n_steps, "
                f"n_outputs) for per_step=True: got {shapes} from {name}, expected "
                f"{expected}. End with keras.layers.Dense(n_outputs) on the sequence "
                "of all steps, such as that of LSTM(..., return_sequences=True)."
            )
    elif shapes != expected:
        raise ValueError(
            "build must return a network with one input of shape (None, *input_shape) "
            f"and one output of shape (None, n_outputs): got {shapes} from {name}, "
            f"expected {expected}. Begin with keras.Input(input_shape) and end with "
            "keras.layers.Dense(n_outputs); use keras.layers.Flatten() before if the "
            "output has a time axis."
        )
    if _MODEL_NAME.fullmatch(network.name):
        network.name = name.removeprefix("build_").strip("<>") or "network"
    return network


def _as_functional(sequential):
    return keras.Model(
        sequential.inputs[0], sequential.outputs[0], name=sequential.name
    )


def _has_automatic_name(layer):
    """Return whether a name may have been made by Keras from the class of the layer."""
    words = _NUMBER.sub("", layer.name).replace("_", "")
    return type(layer).__name__.lower() == words


def _name_layers(network, again):
    """Rename the layers whose names differ between two builds."""
    pairs = list(zip(network.layers, again.layers, strict=True))
    taken = {layer.name for layer, other in pairs if layer.name == other.name}
    for layer, other in pairs:
        for part, its_other in zip(_parts(layer), _parts(other), strict=True):
            if part.name != its_other.name:
                part.name = _free_name(part.name, taken if part is layer else ())
        taken.add(layer.name)


def name_operations(network):
    """Rename the operations that are not layers, whose names always have a counter.

    Keras also adds some when it calls a network. Returns the network.
    """
    taken = {layer.name for layer in network.layers}
    for operation in network.operations:
        if not isinstance(operation, keras.Layer):
            operation.name = _free_name(operation.name, taken)
            taken.add(operation.name)
    return network


def _free_name(name, taken):
    """Return a name with the first number that is not taken."""
    stem = name = _NUMBER.sub("", name)
    number = 0
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    return name


def _parts(layer):
    """Yield a layer and the layers that it wraps."""
    yield layer
    for name in ("layer", "forward_layer", "backward_layer", "cell"):
        nested = getattr(layer, name, None)
        if isinstance(nested, keras.Layer):
            yield from _parts(nested)
