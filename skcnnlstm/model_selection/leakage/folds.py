"""Find the samples of a fold that leak between its training and test parts."""

import warnings
from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv

from skcnnlstm.model_selection.split import check_splitter, read_pair


class FoldLeakage(NamedTuple):
    """Positions of the samples of a fold, and of the samples that leak."""

    train: np.ndarray
    test: np.ndarray
    train_shared: np.ndarray  # training samples that share a step with the test part
    test_shared: np.ndarray  # test samples that share a step with the training part
    train_ahead: np.ndarray  # training samples with steps after the first test origin


def make_folds(estimator, X, y, cv, groups, notes):
    """Return the training and test positions of each fold."""
    if cv is None:
        cv = getattr(estimator, "cv", None)
        if cv is None:
            notes.append("cv=None uses KFold(5), which ignores the order of time.")
    if cv is not None and not isinstance(cv, Integral):
        check_splitter(cv)
    splitter = check_cv(cv, y, classifier=is_classifier(estimator))
    with warnings.catch_warnings():  # the check uses the groups even if `cv` does not
        warnings.filterwarnings("ignore", "The groups parameter is ignored by")
        pairs = [read_pair(pair) for pair in splitter.split(X, y, groups)]
    if not pairs:
        raise ValueError(
            f"cv must make at least one fold: got none from {cv!r}. Use a splitter, "
            "such as HorizonSplit(5)."
        )
    return pairs


def find_leaking_samples(samples, train, test):
    """Return the `FoldLeakage` of a fold."""
    shared = _find_shared(samples, train, test)
    return FoldLeakage(train, test, *shared, _find_ahead(samples, train, test))


def fold_table(folds):
    """Return a table with the number of samples of each kind in each fold."""
    names = ["n_train", "n_test", "train_shared", "test_shared", "train_ahead"]
    counts = [[len(positions) for positions in fold] for fold in folds]
    return pd.DataFrame(counts, columns=names).rename_axis("fold")


def _find_shared(samples, train, test):
    """Return the samples of each part that share a step with the other part."""
    first, last = samples.span()
    shared = [[], []]
    for series in np.unique(samples.series[test]):
        parts = [part[samples.series[part] == series] for part in (train, test)]
        for part, other, found in zip(parts, parts[::-1], shared, strict=True):
            mask = overlaps_any(first[part], last[part], first[other], last[other])
            found.append(part[mask])
    return tuple(np.sort(np.concatenate(found)) for found in shared)


def overlaps_any(first, last, other_first, other_last):
    """Return a mask of the intervals that overlap at least one of the other intervals.

    `first` and `last` hold the first and the last step of each interval. `other_first`
    and `other_last` hold those of the other intervals.
    """
    if not len(other_first):
        return np.zeros(len(first), bool)
    low = min(first.min(initial=0), other_first.min())
    high = max(last.max(initial=0), other_last.max())
    changes = np.zeros(high - low + 2, np.int64)
    np.add.at(changes, other_first - low, 1)
    np.add.at(changes, other_last - low + 1, -1)
    covered = np.cumsum(changes)[:-1] > 0
    n_covered = np.concatenate([[0], np.cumsum(covered)])  # before each step
    return n_covered[last - low + 1] > n_covered[first - low]


def _find_ahead(samples, train, test):
    """Return the training samples that contain steps after the first test origin.

    There are none if the target describes the window itself.
    """
    if samples.classes:
        return train[:0]
    _, last = samples.span()
    origins = pd.Series(samples.origin[test]).groupby(samples.series[test])
    # For a series without test samples, this is NaN, which means no leak.
    first_origin = origins.min().reindex(samples.series[train]).to_numpy()
    return np.sort(train[last[train] > first_origin])
