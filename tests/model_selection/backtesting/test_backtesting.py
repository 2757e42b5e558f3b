"""Backtests: every forecast, made with nothing of its future, and its scores."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    CNNRegressor,
    FlattenWindows,
    HorizonSplit,
    MistakeWarning,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    backtest,
    metrics,
)
from skcnnlstm.datasets import load_airline


class Last(RegressorMixin, BaseEstimator):
    """Repeat the last value, and count the fits of all of its kind."""

    fits = 0

    def fit(self, X, y):
        type(self).fits += 1
        self.n_outputs_ = y[0].size
        return self

    def predict(self, X):
        return np.tile(X[:, -1], self.n_outputs_ // X.shape[2])


class TrainingMean(RegressorMixin, BaseEstimator):
    """Forecast the mean of the training targets: it tells which rows were learned."""

    def fit(self, X, y):
        self.mean_, self.n_outputs_ = y.mean(), y[0].size
        return self

    def predict(self, X):
        return np.full((len(X), self.n_outputs_), self.mean_)


def last(horizon=1, **params):
    params = {"window_length": 2, "transformer": None, **params}
    return SeriesForecaster(Last(), horizon=horizon, **params)


def ridge(horizon=1, **params):
    inner = make_pipeline(FlattenWindows(), Ridge())
    return SeriesForecaster(inner, window_length=6, horizon=horizon, **params)


def run(forecaster, series, cv, **params):
    return backtest(forecaster, series, cv, verbose=0, **params)


def noise(n_rows, n_columns=None, seed=0):
    size = n_rows if n_columns is None else (n_rows, n_columns)
    return np.random.default_rng(seed).normal(size=size)


# ------------------------------------------------------------------------- which rows


def test_origins_are_the_row_before_the_test_part_and_all_with_a_horizon_left():
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
def test_stride_leaves_origins_out_within_each_fold(stride, expected):
    cv = TimeSeriesSplit(2, test_size=4)
    result = run(last(), np.arange(20.0), cv, stride=stride)
    assert result.forecasts["origin"].tolist() == expected
    assert result.folds["n_origins"].sum() == len(expected)


def test_rows_of_a_gap_are_history_that_no_fit_sees():
    cv = TimeSeriesSplit(1 + 1, test_size=3, gap=4)
    series = np.arange(20.0)
    assert run(last(), series, cv).forecasts["origin"].iloc[0] == 13
    assert run(last(), series, cv).forecasts["forecast"].iloc[0] == 13
    learned = SeriesForecaster(TrainingMean(), window_length=2, transformer=None)
    # Training rows 0..9, targets 2..9.
    assert run(learned, series, cv).forecasts["forecast"].iloc[0] == 5.5


def test_scores_are_those_of_a_search_over_the_same_folds():
    series, cv = load_airline(), TimeSeriesSplit(3, test_size=12)
    forecaster = ridge(horizon=3)
    search = GridSearchCV(forecaster, {"window_length": [6]}, cv=cv).fit(series)
    found = run(forecaster, series, cv).scores(by="fold")["mae"]
    ours = [search.cv_results_[f"split{fold}_test_score"][0] for fold in range(3)]
    np.testing.assert_allclose(-found, ours)


@pytest.mark.parametrize("as_given", [np.asarray, list, pd.Series])
def test_arrays_lists_and_series_give_the_same_forecasts(as_given):
    series, cv = noise(60), TimeSeriesSplit(3, test_size=6)
    expected = run(ridge(2), series, cv).forecasts
    pd.testing.assert_frame_equal(
        run(ridge(2), as_given(series), cv).forecasts, expected
    )


def test_labels_are_those_of_the_series():
    frame = run(last(2), load_airline(), TimeSeriesSplit(2, test_size=2)).forecasts
    assert set(frame["series"]) == set(frame["target"]) == {load_airline().name}
    assert frame["origin"].iloc[0] == pd.Timestamp("1960-08-01")
    assert frame["time"].iloc[-1] == pd.Timestamp("1960-12-01")


def test_several_columns_are_rows_of_the_frame():
    series = pd.DataFrame(noise(40, 2), columns=["a", "b"])
    frame = run(last(2), series, TimeSeriesSplit(2, test_size=3)).forecasts
    assert frame["target"].tolist()[:4] == ["a", "b", "a", "b"]
    for row in frame.itertuples():
        assert row.actual == series.loc[row.time, row.target]
        assert row.forecast == series.loc[row.origin, row.target]


def test_no_forecast_reaches_across_a_gap_in_time():
    dates = pd.date_range("2024-01-01", periods=60).delete(range(50, 54))
    series = pd.Series(noise(56), index=dates)
    frame = run(last(2), series, TimeSeriesSplit(2, test_size=10)).forecasts
    assert (
        frame["time"] - frame["origin"] == pd.to_timedelta(frame["step"], "D")
    ).all()
    assert pd.Timestamp("2024-02-19") not in set(frame["origin"])  # before the gap


def test_business_days_with_holidays_have_a_first_origin_too():
    dates = pd.bdate_range("2024-01-01", periods=80).delete([30, 45])
    series = pd.Series(noise(78), index=dates)
    frame = run(ridge(2), series, TimeSeriesSplit(2, test_size=5)).forecasts
    assert frame["origin"].iloc[0] == dates[78 - 11]


def test_holidays_that_stand_close_together_are_told_by_the_fitted_rows():
    dates = pd.bdate_range("2018-01-01", "2021-01-08")
    dates = dates[~dates.strftime("%m-%d").isin(["12-25", "12-26", "01-01"])]
    series = pd.Series(noise(len(dates)).cumsum(), index=dates)
    n = len(series) - 10  # the last rows have two holidays among ten
    fold = [(np.arange(n), np.arange(n, n + 10))]
    forecaster = ridge()
    dated, bare = (
        run(forecaster, rows, fold).forecasts["forecast"]
        for rows in (series, series.to_numpy())
    )
    np.testing.assert_allclose(dated, bare)
    fitted = forecaster.fit(series[:n])
    np.testing.assert_array_equal(
        fitted.predict(series[n:]), fitted.predict(series[n:].to_numpy())
    )


def test_series_that_end_at_different_times_are_warned_of():
    dates = pd.date_range("2020-01-01", periods=160)
    long, short = pd.Series(noise(160), dates), pd.Series(noise(100), dates[:100])
    cv = TimeSeriesSplit(3, test_size=10)
    message = "in fold 0 the model learns from rows of series 'b' up to 2020-05-09"
    with pytest.warns(MistakeWarning, match=message):
        run(last(2), {"a": short, "b": long}, cv)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(last(2), {"a": short, "b": long[:100]}, cv)
        run(last(2), {"a": short, "b": long[60:100]}, cv)
        run(last(2), {"a": short.to_numpy(), "b": long.to_numpy()}, cv)


# ----------------------------------------------------------------------------- no leak


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("transformer", ["standard", "log"])
def test_the_future_of_an_origin_changes_nothing_it_says(refit, transformer):
    series, cv = np.exp(noise(120)), TimeSeriesSplit(4, test_size=10)
    changed = series.copy()
    changed[100:] = 1000 * np.exp(noise(20, seed=1))
    options = {"refit": refit, "coverage": 0.8, "adaptive": True, "gamma": 0.1}
    before, after = (
        run(ridge(3, transformer=transformer), rows, cv, **options)
        for rows in (series, changed)
    )
    known = before.forecasts["origin"] < 100
    said = ["forecast", "lower", "upper"]
    pd.testing.assert_frame_equal(
        before.forecasts.loc[known, said], after.forecasts.loc[known, said]
    )
    pd.testing.assert_frame_equal(before.references[known], after.references[known])
    later = ~known
    assert (before.forecasts != after.forecasts).loc[later, said].all(axis=None)
    assert np.isfinite(before.forecasts.loc[known, "upper"]).any()


@pytest.mark.parametrize("refit, expected", [(True, 6), (False, 1), (4, 2), (5, 2)])
def test_refit_says_how_often_the_forecaster_learns(refit, expected):
    before = Last.fits
    result = run(last(), noise(60), TimeSeriesSplit(6, test_size=5), refit=refit)
    assert Last.fits - before == expected == result.folds["refitted"].sum()


def test_a_fit_that_is_kept_forecasts_from_the_newest_rows():
    series, cv = noise(60), TimeSeriesSplit(4, test_size=5)
    once = run(last(), series, cv, refit=False).forecasts
    assert np.array_equal(once["forecast"], series[once["origin"]])
    learned = SeriesForecaster(TrainingMean(), window_length=2, transformer=None)
    said = run(learned, series, cv, refit=2).forecasts.groupby("fold")["forecast"]
    means = [series[2:40].mean(), series[2:40].mean(), series[2:50].mean()]
    np.testing.assert_allclose(said.first()[:3], means)
    assert (said.nunique() == 1).all()


def test_the_forecaster_given_is_not_changed():
    forecaster = last()
    run(forecaster, noise(30), TimeSeriesSplit(2))
    assert not hasattr(forecaster, "estimator_")


def test_a_search_tunes_anew_in_each_fold():
    search = GridSearchCV(
        ridge(2), {"window_length": [2, 5]}, cv=TimeSeriesSplit(2, test_size=8)
    )
    result = run(search, noise(80), TimeSeriesSplit(2, test_size=6))
    assert len(result.forecasts) == 2 * 5 * 2


# ------------------------------------------------------------------------------ scores


@pytest.fixture(scope="module")
def airline_result():
    cv = TimeSeriesSplit(3, test_size=14)
    return run(ridge(2), load_airline(), cv, season_length=12)


def test_scores_in_all_are_over_every_forecast(airline_result):
    frame, scores = airline_result.forecasts, airline_result.scores()
    came, said = frame["actual"], frame["forecast"]
    scale = airline_result.references["scale"]
    assert scores["mae"] == pytest.approx(mean_absolute_error(came, said))
    assert scores["rmse"] == pytest.approx(root_mean_squared_error(came, said))
    assert scores["smape"] == pytest.approx(metrics.smape(came, said))
    assert scores["mase"] == pytest.approx(metrics.mase(came, said, scale))
    assert list(scores.index) == [
        *("mae", "rmse", "smape", "mase", "owa"),
        *("skill_naive", "skill_seasonal_naive"),
    ]


def test_mase_is_on_the_scale_of_each_folds_training_part(airline_result):
    values = load_airline().to_numpy(float)
    for fold, stop in enumerate((102, 116, 130)):
        rows = airline_result.forecasts["fold"] == fold
        scale = np.abs(values[12:stop] - values[: stop - 12]).mean()
        assert airline_result.references.loc[rows, "scale"].unique() == [scale]
        mase = airline_result.scores(by="fold").loc[fold, "mase"]
        mae = airline_result.scores(by="fold").loc[fold, "mae"]
        assert mase == pytest.approx(mae / scale)


def test_mean_scores_of_the_steps_are_those_in_all(airline_result):
    by_step = airline_result.scores(by="step")
    assert by_step.index.tolist() == [1, 2]
    for name in ("mae", "smape", "mase"):
        assert by_step[name].mean() == pytest.approx(airline_result.scores()[name])


@pytest.mark.parametrize(
    "name, score, expected",
    [
        ("naive", "skill_naive", 0),
        ("seasonal_naive", "skill_seasonal_naive", 0),
        ("naive2", "owa", 1),
    ],
)
def test_references_score_as_themselves(airline_result, name, score, expected):
    said = airline_result.forecasts.assign(forecast=airline_result.references[name])
    scores = dataclasses.replace(airline_result, forecasts=said).scores()
    assert scores[score] == pytest.approx(expected)
    assert airline_result.scores()[score] != pytest.approx(expected)


def test_seasonal_references_know_no_later_row_than_the_origin(airline_result):
    values = load_airline()
    both = airline_result.forecasts.join(airline_result.references)
    for row in both.itertuples():
        year_before = row.time - pd.DateOffset(years=1)
        assert row.seasonal_naive == values[year_before]
        assert row.naive == values[row.origin]


def test_several_columns_group_by(airline_result):
    table = airline_result.scores(by=["fold", "step"])
    assert table.index.names == ["fold", "step"]
    rows = airline_result.forecasts.query("fold == 1 and step == 2")
    expected = mean_absolute_error(rows["actual"], rows["forecast"])
    assert table.loc[(1, 2), "mae"] == pytest.approx(expected)


def test_a_scale_that_is_unknown_makes_mase_unknown():
    series = pd.DataFrame({"moves": noise(40), "rests": np.ones(40)})
    result = run(last(), series, TimeSeriesSplit(2, test_size=5))
    mase = result.scores(by="target")["mase"]
    assert np.isfinite(mase["moves"])
    assert np.isnan(mase["rests"])
    assert np.isnan(result.scores()["mase"])
    assert np.isfinite(result.scores()["mae"])


def test_grouping_by_what_is_no_group_is_an_error(airline_result):
    with pytest.raises(ValueError, match="by must name columns that make groups: got"):
        airline_result.scores(by="forecast")


# --------------------------------------------------------------------------- intervals


def test_adaptive_intervals_hold_what_they_say_after_a_change():
    series = noise(900)
    series[500:] *= 5
    result = run(
        ridge(2),
        series,
        [(range(200), range(200, 900))],
        coverage=0.9,
        adaptive=True,
        gamma=0.03,
    )
    late = result.forecasts["origin"] >= 550
    frame = result.forecasts[late]
    inside = frame["actual"].between(frame["lower"], frame["upper"])
    assert inside.mean() == pytest.approx(0.9, abs=0.03)


def test_adaptive_intervals_without_calibration_are_infinite_at_first():
    cv = [(range(30), range(30, 60))]
    result = run(ridge(2), noise(60), cv, coverage=0.8, adaptive=True)
    upper = result.forecasts.pivot(index="origin", columns="step", values="upper")
    # 4 outcomes are needed; that of h steps ahead is known h rows later.
    assert np.isinf(upper[1]).sum() == 4
    assert np.isinf(upper[2]).sum() == 5
    widths = result.scores(by="fold")["width"]
    assert np.isfinite(widths).all()  # the median's


def test_overlapping_test_parts_learn_in_the_order_of_time():
    series = noise(60)
    folds = [(range(20), range(20, 50)), (range(30), range(30, 60))]
    changed = series.copy()
    changed[45:] += 9
    before, after = (
        run(ridge(), rows, folds, coverage=0.8, adaptive=True).forecasts
        for rows in (series, changed)
    )
    known = before["origin"] < 45
    assert known.sum() > 30
    pd.testing.assert_series_equal(before["upper"][known], after["upper"][known])


# ----------------------------------------------------------------------- what it prints


def test_progress_is_one_line_a_fold_or_nothing(capsys):
    cv = TimeSeriesSplit(3, test_size=2)
    backtest(last(), noise(30), cv)
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    assert [line.rpartition(",")[0] for line in lines] == [
        f"backtest: fold {done} of 3" for done in (1, 2, 3)
    ]
    backtest(last(), noise(30), cv, verbose=0)
    assert capsys.readouterr().err == ""


def test_many_folds_make_ten_lines(capsys):
    backtest(last(), noise(100), TimeSeriesSplit(70, test_size=1), refit=False)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("backtest: fold 70 of 70")


def test_the_result_says_how_much_there_is():
    result = run(last(2), np.arange(20.0), TimeSeriesSplit(2, test_size=4))
    assert repr(result) == "BacktestResult(2 folds, 6 origins, 2 steps ahead)"


# ------------------------------------------------------------------------------ errors

ORDER = "cv must keep the order of time: {}. Use a splitter that does, without "


@pytest.mark.parametrize(
    "cv, message",
    [
        (KFold(3), ORDER.format("fold 0 trains on row 29 and tests from row 0 on")),
        (
            KFold(3, shuffle=True, random_state=0),
            ORDER.format("the training rows of fold 0 do not follow one another"),
        ),
        (
            ShuffleSplit(2, random_state=0),
            ORDER.format("the training rows of fold 0 do not follow one another"),
        ),
        (
            [(range(20), [25, 27])],
            ORDER.format("the test rows of fold 0 do not follow one another"),
        ),
        ([(range(20), [])], ORDER.format("fold 0 has no test rows")),
        (
            [(range(20), range(25, 30)), (range(10), range(10, 15))],
            ORDER.format("fold 1 tests earlier rows than the fold before it"),
        ),
        ([], "cv must make at least one fold: got none of"),
        ([(range(20), range(25, 31))], "cv must name rows of the series: got row 30"),
        (
            TimeSeriesSplit(2, test_size=1),
            "each test part must have at least horizon=2 rows with no gap",
        ),
    ],
)
def test_folds_out_of_order_or_too_short_are_errors(cv, message):
    before = Last.fits
    with pytest.raises(ValueError) as caught:
        run(last(2), noise(30), cv)
    assert str(caught.value).startswith(message)
    assert Last.fits == before


@pytest.mark.parametrize(
    "params, error, message",
    [
        ({"cv": 5}, TypeError, "cv must be a splitter that keeps the order of time"),
        ({"refit": 0}, ValueError, "refit must be True, False or an integer >= 1"),
        ({"refit": "no"}, TypeError, "refit must be True, False or an integer >= 1"),
        ({"stride": "all"}, ValueError, 'stride must be an integer >= 1 or "fold"'),
        ({"season_length": 20}, ValueError, "season_length must be shorter than every"),
        ({"coverage": 1}, ValueError, "coverage must be a finite number > 0 and < 1"),
        ({"adaptive": True}, ValueError, "adaptive=True needs a coverage"),
        ({"gamma": 0}, ValueError, "gamma must be a finite number > 0"),
        ({"coverage": 0.9}, ValueError, "calibration_fraction must be set for inte"),
        ({"forecaster": Ridge()}, TypeError, "forecaster must be a SeriesForecaster"),
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


def test_an_error_in_a_fit_says_in_which_fold():
    cv = TimeSeriesSplit(2, test_size=2, max_train_size=3)
    with pytest.raises(ValueError, match="window_length") as caught:
        run(ridge(), noise(30), cv)
    assert caught.value.__notes__ == ["This is the fit for fold 0 of the backtest."]


# ------------------------------------------------------------------------ many series


def many(form):
    """Return three series of different lengths, and the id column of a long frame."""
    apart = {name: noise(n, seed=n) for name, n in (("a", 60), ("b", 80), ("c", 50))}
    if form == "list":
        return list(apart.values()), None
    if form == "dict":
        return apart, None
    columns = {
        "who": np.repeat([*apart], [60, 80, 50]),
        "value": np.concatenate([*apart.values()]),
    }
    return pd.DataFrame(columns), "who"


@pytest.mark.parametrize("form", ["list", "dict", "long"])
def test_each_of_many_series_is_split_by_itself(form):
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


def test_a_splitter_of_panels_splits_each_series_by_itself():
    series, id_column = many("long")
    panel, single = (
        run(last(2, id_column=id_column), series, kind(2, horizon=2)).forecasts
        for kind in (PanelTimeSeriesSplit, HorizonSplit)
    )
    pd.testing.assert_frame_equal(panel, single)


def test_many_series_are_forecast_by_one_model_as_if_by_hand():
    apart, _ = many("dict")
    frame = run(ridge(2), apart, TimeSeriesSplit(2, test_size=5)).forecasts
    fitted = ridge(2).fit({name: rows[:-5] for name, rows in apart.items()})
    said = fitted.forecast()
    for name, rows in apart.items():
        own = frame.query("series == @name and fold == 1")
        np.testing.assert_allclose(own["forecast"][:2], said[name])
        later = fitted.predict({name: rows[-5:]})[name]
        np.testing.assert_allclose(own["forecast"][2:], later[:3].ravel())


def test_intervals_of_many_series_are_their_own():
    apart = {"calm": noise(200), "wild": 100 * noise(200, seed=1)}
    cv = TimeSeriesSplit(2, test_size=20)
    for adaptive in (True, False):
        result = run(
            ridge(2, calibration_fraction=0.2),
            apart,
            cv,
            coverage=0.8,
            adaptive=adaptive,
        )
        widths = result.scores(by="series")["width"]
        assert widths["wild"] > 50 * widths["calm"]


def test_only_the_columns_asked_for_are_forecast():
    series = pd.DataFrame(noise(60, 3), columns=["a", "b", "c"])
    forecaster = ridge(2, target_columns=["c", "a"])
    frame = run(forecaster, series, TimeSeriesSplit(2, test_size=4)).forecasts
    assert frame["target"].unique().tolist() == ["c", "a"]
    said = ridge(2, target_columns=["c", "a"]).fit(series[:52]).forecast()
    for row in frame.itertuples():
        assert row.actual == series.loc[row.time, row.target]
        if row.origin == 51:
            assert row.forecast == pytest.approx(said.loc[row.time, row.target])


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize("several", [False, True])
def test_covariates_are_those_of_the_rows(dated, several):
    known = noise(90, seed=1)
    series = np.r_[0.0, known[:-1]]  # a row late: exog tells all
    if dated:
        dates = pd.date_range("2024-01-01", periods=90)
        known, series = pd.Series(known, dates), pd.Series(series, dates)
    exog = {"x": known, "y": -known} if several else known
    rows = {"x": series, "y": -series} if several else series
    result = run(ridge(2), rows, TimeSeriesSplit(3, test_size=6), exog=exog)
    blind = run(ridge(2), rows, TimeSeriesSplit(3, test_size=6))
    assert result.scores()["mae"] < 0.3 * blind.scores()["mae"]


def test_steps_made_one_by_one_are_backtested_too():
    result = run(
        ridge(3, strategy="recursive"), np.arange(60.0), TimeSeriesSplit(2, test_size=5)
    )
    assert result.forecasts["step"].max() == 3
    assert result.scores()["mae"] < 1


def test_a_search_over_many_series_is_an_error():
    search = GridSearchCV(ridge(), {"window_length": [2, 5]})
    with pytest.raises(TypeError, match="must be a SeriesForecaster where there are"):
        run(search, many("dict")[0], TimeSeriesSplit(2, test_size=5))


def test_folds_that_differ_in_number_are_an_error():
    class ByLength:
        def split(self, X):
            yield from TimeSeriesSplit(len(X) // 20, test_size=5).split(X)

    message = "cv must make as many folds of each series: got 4 of series 'b', 2 of"
    with pytest.raises(ValueError, match=message):
        run(last(), many("dict")[0], ByLength())


def test_an_error_names_the_series():
    with pytest.raises(
        ValueError, match=r"^In series 1: season_length must be shorter"
    ):
        run(last(), [noise(90), noise(30)], TimeSeriesSplit(2), season_length=15)


def test_a_search_may_not_choose_what_is_forecast():
    rows = np.random.default_rng(0).standard_normal((80, 2))
    inner = SeriesForecaster(
        make_pipeline(FlattenWindows(), Ridge()), window_length=6, target_columns=[0]
    )
    cv = TimeSeriesSplit(2, test_size=10)
    search = GridSearchCV(inner, {"target_columns": [[1]]}, cv=cv)
    with pytest.raises(ValueError, match="target_columns must not be tuned"):
        backtest(search, rows, cv, verbose=0)


# ------------------------------------------------------------------- gaps and bad input


def test_references_of_a_weekly_series_are_right_across_a_gap():
    days = pd.date_range("2020", periods=126, freq="D")
    known = np.r_[0:93, 99:126]
    series = pd.Series((np.arange(126) % 7 * 10.0 + 1)[known], days[known])
    folds = [(range(99), range(99, 120))]
    result = backtest(
        SeriesForecaster(Last(), window_length=7),
        series,
        folds,
        season_length=7,
        verbose=0,
    )
    actual = result.forecasts["actual"]
    assert (result.references["seasonal_naive"] == actual).all()
    assert result.references["naive2"].to_numpy() == pytest.approx(actual.to_numpy())
    # It repeats exactly: there is no error to divide by.
    assert result.references["scale"].isna().all()


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
def test_what_is_no_pair_of_rows_is_refused_as_cv(cv):
    forecaster = SeriesForecaster(Last(), window_length=2)
    with pytest.raises(TypeError, match="cv must be a splitter that keeps the order"):
        backtest(forecaster, np.arange(60.0), cv, verbose=0)


class OneFold:
    """A splitter that has `split` alone."""

    def split(self, X):
        yield np.arange(20), np.arange(20, 30)


@pytest.mark.parametrize("cv", [TimeSeriesSplit, KFold, OneFold])
def test_the_class_of_a_splitter_is_told_from_a_splitter(cv):
    with pytest.raises(TypeError) as caught:
        run(last(), noise(30), cv)
    assert str(caught.value) == (
        "cv must be a splitter, not the class of one: got the class "
        f"{cv.__name__}. Use {cv.__name__}(...), with its parameters."
    )


def test_a_splitter_needs_no_more_than_split():
    assert run(last(), noise(30), OneFold()).folds["n_train"].tolist() == [20]


def test_rows_from_the_end_are_no_rows_of_a_fold():
    forecaster = SeriesForecaster(Last(), window_length=2)
    with pytest.raises(ValueError, match="got row -50 in fold 0, of 60 rows"):
        backtest(
            forecaster, np.arange(60.0), [(range(-50, -20), range(50, 55))], verbose=0
        )


def test_a_verbosity_that_is_no_number_and_a_group_that_is_no_name_are_refused():
    forecaster = SeriesForecaster(Last(), window_length=2)
    folds = TimeSeriesSplit(2, test_size=2)
    airline = load_airline()
    with pytest.raises(TypeError, match="verbose must be an integer"):
        backtest(forecaster, airline, folds, verbose="a")
    result = backtest(forecaster, airline, folds, verbose=False)
    for by in (1, [1], [["fold"]]):
        with pytest.raises(TypeError, match="by must name columns that make groups"):
            result.scores(by=by)


def test_values_that_are_not_known_are_forecast_and_not_scored():
    rng = np.random.default_rng(0)
    series = np.sin(np.arange(80) / 3) + 0.1 * rng.normal(size=80)
    series[rng.random(80) < 0.15] = np.nan
    network = CNNRegressor(missing="mask", filters=2, epochs=1, random_state=0)
    result = backtest(
        SeriesForecaster(network, window_length=6, horizon=2),
        series,
        TimeSeriesSplit(2, test_size=15),
        season_length=4,
        coverage=0.8,
        adaptive=True,
        verbose=0,
    )
    actual, ahead = (result.forecasts[name] for name in ("actual", "forecast"))
    known = actual.notna()
    assert 0 < known.sum() < len(actual) and ahead.notna().all()
    scores = result.scores()
    assert scores.notna().all()
    assert scores["mae"] == pytest.approx((actual - ahead)[known].abs().mean())
    inside = actual.between(result.forecasts["lower"], result.forecasts["upper"])
    assert scores["coverage"] == pytest.approx(inside[known].mean())
    # The naive reference is the last value known.
    origin = result.forecasts["origin"].to_numpy()
    last = [series[: row + 1][~np.isnan(series[: row + 1])][-1] for row in origin]
    np.testing.assert_array_equal(result.references["naive"], last)


# ------------------------------------------------------------------------ many at once


@pytest.mark.heavy
@pytest.mark.parametrize("refit", [True, 3, False])
def test_fits_at_a_time_change_no_bit(refit, own_workers):
    rows = np.sin(np.arange(90)) + noise(90)
    network = CNNRegressor(filters=4, epochs=2, random_state=0)
    forecaster = SeriesForecaster(network, horizon=3, calibration_fraction=0.3)
    asked = {"cv": TimeSeriesSplit(4, test_size=6), "coverage": 0.5, "verbose": 0}
    alone = backtest(forecaster, rows, refit=refit, **asked)
    spread = backtest(forecaster, rows, refit=refit, n_jobs=2, **asked)
    pd.testing.assert_frame_equal(alone.forecasts, spread.forecasts, check_exact=True)
    assert list(alone.folds["refitted"]) == list(spread.folds["refitted"])


@pytest.mark.heavy
def test_an_error_in_a_worker_says_in_which_fold(own_workers):
    class Broken(Ridge):
        def fit(self, X, y):
            if len(X) > 40:
                raise ValueError("too much for me")
            return super().fit(X, y)

    broken = SeriesForecaster(make_pipeline(FlattenWindows(), Broken()))
    folds = TimeSeriesSplit(4, test_size=10)
    with pytest.raises(ValueError, match="too much for me") as caught:
        backtest(broken, noise(80), folds, n_jobs=2, verbose=0)
    assert "This is the fit for fold 3 of the backtest." in caught.value.__notes__
