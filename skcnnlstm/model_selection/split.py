"""Time-ordered cross-validation splitters for multi-step targets and panels."""

from collections.abc import Mapping

import numpy as np
from sklearn.model_selection import BaseCrossValidator

from skcnnlstm._utils.time_order_split import split_in_time_order
from skcnnlstm._utils.validation import check_integer

__all__ = ["HorizonSplit", "PanelTimeSeriesSplit"]


class _TimeOrderedSplitter(BaseCrossValidator):
    """Base class of both splitters: parameters, gap, and the folds of one series.

    Each subclass documents the parameters.
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
        """Number of samples left out between the training part and the test part."""
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

    def _split_one_series(self, n_samples, description=""):
        """Return the (train, test) positions of each fold of one series.

        `description` is text about the series for the error message.
        """
        n_splits, gap = self.get_n_splits(), self.gap
        test_size, max_train_size = self.test_size, self.max_train_size
        if test_size is not None:
            test_size = check_integer("test_size", test_size)
        if max_train_size is not None:
            max_train_size = check_integer("max_train_size", max_train_size)
        folds = split_in_time_order(
            n_samples, n_splits, gap, test_size=test_size, max_train_size=max_train_size
        )
        if not folds:
            size = n_samples // (n_splits + 1) if test_size is None else test_size
            raise ValueError(
                "n_splits must leave at least one training sample before the gap and "
                f"the first test part: got n_splits={n_splits}, test_size={size}, "
                f"gap={gap} (from horizon={self.horizon}, stride={self.stride}, "
                f"window_length={self.window_length}) and {n_samples} "
                f"samples{description}. Use fewer folds, shorter test parts or more "
                "samples."
            )
        return [
            tuple(np.arange(part.start, part.stop) for part in fold) for fold in folds
        ]


class HorizonSplit(_TimeOrderedSplitter):
    """Time-ordered folds with the gap that multi-step targets need.

    The target of a sample reaches `horizon` time steps ahead. Without a gap, the
    targets of the last training samples contain steps that the first test samples
    predict. This splitter leaves out these training samples. With ``stride=1``, the
    folds equal those of ``TimeSeriesSplit(n_splits, gap=horizon - 1)``.

    Use this splitter for samples that are windows, and for rows that a `SlidingWindow`
    turns into windows. A `SeriesForecaster` builds its targets from the training rows
    only, so it needs no gap.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 1.
    horizon : int, default=1
        Number of time steps that the target of a sample reaches ahead. Use 0 if the
        target describes the window itself, like a class label.
    stride : int, default=1
        Number of time steps from one sample to the next.
    window_length : int or None, default=None
        Length of a window, in time steps. If given, the gap is so long that no row is
        in both a training window and a test window. Set it to classify overlapping
        windows. With None, test windows may contain rows of the training part, which
        are known history in a forecast.
    test_size : int or None, default=None
        Number of samples in each test part. None uses
        ``n_samples // (n_splits + 1)``.
    max_train_size : int or None, default=None
        Maximum number of samples in a training part. The latest samples are kept. None
        keeps all samples.

    Attributes
    ----------
    gap : int
        Number of samples left out between the training part and the test part:
        ``(horizon - 1) // stride``, or ``(window_length + horizon - 1) // stride`` if
        `window_length` is given.

    See Also
    --------
    PanelTimeSeriesSplit : Such folds for samples of many series.
    check_leakage : Check the folds of any splitter for leakage.

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
        """Yield the training and test positions of each fold.

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
        yield from self._split_one_series(_count_samples(X))


class PanelTimeSeriesSplit(_TimeOrderedSplitter):
    """Time-ordered folds of many series, each series split separately.

    `groups` holds the series of each sample. Each series is split as `HorizonSplit`
    does. Fold k combines the k-th training parts and the k-th test parts of all series.
    In a fold, every test sample of a series is therefore later than every training
    sample of this series.

    The samples of one series must be in time order. They need not be adjacent. The
    series may differ in length.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 1.
    horizon : int, default=1
        Number of time steps that the target of a sample reaches ahead. Use 1 for the
        rows of a `SeriesForecaster`, which builds the targets itself.
    stride : int, default=1
        Number of time steps from one sample to the next.
    window_length : int or None, default=None
        Length of a window, in time steps. If given, the gap is so long that no row is
        in both a training window and a test window. None gives a gap for the horizon
        only.
    test_size : int or None, default=None
        Number of samples of each series in each test part. None uses
        ``n_samples // (n_splits + 1)``, with the number of samples of the series.
    max_train_size : int or None, default=None
        Maximum number of samples of a series in a training part. The latest samples are
        kept. None keeps all samples.

    Attributes
    ----------
    gap : int
        Number of samples of each series left out between the training part and the test
        part.

    Notes
    -----
    A training part may hold rows of one series that are later than test rows of another
    series. The model then learns from later events that affect all series, such as a
    holiday. To avoid this, split all series at the same dates.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import PanelTimeSeriesSplit
    >>> shops = np.array(["a", "b", "a", "b", "a", "b", "a", "a"])
    >>> for train, test in PanelTimeSeriesSplit(2).split(shops, groups=shops):
    ...     print(train, test)
    [0 1 2 4] [3 6]
    [0 1 2 3 4 6] [5 7]

    In a search over a forecaster of a long frame, pass `groups` to `fit`:

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

    # With metadata routing enabled, a search passes `groups` to the splitter by
    # default, as it does for the group splitters of scikit-learn.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def split(self, X, y=None, groups=None):
        """Yield the training and test positions of each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples. The samples of each series are in time order.
        y : object
            Ignored.
        groups : array-like of shape (n_samples,)
            Series of each sample.

        Yields
        ------
        train, test : ndarray of int
            Positions, ascending.
        """
        folds = [
            [
                tuple(rows[part] for part in fold)
                for fold in self._split_one_series(len(rows), f" of series {key!r}")
            ]
            for key, rows in _rows_by_series(groups, _count_samples(X)).items()
        ]
        for parts in zip(*folds, strict=True):
            train, test = zip(*parts, strict=True)
            yield np.sort(np.concatenate(train)), np.sort(np.concatenate(test))


