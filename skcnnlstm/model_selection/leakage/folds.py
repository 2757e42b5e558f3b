"""What the training and the test part of a fold know of each other."""

from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv

from skcnnlstm.model_selection.split import check_splitter, read_pair


class Fold(NamedTuple):
    """The samples of both parts, and those that should not be there."""

    train: np.ndarray
    test: np.ndarray
    train_shared: np.ndarray  # those that hold a step of the other part
    test_shared: np.ndarray
    train_ahead: np.ndarray  # those that know of steps after the first test origin


def cut_folds(estimator, X, y, cv, groups, notes):
    """Return the training and test positions of each fold."""
    if cv is None:
        cv = getattr(estimator, "cv", None)
        if cv is None:
            notes.append("cv=None is KFold(5): folds that do not follow time.")
    if cv is not None and not isinstance(cv, Integral):
        check_splitter(cv)
    splitter = check_cv(cv, y, classifier=is_classifier(estimator))
    pairs = [read_pair(pair) for pair in splitter.split(X, y, groups)]
    if not pairs:
        raise ValueError(f"cv must make at least one fold: got none of {cv!r}.")
    return pairs


def look_at_fold(samples, train, test):
    """Return a fold, and what its parts know of each other."""
    shared, ahead = _shared(samples, train, test), _ahead(samples, train, test)
    return Fold(train, test, *shared, ahead)


def fold_table(folds):
    """Count the samples of each fold, and those that should not be there."""
    names = ["n_train", "n_test", "train_shared", "test_shared", "train_ahead"]
    counts = [[len(members) for members in fold] for fold in folds]
    return pd.DataFrame(counts, columns=names).rename_axis("fold")


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
