"""Check the arguments of public methods, so that errors name the estimator class."""

from __future__ import annotations

import inspect
from functools import wraps

_CHECKED = (
    "fit",
    "initialize",
    "partial_fit",
    "predict",
    "predict_proba",
    "score",
)
# Arguments of Keras' `fit` and the parameters that replace them.
_OF_KERAS = {
    "validation_split": "early_stopping=True, validation_fraction=0.2",
    "validation_data": "early_stopping=True, validation_fraction=0.2",
}


def check_calls(cls):
    """Decorate a base class, so that errors for wrong arguments name the actual class.

    Python's own errors name the base class that defines the method. Users do not know
    the base class.
    """
    for name in _CHECKED:
        method = vars(cls).get(name)
        if inspect.isfunction(method):
            setattr(cls, name, _checked(method))
    return cls


def _checked(method):
    signature = inspect.signature(method)

    @wraps(method)
    def checked(self, *args, **kwargs):
        try:
            signature.bind(self, *args, **kwargs)
        except TypeError as error:
            message = _describe(self, method.__name__, signature, kwargs, error)
            raise TypeError(message) from None
        return method(self, *args, **kwargs)

    return checked


def _describe(estimator, name, signature, given, error):
    """Return the message for a call that does not fit a signature."""
    cls = type(estimator).__name__
    taken = [p for p in signature.parameters if p != "self"]
    rule = f"{cls}.{name} takes {', '.join(taken)}"
    unknown = [key for key in given if key not in taken]
    if unknown:
        key = unknown[0]
        got = f"{rule}: got {key}={given[key]!r:.60}."
        known = estimator.get_params(deep=False)
        if key in known:
            return (
                f"{got} {key} is a parameter of the estimator. Use "
                f"{cls}({key}={given[key]!r:.60})."
            )
        if key in _OF_KERAS and "early_stopping" in known:
            return f"{got} Use {cls}({_OF_KERAS[key]})."
        return f"{got} Remove {key}."
    if "missing" in str(error) and "'y'" in str(error):
        return (
            f"{rule}: got no y, the targets. Use X, y = make_windows(series, "
            f"window_length) and {name}(X, y)."
        )
    return f"{rule}: {error}."
