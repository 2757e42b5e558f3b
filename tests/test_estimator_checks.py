"""scikit-learn's own checks, over every public estimator and transformer."""

from collections import Counter

import pytest
from instances import ALL, CLASSIFIERS, REGRESSORS, TRANSFORMERS, expected_failures
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)

# Checks feed series that are too short and lengths that are prime on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@parametrize_with_checks(ALL, expected_failed_checks=expected_failures)
def test_scikit_learn_check_passes(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("estimator", "fewest"),
    [(REGRESSORS[2], 50), (CLASSIFIERS[2], 53), *((t, 40) for t in TRANSFORMERS)],
    ids=lambda value: getattr(type(value), "__name__", None),
)
def test_the_full_set_of_checks_is_run(estimator, fewest):
    # scikit-learn leaves nearly all checks out for an estimator that takes no 2-D X.
    names = Counter(
        check.func.__name__ if hasattr(check, "func") else check.__name__
        for _, check in estimator_checks_generator(estimator)
    )
    assert len(names) >= fewest
    assert set(expected_failures(estimator)) <= set(names)


def test_regressors_and_classifiers_are_told_apart():
    assert all(is_regressor(e) and not is_classifier(e) for e in REGRESSORS)
    assert all(is_classifier(e) and not is_regressor(e) for e in CLASSIFIERS)
