"""Tests of reading the operations of a LiteRT file."""

import flatbuffers
from tensorflow.lite.python import schema_py_generated as schema

from skcnnlstm.training import custom_operations


def litert_file(*names):
    """Return a LiteRT file with operations of these names; None is a built-in one."""
    model = schema.ModelT()
    model.operatorCodes = []
    for name in names:
        code = schema.OperatorCodeT()
        code.customCode = name
        model.operatorCodes.append(code)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_only_custom_operations_are_listed():
    content = litert_file(None, "FlexTensorListReserve", None, "FlexErf")
    assert custom_operations(content) == ["FlexTensorListReserve", "FlexErf"]
    assert custom_operations(litert_file(None)) == []
