"""check_leakage: what a cross-validation lets a model know too early."""

import warnings
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline

from skcnnlstm._validation import check_choice, check_integer, check_windows
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.windows import SlidingWindow

__all__ = ["LeakageError", "LeakageReport", "check_leakage"]

_SURE, _LIKELY = "proof", "suspicion"
_EXACT = 1e-6  # of a mean and a deviation that were made 0 and 1; float32 keeps as much
_FAR = 512  # steps ahead at which a target is looked for
_FEW = 256  # rows that are looked at to find where a target stands


class LeakageError(ValueError):
    """What `check_leakage` found, where it was told to raise.

    Attributes
    ----------
    report : LeakageReport
        All of it.

    Examples
    --------
    In a test of one's own, ``raise_on="proof"`` fails it:

    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import KFold
    >>> from skcnnlstm import LeakageError, check_leakage, make_windows
    >>> X, y = make_windows([float(i * i) for i in range(40)], 4)
    >>> try:
    ...     check_leakage(Ridge(), X, y, KFold(5), raise_on="proof")
    ... except LeakageError as error:
    ...     print(*error.report.findings["kind"])
    the future in the training part
    """


@dataclass(frozen=True, eq=False, repr=False)
class LeakageReport:
    """What `check_leakage` found. Printing it says all that matters.

    Attributes
    ----------
    findings : DataFrame
        One row a finding: its `kind`, how sure it is (`certainty`, "proof" or
        "suspicion"), in how many `folds` it shows, and in words `what` was found and
        the `way_out`. Empty where nothing was.
    folds : DataFrame
        One row a fold: `n_train`, `n_test`, and of these how many samples share a
        target step with one of the other part (`train_shared`, `test_shared`) and how
        many training samples know of what comes after the first test origin
        (`train_ahead`).
    shared : list of (ndarray, ndarray)
        For each fold the training and the test samples that share target steps.
    gap : int
        Samples to leave out between training and test part, in time order.
    notes : list of str
        What was taken for granted, and what could not be looked at.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from skcnnlstm import check_leakage, make_windows
    >>> X, y = make_windows([float(i * i) for i in range(40)], 4, horizon=3)
    >>> report = check_leakage(Ridge(), X, y, TimeSeriesSplit(2))
    >>> report.folds[["n_train", "train_shared"]].to_numpy().tolist()
    [[12, 2], [23, 2]]
    """

    findings: pd.DataFrame
    folds: pd.DataFrame
    shared: list
    gap: int
    notes: list = field(default_factory=list)

    @property
    def leaks(self):
        """Whether a leak is proven."""
        return bool((self.findings["certainty"] == _SURE).any())

    def __repr__(self):
        lines = []
        for row in self.findings.itertuples():
            n_folds = f" ({row.folds} of {len(self.folds)} folds)" if row.folds else ""
            lines.append(f"{row.certainty}: {row.kind}{n_folds}: {row.what}")
            lines.append(f"    {row.way_out}")
        if not lines:
            lines = [f"No leak was found in {len(self.folds)} folds."]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)


