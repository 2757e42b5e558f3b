"""Validate the parameters of one fit."""

import numbers
import os

import numpy as np

from skcnnlstm._utils.validation import (
    check_boolean,
    check_integer,
    check_missing,
    check_real,
    is_auto,
)

# TensorFlow counts samples in 32 bits.
_LARGEST_BATCH = 2**31 - 1
_CLIPPING = {"clipnorm", "clipvalue", "global_clipnorm"}


def check_settings(params):
    """Return the validated training parameters of an estimator.

    `params` includes routed parameters. NumPy numbers become Python numbers: an int8
    from a search grid would overflow later.
    """
    settings = dict(params)
    minimums = {"patience": 0, "validation_gap": 0}
    if not is_auto(settings["epochs"]):
        minimums["epochs"] = 1
    automatic_batch = is_auto(settings["batch_size"])
    if not automatic_batch and not _is_full_batch(settings["batch_size"]):
        minimums["batch_size"] = 1
    if not isinstance(settings["verbose"], bool):
        minimums["verbose"] = 0
    if settings["plateau_patience"] is not None:
        minimums["plateau_patience"] = 1
    for name, minimum in minimums.items():
        settings[name] = check_integer(name, settings[name], minimum=minimum)
    if not automatic_batch and settings["batch_size"] > _LARGEST_BATCH:
        raise ValueError(
            f"batch_size must be at most {_LARGEST_BATCH} (2**31 - 1): got batch_size="
            f"{settings['batch_size']}. Use batch_size=-1 for all samples in one batch."
        )
    rate = settings["learning_rate"]
    if rate is not None and not is_auto(rate):
        settings["learning_rate"] = check_real(
            "learning_rate", settings["learning_rate"], low=0, inclusive="neither"
        )
    for name in ("shuffle", "early_stopping", "keep_best", "warm_start"):
        if not (name == "early_stopping" and is_auto(settings[name])):
            settings[name] = check_boolean(name, settings[name])
    settings["validation_fraction"] = check_real(
        "validation_fraction",
        settings["validation_fraction"],
        low=0,
        high=1,
        inclusive="neither",
    )
    settings["standardize"] = check_boolean("standardize", settings["standardize"])
    check_missing(settings["missing"])
    if not isinstance(settings["checkpoint"], str | os.PathLike | None):
        raise TypeError(
            "checkpoint must be the path of a folder, or None: got "
            f"checkpoint={settings['checkpoint']!r}. Use a string or a pathlib.Path."
        )
    return settings


def checkpoint_settings(settings):
    """Return the settings that identify a fit in its checkpoint.

    The network, the optimizer, the loss and the data are identified separately.
    """
    names = "epochs", "batch_size", "shuffle", "early_stopping", "keep_best"
    names += "validation_fraction", "validation_gap", "patience", "plateau_patience"
    names += "standardize", "decays"
    return [settings[name] for name in names]


def batch_size(settings, samples):
    """Return the number of samples per optimizer step."""
    size = settings["batch_size"]
    return len(samples) if _is_full_batch(size) else size


def _is_full_batch(size):
    return isinstance(size, numbers.Integral) and size == -1


def optimizer_settings(settings, routed, defaults):
    """Return the keyword arguments for the constructor of the optimizer.

    `settings` is the result of `check_settings`, `routed` holds the parameters routed
    to the optimizer, and `defaults` the default of each parameter of the class.
    """
    unset = {
        name
        for name, value in routed.items()
        if value is None or (f"optimizer__{name}", value) in defaults.items()
    }
    if isinstance(settings["optimizer"], str | type):
        # Keras accepts only one clipping parameter. If the user sets one, it replaces
        # the default of the class.
        user_clips = _CLIPPING & routed.keys() - unset
        unset = unset & _CLIPPING if user_clips else set()
    # An optimizer instance keeps its settings: class defaults do not apply to it.
    used = {name: value for name, value in routed.items() if name not in unset}
    if settings["learning_rate"] is not None:
        used["learning_rate"] = settings["learning_rate"]
    return used


def draw_seed(random_state):
    """Return an integer seed; None draws one without using a global generator."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return check_integer("random_state", random_state, minimum=0)


def as_list(value):
    """Return a list or tuple as a list, None as [], and any other value as [value]."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
