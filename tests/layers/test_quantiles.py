"""Tests of the quantile layers, and of regressors with `quantiles`."""

import pickle

import keras
import numpy as np
import pytest
from networks import check_fit_raises
from sklearn.base import clone

from skcnnlstm import CNNRegressor
from skcnnlstm.layers.quantiles import PinballLoss, SortQuantiles

QUANTILES = (0.05, 0.5, 0.95)


def tiny(**params):
    rest = {"filters": 3, "dense_units": 4, "epochs": 2, "random_state": 0}
    return CNNRegressor(**(rest | params))


def noisy_windows(n_samples, seed):
    """Return windows, and targets with a deviation that grows with the last step."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n_samples, 4))
    deviation = np.exp(1.2 * X[:, -1])
    return X, X.sum(axis=1) + deviation * rng.standard_normal(n_samples)


# ------------------------------------------------------------------ layer and loss


def test_sort_quantiles_sorts_the_quantiles_of_each_output():
    output = SortQuantiles(3)(np.array([[3, 1, 2, 4, 6, 5]], "float32"))
    expected = [[[1, 2, 3], [4, 5, 6]]]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(output), expected)


def test_pinball_loss_equals_its_definition():
    actual = np.array([[[2.0, 2.0, 2.0]]], "float32")
    predicted = np.array([[[1.0, 3.0, 2.5]]], "float32")
    loss = PinballLoss((0.1, 0.5, 0.9))(actual, predicted)
    # 0.1 * (2 - 1), 0.5 * (3 - 2) and (1 - 0.9) * (2.5 - 2)
    expected = (0.1 * 1 + 0.5 * 1 + 0.1 * 0.5) / 3
    assert float(keras.ops.convert_to_numpy(loss)) == pytest.approx(expected)


def test_repeat_targets_returns_a_view_with_one_copy_per_quantile():
    targets = np.array([[1.0, 2.0]])
    repeated = PinballLoss((0.1, 0.5, 0.9)).repeat_targets(targets)
    np.testing.assert_array_equal(repeated, [[[1, 1, 1], [2, 2, 2]]])
    assert np.shares_memory(repeated, targets)


# ----------------------------------------------------------------------- regressors


def test_quantiles_have_their_coverage_for_small_and_for_large_noise():
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    regressor = CNNRegressor(
        filters=16, epochs=60, batch_size=256, quantiles=levels, random_state=1
    ).fit(*noisy_windows(4000, seed=0))
    X, y = noisy_windows(8000, seed=1)
    below = y[:, None, None] <= regressor.predict_quantiles(X)
    for part in (X[:, -1] > 0.2, X[:, -1] < -0.2):
        np.testing.assert_allclose(below[part].mean(axis=(0, 1)), levels, atol=0.05)


@pytest.mark.parametrize(
    ("instance_norm", "linear_skip", "scale"),
    [(None, False, 1), ("last", True, 1e-4), ("standard", True, 1e4)],
)
def test_quantiles_never_cross(instance_norm, linear_skip, scale):
    X, y = noisy_windows(200, seed=0)
    regressor = tiny(
        quantiles=(0.1, 0.3, 0.5, 0.9),
        instance_norm=instance_norm,
        linear_skip=linear_skip,
    ).fit(scale * X, scale * y)
    extrapolated = 100 * scale * np.random.default_rng(1).standard_normal((500, 4))
    assert (np.diff(regressor.predict_quantiles(extrapolated)) >= 0).all()


def test_a_shift_of_a_target_shifts_all_its_quantiles():
    rng = np.random.default_rng(0)
    X = np.round(rng.standard_normal((60, 4, 2)) * 64) / 64
    y = np.round(rng.standard_normal((60, 4)) * 64) / 64  # two steps of two targets
    regressor = tiny(quantiles=QUANTILES, instance_norm="last", n_targets=2).fit(X, y)
    moved = regressor.predict_quantiles(X + np.array([64.0, 256.0]))
    shift = moved - regressor.predict_quantiles(X)
    expected = np.broadcast_to(np.array([[64], [256], [64], [256]]), shift.shape)
    np.testing.assert_allclose(shift, expected, atol=1e-4)


def test_predict_returns_the_shape_of_y_and_predict_quantiles_three_axes():
    X, y = noisy_windows(40, seed=0)
    regressor = tiny(quantiles=QUANTILES).fit(X, y)
    assert regressor.predict(X).shape == (40,)
    assert regressor.predict_quantiles(X).shape == (40, 1, 3)
    assert np.isfinite(regressor.score(X, y))


def test_a_clone_and_a_pickled_copy_predict_the_same_quantiles():
    X, y = noisy_windows(60, seed=0)
    first = tiny(quantiles=list(QUANTILES)).fit(X, y)
    expected = first.predict_quantiles(X)
    cloned = clone(first).fit(X, y)
    np.testing.assert_array_equal(cloned.predict_quantiles(X), expected)
    pickled = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(pickled.predict_quantiles(X), expected)
    assert pickled.get_params()["quantiles"] == [0.05, 0.5, 0.95]


def test_other_quantiles_are_trained_by_another_program():
    X, y = noisy_windows(60, seed=0)
    wide, narrow = (
        tiny(quantiles=(low, 0.5, 1 - low), epochs=20, learning_rate=0.01)
        .fit(X, y)
        .predict_quantiles(X)
        for low in (0.01, 0.4)
    )
    widths = [np.mean(q[..., 2] - q[..., 0]) for q in (wide, narrow)]
    assert widths[0] > widths[1]


def test_early_stopping_weights_and_partial_fit_support_quantiles():
    X, y = noisy_windows(60, seed=0)
    weight = np.linspace(0, 1, 60)
    regressor = tiny(quantiles=QUANTILES, early_stopping=True).fit(X, y, weight)
    assert "val_loss" in regressor.history_
    assert len(regressor.partial_fit(X, y).history_["loss"]) == 3


def test_set_params_after_fit_neither_adds_nor_removes_quantiles():
    X, y = noisy_windows(40, seed=0)
    assert not hasattr(tiny(), "predict_quantiles")
    plain = tiny(epochs=1).fit(X, y).set_params(quantiles=QUANTILES)
    assert not hasattr(plain, "predict_quantiles")
    quantiles = tiny(epochs=1, quantiles=QUANTILES).fit(X, y).set_params(quantiles=None)
    assert quantiles.predict_quantiles(X).shape == (40, 1, 3)
    assert quantiles.predict(X).shape == (40,)


RULE = (
    "quantiles must be None, or increasing numbers between 0 and 1 that include 0.5: "
    "got quantiles={}. Use quantiles=(0.05, 0.5, 0.95), for example."
)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"quantiles": (0.1, 0.9)}, ValueError, RULE.format("(0.1, 0.9)")),
        ({"quantiles": ()}, ValueError, RULE.format("()")),
        ({"quantiles": (0.5, 0.1)}, ValueError, RULE.format("(0.5, 0.1)")),
        ({"quantiles": (0.5, 0.5)}, ValueError, RULE.format("(0.5, 0.5)")),
        ({"quantiles": (0, 0.5)}, ValueError, RULE.format("(0, 0.5)")),
        ({"quantiles": (0.5, 1.0)}, ValueError, RULE.format("(0.5, 1.0)")),
        ({"quantiles": (0.5, np.nan)}, ValueError, RULE.format("(0.5, nan)")),
        ({"quantiles": 0.5}, TypeError, RULE.format("0.5")),
        ({"quantiles": ("0.5",)}, TypeError, RULE.format("('0.5',)")),
        ({"quantiles": (True, 0.5)}, TypeError, RULE.format("(True, 0.5)")),
        (
            {"quantiles": QUANTILES, "loss": "mae"},
            ValueError,
            "loss must keep its default with quantiles, which are trained with the "
            "pinball loss: got loss='mae', quantiles=(0.05, 0.5, 0.95). Remove loss, "
            "or set quantiles=None.",
        ),
        (
            {"quantiles": QUANTILES, "loss__delta": 2.0},
            ValueError,
            "loss must keep its default with quantiles",
        ),
    ],
)
def test_invalid_quantiles_raise_an_error(params, error, message):
    check_fit_raises(tiny(**params), error, message, *noisy_windows(20, seed=0))
