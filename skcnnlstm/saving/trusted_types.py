"""Find the classes and functions that a saved file may name."""

from __future__ import annotations

import importlib
from dataclasses import is_dataclass
from functools import cache

import keras
from sklearn import metrics, model_selection
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.utils.metadata_routing import MetadataRequest

from skcnnlstm.saving.keras_configs import find_stateful_class, public_name

_NOT_HELPERS = (BaseEstimator, metrics.DistanceMetric)
_OURS = (BaseEstimator, model_selection.BaseCrossValidator)
# Classes of scikit-learn that hold plain attributes only, but that skops does not trust
# by default. (skops trusts HalvingGridSearchCV and IterativeImputer if
# sklearn.experimental enabled them before skops was imported.)
_OF_SKLEARN = {
    "sklearn.calibration": (
        "_CalibratedClassifier",
        "_SigmoidCalibration",
        "_TemperatureScaling",
    ),
    "sklearn.impute._iterative": ("IterativeImputer", "_ImputerTriplet"),
    "sklearn.metrics._scorer": ("_CurveScorer",),
    "sklearn.model_selection._search_successive_halving": (
        "HalvingGridSearchCV",
        "HalvingRandomSearchCV",
    ),
}


def full_name(thing):
    """Return the full name of a class or function.

    For a Keras object, this is the public name. Return None for an object that cannot
    be imported by name, such as a lambda.
    """
    public = public_name(thing)
    if public:
        return public
    module = getattr(thing, "__module__", None)
    path = getattr(thing, "__qualname__", None)
    if module is None or path is None or "<" in path:
        return None
    return f"{module}.{path}"


def find_safe(name):
    """Return the class or function of a name if any file may contain it, else None."""
    package = name.partition(".")[0]
    if package == "skcnnlstm":
        return _find_ours(name)
    if package == "keras":
        return find_stateful_class(name)
    if package == "sklearn":
        return _helpers_of_sklearn().get(name) or _find_listed(name)
    return None


def _find_ours(name):
    """Find a class or function of this package by name; return None if it is not safe.

    Estimators, splitters, named tuples, dataclasses, network builders and metrics are
    safe. Creating an instance of these classes has no side effects.
    """
    module, _, attribute = name.rpartition(".")
    if module.endswith("__main__"):  # the command line
        return None
    try:
        thing = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None
    if getattr(thing, "__module__", None) != module:
        return None
    if isinstance(thing, type):
        is_record = is_dataclass(thing) or is_named_tuple(thing)
        return thing if is_record or issubclass(thing, _OURS) else None
    is_metric = module == "skcnnlstm.metrics" and not attribute.startswith("_")
    is_safe = is_metric or attribute.startswith("build_")
    return thing if is_safe and callable(thing) else None


def _find_listed(name):
    """Return the class of a name in `_OF_SKLEARN`, or None.

    The installed release of scikit-learn may not have the class.
    """
    module, _, attribute = name.rpartition(".")
    if attribute not in _OF_SKLEARN.get(module, ()):
        return None
    try:
        return getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None


def is_named_tuple(kind):
    """Return whether a class is a named tuple."""
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


@cache
def _helpers_of_sklearn():
    """Return splitters, metrics and scorers of scikit-learn, by name.

    By default, skops trusts only estimators.
    """
    found = [
        thing
        for module in (model_selection, metrics)
        for thing in map(vars(module).get, module.__all__)
        if callable(thing)
        # skops trusts the estimators. A DistanceMetric holds more than attributes.
        and not (isinstance(thing, type) and issubclass(thing, _NOT_HELPERS))
    ]
    default_scorer = metrics.check_scoring(LinearRegression())
    request = MetadataRequest(owner=None)
    found += [type(metrics.get_scorer("r2")), type(default_scorer)]
    found += [type(metrics.check_scoring(LinearRegression(), scoring=["r2"]))]
    found += [MetadataRequest, type(request.fit)]
    split_pairs = model_selection.check_cv([([0], [1])])  # as a search stores them
    found += [type(split_pairs), FrozenEstimator]
    return {name: thing for thing in found if (name := full_name(thing))}


def trusted_names(trusted):
    """Return the names of the classes and functions that a user trusts.

    A class or function that is registered with Keras has two names:
    "package.module.Name" and "package>Name".
    """
    if isinstance(trusted, str | bool) or trusted is None:
        raise TypeError(
            "trusted must be a list of types, functions or their names: got "
            f"trusted={trusted!r}. Use trusted=['package.module.Name']."
        )
    names = set()
    for thing in trusted:
        name = thing if isinstance(thing, str) else full_name(thing)
        if name is None:
            raise TypeError(
                "trusted must hold types, functions or their names: got "
                f"{thing!r}. Use 'package.module.Name'."
            )
        names.add(name)
        registered = keras.saving.get_custom_objects()
        names.update(name for name, value in registered.items() if value is thing)
    return names
