"""all_estimators: what there is, for code that walks every class."""

from __future__ import annotations

import inspect

from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    TransformerMixin,
)

import skcnnlstm
from skcnnlstm._utils.validation import check_choice

KINDS = ("regressor", "classifier", "forecaster", "transformer")


def all_estimators(kind=None):
    """List every estimator of the package.

    Loads all of it, TensorFlow too.

    Parameters
    ----------
    kind : {"regressor", "classifier", "forecaster", "transformer"} or None, \
default=None
        Which ones: those that map windows to targets, or to classes, those that
        forecast a series, or those that make windows. None lists all of them.

    Returns
    -------
    estimators : list of (str, type)
        Name and class, sorted by name. Each class is of one kind.

    Raises
    ------
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> from skcnnlstm import all_estimators
    >>> [name for name, _ in all_estimators("transformer")]
    ['FlattenWindows', 'LastSteps', 'SlidingWindow', 'SubsequenceReshaper']
    """
    check_choice("kind", kind, (None, *KINDS))
    public = ((name, getattr(skcnnlstm, name)) for name in skcnnlstm.__all__)
    return [(name, cls) for name, cls in public if _is_of(kind, cls)]


def _is_of(kind, thing):
    if not (inspect.isclass(thing) and issubclass(thing, BaseEstimator)):
        return False  # a function, or what one returns
    return kind in (None, _kind_of(thing))


def _kind_of(cls):
    """Name a class's kind; a forecaster is a regressor too, to scikit-learn."""
    if hasattr(cls, "forecast"):
        return "forecaster"
    kinds = {
        RegressorMixin: "regressor",
        ClassifierMixin: "classifier",
        TransformerMixin: "transformer",
    }
    return next(kind for base, kind in kinds.items() if issubclass(cls, base))
