"""The forecaster: exact windows, the dates that follow, no leak, any search."""

import copy
import datetime
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context, metrics
from sklearn.base import BaseEstimator, RegressorMixin, clone, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, PowerTransformer
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted

from skcnnlstm.architectures.cnn import CNNRegressor
from skcnnlstm.datasets import load_airline
from skcnnlstm.forecasting import SeriesForecaster, forecast_scorer
from skcnnlstm.forecasting.inner_estimator import configure_estimator
from skcnnlstm.forecasting.scorer import _REGRESSION_SCORERS
from skcnnlstm.windows import (
    FlattenWindows,
    LastSteps,
    SlidingWindow,
    SubsequenceReshaper,
)


class Rising(RegressorMixin, BaseEstimator):
    """Forecast the window's last values plus 1, 2, ..., and remember what was seen."""

    def fit(self, X, y):
        self.X_, self.y_, self.horizon_ = X, y, y[0].size // X.shape[2]
        return self

    def predict(self, X):
        self.asked_ = X
        steps = np.arange(1, self.horizon_ + 1)[:, np.newaxis]
        ahead = X[:, -1:, :] + steps  # (n, horizon, n_features)
        return ahead.reshape(len(X), -1)


class WindowSum(RegressorMixin, BaseEstimator):
    """Forecast the sum of each feature's window: no rounding on small integers."""

    def fit(self, X, y):
        self.n_outputs_ = y[0].size
        return self

    def predict(self, X):
        repeats = self.n_outputs_ // X.shape[2]
        return np.tile(X.sum(axis=1), repeats)


class Descent(RegressorMixin, BaseEstimator):
    """Repeat the last value, off by 1 / epochs: more epochs score higher."""

    def __init__(self, epochs=1):
        self.epochs = epochs

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return X[:, -1, 0] + 1 / self.epochs


class Network(RegressorMixin, BaseEstimator):
    """The parameters of a network that a forecaster sets, and nothing else."""

    def __init__(
        self, instance_norm="auto", n_targets=1, early_stopping=False, validation_gap=0
    ):
        self.instance_norm = instance_norm
        self.n_targets = n_targets
        self.early_stopping = early_stopping
        self.validation_gap = validation_gap

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.zeros(len(X))


def ridge(**params):
    return make_pipeline(FlattenWindows(), Ridge(**params))


