"""Convert networks to JSON text and back, and draw their initial weights.

The JSON text of a network holds no weights and no seeds. It identifies the network in
every cache and is part of a pickled estimator. Any process can convert it to a
`keras.Model`. The text holds only the names of user-defined objects that are registered
with Keras. The objects themselves are passed as `custom_objects`.
"""

import random
import threading
from collections import OrderedDict
from contextlib import contextmanager

import keras
import numpy as np

from skcnnlstm.training import _tensorflow_process as process
from skcnnlstm.training.fast_layers import (
    disable_cudnn_for_bfloat16,
    replace_silu,
    use_fast_layers,
)
from skcnnlstm.training.fingerprint import (
    compute_fingerprint,
    find_registered,
    registered_as,
)

_construction_lock = threading.RLock()
_network_texts: OrderedDict[tuple, tuple[str, dict, dict]] = OrderedDict()
_MAX_NETWORK_TEXTS = 256
# Either empty, or one pair: the key of the network that was built last, and that
# network. The next fit uses this network instead of building it again from the text.
_last_built: list[tuple[tuple, keras.Model]] = []


@contextmanager
def building_layers():
    """Make the construction of Keras layers thread-safe and free of side effects.

    Keras names layers with a global counter, and draws their default seeds from the
    global generator of Python. In this context, only one thread at a time constructs
    layers. At the end, the state of the generator is restored.
    """
    process.check_process()  # creating weights runs TensorFlow operations
    with _construction_lock:
        state = random.getstate()
        try:
            yield
        finally:
            random.setstate(state)


def network_key(text, custom_objects) -> tuple:
    """Return the cache key of a network: its text and a fingerprint.

    The fingerprint is that of `custom_objects`, or None without such objects.
    """
    return text, compute_fingerprint(custom_objects) if custom_objects else None


def build_network_json(
    build, input_shape, n_outputs, params, custom_objects=None
) -> str:
    """Return the JSON text of `build(input_shape, n_outputs, **params)`.

    Texts are cached. If the cache has the text, the network is built again only if
    another object has been registered under a name in the text. `custom_objects` is
    documented in `network_from_json`.
    """
    # `repr` distinguishes 1, True and 1.0, which are equal as keys. The cache keeps
    # `params` alive, so that an address in a `repr` is not used again for another
    # object. The dtype policy of Keras is part of the text, and so of the key.
    policy = keras.config.dtype_policy().name, keras.config.floatx()
    key = (build, input_shape, n_outputs, repr(sorted(params.items())), policy)
    with building_layers(), registered_as(custom_objects):
        text, _, objects = _network_texts.get(key, (None, None, None))
        if text is None or objects != find_registered(text):
            model = build(input_shape, n_outputs, **params)
            text = model.to_json()
            objects = find_registered(text)
            _network_texts[key] = (text, params, objects)
            last_built = [(network_key(text, objects), model)]
            _last_built[:] = [] if _has_batch_norm(model) else last_built
            while len(_network_texts) > _MAX_NETWORK_TEXTS:
                _network_texts.popitem(last=False)
        _network_texts.move_to_end(key)
        return text


def _has_batch_norm(model):
    """Return whether a network has BatchNormalization layers.

    Such a network is not reused, but built again from its text: `Program` reads the
    attribute `input` of these layers. If a layer was called a second time, inside
    another network, this attribute is still the input of the first call.
    """
    norm = keras.layers.BatchNormalization
    return any(isinstance(layer, norm) for layer in model.layers)


