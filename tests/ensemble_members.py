"""Members of ensembles whose predictions are known, for several test files."""

import warnings

import numpy as np
from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
)
from sklearn.neighbors import KNeighborsRegressor

from skcnnlstm import (
    CNNClassifier,
    CNNRegressor,
    HybridEnsembleClassifier,
    HybridEnsembleRegressor,
    LSTMClassifier,
    LSTMRegressor,
)


class ShiftedLastStep(RegressorMixin, BaseEstimator):
    """Predict the last step plus `shift`, and record every call of `predict`."""

    # Of all clones: (fitted windows, predicted windows, fitted weights).
    calls = []  # noqa: RUF012

    def __init__(self, shift=0.0, random_state=None):
        self.shift = shift
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        self.fitted_, self.weight_ = X, sample_weight
        return self

    def predict(self, X):
        ShiftedLastStep.calls.append((self.fitted_, X, self.weight_))
        return X[:, -1] + self.shift


class LastStepClassifier(ClassifierMixin, BaseEstimator):
    """Predict the class in the last step with probability `sure`, if `fit` saw it."""

    def __init__(self, sure=0.9):
        self.sure = sure

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.codes_ = {code: i for i, code in enumerate(np.unique(X[:, -1]))}
        return self

    def predict_proba(self, X):
        others = (1 - self.sure) / (len(self.classes_) - 1)
        probabilities = np.full((len(X), len(self.classes_)), others)
        for row, code in enumerate(X[:, -1]):
            if code in self.codes_:
                probabilities[row, self.codes_[code]] = self.sure
        return probabilities

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class WithoutWeights(KNeighborsRegressor):
    """A regressor whose `fit` has no `sample_weight`."""


class Recorder(RegressorMixin, BaseEstimator):
    """Predict 0, and record the warning filters and the configuration during `fit`."""

    def __init__(self, meet=None):
        self.meet = meet

    def fit(self, X, y):
        self.filters_, self.config_ = warnings.filters, get_config()
        if self.meet is not None:
            self.meet()
        return self

    def predict(self, X):
        return np.zeros(len(X))


def numbered_windows(n_samples):
    """Return windows that contain their own number, and that number as the target."""
    X = np.repeat(np.arange(float(n_samples))[:, np.newaxis], 3, axis=1)
    return X, X[:, -1].copy()


def tiny_ensemble(kind="regressor", **params):
    """Return an ensemble of networks that train in milliseconds."""
    members = {"epochs": 1, "batch_size": 16}
    if kind == "regressor":
        cnn, lstm, ensemble = CNNRegressor, LSTMRegressor, HybridEnsembleRegressor
    else:
        cnn, lstm, ensemble = CNNClassifier, LSTMClassifier, HybridEnsembleClassifier
    return ensemble(
        cnn=cnn(filters=2, dense_units=(), **members),
        lstm=lstm(lstm_units=2, **members),
        **{"n_splits": 2, "random_state": 0} | params,
    )
