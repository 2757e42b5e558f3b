"""Test the export graph of a SeriesForecaster."""

import keras
import numpy as np
import pandas as pd
import pytest
from exported_models import ROWS, SMALL, forecaster, ridge
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder

from skcnnlstm import CNNLSTMRegressor, SeriesForecaster
from skcnnlstm.exporting.graph import GraphContext, build_graph

EXOG = pd.DataFrame(
    {"holiday": np.arange(90) % 7 == 0, "price": np.sin(np.arange(90)) * 30}
).astype(float)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"transformer": "log", "horizon": 1},
        {"strategy": "recursive", "transformer": None},
        {"channels": "independent"},
        {"target_columns": [1]},
        {"target_columns": [1, 0]},
        {"target_columns": [0], "channels": "independent"},
    ],
    ids=repr,
)
def test_graph_agrees_with_forecast(params):
    fitted, windows, expected = forecaster(ridge(), **params)
    graph = build_graph(fitted)
    assert graph.shape == windows.shape[1:]
    output = keras.ops.convert_to_numpy(graph.run(windows.astype(np.float32)))
    assert output.shape == expected.shape
    np.testing.assert_allclose(output, expected, rtol=1e-4)


def test_graph_does_not_depend_on_parameters_set_after_fit():
    fitted, windows, expected = forecaster(ridge(), strategy="recursive")
    fitted.set_params(horizon=9, window_length=2, strategy="direct", transformer=None)
    output = build_graph(fitted).run(windows.astype(np.float32))
    np.testing.assert_allclose(output, expected, rtol=1e-4)


def compute(graph, *inputs):
    inputs = [np.asarray(tensor, np.float32) for tensor in inputs]
    return keras.ops.convert_to_numpy(graph.run(*inputs))


@pytest.mark.filterwarnings("ignore:the first 5 rows do not continue")
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"strategy": "recursive"},
        {"channels": "independent", "transformer": MinMaxScaler()},
        {"target_columns": [1], "transformer": "log"},
        {"target_columns": [0], "strategy": "direct", "horizon": 1},
        {"transformer": None},
    ],
    ids=repr,
)
def test_a_second_input_takes_the_covariates_of_the_window_and_the_steps(params):
    params = {"window_length": 6, "horizon": 3} | params
    fitted = SeriesForecaster(ridge(), **params).fit(ROWS[:80], exog=EXOG[:80])
    graph = build_graph(fitted)
    ends, horizon = np.arange(61, 81), fitted.horizon
    windows = np.stack([ROWS[end - 6 : end] for end in ends])
    covariates = np.stack([EXOG[end - 6 : end + horizon] for end in ends])
    assert graph.shape == (6, 2)
    assert graph.covariates == (6 + horizon, 2)
    assert graph.metadata == {"covariates": ["holiday", "price"]}
    expected = fitted.predict(ROWS[:80], exog=EXOG[: 80 + horizon])[60:]
    output = compute(graph, windows, covariates)
    np.testing.assert_allclose(output, expected, rtol=1e-4)
    ahead = fitted.forecast(exog=EXOG[80 : 80 + horizon])
    np.testing.assert_allclose(output[-1], ahead.reshape(output[-1].shape), rtol=1e-4)


def test_covariates_are_the_encoded_exog_then_the_calendar():
    series = pd.Series(ROWS[:, 0], pd.date_range("2020", periods=90, freq="D"))
    exog = pd.DataFrame({"term": np.where(np.arange(90) % 4, "a", "b")}, series.index)
    encoder = OneHotEncoder(sparse_output=False)
    fitted = SeriesForecaster(
        ridge(),
        window_length=6,
        horizon=3,
        exog_transformer=encoder,
        calendar=lambda times: pd.DataFrame({"weekday": times.dt.day_of_week}),
    ).fit(series[:80], exog=exog[:80])
    graph = build_graph(fitted)
    names = ["term_a", "term_b", "weekday"]
    assert graph.metadata == {"covariates": names}
    rows = slice(74, 83)
    columns = [
        fitted.exog_transformer_.transform(exog[rows]),
        fitted.calendar_(pd.Series(series.index[rows])),
    ]
    output = compute(
        graph, ROWS[None, 74:80, :1], np.concatenate(columns, axis=1)[None]
    )
    expected = fitted.forecast(exog=exog[80:83])
    np.testing.assert_allclose(output[0], expected, rtol=1e-4)


@pytest.mark.parametrize("with_exog", [False, True])
def test_static_columns_are_constants_of_the_graph(with_exog):
    exog = EXOG if with_exog else None
    fitted = SeriesForecaster(ridge(), window_length=6, horizon=2)
    fitted.fit(ROWS, exog=exog, static=[3.0, 1.0])
    graph = build_graph(fitted)
    inputs, rows_ahead = [ROWS[None, -6:]], None
    if with_exog:
        rows_ahead = EXOG[:2]
        inputs.append(np.concatenate([EXOG[-6:], rows_ahead])[None])
    output = compute(graph, *inputs)
    expected = fitted.forecast(exog=rows_ahead)
    np.testing.assert_allclose(output[0], expected, rtol=1e-4)
    assert graph.covariates == ((8, 2) if with_exog else None)


@pytest.mark.parametrize(
    "params",
    [{"channels": "independent"}, {"target_columns": [0], "transformer": "log"}],
    ids=repr,
)
def test_quantiles_are_those_of_predict_quantiles(params):
    network = CNNLSTMRegressor(quantiles=(0.1, 0.5, 0.9), **SMALL)
    fitted = SeriesForecaster(network, window_length=12, horizon=3, **params).fit(ROWS)
    graph = build_graph(fitted, GraphContext(quantiles=True))
    assert graph.metadata == {"quantiles": [0.1, 0.5, 0.9]}
    expected = fitted.predict_quantiles(ROWS[-12:])[-1:]
    output = compute(graph, ROWS[None, -12:])
    assert output.shape == expected.shape
    np.testing.assert_allclose(output, expected, rtol=1e-4)
    median = compute(build_graph(fitted), ROWS[None, -12:])
    np.testing.assert_allclose(output[..., 1], median, rtol=1e-5)


def test_quantiles_of_forecasts_that_are_fed_back_raise():
    network = CNNLSTMRegressor(quantiles=(0.1, 0.5, 0.9), **SMALL)
    recursive = {"strategy": "recursive", "window_length": 12}
    fitted = SeriesForecaster(network, horizon=3, **recursive).fit(ROWS)
    with pytest.raises(
        TypeError,
        match=r"^estimator must predict the whole horizon at once for output='quanti.*"
        r"got horizon=3, of which it predicts 1 step at once. Fit with strategy=",
    ):
        build_graph(fitted, GraphContext(quantiles=True))


def fitted_forecaster(series, exog=None, **params):
    params = {"window_length": 3} | params
    return [SeriesForecaster(ridge(), **params).fit(series, exog=exog)]


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: forecaster(ridge(), transformer=PCA()),
            "estimator.transformer_ must be a transformer that can be exported",
        ),
        (
            lambda: fitted_forecaster([ROWS, ROWS]),
            "estimator must be fitted on one series to be exported: got a list of 2 "
            "series, each with",
        ),
        (
            lambda: fitted_forecaster(
                pd.DataFrame({"shop": ["a", "b"] * 45, "sales": ROWS[:, 0]}),
                id_column="shop",
            ),
            "estimator must be fitted on one series to be exported: got a long frame "
            "of 2 series, each with",
        ),
    ],
)
def test_a_forecaster_that_cannot_be_exported_raises(make, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        build_graph(make()[0])
