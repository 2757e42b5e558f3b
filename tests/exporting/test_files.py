"""Test export: the files have the output of `predict` for the same raw input."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from exported_models import (
    AIRLINE,
    CASES,
    IGNORE_DEPRECATIONS,
    ROWS,
    RUN,
    SMALL,
    network,
    ridge,
    skip_without_converter,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skcnnlstm import CNNLSTMRegressor, SeriesForecaster, export
from skcnnlstm.exporting.scaling import FUNCTIONS

pytestmark = IGNORE_DEPRECATIONS
DESCRIPTIONS = {"covariates": ["exog0", "exog1"], "quantiles": [0.1, 0.5, 0.9]}
EVERYDAY = {("ridge", "litert"), ("gaps", "onnx"), ("gaps, standard", "onnx")}


@pytest.mark.parametrize("format", ["onnx", "litert"])
@pytest.mark.parametrize("case", CASES)
def test_other_runtimes_return_what_predict_returns(
    case, format, tmp_path, thorough, capfd
):
    if (case, format) not in EVERYDAY and not thorough:
        pytest.skip("a conversion takes seconds: with --all-estimators")
    skip_without_converter(format)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* samples have no full history")
        warnings.filterwarnings("ignore", "NaN in the target columns leaves")
        estimator, rows, expected = CASES[case]()
    path = tmp_path / "a file"
    capfd.readouterr()
    export(estimator, path, format)
    assert capfd.readouterr().out == ""
    assert "object" not in vars(np)
    output, metadata = RUN[format](path, rows.astype(np.float32))
    tolerance = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(output, expected, rtol=0, atol=tolerance)
    assert output.shape == expected.shape
    assert metadata["estimator"] == type(estimator).__name__
    if hasattr(estimator, "classes_"):
        classes = metadata["classes"]
        assert list(estimator.classes_) == (
            json.loads(classes) if isinstance(classes, str) else classes
        )
    # The number of rows is open.
    twice = np.concatenate([rows, rows]).astype(np.float32)
    assert len(RUN[format](path, twice)[0]) == 2 * len(rows)


@pytest.mark.parametrize("format", RUN)
def test_every_listed_function_is_exported(format, tmp_path, thorough):
    if format != "onnx" and not thorough:
        pytest.skip("a conversion takes seconds: with --all-estimators")
    skip_without_converter(format)
    # In this order the values stay between 0.5 and 5.
    functions = [np.log, np.log1p, np.exp, np.expm1, np.sqrt, np.square]
    assert {None, *functions} == set(FUNCTIONS)
    rows = np.random.default_rng(0).uniform(2, 3, size=(40, 2))
    pipeline = make_pipeline(*map(FunctionTransformer, functions), Ridge())
    pipeline.fit(rows, rows[:, 0])
    export(pipeline, tmp_path / "functions", format)
    output, _ = RUN[format](tmp_path / "functions", rows.astype(np.float32))
    np.testing.assert_allclose(output, pipeline.predict(rows), rtol=1e-5)


def test_a_saved_model_agrees_with_forecast_and_replaces_another(tmp_path, thorough):
    if not thorough:
        pytest.skip("a conversion takes seconds: with --all-estimators")
    search = GridSearchCV(
        SeriesForecaster(ridge(), horizon=3),
        {"window_length": [6, 12]},
        cv=TimeSeriesSplit(2),
    ).fit(AIRLINE)
    path = tmp_path / "served"
    for _ in range(2):
        export(search, path, "saved_model")
    best = search.best_estimator_
    rows = AIRLINE[-best.window_length :].reshape(1, -1, 1).astype(np.float32)
    output, metadata = RUN["saved_model"](path, rows)
    np.testing.assert_allclose(output[0], best.forecast(), rtol=1e-5)
    assert metadata["estimator"] == "GridSearchCV"
    assert [each.name for each in tmp_path.iterdir()] == ["served"]
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError, match="path must be a new folder or the"):
        export(search, tmp_path / "mine", "saved_model")


@pytest.mark.filterwarnings("ignore:the first 11 rows do not continue")
@pytest.mark.parametrize("strategy", ["direct", "recursive"])
@pytest.mark.parametrize("format", RUN)
def test_files_take_covariates_and_return_quantiles(
    format, strategy, tmp_path, thorough
):
    if (format, strategy) != ("saved_model", "direct") and not thorough:
        pytest.skip("a conversion takes seconds: with --all-estimators")
    skip_without_converter(format)
    network = CNNLSTMRegressor(quantiles=(0.1, 0.5, 0.9), **SMALL)
    forecaster = SeriesForecaster(
        network, window_length=12, horizon=3, strategy=strategy
    )
    exog = np.sin(np.arange(93))[:, None] * [30, 1]
    forecaster.fit(ROWS, exog=exog[:90])
    # Forecasts that are fed back have no quantiles.
    direct = strategy == "direct"
    output = "quantiles" if direct else "predictions"
    export(forecaster, tmp_path / "a file", format, output=output)
    windows = np.stack([ROWS[70:82], ROWS[-12:]]).astype(np.float32)
    covariates = np.stack([exog[70:85], exog[-15:]]).astype(np.float32)
    output, metadata = RUN[format](tmp_path / "a file", windows, covariates)
    predict = forecaster.predict_quantiles if direct else forecaster.predict
    expected = predict(ROWS, exog=exog)[[81, 89]]
    assert output.shape == expected.shape == ((2, 3, 2, 3) if direct else (2, 3, 2))
    np.testing.assert_allclose(output, expected, rtol=1e-4)
    for name in ["covariates", "quantiles"] if direct else ["covariates"]:
        entry = metadata[name]
        assert DESCRIPTIONS[name] == (json.loads(entry) if format == "onnx" else entry)


def test_unknown_formats_and_unfitted_estimators_raise(tmp_path):
    with pytest.raises(ValueError, match=r"format must be one of .*: got format='"):
        export(network(), tmp_path / "a file", "pmml")
    with pytest.raises(ValueError, match=r"output must be one of .*: got output='m"):
        export(network(), tmp_path / "a file", "litert", output="median")
    with pytest.raises(ValueError, match=r"called LiteRT. Use format='litert'. The"):
        export(network(), tmp_path / "a file.tflite", "tflite")
    with pytest.raises(NotFittedError):
        export(network(), tmp_path / "a file", "litert")


def test_a_missing_package_raises_with_the_name_of_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install skcnnlstm\[export\]"):
        export(network(), tmp_path / "a file")


@pytest.mark.parametrize(
    ("name", "format", "expected"),
    [
        ("m.tflite", "onnx", "litert"),
        ("m.TFLITE", "saved_model", "litert"),
        ("m.onnx", "litert", "onnx"),
    ],
)
def test_a_suffix_of_another_format_raises(name, format, expected, tmp_path):
    with pytest.raises(
        ValueError,
        match=rf"^path must not end in {Path(name).suffix} with format='{format}': "
        rf"got .*{name}. Use format='{expected}', or another path.$",
    ):
        export(network(), tmp_path / name, format)


def test_no_file_is_written_if_an_estimator_cannot_be_exported(tmp_path):
    skip_without_converter("onnx")
    cube_root = make_pipeline(FunctionTransformer(np.cbrt), Ridge()).fit(ROWS, ROWS)
    with pytest.raises(TypeError, match="must be a transformer that can be exported"):
        export(cube_root, tmp_path / "a file")
    assert list(tmp_path.iterdir()) == []
