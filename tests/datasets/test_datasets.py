"""The example series have the published values and dates."""

import pandas as pd

from skcnnlstm.datasets import load_airline


def test_airline_has_144_monthly_floats():
    series = load_airline()
    months = pd.date_range("1949-01-01", "1960-12-01", freq="MS", name="month")
    pd.testing.assert_index_equal(series.index, months)
    assert series.index.freqstr == "MS"
    assert (series.shape, series.name, series.dtype) == ((144,), "passengers", float)


def test_airline_values_equal_those_of_box_and_jenkins():
    series = load_airline()
    assert series["1949"].tolist() == [
        112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118,
    ]  # fmt: skip
    assert series["1960"].tolist() == [
        417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
    ]  # fmt: skip
    assert series.sum() == 40363


def test_each_call_returns_a_new_series():
    changed = load_airline()
    changed.iloc[:] = 0
    assert load_airline().iloc[0] == 112
