"""Warn about code that runs but is probably wrong."""

import numpy as np

from skcnnlstm._utils.warnings import warn
from skcnnlstm.exceptions import MistakeWarning

# Scale. A network with the usual initial weights cannot fit values above these limits.
_N_SCALE_SAMPLES = 16  # number of windows that are checked, spread over all windows
_LARGE_WINDOW = 1e3  # typical size of the values of a window
_LARGE_TARGET = 100.0  # typical size of targets, which 3,000 steps of Adam do not reach
# Missing history.
_MANY_EXCLUDED = 0.1  # share of samples excluded after the first complete one
_MAX_GAP_SAMPLES = 2000  # number of excluded windows in which gaps are counted
_GAP_SLACK = 5  # tolerance for counts of these windows, because they are a sample
# Share of steps that must be found in other windows. It is below 1, because the windows
# of a shuffled fold do not contain its test rows.
_IN_ROWS = 0.4
# Share of windows lost to gaps in time, or to NaN in targets.
_MANY_LOST = 0.1
# Shuffling. Windows are compared by their first steps.
_N_HEAD_STEPS = 4
_MAX_VALUES = 20_000  # number of values that are compared, from the first windows
_MIN_WINDOWS = 20
_MANY_GAPS = 0.04  # share of windows before a gap; ten shuffled folds give 0.09
_CHANCE = 0.005  # share of windows that may continue in another window by chance
# Forecasts. Largest distance to the nearest known value, divided by the range of the
# known values. Trends and exponential growth stay below this limit. Unstable recursive
# forecasts exceed it.
_EXTREME = 10.0


def warn_about_scale(X, y, rows, instance_norm):
    """Warn if the values of windows or targets are too large for a network to fit.

    Only 16 windows are checked, spread over all windows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        Windows. Axis 1 is time.
    y : ndarray or None
        Numeric targets of `rows`, or None for class labels.
    rows : ndarray of int
        Positions of the windows that are used in fit.
    instance_norm : str or None
        The parameter `instance_norm` of the network.
    """
    if instance_norm == "standard":
        return
    at = np.unique(np.linspace(0, len(rows) - 1, _N_SCALE_SAMPLES, dtype=np.intp))
    windows = np.asarray(X[rows[at]], dtype=float)
    windows = windows.reshape(len(at), -1, *windows.shape[2:][-1:])
    is_shifted = instance_norm in ("last", "seasonal")
    if is_shifted:
        windows = windows - windows[:, -1:]
    if _typical_size(windows) > _LARGE_WINDOW:
        remedy = (
            "Scale the series before making windows (StandardScaler before "
            "SlidingWindow in a Pipeline)"
        )
        _warn_about_size("X", windows, remedy, is_regressor=y is not None)
    elif y is not None and not is_shifted and _typical_size(y[at]) > _LARGE_TARGET:
        remedy = (
            "Scale the targets (TransformedTargetRegressor(estimator, "
            "transformer=StandardScaler()))"
        )
        _warn_about_size("y", y[at], remedy, is_regressor=True)


def _warn_about_size(name, values, remedy, is_regressor):
    if is_regressor:
        remedy += ", use SeriesForecaster, which scales X and y, or set "
        remedy += 'instance_norm="standard"'
    warn(
        f"{name} is not scaled: its values are about {_typical_size(values):.3g}. A "
        "network learns slowly, or does not learn, from values far above 1. "
        f"{remedy}.",
        MistakeWarning,
    )


def _typical_size(values):
    """Return the median absolute value, without NaN and infinity."""
    values = np.abs(np.asarray(values, dtype=float))
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else 0.0


