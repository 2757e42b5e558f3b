"""Read the windows of an estimator, or of a Pipeline that cuts them from rows."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.pipeline import Pipeline

from skcnnlstm import training
from skcnnlstm._utils.introspection import fitted_networks, unwrap_search
from skcnnlstm._utils.validation import (
    backfill,
    check_windows,
    count_missing_history,
    describe_filled_samples,
    to_plain,
)
from skcnnlstm._utils.warnings import warn
from skcnnlstm.exporting.graph import GraphContext, build_graph
from skcnnlstm.inspection.explained import Explained
from skcnnlstm.windows.sliding_window import SlidingWindow


def gradient_context() -> GraphContext:
    """Return the context of a graph that runs in this process and is not exported."""
    options = {
        "fast": True,
        "portable": False,
        "on_gpu": training.on_gpu(),
        "convolutions": False,
    }
    return GraphContext(network_options=options)


@dataclass(frozen=True, eq=False)
class WindowModel:
    """A fitted estimator as a `Model`: functions of windows of raw rows."""

    estimator: Any
    row_steps: list[tuple[str, Any]]  # fitted transformers of rows
    sample_shape: tuple[int, ...]  # shape of a window that the estimator takes
    columns: Any = None  # column names of the rows, or of 2-D windows

    def predict(self, windows: np.ndarray) -> np.ndarray:
        """Return predictions, or probabilities of a classifier."""
        X = self._input(windows)
        if is_classifier(self.estimator):
            return np.asarray(self.estimator.predict_proba(X))
        return np.asarray(self.estimator.predict(X))

    def score(self, windows: np.ndarray, actual: Any, scoring: Any) -> float:
        """Return a metric of the predictions, by default `score` of the estimator."""
        scorer = check_scoring(self.estimator, scoring=scoring)
        return float(scorer(self.estimator, self._input(windows), actual))

    def _input(self, windows):
        if not self.row_steps:
            X = windows.reshape(len(windows), *self.sample_shape)
            return X if self.columns is None else pd.DataFrame(X, columns=self.columns)
        rows = windows.reshape(-1, windows.shape[2])
        if self.columns is not None:
            rows = pd.DataFrame(rows, columns=self.columns)
        rows = np.asarray(Pipeline(self.row_steps).transform(rows))
        return rows.reshape(*windows.shape[:2], -1)

    def build_graph(self) -> Callable[[Any], Any]:
        """Return `predict` as a function of a tensor."""
        estimator = self.estimator
        if self.row_steps:
            steps = [("estimator", estimator)]
            steps = estimator.steps if isinstance(estimator, Pipeline) else steps
            estimator = Pipeline([*self.row_steps, *steps])
        context = gradient_context()
        graph = build_graph(estimator, context)
        shape = self.sample_shape
        if not self.row_steps and graph.shape not in (None, shape):
            # Some networks predict windows with another number of subsequences.
            raise ValueError(
                "X must have the shape of the fitted windows for "
                f"method='integrated_gradients': got windows of shape {shape}, fitted "
                f"on {graph.shape}. Use method='occlusion'."
            )
        return lambda windows: graph.run(context.ops.reshape(windows, (-1, *shape)))


def read_windows(estimator: Any, X: Any) -> Explained:
    """Return the windows to explain: those in `X`, or those cut from the rows `X`.

    Rows are cut into windows if `estimator` is a Pipeline with a `SlidingWindow`.
    """
    row_steps, sliding, inner = _split_at_windows(unwrap_search(estimator), [])
    plain = to_plain(X)
    columns = getattr(plain, "columns", None)
    networks = list(fitted_networks(inner))
    if sliding is None:
        # Keep the whole search, because its `score` may use another metric.
        inner, row_steps = estimator, []
        values = check_windows(plain, estimator=estimator)
        windows = _flatten(values, networks)
        masks = any(one._network_param("missing") == "mask" for one in networks)
        n_missing = np.zeros(len(values), dtype=int)
        if values.ndim > 2:
            n_missing = count_missing_history(windows, allow_nan=masks)
        if n_missing.any():
            windows = np.array(windows)
            backfill(windows, n_missing)
        sample_shape, names = values.shape[1:], None
    else:
        windows, n_missing = _cut_rows(plain, row_steps, sliding)
        sample_shape, names = windows.shape[1:], columns
    if n_missing.any():
        warn(describe_filled_samples(n_missing))
    n_steps, n_features = windows.shape[1:]
    if names is None:
        names = [f"x{i}" for i in range(n_features)]
    if not row_steps and sliding is not None:
        columns = None
    return Explained(
        WindowModel(inner, row_steps, sample_shape, columns),
        windows,
        n_missing,
        np.arange(n_steps - 1, -1, -1),
        np.array(list(names), dtype=object),
        sample_shape,
        classes=_classes_of(inner),
    )


def _classes_of(estimator):
    if not is_classifier(estimator):
        return None
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            "estimator must predict probabilities: got a classifier without "
            f"predict_proba, {estimator!r}. Use a classifier of this package, or "
            "CalibratedClassifierCV."
        )
    return np.asarray(estimator.classes_)


def _split_at_windows(estimator, row_steps):
    """Return the steps before a SlidingWindow, this step, and the estimator after it.

    `row_steps` are steps before `estimator`. They are the first of the returned steps.
    Without a SlidingWindow, return all steps before the last estimator, None, and this
    estimator.
    """
    estimator = unwrap_search(estimator)
    if hasattr(estimator, "regressor_"):  # TransformedTargetRegressor
        before, sliding, inner = _split_at_windows(estimator.regressor_, row_steps)
        changed = copy.copy(estimator)
        changed.regressor_ = inner
        return before, sliding, changed
    if not isinstance(estimator, Pipeline):
        return row_steps, None, estimator
    steps = _flatten_steps(estimator.steps)
    for place, (_, step) in enumerate(steps):
        if isinstance(step, SlidingWindow):
            *_, (_, last) = after = steps[place + 1 :]
            inner = last if len(after) == 1 else Pipeline(after)
            return [*row_steps, *steps[:place]], step, inner
    return _split_at_windows(steps[-1][1], [*row_steps, *steps[:-1]])


def _flatten_steps(steps):
    """Return the steps of a Pipeline, with nested Pipelines replaced by their steps."""
    flat = []
    for name, step in steps:
        if isinstance(step, Pipeline):
            inner = _flatten_steps(step.steps)
            flat += [(f"{name}.{inner_name}", each) for inner_name, each in inner]
        else:
            flat.append((name, step))
    return flat


def _flatten(values, networks):
    """Return windows as ``(n, n_steps, n_features)``."""
    if values.ndim == 2:
        return values[:, :, np.newaxis]
    for network in networks:
        if values.ndim > 3 and network._network_args[1] == values.shape[1:]:
            values = network._flatten_steps(values)  # cells of a grid are features
            break
    n_steps = math.prod(values.shape[1:-1])
    return values.reshape(len(values), n_steps, values.shape[-1])


def _cut_rows(plain, row_steps, sliding):
    """Return the windows of raw rows, and the number of filled steps of each window."""
    if sliding.id_column is not None:
        raise ValueError(
            "SlidingWindow must have id_column=None: got "
            f"id_column={sliding.id_column!r}, so the rows are of several recordings. "
            "Explain the windows: attribute(pipeline[-1], pipeline[:-1].transform(X))."
        )
    scaled = Pipeline(row_steps).transform(plain) if row_steps else plain
    rows = np.asarray(check_windows(plain, max_ndim=2), dtype=float)
    positions = np.array(sliding._window_positions(scaled))
    n_missing = np.isnan(positions).sum(axis=1)
    for i in np.flatnonzero(n_missing):
        positions[i, : n_missing[i]] = positions[i, n_missing[i]]
    if (positions < 0).any():
        rows = np.concatenate([rows, _raw_history(row_steps, sliding.history_)])
    windows = rows[positions.astype(int)]
    if sliding.missing == "mask":
        # The network reads missing history as NaN.
        for i in np.flatnonzero(n_missing):
            windows[i, : n_missing[i]] = np.nan
        n_missing = np.zeros(len(windows), dtype=int)
    return windows, n_missing


def _raw_history(row_steps, history):
    """Invert the transformers `row_steps` on fitted rows; return the raw rows."""
    if not row_steps:
        return history
    steps = Pipeline(row_steps)
    try:
        raw = np.asarray(steps.inverse_transform(history), dtype=float)
        agrees = np.allclose(
            np.asarray(_transform(steps, raw)), history, atol=1e-6, equal_nan=True
        )
    except (AttributeError, ValueError):
        agrees = False
    if not agrees:
        raise ValueError(
            "the steps before SlidingWindow must have an inverse_transform if windows "
            "contain fitted rows as history: got "
            f"{', '.join(repr(step) for _, step in row_steps)}. Use steps with an "
            "inverse, such as FunctionTransformer(np.log, np.exp), or fit with "
            "SlidingWindow(context='none')."
        )
    return raw


def _transform(steps, rows):
    names = getattr(steps[0], "feature_names_in_", None)
    return steps.transform(rows if names is None else pd.DataFrame(rows, columns=names))
