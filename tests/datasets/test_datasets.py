"""The bundled series is the published one, with its dates."""

import pandas as pd

from skcnnlstm.datasets import load_airline


def test_airline_holds_144_monthly_floats_with_their_dates():
    series = load_airline()
    months = pd.date_range("1949-01-01", "1960-12-01", freq="MS", name="month")
    pd.testing.assert_index_equal(series.index, months)
    assert series.index.freqstr == "MS"
    assert (series.shape, series.name, series.dtype) == ((144,), "passengers", float)


def test_airline_values_are_those_of_box_and_jenkins():
    series = load_airline()
    assert series["1949"].tolist() == [
        112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118,
    ]  # fmt: skip
    assert series["1960"].tolist() == [
        417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
    ]  # fmt: skip
    assert series.sum() == 40363


def test_each_load_is_a_series_of_its_own():
    changed = load_airline()
    changed.iloc[:] = 0
    assert load_airline().iloc[0] == 112
