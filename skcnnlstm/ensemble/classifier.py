"""HybridEnsembleClassifier: an ensemble of a CNN and an LSTM for classes."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from sklearn.base import (
    ClassifierMixin,
)
from sklearn.linear_model import LogisticRegression

from skcnnlstm._utils.validation import (
    check_class_target,
)
from skcnnlstm.architectures.cnn import CNNClassifier
from skcnnlstm.architectures.lstm import LSTMClassifier
from skcnnlstm.ensemble.base import (
    _HybridEnsemble,
)
from skcnnlstm.ensemble.out_of_fold import (
    folds_with_two_classes,
    log_loss_weights,
    plain,
    probabilities,
)


class HybridEnsembleClassifier(ClassifierMixin, _HybridEnsemble):
    """Classify windows with a CNN and an LSTM, trained apart and joined.

    Windows of any shape that both members read, `(n_samples, window_length)` or
    `(n_samples, window_length, n_features)` for the defaults, go into a CNNClassifier
    and an LSTMClassifier. Their probabilities are averaged, averaged with learned
    weights (the least log-loss of the mixture), or put into a classifier.

    A class that does not occur before a fold has probability 0 there. Folds with one
    class only before them are left out; the first one with two is where learning
    begins. "stack" never predicts a class that occurs in no fold.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import HybridEnsembleClassifier
    >>> X = np.sin(np.outer([1, 2, 1, 2], np.arange(12)))
    >>> y = ["slow", "fast", "slow", "fast"]
    >>> ensemble = HybridEnsembleClassifier(epochs=2, random_state=0).fit(X, y)
    >>> ensemble.predict_proba(X).shape
    (4, 2)
    """

    _own_attributes = """

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted: the columns of `predict_proba`.
    """
    _kind = "classifier"
    _default_members: ClassVar = {"cnn": CNNClassifier, "lstm": LSTMClassifier}

    @staticmethod
    def _default_final():
        return LogisticRegression()

    _ask = staticmethod(probabilities)

    def _check_target(self, y, n_samples):
        return check_class_target(y, n_samples, estimator=self)

    def _find_classes(self, y):
        classes = np.unique(y)
        if len(classes) < 2:
            raise ValueError(
                f"{type(self).__name__} must see two classes at least: got one class, "
                f"{plain(classes[0])!r}. Samples without full history or weight do "
                "not count."
            )
        return classes

    def _usable_folds(self, folds, y):
        folds = folds_with_two_classes(folds, y)
        tested = y[folds[0][1].start :]
        if self.method == "stack" and len(np.unique(tested)) < 2:
            raise ValueError(
                "y must hold two classes within the folds for method='stack': got one "
                f"class, {plain(tested[0])!r}, in the last {len(tested)} samples. Use "
                "method='mean' or 'weighted', or samples up to a later time."
            )
        return folds

    def _learn_weights(self, cnn, lstm, y, weight, classes):
        return log_loss_weights(cnn, lstm, np.searchsorted(classes, y), weight)

    def _about_target(self, y, classes):
        return {"classes_": classes}

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Missing first steps (NaN in every feature)
            are filled with the first known one, with a warning.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), float64
            In the order of `classes_`.
        """
        return self._joined(X)

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : array-like
            As for `predict_proba`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        probabilities = self._joined(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        # The checks feed rows that are no windows, to networks of a few epochs.
        tags.classifier_tags.poor_score = True
        return tags
