"""Scales: fitted on training rows, inverted for forecasts."""

import numpy as np
import pytest
from forecast_models import (
    ColumnSums,
    Rising,
    ridge,
)
from sklearn import config_context
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer

from skcnnlstm import FlattenWindows, SeriesForecaster
from skcnnlstm.forecasting.scaling import Scale, find_roles
from skcnnlstm.forecasting.series_input import read_rows


@pytest.mark.parametrize(
    "transformer",
    ["standard", "log", None, MinMaxScaler(), PowerTransformer(), PCA(2)],
    ids=str,
)
def test_forecasts_are_on_the_scale_of_the_series(two_columns, transformer):
    forecaster = SeriesForecaster(
        ColumnSums(), window_length=1, horizon=2, transformer=transformer
    )
    forecaster.fit(two_columns)
    assert (forecaster.transformer_ is None) == (transformer is None)
    last = two_columns.iloc[[-1, -1]].to_numpy()
    np.testing.assert_allclose(forecaster.forecast(), last, rtol=1e-9)


def test_standard_and_log_scale_by_mean_and_deviation():
    series = np.exp(np.arange(30.0))
    steps = (np.arange(30.0) - np.arange(30.0).mean()) / np.arange(30.0).std()
    forecaster = SeriesForecaster(Rising(), window_length=2, transformer="log")
    seen = forecaster.fit(series).estimator_
    np.testing.assert_allclose(seen.X_[:, 0, 0], steps[:-2], rtol=1e-12)
    forecaster.set_params(transformer="standard").fit(np.arange(30.0))
    np.testing.assert_allclose(forecaster.estimator_.y_[:, 0], steps[2:], rtol=1e-12)


def test_a_transformer_with_fewer_columns_is_inverted():
    base = np.arange(30.0)
    series = np.column_stack([base, 2 * base + 1, -base])
    forecaster = SeriesForecaster(
        make_pipeline(FlattenWindows(), LinearRegression()),
        window_length=2,
        horizon=3,
        transformer=PCA(1),
    ).fit(series)
    assert forecaster.estimator_[-1].coef_.shape == (3, 2)
    expected = np.array([[30, 61, -30], [31, 63, -31], [32, 65, -32]])
    np.testing.assert_allclose(forecaster.forecast(), expected, rtol=1e-9)


def test_a_clone_of_the_transformer_is_fitted_on_training_rows_only(airline):
    scaler = MinMaxScaler()
    forecaster = SeriesForecaster(ridge(), transformer=scaler).fit(airline[:100])
    forecaster.predict(airline[100:])
    forecaster.score(airline[100:])
    assert forecaster.transformer_.data_max_ == airline[:100].max()
    assert not hasattr(scaler, "data_max_")


@pytest.mark.parametrize("transformer", ["standard", "log", None])
@pytest.mark.parametrize("value", [3.0, 0.1])
def test_a_constant_series_is_forecast_as_constant(transformer, value):
    forecaster = SeriesForecaster(ridge(), window_length=4, transformer=transformer)
    forecaster.fit(np.full(20, value))
    np.testing.assert_allclose(forecaster.forecast(3), value, rtol=1e-12)


def test_pandas_output_of_transformers_changes_nothing(two_columns):
    forecaster = SeriesForecaster(ridge(), horizon=2, transformer="log")
    plain = forecaster.fit(two_columns).forecast()
    with config_context(transform_output="pandas"):
        set_so = forecaster.fit(two_columns.to_numpy()).forecast()
    np.testing.assert_array_equal(set_so, plain)


def test_columns_that_are_not_targets_are_past_covariates(two_columns):
    rows = read_rows(
        SeriesForecaster(ridge()), two_columns, reset=True, accept_nan=False
    )
    assert find_roles(None, rows) == ([0, 1], [])
    assert find_roles("less", rows) == ([1], [0])
    assert find_roles([1, 0], rows) == ([1, 0], [])


def test_targets_and_past_covariates_have_their_own_scale(two_columns):
    rows = read_rows(
        SeriesForecaster(ridge()), two_columns, reset=True, accept_nan=False
    )
    scale = Scale.fit("log", find_roles("less", rows), rows, None)
    values = scale.transform(rows)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(values.std(axis=0), 1)
    back = scale.inverse_transform(values[np.newaxis, :, :1])
    np.testing.assert_allclose(back[0, :, 0], two_columns["less"])
    past = (two_columns["all"] - two_columns["all"].mean()) / two_columns["all"].std(
        ddof=0
    )
    np.testing.assert_allclose(values[:, 1], past)
