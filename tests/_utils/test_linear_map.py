"""Tests of the ridge regression that a linear skip starts from."""

import keras
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import lfilter
from sklearn.linear_model import Ridge

from skcnnlstm._utils.linear_map import (
    MAX_INPUTS,
    LinearTask,
    choose_linear_map,
    fit_linear,
    is_clearly_lower,
    normalize,
)
from skcnnlstm.layers.instance_norm import NormaliseWindow
from skcnnlstm.layers.linear_skip import LinearSkip
from skcnnlstm.layers.seasonal_norm import NormaliseSeason
from skcnnlstm.training.samples import Samples

MODES = ["last", "standard", "seasonal"]
N_STEPS, N_TARGETS, HORIZON, SEASON = 6, 2, 5, 4


def random_windows(n_missing=0, n_features=3, seed=0):
    rng = np.random.default_rng(seed)
    windows = rng.standard_normal((40, N_STEPS, n_features)) * [
        [5, 1, 0.1][:n_features]
    ]
    windows.ravel()[rng.choice(windows.size, n_missing, replace=False)] = np.nan
    return windows


def make_samples(windows, y, weight=None):
    weight = np.ones(len(windows)) if weight is None else weight
    y = np.asarray(y, np.float32).reshape(len(y), -1)
    return Samples(windows, y, weight, np.arange(len(windows)))


def task_of(mode, **params):
    return LinearTask(mode, N_TARGETS, HORIZON, 3, season_length=SEASON, **params)


def layer_of(mode, skip_nan):
    if mode == "seasonal":
        return NormaliseSeason(SEASON, N_TARGETS, HORIZON * N_TARGETS)
    return NormaliseWindow(mode, N_TARGETS, skip_nan)


# ------------------------------------------------------------------ normalization


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n_missing", [0, 200])
def test_windows_are_normalized_as_by_the_layers(mode, n_missing):
    windows = random_windows(n_missing)
    windows[0, :, 0] = np.nan if n_missing else 3.0  # nothing known, or constant
    expected = [
        keras.ops.convert_to_numpy(output)
        for output in layer_of(mode, n_missing > 0)(windows.astype("float32"))
    ]
    normalized, level, scale = normalize(windows, task_of(mode))
    n_repeats = 1 if mode == "seasonal" else HORIZON
    tolerance = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(normalized, np.nan_to_num(expected[0]), **tolerance)
    for ours, of_layer in zip((level, scale), expected[1:], strict=True):
        steps = np.broadcast_to(ours, (len(windows), HORIZON, N_TARGETS))
        of_layer = np.tile(of_layer, (1, n_repeats))
        np.testing.assert_allclose(
            steps.reshape(len(windows), -1), of_layer, **tolerance
        )


@pytest.mark.parametrize("mode", MODES)
def test_static_features_are_not_normalized(mode):
    windows = random_windows()
    task = task_of(mode, n_static=1)
    normalized, level, scale = normalize(windows, task)
    expected = normalize(windows[..., :2], task_of(mode)._replace(n_columns=2))
    np.testing.assert_array_equal(normalized[..., :2], expected[0])
    np.testing.assert_array_equal(normalized[..., 2], windows[..., 2])
    np.testing.assert_array_equal(level, expected[1])
    np.testing.assert_array_equal(scale, expected[2])


def test_without_a_mode_only_nan_changes():
    windows = random_windows(n_missing=9)
    normalized, level, scale = normalize(windows, task_of(None))
    np.testing.assert_array_equal(normalized, np.nan_to_num(windows))
    assert (level == 0).all()
    assert (scale == 1).all()


# ------------------------------------------------------------------------- the map


def ridge(inputs, targets, penalty, weight=None):
    """Return the ridge regression with a penalty relative to the size of an input."""
    weight = np.ones(len(inputs)) if weight is None else weight
    size = (weight[:, None] * inputs**2).sum(axis=0).mean()
    return Ridge(penalty * size).fit(inputs, targets, sample_weight=weight)


def assert_equals_ridge(solved, expected):
    np.testing.assert_allclose(
        solved.kernel.T, np.atleast_2d(expected.coef_), 1e-5, 1e-6
    )
    np.testing.assert_allclose(solved.bias, expected.intercept_, 1e-5, 1e-6)


