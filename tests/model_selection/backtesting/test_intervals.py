"""Tests of the prediction intervals of a backtest."""

import numpy as np
import pandas as pd
import pytest
from backtest_models import noise, ridge, run
from sklearn.model_selection import (
    TimeSeriesSplit,
)


def test_adaptive_intervals_keep_their_coverage_after_a_change_of_scale():
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
    # Four scores are needed. The score of step h is known h rows later.
    assert np.isinf(upper[1]).sum() == 4
    assert np.isinf(upper[2]).sum() == 5
    widths = result.scores(by="fold")["width"]
    assert np.isfinite(widths).all()  # of the median


def test_intervals_of_overlapping_test_parts_adapt_in_the_order_of_time():
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


def test_each_series_has_intervals_of_its_own_scale():
    series = {"calm": noise(200), "wild": 100 * noise(200, seed=1)}
    cv = TimeSeriesSplit(2, test_size=20)
    for adaptive in (True, False):
        result = run(
            ridge(2, calibration_fraction=0.2),
            series,
            cv,
            coverage=0.8,
            adaptive=adaptive,
        )
        widths = result.scores(by="series")["width"]
        assert widths["wild"] > 50 * widths["calm"]
