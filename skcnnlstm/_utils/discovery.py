"""List the estimators of the package, for code that loops over all of them."""

from __future__ import annotations

import inspect

from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    OutlierMixin,
    RegressorMixin,
    TransformerMixin,
)

import skcnnlstm
from skcnnlstm._utils.validation import check_choice

KINDS = ("regressor", "classifier", "forecaster", "outlier_detector", "transformer")
# Base classes of custom networks cannot be instantiated.
_BASES = ("HybridClassifier", "HybridRegressor")


def all_estimators(kind=None):
    """List the estimators of the package, by name.

    Parameters
    ----------
    kind : {"regressor", "classifier", "forecaster", "outlier_detector", \
"transformer"} or None, default=None
        The kind to list. None lists all estimators.

        - Regressors and classifiers map windows to targets.
        - Forecasters and outlier detectors read a series.
        - Transformers make or change windows.

    Returns
    -------
    estimators : list of (str, type)
        Name and class, sorted by name. Each class has exactly one kind.

    Raises
    ------
    ValueError
        If `kind` is unknown.

    Notes
    -----
    This function imports all estimators, and therefore TensorFlow.

    Examples
    --------
    >>> from skcnnlstm import all_estimators
    >>> [name for name, _ in all_estimators("transformer")]
    ['FlattenWindows', 'LastSteps', 'SlidingWindow', 'SubsequenceReshaper']
    """
    check_choice("kind", kind, (None, *KINDS))
    public = ((name, getattr(skcnnlstm, name)) for name in skcnnlstm.__all__)
    return [
        (name, cls)
        for name, cls in public
        if inspect.isclass(cls)
        and name not in _BASES
        and issubclass(cls, BaseEstimator)
        and kind in (None, _estimator_kind(cls))
    ]


def _estimator_kind(cls):
    # For scikit-learn a forecaster is a regressor.
    if hasattr(cls, "forecast"):
        return "forecaster"
    kinds = {
        RegressorMixin: "regressor",
        ClassifierMixin: "classifier",
        OutlierMixin: "outlier_detector",
        TransformerMixin: "transformer",
    }
    return next(kind for base, kind in kinds.items() if issubclass(cls, base))
