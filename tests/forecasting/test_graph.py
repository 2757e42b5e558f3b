"""Test the export graph of a SeriesForecaster."""

import keras
import numpy as np
import pandas as pd
import pytest
from exported_models import ROWS, forecaster, ridge
from sklearn.decomposition import PCA

from skcnnlstm import SeriesForecaster
from skcnnlstm.exporting.graph import build_graph


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
        (
            lambda: fitted_forecaster(ROWS, exog=ROWS),
            "estimator must be fitted without exog to be exported: got 2 columns. Exp",
        ),
        (
            lambda: fitted_forecaster(ROWS, exog=pd.DataFrame({"holiday": ROWS[:, 1]})),
            "estimator must be fitted without exog to be exported: got 'holiday'. Exp",
        ),
    ],
)
def test_a_forecaster_that_cannot_be_exported_raises(make, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        build_graph(make()[0])
