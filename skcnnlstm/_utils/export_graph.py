"""The protocol by which estimators describe their predictions as graphs.

`export` writes these graphs to files. `attribute` computes their gradients.

A class of this package that can be exported has a method ``_build_graph(context)``,
which returns an `ExportGraph` of the fitted estimator. Meta-estimators use `context` to
build the graphs of the estimators inside them. The context has these attributes:

``context.ops``
    `keras.ops`. It allows modules that must not import Keras to build a graph.
``context.path``
    The place of the estimator inside the exported estimator, for error messages.
``context.keep_missing``
    For transformers: whether the next estimator reads missing history (NaN).
``context.network_options``
    Keyword arguments of `skcnnlstm.training.network_from_json`.
``context.quantiles``
    Whether the output is all quantiles instead of the median.
``context.build(estimator, name)``
    Return the `ExportGraph` of an inner estimator at the place ``{path}.{name}``.
``context.transform(transformer, name)``, ``context.inverse_transform(...)``
    Return the two directions of a scikit-learn transformer, as functions of a tensor.

The context is a `skcnnlstm.exporting.graph.GraphContext`. An estimator that cannot be
exported raises `NoGraphError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any


class NoGraphError(TypeError):
    """Raised if a part of an estimator cannot be exported.

    Parameters
    ----------
    path : str
        The place of the part inside the exported estimator.
    rule, got, remedy : str
        The parts of the message: the rule (a verb phrase after "must"), the actual
        value, and what the user can do.
    """

    def __init__(self, path: str, rule: str, got: str, remedy: str):
        super().__init__(path, rule, got, remedy)  # pickle needs all arguments
        self.path, self.rule, self.got, self.remedy = path, rule, got, remedy

    def __str__(self) -> str:
        return f"{self.path} must {self.rule}: got {self.got}. {self.remedy}"


@dataclass(frozen=True)
class ExportGraph:
    """The predictions of an estimator as a function of its input.

    For a transformer, the graph is the result of `transform`.

    Parameters
    ----------
    run : callable
        Maps a float32 tensor of shape ``(n, *shape)`` to a tensor, for any n. With
        `covariates`, it takes the covariates as a second tensor.
    shape : tuple of int or None
        Shape of one sample. None means that any shape is accepted.
    input_name : str or None
        Name of the input tensor: "windows" or "rows". None for a step that another
        graph follows: the name is then that of the other graph.
    networks : list of keras.Model
        The networks that `run` calls.
    classes : ndarray or None
        Labels of the output columns, for a classifier.
    reads_missing : bool
        Whether `run` reads missing history as NaN. If False, missing history must be
        filled before `run` is called.
    covariates : tuple of int or None
        Shape of one sample of the second input. None means that there is no second
        input.
    metadata : dict
        Entries that describe inputs and output: the names of the covariates and the
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
        """Return this graph with `function` applied to its output.

        `changes` are new values of attributes of the graph.
        """
        return replace(self, run=lambda *x: function(self.run(*x)), **changes)

    def after(self, first: ExportGraph) -> ExportGraph:
        """Return this graph applied to the output of the graph `first`.

        Covariates are passed to this graph, not to `first`.
        """
        return replace(
            self,
            run=lambda x, *covariates: self.run(first.run(x), *covariates),
            shape=first.shape or self.shape,
            input_name=first.input_name or self.input_name,
        )
