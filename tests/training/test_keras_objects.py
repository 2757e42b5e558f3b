"""Tests of losses, metrics and optimizers: spellings, settings and copies."""

import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error, mean_squared_error
from sklearn.pipeline import make_pipeline
from training_helpers import (
    SGD,
    TINY_RATE,
    Adam,
    LossWithoutConfig,
    ScaledError,
    X,
    assert_equal_weights,
    tiny,
    weights_differ,
    y,
)

from skcnnlstm import CNNRegressor


def pinball(target, predicted):
    error = target - predicted
    return keras.ops.mean(keras.ops.maximum(0.9 * error, -0.1 * error), axis=-1)


def huber(delta):
    return lambda t, p: float(keras.losses.Huber(delta)(t[:, None], p[:, None]))


LOSSES = {
    "mse": ("mse", mean_squared_error),
    "long name": ("mean_absolute_error", mean_absolute_error),
    "class name": ("MeanAbsoluteError", mean_absolute_error),
    "function": (keras.losses.mean_absolute_error, mean_absolute_error),
    "class": (keras.losses.MeanAbsoluteError, mean_absolute_error),
    "object": (keras.losses.Huber(0.3), huber(0.3)),
    "user-defined function": (
        pinball,
        lambda t, p: np.mean(np.maximum(0.9 * (t - p), 0.1 * (p - t))),
    ),
    "lambda": (
        lambda t, p: 3 * keras.ops.mean((t - p) ** 2, axis=-1),
        lambda t, p: 3 * mean_squared_error(t, p),
    ),
    "user-defined object": (
        LossWithoutConfig(5.0),
        lambda t, p: 5 * mean_squared_error(t, p),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_each_spelling_of_a_loss_computes_its_value(name):
    loss, expected = LOSSES[name]
    # The learning rate changes no weight, so the loss is that of the predictions.
    estimator = tiny(loss=loss, learning_rate=TINY_RATE, epochs=1).fit(X, y)
    expected = expected(y, estimator.predict(X))
    assert estimator.history_["loss"] == [pytest.approx(expected, rel=1e-5)]


def test_settings_are_routed_to_a_named_loss():
    routed = tiny(loss="huber", loss__delta=0.3).fit(X, y)
    assert_equal_weights(routed, tiny(loss=keras.losses.Huber(0.3)).fit(X, y))
    assert weights_differ(routed, tiny(loss="huber").fit(X, y))
    with pytest.raises(ValueError, match="nonsense"):
        tiny(loss="nonsense").fit(X, y)
    with pytest.raises(TypeError) as error:
        tiny(loss=pinball, loss__delta=1).fit(X, y)
    assert str(error.value) == (
        f"loss must be a name or a class if settings are routed to it: got {pinball!r} "
        "and the settings ['delta']. Pass the settings to the constructor of the loss "
        "instead."
    )


def test_a_named_optimizer_is_constructed_once(monkeypatch):
    calls, original = [], keras.optimizers.Adam.__init__
    tiny(optimizer__beta_1=0.8).fit(X, y)
    monkeypatch.setattr(
        keras.optimizers.Adam,
        "__init__",
        lambda self, *args, **kwargs: (
            calls.append(0) or original(self, *args, **kwargs)
        ),
    )
    for rate in (None, 0.01, 0.02):
        tiny(optimizer__beta_1=0.8, learning_rate=rate, random_state=3).fit(X, y)
    assert not calls
    tiny(optimizer__beta_1=0.7).fit(X, y)
    assert calls


def test_each_spelling_of_an_optimizer_trains_the_same():
    fitted = [
        tiny(**params).fit(X, y)
        for params in (
            {"optimizer": "sgd", "learning_rate": 0.1, "optimizer__momentum": 0.5},
            {"optimizer": SGD, "learning_rate": 0.1, "optimizer__momentum": 0.5},
            {"optimizer": SGD(0.1, momentum=0.5)},
            {"optimizer": SGD, "optimizer__learning_rate": 0.1, "learning_rate": 0.1}
            | {"optimizer__momentum": 0.5},
        )
    ]
    for other in fitted[1:]:
        assert_equal_weights(fitted[0], other)
    assert weights_differ(fitted[0], tiny(optimizer="sgd", learning_rate=0.1).fit(X, y))
    with pytest.raises(TypeError) as error:
        tiny(optimizer=SGD(), optimizer__momentum=0.5).fit(X, y)
    assert str(error.value) == (
        "optimizer must be a name or a class if settings are routed to it: got an "
        "instance of SGD and the settings ['momentum']. Pass the settings to the "
        "constructor of the optimizer instead."
    )


def test_an_optimizer_instance_is_not_modified():
    optimizer = Adam(0.01)
    first = tiny(optimizer=optimizer).fit(X, y)
    assert int(optimizer.iterations) == 0 and not optimizer.built
    assert_equal_weights(first, tiny(optimizer=optimizer).fit(X, y))


class WeightedError(keras.losses.Loss):
    """A loss that is not registered with Keras and has no config."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def call(self, y_true, y_pred):
        return self.weight * keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


@pytest.mark.parametrize("loss", [keras.losses.Huber(delta=0.1), WeightedError(3.0)])
def test_copies_of_an_estimator_keep_all_attributes_of_the_loss(loss):
    estimator = tiny(loss=loss)
    copies = {
        "clone": clone(estimator),
        "clone in a Pipeline": clone(make_pipeline(estimator))[-1],
        "pickle": pickle.loads(pickle.dumps(estimator)),
        "deepcopy": copy.deepcopy(estimator),
    }
    expected = estimator.fit(X, y).history_
    for name, copied in copies.items():
        assert copied.loss is not loss, name
        assert copied.fit(X, y).history_ == expected, name
    assert clone(estimator).set_params(loss="mse").loss == "mse"


def test_a_later_trace_ignores_later_changes_of_the_loss(traces):
    loss = ScaledError(1.0)
    validation = {"early_stopping": True, "validation_fraction": 0.25}
    tiny(CNNRegressor, loss=loss).fit(X, y)
    loss.factor = 100.0
    later = tiny(CNNRegressor, loss=ScaledError(1.0), **validation).fit(X, y)
    assert traces["epoch_function"] == 1  # the program of the first fit
    expected = tiny(CNNRegressor, loss="mse", **validation).fit(X, y)
    assert later.history_["val_loss"] == pytest.approx(expected.history_["val_loss"])


def test_a_callback_can_set_a_variable_that_the_loss_reads():
    factor = keras.Variable(1.0)

    class Loss(keras.losses.Loss):
        def __init__(self):
            super().__init__()
            self.factor = factor

        def call(self, target, predicted):
            return self.factor * keras.ops.mean((target - predicted) ** 2, axis=-1)

    double = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: factor.assign(2.0**epoch)
    )
    losses = (
        tiny(loss=Loss(), callbacks=double, learning_rate=TINY_RATE, epochs=3)
        .fit(X, y)
        .history_["loss"]
    )
    assert losses == pytest.approx([losses[0], 2 * losses[0], 4 * losses[0]])


def test_an_optimizer_setting_that_json_cannot_store_is_an_error():
    message = r"optimizer must have settings that JSON can store: got Adam with .*clipn"
    with pytest.raises(TypeError, match=message):
        tiny(optimizer__clipnorm=2j).fit(X, y)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            {"optimizer__foo": 1},
            ValueError,
            "optimizer must accept the settings routed to it: got optimizer=Adam with "
            "the settings {'foo': 1}, which raised \"Argument(s) not recognized: "
            "{'foo': 1}\". Use only parameters of Adam in optimizer__name=value.",
        ),
        (
            {"loss": keras.losses.Huber, "loss__foo": 1},
            TypeError,
            "loss must accept the settings routed to it: got loss=Huber with the "
            "settings {'foo': 1}, which raised \"Huber.__init__() got an unexpected "
            "keyword argument 'foo'\". Use only parameters of Huber in "
            "loss__name=value.",
        ),
    ],
    ids=["optimizer", "loss"],
)
def test_unknown_settings_are_an_error(params, error, message):
    with pytest.raises(error) as caught:
        tiny(**params).fit(X, y)
    assert str(caught.value) == message
