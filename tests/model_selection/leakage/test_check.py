"""Tests of `check_leakage`: errors and invalid input."""

import datetime

import numpy as np
import pytest
from leakage_cases import (
    FRAME,
    RIDGE,
    SERIES,
    windows,
)
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    TimeSeriesSplit,
)
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skcnnlstm import (
    HorizonSplit,
    LeakageError,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    check_leakage,
    make_windows,
)


def test_raise_on_sets_the_lowest_certainty_that_raises():
    X, y = windows(horizon=2)
    with pytest.raises(LeakageError, match="shared target steps") as caught:
        check_leakage(Ridge(), X, y, TimeSeriesSplit(3), raise_on="proof")
    assert caught.value.report.gap == 1
    scaled = MinMaxScaler().fit_transform(SERIES[:, np.newaxis])[:, 0]
    X, y = make_windows(scaled, 6)
    args = Ridge(), X, y, HorizonSplit(3)
    check_leakage(*args, raise_on="proof")
    with pytest.raises(LeakageError, match="a scaler that saw the test rows"):
        check_leakage(*args, raise_on="suspicion")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"raise_on": "all"}, "raise_on must be"),
        ({"n_fits": -1}, "n_fits must be an integer >= 0"),
        ({"horizon": -1}, "horizon must be an integer >= 0"),
        ({"cv": []}, "cv must make at least one fold"),
        ({"X": np.zeros((3, 0))}, "Found array with 0 feature"),
        ({"y": None}, "y must be given for a .* got y=None and estimator=Ridge. Use "),
    ],
)
def test_invalid_input_raises_an_error(change, message):
    X, y = windows()
    args = {"estimator": Ridge(), "X": X, "y": y, "cv": TimeSeriesSplit(3)}
    with pytest.raises(ValueError, match=message):
        check_leakage(**args | change)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("X", "y", Ridge(), TimeSeriesSplit(3)),
            "estimator must be an estimator instance, .*: got ndarr",
        ),
        ((Ridge, "X", "y", TimeSeriesSplit(3)), "estimator must .*: got the class Rid"),
        (
            ("y", Ridge(), "X"),
            "estimator must be an estimator instance, passed as the first argument: "
            "got nd",
        ),
        ((Ridge(), "X", TimeSeriesSplit(3)), r"y must be targets or None: got y=TimeS"),
        ((Ridge(), StandardScaler(), "y"), r"X must be rows: got X=StandardScaler\(\)"),
    ],
)
def test_swapped_arguments_raise_an_error(args, message):
    X, y = windows()
    args = [{"X": X, "y": y}.get(a, a) if isinstance(a, str) else a for a in args]
    with pytest.raises(
        TypeError, match=rf"^{message}.*Use check_leakage\(estimator, X"
    ):
        check_leakage(*args)


def test_a_column_may_be_named_like_a_method():
    table = FRAME.rename(columns={"v": "fit"})
    forecaster = SeriesForecaster(RIDGE, window_length=6)
    assert not check_leakage(forecaster, table, cv=TimeSeriesSplit(2)).notes


@pytest.mark.parametrize("long", [False, True])
def test_a_polars_frame_may_have_a_column_of_dates(long):
    pl = pytest.importorskip("polars", reason="polars is optional")
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(i) for i in range(40)]
    table = pl.DataFrame({"day": days, "v": np.sin(np.arange(40.0))})
    folds, id_column, groups = TimeSeriesSplit(2), None, None
    if long:
        table = pl.concat([table.with_columns(id=pl.lit(name)) for name in "ab"])
        folds, id_column, groups = PanelTimeSeriesSplit(2), "id", table["id"]
    forecaster = SeriesForecaster(RIDGE, window_length=6, id_column=id_column)
    assert not check_leakage(forecaster, table, cv=folds, groups=groups).notes
