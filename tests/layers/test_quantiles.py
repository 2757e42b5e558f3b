"""Quantiles: what they cover, how they are ordered, and what goes with them."""

import pickle
import re

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skcnnlstm import CNNRegressor, LastSteps, SeriesForecaster
from skcnnlstm.layers.quantiles import PinballLoss

THREE = (0.05, 0.5, 0.95)


def tiny(**params):
    rest = {"filters": 3, "dense_units": 4, "epochs": 2, "random_state": 0}
    return CNNRegressor(**(rest | params))


def noisy(n_samples, seed):
    """Return windows, and targets whose deviation grows with the last step."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n_samples, 4))
    deviation = np.exp(1.2 * X[:, -1])
    return X, X.sum(axis=1) + deviation * rng.standard_normal(n_samples)


def test_quantiles_cover_what_they_say_where_noise_is_small_and_where_it_is_large():
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    regressor = CNNRegressor(
        filters=16, epochs=60, batch_size=256, quantiles=levels, random_state=1
    ).fit(*noisy(4000, seed=0))
    X, y = noisy(8000, seed=1)
    below = y[:, None, None] <= regressor.predict_quantiles(X)
    for part in (X[:, -1] > 0.2, X[:, -1] < -0.2):
        np.testing.assert_allclose(below[part].mean(axis=(0, 1)), levels, atol=0.05)


def test_the_loss_is_that_of_the_definition():
    true = np.array([[[2.0, 2.0, 2.0]]], "float32")
    predicted = np.array([[[1.0, 3.0, 2.5]]], "float32")
    # .1 of one too low, half of one too high, .1 of a half too high
    loss = PinballLoss((0.1, 0.5, 0.9))(true, predicted)
    expected = (0.1 * 1 + 0.5 * 1 + 0.1 * 0.5) / 3
    assert float(keras.ops.convert_to_numpy(loss)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("instance_norm", "linear_skip", "scale"),
    [(None, False, 1), ("last", True, 1e-4), ("standard", True, 1e4)],
)
def test_quantiles_never_cross(instance_norm, linear_skip, scale):
    X, y = noisy(200, seed=0)
    regressor = tiny(
        quantiles=(0.1, 0.3, 0.5, 0.9),
        instance_norm=instance_norm,
        linear_skip=linear_skip,
    ).fit(scale * X, scale * y)
    elsewhere = 100 * scale * np.random.default_rng(1).standard_normal((500, 4))
    assert (np.diff(regressor.predict_quantiles(elsewhere)) >= 0).all()


def test_the_level_moves_every_quantile_of_every_target():
    rng = np.random.default_rng(0)
    X = np.round(rng.standard_normal((60, 4, 2)) * 64) / 64
    y = np.round(rng.standard_normal((60, 4)) * 64) / 64  # two steps of two targets
    regressor = tiny(quantiles=THREE, instance_norm="last", n_targets=2).fit(X, y)
    moved = regressor.predict_quantiles(X + np.array([64.0, 256.0]))
    shift = moved - regressor.predict_quantiles(X)
    expected = np.broadcast_to(np.array([[64], [256], [64], [256]]), shift.shape)
    np.testing.assert_allclose(shift, expected, atol=1e-4)


def test_the_target_of_one_output_keeps_its_axis_in_the_quantiles_alone():
    X, y = noisy(40, seed=0)
    regressor = tiny(quantiles=THREE).fit(X, y)
    assert regressor.predict(X).shape == (40,)
    assert regressor.predict_quantiles(X).shape == (40, 1, 3)
    assert np.isfinite(regressor.score(X, y))


def test_a_clone_a_pickle_and_a_second_fit_give_the_same_quantiles():
    X, y = noisy(60, seed=0)
    first = tiny(quantiles=list(THREE)).fit(X, y)
    expected = first.predict_quantiles(X)
    again = clone(first).fit(X, y).predict_quantiles(X)
    np.testing.assert_array_equal(again, expected)
    copy = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(copy.predict_quantiles(X), expected)
    assert copy.get_params()["quantiles"] == [0.05, 0.5, 0.95]


def test_other_quantiles_are_another_program():
    X, y = noisy(60, seed=0)
    wide, narrow = (
        tiny(quantiles=(low, 0.5, 1 - low), epochs=20, learning_rate=0.01)
        .fit(X, y)
        .predict_quantiles(X)
        for low in (0.01, 0.4)
    )
    spread = [np.mean(q[..., 2] - q[..., 0]) for q in (wide, narrow)]
    assert spread[0] > spread[1]


def test_early_stopping_weights_and_partial_fit_go_with_quantiles():
    X, y = noisy(60, seed=0)
    weight = np.linspace(0, 1, 60)
    regressor = tiny(quantiles=THREE, early_stopping=True).fit(X, y, weight)
    assert "val_loss" in regressor.history_
    assert len(regressor.partial_fit(X, y).history_["loss"]) == 3


def test_what_a_fitted_network_offers_does_not_follow_the_parameters():
    X, y = noisy(40, seed=0)
    assert not hasattr(tiny(), "predict_quantiles")
    plain = tiny(epochs=1).fit(X, y).set_params(quantiles=THREE)
    assert not hasattr(plain, "predict_quantiles")
    quantiles = tiny(epochs=1, quantiles=THREE).fit(X, y).set_params(quantiles=None)
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
            {"quantiles": THREE, "loss": "mae"},
            ValueError,
            "loss must not be set beside quantiles, which are learned by the pinball "
            "loss: got loss='mae', quantiles=(0.05, 0.5, 0.95). Leave loss as it is, "
            "or set quantiles=None.",
        ),
        (
            {"quantiles": THREE, "loss__delta": 2.0},
            ValueError,
            "loss must not be set beside quantiles",
        ),
    ],
)
def test_what_quantiles_cannot_be_is_refused_with_the_rule(params, error, message):
    regressor = tiny(**params)
    with pytest.raises(error, match=re.escape(message)):
        regressor.fit(*noisy(20, seed=0))
    assert vars(regressor) == regressor.get_params()  # nothing was changed


# -------------------------------------------------------------- through the forecaster


def forecaster_of(network, **params):
    rest = {"window_length": 12, "horizon": 3, "transformer": "log"}
    return SeriesForecaster(network, **(rest | params))


def hundreds(n_rows=80):
    t = np.arange(n_rows)
    noise = np.random.default_rng(0).normal(size=n_rows)
    index = pd.date_range("2020-01-01", periods=n_rows, freq="D")
    return pd.Series(300 + 100 * np.sin(t / 3) + 20 * noise, index, name="load")


def test_a_forecaster_gives_the_quantiles_of_its_network():
    series = hundreds()
    forecaster = forecaster_of(tiny(quantiles=THREE)).fit(series)
    quantiles = forecaster.forecast_quantiles()
    scaled = forecaster.transformer_.transform(series.to_numpy()[:, None])[-12:]
    raw = forecaster.estimator_.predict_quantiles(scaled.reshape(1, 12, 1))[0]
    expected = forecaster.transformer_.inverse_transform(raw)
    np.testing.assert_allclose(quantiles, expected, rtol=1e-6)
    assert quantiles.columns.tolist() == list(THREE)
    assert quantiles.index.equals(forecaster.forecast().index)
    np.testing.assert_array_equal(quantiles[0.5], forecaster.forecast())


def test_quantiles_of_each_row_are_those_of_forecasts_made_there():
    series = hundreds()
    forecaster = forecaster_of(tiny(quantiles=THREE)).fit(series[:-4])
    rows = forecaster.predict_quantiles(series[-4:])
    assert rows.shape == (4, 3, 3)
    np.testing.assert_array_equal(rows[..., 1], forecaster.predict(series[-4:]))
    after = forecaster.update(series[-4:]).forecast_quantiles()
    np.testing.assert_allclose(rows[-1], after, rtol=1e-6)


def test_an_interval_lies_between_two_quantiles():
    forecaster = forecaster_of(tiny(quantiles=(0.05, 0.25, 0.5, 0.75, 0.95)))
    forecaster.fit(hundreds())
    quantiles = forecaster.forecast_quantiles()
    for coverage, low, high in ((0.9, 0.05, 0.95), (0.5, 0.25, 0.75)):
        interval = forecaster.forecast_interval(coverage=coverage)
        np.testing.assert_array_equal(interval, quantiles[[0.5, low, high]])


def test_a_warning_of_short_history_points_at_the_call_for_quantiles_too():
    series = hundreds()
    forecaster = forecaster_of(tiny(quantiles=THREE))
    forecaster.fit(series[:70]).update(series[76:])
    for call in (forecaster.forecast_quantiles, forecaster.forecast_interval):
        with pytest.warns(UserWarning, match="rows since the last gap") as caught:
            call()
        assert [warning.filename for warning in caught] == [__file__]


def test_calibrated_intervals_come_before_those_of_quantiles():
    series = hundreds(160)
    network = tiny(quantiles=THREE)
    forecaster = forecaster_of(network, calibration_fraction=0.3).fit(series)
    interval = forecaster.forecast_interval(coverage=0.6)
    ratio = interval["upper"] / interval["forecast"]
    np.testing.assert_allclose(ratio, interval["forecast"] / interval["lower"])


def test_quantiles_of_many_columns_and_series_have_their_form():
    one = hundreds()
    frame = pd.DataFrame({"a": one, "b": 2 * one})
    joint = forecaster_of(make_pipeline(LastSteps(6), tiny(quantiles=THREE)))
    quantiles = joint.fit(frame).forecast_quantiles()
    assert quantiles.columns.names == ["target", "quantile"]
    assert quantiles["b"].columns.tolist() == list(THREE)
    later = frame[-2:].set_axis(pd.date_range("2020-03-21", periods=2, freq="D"))
    assert joint.predict_quantiles(later).shape == (2, 3, 2, 3)
    by_name = forecaster_of(tiny(quantiles=THREE)).fit({"x": one, "y": 2 * one})
    assert list(by_name.forecast_quantiles()) == ["x", "y"]
    assert by_name.forecast_interval()["y"].shape == (3, 3)


@pytest.mark.parametrize(
    ("network", "params", "call", "message"),
    [
        (
            {},
            {},
            lambda f: f.forecast_quantiles(),
            "estimator must be a network with quantiles: got",
        ),
        (
            {"quantiles": THREE},
            {},
            lambda f: f.forecast_interval(coverage=0.8),
            "coverage must lie between two quantiles of the network: got "
            "coverage=0.8, quantiles=(0.05, 0.5, 0.95). Use one of 0.9, fit with "
            "quantiles=(0.1, 0.5, 0.9), or set a calibration_fraction.",
        ),
        (
            {"quantiles": THREE},
            {},
            lambda f: f.forecast_quantiles(4),
            "steps must be at most what the network forecasts at once, because "
            "forecasts that are fed back have no quantiles: got steps=4, 3 at once. "
            "Use SeriesForecaster(..., horizon=4).",
        ),
        (
            {"quantiles": THREE},
            {"strategy": "recursive"},
            lambda f: f.predict_quantiles(hundreds()),
            'got steps=3, 1 at once. Use strategy="direct".',
        ),
    ],
)
def test_what_a_forecaster_cannot_say_of_quantiles(network, params, call, message):
    forecaster = forecaster_of(tiny(epochs=1, **network), **params).fit(hundreds())
    with pytest.raises(ValueError, match=re.escape(message)):
        call(forecaster)
