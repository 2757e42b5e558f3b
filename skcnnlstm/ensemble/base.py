"""Base class of the ensembles of a CNN and an LSTM."""

import inspect
import math
from abc import ABCMeta, abstractmethod
from functools import partial
from itertools import count

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from skcnnlstm._utils import docstrings as _docs
from skcnnlstm._utils.calls import check_calls
from skcnnlstm._utils.export_graph import ExportGraph
from skcnnlstm._utils.introspection import NetworkReprMixin
from skcnnlstm._utils.sklearn_callbacks import (
    CallbackSupportMixin,
    InnerFitReporter,
    with_callbacks,
)
from skcnnlstm._utils.validation import (
    backfill,
    check_choice,
    check_integer,
    check_window_shape,
    check_windows,
    count_missing_history,
    describe_filled_samples,
    to_plain,
)
from skcnnlstm._utils.warnings import warn
from skcnnlstm.ensemble.members import (
    check_accept_weights,
    check_member,
    draw_seeds,
    with_epochs,
    with_seed,
)
from skcnnlstm.ensemble.out_of_fold import (
    fit_clone,
    in_threads,
    out_of_fold_predictions,
    time_ordered_folds,
)
from skcnnlstm.wrappers.fit_data import read_windows, usable_rows


def with_shared_docs(ensemble):
    """Decorate an ensemble class: add the docstring sections of `_HybridEnsemble`."""
    ensemble.__doc__ = _docs.compose(
        ensemble.__doc__,
        _HybridEnsemble.__doc__,
        names=inspect.signature(ensemble).parameters,
    )
    return ensemble


