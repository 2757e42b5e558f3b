"""Check that the runtime of a format supports every operation of a converted model.

The converters copy unsupported operations without an error. The resulting file cannot
be loaded.
"""

from skcnnlstm import training


def check_onnx(model):
    """Raise ValueError if an ONNX model has operations that ONNX does not define."""
    from onnx import defs

    versions = {opset.domain: opset.version for opset in model.opset_import}
    defined = {(function.domain, function.name) for function in model.functions}
    graphs = [model.graph, *model.functions]
    used = {(node.domain, node.op_type) for graph in graphs for node in _nodes(graph)}
    unsupported = [
        name
        for domain, name in used - defined
        # tf2onnx keeps the names of unsupported operations, in the domain of ONNX.
        if domain in ("", "ai.onnx")
        and not defs.has(name, max_inclusive_version=versions[domain], domain="")
    ]
    _check_none_unsupported(unsupported, "onnx", other="litert")


def _nodes(graph):
    """Yield the nodes of a graph and of its inner graphs, in loops and branches."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def check_litert(content):
    """Raise ValueError if a LiteRT model uses operations that LiteRT does not have."""
    # TensorFlow operations, which need the Flex delegate, have the prefix "Flex".
    names = training.custom_operations(content)
    unsupported = [name.removeprefix("Flex") for name in names]
    _check_none_unsupported(unsupported, "litert", other="onnx")


def _check_none_unsupported(names, format, *, other):
    if names:
        raise ValueError(
            "estimator must use only operations that the runtime supports: got "
            f"{', '.join(sorted(names))} with format={format!r}. Use format={other!r} "
            "or format='saved_model', or another network."
        )
