"""Checks for authors of network builders."""

from __future__ import annotations

import copy
import functools
import pickle
import statistics
import sys
import time
import types
import warnings

import keras
import numpy as np
from joblib import wrap_non_picklable_objects
from sklearn.base import clone, is_classifier
from sklearn.utils import Bunch
from sklearn.utils.estimator_checks import check_estimator

from skcnnlstm import training
from skcnnlstm._utils.validation import check_boolean, check_integer
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.training.network_config import building_layers
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor
from skcnnlstm.wrappers.builder import call_builder

# Checks of scikit-learn that no network of this package can pass, and the reasons.
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a repeated sample may be in two mini-batches, a weighted one is not"
    ),
    "check_mixin_order": "scikeras 0.13 puts BaseEstimator before its mixins",
    "check_estimator_tags_renamed": "scikeras 0.13 still has _more_tags",
}
_NOT_IMPORTABLE = {
    "check_estimators_pickle": "the class or its builder cannot be imported by name"
}
_TRAINING = {"epochs": 2, "batch_size": 16, "random_state": 0}
_N_WINDOWS = 48
_SPEED_WINDOWS, _SPEED_EPOCHS, _SPEED_ROUNDS = 512, 5, 3
# `fit` is slower than `Model.fit` if no round reaches this ratio. A busy machine
# changes single ratios by less.
_LOWEST_RATIO = 0.8


def check_network(
    build,
    *,
    params=None,
    window_length=24,
    n_features=2,
    estimator_checks=True,
    speed=True,
):
    """Check a network builder, and the estimators made from it.

    The docstring of `HybridRegressor` describes the form of a builder. If the builder
    has a parameter `output_activation`, both a regressor and a classifier are checked.
    The checks are, in this order:

    1. shapes: windows of one and of several features, two and three outputs;
    2. layer names: explicit for each layer with weights, and the same in each build;
    3. serialization: the JSON text of the network describes it completely;
    4. determinism: equal seeds give bit-identical predictions;
    5. copies: `clone`, `copy.deepcopy`, and the copies that joblib sends to workers;
    6. use: missing values, normalization, linear skip, SeriesForecaster;
    7. the checks of scikit-learn that networks of this package pass;
    8. speed: `fit` is not slower than `Model.fit`.

    Parameters
    ----------
    build : callable or type
        The builder, or an estimator class that has one.
    params : dict or None, default=None
        Parameters of the builder during the checks. A small network makes them faster.
    window_length : int, default=24
        Length of the windows, in time steps. Use a larger value for a network that
        cannot read windows of 24 steps. The checks of scikit-learn use windows of 1 to
        10 steps. If the network cannot read these, they are padded to `window_length`.
    n_features : int, default=2
        Number of features of the windows with several features; at least 2.
    estimator_checks : bool, default=True
        Whether to run the checks of scikit-learn. They take about 10 seconds for each
        estimator.
    speed : bool, default=True
        Whether to compare the speed with that of `Model.fit`.

    Returns
    -------
    report : Bunch
        Facts about the network for windows of `n_features`:

        - `n_weights`: number of weights;
        - `output_shapes`: dict with the shape of the first output of each layer, by the
          name of the layer;
        - `checks`: list with the names of the checks of scikit-learn that passed;
        - `speed`: median ratio of the time of `Model.fit` to the time of `fit`, both
          without tracing; None with ``speed=False``.

    Raises
    ------
    TypeError
        If `build` is neither a network builder nor a network estimator class.
    AssertionError
        If a check fails. The message states the rule and what to change.

    See Also
    --------
    HybridRegressor : Base class of regressors, with the rules for builders.

    Examples
    --------
    >>> import keras
    >>> from skcnnlstm.testing import check_network
    >>> def build_linear(input_shape, n_outputs, *, use_bias=True):
    ...     window = keras.Input(input_shape)
    ...     x = keras.layers.Flatten()(window)
    ...     output = keras.layers.Dense(n_outputs, use_bias=use_bias, name="output")(x)
    ...     return keras.Model(window, output)
    >>> check_network(build_linear, estimator_checks=False, speed=False).n_weights
    147
    """
    length = check_integer("window_length", window_length)
    n_features = check_integer("n_features", n_features, minimum=2)
    check_boolean("estimator_checks", estimator_checks)
    check_boolean("speed", speed)
    estimators = [cls(**_TRAINING, **(params or {})) for cls in _make_classes(build)]
    report = Bunch(speed=None, checks=[])
    for estimator in estimators:
        for shape in ((length,), (length, n_features)):
            for n_outputs in (2, 3):
                network = _check_shapes(estimator, shape, n_outputs)
                _check_layer_names(estimator, shape, n_outputs)
                _check_serialization(estimator, shape, n_outputs)
        report.n_weights = network.count_params()
        report.output_shapes = {one.name: _output_shape(one) for one in network.layers}
        X, y = _make_data(estimator, _N_WINDOWS, length, n_features)
        _check_determinism(estimator, X, y)
        _check_copies(estimator, X, y)
        _check_use(estimator, X, y)
        if estimator_checks:
            report.checks += _run_estimator_checks(estimator, length)
    if speed:
        report.speed = _check_speed(estimators[0], length, n_features)
    return report


