"""Remedies for tables that are not numeric are applied, and work."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skcnnlstm import FlattenWindows, SeriesForecaster
from skcnnlstm._utils.validation import check_windows

NUMBERS = {
    "decimal commas": (["1,5", "2,5"], [1.5, 2.5]),
    "decimal commas and numbers": (["1,5", 2.5], [1.5, 2.5]),
    "decimal commas and gaps": (["1,5", None], [1.5, np.nan]),
    "points for thousands": (["1.001,5", "2.002,5"], [1001.5, 2002.5]),
    "commas for thousands": (["1,001.5", "2,005"], [1001.5, 2005.0]),
    "ambiguous commas": (["1,001", "2,005"], [1001.0, 2005.0]),
    "currency": (["$1,001.00", "$2,005.20"], [1001.0, 2005.2]),
    "percent": (["1.5%", "20%"], [1.5, 20.0]),
    "spaces": (["1 001,5", "2 002,5"], [1001.5, 2002.5]),
}


@pytest.mark.parametrize("text, numbers", NUMBERS.values(), ids=NUMBERS.keys())
@pytest.mark.parametrize("as_frame", [False, True], ids=["series", "frame"])
def test_numbers_with_separators_are_read_by_the_remedy(text, numbers, as_frame):
    X = pd.Series(text, dtype=object)
    X = X.to_frame("v") if as_frame else X
    with pytest.raises(ValueError) as caught:
        check_windows(X, min_ndim=1)
    remedy = re.search(r"use (X.*?astype\(float\))", str(caught.value), re.I)[1]
    np.testing.assert_array_equal(eval(remedy, {"X": X}), numbers)


@pytest.mark.parametrize("as_list", [False, True], ids=["array", "list"])
def test_arrays_with_decimal_commas_are_read_by_the_remedy(as_list):
    X = ["1,5", "2,5"] if as_list else np.array(["1,5", "2,5"])
    with pytest.raises(ValueError) as caught:
        check_windows(X, min_ndim=1)
    remedy = re.search(r"Use (.*)\.$", str(caught.value))[1]
    np.testing.assert_array_equal(eval(remedy, {"X": X, "numpy": np}), [1.5, 2.5])


SHOP = ["a", "b"] * 20
TEXT_IN_EXOG = {
    "a frame": pd.DataFrame({"price": 1.0, "shop": SHOP}),
    "categories": pd.DataFrame({"shop": SHOP}, dtype="category"),
    "a series": pd.Series(SHOP, name="shop"),
    "an array": np.array(SHOP),
    "an array with two columns": np.array([SHOP, SHOP]).T,
    "an array of objects": np.array([SHOP, range(40)], dtype=object).T,
    "a list": [[shop, 1.0] for shop in SHOP],
    "missing text": pd.DataFrame({"shop": ["a", None] * 20}),
}


@pytest.mark.parametrize("exog", TEXT_IN_EXOG.values(), ids=TEXT_IN_EXOG.keys())
def test_text_in_exog_is_encoded_by_the_remedy(exog):
    ridge = make_pipeline(FlattenWindows(), Ridge())
    forecaster = SeriesForecaster(ridge, window_length=4)
    series = pd.Series(np.arange(40.0))
    with pytest.raises((TypeError, ValueError)) as caught:
        forecaster.fit(series, exog=exog)
    assert "set_index" not in str(caught.value)
    remedy = re.search(r"exog_transformer=(.*)\)\.$", str(caught.value))[1]
    assert "OneHotEncoder" in remedy
    names = {
        "OneHotEncoder": OneHotEncoder,
        "make_column_transformer": make_column_transformer,
    }
    forecaster.set_params(exog_transformer=eval(remedy, names))
    assert forecaster.fit(series, exog=exog).n_windows_ == 36


DURATIONS = pd.Series(pd.to_timedelta([1, 2], unit="h"))


@pytest.mark.parametrize(
    "X",
    [
        DURATIONS,
        DURATIONS.to_frame("span"),
        pd.DataFrame({"v": [1.0, 2.0], "span": DURATIONS}),
    ],
)
def test_durations_become_numbers_by_the_remedy(X):
    with pytest.raises(TypeError) as caught:
        check_windows(X, min_ndim=1)
    remedy = re.search(
        r"durations, .*?: (X.*?\)(?:\}\))?)\.(?: |$)", str(caught.value)
    )[1]
    numbers = check_windows(eval(remedy, {"X": X}), min_ndim=1)
    assert numbers.reshape(2, -1)[:, -1].tolist() == [3600.0, 7200.0]


def test_durations_become_the_index_by_the_remedy():
    X = pd.DataFrame({"v": [1.0, 2.0], "span": DURATIONS})
    with pytest.raises(TypeError) as caught:
        check_windows(X)
    remedy = re.search(r"index: (.*)\.$", str(caught.value))[1]
    assert eval(remedy, {"X": X}).index.dtype.kind == "m"


def test_a_generator_is_read_by_the_remedy():
    with pytest.raises(TypeError, match=r"got a generator.*Use list\(X\)\.$"):
        check_windows((value for value in [1.0, 2.0]), min_ndim=1)


def test_dates_as_text_become_the_index_by_the_remedy():
    X = pd.DataFrame({"v": [1.0, 2.0], "day": ["2024-01-01", "2024-01-02"]})
    with pytest.raises(ValueError) as caught:
        check_windows(X)
    remedy = re.search(r"index: (.*)\.$", str(caught.value))[1]
    assert len(check_windows(eval(remedy, {"X": X, "pandas": pd}))) == 2
