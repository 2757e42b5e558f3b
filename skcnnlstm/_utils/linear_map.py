"""Solve the ridge regression for `linear_skip` in closed form."""

import math
from typing import NamedTuple

import numpy as np

# Ridge penalties to try, relative to the mean square of an input.
_PENALTIES = 10.0 ** np.arange(-6, 2)
# Maximum number of inputs of a map. Larger maps are not solved, because the system of
# equations is dense.
MAX_INPUTS = 3000
_CHUNK_VALUES = 1_000_000
# Maximum number of operations for the normal equations. With more samples, only every
# k-th sample is used.
_MAX_OPERATIONS = 2e11


class LinearMap(NamedTuple):
    """A linear map of normalized windows, and its loss on later samples."""

    kernel: np.ndarray  # (n_inputs, n_outputs)
    bias: np.ndarray  # (n_outputs,)
    penalty: float
    losses: np.ndarray  # loss of each later sample; empty without later samples


class LinearTask(NamedTuple):
    """How windows are normalized, and which features predict which targets."""

    mode: str | None
    n_targets: int
    horizon: int
    n_columns: int  # features of a time step, targets first
    joint: bool = False
    season_length: int | None = None
    absolute: bool = False  # whether the loss is the absolute error
    n_static: int = 0  # last features of a time step, which are not normalized

    def n_inputs(self, window_shape):
        """Return the number of inputs of the map."""
        n_steps = math.prod(window_shape) // self.n_columns
        if self.joint:
            return n_steps * self.n_columns
        return n_steps * (1 + self.n_columns - self.n_targets)


def normalize(windows, task):
    """Return normalized windows, and the level and scale of the targets.

    `windows` has shape `(n, n_steps, n_features)` and is float64. NaN becomes 0 after
    the normalization. Level and scale have shape `(n, horizon, n_targets)`, or can be
    broadcast to this shape. The layers in `skcnnlstm.layers` compute the same.
    """
    if task.n_static:
        static, task = windows[..., -task.n_static :], task._replace(n_static=0)
        values, level, scale = normalize(windows[..., : -static.shape[2]], task)
        return np.concatenate([values, static], axis=2), level, scale
    n_targets = task.n_targets
    missing = np.isnan(windows)
    any_missing = missing.any()
    scale = np.ones((len(windows), 1, windows.shape[2]))
    if task.mode is None:
        level = np.zeros_like(scale)
    elif task.mode == "seasonal":
        season = windows[:, -task.season_length :]
        if any_missing:
            season = np.where(np.isnan(season), _known_mean(season), season)
        n_steps = windows.shape[1]
        repeated = np.tile(season, (1, math.ceil(n_steps / task.season_length), 1))
        ahead = math.ceil(task.horizon / task.season_length)
        later = np.tile(season, (1, ahead, 1))[:, : task.horizon, :n_targets]
        windows = np.nan_to_num(windows - repeated[:, -n_steps:])
        return windows, later, scale[..., :n_targets]
    elif task.mode == "last":
        level = _last_known(windows, missing) if any_missing else windows[:, -1:]
    else:
        level = _known_mean(windows) if any_missing else windows.mean(1, keepdims=True)
        squares = (windows - level) ** 2
        variance = (
            _known_mean(squares) if any_missing else squares.mean(1, keepdims=True)
        )
        scale = np.sqrt(variance + 1e-5)
    windows = (windows - level) / scale
    if any_missing:
        windows = np.nan_to_num(windows)
    return windows, level[..., :n_targets], scale[..., :n_targets]


def _known_mean(values):
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.where(known, values, 0).sum(axis=1, keepdims=True) / count


def _last_known(windows, missing):
    steps = np.arange(1, windows.shape[1] + 1)[:, np.newaxis]
    at = np.where(missing, 0, steps).argmax(axis=1)[:, np.newaxis]
    return np.nan_to_num(np.take_along_axis(windows, at, axis=1))


def _design(windows, y, weight, task):
    """Return inputs, targets, weights and scales for each row of the regression.

    `y` has shape `(n, horizon * n_targets)`, as for the network. In a joint map, a row
    is a sample. In a shared map, a row is one target of a sample. Scales have shape
    `(n_rows, 1)` or the shape of the returned targets.
    """
    n, n_targets = len(windows), task.n_targets
    n_features = task.n_columns
    windows = np.asarray(windows, np.float64).reshape(n, -1, n_features)
    windows, level, scale = normalize(windows, task)
    y = np.asarray(y, np.float64).reshape(n, task.horizon, n_targets)
    y = (y - level) / scale
    if task.joint:
        scale = np.broadcast_to(scale, y.shape).reshape(n, -1)
        return windows.reshape(n, -1), y.reshape(n, -1), weight, scale
    inputs = windows[..., :n_targets].transpose(0, 2, 1).reshape(n * n_targets, -1)
    if n_features > n_targets:
        others = windows[..., n_targets:].reshape(n, -1)
        inputs = np.hstack([inputs, others.repeat(n_targets, axis=0)])
    targets = y.transpose(0, 2, 1).reshape(n * n_targets, -1)
    return inputs, targets, weight.repeat(n_targets), scale.reshape(-1, 1)


