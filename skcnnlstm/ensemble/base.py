"""Ensembles of a CNN and an LSTM that are trained apart and joined."""

from __future__ import annotations

import inspect
from functools import partial
from itertools import count
from types import FunctionType

import numpy as np
from sklearn.base import (
    BaseEstimator,
    clone,
    is_classifier,
    is_regressor,
)
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from skcnnlstm._utils import docstrings as _docs
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
)
from skcnnlstm._utils.warnings import warn
from skcnnlstm.ensemble.out_of_fold import (
    fit_clone,
    in_threads,
    out_of_fold_predictions,
    time_ordered_folds,
)
from skcnnlstm.wrappers.fit_data import read_windows, usable_rows
from skcnnlstm.wrappers.settings import draw_seed

_METHODS = ("mean", "weighted", "stack")

# ------------------------------------------------------------------------ parameters


def _check_estimator(name, estimator, kind, instead):
    """Return `estimator` if it is an instance of the ensemble's kind."""
    is_kind, method = {
        "regressor": (is_regressor, "predict"),
        "classifier": (is_classifier, "predict_proba"),
    }[kind]
    needed = ("fit", "get_params", method)
    usable = not isinstance(estimator, type) and all(
        hasattr(estimator, attribute) for attribute in needed
    )
    if not usable or not is_kind(estimator):
        raise TypeError(
            f"{name} must be None or a {kind}, an instance with fit and {method}: got "
            f"{name}={estimator!r} ({type(estimator).__name__}). Use {instead}."
        )
    return estimator


def _check_take_weight(estimators):
    """Raise where weights were given that one of the estimators cannot take."""
    for name, estimator in estimators.items():
        if estimator is None or has_fit_parameter(estimator, "sample_weight"):
            continue
        raise TypeError(
            "sample_weight must be taken by every estimator in the ensemble: got "
            f"{name} of type {type(estimator).__name__}, whose fit has no such "
            "parameter. Leave sample_weight out, or use another estimator there."
        )


def _nested_parameters(estimator, name):
    """Return `(key, value)` of the parameters called `name`, at any depth."""
    return [
        (key, value)
        for key, value in estimator.get_params(deep=True).items()
        if key.rpartition("__")[2] == name
    ]


def _seeded(estimator, seed):
    """Return a clone that has `seed` wherever it had no `random_state`."""
    seeds = _nested_parameters(estimator, "random_state")
    unset = [key for key, value in seeds if value is None]
    return clone(estimator).set_params(**dict.fromkeys(unset, seed))


def _with_epochs(name, estimator, epochs):
    """Return a clone with that number of epochs, wherever it has one."""
    keys = [key for key, _ in _nested_parameters(estimator, "epochs")]
    if not keys:
        raise ValueError(
            f"epochs must have an effect on both members: got epochs={epochs}, "
            f"{name} of type {type(estimator).__name__}, which has no such parameter. "
            "Use epochs=None, and set the epochs of the other member."
        )
    return clone(estimator).set_params(**dict.fromkeys(keys, epochs))


# ------------------------------------------------------------------------- windows


def _take(X, rows):
    """Return the samples at ascending `rows`, as a view where they are in one piece."""
    start, stop = rows[0], rows[-1] + 1
    return X[start:stop] if stop - start == len(rows) else X[rows]


def _filled_pieces(X):
    """Return X in pieces without missing history, and how many samples had some.

    Only what lies before the last incomplete window is copied; `SlidingWindow` puts
    all of those first.
    """
    missing = count_missing_history(X)
    incomplete = np.flatnonzero(missing)
    if not len(incomplete):
        return [X], 0
    stop = incomplete[-1] + 1
    head = X[:stop].copy()
    backfill(head, missing[:stop])
    return [head, X[stop:]] if stop < len(X) else [head], len(incomplete)


# -------------------------------------------------------------------- the ensembles


