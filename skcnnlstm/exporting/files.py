"""export: an estimator as a file for another runtime."""

from __future__ import annotations

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
from skcnnlstm.exporting.graph import TracedModel, trace
from skcnnlstm.exporting.operations import check_litert, check_onnx
from skcnnlstm.training.network_config import building_layers

_FORMATS = ("onnx", "litert", "saved_model")
_ENDINGS = {".onnx": "onnx", ".tflite": "litert"}
_NOTE = "skcnnlstm.json"


def export(estimator, path, format="onnx"):
    """Write a fitted estimator for another runtime, with all that it does to its rows.

    Scaling, windows and reshaping go into the file with the network, so that it takes,
    in float32, what `predict` of the estimator takes, and gives what that gives:

    - a network or an ensemble: windows as in `fit`, without missing history.
    - a Pipeline: rows ``(n_rows, n_features)`` where a SlidingWindow is in it, which
      then does what it does for bare arrays; the same number of forecasts.
    - a SeriesForecaster of one series: the last `window_length` rows before each
      forecast, as they are, ``(n, window_length, n_columns)``; out come the next
      `horizon` steps in the units of the series, ``(n, horizon)`` or ``(n, horizon,
      n_targets)``.
    - a classifier: probabilities ``(n, n_classes)``; the labels are the entry
      ``classes`` of the metadata.

    Parameters
    ----------
    estimator : estimator
        Fitted: one of this package, or a Pipeline, a search or a
        TransformedTargetRegressor around one. Among the steps may be the transformers
        of this package and the usual scalers.
    path : path-like
        The file (for "saved_model" the folder) to write; one that is there is replaced
        once the new one is whole.
    format : {"onnx", "litert", "saved_model"}, default="onnx"
        ONNX for onnxruntime, LiteRT (formerly TFLite) for phones and small machines,
        SavedModel for TensorFlow Serving. A path in `.onnx` or `.tflite` must hold
        what it says.

    Raises
    ------
    TypeError
        If a part cannot be exported; the message names it and says what can.
    ValueError
        If the runtime of a format lacks an operation of the network.
    ImportError
        If a package is needed that is not installed (extra `export`).

    See Also
    --------
    save : A file from which the estimator itself comes back.

    Notes
    -----
    Numbers agree with `predict` to float32: about six digits of the largest value that
    is read. Metadata stand in the `metadata_props` of an ONNX file, in a zip archive
    at the end of a LiteRT file and in `assets.extra` of a SavedModel, the latter two
    as `skcnnlstm.json`.

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
    _require(format)
    check_parent_folder(path)
    traced = trace(estimator, unroll=format == "litert")
    note = {"skcnnlstm": skcnnlstm.__version__, "estimator": type(estimator).__name__}
    if traced.classes is not None:
        note["classes"] = np.asarray(traced.classes).tolist()
    with tempfile.TemporaryDirectory() as folder, building_layers():
        made = Path(folder, f"model{'.tflite' if format == 'litert' else ''}")
        model = TracedModel(traced)
        spec = keras.InputSpec(
            shape=(None, *traced.shape), dtype="float32", name=traced.input_name
        )
        model(np.zeros((1, *traced.shape), np.float32))
        with _old_name_in_numpy():
            model.export(
                str(made),
                format="tf_saved_model" if format == "saved_model" else format,
                input_signature=[spec],
                verbose=False,
            )
        if format == "saved_model":
            _put_folder(made, path, note)
        elif format == "onnx":
            write_atomically(path, [_onnx_with(note, made)])
        else:
            check_litert(made.read_bytes())
            _append_note(made, note)
            write_atomically(path, [made.read_bytes()])


def _check_format(format, path):
    if isinstance(format, str) and format == "tflite":
        raise ValueError(
            "format must be a known choice: got format='tflite', called LiteRT "
            "now. Use format='litert'; the path may end in .tflite."
        )
    check_choice("format", format, _FORMATS)
    said = _ENDINGS.get(path.suffix.lower(), format)
    if said != format:
        raise ValueError(
            f"path must not end in {path.suffix} where format={format!r}: got "
            f"{path}. Use format={said!r}, or another path."
        )


def _require(format):
    needed = {"onnx": ("tf2onnx", "onnx")}.get(format, ())
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"export with format={format!r} needs {' and '.join(missing)}: pip install "
            f"skcnnlstm[export], or pip install {' '.join(missing)}."
        )


@contextmanager
def _old_name_in_numpy():
    """Put `np.object` in place for tf2onnx 1.17, and take it away again.

    Keras 3.15 would leave it there, after asking for it in a way that warns.
    """
    if "object" in vars(np):
        yield
        return
    np.object = object
    try:
        yield
    finally:
        del np.object


def _onnx_with(note, made):
    """Return an ONNX file with metadata, its output called "forecast" or the like."""
    import onnx

    model = onnx.load(made)
    check_onnx(model)
    old, new = model.graph.output[0].name, "output"
    for node in model.graph.node:
        node.output[:] = [new if name == old else name for name in node.output]
        node.input[:] = [new if name == old else name for name in node.input]
    model.graph.output[0].name = new
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in note.items()}
    onnx.helper.set_model_props(model, texts)
    return model.SerializeToString()


def _append_note(made, note):
    """Put metadata behind a LiteRT file, where its readers look for a zip archive."""
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr(_NOTE, json.dumps(note))


def _put_folder(made, path, note):
    """Move a SavedModel to its place, in the place of another."""
    if path.exists() and not (path / "saved_model.pb").is_file():
        raise FileExistsError(
            f"path must be a new folder or that of a SavedModel: got {path}."
        )
    (made / "assets.extra").mkdir(exist_ok=True)
    (made / "assets.extra" / _NOTE).write_text(json.dumps(note))
    beside = path.with_name(f".{path.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    shutil.copytree(made, beside)
    shutil.rmtree(path, ignore_errors=True)
    os.replace(beside, path)
