"""Tests that the estimators are scikeras wrappers."""

import pytest
from instances import CLASSIFIERS, REGRESSORS
from networks import class_name
from scikeras.wrappers import KerasClassifier, KerasRegressor


@pytest.mark.parametrize("regressor", REGRESSORS, ids=class_name)
def test_regressors_are_keras_regressors(regressor):
    assert isinstance(regressor, KerasRegressor)


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=class_name)
def test_classifiers_are_keras_classifiers(classifier):
    assert isinstance(classifier, KerasClassifier)