def _output_shape(layer):
    outputs = layer.output
    first = outputs[0] if isinstance(outputs, list | tuple) else outputs
    return tuple(first.shape)


def _make_classes(build):
    """Return the estimator classes of a builder."""
    if isinstance(build, type):
        if not issubclass(build, HybridRegressor | HybridClassifier):
            raise TypeError(
                "build must be a network builder, or a subclass of HybridRegressor or "
                f"HybridClassifier: got {build!r}. Pass the builder of the network."
            )
        return [build]
    regressor = HybridRegressor.from_builder(build)
    try:
        return [regressor, HybridClassifier.from_builder(build)]
    except TypeError:  # it has no output_activation
        return [regressor]


def _fail(rule, got, remedy, error=None):
    raise AssertionError(f"{rule}: got {got}. {remedy}") from error


def _describe(error):
    return f"{type(error).__name__}, {error}"


def _make_data(estimator, n_windows, length, n_features):
    """Return windows of a noisy wave, and values or labels to predict."""
    rng = np.random.default_rng(0)
    steps = np.arange(n_windows)[:, None] + np.arange(length + 1)
    waves = np.sin(steps[..., None] / (3 + np.arange(n_features)))
    waves = waves + 0.1 * rng.standard_normal(waves.shape)
    X, y = waves[:, :-1], waves[:, -1, 0]
    return X, np.array(["down", "up"])[(y > 0) * 1] if is_classifier(estimator) else y


def _build(estimator, shape, n_outputs):
    """Return a new network of an estimator, without any cache."""
    settings = estimator._fit_settings()
    build, *_, params = estimator._build_network_args(settings, shape, n_outputs)
    with building_layers():
        return build(shape, n_outputs, **params)


def _check_shapes(estimator, shape, n_outputs):
    """Return the network for an input shape; raise if its output has a wrong shape."""
    rule = f"build must accept input_shape={shape} and n_outputs={n_outputs}"
    try:
        network = _build(estimator, shape, n_outputs)
        output = network(np.zeros((5, *shape), "float32"), training=False)
    except Exception as error:  # Keras and TensorFlow raise many types
        remedy = "Check the shapes that the layers expect"
        if len(shape) == 1:
            remedy = (
                "Windows of one feature may have no feature axis: add one with "
                "keras.layers.Reshape((*input_shape, 1)[:2])"
            )
        _fail(
            rule,
            _describe(error),
            f"{remedy}, or set window_length if the network needs longer windows.",
            error,
        )
    if tuple(output.shape) != (5, n_outputs):
        _fail(
            rule,
            f"an output of shape {tuple(output.shape)} for 5 windows",
            "End the network with keras.layers.Dense(n_outputs).",
        )
    return network


def _check_layer_names(estimator, shape, n_outputs):
    build, args, params = _builder_call(estimator, shape, n_outputs)
    with building_layers():
        first, second = (build(*args, **params) for _ in range(2))
    pairs = list(zip(first.layers, second.layers, strict=False))
    unnamed = [
        f"{layer.name!r} ({type(layer).__name__})"
        for layer, other in pairs
        if layer.weights and layer.name != other.name
    ]
    if unnamed:
        _fail(
            "each layer with weights must have an explicit name, because the "
            "parameters pretrained and frozen refer to names",
            ", ".join(unnamed),
            'Pass a name without a counter, such as Dense(8, name="hidden").',
        )
    texts = [_build(estimator, shape, n_outputs).to_json() for _ in range(2)]
    if texts[0] != texts[1]:
        _fail(
            "build must return the same network for the same arguments",
            "two networks that differ in names or settings",
            "Do not use counters or random numbers in the builder.",
        )


