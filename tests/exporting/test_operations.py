"""Test that operations which a runtime does not support raise an error."""

import keras
import pytest
from exported_models import IGNORE_DEPRECATIONS, network

from skcnnlstm import export
from skcnnlstm._utils.export_graph import ExportGraph
from skcnnlstm.exporting.operations import check_onnx

pytestmark = IGNORE_DEPRECATIONS


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_an_unsupported_operation_is_named_and_no_file_written(
    format, tmp_path, monkeypatch
):
    pytest.importorskip("tf2onnx", reason="converts to ONNX (extra export)")
    # keras.ops.argmax of floats uses bitwise operations.
    graph = ExportGraph(lambda x: keras.ops.argmax(x, axis=1), (3,))
    monkeypatch.setattr("skcnnlstm.exporting.files.build_graph", lambda *_: graph)
    named = {"onnx": "Bitcast, BitwiseAnd", "litert": "BitwiseAnd"}[format]
    with pytest.raises(
        ValueError, match=f"got {named} with format='{format}'. Use format"
    ):
        export(network(), tmp_path / "a file", format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("nested", [False, True])
def test_nodes_are_checked_in_loops_and_against_the_version_of_the_model(nested):
    onnx = pytest.importorskip("onnx", reason="reads ONNX (extra export)")
    nodes = [onnx.helper.make_node("BitwiseAnd", ["a", "b"], ["c"])]
    if nested:
        body = onnx.helper.make_graph(nodes, "body", [], [])
        nodes = [onnx.helper.make_node("Loop", ["n"], ["c"], body=body)]
    graph = onnx.helper.make_graph(nodes, "graph", [], [])
    opsets = {version: onnx.helper.make_opsetid("", version) for version in (15, 18)}
    with pytest.raises(ValueError, match="operations that the runtime supports: got B"):
        check_onnx(onnx.helper.make_model(graph, opset_imports=[opsets[15]]))
    check_onnx(onnx.helper.make_model(graph, opset_imports=[opsets[18]]))
