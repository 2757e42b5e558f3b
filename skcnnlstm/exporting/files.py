"""Write a fitted estimator in the format of another runtime."""

import importlib.util
import json
import os
import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

import skcnnlstm
from skcnnlstm._utils.files import check_parent_folder, write_atomically
from skcnnlstm._utils.validation import check_choice
from skcnnlstm.exporting.graph import GraphContext, build_graph
from skcnnlstm.exporting.operations import check_litert, check_onnx
from skcnnlstm.training.fast_layers import unwrap_bidirectional
from skcnnlstm.training.network_config import building_layers

_FORMATS = ("onnx", "litert", "saved_model")
_OUTPUTS = ("predictions", "quantiles")
_SUFFIXES = {".onnx": "onnx", ".tflite": "litert"}
_METADATA_FILE = "skcnnlstm.json"


def export(estimator, path, format="onnx", *, output="predictions"):
    """Write a fitted estimator, with its preprocessing, for another runtime.

    The file contains scaling, windows and reshaping as well as the network. All inputs
    and outputs are float32. They depend on the estimator:

    - A network or an ensemble reads windows, as in `fit`, without missing history. The
      output is that of `predict`.
    - A classifier returns probabilities of shape ``(n, n_classes)``, or ``(n,
      window_length, n_classes)`` with ``per_step=True``. The metadata entry ``classes``
      holds the labels.
    - A Pipeline with a SlidingWindow reads rows of shape ``(n_rows, n_features)`` and
      returns one prediction for each row. The SlidingWindow treats the rows like an
      array without an index.
    - A SeriesForecaster of one series reads the last `window_length` rows before each
      forecast, in the units of the series. The input has shape ``(n, window_length,
      n_columns)``. The output holds the next `horizon` steps in the same units, in the
      shape ``(n, horizon)`` or ``(n, horizon, n_targets)``.
    - A SeriesForecaster with `exog` or `calendar` has a second input "covariates", of
      shape ``(n, window_length + horizon, n_covariates)``. It holds the covariates of
      the rows of the window and of the steps ahead: first the columns of `exog`, then
      those of the calendar. The metadata entry ``covariates`` holds their names. With
      `exog_transformer`, the columns of `exog` must be transformed already.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of this package, or a Pipeline, a search or a
        TransformedTargetRegressor that contains such an estimator. A Pipeline may
        contain the transformers of this package and the usual scalers.
    path : path-like
        The file to write. For "saved_model", the folder to write. An existing file or
        SavedModel is replaced after the new one is complete.
    format : {"onnx", "litert", "saved_model"}, default="onnx"
        ONNX for onnxruntime, LiteRT (formerly TFLite) for phones and other small
        devices, SavedModel for TensorFlow Serving. If the path ends in `.onnx` or
        `.tflite`, the format must agree.
    output : {"predictions", "quantiles"}, default="predictions"
        "quantiles" exports all quantiles, in the shape of `predict_quantiles`, with the
        quantiles on the last axis. The metadata entry ``quantiles`` holds their levels.
        This needs a network that was fitted with `quantiles`, or a SeriesForecaster, a
        Pipeline or a search with such a network. "predictions" exports the output of
        `predict`, which is the median of a network with quantiles.

    Raises
    ------
    TypeError
        If a part of the estimator cannot be exported. The message names the part and
        lists what can be exported.
    ValueError
        If the network uses an operation that the runtime does not have.
    FileExistsError
        If a SavedModel would replace a file, or a folder without a SavedModel.
    ImportError
        If a required package is not installed (extra `export`).

    See Also
    --------
    save : Save an estimator to a file from which `load` restores it.

    Notes
    -----
    The outputs agree with `predict` to float32 precision: about six digits of the
    largest input value.

    The place of the metadata depends on the format:

    - ONNX: `metadata_props` of the file.
    - LiteRT: the member `skcnnlstm.json` of a zip archive at the end of the file.
    - SavedModel: the file `assets.extra/skcnnlstm.json`.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import FlattenWindows, SeriesForecaster, export
    >>> from skcnnlstm.datasets import load_airline
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> forecaster = SeriesForecaster(ridge, horizon=12, transformer="log")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "airline")
    ...     export(forecaster.fit(load_airline()), path, format="saved_model")
    ...     "saved_model.pb" in os.listdir(path)
    True
    """
    path = Path(path)
    _check_format(format, path)
    _check_installed(format)
    check_choice("output", output, _OUTPUTS)
    check_parent_folder(path)
    graph = build_graph(estimator, GraphContext(quantiles=output == "quantiles"))
    if format == "litert":
        _unroll(graph.networks)
    metadata = {
        "skcnnlstm": skcnnlstm.__version__,
        "estimator": type(estimator).__name__,
        **graph.metadata,
    }
    if graph.classes is not None:
        metadata["classes"] = np.asarray(graph.classes).tolist()
    with tempfile.TemporaryDirectory() as folder, building_layers():
        model_path = Path(folder, f"model{'.tflite' if format == 'litert' else ''}")
        _convert(graph, model_path, format)
        if format == "saved_model":
            _move_saved_model(model_path, path, metadata)
        elif format == "onnx":
            write_atomically(path, [_onnx_bytes(model_path, metadata)])
        else:
            check_litert(model_path.read_bytes())
            # Readers of LiteRT metadata expect a zip archive at the end of the file.
            with zipfile.ZipFile(model_path, "a") as archive:
                archive.writestr(_METADATA_FILE, json.dumps(metadata))
            write_atomically(path, [model_path.read_bytes()])