def quiet(call, *args):
    """Call with the warnings about missing history and about y left out."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the first .* rows do not continue")
        warnings.filterwarnings("ignore", "y is ignored")
        return call(*args)


@pytest.fixture
def airline():
    return load_airline()


@pytest.fixture
def two_columns(airline):
    return pd.DataFrame({"all": airline, "less": airline / 2 + np.arange(144)})


# ------------------------------------------------------------------- windows and fit


def test_the_estimator_sees_three_dimensional_windows_and_their_next_values():
    forecaster = SeriesForecaster(Rising(), window_length=4, transformer=None)
    seen = forecaster.fit(np.arange(10, 100, 10)).estimator_
    assert seen.X_[:, :, 0].tolist() == [
        [10, 20, 30, 40],
        [20, 30, 40, 50],
        [30, 40, 50, 60],
        [40, 50, 60, 70],
        [50, 60, 70, 80],
    ]
    assert seen.X_.shape == (5, 4, 1)
    assert seen.y_.tolist() == [50, 60, 70, 80, 90]


def test_targets_of_several_columns_come_step_by_step():
    series = np.column_stack([np.arange(6), np.arange(6) * 10])
    forecaster = SeriesForecaster(
        Rising(), window_length=2, horizon=2, transformer=None
    )
    seen = forecaster.fit(series).estimator_
    assert seen.X_[0].tolist() == [[0, 0], [1, 10]]
    assert seen.y_.tolist() == [[2, 20, 3, 30], [3, 30, 4, 40], [4, 40, 5, 50]]
    assert forecaster.n_targets_ == 2


def test_windows_of_fit_and_predict_are_views_of_one_copy_of_the_rows():
    forecaster = SeriesForecaster(Rising(), window_length=4).fit(np.arange(50.0))
    forecaster.predict(np.arange(50.0, 90.0))
    seen = forecaster.estimator_
    assert np.shares_memory(seen.X_[0], seen.X_[3])
    assert np.shares_memory(seen.asked_[0], seen.asked_[3])


def test_fit_keeps_neither_the_series_nor_a_view_of_it():
    series = np.arange(10_000.0)
    forecaster = SeriesForecaster(ridge(), window_length=4, transformer=None)
    before = forecaster.fit(series).forecast()
    series[:] = 0
    np.testing.assert_array_equal(forecaster.forecast(), before)
    assert len(pickle.dumps(forecaster)) < 10_000


def test_y_is_ignored_with_a_warning_that_names_the_scorer_to_use(airline):
    forecaster = SeriesForecaster(ridge(), horizon=3)
    alone = forecaster.fit(airline).forecast()
    with pytest.warns(
        UserWarning, match=r"^y is ignored: .* forecast_scorer\("
    ) as seen:
        with_y = forecaster.fit(airline, np.zeros(7)).forecast()
    assert [warning.filename for warning in seen] == [__file__]
    pd.testing.assert_series_equal(alone, with_y)


@pytest.mark.parametrize("form", [pd.DataFrame, np.asarray])
def test_covariates_given_as_y_are_told_their_name(airline, form):
    covariates = form(np.ones((144, 2)))
    remedy = r"Pass covariates that are known ahead as fit\(series, exog=\.\.\.\)\.$"
    with pytest.warns(UserWarning, match=remedy):
        SeriesForecaster(ridge()).fit(airline, covariates)
    with pytest.warns(UserWarning, match=r"off by one step\.$"):
        SeriesForecaster(ridge()).fit(airline, airline)


def test_a_fit_that_fails_leaves_the_forecaster_as_it_was(two_columns):
    forecaster = SeriesForecaster(ridge(), window_length=12, horizon=2)
    before = forecaster.fit(two_columns).forecast()
    state = dict(vars(forecaster))
    for wrong in (two_columns[:5], two_columns["all"].replace(112, np.nan)):
        with pytest.raises(ValueError):
            forecaster.fit(wrong)
    with pytest.raises(TypeError):
        forecaster.set_params(transformer=object()).fit(two_columns)
    forecaster.set_params(transformer="standard")
    assert vars(forecaster) == state
    pd.testing.assert_frame_equal(forecaster.forecast(), before)


def test_a_refit_forgets_the_names_of_the_columns(two_columns):
    forecaster = SeriesForecaster(ridge()).fit(two_columns)
    assert forecaster.feature_names_in_.tolist() == ["all", "less"]
    assert forecaster.n_features_in_ == 2
    forecaster.fit(two_columns["all"])
    assert not hasattr(forecaster, "feature_names_in_")
    assert forecaster.n_features_in_ == 1


def test_set_params_after_fit_changes_no_forecast_until_the_next_fit(airline):
    forecaster = SeriesForecaster(ridge(), window_length=12, horizon=3).fit(airline)
    before = forecaster.forecast(5)
    forecaster.set_params(window_length=6, horizon=2, transformer="log")
    pd.testing.assert_series_equal(forecaster.forecast(5), before)
    assert len(forecaster.fit(airline).forecast()) == 2


# --------------------------------------------------------------------------- forecast


@given(
    n_features=st.integers(1, 3),
    window_length=st.integers(1, 5),
    horizon=st.integers(1, 4),
    steps=st.integers(1, 9),
)
@settings(max_examples=40, deadline=None)
def test_forecasts_past_the_horizon_go_on_from_forecasts(
    n_features, window_length, horizon, steps
):
    series = np.arange(20.0)[:, np.newaxis] + 100 * np.arange(n_features)
    forecaster = SeriesForecaster(
        Rising(), window_length=window_length, horizon=horizon, transformer=None
    ).fit(series)
    wanted = np.arange(20.0, 20 + steps)[:, np.newaxis] + 100 * np.arange(n_features)
    np.testing.assert_array_equal(forecaster.forecast(steps), wanted)


def test_a_forecast_fed_back_is_one_by_one_what_a_user_would_append():
    forecaster = SeriesForecaster(WindowSum(), window_length=2, transformer=None)
    assert forecaster.fit([1, 1, 2, 3]).forecast(4).tolist() == [5, 8, 13, 21]


def test_steps_default_to_the_horizon_and_fewer_are_its_first(airline):
    forecaster = SeriesForecaster(ridge(), horizon=12).fit(airline)
    assert len(forecaster.forecast()) == 12
    np.testing.assert_array_equal(forecaster.forecast(5), forecaster.forecast()[:5])


def test_forecasts_have_the_form_of_the_series(airline, two_columns):
    forecaster = SeriesForecaster(ridge(), window_length=12, horizon=3)
    months = pd.date_range("1961-01-01", periods=5, freq="MS", name="month")
    series = forecaster.fit(airline).forecast(5)
    assert isinstance(series, pd.Series)
    assert series.name == "passengers"
    pd.testing.assert_index_equal(series.index, months)
    frame = forecaster.fit(two_columns).forecast(5)
    assert isinstance(frame, pd.DataFrame)
    pd.testing.assert_index_equal(frame.columns, two_columns.columns)
    pd.testing.assert_index_equal(frame.index, months)
    for values, shape in [
        (airline.to_numpy(), (5,)),
        (airline.tolist(), (5,)),
        (airline.to_numpy()[:, np.newaxis], (5, 1)),
        (two_columns.to_numpy(), (5, 2)),
    ]:
        forecast = forecaster.fit(values).forecast(5)
        assert type(forecast) is np.ndarray
        assert forecast.shape == shape


DAYS = pd.date_range("2024-02-20", periods=20, freq="D", name="day")
BERLIN = pd.date_range("2024-03-20", periods=20, freq="D", tz="Europe/Berlin")
INDEXES = {
    "months": pd.date_range("2020-01-31", periods=20, freq="ME"),
    "days without freq": pd.DatetimeIndex(DAYS.tolist(), name="day"),
    "business days without freq": pd.DatetimeIndex(
        pd.bdate_range("2024-01-01", periods=20).tolist()
    ),
    "days over a change of clocks": pd.DatetimeIndex(BERLIN.tolist()),
    "quarters": pd.period_range("2020Q1", periods=20, freq="Q", name="quarter"),
    "hours since": pd.timedelta_range("1h", periods=20, freq="7h"),
    "rows": pd.RangeIndex(20),
    "every fifth row": pd.RangeIndex(100, 200, 5, name="row"),
    "integers": pd.Index(np.arange(3, 43, 2)),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_forecast_goes_on_with_the_labels_of_the_index(index):
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    forecaster.fit(pd.Series(range(15), index=index[:15]))
    wanted = pd.Series(range(15, 20), index=index[15:], dtype=float)
    pd.testing.assert_series_equal(
        forecaster.forecast(5), wanted, check_freq=False, check_index_type="equiv"
    )


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_the_index_says_whether_rows_continue(index):
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    series = pd.Series(range(20), index=index, dtype=float)
    forecaster.fit(series[:15])
    assert forecaster.predict(series[15:]).ravel().tolist() == [42, 45, 48, 51, 54]
    # Two rows are left out: one business day would be a holiday.
    with pytest.warns(UserWarning, match="the first 2 rows do not continue"):
        after_a_gap = forecaster.predict(series[17:])
    assert after_a_gap.ravel().tolist() == [51, 52, 54]
    with pytest.warns(UserWarning, match="the first 2 rows do not continue"):
        again = forecaster.predict(series[:15])
    assert again.ravel().tolist() == [0, 1, *range(3, 42, 3)]


def test_labels_of_another_kind_do_not_continue():
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    for fitted, other in [("months", "rows"), ("rows", "quarters")]:
        forecaster.fit(pd.Series(range(15), index=INDEXES[fitted][:15]))
        with pytest.warns(UserWarning, match="do not continue"):
            forecaster.predict(pd.Series([5.0], index=INDEXES[other][15:16]))


def test_an_irregular_index_continues_within_its_longest_gap_and_forecasts_no_dates():
    days = pd.DatetimeIndex(
        ["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-08", "2024-01-09"]
    )
    forecaster = SeriesForecaster(WindowSum(), window_length=2, transformer=None)
    forecaster.fit(pd.Series([1, 2, 3, 4, 5], index=days))
    near = pd.Series([6.0], index=pd.DatetimeIndex(["2024-01-12"]))
    far = pd.Series([6.0], index=pd.DatetimeIndex(["2024-01-13"]))
    assert forecaster.predict(near).tolist() == [[11]]
    for other in (far, far.tz_localize("UTC"), far.set_axis([7])):
        with pytest.warns(UserWarning, match="the first 1 rows do not continue"):
            assert forecaster.predict(other).tolist() == [[12]]
    with pytest.raises(ValueError, match=r"no regular step \(DatetimeIndex"):
        forecaster.forecast()


@pytest.mark.parametrize("fraction", [None, 0.3])
def test_the_longest_gap_is_that_of_all_known_rows(fraction):
    hours = np.array([1, 2, 1.5] * 14 + [9] + [1, 2, 1.5] * 4).cumsum()
    index = pd.Timestamp("2020") + pd.to_timedelta(hours + np.arange(55) / 99, "h")
    forecaster = SeriesForecaster(
        make_pipeline(FlattenWindows(), Ridge()),
        window_length=4,
        calibration_fraction=fraction,
    ).fit(pd.Series(np.sin(np.arange(55.0)), index=index))
    new = pd.Series([1.0], index=index[-1:] + pd.Timedelta(hours=8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forecaster.predict(new)


NO_TIME_TO_COUNT_ON = {
    "text": [f"2024-{month:02}" for month in range(1, 13)],
    "dates as objects": [datetime.date(2024, month, 1) for month in range(1, 13)],
    "floats": np.arange(12) / 2,
}


@pytest.mark.parametrize(
    "labels", NO_TIME_TO_COUNT_ON.values(), ids=NO_TIME_TO_COUNT_ON
)
def test_labels_that_cannot_be_counted_borrow_nothing_as_in_sliding_windows(labels):
    series = pd.Series(np.arange(12.0), index=pd.Index(labels))
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    before, after = series.iloc[:9], series.iloc[9:]
    forecaster.fit(before)
    with pytest.warns(UserWarning, match="the first 2 rows do not continue"):
        assert forecaster.predict(after).ravel().tolist() == [27, 28, 30]
    windows = SlidingWindow(3).fit(before.to_frame("a")).transform(after.to_frame("a"))
    assert np.isnan(windows[0, 0, 0])
    assert forecaster.predict(after.to_numpy()).ravel().tolist() == [24, 27, 30]
    with pytest.raises(ValueError, match=r"pandas\.to_datetime"):
        forecaster.forecast()


# ------------------------------------------------------------------------ gaps in time

HOLED = {
    "months": pd.date_range("2020-01-01", periods=24, freq="MS"),
    "days": pd.date_range("2020-01-01", periods=24, freq="D"),
    "hours of a timezone": pd.date_range("2020", periods=24, freq="h", tz="UTC"),
    "periods": pd.period_range("2020-01", periods=24, freq="M"),
    "timedeltas": pd.timedelta_range("0h", periods=24, freq="6h"),
    "range": pd.RangeIndex(24),
    "integers by 5": pd.Index(np.arange(100, 220, 5)),
}
holed = pytest.mark.parametrize("index", HOLED.values(), ids=HOLED)


def counted(index):
    return pd.Series(np.arange(24.0), index=index)


@holed
@pytest.mark.parametrize("horizon", [1, 2])
def test_no_window_or_target_of_fit_reaches_across_a_gap(index, horizon):
    series = counted(index).drop(index[[10]])
    forecaster = SeriesForecaster(
        Rising(), window_length=3, horizon=horizon, transformer=None
    )
    seen = forecaster.fit(series).estimator_
    starts = [
        start
        for start in range(24)
        if start + 3 + horizon <= 24 and not start <= 10 < start + 3 + horizon
    ]
    wanted = [[start, start + 1, start + 2] for start in starts]
    assert seen.X_[:, :, 0].tolist() == wanted
    ahead = np.array(starts)[:, np.newaxis] + 3 + np.arange(horizon)
    np.testing.assert_array_equal(seen.y_.reshape(-1, horizon), ahead)


@holed
def test_predictions_use_only_the_history_since_the_last_gap(index):
    series = counted(index)
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    forecaster.fit(series[:12])
    rows = series[12:].drop(index[[15]])
    with pytest.warns(UserWarning) as caught:
        predicted = forecaster.predict(rows)
    assert [str(warning.message) for warning in caught] == [
        "2 rows follow a gap in time and have fewer than window_length=3 rows of "
        "history: the first row after the gap was repeated to fill their windows."
    ]
    assert caught[0].filename == __file__
    wanted = [33, 36, 39, 48, 49, 51, 54, 57, 60, 63, 66]
    assert predicted.ravel().tolist() == wanted


@holed
def test_rows_given_with_the_next_ones_after_a_gap_borrow_the_fitted_ones(index):
    series = counted(index)
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    forecaster.fit(series[:12])
    with pytest.warns(UserWarning, match="^2 rows follow a gap"):
        predicted = forecaster.predict(series.iloc[[6, 7, 12, 13]])
    assert predicted.ravel().tolist() == [18, 19, 33, 36]


@holed
def test_what_lies_before_the_last_gap_of_the_fitted_rows_is_no_history(index):
    series = counted(index)
    forecaster = SeriesForecaster(WindowSum(), window_length=4, transformer=None)
    forecaster.fit(series[:12].drop(index[[9]]))  # rows 10 and 11 are the last run
    with pytest.warns(UserWarning, match="^1 rows follow a gap"):
        predicted = forecaster.predict(series[12:15])
    assert predicted.ravel().tolist() == [43, 46, 50]


@holed
def test_scores_count_no_origin_whose_targets_lie_across_a_gap(index):
    series = counted(index)
    forecaster = SeriesForecaster(
        Rising(), window_length=1, horizon=2, transformer=None
    )
    forecaster.fit(series[:12])
    assert forecaster.score(series[12:].drop(index[[16]])) == 0
    # The last fitted row, 12 and 13 before the gap; 17 to 21 after it.
    origins = [11, 12, 13, 17, 18, 19, 20, 21]
    assert forecaster.estimator_.asked_[:, 0, 0].tolist() == origins
    message = "got n_rows=2, at most 1 of them without a gap in time. Use longer"
    with pytest.raises(ValueError, match=message):
        forecaster.score(series.iloc[[12, 15]])


@holed
def test_forecaster_and_sliding_windows_agree_on_gaps(index):
    rows = counted(index).to_frame("a").drop(index[[5, 16]])
    train, test = rows[:12], rows[12:]
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* rows follow a gap")
        sums = forecaster.fit(train).predict(test)
    windows = SlidingWindow(3).fit(train).transform(test)
    filled = FlattenWindows().fit_transform(windows).sum(axis=1)
    np.testing.assert_array_equal(sums.ravel(), filled)


def test_holidays_of_business_days_are_no_gaps():
    days = pd.bdate_range("2020-01-01", periods=40).delete([15, 25])
    series = pd.Series(np.arange(38.0), index=days)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    assert len(forecaster.fit(series).estimator_.X_) == 35
    for cut in (10, 15, 24, 30):
        forecaster.fit(series[:cut]).predict(series[cut:])  # no warning
        first = forecaster.estimator_.asked_[0, :, 0].tolist()
        assert first == [cut - 2, cut - 1, cut]


def test_a_series_of_short_runs_names_the_gap_and_how_to_fill_it():
    index = HOLED["months"]
    with pytest.raises(ValueError) as caught:
        SeriesForecaster(ridge(), window_length=13).fit(
            counted(index).drop(index[[12]])
        )
    assert str(caught.value) == (
        "series must have at least window_length + horizon rows without a gap in time: "
        "got at most 12 such rows (the first gap is from 2020-12-01 00:00:00 to "
        "2021-02-01 00:00:00), window_length=13, horizon=1. Fill the gaps "
        "(series.asfreq('MS') and interpolate), use shorter windows, or "
        "series.reset_index(drop=True) where rows do follow one another."
    )


@pytest.mark.parametrize(
    "name, way_out",
    [
        ("months", "series.asfreq('MS')"),
        ("days", "series.asfreq('D')"),
        ("hours of a timezone", "series.asfreq('h')"),
        ("timedeltas", "series.resample('6h').mean()"),
        ("range", "series.reindex(range(0, 24, 1))"),
        ("integers by 5", "series.reindex(range(100, 216, 5))"),
    ],
)
def test_the_way_out_of_a_gap_is_the_step_of_the_runs_and_works(name, way_out):
    series = counted(HOLED[name]).drop(HOLED[name][[10]])
    forecaster = SeriesForecaster(Rising(), window_length=15, transformer=None)
    with pytest.raises(ValueError, match=re.escape(f"Fill the gaps ({way_out} and")):
        forecaster.fit(series)
    filled = eval(way_out, {"series": series, "range": range}).interpolate()
    assert forecaster.fit(filled).forecast().tolist() == [24]


@holed
def test_rows_after_a_gap_go_on_by_the_step_of_the_runs(index):
    series = counted(index)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    forecaster.fit(series[:15].drop(index[[10]]))
    for start in (15, 20):
        pd.testing.assert_series_equal(
            forecaster.forecast(2),
            series[start : start + 2],
            check_freq=False,
            check_index_type="equiv",
        )
        if start == 15:
            forecaster.update(series[15:20])
    # Bare rows take the labels that follow, too.
    assert forecaster.update([20.0]).forecast().index.tolist() == [index[21]]


def test_intervals_after_a_gap_have_the_labels_that_follow():
    days = pd.date_range("2024-01-01", periods=62)
    series = pd.Series(np.arange(62.0), index=days)[:60].drop(days[20])
    forecaster = SeriesForecaster(
        ridge(), window_length=3, horizon=2, calibration_fraction=0.4
    ).fit(series)
    intervals = forecaster.forecast_interval(coverage=0.8)
    assert intervals.index.tolist() == days[60:].tolist()


LEFT_OUT = {
    "Sundays": pd.date_range("2024-01-01", periods=60, freq="D"),
    "Sundays but one": pd.date_range("2024-01-01", periods=60, freq="D"),
    "nights": pd.date_range("2024-01-01", periods=90, freq="h", tz="Europe/Berlin"),
    "week-ends of hours": pd.date_range("2024-01-01", periods=600, freq="h"),
    "July": pd.date_range("2020-01-01", periods=36, freq="MS"),
    "holidays": pd.bdate_range("2024-01-01", periods=40),
}
KEPT = {
    "Sundays": lambda index: index.day_of_week != 6,
    "Sundays but one": lambda index: (index.day_of_week != 6) | (np.arange(60) == 27),
    "nights": lambda index: (index.hour > 7) & (index.hour < 20),
    "week-ends of hours": lambda index: index.day_of_week < 5,
    "July": lambda index: index.month != 7,
    "holidays": lambda index: np.arange(40) != 20,
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_rows_that_are_never_there_leave_those_ahead_without_a_name(name):
    index = LEFT_OUT[name][KEPT[name](LEFT_OUT[name])]
    series = pd.Series(np.arange(float(len(index))), index=index)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    with pytest.raises(ValueError, match=r"no regular step.*asfreq.*missing=\"mask\""):
        forecaster.fit(series).forecast()


def test_one_outage_is_no_calendar():
    days = pd.date_range("2022-06-01", periods=400)
    series = pd.Series(np.arange(400.0), index=days)
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    forecaster.fit(series[series.index.to_period("M") != "2022-07"])
    assert forecaster.forecast().index.tolist() == [days[-1] + pd.Timedelta(1, "D")]


def test_integers_that_are_uneven_as_a_rule_have_no_step():
    series = pd.Series(np.arange(12.0), [0, 1, 2, 3, 4, 7, 9, 14, 20, 22, 25, 30])
    forecaster = SeriesForecaster(Rising(), window_length=3, transformer=None)
    with pytest.raises(ValueError, match="no regular step"):
        forecaster.fit(series).forecast()


@pytest.mark.parametrize(
    ("index", "steps"),
    [
        (pd.bdate_range("2024-01-01", periods=40).delete(20), "asfreq('B')"),
        (pd.DatetimeIndex(np.cumsum(np.arange(39) ** 3 % 7 + 1) * 864 * 10**11), "D"),
    ],
    ids=["holidays", "uneven"],
)
def test_the_ways_out_of_a_long_frame_without_a_step_work(index, steps):
    series = pd.DataFrame({"shop": "a", "sales": np.arange(39.0)}, index=index)
    series = pd.concat([series, series.assign(shop="b")]).rename_axis("day")
    forecaster = SeriesForecaster(ridge(), window_length=3, id_column="shop")
    with pytest.raises(ValueError) as caught:
        forecaster.fit(series).forecast()
    message = str(caught.value)
    assert (
        message.startswith("In series 'a': forecast cannot name") and steps in message
    )
    fill, number = re.search(
        r"before fit: (.*) \(interpolate what .*\), or (.*)\.$", message
    ).groups()
    for way_out in (fill, number):
        frame = eval(way_out, {"series": series}).ffill()
        assert forecaster.fit(frame).forecast()["shop"].tolist() == ["a", "b"]


def test_a_forecast_soon_after_a_gap_repeats_the_first_row_with_a_warning():
    index = HOLED["periods"]
    forecaster = SeriesForecaster(WindowSum(), window_length=4, transformer=None)
    forecaster.fit(counted(index).drop(index[[21]]))
    message = "^the fitted series has 2 rows since the last gap in time, fewer than "
    with pytest.warns(UserWarning, match=message):
        assert forecaster.forecast().tolist() == [22 + 22 + 22 + 23]


# ---------------------------------------------------------------------------- predict


def test_predictions_have_a_row_for_each_row_and_a_column_for_each_step(two_columns):
    forecaster = SeriesForecaster(ridge(), window_length=12, horizon=3)
    assert forecaster.fit(two_columns[:100]).predict(two_columns[100:]).shape == (
        44,
        3,
        2,
    )
    one = two_columns[["all"]]
    assert forecaster.fit(one[:100]).predict(one[100:]).shape == (44, 3)
    forecaster.set_params(horizon=1)
    assert forecaster.fit(one[:100]).predict(one[100:]).shape == (44, 1)


def test_predictions_of_continuing_rows_equal_those_of_windows_on_the_whole_series():
    rng = np.random.default_rng(0)
    series = rng.normal(size=(60, 2))
    forecaster = SeriesForecaster(WindowSum(), window_length=7, horizon=2)
    forecaster.fit(series[:40])
    scaled = forecaster.transformer_.transform(series)
    windows = np.stack([scaled[t - 6 : t + 1] for t in range(40, 60)])
    raw = forecaster.estimator_.predict(windows).reshape(-1, 2)
    wanted = forecaster.transformer_.inverse_transform(raw).reshape(20, 2, 2)
    np.testing.assert_array_equal(forecaster.predict(series[40:]), wanted)


def test_the_last_prediction_is_the_forecast_after_those_rows(airline):
    forecaster = SeriesForecaster(ridge(), horizon=6, transformer="log").fit(airline)
    own = quiet(forecaster.predict, airline)[-1]
    np.testing.assert_allclose(own, forecaster.forecast(), rtol=1e-12)


@pytest.mark.parametrize("form", ["array", "series"])
def test_predictions_never_see_later_rows(airline, form):
    series = airline if form == "series" else airline.to_numpy()
    forecaster = SeriesForecaster(WindowSum(), window_length=12, horizon=3)
    forecaster.fit(series[:100])
    before = forecaster.predict(series[100:])
    changed = np.array(airline)
    changed[120:] = 1e6
    if form == "series":
        changed = pd.Series(changed, index=airline.index)
    after = forecaster.predict(changed[100:])
    np.testing.assert_array_equal(after[:20], before[:20])
    assert (after[20:] != before[20:]).all()


def test_arrays_continue_the_fitted_rows_and_the_fitted_rows_do_not():
    series = np.arange(10.0)
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    forecaster.fit(series)
    assert forecaster.predict([10, 11]).ravel().tolist() == [27, 30]
    changed = np.where(series == 9, 10, series)
    assert forecaster.predict(changed)[0, 0] == 8 + 9 + 0
    own = [0, 1, 3, 6, 9, 12, 15, 18, 21, 24]
    for same in (series, series.copy(), series.tolist(), series.astype(np.float32)):
        with pytest.warns(UserWarning, match="do not continue"):
            assert forecaster.predict(same).ravel().tolist() == own


def test_missing_history_is_one_warning_and_none_for_windows_of_one_row():
    forecaster = SeriesForecaster(Rising(), window_length=5).fit(np.arange(20.0))
    with pytest.warns(UserWarning) as caught:
        forecaster.predict(np.arange(20.0))
    assert [str(warning.message) for warning in caught] == [
        "the first 4 rows do not continue the fitted ones and have fewer than "
        "window_length=5 rows of history: the first row was repeated to fill their "
        "windows."
    ]
    assert caught[0].filename == __file__
    forecaster.set_params(window_length=1).fit(np.arange(20.0))
    assert forecaster.predict(np.arange(20.0)).shape == (20, 1)


def test_a_forecaster_fitted_on_an_array_predicts_labelled_rows_and_the_reverse(
    airline,
):
    forecaster = SeriesForecaster(ridge(), window_length=12)
    labelled = forecaster.fit(airline[:100]).predict(airline[100:])
    bare = forecaster.predict(airline[100:].to_numpy())
    np.testing.assert_array_equal(bare, labelled)
    forecaster.fit(airline[:100].to_numpy())
    np.testing.assert_array_equal(forecaster.predict(airline[100:]), labelled)


# ------------------------------------------------------------------------ transformers


@pytest.mark.parametrize(
    "transformer",
    ["standard", "log", None, MinMaxScaler(), PowerTransformer(), PCA(2)],
    ids=str,
)
def test_forecasts_come_back_on_the_scale_of_the_series(two_columns, transformer):
    forecaster = SeriesForecaster(
        WindowSum(), window_length=1, horizon=2, transformer=transformer
    )
    forecaster.fit(two_columns)
    assert (forecaster.transformer_ is None) == (transformer is None)
    last = two_columns.iloc[[-1, -1]].to_numpy()
    np.testing.assert_allclose(forecaster.forecast(), last, rtol=1e-9)


def test_standard_takes_off_mean_and_deviation_and_log_the_logarithm_first():
    series = np.exp(np.arange(30.0))
    steps = (np.arange(30.0) - np.arange(30.0).mean()) / np.arange(30.0).std()
    forecaster = SeriesForecaster(Rising(), window_length=2, transformer="log")
    seen = forecaster.fit(series).estimator_
    np.testing.assert_allclose(seen.X_[:, 0, 0], steps[:-2], rtol=1e-12)
    forecaster.set_params(transformer="standard").fit(np.arange(30.0))
    np.testing.assert_allclose(forecaster.estimator_.y_, steps[2:], rtol=1e-12)


def test_a_transformer_that_makes_fewer_columns_is_undone():
    base = np.arange(30.0)
    series = np.column_stack([base, 2 * base + 1, -base])
    forecaster = SeriesForecaster(
        make_pipeline(FlattenWindows(), LinearRegression()),
        window_length=2,
        horizon=3,
        transformer=PCA(1),
    ).fit(series)
    assert forecaster.estimator_[-1].coef_.shape == (3, 2)
    wanted = np.array([[30, 61, -30], [31, 63, -31], [32, 65, -32]])
    np.testing.assert_allclose(forecaster.forecast(), wanted, rtol=1e-9)


def test_the_transformer_is_fitted_on_training_rows_alone_and_cloned(airline):
    scaler = MinMaxScaler()
    forecaster = SeriesForecaster(ridge(), transformer=scaler).fit(airline[:100])
    forecaster.predict(airline[100:])
    forecaster.score(airline[100:])
    assert forecaster.transformer_.data_max_ == airline[:100].max()
    assert not hasattr(scaler, "data_max_")


def test_no_fold_learns_from_later_rows(airline):
    changed = airline.copy()
    changed[108:] *= 50
    results = [
        cross_validate(
            SeriesForecaster(ridge(), horizon=12, transformer="log"),
            series,
            cv=TimeSeriesSplit(3, test_size=12),
            return_estimator=True,
        )
        for series in (airline, changed)
    ]
    one, other = (result["estimator"][0] for result in results)
    np.testing.assert_array_equal(one.estimator_[-1].coef_, other.estimator_[-1].coef_)
    pd.testing.assert_series_equal(one.forecast(), other.forecast())
    assert results[0]["test_score"][0] != results[1]["test_score"][0]


@pytest.mark.parametrize("transformer", ["standard", "log", None])
@pytest.mark.parametrize("value", [3.0, 0.1])
def test_a_constant_series_goes_on(transformer, value):
    forecaster = SeriesForecaster(ridge(), window_length=4, transformer=transformer)
    forecaster.fit(np.full(20, value))
    np.testing.assert_allclose(forecaster.forecast(3), value, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, bool])
def test_numbers_of_any_width_give_float64_forecasts(dtype):
    series = np.arange(20).astype(dtype)
    forecaster = SeriesForecaster(Rising(), window_length=3).fit(series)
    assert forecaster.forecast(3).dtype == np.float64
    width = np.float32 if dtype is np.float32 else np.float64
    assert forecaster.estimator_.X_.dtype == width
    assert forecaster.estimator_.asked_.dtype == width  # forecasts fed back too
    assert forecaster.predict(series[:5].astype(np.float64)).dtype == np.float64
    assert forecaster.estimator_.asked_.dtype == width


def test_pandas_output_of_transformers_changes_nothing(two_columns):
    forecaster = SeriesForecaster(ridge(), horizon=2, transformer="log")
    plain = forecaster.fit(two_columns).forecast()
    with config_context(transform_output="pandas"):
        set_so = forecaster.fit(two_columns.to_numpy()).forecast()
    np.testing.assert_array_equal(set_so, plain)


# ------------------------------------------------------------------------------ scores


def test_score_is_the_negative_mean_absolute_error_of_every_origin():
    forecaster = SeriesForecaster(
        Rising(), window_length=2, horizon=3, transformer=None
    )
    forecaster.fit(np.arange(10.0))
    assert forecaster.score(np.arange(10.0, 15.0)) == 0
    assert len(forecaster.estimator_.asked_) == 3  # rows 9, 10 and 11
    # Row 12 is 8 too high: a target once for each of the three origins.
    assert forecaster.score([10, 11, 20, 13, 14]) == -3 * 8 / 9


def test_a_fold_as_long_as_the_horizon_has_one_origin_the_last_fitted_row(airline):
    folds = TimeSeriesSplit(4, test_size=12)
    forecaster = SeriesForecaster(ridge(), horizon=12)
    scores = cross_validate(forecaster, airline, cv=folds)["test_score"]
    for score, (train, test) in zip(scores, folds.split(airline), strict=True):
        ahead = clone(forecaster).fit(airline.iloc[train]).forecast()
        np.testing.assert_allclose(score, -(ahead - airline.iloc[test]).abs().mean())


def test_rows_that_do_not_continue_are_scored_from_their_own_rows_alone():
    series = pd.Series(np.arange(20.0))
    forecaster = SeriesForecaster(
        Rising(), window_length=1, horizon=2, transformer=None
    )
    forecaster.fit(series[:10])
    assert forecaster.score(series[10:]) == 0
    assert len(forecaster.estimator_.asked_) == 9
    forecaster.score(series[11:])
    assert len(forecaster.estimator_.asked_) == 7


def test_score_agrees_with_predict(two_columns):
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=3)
    forecaster.fit(two_columns[:100])
    rows = two_columns[103:]
    ahead = quiet(forecaster.predict, rows)[:-3]
    actual = np.stack([rows[t + 1 : t + 4] for t in range(len(ahead))])
    wanted = -np.abs(ahead - actual).mean()
    assert forecaster.score(rows) == pytest.approx(wanted, rel=1e-12)


def test_the_targets_of_a_score_are_not_asked_to_fit_the_transformer():
    forecaster = SeriesForecaster(Rising(), window_length=2, transformer="log")
    forecaster.fit(np.arange(1.0, 10.0))
    assert forecaster.score([0.0]) < 0


@pytest.mark.parametrize(
    "name, metric",
    [
        ("neg_mean_absolute_error", metrics.mean_absolute_error),
        ("neg_root_mean_squared_error", metrics.root_mean_squared_error),
        ("neg_median_absolute_error", metrics.median_absolute_error),
    ],
)
@pytest.mark.parametrize("n_columns", [1, 2])
def test_a_scorer_is_the_metric_over_all_cells(two_columns, name, metric, n_columns):
    series = two_columns.iloc[:, :n_columns]
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=3)
    forecaster.fit(series[:120])
    first = forecaster.forecast().to_numpy().reshape(1, 3, -1)
    later = forecaster.predict(series[120:]).reshape(24, 3, -1)[:-3]
    ahead = np.concatenate([first, later])
    actual = np.stack([series[t + 1 : t + 4] for t in range(119, 141)])
    wanted = -metric(actual.ravel(), ahead.ravel())
    score = forecast_scorer(name)(forecaster, series[120:])
    assert score == pytest.approx(wanted, rel=1e-12)


def test_every_regression_metric_of_scikit_learn_makes_a_scorer(airline):
    forecaster = SeriesForecaster(ridge(), transformer="log").fit(airline[:120])
    named = {
        name
        for name in metrics.get_scorer_names()
        if metrics.get_scorer(name)._score_func.__module__.endswith("._regression")
    }
    named.discard("max_error")  # the old name of neg_max_error
    assert named <= set(_REGRESSION_SCORERS)
    for name in named:
        assert np.isfinite(forecast_scorer(name)(forecaster, airline[120:]))


def test_scorers_pickle_and_read_well_and_take_a_fitted_search(airline):
    scorer = forecast_scorer("r2")
    assert repr(scorer) == "forecast_scorer('r2')"
    grid = {"window_length": [6, 12]}
    search = GridSearchCV(
        SeriesForecaster(ridge()), grid, cv=TimeSeriesSplit(2), scoring=scorer
    ).fit(airline[:120])
    again = pickle.loads(pickle.dumps(scorer))
    score = scorer(search.best_estimator_, airline[120:])
    assert again(search, airline[120:]) == score


# ---------------------------------------------------------------------- model selection


SERIES = {
    "series": lambda frame: frame["all"],
    "frame": lambda frame: frame,
    "1-D array": lambda frame: frame["all"].to_numpy(),
    "2-D array": lambda frame: frame.to_numpy(),
}


@pytest.mark.parametrize("form", SERIES.values(), ids=SERIES)
@pytest.mark.parametrize("scoring", [None, forecast_scorer("r2")], ids=str)
def test_searches_take_the_raw_series(two_columns, form, scoring):
    series = form(two_columns)
    forecaster = SeriesForecaster(ridge(), horizon=3)
    grid = {"window_length": [6, 12], "estimator__ridge__alpha": [0.1, 1.0]}
    folds = TimeSeriesSplit(3, test_size=6)
    searches = [
        GridSearchCV(forecaster, grid, cv=folds, scoring=scoring),
        RandomizedSearchCV(
            forecaster, grid, n_iter=4, cv=folds, scoring=scoring, random_state=0
        ),
    ]
    for search in searches:
        search.fit(series)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        best = clone(forecaster).set_params(**search.best_params_).fit(series)
        np.testing.assert_array_equal(
            search.best_estimator_.forecast(), best.forecast()
        )
    first, second = (search.best_params_ for search in searches)
    assert first == second


def test_folds_of_an_array_and_of_a_series_score_alike(two_columns):
    forecaster = SeriesForecaster(ridge(), horizon=2)
    one, other = (
        cross_validate(forecaster, series, cv=TimeSeriesSplit(3))["test_score"]
        for series in (two_columns, two_columns.to_numpy())
    )
    np.testing.assert_allclose(one, other, rtol=1e-12)  # another memory order


def test_several_metrics_and_train_scores_in_one_run(airline):
    names = ("neg_mean_absolute_error", "r2")
    results = cross_validate(
        SeriesForecaster(ridge(), window_length=12),
        airline,
        cv=TimeSeriesSplit(2),
        scoring={name: forecast_scorer(name) for name in names},
        return_train_score=True,
    )
    for name in names:
        assert np.isfinite(results[f"test_{name}"]).all()
        assert np.isfinite(results[f"train_{name}"]).all()


def test_a_halving_search_spends_epochs(airline):
    search = HalvingGridSearchCV(
        SeriesForecaster(Descent(), horizon=1),
        {"window_length": [6, 12, 24, 36]},
        resource="estimator__epochs",
        max_resources=8,
        min_resources=2,
        factor=2,
        cv=TimeSeriesSplit(2),
    ).fit(airline)
    assert search.n_resources_ == [2, 4, 8]
    assert search.best_estimator_.estimator_.epochs == 8
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_two_processes_search_as_one_does(airline, own_workers):
    grid = {"window_length": [6, 12]}
    alone, together = (
        GridSearchCV(
            SeriesForecaster(ridge(), horizon=3),
            grid,
            cv=TimeSeriesSplit(3),
            scoring=forecast_scorer("neg_mean_squared_error"),
            n_jobs=n_jobs,
        ).fit(airline)
        for n_jobs in (1, 2)
    )
    np.testing.assert_allclose(
        alone.cv_results_["mean_test_score"],
        together.cv_results_["mean_test_score"],
        rtol=1e-10,
    )


def test_a_search_inside_cross_validation(airline):
    search = GridSearchCV(
        SeriesForecaster(ridge(), horizon=6),
        {"window_length": [6, 12]},
        cv=TimeSeriesSplit(2),
    )
    scores = cross_validate(
        search,
        airline,
        cv=TimeSeriesSplit(2, test_size=12),
        scoring=forecast_scorer("r2"),
    )
    assert np.isfinite(scores["test_score"]).all()


def test_searches_work_where_metadata_is_routed(airline):
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            SeriesForecaster(ridge(), horizon=6),
            {"window_length": [6, 12]},
            cv=TimeSeriesSplit(2),
            scoring={"r2": forecast_scorer("r2")},
            refit="r2",
        ).fit(airline)
    assert np.isfinite(search.best_score_)


@pytest.mark.parametrize(
    "grid, message",
    [
        (
            {"window_length": [12, 90]},
            "series must have at least window_length + horizon rows: got 36 rows, "
            "window_length=90, horizon=3. Use a series of 93 rows or more, or shorter "
            "windows.",
        ),
        (
            {"estimator__subsequencereshaper__n_subsequences": [4, 5]},
            "n_subsequences must divide window_length: got ",
        ),
    ],
    ids=["longer than a fold", "cannot be cut"],
)
def test_an_impossible_candidate_scores_nan_and_the_search_goes_on(
    airline, grid, message
):
    search = GridSearchCV(
        SeriesForecaster(
            make_pipeline(SubsequenceReshaper(4), FlattenWindows(), Ridge()),
            window_length=12,
            horizon=3,
        ),
        grid,
        cv=TimeSeriesSplit(3),
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(airline)
    failed = [w for w in caught if w.category is FitFailedWarning]
    assert len(failed) == 1
    assert message in str(failed[0].message)
    good, bad = search.cv_results_["mean_test_score"]
    assert np.isfinite(good)
    assert np.isnan(bad)
    assert search.best_index_ == 0


def test_shuffled_rows_with_an_index_are_refused(airline):
    shuffled = KFold(3, shuffle=True, random_state=0)
    with pytest.raises(ValueError, match="All the 3 fits failed"):
        cross_validate(
            SeriesForecaster(ridge()),
            airline.sample(frac=1, random_state=0),
            cv=shuffled,
        )


# ------------------------------------------------------------- what a network is told


def test_networks_inside_learn_what_only_the_forecaster_knows(two_columns):
    network = Network(early_stopping=True)
    forecaster = SeriesForecaster(network, horizon=4)
    with pytest.raises(ValueError, match=r"horizon \* n_targets = 8 values"):
        forecaster.fit(two_columns).forecast()
    assert forecaster.estimator_.get_params() == {
        "instance_norm": "last",
        "n_targets": 2,
        "early_stopping": True,
        "validation_gap": 3,
    }
    assert network.get_params() == Network(early_stopping=True).get_params()


@pytest.mark.parametrize(
    "wrap, find",
    [
        (lambda network: network, lambda outer: outer),
        (
            lambda network: Pipeline([("a", make_pipeline("passthrough", network))]),
            lambda outer: outer[-1][-1],
        ),
        (
            lambda network: TransformedTargetRegressor(network),
            lambda outer: outer.regressor,
        ),
        (
            lambda network: GridSearchCV(network, {"n_targets": [1]}),
            lambda outer: outer.estimator,
        ),
    ],
    ids=["alone", "nested pipelines", "target transformed", "a search"],
)
def test_networks_are_found_at_any_depth(wrap, find):
    resolved = configure_estimator(
        wrap(Network(early_stopping=True)), n_targets=3, gap=5, n_samples=99
    )
    network = find(resolved)
    assert (network.instance_norm, network.n_targets) == ("last", 3)
    assert network.validation_gap == 5


def test_numbers_and_switches_of_numpy_count_as_those_of_python():
    chosen = Network(early_stopping=np.True_)
    assert (
        configure_estimator(chosen, n_targets=3, gap=5, n_samples=99).validation_gap
        == 5
    )
    network = CNNRegressor(batch_size=np.int64(32))
    epochs = [
        configure_estimator(one, n_targets=1, gap=0, n_samples=320).epochs
        for one in (network, clone(network).set_params(batch_size=32))
    ]
    assert epochs == [25, 25]


@pytest.mark.parametrize(
    "chosen, kept",
    [
        ({"instance_norm": None}, {"instance_norm": None}),
        ({"instance_norm": "standard"}, {"instance_norm": "standard"}),
        ({"early_stopping": True, "validation_gap": 2}, {"validation_gap": 2}),
    ],
)
def test_what_the_user_chose_is_kept(chosen, kept):
    params = configure_estimator(
        Network(**chosen), n_targets=3, gap=5, n_samples=99
    ).get_params()
    assert params.items() >= kept.items()


def test_parameters_of_other_estimators_by_the_same_name_are_left_alone():
    process = configure_estimator(
        GaussianProcessRegressor(), n_targets=3, gap=5, n_samples=99
    )
    assert process.n_targets is None


# ------------------------------------------------------------------------ an estimator


@pytest.mark.parametrize(
    ("chosen", "n_samples", "epochs"),
    [
        ({}, 20, 250),  # one step an epoch
        ({}, 33, 125),
        ({}, 3200, 3),
        ({}, 10**6, 1),
        ({"batch_size": 320}, 3200, 25),
        ({"batch_size": -1}, 3200, 250),
        ({"epochs": 50}, 3200, 50),
        ({"early_stopping": True}, 3200, "auto"),
    ],
)
def test_long_series_are_read_in_fewer_epochs(chosen, n_samples, epochs):
    network = make_pipeline(LastSteps(4), CNNRegressor(**chosen))
    resolved = configure_estimator(network, n_targets=1, gap=0, n_samples=n_samples)
    assert resolved[-1].epochs == epochs


def test_a_forecaster_counts_the_samples_of_all_series():
    network = CNNRegressor(filters=2, batch_size=16, random_state=0)
    forecaster = SeriesForecaster(network, window_length=4, horizon=2)
    forecaster.fit([np.arange(85.0), np.arange(85.0)])  # 160 samples, ten steps
    assert forecaster.estimator_.n_epochs_ == forecaster.estimator_.epochs == 25
    assert forecaster.estimator_.linear_skip is True
    assert (network.epochs, network.linear_skip) == ("auto", "auto")


@pytest.mark.parametrize(
    "check",
    [
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
        "check_estimators_unfitted",
        "check_n_features_in",
        "check_fit_score_takes_y",
        "check_complex_data",
        "check_estimator_sparse_tag",
        "check_estimators_nan_inf",
        "check_estimators_empty_data_messages",
        "check_estimators_pickle",
        "check_dict_unchanged",
        "check_dont_overwrite_parameters",
        "check_estimators_overwrite_params",
        "check_estimators_fit_returns_self",
        "check_readonly_memmap_input",
        "check_n_features_in_after_fitting",
        "check_dataframe_column_names_consistency",
    ],
)
def test_checks_of_scikit_learn_hold(check):
    forecaster = SeriesForecaster(ridge(), window_length=3)
    quiet(getattr(estimator_checks, check), "SeriesForecaster", forecaster)


def test_it_is_a_regressor_that_needs_no_target():
    tags = SeriesForecaster(ridge()).__sklearn_tags__()
    assert is_regressor(SeriesForecaster(ridge()))
    assert not tags.target_tags.required
    assert tags.input_tags.two_d_array


def test_parameters_of_what_is_inside_are_reached_by_name(airline):
    forecaster = SeriesForecaster(ridge(), transformer=MinMaxScaler())
    forecaster.set_params(
        estimator__ridge__alpha=7.0, transformer__feature_range=(0, 2)
    )
    assert forecaster.get_params()["estimator__ridge__alpha"] == 7.0
    forecaster.fit(airline)
    assert forecaster.estimator_[-1].alpha == 7.0
    assert forecaster.transformer_.feature_range == (0, 2)
    assert forecaster.estimator is not forecaster.estimator_


def test_parameters_but_the_estimator_are_keyword_only():
    with pytest.raises(TypeError, match="positional argument"):
        SeriesForecaster(ridge(), 12)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))]
)
def test_copies_of_a_fitted_forecaster_forecast_alike(two_columns, copied):
    forecaster = SeriesForecaster(ridge(), horizon=3, transformer="log")
    forecaster.fit(two_columns[:120])
    other = copied(forecaster)
    pd.testing.assert_frame_equal(other.forecast(7), forecaster.forecast(7))
    assert other.score(two_columns[120:]) == forecaster.score(two_columns[120:])


def test_a_clone_is_not_fitted(airline):
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(SeriesForecaster(ridge()).fit(airline)))


def test_the_diagram_shows_what_is_inside(airline):
    html = SeriesForecaster(ridge(), window_length=9).fit(airline)._repr_html_()
    for name in ("SeriesForecaster", "FlattenWindows", "Ridge", "window_length"):
        assert name in html


# --------------------------------------------------------------------------- bad input

MONTHS = pd.date_range("1949-01-01", periods=40, freq="MS")
FRAME = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) + 1}, index=MONTHS)
TEXT = FRAME.assign(b=["x"] * 40)
UNSORTED = FRAME.iloc[[0, 2, 1, *range(3, 40)]]
TWICE = FRAME.iloc[[0, 1, 1, *range(2, 40)]]
FULL_STOP = "Interpolate, or start the series after the gap."


def at(value, row, column):
    frame = FRAME.copy()
    frame.iloc[row, column] = value
    return frame


BAD_SERIES = [
    (
        at(np.nan, 2, 1),
        ValueError,
        "series must be finite: got NaN at row 2 "
        "(1949-03-01 00:00:00), column 'b'. Interpolate, or start the series after "
        "the gap, or use a network with missing='mask', which reads NaN.",
    ),
    (
        [0.0, 1.0, np.inf, 3.0],
        ValueError,
        f"series must be finite: got inf at row 2, column 0. {FULL_STOP}",
    ),
    (
        TEXT,
        ValueError,
        f"series must be numeric: got column 'b' of dtype {TEXT['b'].dtype}. Convert "
        "dates and text to numbers, or leave those columns out. A column of dates may "
        "become the index: series.set_index('b'). One that says which series a row is "
        "of may be the id_column: id_column='b'.",
    ),
    (
        FRAME.reset_index(names="month"),
        TypeError,
        f"series must be numeric: got column 'month' of dtype {MONTHS.dtype}. Convert "
        "dates and text to numbers, or leave those columns out. A column of dates may "
        "become the index: series.set_index('month').",
    ),
    (
        ["1", "2", "3"],
        ValueError,
        "series must be numeric: got text. Convert dates and text to numbers, or leave "
        "those columns out.",
    ),
    (
        np.arange(40) + 1j,
        ValueError,
        "series must be real: got complex numbers (Complex data not supported). Use "
        "series.real, or the real and the imaginary parts side by side.",
    ),
    (
        [],
        ValueError,
        "series must have at least one row: got 0 rows.",
    ),
    (
        np.zeros((4, 3, 2)),
        ValueError,
        "series must have 1 to 2 dimensions: got 3, shape (4, 3, 2). Use rows of shape "
        "(n_rows, n_features).",
    ),
    (
        5.0,
        ValueError,
        "series must have 1 to 2 dimensions: got 0, shape (). Use rows of shape "
        "(n_rows, n_features).",
    ),
    (
        [[1, 2], [3]],
        ValueError,
        "series must be rectangular: got a ragged list, whose rows have different "
        "lengths. Use rows (windows) of one length, where shorter ones begin with "
        "NaN (missing='mask').",
    ),
    (
        np.arange(5.0),
        ValueError,
        "series must have at least window_length + horizon rows: got 5 rows, "
        "window_length=4, horizon=2. Use a series of 6 rows or more, or shorter "
        "windows.",
    ),
    (
        UNSORTED,
        ValueError,
        "series must be in time order: got an unsorted index, row 2 (label 1949-02-01 "
        "00:00:00) is earlier than the row before it. Use series.sort_index().",
    ),
    (
        TWICE,
        ValueError,
        "series must have one row for each time: got an index with the label "
        "1949-02-01 00:00:00 more than once. Drop or average the duplicates, or set "
        "id_column where they are of several series.",
    ),
    (
        FRAME.set_index(pd.MultiIndex.from_product([["p", "q"], range(20)])),
        ValueError,
        "series must have one time index: got an index of 2 levels. Use one series at "
        "a time, with the other levels dropped (series.droplevel(...)).",
    ),
    (
        FRAME.assign(shop="p").set_index("shop", append=True),
        ValueError,
        "series must have one time index: got an index of 2 levels. Use one series at "
        "a time, with the other levels dropped (series.droplevel(...)), or "
        "series.reset_index('shop') and id_column='shop' for all of them.",
    ),
    (
        FRAME.assign(shop="p").groupby("shop"),
        TypeError,
        "series must not be grouped: got DataFrameGroupBy. Pass the long frame itself "
        "and set SeriesForecaster(..., id_column='shop').",
    ),
    (
        FRAME.assign(shop="p").groupby(["shop"])["a"],
        TypeError,
        "series must not be grouped: got SeriesGroupBy. Pass the long frame itself and "
        "set SeriesForecaster(..., id_column='shop').",
    ),
    (
        pd.Series(["93.8", "n/a", "x"], index=[4, 5, 6]),
        ValueError,
        "series must be numeric: got text, 'n/a' at row 1 (5). Use "
        "pandas.to_numeric(series, errors='coerce'), which makes NaN of what is no "
        "number, and fill that.",
    ),
    (
        FRAME.assign(b=["1.5"] * 39 + ["-"]),
        ValueError,
        f"series must be numeric: got column 'b' of dtype {TEXT['b'].dtype}, '-' at "
        f"row 39 ({MONTHS[39]}). Use pandas.to_numeric(series['b'], errors='coerce'), "
        "which makes NaN of what is no number, and fill that.",
    ),
    (
        at(np.nan, 2, 1)["b"],
        ValueError,
        "series must be finite: got NaN at row 2 (1949-03-01 00:00:00), column 'b'.",
    ),
    (
        at(np.inf, 2, 1)["b"].rename(None),
        ValueError,
        "series must be finite: got inf at row 2 (1949-03-01 00:00:00), column 0.",
    ),
]


@pytest.mark.parametrize("series, error, message", BAD_SERIES)
def test_what_is_no_series_is_refused(series, error, message):
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=2)
    with pytest.raises(error, match="^" + re.escape(message)):
        forecaster.fit(series)
    assert vars(forecaster) == vars(clone(forecaster)) | forecaster.get_params(False)


def test_sparse_rows_are_refused():
    sparse = pytest.importorskip("scipy.sparse")
    for series in (sparse.csr_matrix(np.eye(9)), sparse.csr_array(np.eye(9))):
        with pytest.raises(TypeError, match=r"^Sparse data was passed for series, but"):
            SeriesForecaster(ridge(), window_length=2).fit(series)


BAD_PARAMS = [
    (
        {"transformer": "logs"},
        ValueError,
        'transformer must be "standard", "log", None or an instance with fit, '
        "transform and inverse_transform: got transformer='logs'. Use one of "
        "these, such as MinMaxScaler().",
    ),
    (
        {"transformer": FlattenWindows()},
        TypeError,
        'transformer must be "standard", "log", None or an instance with fit, '
        "transform and inverse_transform: got transformer=FlattenWindows(). Use one of "
        "these, such as MinMaxScaler().",
    ),
    (
        {"transformer": MinMaxScaler},
        TypeError,
        'transformer must be "standard", "log", None or an instance with fit, '
        "transform and inverse_transform: got transformer=<class "
        "'sklearn.preprocessing._data.MinMaxScaler'>. Use one of these, such as "
        "MinMaxScaler().",
    ),
    (
        {"transformer": FunctionTransformer(lambda rows: rows[1:], validate=False)},
        ValueError,
        "transformer must return one row for each row: got transformer="
        "FunctionTransformer(func=<function <lambda>",
    ),
    (
        {"transformer": "log"},
        ValueError,
        'transformer="log" requires positive values: got 0.0 at row 0 (1949-01-01 '
        "00:00:00), column 'a'. Use transformer=\"standard\", or add a constant to "
        "the series.",
    ),
    (
        {"estimator": Ridge},
        TypeError,
        "estimator must have fit and predict: got estimator=<class "
        "'sklearn.linear_model._ridge.Ridge'>. Use a regressor, or a Pipeline that "
        "ends in one.",
    ),
    (
        {"estimator": None},
        TypeError,
        "estimator must have fit and predict: got estimator=None. Use a regressor, or "
        "a Pipeline that ends in one.",
    ),
    (
        {"estimator": LogisticRegression()},
        TypeError,
        "estimator must be a regressor: got estimator=LogisticRegression(), a "
        "classifier. Use a regressor, or a Pipeline that ends in one.",
    ),
    (
        {"estimator": Ridge()},
        ValueError,
        "estimator must take windows (n_samples, window_length, n_features): got "
        "estimator=Ridge(), which contains an estimator for 2-D input. Use "
        "make_pipeline(FlattenWindows(), Ridge()), with your estimator instead of "
        "Ridge().",
    ),
    (
        {"estimator": MinMaxScaler()},
        TypeError,
        "estimator must have fit and predict: got estimator=MinMaxScaler(). Use a "
        "regressor, or a Pipeline that ends in one.",
    ),
]


@pytest.mark.parametrize("params, error, message", BAD_PARAMS)
def test_parameters_that_cannot_be_are_refused_in_fit(params, error, message):
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=2)
    with pytest.raises(error, match="^" + re.escape(message)):
        forecaster.set_params(**params).fit(FRAME)


class NeedsFeatures(Network):
    """A network that looks at its targets in the window, as real ones do."""

    def fit(self, X, y):
        if self.instance_norm is not None and self.n_targets > X[0].ndim:
            raise ValueError("n_targets must be at most the number of features: got 2")
        return super().fit(X, y)


def test_a_flattened_network_is_told_what_the_forecaster_set(two_columns):
    flat = make_pipeline(FlattenWindows(), NeedsFeatures())
    with pytest.raises(ValueError, match=r"^n_targets must be at most") as caught:
        SeriesForecaster(flat).fit(two_columns)
    (note,) = caught.value.__notes__
    assert note == (
        "SeriesForecaster sets instance_norm='last' and n_targets=2, the number of "
        "columns of the series, on the network. The network then needs windows "
        "(n_samples, window_length, n_features). Remove FlattenWindows, or set "
        "instance_norm=None on the network."
    )
    flat.set_params(needsfeatures__instance_norm=None)
    SeriesForecaster(flat).fit(two_columns)


@pytest.mark.parametrize("name", ["window_length", "horizon"])
@pytest.mark.parametrize(
    "value, error", [(0, ValueError), (-1, ValueError), (2.0, TypeError)]
)
def test_lengths_are_positive_integers(name, value, error):
    forecaster = SeriesForecaster(ridge()).set_params(**{name: value})
    with pytest.raises(error, match=name):
        forecaster.fit(FRAME)
    forecaster.set_params(window_length=3, horizon=2).fit(FRAME)
    with pytest.raises(error, match="steps"):
        forecaster.forecast(value)


@pytest.mark.parametrize("method", ["predict", "score"])
def test_rows_that_do_not_fit_are_refused_in_scikit_learns_words(method):
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=2).fit(FRAME[:20])
    use = getattr(forecaster, method)
    with pytest.raises(ValueError, match="feature names should match"):
        use(FRAME[["b", "a"]])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        use(FRAME[20:].to_numpy())
    with pytest.raises(ValueError, match="X has 3 features, but SeriesForecaster is"):
        clone(forecaster).fit(FRAME.to_numpy()).predict(np.zeros((9, 3)))
    with pytest.raises(ValueError, match="series must be finite: got NaN at row 5"):
        use(at(np.nan, 5, 0))
    with pytest.raises(ValueError, match="must be in time order"):
        use(UNSORTED)


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        (7, "the number 7"),
        (MONTHS[:7], "7 labels (DatetimeIndex)"),
        (MONTHS[:7].to_period(), "7 labels (PeriodIndex)"),
        (pd.RangeIndex(7), "7 labels (RangeIndex)"),
    ],
)
def test_predict_asked_for_steps_names_forecast(asked, got):
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=2).fit(FRAME)
    with pytest.raises(TypeError) as caught:
        forecaster.predict(asked)
    assert str(caught.value) == (
        "series must hold rows with values, from each of which predict forecasts: got "
        f"{got}. Use forecast(7) for the steps after the fitted rows."
    )


def test_a_horizon_longer_than_the_series_is_what_must_be_shorter():
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=40)
    with pytest.raises(ValueError, match=r"44 rows or more, or a shorter horizon\.$"):
        forecaster.fit(FRAME)
    with pytest.raises(ValueError, match="Leave those out, or use a shorter horizon"):
        forecaster.fit([FRAME, FRAME])
    forecaster.set_params(horizon=39)
    with pytest.raises(ValueError, match=r"43 rows or more, or shorter windows\.$"):
        forecaster.fit(FRAME)
    with pytest.raises(ValueError, match="Leave those out, or use shorter windows"):
        forecaster.fit([FRAME, FRAME])
    forecaster.set_params(horizon=30)
    with pytest.raises(
        ValueError, match=r"interpolate\), use a shorter horizon, or ser"
    ):
        forecaster.fit(FRAME.drop(MONTHS[20]))


def test_a_score_of_too_few_rows_says_how_many():
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=5).fit(FRAME[:20])
    message = (
        "series must have 5 rows (the horizon) that continue the fitted ones, or 6 "
        "rows that do not, for score: got n_rows={}, which {} them. Use longer test "
        "folds or a shorter horizon."
    )
    assert np.isfinite(forecaster.score(FRAME[20:25]))
    with pytest.raises(ValueError, match=re.escape(message.format(4, "continue"))):
        forecaster.score(FRAME[20:24])
    with pytest.raises(
        ValueError, match=re.escape(message.format(5, "do not continue"))
    ):
        forecaster.score(FRAME[21:26])


@pytest.mark.parametrize("method", ["forecast", "predict", "score"])
def test_nothing_is_told_before_fit(method):
    arguments = () if method == "forecast" else (FRAME,)
    with pytest.raises(NotFittedError, match="SeriesForecaster instance is not fitted"):
        getattr(SeriesForecaster(ridge()), method)(*arguments)


def test_an_unknown_metric_is_refused_with_the_choices():
    with pytest.raises(ValueError) as caught:
        forecast_scorer("accuracy")
    message = str(caught.value)
    assert message.startswith(
        "scoring must be a regression metric of scikit-learn: got scoring='accuracy'. "
        "Use one of d2_absolute_error_score, explained_variance, "
    )
    assert message.endswith(", r2.")


def test_a_scorer_scores_nothing_but_a_forecaster():
    with pytest.raises(TypeError, match=r"^estimator must be a SeriesForecaster for f"):
        forecast_scorer("r2")(Ridge(), FRAME)


def test_a_scorer_is_given_the_covariates_that_a_search_routes(airline):
    exog = np.sin(np.arange(len(airline)))
    with config_context(enable_metadata_routing=True):
        forecaster = SeriesForecaster(ridge(), window_length=6, horizon=2)
        forecaster.set_fit_request(exog=True).set_score_request(exog=True)
        search = GridSearchCV(
            forecaster,
            {"window_length": [4, 8]},
            cv=TimeSeriesSplit(2, test_size=10),
            scoring=forecast_scorer("r2"),
        ).fit(airline, exog=exog)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
