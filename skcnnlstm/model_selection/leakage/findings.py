"""Generators of findings about leakage in the folds of a split."""

import warnings

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skcnnlstm.model_selection.leakage.report import PROOF, SUSPICION, Finding

# Tolerance for a mean of 0 and a standard deviation of 1. Scaled float32 data meet it.
_TOLERANCE = 1e-6


def time_findings(samples, folds):
    """Yield findings about shared steps and about folds that ignore time."""
    what = "rows" if samples.classes or samples.forecaster else "target steps"
    origin = samples.origin
    backwards = [
        (origin[fold.train_ahead] >= origin[fold.test].min()).any() for fold in folds
    ]
    remedy = _suggest_splitter(samples, len(folds), any(backwards))
    if any(len(fold.train_shared) for fold in folds):
        worst = max(range(len(folds)), key=lambda at: len(folds[at].test_shared))
        train, test = folds[worst].train_shared, folds[worst].test_shared
        yield Finding(
            f"shared {what}",
            PROOF,
            sum(len(fold.train_shared) > 0 for fold in folds),
            f"up to {len(train)} training and {len(test)} test samples contain the "
            f"same {what}, for example training sample {train[-1]} and test sample "
            f"{test[0]} in fold {worst}.",
            remedy,
        )
    if any(len(fold.train_ahead) for fold in folds):
        worst = max(range(len(folds)), key=lambda at: len(folds[at].train_ahead))
        ahead = folds[worst].train_ahead
        yield Finding(
            "the future in the training part",
            PROOF,
            sum(len(fold.train_ahead) > 0 for fold in folds),
            f"up to {len(ahead)} training samples contain steps after the origin of "
            f"the first test sample, for example sample {ahead[-1]} in fold {worst}.",
            remedy,
        )


def recording_findings(samples, folds):
    """Yield a finding if windows of one recording are in both parts of a fold.

    This is a mistake only if the target describes the window itself. Forecasts of a
    series, however, must be tested on later rows of the same series.
    """
    names = samples.recordings
    if names is None or not samples.classes:
        return
    codes, keys = pd.factorize(names)
    shared = [np.intersect1d(codes[fold.train], codes[fold.test]) for fold in folds]
    worst = max(shared, key=len)
    if len(keys) < 2 or not len(worst):
        return
    n_folds = min(len(folds), len(keys))
    yield Finding(
        "one recording in both parts",
        SUSPICION,
        sum(len(codes) > 0 for codes in shared),
        f"windows of up to {len(worst)} of {len(keys)} recordings are in both parts, "
        f"for example windows of {keys.tolist()[worst[0]]!r}. The score does not hold "
        "for new recordings.",
        f"Keep the windows of a recording together: GroupKFold({n_folds}) or "
        "LeaveOneGroupOut(), and pass groups.",
    )


def _suggest_splitter(samples, n_folds, backwards):
    """Return a sentence that names a correct splitter with its parameters."""
    if n_folds > len(samples.series) // 2:
        n_folds = 5  # a leave-one-out scheme has no counterpart in time order
    many = len(np.unique(samples.series)) > 1
    splitter = "PanelTimeSeriesSplit" if many else "HorizonSplit"
    in_order = f"TimeSeriesSplit({max(2, n_folds)}"  # its minimum is 2
    if samples.forecaster:
        in_order = f"{splitter}({n_folds}" if many else in_order
        groups = ", and pass groups" if many else ""
        if many and samples.id_column is not None:
            groups = f" and groups=X[{samples.id_column!r}]"
        return f"Use folds in time order: {in_order}, test_size=horizon){groups}."
    settings = [f"horizon={samples.horizon}"]
    if samples.stride > 1:
        settings.append(f"stride={samples.stride}")
    if samples.classes:
        settings.append(f"window_length={samples.length}")
    gap = samples.gap()
    use = ["folds in time order, without shuffling"] if backwards else []
    if gap or not use:
        use.append(f"a gap of {gap}")
    also = "" if many else f", or {in_order}{f', gap={gap}' if gap else ''})"
    with_groups = ", and pass groups" if many else ""
    return (
        f"Use {', and '.join(use)}: "
        f"{splitter}({n_folds}, {', '.join(settings)}){with_groups}{also}."
    )


