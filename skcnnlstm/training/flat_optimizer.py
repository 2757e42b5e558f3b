"""All trainable weights in one vector, for optimizers that treat every one alike.

An optimizer that steps a vector starts as many operations as one that steps a single
layer. What it computes is the same to the bit; only norms of gradients, which sum in
another order, may differ in the last.
"""

from __future__ import annotations

import math

import keras
import numpy as np

# Their update of a weight depends on nothing but its own gradient and slots. (Lamb and
# Adafactor, for example, take norms and means of each layer.)
_BY_ELEMENT = (
    keras.optimizers.SGD,
    keras.optimizers.RMSprop,
    keras.optimizers.Adam,
    keras.optimizers.AdamW,
    keras.optimizers.Nadam,
    keras.optimizers.Adamax,
    keras.optimizers.Adagrad,
    keras.optimizers.Adadelta,
    keras.optimizers.Lion,
)

# Weights of larger networks are stepped one by one: there the time to cut and join a
# vector is more than that of starting operations (an epoch of 128 filters and LSTM 256,
# 650,000 weights, takes 18 % longer; of 64 and 50, 49,000, as long).
_MOST = 2**17


def build_optimizer(optimizer, weights):
    """Make the slots of an optimizer; return the vector that it steps, or None.

    None says that it steps the weights themselves.
    """
    if not _may_be_one(optimizer, weights):
        optimizer.build(weights)
        return None
    vector = keras.Variable(np.zeros(_count(weights), "float32"), name="vector")
    optimizer.build([vector])
    _save_by_weight(optimizer, vector, weights)
    return vector


def _may_be_one(optimizer, weights):
    return (
        type(optimizer) in _BY_ELEMENT
        and not optimizer.clipnorm  # of each weight by itself
        and not optimizer.use_ema  # the averages belong in the weights
        and not optimizer.gradient_accumulation_steps
        and all(w.dtype == "float32" and w.constraint is None for w in weights)
        and _count(weights) <= _MOST
    )


def _count(weights):
    return sum(math.prod(weight.shape) for weight in weights)


def _save_by_weight(optimizer, vector, weights):
    """Let Keras save and load the slots as it knows them, one for each weight."""

    def usual():
        """Make an optimizer that steps the weights; pair its variables with ours."""
        twin = type(optimizer).from_config(optimizer.get_config())
        twin.build(weights)
        by_name = {variable.name: variable for variable in twin.variables}
        pairs = []
        for position, ours in enumerate(optimizer.variables):
            if ours.shape == vector.shape:
                slot = ours.name.removeprefix(vector.name)
                names = [weight.path.replace("/", "_") + slot for weight in weights]
                pairs.append((ours, [by_name[name] for name in names]))
            else:  # a number; the last may stand behind more slots
                number = (
                    position if position < 2 else position - len(optimizer.variables)
                )
                pairs.append((ours, [twin.variables[number]]))
        return twin, pairs

    def save_own_variables(store):
        twin, pairs = usual()
        for ours, theirs in pairs:
            ends = np.cumsum([math.prod(v.shape) for v in theirs])[:-1]
            values = np.split(np.ravel(ours), ends)
            for variable, value in zip(theirs, values, strict=True):
                variable.assign(np.reshape(value, variable.shape))
        twin.save_own_variables(store)

    def load_own_variables(store):
        twin, pairs = usual()
        twin.load_own_variables(store)
        for ours, theirs in pairs:
            values = np.concatenate([np.ravel(variable) for variable in theirs])
            ours.assign(np.reshape(values, ours.shape))

    optimizer.save_own_variables = save_own_variables
    optimizer.load_own_variables = load_own_variables