def network_from_json(
    text,
    custom_objects=None,
    *,
    fast=False,
    on_gpu=False,
    portable=True,
    large_batches=False,
    convolutions=True,
    reuse=False,
) -> keras.Model:
    """Create a network from its JSON text.

    `custom_objects` holds user-defined functions and classes by their names in `text`.
    Other names are looked up among the objects that are registered now.

    With `fast`, layers use the faster computations of `fast_layers`. Then `on_gpu`,
    `portable`, `large_batches` and `convolutions` have the meaning that
    `use_fast_layers` documents.

    With `reuse`, the network built last may be returned if it has the same text. The
    layers of this network may have been called more than once.
    """
    with building_layers(), registered_as(custom_objects):
        key, model = _last_built.pop() if reuse and _last_built else (None, None)
        if key != network_key(text, custom_objects):
            model = keras.models.model_from_json(text)
    _freeze_variables(model)
    replace_silu(model)
    disable_cudnn_for_bfloat16(model)
    if fast:
        use_fast_layers(
            model,
            on_gpu=on_gpu,
            portable=portable,
            large_batches=large_batches,
            convolutions=convolutions,
        )
    return model


def _freeze_variables(model):
    """Freeze the variables of frozen layers; Keras 3.15 creates them as trainable."""
    for layer in model.layers:
        if not layer.trainable:
            layer.trainable = False


def truncate_network(
    text, weights, layer_name, custom_objects=None
) -> tuple[str, list[np.ndarray]]:
    """Return the JSON text and the weights of the network that ends at a layer."""
    with building_layers(), registered_as(custom_objects):
        model = keras.models.model_from_json(text)
        truncated = keras.Model(
            model.inputs, model.get_layer(layer_name).output, name=layer_name
        )
    value_of = {id(v): w for v, w in zip(model.weights, weights, strict=True)}
    return truncated.to_json(), [value_of[id(v)] for v in truncated.weights]


def fresh_weights(model, seed) -> list[np.ndarray]:
    """Return new weights of `model`, drawn from their initializers.

    The weights depend only on the network and the seed. They do not depend on the
    process or on networks that were built before.

    Layers of Keras name their initializers after their weights. If the initializer of a
    weight has another name, the weight is taken from a copy of the network. Keras draws
    the weights of the copy from Python's generator, which is seeded by `seed`.
    """
    owners = {
        id(variable): part
        for layer in model.layers
        for part in _nested_layers(layer)
        for variable in part.weights
    }
    seeds = np.random.SeedSequence(seed).generate_state(len(model.weights))
    weights = [
        _fresh_weight(owners[id(variable)], variable, int(number) & 0x7FFFFFFF)
        for variable, number in zip(model.weights, seeds, strict=True)
    ]
    if any(value is None for value in weights):
        built = _weights_of_copy(model, seed)
        weights = [
            other if value is None else value
            for value, other in zip(weights, built, strict=True)
        ]
    return weights


def _weights_of_copy(model, seed):
    """Return the initial weights of a copy of a network, seeded by `seed`."""
    with building_layers():
        random.seed(seed)
        return keras.models.clone_model(model).get_weights()


def _nested_layers(layer):
    """Yield a layer, then the layers inside it, each before those inside it."""
    yield layer
    for name in ("layer", "forward_layer", "backward_layer", "cell"):
        nested = getattr(layer, name, None)
        if isinstance(nested, keras.Layer):
            yield from _nested_layers(nested)


def _fresh_weight(owner, variable, seed):
    """Draw a weight from its initializer; return None if no initializer is found."""
    name, shape = variable.name, tuple(variable.shape)
    # Names in Keras: "kernel" has a kernel_initializer, "recurrent_kernel" a
    # recurrent_initializer, "gamma" a gamma_initializer.
    initializer = getattr(owner, f"{name.removesuffix('_kernel')}_initializer", None)
    if not isinstance(initializer, keras.initializers.Initializer):
        return None
    config = initializer.get_config()
    if "seed" in config:
        config["seed"] = seed
    draw = type(initializer).from_config(config)
    value = np.array(keras.ops.convert_to_numpy(draw(shape, dtype=variable.dtype)))
    if name == "bias" and getattr(owner, "unit_forget_bias", False):
        # The initial bias of the forget gate is 1, as in Jozefowicz et al. (2015). The
        # order of the gates is input, forget, cell, output.
        units = shape[0] // 4
        value[units : 2 * units] = 1
    return value
