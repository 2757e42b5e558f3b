"""Predictions depend on fitted state, not on parameters that are set after fit."""

import numpy as np
import pytest
from instances import CLASSIFIERS, ENSEMBLES, REGRESSORS
from sklearn.base import clone, is_classifier


@pytest.mark.parametrize(
    "estimator", [*REGRESSORS, *CLASSIFIERS, *ENSEMBLES], ids=lambda e: type(e).__name__
)
def test_predictions_do_not_depend_on_parameters_set_after_fit(estimator, windows):
    X, y = windows
    estimator = clone(estimator)
    estimator.fit(X, y > 0 if is_classifier(estimator) else y)
    before = estimator.predict(X)
    for name in estimator.get_params(deep=False):
        setattr(estimator, name, f"another {name}")
    np.testing.assert_array_equal(estimator.predict(X), before)
