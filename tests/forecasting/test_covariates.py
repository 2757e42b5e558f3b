"""Covariates: known-future columns, past columns, labels of rows ahead."""

import contextlib
import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    RisingOfOne,
    WindowSum,
    plain,
    ridge,
)
from sklearn import config_context
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline

from skcnnlstm import FlattenWindows, SeriesForecaster, backtest, forecast_scorer

DAYS = pd.date_range("2024-01-01", periods=60, freq="D")


STRATEGIES = pytest.mark.parametrize("strategy", ["direct", "recursive"])


def least_squares():
    return make_pipeline(FlattenWindows(), LinearRegression())


def test_windows_hold_the_covariates_of_the_steps_ahead():
    rows, exog = np.arange(10.0), np.arange(10.0) * 100
    forecaster = plain(RisingOfOne(), horizon=2).fit(rows, exog=exog)
    seen = forecaster.estimator_
    assert seen.X_.shape == (6, 3, 2)
    assert seen.X_[0].tolist() == [[0, 200], [1, 300], [2, 400]]
    assert seen.X_[-1].tolist() == [[5, 700], [6, 800], [7, 900]]
    assert seen.y_[-1].tolist() == [8, 9]
    assert forecaster.forecast(exog=[1000, 1100]).tolist() == [10, 11]
    assert seen.asked_.tolist() == [[[7, 900], [8, 1000], [9, 1100]]]
    forecaster.predict([10.0, 11.0], exog=[1000, 1100, 1200, 1300])
    assert seen.asked_[1].tolist() == [[9, 1100], [10, 1200], [11, 1300]]
    forecaster.score([10.0, 11.0, 12.0], exog=[1000, 1100, 1200])
    assert seen.asked_[0].tolist() == [[7, 900], [8, 1000], [9, 1100]]
    assert seen.asked_[-1].tolist() == [[8, 1000], [9, 1100], [10, 1200]]


def test_a_recursive_window_holds_the_covariates_of_the_next_step():
    rows, exog = np.arange(10.0), np.arange(10.0) * 100
    forecaster = plain(RisingOfOne(), horizon=2, strategy="recursive")
    seen = forecaster.fit(rows, exog=exog).estimator_
    assert seen.X_[0].tolist() == [[0, 100], [1, 200], [2, 300]]
    assert forecaster.forecast(3, exog=[1000, 1100, 1200]).tolist() == [10, 11, 12]
    assert seen.asked_.tolist() == [[[9, 1000], [10, 1100], [11, 1200]]]
    ahead = forecaster.predict([10.0], exog=[1000, 1100, 1200])
    assert ahead.tolist() == [[11, 12]]
    assert seen.asked_.tolist() == [[[9, 1000], [10, 1100], [11, 1200]]]


@STRATEGIES
def test_a_series_determined_by_its_covariates_is_forecast_exactly(
    series, weather, strategy
):
    forecaster = SeriesForecaster(
        least_squares(), window_length=3, horizon=3, strategy=strategy
    ).fit(series[:40], exog=weather[:40])
    for steps in (3, 12):
        ahead = forecaster.forecast(steps, exog=weather[40 : 40 + steps])
        np.testing.assert_allclose(ahead, series[40 : 40 + steps], rtol=1e-8)
    ahead = forecaster.predict(series[40:50], exog=weather[40:53])
    actual = np.stack([series[t + 1 : t + 4] for t in range(40, 50)])
    np.testing.assert_allclose(ahead, actual, rtol=1e-8)
    assert forecaster.score(series[40:], exog=weather[40:]) > -1e-8