def _builder_call(estimator, shape, n_outputs):
    """Return the builder of an estimator, and the arguments of its call."""
    settings = estimator._fit_settings()
    assemble, *_, params = estimator._build_network_args(settings, shape, n_outputs)
    build, calls = params["build"], []

    @functools.wraps(build)
    def record(*args, **params):
        calls.append((args, params))
        return build(*args, **params)

    with building_layers():
        assemble(shape, n_outputs, **(params | {"build": record}))
    return build, *calls[0]


def _check_serialization(estimator, shape, n_outputs):
    rule = "the JSON text of the network must describe it completely"
    network = _build(estimator, shape, n_outputs)
    windows = np.random.default_rng(0).standard_normal((5, *shape), dtype=np.float32)
    expected = np.asarray(network(windows, training=False))
    text = None
    try:
        text = network.to_json()
        copied = training.network_from_json(text)
    except Exception as error:  # of Keras, or of a custom layer
        _fail(
            rule,
            _describe(error),
            "Register custom layers and functions with "
            "keras.saving.register_keras_serializable(), let get_config of a layer "
            "return every argument of __init__, and use layers instead of lambdas.",
            error,
        )
    try:
        copied.set_weights(network.get_weights())
        actual = np.asarray(copied(windows, training=False))
    except Exception as error:
        actual, got = None, _describe(error)
    else:
        got = (
            f"a difference of {np.abs(actual - expected).max():.2g} in the output "
            "between the network and its copy"
        )
    if actual is None or not np.allclose(actual, expected, atol=1e-5):
        _fail(
            rule,
            got,
            "Let get_config of each custom layer return every argument of __init__.",
        )
    if copied.to_json() != text:
        _fail(
            rule,
            "a different text from a copy of the network",
            "Let get_config of each custom layer return every argument of __init__.",
        )


def _output_method(estimator):
    return "predict_proba" if is_classifier(estimator) else "predict"


def _output(estimator, X):
    return getattr(estimator, _output_method(estimator))(X)


def _copy_for_worker(estimator):
    """Return a copy made by cloudpickle, which also copies classes of a notebook."""
    return pickle.loads(pickle.dumps(wrap_non_picklable_objects(estimator)))


def _fit(estimator, X, y, rule="the network must train and predict"):
    try:
        fitted = clone(estimator).fit(X, y)
        return fitted, _output(fitted, X)
    except Exception as error:  # of Keras, TensorFlow or a custom layer
        _fail(
            rule,
            _describe(error),
            "Use layers of Keras, and keras.ops in custom layers.",
            error,
        )


def _check_determinism(estimator, X, y):
    _, first = _fit(estimator, X, y)
    _, second = _fit(estimator, X, y)
    if not np.array_equal(first, second):
        _fail(
            "equal seeds must give equal predictions",
            f"a difference of {np.abs(first - second).max():.2g} after two fits",
            "Draw random numbers with keras.random and initializers of Keras, not with "
            "NumPy or TensorFlow. Keep no state between calls.",
        )


def _check_copies(estimator, X, y):
    fitted, expected = _fit(estimator, X, y)
    copies = {
        "copy.deepcopy": copy.deepcopy,
        "joblib": _copy_for_worker,  # as joblib copies for its workers
    }
    for name, make in copies.items():
        try:
            method = getattr(make(fitted), _output_method(estimator))
            same = np.array_equal(method(X), expected)
            got = "other predictions from the copy"
        except Exception as error:  # of a pickle of anything
            same, got = False, _describe(error)
        if not same:
            _fail(
                f"{name} must be able to copy a fitted estimator",
                got,
                "Use plain values as parameters and in the builder.",
            )
    if repr(clone(fitted)) != repr(estimator):
        _fail(
            "clone must keep every parameter",
            f"{clone(fitted)!r} for {estimator!r}",
            "Do not change parameters in the builder.",
        )


def _check_use(estimator, X, y):
    with_gaps = np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X)
    masked = clone(estimator).set_params(missing="mask")
    _fit(masked, with_gaps, y, 'the network must train with missing="mask"')
    invalid = X.copy()
    invalid[3, 5] = np.inf
    fitted, before = _fit(estimator, X, y)
    try:
        fitted.fit(invalid, y)
    except ValueError:
        pass
    else:
        _fail(
            "fit must raise ValueError for an infinite value",
            "no error",
            "Do not override fit.",
        )
    if not np.array_equal(before, _output(fitted, X)):
        _fail(
            "a failed fit must keep the fitted state",
            "other predictions after a fit on windows with an infinite value",
            "Do not override fit.",
        )
    if is_classifier(estimator):
        return
    normalized = clone(estimator).set_params(instance_norm="last", linear_skip=True)
    _fit(normalized, X, y, "the network must train with normalized windows")
    forecaster = SeriesForecaster(estimator, window_length=X.shape[1], horizon=2)
    try:
        forecast = forecaster.fit(X[:, -1]).forecast(3)
    except Exception as error:  # of Keras, TensorFlow or a custom layer
        _fail(
            "the network must train inside SeriesForecaster",
            _describe(error),
            "Check the number of outputs: it is horizon * n_targets.",
            error,
        )
    if forecast.shape != (3, X.shape[2]):
        _fail(
            "a forecaster must forecast each column",
            f"shape {forecast.shape} for 3 steps of {X.shape[2]} columns",
            "End the network with keras.layers.Dense(n_outputs).",
        )


