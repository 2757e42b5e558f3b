"""Checks of arrays of numbers and of positions of rows."""

import numpy as np

from skcnnlstm._utils.validation.parameters import check_integer
from skcnnlstm._utils.validation.tables import to_plain, warn_about_large_integers

# Code that reshapes an array, by the required number of dimensions.
_RESHAPES = {
    1: "np.ravel({})",
    2: "np.reshape({}, (-1, 1))",
    3: "np.reshape({0}, (len({0}), 1, -1))",
}


def check_numbers(name, values, *axes):
    """Return `values` as an array of floats, which may hold NaN.

    `axes` are the names of the required axes, such as "n_rows". Without `axes`, any
    number of dimensions is allowed.
    """
    try:
        array = np.asarray(to_plain(values, name))
        if array.dtype.kind not in "biuf" and not _holds_no_text(array):
            raise TypeError
        numbers = array.astype(float, copy=False)
        warn_about_large_integers(array, name)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be an array of numbers: got {values!r:.60}. Convert text to "
            "numbers, and use NaN for missing values."
        ) from None
    if axes and numbers.ndim != len(axes):
        shape = f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"
        raise ValueError(
            f"{name} must have the shape {shape}: got {numbers.shape}. Reshape it, for "
            f"example with {_RESHAPES[len(axes)].format(name)}."
        )
    return numbers


def _holds_no_text(array):
    """Return whether an array of objects holds no strings. NumPy would parse them."""
    objects = array.dtype.kind == "O" and array.ndim > 0
    return objects and not any(isinstance(value, str) for value in array.flat)


def check_broadcast(**arrays):
    """Raise if arrays do not broadcast. The keywords are names for the message."""
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = " and ".join(str(array.shape) for array in arrays.values())
        raise ValueError(
            f"{' and '.join(arrays)} must broadcast: got the shapes {shapes}. Use "
            "arrays of the same shape, or a single number."
        ) from None


def check_pair(actual, forecast):
    """Return both arrays as floats; raise if their shapes differ.

    Without this check, shape (n,) would broadcast against (n, 1).
    """
    actual = check_numbers("actual", actual)
    forecast = check_numbers("forecast", forecast)
    if actual.shape != forecast.shape:
        remedy = "Pass one forecast for each actual value."
        if np.squeeze(actual).shape == np.squeeze(forecast).shape:
            remedy = f"Use numpy.reshape(forecast, {actual.shape})."
        elif actual.shape == forecast.shape[::-1]:
            remedy = "Use numpy.transpose(forecast)."
        raise ValueError(
            f"actual and forecast must have the same shape: got {actual.shape} and "
            f"{forecast.shape}. {remedy}"
        )
    return actual, forecast


def check_origins(origins, n_rows):
    """Return origins as an integer array; raise if one is not a position of a row."""
    origins = _check_integers("origins", origins)
    if len(origins) and not 0 <= origins.min() <= origins.max() < n_rows:
        raise ValueError(
            f"origins must be row positions from 0 to {n_rows - 1}: got "
            f"{origins.min()} to {origins.max()}. Use np.arange({n_rows}) for all rows."
        )
    return origins


def check_places(places, n_rows):
    """Return the time step of each row as an integer array.

    If `places` is None, the rows have no gaps, and the time steps are 0, 1, 2, ...
    """
    if places is None:
        return np.arange(n_rows)
    places = _check_integers("places", places)
    _check_ascending("places", places, n_rows, "row", np.diff(places) > 0)
    return places


def check_ascending_origins(origins, n_origins):
    """Return origins as an integer array; raise if they are not in time order.

    Equal origins are allowed, because folds may overlap.
    """
    origins = _check_integers("origins", origins)
    _check_ascending("origins", origins, n_origins, "score", np.diff(origins) >= 0)
    return origins


def check_season(season_length, n_rows=None, n_seasons=0):
    """Return the season length as an int.

    Raise if `n_rows` is given and is less than `n_seasons` seasons.
    """
    season_length = check_integer("season_length", season_length)
    if n_rows is not None and n_rows < n_seasons * season_length:
        longest = n_rows // n_seasons
        shorter = f", or a season_length of at most {longest}" if longest else ""
        raise ValueError(
            f"season_length must fit {n_seasons} times into the rows: got "
            f"season_length={season_length} and {n_rows} rows. Use at least "
            f"{n_seasons * season_length} rows{shorter}."
        )
    return season_length


def _check_ascending(name, positions, n, item, ascends):
    if len(positions) != n:
        raise ValueError(
            f"{name} must have one value for each {item}: got {len(positions)} values "
            f"for {n} {item}s. Use {n} values in time order."
        )
    if not ascends.all():
        at = int(np.argmin(ascends))
        remedy = f"Sort {name} and the {item}s by np.argsort({name})."
        if positions[at] == positions[at + 1]:
            remedy = "Remove the duplicates."
        raise ValueError(
            f"{name} must be in ascending order: got {positions[at]} before "
            f"{positions[at + 1]}, at position {at}. {remedy}"
        )


def _check_integers(name, values):
    array = np.asarray(values)
    if not array.size:
        array = array.astype(np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must be integers of shape (n,): got dtype {array.dtype} of shape "
            f"{array.shape}. Use np.asarray({name}, dtype=int).ravel()."
        )
    return array.astype(np.intp, copy=False)
