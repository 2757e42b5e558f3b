"""Check an estimator, its data and folds for leakage, before an expensive search."""

import pandas as pd

from skcnnlstm._utils.validation import (
    check_choice,
    check_integer,
    check_no_keras_model,
    to_plain,
)
from skcnnlstm.exceptions import LeakageError
from skcnnlstm.model_selection.leakage.findings import (
    fit_findings,
    frozen_findings,
    recording_findings,
    scale_findings,
    target_findings,
    time_findings,
)
from skcnnlstm.model_selection.leakage.folds import (
    find_leaking_samples,
    fold_table,
    make_folds,
)
from skcnnlstm.model_selection.leakage.report import (
    COLUMNS,
    PROOF,
    SUSPICION,
    LeakageReport,
)
from skcnnlstm.model_selection.leakage.samples import locate_samples


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
    """Check a cross-validation for information from the future or from test samples.

    The check finds the position of each sample in time: windows by the rows that they
    share, rows by their order. The positions give the time steps of each sample and its
    target. For each fold, the check reports training samples that share target steps
    with test samples, and training samples with steps after the first test origin. (The
    origin of a sample is the last step of its window.)

    Parameters
    ----------
    estimator : estimator
        The estimator to cross-validate: a regressor or classifier of windows, a
        Pipeline with a `SlidingWindow`, a `SeriesForecaster`, or a search over one of
        these.
    X : array-like
        Windows, or rows in time order, as for ``cross_val_score``.
    y : array-like or None, default=None
        Targets. None for a `SeriesForecaster`.
    cv : splitter, int, iterable of (train, test) or None, default=None
        The folds. None uses the `cv` of a search. For other estimators, it uses the
        default of scikit-learn.
    groups : array-like of shape (n_samples,) or None, default=None
        Series or recording of each sample, if there are several. Also passed to `cv`.
        None uses the `id_column` of a `SlidingWindow` or a `SeriesForecaster`.
    horizon : int or None, default=None
        Number of time steps that a target reaches ahead. Use 0 if the target describes
        the window itself. None infers the horizon: from targets that occur in later
        samples, or from targets of several steps. For classifiers, and for a target
        that counts down to the end of each series, None means 0.
    n_fits : int, default=1
        Number of folds in which to fit a clone. If the clone has the parameter
        `epochs`, it is fitted for one epoch. The check then changes the later test rows
        and compares the predictions for the earlier test rows. 0 skips this check.
    raise_on : {"proof", "suspicion"} or None, default=None
        Lowest certainty of a finding that raises a `LeakageError`. The attribute
        `report` of the error is the report. None never raises this error.

    Returns
    -------
    report : LeakageReport
        The findings, the folds and the gap to use.

    See Also
    --------
    HorizonSplit : Folds with the right gap.

    Notes
    -----
    These findings are proofs:

    - Training and test samples with the same target step.
    - Training samples that contain steps after the first test origin.
    - A feature that equals the target.
    - A step of a Pipeline that was fitted on more rows than any training part has.
    - Predictions that change when only later rows change.

    These findings are suspicions:

    - Columns with mean 0 and standard deviation 1, or with range 0 to 1, over all rows
      but not over a training part. A scaler was then probably fitted on all rows. The
      check does not detect scalers that were fitted on fewer rows, or other scalers.
    - Windows of one recording in both parts, if the target describes the window itself.
      The score then does not hold for new recordings.

    A class label describes the window itself. For classifiers, the check therefore
    looks for windows of both parts that contain the same rows. The gap then depends on
    the length of the windows.

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
    _check_argument_order(estimator, X, y)
    if hasattr(X, "to_pandas"):  # a table of polars or pyarrow: a column may hold dates
        X = to_plain(X, "X")
    notes, skipped = [], []
    samples = locate_samples(estimator, X, y, groups, horizon, notes)
    pairs = make_folds(estimator, X, y, cv, groups, notes)
    folds = [find_leaking_samples(samples, *pair) for pair in pairs]

    findings = [*time_findings(samples, folds), *recording_findings(samples, folds)]
    if not samples.forecaster:
        findings += target_findings(samples)
        findings += scale_findings(samples, folds)
    findings += frozen_findings(estimator, folds)
    if n_fits:
        findings += fit_findings(estimator, X, y, samples, folds[-n_fits:], skipped)
    report = LeakageReport(
        pd.DataFrame(findings, columns=list(COLUMNS)),
        fold_table(folds),
        [(fold.train_shared, fold.test_shared) for fold in folds],
        samples.gap(),
        notes + skipped,
        complete=not skipped,
    )
    raised = {None: (), PROOF: (PROOF,), SUSPICION: (PROOF, SUSPICION)}[raise_on]
    if report.findings["certainty"].isin(raised).any():
        error = LeakageError(str(report))
        error.report = report
        raise error
    return report


def _check_argument_order(estimator, X, y):
    """Raise if positional arguments were swapped."""
    check_no_keras_model("estimator", estimator)
    remedy = "Use check_leakage(estimator, X, y, cv), or check_leakage(..., cv=cv)."
    if isinstance(estimator, type) or not hasattr(type(estimator), "fit"):
        kind = "the class " if isinstance(estimator, type) else ""
        named = estimator if kind else type(estimator)
        raise TypeError(
            "estimator must be an estimator instance, passed as the first argument: "
            f"got {kind}{named.__name__}. {remedy}"
        )
    for name, value, expected in (("X", X, "rows"), ("y", y, "targets or None")):
        # Check the type, because a table may have a column with the name "fit".
        is_estimator = hasattr(type(value), "fit")
        array = value is None or hasattr(value, "__len__") or hasattr(value, "shape")
        if is_estimator or not array:
            raise TypeError(
                f"{name} must be {expected}: got {name}={value!r} "
                f"({type(value).__name__}). {remedy}"
            )
