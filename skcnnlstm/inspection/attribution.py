"""Attribute predictions to the steps and features of windows."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from skcnnlstm import training
from skcnnlstm._utils.export_graph import NoGraphError
from skcnnlstm._utils.introspection import unwrap_search
from skcnnlstm._utils.validation import check_choice, check_integer, check_real
from skcnnlstm.exporting.graph import GraphContext
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.inspection.explained import resolve_baseline, split_lags
from skcnnlstm.inspection.from_series import read_forecasts
from skcnnlstm.inspection.from_windows import read_windows
from skcnnlstm.inspection.integrated_gradients import integrate_gradients
from skcnnlstm.inspection.occlusion import occlude
from skcnnlstm.inspection.outputs import log_odds, select_outputs
from skcnnlstm.inspection.permutation import permute_blocks

_METHODS = "integrated_gradients", "occlusion", "permutation"
# With block_length=None, "permutation" divides a window into at most this many blocks.
_MAX_BLOCKS = 24


def attribute(
    estimator,
    X,
    *,
    method="integrated_gradients",
    target=None,
    baseline="mean",
    output="probability",
    block_length=None,
    tolerance=0.01,
    exog=None,
    y=None,
    scoring=None,
    n_repeats=5,
    random_state=None,
):
    """Attribute predictions to the time steps and features of the windows.

    "integrated_gradients" and "occlusion" compare each window with a baseline, a window
    of reference values. An attribution is what one value of the window contributes to
    the difference between the two predictions, in the units of the target.
    "permutation" returns how much a metric depends on each block of lags.

    Parameters
    ----------
    estimator : estimator
        A fitted `SeriesForecaster`, or a fitted estimator that takes windows, such as a
        network or an ensemble of this package. It may be inside a Pipeline, a
        TransformedTargetRegressor or a search.
    X : array-like or None
        The input to explain, as for `predict`: windows, or rows for a Pipeline with a
        `SlidingWindow`. For a `SeriesForecaster`, rows of the series, as for its
        `predict`, or None to explain its `forecast`.
    method : {"integrated_gradients", "occlusion", "permutation"}, \