@STRATEGIES
def test_no_forecast_depends_on_covariates_or_rows_after_its_horizon(
    series, weather, strategy
):
    forecaster = SeriesForecaster(
        WindowSum(), window_length=4, horizon=3, strategy=strategy
    ).fit(series[:40], exog=weather[:40])
    rows, exog = series[40:55], weather[40:58]
    before = forecaster.predict(rows, exog=exog)
    # The forecast from row 5 uses values up to row 5 and the weather of rows 6 to 8.
    changed = exog.copy()
    changed[9:] += 1e3
    after = forecaster.predict(rows, exog=changed)
    np.testing.assert_array_equal(after[:6], before[:6])
    assert (after[6:, -1] != before[6:, -1]).all()
    later = rows.copy()
    later[6:] += 1e3
    after = forecaster.predict(later, exog=exog)
    np.testing.assert_array_equal(after[:6], before[:6])
    assert (after[6:] != before[6:]).all()
    # With "recursive", earlier steps do not depend on the weather of the last step.
    if strategy == "recursive":
        changed = exog.copy()
        changed[8:] += 1e3
        after = forecaster.predict(rows, exog=changed)
        np.testing.assert_array_equal(after[5, :2], before[5, :2])
        assert after[5, 2] != before[5, 2]


def test_nothing_of_fit_depends_on_covariates_after_the_training_rows(series, weather):
    dated = pd.Series(series, index=DAYS)
    exog = pd.DataFrame(weather, index=DAYS, columns=["rain", "wind"])
    changed = exog.copy()
    changed.iloc[40:] = 1e6
    forecasts = [
        SeriesForecaster(ridge(), window_length=4, horizon=3)
        .fit(dated[:40], exog=table)
        .forecast(exog=exog)
        for table in (exog, changed, exog[:40])
    ]
    pd.testing.assert_series_equal(forecasts[0], forecasts[1])
    pd.testing.assert_series_equal(forecasts[0], forecasts[2])


def test_covariates_with_dates_are_looked_up_and_arrays_are_counted(series, weather):
    dated = pd.Series(series, index=DAYS)
    exog = pd.DataFrame(weather, index=DAYS, columns=["rain", "wind"])
    shuffled = exog.sample(frac=1, random_state=0)
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=3)
    bare = forecaster.fit(series[:40], exog=weather[:40])
    expected = (
        bare.forecast(5, exog=weather[40:46]),
        bare.predict(series[40:50], exog=weather[40:53]),
        bare.score(series[40:50], exog=weather[40:50]),
    )
    forecaster.fit(dated[:40], exog=shuffled)
    np.testing.assert_allclose(forecaster.forecast(5, exog=shuffled), expected[0])
    np.testing.assert_allclose(
        forecaster.predict(dated[40:50], exog=shuffled), expected[1]
    )
    assert forecaster.score(dated[40:50], exog=shuffled) == pytest.approx(expected[2])
    metric = forecast_scorer("neg_mean_absolute_error")
    assert metric(forecaster, dated[40:50], exog=shuffled) == pytest.approx(expected[2])


def test_covariates_are_scaled_on_training_rows_and_not_by_their_logarithm(weather):
    rows = np.exp(np.arange(30.0) / 10)
    forecaster = SeriesForecaster(RisingOfOne(), window_length=3, transformer="log")
    seen = forecaster.fit(rows, exog=weather[:30, 0]).estimator_.X_
    scaled = (weather[:30, 0] - weather[:30, 0].mean()) / weather[:30, 0].std()
    np.testing.assert_allclose(seen[0, :, 1], scaled[1:4], rtol=1e-12)


def test_covariates_of_a_panel_have_its_form_or_are_shared(series, weather):
    dated = {"a": pd.Series(series, DAYS)[:40], "b": pd.Series(-series, DAYS)[10:40]}
    exog = pd.DataFrame(weather, index=DAYS, columns=["rain", "wind"])
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=3)
    shared = forecaster.fit(dated, exog=exog).forecast(exog=exog)
    each = dict.fromkeys(dated, exog)
    own = forecaster.fit(dated, exog=each).forecast(exog=each)
    listed = forecaster.fit([*dated.values()], exog=[exog, exog]).forecast(exog=exog)
    long, table = (
        pd.concat([one.assign(id=key) for key, one in parts.items()])
        for parts in (
            {key: one.to_frame("value") for key, one in dated.items()},
            dict.fromkeys(dated, exog),
        )
    )
    forecaster.set_params(id_column="id").fit(long, exog=table)
    framed = forecaster.forecast(exog=table)
    for number, key in enumerate(dated):
        pd.testing.assert_series_equal(own[key], shared[key])
        pd.testing.assert_series_equal(listed[number], shared[key])
        values = framed["value"][framed["id"] == key]
        np.testing.assert_array_equal(values, shared[key])
    later = pd.DataFrame({"id": ["b", "a"] * 5, "value": 1.0}, DAYS[40:45].repeat(2))
    assert forecaster.predict(later, exog=table).shape == (10, 3)


