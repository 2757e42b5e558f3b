"""What is looked for: one function a kind of mistake, which yields its findings."""

import warnings

import numpy as np
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skcnnlstm.model_selection.leakage.report import PROOF, SUSPICION, Finding

_EXACT = 1e-6  # of a mean and a deviation that were made 0 and 1; float32 keeps as much


def time_findings(samples, folds):
    """Yield what the folds share, and whether they follow time."""
    what = "rows" if samples.classes or samples.forecaster else "target steps"
    origin = samples.origin
    backwards = [
        (origin[fold.train_ahead] >= origin[fold.test].min()).any() for fold in folds
    ]
    way_out = _way_out(samples, len(folds), any(backwards))
    if any(len(fold.train_shared) for fold in folds):
        worst = max(range(len(folds)), key=lambda at: len(folds[at].test_shared))
        train, test = folds[worst].train_shared, folds[worst].test_shared
        yield Finding(
            f"shared {what}",
            PROOF,
            sum(len(fold.train_shared) > 0 for fold in folds),
            f"up to {len(train)} training and {len(test)} test samples hold the same "
            f"{what}; in fold {worst} training sample {train[-1]} and test sample "
            f"{test[0]} are among them.",
            way_out,
        )
    if any(len(fold.train_ahead) for fold in folds):
        worst = max(range(len(folds)), key=lambda at: len(folds[at].train_ahead))
        ahead = folds[worst].train_ahead
        yield Finding(
            "the future in the training part",
            PROOF,
            sum(len(fold.train_ahead) > 0 for fold in folds),
            f"up to {len(ahead)} training samples know of steps after the origin of "
            f"the first test sample, such as sample {ahead[-1]} in fold {worst}.",
            way_out,
        )


def _way_out(samples, n_folds, backwards):
    """Name the splitter that is right, and its settings."""
    if n_folds > len(samples.series) // 2:
        n_folds = 5  # one was left out at a time, which is no pattern for time
    many = len(np.unique(samples.series)) > 1
    splitter = "PanelTimeSeriesSplit" if many else "HorizonSplit"
    in_order = f"TimeSeriesSplit({max(2, n_folds)}"  # takes no fewer
    if samples.forecaster:
        in_order = f"{splitter}({n_folds}" if many else in_order
        of = "" if samples.id_column is None else f"X[{samples.id_column!r}]"
        groups = f" and groups={of}" if many else ""
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
    with_groups = " and groups=" if many else ""
    return (
        f"Use {', and '.join(use)}: "
        f"{splitter}({n_folds}, {', '.join(settings)}){with_groups}{also}."
    )


def target_findings(samples):
    """Yield features that are the target itself."""
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
            f"feature {int(np.argmax(same))} of the last step of each sample is its "
            "target: a window that ends with a row holds that row.",
            "Shift the target: y of row t is a later row, as in make_windows(series, "
            "window_length, horizon).",
        )


def scale_findings(samples, folds):
    """Yield columns that were scaled over all rows, test rows among them."""
    if samples.rows.dtype.kind != "f":
        return
    n_features = samples.rows.shape[2]
    table, mine = _rows_under(samples)
    tried = {"X": (table, mine)}
    flat = samples.rows.reshape(len(samples.rows), -1)
    if flat.shape[1] > n_features:
        tried["X, each step of a window by itself"] = flat, np.arange(len(flat))
    if samples.target is not None and samples.target.dtype.kind == "f":
        tried["y"] = samples.target, np.arange(len(flat))
    train = min((fold.train for fold in folds), key=len)
    for name, (values, of) in tried.items():
        kinds = _scaled(values)
        part = values[np.isin(of, train)]
        if kinds and len(part) > 2 and not _scaled(part) & kinds:
            yield Finding(
                "a scaler that saw the test rows",
                SUSPICION,
                0,
                f"{name} is scaled to {' and '.join(sorted(kinds))} over all rows, and "
                "not over those of a training part.",
                "Put the scaler into a Pipeline with the estimator (before a "
                "SlidingWindow), or use SeriesForecaster(estimator, "
                "transformer='standard'): it then learns from training rows alone.",
            )
            return


def _rows_under(samples):
    """Return the rows that windows were cut from, and the first sample to hold each.

    Targets that are no row of a window yet, at the end of a series, are rows, too.
    """
    rows, of = [], []
    known = 0 if samples.length > samples.rows.shape[1] else samples.rows.shape[1]
    starts = np.flatnonzero(np.diff(samples.series, prepend=-1))
    for start in starts:
        if known > 1:
            rows.append(samples.rows[start, : known - min(samples.stride, known)])
            of.append(np.full(len(rows[-1]), start))
    step = min(samples.stride, samples.rows.shape[1])
    rows.append(samples.rows[:, -step:].reshape(-1, samples.rows.shape[2]))
    of.append(np.repeat(np.arange(len(samples.rows)), step))
    y = samples.target
    if y is not None and samples.horizon * samples.rows.shape[2] == y.shape[1]:
        rows.append(y[-1].reshape(samples.horizon, -1))
        of.append(np.full(samples.horizon, len(y) - 1))
    return np.concatenate(rows), np.concatenate(of)