def target_findings(samples):
    """Yield a finding if a feature equals the target."""
    if samples.target is None or not samples.horizon:
        return
    last = samples.rows[:, -1].astype(float)
    first = samples.target[:, 0].astype(float)
    if len(first) < 4 or (first == first[0]).all():
        return
    same = (last == first[:, np.newaxis]).all(axis=0)
    if same.any():
        yield Finding(
            "the target among the features",
            PROOF,
            0,
            f"feature {int(np.argmax(same))} of the last step of each sample equals "
            "the target of the sample. The window of a row contains the row itself.",
            "Shift the target, so that the target of row t comes from a later row, as "
            "in make_windows(series, window_length, horizon).",
        )


def scale_findings(samples, folds):
    """Yield a finding if columns were probably scaled over all rows."""
    if samples.rows.dtype.kind != "f":
        return
    n_features = samples.rows.shape[2]
    candidates = {"X": _unroll_windows(samples)}
    flat = samples.rows.reshape(len(samples.rows), -1)
    if flat.shape[1] > n_features:
        candidates["X, each window step separately,"] = flat, np.arange(len(flat))
    if samples.target is not None and samples.target.dtype.kind == "f":
        candidates["y"] = samples.target, np.arange(len(flat))
    train = min((fold.train for fold in folds), key=len)
    for name, (values, sample) in candidates.items():
        kinds = _find_scalings(values)
        part = values[np.isin(sample, train)]
        if kinds and len(part) > 2 and not _find_scalings(part) & kinds:
            yield Finding(
                "a scaler that saw the test rows",
                SUSPICION,
                0,
                f"{name} has {' and '.join(sorted(kinds))} over all rows, but not over "
                "the rows of a training part.",
                "Put the scaler into a Pipeline with the estimator (before a "
                "SlidingWindow), or use SeriesForecaster(estimator, "
                "transformer='standard'). Both fit the scaler on training rows only.",
            )
            return


def _unroll_windows(samples):
    """Return each row of the windows once, and the first sample that contains it.

    If the targets are whole rows, also return the rows in the target of the last
    sample, which no window contains.
    """
    rows, sample = [], []
    length = 0 if samples.length > samples.rows.shape[1] else samples.rows.shape[1]
    starts = np.flatnonzero(np.diff(samples.series, prepend=-1))
    for start in starts:
        if length > 1:
            rows.append(samples.rows[start, : length - min(samples.stride, length)])
            sample.append(np.full(len(rows[-1]), start))
    n_new = min(samples.stride, samples.rows.shape[1])
    rows.append(samples.rows[:, -n_new:].reshape(-1, samples.rows.shape[2]))
    sample.append(np.repeat(np.arange(len(samples.rows)), n_new))
    y = samples.target
    if y is not None and samples.horizon * samples.rows.shape[2] == y.shape[1]:
        rows.append(y[-1].reshape(samples.horizon, -1))
        sample.append(np.full(samples.horizon, len(y) - 1))
    return np.concatenate(rows), np.concatenate(sample)


def _find_scalings(values):
    """Return descriptions of the scalings that all columns of `values` have."""
    values = values.astype(float)
    values = values[~np.isnan(values).any(axis=1)]
    if len(values) < 3:
        return set()
    low, high = values.min(axis=0), values.max(axis=0)
    varies = high > low
    if not varies.any():
        return set()
    kinds = set()
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    if (np.abs(mean) < _TOLERANCE).all() and (
        np.abs(deviation - 1)[varies] < _TOLERANCE
    ).all():
        kinds.add("mean 0 and standard deviation 1")
    has_range = (np.abs(low) < _TOLERANCE) & (np.abs(high - 1) < _TOLERANCE)
    inside = (values > 0) & (values < 1)
    # Ignore columns with only 0 and 1: class codes and flags are not scaled.
    if has_range[varies].all() and inside[:, varies].any(axis=0).all():
        kinds.add("range 0 to 1")
    return kinds


