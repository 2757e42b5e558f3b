"""Adapters for the models of statsforecast."""

import pickle

import numpy as np
import pandas as pd
import pytest
from backtest_models import run
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm import load, save
from skcnnlstm.datasets import load_airline
from skcnnlstm.references import (
    MSTL,
    AutoETS,
    AutoTheta,
    SeasonalNaive,
    StatsForecast,
    statistical,
)


class Line:
    """A model with the interface of statsforecast: continue the line of the values."""

    def fit(self, y):
        self.y = y
        return self

    def predict(self, h, level=()):
        mean = self.y[-1] + (self.y[-1] - self.y[-2]) * np.arange(1, h + 1)
        bounds = {
            f"{side}-{one}": mean + sign * one
            for one in level
            for side, sign in (("lo", -1), ("hi", 1))
        }
        return {"mean": mean, **bounds}


def test_gaps_and_missing_values_are_interpolated():
    days = pd.date_range("2024-01-01", periods=20)
    line = pd.Series(np.arange(20.0), days)
    line.iloc[15] = np.nan
    model = Line()
    adapter = StatsForecast(model).fit(line.drop(days[[4, 5]]))
    assert adapter._learned[0].y.tolist()[:15] == list(range(15))
    assert adapter.forecast(2).tolist() == [20, 21]
    assert str(adapter.forecast(1).index[0].date()) == "2024-01-21"
    assert not hasattr(model, "y")


def test_bounds_are_those_of_the_model_for_each_column():
    frame = pd.DataFrame({"a": np.arange(5.0), "b": -np.arange(5.0)})
    intervals = StatsForecast(Line()).fit(frame).forecast_interval(1, 0.9)
    assert intervals.iloc[0].tolist() == [5, -85, 95, -5, -95, 85]
    half = StatsForecast(Line()).fit(frame).forecast_interval(1, 0.955)
    assert half["a", "upper"].iloc[0] == pytest.approx(100.5)


def test_a_saved_model_is_fitted_again_on_first_use(tmp_path):
    pytest.importorskip("skops", reason="the extra save installs it")
    model = SeasonalNaive(12).fit(load_airline())
    save(model, tmp_path / "naive")
    loaded = load(tmp_path / "naive")
    assert "_learned" not in vars(loaded)
    pd.testing.assert_series_equal(loaded.forecast(3), model.forecast(3))
    copied = pickle.loads(pickle.dumps(StatsForecast(Line()).fit([1.0, 2.0])))
    assert copied.forecast(2).tolist() == [3, 4]


def test_a_saved_model_of_statsforecast_gives_the_same_forecasts(tmp_path):
    pytest.importorskip("statsforecast", reason="the extra references installs it")
    pytest.importorskip("skops", reason="the extra save installs it")
    model = AutoETS(12).fit(load_airline())
    save(model, tmp_path / "ets")
    pd.testing.assert_series_equal(
        load(tmp_path / "ets").forecast(3), model.forecast(3)
    )


def test_something_else_than_a_model_raises_an_error():
    for model in (Line, Ridge):
        with pytest.raises(TypeError, match="model must be a model of statsforecast"):
            StatsForecast(model).fit([1.0, 2.0])


def test_without_statsforecast_the_error_names_the_extra(monkeypatch):
    def refuse(name):
        raise ImportError

    monkeypatch.setattr("skcnnlstm.references.base.importlib.import_module", refuse)
    for model in (AutoETS(), AutoTheta(), MSTL()):
        with pytest.raises(ImportError) as caught:
            model.fit([1.0, 2.0])
        assert str(caught.value) == (
            f"{type(model).__name__} requires statsforecast: pip install "
            '"skcnnlstm[references]"'
        )
    assert statistical.import_extra


@pytest.mark.parametrize(
    "model", [AutoETS(12), AutoTheta(12), MSTL(12)], ids=lambda m: type(m).__name__
)
def test_the_models_forecast_better_than_the_season_before(model):
    pytest.importorskip("statsforecast", reason="the extra references installs it")
    cv = TimeSeriesSplit(2, test_size=12)
    options = {"horizon": 12, "season_length": 12, "coverage": 0.9}
    scores = run({"m": model}, load_airline(), cv, **options).scores()
    assert scores.loc["m", "skill_seasonal_naive"] > 0
    assert scores.loc["m", "coverage"] > 0.5
