"""The record of a fit: which rows continue it, gaps in time, updates."""

import copy
import re
import warnings
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    Rising,
    RisingOfOne,
    WindowSum,
    plain,
    ridge,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from time_indexes import INDEXES, REGULAR, each_regular_index, numbered

from skcnnlstm import FlattenWindows, SeriesForecaster, SlidingWindow
from skcnnlstm.forecasting.fitted import fitted_state

DAYS = pd.date_range("2024-01-01", periods=60, freq="D")


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_the_index_determines_whether_rows_continue(index):
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    series = pd.Series(range(20), index=index, dtype=float)
    forecaster.fit(series[:15])
    assert forecaster.predict(series[15:]).ravel().tolist() == [42, 45, 48, 51, 54]
    if index is INDEXES["business days without freq"]:
        assert forecaster.predict(series[17:])[0] == 13 + 14 + 17  # a holiday
        return
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


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
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


def test_arrays_continue_the_fitted_rows_unless_they_equal_them():
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
        "the first 4 rows do not continue the fitted rows and have fewer than "
        "window_length=5 rows of history: the first row was repeated to fill their "
        "windows."
    ]
    assert caught[0].filename == __file__
    forecaster.set_params(window_length=1).fit(np.arange(20.0))
    assert forecaster.predict(np.arange(20.0)).shape == (20, 1)


# ------------------------------------------------------------------------ gaps in time


@each_regular_index
def test_predictions_use_only_the_history_since_the_last_gap(index):
    series = numbered(index)
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
    expected = [33, 36, 39, 48, 49, 51, 54, 57, 60, 63, 66]
    assert predicted.ravel().tolist() == expected


@each_regular_index
def test_only_the_run_of_the_next_rows_uses_the_fitted_rows(index):
    series = numbered(index)
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    forecaster.fit(series[:12])
    with pytest.warns(UserWarning, match="^2 rows follow a gap"):
        predicted = forecaster.predict(series.iloc[[6, 7, 12, 13]])
    assert predicted.ravel().tolist() == [18, 19, 33, 36]


@each_regular_index
def test_fitted_rows_before_the_last_gap_are_not_history(index):
    series = numbered(index)
    forecaster = SeriesForecaster(WindowSum(), window_length=4, transformer=None)
    forecaster.fit(series[:12].drop(index[[9]]))  # rows 10 and 11 are the last run
    with pytest.warns(UserWarning, match="^1 rows follow a gap"):
        predicted = forecaster.predict(series[12:15])
    assert predicted.ravel().tolist() == [43, 46, 50]


@each_regular_index
def test_scores_use_no_origin_with_targets_across_a_gap(index):
    series = numbered(index)
    forecaster = SeriesForecaster(
        Rising(), window_length=1, horizon=2, transformer=None
    )
    forecaster.fit(series[:12])
    assert forecaster.score(series[12:].drop(index[[16]])) == 0
    # The last fitted row, then rows 12 and 13 before the gap, and 17 to 21 after it.
    origins = [11, 12, 13, 17, 18, 19, 20, 21]
    assert forecaster.estimator_.asked_[:, 0, 0].tolist() == origins
    message = "got n_rows=2, at most 1 of them without a gap in time. Use longer"
    with pytest.raises(ValueError, match=message):
        forecaster.score(series.iloc[[12, 15]])


@each_regular_index
def test_forecaster_and_sliding_windows_agree_on_gaps(index):
    rows = numbered(index).to_frame("a").drop(index[[5, 16]])
    train, test = rows[:12], rows[12:]
    forecaster = SeriesForecaster(WindowSum(), window_length=3, transformer=None)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* rows follow a gap")
        sums = forecaster.fit(train).predict(test)
    windows = SlidingWindow(3).fit(train).transform(test)
    filled = FlattenWindows().fit_transform(windows).sum(axis=1)
    np.testing.assert_array_equal(sums.ravel(), filled)


