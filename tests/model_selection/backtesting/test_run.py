"""Tests of `backtest`: input forms, leakage, progress and errors."""

import numpy as np
import pandas as pd
import pytest
from backtest_models import Last, last, many, noise, ridge, run
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
)

from skcnnlstm import (
    backtest,
)
from skcnnlstm.datasets import load_airline


@pytest.mark.parametrize("as_given", [np.asarray, list, pd.Series])
def test_arrays_lists_and_series_give_the_same_forecasts(as_given):
    series, cv = noise(60), TimeSeriesSplit(3, test_size=6)
    expected = run(ridge(2), series, cv).forecasts
    pd.testing.assert_frame_equal(
        run(ridge(2), as_given(series), cv).forecasts, expected
    )


def test_scores_equal_those_of_a_grid_search_over_the_same_folds():
    series, cv = load_airline(), TimeSeriesSplit(3, test_size=12)
    forecaster = ridge(horizon=3)
    search = GridSearchCV(forecaster, {"window_length": [6]}, cv=cv).fit(series)
    scores = run(forecaster, series, cv).scores(by="fold")["mae"]
    expected = [search.cv_results_[f"split{fold}_test_score"][0] for fold in range(3)]
    np.testing.assert_allclose(-scores, expected)


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("transformer", ["standard", "log"])
def test_forecasts_do_not_depend_on_rows_after_their_origin(refit, transformer):
    series, cv = np.exp(noise(120)), TimeSeriesSplit(4, test_size=10)
    changed = series.copy()
    changed[100:] = 1000 * np.exp(noise(20, seed=1))
    options = {"refit": refit, "coverage": 0.8, "adaptive": True, "gamma": 0.1}
    before, after = (
        run(ridge(3, transformer=transformer), rows, cv, **options)
        for rows in (series, changed)
    )
    known = before.forecasts["origin"] < 100
    columns = ["forecast", "lower", "upper"]
    pd.testing.assert_frame_equal(
        before.forecasts.loc[known, columns], after.forecasts.loc[known, columns]
    )
    pd.testing.assert_frame_equal(before.references[known], after.references[known])
    later = ~known
    assert (before.forecasts != after.forecasts).loc[later, columns].all(axis=None)
    assert np.isfinite(before.forecasts.loc[known, "upper"]).any()


def test_progress_is_one_line_for_each_fold_or_nothing(capsys):
    cv = TimeSeriesSplit(3, test_size=2)
    backtest(last(), noise(30), cv)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert [line.partition(" after ")[0] for line in lines] == [
        f"backtest: {n_done} of 3 folds done" for n_done in (1, 2, 3)
    ]
    backtest(last(), noise(30), cv, verbose=0)
    assert capsys.readouterr().err == ""


def test_progress_of_many_folds_is_ten_lines(capsys):
    backtest(last(), noise(100), TimeSeriesSplit(70, test_size=1), refit=False)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("backtest: 70 of 70 folds done")


@pytest.mark.parametrize(
    "params, error, message",
    [
        ({"cv": 5}, TypeError, "cv must be a time-ordered splitter or an iterable"),
        ({"refit": 0}, ValueError, "refit must be True, False or an integer >= 1"),
        ({"refit": "no"}, TypeError, "refit must be True, False or an integer >= 1"),
        ({"stride": "all"}, ValueError, 'stride must be an integer >= 1 or "fold"'),
        ({"season_length": 20}, ValueError, "season_length must be shorter than every"),
        ({"coverage": 1}, ValueError, "coverage must be a finite number > 0 and < 1"),
        ({"adaptive": True}, ValueError, "coverage must be given with adaptive=True"),
        ({"gamma": 0}, ValueError, "gamma must be a finite number > 0"),
        (
            {"coverage": 0.9},
            ValueError,
            "calibration_fraction must be set for intervals",
        ),
        ({"forecaster": Ridge()}, ValueError, "window_length must be given for a regr"),
        ({"forecaster": "Ridge"}, TypeError, "forecaster must be a SeriesForecaster, "),
        (
            {"series": np.array([np.nan, *range(29)])},
            ValueError,
            "series must be finite: got NaN at row 0",
        ),
    ],
)
def test_errors_name_the_parameter_before_any_fit(params, error, message):
    before = Last.fits
    args = {"forecaster": last(), "series": noise(30), "cv": TimeSeriesSplit(2)}
    with pytest.raises(error) as caught:
        backtest(**{**args, "verbose": 0, **params})
    assert str(caught.value).startswith(message)
    assert Last.fits == before


def test_verbose_must_be_a_number():
    with pytest.raises(TypeError, match="verbose must be an integer"):
        backtest(last(), noise(30), TimeSeriesSplit(2), verbose="a")
    backtest(last(), noise(30), TimeSeriesSplit(2), verbose=False)


def test_a_search_with_many_series_raises_an_error():
    search = GridSearchCV(ridge(), {"window_length": [2, 5]})
    with pytest.raises(TypeError, match="must be a SeriesForecaster if there are sev"):
        run(search, many("dict")[0], TimeSeriesSplit(2, test_size=5))