# ------------------------------------------------------------ checks of scikit-learn


def _run_estimator_checks(estimator, length):
    """Run the checks of scikit-learn; return the names of those that passed."""
    expected = dict(EXPECTED_FAILURES)
    cls, params = type(estimator), estimator.get_params()
    if not _reads_short_windows(estimator):
        cls = _pad_windows(cls, length)
    if not (_is_importable(cls) and _is_importable(cls._build)):
        expected |= _NOT_IMPORTABLE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about short series and prime lengths
        results = check_estimator(
            cls(**params), expected_failed_checks=expected, on_fail=None, on_skip=None
        )
    for result in results:
        if result["status"] == "failed":
            _fail(
                f"the estimator must pass {result['check_name']} of scikit-learn",
                _describe(result["exception"]),
                "Do not override methods of the estimator. Let the network read "
                "windows of window_length steps and all longer windows.",
                result["exception"],
            )
    return [one["check_name"] for one in results if one["status"] == "passed"]


def _reads_short_windows(estimator):
    try:
        for n_steps in (1, 2, 3, 10):
            _build(estimator, (n_steps,), 1)
    except Exception:  # Keras and TensorFlow raise many types
        return False
    return True


def _pad_windows(cls, length):
    """Return a class with a network that pads short windows with zeros at the front."""
    build = cls._build

    @functools.wraps(build)
    def build_padded(input_shape, n_outputs, **params):
        n_steps = input_shape[0]
        if n_steps >= length:
            return build(input_shape, n_outputs, **params)
        window = keras.Input(input_shape, name="short_window")
        x = window
        if len(input_shape) == 1:
            x = keras.layers.Reshape((n_steps, 1), name="steps")(x)
        x = keras.layers.ZeroPadding1D((length - n_steps, 0), name="padded")(x)
        longer = (length, *input_shape[1:])
        x = keras.layers.Reshape(longer, name="longer_window")(x)
        network = call_builder(build, longer, n_outputs, **params)
        return keras.Model(window, network.call(x), name=network.name)

    attributes = {"__doc__": cls.__doc__, "__module__": __name__}
    return types.new_class(
        cls.__name__,
        (cls,),
        {"build": build_padded},
        lambda namespace: namespace.update(attributes),
    )


def _is_importable(thing):
    """Return whether pickle finds a class or function by its name."""
    found = sys.modules.get(thing.__module__)
    for name in thing.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is thing


# --------------------------------------------------------------------------- speed


def _check_speed(estimator, length, n_features):
    """Return the median ratio of the time of `Model.fit` to the time of `fit`."""
    X, y = _make_data(estimator, _SPEED_WINDOWS, length, n_features)
    settings = {"epochs": _SPEED_EPOCHS, "batch_size": 32}
    network = clone(estimator).set_params(**settings)
    fitted = clone(network).fit(X, y)  # traces
    model = fitted.model_
    model.compile("adam", fitted.loss)
    windows = X.astype("float32")
    target = np.searchsorted(fitted.classes_, y) if is_classifier(fitted) else y
    model.fit(windows, target, epochs=1, batch_size=32, verbose=0)  # traces
    ratios = []
    for _ in range(_SPEED_ROUNDS):
        start = time.perf_counter()
        clone(network).fit(X, y)
        middle = time.perf_counter()
        model.fit(windows, target, epochs=_SPEED_EPOCHS, batch_size=32, verbose=0)
        ratios.append((time.perf_counter() - middle) / (middle - start))
    if max(ratios) < _LOWEST_RATIO:
        _fail(
            "fit must not be slower than Model.fit",
            f"{1 / max(ratios):.1f} times the time of Model.fit, in the best of "
            f"{len(ratios)} rounds",
            "Let custom layers compute all steps at once, or in keras.ops.scan, not in "
            "a Python loop. If other programs use the processor, set speed=False.",
        )
    return statistics.median(ratios)
