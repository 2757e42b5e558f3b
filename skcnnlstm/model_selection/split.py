"""Folds in time order, for windows that look ahead and for many series."""

from collections.abc import Mapping

import numpy as np
from sklearn.model_selection import BaseCrossValidator

from skcnnlstm._utils.validation import check_integer

__all__ = ["HorizonSplit", "PanelTimeSeriesSplit"]


class _InTimeOrder(BaseCrossValidator):
    """What the splitters share: how one series is cut, and the gap between the parts.

    Parameters are documented in each class.
    """

    def __init__(
        self,
        n_splits=5,
        *,
        horizon=1,
        stride=1,
        window_length=None,
        test_size=None,
        max_train_size=None,
    ):
        self.n_splits = n_splits
        self.horizon = horizon
        self.stride = stride
        self.window_length = window_length
        self.test_size = test_size
        self.max_train_size = max_train_size

    @property
    def gap(self):
        """Samples left out between training and test part."""
        horizon = check_integer("horizon", self.horizon, minimum=0)
        stride = check_integer("stride", self.stride)
        if self.window_length is None:
            return max(0, horizon - 1) // stride
        length = check_integer("window_length", self.window_length)
        return (length + horizon - 1) // stride

    def get_n_splits(self, X=None, y=None, groups=None):
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object
            Ignored.

        Returns
        -------
        n_splits : int
        """
        return check_integer("n_splits", self.n_splits)

    def _cut(self, n_samples, of=""):
        """Yield (training, test) positions of one series of samples."""
        n_splits, gap = self.get_n_splits(), self.gap
        size = n_samples // (n_splits + 1)
        if self.test_size is not None:
            size = check_integer("test_size", self.test_size)
        most = n_samples
        if self.max_train_size is not None:
            most = check_integer("max_train_size", self.max_train_size)
        first = n_samples - n_splits * size
        if not size or first - gap < 1:
            raise ValueError(
                "n_splits test parts, each after a gap, must leave a sample to train "
                f"on: got n_splits={n_splits}, test_size={size}, gap={gap} (of "
                f"horizon={self.horizon}, stride={self.stride}, window_length="
                f"{self.window_length}), {n_samples} samples{of}. Use fewer or shorter "
                "test parts, or more samples."
            )
        for start in range(first, n_samples, size):
            stop = start - gap
            yield np.arange(max(0, stop - most), stop), np.arange(start, start + size)


class HorizonSplit(_InTimeOrder):
    """Folds in time order, with the gap that targets several steps ahead need.

    A window that is a sample before the first test window has a target that reaches
    `horizon` steps ahead: ``horizon - 1`` of these steps are targets of test windows,
    too, and lie after the row from which the first of them forecasts. So many samples
    are left out, and the folds are those of ``TimeSeriesSplit(n_splits,
    gap=horizon - 1)``. For samples that are windows, or rows that a `SlidingWindow`
    makes windows of; `SeriesForecaster` makes its targets of training rows alone and
    needs no gap.

    Parameters
    ----------
    n_splits : int, default=5
        Folds, at least 1.
    horizon : int, default=1
        Time steps that the target of a sample reaches ahead. 0 for targets that say
        something of the window itself, as classes do.
    stride : int, default=1
        Time steps from one sample to the next.
    window_length : int or None, default=None
        None lets test windows begin in rows that training samples hold, as a forecast
        does that knows its history. An integer, the length of a window in time steps,
        keeps the windows of both parts apart: for classes of windows that overlap.
    test_size : int or None, default=None
        Samples in each test part; None divides them into ``n_splits + 1`` parts.
    max_train_size : int or None, default=None
        The most samples in a training part, its last; None for all.

    Attributes
    ----------
    gap : int
        Samples left out between the training and the test part: ``(horizon - 1) //
        stride``, or ``(window_length + horizon - 1) // stride``.

    See Also
    --------
    PanelTimeSeriesSplit : The same for samples of many series.
    check_leakage : What a splitter lets through.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import HorizonSplit, make_windows
    >>> X, y = make_windows(np.arange(12.0), 2, horizon=3)
    >>> for train, test in HorizonSplit(2, horizon=3, test_size=2).split(X):
    ...     print(train, test)
    [0 1] [4 5]
    [0 1 2 3] [6 7]
    """

    def split(self, X, y=None, groups=None):
        """Yield the training and test samples of each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples in time order.
        y, groups : object
            Ignored.

        Yields
        ------
        train, test : ndarray of int
            Positions, ascending.
        """
        yield from self._cut(_count(X))


class PanelTimeSeriesSplit(_InTimeOrder):
    """Folds of many series, each cut in time order by itself.

    `groups` says whose each sample is. Every series is split as by `HorizonSplit`, and
    fold k has the k-th training and test part of all of them: no model is tested on
    samples of a series that lie before others of that series it learned from. Series
    are in the order of time among themselves, wherever they stand; they need not be of
    one length.

    Parameters
    ----------
    n_splits : int, default=5
        Folds, at least 1.
    horizon : int, default=1
        Time steps that the target of a sample reaches ahead. 1 for the rows of a
        `SeriesForecaster`, which makes the targets itself.
    stride : int, default=1
        Time steps from one sample to the next.
    window_length : int or None, default=None
        As for `HorizonSplit`.
    test_size : int or None, default=None
        Samples of each series in each test part; None divides each series into
        ``n_splits + 1`` parts.
    max_train_size : int or None, default=None
        The most samples of a series in a training part, its last; None for all.

    Attributes
    ----------
    gap : int
        Samples of each series left out between the training and the test part.

    Notes
    -----
    Where series run beside each other in time, a training part may hold rows of one
    series that are later than test rows of another. What moves all of them at once
    (a holiday, a crisis) is then known; cut at dates where that matters.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import PanelTimeSeriesSplit
    >>> shops = np.array(["a", "b", "a", "b", "a", "b", "a", "a"])
    >>> for train, test in PanelTimeSeriesSplit(2).split(shops, groups=shops):
    ...     print(train, test)
    [0 1 2 4] [3 6]
    [0 1 2 3 4 6] [5 7]

    A search passes the groups on, and long frames are split as they are:

    >>> import pandas as pd
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import FlattenWindows, SeriesForecaster
    >>> frame = pd.DataFrame({"shop": ["a", "b"] * 30, "sold": np.arange(60.0)})
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> search = GridSearchCV(
    ...     SeriesForecaster(ridge, id_column="shop"),
    ...     {"window_length": [2, 4]},
    ...     cv=PanelTimeSeriesSplit(2),
    ... ).fit(frame, groups=frame["shop"])
    >>> search.best_estimator_.forecast(3).shape
    (6, 2)
    """

    # Under metadata routing a search gives the groups to the splitter unasked, as to
    # scikit-learn's own splitters of groups.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def split(self, X, y=None, groups=None):
        """Yield the training and test samples of each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples, those of each series in time order.
        y : object
            Ignored.
        groups : array-like of shape (n_samples,)
            Whose each sample is.

        Yields
        ------
        train, test : ndarray of int
            Positions, ascending.
        """
        members = _members(groups, _count(X))
        folds = [
            [tuple(rows[part] for part in fold) for fold in self._cut(len(rows), of)]
            for of, rows in members.items()
        ]
        for parts in zip(*folds, strict=True):
            train, test = zip(*parts, strict=True)
            yield np.sort(np.concatenate(train)), np.sort(np.concatenate(test))


def _count(X):
    shape = getattr(X, "shape", None)
    if shape or (shape is None and hasattr(X, "__len__")):
        return shape[0] if shape else len(X)
    raise TypeError(
        f"X must be an array-like of samples: got {X!r}. Give what will be split."
    )


def _members(groups, n_samples):
    """Return the positions of each series, by how an error names it."""
    if groups is None:
        raise ValueError(
            "groups must say whose each sample is: got None. Use split(X, y, groups) "
            "or search.fit(X, y, groups=...); for one series, HorizonSplit."
        )
    groups = np.asarray(groups)
    if groups.shape != (n_samples,):
        raise ValueError(
            "groups must have shape (n_samples,): got "
            f"{groups.shape}, X has {n_samples} samples. Give one label a sample."
        )
    keys, codes = np.unique(groups, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    rows = np.split(order, cuts)
    return {f" of series {k!r}": r for k, r in zip(keys.tolist(), rows, strict=True)}


def check_splitter(cv):
    """Raise where `cv` is no splitter and no pairs of rows: its class, say."""
    if isinstance(cv, type) and hasattr(cv, "split") and not issubclass(cv, str):
        raise TypeError(
            "cv must be a splitter, not the class of one: got the class "
            f"{cv.__name__}. Use {cv.__name__}(...), with its parameters."
        )
    pairs = hasattr(cv, "split") or hasattr(cv, "__iter__")
    if isinstance(cv, str | type | Mapping) or not pairs:
        raise TypeError(_no_splitter(cv))


def read_pair(pair):
    """Return the training and the test rows of a fold as positions."""
    try:
        rows = [np.asarray(rows) for rows in pair]
    except (TypeError, ValueError):  # no pair, or a ragged one
        rows = []
    if [r.ndim for r in rows] != [1, 1] or any(
        r.size and r.dtype.kind not in "biu" for r in rows
    ):
        raise TypeError(_no_splitter(pair))
    return tuple(
        np.flatnonzero(r) if r.dtype == bool else r.astype(np.intp) for r in rows
    )


def _no_splitter(got):
    return (
        "cv must be a splitter that keeps the order of time, or pairs of training and "
        f"test rows, as arrays of integers: got {got!r}. Use TimeSeriesSplit(5, "
        "test_size=horizon)."
    )
