"""check_leakage: an estimator, data and folds, looked at before hours are spent."""

import pandas as pd

from skcnnlstm._utils.validation import check_choice, check_integer
from skcnnlstm.exceptions import LeakageError
from skcnnlstm.model_selection.leakage.findings import (
    fit_findings,
    frozen_findings,
    scale_findings,
    target_findings,
    time_findings,
)
from skcnnlstm.model_selection.leakage.folds import cut_folds, fold_table, look_at_fold
from skcnnlstm.model_selection.leakage.report import (
    PROOF,
    SUSPICION,
    Finding,
    LeakageReport,
)
from skcnnlstm.model_selection.leakage.samples import place_samples


def check_leakage(
    estimator,
    X,
    y=None,
    cv=None,
    *,
    groups=None,
    horizon=None,
    n_fits=1,
    raise_on=None,
):
    """Say what a cross-validation lets a model know before its time.

    Samples are put in their place in time: windows by what they have in common with
    each other, rows by their order. Then it is known which steps each of them reads and
    which its target holds, and so, fold by fold, which training samples hold target
    steps of test samples or know of what comes after the first of them.

    Parameters
    ----------
    estimator : estimator
        What would be cross-validated: a regressor or classifier of windows, a Pipeline
        with a `SlidingWindow` in it, a `SeriesForecaster`, or a search around these.
    X : array-like
        Windows, or rows in time order; what `cross_val_score` would be given.
    y : array-like or None, default=None
        Their targets; None for a `SeriesForecaster`.
    cv : splitter, int, iterable of (train, test) or None, default=None
        The folds. None takes those of a search, else what scikit-learn takes for None.
    groups : array-like of shape (n_samples,) or None, default=None
        Whose each sample is, where there are many series; given to `cv`, too.
    horizon : int or None, default=None
        Time steps that a target reaches ahead. None finds it out where the values show
        it: the target stands in later samples, or holds more than one step.
    n_fits : int, default=1
        How many folds a clone is fitted in (one epoch, where it has `epochs`) to see
        whether its predictions move when later test rows do; 0 for none.
    raise_on : {"proof", "suspicion"} or None, default=None
        From which certainty on to raise a `LeakageError`, whose `report` is what would
        be returned; None never does.

    Returns
    -------
    report : LeakageReport
        Findings, folds, and the gap that is right.

    See Also
    --------
    HorizonSplit : Folds with that gap.

    Notes
    -----
    Proofs are counted or tried out: samples of both parts with the same target step;
    training samples that know of steps after the first test origin; a feature that is
    the target; a fitted step in a Pipeline that has seen more rows than there are to
    train on; predictions that move when only later rows were changed. It is a suspicion
    where values alone speak: columns that have mean 0 and deviation 1 (or range from 0
    to 1) over all rows, and not over those of a training part, were scaled by a scaler
    that saw all. What was scaled over less, or in another way, cannot be seen.

    For classes, which say something of the window itself, windows of both parts that
    hold the same rows are what is looked for, and the gap is by the window's length.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from skcnnlstm import HorizonSplit, check_leakage, make_windows
    >>> series = np.random.default_rng(0).normal(size=200).cumsum()
    >>> X, y = make_windows(series, 24, horizon=12)
    >>> report = check_leakage(Ridge(), X, y, TimeSeriesSplit(4))
    >>> report.leaks, report.gap
    (True, 11)
    >>> check_leakage(Ridge(), X, y, HorizonSplit(4, horizon=12))
    No leak was found in 4 folds.
    """
    check_choice("raise_on", raise_on, (None, PROOF, SUSPICION))
    n_fits = check_integer("n_fits", n_fits, minimum=0)
    if horizon is not None:
        horizon = check_integer("horizon", horizon, minimum=0)
    _check_order(estimator, X, y)
    notes, unseen = [], []
    samples = place_samples(estimator, X, y, groups, horizon, notes)
    pairs = cut_folds(estimator, X, y, cv, groups, notes)
    folds = [look_at_fold(samples, *pair) for pair in pairs]

    findings = [*time_findings(samples, folds)]
    if not samples.forecaster:
        findings += target_findings(samples)
        findings += scale_findings(samples, folds)
    findings += frozen_findings(estimator, folds)
    if n_fits:
        findings += fit_findings(estimator, X, y, samples, folds[-n_fits:], unseen)
    report = LeakageReport(
        pd.DataFrame(findings, columns=list(Finding._fields)),
        fold_table(folds),
        [(fold.train_shared, fold.test_shared) for fold in folds],
        samples.gap(),
        notes + unseen,
        complete=not unseen,
    )
    wanted = {None: (), PROOF: (PROOF,), SUSPICION: (PROOF, SUSPICION)}[raise_on]
    if report.findings["certainty"].isin(wanted).any():
        error = LeakageError(str(report))
        error.report = report
        raise error
    return report


def _check_order(estimator, X, y):
    """Raise where arguments have changed places."""
    way_out = "Use check_leakage(estimator, X, y, cv), or cv=."
    if isinstance(estimator, type) or not hasattr(type(estimator), "fit"):
        kind = "the class " if isinstance(estimator, type) else ""
        named = estimator if kind else type(estimator)
        raise TypeError(
            "estimator must be an estimator, and come first: got "
            f"{kind}{named.__name__}. {way_out}"
        )
    for name, value, what in (("X", X, "rows"), ("y", y, "targets or None")):
        # Of the type: a column of a table may be called "fit".
        other = hasattr(type(value), "fit")
        array = value is None or hasattr(value, "__len__") or hasattr(value, "shape")
        if other or not array:
            raise TypeError(
                f"{name} must be {what}: got {name}={value!r} "
                f"({type(value).__name__}). {way_out}"
            )
