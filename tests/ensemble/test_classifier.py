"""Test HybridEnsembleClassifier."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from ensemble_members import LastStepClassifier, tiny_ensemble
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import HybridEnsembleClassifier

METHODS = ["mean", "weighted", "stack"]


@pytest.mark.parametrize("method", METHODS)
def test_labels_may_be_strings_and_probabilities_sum_to_one(wave, method):
    X, _, labels = wave
    classifier = tiny_ensemble("classifier", method=method).fit(X, labels)
    probabilities = classifier.predict_proba(X)
    assert classifier.classes_.tolist() == ["down", "up"]
    assert probabilities.shape == (len(X), 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(
        classifier.predict(X), classifier.classes_[probabilities.argmax(axis=1)]
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_class_may_first_occur_in_a_later_sample(method):
    # The first ten samples have one class: no classifier can be fitted before the
    # first folds. The third class first occurs in the last fold.

    codes = np.r_[np.zeros(10), np.tile([0.0, 1.0], 7), np.tile([2.0, 1.0], 3)]
    labels = np.array(["calm", "rain", "storm"])[codes.astype(int)]
    classifier = HybridEnsembleClassifier(
        cnn=LastStepClassifier(0.9),
        lstm=LastStepClassifier(0.6),
        method=method,
        n_splits=5,
    ).fit(codes[:, np.newaxis], labels)
    assert classifier.classes_.tolist() == ["calm", "rain", "storm"]
    assert classifier.predict(codes[:, np.newaxis]).tolist() == labels.tolist()
    if method == "weighted":
        # The first member gives known classes the higher probability. In its fold,
        # both give the unknown class probability 0.
        assert classifier.weights_[0] > 0.99


@pytest.mark.parametrize("method", METHODS)
def test_copies_of_a_fitted_ensemble_predict_bit_identically(wave, tmp_path, method):
    X, _, labels = wave
    ensemble = tiny_ensemble("classifier", method=method).fit(X, labels)
    joblib.dump(ensemble, tmp_path / "ensemble.joblib")
    for other in (
        pickle.loads(pickle.dumps(ensemble)),
        copy.deepcopy(ensemble),
        joblib.load(tmp_path / "ensemble.joblib"),
        clone(ensemble).fit(X, labels),
    ):
        np.testing.assert_array_equal(other.predict_proba(X), ensemble.predict_proba(X))


def test_ensemble_ends_a_pipeline_and_stratifies_in_cross_validation(wave):
    X, _, labels = wave
    pipeline = make_pipeline(StandardScaler(), tiny_ensemble("classifier"))
    predicted = cross_val_predict(pipeline, X, labels, cv=2)
    assert set(predicted) <= {"down", "up"}