@pytest.mark.parametrize("penalty", [1e-6, 1e-2, 10])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_map_of_one_series_is_a_ridge_regression(penalty, weighted):
    rng = np.random.default_rng(1)
    windows, y = rng.standard_normal((50, 7)) + 2, rng.standard_normal((50, 3)) - 4
    weight = rng.uniform(0, 3, 50) if weighted else np.ones(50)
    samples = make_samples(windows, y, weight)
    solved = fit_linear(samples, None, LinearTask(None, 1, 3, 1), penalty)
    assert_equals_ridge(solved, ridge(windows, samples.y, penalty, weight))
    assert solved.penalty == penalty
    assert len(solved.losses) == 0


def test_a_weight_equals_repetition():
    rng = np.random.default_rng(2)
    windows, y = rng.standard_normal((30, 4)), rng.standard_normal(30)
    weight = rng.integers(0, 4, 30)
    task = LinearTask("last", 1, 1, 1)
    weighted = fit_linear(make_samples(windows, y, weight), None, task, 0.1)
    repeated = make_samples(windows.repeat(weight, axis=0), y.repeat(weight))
    repeated = fit_linear(repeated, None, task, 0.1)
    np.testing.assert_allclose(weighted.kernel, repeated.kernel, atol=1e-9)
    np.testing.assert_allclose(weighted.bias, repeated.bias, atol=1e-9)


def targets_of(windows, seed=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((len(windows), HORIZON, N_TARGETS)).astype(np.float32)


def test_a_joint_map_reads_all_features():
    windows = random_windows()
    y = targets_of(windows)
    task = task_of("last", joint=True)
    normalized, level, _ = normalize(windows, task)
    solved = fit_linear(make_samples(windows, y), None, task, 0.1)
    expected = ridge(
        normalized.reshape(len(windows), -1), (y - level).reshape(len(windows), -1), 0.1
    )
    assert solved.kernel.shape == (N_STEPS * 3, HORIZON * N_TARGETS)
    assert_equals_ridge(solved, expected)


def test_a_shared_map_reads_the_history_of_each_target_and_the_covariates():
    windows = random_windows()
    y = targets_of(windows)
    task = task_of("last")
    normalized, level, _ = normalize(windows, task)
    solved = fit_linear(make_samples(windows, y), None, task, 0.1)
    # One row per target of each window: its own history, then the covariate.
    inputs = [
        np.hstack([normalized[:, :, target], normalized[:, :, 2]])
        for target in range(N_TARGETS)
    ]
    targets = np.concatenate(list((y - level).transpose(2, 0, 1)))
    assert solved.kernel.shape == (N_STEPS * 2, HORIZON)
    assert_equals_ridge(solved, ridge(np.concatenate(inputs), targets, 0.1))


def test_errors_count_in_units_of_the_target_where_windows_are_scaled():
    windows = random_windows(n_features=1)
    y = targets_of(windows)[..., :1]
    for absolute, power in [(False, 2), (True, 1)]:
        task = LinearTask("standard", 1, HORIZON, 1, absolute=absolute)
        normalized, level, scale = normalize(windows, task)
        solved = fit_linear(make_samples(windows, y), None, task, 0.1)
        expected = ridge(
            normalized[..., 0],
            ((y - level) / scale)[..., 0],
            0.1,
            scale.ravel() ** power,
        )
        assert_equals_ridge(solved, expected)


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("mode", [None, *MODES])
def test_the_layer_forecasts_what_the_map_was_fitted_to(joint, mode):
    # Targets that a linear map of the normalized windows gives exactly.
    windows = random_windows(n_missing=20)
    task = task_of(mode, joint=joint)
    layer = LinearSkip(N_TARGETS, HORIZON, joint=joint)
    normalized, level, scale = normalize(windows, task)
    layer.build(normalized.shape)
    rng = np.random.default_rng(5)
    layer.set_weights([rng.standard_normal(w.shape) for w in layer.get_weights()])
    expected = keras.ops.convert_to_numpy(layer(normalized.astype("float32")))
    y = expected.reshape(len(windows), HORIZON, N_TARGETS) * scale + level
    solved = fit_linear(make_samples(windows, y), None, task, 1e-9)
    layer.set_weights([solved.kernel, solved.bias])
    output = keras.ops.convert_to_numpy(layer(normalized.astype("float32")))
    np.testing.assert_allclose(output, expected, rtol=1e-3, atol=1e-3)


def test_windows_of_subsequences_equal_their_flat_form():
    rng = np.random.default_rng(6)
    windows, y = rng.standard_normal((30, 2, 3, 2)), rng.standard_normal((30, 2))
    task = LinearTask("last", 2, 1, 2)
    nested = fit_linear(make_samples(windows, y), None, task, 0.1)
    flat = fit_linear(make_samples(windows.reshape(30, 6, 2), y), None, task, 0.1)
    np.testing.assert_array_equal(nested.kernel, flat.kernel)


def test_standardized_samples_are_read_on_the_scale_of_the_network():
    rng = np.random.default_rng(7)
    windows, y = rng.standard_normal((30, 5, 2)), rng.standard_normal((30, 2))
    samples = make_samples(windows * [2, 3] + [10, -20], y)
    samples.mean, samples.scale = np.array([10, -20]), np.array([2, 3])
    task = LinearTask(None, 2, 1, 2)
    expected = fit_linear(make_samples(windows, y), None, task, 0.1)
    solved = fit_linear(samples, None, task, 0.1)
    np.testing.assert_allclose(solved.kernel, expected.kernel, atol=1e-9)


def test_only_the_chosen_rows_are_read():
    rng = np.random.default_rng(8)
    windows, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 1))
    rows = np.array([3, 5, 6, 20, 29, 11])
    task = LinearTask(None, 1, 1, 1)
    chosen = Samples(windows, y[rows], np.ones(len(rows)), rows)
    expected = fit_linear(make_samples(windows[rows], y[rows]), None, task, 0.1)
    solved = fit_linear(chosen, None, task, 0.1)
    np.testing.assert_allclose(solved.kernel, expected.kernel, atol=1e-6)


