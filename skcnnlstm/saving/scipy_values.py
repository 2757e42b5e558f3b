"""Convert distributions of scipy.stats to plain values and back.

Randomized searches draw parameters from such distributions.
"""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.stats.distributions import rv_frozen
from sklearn.utils import check_random_state

_DISTRIBUTIONS = (stats.rv_continuous, stats.rv_discrete)
KINDS = (*_DISTRIBUTIONS, rv_frozen)


def to_parts(value):
    """Convert a distribution to a list: its name and, if it is frozen, its arguments.

    Return None if the distribution is not in scipy.stats, or if these parts do not
    describe it completely.
    """
    is_frozen = isinstance(value, rv_frozen)
    dist = value.dist if is_frozen else value
    known = find_distribution(dist.name)
    uses_global_state = value.random_state is check_random_state(None)
    if type(known) is not type(dist) or not uses_global_state:
        return None
    if (known.a, known.b) != (dist.a, dist.b):
        return None
    if not is_frozen:
        return [dist.name]
    numbers = _are_numbers([*value.args, *value.kwds.values()])
    return [dist.name, value.args, value.kwds] if numbers else None


def from_parts(name, args=None, kwds=None):
    """Return a distribution by its name; with arguments, return it frozen."""
    dist = find_distribution(name)
    if dist is None:
        raise ValueError(f"scipy.stats has no distribution {name!r}")
    if args is None:
        return dist
    # Arrays could broadcast to more values than memory holds.
    if not _are_numbers([*args, *kwds.values()]):
        raise ValueError(f"the distribution {name} has arguments that are not numbers")
    return dist(*args, **kwds)


def find_distribution(name):
    """Return a distribution of scipy.stats by its name, or None if there is none."""
    found = getattr(stats, name, None)
    return found if isinstance(found, _DISTRIBUTIONS) else None


def _are_numbers(values):
    return all(isinstance(value, bool | int | float | np.number) for value in values)
