"""Subsequences: the number of pieces that a window is cut into."""

import math

from skcnnlstm._utils.validation.parameters import check_integer
from skcnnlstm._utils.warnings import warn


def divisors(n):
    """List the divisors of `n` in ascending order."""
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return small + [n // d for d in reversed(small) if d * d != n]


def _middle_divisor(n):
    # Of two divisors whose product is n the smaller is never further from the root of n
    # (the arithmetic mean is no less than the geometric one): the nearest of all is the
    # largest one that does not exceed the root, and no tie is possible.
    return max(d for d in divisors(n) if d * d <= n)


def _lengths_that_cut_well(n):
    """Two lengths on each side of `n` whose pieces and piece length are much alike."""

    def well(m):
        return m > 3 and m <= 2 * _middle_divisor(m) ** 2

    below = [m for m in range(n - 1, 3, -1) if well(m)][:2]
    above = []
    m = n
    while len(above) < 2:
        m += 1
        if well(m):
            above.append(m)
    return sorted(below) + above


def resolve_subsequences(n_subsequences, window_length, *, n_rows=None):
    """Return the number of pieces that a window is cut into.

    "auto" takes the divisor of `window_length` (of `window_length / n_rows`) nearest to
    its square root.
    """
    length, of = window_length, "window_length"
    if n_rows is not None:
        n_rows = check_integer("n_rows", n_rows)
        if window_length % n_rows:
            raise ValueError(
                f"n_rows must divide window_length: got n_rows={n_rows}, "
                f"window_length={window_length}. Use one of "
                f"{_listed(divisors(window_length))}."
            )
        length, of = window_length // n_rows, "window_length / n_rows"
    if isinstance(n_subsequences, str):
        if n_subsequences != "auto":
            raise ValueError(
                "n_subsequences must be 'auto' or an integer >= 1: got "
                f"n_subsequences={n_subsequences!r}. Use 'auto', or one of "
                f"{_listed(divisors(length))}."
            )
        pieces = _middle_divisor(length)
        if pieces == 1 and length > 1:
            scale = n_rows or 1
            near = [m * scale for m in _lengths_that_cut_well(length)]
            warn(
                f"n_subsequences='auto' leaves windows in one piece: {of} is {length}, "
                "a prime number. Use a window_length that cuts well, such as "
                f"{_listed(near)}, or set n_subsequences."
            )
        return pieces
    pieces = check_integer("n_subsequences", n_subsequences)
    if length % pieces:
        rows = "" if n_rows is None else f", n_rows={n_rows}"
        raise ValueError(
            f"n_subsequences must divide {of}: got n_subsequences={pieces}, "
            f"window_length={window_length}{rows}. Use one of "
            f"{_listed(divisors(length))}."
        )
    return pieces


def _listed(numbers_):
    return ", ".join(map(str, numbers_))
