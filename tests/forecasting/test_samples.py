"""Order of samples, and forecasts in chunks of windows."""

import numpy as np
import pytest
from forecast_models import (
    ridge,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from skcnnlstm import SeriesForecaster
from skcnnlstm.forecasting.samples import order_in_time


@given(
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=6),
    share=st.floats(0.02, 0.6),
    gap=st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_early_stopping_holds_out_the_tail_of_each_series(counts, share, gap):
    order, n_gap = order_in_time(counts, share, gap)
    series = np.repeat(np.arange(len(counts)), counts)
    position = np.concatenate([np.arange(count) for count in counts])
    assert sorted(order) == list(range(sum(counts)))
    n_held = max(1, int(np.ceil(sum(counts) * share)))
    held = order[len(order) - n_held :]
    train = order[: len(order) - n_held - n_gap]
    for number, count in enumerate(counts):
        own = position[held][series[held] == number]
        np.testing.assert_array_equal(
            own, np.arange(count - len(own), count)
        )  # its last samples, in order
        assert abs(len(own) - count * n_held / sum(counts)) < 1
        before = position[train][series[train] == number]
        left = max(0, count - len(own) - gap)
        np.testing.assert_array_equal(before, np.arange(left))


def test_without_early_stopping_samples_are_sorted_by_relative_time():
    order, _ = order_in_time([2, 4])
    # (i + 1/2) / n: 1/4 and 3/4 of the first, 1/8, 3/8, 5/8 and 7/8 of the second.
    assert order.tolist() == [2, 0, 3, 4, 1, 5]


@given(
    counts=st.lists(st.integers(0, 40), min_size=2, max_size=6).filter(any),
    gap=st.integers(0, 5),
    share=st.floats(0, 1),
)
@settings(max_examples=100, deadline=None)
def test_after_any_cut_the_gap_separates_the_targets(counts, gap, share):
    order, n_gap = order_in_time(counts, None, gap)
    series = np.repeat(np.arange(len(counts)), counts)
    position = np.concatenate([np.arange(count) for count in counts])
    cut = int(share * len(order))
    train, later = order[: max(0, cut - n_gap)], order[cut:]
    for number in range(len(counts)):
        known = position[train][series[train] == number]
        first = position[later][series[later] == number].min(initial=99)
        assert known.max(initial=-99) + gap < first


@pytest.fixture
def weather():
    return np.random.default_rng(0).normal(size=(60, 2))


@pytest.fixture
def series(weather):
    """Rows that follow from the weather of their own day, and of no other."""
    return 3 * weather[:, 0] - weather[:, 1] + 5


def test_recursive_predictions_do_not_depend_on_how_many_are_made_at_once(
    series, monkeypatch
):
    table = np.column_stack([series, series**2])
    forecaster = SeriesForecaster(
        ridge(), window_length=5, horizon=4, strategy="recursive"
    ).fit(table[:40])
    at_once = forecaster.predict(table[40:])
    assert at_once.shape == (20, 4, 2)
    monkeypatch.setattr("skcnnlstm.forecasting.samples._ROLL_BYTES", 3 * 5 * 2 * 8)
    np.testing.assert_allclose(forecaster.predict(table[40:]), at_once, rtol=1e-12)
