"""Validate and score one target per step of a window, for `per_step=True`.

y has shape `(n_samples, n_steps)`. A step with a missing value (NaN, None, NaT or
`pandas.NA`) is unknown and has weight zero. Inside a fit, y is a masked array: unknown
steps are masked, and their values are arbitrary valid targets.
"""

import functools

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets

from skcnnlstm._utils.validation import (
    check_boolean,
    check_not_none,
    check_sample_weight,
    to_plain,
)

# -------------------------------------------------------------------------- parameters


def check_step_settings(settings):
    """Return the settings of a fit; raise if one contradicts `per_step=True`."""
    if not check_boolean("per_step", settings.get("per_step", False)):
        return settings
    rules = (
        ("instance_norm", (None, "auto"), "None"),
        ("linear_skip", (False, "auto"), "False"),
        ("n_targets", (None, 1), "1"),
    )
    for name, accepted, remedy in rules:
        value = settings.get(name, accepted[0])
        if value not in accepted:
            raise ValueError(
                f"{name} must be {remedy} with per_step=True: got {name}={value!r}, "
                "which is for targets that follow the window. Set "
                f"{name}={remedy}, or per_step=False."
            )
    return settings | {"n_targets": 1} if "n_targets" in settings else settings


def count_steps(input_shape):
    """Return the number of targets of a sample with `per_step=True`.

    Windows and subsequences `(n_subsequences, n_steps, n_features)` have one target for
    each time step. Image sequences `(n_frames, n_rows, n_columns, n_features)` have one
    target for each frame.
    """
    if len(input_shape) == 3:
        return input_shape[0] * input_shape[1]
    return input_shape[0]


# -------------------------------------------------------------------------- targets


def check_step_target(y, shape, *, estimator):
    """Return y as a masked array of `shape`, `(n_samples, n_steps)`.

    Raises
    ------
    TypeError, ValueError
        If y has another shape, no known step, or invalid targets.
    """
    check_not_none(y, estimator)
    y = _as_array(y)
    _check_shape(y, shape)
    known = ~np.asarray(pd.isna(y))
    if not known.any():
        raise ValueError(
            "y must hold at least one known step: got only missing values (NaN or "
            "None), which mark unknown steps. Pass samples with known steps."
        )
    if is_classifier(estimator):
        values = _plain_values(y[known])
        check_classification_targets(values)
        fill = values[0]
    else:
        values = _check_numbers(y[known], estimator)
        fill = values.mean()
    filled = np.full(shape, fill, values.dtype)
    filled[known] = values
    return np.ma.array(filled, mask=~known)


def _as_array(y):
    """Return y as an array. None and NaN stay missing values, also next to text."""
    if isinstance(y, np.ma.MaskedArray) or not isinstance(y, np.ndarray | list | tuple):
        y = to_plain(y, "y")
    if isinstance(y, list | tuple):
        # Without dtype=object, NumPy would convert a NaN next to text to "nan".
        lengths = {np.shape(row)[:1] for row in y}
        if len(lengths) > 1:
            raise ValueError(
                "y must have one target for each step: got rows of different lengths. "
                "Pad them with NaN or None where the windows are padded."
            )
        return np.array([list(row) if np.ndim(row) else row for row in y], dtype=object)
    return np.asarray(y)


def _check_shape(y, shape):
    if y.shape == shape:
        return
    n_samples, n_steps = shape
    rule = (
        "y must have shape (n_samples, n_steps) with per_step=True: got shape "
        f"{y.shape}, expected {shape}."
    )
    if y.shape == (*shape, 1):
        remedy = "Use y[:, :, 0]."
    elif y.ndim == 3 and y.shape[:2] == shape:
        remedy = (
            "Use numpy.asarray(y).argmax(axis=2) for one-hot labels, or one estimator "
            "for each target."
        )
    elif y.shape == (n_samples * n_steps,):
        remedy = f"Use y.reshape({n_samples}, {n_steps})."
    elif y.shape[:1] == (n_samples,):
        remedy = (
            "Pass one target for each step of the window, or set per_step=False for "
            "targets of whole windows."
        )
    else:
        remedy = "Cut the targets into the same windows as X, one row for each sample."
    raise ValueError(f"{rule} {remedy}")


def _plain_values(values):
    """Return class labels; convert an array of objects to text or numbers."""
    if values.dtype != object:
        return values
    if len({isinstance(value, str) for value in values}) > 1:
        raise TypeError(
            "y must hold labels of one type: got text and other values. Convert all "
            "labels to text."
        )
    return np.array(values.tolist())


def _check_numbers(values, estimator):
    """Return the known targets of a regressor as numbers."""
    if values.dtype.kind not in "biufOUS":
        raise TypeError(
            f"y must be numeric: got dtype {values.dtype}. Convert it to numbers."
        )
    try:
        return check_array(
            values,
            ensure_2d=False,
            dtype=np.float64,
            input_name="y",
            estimator=estimator,
        )
    except (TypeError, ValueError) as error:
        if "could not convert string" in str(error):
            raise ValueError(
                "y must be numeric: got text. Convert it to numbers, or use a "
                "classifier for class labels."
            ) from error
        raise


def known_values(y):
    """Return the unmasked values of a masked array, or any other array unchanged."""
    return y.compressed() if isinstance(y, np.ma.MaskedArray) else y


def with_known_step(y, rows, weight):
    """Return the rows and the weights of samples with at least one known step."""
    known = ~y.mask[rows].all(axis=1)
    if not known.any():
        raise ValueError(
            "y must hold at least one known step in the samples with a full history "
            f"and a positive weight: got {len(rows)} such samples without known steps. "
            "Pass samples with known steps."
        )
    return rows[known], weight[known]


def step_weights(y, weight):
    """Return a weight for each step: zero for unknown steps, else the sample weight."""
    return np.where(y.mask, np.float32(0), weight[:, np.newaxis])


# -------------------------------------------------------------------------- score


def with_step_score(score):
    """Wrap a `score` method: with `per_step=True`, score all known steps instead."""

    @functools.wraps(score)
    def score_with_steps(self, X, y, sample_weight=None):
        if self.__sklearn_is_fitted__() and self._predicts_steps:
            return _score_steps(self, X, y, sample_weight)
        return score(self, X, y, sample_weight)

    return score_with_steps


def _score_steps(estimator, X, y, sample_weight):
    """Return the accuracy, or R^2 of a regressor, over all known steps."""
    predicted = estimator.predict(X)
    y = check_step_target(y, predicted.shape, estimator=estimator)
    known = ~y.mask
    weight = None
    if sample_weight is not None:
        weight = check_sample_weight(sample_weight, len(predicted))
        weight = step_weights(y, weight)[known]
    metric = accuracy_score if is_classifier(estimator) else r2_score
    return metric(y.compressed(), predicted[known], sample_weight=weight)
