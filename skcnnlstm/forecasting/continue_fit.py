"""Continue the training of a fitted forecaster with new rows."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
from sklearn.pipeline import Pipeline

from skcnnlstm.forecasting.inner_estimator import contains_network
from skcnnlstm.forecasting.predict import append_rows
from skcnnlstm.forecasting.samples import (
    cut_samples,
    join_samples,
    order_in_time,
    without_empty,
)
from skcnnlstm.forecasting.weights import complete_weights, weight_arguments


def continue_fit(fitted, tables, exogs):
    """Return the fitted record after new rows, with the estimator trained on them.

    Parameters
    ----------
    fitted : FittedForecaster
    tables : dict of Rows
        New rows of some or all series, by key.
    exogs : dict of (ndarray or None)
        Covariates of these rows, by key.

    Returns
    -------
    fitted : FittedForecaster
        The record with these rows as history. Its estimator is a copy that was trained
        for one epoch: on the windows that the new rows complete, and on older windows
        whose rows the record stores. If the rows complete no window, the estimator is
        not copied and not trained.
    """
    appended = append_rows(fitted, tables, exogs)
    samples = []
    for key, rows in tables.items():
        one = fitted.series[key]
        with fitted.panel.naming(key):
            segments = one.extend_recent(rows, exogs[key])
        if _count(segments, fitted) == _count([one.recent], fitted):
            continue
        samples += cut_samples(
            segments,
            fitted.window_length,
            fitted.block_length,
            fitted.n_modelled,
            fitted.independent,
        )
    samples = without_empty(samples)
    counts = [sum(len(windows) for windows, *_ in pairs) for pairs in samples]
    if not samples:
        return appended
    order, _ = order_in_time(counts)
    # Networks compute in float32, so a copy of the windows need not be wider.
    dtype = np.float32 if contains_network(fitted.estimator) else None
    pairs = complete_weights([pair for pairs in samples for pair in pairs])
    estimator = copy.deepcopy(fitted.estimator)
    _partial_fit(estimator, *join_samples(pairs, order, dtype))
    return replace(appended, estimator=estimator)


def _count(segments, fitted):
    """Return the number of windows, including those with NaN in a target."""
    length = fitted.window_length + fitted.block_length
    return sum(max(0, len(one.columns) - length + 1) for one in segments)


def can_continue(forecaster):
    """Return True if the estimator has `partial_fit`, otherwise raise AttributeError.

    The decorator `available_if` shows the message of the error.
    """
    estimator = getattr(forecaster, "estimator_", forecaster.estimator)
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if hasattr(last, "partial_fit"):
        return True
    raise AttributeError(
        f"partial_fit needs an estimator that has partial_fit: got {last!r}. Use "
        "update, which adds rows without training, or fit on all rows."
    )


def _partial_fit(estimator, windows, targets, weight=None):
    """Train an estimator, or the last step of a Pipeline, for one more epoch."""
    if isinstance(estimator, Pipeline):
        windows = estimator[:-1].transform(windows) if len(estimator) > 1 else windows
        estimator = estimator[-1]
    estimator.partial_fit(windows, targets, **weight_arguments(estimator, weight))
