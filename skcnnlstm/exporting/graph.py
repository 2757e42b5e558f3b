"""An estimator as one function of tensors: from raw rows to what `predict` gives.

`trace` returns a `Traced` of each kind of estimator it knows. Its function is made of
Keras' operations and of networks, and computes in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skcnnlstm import training
from skcnnlstm.ensemble.classifier import HybridEnsembleClassifier
from skcnnlstm.ensemble.regressor import HybridEnsembleRegressor
from skcnnlstm.exporting import scaling
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.forecasting.panel import FORMS, listed
from skcnnlstm.windows.reshaping import FlattenWindows, LastSteps, SubsequenceReshaper
from skcnnlstm.windows.sliding_window import SlidingWindow
from skcnnlstm.wrappers import HybridClassifier, HybridRegressor

_NETWORKS = (HybridRegressor, HybridClassifier)
_ENSEMBLES = (HybridEnsembleRegressor, HybridEnsembleClassifier)
_LINEAR = (LinearRegression, Ridge, Lasso, ElasticNet)


@dataclass
class Traced:
    """A function of one tensor, and what it takes."""

    run: Callable
    shape: tuple  # of one sample, without the first axis
    input_name: str = "windows"
    networks: list = field(default_factory=list)
    classes: Any = None


def trace(estimator, path="estimator", *, unroll=False):
    """Return an estimator as a `Traced`.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    path : str
        Where it stands, for errors.
    unroll : bool, default=False
        Whether recurrent layers must have no loop, however long.
    """
    check_is_fitted(estimator)
    if isinstance(estimator, _NETWORKS):
        return _trace_network(estimator, unroll)
    if isinstance(estimator, _ENSEMBLES):
        return _trace_ensemble(estimator, path, unroll)
    if isinstance(estimator, SeriesForecaster):
        return _trace_forecaster(estimator, path, unroll)
    if isinstance(estimator, Pipeline):
        return _trace_pipeline(estimator, path, unroll)
    if isinstance(estimator, TransformedTargetRegressor):
        return _trace_target(estimator, path, unroll)
    if hasattr(estimator, "best_estimator_"):
        return trace(
            estimator.best_estimator_, f"{path}.best_estimator_", unroll=unroll
        )
    if type(estimator) in _LINEAR:
        return _trace_linear(estimator)
    raise TypeError(
        f"{path} must be an estimator that can be exported: got {estimator!r}. Use "
        "those of this package, a SeriesForecaster, LinearRegression, Ridge, Lasso or "
        "ElasticNet, in a Pipeline, a search or a TransformedTargetRegressor."
    )


# ------------------------------------------------------------------------ estimators


def _trace_network(estimator, unroll):
    model = training.network_from_json(
        estimator._network, estimator._custom_objects, fast=True
    )
    model.set_weights(estimator._weights)
    if unroll:
        for layer in model.layers:
            directions = "forward_layer", "backward_layer"
            for part in (layer, *(getattr(layer, name, None) for name in directions)):
                if isinstance(part, layers.RNN):
                    part.unroll = True
    shape = estimator._network_args[1]
    if isinstance(estimator, HybridClassifier):

        def run(windows):
            raw = model(windows, training=False)
            return raw / ops.sum(raw, axis=1, keepdims=True)

        return Traced(run, shape, networks=[model], classes=estimator.classes_)
    quantiles = estimator._network_param("quantiles")

    def run(windows):
        raw = model(windows, training=False)
        if quantiles is not None:
            raw = raw[..., quantiles.index(0.5)]
        return ops.reshape(raw, (-1, *estimator._target_shape))

    return Traced(run, shape, networks=[model])


def _trace_ensemble(ensemble, path, unroll):
    members = [
        trace(member, f"{path}.{name}_", unroll=unroll)
        for name, member in zip(("cnn", "lstm"), ensemble.estimators_, strict=True)
    ]
    if ensemble.method == "stack":
        raise TypeError(
            f"{path} must join its members by weights to be exported: got "
            "method='stack'. Use method='weighted'."
        )
    classes = getattr(ensemble, "classes_", None)
    shares = np.float32(ensemble.weights_)

    def run(windows):
        said = [
            share * member.run(windows)
            for share, member in zip(shares, members, strict=True)
        ]
        return said[0] + said[1]

    networks = [network for member in members for network in member.networks]
    return Traced(run, members[0].shape, networks=networks, classes=classes)


def _trace_linear(estimator):
    coefficients = np.float32(np.atleast_2d(estimator.coef_)).T
    intercept = np.float32(estimator.intercept_)
    flat = np.ndim(estimator.coef_) == 1

    def run(rows):
        predicted = ops.matmul(rows, coefficients) + intercept
        return predicted[:, 0] if flat else predicted

    return Traced(run, (estimator.n_features_in_,), "rows")


def _trace_target(estimator, path, unroll):
    inner = trace(estimator.regressor_, f"{path}.regressor_", unroll=unroll)
    transformer = estimator.transformer_
    _check_scaling(transformer, f"{path}.transformer_")
    back = scaling.unscale(transformer)

    def run(windows):
        predicted = inner.run(windows)
        if len(predicted.shape) > 1:
            return back(predicted)
        return back(predicted[:, None])[:, 0]

    return Traced(run, inner.shape, inner.input_name, inner.networks)


# ------------------------------------------------------------------------- pipelines


def _trace_pipeline(pipeline, path, unroll):
    *steps, (name, last) = pipeline.steps
    inner = trace(last, f"{path}.{name}", unroll=unroll)
    shape, input_name, functions = inner.shape, inner.input_name, []
    masked = isinstance(last, _NETWORKS) and last._network_param("missing") == "mask"
    for name, step in reversed(steps):
        function, shape, input_name = _step(
            step, f"{path}.{name}", shape, input_name, masked
        )
        functions.insert(0, function)

    def run(rows):
        for function in functions:
            rows = function(rows)
        return inner.run(rows)

    return Traced(run, shape, input_name, inner.networks, inner.classes)


def _step(step, path, shape, name, masked):
    """Return what a step does, and the shape and name of what it takes."""
    if isinstance(step, SlidingWindow):
        return _sliding(step, masked), (step.n_features_in_,), "rows"
    if isinstance(step, LastSteps):
        return (lambda x: x[:, -step._length :]), step._shape, "windows"
    if isinstance(step, SubsequenceReshaper):
        pieces = step._pieces_shape
        return (lambda x: ops.reshape(x, (-1, *pieces))), step._shape, "windows"
    if isinstance(step, FlattenWindows):
        width = math.prod(step._shape)
        return (lambda x: ops.reshape(x, (-1, width))), step._shape, "windows"
    _check_scaling(step, path)
    n_features = getattr(step, "n_features_in_", None)
    return scaling.scale(step), (n_features,) if n_features else shape, name


def _sliding(step, masked):
    """Return the windows that end with each row; before the first one stands it."""
    length, context = step._fitted
    before = np.float32(step.history_) if context == "always" else None
    if masked:
        n_known = 0 if before is None else len(before)
        blank = np.full((length - 1 - n_known, step.n_features_in_), np.nan, np.float32)
        before = blank if before is None else np.concatenate([blank, before])
    n_before = 0 if before is None else len(before)

    def run(rows):
        n_rows = ops.shape(rows)[0]
        if n_before:
            rows = ops.concatenate([ops.convert_to_tensor(before), rows])
        ends = ops.arange(n_rows)[:, None] + n_before
        steps = ends + np.arange(1 - length, 1, dtype=np.int32)
        windows = ops.take(rows, ops.maximum(steps, 0), axis=0)
        return ops.reshape(windows, (-1, length, step.n_features_in_))

    return run


def _check_scaling(transformer, path):
    if not scaling.is_scaling(transformer):
        raise TypeError(
            f"{path} must be a transformer that can be exported: got {transformer!r}. "
            "Use SlidingWindow, LastSteps, SubsequenceReshaper, FlattenWindows, "
            f"{scaling.SUPPORTED}."
        )


# ------------------------------------------------------------------------ forecaster


def _trace_forecaster(forecaster, path, unroll):
    """Return the function of raw windows (n, window_length, n_columns)."""
    if forecaster._panel.kind != "one":
        raise TypeError(
            f"{path} must be fitted on one series to be exported: got "
            f"{FORMS[forecaster._panel.kind]} of {len(forecaster._histories)} series, "
            "each with a scale of its own. Export forecaster.estimator_, which reads "
            "windows on the scale of the model."
        )
    if forecaster._exog_columns is not None:
        width, names = forecaster._exog_columns
        columns = f"{width} columns" if names is None else listed(list(names))
        raise TypeError(
            f"{path} must be fitted without exog to be exported: got {columns}. Export "
            "forecaster.estimator_, which reads windows with the covariates in them."
        )
    history = forecaster._histories[None]
    roles = history.scale.roles
    if forecaster._independent and roles.past:
        raise TypeError(
            f"{path} must have no past covariates beside channels='independent' to be "
            f"exported: got {len(roles.past)} of them. Use channels='joint'."
        )
    for name in ("targets", "past"):
        _check_scaling(getattr(history.scale, name), f"{path}.transformer_")
    inner = trace(forecaster.estimator_, f"{path}.estimator_", unroll=unroll)
    n_columns, length = forecaster.n_features_in_, history.length
    horizon, block = forecaster._horizon, forecaster._block
    n_modelled = forecaster._n_modelled
    n_channels = n_modelled if forecaster._independent else 1
    n_targets = n_modelled // n_channels
    scale, back = (
        scaling.scale(history.scale.targets),
        scaling.unscale(history.scale.targets),
    )
    scale_past = scaling.scale(history.scale.past)

    def ahead(windows):
        """Forecast one block: (n, block, n_targets)."""
        return ops.reshape(inner.run(windows), (-1, block, n_targets))

    def run(windows):
        values = scale(_columns(windows, roles.targets))
        if roles.past:
            past = scale_past(_columns(windows, roles.past))
            values = ops.concatenate([values, past], axis=2)
        if n_channels > 1:
            values = ops.reshape(ops.transpose(values, (0, 2, 1)), (-1, length, 1))
        parts = [ahead(values)]
        while len(parts) * block < horizon:
            values = ops.concatenate([values, parts[-1]], axis=1)[:, -length:]
            parts.append(ahead(values))
        joined = ops.concatenate(parts, axis=1)[:, :horizon]
        if n_channels > 1:
            joined = ops.reshape(joined, (-1, n_channels, horizon))
            joined = ops.transpose(joined, (0, 2, 1))
        forecasts = back(joined)
        return forecasts[:, :, 0] if forecaster.n_targets_ == 1 else forecasts

    return Traced(run, (length, n_columns), networks=inner.networks)


def _columns(windows, columns):
    if columns == list(range(windows.shape[2])):
        return windows
    return ops.take(windows, np.asarray(columns, np.int32), axis=2)


# ---------------------------------------------------------------------- a Keras model


class TracedModel(keras.Model):
    """A traced estimator as a `keras.Model`, which Keras can export."""

    def __init__(self, traced, **kwargs):
        super().__init__(**kwargs)
        self.traced_networks = traced.networks
        self.run = traced.run

    def call(self, x):
        """Predict."""
        return self.run(x)
