"""Build the export graph of an estimator: from raw input to the output of `predict`.

Classes of this package build their own graphs; `skcnnlstm._utils.export_graph`
documents the protocol. This module calls these classes, and builds the graphs of
classes of scikit-learn. All graphs use Keras operations and compute in float32.
"""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import keras
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.export_graph import ExportGraph, NoGraphError
from skcnnlstm.exporting.scaling import SUPPORTED, is_scaling, scale, unscale

_LINEAR = (LinearRegression, Ridge, Lasso, ElasticNet)


@dataclass(frozen=True)
class GraphContext:
    """The `context` argument of `_build_graph`; see `skcnnlstm._utils.export_graph`."""

    path: str = "estimator"
    keep_missing: bool = False
    quantiles: bool = False
    # By default, networks use only operations that other runtimes have.
    network_options: dict[str, Any] = field(default_factory=lambda: {"fast": True})
    ops: ClassVar[Any] = keras.ops

    def inside(self, name, **changes):
        """Return the context of the part `name` of this estimator."""
        return replace(self, path=f"{self.path}.{name}", **changes)

    def build(self, estimator, name):
        """Return the graph of an estimator inside this one."""
        return build_graph(estimator, self.inside(name))

    def transform(self, transformer, name):
        """Return `transform` of a fitted scaler as a function of a tensor."""
        _check_scaling(transformer, f"{self.path}.{name}")
        return scale(transformer)

    def inverse_transform(self, transformer, name):
        """Return `inverse_transform` of a fitted scaler as a function of a tensor."""
        _check_scaling(transformer, f"{self.path}.{name}")
        return unscale(transformer)


def build_graph(estimator, context=None):
    """Return the `ExportGraph` of a fitted estimator.

    None for `context` means the default `GraphContext`. Raise TypeError if the
    estimator, or an estimator inside it, cannot be exported.
    """
    context = context or GraphContext()
    check_is_fitted(estimator)
    if context.quantiles:
        _check_quantiles(estimator, context.path)
    if hasattr(estimator, "_build_graph") and hasattr(estimator, "predict"):
        return estimator._build_graph(context)
    if isinstance(estimator, Pipeline):
        return _build_pipeline(estimator, context)
    if isinstance(estimator, TransformedTargetRegressor):
        return _build_transformed_target(estimator, context)
    if hasattr(estimator, "best_estimator_"):
        return context.build(estimator.best_estimator_, "best_estimator_")
    if type(estimator) in _LINEAR:
        return _build_linear(estimator)
    raise NoGraphError(
        context.path,
        "be an estimator that can be exported",
        repr(estimator),
        "Use an estimator of this package, LinearRegression, Ridge, Lasso or "
        "ElasticNet. It may be inside a Pipeline, a search or a "
        "TransformedTargetRegressor.",
    )


def _check_quantiles(estimator, path):
    """Raise if an estimator has no quantiles.

    Pipelines and searches are not checked here: their inner estimators are.
    """
    is_outer = isinstance(estimator, Pipeline) or hasattr(estimator, "best_estimator_")
    if not is_outer and not hasattr(estimator, "predict_quantiles"):
        raise NoGraphError(
            path,
            "predict quantiles for output='quantiles'",
            repr(estimator),
            "Fit a regressor of this package with quantiles, such as "
            "CNNLSTMRegressor(quantiles=(0.1, 0.5, 0.9)), or use "
            "output='predictions'.",
        )


def _build_linear(estimator):
    coefficients = np.float32(np.atleast_2d(estimator.coef_)).T
    intercept = np.float32(estimator.intercept_)
    one_target = np.ndim(estimator.coef_) == 1

    def run(rows):
        predicted = keras.ops.matmul(rows, coefficients) + intercept
        return predicted[:, 0] if one_target else predicted

    return ExportGraph(run, (estimator.n_features_in_,), "rows")


def _build_transformed_target(estimator, context):
    unscale_target = context.inverse_transform(estimator.transformer_, "transformer_")

    def run(predicted):
        if len(predicted.shape) > 1:
            return unscale_target(predicted)
        return unscale_target(predicted[:, None])[:, 0]

    return context.build(estimator.regressor_, "regressor_").then(run)


def _build_pipeline(pipeline, context):
    *steps, (name, last) = pipeline.steps
    graph = context.build(last, name)
    for name, step in reversed(steps):
        inside = context.inside(name, keep_missing=graph.reads_missing)
        graph = graph.after(_build_step(step, inside, graph.shape))
    return graph


def _build_step(step, context, next_shape):
    """Return `transform` of a fitted step of a Pipeline as a graph.

    `next_shape` is the input shape of the next step. A scaler before a forecaster
    scales rows in Python. In the exported file, it scales the windows of the forecaster
    instead.
    """
    if hasattr(step, "_build_graph"):
        return step._build_graph(context)
    _check_scaling(step, context.path)
    n_features = getattr(step, "n_features_in_", None)
    shape = None if n_features is None else (n_features,)
    if next_shape is not None and len(next_shape) > 1:
        shape = next_shape
    return ExportGraph(scale(step), shape, input_name=None)


def _check_scaling(transformer, path):
    if not is_scaling(transformer):
        raise NoGraphError(
            path,
            "be a transformer that can be exported",
            repr(transformer),
            "Use SlidingWindow, LastSteps, SubsequenceReshaper, FlattenWindows, "
            f"{SUPPORTED}.",
        )
