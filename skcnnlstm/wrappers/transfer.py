"""Start from the weights of a fitted network, and freeze layers."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

import skcnnlstm
from skcnnlstm import training
from skcnnlstm._utils.introspection import fitted_networks
from skcnnlstm._utils.warnings import warn

_MAX_LISTED = 12

# ------------------------------------------------------------------------ pretrained


def match_pretrained(pretrained, spec, frozen):
    """Return the weights of those fitted layers that match layers of a new network.

    Two layers match if they have equal names and weights of equal shapes.

    Parameters
    ----------
    pretrained : estimator, path-like or None
        The parameter `pretrained` of an estimator.
    spec : ProgramSpec
        Specification with the new network.
    frozen : str or sequence of str
        The parameter `frozen` of the estimator. A warning is issued for each entry that
        matches no layer with fitted weights.

    Returns
    -------
    weights : dict of list of ndarray
        The weights of each matching layer, by the name of the layer. Empty if
        `pretrained` is None.

    Raises
    ------
    ValueError
        If `pretrained` does not contain exactly one fitted network, or if no layers
        match.
    """
    if pretrained is None:
        return {}
    source = _weights_by_layer(_find_network(pretrained).model_)
    own = _weights_by_layer(
        training.network_from_json(spec.network, spec.custom_objects)
    )
    matching = {
        name: source[name]
        for name, weights in own.items()
        if _shapes(source.get(name, ())) == _shapes(weights)
    }
    if not matching:
        raise ValueError(
            "pretrained must have a layer with the same name and the same weight "
            f"shapes as a layer of the new network: got the layers {_describe(source)}."
            f" The new network has the layers {_describe(own)}. Use the same "
            "architecture with the same layer sizes (and the same patch_length, if it "
            "has one)."
        )
    for pattern in _check_patterns(frozen):
        if not any(fnmatchcase(name, pattern) for name in matching):
            warn(
                f"frozen holds {pattern!r}, which matches only layers that do not "
                "start from the weights of pretrained. They stay frozen with random "
                "weights. The layers that start from pretrained are "
                f"{', '.join(matching)}. Remove {pattern!r} from frozen, or give the "
                "layers the sizes that they have in pretrained."
            )
    return matching


def _find_network(pretrained):
    """Return the fitted network in an estimator or in a saved file."""
    estimator = pretrained
    if isinstance(pretrained, str | os.PathLike):
        estimator = skcnnlstm.load(pretrained)
    networks = list(fitted_networks(estimator))
    if len(networks) == 1:
        return networks[0]
    rule = (
        "pretrained must be an estimator with exactly one fitted network, or the path "
        "of a file with such an estimator"
    )
    if networks:
        raise ValueError(
            f"{rule}: got {pretrained!r}, which contains {len(networks)} fitted "
            "networks. Pass one of them, such as pretrained.estimators_[0]."
        )
    raise ValueError(
        f"{rule}: got {pretrained!r}, which contains no fitted network. Fit it first. "
        "In the grid of a search, use sklearn.frozen.FrozenEstimator(fitted) or the "
        "path of a saved file."
    )


def _weights_by_layer(model):
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def _shapes(weights):
    return [value.shape for value in weights]


def _describe(weights):
    """Return the layers and the shapes of their weights, for messages."""
    named = [f"{name} {', '.join(map(str, _shapes(w)))}" for name, w in weights.items()]
    more = len(named) - _MAX_LISTED
    text = "; ".join(named[:_MAX_LISTED])
    return f"{text} and {more} more" if more > 0 else text


# ---------------------------------------------------------------------------- frozen


def freeze(network_args, frozen):
    """Return the arguments of `build_network_json` for a network with frozen layers.

    Without frozen layers, `network_args` is returned unchanged.
    """
    patterns = _check_patterns(frozen)
    if not patterns:
        return network_args
    build, input_shape, n_outputs, params = network_args
    params = params | {"build_network": build, "frozen_layers": patterns}
    return build_frozen_network, input_shape, n_outputs, params


def _check_patterns(frozen):
    """Return the names and patterns of frozen layers as a tuple."""
    patterns = (frozen,) if isinstance(frozen, str) else frozen
    if not isinstance(patterns, list | tuple) or not all(
        isinstance(pattern, str) for pattern in patterns
    ):
        raise TypeError(
            "frozen must be the name of a layer, a pattern such as 'conv_*', or a "
            f"tuple of these: got frozen={frozen!r}. Use () to train every layer."
        )
    return tuple(map(str, patterns))


def build_frozen_network(
    input_shape, n_outputs, *, build_network, frozen_layers, **params
):
    """Build a network and freeze the layers that match a name or a pattern."""
    network = build_network(input_shape, n_outputs, **params)
    layers = {layer.name: layer for layer in network.layers if layer.weights}
    trainable = [name for name, layer in layers.items() if layer.trainable_weights]
    for pattern in frozen_layers:
        found = [name for name in layers if fnmatchcase(name, pattern)]
        if not found:
            raise ValueError(
                "frozen must name layers with weights: got "
                f"{pattern!r}, which matches none of {', '.join(layers)}. Use one of "
                "these names, or a pattern such as 'conv*'."
            )
        for name in found:
            layers[name].trainable = False
    if not network.trainable_weights:
        raise ValueError(
            f"frozen must leave a layer to train: got frozen={frozen_layers!r}, which "
            f"matches each of {', '.join(trainable)}. Do not freeze the last layer, "
            f"{trainable[-1]!r}."
        )
    return network