def test_covariates_are_looked_up_across_gaps(series, weather):
    rows = pd.Series(np.arange(20.0), index=DAYS[:20]).drop(DAYS[10])
    exog = pd.Series(np.arange(60.0) * 100, index=DAYS)
    forecaster = plain(RisingOfOne(), horizon=2).fit(rows, exog=exog)
    seen = forecaster.estimator_
    assert len(seen.X_) == (10 - 4) + (9 - 4)
    assert (seen.X_[:, :, 1] == 100 * (seen.X_[:, :, 0] + 2)).all()
    later = pd.Series(np.arange(20.0, 32.0), index=DAYS[20:32]).drop(DAYS[25])
    forecaster.score(later, exog=exog)
    assert (seen.asked_[:, :, 1] == 100 * (seen.asked_[:, :, 0] + 2)).sum() > 20
    with pytest.raises(
        ValueError, match=r"^series must have no gap in time for predict with exog"
    ):
        forecaster.predict(later, exog=exog)


def test_a_search_passes_exog_with_metadata_routing(series, weather):
    with config_context(enable_metadata_routing=True):
        forecaster = SeriesForecaster(least_squares(), horizon=2)
        forecaster.set_fit_request(exog=True).set_score_request(exog=True)
        search = GridSearchCV(
            forecaster, {"window_length": [2, 3]}, cv=TimeSeriesSplit(3)
        ).fit(series, exog=weather)
    assert (search.cv_results_["mean_test_score"] > -1e-6).all()


def test_a_search_without_metadata_routing_explains_how_to_pass_exog_to_score():
    rows, exog = FRAME["a"][:30], EXOG
    search = GridSearchCV(
        plain(ridge()), {"horizon": [2]}, cv=TimeSeriesSplit(2), error_score="raise"
    )
    with pytest.raises(ValueError) as caught:
        search.fit(rows, exog=exog)
    assert str(caught.value).endswith(
        "For a search or cross_validate, call "
        "sklearn.set_config(enable_metadata_routing=True) and "
        "forecaster.set_fit_request(exog=True).set_score_request(exog=True)."
    )
    with config_context(enable_metadata_routing=True):
        search.estimator.set_fit_request(exog=True).set_score_request(exog=True)
        search.fit(rows, exog=exog)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.forecast(exog=exog).index.tolist() == [*DAYS[30:32]]


def test_independent_channels_share_the_covariates():
    table = np.column_stack([np.arange(10.0), np.arange(10.0) + 50])
    exog = np.arange(12.0) * 100
    forecaster = plain(RisingOfOne(), horizon=2, channels="independent")
    seen = forecaster.fit(table, exog=exog[:10]).estimator_
    assert seen.X_.shape == (12, 3, 2)
    assert set(map(tuple, seen.X_[:, 0])) == {
        (step + level, 100 * (step + 2)) for step in range(6) for level in (0, 50)
    }
    ahead = forecaster.forecast(exog=exog[10:])
    assert ahead.tolist() == [[10, 60], [11, 61]]


