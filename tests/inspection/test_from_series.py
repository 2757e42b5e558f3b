"""Tests of reading the windows of forecasters for attributions."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcnnlstm import FlattenWindows, SeriesForecaster, forecast_scorer
from skcnnlstm.inspection.from_series import read_forecasts

VALUES = np.random.default_rng(0).normal(size=(60, 2)).cumsum(axis=0) + 50
FRAME = pd.DataFrame(VALUES, columns=["load", "wind"])
EXOG = np.random.default_rng(1).normal(size=(70, 1))


def fitted(series, exog=None, **params):
    ridge = make_pipeline(FlattenWindows(), Ridge())
    params = {"window_length": 4, "horizon": 2} | params
    return SeriesForecaster(ridge, **params).fit(series, exog=exog)


@pytest.mark.parametrize(
    "series, exog, names, target_names",
    [
        (VALUES[:, 0], None, ["x0"], None),
        (pd.Series(VALUES[:, 0], name="load"), None, ["load"], None),
        (FRAME, None, ["load", "wind"], ["load", "wind"]),
        (VALUES, EXOG[:60], ["x0", "x1", "exog0"], ["x0", "x1"]),
    ],
)
def test_features_have_the_names_of_the_columns(series, exog, names, target_names):
    forecaster = fitted(series, exog)
    ahead = None if exog is None else EXOG[60:62]
    _, found = read_forecasts(forecaster, None, ahead, with_actual=False)
    assert_array_equal(found[None].feature_names, names)
    assert found[None].target_names == target_names
    n_ahead = 0 if exog is None else 2
    assert_array_equal(found[None].lags, np.arange(3, -1 - n_ahead, -1))


def test_names_of_covariates_and_positive_columns():
    exog = pd.DataFrame(EXOG, columns=["holiday"])
    forecaster = fitted(FRAME, exog, transformer="log", target_columns=["wind"])
    _, found = read_forecasts(forecaster, None, exog, with_actual=False)
    assert_array_equal(found[None].feature_names, ["load", "wind", "holiday"])
    assert_array_equal(found[None].positive, [False, True, False])


def test_a_score_is_that_of_the_forecaster():
    forecaster = fitted(FRAME[:40])
    _, found = read_forecasts(forecaster, FRAME[40:], None, with_actual=True)
    one = found[None]
    score = one.model.score(one.windows, one.actual, None)
    assert_allclose(score, forecaster.score(FRAME[40:]))
    for scoring in ("r2", forecast_scorer("r2")):
        score = one.model.score(one.windows, one.actual, scoring)
        assert_allclose(score, forecast_scorer("r2")(forecaster, FRAME[40:]))


@pytest.mark.parametrize("n_targets", [1, 2])
def test_predictions_have_the_shape_of_predict(n_targets):
    forecaster = fitted(VALUES[:40, :n_targets])
    rows = VALUES[40:, :n_targets]
    _, found = read_forecasts(forecaster, rows, None, with_actual=False)
    predicted = found[None].model.predict(found[None].windows)
    assert_allclose(predicted, forecaster.predict(rows))
