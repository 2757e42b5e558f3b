"""HybridEnsembleClassifier: an ensemble of a CNN and an LSTM for classification."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression

from skcnnlstm._utils.export_graph import NoGraphError
from skcnnlstm._utils.validation import check_class_target, with_plain_target
from skcnnlstm.architectures.cnn import CNNClassifier
from skcnnlstm.architectures.lstm import LSTMClassifier
from skcnnlstm.ensemble.base import _HybridEnsemble, with_shared_docs
from skcnnlstm.ensemble.out_of_fold import (
    as_python,
    folds_with_two_classes,
    probabilities,
)
from skcnnlstm.ensemble.weights import log_loss_weights


@with_shared_docs
class HybridEnsembleClassifier(ClassifierMixin, _HybridEnsemble):
    """Classify windows with a separately trained CNN and LSTM.

    Both members, by default a CNNClassifier and an LSTMClassifier, read the same
    windows. The default members accept ``(n_samples, window_length)`` and
    ``(n_samples, window_length, n_features)``. The probabilities of both members
    are combined by a mean, by a mean with learned weights (the least log-loss of the
    mixture), or by a classifier.

    "weighted" and "stack" learn from predictions for folds in time order. For each
    fold, the members are fitted on earlier samples. They give probability 0 to a class
    that does not occur in these samples. The first folds are left out if their earlier
    samples have only one class. "stack" never predicts a class that occurs in no fold.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels, in the order of the columns of `predict_proba`.

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

    _kind = "classifier"
    _default_members: ClassVar = {"cnn": CNNClassifier, "lstm": LSTMClassifier}

    def __init__(
        self,
        *,
        cnn=None,
        lstm=None,
        method="mean",
        final_estimator=None,
        n_splits=5,
        validation_gap=0,
        epochs=None,
        n_jobs=None,
        random_state=None,
    ):
        self.cnn = cnn
        self.lstm = lstm
        self.method = method
        self.final_estimator = final_estimator
        self.n_splits = n_splits
        self.validation_gap = validation_gap
        self.epochs = epochs
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _default_final_estimator(self):
        return LogisticRegression()

    def _check_target(self, y, n_samples):
        return check_class_target(y, n_samples, estimator=self)

    def _find_classes(self, y):
        classes = np.unique(y)
        if len(classes) < 2:
            raise ValueError(
                "y must contain at least two classes: got one class, "
                f"{as_python(classes[0])!r}, in the samples with full history and "
                "nonzero weight. Use samples of more classes."
            )
        return classes

    def _usable_folds(self, folds, y):
        folds = folds_with_two_classes(folds, y)
        tested = y[folds[0][1].start :]
        if self.method == "stack" and len(np.unique(tested)) < 2:
            raise ValueError(
                "y must contain two classes in the test parts of the folds for "
                f"method='stack': got one class, {as_python(tested[0])!r}, in the last "
                f"{len(tested)} samples. Use method='mean' or 'weighted', or add later "
                "samples."
            )
        return folds

    def _predict_member(self, member, X, classes):
        return probabilities(member, X, classes)

    def _learn_weights(self, cnn, lstm, y, weight, classes):
        return log_loss_weights(cnn, lstm, np.searchsorted(classes, y), weight)

    def _target_attributes(self, y, classes):
        return {"classes_": classes}

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Missing first steps (NaN in every feature)
            are filled with the first known step, with a warning.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), float64
            One column for each class, in the order of `classes_`.
        """
        return self._predict_combined(X)

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : array-like
            As for `predict_proba`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            The predicted labels.
        """
        codes = self.predict_proba(X).argmax(axis=1)
        return self.classes_[codes]

    score = with_plain_target(ClassifierMixin.score)

    def _build_graph(self, context):
        """Return the probabilities as a graph for `export`."""
        if hasattr(self, "final_estimator_"):
            raise NoGraphError(
                context.path,
                "be fitted with method='mean' or 'weighted' to be exported",
                "a classifier fitted with method='stack'",
                "Use method='weighted'.",
            )
        return replace(super()._build_graph(context), classes=self.classes_)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        # scikit-learn's checks fit networks for a few epochs, on rows without windows.
        tags.classifier_tags.poor_score = True
        return tags
