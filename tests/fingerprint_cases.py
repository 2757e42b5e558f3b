"""User-defined objects that differ in one value, for fingerprints and checkpoints."""

from functools import partial

import keras
import numpy as np


def weighted(factor):
    def loss(target, predicted, power=2):
        return factor * keras.ops.mean((target - predicted) ** power, axis=-1)

    return loss


def with_default(power):
    loss = weighted(1.0)
    loss.__defaults__ = (power,)
    return loss


class Calls(keras.losses.Loss):
    """A loss that calls a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, target, predicted):
        return self.function(target, predicted)


def class_with_data(factor):
    class Loss(keras.losses.Loss):
        by = factor

        def call(self, target, predicted):
            return self.by * (target - predicted) ** 2

    return Loss()


def schedule(factor):
    return keras.callbacks.LearningRateScheduler(lambda epoch: factor * 1e-3)


def class_from_source(sign):
    """Define a class as a notebook cell does."""
    names = {"keras": keras, "__name__": "__main__"}
    source = f"""class Own(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.best = {sign} * logs["loss"]"""
    exec(source, names)
    return names["Own"]


def cyclic_list(value):
    cycle = [value]
    cycle.append(cycle)
    return cycle


# Parameters of an estimator, as functions of one number.
CASES = {
    "closure": lambda value: {"loss": weighted(value)},
    "default": lambda value: {"loss": with_default(value)},
    "partial": lambda value: {"loss": partial(weighted(1.0), power=value)},
    "array": lambda value: {"loss": weighted(np.array([1.0, value]))},
    "method": lambda value: {"loss": Calls(weighted(value)).call},
    "function in a loss": lambda value: {"loss": Calls(weighted(value))},
    "class": lambda value: {"loss": class_with_data(value)},
    "cycle": lambda value: {"loss": weighted(cyclic_list(value))},
    "function in a callback": lambda value: {"callbacks": [schedule(value)]},
    "code of a callback": lambda value: {"callbacks": [class_from_source(value)]},
}
