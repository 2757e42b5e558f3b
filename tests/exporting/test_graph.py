"""Test the graphs of scikit-learn's estimators and of estimators of this package."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from exported_models import (
    CASES,
    IGNORE_DEPRECATIONS,
    ROWS,
    ensemble,
    network,
    pipeline,
)
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skcnnlstm import (
    CNNLSTMRegressor,
    FlattenWindows,
    HybridEnsembleClassifier,
    LSTMRegressor,
    SeriesForecaster,
    SlidingWindow,
    make_windows,
)
from skcnnlstm.exporting.graph import GraphContext, build_graph
from skcnnlstm.training import _tensorflow_process, network_from_json

pytestmark = IGNORE_DEPRECATIONS


def run(graph, rows):
    return keras.ops.convert_to_numpy(graph.run(np.asarray(rows, np.float32)))


@pytest.mark.parametrize("n_targets", [1, 2])
def test_a_linear_model_is_exact(n_targets):
    X = np.arange(8.0).reshape(4, 2)
    y = X[:, 0] if n_targets == 1 else X
    model = LinearRegression().fit(X, y)
    graph = build_graph(model)
    assert (graph.shape, graph.input_name) == ((2,), "rows")
    np.testing.assert_allclose(run(graph, X), y, atol=1e-5)


def test_a_transformed_target_comes_back_in_its_units():
    y = np.exp(ROWS[:, 0] / 50)
    model = TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp)
    model.fit(ROWS, y)
    graph = build_graph(model)
    np.testing.assert_allclose(run(graph, ROWS), model.predict(ROWS), rtol=1e-5)


def test_a_pipeline_takes_the_input_of_its_first_step():
    fitted, rows, expected = pipeline(
        FunctionTransformer(np.log), SlidingWindow(3), FlattenWindows(), Ridge()
    )
    graph = build_graph(fitted)
    assert (graph.shape, graph.input_name) == ((2,), "rows")
    np.testing.assert_allclose(run(graph, rows)[2:], expected[2:], rtol=1e-5)


def test_a_scaler_before_a_forecaster_scales_its_windows():
    forecaster = SeriesForecaster(make_pipeline(FlattenWindows(), Ridge()), horizon=2)
    fitted = make_pipeline(StandardScaler(), forecaster.set_params(window_length=6))
    fitted.fit(ROWS)
    graph = build_graph(fitted)
    assert (graph.shape, graph.input_name) == ((6, 2), "windows")
    with pytest.warns(UserWarning, match="fewer than window_length=6 rows"):
        expected = fitted.predict(ROWS)[5:]
    windows = np.lib.stride_tricks.sliding_window_view(ROWS, 6, axis=0)
    output = run(graph, windows.transpose(0, 2, 1))
    np.testing.assert_allclose(output, expected, atol=1e-5)


@pytest.mark.parametrize("case", ["pipeline", "mask", "target"])
def test_graphs_agree_with_predict(case):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* samples have no full history")
        fitted, rows, expected = CASES[case]()
    output = run(build_graph(fitted), rows)
    tolerance = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(output, expected, rtol=0, atol=tolerance)


def test_a_transformer_alone_cannot_be_exported():
    with pytest.raises(TypeError, match=r"^estimator must be an estimator that can be"):
        build_graph(SlidingWindow(3).fit(ROWS))


def test_an_unfitted_estimator_raises():
    with pytest.raises(NotFittedError):
        build_graph(network())


@pytest.mark.parametrize("method", ["weighted", "stack"])
def test_graphs_do_not_depend_on_parameters_set_after_fit(method):
    estimator, rows, expected = ensemble(method)
    estimator.set_params(method="mean", final_estimator=None, cnn=None, epochs=9)
    np.testing.assert_allclose(run(build_graph(estimator), rows), expected, rtol=1e-4)
    fitted = CNNLSTMRegressor(filters=2, lstm_units=2, epochs=1, quantiles=(0.1, 0.5))
    X, y = make_windows(ROWS, 12)
    expected = fitted.fit(X, y).predict(X)
    fitted.set_params(quantiles=None, missing="mask", filters=3)
    np.testing.assert_array_equal(fitted.predict(X), expected)
    output = run(build_graph(fitted), X)
    np.testing.assert_allclose(output, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.filterwarnings("ignore:.* samples have no full history")
def test_all_quantiles_of_a_network_in_a_pipeline():
    network = LSTMRegressor(quantiles=(0.2, 0.5, 0.8), lstm_units=2, epochs=1)
    fitted, rows, _ = pipeline(StandardScaler(), SlidingWindow(3), network)
    graph = build_graph(fitted, GraphContext(quantiles=True))
    windows = fitted[:-1].transform(rows)[2:]  # those with full history
    output = run(graph, rows)[2:]
    expected = fitted[-1].predict_quantiles(windows)
    assert output.shape == (28, 1, 3)
    np.testing.assert_allclose(output, expected, rtol=1e-4)
    assert graph.metadata == {"quantiles": [0.2, 0.5, 0.8]}


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: pipeline(SlidingWindow(3), FlattenWindows(), Ridge()),
            r"estimator.ridge must predict quantiles for output='quantiles': got Ridge",
        ),
        (
            lambda: CASES["target"](),
            "estimator must predict quantiles for output='quantiles': got Transformed",
        ),
    ],
)
def test_an_estimator_without_quantiles_raises(make, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        build_graph(make()[0], GraphContext(quantiles=True))


def test_graphs_have_no_gpu_kernels_even_on_a_gpu(monkeypatch):
    X, y = make_windows(ROWS, 12)
    fitted = LSTMRegressor(epochs=1).fit(X, y - 50)
    monkeypatch.setattr(_tensorflow_process, "on_gpu", lambda: True)
    (model,) = build_graph(fitted).networks
    assert model.get_layer("lstm_1").use_cudnn is False
    on_gpu = network_from_json(fitted._network, fast=True, on_gpu=True)
    assert on_gpu.get_layer("lstm_1").use_cudnn == "auto"  # so the above can fail


def test_graphs_have_only_operations_of_other_runtimes():
    X, y = make_windows(ROWS, 12)
    fitted = LSTMRegressor(epochs=1).fit(X, y - 50)

    def operations(network):
        signature = tf.TensorSpec((None, *X.shape[1:]))
        traced = tf.function(network, autograph=False).get_concrete_function(signature)
        return {node.op for node in traced.graph.as_graph_def().node}

    assert "BlockLSTM" not in operations(build_graph(fitted).run)
    engine = network_from_json(fitted._network, fast=True, portable=False)
    assert "BlockLSTM" in operations(engine)  # so the above can fail


def stacked_classifier():
    X, y = make_windows(ROWS[:, 0], 4)
    classifier = HybridEnsembleClassifier(method="stack", n_splits=2, epochs=1)
    return [classifier.fit(X, y > np.median(y))]


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: pipeline(PCA(), SlidingWindow(3), FlattenWindows(), Ridge()),
            r"estimator.pca must be a transformer that can be exported: got PCA\(\)",
        ),
        (
            lambda: pipeline(SlidingWindow(3, id_column=1), FlattenWindows(), Ridge()),
            "estimator.slidingwindow must have id_column=None to be exported: got "
            "id_column=1. Export only the steps after it",
        ),
        (
            lambda: pipeline(FunctionTransformer(np.cbrt), Ridge()),
            "estimator.functiontransformer must be a transformer that can be exported",
        ),
        (
            lambda: pipeline(StandardScaler(), RandomForestRegressor(1)),
            "estimator.randomforestregressor must be an estimator that can be exported",
        ),
        (
            stacked_classifier,
            "estimator must be fitted with method='mean' or 'weighted' to be exported: "
            "got a classifier fitted with method='stack'. Use method='weighted'.",
        ),
    ],
)
def test_the_part_that_cannot_be_exported_is_named(make, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        build_graph(make()[0])
