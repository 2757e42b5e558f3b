"""Tests that equal specifications share a program and changed objects do not."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from training_helpers import (
    SGD,
    TINY_RATE,
    Adam,
    LossWithoutConfig,
    ScaledError,
    X,
    assert_equal_weights,
    run_cell,
    tiny,
    weights,
    weights_differ,
    y,
)

from skcnnlstm import CNNRegressor
from skcnnlstm.training import clear_programs

# Each function below returns parameters of an estimator and a function that changes
# the factor of the loss or the optimizer in them.


def loss_by_global():
    names = run_cell(
        """
        def loss(target, predicted):
            return factor * keras.ops.mean((target - predicted) ** 2, axis=-1)
        """,
        factor=1.0,
    )
    return {"loss": names["loss"]}, lambda factor: names.update(factor=factor)


def loss_by_global_of_another_function():
    names = run_cell(
        """
        def scale(error):
            return factor * error

        def loss(target, predicted):
            return scale(keras.ops.mean((target - predicted) ** 2, axis=-1))
        """,
        factor=1.0,
    )
    return {"loss": names["loss"]}, lambda factor: names.update(factor=factor)


def loss_by_attribute():
    loss = ScaledError(1.0)
    return {"loss": loss}, lambda factor: setattr(loss, "factor", factor)


def loss_by_method():
    loss = ScaledError(1.0)
    return {"loss": loss.method}, lambda factor: setattr(loss, "factor", factor)


def loss_by_list():
    factors = [1.0]

    def loss(target, predicted):
        return factors[0] * keras.ops.mean((target - predicted) ** 2, axis=-1)

    return {"loss": loss}, lambda factor: factors.__setitem__(0, factor)


def optimizer_by_attribute():
    class ScaledSGD(SGD):
        factor = 0.5

        def update_step(self, gradient, variable, learning_rate):
            super().update_step(self.factor * gradient, variable, learning_rate)

    optimizer = ScaledSGD(0.01)
    optimizer.factor = 1.0
    return {"optimizer": optimizer}, lambda f: setattr(optimizer, "factor", f)


def optimizer_by_class():
    params, _ = optimizer_by_attribute()
    cls = type(params["optimizer"])
    cls.factor = 1.0
    params = {"optimizer": cls, "learning_rate": 0.01}
    return params, lambda factor: setattr(cls, "factor", factor)


@pytest.mark.parametrize(
    "create",
    [
        loss_by_attribute,
        loss_by_method,
        loss_by_list,
        pytest.param(optimizer_by_attribute, marks=pytest.mark.heavy),
        optimizer_by_class,
    ],
)
def test_a_changed_user_defined_object_is_traced_again(create, traces):
    params, change = create()
    params = {"loss": "mse", "optimizer": SGD(0.01), "epochs": 3} | params
    first = tiny(CNNRegressor, **params).fit(X, y)
    change(5.0)
    changed = tiny(CNNRegressor, **params).fit(X, y)
    assert traces["epoch_function"] == 2
    assert weights_differ(first, changed)
    # Five times the gradient is equivalent to five times the learning rate.
    expected = tiny(CNNRegressor, loss="mse", optimizer=SGD(0.05), epochs=3).fit(X, y)
    for one, other in zip(weights(changed), weights(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    change(1.0)
    n_traces = traces["epoch_function"]
    assert_equal_weights(tiny(CNNRegressor, **params).fit(X, y), first)
    assert traces["epoch_function"] == n_traces


@pytest.mark.parametrize("create", [loss_by_global, loss_by_global_of_another_function])
def test_a_changed_global_has_an_effect_after_clear_programs(create, traces):
    params, change = create()
    first = tiny(CNNRegressor, **params).fit(X, y)
    change(5.0)
    assert_equal_weights(tiny(CNNRegressor, **params).fit(X, y), first)
    assert traces["epoch_function"] == 1
    clear_programs()
    assert weights_differ(tiny(CNNRegressor, **params).fit(X, y), first)
    assert traces["epoch_function"] == 2


class ConstantMetric(keras.metrics.Metric):
    """A metric that returns its attribute `constant`, which its config omits."""

    def __init__(self, constant=1.0, name="constant", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.constant = constant
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, target, predicted, sample_weight=None):
        self.total.assign(self.constant)

    def result(self):
        return self.total


def test_a_metric_keeps_attributes_that_its_config_omits(traces):
    for constant in (3.0, 5.0, 3.0):
        estimator = tiny(CNNRegressor, metrics=[ConstantMetric(constant)]).fit(X, y)
        assert estimator.history_["constant"] == [constant, constant]
    assert traces["epoch_function"] == 2


def test_a_name_class_or_instance_of_an_optimizer_share_one_program(traces):
    for optimizer in ("adam", Adam, Adam(), Adam(0.5), Adam(name="mine")):
        tiny(optimizer=optimizer).fit(X, y)
    assert traces["epoch_function"] == 1
    tiny(optimizer=Adam(beta_1=0.5)).fit(X, y)
    assert traces["epoch_function"] == 2


def test_loss_functions_of_equal_name_are_distinguished_by_their_closure(traces):
    def times(factor):
        def loss(target, predicted):
            return factor * keras.ops.mean((target - predicted) ** 2, axis=-1)

        return loss

    one, two = times(1.0), times(2.0)
    first, again, other = (
        clone(tiny(loss=loss, learning_rate=TINY_RATE, epochs=1)).fit(X, y)
        for loss in (one, one, two)
    )
    assert traces["epoch_function"] == 2
    assert first.history_ == again.history_
    assert other.history_["loss"][0] == pytest.approx(2 * first.history_["loss"][0])


def test_losses_and_metrics_with_equal_settings_share_one_program(traces):
    class Bias(keras.metrics.MeanMetricWrapper):
        def __init__(self, name="bias", dtype=None):
            super().__init__(lambda t, p: p - t, name, dtype)

        def get_config(self):
            return {"name": self.name}

    fitted = []
    for _ in range(2):
        for params in (
            {"loss": LossWithoutConfig(5.0)},
            {"loss": LossWithoutConfig(2.0)},
            {"loss": "huber", "loss__delta": 0.3},
            {"metrics": [Bias()]},
        ):
            fitted.append(tiny(**params, learning_rate=TINY_RATE).fit(X, y))
    assert traces["epoch_function"] == 4
    for first, second in zip(fitted[:4], fitted[4:], strict=True):
        assert first.history_ == second.history_
    bias = np.mean(fitted[3].predict(X) - y)
    assert fitted[3].history_["bias"] == [pytest.approx(bias, abs=1e-6)] * 2