def _chunks(samples, task, thin):
    rows = np.arange(0, len(samples), thin)
    length = max(1, _CHUNK_VALUES // max(1, math.prod(samples.X.shape[1:])))
    for start in range(0, len(rows), length):
        at = rows[start : start + length]
        y = samples.y[at]
        # With quantiles, each target is repeated for each quantile.
        y = y[..., 0] if y.ndim > 2 else y
        windows = samples.X[samples.rows[at]]
        if samples.mean is not None:
            windows = (windows - samples.mean) / samples.scale
        yield windows, y, samples.weight[at]


def fit_linear(samples, later, task, penalty=None):
    """Return the ridge regression with the smallest loss on later samples.

    Errors are in the units of the target, as in the loss of the network. If windows are
    scaled separately, their errors are therefore scaled back.

    Return None if the map has more than 3,000 inputs, if there are no samples, or if
    the equations have no solution.

    Parameters
    ----------
    samples : Samples
        Samples to fit.
    later : Samples or None
        Later samples, on which one of eight penalties is chosen. With None, the middle
        one is used.
    task : LinearTask
        Description of the map.
    penalty : float or None
        The only penalty to try, relative to the mean square of an input. None tries
        eight penalties.
    """
    if task.n_inputs(samples.X.shape[1:]) > MAX_INPUTS or not len(samples):
        return None
    penalties = _PENALTIES if penalty is None else [penalty]
    maps = _solve(*_normal_equations(samples, task), penalties)
    if not maps:
        return None
    if later is None or not len(later):
        relative, kernel, bias = maps[len(maps) // 2]
        return LinearMap(kernel, bias, relative, np.empty(0))
    losses = _losses(later, task, maps)
    best = int(losses.sum(axis=1).argmin())
    relative, kernel, bias = maps[best]
    return LinearMap(kernel, bias, relative, losses[best])


def _normal_equations(samples, task):
    """Return the matrix and the right sides of the normal equations.

    The last input is the bias. Each row is weighted by its sample weight, and by the
    scale of its error in units of the target.
    """
    n_inputs = task.n_inputs(samples.X.shape[1:])
    n_rows = len(samples) * (1 if task.joint else task.n_targets)
    thin = max(1, int(n_rows * (n_inputs + task.horizon) * n_inputs / _MAX_OPERATIONS))
    power = _power(task)
    gram = np.zeros((n_inputs + 1, n_inputs + 1))
    moment = 0.0
    for X, y, weight in _chunks(samples, task, thin):
        inputs, targets, weight, scale = _design(X, y, weight, task)
        inputs = np.hstack([inputs, np.ones((len(inputs), 1))])
        weighted = inputs * (weight * scale.mean(axis=1) ** power)[:, np.newaxis]
        gram += weighted.T @ inputs
        moment = moment + weighted.T @ targets
    return gram, moment


def _solve(gram, moment, penalties):
    """Return (penalty, kernel, bias) for each penalty with a solution."""
    diagonal = np.diag(gram)[:-1]
    size = max(diagonal.mean(), 1e-12 * max(gram[-1, -1], 1e-300))
    maps = []
    for relative in penalties:
        system = gram.copy()
        # The penalty of the bias is tiny. It only keeps the system solvable.
        system[np.diag_indices(len(diagonal))] += relative * size
        system[-1, -1] *= 1 + 1e-12
        try:
            solution = np.linalg.solve(system, moment)
        except np.linalg.LinAlgError:
            continue
        if np.isfinite(solution).all():
            kernel, bias = _rounded(solution[:-1]), _rounded(solution[-1])
            maps.append((relative, kernel, bias))
    return maps


def _losses(later, task, maps):
    """Return the losses of the maps on later samples, of shape (n_maps, n_samples)."""
    power = _power(task)
    losses = []
    for X, y, weight in _chunks(later, task, 1):
        inputs, targets, _, scale = _design(X, y, weight, task)
        errors = [
            np.abs((inputs @ kernel + bias - targets) * scale) ** power
            for _, kernel, bias in maps
        ]
        losses.append(
            [error.reshape(len(X), -1).mean(axis=1) * weight for error in errors]
        )
    return np.concatenate(losses, axis=1)


def _power(task):
    """Return 1 if the loss is the absolute error, and 2 if it is the squared error."""
    return 1 if task.absolute else 2


def _rounded(values):
    """Round values to 22 binary digits after the leading digit of the largest value.

    The last bits of a matrix product depend on the number of threads. Rounding removes
    these bits, so that a network starts from the same map in each process.
    """
    largest = np.abs(values).max()
    if largest == 0:
        return values
    unit = 2.0 ** (math.floor(math.log2(largest)) - 22)
    return np.round(values / unit) * unit


def choose_linear_map(samples, later, *tasks):
    """Return the best task and its map; prefer earlier tasks if differences are small.

    Each task is tried with a shared map, which predicts each target separately. For
    several targets, it is also tried with a joint map, which predicts all targets
    together. The next candidate replaces the best one so far only if its losses on the
    samples `later` are lower by more than two standard errors. Return the first task
    and None if no map can be solved.
    """
    forms = [
        task._replace(joint=joint)
        for task in tasks
        for joint in ([False, True] if task.n_targets > 1 else [False])
    ]
    best, found = tasks[0], None
    for task in forms:
        solved = fit_linear(samples, later, task)
        if solved is None:
            continue
        if found is None or is_clearly_lower(solved.losses, found.losses, task.horizon):
            best, found = task, solved
    return best, found


def is_clearly_lower(losses, others, horizon):
    """Return whether `losses` are clearly lower than `others`.

    Both hold one loss per sample. The mean difference must be more than two standard
    errors. Neighboring samples share targets, so only one in `horizon` samples counts
    as independent. With fewer than ten independent samples, the result is False.
    """
    n_independent = len(losses) / horizon
    if n_independent < 10:
        return False
    gains = np.asarray(others) - np.asarray(losses)
    return gains.mean() > 2 * gains.std() / math.sqrt(n_independent)
