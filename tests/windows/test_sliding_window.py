"""SlidingWindow: hand-computed windows, history, gaps in time and errors."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from bad_input import dated, fit, fit_and, with_value
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import peak_of
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from user_errors import assert_error

from skcnnlstm import PanelTimeSeriesSplit
from skcnnlstm.windows import (
    FlattenWindows,
    SlidingWindow,
)

NAN, INF = np.nan, np.inf
ROWS = np.arange(20.0).reshape(10, 2)
WINDOWS = np.arange(48.0).reshape(2, 12, 2)
properties = settings(deadline=None, max_examples=60)


def windows_by_loop(values, present, length, rows):
    """Return the windows of `rows`; only rows in `present` exist, NaN precedes gaps."""
    out = np.full((len(rows), length, values.shape[1]), NAN)
    for i, row in enumerate(rows):
        for back in range(length):
            if row - back not in present:
                break
            out[i, length - 1 - back] = values[row - back]
    return out


def table_of(index, n_features=2):
    values = np.random.default_rng(0).normal(size=(len(index), n_features))
    columns = [f"f{i}" for i in range(n_features)]
    return pd.DataFrame(values, index=index, columns=columns)


def test_each_row_becomes_the_window_that_ends_with_it():
    rows = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    windows = SlidingWindow(3).fit_transform(rows)
    assert_array_equal(
        windows,
        [
            [[NAN, NAN], [NAN, NAN], [1, 10]],
            [[NAN, NAN], [1, 10], [2, 20]],
            [[1, 10], [2, 20], [3, 30]],
        ],
    )


@properties
@given(
    n_rows=st.integers(1, 30),
    n_features=st.integers(1, 4),
    length=st.integers(1, 35),
    dtype=st.sampled_from(["float64", "float32", "int64", "bool"]),
)
def test_sliding_windows_agree_with_a_plain_loop(n_rows, n_features, length, dtype):
    rows = (np.arange(n_rows * n_features) % 7).reshape(n_rows, n_features)
    rows = rows.astype(dtype)
    windows = SlidingWindow(length).fit_transform(rows)
    expected = windows_by_loop(rows, set(range(n_rows)), length, range(n_rows))
    assert_array_equal(windows, expected)
    assert windows.dtype == ("float32" if dtype == "float32" else "float64")


def test_a_window_of_one_step_is_the_row():
    rows = np.arange(6.0).reshape(3, 2)
    sliding = SlidingWindow(1).fit(rows)
    assert_array_equal(sliding.transform(rows), rows[:, None])
    assert sliding.history_.shape == (0, 2)


def test_sliding_windows_are_views_of_one_padded_copy():
    rows = np.random.default_rng(0).normal(size=(100_000, 8))  # 6.4 MB
    sliding = SlidingWindow(168).fit(rows)
    peak, windows = peak_of(lambda: sliding.transform(rows))
    assert windows.shape == (100_000, 168, 8)  # 1.1 GB as a copy
    assert not windows.flags.writeable
    assert np.shares_memory(windows[0], windows[1])
    assert not np.shares_memory(windows, rows)
    assert peak < 2 * rows.nbytes


def test_fit_stores_only_the_last_rows():
    rows = np.arange(200.0).reshape(100, 2)
    sliding = SlidingWindow(5).fit(rows)
    assert_array_equal(sliding.history_, rows[-4:])
    assert not np.shares_memory(sliding.history_, rows)
    assert len(pickle.dumps(sliding)) < 2_000
    frame = table_of(pd.date_range("2020", periods=20_000, freq="h"))
    assert len(pickle.dumps(SlidingWindow(5, context="always").fit(frame))) < 4_000


def zoned(freq, start="2024-03-28", zone="Europe/Paris"):
    return pd.date_range(start, periods=60, freq=freq, tz=zone)


def no_freq(index):
    return pd.DatetimeIndex(index, freq=None)


REGULAR = {
    "hours": pd.date_range("2024-01-01", periods=60, freq="h"),
    "quarter hours": pd.date_range("2024-01-01", periods=60, freq="15min"),
    "milliseconds": pd.date_range("2024-01-01", periods=60, freq="20ms"),
    "days": pd.date_range("2024-01-01", periods=60, freq="D"),
    "every third day": pd.date_range("2024-01-01", periods=60, freq="3D"),
    "weeks": pd.date_range("2024-01-01", periods=60, freq="W-WED"),
    "business days": pd.date_range("2024-01-01", periods=60, freq="B"),
    "month starts": pd.date_range("2020-01-01", periods=60, freq="MS"),
    "month ends": pd.date_range("2020-01-01", periods=60, freq="ME"),
    "quarters": pd.date_range("2000-01-01", periods=60, freq="QS"),
    "years": pd.date_range("1960-01-01", periods=60, freq="YS"),
    "days over a spring change": zoned("D"),
    "hours over a spring change": zoned("h", start="2024-03-30"),
    "days over an autumn change": zoned("D", start="2024-10-10"),
    "hours over an autumn change": zoned("h", start="2024-10-26"),
    "months of a timezone": zoned("MS", start="2020-01-01", zone="America/New_York"),
    "period months": pd.period_range("2020-01", periods=60, freq="M"),
    "period pairs of months": pd.period_range("2020-01", periods=60, freq="2M"),
    "period hours": pd.period_range("2020-01-01", periods=60, freq="h"),
    "timedeltas": pd.timedelta_range("0s", periods=60, freq="90s"),
    "range": pd.RangeIndex(60),
    "range from 100 by 5": pd.RangeIndex(100, 400, 5),
    "integers": pd.Index(list(range(7, 67))),
    "years as integers": pd.Index(list(range(1900, 2200, 5))),
}


WITHOUT_FREQ = {
    f"{name}, no freq": no_freq(index)
    for name, index in REGULAR.items()
    if isinstance(index, pd.DatetimeIndex)
}


ALL = REGULAR | WITHOUT_FREQ


every_index = pytest.mark.parametrize("index", ALL.values(), ids=ALL.keys())
# Among business days, up to ten missing rows are holidays.
WITH_GAPS = {name: ALL[name] for name in ALL if "business" not in name}
each_with_gaps = pytest.mark.parametrize("index", WITH_GAPS.values(), ids=WITH_GAPS)


@every_index
@pytest.mark.parametrize("cut", [3, 30, 59])
def test_rows_whose_index_continues_the_fitted_one_get_the_fitted_history(index, cut):
    frame = table_of(index)
    whole = SlidingWindow(6).fit_transform(frame)
    later = SlidingWindow(6).fit(frame[:cut]).transform(frame[cut:])
    assert_array_equal(later, whole[cut:])


@every_index
def test_a_single_next_row_gets_the_fitted_history(index):
    frame = table_of(index)
    sliding = SlidingWindow(6).fit(frame[:40])
    whole = SlidingWindow(6).fit_transform(frame)
    assert_array_equal(sliding.transform(frame[40:41]), whole[40:41])


@each_with_gaps
def test_history_is_not_used_across_a_gap(index):
    frame = table_of(index)
    sliding = SlidingWindow(6).fit(frame[:40])
    windows = sliding.transform(frame[42:])
    expected = windows_by_loop(
        frame.to_numpy(), set(range(42, 60)), 6, list(range(42, 60))
    )
    assert_array_equal(windows, expected)
    assert np.isnan(sliding.transform(frame[50:51])[:, :-1]).all()


@each_with_gaps
def test_fitted_rows_before_a_gap_are_not_used(index):
    frame = table_of(index)
    present = [*range(32), 38, 39]
    windows = SlidingWindow(6).fit(frame.iloc[present]).transform(frame[40:])
    expected = windows_by_loop(
        frame.to_numpy(), set(range(38, 60)), 6, list(range(40, 60))
    )
    assert_array_equal(windows, expected)


@every_index
def test_rows_before_the_fitted_ones_get_no_history(index):
    frame = table_of(index)
    sliding = SlidingWindow(6).fit(frame[20:])
    windows = sliding.transform(frame[:20])
    alone = SlidingWindow(6).fit_transform(frame[:20])
    assert_array_equal(windows, alone)


@each_with_gaps
@pytest.mark.parametrize(
    "split",
    [
        KFold(5),
        KFold(4, shuffle=True, random_state=0),
        ShuffleSplit(4, test_size=0.3, random_state=0),
        TimeSeriesSplit(4, gap=2),
    ],
    ids=["KFold", "shuffled KFold", "ShuffleSplit", "TimeSeriesSplit with a gap"],
)
def test_no_window_of_a_fold_reaches_across_a_missing_row(index, split):
    frame = table_of(index)
    for train, test in split.split(frame):
        sliding = SlidingWindow(6).fit(frame.iloc[train])
        present = set(train.tolist())
        assert_array_equal(
            sliding.transform(frame.iloc[train]),
            windows_by_loop(frame.to_numpy(), present, 6, train),
        )
        # `history_` holds the training rows after their last gap.
        last = max(present)
        kept = set()
        while len(kept) < 5 and last - len(kept) in present:
            kept.add(last - len(kept))
        for rows in (test, test[:1]):
            assert_array_equal(
                sliding.transform(frame.iloc[rows]),
                windows_by_loop(frame.to_numpy(), set(rows.tolist()) | kept, 6, rows),
            )


@every_index
def test_windows_do_not_depend_on_the_order_of_rows(index):
    frame = table_of(index)
    order = np.random.default_rng(1).permutation(60)
    whole = SlidingWindow(6).fit_transform(frame)
    assert_array_equal(SlidingWindow(6).fit_transform(frame.iloc[order]), whole[order])
    assert_array_equal(SlidingWindow(6).fit_transform(frame[::-1]), whole[::-1])


def test_windows_are_copied_only_if_there_are_gaps():
    frame = table_of(pd.date_range("2024", periods=60, freq="h"))
    whole = SlidingWindow(6).fit_transform(frame)
    holed = SlidingWindow(6).fit_transform(frame.drop(frame.index[[20, 40]]))
    assert np.shares_memory(whole[0], whole[1])
    assert not np.shares_memory(holed[0], holed[1])
    assert not holed.flags.writeable


def test_a_frame_whose_index_restarts_at_zero_gets_no_history():
    frame = table_of(pd.RangeIndex(60))
    new = frame[40:].reset_index(drop=True)
    windows = SlidingWindow(6).fit(frame[:40]).transform(new)
    assert np.isnan(windows[:5, 0]).all()


@pytest.mark.parametrize("index", [REGULAR["hours"], REGULAR["range"]])
def test_arrays_in_fit_or_transform_get_no_history(index):
    frame = table_of(index)
    alone = SlidingWindow(6).fit_transform(frame.to_numpy()[40:])
    fitted = SlidingWindow(6).fit(frame[:40].to_numpy())
    assert_array_equal(fitted.transform(frame[40:].to_numpy()), alone)
    assert_array_equal(fitted.transform(frame[40:].set_axis([0, 1], axis=1)), alone)
    named = SlidingWindow(6).fit(frame[:40].set_axis([0, 1], axis=1))
    assert_array_equal(named.transform(frame[40:].to_numpy()), alone)


@pytest.mark.parametrize("freq", ["h", "D"])
def test_another_time_zone_is_the_same_time_but_no_time_zone_is_not(freq):
    index = pd.date_range("2024-02-25", periods=60, freq=freq, tz="Europe/Paris")
    frame = table_of(index)
    whole = SlidingWindow(6).fit_transform(frame)
    sliding = SlidingWindow(6).fit(frame[:40])
    assert_array_equal(sliding.transform(frame[40:].tz_convert("UTC")), whole[40:])
    naive = frame[40:].tz_localize(None)
    assert np.isnan(sliding.transform(naive)[0, 0]).all()


def test_another_resolution_is_the_same_time():
    index = pd.date_range("2024", periods=60, freq="h")
    frame = table_of(index)
    whole = SlidingWindow(6).fit_transform(frame)
    seconds = frame.set_axis(index.as_unit("s"))
    sliding = SlidingWindow(6).fit(seconds[:40])
    assert_array_equal(sliding.transform(frame[40:]), whole[40:])


def test_another_type_of_index_gets_no_history():
    frame = table_of(pd.RangeIndex(60))
    sliding = SlidingWindow(6).fit(frame[:40])
    for index in (
        pd.date_range("2024", periods=20, freq="h"),
        pd.period_range("2024", periods=20, freq="M"),
        pd.Index(np.arange(40, 60) + 0.0),
        pd.Index([f"row {i}" for i in range(20)]),
    ):
        windows = sliding.transform(frame[40:].set_axis(index))
        assert np.isnan(windows[:5, 0]).all()
        assert not np.isnan(windows[5:]).any()


def test_periods_of_another_length_get_no_history():
    months = table_of(pd.period_range("2024-01", periods=10, freq="M"))
    days = table_of(pd.period_range("2024-11-01", periods=9, freq="D"))
    windows = SlidingWindow(3).fit(months).transform(days)
    assert_array_equal(windows, SlidingWindow(3).fit_transform(days))
    windows = SlidingWindow(3, context="always").fit(months).transform(days)
    assert_array_equal(windows[0, :2], months.to_numpy()[-2:])


def test_a_single_fitted_integer_has_no_step():
    frame = table_of(pd.Index([5, 10, 15, 20]))
    windows = SlidingWindow(3).fit(frame[:1]).transform(frame[1:])
    assert_array_equal(windows, SlidingWindow(3).fit_transform(frame[1:]))


def test_datetime_objects_are_dates():
    index = pd.date_range("2024-01-01", periods=9, freq="h")
    frame = table_of(index)
    sliding = SlidingWindow(3).fit(frame[:4])
    objects = frame[4:].set_axis(index[4:].astype(object))
    windows = sliding.transform(objects)
    assert_array_equal(windows, SlidingWindow(3).fit_transform(frame)[4:])


def test_a_larger_step_than_the_fitted_one_is_a_gap():
    hourly = table_of(pd.date_range("2024-01-01", periods=60, freq="h"))
    daily = table_of(pd.date_range("2024-01-03 12:00", periods=6, freq="D"))
    windows = SlidingWindow(3).fit(hourly).transform(daily)
    assert_array_equal(windows[0, :2], hourly.to_numpy()[-2:])
    assert np.isnan(windows[1:, :2]).all()


def test_rows_between_the_fitted_times_use_their_own_step():
    hourly = table_of(pd.date_range("2024-01-01", periods=60, freq="h"))
    late = table_of(pd.date_range("2024-01-03 12:30", periods=6, freq="h"))
    windows = SlidingWindow(3).fit(hourly).transform(late)
    assert_array_equal(windows, SlidingWindow(3).fit_transform(late))


IRREGULAR = {
    "instants": pd.DatetimeIndex(
        [
            "2024-01-01 10:00:00",
            "2024-01-01 10:00:07",
            "2024-01-01 10:00:31",
            "2024-01-01 11:12:13",
            "2024-01-02 00:00:00",
            "2024-01-02 09:00:05",
        ]
    ),
    "floats": pd.Index([0.5, 0.75, 1.5, 4.0, 8.0, 8.5]),
    "names": pd.Index(["b", "a", "z", "c", "d", "a"]),
    "dates as objects": pd.Index(
        pd.to_datetime(
            "2024-01-01 2024-01-02 2024-01-09 2024-02-01 2024-03-01 2024-07-01".split()
        ).date
    ),
}


@pytest.mark.parametrize("index", IRREGULAR.values(), ids=IRREGULAR.keys())
def test_rows_of_an_irregular_index_count_as_consecutive(index):
    frame = table_of(index)
    whole = SlidingWindow(3).fit_transform(frame.to_numpy())
    assert_array_equal(SlidingWindow(3).fit_transform(frame), whole)
    first, rest = frame.iloc[:3], frame.iloc[3:]
    later = SlidingWindow(3).fit(first).transform(rest)
    assert_array_equal(later, SlidingWindow(3).fit_transform(rest.to_numpy()))
    always = SlidingWindow(3, context="always").fit(first).transform(rest)
    assert_array_equal(always, whole[3:])


def trading_days():
    days = pd.bdate_range("2024-01-01", periods=260)
    closed = ["2024-01-15", "2024-03-29", "2024-05-27", "2024-07-04", "2024-12-25"]
    return days.drop(pd.to_datetime([*closed, "2024-12-26"]))


def test_holidays_in_business_days_are_not_gaps():
    frame = table_of(trading_days())
    whole = SlidingWindow(24).fit_transform(frame.to_numpy())
    assert_array_equal(SlidingWindow(24).fit_transform(frame), whole)
    for train, test in TimeSeriesSplit(4).split(frame):
        sliding = SlidingWindow(24).fit(frame.iloc[train])
        assert_array_equal(sliding.transform(frame.iloc[test]), whole[test])


@pytest.mark.parametrize("cut", [14, 15, 16, 38])
def test_a_holiday_between_fitted_and_new_rows_is_not_a_gap(cut):
    days = pd.bdate_range("2020-01-01", periods=40).delete([15])
    frame = pd.DataFrame({"a": np.arange(1.0, 40)}, index=days)
    windows = SlidingWindow(3).fit(frame[:cut]).transform(frame[cut:])
    assert_array_equal(windows[0, :, 0], [cut - 1, cut, cut + 1])


@pytest.mark.parametrize("n_missing, is_gap", [(2, False), (10, False), (11, True)])
def test_up_to_ten_missing_days_between_business_days_are_holidays(n_missing, is_gap):
    days = pd.bdate_range("2020-01-01", periods=60)
    frame = table_of(days.delete(range(15, 15 + n_missing)))
    windows = SlidingWindow(3).fit(frame[:15]).transform(frame[15:])
    assert np.isnan(windows[0, :2]).all() == is_gap


def test_rows_are_consecutive_in_a_shop_that_is_closed_on_sundays():
    days = pd.date_range("2024-01-01", periods=70)
    frame = table_of(days[days.day_of_week != 6])
    whole = SlidingWindow(9).fit_transform(frame)
    assert_array_equal(whole, SlidingWindow(9).fit_transform(frame.to_numpy()))
    later = SlidingWindow(9).fit(frame[:40]).transform(frame[40:])
    assert_array_equal(later, whole[40:])


def test_few_rows_around_holidays_have_no_gap():
    dates = pd.bdate_range("2019-01-01", "2021-01-08")
    dates = dates[~dates.strftime("%m-%d").isin(["12-25", "12-26", "01-01"])]
    frame = pd.DataFrame({"a": np.arange(len(dates))}, index=dates)
    window = SlidingWindow(3).fit(frame[:-12])
    assert not np.isnan(window.transform(frame[-12:])).any()


def test_a_fold_removed_from_business_days_is_a_gap():
    frame = table_of(trading_days())
    train, _ = list(KFold(5).split(frame))[2]
    windows = SlidingWindow(24).fit_transform(frame.iloc[train])
    first = np.flatnonzero(np.diff(train) > 1)[0] + 1
    assert np.isnan(windows[first, :-1]).all()


def test_context_always_uses_the_history_for_any_rows():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    whole = SlidingWindow(6).fit_transform(rows)
    sliding = SlidingWindow(6, context="always").fit(rows[:40])
    assert_array_equal(sliding.transform(rows[40:]), whole[40:])
    late = table_of(pd.date_range("2024", periods=60, freq="h"))
    sliding.fit(late[:40])
    assert_array_equal(sliding.transform(late[45:])[0, :5], late.to_numpy()[35:40])
    restarted = late[40:].reset_index(drop=True)
    assert_array_equal(sliding.transform(restarted)[0, :5], late.to_numpy()[35:40])
    counted = late.reset_index(drop=True)
    sliding.fit(counted[:40])
    restarted = counted[40:].reset_index(drop=True)
    assert_array_equal(sliding.transform(restarted)[0, :5], late.to_numpy()[35:40])


def test_context_always_excludes_the_fitted_rows():
    frame = table_of(pd.date_range("2024", periods=60, freq="h"))
    whole = SlidingWindow(6).fit_transform(frame)
    for rows in (frame, frame.to_numpy(), frame.reset_index(drop=True)):
        sliding = SlidingWindow(6, context="always").fit(rows[:40])
        assert_array_equal(sliding.transform(rows[:40]), whole[:40])
        assert_array_equal(sliding.transform(rows[:40].copy()), whole[:40])


def test_context_always_recognises_later_rows_of_equal_values_by_their_dates():
    frame = table_of(pd.date_range("2024", periods=60, freq="h")) * 0 + 5
    sliding = SlidingWindow(6, context="always").fit(frame[:30])
    assert (sliding.transform(frame[30:]) == 5).all()
    assert np.isnan(sliding.transform(frame[:30])[0, :-1]).all()


def test_context_always_uses_no_history_of_later_rows():
    frame = table_of(pd.date_range("2024", periods=60, freq="h"))
    sliding = SlidingWindow(6, context="always").fit(frame[:40])
    assert np.isnan(sliding.transform(frame[10:20])[0, :-1]).all()


def test_context_none_never_uses_the_history():
    frame = table_of(pd.date_range("2024", periods=60, freq="h"))
    alone = SlidingWindow(6).fit_transform(frame[40:])
    sliding = SlidingWindow(6, context="none").fit(frame[:40])
    assert_array_equal(sliding.transform(frame[40:]), alone)


def test_a_short_fit_gives_a_short_history():
    frame = table_of(pd.RangeIndex(10))
    sliding = SlidingWindow(6).fit(frame[:2])
    assert_array_equal(
        sliding.transform(frame[2:]), SlidingWindow(6).fit_transform(frame)[2:]
    )


@pytest.mark.parametrize("context", ["index", "always", "none"])
@pytest.mark.parametrize("index", [None, REGULAR["hours"]], ids=["array", "index"])
def test_windows_do_not_depend_on_later_rows(context, index):
    frame = table_of(REGULAR["range"] if index is None else index)
    if index is None:
        frame = frame.to_numpy()
    sliding = SlidingWindow(6, context=context)
    whole = sliding.fit_transform(frame)
    later = sliding.fit(frame[:30]).transform(frame[30:])
    for t in range(59):
        changed = frame.copy()
        changed[t + 1 :] = 1000.0 - changed[t + 1 :]
        assert_array_equal(
            clone(sliding).fit_transform(changed)[: t + 1], whole[: t + 1]
        )
        if t >= 30:
            windows = clone(sliding).fit(changed[:30]).transform(changed[30:])
            assert_array_equal(windows[: t + 1 - 30], later[: t + 1 - 30])


@pytest.mark.parametrize("context", ["index", "always", "none"])
@every_index
def test_fit_transform_is_fit_then_transform(index, context):
    frame = table_of(index)
    sliding = SlidingWindow(6, context=context)
    for rows in (frame, frame.iloc[[*range(20), *range(30, 60)]], frame.to_numpy()):
        both = clone(sliding).fit_transform(rows)
        assert_array_equal(both, clone(sliding).fit(rows).transform(rows))


@pytest.mark.parametrize(
    "name", ["hours", "month starts, no freq", "days over a spring change, no freq"]
)
def test_windows_in_cross_validation_equal_those_of_the_whole_series(name):
    frame = table_of(ALL[name])
    for train, test in TimeSeriesSplit(5).split(frame):
        scaler = StandardScaler().set_output(transform="pandas")
        pipeline = make_pipeline(scaler, SlidingWindow(8)).fit(frame.iloc[train])
        whole = SlidingWindow(8).fit_transform(scaler.transform(frame))
        assert_array_equal(pipeline.transform(frame.iloc[test]), whole[test])


def test_predictions_in_cross_validation_equal_those_of_precomputed_windows():
    frame = table_of(REGULAR["hours"])
    y = np.arange(60.0)
    made = SlidingWindow(4).fit_transform(frame)
    pipeline = make_pipeline(SlidingWindow(4), FlattenWindows(), Ridge())
    for train, test in TimeSeriesSplit(4).split(frame):
        inside = pipeline.fit(frame.iloc[train], y[train]).predict(frame.iloc[test])
        before = make_pipeline(FlattenWindows(), Ridge()).fit(made[train], y[train])
        assert_array_equal(inside, before.predict(made[test]))


def test_cross_validation_and_searches_of_scikit_learn_work():
    frame = table_of(REGULAR["hours"])
    pipeline = make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        SlidingWindow(4),
        FlattenWindows(),
        Ridge(),
    )
    assert cross_val_predict(pipeline, frame, np.arange(60.0), cv=3).shape == (60,)
    grid = {"slidingwindow__window_length": [2, 3]}
    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(3))
    search.fit(frame, np.arange(60.0), ridge__sample_weight=np.ones(60))
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_parameters_set_after_fit_apply_from_the_next_fit():
    frame = table_of(REGULAR["hours"])
    sliding = SlidingWindow(4).fit(frame[:40])
    expected = sliding.transform(frame[40:])
    sliding.set_params(window_length=9, context="none")
    assert_array_equal(sliding.transform(frame[40:]), expected)


@every_index
@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda sliding: pickle.loads(pickle.dumps(sliding))]
)
def test_a_fitted_copy_gives_the_same_windows(index, duplicate):
    frame = table_of(index)
    sliding = SlidingWindow(6).fit(frame[:40])
    same = duplicate(sliding).transform(frame[40:])
    assert_array_equal(same, sliding.transform(frame[40:]))


def test_input_is_not_changed():
    index = no_freq(REGULAR["month starts"])
    frame = table_of(index)
    before = frame.copy(deep=True)
    SlidingWindow(6).fit(frame[:40]).transform(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert frame.index.freq is None


def test_a_refit_replaces_the_fitted_index():
    frame = table_of(REGULAR["hours"])
    sliding = SlidingWindow(6).fit(frame[:40])
    sliding.fit(frame[:40].to_numpy())
    assert np.isnan(sliding.transform(frame[40:].to_numpy())[0, :-1]).all()


def test_a_failed_fit_keeps_the_fitted_state():
    frame = table_of(REGULAR["hours"])
    sliding = SlidingWindow(6).fit(frame[:40])
    state = dict(vars(sliding))
    bad = frame[["f0"]].copy()
    bad.iloc[3] = NAN
    with pytest.raises(ValueError, match="NaN at row 3, feature 'f0'"):
        sliding.fit(bad)
    assert vars(sliding) == state


# ------------------------------------------------------------------- id_column


def units(*counts, seed=0):
    """Return rows of units "a", "b", ..., one after the other, each counted from 0."""
    rng = np.random.default_rng(seed)
    index = np.concatenate([np.arange(n) for n in counts])
    names = np.repeat([chr(ord("a") + i) for i in range(len(counts))], counts)
    values = rng.normal(size=(len(index), 2))
    return pd.DataFrame({"x": values[:, 0], "unit": names, "z": values[:, 1]}, index)


@properties
@given(
    ids=st.lists(st.integers(0, 3), min_size=1, max_size=25),
    length=st.integers(1, 8),
    cut=st.integers(0, 25),
)
def test_windows_never_cross_a_recording(ids, length, cut):
    rows = np.column_stack([np.arange(100.0, 100 + len(ids)), ids])
    sliding = SlidingWindow(length, id_column=1)
    assert_array_equal(sliding.fit_transform(rows), windows_of_each(rows, length))
    numbered = pd.DataFrame(rows)  # the index numbers rows of recordings that alternate
    windows = sliding.fit_transform(numbered.sort_values(1, kind="stable"))
    assert windows.shape == (len(ids), length, 1)
    always = SlidingWindow(length, id_column=1, context="always")
    if 0 < cut < len(ids):
        later = always.fit(rows[:cut]).transform(rows[cut:])
        assert_array_equal(later, windows_of_each(rows, length)[cut:])


def windows_of_each(rows, length):
    """Return the windows of the first column by a loop over the ids in the second."""
    out = np.full((len(rows), length, 1), NAN)
    for i, (_, unit) in enumerate(rows):
        own = [value for value, other in rows[: i + 1] if other == unit][-length:]
        out[i, length - len(own) :, 0] = own
    return out


@pytest.mark.parametrize("context", ["index", "none"])
def test_each_recording_has_its_own_times(context):
    frame = units(5, 4)
    sliding = SlidingWindow(3, id_column="unit", context=context).fit(frame)
    alone = [
        SlidingWindow(3, context=context).fit(part[["x", "z"]])
        for _, part in frame.groupby("unit")
    ]
    shuffled = frame.iloc[[6, 0, 7, 1, 2, 8, 3, 5, 4]]
    windows = sliding.transform(shuffled)
    for unit, one in zip("ab", alone, strict=True):
        own = (shuffled["unit"] == unit).to_numpy()
        expected = one.transform(shuffled.loc[own, ["x", "z"]])
        assert_array_equal(windows[own], expected)
        assert_array_equal(sliding.history_[unit], one.history_)
    gap = frame.drop(index=[2])  # of both units
    assert np.isnan(sliding.transform(gap)[[2, 6], :2]).all()


def test_rows_continue_the_fitted_rows_of_their_recording():
    frame = units(8, 6)
    whole = SlidingWindow(4, id_column="unit").fit_transform(frame)
    test = np.array([5, 6, 7, 10, 11, 12, 13])
    train = np.setdiff1d(np.arange(14), test)
    sliding = SlidingWindow(4, id_column="unit").fit(frame.iloc[train])
    assert_array_equal(sliding.transform(frame.iloc[test]), whole[test])
    unknown = frame.iloc[test].replace({"unit": {"b": "c"}})
    assert np.isnan(sliding.transform(unknown)[3, :3]).all()


def test_numbers_of_alternating_rows_are_no_times():
    frame = units(4, 4).iloc[[0, 4, 5, 1, 2, 6, 7, 3]].reset_index(drop=True)
    sliding = SlidingWindow(2, id_column="unit").fit(frame)
    windows = sliding.transform(frame)
    assert np.isnan(windows[:, 0, 0]).sum() == 2  # the first row of each
    assert np.isnan(sliding.transform(frame.iloc[5:])[:, 0, 0]).sum() == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda frame: frame.astype({"unit": "category"}),
        lambda frame: frame.astype({"unit": "string"}),
        lambda frame: frame.assign(unit=frame["unit"].map({"a": 1, "b": 2})),
        lambda frame: frame.reset_index(drop=True).astype(object),
    ],
)
def test_ids_have_any_type(make):
    frame = units(5, 4)
    windows = SlidingWindow(3, id_column="unit").fit_transform(make(frame))
    expected = SlidingWindow(3, id_column="unit").fit_transform(frame)
    assert_array_equal(windows, expected)


def test_tables_without_labels_have_an_id_column():
    frame = units(5, 4)
    expected = SlidingWindow(3, id_column="unit").fit_transform(frame)
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({name: frame[name].to_list() for name in frame})
    windows = SlidingWindow(3, id_column="unit").fit_transform(table)
    assert_array_equal(windows, expected)
    for rows in (frame.to_numpy(), frame.to_numpy().tolist()):
        windows = SlidingWindow(3, id_column=1).fit_transform(rows)
        assert_array_equal(windows, expected)


def test_the_names_of_features_leave_out_the_id_column():
    frame = units(5, 4)
    sliding = SlidingWindow(2, id_column="unit").fit(frame)
    assert sliding.n_features_in_ == 3
    assert sliding.get_feature_names_out().tolist() == ["x", "z"]
    assert sliding.get_feature_names_out(["p", "q", "r"]).tolist() == ["p", "r"]
    plain = SlidingWindow(2).fit(frame[["x", "z"]].to_numpy())
    assert plain.get_feature_names_out().tolist() == ["x0", "x1"]
    pipeline = make_pipeline(sliding, FlattenWindows()).fit(frame)
    names = ["x_lag1", "z_lag1", "x_lag0", "z_lag0"]
    assert pipeline.get_feature_names_out().tolist() == names


def test_later_rows_must_have_the_fitted_columns():
    window = SlidingWindow(2, id_column="unit").fit(
        pd.DataFrame({"a": [1.0, 2.0], "unit": ["p", "p"]})
    )
    with pytest.raises(ValueError, match="yet now missing"):
        window.transform(pd.DataFrame({"a": [1.0]}))
    window = SlidingWindow(2, id_column=0).fit(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"X has 1 features, .* is expecting 3"):
        window.transform(np.ones((4, 1)))


class _HasArray:
    def __init__(self, rows):
        self.rows = rows

    def __array__(self, dtype=None, copy=None):
        return self.rows


def test_an_object_that_converts_to_an_array_has_an_id_column():
    rows = np.arange(8.0).reshape(4, 2)
    window = SlidingWindow(2, id_column=0).fit(_HasArray(rows))
    expected = window.transform(rows)
    assert_array_equal(window.transform(_HasArray(rows)), expected)


@pytest.mark.parametrize("transform", ["pandas", "polars"])
def test_windows_stay_an_array_if_tables_are_set_as_output(transform):
    frame = units(5, 4)
    sliding = SlidingWindow(2, id_column="unit").set_output(transform=transform)
    with config_context(transform_output=transform):
        windows = sliding.fit_transform(frame)
    assert type(windows) is np.ndarray and windows.shape == (9, 2, 2)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda s: pickled(s)])
def test_a_copy_with_an_id_column_gives_the_same_windows(duplicate):
    frame = units(8, 6)
    sliding = SlidingWindow(4, id_column="unit").fit(frame.iloc[[0, 1, 2, 8, 9]])
    expected = sliding.transform(frame.iloc[[3, 4, 10]])
    assert_array_equal(duplicate(sliding).transform(frame.iloc[[3, 4, 10]]), expected)
    assert clone(sliding).id_column == "unit"
    sliding.id_column = None  # takes effect in the next fit
    assert_array_equal(sliding.transform(frame.iloc[[3, 4, 10]]), expected)


def pickled(estimator):
    return pickle.loads(pickle.dumps(estimator))


@pytest.mark.parametrize("cv", [GroupKFold(2), PanelTimeSeriesSplit(2)])
def test_folds_of_recordings_keep_the_number_of_rows(cv):
    frame = units(12, 9, 11)
    y = frame["x"].to_numpy()
    scale = ColumnTransformer(
        [("scale", StandardScaler(), ["x", "z"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    pipeline = make_pipeline(
        scale, SlidingWindow(3, id_column="unit"), FlattenWindows(), Ridge()
    )
    search = GridSearchCV(
        pipeline, {"slidingwindow__window_length": [2, 4]}, cv=cv, error_score="raise"
    )
    search.fit(frame, y, groups=frame["unit"])
    assert search.predict(frame).shape == (32,)
    assert search.best_score_ > 0.5  # the last row of a window is its own


FILL = (
    "Fill missing values first, for example with sklearn.impute.SimpleImputer, or set "
    'missing="mask" here and on the network.'
)
BAD_INPUT = {
    "NaN in rows": (
        fit(SlidingWindow(2), with_value((4, 2), (3, 1), NAN)),
        ValueError,
        f"X must be finite: got NaN at row 3, feature 1. {FILL}",
    ),
    "NaN in named rows": (
        fit(SlidingWindow(2), pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, NAN]})),
        ValueError,
        f"X must be finite: got NaN at row 1, feature 'b'. {FILL}",
    ),
    "infinity in rows at transform": (
        fit_and(SlidingWindow(2), ROWS, "transform", with_value((4, 2), (0, 0), INF)),
        ValueError,
        "X must be finite: got infinity at row 0, feature 0. Replace infinite values "
        "with numbers first.",
    ),
    "id_column: unknown": (
        fit(SlidingWindow(2, id_column="u"), units(2, 2)),
        ValueError,
        "id_column must be the name of a column of the series: got id_column='u'. Use "
        "one of 'x', 'unit', 'z'.",
    ),
    "id_column: two columns": (
        fit(SlidingWindow(2, id_column=["x", "z"]), units(2, 2)),
        ValueError,
        "id_column must be one column: got id_column=['x', 'z']. Join several columns "
        "into one column first.",
    ),
    "id_column: a level of the index": (
        fit(SlidingWindow(2, id_column="unit"), units(2, 2).set_index("unit")),
        ValueError,
        "id_column must be a column: got id_column='unit', which is a level of the "
        "index. Use X.reset_index('unit').",
    ),
    "id_column: a missing id": (
        fit(SlidingWindow(2, id_column=1), with_value((4, 2), (3, 1), NAN)),
        ValueError,
        "id_column must have a value in each row: got a missing value in row 3. Drop "
        "the rows without a value.",
    ),
    "id_column: duplicate times in a recording": (
        fit(
            SlidingWindow(2, id_column="unit"),
            units(2, 3).set_axis([0, 1, 0, 1, 1]),
        ),
        ValueError,
        "In recording 'b': X must have one row for each time: got an index with the "
        "label 1 more than once. Drop the duplicates, or average them with "
        "X.groupby(level=0).mean().",
    ),
    "window_length: zero": (
        fit(SlidingWindow(0), ROWS),
        ValueError,
        "window_length must be an integer >= 1: got window_length=0. Use a whole "
        "number, 1 or more.",
    ),
    "context: unknown": (
        fit(SlidingWindow(2, context="auto"), ROWS),
        ValueError,
        "context must be one of 'index', 'always', 'none': got context='auto'.",
    ),
    "rows of three dimensions": (
        fit(SlidingWindow(2), WINDOWS),
        ValueError,
        "X must have 2 dimensions: got 3, shape (2, 12, 2). Use rows of shape "
        "(n_rows, n_features).",
    ),
    "duplicate times": (
        fit(SlidingWindow(2), dated(["2024-01-01", "2024-01-02", "2024-01-02"])),
        ValueError,
        "X must have one row for each time: got an index with the label 2024-01-02 "
        "00:00:00 more than once. Drop the duplicates, or average them with "
        "X.groupby(level=0).mean(), or set id_column if they belong to several series.",
    ),
    "duplicate integers": (
        fit(SlidingWindow(2), pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=[0, 1, 0])),
        ValueError,
        "X must have one row for each time: got an index with the label 0 more than "
        "once. Drop the duplicates, or average them with "
        "X.groupby(level=0).mean(), or set id_column if they belong to several series.",
    ),
    "duplicate times at transform": (
        fit_and(
            SlidingWindow(2),
            dated(["2024-01-01", "2024-01-02", "2024-01-03"]),
            "transform",
            dated(["2024-01-04", "2024-01-04"]),
        ),
        ValueError,
        "X must have one row for each time: got an index with the label 2024-01-04 "
        "00:00:00 more than once. Drop the duplicates, or average them with "
        "X.groupby(level=0).mean().",
    ),
    "unsorted irregular times": (
        fit(SlidingWindow(2), dated(["2024-01-01", "2024-01-09", "2024-01-04"])),
        ValueError,
        "X must be in time order: got an unsorted index, in which row 2 (label "
        "2024-01-04 00:00:00) is earlier than the row before it. Use X.sort_index().",
    ),
    "a missing time": (
        fit(SlidingWindow(2), dated(["2024-01-01", None])),
        ValueError,
        "X must have a time for each row: got an index with a missing label. Drop "
        "rows without a label: X[X.index.notna()].",
    ),
    "an index of two levels": (
        fit(
            SlidingWindow(2),
            pd.DataFrame(
                {"a": [1.0, 2.0]}, index=pd.MultiIndex.from_tuples([(0, 1), (0, 2)])
            ),
        ),
        ValueError,
        "X must have one time index: got an index of 2 levels. Drop the other "
        "levels: X.droplevel([0]).",
    ),
}


@pytest.mark.parametrize(
    "call, error, message", BAD_INPUT.values(), ids=BAD_INPUT.keys()
)
def test_bad_input_raises_the_exact_message(call, error, message):
    assert_error(call, error, message)
