"""Numbers and rows that functions of numbers are given: read, or refused."""

import numpy as np

from skcnnlstm._validation import check_integer


def check_numbers(name, values, *axes):
    """Return `values` as floats, NaN among them or not.

    `axes` names those that there must be, "n_rows" for one; none of them, any number.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError
        numbers = array.astype(float, copy=False)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be an array of numbers: got {values!r:.60}. Use NaN for what "
            "is not known."
        ) from None
    if axes and numbers.ndim != len(axes):
        shape = f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"
        raise ValueError(
            f"{name} must have the shape {shape}: got {numbers.shape}. Use "
            f"{name}.reshape(...)."
        )
    return numbers


def check_pair(actual, forecast):
    """Return both as floats; raise where (n,) would broadcast against (n, 1)."""
    actual = check_numbers("actual", actual)
    forecast = check_numbers("forecast", forecast)
    if actual.shape != forecast.shape:
        raise ValueError(
            f"actual and forecast must have one shape: got {actual.shape} and "
            f"{forecast.shape}. Use forecast.ravel(), or reshape one as the other."
        )
    return actual, forecast


def check_origins(origins, n_rows):
    """Return positions of rows, from 0."""
    origins = _whole_numbers("origins", origins)
    if len(origins) and not 0 <= origins.min() <= origins.max() < n_rows:
        raise ValueError(
            f"origins must be positions of rows, from 0 to {n_rows - 1}: got "
            f"{origins.min()} to {origins.max()}."
        )
    return origins


def check_places(places, n_rows):
    """Return where rows stand in time; None is one after the other."""
    if places is None:
        return np.arange(n_rows)
    places = _whole_numbers("places", places)
    if len(places) != n_rows or (np.diff(places) <= 0).any():
        raise ValueError(
            f"places must ascend, one for each of {n_rows} rows: got {len(places)} of "
            "them. Use the time steps of the rows since the first."
        )
    return places


def check_ascending(origins, n_origins):
    """Return origins in time order; of folds that overlap, some twice."""
    origins = _whole_numbers("origins", origins)
    if len(origins) != n_origins or (np.diff(origins) < 0).any():
        raise ValueError(
            f"origins must ascend, one for each of {n_origins} scores: got "
            f"{len(origins)} of them. Use np.argsort(origins) to put both in order."
        )
    return origins


def check_season(season_length, n_rows=None, n_seasons=0):
    """Return the season; raise where rows hold fewer seasons than it takes."""
    season_length = check_integer("season_length", season_length)
    if n_rows is not None and n_rows < n_seasons * season_length:
        raise ValueError(
            f"season_length must fit {n_seasons} times into the rows: got "
            f"season_length={season_length} and {n_rows} rows. Use a shorter one."
        )
    return season_length


def _whole_numbers(name, values):
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must be integers of shape (n,): got {array.dtype} of shape "
            f"{array.shape}."
        )
    return array.astype(np.intp, copy=False)