@check_calls
class _HybridEnsemble(
    NetworkReprMixin, CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta
):
    """Fit two members separately and combine their predictions.

    Parameters
    ----------
    cnn : estimator or None, default=None
        The first member. `fit` fits a clone of it. None uses a CNN of this package
        with default parameters. Any regressor (for a classifier ensemble, any
        classifier) that accepts the windows can be used, including a Pipeline or a
        search. Nested names such as `cnn__filters` work in `set_params` and in a
        search, even if the member is None.
    lstm : estimator or None, default=None
        The second member, with the same rules as `cnn`. None uses an LSTM of this
        package.
    method : {"mean", "weighted", "stack"}, default="mean"
        How the predictions of the members are combined.

        - "mean": the mean of the predictions.
        - "weighted": a weighted mean, with learned nonnegative weights that sum to 1.
        - "stack": the prediction of `final_estimator`, which is fitted on the
          predictions of the members.

        "weighted" and "stack" learn from out-of-fold predictions: each member predicts
        samples that are later than the samples on which it was fitted.
    final_estimator : estimator or None, default=None
        The estimator that "stack" fits on the predictions of the members. Its input
        has the columns of the CNN first, then those of the LSTM. None uses a linear
        regression with nonnegative coefficients for regression, and a logistic
        regression for classification. Other methods ignore this parameter.
    n_splits : int, default=5
        Number of folds for "weighted" and "stack", in time order as in
        `TimeSeriesSplit`. Each fold costs one more fit of each member. "mean" uses no
        folds.
    validation_gap : int, default=0
        Number of samples to leave out between the training samples and the fold that
        is predicted. If targets reach `horizon` steps ahead, use ``horizon - 1``.
        Training samples and fold then share no target steps.
    epochs : int or None, default=None
        Number of epochs of both members. With None, the members keep their own
        `epochs`.
    n_jobs : int or None, default=None
        Number of simultaneous fits. None means 1, and -1 all processors. Fits run in
        threads, which share the windows. The result does not depend on `n_jobs`.
    random_state : int, RandomState instance or None, default=None
        Seed of the estimators in the ensemble whose own `random_state` is None. Each
        gets a different seed. With an int, repeated fits are bit-identical. None draws
        new seeds for each fit.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted members, the CNN first.
    cnn_ : estimator
        The fitted first member.
    lstm_ : estimator
        The fitted second member.
    weights_ : ndarray of shape (2,)
        Weight of each member. Weights are nonnegative and sum to 1. Only for "mean" and
        "weighted".
    final_estimator_ : estimator
        The fitted final estimator. Only for "stack".
    n_features_in_ : int
        Length of the second axis of X, as in scikit-learn.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X is 2-D and all names are strings.

    Notes
    -----
    Samples must be in time order. The folds are the last `n_splits` blocks of
    ``n_samples // (n_splits + 1)`` samples. For each fold, the members are fitted on
    all samples before the fold, except the last `validation_gap` ones. The weights or
    the final estimator are learned from the predictions for all folds. Finally, both
    members are fitted again on all samples. Folds are slices, so windows that are a
    view of a long series are not copied.

    Samples with missing history and samples of weight zero are left out of all these
    steps. `predict` back-fills missing history. Members are clones, so `warm_start` has
    no effect on them.

    References
    ----------
    Wolpert, D. H. (1992). Stacked generalization. Neural Networks, 5(2), 241-259.

    Breiman, L. (1996). Stacked regressions. Machine Learning, 24, 49-64. This paper
    explains why weights should not be negative.
    """

    # ------------------------------ differences between regressor and classifier

    _kind: str  # "regressor" or "classifier"
    _default_members: dict  # class of each member, by parameter name

    @abstractmethod
    def _default_final_estimator(self):
        """Return the unfitted default of `final_estimator`."""

    @abstractmethod
    def _check_target(self, y, n_samples):
        """Return y as an array."""

    @abstractmethod
    def _predict_member(self, member, X, classes):
        """Return the output of a fitted estimator, (n_samples, width) in float64."""

    @abstractmethod
    def _learn_weights(self, cnn, lstm, y, weight, classes):
        """Return convex weights learned from the outputs of the members."""

    @abstractmethod
    def _target_attributes(self, y, classes):
        """Return the fitted attributes that depend on the target, by name."""

    def _find_classes(self, y):
        """Return the sorted classes, or None for a regressor."""
        return None

    def _usable_folds(self, folds, y):
        """Return the folds on which the members can be fitted."""
        return folds

    # ---------------------------------------------------------------- parameters

    def get_params(self, deep=True):
        """Return the parameters of this ensemble.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the parameters of the members, such as `cnn__filters`.
            If a member is None, these are the parameters of the default member.

        Returns
        -------
        params : dict
            Values of the parameters, by name.
        """
        params = super().get_params(deep)
        if deep:
            for name, default in self._default_members.items():
                if params[name] is None:
                    nested = default().get_params()
                    params |= {f"{name}__{key}": value for key, value in nested.items()}
        return params

    def set_params(self, **params):
        """Set the parameters of this ensemble.

        If a member is None, setting a nested parameter such as `cnn__filters` replaces
        None by the default member with this parameter.

        Parameters
        ----------
        **params : dict
            Parameters of the ensemble or of its estimators, such as `cnn__filters`.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If a name is unknown.
        """
        for name, default in self._default_members.items():
            nested = {key for key in params if key.startswith(f"{name}__")}
            if nested and params.get(name, getattr(self, name)) is None:
                inner = {key.removeprefix(f"{name}__"): params[key] for key in nested}
                params = {k: v for k, v in params.items() if k not in nested}
                params[name] = default().set_params(**inner)
        return super().set_params(**params)

    def _unfitted_members(self):
        """Return the checked members by name, with `epochs` set if it is given."""
        members = {}
        for name, default in self._default_members.items():
            given = getattr(self, name)
            member = default() if given is None else given
            check_member(name, member, self._kind, f"{default.__name__}()")
            if self.epochs is not None:
                epochs = check_integer("epochs", self.epochs)
                member = with_epochs(name, member, epochs)
            members[name] = member
        return members

    def _unfitted_final_estimator(self):
        """Return the checked final estimator, or None if the method has none."""
        if self.method != "stack":
            return None
        default = self._default_final_estimator()
        if self.final_estimator is None:
            return default
        return check_member(
            "final_estimator", self.final_estimator, self._kind, f"{default}"
        )

    # ----------------------------------------------------------------------- fit

    @with_callbacks
    def fit(self, X, y, sample_weight=None):
        """Fit both members, and the weights or the final estimator.

        Parameters
        ----------
        X : array-like
            Windows in time order, of a shape that both members accept. Samples whose
            history begins with missing steps (NaN in every feature) are left out.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; labels for a classifier.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the samples, for the members and for their combination. Samples
            of weight zero are left out.

        Returns
        -------
        self : estimator

        Raises
        ------
        TypeError
            If a member is of the wrong kind, or does not accept weights.
        ValueError
            If parameters, windows and targets do not match, or if there are too few
            samples for the folds. The ensemble is then unchanged.
        """
        check_choice("method", self.method, ("mean", "weighted", "stack"))
        n_splits = check_integer("n_splits", self.n_splits)
        gap = check_integer("validation_gap", self.validation_gap, minimum=0)
        members, final = self._unfitted_members(), self._unfitted_final_estimator()
        if sample_weight is not None:
            check_accept_weights(members | {"final_estimator": final})

        names, X = read_windows(self, X)
        shape = X.shape[1:]
        y = self._check_target(y, len(X))
        rows, weight = usable_rows(X, sample_weight)
        weight = None if sample_weight is None else weight.astype(np.float64)
        X, y = _take_rows(X, rows), _take_rows(y, rows)
        classes = self._find_classes(y)
        folds = []
        if self.method != "mean":
            folds = time_ordered_folds(len(X), n_splits, gap)
            folds = self._usable_folds(folds, y)

        *seeds, final_seed = draw_seeds(self.random_state, len(members) + 1)
        members = list(map(with_seed, members.values(), seeds))
        if final is not None:
            final = with_seed(final, final_seed)
        n_fits = len(members) * (len(folds) + 1) + (final is not None)
        # Tasks are numbered: threads may begin them in another order.
        fit_tasks = InnerFitReporter(self, n_fits, X, y)
        tasks = (partial(fit_tasks.fit, number=i, name="fit-member") for i in count())
        combination = self._learn_combination(
            members, final, X, y, weight, classes, folds, tasks
        )
        calls = [(member, X, y, weight, next(tasks)) for member in members]
        fitted = in_threads(self.n_jobs, fit_clone, calls)

        # Attributes are set last: a fit that fails leaves the ensemble unchanged.
        for name in ("feature_names_in_", "weights_", "final_estimator_"):
            vars(self).pop(name, None)
        vars(self).update(
            names,
            **combination,
            **self._target_attributes(y, classes),
            estimators_=fitted,
            _shape=shape,
        )
        fit_tasks.end()
        return self

    def _learn_combination(self, members, final, X, y, weight, classes, folds, tasks):
        """Return a dict with the fitted attribute that combines the members."""
        if not folds:
            return {"weights_": np.array([0.5, 0.5])}
        outputs = out_of_fold_predictions(
            members,
            X,
            y,
            weight,
            folds,
            partial(self._predict_member, classes=classes),
            tasks,
            self.n_jobs,
        )
        tested = slice(folds[0][1].start, folds[-1][1].stop)
        y, weight = y[tested], None if weight is None else weight[tested]
        if final is None:
            return {"weights_": self._learn_weights(*outputs, y, weight, classes)}
        fitted = fit_clone(final, np.hstack(outputs), y, weight, next(tasks))
        return {"final_estimator_": fitted}

    # ------------------------------------------------------------------- predict

    def _predict_combined(self, X):
        """Return the combined output for X, (n_samples, width) in float64."""
        check_is_fitted(self)
        X = to_plain(X)
        windows = check_windows(X, estimator=self)
        if windows.ndim == len(self._shape) + 1 == 2:
            validate_data(self, X, reset=False, skip_check_array=True)
        elif windows.ndim != 4 or windows.shape[2:] != self._shape[1:]:
            # Some members accept 4-D windows with any number of subsequences.
            check_window_shape(self, windows, self._shape)
        parts, missing = _backfilled_parts(windows)
        if missing.any():
            warn(describe_filled_samples(missing))
        return np.concatenate([self._predict_part(part) for part in parts])

    def _predict_part(self, X):
        classes = getattr(self, "classes_", None)
        cnn, lstm = (self._predict_member(m, X, classes) for m in self.estimators_)
        if hasattr(self, "final_estimator_"):
            outputs = np.hstack([cnn, lstm])
            return self._predict_member(self.final_estimator_, outputs, classes)
        return self.weights_[0] * cnn + self.weights_[1] * lstm

    def _build_graph(self, context):
        """Return the combined output as a graph for `export`."""
        cnn = context.build(self.cnn_, "cnn_")
        lstm = context.build(self.lstm_, "lstm_")
        networks = [*cnn.networks, *lstm.networks]
        if not hasattr(self, "final_estimator_"):
            weights = np.float32(self.weights_)

            def run(windows):
                return weights[0] * cnn.run(windows) + weights[1] * lstm.run(windows)

            return ExportGraph(run, cnn.shape, networks=networks)
        final = context.build(self.final_estimator_, "final_estimator_")

        def run_stack(windows):
            outputs = (cnn.run(windows), lstm.run(windows))
            columns = [
                context.ops.reshape(output, (-1, math.prod(output.shape[1:])))
                for output in outputs
            ]
            return final.run(context.ops.concatenate(columns, axis=1))

        return ExportGraph(run_stack, cnn.shape, networks=[*networks, *final.networks])

    # ---------------------------------------------------------------- attributes

    @property
    def cnn_(self):
        """The fitted first member."""
        check_is_fitted(self)
        return self.estimators_[0]

    @property
    def lstm_(self):
        """The fitted second member."""
        check_is_fitted(self)
        return self.estimators_[1]

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.non_deterministic = self.random_state is None
        return tags


def _take_rows(X, rows):
    """Return the samples at ascending `rows`, as a view if they are contiguous."""
    start, stop = rows[0], rows[-1] + 1
    return X[start:stop] if stop - start == len(rows) else X[rows]


def _backfilled_parts(X):
    """Return X in parts, with missing history filled, and the counts of filled steps.

    Only the samples up to the last incomplete one are copied. `SlidingWindow` returns
    all incomplete samples first.
    """
    missing = count_missing_history(X)
    incomplete = np.flatnonzero(missing)
    if not len(incomplete):
        return [X], missing
    stop = incomplete[-1] + 1
    head = X[:stop].copy()
    backfill(head, missing[:stop])
    return [head, X[stop:]] if stop < len(X) else [head], missing
