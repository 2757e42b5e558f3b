"""Detect Keras models that are passed as estimators."""


def check_no_keras_model(name, estimator):
    """Raise TypeError if an estimator is a Keras model or contains one.

    A Keras model has `fit` and `predict`, but scikit-learn can neither clone it nor set
    its parameters.
    """
    model = _find_keras_model(estimator)
    if model is None:
        return
    raise TypeError(
        f"{name} must be a scikit-learn estimator: got a Keras model "
        f"({type(model).__name__}), which cannot be cloned. Use a network of this "
        "package, or scikeras.wrappers.KerasRegressor(build, loss='mse') with a "
        "function `build` that returns the model."
    )


def _find_keras_model(estimator):
    """Return the Keras model in an estimator, or None if there is none.

    The model may be the estimator itself, a step of a Pipeline, or the inner estimator
    of a meta-estimator.
    """
    if isinstance(estimator, type):
        return None
    if any(
        base.__name__ == "Model" and base.__module__.partition(".")[0] == "keras"
        for base in type(estimator).__mro__
    ):
        return estimator
    inner = [step[-1] for step in getattr(estimator, "steps", None) or ()]
    for name in ("estimator", "regressor"):
        inner.append(getattr(estimator, name, None))
    found = (_find_keras_model(one) for one in inner if one is not None)
    return next((model for model in found if model is not None), None)
