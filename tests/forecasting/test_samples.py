"""Order of samples, and forecasts in chunks of windows."""

import numpy as np
from forecast_models import (
    ridge,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from skcnnlstm import SeriesForecaster
from skcnnlstm.forecasting.samples import (
    Segment,
    append_exog,
    cut_origins,
    cut_samples,
    join_samples,
    order_in_time,
    split_channels,
)


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


# ------------------------------------------------------------------- segments of rows


def test_append_exog_shifts_covariates_and_fills_their_end_with_zeros():
    segment = Segment(np.array([[1.0], [2.0], [3.0]]), np.array([[10.0], [20], [30]]))
    assert append_exog(segment, 2).tolist() == [[1, 30], [2, 0], [3, 0]]
    longer = Segment(segment.columns, np.arange(10.0, 60, 10)[:, np.newaxis])
    assert append_exog(longer, 2).tolist() == [[1, 30], [2, 40], [3, 50]]


def test_independent_channels_hold_one_target_and_all_covariates():
    table = np.array([[1, 2, 10], [3, 4, 20]])
    first, second = split_channels(table, 2, independent=True)
    assert first.tolist() == [[1, 10], [3, 20]]
    assert second.tolist() == [[2, 10], [4, 20]]
    assert split_channels(table, 2, independent=False)[0] is table


def test_samples_are_cut_from_each_segment_that_is_long_enough():
    rows = np.arange(9.0)[:, np.newaxis]
    segments = [Segment(rows[:4], None), Segment(rows[4:6], None), Segment(rows, None)]
    (channel,) = cut_samples(segments, 2, 1, 1, independent=False)
    (windows, targets), (longer, _) = channel
    assert windows[:, :, 0].tolist() == [[0, 1], [1, 2]]
    assert targets.tolist() == [2, 3]
    assert len(longer) == 7


def test_joined_samples_are_in_order_and_a_single_pair_is_not_copied():
    one = np.array([[1.0], [2.0]]), np.array([10.0, 20.0])
    other = np.array([[3.0]]), np.array([30.0])
    windows, targets = join_samples([one, other], np.array([1, 2, 0]), np.float32)
    assert windows.tolist() == [[2], [3], [1]]
    assert targets.tolist() == [20, 30, 10]
    assert windows.dtype == targets.dtype == np.float32
    assert join_samples([one], np.arange(2)) is one


def test_origins_carry_the_covariates_that_later_blocks_need():
    exog = np.arange(0.0, 60, 10)[:, np.newaxis]
    segment = Segment(np.arange(3.0)[:, np.newaxis], exog)
    ((windows, later),) = cut_origins([segment], 2, 1, 3, 1, independent=False)
    assert windows.tolist() == [[[0, 10], [1, 20]], [[1, 20], [2, 30]]]
    assert later[:, :, 0].tolist() == [[30, 40], [40, 50]]
