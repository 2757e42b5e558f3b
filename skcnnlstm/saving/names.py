"""Classes and functions by name: which ones a file may name, and what they are."""

from __future__ import annotations

import importlib
import io
import zipfile
from dataclasses import is_dataclass
from functools import cache

from sklearn import metrics, model_selection
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.utils.metadata_routing import MetadataRequest

from skcnnlstm.saving.keras_values import keras_name, keras_named

# Where files that were written before these moved say that they stand.
_MOVED = {"skcnnlstm.windows.Clock": "skcnnlstm._utils.time_index.Clock"}
_OURS = (BaseEstimator, model_selection.BaseCrossValidator)
# What skops does not know and fitted estimators of scikit-learn are made of: plain
# attributes, all of them. It knows the searches by halving and IterativeImputer only
# where sklearn.experimental was asked for them before; here they stand from the start.
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
_PLAIN = {f"builtins.{kind.__name__}": kind for kind in (bool, float, int, str)}


def name_of(thing):
    """Return the full name of a class or function, the public one where it is Keras'.

    None for one that cannot be found by a name, such as a lambda.
    """
    public = keras_name(thing)
    if public:
        return public
    module = getattr(thing, "__module__", None)
    path = getattr(thing, "__qualname__", None)
    if module is None or path is None or "<" in path:
        return None
    return f"{module}.{path}"


def find_safe(name):
    """Return the class or function of a name that any file may hold, None if not."""
    if name in _PLAIN:
        return _PLAIN[name]
    room, _, _ = name.partition(".")
    if room == "skcnnlstm":
        return _find_ours(name)
    if room == "keras":
        return keras_named(name)
    if room == "sklearn":
        return _usual_of_sklearn().get(name) or _listed_of_sklearn(name)
    return None


def _find_ours(name):
    """Find a class of this package, a builder of networks or a measure.

    Classes are estimators, splitters and records: making one does nothing.
    """
    module, _, attribute = _MOVED.get(name, name).rpartition(".")
    try:
        thing = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None
    if getattr(thing, "__module__", None) != module:
        return None
    if isinstance(thing, type):
        is_record = is_dataclass(thing) or is_named_tuple(thing)
        return thing if is_record or issubclass(thing, _OURS) else None
    is_measure = module == "skcnnlstm.metrics" and not attribute.startswith("_")
    named = is_measure or attribute.startswith("build_")
    return thing if named and callable(thing) else None


def _listed_of_sklearn(name):
    """Find what is listed above, None where this release has it elsewhere."""
    module, _, attribute = name.rpartition(".")
    if attribute not in _OF_SKLEARN.get(module, ()):
        return None
    try:
        return getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None


def is_named_tuple(kind):
    """Tell a class of named tuples."""
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


@cache
def _usual_of_sklearn():
    """Return what skops leaves to its user and is safe: splitters, metrics, scorers."""
    found = [
        thing
        for room in (model_selection, metrics)
        for thing in map(vars(room).get, room.__all__)
        if callable(thing) and not name_is_estimator(thing)
    ]
    usual = metrics.check_scoring(LinearRegression())
    request = MetadataRequest(owner=None)
    found += [type(metrics.get_scorer("r2")), type(usual)]
    found += [type(metrics.check_scoring(LinearRegression(), scoring=["r2"]))]
    found += [MetadataRequest, type(request.fit)]
    pairs = model_selection.check_cv([([0], [1])])  # what a search makes of them
    found += [type(pairs), FrozenEstimator]
    return {name: thing for thing in found if (name := name_of(thing))}


def name_is_estimator(thing):
    """Tell an estimator's class."""
    return isinstance(thing, type) and issubclass(thing, BaseEstimator)


def find_trusted(trusted):
    """Return what a user trusts, by name; objects by what they are called.

    Names are looked up when a file asks for them: value None.
    """
    if isinstance(trusted, str | bool) or trusted is None:
        raise TypeError(
            "trusted must be a list of types or of their names: got "
            f"trusted={trusted!r}. Use trusted=['package.module.Name']."
        )
    found = {}
    for thing in trusted:
        if isinstance(thing, str):
            found[thing] = None
        elif name := name_of(thing):
            found[name] = thing
        else:
            raise TypeError(
                "trusted must hold types, functions or their names: got "
                f"{thing!r}. Use 'package.module.Name'."
            )
    return found


def import_named(name):
    """Import what a user trusts by name."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(
            f"path must name what can be imported: got {name!r}, which is trusted and "
            f"not there ({error}). Give the type itself in trusted."
        ) from error


# ------------------------------------------------------------------------------- skops


def skops_io():
    """Import skops, which is an extra."""
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            "saving and loading what is scikit-learn's needs skops: "
            "pip install skcnnlstm[save], or pip install skops."
        ) from error
    return skops.io


def untrusted_in(blob, trusted):
    """Return the names in a skops file that neither skops nor the user trusts."""
    with zipfile.ZipFile(io.BytesIO(blob)) as members:
        # skops stores; what is compressed may be made to grow without bound.
        if any(one.compress_type != zipfile.ZIP_STORED for one in members.infolist()):
            raise ValueError("a compressed part")
    return set(skops_io().get_untrusted_types(data=blob)) - set(trusted)