def test_past_covariates_follow_the_targets_in_windows_and_are_not_forecast(frame):
    forecaster = plain(RisingOfOne(), target_columns="load", horizon=2).fit(frame)
    seen = forecaster.estimator_
    columns = frame[["load", "rain", "wind"]].to_numpy()
    np.testing.assert_array_equal(seen.X_[0], columns[:3])
    np.testing.assert_array_equal(seen.y_[0], frame["load"][3:5])
    ahead = forecaster.forecast()
    assert list(ahead.columns) == ["load"]
    np.testing.assert_allclose(ahead["load"], frame["load"].iloc[-1] + np.arange(1, 3))
    assert forecaster.n_targets_ == 1
    assert forecaster.n_features_in_ == 3
    assert forecaster.set_params(target_columns=1).fit(frame).forecast().equals(ahead)


def test_predictions_and_scores_are_of_the_targets(frame):
    forecaster = plain(
        RisingOfOne(), target_columns=["load"], horizon=2, transformer="standard"
    ).fit(frame[:40])
    ahead = forecaster.predict(frame[40:])
    assert ahead.shape == (20, 2)
    forecasts, actual = forecaster._forecasts_and_actual(frame[40:])
    np.testing.assert_allclose(forecasts[1:, :, 0], ahead[:-2])
    load = frame["load"].to_numpy()
    expected = np.stack([load[t + 1 : t + 3] for t in range(39, 58)])
    np.testing.assert_array_equal(actual[:, :, 0], expected)
    two = plain(WindowSum(), target_columns=["wind", "load"]).fit(frame[:40])
    assert list(two.forecast().columns) == ["wind", "load"]
    _, actual = two._forecasts_and_actual(frame[40:])
    np.testing.assert_array_equal(actual[0, 0], frame[["wind", "load"]].iloc[40])


def test_past_covariates_may_be_negative_with_log(frame):
    positive = frame.assign(load=np.exp(frame["load"]))
    forecaster = SeriesForecaster(ridge(), transformer="log", target_columns="load")
    forecaster.set_params(window_length=3).fit(positive[:40])
    assert (forecaster.predict(positive[40:]) > 0).all()
    with pytest.raises(ValueError, match=r"positive values: got 0.0 at row 2 .*'load'"):
        forecaster.fit(positive.assign(load=positive["load"].where(DAYS != DAYS[2], 0)))


def test_no_forecast_depends_on_later_past_covariates(frame):
    forecaster = SeriesForecaster(
        WindowSum(), window_length=4, horizon=3, target_columns="load"
    ).fit(frame[:40])
    before = forecaster.predict(frame[40:])
    changed = frame.copy()
    changed.loc[DAYS[50] :, ["rain", "wind"]] += 1e3
    after = forecaster.predict(changed[40:])
    np.testing.assert_array_equal(after[:10], before[:10])
    assert (after[10:] != before[10:]).all()


def test_forecasts_with_past_covariates_end_at_the_horizon(frame):
    forecaster = plain(ridge(), target_columns="load", horizon=3).fit(frame)
    assert len(forecaster.forecast(2)) == 2
    with pytest.raises(ValueError) as caught:
        forecaster.forecast(4)
    assert str(caught.value) == (
        "steps must be at most horizon if the series has past covariates, because "
        "these are not forecast: got steps=4, horizon=3, 2 past covariates. Fit with a "
        "longer horizon, or pass covariates that are known ahead as exog."
    )


def test_windows_hold_targets_past_and_future_covariates_in_this_order(frame):
    exog = pd.Series(np.arange(60.0), index=DAYS)
    forecaster = plain(RisingOfOne(), target_columns="load", horizon=2)
    seen = forecaster.fit(frame, exog=exog).estimator_.X_
    assert seen.shape == (56, 3, 4)
    np.testing.assert_array_equal(
        seen[0, 0], [*frame[["load", "rain", "wind"]].iloc[0], 2.0]
    )


FRAME = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) ** 2}, index=DAYS[:40])


EXOG = pd.DataFrame({"x": np.arange(40.0)}, index=DAYS[:40])


