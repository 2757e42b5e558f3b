"""Parameters: numbers, choices, and what NaN means."""

import itertools
import math
import numbers

import numpy as np

# A share of more is a percentage, one of less may be anything.
_LEAST_PERCENT = 5


def _got(name, value):
    """Say what arrived, with its type where the value alone may mislead."""
    text = f"got {name}={value!r}"
    return text if isinstance(value, (int, float)) else f"{text} ({kind_of(value)})"


def kind_of(value):
    return type(value).__name__


def is_auto(value):
    """Return whether a parameter is the word "auto"."""
    return isinstance(value, str) and value == "auto"


def check_integer(name, value, *, minimum=1):
    """Return `value` as an int that is at least `minimum`."""
    rule = f"{name} must be an integer >= {minimum}"
    way_out = f"Use a whole number, {minimum} or more."
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{rule}: got {name}={value!r} ({kind_of(value)}). {way_out}")
    if value < minimum:
        raise ValueError(f"{rule}: got {name}={int(value)}. {way_out}")
    return int(value)


def check_real(name, value, *, low=None, high=None, inclusive="both"):
    """Return `value` as a finite float between `low` and `high` (None: no bound)."""
    left = inclusive in ("both", "left")
    right = inclusive in ("both", "right")
    bounds = []
    if low is not None:
        bounds.append(f"{'>=' if left else '>'} {low:g}")
    if high is not None:
        bounds.append(f"{'<=' if right else '<'} {high:g}")
    number = " ".join(["a finite number", " and ".join(bounds)]).rstrip()
    rule, way_out = f"{name} must be {number}", f"Use {number}."
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{rule}: got {name}={value!r} ({kind_of(value)}). {way_out}")
    value = float(value)
    too_low = low is not None and (value < low or (value == low and not left))
    too_high = high is not None and (value > high or (value == high and not right))
    if low == 0 and high == 1 and _LEAST_PERCENT <= value < 100:
        way_out = f"Use {number}: {value / 100:g} for {value:g} %."
    if not math.isfinite(value) or too_low or too_high:
        raise ValueError(f"{rule}: got {name}={value!r}. {way_out}")
    return value


def check_choice(name, value, choices):
    """Return `value` if it is one of `choices`."""
    choices = list(choices)
    # The type is compared too: 1 is not True, and an array has no single truth.
    for choice in choices:
        if type(value) is type(choice) and value == choice:
            return value
        # numpy's strings, as a grid made with np.array holds them, are text too.
        if isinstance(value, str) and isinstance(choice, str) and value == choice:
            return choice
    listed = ", ".join(map(repr, choices))
    message = (
        f"{name} must be a known choice: {_got(name, value)}. Use one of {listed}."
    )
    known_type = any(isinstance(value, type(choice)) for choice in choices)
    raise (ValueError if known_type else TypeError)(message)


def check_boolean(name, value):
    """Return `value` as a bool."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(
            f"{name} must be a boolean: got {name}={value!r} ({kind_of(value)}). "
            "Use True or False."
        )
    return bool(value)


def check_quantiles(quantiles):
    """Return quantiles as a tuple of floats; None stays None."""
    if quantiles is None:
        return None
    rule = (
        "quantiles must be None, or numbers between 0 and 1 that ascend, 0.5 among them"
    )
    message = (
        f"{rule}: got quantiles={quantiles!r}. Use (0.05, 0.5, 0.95), for example."
    )
    if not isinstance(quantiles, (list, tuple, np.ndarray)):
        raise TypeError(message)
    numbers_only = all(
        isinstance(q, numbers.Real) and not isinstance(q, (bool, np.bool_))
        for q in quantiles
    )
    if not numbers_only:
        raise TypeError(message)
    values = tuple(map(float, quantiles))
    ascend = all(low < high for low, high in itertools.pairwise((0.0, *values, 1.0)))
    if not ascend or 0.5 not in values:
        raise ValueError(message)
    return values


def check_missing(missing):
    """Return what NaN means: "error", or "mask" where it may stand anywhere."""
    return check_choice("missing", missing, ("error", "mask"))
