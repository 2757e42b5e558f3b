"""The estimator checks of scikit-learn, for every public class."""

from collections import Counter

import pytest
from instances import ALL, CLASSIFIERS, REGRESSORS, TRANSFORMERS, expected_failures
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)

# The checks use short series and prime lengths, which cause warnings.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@parametrize_with_checks(ALL, expected_failed_checks=expected_failures)
def test_scikit_learn_check_passes(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("estimator", "fewest"),
    [(REGRESSORS[2], 50), (CLASSIFIERS[2], 53), *((t, 40) for t in TRANSFORMERS)],
    ids=lambda value: getattr(type(value), "__name__", None),
)
def test_scikit_learn_runs_its_full_set_of_checks(estimator, fewest):
    # scikit-learn skips nearly all checks for an estimator that does not take 2-D X.
    names = Counter(
        check.func.__name__ if hasattr(check, "func") else check.__name__
        for _, check in estimator_checks_generator(estimator)
    )
    assert len(names) >= fewest
    assert set(expected_failures(estimator)) <= set(names)


def test_regressors_and_classifiers_have_the_right_type():
    assert all(is_regressor(e) and not is_classifier(e) for e in REGRESSORS)
    assert all(is_classifier(e) and not is_regressor(e) for e in CLASSIFIERS)