def test_a_forecast_soon_after_a_gap_repeats_the_first_row_with_a_warning():
    index = REGULAR["periods"]
    forecaster = SeriesForecaster(WindowSum(), window_length=4, transformer=None)
    forecaster.fit(numbered(index).drop(index[[21]]))
    message = "^the series has 2 rows since the last gap in time or its start, fewer "
    with pytest.warns(UserWarning, match=message):
        assert forecaster.forecast().tolist() == [22 + 22 + 22 + 23]


MONTHS = pd.date_range("1949-01-01", periods=40, freq="MS")


FRAME = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) + 1}, index=MONTHS)


def test_a_score_of_too_few_rows_reports_how_many_are_needed():
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=5).fit(FRAME[:20])
    message = (
        "series must have at least 5 rows (the horizon) for score, or 6 if they do "
        "not continue the fitted rows: got n_rows={}, which {} the fitted rows. Use "
        "longer test folds or a shorter horizon."
    )
    assert np.isfinite(forecaster.score(FRAME[20:25]))
    with pytest.raises(ValueError, match=re.escape(message.format(4, "continue"))):
        forecaster.score(FRAME[20:24])
    with pytest.raises(
        ValueError, match=re.escape(message.format(5, "do not continue"))
    ):
        forecaster.score(FRAME[21:26])


# ----------------------------------------------------------------------------- updates


def least_squares():
    return make_pipeline(FlattenWindows(), LinearRegression())


def test_after_an_update_forecasts_start_after_its_rows(frame):
    whole = SeriesForecaster(ridge(), window_length=4, horizon=3).fit(frame[:50])
    part = copy.deepcopy(whole)
    for stop in (51, 55):
        assert part.update(frame[stop - 1 if stop == 51 else 51 : stop]) is part
    expected = whole.predict(frame[50:55])[-1]
    ahead = part.forecast()
    np.testing.assert_allclose(ahead, expected, rtol=1e-12)
    pd.testing.assert_index_equal(ahead.index, DAYS[55:58], exact="equiv")
    np.testing.assert_allclose(
        part.predict(frame[55:]), whole.predict(frame[50:])[5:], rtol=1e-12
    )
    np.testing.assert_array_equal(part.estimator_[-1].coef_, whole.estimator_[-1].coef_)


def test_update_accepts_arrays_and_continues_the_dates():
    forecaster = plain(WindowSum(), window_length=2).fit([1.0, 1.0, 2.0])
    assert forecaster.update([3.0, 5.0]).forecast(2).tolist() == [8, 13]
    forecaster.update([8.0]).update([8.0])  # equal values may come twice
    assert forecaster.forecast().tolist() == [16]
    dated = plain(Rising()).fit(pd.Series(np.arange(10.0), index=DAYS[:10]))
    ahead = dated.update([10.0, 11.0]).forecast()
    assert ahead.index.tolist() == [DAYS[12]]
    assert ahead.tolist() == [12]


def test_update_takes_covariates(series, weather):
    forecaster = SeriesForecaster(least_squares(), window_length=3, horizon=2)
    forecaster.fit(series[:40], exog=weather[:40])
    forecaster.update(series[40:45], exog=weather[40:45])
    ahead = forecaster.forecast(exog=weather[45:47])
    np.testing.assert_allclose(ahead, series[45:47], rtol=1e-8)


def test_rows_before_a_gap_in_an_update_are_not_history():
    dated = pd.Series(np.arange(30.0), index=DAYS[:30])
    forecaster = plain(WindowSum()).fit(dated[:10])
    forecaster.update(dated[12:14])
    with pytest.warns(UserWarning, match="has 2 rows since the last gap"):
        assert forecaster.forecast().tolist() == [12 + 12 + 13]
    assert forecaster.update(dated[14:15]).forecast().tolist() == [12 + 13 + 14]
    inner = plain(WindowSum()).fit(dated[:10]).update(dated[10:20].drop(DAYS[16]))
    assert inner.forecast().tolist() == [17 + 18 + 19]


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
def test_update_assumes_that_text_labels_follow():
    labels = [f"day {number}" for number in range(12)]
    rows = pd.Series(np.arange(12.0), index=labels)
    forecaster = plain(WindowSum()).fit(rows[:8]).update(rows[8:10])
    assert forecaster.predict(rows[10:].to_numpy()).ravel().tolist() == [27, 30]


