"""The base classes that skcnnlstm imports, without any function of scikeras."""

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin


class KerasRegressor(RegressorMixin, BaseEstimator):
    """Stand in for the wrapper of this name."""


class KerasClassifier(ClassifierMixin, BaseEstimator):
    """Stand in for the wrapper of this name."""