def test_targets_of_quantiles_are_read_once():
    rng = np.random.default_rng(9)
    windows, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 2))
    samples = make_samples(windows, y)
    expected = fit_linear(samples, None, LinearTask(None, 1, 2, 1), 0.1)
    samples.y = np.broadcast_to(samples.y[..., None], (30, 2, 3))
    solved = fit_linear(samples, None, LinearTask(None, 1, 2, 1), 0.1)
    np.testing.assert_array_equal(solved.kernel, expected.kernel)


def test_constant_windows_give_a_finite_map():
    windows, y = np.zeros((20, 4)), np.full(20, 3.0)
    solved = fit_linear(make_samples(windows, y), None, LinearTask("last", 1, 1, 1))
    np.testing.assert_array_equal(solved.kernel, np.zeros((4, 1)))
    np.testing.assert_allclose(solved.bias, [3], rtol=1e-5)


def test_maps_of_too_many_inputs_and_of_no_samples_are_none():
    windows = np.zeros((3, MAX_INPUTS + 1))
    samples = make_samples(windows, np.zeros(3))
    assert fit_linear(samples, None, LinearTask(None, 1, 1, 1)) is None
    assert (
        fit_linear(samples.select(slice(0, 0)), None, LinearTask(None, 1, 1, 1)) is None
    )


@pytest.mark.parametrize(
    ("window_shape", "joint", "expected"),
    [((5,), False, 5), ((5, 3), True, 15), ((5, 3), False, 10), ((2, 4, 3), False, 16)],
)
def test_the_number_of_inputs_counts_own_history_and_covariates(
    window_shape, joint, expected
):
    n_columns = window_shape[-1] if len(window_shape) > 1 else 1
    task = LinearTask(None, min(n_columns, 2), 1, n_columns, joint)
    assert task.n_inputs(window_shape) == expected


# ------------------------------------------------------------------------ choices


def split(windows, y, n_later=60):
    samples = make_samples(windows, y)
    return (
        samples.select(slice(0, len(samples) - n_later)),
        samples.select(slice(len(samples) - n_later, None)),
    )