BAD_UPDATES = [
    (slice(5, 12), "series must come after the known rows: got 2024-01-06"),
    (slice(9, 12), "series must come after the known rows: got 2024-01-10"),
]


@pytest.mark.parametrize("rows, message", BAD_UPDATES)
def test_update_rejects_known_rows(rows, message):
    dated = pd.Series(np.arange(20.0), index=DAYS[:20])
    forecaster = plain(WindowSum()).fit(dated[:10])
    state, before = dict(vars(forecaster)), forecaster.forecast()
    with pytest.raises(ValueError, match=r"^" + re.escape(message)):
        forecaster.update(dated[rows])
    assert vars(forecaster) == state
    pd.testing.assert_series_equal(forecaster.forecast(), before)


def test_update_rejects_other_kinds_of_labels_and_the_fitted_rows():
    dated = pd.Series(np.arange(10.0), index=DAYS[:10])
    forecaster = plain(WindowSum()).fit(dated)
    with pytest.raises(
        ValueError, match="must have labels of the same kind as the known"
    ):
        forecaster.update(dated.reset_index(drop=True))
    with pytest.raises(ValueError, match="got the fitted rows again"):
        forecaster.update(dated.to_numpy())


def test_a_failed_update_changes_no_series():
    dated = pd.Series(np.arange(20.0), index=DAYS[:20])
    forecaster = plain(WindowSum()).fit({"a": dated[:10], "b": dated[:15]})
    before = forecaster.forecast()
    with pytest.raises(
        ValueError, match=r"^In series 'b': series must come after the known"
    ):
        forecaster.update({"a": dated[10:15], "b": dated[10:15]})
    for key, forecast in forecaster.forecast().items():
        pd.testing.assert_series_equal(forecast, before[key])


# -------------------------------------------------------------------------- the record


def test_the_record_of_a_fit_cannot_be_changed():
    fitted = fitted_state(plain(Rising()).fit(np.arange(9.0)))
    with pytest.raises(FrozenInstanceError):
        fitted.horizon = 2
    with pytest.raises(FrozenInstanceError):
        fitted.series[None].low = 0


def test_an_update_makes_a_new_record_with_the_same_estimator():
    forecaster = plain(Rising()).fit(np.arange(9.0))
    before = fitted_state(forecaster)
    after = fitted_state(forecaster.update([9.0, 20.0]))
    assert after is not before
    assert after.estimator is before.estimator is forecaster.estimator_
    assert before.series[None].high.tolist() == [8]
    assert after.series[None].high.tolist() == [20]
    assert before.series[None].tail.columns.ravel().tolist() == [6, 7, 8]
    assert after.series[None].tail.columns.ravel().tolist() == [8, 9, 20]


def test_the_record_holds_what_forecasts_depend_on(frame):
    forecaster = plain(
        Rising(), horizon=4, strategy="recursive", channels="independent"
    ).fit(frame)
    forecaster.set_params(horizon=2, strategy="direct", window_length=9)
    fitted = fitted_state(forecaster)
    assert (fitted.window_length, fitted.horizon, fitted.block_length) == (3, 4, 1)
    assert (fitted.n_modelled, fitted.n_outputs, fitted.n_targets) == (3, 1, 3)
    assert list(fitted.target_names()) == ["rain", "load", "wind"]
    assert fitted.check_steps(None) == 4
    assert fitted.calibration is None and fitted.exog_columns is None


def test_names_of_targets_are_positions_without_column_names(frame):
    bare = plain(Rising()).fit(frame.to_numpy())
    assert list(fitted_state(bare).target_names()) == [0, 1, 2]
    some = plain(RisingOfOne(), target_columns="load").fit(frame)
    assert list(fitted_state(some).target_names()) == ["load"]


def test_there_is_no_record_before_fit():
    with pytest.raises(NotFittedError):
        fitted_state(plain(Rising()))