def _check_format(format, path):
    if isinstance(format, str) and format == "tflite":
        raise ValueError(
            f"format must be one of {', '.join(map(repr, _FORMATS))}: got "
            "format='tflite', which is now called LiteRT. Use format='litert'. The "
            "path may end in .tflite."
        )
    check_choice("format", format, _FORMATS)
    expected = _SUFFIXES.get(path.suffix.lower(), format)
    if expected != format:
        raise ValueError(
            f"path must not end in {path.suffix} with format={format!r}: got {path}. "
            f"Use format={expected!r}, or another path."
        )


def _check_installed(format):
    required = {"onnx": ("tf2onnx", "onnx")}.get(format, ())
    missing = [name for name in required if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"export with format={format!r} needs {' and '.join(missing)}: pip install "
            f"skcnnlstm[export], or pip install {' '.join(missing)}."
        )


def _unroll(networks):
    """Unroll all recurrent layers, because LiteRT has no loops."""
    for network in networks:
        for outer in network.layers:
            for layer in unwrap_bidirectional(outer):
                if isinstance(layer, keras.layers.RNN):
                    layer.unroll = True


class GraphModel(keras.Model):
    """A `keras.Model` that runs an ExportGraph, so that Keras can export it."""

    def __init__(self, graph, **kwargs):
        super().__init__(**kwargs)
        self.networks = graph.networks
        self.run = graph.run

    def call(self, x):
        """Return the output of the graph for a tensor or a list of two tensors."""
        return self.run(*x) if isinstance(x, list | tuple) else self.run(x)


def _convert(graph, path, format):
    """Write the graph to a new file or folder, in one of the formats."""
    model = GraphModel(graph)
    shapes = {graph.input_name: graph.shape}
    if graph.covariates is not None:
        shapes["covariates"] = graph.covariates
    rows = [np.zeros((1, *shape), np.float32) for shape in shapes.values()]
    specs = [
        keras.InputSpec(shape=(None, *shape), dtype="float32", name=name)
        for name, shape in shapes.items()
    ]
    # Keras exports one argument: a tensor, or a list of them.
    is_one = len(shapes) == 1
    model(rows[0] if is_one else rows)
    with _numpy_object_alias():
        model.export(
            str(path),
            format="tf_saved_model" if format == "saved_model" else format,
            input_signature=specs if is_one else [specs],
            verbose=False,
        )


@contextmanager
def _numpy_object_alias():
    """Define `np.object`, which tf2onnx 1.17 uses, for the duration of a block.

    Without this, Keras 3.15 defines `np.object` permanently, after a lookup that issues
    a warning.
    """
    if "object" in vars(np):
        yield
        return
    np.object = object
    try:
        yield
    finally:
        del np.object


def _onnx_bytes(path, metadata):
    """Return the bytes of an ONNX file with metadata and an output named "output"."""
    import onnx

    model = onnx.load(path)
    check_onnx(model)
    old, new = model.graph.output[0].name, "output"
    for node in model.graph.node:
        node.output[:] = [new if name == old else name for name in node.output]
        node.input[:] = [new if name == old else name for name in node.input]
    model.graph.output[0].name = new
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()}
    onnx.helper.set_model_props(model, texts)
    return model.SerializeToString()


def _move_saved_model(folder, path, metadata):
    """Move a SavedModel to its path. An existing SavedModel is replaced."""
    if path.exists() and not (path / "saved_model.pb").is_file():
        raise FileExistsError(
            "path must be a new folder or the folder of a SavedModel: got the existing "
            f"path {path}. Use another path."
        )
    (folder / "assets.extra").mkdir(exist_ok=True)
    (folder / "assets.extra" / _METADATA_FILE).write_text(json.dumps(metadata))
    partial = path.with_name(f".{path.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(folder, partial)
    shutil.rmtree(path, ignore_errors=True)
    os.replace(partial, path)
