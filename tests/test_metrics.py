"""Test metrics and simple forecasts against hand-computed and published values."""

import math
from functools import partial

import numpy as np
import pytest

from skcnnlstm import metrics
from skcnnlstm.datasets import load_airline


def column(values):
    return np.asarray(values, float)[:, np.newaxis]


def test_smape_is_a_percentage_of_the_mean_absolute_value():
    # 200 * 2 / 18 and 200 * 5 / 15
    expected = (400 / 18 + 1000 / 15) / 2
    assert metrics.smape([10, 5], [8, 10]) == pytest.approx(expected)


def test_smape_is_200_for_a_wrong_sign_and_0_for_a_correct_zero():
    assert metrics.smape([1.0], [-3.0]) == 200
    assert metrics.smape([0.0], [0.0]) == 0


def test_scale_of_mase_is_the_mean_seasonal_difference_of_each_column():
    train = np.array([[1.0, 5.0], [2.0, 5.0], [5.0, 5.0], [8.0, 5.0]])
    scale = metrics.scale_of_mase(train, 2)
    assert scale[0] == (4 + 6) / 2
    assert math.isnan(scale[1])  # a constant column has no scale


def test_mase_of_the_seasonal_naive_forecast_on_the_training_rows_is_one():
    train = np.random.default_rng(0).normal(size=50).cumsum()
    scale = metrics.scale_of_mase(train, 4)
    assert metrics.mase(train[4:], train[:-4], scale) == pytest.approx(1)


def test_owa_of_naive2_itself_is_one():
    assert metrics.owa(9.161, 2.777, 9.161, 2.777) == 1


@pytest.mark.parametrize("naive2_smape, naive2_mase", [(0, 1), (1, 0), (1, math.nan)])
def test_owa_is_nan_if_a_metric_of_naive2_is_zero_or_nan(naive2_smape, naive2_mase):
    assert math.isnan(metrics.owa(1, 1, naive2_smape, naive2_mase))


def test_skill_is_nan_if_the_reference_makes_no_error():
    assert math.isnan(metrics.skill(1, 0))
    assert metrics.skill(2, 1) == -1


def test_seasonal_naive_repeats_the_last_known_season():
    values = column(range(10))
    forecasts = metrics.seasonal_naive(values, np.array([4, 5]), 5, season_length=3)
    assert forecasts[:, :, 0].tolist() == [[2, 3, 4, 2, 3], [3, 4, 5, 3, 4]]


def test_seasonal_naive_with_a_season_of_one_is_naive():
    values = np.random.default_rng(0).normal(size=(9, 2))
    origins = np.array([3, 6])
    seasonal = metrics.seasonal_naive(values, origins, 3, season_length=1)
    assert np.array_equal(seasonal, metrics.naive(values, origins, 3))
    assert np.array_equal(seasonal[1, 2], values[6])


def test_seasonal_indices_of_the_airline_series_agree_with_r():
    # decompose(AirPassengers, "multiplicative")$figure, R 4
    published = [
        *(0.9102304, 0.8836253, 1.0073663, 0.9759060, 0.9813780, 1.1127758),
        *(1.2265555, 1.2199110, 1.0604919, 0.9217572, 0.8011781, 0.8988244),
    ]
    indices, additive = metrics.seasonal_indices(load_airline(), 12)
    assert not additive
    np.testing.assert_allclose(indices, published, atol=1e-7)


def test_seasonal_indices_of_an_odd_season_and_an_incomplete_last_one():
    # The level, a mean over three rows, is 10. The indices are 0.5, 1 and 1.5.
    indices, additive = metrics.seasonal_indices([5, 10, 15] * 3 + [5], 3)
    assert not additive
    np.testing.assert_allclose(indices, [0.5, 1, 1.5])


def test_seasonal_indices_are_additive_if_a_value_is_zero_or_negative():
    indices, additive = metrics.seasonal_indices([-1.0, 0.0, 1.0] * 4, 3)
    assert additive
    np.testing.assert_allclose(indices, [-1, 0, 1], atol=1e-12)


def test_a_series_is_seasonal_if_the_autocorrelation_exceeds_bartletts_bound():
    # For six alternating rows, r_1 = -5/6, r_2 = 4/6 and the bound at lag 2 is
    # 1.645 * sqrt((1 + 2 * 25/36) / 6) = 1.037. For 24 rows, r_1 = -23/24,
    # r_2 = 22/24 and the bound is 0.566.
    assert not metrics.is_seasonal([1, 2] * 3, 2)
    assert metrics.is_seasonal([1, 2] * 12, 2)


def test_noise_constants_and_seasons_of_one_are_not_seasonal():
    noise = np.random.default_rng(0).normal(size=400)
    assert not metrics.is_seasonal(noise, 12)
    assert not metrics.is_seasonal(np.ones(40), 4)
    assert not metrics.is_seasonal([1, 2] * 20, 1)


def test_naive2_multiplies_the_adjusted_value_by_the_index_of_the_step():
    values = column(np.tile([5.0, 10.0, 15.0], 20))
    values[45] = 7.0  # 1.4 times the usual value: so are the forecasts
    forecasts = metrics.naive2(values, np.array([45, 50]), 4, 3, slice(0, 45))
    np.testing.assert_allclose(forecasts[0, :, 0], [14, 21, 7, 14])
    np.testing.assert_allclose(forecasts[1, :, 0], [5, 10, 15, 5])


def test_naive2_counts_the_season_from_the_first_training_row():
    values = column(np.tile([5.0, 10.0, 15.0], 20))
    forecasts = metrics.naive2(values, np.array([50]), 3, 3, slice(7, 47))
    np.testing.assert_allclose(forecasts[0, :, 0], [5, 10, 15])


