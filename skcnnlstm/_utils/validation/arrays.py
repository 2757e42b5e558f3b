"""Numbers and rows that functions of numbers are given: read, or refused."""

import numpy as np

from skcnnlstm._utils.validation import check_integer


def check_numbers(name, values, *axes):
    """Return `values` as floats, NaN among them or not.

    `axes` names those that there must be, "n_rows" for one; none of them, any number.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biuf" and not _may_be_numbers(array):
            raise TypeError
        numbers = array.astype(float, copy=False)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be an array of numbers: got {values!r:.60}. Use NaN for what "
            "is not known."
        ) from None
    if axes and numbers.ndim != len(axes):
        wanted = f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"
        raise ValueError(
            f"{name} must have the shape {wanted}: got {numbers.shape}. Use a reshape "
            f"of it, such as {_RESHAPES.get(len(axes))}."
        )
    return numbers


_RESHAPES = {1: "x.ravel()", 2: "x.reshape(-1, 1)", 3: "x[:, np.newaxis, np.newaxis]"}


def _may_be_numbers(array):
    """Tell whether objects may be numbers: numpy would read text as such."""
    objects = array.dtype.kind == "O" and array.ndim > 0
    return objects and not any(isinstance(value, str) for value in array.flat)


def check_broadcast(**arrays):
    """Raise where arrays, by the names of their parameters, do not broadcast."""
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = " and ".join(str(array.shape) for array in arrays.values())
        raise ValueError(
            f"{' and '.join(arrays)} must broadcast: got shapes {shapes}. Use one "
            "number, or as many as there are of the other."
        ) from None


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
            f"origins must be positions among {n_rows} rows, from 0: got "
            f"{origins.min()} to {origins.max()}. Use np.arange(len(values)) for all."
        )
    return origins


def check_places(places, n_rows):
    """Return where rows stand in time; None is one after the other."""
    if places is None:
        return np.arange(n_rows)
    places = _whole_numbers("places", places)
    _check_order("places", places, n_rows, "rows", np.diff(places) > 0)
    return places


def check_ascending(origins, n_origins):
    """Return origins in time order; of folds that overlap, some twice."""
    origins = _whole_numbers("origins", origins)
    _check_order("origins", origins, n_origins, "scores", np.diff(origins) >= 0)
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


def _check_order(name, positions, n, of, ascends):
    if len(positions) != n:
        raise ValueError(
            f"{name} must be as many as there are {of}: got {len(positions)} for {n}. "
            f"Use one for each of the {of}, in time order."
        )
    if not ascends.all():
        at = int(np.argmin(ascends))
        raise ValueError(
            f"{name} must ascend: got {positions[at]} and then {positions[at + 1]}, at "
            f"{at}. Use np.argsort({name}) to put them, and the {of}, in time order."
        )


def _whole_numbers(name, values):
    array = np.asarray(values)
    if not array.size:
        array = array.astype(np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must be integers of shape (n,): got {array.dtype} of shape "
            f"{array.shape}. Use np.asarray({name}, dtype=int)."
        )
    return array.astype(np.intp, copy=False)
