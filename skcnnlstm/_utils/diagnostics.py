"""MistakeWarning, and what is worth one: use that runs, and is seldom meant."""

import numpy as np

from skcnnlstm._utils.warnings import warn
from skcnnlstm.exceptions import MistakeWarning

_SAMPLES = 16  # windows that are looked at, of however many
# What a network of the usual initial weights cannot follow:
_LARGE = 1e3  # of windows
_FAR_TARGET = 100.0  # of targets, which 3,000 steps of Adam do not reach
_SCATTERED = 0.1  # of samples, left out among those that are not
# To find windows of shuffled folds:
_TELL = 4  # steps by which a window is known
_LOOKED_AT = 20_000  # values, those of the first windows
_FEWEST = 20  # windows
_HOLES = 0.04  # of neighbours that lack; ten shuffled folds leave 0.09
_CHANCE = 0.005  # of windows that may go on in another one by chance
# A trend may go on, and growth on growth; what runs away goes further.
_FAR = 10.0  # ranges of the values seen, from the nearest of them


def warn_about_scale(X, y, rows, instance_norm):
    """Warn where windows or targets are larger than a network can follow.

    A few windows, spread over all, are looked at.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        Windows; the first axis of a sample is time.
    y : ndarray or None
        Targets of `rows`, where they are numbers.
    rows : ndarray of int
        The windows that are fitted.
    instance_norm : str or None
        What the network takes off each window by itself.
    """
    if instance_norm == "standard":
        return
    at = np.unique(np.linspace(0, len(rows) - 1, _SAMPLES, dtype=np.intp))
    windows = np.asarray(X[rows[at]], dtype=float)
    windows = windows.reshape(len(at), -1, *windows.shape[2:][-1:])
    shifted = instance_norm in ("last", "seasonal")
    if shifted:
        windows = windows - windows[:, -1:]
    size = _size(windows)
    if size > _LARGE:
        _warn_of_size(
            "X",
            size,
            "Scale the series before windows are made of it (StandardScaler in a "
            "Pipeline before SlidingWindow)",
        )
    elif y is not None and not shifted and _size(y[at]) > _FAR_TARGET:
        _warn_of_size(
            "y",
            _size(y[at]),
            "Scale the targets, too (TransformedTargetRegressor(estimator, "
            "transformer=StandardScaler()))",
        )


def _warn_of_size(what, size, way_out):
    warn(
        f"{what} is not scaled: its values are about {size:.3g}, and a network learns "
        f"slowly, or nothing, from values far above 1. {way_out}, use "
        'SeriesForecaster, which scales both, or set instance_norm="standard".',
        MistakeWarning,
    )


def _size(values):
    """Return how large the usual value is, of those that are known."""
    values = np.abs(np.asarray(values, dtype=float))
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else 0.0


def warn_about_left_out(X, rows):
    """Warn where more samples lack their history than have it, or some among others.

    The first rows of a series lack it by nature.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        All windows that came; the first axis of a sample is time.
    rows : ndarray of int
        Those that are fitted, ascending.
    """
    left = np.setdiff1d(np.arange(len(X)), rows)
    first = np.isnan(X[left, 0])  # what has no weight is whole
    left = left[first.any(axis=tuple(range(1, first.ndim)))]
    among = left[left > rows[0]]
    if len(among) > _SCATTERED * len(X) and not _follow_gaps(X, among):
        warn(
            f"X holds NaN: {len(left)} of {len(X)} samples are left out of fit, and "
            'they are not the first ones alone. missing="mask" reads them, gaps and '
            "sequences of unequal length (NaN in front of the shorter ones).",
            MistakeWarning,
        )
    elif len(left) > len(rows):
        warn(
            f"window_length is long for the rows there are: {len(left)} of {len(X)} "
            "samples have no full history and are left out of fit. Use a shorter "
            "window_length, longer training parts (fewer folds, or "
            'max_train_size=None), or missing="mask", which reads them.',
            MistakeWarning,
        )


def _follow_gaps(X, left):
    """Tell windows after a gap in time, each with a step more than the one before.

    The last of them lacks its first step alone.
    """
    last = left[np.append(np.diff(left) > 1, left[-1] < len(X) - 1)][:_SAMPLES]
    steps = X[last].reshape(len(last), -1, X.shape[-1])
    return not np.isnan(steps[:, 1:2]).any()