def test_naive2_adds_the_indices_of_a_series_with_negative_values():
    values = column(np.tile([-1.0, 0.0, 1.0], 20))
    values[45] = 1.0  # 2 above the usual value
    forecasts = metrics.naive2(values, np.array([45]), 3, 3, slice(0, 45))
    np.testing.assert_allclose(forecasts[0, :, 0], [2, 3, 1], atol=1e-12)


def test_naive2_is_naive_if_the_series_is_not_seasonal():
    values = np.random.default_rng(0).normal(size=(100, 2))
    origins = np.array([60, 80])
    forecasts = metrics.naive2(values, origins, 3, 12, slice(0, 60))
    assert np.array_equal(forecasts, metrics.naive(values, origins, 3))


def test_a_missing_value_gives_nan_and_not_a_perfect_score():
    assert np.isnan(metrics.smape([np.nan, 1.0], [1.0, 1.0]))
    assert metrics.smape([0.0, 1.0], [0.0, 1.0]) == 0


@pytest.mark.parametrize("metric", [metrics.smape, partial(metrics.mase, scale=1.0)])
def test_a_column_is_not_broadcast_against_a_row(metric):
    with pytest.raises(ValueError, match="must have the same shape"):
        metric([1.0, 2.0], [[1.0], [2.0]])


# ------------------------------------------------------------------------------- gaps


def test_seasons_are_counted_in_time_steps_and_not_in_rows():
    # Days 3 and 4 are missing; the season has 3 days.
    places = np.array([0, 1, 2, 5, 6, 7])
    values = column([10, 20, 30, 30, 10, 20])
    forecasts = metrics.seasonal_naive(values, [4], 4, 3, places)[0, :, 0]
    # The origin is day 6. Day 7 repeats day 1, because day 4 is missing. Days 8 and 9
    # repeat days 5 and 6, and day 10 repeats the forecast of day 7.
    assert forecasts.tolist() == [20, 30, 10, 20]
    assert math.isnan(metrics.scale_of_mase(values[:, 0], 3, places))
    # Only days 2 and 5 are one season apart.
    assert metrics.scale_of_mase([0.0, 0, 1, 5, 0], 3, [0, 1, 2, 5, 7]) == 4


def test_seasonal_naive_is_nan_if_no_row_has_the_position_in_the_season():
    forecasts = metrics.seasonal_naive(column([1, 2, 3]), [2], 2, 3, [0, 1, 3])[0, :, 0]
    assert forecasts[0] == 2
    assert math.isnan(forecasts[1])


def test_scale_of_mase_is_nan_for_fewer_rows_than_a_season():
    assert math.isnan(metrics.scale_of_mase([1.0, 2.0], 3))


def test_naive2_uses_the_longest_part_without_a_gap_and_counts_across_gaps():
    season = np.array([1.0, 2.0, 3.0])
    places = np.r_[0:2, 4:22, 24:27]  # the longest part has 18 rows
    values = column(season[places % 3])
    train, origin = slice(0, 20), 20  # position 24 has the first value of a season
    forecasts = metrics.naive2(values, [origin], 2, 3, train, places)[0, :, 0]
    assert forecasts == pytest.approx([2, 3])


ONE_COLUMN = np.arange(12.0)[:, np.newaxis]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: metrics.smape(["a"], [1]),
            TypeError,
            "actual must be an array of",
        ),
        (lambda: metrics.mase([1], [2], "1"), TypeError, "scale must be an array of"),
        (lambda: metrics.skill({"a": 1}, 1), TypeError, "error must be an array of"),
        (
            lambda: metrics.naive(np.arange(12), [3], 1),
            ValueError,
            r"values must have the shape \(n_rows, n_targets\): got \(12,\)",
        ),
        (
            lambda: metrics.naive(ONE_COLUMN, [3.0], 1),
            TypeError,
            r"origins must be integers of shape \(n,\): got dtype float64",
        ),
        (
            lambda: metrics.naive(ONE_COLUMN, [-1, 12], 1),
            ValueError,
            "origins must be row positions from 0 to 11: got -1 to 12",
        ),
        (
            lambda: metrics.seasonal_naive(ONE_COLUMN, [5], 1, 4, range(11, -1, -1)),
            ValueError,
            "places must be in ascending order: got 11 before 10, at position 0",
        ),
        (lambda: metrics.naive2(ONE_COLUMN, [5], 0, 4, slice(0, 5)), ValueError, "hor"),
        (
            lambda: metrics.naive2(ONE_COLUMN, [5], 1, 4, ONE_COLUMN),
            TypeError,
            "train m",
        ),
        (
            lambda: metrics.owa("a", 1, 1, 1),
            TypeError,
            "smape must be an arr",
        ),
        (
            lambda: metrics.skill([1, 2], [1, 2, 3]),
            ValueError,
            "error and refere",
        ),
        (
            lambda: metrics.mase([1, 2], [1, 2], [1, 2, 3]),
            ValueError,
            "actual and sc",
        ),
        (
            lambda: metrics.smape(None, None),
            TypeError,
            "actual must be an",
        ),
        (
            lambda: metrics.scale_of_mase(np.zeros((2, 2, 2))),
            ValueError,
            r"train must have the shape \(n_rows,\) or \(n_rows, n_targets\): got \(2,",
        ),
        (
            lambda: metrics.is_seasonal([[1, 2]], 1),
            ValueError,
            r"train must have the shape \(n_rows,\): got \(1, 2\)",
        ),
        (
            lambda: metrics.seasonal_indices(range(7), 4),
            ValueError,
            "season_length must fit 2 times into the rows: got season_length=4 and 7",
        ),
    ],
)
def test_invalid_arguments_raise(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_scale_of_mase_of_no_rows_is_nan():
    assert math.isnan(metrics.scale_of_mase([]))
