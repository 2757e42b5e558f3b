"""Tests of the folds and origins of a backtest."""

import numpy as np
import pandas as pd
import pytest
from backtest_models import Last, TrainingMean, last, many, noise, ridge, run
from sklearn.model_selection import (
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
)

from skcnnlstm import (
    HorizonSplit,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    backtest,
)


def test_origins_are_followed_by_a_whole_horizon_of_test_rows():
    result = run(last(2), np.arange(20.0), TimeSeriesSplit(2, test_size=4))
    frame = result.forecasts
    # Test rows 12..15 and 16..19: origins 11, 12, 13 and 15, 16, 17.
    assert frame["origin"].tolist() == [11, 11, 12, 12, 13, 13, 15, 15, 16, 16, 17, 17]
    assert frame["step"].tolist() == [1, 2] * 6
    assert frame["time"].tolist() == (frame["origin"] + frame["step"]).tolist()
    assert frame["fold"].tolist() == [0] * 6 + [1] * 6
    assert frame["actual"].tolist() == frame["time"].tolist()
    assert frame["forecast"].tolist() == frame["origin"].tolist()


@pytest.mark.parametrize(
    "stride, expected", [(2, [11, 13, 15, 17]), ("fold", [11, 15]), (9, [11, 15])]
)
def test_stride_skips_origins_within_each_fold(stride, expected):
    cv = TimeSeriesSplit(2, test_size=4)
    result = run(last(), np.arange(20.0), cv, stride=stride)
    assert result.forecasts["origin"].tolist() == expected
    assert result.folds["n_origins"].sum() == len(expected)


def test_rows_in_the_gap_are_history_but_not_training_rows():
    cv = TimeSeriesSplit(2, test_size=3, gap=4)
    series = np.arange(20.0)
    assert run(last(), series, cv).forecasts["origin"].iloc[0] == 13
    assert run(last(), series, cv).forecasts["forecast"].iloc[0] == 13
    learned = SeriesForecaster(TrainingMean(), window_length=2, transformer=None)
    # Training rows 0..9, targets 2..9.
    assert run(learned, series, cv).forecasts["forecast"].iloc[0] == 5.5


def test_no_forecast_reaches_across_a_gap_in_time():
    dates = pd.date_range("2024-01-01", periods=60).delete(range(50, 54))
    series = pd.Series(noise(56), index=dates)
    frame = run(last(2), series, TimeSeriesSplit(2, test_size=10)).forecasts
    assert (
        frame["time"] - frame["origin"] == pd.to_timedelta(frame["step"], "D")
    ).all()
    assert pd.Timestamp("2024-02-19") not in set(frame["origin"])  # before the gap


def test_business_days_with_holidays_have_an_origin_before_the_test_rows():
    dates = pd.bdate_range("2024-01-01", periods=80).delete([30, 45])
    series = pd.Series(noise(78), index=dates)
    frame = run(ridge(2), series, TimeSeriesSplit(2, test_size=5)).forecasts
    assert frame["origin"].iloc[0] == dates[78 - 11]


@pytest.mark.parametrize("form", ["list", "dict", "long"])
def test_each_of_many_series_is_split_separately(form):
    series, id_column = many(form)
    result = run(last(2, id_column=id_column), series, TimeSeriesSplit(2, test_size=5))
    first = result.forecasts.groupby("series")["actual"].first()
    expected = {"a": noise(60, seed=60)[50], "b": noise(80, seed=80)[70]}
    expected["c"] = noise(50, seed=50)[40]
    assert first.tolist() == list(expected.values())
    names = [0, 1, 2] if form == "list" else ["a", "b", "c"]
    assert result.forecasts["series"].unique().tolist() == names
    assert result.scores(by="series").index.tolist() == names
    assert len(result.folds) == 6
    assert repr(result) == "BacktestResult(2 folds, 24 origins, 2 steps ahead)"


