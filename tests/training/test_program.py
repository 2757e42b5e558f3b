"""Tests of BatchNormalization statistics, metrics, and errors of a program."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from training_helpers import LABELS, TINY_RATE, X, as_array, tiny, y

from skcnnlstm import CNNLSTMClassifier, ParallelCNNLSTMRegressor


@pytest.mark.parametrize("early_stopping", [False, True])
def test_batch_norm_statistics_are_those_of_the_training_windows(early_stopping):
    estimator = tiny(
        ParallelCNNLSTMRegressor,
        early_stopping=early_stopping,
        validation_fraction=0.25,
        validation_gap=2,
    ).fit(X, y)
    trained_on = X[: 52 - 13 - 2] if early_stopping else X
    model = estimator.model_
    layers = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(layers) == 2
    for layer in layers:
        truncated = keras.Model(model.inputs[0], layer.input)
        inputs = as_array(truncated(trained_on.astype("float32"))).astype("float64")
        inputs = inputs.reshape(-1, inputs.shape[-1])
        mean, variance = as_array(layer.moving_mean), as_array(layer.moving_variance)
        np.testing.assert_allclose(mean, inputs.mean(0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(variance, inputs.var(0), rtol=1e-5)


def test_predictions_equal_outputs_in_training_mode():
    estimator = tiny(ParallelCNNLSTMRegressor).fit(X, y)
    training_outputs = as_array(estimator.model_(X.astype("float32"), training=True))
    np.testing.assert_allclose(estimator.predict(X), training_outputs[:, 0], atol=1e-5)


def test_metrics_given_by_name_and_instance_are_recorded():
    metrics = ["mae", keras.metrics.RootMeanSquaredError(name="rmse")]
    estimator = tiny(
        metrics=metrics,
        learning_rate=TINY_RATE,
        early_stopping=True,
        validation_fraction=0.25,
    ).fit(X, y)
    names = ["loss", "mae", "rmse"]
    assert list(estimator.history_) == [*names, *(f"val_{name}" for name in names)]
    predicted = estimator.predict(X)
    for prefix, part in (("", slice(0, 39)), ("val_", slice(39, 52))):
        error = y[part] - predicted[part]
        expected = {
            "loss": np.mean(error**2),
            "mae": np.mean(abs(error)),
            "rmse": math.sqrt(np.mean(error**2)),
        }
        for name, value in expected.items():
            assert estimator.history_[prefix + name] == [pytest.approx(value)] * 2


@pytest.mark.parametrize(
    "loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"]
)
def test_accuracy_equals_the_score(loss):
    estimator = tiny(
        CNNLSTMClassifier, loss=loss, metrics=["accuracy"], learning_rate=TINY_RATE
    ).fit(X, LABELS)
    score = estimator.score(X, LABELS)
    assert 0 < score < 1
    assert estimator.history_["accuracy"] == [pytest.approx(score)] * 2


METRIC_MESSAGE = (
    "metrics must each return one number for {targets} and "
    "predictions of shape (n_samples, {n_outputs}): got the error "
)
CLASS_CODES_MESSAGE = METRIC_MESSAGE.format(
    targets="class codes of shape (n_samples,) as targets", n_outputs=3
)
CLASS_CODES_REMEDY = (
    "Use 'accuracy', or set loss='categorical_crossentropy': its targets have one "
    "column for each class."
)


@pytest.mark.parametrize(
    "metric", ["mae", "precision", "auc", "categorical_accuracy", lambda y: y]
)
def test_a_metric_that_does_not_support_class_codes_is_an_error(metric):
    with pytest.raises(ValueError) as error:
        tiny(CNNLSTMClassifier, metrics=[metric]).fit(X, LABELS)
    assert str(error.value).startswith(CLASS_CODES_MESSAGE)
    assert str(error.value).endswith(CLASS_CODES_REMEDY)


@pytest.mark.parametrize("metric", ["precision", "auc", "categorical_accuracy"])
def test_a_metric_of_one_hot_targets_works_with_categorical_crossentropy(metric):
    estimator = tiny(
        CNNLSTMClassifier, metrics=[metric], loss="categorical_crossentropy"
    ).fit(X, LABELS)
    assert all(0 <= value <= 1 for value in estimator.history_[metric])


def test_a_metric_that_returns_several_numbers_is_an_error():
    metric = keras.metrics.R2Score(class_aggregation=None)
    with pytest.raises(ValueError) as error:
        tiny(metrics=[metric]).fit(X, np.column_stack([y, y]))
    assert str(error.value) == (
        METRIC_MESSAGE.format(
            targets="numeric targets of shape (n_samples, 2)", n_outputs=2
        )
        + "ValueError, 'r2_score returns several numbers'. Use 'mae' or 'mse', or "
        "'accuracy' for classes."
    )


def raises_key_error(y, predicted):
    raise KeyError("no such thing")


def raises_inside_python(y, predicted):
    def fail(value):
        raise ValueError("no such value")

    result = tf.numpy_function(fail, [predicted], tf.float32)
    return keras.ops.mean(predicted, axis=-1) + tf.ensure_shape(result, [None])


STEP_MESSAGE = (
    "{} must be able to run a training step on these targets: got loss={!r} and "
    "optimizer='Adam', which raised {}. Use 'mse', 'mae' or 'huber' for regression, "
    "'sparse_categorical_crossentropy' for classification, numbers as settings of an "
    "optimizer, and keras.ops in user-defined functions."
)


@pytest.mark.parametrize(
    ("params", "error", "parameters", "loss", "cause"),
    [
        (
            {"optimizer__beta_1": "x"},
            TypeError,
            "loss and optimizer",
            "sparse_categorical_crossentropy",
            "TypeError, \"unsupported operand type(s) for -: 'int' and 'str'\"",
        ),
        (
            {"loss": raises_key_error},
            ValueError,
            "loss and optimizer",
            "raises_key_error",
            "KeyError, \"'no such thing'\"",
        ),
        # It fails when it runs, because it depends on the values.
        (
            {"loss": "circle", "metrics": ["accuracy"]},
            ValueError,
            "loss, optimizer and metrics",
            "circle",
            "InvalidArgumentError, 'Incompatible shapes: [16,3] vs. [3,16]'",
        ),
        (
            {"loss": raises_inside_python},
            ValueError,
            "loss and optimizer",
            "raises_inside_python",
            "InvalidArgumentError, 'ValueError: no such value'",
        ),
    ],
    ids=["setting", "user-defined loss", "loss", "Python code in a loss"],
)
def test_a_failing_training_step_is_an_error_and_keeps_the_earlier_fit(
    params, error, parameters, loss, cause
):
    estimator = tiny(CNNLSTMClassifier).fit(X, LABELS)
    before = estimator.predict_proba(X)
    with pytest.raises(error) as caught:
        estimator.set_params(**params).fit(X, LABELS)
    assert str(caught.value) == STEP_MESSAGE.format(parameters, loss, cause)
    np.testing.assert_array_equal(estimator.predict_proba(X), before)


@pytest.mark.parametrize(
    "params",
    [
        {"optimizer__weight_decay": "x"},
        {"optimizer": "adagrad", "optimizer__initial_accumulator_value": "x"},
    ],
    ids=["used in a step", "used to create slots"],
)
def test_invalid_optimizer_settings_are_an_error(params):
    with pytest.raises(ValueError, match=r"^loss and optimizer must be able"):
        tiny(**params).fit(X, y)


@pytest.mark.parametrize(
    "error",
    [MemoryError("out of memory"), RecursionError(), KeyboardInterrupt()],
    ids=repr,
)
def test_resource_errors_are_raised_unchanged(error):
    def loss(y, predicted):
        raise error

    with pytest.raises(type(error)) as caught:
        tiny(loss=loss).fit(X, y)
    assert caught.value is error
