"""Read the operations of a LiteRT file."""


def custom_operations(content):
    """Return the names of operations that a LiteRT file uses but LiteRT does not have.

    `content` holds the bytes of the file.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    codes = (model.OperatorCodes(i) for i in range(model.OperatorCodesLength()))
    names = (code.CustomCode() for code in codes)
    return [name.decode() for name in names if name]
