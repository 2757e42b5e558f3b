"""Grids: what reads them, and the encoder-forecaster that says the next one."""

import re

import keras
import numpy as np
import pytest

from skcnnlstm import (
    ConvLSTMClassifier,
    ConvLSTMGridRegressor,
    ConvLSTMRegressor,
)
from skcnnlstm.architectures.conv_lstm_grid import build_conv_lstm_grid

ROWS, COLUMNS, STEPS = 5, 6, 4


def shapes(model):
    outputs = {layer.name: layer.output for layer in model.layers}
    first = {n: o[0] if isinstance(o, list | tuple) else o for n, o in outputs.items()}
    return {name: tuple(output.shape[1:]) for name, output in first.items()}


def tiny(**params):
    rest = {"filters": 3, "epochs": 1, "batch_size": 8, "random_state": 0}
    return ConvLSTMGridRegressor(**(rest | params))


def moving(n_features=1, n_ahead=1):
    """Return rows of grids on which a wave moves, and the grids that come next."""
    time = np.arange(30)[:, None, None, None]
    row, column = np.arange(ROWS)[:, None, None], np.arange(COLUMNS)[None, :, None]
    grids = np.sin(time / 2 + row + column / 2 + np.arange(n_features))
    grids += 0.1 * np.random.default_rng(0).standard_normal(grids.shape)
    n_samples = len(grids) - STEPS - n_ahead + 1
    X = np.stack([grids[i : i + STEPS] for i in range(n_samples)])
    y = np.stack([grids[i + STEPS : i + STEPS + n_ahead] for i in range(n_samples)])
    return X, y


# ------------------------------------------------------------------------- the network


def test_the_published_network_has_its_parameters():
    model = build_conv_lstm_grid(
        (10, 16, 16, 16), 16**3, filters=(128, 64, 64), kernel_size=5
    )
    # Table 1 of the paper says 7,585,296 for 5x5-128-5x5-64-5x5-64 on patches of
    # 16 x 16 x 16. Among them are three peephole weights a channel, twice over, which
    # Keras' cell has not; the one blank channel that the forecaster reads is ours.
    peepholes = 2 * 3 * (128 + 64 + 64)
    blank = 5 * 5 * 1 * 4 * 128
    assert model.count_params() == 7_585_296 - peepholes + blank


def test_the_encoder_hands_its_states_to_the_forecaster():
    model = build_conv_lstm_grid(
        (4, 5, 6, 2), 60, output_axes=(2, 1, 1), filters=(8, 3)
    )
    assert shapes(model) == {
        "window": (4, 5, 6, 2),
        "encoder_1": (4, 5, 6, 8),
        "encoder_2": (4, 5, 6, 3),
        "unseen": (2, 5, 6, 1),
        "forecaster_1": (2, 5, 6, 8),
        "forecaster_2": (2, 5, 6, 3),
        "states": (2, 5, 6, 11),
        "output": (2, 5, 6, 1),
        "grids_in_order": (60,),
    }
    for i in (1, 2):
        _, *handed_on = model.get_layer(f"encoder_{i}").output
        taken = model.get_layer(f"forecaster_{i}").input[1:]
        assert [id(state) for state in taken] == [id(state) for state in handed_on]


@pytest.mark.parametrize("shape", [(1,), (5,), (3, 2), (1, 2, 3), (2, 1, 1, 2)])
def test_defaults_build_for_the_smallest_grids(shape):
    n_cells = int(np.prod(shape[1:3])) if len(shape) > 2 else 1
    assert build_conv_lstm_grid(shape, n_cells).output.shape == (None, n_cells)


# ---------------------------------------------------------------------------- the grids


def test_the_next_grid_is_learned_and_comes_in_the_form_it_was_given():
    X, y = moving()
    grid = tiny(filters=8, epochs=30, learning_rate=0.01).fit(X, y[:, 0, ..., 0])
    predicted = grid.predict(X)
    assert predicted.shape == (len(X), ROWS, COLUMNS)
    assert grid.score(X, y[:, 0, ..., 0]) > 0.8
    last = X[:, -1, ..., 0]
    errors = [np.mean((y[:, 0, ..., 0] - p) ** 2) for p in (predicted, last)]
    assert errors[0] < errors[1]


def test_flat_grids_and_grids_without_a_feature_axis_are_the_same_fit():
    X, y = moving()
    expected = tiny().fit(X, y[:, 0]).predict(X)
    assert expected.shape == (len(X), ROWS, COLUMNS, 1)
    for windows in (X, X[..., 0]):
        flat = tiny().fit(windows, y.reshape(len(y), -1)).predict(windows)
        np.testing.assert_array_equal(flat, expected.reshape(len(y), -1))