def warn_about_shuffling(X):
    """Warn where windows that overlap are in no order, or lack neighbours throughout.

    So they arrive from cross-validation that shuffles, and windows of the test part
    then hold rows of the training part. The first windows are looked at, those of two
    and three axes that are not too wide; where NaN is among them nothing is said, for
    a neighbour may lack for its target.
    """
    if X.ndim > 3 or X.shape[1] <= _TELL:
        return
    n_steps = min(X.shape[1], 3 * _TELL)
    n_features = X.shape[2] if X.ndim == 3 else 1
    windows = np.asarray(X[: _LOOKED_AT // n_steps // n_features, :n_steps])
    if len(windows) < _FEWEST or np.isnan(windows).any():
        return
    what = _disorder(windows.reshape(len(windows), n_steps, n_features))
    if what:
        warn(
            f"X holds windows that overlap, and {what}, as where folds are shuffled: "
            "test windows then hold rows of training windows. Use folds in time order, "
            "HorizonSplit or TimeSeriesSplit; check_leakage says more. Where you took "
            "samples out yourself, this is harmless.",
            MistakeWarning,
        )


def _disorder(windows):
    """Say how windows that overlap are out of order; None where they are not.

    A window goes on in another one whose first steps are its own, `lag` steps later.
    That one stands after it where windows are in time order, of one series or of many.
    """
    heads, first = np.unique(_keys(windows[:, :_TELL]), return_index=True)
    alike = 1 - len(heads) / len(windows)
    lags = range(1, windows.shape[1] - _TELL + 1)
    way = {lag: _way_on(windows[:, lag : lag + _TELL], heads, first) for lag in lags}
    share = {lag: (way[lag] != 0).mean() for lag in lags}
    most = max(share.values())
    # Of values that repeat, windows go on in others by chance.
    if alike > 0.1 or most <= _CHANCE + 4 * alike:
        return None
    stride = min(lag for lag in lags if share[lag] > most / 2)
    goes_on = way[stride] != 0
    if 0.1 < (way[stride][goes_on] > 0).mean() < 0.9:
        return "they are in no order of time"
    after_next = way.get(2 * stride, 0) != 0
    hole_of_one = (~goes_on & after_next).mean()
    hole = (~goes_on & (after_next | (way.get(3 * stride, 0) != 0))).mean()
    # Where none is of one step they are the calendar's, such as ends of weeks.
    if hole > _HOLES and hole_of_one > hole / 3:
        return f"{hole:.0%} of them lack their neighbour"
    return None


def _way_on(tails, heads, first):
    """Return how many places further on each window goes on; 0 for nowhere."""
    tails = _keys(tails)
    at = np.searchsorted(heads, tails).clip(max=len(heads) - 1)
    return np.where(heads[at] == tails, first[at] - np.arange(len(tails)), 0)


def _keys(steps):
    """Return one value for each window, equal where all of these steps are."""
    flat = np.ascontiguousarray(steps.reshape(len(steps), -1))
    return flat.view(np.dtype((np.void, flat.shape[1] * flat.itemsize))).ravel()


def warn_about_slow_kernel(settings):
    """Warn of the activations with which a GPU has no fast kernel for an LSTM."""
    for name in ("lstm_activation", "gru_activation"):
        if settings.get(name, "tanh") != "tanh":
            warn(
                f"{name}={settings[name]!r} cannot use the cuDNN kernel of the GPU: "
                f"over many steps it is many times slower there. Use {name}='tanh', or "
                "hide the GPU (CUDA_VISIBLE_DEVICES='') for small networks.",
                MistakeWarning,
            )


def warn_about_far_forecasts(said):
    """Warn where forecasts lie far outside the values seen.

    Parameters
    ----------
    said : list of (name, forecasts, low, high)
        Of each series how an error names it, ``(steps, n_targets)``, and the least and
        largest value seen of each target.
    """
    for name, forecasts, low, high in said:
        room = _FAR * np.maximum(high - low, 1e-3 * np.abs(high))
        far = (forecasts < low - room) | (forecasts > high + room)
        if far.any():
            step, target = np.argwhere(far)[0]
            warn(
                f"the forecast{name} lies far outside the values seen: "
                f"{forecasts[step, target]:.4g} at step {step + 1}, where these range "
                f"from {low[target]:.4g} to {high[target]:.4g}. Forecasts that are "
                "fed back may run away: use a horizon as long as the forecast, more "
                'data or epochs, or instance_norm="last" on the network.',
                MistakeWarning,
            )
            return
