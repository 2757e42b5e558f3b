"""Test conformal quantiles, and that adaptive widths use known scores only."""

import math

import numpy as np
import pytest

from skcnnlstm import conformal
from skcnnlstm.conformal import (
    adaptive_widths,
    bounds,
    conformal_quantile,
    conformity,
    scores_needed,
)


@pytest.mark.parametrize(
    "coverage, needed", [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)]
)
def test_one_score_fewer_than_needed_gives_an_infinite_quantile(coverage, needed):
    assert scores_needed(coverage) == needed
    assert conformal_quantile(np.arange(needed), coverage) == needed - 1
    assert conformal_quantile(np.arange(needed - 1), coverage) == math.inf


def test_the_next_score_is_below_the_quantile_with_the_given_probability():
    # Exact for exchangeable scores without ties: rank / (n + 1), here 18 of 20.
    scores = np.random.default_rng(0).random((20_000, 20))
    inside = scores[:, -1] <= conformal_quantile(scores[:, :-1].T, 0.9)
    assert inside.mean() == pytest.approx(0.9, abs=0.006)  # about 3 standard deviations


def test_each_column_has_its_own_quantile():
    scores = np.array([[1, 10], [3, 30], [2, 20]])
    assert conformal_quantile(scores, 0.5).tolist() == [2, 20]


@pytest.mark.parametrize("relative", [False, True])
def test_bounds_of_the_actual_score_contain_the_actual_value_exactly(relative):
    actual, forecast = np.array([2.0, 8.0]), np.array([4.0, 4.0])
    scores = conformity(actual, forecast, relative=relative)
    lower, upper = bounds(forecast, scores, relative=relative)
    np.testing.assert_allclose([lower[0], upper[1]], actual)


def test_the_logarithmic_distance_of_zero_is_infinite():
    assert conformity(np.array([0.0]), np.array([1.0]), relative=True) == [math.inf]


def widths_by_definition(scores, origins, step, coverage, gamma, calibration):
    """Return adaptive widths, with level and scores recomputed for each origin."""
    widths = []
    for i, origin in enumerate(origins):
        known = [j for j in range(i) if origins[j] + step <= origin]
        level = 1 - coverage
        for j in known:
            level += gamma * (1 - coverage - (scores[j] > widths[j]))
        ranked = np.array([*calibration, *(scores[j] for j in known)])
        if level >= 1:
            widths.append(0.0)
        elif level <= 0:
            widths.append(math.inf)
        else:
            widths.append(float(conformal_quantile(ranked, 1 - level)))
    return widths


@pytest.mark.parametrize("gamma", [0.01, 0.3])
@pytest.mark.parametrize("stride", [1, 2])
def test_adaptive_widths_agree_with_their_definition(gamma, stride):
    rng = np.random.default_rng(0)
    scores = rng.random((60, 3, 2)) * np.linspace(1, 4, 60)[:, np.newaxis, np.newaxis]
    calibration = rng.random((15, 3, 2))
    origins = 100 + stride * np.arange(60)
    widths = adaptive_widths(scores, origins, 0.8, gamma, calibration)
    for step in range(3):
        expected = widths_by_definition(
            scores[:, step, 1],
            origins,
            step + 1,
            0.8,
            gamma,
            calibration[:, step, 1],
        )
        assert widths[:, step, 1].tolist() == expected


def test_an_actual_value_first_changes_the_width_h_rows_later():
    scores = np.random.default_rng(0).random((30, 3, 1))
    changed_scores = scores.copy()
    changed_scores[10] = 50.0
    calibration = np.random.default_rng(1).random((50, 3, 1))
    args = np.arange(30), 0.5, 0.2, calibration
    before, after = (
        adaptive_widths(scores, *args),
        adaptive_widths(changed_scores, *args),
    )
    for step in (1, 2, 3):
        changed = np.flatnonzero((before != after)[:, step - 1, 0])
        assert changed[0] == 10 + step


def test_coverage_recovers_after_errors_become_larger():
    # Errors are ten times as large in the second half: fixed widths contain few.
    rng = np.random.default_rng(0)
    scores = np.abs(rng.normal(size=(2000, 1, 1)))
    scores[1000:] *= 10
    widths = adaptive_widths(scores, np.arange(2000), 0.9, 0.02, scores[:200])
    inside = (scores <= widths)[:, 0, 0]
    assert inside[1200:].mean() == pytest.approx(0.9, abs=0.03)
    fixed = conformal_quantile(scores[:200], 0.9)
    assert (scores[1200:] <= fixed).mean() < 0.3


SCORES = np.ones((3, 1, 1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conformal.scores_needed(1.0), "coverage must be a finite"),
        (
            lambda: conformal.conformal_quantile([1, 2], 0),
            "coverage must be a finite",
        ),
        (
            lambda: conformal.conformal_quantile(3.0, 0.5),
            "scores must have at least one axis",
        ),
        (lambda: conformal.conformity([1, 2], [[1], [2]]), "must have the same shape"),
        (
            lambda: conformal.adaptive_widths([1.0, 2.0], [0, 1], 0.5, 0.1),
            r"scores must have the shape \(n_origins, horizon, n_targets\): got \(2,\)",
        ),
        (
            lambda: conformal.adaptive_widths(SCORES, [2, 1, 0], 0.5, 0.1),
            "origins must be in ascending order: got 2 before 1, at position 0",
        ),
        (
            lambda: conformal.adaptive_widths(SCORES, [0, 1], 0.5, 0.1),
            "origins must have one value for each score: got 2 values for 3 scores",
        ),
        (
            lambda: conformal.adaptive_widths(SCORES, range(3), 0.5, 0),
            "gamma must be a finite number",
        ),
        (
            lambda: conformal.adaptive_widths(
                SCORES, range(3), 0.5, 0.1, np.ones((4, 2, 1))
            ),
            "calibration must have the same horizon and targets as scores",
        ),
        (lambda: conformal.bounds([1, 2], [1, 2, 3]), "forecast and widths must broad"),
    ],
)
def test_invalid_arguments_raise(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("coverage", [0, 1, -0.1, math.nan, 90])
def test_coverage_must_be_between_zero_and_one(coverage):
    assert conformal.check_coverage(0.5) == 0.5
    with pytest.raises(ValueError, match=r"^coverage must be a finite number > 0"):
        conformal.check_coverage(coverage)