def warn_about_excluded_samples(X, rows):
    """Warn if fit excludes many samples because their history is missing.

    The first samples of a series always lack history. The warning is issued if more
    samples are excluded than used, or if many excluded samples come after the first
    complete sample.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        All windows given to fit. Axis 1 is time.
    rows : ndarray of int
        Positions of the windows that are used, in ascending order.
    """
    excluded = np.setdiff1d(np.arange(len(X)), rows)
    # Ignore complete samples, which are excluded because they have weight zero.
    first_steps = np.isnan(X[excluded, 0])
    excluded = excluded[first_steps.any(axis=tuple(range(1, first_steps.ndim)))]
    later = excluded[excluded > rows[0]]
    n_gaps = _count_gaps(X, excluded) if len(excluded) else 0
    many_later = len(later) > _MANY_EXCLUDED * len(X)
    if many_later and n_gaps is not None and n_gaps > _MANY_EXCLUDED * len(X):
        warn(
            "the rows of X are probably shuffled, because many rows follow a gap: "
            f"{len(excluded)} of {len(X)} samples have no full history and are "
            "excluded from fit. Split the rows in time order, with "
            "train_test_split(..., shuffle=False) or TimeSeriesSplit. If the gaps are "
            "real, fill them before SlidingWindow.",
            MistakeWarning,
        )
    elif many_later and n_gaps is None:
        warn(
            f"X holds NaN: fit excludes {len(excluded)} of {len(X)} samples, many of "
            'them after the first complete sample. Set missing="mask" on the network '
            "to train on windows with missing values and on sequences that are padded "
            "with NaN.",
            MistakeWarning,
        )
    elif len(excluded) > len(rows):
        warn(
            f"window_length is large for the number of rows: {len(excluded)} of "
            f"{len(X)} samples have no full history and are excluded from fit. Use "
            "a shorter window_length, longer training parts (fewer folds, or "
            'max_train_size=None), or missing="mask" on the network.',
            MistakeWarning,
        )


def _count_gaps(X, excluded):
    """Count the gaps in time before excluded windows; the start of X counts as a gap.

    In the window of the first row after a gap, only the last step is known.

    Return None if the windows do not end at consecutive rows of a series, as for
    sequences of different lengths. This is detected because the last but one step of a
    window is then not the last step of another window.
    """
    some = excluded[:_MAX_GAP_SAMPLES]
    steps = X[some].reshape(len(some), -1, X.shape[-1])
    missing = np.isnan(steps).all(axis=2).sum(axis=1)
    # After a gap, windows of L - 1, L - 2, ... missing steps follow each other.
    counts = np.bincount(missing, minlength=steps.shape[1])[1:]
    if (counts[:-1] > 2 * counts[1:] + _GAP_SLACK).any():
        return None
    alone = missing == steps.shape[1] - 1
    before_last = steps[~alone, -2]
    if len(before_last):
        last = _hashable_rows(X.reshape(len(X), -1, X.shape[-1])[:, -1])
        found = np.isin(_hashable_rows(before_last), last)
        if found.mean() < _IN_ROWS:
            return None
    return round(alone.sum() * len(excluded) / max(1, len(some)))


def warn_about_lost_windows(n_used, runs, n_extra, fill, first=""):
    """Warn if a forecaster loses more than 10 % of its windows to one cause.

    The causes are gaps in time, and NaN in the target columns.

    Parameters
    ----------
    n_used : int
        Number of windows that are used.
    runs : dict of list of (start, stop)
        For each series, its runs of rows without gaps.
    n_extra : int
        Number of rows of a window and its targets, minus one. A run of n rows holds
        ``n - n_extra`` windows.
    fill : str
        Code that fills the gaps of a series, for the message. May be empty.
    first : str, default=""
        Sentence at the end of the message: a step that must come before `fill`.
    """
    whole = within = n_gaps = 0
    for spans in runs.values():
        n_rows = spans[-1][1] - spans[0][0]
        # At least one row is missing in each gap.
        whole += max(0, n_rows + len(spans) - 1 - n_extra)
        within += sum(max(0, stop - start - n_extra) for start, stop in spans)
        n_gaps += len(spans) - 1
    if whole - within > _MANY_LOST * whole:
        gaps = "a gap in time leaves" if n_gaps == 1 else f"{n_gaps} gaps in time leave"
        example = f", for example with {fill}" if fill else ""
        warn(
            f"{gaps} {n_used} of {whole} windows for training, because windows and "
            f"targets must not cross a gap. Fill the missing rows{example}, or use a "
            f"shorter window_length or horizon.{first}",
            MistakeWarning,
        )
    elif within - n_used > _MANY_LOST * within:
        warn(
            f"NaN in the target columns leaves {n_used} of {within} windows for "
            "training. Interpolate short gaps before fit, or use a shorter horizon. If "
            "columns have NaN at different times, forecast them separately with "
            'channels="independent".',
            MistakeWarning,
        )


