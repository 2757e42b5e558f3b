"""Tests of `attribute` on networks, Pipelines, ensembles and forecasters."""

import warnings

import numpy as np
import pandas as pd
import pytest
from attribution_cases import TARGET, WINDOWS, linear
from instances import CLASSIFIERS, REGRESSORS, TINY
from networks import class_name
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from user_errors import assert_error

from skcnnlstm import (
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    FlattenWindows,
    HybridEnsembleClassifier,
    HybridEnsembleRegressor,
    LSTMRegressor,
    SeriesForecaster,
    SlidingWindow,
    make_windows,
)
from skcnnlstm.inspection import attribute
from skcnnlstm.inspection.from_windows import WindowModel

SMALL = {"filters": 4, "lstm_units": 4, **TINY}
LABELS = np.array(["a", "b", "c"])[np.arange(80) % 3]
SERIES = pd.DataFrame(
    np.random.default_rng(0).normal(size=(90, 2)).cumsum(axis=0) + 50,
    columns=["load", "wind"],
    index=pd.date_range("2026-01-01", periods=90),
)
EXOG = pd.DataFrame(
    np.random.default_rng(1).normal(size=(100, 1)),
    columns=["holiday"],
    index=pd.date_range("2026-01-01", periods=100),
)


def heavy(*values):
    return pytest.param(*values, marks=pytest.mark.heavy)


def assert_adds_up(result, rtol=0.01):
    """Assert that attributions sum to the difference of the outputs."""
    change = result.outputs - result.baseline_outputs
    total = np.abs(result.attributions).sum(axis=(1, 2))
    unused = total == 0  # windows that no feature changes: all units are inactive
    assert not change[unused].any()
    assert unused.mean() < 0.5
    error = np.abs(result.attributions.sum(axis=(1, 2)) - change)
    assert (error <= rtol * np.abs(change) + 1e-5 * total).all(), error.max()


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CLASSIFIERS], ids=class_name)
def test_integrated_gradients_sum_to_the_difference_of_outputs(estimator):
    y = LABELS if estimator in CLASSIFIERS else np.stack([TARGET, -TARGET], axis=1)
    estimator = clone(estimator).fit(WINDOWS, y)
    result = attribute(estimator, WINDOWS[:20])
    n_outputs = 3 if hasattr(estimator, "classes_") else 2
    assert result.attributions.shape == (20, 6, 2, n_outputs)
    predict = getattr(estimator, "predict_proba", estimator.predict)
    assert_allclose(result.outputs, predict(WINDOWS[:20]))
    assert_allclose(result.baseline_outputs, predict(result.baseline))
    assert_adds_up(result)
    assert_array_equal(result.lags, [5, 4, 3, 2, 1, 0])


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_attributions_of_a_linear_model_are_exact(method):
    result = attribute(linear(), WINDOWS, method=method, baseline=[0.5, -1.0])
    expected = np.zeros(WINDOWS.shape)
    expected[:, 3, 0] = 3 * (WINDOWS[:, 3, 0] - 0.5)
    expected[:, 5, 1] = -2 * (WINDOWS[:, 5, 1] + 1)
    assert_allclose(result.attributions, expected, atol=1e-5)
    assert_allclose(result.outputs, TARGET, atol=1e-6)
    assert_array_equal(result.feature_names, ["x0", "x1"])


def test_the_planted_lag_ranks_first():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 12, 2))
    y = X[:, 7, 1]
    network = CNNLSTMRegressor(epochs=40, learning_rate=0.005, random_state=0)
    network.fit(X[:400], y[:400])
    assert network.score(X[400:], y[400:]) >= 0.9
    windows = X[400:][np.abs(y[400:]) >= 1]
    for method in ("integrated_gradients", "occlusion"):
        result = attribute(network, windows, method=method)
        first = np.abs(result.attributions).reshape(len(windows), -1).argmax(axis=1)
        assert (first == 7 * 2 + 1).mean() >= 0.95
    result = attribute(network, X[400:], method="permutation", y=y[400:])
    assert result.importances_mean.argmax() == 7 * 2 + 1


@pytest.mark.parametrize("instance_norm", [heavy(None), heavy("last"), "standard"])
@pytest.mark.parametrize("method", ["integrated_gradients", heavy("occlusion")])
def test_missing_values_get_nothing(method, instance_norm):
    X, rng = WINDOWS.copy(), np.random.default_rng(0)
    X[rng.random(X.shape) < 0.2] = np.nan
    network = CNNLSTMRegressor(
        missing="mask", instance_norm=instance_norm, linear_skip=True, **SMALL
    ).fit(X, TARGET)
    result = attribute(network, X[:20], method=method)
    assert_array_equal(result.attributions[np.isnan(X[:20])], 0)
    assert (result.attributions[~np.isnan(X[:20])] != 0).mean() > 0.9
    if method == "integrated_gradients":
        assert_adds_up(result)


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_missing_history_gets_nothing(method):
    X = WINDOWS[:4].copy()
    X[1, :3] = np.nan
    with pytest.warns(UserWarning, match="1 of 4 samples have no full history"):
        result = attribute(linear(), X, method=method, baseline=0.0)
    assert_array_equal(result.attributions[1, :3], 0)
    assert_allclose(result.attributions[1, 3, 0], 3 * X[1, 3, 0], rtol=1e-5)
    assert_adds_up(result)


