"""Tests of HybridClassifier over all classifiers."""

import re

import numpy as np
import pytest
from instances import CLASSIFIERS
from networks import check_fit_raises, class_name
from sklearn.base import clone
from sklearn.metrics import accuracy_score

from skcnnlstm import CNNClassifier

every_classifier = pytest.mark.parametrize("classifier", CLASSIFIERS, ids=class_name)


@every_classifier
def test_probabilities_sum_to_one_and_determine_the_prediction(
    classifier, windows, labels
):
    X, _ = windows
    classifier = clone(classifier).fit(X, labels)
    probabilities = classifier.predict_proba(X)
    assert list(classifier.classes_) == ["down", "up"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    most_probable = classifier.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(classifier.predict(X), most_probable)
    assert classifier.score(X, labels) == accuracy_score(labels, most_probable)


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "binary_crossentropy"])
def test_losses_that_are_not_sparse_receive_one_column_per_class(loss, windows, labels):
    classifier = CNNClassifier(loss=loss, epochs=1, random_state=0)
    assert classifier.fit(windows[0], labels).predict_proba(windows[0]).shape == (48, 2)


def test_one_class_raises_value_error(windows):
    X, y = windows
    message = (
        "y must hold at least two classes: got one class, 0.0. Use samples of more "
        "classes. Samples with NaN in X are used only with missing='mask'."
    )
    check_fit_raises(CNNClassifier(), ValueError, message, X, np.zeros(len(y)))


def test_early_stopping_requires_two_samples_of_each_class(windows):
    X, _ = windows
    message = (
        "early_stopping must hold out a sample of each class: got 2 classes, 48 "
        "samples (1 of the rarest class) and 5 held-out samples. Use more samples, "
        "raise validation_fraction, or set early_stopping=False."
    )
    classifier = CNNClassifier(early_stopping=True, epochs=1)
    check_fit_raises(classifier, ValueError, message, X, np.r_[np.zeros(47), 1])


def test_partial_fit_takes_all_classes_in_the_first_call(windows, labels):
    X, _ = windows
    classifier = CNNClassifier(filters=4, random_state=0)
    up = labels == "up"
    classifier.partial_fit(X[up], labels[up], classes=["down", "up"])
    classifier.partial_fit(X, labels)
    assert classifier.predict_proba(X).shape == (48, 2)
    assert len(classifier.history_["loss"]) == 2


def test_partial_fit_with_other_classes_raises_value_error(windows, labels):
    X, _ = windows
    classifier = CNNClassifier(filters=4, random_state=0).partial_fit(X, labels)
    message = (
        "classes must be the classes of the first partial_fit: got ['down' 'still' "
        "'up'], expected ['down' 'up']. Call fit to train a new network."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        classifier.partial_fit(X, labels, classes=["down", "up", "still"])
    message = (
        "y must hold only classes of the first partial_fit: got the classes "
        "['sideways'], which are not among ['down' 'up']. Pass all classes to the "
        "first partial_fit."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        classifier.partial_fit(X, np.where(labels == "up", "up", "sideways"))


def test_warm_start_with_other_classes_starts_with_new_weights(windows, labels):
    X, _ = windows
    classifier = CNNClassifier(filters=4, epochs=1, warm_start=True, random_state=0)
    classifier.fit(X, labels)
    with pytest.warns(UserWarning, match="warm_start has no effect on this fit"):
        classifier.fit(X, np.where(labels == "up", 1, 2))
    assert classifier.classes_.tolist() == [1, 2]
    new = CNNClassifier(filters=4, epochs=1, random_state=0)
    new.fit(X, np.where(labels == "up", 1, 2))
    np.testing.assert_array_equal(classifier.predict(X), new.predict(X))