BAD_FITS = [
    (
        {},
        np.arange(39.0),
        "exog must have 40 rows: got 39 rows. Pass one row for each row of the series. "
        "predict and forecast also need the rows of the horizon ahead. With an index, "
        "exog may have further rows.",
    ),
    ({}, np.arange(41.0), "exog must have 40 rows: got 41 rows."),
    (
        {},
        EXOG[1:],
        "exog must have a row for each of 40 labels, from 2024-01-01 00:00:00 to "
        "2024-02-09 00:00:00: got no row for 2024-01-01 00:00:00. Add the "
        "missing rows.",
    ),
    (
        {},
        EXOG.reset_index(drop=True),
        f"exog must have labels of the same kind as the series: got RangeIndex of "
        f"dtype int64, the series has DatetimeIndex of dtype {DAYS.dtype}. Give exog "
        "the index of the series and of the rows ahead, or pass an array of exactly "
        "the required rows (exog.to_numpy()).",
    ),
    (
        {},
        EXOG.set_axis(EXOG.index.strftime("%Y-%m-%d")),
        f"exog must have labels of the same kind as the series: got Index of dtype "
        f"{DAYS.strftime('%Y').dtype}, the series has DatetimeIndex of dtype "
        f"{DAYS.dtype}. Use exog.set_axis(pandas.to_datetime(exog.index)).",
    ),
    (
        {},
        EXOG.tz_localize("UTC"),
        f"exog must have labels of the same kind as the series: got DatetimeIndex of "
        f"dtype {DAYS.tz_localize('UTC').dtype}, the series has DatetimeIndex of dtype "
        f"{DAYS.dtype}. Use exog.tz_localize(None).",
    ),
    (
        {},
        pd.concat([EXOG, EXOG[:1]]),
        "exog must have one row for each time: got the label 2024-01-01 00:00:00 more "
        "than once. Drop or average the duplicates.",
    ),
    (
        {},
        EXOG.where(EXOG["x"] != 3),
        "exog must be finite: got NaN at row 3, column 'x'.",
    ),
    (
        {},
        EXOG["x"].where(EXOG["x"] != 3),
        "exog must be finite: got NaN at row 3, column 'x'.",
    ),
    (
        {"horizon": 5},
        EXOG,
        "window_length must be at least horizon if exog is given, because a window "
        "holds the covariates of the steps ahead in its last rows: got "
        "window_length=4, horizon=5. Use a longer window or a shorter horizon.",
    ),
    (
        {"target_columns": "c"},
        None,
        "target_columns must be the name of a column of the series: got "
        "target_columns='c'. Use one of 'a', 'b'.",
    ),
    (
        {"target_columns": 2},
        None,
        "target_columns must be a column of the series: got target_columns=2 and 2 "
        "column(s). Use a position from 0 to 1.",
    ),
    (
        {"target_columns": ["a", 0]},
        None,
        "target_columns must name each column once: got target_columns=['a', 0]. "
        "Remove the duplicates.",
    ),
    (
        {"target_columns": "a", "strategy": "recursive"},
        None,
        'target_columns must include every column with strategy="recursive": got 1 '
        'columns that are not in target_columns. Use strategy="direct", or remove '
        "these columns from the series.",
    ),
    (
        {"strategy": "multi"},
        None,
        "strategy must be one of 'direct', 'recursive': got strategy='multi'.",
    ),
]


@pytest.mark.parametrize("params, exog, message", BAD_FITS)
def test_invalid_covariates_and_strategies_are_rejected_in_fit(params, exog, message):
    forecaster = plain(ridge(), window_length=4, horizon=2).set_params(**params)
    before = dict(vars(forecaster))
    with pytest.raises(ValueError, match=r"^" + re.escape(message)):
        forecaster.fit(FRAME, exog=exog)
    assert vars(forecaster) == before


