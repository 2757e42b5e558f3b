"""export: other runtimes say what predict says, from the same raw rows."""

import json
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

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
    export,
    make_windows,
)
from skcnnlstm.datasets import load_airline
from skcnnlstm.exporting.graph import Traced, trace
from skcnnlstm.exporting.operations import check_onnx
from skcnnlstm.exporting.scaling import scale, unscale
from skcnnlstm.training import _tensorflow_process, network_from_json

pytestmark = [
    # Of TensorFlow's and tf2onnx's own code.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]
TINY = {"epochs": 2, "random_state": 0}
SMALL = {"filters": 4, "lstm_units": 4, **TINY}
ROWS = np.cumsum(np.random.default_rng(0).normal(size=(90, 2)), axis=0) + 50
AIRLINE = load_airline().to_numpy(float)


def network():
    return CNNLSTMRegressor(**SMALL)


def forecaster(estimator=None, rows=ROWS, **params):
    params = {"window_length": 12, "horizon": 3} | params
    made = SeriesForecaster(estimator or network(), **params).fit(rows)
    rows = rows.reshape(len(rows), -1)[-made.window_length :]
    want = made.forecast()[np.newaxis]
    if made.n_targets_ == 1:
        want = want.reshape(1, -1)
    return made, rows[np.newaxis], want


def pipeline(*steps):
    made = make_pipeline(*steps).fit(ROWS, ROWS[:, 0])
    rows = ROWS[:30] + 1
    return made, rows, made.predict(rows)


def on_windows(estimator, labels=False):
    X, y = make_windows(ROWS, 12, 2)
    estimator.fit(X, np.array(["a", "b", "c"])[np.arange(len(X)) % 3] if labels else y)
    ask = estimator.predict_proba if labels else estimator.predict
    return estimator, X[:5], ask(X[:5])


def with_gaps(instance_norm):
    season = {"season_length": 4} if instance_norm == "seasonal" else {}
    net = CNNLSTMRegressor(
        missing="mask", instance_norm=instance_norm, **season, **SMALL
    )
    X, y = make_windows(ROWS, 12, 2)
    X = X.copy()
    X[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    X[0, :, 1] = np.nan  # never known
    return net.fit(X, y), X[:5], net.predict(X[:5])


CASES = {
    "forecaster": lambda: forecaster(
        rows=AIRLINE, window_length=24, horizon=12, transformer="log"
    ),
    "recursive": lambda: forecaster(strategy="recursive", transformer=MinMaxScaler()),
    "channels": lambda: forecaster(channels="independent"),
    "past": lambda: forecaster(target_columns=[1], window_length=40),
    "ridge": lambda: forecaster(make_pipeline(FlattenWindows(), Ridge())),
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
    "ensemble": lambda: on_windows(
        HybridEnsembleRegressor(method="weighted", n_splits=2, epochs=1, random_state=0)
    ),
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
EVERYDAY = {("ridge", "litert"), ("gaps", "onnx"), ("gaps, standard", "onnx")}


def run_onnx(path, rows):
    runtime = pytest.importorskip("onnxruntime", reason="what runs ONNX (extra export)")
    session = runtime.InferenceSession(path)
    (taken,) = session.get_inputs()
    (said,) = session.run(None, {taken.name: rows})
    return said, session.get_modelmeta().custom_metadata_map


def run_litert(path, rows):
    runtime = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="what runs LiteRT (extra export)"
    )
    interpreter = runtime.Interpreter(model_path=str(path))
    (taken,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(taken["index"], rows.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(taken["index"], rows)
    interpreter.invoke()
    (given,) = interpreter.get_output_details()
    note = json.loads(zipfile.ZipFile(path).read("skcnnlstm.json"))
    return interpreter.get_tensor(given["index"]), note


RUN = {"onnx": run_onnx, "litert": run_litert}


def test_where_there_is_a_gpu_no_kernel_of_its_own_is_written(monkeypatch):
    X, y = make_windows(ROWS, 12)
    fitted = LSTMRegressor(epochs=1).fit(X, y - 50)
    monkeypatch.setattr(_tensorflow_process, "on_gpu", lambda: True)
    (network,) = trace(fitted, "regressor").networks
    assert network.get_layer("lstm_1").use_cudnn is False
    at_home = network_from_json(fitted._network, fast=True, on_gpu=True)
    assert at_home.get_layer("lstm_1").use_cudnn == "auto"  # so the above can fail


@pytest.mark.parametrize("format", RUN)
@pytest.mark.parametrize("case", CASES)
def test_other_runtimes_say_what_predict_says(case, format, tmp_path, thorough, capfd):
    if (case, format) not in EVERYDAY and not thorough:
        pytest.skip("a conversion takes seconds: with --all-estimators")
    pytest.importorskip(
        {"onnx": "tf2onnx", "litert": "ai_edge_litert"}[format],
        reason="what converts or runs it (extra export)",
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* samples have no full history")
        estimator, rows, want = CASES[case]()
    path = tmp_path / "a file"
    capfd.readouterr()
    export(estimator, path, format)
    assert capfd.readouterr().out == ""
    assert "object" not in vars(np)
    said, note = RUN[format](path, rows.astype(np.float32))
    np.testing.assert_allclose(said, want, rtol=0, atol=1e-5 * np.abs(want).max())
    assert said.shape == want.shape
    assert note["estimator"] == type(estimator).__name__
    if hasattr(estimator, "classes_"):
        classes = note["classes"]
        assert list(estimator.classes_) == (
            json.loads(classes) if isinstance(classes, str) else classes
        )
    # Any number of rows may come.
    more = np.concatenate([rows, rows]).astype(np.float32)
    assert len(RUN[format](path, more)[0]) == 2 * len(rows)


def test_a_saved_model_says_so_too_and_takes_the_place_of_one(tmp_path, thorough):
    if not thorough:
        pytest.skip("a conversion takes seconds: with --all-estimators")
    search = GridSearchCV(
        SeriesForecaster(make_pipeline(FlattenWindows(), Ridge()), horizon=3),
        {"window_length": [6, 12]},
        cv=TimeSeriesSplit(2),
    ).fit(AIRLINE)
    path = tmp_path / "served"
    for _ in range(2):
        export(search, path, "saved_model")
    layer = keras.layers.TFSMLayer(str(path), call_endpoint="serve")
    best = search.best_estimator_
    rows = AIRLINE[-best.window_length :].reshape(1, -1, 1).astype(np.float32)
    said = keras.ops.convert_to_numpy(layer(rows))
    np.testing.assert_allclose(said[0], best.forecast(), rtol=1e-5)
    note = json.loads((path / "assets.extra" / "skcnnlstm.json").read_text())
    assert note["estimator"] == "GridSearchCV"
    assert [each.name for each in tmp_path.iterdir()] == ["served"]
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError, match="path must be a new folder or that of"):
        export(search, tmp_path / "mine", "saved_model")


@pytest.mark.parametrize("format", RUN)
def test_an_operation_that_a_runtime_lacks_is_named_and_no_file_written(
    format, tmp_path, monkeypatch
):
    pytest.importorskip("tf2onnx", reason="what converts to ONNX (extra export)")
    # Of floats Keras' argmax looks at bits.
    lacks = Traced(lambda x: keras.ops.argmax(x, axis=1), (3,))
    monkeypatch.setattr("skcnnlstm.exporting.files.trace", lambda *_, **__: lacks)
    named = {"onnx": "Bitcast, BitwiseAnd", "litert": "BitwiseAnd"}[format]
    with pytest.raises(ValueError, match=f"got {named}, format='{format}'. Use format"):
        export(network(), tmp_path / "a file", format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("inside", [False, True])
def test_operations_are_looked_at_in_loops_and_of_the_version_named(inside):
    onnx = pytest.importorskip("onnx", reason="what holds ONNX (extra export)")
    nodes = [onnx.helper.make_node("BitwiseAnd", ["a", "b"], ["c"])]
    if inside:
        body = onnx.helper.make_graph(nodes, "body", [], [])
        nodes = [onnx.helper.make_node("Loop", ["n"], ["c"], body=body)]
    graph = onnx.helper.make_graph(nodes, "graph", [], [])
    opsets = {at: onnx.helper.make_opsetid("", at) for at in (15, 18)}
    with pytest.raises(ValueError, match="operations that its runtime has: got Bitw"):
        check_onnx(onnx.helper.make_model(graph, opset_imports=[opsets[15]]))
    check_onnx(onnx.helper.make_model(graph, opset_imports=[opsets[18]]))


@pytest.mark.parametrize(
    "transformer",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        MinMaxScaler((-2, 3)),
        MinMaxScaler(clip=True),
        MaxAbsScaler(),
        RobustScaler(),
        FunctionTransformer(),
        FunctionTransformer(np.log, np.exp),
        make_pipeline(FunctionTransformer(np.log1p, np.expm1), "passthrough"),
    ],
    ids=repr,
)
def test_transformers_as_tensors_agree_with_themselves(transformer):
    rows = np.random.default_rng(0).uniform(1, 9, size=(50, 3))
    transformer = clone(transformer).fit(rows[:40])
    scaled = keras.ops.convert_to_numpy(scale(transformer)(rows.astype("float32")))
    np.testing.assert_allclose(scaled, transformer.transform(rows), atol=1e-5)
    back = keras.ops.convert_to_numpy(unscale(transformer)(scaled))
    want = transformer.inverse_transform(scaled)
    np.testing.assert_allclose(back, want, atol=1e-5)


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: pipeline(PCA(), SlidingWindow(3), FlattenWindows(), Ridge()),
            r"estimator.pca must be a transformer that can be exported: got PCA\(\)",
        ),
        (
            lambda: pipeline(FunctionTransformer(np.cbrt), Ridge()),
            "estimator.functiontransformer must be a transformer that can be exported",
        ),
        (
            lambda: pipeline(RandomForestRegressor(1)),
            "estimator.randomforestregressor must be an estimator that can be exported",
        ),
        (
            lambda: forecaster(
                make_pipeline(FlattenWindows(), Ridge()), transformer=PCA()
            ),
            "estimator.transformer_ must be a transformer that can be exported",
        ),
        (
            lambda: [
                SeriesForecaster(
                    make_pipeline(FlattenWindows(), Ridge()), window_length=3
                ).fit([ROWS, ROWS])
            ],
            "estimator must be fitted on one series to be exported: got a list of 2 "
            "series, each with",
        ),
        (
            lambda: [
                SeriesForecaster(
                    make_pipeline(FlattenWindows(), Ridge()),
                    window_length=3,
                    id_column="shop",
                ).fit(pd.DataFrame({"shop": ["a", "b"] * 45, "sales": ROWS[:, 0]}))
            ],
            "estimator must be fitted on one series to be exported: got a long frame "
            "of 2 series, each with",
        ),
        (
            lambda: [
                SeriesForecaster(
                    make_pipeline(FlattenWindows(), Ridge()), window_length=3
                ).fit(ROWS, exog=ROWS)
            ],
            "estimator must be fitted without exog to be exported: got 2 columns. Exp",
        ),
        (
            lambda: [
                SeriesForecaster(
                    make_pipeline(FlattenWindows(), Ridge()), window_length=3
                ).fit(ROWS, exog=pd.DataFrame({"holiday": ROWS[:, 1]}))
            ],
            "estimator must be fitted without exog to be exported: got 'holiday'. Exp",
        ),
    ],
)
def test_what_cannot_be_exported_is_named(make, message, tmp_path):
    pytest.importorskip("tf2onnx", reason="what converts to ONNX (extra export)")
    with pytest.raises(TypeError, match=f"^{message}"):
        export(make()[0], tmp_path / "a file")
    assert list(tmp_path.iterdir()) == []


def test_other_formats_and_what_is_not_fitted_are_refused(tmp_path):
    with pytest.raises(ValueError, match="format must be a known choice: got format='"):
        export(network(), tmp_path / "a file", "pmml")
    with pytest.raises(ValueError, match=r"called LiteRT now. Use format='litert'"):
        export(network(), tmp_path / "a file.tflite", "tflite")
    with pytest.raises(NotFittedError):
        export(network(), tmp_path / "a file", "litert")


def test_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install skcnnlstm\[export\]"):
        export(network(), tmp_path / "a file")


@pytest.mark.parametrize(
    ("name", "format", "way_out"),
    [
        ("m.tflite", "onnx", "litert"),
        ("m.TFLITE", "saved_model", "litert"),
        ("m.onnx", "litert", "onnx"),
    ],
)
def test_a_name_that_says_another_format_is_refused(name, format, way_out, tmp_path):
    with pytest.raises(
        ValueError,
        match=rf"^path must not end in {Path(name).suffix} where format='{format}': "
        rf"got .*{name}. Use format='{way_out}', or another path.$",
    ):
        export(network(), tmp_path / name, format)