def _scaled(values):
    """Name how every column was scaled exactly over these rows: none, or a set."""
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
    if (np.abs(mean) < _EXACT).all() and (np.abs(deviation - 1)[varies] < _EXACT).all():
        kinds.add("mean 0 and deviation 1")
    at_ends = (np.abs(low) < _EXACT) & (np.abs(high - 1) < _EXACT)
    inside = (values > 0) & (values < 1)
    # Classes and switches are 0 or 1 of themselves.
    if at_ends[varies].all() and inside[:, varies].any(axis=0).all():
        kinds.add("the range from 0 to 1")
    return kinds


def frozen_findings(estimator, folds):
    """Yield steps that were fitted before, on more rows than there are to train on."""
    inside = getattr(estimator, "estimator", estimator)
    largest = max(len(fold.train) for fold in folds)
    for name, step in inside.steps if isinstance(inside, Pipeline) else ():
        inner = getattr(step, "estimator", None)
        function = getattr(getattr(step, "func", None), "__self__", None)
        frozen = inner if type(step).__name__ == "FrozenEstimator" else function
        seen = int(np.max(getattr(frozen, "n_samples_seen_", 0)))
        if seen > largest:
            yield Finding(
                "a step that was fitted before the split",
                PROOF,
                0,
                f"step {name!r} holds {type(frozen).__name__} fitted on {seen} rows; "
                f"no training part has more than {largest}.",
                f"Put an unfitted {type(frozen).__name__}() there.",
            )


def fit_findings(estimator, X, y, samples, folds, unseen):
    """Yield whether predictions move when only later rows do.

    Why that cannot be told goes into `unseen`.
    """
    for train, test, *_ in folds:
        test = np.sort(test)
        later = _later(samples, test)
        if later.all() or not hasattr(estimator, "predict"):
            continue
        n_earlier = int((~later).sum())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = _fit(estimator, X, y, train)
                moved = _moved(model, _take(X, test), later, samples.id_column)
        except Exception as error:
            unseen.append(
                f"a fit on {len(train)} samples failed, so no predictions were looked "
                f"at: {error}"
            )
            return
        if moved is None:
            unseen.append(
                "the same rows gave other predictions the second time, so nothing can "
                "be told from them."
            )
            return
        if moved:
            yield Finding(
                "predictions that look ahead",
                PROOF,
                0,
                f"{moved} of {n_earlier} predictions moved when only later test rows "
                "were changed.",
                "Find the step that reads the rows of predict together (a scaler that "
                "is fitted in transform, a centred mean), and fit it in fit.",
            )
            return


def _later(samples, test):
    """Tell which test rows are to be changed: the second half, of a panel of each."""
    if not samples.forecaster:
        return np.arange(len(test)) >= len(test) // 2
    series = samples.series[test]
    later = np.zeros(len(test), bool)
    for one in np.unique(series):
        members = np.flatnonzero(series == one)
        later[members[len(members) // 2 :]] = True
    return later


def _fit(estimator, X, y, train):
    """Fit a clone, for one epoch where it has epochs."""
    model = clone(estimator)
    names = model.get_params(deep=True)
    model.set_params(**{n: 1 for n in names if n.rpartition("__")[2] == "epochs"})
    if y is None:
        return model.fit(_take(X, train))
    return model.fit(_take(X, train), _take(y, train))


def _moved(model, rows, later, id_column):
    """Change the later rows, count what moved in the others; None if that is chance."""
    said = [np.asarray(model.predict(rows))[~later] for _ in range(2)]
    if not np.array_equal(*said):
        return None
    other = np.asarray(model.predict(_changed(rows, later, id_column)))[~later]
    if other.dtype.kind == "f":
        near = np.isclose(other, said[0], rtol=1e-4, atol=1e-6 * np.abs(other).max())
    else:
        near = other == said[0]
    return int((~near.reshape(len(near), -1).all(axis=1)).sum())


def _take(rows, at):
    return rows.iloc[at] if hasattr(rows, "iloc") else np.asarray(rows)[at]


def _changed(rows, later, id_column):
    """Return rows with other numbers where they are later, positive where they were."""
    if not hasattr(rows, "iloc"):
        values = np.array(rows, dtype=float)
        values[later] = 3 * values[later][::-1]
        return values
    if rows.ndim == 1:
        changed = _changed(rows.to_frame(), later, id_column).iloc[:, 0]
        return changed.rename(rows.name)
    changed = rows.copy()
    for place, (name, dtype) in enumerate(rows.dtypes.items()):
        if name == id_column or is_bool_dtype(dtype) or not is_numeric_dtype(dtype):
            continue
        column = rows.iloc[:, place].to_numpy(dtype=float, na_value=np.nan)
        changed.isetitem(place, _changed(column, later, None))
    return changed