def test_exog_must_be_given_always_or_never():
    with_exog = plain(ridge()).fit(FRAME[:30], exog=EXOG[:30])
    without = plain(ridge()).fit(FRAME[:30])
    for use in ("predict", "score", "update"):
        with pytest.raises(
            ValueError, match=r"^exog must be given because .*: got None"
        ):
            getattr(with_exog, use)(FRAME[30:])
        with pytest.raises(ValueError, match=r"^exog must be None because .*: got cov"):
            getattr(without, use)(FRAME[30:], exog=EXOG)
    with pytest.raises(ValueError, match=r"^exog must be given because .*: got None"):
        with_exog.forecast()
    with pytest.raises(ValueError, match=r"^exog must be None because .*: got cov"):
        without.forecast(exog=EXOG)


def test_exog_must_extend_as_far_as_forecasts_use_it():
    forecaster = plain(ridge(), horizon=3).fit(FRAME[:30], exog=EXOG[:30])
    forecaster.forecast(2, exog=EXOG)
    with pytest.raises(
        ValueError, match=r"exog must have 4 to 6 rows .*: got 3 rows\."
    ):
        forecaster.forecast(4, exog=EXOG[:3].to_numpy())
    with pytest.raises(
        ValueError, match=r"each of 13 labels, .* no row for 2024-02-10"
    ):
        forecaster.predict(FRAME[30:], exog=EXOG)
    with pytest.raises(ValueError, match=r"exog must have 13 rows: got 10 rows\."):
        forecaster.predict(FRAME[30:], exog=EXOG[30:].to_numpy())
    with pytest.raises(ValueError, match=r"exog must have 10 to 13 rows: got 9 rows\."):
        forecaster.score(FRAME[30:], exog=EXOG[31:].to_numpy())


def test_arrays_of_exog_must_hold_only_the_rows_ahead():
    labelled = plain(ridge(), horizon=3).fit(FRAME[:30], exog=EXOG[:30])
    expected = labelled.forecast(exog=EXOG)
    pd.testing.assert_frame_equal(
        labelled.forecast(exog=EXOG[30:33].to_numpy()), expected
    )
    for steps, rows, wanted in [(None, 3, "3"), (2, 3, "3"), (4, 4, "4 to 6")]:
        with pytest.raises(ValueError) as caught:
            labelled.forecast(steps, exog=EXOG[: 30 + rows].to_numpy())
        assert str(caught.value) == (
            f"exog must have {wanted} rows for the steps ahead: got {30 + rows} rows. "
            f"Pass only the rows ahead (exog[-{rows}:] if they are the last), or a "
            "DataFrame with the index of the series."
        )
    bare = plain(ridge(), horizon=3).fit(FRAME[:30].to_numpy(), exog=EXOG[:30])
    with pytest.raises(ValueError, match=r"if they are the last\)\.$"):
        bare.forecast(exog=EXOG[:33])


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_exog_with_another_kind_of_labels_is_rejected(zone):
    forecaster = plain(ridge(), horizon=3).fit(FRAME[:30], exog=EXOG[:30])
    message = "exog must have labels of the same kind as the series: got "
    for other in (EXOG.reset_index(drop=True), EXOG.tz_localize(zone)):
        with pytest.raises(ValueError, match=message):
            forecaster.forecast(exog=other)
        with pytest.raises(ValueError, match=message):
            forecaster.predict(FRAME[30:33], exog=other)
    aware = forecaster.fit(FRAME[:30].tz_localize(zone), exog=EXOG.tz_localize(zone))
    with pytest.raises(ValueError, match=re.escape(f"exog.tz_localize('{zone}')")):
        forecaster.forecast(exog=EXOG)
    assert (
        len(aware.forecast(exog=EXOG.tz_localize(zone).tz_convert("Asia/Tokyo"))) == 3
    )
    uneven = plain(ridge()).fit(pd.Series(np.arange(30.0), UNEVEN), exog=np.ones(30))
    with pytest.raises(ValueError, match=message):
        uneven.forecast(exog=EXOG["x"].reset_index(drop=True))