default="integrated_gradients"
        How attributions are computed.

        - "integrated_gradients": the difference between window and baseline, times the
          mean gradient of the prediction on the straight line between them [1]_. The
          attributions of a window add up to the difference of the two predictions.
          Every part of the estimator must have a gradient.
        - "occlusion": the change of the prediction if a block of lags of one feature is
          replaced by the baseline [2]_. It works with any estimator, and needs one
          prediction for each block and feature.
        - "permutation": the decrease of a metric if a block of lags of one feature is
          permuted between the windows [3]_.
    target : label, int, str, tuple or None, default=None
        The output to explain. None explains all outputs, and is required for
        "permutation".

        - For a classifier, `target` is a class label.
        - For a regressor, it is a position in the output of `predict` for one window:
          an int, or a tuple of positions for several axes.
        - For a `SeriesForecaster`, 0 is the first step ahead. ``(0, "price")`` is the
          first step ahead of the column "price".
    baseline : "mean", float or array-like, default="mean"
        The reference values with which windows are compared. "mean" is the mean of each
        feature over all windows in `X`. An array has one value for each feature, or the
        shape of one window or of all windows, ``(n_samples, window_length,
        n_features)``. For example, ``X[:, -1:]`` compares each window with its last
        value.
    output : {"probability", "logit"}, default="probability"
        The output of a classifier that is explained: the probability of a class, or its
        logit ``log(p / (1 - p))``.
    block_length : int or None, default=None
        Length of the blocks for "occlusion" and "permutation", in time steps. The last
        block ends with the last step of the window. None means 1 for "occlusion". For
        "permutation", None means the smallest length that gives at most 24 blocks.
    tolerance : float, default=0.01
        Largest error of the sum of the integrated gradients of a window, as a share of
        the sum of their absolute values. It must be greater than 0 and at most 0.01.
        For networks with kinks (ReLU, maxima), a tenth of the tolerance takes two to
        eight times as long.
    exog : array-like, Series, DataFrame or None, default=None
        Covariates of a `SeriesForecaster`, as for its `predict`. They are as for its
        `forecast` if `X` is None, and as for its `score` with "permutation".
    y : array-like or None, default=None
        Targets of the windows, for "permutation". Must be None for a
        `SeriesForecaster`.
    scoring : str, callable or None, default=None
        Metric for "permutation". None means the `score` of the estimator. For a
        `SeriesForecaster`, this is the negative mean absolute error.
    n_repeats : int, default=5
        Number of permutations of each block, for "permutation".
    random_state : int, RandomState instance or None, default=None
        Seed of the permutations.

    Returns
    -------
    result : Bunch, list or dict
        A Bunch with the entries below. For many series, a list or a dict with one Bunch
        for each series.

        - `attributions`: ndarray of shape ``(n_samples, window_length, n_features)``.
          Several outputs are in further axes: the classes of a classifier, or the axes
          of `predict`. For a `SeriesForecaster`, the steps ahead always have an axis.
        - `baseline`: the baseline of each window, in the shape of the windows.
        - `lags`: ndarray of shape ``(window_length,)``, from the oldest step to 0, the
          last step of the window.
        - `feature_names`: ndarray of shape ``(n_features,)``.
        - `outputs`, `baseline_outputs`: the outputs of windows and baselines.

        For "permutation", the entries are named as in scikit-learn:

        - `importances`: ndarray of shape ``(n_blocks, n_features, n_repeats)``.
        - `importances_mean`, `importances_std`: ``(n_blocks, n_features)``.
        - `blocks`: ndarray of shape ``(n_blocks, 2)``, the first and the last lag of
          each block.
        - `lags` and `feature_names`, as above.

    Raises
    ------
    TypeError
        If a part of the estimator has no gradient for "integrated_gradients".
    ValueError
        If a parameter does not suit the estimator.

    See Also
    --------
    AttributionDisplay : Draw the result.

    Notes
    -----
    **Units.** Attributions are for the values of the given windows or rows, before any
    normalization, scaling or reshaping by the estimator. Axes of subsequences are
    joined into one axis of steps. Cells of a grid are features.

    **Accuracy.** The number of points on the path of an integrated gradient depends on
    the window: networks with kinks (ReLU, maxima) need more points. Points are added
    until the error of the sum is at most `tolerance`. The remaining error is divided
    between the attributions in proportion to their sizes, so that they add up exactly.
    Single attributions have larger errors. The sum of their absolute errors, as a share
    of the sum of the absolute attributions of a window, is

    - 2 to 11 % for networks with kinks,
    - 1 to 2 % for networks with kinks and ``tolerance=0.001``,
    - less than 0.1 % for an LSTM.

    These errors were measured against integrated gradients with hundreds of points.

    **Missing values.** The attribution of missing values (NaN) is 0. Missing history is
    filled with the first known step. The attributions of the filled steps are added to
    those of the first known step, and then set to 0.

    **Covariates.** Covariates that are known ahead have negative lags: -1 is the first
    step ahead. The window then has ``window_length + horizon`` steps. Values that the
    estimator does not read, such as the series in the steps ahead, have the
    attribution 0.

    References
    ----------
    .. [1] Sundararajan, M., Taly, A. and Yan, Q. (2017). Axiomatic attribution for deep
       networks. ICML.
    .. [2] Zeiler, M. D. and Fergus, R. (2014). Visualizing and understanding
       convolutional networks. ECCV.
    .. [3] Breiman, L. (2001). Random forests. Machine Learning 45(1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skcnnlstm.inspection import attribute
    >>> X = np.random.default_rng(0).normal(size=(50, 3))  # windows of three steps
    >>> model = LinearRegression().fit(X, 2 * X[:, 0] - X[:, 2])
    >>> result = attribute(model, [[1.0, 1.0, 1.0]], baseline=0)
    >>> result.attributions[0, :, 0].round(3) + 0
    array([ 2.,  0., -1.])
    >>> result.lags
    array([2, 1, 0])
    """
    check_choice("method", method, _METHODS)
    check_choice("output", output, ("probability", "logit"))
    if block_length is not None:
        block_length = check_integer("block_length", block_length)
    n_repeats = check_integer("n_repeats", n_repeats)
    check_real("tolerance", tolerance, low=0, high=0.01, inclusive="right")
    check_is_fitted(estimator)
    permutes = method == "permutation"
    if permutes and target is not None:
        raise ValueError(
            "target must be None for method='permutation', which measures a metric of "
            f"all outputs: got target={target!r}. Use method='occlusion'."
        )
    if permutes:
        explain = partial(
            _permute,
            scoring=scoring,
            block_length=block_length,
            n_repeats=n_repeats,
            random_state=random_state,
        )
    else:
        explain = partial(
            _attribute,
            method=method,
            target=target,
            baseline=baseline,
            output=output,
            block_length=block_length,
            tolerance=tolerance,
        )
    forecaster = unwrap_search(estimator)
    if isinstance(forecaster, SeriesForecaster):
        _check_no_targets(X, y, permutes)
        panel, explained = read_forecasts(forecaster, X, exog, with_actual=permutes)
        results = {}
        for key, one in explained.items():
            with panel.naming(key):
                results[key] = explain(one)
        return panel.join_each(results)
    if exog is not None:
        raise TypeError(
            "exog must be None unless the estimator is a SeriesForecaster: got "
            f"{type(exog).__name__}. Pass windows that contain the covariates."
        )
    explained = read_windows(estimator, X)
    if not permutes:
        return explain(explained)
    if y is None:
        raise ValueError(
            "y must be given for method='permutation': got None. Pass the targets of "
            "the windows, or use method='occlusion'."
        )
    return explain(explained, actual=y)


def _check_no_targets(X, y, permutes):
    if y is not None:
        raise ValueError(
            "y must be None for a SeriesForecaster, whose targets are later rows of X: "
            f"got {type(y).__name__}. Pass the rows as X."
        )
    if permutes and X is None:
        raise ValueError(
            "X must hold rows for method='permutation', which compares forecasts with "
            "later rows: got X=None. Pass the rows of a test set."
        )


def _attribute(explained, *, method, target, baseline, output, block_length, tolerance):
    """Return the result for the method "integrated_gradients" or "occlusion"."""
    is_logit = output == "logit"
    if is_logit and explained.classes is None:
        raise ValueError(
            "output must be 'probability' unless the estimator is a classifier: got "
            "output='logit'. Remove output."
        )
    baseline = resolve_baseline(baseline, explained)
    model = _Logits(explained.model) if is_logit else explained.model
    outputs, baseline_outputs = _predict_pair(model, explained, baseline)
    shape = outputs.shape[1:]
    positions, kept = select_outputs(
        target, shape, explained.classes, explained.target_names
    )
    n = len(outputs)
    outputs = outputs.reshape(n, -1)[:, positions]
    baseline_outputs = baseline_outputs.reshape(n, -1)[:, positions]
    if method == "occlusion":
        explained = explained.with_model(model)
        attributions = occlude(
            explained, baseline, positions, outputs, block_length or 1
        )
    else:
        gradient = _window_gradient(model, explained.windows.shape[1:], shape)
        attributions = integrate_gradients(
            gradient,
            explained,
            baseline,
            positions,
            outputs,
            baseline_outputs,
            tolerance,
        )
    return Bunch(
        attributions=attributions.reshape(*explained.windows.shape, *kept),
        baseline=baseline.reshape(n, *explained.sample_shape),
        lags=explained.lags,
        feature_names=explained.feature_names,
        outputs=outputs.reshape(n, *kept),
        baseline_outputs=baseline_outputs.reshape(n, *kept),
    )


class _Logits:
    """Wrap the model of a classifier to return logits instead of probabilities."""

    def __init__(self, model):
        self._model = model

    def predict(self, windows):
        return log_odds(self._model.predict(windows))

    def build_graph(self):
        run, ops = self._model.build_graph(), GraphContext.ops
        return lambda windows: log_odds(run(windows), ops.matmul, ops.log)


def _predict_pair(model, explained, baseline):
    """Return the outputs of the windows and of their baselines."""
    outputs, others = [], []
    for rows in explained.chunks():
        windows, compared = explained.pair(baseline, rows)
        outputs.append(model.predict(windows))
        # Usually all windows have the same baseline.
        first = compared[:1] if (compared == compared[:1]).all() else compared
        predicted = model.predict(first)
        others.append(np.repeat(predicted, len(windows) // len(first), axis=0))
    return np.concatenate(outputs), np.concatenate(others)


def _window_gradient(model, shape, output_shape):
    """Return the gradient of a model, or raise TypeError if a part has none."""
    remedy = "Use method='occlusion', which needs predictions only."
    rule = "estimator must have only parts with a gradient for integrated gradients"
    try:
        return training.WindowGradient(model.build_graph(), shape, output_shape)
    except NoGraphError as error:
        raise TypeError(f"{rule}: got {error.got} at {error.path}. {remedy}") from error
    except LookupError as error:  # of an operation without a gradient
        raise TypeError(f"{rule}: got {error}. {remedy}") from error


def _permute(explained, *, scoring, block_length, n_repeats, random_state, actual=None):
    """Return the result for the method "permutation"."""
    windows = np.asarray(explained.windows, dtype=float)
    n_steps = windows.shape[1]
    blocks = split_lags(n_steps, block_length or math.ceil(n_steps / _MAX_BLOCKS))
    actual = explained.actual if actual is None else actual

    def score(windows):
        return explained.model.score(windows, actual, scoring)

    importances = permute_blocks(score, windows, blocks, n_repeats, random_state)
    return Bunch(
        importances=importances,
        importances_mean=importances.mean(axis=2),
        importances_std=importances.std(axis=2),
        blocks=np.array([explained.lags[[start, stop - 1]] for start, stop in blocks]),
        lags=explained.lags,
        feature_names=explained.feature_names,
    )
