"""Quantiles that the network inside a forecaster has learned."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from skcnnlstm._utils.introspection import unwrap_search


def quantiles_of(estimator):
    """Return the quantiles that an estimator predicts, or None.

    They are those of the estimator itself, of the last step of a Pipeline, or of what
    a search found.
    """
    last = _last(estimator)
    quantiles = last.get_params(deep=False).get("quantiles")
    return quantiles if hasattr(last, "predict_quantiles") else None


def predict_quantiles(estimator, windows):
    """Predict ``(n_samples, n_outputs, n_quantiles)`` by a fitted estimator."""
    while not hasattr(estimator, "predict_quantiles"):
        if isinstance(estimator, Pipeline):
            windows = estimator[:-1].transform(windows) if estimator[:-1] else windows
            estimator = estimator[-1]
        else:
            estimator = estimator.best_estimator_
    return estimator.predict_quantiles(windows)


def _last(estimator):
    estimator = unwrap_search(estimator)
    return _last(estimator[-1]) if isinstance(estimator, Pipeline) else estimator


def check_learned(quantiles, estimator):
    """Return quantiles, as a tuple; raise where an estimator has none."""
    if quantiles is None:
        raise ValueError(
            "quantiles need a network that has learned them: got "
            f"estimator={estimator!r}. Use CNNLSTMRegressor(quantiles=(0.05, 0.5, "
            "0.95)) or another regressor of this package, alone or as the last step of "
            "a Pipeline."
        )
    return tuple(quantiles)


def check_block(steps, block, horizon):
    """Raise where quantiles of some steps are not learned but fed back."""
    if steps <= block:
        return
    way_out = f"Use SeriesForecaster(..., horizon={steps})"
    if block < horizon:
        way_out = 'Use strategy="direct"'
    raise ValueError(
        "steps of quantiles must be at most what the network forecasts at once, for a "
        f"forecast that is fed back has none: got steps={steps}, {block} at once. "
        f"{way_out}."
    )


def interval_of(quantiles, coverage):
    """Return the places of the two quantiles between which a share of values lies."""
    symmetric = {
        round(1 - 2 * low, 9): (place, other)
        for place, low in enumerate(quantiles)
        for other, high in enumerate(quantiles)
        if low < high and abs(low + high - 1) < 1e-9
    }
    if round(coverage, 9) not in symmetric:
        tail = (1 - coverage) / 2
        raise ValueError(
            "coverage must lie between two of the network's quantiles: got "
            f"coverage={coverage:g}, quantiles={tuple(quantiles)}. Use one of "
            f"{', '.join(f'{share:g}' for share in symmetric) or 'none'}, fit with "
            f"quantiles=({tail:g}, 0.5, {1 - tail:g}), or set a calibration_fraction."
        )
    return symmetric[round(coverage, 9)]


def quantile_frame(values, quantiles, targets, index):
    """Lay out ``(steps, n_targets, n_quantiles)``: a column for each quantile.

    Of several targets these columns stand under each.
    """
    if index is None:
        index = pd.RangeIndex(1, len(values) + 1, name="step")
    columns = pd.Index(quantiles, name="quantile")
    if values.shape[1] > 1:
        columns = pd.MultiIndex.from_product(
            [targets, quantiles], names=["target", "quantile"]
        )
    return pd.DataFrame(values.reshape(len(values), -1), index=index, columns=columns)


def undo_each(undo, ahead):
    """Undo a scale for each quantile of ``(n, steps, n_targets, n_quantiles)``."""
    return np.stack(
        [undo(ahead[..., place]) for place in range(ahead.shape[-1])], axis=-1
    )