def warn_about_shuffling(X):
    """Warn if overlapping windows are unordered, or if many windows are missing.

    Both are signs of shuffled folds, in which test windows hold rows of training
    windows. Only the first windows are compared. Windows with more than three axes are
    not checked. If a compared window contains NaN, nothing is checked: other windows
    may be missing because their targets are unknown.
    """
    if X.ndim > 3 or X.shape[1] <= _N_HEAD_STEPS:
        return
    n_steps = min(X.shape[1], 3 * _N_HEAD_STEPS)
    n_features = X.shape[2] if X.ndim == 3 else 1
    windows = np.asarray(X[: _MAX_VALUES // n_steps // n_features, :n_steps])
    if len(windows) < _MIN_WINDOWS or np.isnan(windows).any():
        return
    problem = _ordering_problem(windows.reshape(len(windows), n_steps, n_features))
    if problem:
        warn(
            f"X holds overlapping windows from folds that are probably shuffled: "
            f"{problem}. With shuffled folds, test windows share rows with training "
            "windows. Use folds in time order, such as HorizonSplit or "
            "TimeSeriesSplit, and check them with check_leakage. Ignore this warning "
            "if you removed samples on purpose.",
            MistakeWarning,
        )


def _ordering_problem(windows):
    """Return a description of how windows are out of order, or None.

    Window A continues in window B if the first steps of B equal the steps of A from
    step `lag` on. In time order, B comes after A. This holds for one series and for
    many series.
    """
    heads, positions = np.unique(
        _hashable_rows(windows[:, :_N_HEAD_STEPS]), return_index=True
    )
    repeated = 1 - len(heads) / len(windows)
    lags = range(1, windows.shape[1] - _N_HEAD_STEPS + 1)
    offsets = {}
    for lag in lags:
        tails = windows[:, lag : lag + _N_HEAD_STEPS]
        offsets[lag] = _continuation_offsets(tails, heads, positions)
    share = {lag: (offsets[lag] != 0).mean() for lag in lags}
    largest = max(share.values())
    # Windows with repeating values may continue in other windows by chance.
    if repeated > 0.1 or largest <= _CHANCE + 4 * repeated:
        return None
    stride = min(lag for lag in lags if share[lag] > largest / 2)
    continues = offsets[stride] != 0
    if 0.1 < (offsets[stride][continues] > 0).mean() < 0.9:
        return "the windows are not in time order"
    two_later = offsets.get(2 * stride, 0) != 0
    three_later = offsets.get(3 * stride, 0) != 0
    gaps_of_one = (~continues & two_later).mean()
    gaps = (~continues & (two_later | three_later)).mean()
    # If there are only longer gaps, they are calendar gaps, such as weekends.
    if gaps > _MANY_GAPS and gaps_of_one > gaps / 3:
        return f"for {gaps:.0%} of the windows, the next window is missing"
    return None


def _continuation_offsets(tails, heads, positions):
    """Return the distance from each window to the window in which it continues.

    The distance is 0 for a window that continues in no other window. `tails` holds the
    steps of each window from a lag on. `heads` holds the distinct first steps of all
    windows, and `positions` the position of the first window with each head.
    """
    tails = _hashable_rows(tails)
    at = np.searchsorted(heads, tails).clip(max=len(heads) - 1)
    return np.where(heads[at] == tails, positions[at] - np.arange(len(tails)), 0)


def _hashable_rows(steps):
    """Return one value for each row of `steps`. Equal values mean equal steps."""
    flat = np.ascontiguousarray(steps.reshape(len(steps), -1))
    return flat.view(np.dtype((np.void, flat.shape[1] * flat.itemsize))).ravel()


def warn_about_slow_kernel(settings):
    """Warn about activations for which a GPU has no fast recurrent kernel."""
    for name in ("lstm_activation", "gru_activation"):
        if settings.get(name, "tanh") != "tanh":
            warn(
                f"{name}={settings[name]!r} cannot use the cuDNN kernel of the GPU. "
                f"Training on long windows is many times slower. Use {name}='tanh'. "
                "For small networks, hide the GPU instead (CUDA_VISIBLE_DEVICES='').",
                MistakeWarning,
            )


def warn_about_extreme_forecasts(forecasts):
    """Warn if forecasts lie far outside the known values.

    Parameters
    ----------
    forecasts : list of (name, values, low, high)
        One item for each series: its name in the message, its forecasts of shape
        ``(steps, n_targets)``, and the minimum and maximum known value of each target.
    """
    for name, values, low, high in forecasts:
        margin = _EXTREME * np.maximum(high - low, 1e-3 * np.abs(high))
        extreme = (values < low - margin) | (values > high + margin)
        if extreme.any():
            step, target = np.argwhere(extreme)[0]
            warn(
                f"the forecast{name} lies far outside the known values: "
                f"{values[step, target]:.4g} at step {step + 1}, but the known values "
                f"are between {low[target]:.4g} and {high[target]:.4g}. Recursive "
                "forecasts may diverge. Use a horizon as long as the forecast, more "
                'data or epochs, or instance_norm="last" on the network.',
                MistakeWarning,
            )
            return