def test_a_panel_splitter_splits_each_series_separately():
    series, id_column = many("long")
    panel, single = (
        run(last(2, id_column=id_column), series, kind(2, horizon=2)).forecasts
        for kind in (PanelTimeSeriesSplit, HorizonSplit)
    )
    pd.testing.assert_frame_equal(panel, single)


ORDER = "cv must keep the order of time: got {}. Use a splitter without shuffling, "


@pytest.mark.parametrize(
    "cv, message",
    [
        (KFold(3), ORDER.format("training row 29 and first test row 0 in fold 0")),
        (
            KFold(3, shuffle=True, random_state=0),
            ORDER.format("training rows that are not consecutive in fold 0"),
        ),
        (
            ShuffleSplit(2, random_state=0),
            ORDER.format("training rows that are not consecutive in fold 0"),
        ),
        (
            [(range(20), [25, 27])],
            ORDER.format("test rows that are not consecutive in fold 0"),
        ),
        ([(range(20), [])], ORDER.format("fold 0 without test rows")),
        (
            [(range(20), range(25, 30)), (range(10), range(10, 15))],
            ORDER.format("earlier test rows in fold 1 than in the previous fold"),
        ),
        ([], "cv must make at least one fold: got none from"),
        ([(range(20), range(25, 31))], "cv must select rows of the series: got row 30"),
        (
            TimeSeriesSplit(2, test_size=1),
            "cv must give test parts with at least horizon=2 rows that follow a",
        ),
    ],
)
def test_invalid_folds_raise_an_error_before_any_fit(cv, message):
    before = Last.fits
    with pytest.raises(ValueError) as caught:
        run(last(2), noise(30), cv)
    assert str(caught.value).startswith(message)
    assert Last.fits == before


def test_series_with_different_fold_counts_raise_an_error():
    class ByLength:
        def split(self, X):
            yield from TimeSeriesSplit(len(X) // 20, test_size=5).split(X)

    message = (
        "cv must make the same number of folds for each series: got 4 folds for series "
        "'b'"
    )
    with pytest.raises(ValueError, match=message):
        run(last(), many("dict")[0], ByLength())


@pytest.mark.parametrize(
    "cv",
    [
        5,
        "KFold",
        [1, 2],
        {"a": 1},
        str,
        list,
        [(None, None)],
        [(slice(0, 50), slice(50, 60))],
        [(np.arange(50.0), np.arange(50.0, 60.0))],
        [(range(50), range(50, 60), 3)],
        [("ab", "cd")],
        [([[1]], [2])],
    ],
    ids=repr,
)
def test_invalid_cv_raises_a_type_error(cv):
    forecaster = SeriesForecaster(Last(), window_length=2)
    with pytest.raises(
        TypeError, match="cv must be a time-ordered splitter or an iter"
    ):
        backtest(forecaster, np.arange(60.0), cv, verbose=0)


class OneFold:
    """A splitter with no method but `split`."""

    def split(self, X):
        yield np.arange(20), np.arange(20, 30)


@pytest.mark.parametrize("cv", [TimeSeriesSplit, KFold, OneFold])
def test_a_splitter_class_raises_an_error_that_names_it(cv):
    with pytest.raises(TypeError) as caught:
        run(last(), noise(30), cv)
    assert str(caught.value) == (
        f"cv must be a splitter instance: got the class {cv.__name__}. Use "
        f"{cv.__name__}(...) with its parameters."
    )


def test_a_splitter_needs_only_the_method_split():
    assert run(last(), noise(30), OneFold()).folds["n_train"].tolist() == [20]


def test_negative_rows_raise_an_error():
    forecaster = SeriesForecaster(Last(), window_length=2)
    with pytest.raises(
        ValueError, match="got row -50 in fold 0, but the series has 60"
    ):
        backtest(
            forecaster, np.arange(60.0), [(range(-50, -20), range(50, 55))], verbose=0
        )
