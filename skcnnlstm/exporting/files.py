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

    The file contains scaling, windows and reshaping as well as the network. Input and
    output are those of the estimator's `predict`, in float32:

    - a network or an ensemble: windows as in `fit`, without missing history.
    - a Pipeline with a SlidingWindow: rows ``(n_rows, n_features)``, and one forecast
      for each row. The SlidingWindow treats them as it treats bare arrays.
    - a SeriesForecaster of one series: the last `window_length` rows before each
      forecast, in the units of the series, ``(n, window_length, n_columns)``. The
      output is the next `horizon` steps in the same units, ``(n, horizon)`` or
      ``(n, horizon, n_targets)``.
    - a SeriesForecaster with `exog` or `calendar`: a second input "covariates",
      ``(n, window_length + horizon, n_covariates)``: those of the rows of the window
      and of the steps ahead. The columns are those of `exog` in their units (with
      `exog_transformer`, its output), then those of the calendar. The entry
      ``covariates`` of the metadata holds their names.
    - a classifier: the output is the probabilities ``(n, n_classes)``, or ``(n,
      window_length, n_classes)`` with ``per_step=True``. The labels are
      the entry ``classes`` of the metadata.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of this package, or a Pipeline, a search or a
        TransformedTargetRegressor of one. A Pipeline may contain the transformers of
        this package and the usual scalers.
    path : path-like
        The file, or the folder for "saved_model", to write. An existing one is
        replaced after the new one is complete.
    format : {"onnx", "litert", "saved_model"}, default="onnx"
        ONNX for onnxruntime, LiteRT (formerly TFLite) for phones and other small
        devices, SavedModel for TensorFlow Serving. If the path ends in `.onnx` or
        `.tflite`, the format must agree.
    output : {"predictions", "quantiles"}, default="predictions"
        "quantiles" returns all quantiles of a regressor with `quantiles`, or of a
        SeriesForecaster, a Pipeline or a search with one, in the shape of
        `predict_quantiles`. They are the last axis and the entry ``quantiles`` of the
        metadata. "predictions" returns their median.

    Raises
    ------
    TypeError
        If a part of the estimator cannot be exported. The message names the part and
        lists what can be exported.
    ValueError
        If the network uses an operation that the runtime does not have.
    ImportError
        If a required package is not installed (extra `export`).

    See Also
    --------
    save : Save an estimator to a file from which `load` restores it.

    Notes
    -----
    The outputs agree with `predict` to float32 precision: about six digits of the
    largest input value. The metadata are the `metadata_props` of an ONNX file, a zip
    archive at the end of a LiteRT file, or a file in `assets.extra` of a SavedModel.
    In the latter two they are called `skcnnlstm.json`.

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
            "format must be a known choice: got format='tflite', which is now called "
            "LiteRT. Use format='litert'; the path may end in .tflite."
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
    """An ExportGraph as a `keras.Model`, which Keras can export."""

    def __init__(self, graph, **kwargs):
        super().__init__(**kwargs)
        self.networks = graph.networks
        self.run = graph.run

    def call(self, x):
        """Return the output of the graph for a tensor or a list of two."""
        return self.run(*x) if isinstance(x, list | tuple) else self.run(x)


def _convert(graph, path, format):
    """Write the graph to a new path in one of the formats."""
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
    """Define `np.object`, which tf2onnx 1.17 reads, and remove it afterwards.

    Otherwise Keras 3.15 defines it, after a lookup that warns, and leaves it there.
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
    """Return an ONNX file with metadata and an output tensor called "output"."""
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
    """Move a SavedModel to its path, and replace a SavedModel there."""
    if path.exists() and not (path / "saved_model.pb").is_file():
        raise FileExistsError(
            f"path must be a new folder or that of a SavedModel: got {path}. Use "
            "another path."
        )
    (folder / "assets.extra").mkdir(exist_ok=True)
    (folder / "assets.extra" / _METADATA_FILE).write_text(json.dumps(metadata))
    partial = path.with_name(f".{path.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(folder, partial)
    shutil.rmtree(path, ignore_errors=True)
    os.replace(partial, path)
