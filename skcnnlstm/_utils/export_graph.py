"""The protocol by which estimators describe their predictions as graphs.

`export` writes these graphs to files, `attribute` computes their gradients.

A class of this package that can be exported has a method
``_build_graph(context)``, which returns an `ExportGraph` of the fitted estimator.
Meta-estimators build the graphs inside them through `context`, which offers:

``context.ops``
    `keras.ops`, so that modules that must not import Keras can build a graph.
``context.path``
    Where the estimator is inside the exported one, for error messages.
``context.keep_missing``
    For transformers: whether the estimator after them reads missing history (NaN).
``context.network_options``
    Keyword arguments of `skcnnlstm.training.network_from_json`.
``context.quantiles``
    Whether the output is all quantiles instead of the median.
``context.build(estimator, name)``
    The `ExportGraph` of an estimator inside this one, at ``{path}.{name}``.
``context.transform(transformer, name)``, ``context.inverse_transform(...)``
    The two directions of a scikit-learn transformer, as functions of a tensor.

The context is a `skcnnlstm.exporting.graph.GraphContext`. A part without a graph raises
`NoGraphError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any


class NoGraphError(TypeError):
    """Raised for a part of an estimator that has no graph.

    Parameters
    ----------
    path : str
        Where the part is inside the estimator.
    rule, got, remedy : str
        What the part must be to be exported, what it is, and what to do.
    """

    def __init__(self, path: str, rule: str, got: str, remedy: str):
        super().__init__(path, rule, got, remedy)  # all of them, so that it is pickled
        self.path, self.rule, self.got, self.remedy = path, rule, got, remedy

    def __str__(self) -> str:
        return f"{self.path} must {self.rule}: got {self.got}. {self.remedy}"


@dataclass(frozen=True)
class ExportGraph:
    """The predictions (or the output) of an estimator as a function of its input.

    Parameters
    ----------
    run : callable
        Maps a float32 tensor of shape ``(n, *shape)`` to a tensor. Axis n is open. With
        `covariates` it takes these as a second tensor.
    shape : tuple of int or None
        Shape of one sample. None means that any shape is accepted.
    input_name : str or None
        Name of the input tensor: "windows" or "rows". None means that the name of the
        graph that follows is used.
    networks : list of keras.Model
        The networks that `run` calls.
    classes : ndarray or None
        Labels of the output columns, for a classifier.
    reads_missing : bool
        Whether `run` reads missing history (NaN) instead of filled steps.
    covariates : tuple of int or None
        Shape of one sample of the second input. None without one.
    metadata : dict
        Entries that describe inputs and output: the names of the covariates, the
        quantiles.
    """

    run: Callable[..., Any]
    shape: tuple[int, ...] | None
    input_name: str | None = "windows"
    networks: list[Any] = field(default_factory=list)
    classes: Any = None
    reads_missing: bool = False
    covariates: tuple[int, ...] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    def then(self, function: Callable[[Any], Any], **changes: Any) -> ExportGraph:
        """Return this graph with `function` applied to its output."""
        return replace(self, run=lambda *x: function(self.run(*x)), **changes)

    def after(self, first: ExportGraph) -> ExportGraph:
        """Return this graph applied to the output of the graph `first`.

        Covariates enter this graph directly.
        """
        return replace(
            self,
            run=lambda x, *covariates: self.run(first.run(x), *covariates),
            shape=first.shape or self.shape,
            input_name=first.input_name or self.input_name,
        )