def _count_samples(X):
    shape = getattr(X, "shape", None)
    if shape or (shape is None and hasattr(X, "__len__")):
        return shape[0] if shape else len(X)
    raise TypeError(
        f"X must be an array-like of samples: got {X!r}. Pass the samples to split."
    )


def _rows_by_series(groups, n_samples):
    """Return the positions of the samples of each series, by its label."""
    if groups is None:
        raise ValueError(
            "groups must hold the series of each sample: got None. Use split(X, y, "
            "groups) or search.fit(X, y, groups=...). For one series, use HorizonSplit."
        )
    groups = np.asarray(groups)
    if groups.shape != (n_samples,):
        raise ValueError(
            f"groups must have shape (n_samples,): got shape {groups.shape} and "
            f"{n_samples} samples in X. Pass one label for each sample."
        )
    keys, codes = np.unique(groups, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order])) + 1
    return dict(zip(keys.tolist(), np.split(order, starts), strict=True))


def check_splitter(cv):
    """Raise if `cv` is not a splitter instance or an iterable of folds."""
    if isinstance(cv, type) and hasattr(cv, "split") and not issubclass(cv, str):
        raise TypeError(
            f"cv must be a splitter instance: got the class {cv.__name__}. Use "
            f"{cv.__name__}(...) with its parameters."
        )
    pairs = hasattr(cv, "split") or hasattr(cv, "__iter__")
    if isinstance(cv, str | type | Mapping) or not pairs:
        raise TypeError(_invalid_cv_message(cv))


def read_pair(pair):
    """Return the training and test rows of a fold as integer positions."""
    try:
        rows = [np.asarray(rows) for rows in pair]
    except (TypeError, ValueError):  # not a pair, or ragged
        rows = []
    if [r.ndim for r in rows] != [1, 1] or any(
        r.size and r.dtype.kind not in "biu" for r in rows
    ):
        raise TypeError(_invalid_cv_message(pair))
    return tuple(
        np.flatnonzero(r) if r.dtype == bool else r.astype(np.intp) for r in rows
    )


def _invalid_cv_message(cv):
    return (
        "cv must be a time-ordered splitter or an iterable of (training rows, test "
        f"rows) as integer arrays: got {cv!r}. Use TimeSeriesSplit(5, "
        "test_size=horizon)."
    )