def check_leakage(
    estimator,
    X,
    y=None,
    cv=None,
    *,
    groups=None,
    horizon=None,
    n_fits=1,
    raise_on=None,
):
    """Say what a cross-validation lets a model know before its time.

    Samples are put in their place in time: windows by what they have in common with
    each other, rows by their order. Then it is known which steps each of them reads and
    which its target holds, and so, fold by fold, which training samples hold target
    steps of test samples or know of what comes after the first of them.

    Parameters
    ----------
    estimator : estimator
        What would be cross-validated: a regressor or classifier of windows, a Pipeline
        with a `SlidingWindow` in it, a `SeriesForecaster`, or a search around these.
    X : array-like
        Windows, or rows in time order; what `cross_val_score` would be given.
    y : array-like or None, default=None
        Their targets; None for a `SeriesForecaster`.
    cv : splitter, int, iterable of (train, test) or None, default=None
        The folds. None takes those of a search, else what scikit-learn takes for None.
    groups : array-like of shape (n_samples,) or None, default=None
        Whose each sample is, where there are many series; given to `cv`, too.
    horizon : int or None, default=None
        Time steps that a target reaches ahead. None finds it out where the values show
        it: the target stands in later samples, or holds more than one step.
    n_fits : int, default=1
        How many folds a clone is fitted in (one epoch, where it has `epochs`) to see
        whether its predictions move when later test rows do; 0 for none.
    raise_on : {"proof", "suspicion"} or None, default=None
        From which certainty on to raise a `LeakageError`, whose `report` is what would
        be returned; None never does.

    Returns
    -------
    report : LeakageReport
        Findings, folds, and the gap that is right.

    See Also
    --------
    HorizonSplit : Folds with that gap.

    Notes
    -----
    Proofs are counted or tried out: samples of both parts with the same target step;
    training samples that know of steps after the first test origin; a feature that is
    the target; a fitted step in a Pipeline that has seen more rows than there are to
    train on; predictions that move when only later rows were changed. It is a suspicion
    where values alone speak: columns that have mean 0 and deviation 1 (or range from 0
    to 1) over all rows, and not over those of a training part, were scaled by a scaler
    that saw all. What was scaled over less, or in another way, cannot be seen.

    For classes, which say something of the window itself, windows of both parts that
    hold the same rows are what is looked for, and the gap is by the window's length.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from skcnnlstm import HorizonSplit, check_leakage, make_windows
    >>> series = np.random.default_rng(0).normal(size=200).cumsum()
    >>> X, y = make_windows(series, 24, horizon=12)
    >>> report = check_leakage(Ridge(), X, y, TimeSeriesSplit(4))
    >>> report.leaks, report.gap
    (True, 11)
    >>> check_leakage(Ridge(), X, y, HorizonSplit(4, horizon=12))
    No leak was found in 4 folds.
    """
    check_choice("raise_on", raise_on, (None, _SURE, _LIKELY))
    n_fits = check_integer("n_fits", n_fits, minimum=0)
    if horizon is not None:
        horizon = check_integer("horizon", horizon, minimum=0)
    notes = []
    samples = _place(estimator, X, y, groups, horizon, notes)
    pairs = _folds(estimator, X, y, cv, groups, notes)

    findings = [*_time_findings(samples, pairs)]
    if not samples.forecaster:
        findings += _target_findings(samples)
        findings += _scale_findings(samples, pairs)
    findings += _frozen_findings(estimator, pairs)
    if n_fits:
        findings += _fit_findings(estimator, X, y, pairs[-n_fits:], notes)
    shared = [_shared(samples, *pair) for pair in pairs]
    report = LeakageReport(
        pd.DataFrame(
            findings, columns=["kind", "certainty", "folds", "what", "way_out"]
        ),
        _fold_table(samples, pairs, shared),
        shared,
        samples.gap(),
        notes,
    )
    wanted = {None: (), _SURE: (_SURE,), _LIKELY: (_SURE, _LIKELY)}[raise_on]
    if report.findings["certainty"].isin(wanted).any():
        error = LeakageError(str(report))
        error.report = report
        raise error
    return report


# ----------------------------------------------------------------------- places in time


class _Samples(NamedTuple):
    """Where samples stand in time, and what they hold."""

    series: np.ndarray  # (n,) whose each is
    origin: np.ndarray  # (n,) the last step that each reads
    length: int  # steps that each reads
    horizon: int  # steps that its target reaches ahead
    stride: int  # steps from one to the next
    forecaster: bool  # whether targets are made of training rows alone
    classes: bool  # whether a target is of the window itself
    rows: np.ndarray | None = None  # (n, length, n_features)
    target: np.ndarray | None = None  # (n, n_outputs), numbers

    def span(self):
        """Return the first and last step that must not be in both parts."""
        if self.forecaster:
            return self.origin, self.origin
        if self.classes:
            return self.origin - self.length + 1, self.origin + self.horizon
        several = self.target is None or self.target.shape[1] > 1
        nearest = 1 if several else self.horizon
        return self.origin + nearest, self.origin + self.horizon

    def gap(self):
        """Return the samples to leave out."""
        if self.forecaster:
            return 0
        reach = self.horizon + self.length if self.classes else self.horizon
        return max(0, reach - 1) // self.stride


