"""Tests of LSTNet."""

import keras
import numpy as np
import pytest
from networks import check_fit_raises, count_conv, count_dense, layer_shapes

from skcnnlstm import LSTNetRegressor, SeriesForecaster
from skcnnlstm.architectures.lstnet import (
    FoldPeriods,
    JoinPhases,
    autoregression,
    build_lstnet,
)

SMALL = {"filters": 4, "gru_units": 3, "skip": 4, "skip_units": 2, "highway_window": 6}


def tiny(**params):
    return LSTNetRegressor(**(SMALL | {"epochs": 2, "random_state": 0} | params))


def waves(n_features=3, length=9):
    rng = np.random.default_rng(0)
    series = np.sin(np.arange(60)[:, None] / 3 + np.arange(n_features))
    series += 0.1 * rng.standard_normal(series.shape)
    X = np.lib.stride_tricks.sliding_window_view(series[:-1], length, axis=0)
    return X.transpose(0, 2, 1), series[length:]


def test_published_network_has_the_layers_and_parameters_of_the_paper():
    model = build_lstnet((168, 8), 8, output_axes=(1, 8, 1))
    assert layer_shapes(model) == {
        "window": (168, 8),
        "no_history": (173, 8),
        "conv": (168, 100),
        "dropout_conv": (168, 100),
        "phases": (7, 100),
        "gru": (100,),
        "skip_gru": (5,),
        "joined_phases": (120,),
        "dropout_gru": (100,),
        "dropout_skip_gru": (120,),
        "features": (220,),
        "output": (8,),
        "recent_steps": (24, 8),
        "steps_of_features": (8, 24),
        "highway": (8, 1),
        "highway_output": (8,),
        "with_highway": (8,),
    }
    assert model.count_params() == sum(
        [
            count_conv(6, 8, 100),  # six steps of all variables
            3 * 100 * (100 + 100 + 2),  # GRU, two biases
            3 * 5 * (100 + 5 + 2),  # skip-GRU, shared by the 24 phases
            count_dense(100 + 24 * 5, 8),
            24 + 1,  # autoregression, shared by the variables
        ]
    )


def test_fold_periods_returns_steps_that_are_one_period_apart():
    sequence = np.arange(12.0, dtype="float32").reshape(2, 6, 1)
    folded = FoldPeriods(3)(sequence)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(folded)[..., 0],
        [[0, 3], [1, 4], [2, 5], [6, 9], [7, 10], [8, 11]],
    )
    joined = JoinPhases(3)(folded[:, -1])  # the last state of each phase
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(joined), [[3, 4, 5], [9, 10, 11]]
    )


def test_autoregression_orders_its_outputs_by_step_then_target():
    window = keras.Input((2, 3))
    model = keras.Model(window, autoregression(window, (2, 2, 1)))
    # Step 1 is the first value; step 2 is the second value plus 0.5.
    model.get_layer("highway").set_weights([np.eye(2), np.array([0, 0.5])])
    output = model(np.array([[[1, 10, 100], [2, 20, 200]]], "float32"))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(output), [[1, 10, 2.5, 20.5]]
    )


@pytest.mark.parametrize(
    ("length", "present", "absent"),
    [
        (1, {"highway": (1, 1)}, {"skip_gru", "recent_steps"}),
        (5, {"conv": (5, 100), "highway": (1, 1)}, {"skip_gru", "recent_steps"}),
        (23, {"highway": (1, 1)}, {"skip_gru", "recent_steps"}),
        (24, {"phases": (1, 100)}, {"whole_periods", "recent_steps"}),
        (50, {"whole_periods": (48, 100), "phases": (2, 100)}, set()),
    ],
)
def test_windows_of_any_length_are_accepted(length, present, absent):
    shapes = layer_shapes(build_lstnet((length,), 1))
    assert present.items() <= shapes.items()
    assert not absent & set(shapes)


def test_skip_gru_and_autoregression_can_be_removed():
    shapes = layer_shapes(build_lstnet((48, 2), 2, skip=None, highway_window=None))
    assert not {"skip_gru", "highway"} & set(shapes)
    assert shapes["output"] == (2,)


def test_the_autoregression_of_a_feature_reads_only_this_feature():
    X, y = waves()
    regressor = tiny(filters=1, gru_units=1, skip=None).initialize(X, y)
    changed = X.copy()
    changed[:, -1, 1] += 1
    model = regressor.model_
    weights = [np.zeros_like(w) for w in model.get_layer("output").get_weights()]
    model.get_layer("output").set_weights(weights)  # only the autoregression remains
    change = np.array(model(changed.astype("float32")) - model(X.astype("float32")))
    assert abs(change[:, 1]).min() > 0
    np.testing.assert_array_equal(change[:, [0, 2]], 0)