class _HybridEnsemble(NetworkReprMixin, CallbackSupportMixin, BaseEstimator):
    """All that regressor and classifier share.

    Parameters
    ----------
    cnn : estimator or None, default=None
        The first member, fitted as a clone; None takes a CNN of this package with its
        defaults. Anything of the ensemble's kind that reads the windows will do, a
        Pipeline or a search too. Nested names such as `cnn__filters` work in
        `set_params` and in a search, also while the member is None.
    lstm : estimator or None, default=None
        The second member, likewise; None takes an LSTM of this package.
    method : {"mean", "weighted", "stack"}, default="mean"
        How the members are joined. "mean" weighs both alike; "weighted" learns weights
        that are not negative and sum to one; "stack" fits `final_estimator` to what
        both say. The last two learn from what the members say of later samples than
        each was trained on.
    final_estimator : estimator or None, default=None
        What "stack" fits to what the members say, side by side, the columns of the
        CNN first. None takes a linear regression without negative coefficients for
        regression, a logistic regression for classification. Other methods do not
        read it.
    n_splits : int, default=5
        Folds of "weighted" and "stack", in time order and as `TimeSeriesSplit` cuts
        them; each costs one more fit of each member. "mean" needs none.
    validation_gap : int, default=0
        Samples left out between those that a member is trained on and the fold that it
        predicts. Where targets reach `horizon` steps ahead, `horizon - 1` keeps them
        from sharing any.
    epochs : int or None, default=None
        Epochs of both members, in the place of their own; None leaves them as they
        are.
    n_jobs : int or None, default=None
        Fits at a time, in threads: windows are shared, not copied. None means 1, -1
        all processors. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of every estimator in the ensemble that has none of its own, another one
        for each. An int gives the same bits every time. None draws new seeds.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted members, the CNN first.
    cnn_ : estimator
        The first of them.
    lstm_ : estimator
        The second of them.
    weights_ : ndarray of shape (2,)
        Weight of each member: not negative, sum 1. For "mean" and "weighted" only.
    final_estimator_ : estimator
        The fitted final estimator. For "stack" only.
    n_features_in_ : int
        Length of the second axis of X, as scikit-learn counts.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where X is 2-D and they are all strings.

    Notes
    -----
    Samples must be in the order of time. Of n samples the last `n_splits` pieces of
    ``n // (n_splits + 1)`` are the folds. Each is predicted by members trained on all
    samples before it, less `validation_gap`. Weights or final estimator are learned on
    the folds put together; then both members are fitted once more, on everything.
    Folds are slices, so that windows which are a view of a long series stay one.

    Samples with missing history or of weight zero are left out of all of that;
    `predict` back-fills missing history. Members are clones: `warm_start` has no
    effect on them.

    References
    ----------
    Wolpert, D. H. (1992). Stacked generalization. Neural Networks, 5(2), 241-259.

    Breiman, L. (1996). Stacked regressions. Machine Learning, 24, 49-64: why weights
    should not be negative.
    """

    # What a subclass says: its kind, the members that stand for None, what it asks of
    # a member as `ask(member, X, classes)`, and attributes of its own.
    _own_attributes = ""

    def __init_subclass__(cls, **kwargs):
        """Compose docstring and `__init__`: what both share is written once."""
        super().__init_subclass__(**kwargs)
        if _HybridEnsemble not in cls.__bases__:
            return  # a user's subclass says for itself what it is
        # A copy, for Python's errors about arguments to name the class.
        shared = _HybridEnsemble.__init__
        cls.__init__ = FunctionType(shared.__code__, shared.__globals__)
        cls.__init__.__kwdefaults__ = shared.__kwdefaults__
        cls.__init__.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__doc__ = _docs.compose(
            cls.__doc__,
            _HybridEnsemble.__doc__,
            cls._own_attributes,
            names=[*inspect.signature(cls.__init__).parameters][1:],
        )

    def __init__(
        self,
        *,
        cnn=None,
        lstm=None,
        method="mean",
        final_estimator=None,
        n_splits=5,
        validation_gap=0,
        epochs=None,
        n_jobs=None,
        random_state=None,
    ):
        self.cnn = cnn
        self.lstm = lstm
        self.method = method
        self.final_estimator = final_estimator
        self.n_splits = n_splits
        self.validation_gap = validation_gap
        self.epochs = epochs
        self.n_jobs = n_jobs
        self.random_state = random_state

    # ---------------------------------------------------------------- parameters

    def get_params(self, deep=True):
        """Return the parameters of this ensemble.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the parameters of the members, also of those that stand for
            None, as `cnn__filters`.

        Returns
        -------
        params : dict
            Values by name.
        """
        params = super().get_params(deep)
        if deep:
            for name, default in self._default_members.items():
                if params[name] is None:
                    own = default().get_params()
                    params |= {f"{name}__{key}": value for key, value in own.items()}
        return params

    def set_params(self, **params):
        """Set parameters; a nested name puts a member in the place of None.

        Parameters
        ----------
        **params : dict
            Parameters of the ensemble, or of what is in it, such as `cnn__filters`.

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
                own = {key.removeprefix(f"{name}__"): params[key] for key in nested}
                params = {k: v for k, v in params.items() if k not in nested}
                params[name] = default().set_params(**own)
        return super().set_params(**params)

    def _checked_members(self):
        """Return the members by name, with their epochs; not the user's own."""
        members = {}
        for name, default in self._default_members.items():
            given = getattr(self, name)
            member = default() if given is None else given
            _check_estimator(name, member, self._kind, f"{default.__name__}()")
            if self.epochs is not None:
                epochs = check_integer("epochs", self.epochs)
                member = _with_epochs(name, member, epochs)
            members[name] = member
        return members

    def _checked_final(self):
        """Return the unfitted final estimator, or None where none is needed."""
        if self.method != "stack":
            return None
        default = self._default_final()
        if self.final_estimator is None:
            return default
        return _check_estimator(
            "final_estimator", self.final_estimator, self._kind, f"{default}"
        )

    # ----------------------------------------------------------------------- fit

    @with_callbacks
    def fit(self, X, y, sample_weight=None):
        """Fit both members, and what joins them.

        Parameters
        ----------
        X : array-like
            Windows, in the order of time, of a shape that both members read. Samples
            whose history begins with missing steps (NaN in every feature) are left
            out.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; labels for a classifier.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights for the members and for what joins them; samples of weight zero are
            left out.

        Returns
        -------
        self : estimator

        Raises
        ------
        TypeError
            If a member is of the wrong kind or cannot take the weights.
        ValueError
            If parameters, windows and targets do not fit together, or the samples are
            too few for the folds. The ensemble is then as it was before.
        """
        check_choice("method", self.method, _METHODS)
        n_splits = check_integer("n_splits", self.n_splits)
        gap = check_integer("validation_gap", self.validation_gap, minimum=0)
        members, final = self._checked_members(), self._checked_final()
        if sample_weight is not None:
            _check_take_weight(members | {"final_estimator": final})

        names, X = read_windows(self, X)
        shape = X.shape[1:]
        y = self._check_target(y, len(X))
        rows, weight = usable_rows(X, sample_weight)
        weight = None if sample_weight is None else weight.astype(np.float64)
        X, y = _take(X, rows), _take(y, rows)
        classes = self._find_classes(y)
        folds = []
        if self.method != "mean":
            folds = time_ordered_folds(len(X), n_splits, gap)
            folds = self._usable_folds(folds, y)

        *seeds, final_seed = self._draw_seeds()
        members = [
            _seeded(member, seed)
            for member, seed in zip(members.values(), seeds, strict=True)
        ]
        if final is not None:
            final = _seeded(final, final_seed)
        # In threads a fit may begin before the one before it.
        tasks = InnerFitReporter(self, 2 * len(folds) + 2 + (final is not None), X, y)
        told = (partial(tasks.fit, number=i, name="fit-member") for i in count())
        joined = self._learn_to_join(members, final, X, y, weight, classes, folds, told)
        calls = [(member, X, y, weight, next(told)) for member in members]
        fitted = in_threads(self.n_jobs, fit_clone, calls)

        # Nothing was changed until here: a fit that failed leaves the one before.
        for name in ("feature_names_in_", "weights_", "final_estimator_"):
            vars(self).pop(name, None)
        vars(self).update(
            names,
            **joined,
            **self._about_target(y, classes),
            estimators_=fitted,
            _shape=shape,
        )
        tasks.end()
        return self

    def _learn_to_join(self, members, final, X, y, weight, classes, folds, tasks):
        """Return the attribute that says how members are joined, by name."""
        if not folds:
            return {"weights_": np.array([0.5, 0.5])}

        def ask(member, X):
            return self._ask(member, X, classes)

        said = out_of_fold_predictions(
            members, X, y, weight, folds, ask, tasks, self.n_jobs
        )
        tested = slice(folds[0][1].start, folds[-1][1].stop)
        y, weight = y[tested], None if weight is None else weight[tested]
        if final is None:
            return {"weights_": self._learn_weights(*said, y, weight, classes)}
        fitted = fit_clone(final, np.hstack(said), y, weight, next(tasks))
        return {"final_estimator_": fitted}

    def _draw_seeds(self):
        """Return a seed for each member and one for the final estimator, or Nones."""
        if self.random_state is None:
            return [None] * 3
        seed = draw_seed(self.random_state)
        return [int(s) for s in np.random.SeedSequence(seed).generate_state(3)]

    def _find_classes(self, y):
        return None

    def _usable_folds(self, folds, y):
        return folds

    # ------------------------------------------------------------------- predict

    def _joined(self, X):
        """Return what the ensemble says of X, (n_samples, width) in float64."""
        check_is_fitted(self)
        windows = check_windows(X, estimator=self)
        if windows.ndim == len(self._shape) + 1 == 2:
            validate_data(self, X, reset=False, skip_check_array=True)
        elif windows.ndim != 4 or windows.shape[2:] != self._shape[1:]:
            # In 4-D the members judge: some take any number of subsequences.
            check_window_shape(self, windows, self._shape)
        pieces, n_incomplete = _filled_pieces(windows)
        if n_incomplete:
            warn(
                f"{n_incomplete} of {len(windows)} samples have no full history: their "
                "missing first steps are filled with their first known one."
            )
        return np.concatenate([self._joined_piece(piece) for piece in pieces])

    def _joined_piece(self, X):
        classes = getattr(self, "classes_", None)
        said = [self._ask(member, X, classes) for member in self.estimators_]
        if hasattr(self, "final_estimator_"):
            return self._ask(self.final_estimator_, np.hstack(said), classes)
        return self.weights_[0] * said[0] + self.weights_[1] * said[1]

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

    def __sklearn_is_fitted__(self):
        """Tell whether the members are fitted."""
        return hasattr(self, "estimators_")

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.non_deterministic = self.random_state is None
        return tags
