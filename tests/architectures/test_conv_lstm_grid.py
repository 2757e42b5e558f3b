"""Tests of the ConvLSTM encoder-forecaster for grids."""

import keras
import numpy as np
import pytest
from networks import check_fit_raises, layer_shapes

from skcnnlstm import ConvLSTMGridRegressor
from skcnnlstm.architectures.conv_lstm_grid import build_conv_lstm_grid

ROWS, COLUMNS, STEPS = 5, 6, 4


def tiny(**params):
    rest = {"filters": 3, "epochs": 1, "batch_size": 8, "random_state": 0}
    return ConvLSTMGridRegressor(**(rest | params))


def moving_wave(n_features=1, n_ahead=1):
    """Return sequences of grids of a moving wave, and the grids that follow."""
    time = np.arange(30)[:, None, None, None]
    row, column = np.arange(ROWS)[:, None, None], np.arange(COLUMNS)[None, :, None]
    grids = np.sin(time / 2 + row + column / 2 + np.arange(n_features))
    grids += 0.1 * np.random.default_rng(0).standard_normal(grids.shape)
    n_samples = len(grids) - STEPS - n_ahead + 1
    X = np.stack([grids[i : i + STEPS] for i in range(n_samples)])
    y = np.stack([grids[i + STEPS : i + STEPS + n_ahead] for i in range(n_samples)])
    return X, y


# --------------------------------------------------------------------- network


def test_published_network_has_the_parameters_of_the_paper():
    model = build_conv_lstm_grid(
        (10, 16, 16, 16), 16**3, filters=(128, 64, 64), kernel_size=5
    )
    # Table 1 of the paper gives 7,585,296 for 5x5-128-5x5-64-5x5-64 on patches of
    # 16 x 16 x 16. These include three peephole weights per channel in the encoder and
    # in the forecaster, which Keras' cell does not have. This forecaster additionally
    # reads one channel of zeros.
    peepholes = 2 * 3 * (128 + 64 + 64)
    blank = 5 * 5 * 1 * 4 * 128
    assert model.count_params() == 7_585_296 - peepholes + blank


def test_forecaster_layers_start_from_the_states_of_the_encoder():
    model = build_conv_lstm_grid(
        (4, 5, 6, 2), 60, output_axes=(2, 1, 1), filters=(8, 3)
    )
    assert layer_shapes(model) == {
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
        _, *final = model.get_layer(f"encoder_{i}").output
        initial = model.get_layer(f"forecaster_{i}").input[1:]
        assert [id(state) for state in initial] == [id(state) for state in final]


@pytest.mark.parametrize("shape", [(1,), (5,), (3, 2), (1, 2, 3), (2, 1, 1, 2)])
def test_default_parameters_accept_the_smallest_grids(shape):
    n_cells = int(np.prod(shape[1:3])) if len(shape) > 2 else 1
    assert build_conv_lstm_grid(shape, n_cells).output.shape == (None, n_cells)


# ------------------------------------------------------------------- regressor


def test_predictions_have_the_shape_of_y_and_beat_the_last_grid():
    X, y = moving_wave()
    grid = tiny(filters=8, epochs=30, learning_rate=0.01).fit(X, y[:, 0, ..., 0])
    predicted = grid.predict(X)
    assert predicted.shape == (len(X), ROWS, COLUMNS)
    assert grid.score(X, y[:, 0, ..., 0]) > 0.8
    actual, last = y[:, 0, ..., 0], X[:, -1, ..., 0]
    assert np.mean((actual - predicted) ** 2) < np.mean((actual - last) ** 2)


def test_flat_targets_and_grids_without_feature_axis_train_equally():
    X, y = moving_wave()
    expected = tiny().fit(X, y[:, 0]).predict(X)
    assert expected.shape == (len(X), ROWS, COLUMNS, 1)
    for windows in (X, X[..., 0]):
        flat = tiny().fit(windows, y.reshape(len(y), -1)).predict(windows)
        np.testing.assert_array_equal(flat, expected.reshape(len(y), -1))


@pytest.mark.parametrize(("mode", "n_targets"), [("last", 1), ("standard", 2)])
def test_a_shift_of_one_cell_shifts_only_the_forecast_of_this_cell(mode, n_targets):
    X, y = (np.round(array * 64) / 64 for array in moving_wave(n_features=2))
    regressor = tiny(instance_norm=mode).fit(X, y[:, 0, ..., :n_targets])
    level = np.arange(ROWS * COLUMNS * 2).reshape(ROWS, COLUMNS, 2) * 4.0
    moved = regressor.predict(X + level) - regressor.predict(X)
    expected = np.broadcast_to(level[..., :n_targets], moved.shape)
    np.testing.assert_allclose(moved, expected, atol=1e-3)


def test_a_network_with_zero_output_forecasts_the_last_grid():
    X, y = moving_wave(n_ahead=2)
    regressor = tiny(instance_norm="last", linear_skip=False)
    model = regressor.initialize(X, y.reshape(len(y), -1)).model_
    weights = [np.zeros_like(w) for w in model.get_layer("output").get_weights()]
    model.get_layer("output").set_weights(weights)
    predicted = keras.ops.convert_to_numpy(model(X.astype("float32")))
    last = X[:, -1].reshape(len(X), -1)
    np.testing.assert_allclose(predicted, np.hstack([last, last]), atol=1e-6)


def test_quantiles_are_predicted_for_every_cell():
    X, y = moving_wave()
    regressor = tiny(quantiles=(0.1, 0.5, 0.9), instance_norm="last").fit(X, y[:, 0])
    quantiles = regressor.predict_quantiles(X)
    assert quantiles.shape == (len(X), ROWS * COLUMNS, 3)
    np.testing.assert_array_equal(
        regressor.predict(X), quantiles[..., 1].reshape(y[:, 0].shape)
    )


def test_cells_that_are_missing_in_every_grid_are_masked():
    X, y = moving_wave()
    X = X[..., 0].copy()
    X[:, :, 0, 0] = np.nan
    regressor = tiny(missing="mask", instance_norm="standard").fit(X, y[:, 0])
    assert np.isfinite(regressor.predict(X)).all()


def test_missing_history_is_filled_with_the_first_known_grid():
    X, y = moving_wave()
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
def test_targets_of_another_grid_shape_raise_value_error(change, params):
    X, y = moving_wave(n_features=2)
    target = change(y[:, 0])
    message = (
        "y must have shape (n_samples, 5, 6) or (n_samples, 5, 6, n_targets), where "
        f"n_targets is one of {[1] if params else [1, 2]}: got shape "
        f"{target.shape}. Use y.reshape(len(y), -1) for several grids, or set "
        "n_targets."
    )
    check_fit_raises(tiny(**params), ValueError, message, X, target)


def test_flat_targets_must_hold_whole_grids():
    X, y = moving_wave()
    message = (
        "y must hold n_targets values for each of the 30 cells of a grid: got "
        "n_targets=1, n_outputs=29. Build y from whole grids with the features on the "
        "last axis: y.reshape(len(y), -1)."
    )
    check_fit_raises(tiny(), ValueError, message, X, y.reshape(len(y), -1)[:, :29])
