"""The number of subsequences that a window is split into."""

import math

from skcnnlstm._utils.validation.parameters import check_integer, is_auto
from skcnnlstm._utils.warnings import warn


def divisors(n):
    """List the divisors of `n` in ascending order."""
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return small + [n // d for d in reversed(small) if d * d != n]


def _middle_divisor(n):
    # The nearest divisor is the largest divisor up to the root. Proof: if d * e = n,
    # the mean of d and e is at least the root, so the smaller one is at least as near.
    return max(d for d in divisors(n) if d * d <= n)


def _lengths_near(n):
    """Return window lengths near `n` that can be split well, up to two on each side.

    In a good split, the length of a subsequence is at most twice the number of
    subsequences.
    """

    def splits_well(length):
        return length > 3 and length <= 2 * _middle_divisor(length) ** 2

    below = [m for m in range(n - 1, 3, -1) if splits_well(m)][:2]
    above = []
    m = n
    while len(above) < 2:
        m += 1
        if splits_well(m):
            above.append(m)
    return sorted(below) + above


def auto_subsequences(window_length, halves=False):
    """Return the number of subsequences for "auto" in a network, and a window length.

    With `halves`, the number is 2 (1 for a window of one step), and the returned length
    is `window_length` or the next even number.

    Otherwise, the number is the divisor of the returned length that is nearest to its
    square root. The returned length is `window_length` or the next longer length for
    which the length of a subsequence is at most twice the number of subsequences.
    """
    if halves:
        number = min(2, window_length)
        return number, window_length + window_length % number
    length = window_length
    while length > 3 and length > 2 * _middle_divisor(length) ** 2:
        length += 1
    return _middle_divisor(length), length


def resolve_subsequences(n_subsequences, window_length, *, n_rows=None):
    """Return the number of subsequences that a window is split into.

    Parameters
    ----------
    n_subsequences : int or "auto"
        "auto" selects the divisor of `window_length` that is nearest to its square
        root. With `n_rows`, ``window_length / n_rows`` is used instead.
    window_length : int
        Length of the window, in time steps.
    n_rows : int or None, default=None
        Number of rows into which each subsequence is folded. None does not fold.
    """
    length, divided = window_length, "window_length"
    if n_rows is not None:
        n_rows = check_integer("n_rows", n_rows)
        if window_length % n_rows:
            raise ValueError(
                f"n_rows must divide window_length: got n_rows={n_rows}, "
                f"window_length={window_length}. Use one of "
                f"{_join(divisors(window_length))}."
            )
        length, divided = window_length // n_rows, "window_length / n_rows"
    if is_auto(n_subsequences):
        selected = _middle_divisor(length)
        if selected == 1 and length > 1:
            alternatives = [m * (n_rows or 1) for m in _lengths_near(length)]
            warn(
                "n_subsequences='auto' leaves each window in one piece: "
                f"{divided} is {length}, a prime number. Use another window_length, "
                f"such as {_join(alternatives)}, or set n_subsequences."
            )
        return selected
    if isinstance(n_subsequences, str):
        raise ValueError(
            "n_subsequences must be 'auto' or an integer >= 1: got "
            f"n_subsequences={n_subsequences!r}. Use 'auto', or one of "
            f"{_join(divisors(length))}."
        )
    n_subsequences = check_integer("n_subsequences", n_subsequences)
    if length % n_subsequences:
        rows = "" if n_rows is None else f", n_rows={n_rows}"
        raise ValueError(
            f"n_subsequences must divide {divided}: got "
            f"n_subsequences={n_subsequences}, window_length={window_length}{rows}. "
            f"Use one of {_join(divisors(length))}."
        )
    return n_subsequences


def _join(values):
    return ", ".join(map(str, values))
