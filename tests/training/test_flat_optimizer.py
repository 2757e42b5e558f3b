"""Tests of optimizers that update all weights as one vector."""

import keras
import numpy as np
import pytest
from training_helpers import Adam, as_array

from skcnnlstm.training.flat_optimizer import build_optimizer

OPTIMIZER_SETTINGS = {
    "SGD": {"momentum": 0.9, "nesterov": True},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adam": {"amsgrad": True, "clipvalue": 0.01},
    "AdamW": {"weight_decay": 0.1},
    "Nadam": {},
    "Adamax": {"global_clipnorm": 0.01},
    "Adagrad": {},
    "Adadelta": {"learning_rate": 1.0},
    "Lion": {"loss_scale_factor": 8.0},
}


def create_weights():
    generator = np.random.default_rng(0)
    return [
        keras.Variable(generator.standard_normal(shape), dtype="float32", name=name)
        for shape, name in [((3, 4), "kernel"), ((4,), "bias"), ((4, 1), "output")]
    ]


@pytest.mark.parametrize("name", OPTIMIZER_SETTINGS)
def test_updating_one_vector_equals_updating_each_weight(name):
    def create():
        return getattr(keras.optimizers, name)(**OPTIMIZER_SETTINGS[name])

    separate, joined = create_weights(), create_weights()
    usual, flat = create(), create()
    usual.build(separate)
    vector = build_optimizer(flat, joined)
    vector.assign(np.concatenate([np.ravel(as_array(v)) for v in joined]))
    generator = np.random.default_rng(1)
    for _ in range(5):
        gradients = [generator.standard_normal(v.shape).astype("f") for v in separate]
        usual.apply(gradients, separate)
        flat.apply([np.concatenate([np.ravel(g) for g in gradients])], [vector])
    expected = np.concatenate([np.ravel(as_array(v)) for v in separate])
    np.testing.assert_allclose(as_array(vector), expected, rtol=1e-5, atol=1e-6)
    if name != "Adamax":  # global_clipnorm is rounded differently
        np.testing.assert_array_equal(as_array(vector), expected)

    # Slots are saved and loaded in the usual form of Keras.
    saved, expected = {}, {}
    flat.save_own_variables(saved)
    usual.save_own_variables(expected)
    assert saved.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(saved[key], value, rtol=1e-5, atol=1e-6)
    loaded = create()
    build_optimizer(loaded, joined)
    loaded.load_own_variables(saved)
    for one, other in zip(loaded.variables, flat.variables, strict=True):
        np.testing.assert_array_equal(as_array(one), as_array(other))


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: Adam(clipnorm=1.0),
        lambda: Adam(use_ema=True),
        lambda: keras.optimizers.Lamb(),
        lambda: keras.optimizers.Adafactor(),
        lambda: keras.optimizers.LossScaleOptimizer(Adam()),
        lambda: type("Mine", (Adam,), {})(),
    ],
)
def test_an_optimizer_that_treats_weights_differently_updates_them_separately(
    optimizer,
):
    optimizer, variables = optimizer(), create_weights()
    assert build_optimizer(optimizer, variables) is None
    assert optimizer.built
