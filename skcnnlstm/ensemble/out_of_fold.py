"""Predict samples with members that were fitted on earlier samples only."""

import numpy as np
from sklearn.base import clone

from skcnnlstm._utils.parallel import run_parallel
from skcnnlstm._utils.time_order_split import split_in_time_order


def time_ordered_folds(n_samples, n_splits, gap):
    """Return the folds of a TimeSeriesSplit as `(train, test)` slices.

    Unlike in TimeSeriesSplit, `n_splits` may be 1. With slices, windows that are a view
    of a series are not copied. Raise if there are too few samples for the folds.
    """
    folds = split_in_time_order(n_samples, n_splits, gap)
    if folds:
        return folds
    smaller = range(n_splits - 1, 0, -1)
    most = next((n for n in smaller if split_in_time_order(n_samples, n, gap)), None)
    fewer = "" if most is None else f"n_splits={most}, "
    raise ValueError(
        "n_splits must leave training samples before every fold: got "
        f"n_splits={n_splits}, validation_gap={gap}, n_samples={n_samples} (those with "
        f"full history and nonzero weight). Use {fewer}more samples, or "
        "method='mean', which needs no folds."
    )


def folds_with_two_classes(folds, y):
    """Return the folds with two or more classes in training; raise if there are none.

    A classifier cannot be fitted on one class. `folds` holds `(train, test)` slices.
    """
    kept = [fold for fold in folds if len(np.unique(y[fold[0]])) > 1]
    if not kept:
        stop = folds[-1][0].stop
        raise ValueError(
            "y must contain two classes in at least one training part: got one class, "
            f"{as_python(y[0])!r}, in the first {stop} of {len(y)} samples. Use "
            "method='mean', which needs no folds, or add earlier samples."
        )
    return kept


def as_python(label):
    """Return a NumPy scalar as a Python object, whose repr is shorter."""
    return label.item() if isinstance(label, np.generic) else label


def in_threads(n_jobs, function, calls):
    """Return the results of a function for each tuple of arguments in `calls`.

    The calls run in threads, so that windows are shared and not copied.
    """
    # In joblib, `require` overrides the backend of the user; `prefer` does not.
    return run_parallel(n_jobs, function, calls, require="sharedmem")


def fit_clone(member, X, y, weight, task):
    """Return a fitted clone of `member`; the fit runs in the context `task(clone)`.

    `weight` holds the sample weights, or is None.
    """
    weights = {} if weight is None else {"sample_weight": weight}
    member = clone(member)
    with task(member):
        return member.fit(X, y, **weights)


def out_of_fold_predictions(members, X, y, weight, folds, predict, tasks, n_jobs=None):
    """Return the predictions of each member for all folds, of shape (n_tested, width).

    For each fold, a clone of the member is fitted on the samples before the fold.
    `folds` holds slices of training and test samples; consecutive test slices are
    adjacent. ``predict(fitted, X)`` returns the predictions. `tasks` yields one
    function for each fit, member by member. Such a function takes the clone and returns
    a context manager for its fit.
    """
    calls = [
        (member, X, y, weight, next(tasks), fold, predict)
        for member in members
        for fold in folds
    ]
    parts = in_threads(n_jobs, _fit_and_predict, calls)
    n_folds = len(folds)
    return [
        np.concatenate(parts[i * n_folds : (i + 1) * n_folds])
        for i in range(len(members))
    ]


def _fit_and_predict(member, X, y, weight, task, fold, predict):
    """Return the predictions for one fold."""
    train, test = fold
    fold_weight = None if weight is None else weight[train]
    try:
        fitted = fit_clone(member, X[train], y[train], fold_weight, task)
    except Exception as error:
        error.add_note(
            f"Raised by {type(member).__name__}, fitted on the first {train.stop} "
            f"samples to predict samples {test.start} to {test.stop - 1}. The folds "
            "depend on n_splits and validation_gap."
        )
        raise
    return predict(fitted, X[test])


def probabilities(member, X, classes):
    """Return the probability of each of `classes`; 0 if not in ``member.classes_``."""
    result = np.zeros((len(X), len(classes)))
    result[:, np.searchsorted(classes, member.classes_)] = member.predict_proba(X)
    return result