@pytest.mark.parametrize(("mode", "n_targets"), [("last", 1), ("standard", 2)])
def test_every_cell_has_a_level_of_its_own(mode, n_targets):
    X, y = (np.round(array * 64) / 64 for array in moving(n_features=2))
    regressor = tiny(instance_norm=mode).fit(X, y[:, 0, ..., :n_targets])
    level = np.arange(ROWS * COLUMNS * 2).reshape(ROWS, COLUMNS, 2) * 4.0
    moved = regressor.predict(X + level) - regressor.predict(X)
    expected = np.broadcast_to(level[..., :n_targets], moved.shape)
    np.testing.assert_allclose(moved, expected, atol=1e-3)


def test_a_network_that_says_nothing_forecasts_the_last_grid_with_last():
    X, y = moving(n_ahead=2)
    regressor = tiny(instance_norm="last").initialize(X, y.reshape(len(y), -1))
    model = regressor.model_
    weights = [np.zeros_like(w) for w in model.get_layer("output").get_weights()]
    model.get_layer("output").set_weights(weights)
    said = keras.ops.convert_to_numpy(model(X.astype("float32")))
    last = X[:, -1].reshape(len(X), -1)
    np.testing.assert_allclose(said, np.hstack([last, last]), atol=1e-6)


def test_quantiles_are_those_of_every_cell():
    X, y = moving()
    regressor = tiny(quantiles=(0.1, 0.5, 0.9), instance_norm="last").fit(X, y[:, 0])
    quantiles = regressor.predict_quantiles(X)
    assert quantiles.shape == (len(X), ROWS * COLUMNS, 3)
    np.testing.assert_array_equal(
        regressor.predict(X), quantiles[..., 1].reshape(y[:, 0].shape)
    )


def test_cells_that_are_never_known_are_masked():
    X, y = moving()
    X = X[..., 0].copy()
    X[:, :, 0, 0] = np.nan
    regressor = tiny(missing="mask", instance_norm="standard").fit(X, y[:, 0])
    assert np.isfinite(regressor.predict(X)).all()


def test_missing_history_is_filled_with_the_first_known_grid():
    X, y = moving()
    regressor = tiny().fit(X, y[:, 0])
    part = X.copy()
    part[:, :2] = np.nan
    filled = X.copy()
    filled[:, :2] = X[:, 2:3]
    with pytest.warns(UserWarning, match="26 of 26 samples have no full history"):
        predicted = regressor.predict(part)
    np.testing.assert_array_equal(predicted, regressor.predict(filled))
    with pytest.raises(ValueError, match="one sample with a full history"):
        tiny().fit(part, y[:, 0])
    part[:, 2, 0, 0] = np.nan
    with pytest.raises(ValueError, match="got NaN at sample"):
        regressor.predict(part)


@pytest.mark.parametrize(
    ("change", "params"),
    [
        (lambda y: y[:, :, :-1], {}),
        (lambda y: y.swapaxes(1, 2), {}),
        (lambda y: np.repeat(y, 3, axis=-1), {}),
        (lambda y: y, {"n_targets": 1}),
        (lambda y: y[..., np.newaxis], {}),
    ],
)
def test_a_grid_of_another_shape_is_refused(change, params):
    X, y = moving(n_features=2)
    target = change(y[:, 0])
    message = (
        "y must hold one grid a sample, of shape (n_samples, 5, 6) or (n_samples, 5, "
        f"6, n_targets) with n_targets one of {[1] if params else [1, 2]}: got "
        f"{target.shape}. Use y.reshape(len(y), -1) for several grids, or set "
        "n_targets."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        tiny(**params).fit(X, target)


def test_a_flat_target_must_hold_whole_grids():
    X, y = moving()
    message = (
        "y must hold n_targets values for each of the 30 cells of a grid: got "
        "n_targets=1, n_outputs=29. Use y.reshape(len(y), -1) of whole grids, with "
        "the features as the last axis."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        tiny().fit(X, y.reshape(len(y), -1)[:, :29])


# ----------------------------------------------------------- ConvLSTM reads grids, too


def test_conv_lstm_takes_grids_to_numbers_and_to_labels():
    X, y = moving(n_features=2)
    params = {"filters": 3, "kernel_size": 3, "epochs": 2, "random_state": 0}
    number = y[:, 0, 2, 3, 0]
    regressor = ConvLSTMRegressor(**params).fit(X, number)
    assert regressor.predict(X).shape == number.shape
    assert shapes(regressor.model_)["conv_lstm"] == (ROWS, COLUMNS, 3)
    classifier = ConvLSTMClassifier(**params).fit(X, number > 0)
    assert classifier.predict_proba(X).shape == (len(X), 2)
