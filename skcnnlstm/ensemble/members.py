"""Check and prepare the unfitted members of an ensemble."""

import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils.validation import has_fit_parameter

from skcnnlstm._utils.validation import check_no_keras_model
from skcnnlstm.wrappers.settings import draw_seed


def check_member(name, estimator, kind, default):
    """Return `estimator`; raise TypeError if it is not an estimator of `kind`.

    `kind` is "regressor" or "classifier". `name` is the parameter of the ensemble, and
    `default` the text of the estimator that the error message suggests.
    """
    check_no_keras_model(name, estimator)
    is_kind, method = {
        "regressor": (is_regressor, "predict"),
        "classifier": (is_classifier, "predict_proba"),
    }[kind]
    required = ("fit", "get_params", method)
    usable = not isinstance(estimator, type) and all(
        hasattr(estimator, attribute) for attribute in required
    )
    if not usable or not is_kind(estimator):
        raise TypeError(
            f"{name} must be None or a {kind} instance that has fit and {method}: got "
            f"{name}={estimator!r} ({type(estimator).__name__}). Use {default}."
        )
    return estimator


def check_accept_weights(estimators):
    """Raise TypeError if the `fit` of an estimator has no `sample_weight`."""
    for name, estimator in estimators.items():
        if estimator is None or has_fit_parameter(estimator, "sample_weight"):
            continue
        raise TypeError(
            "sample_weight must be accepted by every estimator in the ensemble: got "
            f"{name} of type {type(estimator).__name__}, whose fit has no such "
            "parameter. Omit sample_weight, or use another estimator."
        )


def with_epochs(name, estimator, epochs):
    """Return a clone with all parameters named "epochs" set to the given number.

    Parameters at any depth are set. Raise ValueError if there are none. `name` is the
    parameter of the ensemble that holds the estimator.
    """
    keys = [key for key, _ in _nested_parameters(estimator, "epochs")]
    if not keys:
        raise ValueError(
            f"epochs must have an effect on both members: got epochs={epochs}, but "
            f"{name} of type {type(estimator).__name__} has no parameter epochs. Use "
            "epochs=None, and set the epochs of the other member."
        )
    return clone(estimator).set_params(**dict.fromkeys(keys, epochs))


def with_seed(estimator, seed):
    """Return a clone in which every `random_state` that is None is set to `seed`."""
    parameters = _nested_parameters(estimator, "random_state")
    unset = [key for key, value in parameters if value is None]
    return clone(estimator).set_params(**dict.fromkeys(unset, seed))


def draw_seeds(random_state, n_seeds):
    """Return `n_seeds` different seeds, or Nones if `random_state` is None."""
    if random_state is None:
        return [None] * n_seeds
    sequence = np.random.SeedSequence(draw_seed(random_state))
    return [int(seed) for seed in sequence.generate_state(n_seeds)]


def _nested_parameters(estimator, name):
    """Return `(key, value)` of all parameters called `name`, at any depth."""
    return [
        (key, value)
        for key, value in estimator.get_params(deep=True).items()
        if key.rpartition("__")[2] == name
    ]
