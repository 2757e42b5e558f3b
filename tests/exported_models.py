"""Fitted estimators to export, and the runtimes that read the files."""

import json
import zipfile

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from skcnnlstm import (
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    ConvLSTMRegressor,
    FlattenWindows,
    HybridEnsembleRegressor,
    LastSteps,
    LSTMRegressor,
    LSTNetRegressor,
    SeriesForecaster,
    SlidingWindow,
    SubsequenceReshaper,
    make_windows,
)
from skcnnlstm.datasets import load_airline

# `pytestmark` of the tests that export: TensorFlow and tf2onnx warn of deprecation.
IGNORE_DEPRECATIONS = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]
TINY = {"epochs": 2, "random_state": 0}
SMALL = {"filters": 4, "lstm_units": 4, **TINY}
ROWS = np.cumsum(np.random.default_rng(0).normal(size=(90, 2)), axis=0) + 50
AIRLINE = load_airline().to_numpy(float)


def network():
    return CNNLSTMRegressor(**SMALL)


def ridge():
    return make_pipeline(FlattenWindows(), Ridge())


# Each of these returns a fitted estimator, the input of its export, and the output that
# the export must have.


def forecaster(estimator=None, rows=ROWS, **params):
    params = {"window_length": 12, "horizon": 3} | params
    fitted = SeriesForecaster(estimator or network(), **params).fit(rows)
    window = rows.reshape(len(rows), -1)[-fitted.window_length :]
    expected = fitted.forecast()[np.newaxis]
    if fitted.n_targets_ == 1:
        expected = expected.reshape(1, -1)
    return fitted, window[np.newaxis], expected


def pipeline(*steps):
    fitted = make_pipeline(*steps).fit(ROWS, ROWS[:, 0])
    rows = ROWS[:30] + 1
    return fitted, rows, fitted.predict(rows)


def on_windows(estimator, labels=False):
    X, y = make_windows(ROWS, 12, 2)
    estimator.fit(X, np.array(["a", "b", "c"])[np.arange(len(X)) % 3] if labels else y)
    predict = estimator.predict_proba if labels else estimator.predict
    return estimator, X[:5], predict(X[:5])


def ensemble(method):
    return on_windows(
        HybridEnsembleRegressor(method=method, n_splits=2, epochs=1, random_state=0)
    )


def with_gaps(instance_norm):
    season = {"season_length": 4} if instance_norm == "seasonal" else {}
    regressor = CNNLSTMRegressor(
        missing="mask", instance_norm=instance_norm, **season, **SMALL
    )
    X, y = make_windows(ROWS, 12, 2)
    X = X.copy()
    X[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    X[0, :, 1] = np.nan  # a feature without any known value
    return regressor.fit(X, y), X[:5], regressor.predict(X[:5])


CASES = {
    "forecaster": lambda: forecaster(
        rows=AIRLINE, window_length=24, horizon=12, transformer="log"
    ),
    "recursive": lambda: forecaster(strategy="recursive", transformer=MinMaxScaler()),
    "channels": lambda: forecaster(channels="independent"),
    "past": lambda: forecaster(target_columns=[1], window_length=40),
    "ridge": lambda: forecaster(ridge()),
    "pipeline": lambda: pipeline(
        StandardScaler(),
        "passthrough",
        SlidingWindow(15, context="always"),
        LastSteps(12),
        SubsequenceReshaper(3),
        network(),
    ),
    "mask": lambda: pipeline(
        RobustScaler(),
        SlidingWindow(12),
        LSTMRegressor(lstm_units=4, missing="mask", **TINY),
    ),
    "gaps": lambda: forecaster(
        CNNLSTMRegressor(missing="mask", **SMALL),
        np.where(np.arange(90)[:, None] % 7 == [5, 2], np.nan, ROWS),
    ),
    "long": lambda: pipeline(
        SlidingWindow(40), LSTMRegressor(lstm_units=4, bidirectional=True, **TINY)
    ),
    "classifier": lambda: on_windows(CNNLSTMClassifier(**SMALL), labels=True),
    "target": lambda: on_windows(
        TransformedTargetRegressor(network(), transformer=StandardScaler())
    ),
    "ensemble": lambda: ensemble("weighted"),
    "stack": lambda: ensemble("stack"),
    "quantiles": lambda: on_windows(
        LSTNetRegressor(
            filters=4,
            gru_units=4,
            skip=4,
            quantiles=(0.1, 0.5, 0.9),
            instance_norm="standard",
            linear_skip=True,
            **TINY,
        )
    ),
    "convolutional": lambda: on_windows(ConvLSTMRegressor(filters=4, **TINY)),
}
for level in ("last", "standard", "seasonal", None):
    CASES[f"gaps, {level}"] = lambda level=level: with_gaps(level)


def run_onnx(path, *inputs):
    """Return the output of an ONNX file, and its metadata."""
    runtime = pytest.importorskip("onnxruntime", reason="runs ONNX (extra export)")
    session = runtime.InferenceSession(path)
    names = [tensor.name for tensor in session.get_inputs()]
    assert names[1:] == ["covariates"][: len(inputs) - 1]
    (output,) = session.run(None, dict(zip(names, inputs, strict=True)))
    return output, session.get_modelmeta().custom_metadata_map


def run_litert(path, *inputs):
    """Return the output of a LiteRT file, and its metadata."""
    runtime = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="runs LiteRT (extra export)"
    )
    interpreter = runtime.Interpreter(model_path=str(path))
    # In the order of the names, as details have any order: "covariates" comes first.
    tensors = sorted(interpreter.get_input_details(), key=lambda tensor: tensor["name"])
    tensors.reverse()
    assert "covariates" in tensors[-1]["name"] or len(inputs) == 1
    for tensor, rows in zip(tensors, inputs, strict=True):
        interpreter.resize_tensor_input(tensor["index"], rows.shape)
    interpreter.allocate_tensors()
    for tensor, rows in zip(tensors, inputs, strict=True):
        interpreter.set_tensor(tensor["index"], rows)
    interpreter.invoke()
    (output,) = interpreter.get_output_details()
    metadata = json.loads(zipfile.ZipFile(path).read("skcnnlstm.json"))
    return interpreter.get_tensor(output["index"]), metadata


def run_saved_model(path, *inputs):
    """Return the output of a SavedModel, and its metadata."""
    import keras

    layer = keras.layers.TFSMLayer(str(path), call_endpoint="serve")
    metadata = json.loads((path / "assets.extra" / "skcnnlstm.json").read_text())
    (rows, *covariates) = inputs
    output = layer([rows, *covariates] if covariates else rows)
    return keras.ops.convert_to_numpy(output), metadata


RUN = {"onnx": run_onnx, "litert": run_litert, "saved_model": run_saved_model}
_CONVERTERS = {"onnx": "tf2onnx", "litert": "ai_edge_litert"}


def skip_without_converter(format):
    if format in _CONVERTERS:
        pytest.importorskip(
            _CONVERTERS[format], reason=f"converts to {format} (extra export)"
        )
