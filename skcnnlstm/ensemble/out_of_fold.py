"""Joining: what members say of samples later than theirs, and weights learned of it."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from sklearn.base import clone

from skcnnlstm._utils.parallel import in_parallel
from skcnnlstm._utils.time_folds import split_in_time_order

# A probability of zero would make the log-loss of a mixture infinite at one end.
_SMALLEST_PROBABILITY = 1e-12


def in_threads(n_jobs, function, calls):
    """Call a function in threads: windows are shared, not copied."""
    # A preference would lose against a cluster that the user chose for the outer work.
    return in_parallel(n_jobs, function, calls, require="sharedmem")


# --------------------------------------------------------------- folds in time order


def time_ordered_folds(n_samples, n_splits, gap):
    """Return `(train, test)` slices: those of TimeSeriesSplit, one fold admitted too.

    Slices, because an index array would copy windows that are a view of a series.
    """
    folds = split_in_time_order(n_samples, n_splits, gap)
    if not folds:
        raise ValueError(_too_few_message(n_samples, n_splits, gap))
    return folds


def _too_few_message(n_samples, n_splits, gap):
    smaller = range(n_splits - 1, 0, -1)
    most = next((n for n in smaller if split_in_time_order(n_samples, n, gap)), None)
    fewer = "" if most is None else f"n_splits={most}, "
    return (
        "n_splits must leave samples to train on before every fold: got "
        f"n_splits={n_splits}, validation_gap={gap}, n_samples={n_samples} (those with "
        f"full history and weight). Use {fewer}more samples, or method='mean', which "
        "needs no folds."
    )


def folds_with_two_classes(folds, y):
    """Drop the first folds, where no classifier can be trained before them."""
    kept = [fold for fold in folds if len(np.unique(y[fold[0]])) > 1]
    if not kept:
        stop = folds[-1][0].stop
        raise ValueError(
            "y must hold two classes before one of the folds at least: got one class, "
            f"{plain(y[0])!r}, in the first {stop} of {len(y)} samples. Use "
            "method='mean', which needs no folds, or samples from an earlier time."
        )
    return kept


def plain(label):
    """Return a label as Python writes it: 'a', not np.str_('a')."""
    return label.item() if isinstance(label, np.generic) else label


def fit_clone(member, X, y, weight, task):
    """Fit a clone, with weights where there are any, within `task(clone)`."""
    weights = {} if weight is None else {"sample_weight": weight}
    member = clone(member)
    with task(member):
        return member.fit(X, y, **weights)


def _fit_and_ask(member, X, y, weight, task, fold, ask):
    """Return what a clone fitted before a fold says of it."""
    train, test = fold
    try:
        fitted = fit_clone(
            member,
            X[train],
            y[train],
            None if weight is None else weight[train],
            task,
        )
    except Exception as error:
        error.add_note(
            f"Raised by {type(member).__name__} on the first {train.stop} samples, "
            f"fitted to predict samples {test.start} to {test.stop - 1}: n_splits and "
            "validation_gap say where the folds lie."
        )
        raise
    return ask(fitted, X[test])


def out_of_fold_predictions(members, X, y, weight, folds, ask, tasks, n_jobs=None):
    """Return what each member says of later samples than it was trained on.

    Parameters
    ----------
    members : list of estimator
        Fitted as clones.
    X, y : ndarray
        Samples in time order.
    weight : ndarray or None
        Their weights.
    folds : list of (slice, slice)
        Training and test samples, consecutive tests.
    ask : callable
        `ask(fitted, X)` gives `(n_samples, width)`.
    tasks : iterator of callable
        The task of each fit, member by member.
    n_jobs : int or None
        Threads.

    Returns
    -------
    said : list of ndarray of shape (n_tested, width)
        One array a member.
    """
    calls = [
        (member, X, y, weight, next(tasks), fold, ask)
        for member in members
        for fold in folds
    ]
    said = in_threads(n_jobs, _fit_and_ask, calls)
    n_folds = len(folds)
    return [
        np.concatenate(said[i * n_folds : (i + 1) * n_folds])
        for i in range(len(members))
    ]


# -------------------------------------------------------------------- learned weights


def least_squares_weights(first, second, y, weight=None):
    """Return the convex weights of least squares, over all outputs at once.

    With one degree of freedom the minimum of the parabola, cut to [0, 1], is exact.
    """
    apart = first - second  # (n_samples, n_outputs)
    weight = 1.0 if weight is None else weight[:, np.newaxis]
    curvature = (weight * apart**2).sum()
    if curvature == 0:
        return np.array([0.5, 0.5])
    share = np.clip((weight * apart * (y - second)).sum() / curvature, 0, 1)
    return np.array([share, 1 - share])


def log_loss_weights(first, second, codes, weight=None):
    """Return the convex weights with the least log-loss of the mixed probabilities.

    The loss is convex in the share: its slope has one root, or none inside (0, 1).
    """
    weight = 1.0 if weight is None else weight
    rows = np.arange(len(codes))
    first = np.maximum(first[rows, codes], _SMALLEST_PROBABILITY)
    second = np.maximum(second[rows, codes], _SMALLEST_PROBABILITY)
    apart = first - second

    def slope(share):
        return -(weight * apart / (share * first + (1 - share) * second)).sum()

    if not apart.any():
        share = 0.5
    elif slope(0) >= 0:
        share = 0.0
    elif slope(1) <= 0:
        share = 1.0
    else:
        share = brentq(slope, 0, 1)
    return np.array([share, 1 - share])


# ---------------------------------------------------------------- what members say


def predictions(member, X, classes=None):
    """Return predictions as `(n_samples, n_outputs)`."""
    return np.asarray(member.predict(X), dtype=np.float64).reshape(len(X), -1)


def probabilities(member, X, classes):
    """Return the probability of each of `classes`; 0 of those not seen in training."""
    said = np.zeros((len(X), len(classes)))
    said[:, np.searchsorted(classes, member.classes_)] = member.predict_proba(X)
    return said