def test_gradients_pass_scaling_windows_and_a_transformed_target():
    rows = SERIES.to_numpy()
    window = SlidingWindow(6, context="always")
    network = CNNLSTMRegressor(n_subsequences=2, **SMALL)
    pipeline = make_pipeline(StandardScaler(), window, network)
    model = TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
    model.fit(rows[:60], rows[:60, 0])
    result = attribute(model, rows[60:])
    assert result.attributions.shape == (30, 6, 2)
    assert_allclose(result.outputs, model.predict(rows[60:]))
    assert_adds_up(result)
    # In the units of the rows, the scaling of the rows makes no difference.
    inner = pipeline.fit(rows[:60], rows[:60, 0])
    own = attribute(inner, rows[60:], baseline=rows[0])
    windows = inner[:2].transform(rows[60:])
    scaled = attribute(inner[2], windows, baseline=inner[0].transform(rows[:1])[0])
    assert_allclose(own.attributions, scaled.attributions, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("method", ["mean", heavy("weighted"), heavy("stack")])
def test_an_ensemble_of_regressors(method):
    ensemble = HybridEnsembleRegressor(
        cnn=REGRESSORS[0],
        lstm=REGRESSORS[1],
        method=method,
        n_splits=2,
        random_state=0,
    ).fit(WINDOWS, TARGET)
    result = attribute(ensemble, WINDOWS[:10])
    assert_allclose(result.outputs, ensemble.predict(WINDOWS[:10]))
    assert_adds_up(result)


def test_a_classifier_is_explained_for_each_class():
    network = CNNLSTMClassifier(**SMALL).fit(WINDOWS, LABELS)
    result = attribute(network, WINDOWS[:10])
    # Probabilities sum to one.
    tolerance = 0.05 * np.abs(result.attributions).max()
    assert_allclose(result.attributions.sum(axis=3), 0, atol=tolerance)
    one = attribute(network, WINDOWS[:10], target="b")
    assert_allclose(one.attributions, result.attributions[..., 1])
    assert_allclose(one.outputs, network.predict_proba(WINDOWS[:10])[:, 1])
    logit = attribute(network, WINDOWS[:10], target="b", output="logit")
    p = one.outputs
    assert_allclose(logit.outputs, np.log(p / (1 - p)), rtol=1e-5, atol=1e-6)
    assert_adds_up(logit)
    occluded = attribute(
        network, WINDOWS[:10], target="b", output="logit", method="occlusion"
    )
    assert_allclose(occluded.outputs, logit.outputs)


@pytest.mark.heavy
def test_an_ensemble_of_classifiers():
    ensemble = HybridEnsembleClassifier(cnn=CLASSIFIERS[0], lstm=CLASSIFIERS[1])
    ensemble.fit(WINDOWS, LABELS)
    assert_adds_up(attribute(ensemble, WINDOWS[:10], output="logit", target="a"))


@pytest.mark.parametrize(
    "params, exog",
    [
        ({"transformer": "log", "target_columns": "wind"}, None),
        heavy({"transformer": None}, EXOG),
        heavy({"strategy": "recursive"}, EXOG),
        heavy({"channels": "independent", "target_columns": ["wind"]}, EXOG),
        ({"channels": "independent", "strategy": "recursive"}, EXOG),
    ],
    ids=str,
)
def test_a_forecaster_is_explained_in_the_units_of_the_series(params, exog):
    network = CNNLSTMRegressor(n_subsequences=2, **SMALL)
    forecaster = SeriesForecaster(network, window_length=6, horizon=2, **params)
    forecaster.fit(SERIES[:70], exog=exog)
    result = attribute(forecaster, SERIES[70:], exog=exog)
    n_ahead, names = (0, []) if exog is None else (2, ["holiday"])
    outputs = forecaster.predict(SERIES[70:], exog=exog)
    shape = (20, 6 + n_ahead, 2 + len(names), *outputs.shape[1:])
    assert result.attributions.shape == shape
    assert_array_equal(result.feature_names, ["load", "wind", *names])
    assert_allclose(result.outputs, outputs)
    assert_adds_up(result)
    if exog is not None:
        assert result.lags[-1] == -2
        assert_array_equal(result.attributions[:, 6:, :2], 0)  # not known
        assert (result.attributions[:, 6, 2] != 0).any()


def test_missing_values_of_a_series_get_nothing():
    series = SERIES.copy()
    series.loc[series.index[::5], "wind"] = np.nan
    network = CNNRegressor(filters=4, missing="mask", instance_norm="standard", **TINY)
    forecaster = SeriesForecaster(network, window_length=8, target_columns="load")
    result = attribute(forecaster.fit(series), None)
    missing = series.iloc[-8:].isna().to_numpy()
    assert missing.any()
    assert_array_equal(result.attributions[0][missing], 0)
    assert (result.attributions[0][~missing] != 0).any()
    assert_adds_up(result)


def test_the_forecast_of_the_next_steps_is_explained():
    ridge = make_pipeline(FlattenWindows(), Ridge())
    forecaster = SeriesForecaster(ridge, window_length=4, horizon=3).fit(SERIES)
    result = attribute(forecaster, None, target=(1, "wind"))
    assert result.attributions.shape == (1, 4, 2)
    assert_allclose(result.outputs, forecaster.forecast()["wind"].iloc[[1]])
    assert_adds_up(result)
    exact = attribute(forecaster, None, target=(1, "wind"), method="occlusion")
    assert_allclose(exact.attributions, result.attributions, rtol=1e-3, atol=1e-5)


def test_many_series_have_one_result_each():
    ridge = make_pipeline(FlattenWindows(), Ridge())
    series = {"a": SERIES["load"], "b": 100 * SERIES["wind"]}
    forecaster = SeriesForecaster(ridge, window_length=4, horizon=3).fit(series)
    results = attribute(forecaster, None)
    assert list(results) == ["a", "b"]
    for key, result in results.items():
        assert_allclose(result.outputs[0], forecaster.forecast()[key])
        assert_adds_up(result)
    frame = SERIES.melt(var_name="shop", ignore_index=False)
    forecaster = SeriesForecaster(ridge, window_length=4, id_column="shop").fit(frame)
    assert list(attribute(forecaster, None)) == ["load", "wind"]
    forecaster = SeriesForecaster(ridge, window_length=4).fit(list(series.values()))
    assert len(attribute(forecaster, None)) == 2


@pytest.mark.heavy
def test_a_search_of_a_forecaster():
    network = CNNRegressor(filters=2, **TINY)
    forecaster = SeriesForecaster(network, window_length=4, horizon=2)
    search = GridSearchCV(
        forecaster, {"window_length": [4]}, cv=TimeSeriesSplit(2)
    ).fit(SERIES)
    result = attribute(search, None, target=0)
    assert_allclose(result.outputs[0], search.best_estimator_.forecast().iloc[0])


def test_permutation_has_the_form_of_scikit_learn():
    model, y = linear(), TARGET
    params = {"method": "permutation", "y": y, "random_state": 0}
    result = attribute(model, WINDOWS, block_length=2, n_repeats=4, **params)
    assert result.importances.shape == (3, 2, 4)
    assert_allclose(result.importances_mean, result.importances.mean(axis=2))
    assert_allclose(result.importances_std, result.importances.std(axis=2))
    assert_array_equal(result.blocks, [[5, 4], [3, 2], [1, 0]])
    important = result.importances_mean > 1e-6
    assert_array_equal(important, [[False, False], [True, False], [False, True]])
    error = attribute(model, WINDOWS, scoring="neg_mean_absolute_error", **params)
    assert error.importances.shape == (6, 2, 5)
    X, y = np.eye(50), np.arange(50.0)
    long = attribute(Ridge().fit(X, y), X, **params | {"y": y})
    assert len(long.blocks) == 17  # of three steps, the first of two


def test_permutation_of_a_forecaster():
    ridge = make_pipeline(FlattenWindows(), Ridge())
    forecaster = SeriesForecaster(ridge, window_length=4, horizon=2)
    forecaster.fit(SERIES[:60], exog=EXOG)
    result = attribute(
        forecaster, SERIES[60:], exog=EXOG, method="permutation", random_state=0
    )
    assert result.importances.shape == (6, 3, 5)
    # A random walk depends on its last value.
    assert result.importances_mean[3, 0] == result.importances_mean.max()
    assert_array_equal(result.importances[4:, :2], 0)


@pytest.mark.heavy
def test_attributions_do_not_depend_on_windows_beside_them():
    network = LSTMRegressor(lstm_units=4, **TINY).fit(WINDOWS, TARGET)
    several = attribute(network, WINDOWS[:30], baseline=0.0)
    one = attribute(network, WINDOWS[4:5], baseline=0.0)
    assert_allclose(one.attributions[0], several.attributions[4], rtol=1e-3, atol=1e-6)


RIDGE = SeriesForecaster(make_pipeline(FlattenWindows(), Ridge()), window_length=4)
ERRORS = [
    (
        lambda: attribute(linear(), WINDOWS, method="shap"),
        ValueError,
        "method must be one of 'integrated_gradients', 'occlusion', 'permutation': got "
        "method='shap'.",
    ),
    (
        lambda: attribute(linear(), WINDOWS, output="logit"),
        ValueError,
        "output must be 'probability' unless the estimator is a classifier: got "
        "output='logit'. Remove output.",
    ),
    (
        lambda: attribute(linear(), WINDOWS, tolerance=0.1),
        ValueError,
        "tolerance must be a finite number > 0 and <= 0.01: got tolerance=0.1. Use a "
        "finite number > 0 and <= 0.01.",
    ),
    (
        lambda: attribute(linear(), WINDOWS, method="permutation"),
        ValueError,
        "y must be given for method='permutation': got None. Pass the targets of the "
        "windows, or use method='occlusion'.",
    ),
    (
        lambda: attribute(linear(), WINDOWS, method="permutation", y=TARGET, target=0),
        ValueError,
        "target must be None for method='permutation', which measures a metric of all "
        "outputs: got target=0. Use method='occlusion'.",
    ),
    (
        lambda: attribute(linear(), WINDOWS, exog=EXOG),
        TypeError,
        "exog must be None unless the estimator is a SeriesForecaster: got DataFrame. "
        "Pass windows that contain the covariates.",
    ),
    (
        lambda: attribute(RIDGE.fit(SERIES), SERIES, y=TARGET),
        ValueError,
        "y must be None for a SeriesForecaster, whose targets are later rows of X: got "
        "ndarray. Pass the rows as X.",
    ),
    (
        lambda: attribute(RIDGE.fit(SERIES), None, method="permutation"),
        ValueError,
        "X must hold rows for method='permutation', which compares forecasts with "
        "later rows: got X=None. Pass the rows of a test set.",
    ),
]


@pytest.mark.parametrize("call, error, message", ERRORS)
def test_parameters_that_do_not_suit_the_estimator_raise(call, error, message):
    assert_error(call, error, message)


def without_gradient():
    X, y = WINDOWS[:, :, 0], TARGET
    yield make_pipeline(PCA(3), LinearRegression()).fit(X, y), X, "PCA"
    yield RandomForestRegressor(2, random_state=0).fit(X, y), X, "RandomForestRegressor"
    stack = HybridEnsembleClassifier(
        cnn=CLASSIFIERS[0], lstm=CLASSIFIERS[1], method="stack", n_splits=2
    )
    yield stack.fit(WINDOWS, LABELS), WINDOWS, "a classifier fitted with"


def test_a_part_without_a_gradient_is_named_and_occlusion_explains_it():
    for model, X, part in without_gradient():
        with pytest.raises(
            TypeError,
            match=rf"^estimator must have only parts with a gradient .*: got {part}.* "
            r"at estimator.*\. Use method='occlusion'",
        ):
            attribute(model, X[:3])
        result = attribute(model, X[:3], method="occlusion", block_length=3)
        assert result.attributions.shape[:2] == (3, 6)


def test_windows_of_another_number_of_subsequences_need_occlusion():
    X = WINDOWS.reshape(80, 3, 2, 2)
    network = CNNLSTMRegressor(**SMALL).fit(X, TARGET)
    with pytest.raises(ValueError, match=r"fitted on \(3, 2, 2\). Use method='occl"):
        attribute(network, X[:, 1:])
    result = attribute(network, X[:, 1:], method="occlusion")
    assert result.attributions.shape == (80, 4, 2)


def test_an_operation_without_a_gradient_is_named(monkeypatch):
    def build_graph(self):
        import tensorflow as tf

        return lambda w: tf.raw_ops.AdjustHue(images=w, delta=0.1)

    X = WINDOWS[:, :, [0, 1, 0]]
    model = linear(X, X[:, -1])
    monkeypatch.setattr(WindowModel, "build_graph", build_graph)
    with pytest.raises(TypeError, match=r"got .*AdjustHue.*\. Use method='occlusion'"):
        attribute(model, X)


def test_nothing_is_changed():
    X, y = make_windows(np.sin(np.arange(60) / 3), 12)
    network = CNNLSTMRegressor(**SMALL).fit(X, y)
    before, params = network.predict(X), network.get_params()
    np.random.seed(0)
    state = np.random.get_state()[1].copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = attribute(network, X)
    second = attribute(network, X)
    assert_array_equal(first.attributions, second.attributions)
    assert_array_equal(np.random.get_state()[1], state)
    assert_array_equal(network.predict(X), before)
    assert network.get_params() == params
