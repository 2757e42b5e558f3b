"""HybridClassifier: the base class of the classifiers."""

from __future__ import annotations

import math

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import ClassifierTags

from skcnnlstm import training
from skcnnlstm._utils.calls import check_calls
from skcnnlstm._utils.validation import check_class_target
from skcnnlstm.wrappers._scikeras import KerasClassifier
from skcnnlstm.wrappers.base import Hybrid
from skcnnlstm.wrappers.parameters import classifier_parameters


@check_calls
class HybridClassifier(Hybrid, KerasClassifier):
    """Base class of the classifiers, as HybridRegressor is of the regressors.

    `build_x` declares the network and its hyper-parameters; signature, docstring and
    all methods follow from it.
    """

    _own_parameters = staticmethod(classifier_parameters)

    def _plan_network(self, settings, input_shape, n_outputs):
        *plan, params = super()._plan_network(settings, input_shape, n_outputs)
        return *plan, params | {"output_activation": "softmax"}

    def _check_target(self, y, X):
        return check_class_target(y, len(X), estimator=self)

    def _encode(self, y, loss, classes):
        labels = np.unique(y) if classes is None else np.unique(classes)
        strangers = np.setdiff1d(y, labels)
        if len(strangers):
            raise ValueError(
                f"y must hold classes of the first fit only: got {strangers}, known "
                f"are {labels}. Name all classes in the first partial_fit."
            )
        if len(labels) < 2:
            raise ValueError(
                f"{type(self).__name__} must see two classes at least: got one class, "
                f"{labels[0]!r}. Samples that hold NaN count with "
                "missing='mask' alone."
            )
        codes = np.searchsorted(labels, y).astype(np.int32)
        if not training.takes_class_codes(loss):
            codes = np.eye(len(labels), dtype=np.float32)[codes]
        return codes, len(labels), {"classes_": labels}

    def _hold_out(self, samples, settings, seed):
        """Draw a stratified part."""
        codes = samples.y if samples.y.ndim == 1 else samples.y.argmax(axis=1)
        counts = np.unique(codes, return_counts=True)[1]
        n_held = math.ceil(len(samples) * settings["validation_fraction"])
        if counts.min() < 2 or min(n_held, len(samples) - n_held) < len(counts):
            raise ValueError(
                "early_stopping must hold out a sample of each class: got "
                f"{len(samples)} samples, {counts.min()} of the rarest class, {n_held} "
                f"held out, {len(counts)} classes. Give more samples, raise "
                "validation_fraction, or set early_stopping=False."
            )
        positions = np.arange(len(samples))
        train, held = train_test_split(
            positions,
            test_size=n_held,
            stratify=codes,
            random_state=seed % 2**32,
        )
        return samples.select(np.sort(train)), samples.select(np.sort(held))

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train one more epoch from the present weights.

        Parameters
        ----------
        X, y : array-like
            As for `fit`.
        classes : array-like or None, default=None
            All labels, for the first call; None takes those of `y`.
        sample_weight : array-like or None, default=None
            As for `fit`.

        Returns
        -------
        self : estimator
        """
        if self.__sklearn_is_fitted__():
            if classes is not None and not np.array_equal(
                np.unique(classes), self.classes_
            ):
                raise ValueError(
                    "classes must be those of the first partial_fit: got "
                    f"{np.unique(classes)}, known are {self.classes_}. Call fit to "
                    "start anew."
                )
            classes = self.classes_
        return self._continue(X, y, sample_weight, classes)

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Missing first steps (NaN in every feature)
            are filled with the first known one, with a warning, unless `missing` is
            "mask".

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), float64
            In the order of `classes_`.
        """
        raw = self._raw_predict(X)
        return raw / raw.sum(axis=1, keepdims=True)

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
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def _build_graph(self, context):
        """Return the probabilities as a graph for `export`."""

        def normalize(raw):
            return raw / context.ops.sum(raw, axis=1, keepdims=True)

        return super()._build_graph(context).then(normalize, classes=self.classes_)

    def score(self, X, y, sample_weight=None):
        """Return the accuracy of `predict(X)`.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.

        Returns
        -------
        score : float
            1 at best.
        """
        return ClassifierMixin.score(self, X, y, sample_weight)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        # The checks feed rows that are no windows, to networks of a few epochs.
        tags.classifier_tags = ClassifierTags(poor_score=True)
        return tags
