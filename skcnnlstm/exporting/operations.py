"""Whether a runtime has the operations of a converted network.

Converters let pass what they do not know: the file is written, and cannot be loaded.
"""

from __future__ import annotations

from skcnnlstm import training

_WAY_OUT = {
    "onnx": "Use format='litert' or format='saved_model'",
    "litert": "Use format='onnx' or format='saved_model'",
}


def check_onnx(model):
    """Raise where nodes of an ONNX model are not in the operator sets it names."""
    from onnx import defs

    versions = {each.domain: each.version for each in model.opset_import}
    own = {(each.domain, each.name) for each in model.functions}
    graphs = [model.graph, *model.functions]
    wanted = {(node.domain, node.op_type) for each in graphs for node in _nodes(each)}
    _refuse(
        "onnx",
        [
            name
            for domain, name in wanted - own
            # What tf2onnx does not know keeps its name, and gets the domain of ONNX.
            if domain in ("", "ai.onnx")
            and not defs.has(name, max_inclusive_version=versions[domain], domain="")
        ],
    )


def _nodes(graph):
    """Yield the nodes of a graph, and of those inside its nodes (loops, branches)."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def check_litert(content):
    """Raise where a LiteRT model needs more than LiteRT's own operations."""
    # TensorFlow's, for which an interpreter needs the Flex delegate, begin with Flex.
    names = training.custom_operations(content)
    _refuse("litert", [name.removeprefix("Flex") for name in names])


def _refuse(format, names):
    if names:
        raise ValueError(
            "estimator must hold only operations that its runtime has: got "
            f"{', '.join(sorted(names))}, format={format!r}. {_WAY_OUT[format]}, or "
            "another network."
        )
