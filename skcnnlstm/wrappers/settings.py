"""Settings: what the parameters of a network mean in a fit, checked."""

from __future__ import annotations

import numbers
import os

import numpy as np

from skcnnlstm._utils.validation import (
    check_boolean,
    check_integer,
    check_missing,
    check_real,
)

# TensorFlow counts samples in 32 bits.
_LARGEST_BATCH = 2**31 - 1
_CLIPS = {"clipnorm", "clipvalue", "global_clipnorm"}


def check_settings(given):
    """Return the parameters after routing, checked.

    Numbers become Python's own: an int8 of a grid would overflow where it is used.
    """
    settings = dict(given)
    lowest = {"epochs": 1, "patience": 0, "validation_gap": 0}
    if not _is_whole_set(settings["batch_size"]):
        lowest["batch_size"] = 1
    if not isinstance(settings["verbose"], bool):
        lowest["verbose"] = 0
    if settings["plateau_patience"] is not None:
        lowest["plateau_patience"] = 1
    for name, minimum in lowest.items():
        settings[name] = check_integer(name, settings[name], minimum=minimum)
    if settings["batch_size"] > _LARGEST_BATCH:
        raise ValueError(
            f"batch_size must be at most {_LARGEST_BATCH} (2**31 - 1): got batch_size="
            f"{settings['batch_size']}. Use batch_size=-1 for all samples in one batch."
        )
    if settings["learning_rate"] is not None:
        rate = settings["learning_rate"]
        rate = check_real("learning_rate", rate, low=0, inclusive="neither")
        settings["learning_rate"] = rate
    for name in ("shuffle", "early_stopping", "keep_best", "warm_start"):
        settings[name] = check_boolean(name, settings[name])
    share = settings["validation_fraction"]
    settings["validation_fraction"] = check_real(
        "validation_fraction", share, low=0, high=1, inclusive="neither"
    )
    check_missing(settings["missing"])
    if not isinstance(settings["checkpoint"], str | os.PathLike | None):
        raise TypeError(
            "checkpoint must be a folder, by its path, or None: got "
            f"checkpoint={settings['checkpoint']!r}."
        )
    return settings


def deciding(settings):
    """Return the settings that decide a fit beside its recipe and its samples."""
    names = "epochs", "batch_size", "shuffle", "early_stopping", "keep_best"
    names += "validation_fraction", "validation_gap", "patience", "plateau_patience"
    return [settings[name] for name in names]


def batch_size(settings, samples):
    """Return how many samples a step of the optimizer reads."""
    size = settings["batch_size"]
    return len(samples) if _is_whole_set(size) else size


def _is_whole_set(size):
    return isinstance(size, numbers.Integral) and size == -1


def optimizer_settings(settings, routed, defaults):
    """Return what goes to the constructor of the optimizer.

    Parameters
    ----------
    settings : dict
        As `check_settings` returns them.
    routed : dict
        What was routed to the optimizer, the class's own settings among them.
    defaults : dict
        Defaults of the class's parameters.
    """
    usual = {
        name
        for name, value in routed.items()
        if value is None or (f"optimizer__{name}", value) in defaults.items()
    }
    if isinstance(settings["optimizer"], str | type):
        # Keras takes one way of clipping: the user's, where there is one.
        usual = usual & _CLIPS if _CLIPS & routed.keys() - usual else set()
    # Else an instance has its settings; the class's own are for others.
    taken = {name: value for name, value in routed.items() if name not in usual}
    if settings["learning_rate"] is not None:
        taken["learning_rate"] = settings["learning_rate"]
    return taken


def draw_seed(random_state):
    """Return an integer seed; None draws one without touching any generator."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return check_integer("random_state", random_state, minimum=0)


def as_list(value):
    """Return what may be one thing, several of them or None as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
