"""Forecasts from the last row, from each row, and their scores."""

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    Network,
    Rising,
    WindowSum,
    ignore_missing_history,
    plain,
    ridge,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import (
    TimeSeriesSplit,
    cross_validate,
)

from skcnnlstm import SeriesForecaster


@given(
    n_features=st.integers(1, 3),
    window_length=st.integers(1, 5),
    horizon=st.integers(1, 4),
    steps=st.integers(1, 9),
)
@settings(max_examples=40, deadline=None)
def test_forecasts_beyond_the_horizon_start_from_forecasts(
    n_features, window_length, horizon, steps
):
    series = np.arange(20.0)[:, np.newaxis] + 100 * np.arange(n_features)
    forecaster = SeriesForecaster(
        Rising(), window_length=window_length, horizon=horizon, transformer=None
    ).fit(series)
    expected = np.arange(20.0, 20 + steps)[:, np.newaxis] + 100 * np.arange(n_features)
    np.testing.assert_array_equal(forecaster.forecast(steps), expected)


def test_feeding_back_equals_appending_one_forecast_at_a_time():
    forecaster = SeriesForecaster(WindowSum(), window_length=2, transformer=None)
    assert forecaster.fit([1, 1, 2, 3]).forecast(4).tolist() == [5, 8, 13, 21]


def test_steps_default_to_the_horizon_and_fewer_steps_are_the_first_ones(airline):
    forecaster = SeriesForecaster(ridge(), horizon=12).fit(airline)
    assert len(forecaster.forecast()) == 12
    np.testing.assert_array_equal(forecaster.forecast(5), forecaster.forecast()[:5])


def test_recursive_forecasts_feed_back_one_step():
    forecaster = plain(WindowSum(), window_length=2, horizon=4, strategy="recursive")
    assert forecaster.fit([1, 1, 2, 3, 5, 8]).forecast().tolist() == [13, 21, 34, 55]
    assert forecaster.predict([13]).tolist() == [[21, 34, 55, 89]]
    assert forecaster.score([13, 21, 34, 55, 89]) == 0


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
    expected = forecaster.transformer_.inverse_transform(raw).reshape(20, 2, 2)
    np.testing.assert_array_equal(forecaster.predict(series[40:]), expected)


def test_the_last_prediction_is_the_forecast_after_those_rows(airline):
    forecaster = SeriesForecaster(ridge(), horizon=6, transformer="log").fit(airline)
    own = ignore_missing_history(forecaster.predict, airline)[-1]
    np.testing.assert_allclose(own, forecaster.forecast(), rtol=1e-12)


@pytest.mark.parametrize("form", ["array", "series"])
def test_predictions_do_not_depend_on_later_rows(airline, form):
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


def test_a_forecaster_fitted_on_an_array_predicts_labelled_rows_and_the_reverse(
    airline,
):
    forecaster = SeriesForecaster(ridge(), window_length=12)
    labelled = forecaster.fit(airline[:100]).predict(airline[100:])
    bare = forecaster.predict(airline[100:].to_numpy())
    np.testing.assert_array_equal(bare, labelled)
    forecaster.fit(airline[:100].to_numpy())
    np.testing.assert_array_equal(forecaster.predict(airline[100:]), labelled)


# ------------------------------------------------------------------------------ scores


def test_score_is_the_negative_mean_absolute_error_of_every_origin():
    forecaster = SeriesForecaster(
        Rising(), window_length=2, horizon=3, transformer=None
    )
    forecaster.fit(np.arange(10.0))
    assert forecaster.score(np.arange(10.0, 15.0)) == 0
    assert len(forecaster.estimator_.asked_) == 3  # rows 9, 10 and 11
    # Row 12 is too high by 8, and is a target of each of the three origins.
    assert forecaster.score([10, 11, 20, 13, 14]) == -3 * 8 / 9


def test_a_fold_as_long_as_the_horizon_has_one_origin_the_last_fitted_row(airline):
    folds = TimeSeriesSplit(4, test_size=12)
    forecaster = SeriesForecaster(ridge(), horizon=12)
    scores = cross_validate(forecaster, airline, cv=folds)["test_score"]
    for score, (train, test) in zip(scores, folds.split(airline), strict=True):
        ahead = clone(forecaster).fit(airline.iloc[train]).forecast()
        np.testing.assert_allclose(score, -(ahead - airline.iloc[test]).abs().mean())


def test_rows_that_do_not_continue_are_scored_with_their_own_history():
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
    ahead = ignore_missing_history(forecaster.predict, rows)[:-3]
    actual = np.stack([rows[t + 1 : t + 4] for t in range(len(ahead))])
    expected = -np.abs(ahead - actual).mean()
    assert forecaster.score(rows) == pytest.approx(expected, rel=1e-12)


def test_targets_of_a_score_need_not_be_valid_for_the_transformer():
    forecaster = SeriesForecaster(Rising(), window_length=2, transformer="log")
    forecaster.fit(np.arange(1.0, 10.0))
    assert forecaster.score([0.0]) < 0


def test_an_estimator_with_a_wrong_number_of_outputs_is_an_error():
    forecaster = plain(Network(), horizon=2).fit(np.arange(9.0))
    with pytest.raises(ValueError) as caught:
        forecaster.forecast()
    assert str(caught.value) == (
        "estimator must predict 2 values for each window, the product of steps (2) and "
        "columns (1): got shape (1,) for 1 windows. Use an estimator that predicts "
        "several outputs."
    )
