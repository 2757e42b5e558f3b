"""Common tests that run for every public class, with and without --all-estimators."""

import inspect
import pickle
import re

import numpy as np
import pytest
from instances import ALL, TRANSFORMERS, expected_failures
from sklearn.base import clone, is_classifier
from sklearn.utils.estimator_checks import estimator_checks_generator

import skcnnlstm

pytestmark = [
    pytest.mark.common,
    # The checks use series that are too short and prime window lengths on purpose.
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning"),
]

each_class = pytest.mark.parametrize(
    "estimator", ALL, ids=lambda estimator: type(estimator).__name__
)

# Checks of the contract of an estimator that train nothing. --all-estimators runs all.
QUICK_CHECKS = {
    "check_estimator_cloneable",
    "check_estimators_unfitted",
    "check_get_params_invariance",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
}


def make_data(estimator):
    """Return windows of 12 steps and a target of the kind that an estimator needs."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((24, 12))
    y = np.array(["a", "b"])[np.arange(24) % 2] if is_classifier(estimator) else X[:, 0]
    return X, y


def output_of(estimator, X):
    """Return what a fitted estimator computes for windows."""
    for method in ("predict_proba", "predict", "transform"):
        if hasattr(estimator, method):
            return getattr(estimator, method)(X)
    raise AssertionError(f"{estimator!r} has no output")


@each_class
def test_every_parameter_is_documented_and_keeps_its_default_in_a_clone(estimator):
    cls = type(estimator)
    parameters = set(inspect.signature(cls).parameters)
    documented = set(re.findall(r"^(\w+) : ", inspect.getdoc(cls), re.M))
    assert parameters <= documented
    assert set(estimator.get_params(deep=False)) == parameters
    assert repr(clone(estimator)) == repr(estimator)


@each_class
def test_a_second_fit_and_a_pickled_copy_are_bit_identical(estimator):
    X, y = make_data(estimator)
    if hasattr(estimator, "n_jobs"):  # an ensemble, whose seed is not set
        estimator = clone(estimator).set_params(random_state=0)
    fitted = clone(estimator).fit(X, y)
    output = output_of(fitted, X)
    assert len(output) == len(X)
    assert fitted.n_features_in_ == 12
    np.testing.assert_array_equal(output_of(clone(estimator).fit(X, y), X), output)
    copied = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(output_of(copied, X), output)


@each_class
def test_a_failed_fit_keeps_the_fitted_state(estimator):
    X, y = make_data(estimator)
    fitted = clone(estimator).fit(X, y)
    output = output_of(fitted, X)
    invalid = np.where(X > 2, np.inf, X)
    invalid[3, 5] = np.inf
    with pytest.raises(ValueError, match=r"infinity|series must be finite"):
        fitted.fit(invalid, y)
    np.testing.assert_array_equal(output_of(fitted, X), output)


@each_class
def test_quick_checks_of_scikit_learn_pass(estimator):
    names = []
    for instance, check in estimator_checks_generator(estimator):
        name = check.func.__name__
        if name in QUICK_CHECKS and name not in expected_failures(estimator):
            check(instance)
            names.append(name)
    assert len(set(names)) >= len(QUICK_CHECKS) - 1, names


def test_every_public_estimator_has_a_row():
    listed = {cls for _, cls in skcnnlstm.all_estimators()}
    # A forecaster reads series: its tests are in tests/forecasting.
    listed -= {cls for _, cls in skcnnlstm.all_estimators("forecaster")}
    assert listed == {type(estimator) for estimator in ALL}
    assert {type(one) for one in TRANSFORMERS} < listed
