"""Checks of scalar parameters: integers, real numbers, choices and quantiles."""

import itertools
import math
import numbers

import numpy as np

# If a parameter is a share between 0 and 1, a value from this number to 100 is probably
# a percentage. Smaller values are ambiguous.
_SMALLEST_PERCENTAGE = 5


def type_name(value):
    """Return the name of the type of a value, for messages."""
    return type(value).__name__


def kind_of_loss(loss):
    """Return "squared" for "mse", "absolute" for "mae", and None for other losses."""
    name = loss
    if not isinstance(loss, str):
        kind = loss if hasattr(loss, "__name__") else type(loss)
        name = kind.__name__ if kind.__module__.startswith("keras.") else None
    if name in ("mse", "MSE", "mean_squared_error", "MeanSquaredError"):
        return "squared"
    if name in ("mae", "MAE", "mean_absolute_error", "MeanAbsoluteError"):
        return "absolute"
    return None


def is_auto(value):
    """Return whether a parameter is the string "auto"."""
    return isinstance(value, str) and value == "auto"


def _is_number(value, kind):
    """Return whether a value is a number of the abstract type `kind`, not a boolean."""
    return isinstance(value, kind) and not isinstance(value, (bool, np.bool_))


def check_integer(name, value, *, minimum=1):
    """Return `value` as an int of at least `minimum`."""
    rule = f"{name} must be an integer >= {minimum}"
    remedy = f"Use a whole number, {minimum} or more."
    if not _is_number(value, numbers.Integral):
        raise TypeError(f"{rule}: got {name}={value!r} ({type_name(value)}). {remedy}")
    if value < minimum:
        raise ValueError(f"{rule}: got {name}={int(value)}. {remedy}")
    return int(value)


def check_real(name, value, *, low=None, high=None, inclusive="both"):
    """Return `value` as a finite float between `low` and `high`.

    None for `low` or `high` means no bound. `inclusive` is "both", "left", "right" or
    "neither". It selects the bounds that are allowed values, as in `pandas.Interval`.
    """
    left = inclusive in ("both", "left")
    right = inclusive in ("both", "right")
    bounds = []
    if low is not None:
        bounds.append(f"{'>=' if left else '>'} {low:g}")
    if high is not None:
        bounds.append(f"{'<=' if right else '<'} {high:g}")
    number = " ".join(["a finite number", " and ".join(bounds)]).rstrip()
    rule, remedy = f"{name} must be {number}", f"Use {number}."
    if not _is_number(value, numbers.Real):
        raise TypeError(f"{rule}: got {name}={value!r} ({type_name(value)}). {remedy}")
    value = float(value)
    too_low = low is not None and (value < low or (value == low and not left))
    too_high = high is not None and (value > high or (value == high and not right))
    if low == 0 and high == 1 and _SMALLEST_PERCENTAGE <= value < 100:
        remedy = f"Use {value / 100:g} for {value:g} %."
    if not math.isfinite(value) or too_low or too_high:
        raise ValueError(f"{rule}: got {name}={value!r}. {remedy}")
    return value


def check_choice(name, value, choices):
    """Return `value` if it is one of `choices`."""
    choices = list(choices)
    for choice in choices:
        # Compare the types first: 1 equals True, and `==` of arrays has no truth value.
        if type(value) is type(choice) and value == choice:
            return value
        # A parameter grid built with np.array holds strings of NumPy.
        if isinstance(value, str) and isinstance(choice, str) and value == choice:
            return choice
    known_type = any(isinstance(value, type(choice)) for choice in choices)
    raise (ValueError if known_type else TypeError)(
        f"{name} must be one of {', '.join(map(repr, choices))}: got {name}={value!r}."
    )


def check_boolean(name, value):
    """Return `value` as a bool."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(
            f"{name} must be a boolean: got {name}={value!r} ({type_name(value)}). "
            "Use True or False."
        )
    return bool(value)


def check_quantiles(quantiles):
    """Return quantiles as a tuple of floats; None stays None."""
    if quantiles is None:
        return None
    message = (
        "quantiles must be None, or increasing numbers between 0 and 1 that include "
        f"0.5: got quantiles={quantiles!r}. Use quantiles=(0.05, 0.5, 0.95), for "
        "example."
    )
    if not isinstance(quantiles, (list, tuple, np.ndarray)):
        raise TypeError(message)
    if not all(_is_number(quantile, numbers.Real) for quantile in quantiles):
        raise TypeError(message)
    values = tuple(map(float, quantiles))
    pairs = itertools.pairwise((0.0, *values, 1.0))
    if 0.5 not in values or not all(low < high for low, high in pairs):
        raise ValueError(message)
    return values


def check_missing(missing):
    """Return the parameter `missing` if it is "error" or "mask"."""
    return check_choice("missing", missing, ("error", "mask"))