def test_the_penalty_has_the_lowest_loss_on_later_samples():
    rng = np.random.default_rng(10)
    windows = rng.standard_normal((90, 20))
    first, later = split(windows, windows[:, :1] + rng.standard_normal((90, 1)))
    task = LinearTask(None, 1, 1, 1)
    solved = fit_linear(first, later, task)
    errors = {}
    for penalty in 10.0 ** np.arange(-6, 2):
        one = fit_linear(first, None, task, penalty)
        predicted = later.X[later.rows] @ one.kernel + one.bias
        errors[penalty] = (predicted - later.y) ** 2
    best = min(errors, key=lambda penalty: errors[penalty].mean())
    assert best not in (min(errors), max(errors))
    assert solved.penalty == best
    np.testing.assert_allclose(solved.losses, errors[best][:, 0], rtol=1e-5)


def series_of(n):
    """Return two independent autoregressive series."""
    noise = np.random.default_rng(0).standard_normal((n, 2))
    return lfilter([1], [1, -0.9], noise, axis=0)


def cut(series, n_steps):
    windows = sliding_window_view(series[:-1], n_steps, axis=0).transpose(0, 2, 1)
    return windows, series[n_steps:]


def test_independent_columns_share_a_map():
    task = LinearTask("last", 2, 1, 2)
    # 30 samples to fit: a joint map of 40 inputs is worse.
    chosen, solved = choose_linear_map(*split(*cut(series_of(110), 20)), task)
    assert chosen == task
    assert solved.kernel.shape == (20, 1)


def test_a_column_that_follows_another_one_needs_a_joint_map():
    series = series_of(400)
    series[1:, 1] = series[:-1, 0]
    task = LinearTask("last", 2, 1, 2)
    chosen, solved = choose_linear_map(*split(*cut(series, 3)), task)
    assert chosen == task._replace(joint=True)
    assert solved.kernel.shape == (6, 2)


def test_the_first_task_is_chosen_unless_another_one_is_clearly_better():
    rng = np.random.default_rng(11)
    # A step of random height at the start of each window: only the level matters.
    windows = rng.standard_normal((300, 6)) + 100 * rng.standard_normal((300, 1))
    y = windows[:, -1:] + 0.1 * rng.standard_normal((300, 1))
    last, none = LinearTask("last", 1, 1, 1), LinearTask(None, 1, 1, 1)
    assert choose_linear_map(*split(windows, y), last, none)[0] == last
    # The last value is noise: it is no level.
    windows[:, -1] = 100 * rng.standard_normal(300)
    y = windows[:, :1] / 100 + 0.1 * rng.standard_normal((300, 1))
    first, later = split(windows, y)
    first = first.select(slice(0, 8))  # too few to learn that
    assert choose_linear_map(first, later, last, none)[0] == none


def test_without_a_map_the_first_task_is_returned():
    samples = make_samples(np.zeros((3, MAX_INPUTS + 1)), np.zeros(3))
    tasks = LinearTask("last", 1, 1, 1), LinearTask(None, 1, 1, 1)
    assert choose_linear_map(samples, None, *tasks) == (tasks[0], None)


@pytest.mark.parametrize(
    ("losses", "others", "n_repeats", "horizon", "expected"),
    [
        ([1, 1], [2, 2], 5, 1, True),  # always lower
        ([1, 1], [1, 1], 5, 1, False),
        ([1, 1], [5, 1], 5, 1, True),  # gain 2, standard error 2 / 10**.5
        ([1, 1], [5, 0], 5, 1, False),  # gain 1.5, standard error 2.5 / 10**.5
        ([1, 1], [5, 0], 10, 1, True),  # standard error 2.5 / 20**.5
        ([1, 1], [5, 0], 10, 2, False),  # ten independent samples
        ([1, 1], [2, 2], 4, 1, False),  # fewer than ten samples
        ([1, 1], [2, 2], 5, 2, False),
    ],
)
def test_lower_losses_count_only_beyond_two_standard_errors(
    losses, others, n_repeats, horizon, expected
):
    lower = is_clearly_lower(losses * n_repeats, others * n_repeats, horizon)
    assert lower == expected
