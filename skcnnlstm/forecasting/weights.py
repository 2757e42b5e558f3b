"""Read the weights of rows, and pass those of samples to the inner estimator."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from numbers import Real

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from skcnnlstm._utils.validation import check_windows, has_labels, to_plain
from skcnnlstm._utils.validation.series import refresh_index
from skcnnlstm.forecasting.panel import FORMS
from skcnnlstm.windows.views import window_view

# ------------------------------------------------------------------------ of the rows


def read_weights(sample_weight, panel, tables):
    """Return the weights of the rows of each series, by key.

    Parameters
    ----------
    sample_weight : number, array-like, Series, list, dict or None
        One weight for each row, or for each series of a panel.
    panel : Panel
        The form of the series.
    tables : dict of Rows

    Returns
    -------
    weights : dict of (ndarray of shape (n_rows,), or None)
        The weight of each row, by key. None without weights.
    """
    if sample_weight is None:
        return dict.fromkeys(tables)
    given, weights = _split(sample_weight, panel, tables), {}
    for key, rows in tables.items():
        with panel.naming(key):
            weights[key] = _read(given[key], rows)
    if not any(weight.any() for weight in weights.values()):
        raise ValueError(
            "sample_weight must have at least one weight above zero: got only zeros. "
            "Use positive weights for the rows to fit. A sample is left out if one of "
            "its target rows has weight zero."
        )
    return weights


def _split(given, panel, tables):
    """Return the weights of each series, by key, not yet validated."""
    keys = list(tables)
    if panel.kind == "one":
        if isinstance(given, Mapping):
            raise TypeError(
                "sample_weight must hold one weight for each row of one series: got "
                f"{type(given).__name__}. Use an array or a Series of weights."
            )
        return {None: given}
    if not isinstance(given, Mapping | list | tuple | Real):
        given = to_plain(given, "sample_weight")
    if isinstance(given, Real):
        return dict.fromkeys(keys, given)
    if panel.kind == "long" and not isinstance(given, Mapping):
        n_rows = sum(map(len, panel.places.values()))
        if len(given) == n_rows:
            flat = given if hasattr(given, "iloc") else np.asarray(given)
            flat = getattr(flat, "to_numpy", lambda: flat)()
            return {key: flat[panel.places[key]] for key in keys}
    if isinstance(given, pd.Series):
        given = given.to_dict()
    elif panel.kind == "list" and not isinstance(given, Mapping):
        if len(given) != len(keys):
            raise ValueError(
                "sample_weight must have one entry for each series: got "
                f"{len(given)} entries for {len(keys)} series. Use one weight, or one "
                "array of weights, for each series."
            )
        given = dict(enumerate(given))
    if not isinstance(given, Mapping):
        rows = ", or hold one weight for each row" if panel.kind == "long" else ""
        raise ValueError(
            "sample_weight must be a dict or a Series with one entry for each series"
            f"{rows}, because the series are {FORMS[panel.kind]}: got "
            f"{type(given).__name__} of length {len(given)}. Use "
            f"{{{keys[0]!r}: 1.0, ...}}."
        )
    missing = [key for key in keys if key not in given]
    if missing:
        raise ValueError(
            "sample_weight must have an entry for each series: got none for "
            f"{missing[0]!r}. Add an entry, such as {missing[0]!r}: 1.0."
        )
    return given


def _read(given, rows):
    """Return the weights of the rows of one series, (n_rows,)."""
    n_rows = len(rows.values)
    if isinstance(given, Real):
        given = np.full(n_rows, float(given))
    given = to_plain(given, "sample_weight")
    weight = check_windows(given, name="sample_weight", min_ndim=1, max_ndim=2)
    weight = np.asarray(weight, dtype=float)
    if weight.ndim == 2 and weight.shape[1] == 1:
        weight = weight[:, 0]
    if weight.ndim == 1 and has_labels(given) and rows.index is not None:
        index = refresh_index(given.index)
        if not index.is_unique:
            raise ValueError(
                "sample_weight must have one weight for each label: got "
                f"{index[index.duplicated()][0]!r} more than once. Remove the "
                "duplicates."
            )
        places = index.get_indexer(rows.index)
        if (places < 0).any():
            raise ValueError(
                "sample_weight must have a weight for each row: got none for "
                f"{rows.index[int(np.argmax(places < 0))]}. Add the missing weights, "
                "or pass them in the order of the rows (sample_weight.to_numpy())."
            )
        weight = weight[places]
    if weight.shape != (n_rows,):
        raise ValueError(
            f"sample_weight must have shape (n_rows,) = ({n_rows},): got "
            f"{weight.shape}. Use one weight for each row of the series."
        )
    wrong = ~np.isfinite(weight) | (weight < 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            "sample_weight must be finite and not negative: got "
            f"{weight[row]:.4g} at row {row}. Use zero to leave out each sample that "
            "has the row as a target."
        )
    return weight


# --------------------------------------------------------------------- of the samples


def weigh_samples(weight, length, block_length):
    """Return the weights of the samples of consecutive rows, (n_samples,).

    The weight of a sample is the mean weight of its `block_length` target rows. It is
    zero if one of these rows has the weight zero.
    """
    of_targets = window_view(weight, block_length)[length:]
    return of_targets.mean(axis=1) * (of_targets > 0).all(axis=1)


def complete_weights(parts):
    """Return the parts; if only some of them have weights, the others get weights of 1.

    `parts` is a list of (windows, targets) or (windows, targets, weight).
    """
    if all(len(part) == 2 for part in parts):
        return parts
    return [
        (*part, np.ones(len(part[0]))) if len(part) == 2 else part for part in parts
    ]


def count_left_out(segments, length, block_length):
    """Return the number of samples that have the weight zero."""
    return sum(
        int((weigh_samples(segment.weight, length, block_length) == 0).sum())
        for segment in segments
        if segment.weight is not None and len(segment.weight) >= length + block_length
    )


# ------------------------------------------------------------------- of the estimator


def find_weight_keyword(estimator):
    """Return the keyword by which the `fit` of an estimator takes weights.

    For a Pipeline, the keyword is "step__sample_weight", with the name of its last
    step. Return None if `fit` takes no weights.
    """
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        keyword = find_weight_keyword(last)
        return keyword and f"{name}__{keyword}"
    if not hasattr(estimator, "fit"):
        return None
    has_own = has_fit_parameter(estimator, "sample_weight")
    inner = getattr(estimator, "estimator", getattr(estimator, "regressor", None))
    if not hasattr(inner, "fit"):
        return "sample_weight" if has_own else None
    keyword = find_weight_keyword(inner)
    parameters = inspect.signature(estimator.fit).parameters.values()
    passes_on = any(one.kind is one.VAR_KEYWORD for one in parameters)
    if keyword is None or passes_on or (has_own and keyword == "sample_weight"):
        return keyword
    return None


def check_takes_weights(estimator):
    """Raise if an estimator cannot take the weights of samples."""
    if find_weight_keyword(estimator) is not None:
        return
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    raise TypeError(
        "sample_weight needs an estimator whose fit takes sample_weight: got "
        f"estimator={last!r}. Omit sample_weight, or use another estimator, such as "
        "Ridge or a network of this package."
    )


def weight_arguments(estimator, weight):
    """Return the keyword arguments of `fit` that pass weights; empty without weights.

    Weights that are all 1 are not passed, so that the fit is bit-identical to a fit
    without weights. Samples with the weight 0 were left out before, and are not in
    `weight`.
    """
    if weight is None or (weight == 1).all():
        return {}
    return {find_weight_keyword(estimator): weight}
