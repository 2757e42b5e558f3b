"""Rows that the models read."""

import numpy as np
import pandas as pd

from skcnnlstm.cli.read_csv import InputSeries
from skcnnlstm.cli.rows import Rows


def make_rows(values, exog=None, name=None):
    index = pd.date_range("2024-01-01", periods=len(values), name="day")
    frames = {name: pd.DataFrame({"a": values, "past": -1.0}, index)}
    exogs = None
    if exog is not None:
        later = pd.date_range("2024-01-01", periods=len(exog), name="day")
        exogs = {name: pd.DataFrame({"x": exog}, later)}
    return InputSeries(frames, "my", "a", [], 7, ["a"], exogs)


def test_a_single_series_is_a_frame_and_many_are_a_dict():
    series = make_rows([1.0, 2.0])
    rows = Rows(series.frames, None, ["a"])
    assert rows.values is series.frame
    assert rows.target_values.columns.tolist() == ["a"]
    assert rows.exog == {}
    many = Rows(make_rows([1.0], [1.0, 2.0], name="north").frames, None, ["a"])
    assert list(many.values) == ["north"]


def test_numbered_rows_keep_the_covariates_of_later_rows():
    rows = Rows.numbered(make_rows([1.0, 2.0], [5.0, 6.0, 7.0]))
    assert rows.values.index.tolist() == [0, 1]
    assert rows.exog["exog"].index.tolist() == [0, 1, 2]


def test_targets_decide_about_the_log_scale_and_all_columns_about_missing_values():
    assert Rows.numbered(make_rows([1.0, np.nan])).are_positive()
    assert not Rows.numbered(make_rows([1.0, 0.0])).are_positive()
    assert Rows.numbered(make_rows([1.0, np.nan])).have_missing()
    assert not Rows.numbered(make_rows([1.0], [1.0])).have_missing()
    assert Rows.numbered(make_rows([1.0], [1.0, np.nan])).have_missing()
