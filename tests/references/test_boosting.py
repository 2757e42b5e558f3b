"""The adapter for LightGBM."""

import numpy as np
import pytest
from backtest_models import run
from sklearn.model_selection import TimeSeriesSplit
from sklearn.tree import DecisionTreeRegressor

from skcnnlstm import SeriesForecaster, make_windows
from skcnnlstm.datasets import load_airline
from skcnnlstm.references import LightGBM

TREE = DecisionTreeRegressor(random_state=0)


def windows(n_features=2, horizon=3):
    rows = np.random.default_rng(0).normal(size=(60, n_features)).cumsum(axis=0)
    return make_windows(rows, 8, horizon, target=list(range(n_features)))


def test_a_tree_follows_a_level_that_it_has_not_seen():
    X, y = windows()
    model = LightGBM(TREE, n_targets=2).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y)
    np.testing.assert_allclose(model.predict(X + 100), y + 100)
    plain = LightGBM(TREE, instance_norm=None, n_targets=2).fit(X, y)
    np.testing.assert_allclose(plain.predict(X), y)
    assert plain.predict(X + 100).max() <= y.max()


def test_the_last_known_value_is_the_level():
    X, y = windows(1, 1)
    X = X.copy()
    X[:, -2:] = np.nan
    model = LightGBM(TREE).fit(X, y)
    assert model.predict(X).shape == y.shape == (len(X),)
    np.testing.assert_allclose(model.predict(X + 5), y + 5)
    X[0] = np.nan
    assert np.isfinite(model.predict(X)).all()


def test_a_forecaster_sets_the_parameters():
    forecaster = SeriesForecaster(LightGBM(TREE), window_length=4, horizon=2)
    frame = np.random.default_rng(0).normal(size=(40, 3))
    forecaster.set_params(target_columns=[0, 1]).fit(frame)
    assert forecaster.estimator_.instance_norm == "last"
    assert forecaster.estimator_.n_targets == 2
    assert len(forecaster.estimator_.estimators_) == 4
    frame[-3:, 0] = np.nan
    assert np.isfinite(forecaster.fit(frame).forecast()).all()


@pytest.mark.parametrize(
    "params, error, message",
    [
        ({"missing": "drop"}, ValueError, "missing must be one of 'error', 'mask'"),
        ({"instance_norm": "mean"}, ValueError, "instance_norm must be one of"),
        ({"n_targets": 3}, ValueError, "n_targets must be at most the number of feat"),
        ({"n_targets": 0}, ValueError, "n_targets must be an integer >= 1"),
    ],
)
def test_invalid_parameters_raise_an_error(params, error, message):
    with pytest.raises(error, match=message):
        LightGBM(TREE, **params).fit(*windows())


def test_windows_must_have_three_dimensions_and_the_fitted_shape():
    X, y = windows()
    model = LightGBM(TREE).fit(X, y)
    with pytest.raises(ValueError, match="X must have 3 dimensions: got 2"):
        model.fit(X[:, 0], y)
    with pytest.raises(ValueError, match="X must have the shape of the windows"):
        model.predict(X[:, :-1])
    with pytest.raises(ValueError, match="X must be finite"):
        LightGBM(TREE, missing="error").fit(np.full_like(X, np.nan), y)
    np.testing.assert_allclose(model.predict(X), y)


def test_without_lightgbm_the_error_names_the_extra(monkeypatch):
    def refuse(name):
        raise ImportError

    monkeypatch.setattr("skcnnlstm.references.base.importlib.import_module", refuse)
    with pytest.raises(ImportError, match="LightGBM requires lightgbm: pip install"):
        LightGBM().fit(*windows())


def test_lightgbm_is_compared_on_windows():
    pytest.importorskip("lightgbm", reason="the extra references installs it")
    options = {"window_length": 24, "horizon": 12, "season_length": 12}
    cv = TimeSeriesSplit(2, test_size=12)
    models = {"a": LightGBM(random_state=0), "b": LightGBM(random_state=0)}
    scores = run(models, load_airline(), cv, **options).scores()
    assert scores.loc["a", "skill_seasonal_naive"] > 0
    assert scores.loc["a", "mae"] == scores.loc["b", "mae"]
