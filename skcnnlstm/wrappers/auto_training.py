"""The training recipe: replace "auto" in the training parameters of one fit."""

import math
from typing import NamedTuple

from skcnnlstm._utils.validation import is_auto

# A fit has 15 epochs, within two limits: the number of optimizer steps is in the range
# `_STEPS`, and large data sets get at least three epochs.
_STEPS = 600, 2000
_CLASSIFIER_STEPS = 300, 2000
# The lower limit of a classifier with all samples in each batch: its gradients have no
# noise from sampling, so it needs fewer steps.
_FULL_BATCH_STEPS = 200
_EPOCHS = 15
_MIN_EPOCHS = 3
_MAX_BATCH_SIZE = 256
_WINDOWS_PER_BATCH_SIZE = 64
# Peak learning rate of Adam for batches of 32 samples. It grows with the square root of
# the batch size.
_RATE, _CLASSIFIER_RATE, _RATE_BATCH = 1e-3, 3e-3, 32
# Optimizer steps of a regressor without validation samples. There are fewer of them,
# because no validation loss shows when to stop.
_STEPS_WITHOUT_VALIDATION = 250
_MIN_HELD_OUT = 8
# Patience of early stopping, as a share of all epochs. Fits that do not follow the
# recipe use the parameter `patience` instead.
_PATIENCE = 0.25
_MIN_PATIENCE = 5
# Up to this number of windows, the network is trained a second time, on all windows.
_RETRAIN_WINDOWS = 50_000


class Training(NamedTuple):
    """The training parameters of one fit, with every "auto" resolved."""

    epochs: int
    batch_size: int
    learning_rate: float | None  # None keeps the rate of the optimizer
    early_stopping: bool
    patience: int
    validation_gap: int
    decays: bool  # whether the learning rate warms up and decays
    compares_initial: bool  # whether early stopping may restore the initial weights
    retrains: bool  # whether a second training on all samples follows


def resolve_training(settings, n_samples, min_batch_size, horizon=None):
    """Return the training parameters of a fit to `n_samples` samples, without "auto".

    `settings` are validated parameters. `min_batch_size` is the smallest value of an
    automatic batch size. `horizon` is the number of steps that the targets of a
    regressor reach ahead, or None for a classifier.
    """
    recipe = is_auto(settings["epochs"])
    fraction, gap = settings["validation_fraction"], settings["validation_gap"]
    early_stopping, patience = settings["early_stopping"], settings["patience"]
    n_held_out = math.ceil(n_samples * fraction)
    from_recipe = False
    if is_auto(early_stopping):
        own_gap = max(gap, (horizon or 1) - 1)
        enough = n_samples - n_held_out - own_gap >= n_held_out >= _MIN_HELD_OUT
        early_stopping = from_recipe = recipe and horizon is not None and enough
        gap = own_gap if from_recipe else gap
    n_trained = n_samples - (n_held_out + gap if early_stopping else 0)
    batch_size = settings["batch_size"]
    if is_auto(batch_size):
        batch_size = _batch_size(n_trained, min_batch_size) if recipe else 32
    epochs, rate, decays = settings["epochs"], settings["learning_rate"], False
    if recipe:
        in_epoch = max(1, n_trained)
        size = in_epoch if batch_size == -1 else min(batch_size, in_epoch)
        steps = math.ceil(in_epoch / size)
        low, high = _CLASSIFIER_STEPS if horizon is None else _STEPS
        if horizon is None and steps == 1:
            low = _FULL_BATCH_STEPS
        budget = min(max(low, _EPOCHS * steps), high)
        if horizon is not None and not early_stopping:
            budget = _STEPS_WITHOUT_VALIDATION
        epochs = max(_MIN_EPOCHS, math.ceil(budget / steps))
        if from_recipe:
            patience = max(_MIN_PATIENCE, math.ceil(_PATIENCE * epochs))
        if is_auto(rate) and settings["plateau_patience"] is None:
            decays = True
    if is_auto(rate):
        rate = None
        if decays and settings["optimizer"] == "adam":
            rate = _CLASSIFIER_RATE if horizon is None else _RATE
            rate *= math.sqrt(size / _RATE_BATCH)
    return Training(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=rate,
        early_stopping=early_stopping,
        patience=patience,
        validation_gap=gap,
        decays=decays,
        compares_initial=from_recipe,
        retrains=from_recipe and n_samples <= _RETRAIN_WINDOWS,
    )


def _batch_size(n_samples, smallest):
    """Return a power of two, about `n_samples` / 64, from `smallest` to 256."""
    size = max(1.0, n_samples / _WINDOWS_PER_BATCH_SIZE)
    return min(_MAX_BATCH_SIZE, max(smallest, 2 ** round(math.log2(size))))