def _place(estimator, X, y, groups, horizon, notes):
    """Find out where samples stand in time."""
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    series = np.zeros(n_samples, np.intp)
    if groups is not None:
        series = np.unique(np.asarray(groups), return_inverse=True)[1]
    forecaster = _find_forecaster(estimator)
    if forecaster is not None:
        if groups is None and forecaster.id_column in getattr(X, "columns", ()):
            series = pd.factorize(X[forecaster.id_column])[0]
        order = _count_up(series)
        return _Samples(series, order, 1, 0, 1, True, False)
    rows = check_windows(X, name="X", min_ndim=1)
    windows = _has_windows_inside(estimator)
    classes = is_classifier(estimator)
    if rows.ndim == 1:
        rows = rows[:, np.newaxis]
    steps = rows.reshape(n_samples, -1, rows.shape[-1] if rows.ndim > 2 else 1)
    stride = None if windows is not None else _stride(steps)
    length = steps.shape[1]
    if stride is None:
        # Rows of a table, or windows that have nothing in common.
        if rows.ndim == 2:
            steps = rows[:, np.newaxis]
            length = 1 if windows is None else windows
            stride = 1
        else:
            stride = length
            notes.append(
                "X holds windows with no rows in common: taken to follow one another."
            )
        origin = _count_up(series) * stride
    else:
        series, origin = _origins(steps, stride, series)
    target = None if y is None or classes else np.asarray(y).reshape(len(y), -1)
    samples = _Samples(series, origin, length, 0, stride, False, classes, steps, target)
    if horizon is None:
        horizon = 0 if classes else _find_horizon(samples, notes)
    return samples._replace(horizon=horizon)


def _find_forecaster(estimator):
    """Return the forecaster that is given, or that a search is around, or None."""
    while not isinstance(estimator, SeriesForecaster | None):
        estimator = getattr(estimator, "estimator", None)
    return estimator


def _has_windows_inside(estimator):
    """Return the length of the windows that a Pipeline makes of rows, or None."""
    while hasattr(estimator, "estimator"):
        estimator = estimator.estimator
    for _, step in estimator.steps if isinstance(estimator, Pipeline) else ():
        if isinstance(step, SlidingWindow):
            return step.window_length
    return None


def _count_up(series):
    """Count the samples of each series from 0."""
    place = np.empty(len(series), np.intp)
    for one in np.unique(series):
        members = np.flatnonzero(series == one)
        place[members] = np.arange(len(members))
    return place


def _stride(steps):
    """Return how many steps windows move on, None where they share none."""
    n_samples, length, _ = steps.shape
    if n_samples < 2 or length < 2:
        return None
    pairs = np.unique(
        np.linspace(0, n_samples - 2, min(_FEW, n_samples - 1), dtype=int)
    )
    before, after = steps[pairs], steps[pairs + 1]
    for stride in range(1, length):
        equal = before[:, stride:] == after[:, : length - stride]
        # Where one series ends and another begins nothing is shared.
        if equal.all(axis=(1, 2)).mean() > 0.5:
            return stride
    return None


def _origins(steps, stride, series):
    """Return whose each window is and where it ends, a new series where none is shared.

    What the user said of the series is kept.
    """
    goes_on = np.zeros(len(steps), bool)
    goes_on[1:] = series[1:] == series[:-1]
    for start in range(1, len(steps), 4096):
        part = slice(start, min(start + 4096, len(steps)))
        before = steps[part.start - 1 : part.stop - 1, stride:]
        goes_on[part] &= (before == steps[part, : steps.shape[1] - stride]).all((1, 2))
    run = np.cumsum(~goes_on) - 1
    return run, _count_up(run) * stride + steps.shape[1] - 1


