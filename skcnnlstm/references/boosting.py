"""LightGBM as a regressor on windows."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.doc_link import DocLinkMixin
from skcnnlstm._utils.validation import (
    check_choice,
    check_finite,
    check_integer,
    check_missing,
    check_regression_target,
    check_window_shape,
    check_windows,
)
from skcnnlstm.references.base import import_extra


class LightGBM(DocLinkMixin, RegressorMixin, BaseEstimator):
    """Predict from windows with gradient-boosted trees, one model for each output.

    Trees cannot extrapolate: they predict no value beyond those seen in training. The
    last known value of each target is therefore subtracted from the window and added to
    the prediction, as the networks of this package do.

    Parameters
    ----------
    estimator : estimator or None, default=None
        The regressor that is cloned for each output. None means an ``LGBMRegressor``
        with `random_state`, `n_jobs`, ``deterministic=True``, no log output, and
        otherwise default parameters.
    instance_norm : {"last"} or None, default="last"
        "last" subtracts the last known value of each target from a window. None
        subtracts nothing.
    n_targets : int, default=1
        Number of targets, which are the first features of a window. A
        `SeriesForecaster` sets this parameter.
    missing : {"mask", "error"}, default="mask"
        "mask" allows NaN in windows, which LightGBM treats as missing. "error" raises
        an error for NaN.
    random_state : int or None, default=None
        Seed of the default `estimator`.
    n_jobs : int or None, default=None
        Number of threads of the default `estimator`. None means 1, which is fastest for
        a few thousand windows; -1 uses all cores.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted regressor of each output.
    n_features_in_ : int
        Number of features of a window.

    Notes
    -----
    ``pip install "skcnnlstm[references]"`` installs LightGBM.

    Examples
    --------
    >>> from skcnnlstm import SeriesForecaster
    >>> from skcnnlstm.references import LightGBM
    >>> forecaster = SeriesForecaster(LightGBM(), window_length=24, horizon=12)
    """

    _models_columns_jointly = True  # read by SeriesForecaster(channels="auto")

    def __init__(
        self,
        estimator=None,
        *,
        instance_norm="last",
        n_targets=1,
        missing="mask",
        random_state=None,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.instance_norm = instance_norm
        self.n_targets = n_targets
        self.missing = missing
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y):
        """Fit one regressor for each output.

        Parameters
        ----------
        X : array-like of shape (n_samples, window_length, n_features)
            Windows.
        y : array-like of shape (n_samples,) or (n_samples, horizon * n_targets)
            Targets. With several steps, all targets of the first step come first.

        Returns
        -------
        self : LightGBM
            The fitted regressor.
        """
        windows = self._read(X)
        targets = check_regression_target(y, len(windows), estimator=self)
        norm = check_choice("instance_norm", self.instance_norm, ("last", None))
        n_targets = check_integer("n_targets", self.n_targets)
        n_relative = n_targets if norm == "last" else 0
        n_features = windows.shape[2]
        n_outputs = 1 if targets.ndim == 1 else targets.shape[1]
        if n_targets > n_features or n_outputs % n_targets:
            raise ValueError(
                "n_targets must be at most the number of features and divide the "
                f"number of outputs: got n_targets={n_targets}, {n_features} features "
                f"and {n_outputs} outputs. Use n_targets=1 for one target."
            )
        level = _last_known(windows, n_relative)
        inputs, outputs = _subtract(windows, level), targets.reshape(len(targets), -1)
        if n_relative:
            steps = outputs.reshape(len(targets), -1, n_relative)
            outputs = (steps - level[:, np.newaxis]).reshape(len(targets), -1)
        estimator = self.estimator
        if estimator is None:
            lightgbm = import_extra("lightgbm", "LightGBM")
            estimator = lightgbm.LGBMRegressor(
                random_state=self.random_state,
                n_jobs=1 if self.n_jobs is None else self.n_jobs,
                deterministic=True,
                verbosity=-1,
            )
        self.estimators_ = [clone(estimator).fit(inputs, one) for one in outputs.T]
        self.n_features_in_ = n_features
        self._fitted = windows.shape[1:], n_relative, targets.ndim
        return self

    def predict(self, X):
        """Predict the targets of windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, window_length, n_features)
            Windows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, horizon * n_targets)
            Predicted values, in the form of the targets given to `fit`.
        """
        check_is_fitted(self, "estimators_")
        windows = self._read(X)
        shape, n_relative, ndim = self._fitted
        check_window_shape(self, windows, shape)
        level = _last_known(windows, n_relative)
        inputs = _subtract(windows, level)
        outputs = np.stack([one.predict(inputs) for one in self.estimators_], axis=1)
        if n_relative:
            steps = outputs.reshape(len(windows), -1, n_relative)
            outputs = (steps + level[:, np.newaxis]).reshape(len(windows), -1)
        return outputs[:, 0] if ndim == 1 else outputs

    def _read(self, X):
        """Return validated windows."""
        missing = check_missing(self.missing)
        windows = check_windows(X, estimator=self, min_ndim=3, max_ndim=3)
        check_finite(windows, missing=missing)
        return windows

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: 3-D windows, several outputs, masked NaN."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing == "mask"
        tags.target_tags.multi_output = True
        return tags


def _last_known(windows, n_targets):
    """Return the last known value of each target in each window.

    The targets are the first `n_targets` features. The result has the shape (n_samples,
    n_targets). The value is 0 if the window has no known value of the target.
    """
    targets = windows[:, :, :n_targets]
    known = ~np.isnan(targets)
    last = windows.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    values = np.take_along_axis(targets, last[:, np.newaxis], axis=1)[:, 0]
    return np.nan_to_num(values, nan=0.0)


def _subtract(windows, level):
    """Return flattened windows, with `level` subtracted from the targets.

    The targets are the first features of a window. `level` has the shape (n_samples,
    n_targets), and the result (n_samples, window_length * n_features).
    """
    n_targets = level.shape[1]
    flat = np.array(windows, dtype=float)
    flat[:, :, :n_targets] -= level[:, np.newaxis]
    return flat.reshape(len(flat), -1)
