"""Tests of `instance_norm="seasonal"` and its layer."""

import numpy as np
import pytest

from skcnnlstm import CNNLSTMRegressor, CNNRegressor, SeriesForecaster
from skcnnlstm.datasets import load_airline
from skcnnlstm.layers.seasonal_norm import NormaliseSeason


def tiny(**params):
    settings = {"filters": 2, "epochs": 1, "random_state": 0, "batch_size": 16}
    return CNNRegressor(**settings | params)


def seasonal(season_length, **params):
    return tiny(instance_norm="seasonal", season_length=season_length, **params)


def test_a_network_with_zero_output_repeats_the_last_season():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 8, 3)).astype(np.float32)
    regressor = seasonal(3, n_targets=2).initialize(X, rng.normal(size=(20, 10 * 2)))
    output = regressor.model_.get_layer("output")
    output.set_weights([np.zeros_like(values) for values in output.get_weights()])
    steps = 8 - 3 + np.arange(10) % 3
    expected = X[:, steps, :2].reshape(20, -1)
    np.testing.assert_allclose(regressor.model_(X), expected, rtol=1e-6)


@pytest.mark.parametrize("season_length", [1, 3, 4, 8])
@pytest.mark.parametrize("horizon", [1, 4, 10])
def test_each_step_is_shifted_by_its_value_in_the_last_season(season_length, horizon):
    X = np.random.default_rng(0).normal(size=(20, 8, 3)).astype(np.float32)
    layer = NormaliseSeason(season_length, n_targets=2, n_outputs=horizon * 2)
    steps = 8 - season_length + np.arange(horizon) % season_length
    np.testing.assert_array_equal(layer(X)[1], X[:, steps, :2].reshape(20, -1))


def test_the_last_season_is_subtracted_from_the_window():
    window = np.array([[[1.0], [20], [3], [40], [5], [60], [7]]], np.float32)
    normalised, shift, scale = NormaliseSeason(4, n_targets=1, n_outputs=6)(window)
    assert np.ravel(normalised).tolist() == [1 - 5, 20 - 60, 3 - 7, 0, 0, 0, 0]
    assert np.ravel(shift).tolist() == [40, 5, 60, 7, 40, 5]
    assert (np.ravel(scale) == 1).all()


def test_nan_in_the_last_season_is_replaced_by_its_mean():
    window = np.array([[[1.0], [2], [3], [np.nan], [8]]], np.float32)
    normalised, shift, _ = NormaliseSeason(3, n_targets=1, n_outputs=3)(window)
    assert np.ravel(shift).tolist() == [3, 5.5, 8]
    np.testing.assert_array_equal(np.ravel(normalised), [1 - 5.5, 2 - 8, 0, np.nan, 0])


def test_a_season_of_one_step_equals_the_mode_last():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 6, 2)), rng.normal(size=(30, 4))
    one = seasonal(1, n_targets=2).fit(X, y).predict(X)
    last = tiny(instance_norm="last", n_targets=2).fit(X, y).predict(X)
    np.testing.assert_allclose(one, last, rtol=1e-5, atol=1e-6)


def test_a_shift_of_the_window_shifts_the_forecast():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 8)), rng.normal(size=(30, 3))
    network = seasonal(4, linear_skip=True).fit(X, y)
    np.testing.assert_allclose(network.predict(X + 50), network.predict(X) + 50, 1e-4)


def test_static_features_stay_as_they_are():
    window = np.random.default_rng(0).standard_normal((2, 6, 3)).astype("float32")
    expected, *_ = NormaliseSeason(3, n_targets=1, n_outputs=2)(window[..., :2])
    layer = NormaliseSeason(3, n_targets=1, n_outputs=2, n_static=1)
    normalised, *_ = NormaliseSeason.from_config(layer.get_config())(window)
    np.testing.assert_array_equal(normalised[..., :2], expected)
    np.testing.assert_array_equal(normalised[..., 2], window[..., 2])


def test_cnn_lstm_supports_seasonal_normalization():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 12)), rng.normal(size=(30, 2))
    network = CNNLSTMRegressor(
        filters=2, lstm_units=2, epochs=1, instance_norm="seasonal", season_length=6
    ).fit(X, y)
    assert network.predict(X).shape == (30, 2)


def test_a_forecaster_keeps_the_chosen_normalization():
    forecaster = SeriesForecaster(seasonal(12), window_length=24, horizon=12)
    forecaster.fit(load_airline())
    assert forecaster.estimator_.instance_norm == "seasonal"
    assert forecaster.forecast().shape == (12,)


def test_invalid_season_lengths_raise_an_error():
    X, y = np.zeros((9, 6)), np.zeros(9)
    with pytest.raises(ValueError) as caught:
        seasonal(7).fit(X, y)
    assert str(caught.value) == (
        "season_length must be at most window_length with instance_norm='seasonal': "
        "got season_length=7, window_length=6. Use longer windows or a shorter season."
    )
    with pytest.raises(
        TypeError, match=r"^season_length must be an integer >= 1: got "
    ):
        seasonal("7").fit(X, y)
    with pytest.raises(TypeError) as caught:
        seasonal(None).fit(X, y)
    assert str(caught.value) == (
        "season_length must be an integer with instance_norm='seasonal': got "
        "season_length=None. Use season_length=7 for daily data with a weekly pattern, "
        "12 for monthly data with a yearly pattern."
    )


def test_season_length_has_no_effect_on_other_modes():
    X, y = np.zeros((9, 6)), np.zeros(9)
    tiny(instance_norm="last", season_length=7).fit(X, y)


def test_seasonal_normalization_supports_masks_and_quantiles():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 8, 2)), rng.normal(size=(30, 3))
    X[4, 5] = X[7, 2, 1] = np.nan
    network = seasonal(4, missing="mask", quantiles=(0.1, 0.5, 0.9)).fit(X, y)
    before = network.predict_quantiles(X)
    assert before.shape == (30, 3, 3)
    np.testing.assert_allclose(network.predict_quantiles(X + 50), before + 50, 1e-4)
