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
    wanted = np.array([[30, 61, -30], [31, 63, -31], [32, 65, -32]])
    np.testing.assert_allclose(forecaster.forecast(), wanted, rtol=1e-9)


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