def test_names_of_columns_are_rejected_as_exog():
    long = FRAME.assign(shop="p")
    for form in ("x", ["x"]):
        with pytest.raises(
            TypeError, match=r"values of covariates, not their names: got \W*x"
        ):
            plain(ridge()).fit(FRAME, exog=form)
        with pytest.raises(TypeError, match="For a long frame, include its id_col"):
            plain(ridge(), id_column="shop").fit(long, exog=form)
    with pytest.raises(TypeError, match=r"got list\. Use a long frame\.$"):
        plain(ridge(), id_column="shop").fit(long, exog=[EXOG])


def test_covariates_have_the_columns_given_to_fit():
    forecaster = plain(ridge()).fit(FRAME[:30], exog=EXOG[:30])
    message = "exog must have the columns given to fit, in that order: got "
    with pytest.raises(ValueError, match=re.escape(f"{message}['y'], fitted on ['x']")):
        forecaster.score(FRAME[30:], exog=EXOG.rename(columns={"x": "y"}))
    with pytest.raises(ValueError, match=f"{message}2 columns, fitted on"):
        forecaster.score(FRAME[30:], exog=np.zeros((10, 2)))


def test_all_series_have_the_same_covariates():
    panel = {"a": FRAME["a"], "b": FRAME["b"]}
    exog = {"a": EXOG, "b": EXOG.rename(columns={"x": "y"})}
    message = (
        "In series 'b': exog must have the same columns for all series, in one order: "
        "got ['y'], but ['x'] for the first series. Pass tables with the same columns."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        plain(ridge()).fit(panel, exog=exog)
    plain(ridge()).fit(panel, exog={"a": EXOG, "b": EXOG})


def test_a_panel_needs_covariates_for_each_series():
    panel = {"a": FRAME["a"], "b": FRAME["b"]}
    forecaster = plain(ridge())
    with pytest.raises(ValueError, match=r"^exog must have a table for each ser"):
        forecaster.fit(panel, exog={"a": EXOG})
    with pytest.raises(
        TypeError, match=r"^exog must have the form of the series, or be"
    ):
        forecaster.fit(panel, exog=EXOG.to_numpy())
    with pytest.raises(
        ValueError, match=r"^exog must have one table for each series: got"
    ):
        forecaster.fit([*panel.values()], exog=[EXOG])
    with pytest.raises(ValueError, match=r"^In series 'b': exog must have 40"):
        forecaster.fit(panel, exog={"a": EXOG, "b": np.arange(9.0)})


BUSINESS = pd.bdate_range("2024-01-01", periods=31).delete([20])  # 29 January is closed


UNEVEN = DAYS[:30] + pd.to_timedelta(np.arange(30) ** 2 % 7, unit="h")


TEXT = pd.Index([f"row {i:02}" for i in range(30)])


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
@pytest.mark.parametrize("index", [BUSINESS, UNEVEN, TEXT], ids=["B", "uneven", "text"])
def test_predict_looks_up_the_rows_ahead_in_exog(index):
    rows, exog = pd.Series(np.arange(30.0), index), pd.Series(np.arange(30.0), index)
    forecaster = plain(RisingOfOne(), horizon=2).fit(rows[:16], exog=exog)
    # Row 20 is the first after the holiday; windows that end before it hold its exog.
    with (
        pytest.warns(UserWarning, match="fewer than window_length")
        if (index is TEXT)
        else contextlib.nullcontext()
    ):
        forecaster.predict(rows[16:20], exog=exog)
    known_ahead = forecaster.estimator_.asked_[:, -1, 1]
    assert known_ahead.tolist() == [18, 19, 20, 21]


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
@pytest.mark.parametrize("index", [BUSINESS, UNEVEN, TEXT], ids=["B", "uneven", "text"])
def test_forecasts_take_their_labels_from_exog_if_no_step_is_known(index):
    rows, exog = pd.Series(np.arange(30.0), index), pd.Series(np.arange(30.0), index)
    forecaster = plain(RisingOfOne(), horizon=2).fit(rows[:19], exog=exog)
    forecast = forecaster.forecast(3, exog=exog)
    assert forecast.index.tolist() == index[19:22].tolist()
    assert forecaster.estimator_.asked_[0, :, 1].tolist() == [20, 21, 22]


def test_a_day_missing_in_exog_is_an_error():
    rows = pd.Series(np.arange(30.0), DAYS[:30])
    exog = pd.Series(np.arange(60.0), DAYS).drop(DAYS[31])
    forecaster = plain(RisingOfOne(), horizon=3).fit(rows, exog=exog)
    with pytest.raises(ValueError, match=r"exog must have a row.*2024-02-01"):
        forecaster.forecast(exog=exog)


def test_a_month_of_business_days_missing_in_exog_is_an_error():
    rows = pd.Series(np.arange(30.0), BUSINESS)
    later = pd.bdate_range(BUSINESS[-1], periods=40)[1:]
    exog = pd.Series(1.0, BUSINESS.append(later[25:]))
    forecaster = plain(RisingOfOne(), horizon=3).fit(rows, exog=exog)
    with pytest.raises(ValueError, match=r"exog must have a row.*none between"):
        forecaster.forecast(exog=exog)


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
def test_exog_without_enough_rows_ahead_or_the_last_text_label_is_rejected():
    rows, exog = pd.Series(np.arange(30.0), TEXT), pd.Series(np.arange(30.0), TEXT)
    forecaster = plain(RisingOfOne(), horizon=2).fit(rows[:29], exog=exog)
    with pytest.raises(
        ValueError, match=r"each of the 2 rows that follow row 28: got 1"
    ):
        forecaster.forecast(exog=exog)
    with pytest.raises(ValueError, match="exog must contain the last label"):
        forecaster.forecast(exog=exog[29:])


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
@pytest.mark.parametrize("index", [BUSINESS, UNEVEN, TEXT], ids=["B", "uneven", "text"])
@pytest.mark.parametrize("form", ["index", "array"])
def test_a_backtest_looks_covariates_up_by_the_labels_of_the_rows(
    index, form, series, weather
):
    rows, exog = pd.Series(series[:30], index), pd.Series(weather[:30, 0], index)
    if form == "array":
        exog = exog.to_numpy()
    elif index is BUSINESS:
        # exog has a row for a holiday that the series does not have.
        exog = pd.concat([exog, pd.Series([9e9], pd.to_datetime(["2024-01-29"]))])
    rows = rows + 1 * weather[:30, 1]  # exactly 3 * weather + 5
    folds = TimeSeriesSplit(3, test_size=5)
    forecaster = plain(least_squares(), horizon=2)
    result = backtest(forecaster, rows, folds, exog=exog, verbose=0)
    assert result.scores()["mae"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("fraction", [None, 0.2])
@pytest.mark.parametrize("n_rows", [59, 61])
def test_exog_of_a_wrong_length_is_rejected_with_and_without_calibration(
    fraction, n_rows, series
):
    forecaster = plain(ridge(), calibration_fraction=fraction)
    with pytest.raises(ValueError, match=f"exog must have 60 rows: got {n_rows}"):
        forecaster.fit(series, exog=np.ones(n_rows))
    with pytest.raises(ValueError, match="exog must have 1 to 2 dimensions"):
        forecaster.fit(series, exog=5)
    with pytest.raises(ValueError, match=f"exog must have 60 rows: got {n_rows}"):
        backtest(
            forecaster, series, TimeSeriesSplit(2), exog=np.ones(n_rows), verbose=0
        )


def test_calibration_remembers_the_names_of_covariates(series, weather):
    exog = pd.DataFrame(weather, columns=["rain", "sun"])
    forecaster = plain(ridge(), calibration_fraction=0.2).fit(series, exog=exog)
    with pytest.raises(ValueError, match=r"exog must have the columns.*\['sun'"):
        forecaster.forecast(exog=exog[-1:][["sun", "rain"]])