def frozen_findings(estimator, folds):
    """Yield a finding for each Pipeline step that was fitted on too many rows.

    These are frozen steps that were fitted on more rows than any training part has.
    """
    inside = getattr(estimator, "estimator", estimator)
    largest = max(len(fold.train) for fold in folds)
    for name, step in inside.steps if isinstance(inside, Pipeline) else ():
        inner = getattr(step, "estimator", None)
        function = getattr(getattr(step, "func", None), "__self__", None)
        frozen = inner if type(step).__name__ == "FrozenEstimator" else function
        n_seen = int(np.max(getattr(frozen, "n_samples_seen_", 0)))
        if n_seen > largest:
            yield Finding(
                "a step that was fitted before the split",
                PROOF,
                0,
                f"step {name!r} contains a {type(frozen).__name__} fitted on {n_seen} "
                f"rows, but no training part has more than {largest}.",
                f"Replace this step by an unfitted {type(frozen).__name__}().",
            )


def fit_findings(estimator, X, y, samples, folds, skipped):
    """Yield a finding if predictions change when only later rows change.

    If this cannot be checked, append the reason to `skipped`.
    """
    for train, test, *_ in folds:
        test = np.sort(test)
        later = _select_later_rows(samples, test)
        if later.all() or not hasattr(estimator, "predict"):
            continue
        n_earlier = int((~later).sum())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = _fit_clone(estimator, X, y, train)
                n_changed = _count_changed_predictions(
                    model, _take(X, test), later, samples.id_column
                )
        except Exception as error:
            skipped.append(
                f"a fit on {len(train)} samples failed, so predictions were not "
                f"checked: {error}"
            )
            return
        if n_changed is None:
            skipped.append(
                "two predictions for the same rows differ, so predictions were not "
                "checked."
            )
            return
        if n_changed:
            yield Finding(
                "predictions that look ahead",
                PROOF,
                0,
                f"{n_changed} of {n_earlier} predictions changed when only later test "
                "rows were changed.",
                "Find the step that combines rows in predict, such as a scaler that is "
                "fitted in transform, or a centered mean. Fit it in fit instead.",
            )
            return


def _select_later_rows(samples, test):
    """Return a mask of the second half of the test rows.

    For a forecaster, this is the second half of the test rows of each series.
    """
    if not samples.forecaster:
        return np.arange(len(test)) >= len(test) // 2
    groups = pd.Series(test).groupby(samples.series[test])
    return (groups.cumcount() >= groups.transform("size") // 2).to_numpy()


def _fit_clone(estimator, X, y, train):
    """Fit a clone, for one epoch if it has the parameter `epochs`."""
    model = clone(estimator)
    names = model.get_params(deep=True)
    model.set_params(**{n: 1 for n in names if n.rpartition("__")[2] == "epochs"})
    if y is None:
        return model.fit(_take(X, train))
    return model.fit(_take(X, train), _take(y, train))


def _count_changed_predictions(model, rows, later, id_column):
    """Change the later rows and count the changed predictions for the other rows.

    Return None if predictions for unchanged rows are not reproducible.
    """
    first, second = (np.asarray(model.predict(rows))[~later] for _ in range(2))
    if not np.array_equal(first, second):
        return None
    other = np.asarray(model.predict(change_rows(rows, later, id_column)))[~later]
    if other.dtype.kind == "f":
        same = np.isclose(other, first, rtol=1e-4, atol=1e-6 * np.abs(other).max())
    else:
        same = other == first
    return int((~same.reshape(len(same), -1).all(axis=1)).sum())


def _take(rows, at):
    return rows.iloc[at] if hasattr(rows, "iloc") else np.asarray(rows)[at]


def change_rows(rows, later, id_column):
    """Return a copy with other numbers in the later rows.

    Positive numbers stay positive.
    """
    if not hasattr(rows, "iloc"):
        values = np.array(rows, dtype=float)
        values[later] = 3 * values[later][::-1]
        return values
    if rows.ndim == 1:
        changed = change_rows(rows.to_frame(), later, id_column).iloc[:, 0]
        return changed.rename(rows.name)
    changed = rows.copy()
    for position, (name, dtype) in enumerate(rows.dtypes.items()):
        if name == id_column or is_bool_dtype(dtype) or not is_numeric_dtype(dtype):
            continue
        column = rows.iloc[:, position].to_numpy(dtype=float, na_value=np.nan)
        changed.isetitem(position, change_rows(column, later, None))
    return changed