@pytest.mark.parametrize(
    ("n_outputs", "params", "axes"),
    [
        (3, {}, (1, 3, 1)),
        (6, {}, (2, 3, 1)),
        (1, {}, (1, 1, 1)),  # not a multiple of the features: steps of the first one
        (4, {}, (4, 1, 1)),
        (3, {"n_targets": 1}, (3, 1, 1)),
        (4, {"n_targets": 2}, (2, 2, 1)),
        (6, {"quantiles": (0.1, 0.5)}, (2, 3, 2)),
    ],
)
def test_the_width_of_y_determines_its_steps_and_targets(n_outputs, params, axes):
    X, _ = waves()
    y = np.random.default_rng(0).standard_normal((len(X), n_outputs))
    regressor = tiny(**params).initialize(X, y)
    horizon, n_targets, n_quantiles = axes
    highway = regressor.model_.get_layer("highway").output
    assert highway.shape[1:] == (n_targets, horizon * n_quantiles)


def test_more_targets_than_features_raise_value_error():
    X, _ = waves(n_features=1)
    message = (
        "n_targets must be at most the number of features: got n_targets=2, "
        "n_features=1. The autoregression of LSTNet continues the first n_targets "
        "features of the window. Set highway_window=None to remove it."
    )
    y = np.zeros((len(X), 2))
    check_fit_raises(tiny(n_targets=2), ValueError, message, X, y)


def test_the_class_has_the_training_parameters_of_the_paper():
    regressor = LSTNetRegressor()
    assert (regressor.loss, regressor.batch_size) == ("mae", 128)
    assert regressor.get_params()["optimizer__global_clipnorm"] == 10.0
    assert 'default="mae"' in type(regressor).__doc__
    assert "optimizer__global_clipnorm=1.0" in repr(
        LSTNetRegressor(optimizer__global_clipnorm=1.0)
    )


def test_gradients_are_clipped_by_their_global_norm_by_default():
    X, y = waves(length=2)
    sgd = {"optimizer": "sgd", "learning_rate": 1.0, "epochs": 1, "dropout": 0.0}
    initial, clipped, unclipped = (
        np.concatenate([w.ravel() for w in regressor.model_.get_weights()])
        for regressor in (
            tiny(**sgd).initialize(X, y),
            tiny(optimizer__global_clipnorm=1e-3, **sgd).fit(X, y),
            tiny(optimizer__global_clipnorm=None, **sgd).fit(X, y),
        )
    )
    assert np.linalg.norm(clipped - initial) == pytest.approx(1e-3, rel=1e-2)
    assert np.linalg.norm(unclipped - initial) > 1e-2


def test_an_optimizer_instance_keeps_its_clipping():
    X, y = waves()
    adam = keras.optimizers.Adam(clipnorm=1.0)
    regressor = tiny(optimizer=adam).initialize(X, y)
    assert '"global_clipnorm": null' in regressor._optimizer
    with pytest.raises(TypeError, match="optimizer must be a name or a class if set"):
        regressor.set_params(optimizer__global_clipnorm=3.0).fit(X, y)


def test_a_forecaster_forecasts_all_columns_and_steps():
    _, y = waves()
    network = tiny(skip=None, epochs=1)
    forecaster = SeriesForecaster(network, window_length=3, horizon=2).fit(y)
    assert forecaster.estimator_.n_targets == 3
    assert forecaster.forecast(5).shape == (5, 3)


def test_another_way_of_clipping_replaces_the_default():
    fitted = tiny(optimizer__clipnorm=1.0).fit(*waves())
    assert '"clipnorm": 1.0' in fitted._optimizer
    assert '"global_clipnorm": null' in fitted._optimizer


@pytest.mark.parametrize("quantiles", [None, (0.1, 0.5, 0.9)])
def test_masks_of_missing_values_do_not_count_as_features(quantiles):
    windows, y = np.zeros((8, 6, 1)), np.zeros((8, 2))
    masked = tiny(missing="mask", n_targets=2, quantiles=quantiles)
    message = "got n_targets=2, n_features=1"
    check_fit_raises(masked, ValueError, message, windows, y)
    assert masked.set_params(highway_window=None).initialize(windows, y)
