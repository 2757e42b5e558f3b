"""What all reference forecasters share: input, labels, errors."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skcnnlstm.datasets import load_airline
from skcnnlstm.references import SeasonalNaive
from skcnnlstm.references.base import import_extra


def test_forecasts_have_the_form_and_the_labels_of_the_series():
    series = load_airline()
    model = SeasonalNaive(12)
    forecast = model.fit(series).forecast(2)
    assert forecast.name == "passengers"
    assert [str(label.date()) for label in forecast.index] == [
        "1961-01-01",
        "1961-02-01",
    ]
    assert isinstance(model.fit(series.to_numpy()).forecast(2), np.ndarray)
    frame = pd.DataFrame({"a": series, "b": 2 * series})
    assert model.fit(frame).forecast(2).columns.tolist() == ["a", "b"]
    intervals = model.forecast_interval(2)
    assert intervals.columns.tolist()[:4] == [
        ("a", "forecast"),
        ("a", "lower"),
        ("a", "upper"),
        ("b", "forecast"),
    ]
    alone = model.fit(series).forecast_interval(2)
    assert alone.columns.tolist() == ["forecast", "lower", "upper"]


def test_missing_values_count_as_the_last_known_value():
    assert SeasonalNaive(2).fit([1, 2, 3, np.nan]).forecast(2).tolist() == [3, 3]


def test_a_forecaster_is_cloned_and_keeps_its_state_after_an_error():
    model = SeasonalNaive(3)
    with pytest.raises(NotFittedError):
        model.forecast(2)
    model.fit([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="season_length must fit 1 times"):
        model.fit([1.0, 2.0])
    with pytest.raises(TypeError, match="steps must be an integer"):
        model.forecast(1.5)
    assert model.forecast(3).tolist() == [1, 2, 3]
    assert clone(model).get_params() == {"season_length": 3}


def test_a_missing_package_is_named_with_the_extra():
    with pytest.raises(ImportError) as caught:
        import_extra("no_such_package.models", "AutoETS")
    assert str(caught.value) == (
        'AutoETS requires no_such_package: pip install "skcnnlstm[references]"'
    )