def _find_horizon(samples, notes):
    """Return how far a target reaches ahead, as values show it; 1 where none does."""
    y = samples.target
    if y is None:
        return 1
    found = _steps_ahead(samples, y[:, -1])
    if y.shape[1] > 1:
        width = y.shape[1]
        for n_targets in range(1, width):
            if width % n_targets:
                continue
            ahead = n_targets * samples.stride
            if ahead < width and np.array_equal(y[:-1, ahead:], y[1:, :-ahead]):
                return max(found or 0, width // n_targets)
    if found:
        return found
    notes.append(
        f"how far targets reach ahead is not seen in the values: taken to be "
        f"{max(1, y.shape[1])}. Say horizon= where that is wrong."
    )
    return max(1, y.shape[1])


def _steps_ahead(samples, column):
    """Return at which step after its window a target stands in later windows."""
    last = samples.rows[:, -1]
    for ahead in range(1, min(_FAR, len(last) - 1)):
        there, rest = divmod(ahead, samples.stride)
        if rest:
            continue
        at = np.flatnonzero(samples.series[there:] == samples.series[:-there])[:_FEW]
        if len(at) < 4:
            return None
        wanted = column[at].astype(float)
        known = last[at + there].astype(float)
        if (known == wanted[:, np.newaxis]).all(axis=0).any():
            return ahead
    return None


# ------------------------------------------------------------------------------- folds


def _folds(estimator, X, y, cv, groups, notes):
    """Return the folds as positions."""
    if cv is None:
        cv = getattr(estimator, "cv", None)
        if cv is None:
            notes.append("cv=None is KFold(5): folds that do not follow time.")
    splitter = check_cv(cv, y, classifier=is_classifier(estimator))
    pairs = []
    for pair in splitter.split(X, y, groups):
        rows = (np.asarray(part) for part in pair)
        pairs.append(tuple(np.flatnonzero(r) if r.dtype == bool else r for r in rows))
    if not pairs:
        raise ValueError(f"cv must make at least one fold: got none of {cv!r}.")
    return pairs


def _shared(samples, train, test):
    """Return the samples of both parts that hold a step of the other."""
    first, last = samples.span()
    found = [[], []]
    for one in np.unique(samples.series[test]):
        parts = [part[samples.series[part] == one] for part in (train, test)]
        for mine, other, into in zip(parts, parts[::-1], found, strict=True):
            touches = _touch(first[mine], last[mine], first[other], last[other])
            into.append(mine[touches])
    return tuple(np.sort(np.concatenate(part)) for part in found)


def _touch(first, last, other_first, other_last):
    """Tell which spans of steps share one with any of the others."""
    if not len(other_first):
        return np.zeros(len(first), bool)
    low = min(first.min(initial=0), other_first.min())
    high = max(last.max(initial=0), other_last.max())
    marks = np.zeros(high - low + 2, np.int64)
    np.add.at(marks, other_first - low, 1)
    np.add.at(marks, other_last - low + 1, -1)
    taken = np.concatenate([[0], np.cumsum(np.cumsum(marks)[:-1] > 0)])
    return taken[last - low + 1] > taken[first - low]


def _ahead(samples, train, test):
    """Return the training samples that know of steps after the first test origin."""
    if samples.classes:
        return train[:0]
    _, last = samples.span()
    found = [train[:0]]
    for one in np.unique(samples.series[test]):
        mine = train[samples.series[train] == one]
        begin = samples.origin[test[samples.series[test] == one]].min()
        found.append(mine[last[mine] > begin])
    return np.sort(np.concatenate(found))


def _fold_table(samples, pairs, shared):
    return pd.DataFrame(
        {
            "n_train": [len(train) for train, _ in pairs],
            "n_test": [len(test) for _, test in pairs],
            "train_shared": [len(train) for train, _ in shared],
            "test_shared": [len(test) for _, test in shared],
            "train_ahead": [len(_ahead(samples, *pair)) for pair in pairs],
        }
    ).rename_axis("fold")


# ---------------------------------------------------------------------------- findings


def _time_findings(samples, pairs):
    """Yield what the folds share, and whether they follow time."""
    what = "rows" if samples.classes else "target steps"
    if samples.forecaster:
        what = "rows"
    shared = [_shared(samples, *pair) for pair in pairs]
    ahead = [_ahead(samples, *pair) for pair in pairs]
    later = [
        sum(samples.origin[known] >= samples.origin[test].min())
        for known, (_, test) in zip(ahead, pairs, strict=True)
    ]
    backwards = any(n > 0 for n in later)
    way_out = _way_out(samples, backwards)
    if any(len(train) for train, _ in shared):
        worst = max(range(len(pairs)), key=lambda fold: len(shared[fold][1]))
        train, test = shared[worst]
        yield (
            f"shared {what}",
            _SURE,
            sum(len(train) > 0 for train, _ in shared),
            f"up to {len(train)} training and {len(test)} test samples hold the same "
            f"{what}; in fold {worst} training sample {train[-1]} and test sample "
            f"{test[0]} are among them.",
            way_out,
        )
    if any(len(known) for known in ahead):
        worst = max(range(len(pairs)), key=lambda fold: len(ahead[fold]))
        yield (
            "the future in the training part",
            _SURE,
            sum(len(known) > 0 for known in ahead),
            f"up to {len(ahead[worst])} training samples know of steps after the "
            f"origin of the first test sample, such as sample {ahead[worst][-1]} in "
            f"fold {worst}.",
            way_out,
        )


def _way_out(samples, backwards):
    many = len(np.unique(samples.series)) > 1
    splitter = "PanelTimeSeriesSplit" if many else "HorizonSplit"
    if samples.forecaster:
        return "Use folds in time order: TimeSeriesSplit(5, test_size=horizon)."
    settings = [f"horizon={samples.horizon}"]
    if samples.stride > 1:
        settings.append(f"stride={samples.stride}")
    if samples.classes:
        settings.append(f"window_length={samples.length}")
    order = "folds in time order, without shuffling, " if backwards else ""
    also = "" if many else f", or TimeSeriesSplit(5, gap={samples.gap()})"
    with_groups = " and groups=" if many else ""
    return (
        f"Use {order}{'and ' if order else ''}a gap of {samples.gap()}: "
        f"{splitter}(5, {', '.join(settings)}){with_groups}{also}."
    )


def _target_findings(samples):
    """Yield features that are the target itself."""
    if samples.target is None or not samples.horizon:
        return
    last = samples.rows[:, -1].astype(float)
    first = samples.target[:, 0].astype(float)
    if len(first) < 4 or (first == first[0]).all():
        return
    same = (last == first[:, np.newaxis]).all(axis=0)
    if same.any():
        yield (
            "the target among the features",
            _SURE,
            0,
            f"feature {int(np.argmax(same))} of the last step of each sample is its "
            "target: a window that ends with a row holds that row.",
            "Shift the target: y of row t is a later row, as in make_windows(series, "
            "window_length, horizon).",
        )


def _scale_findings(samples, pairs):
    """Yield columns that were scaled over all rows, test rows among them."""
    if samples.rows.dtype.kind != "f" or samples.classes is None:
        return
    n_features = samples.rows.shape[2]
    table, mine = _rows_under(samples)
    tried = {"X": (table, mine)}
    flat = samples.rows.reshape(len(samples.rows), -1)
    if flat.shape[1] > n_features:
        tried["X, each step of a window by itself"] = flat, np.arange(len(flat))
    if samples.target is not None and samples.target.dtype.kind == "f":
        tried["y"] = samples.target, np.arange(len(flat))
    train = min((pair[0] for pair in pairs), key=len)
    for name, (values, of) in tried.items():
        kinds = _scaled(values)
        part = values[np.isin(of, train)]
        if kinds and len(part) > 2 and not _scaled(part) & kinds:
            yield (
                "a scaler that saw the test rows",
                _LIKELY,
                0,
                f"{name} is scaled to {' and '.join(sorted(kinds))} over all rows, and "
                "not over those of a training part.",
                "Put the scaler into a Pipeline with the estimator (before a "
                "SlidingWindow), or use SeriesForecaster(estimator, "
                "transformer='standard'): it then learns from training rows alone.",
            )
            return


def _rows_under(samples):
    """Return the rows that windows were cut from, and the first sample to hold each.

    Targets that are no row of a window yet, at the end of a series, are rows, too.
    """
    rows, of = [], []
    known = 0 if samples.length > samples.rows.shape[1] else samples.rows.shape[1]
    starts = np.flatnonzero(np.diff(samples.series, prepend=-1))
    for start in starts:
        if known > 1:
            rows.append(samples.rows[start, : known - min(samples.stride, known)])
            of.append(np.full(len(rows[-1]), start))
    step = min(samples.stride, samples.rows.shape[1])
    rows.append(samples.rows[:, -step:].reshape(-1, samples.rows.shape[2]))
    of.append(np.repeat(np.arange(len(samples.rows)), step))
    y = samples.target
    if y is not None and samples.horizon * samples.rows.shape[2] == y.shape[1]:
        rows.append(y[-1].reshape(samples.horizon, -1))
        of.append(np.full(samples.horizon, len(y) - 1))
    return np.concatenate(rows), np.concatenate(of)


def _scaled(values):
    """Name how every column was scaled exactly over these rows: none, or a set."""
    values = values.astype(float)
    values = values[~np.isnan(values).any(axis=1)]
    if len(values) < 3:
        return set()
    low, high = values.min(axis=0), values.max(axis=0)
    varies = high > low
    if not varies.any():
        return set()
    kinds = set()
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    if (np.abs(mean) < _EXACT).all() and (np.abs(deviation - 1)[varies] < _EXACT).all():
        kinds.add("mean 0 and deviation 1")
    at_ends = (np.abs(low) < _EXACT) & (np.abs(high - 1) < _EXACT)
    inside = (values > 0) & (values < 1)
    # Classes and switches are 0 or 1 of themselves.
    if at_ends[varies].all() and inside[:, varies].any(axis=0).all():
        kinds.add("the range from 0 to 1")
    return kinds


def _frozen_findings(estimator, pairs):
    """Yield steps that were fitted before, on more rows than there are to train on."""
    steps = getattr(estimator, "estimator", estimator)
    largest = max(len(train) for train, _ in pairs)
    for name, step in steps.steps if isinstance(steps, Pipeline) else ():
        inner = getattr(step, "estimator", None)
        function = getattr(getattr(step, "func", None), "__self__", None)
        frozen = inner if type(step).__name__ == "FrozenEstimator" else function
        seen = int(np.max(getattr(frozen, "n_samples_seen_", 0)))
        if seen > largest:
            yield (
                "a step that was fitted before the split",
                _SURE,
                0,
                f"step {name!r} holds {type(frozen).__name__} fitted on {seen} rows; "
                f"no training part has more than {largest}.",
                f"Put an unfitted {type(frozen).__name__}() there.",
            )


def _fit_findings(estimator, X, y, pairs, notes):
    """Yield whether predictions move when only later rows do."""
    for train, test in pairs:
        half = len(test) // 2
        if half < 1 or not hasattr(estimator, "predict"):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                moved = _moved(estimator, X, y, train, np.sort(test), half)
        except Exception as error:
            notes.append(
                f"a fit on {len(train)} samples failed, so no predictions were looked "
                f"at: {error}"
            )
            return
        if moved:
            yield (
                "predictions that look ahead",
                _SURE,
                0,
                f"{moved} of {half} predictions moved when only later test rows were "
                "changed.",
                "Find the step that reads the rows of predict together (a scaler that "
                "is fitted in transform, a centred mean), and fit it in fit.",
            )
            return


def _moved(estimator, X, y, train, test, half):
    """Fit, change the second half of the test rows, count what moved in the first."""
    model = clone(estimator)
    names = model.get_params(deep=True)
    model.set_params(**{n: 1 for n in names if n.rpartition("__")[2] == "epochs"})
    if y is None:
        model.fit(_take(X, train))
    else:
        model.fit(_take(X, train), _take(y, train))
    rows = _take(X, test)
    said = [np.asarray(model.predict(rows))[:half] for _ in range(2)]
    if not np.array_equal(*said):
        return 0  # it draws at random: nothing can be told
    other = np.asarray(model.predict(_changed(rows, half)))[:half]
    if other.dtype.kind == "f":
        near = np.isclose(other, said[0], rtol=1e-4, atol=1e-6 * np.abs(other).max())
    else:
        near = other == said[0]
    return int((~near.reshape(half, -1).all(axis=1)).sum())


def _take(rows, at):
    return rows.iloc[at] if hasattr(rows, "iloc") else np.asarray(rows)[at]


def _changed(rows, half):
    """Return rows whose second half has other values, positive where they were."""
    values = np.array(rows, dtype=float)
    values[half:] = 3 * values[half:][::-1]
    if not hasattr(rows, "iloc"):
        return values
    changed = rows.astype(float).copy()
    changed.iloc[:] = values
    return changed
