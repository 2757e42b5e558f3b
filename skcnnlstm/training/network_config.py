"""Networks as text, and their fresh weights.

An architecture's `build_x` is a pure function. Here its result becomes a JSON text
with no weight and no seed in it: the text names a network in every cache, travels in
pickles, and grows back into a `keras.Model` in any process. Of what a user registered
with Keras the text holds the name alone; what `find_registered` finds goes with it.
"""

from __future__ import annotations

import random
import threading
from collections import OrderedDict
from contextlib import contextmanager

import keras
import numpy as np

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training.fast_layers import (
    use_fast_forms,
    use_plain_gradients,
    use_sound_kernels,
)
from skcnnlstm.training.fingerprint import (
    compute_fingerprint,
    find_registered,
    registered_as,
)

_building = threading.RLock()
_described: OrderedDict[tuple, tuple[str, dict, dict]] = OrderedDict()
_MOST_DESCRIBED = 256
# The network described last, with what names it: the fit that follows grows it no
# second time.
_spare: list[tuple[tuple, keras.Model]] = []


@contextmanager
def building_layers():
    """Guard the construction of Keras layers.

    Keras names layers from a global counter and draws their default seeds from
    Python's global generator: one thread at a time, and the generator is put back.
    """
    backend.check_process()  # a layer's first weights are operations
    with _building:
        state = random.getstate()
        try:
            yield
        finally:
            random.setstate(state)


def name_of(text, own) -> tuple:
    """Return what names a network: its text, and what the user's own in it is."""
    return text, compute_fingerprint(own) if own else None


def describe_network(build, input_shape, n_outputs, params, own=None) -> str:
    """Return the JSON text of `build(input_shape, n_outputs, **params)`.

    Texts are remembered, so a network that was described before is not built again,
    unless another thing has been registered by a name in it. `own` is as for
    `network_from_json`.
    """
    # `repr` tells 1 from True and 1.0, which are equal as keys; `params` is kept with
    # the text so that no address in a `repr` is ever given to another object.
    # Layers write Keras' dtype policy into the text.
    policy = keras.config.dtype_policy().name, keras.config.floatx()
    key = (build, input_shape, n_outputs, repr(sorted(params.items())), policy)
    with building_layers(), registered_as(own):
        text, _, known = _described.get(key, (None, None, None))
        if text is None or known != find_registered(text):
            model = build(input_shape, n_outputs, **params)
            text = model.to_json()
            known = find_registered(text)
            _described[key] = (text, params, known)
            spare = [(name_of(text, known), model)]
            _spare[:] = [] if _asks_for_inputs(model) else spare
            while len(_described) > _MOST_DESCRIBED:
                _described.popitem(last=False)
        _described.move_to_end(key)
        return text


def _asks_for_inputs(model):
    """Tell whether a program of the network asks what enters one of its layers.

    A layer that is called anew, in a network around its own, answers with what entered
    it first.
    """
    norm = keras.layers.BatchNormalization
    return any(isinstance(layer, norm) for layer in model.layers)


def network_from_json(
    text, own=None, *, fast=False, on_gpu=False, spare=False
) -> keras.Model:
    """Grow a network; with `fast`, one whose layers compute as `kernels` says.

    `own` holds functions and classes by the names that they have in the text; names
    that are not in it are those that are registered now. With `on_gpu` it will only
    ever run there: layers may keep kernels of the GPU. With `spare` it may be the
    network that was described last, whose layers may have been called more than once.
    """
    with building_layers(), registered_as(own):
        name, model = _spare.pop() if spare and _spare else (None, None)
        if name != name_of(text, own):
            model = keras.models.model_from_json(text)
    use_plain_gradients(model)
    use_sound_kernels(model)
    if fast:
        use_fast_forms(model, on_gpu=on_gpu)
    return model


def describe_until(text, weights, layer_name, own=None) -> tuple[str, list[np.ndarray]]:
    """Return the network of `text` that ends at a layer, and its share of weights."""
    with building_layers(), registered_as(own):
        model = keras.models.model_from_json(text)
        until = keras.Model(
            model.inputs, model.get_layer(layer_name).output, name=layer_name
        )
    value_of = {id(v): w for v, w in zip(model.weights, weights, strict=True)}
    return until.to_json(), [value_of[id(v)] for v in until.weights]


def fresh_weights(model, seed) -> list[np.ndarray]:
    """Draw every weight of `model` from its own initializer, seeded by `seed`.

    The same seed gives the same weights in any process, whatever was built before.
    """
    owners = {
        id(variable): part
        for layer in model.layers
        for part in _parts(layer)
        for variable in part.weights
    }
    seeds = np.random.SeedSequence(seed).generate_state(len(model.weights))
    return [
        _fresh_weight(owners[id(variable)], variable, int(number) & 0x7FFFFFFF)
        for variable, number in zip(model.weights, seeds, strict=True)
    ]


def seed_states(model) -> list:
    """Return the variables that drive dropout, in order."""
    return [v for v in model.variables if v.name == "seed_generator_state"]


def _parts(layer):
    """Yield a layer and what it wraps, the innermost last."""
    yield layer
    for name in ("layer", "forward_layer", "backward_layer", "cell"):
        part = getattr(layer, name, None)
        if isinstance(part, keras.Layer):
            yield from _parts(part)


def _fresh_weight(owner, variable, seed):
    name, shape = variable.name, tuple(variable.shape)
    # Keras: "kernel" has a kernel_initializer, "recurrent_kernel" a
    # recurrent_initializer, "gamma" a gamma_initializer.
    initializer = getattr(owner, f"{name.removesuffix('_kernel')}_initializer")
    config = initializer.get_config()
    if "seed" in config:
        config["seed"] = seed
    draw = type(initializer).from_config(config)
    value = np.array(keras.ops.convert_to_numpy(draw(shape, dtype=variable.dtype)))
    if name == "bias" and getattr(owner, "unit_forget_bias", False):
        # Jozefowicz et al. (2015): the forget gate starts open. Gates are in the order
        # input, forget, cell, output.
        units = shape[0] // 4
        value[units : 2 * units] = 1
    return value
