"""Run a backtest: validate parameters, fit, forecast and build the result."""

from __future__ import annotations

import contextlib

import numpy as np

from skcnnlstm._utils.validation import check_boolean, check_integer, check_real
from skcnnlstm.conformal import check_coverage
from skcnnlstm.forecasting.panel import read_panel
from skcnnlstm.forecasting.static_covariates import name_static_rows
from skcnnlstm.model_selection.backtesting.models import read_models
from skcnnlstm.model_selection.backtesting.one_model import (
    BacktestData,
    Options,
    check_forecaster,
    run_forecaster,
    run_other,
)
from skcnnlstm.model_selection.backtesting.result import BacktestResult
from skcnnlstm.model_selection.backtesting.series import (
    check_hold_out,
    read_all,
    read_exog,
)
from skcnnlstm.model_selection.backtesting.tables import join_models, make_tables


def backtest(
    forecaster,
    series,
    cv,
    *,
    window_length=None,
    horizon=None,
    exog=None,
    static=None,
    refit=True,
    stride=1,
    season_length=1,
    coverage=None,
    adaptive=False,
    gamma=0.005,
    hold_out=None,
    n_jobs=None,
    verbose=1,
):
    """Evaluate one or several models on past data, with forecasts from many origins.

    In each fold of `cv`, a clone of the forecaster is fitted on the training rows, or
    an earlier fit is kept (see `refit`). The forecaster then forecasts `horizon` steps
    from each origin. An origin is the last row that a forecast uses: no later row is
    used. The first origin of a fold is the row before the test rows. The other origins
    are the test rows that are followed by `horizon` test rows. These are also the
    origins in ``SeriesForecaster.score``. All models forecast from the same origins.

    Parameters
    ----------
    forecaster : SeriesForecaster, search, regressor, other forecaster, or dict
        Model to evaluate, or a dict of several models by name. Models are cloned and
        never changed. A model can be:

        - A `SeriesForecaster`.
        - A search over a `SeriesForecaster`. It tunes again for each fit, on the
          training rows of that fit.
        - A regressor of scikit-learn. It becomes the estimator of a `SeriesForecaster`
          and reads flattened windows. This forecaster is a copy of the first
          `SeriesForecaster` in the dict. If there is none, it has the given
          `window_length` and `horizon`. If the regressor does not support several
          outputs, it is fitted separately for each output.
        - Any object with ``fit(series)`` and ``forecast(steps)``, such as the
          forecasters in `skcnnlstm.references`. Notes describe how it is fitted.
    series : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_features)
        The series in time order, as for ``SeriesForecaster.fit``. Several series can be
        a list, a dict or, with `id_column`, a long frame. One model then trains on all
        series, and `cv` splits each series separately. If the series end at different
        dates, they are split at different dates, and a warning is issued.
    cv : splitter, or iterable of (training rows, test rows)
        Time-ordered folds, such as ``TimeSeriesSplit(5, test_size=12)``, also with
        `gap` or `max_train_size`. In each fold, the training rows must be consecutive,
        and the test rows must be consecutive and later. Rows in a gap between them are
        used as history, but not for training.
    window_length : int or None, default=None
        Length of the windows of regressors, in time steps. None uses the window length
        of the first `SeriesForecaster`. It must be given for regressors if no model is
        a `SeriesForecaster`.
    horizon : int or None, default=None
        Number of time steps to forecast. None uses the horizon of the
        `SeriesForecaster`. It must be given if no model is a `SeriesForecaster`.
    exog : array-like, Series, DataFrame or None, default=None
        Covariates of all rows that are known in advance, as for
        ``SeriesForecaster.fit``.
    static : DataFrame, Series, dict or None, default=None
        Static covariates of all series, as for ``SeriesForecaster.fit``. They are
        passed to each `SeriesForecaster`, but not to other objects.
    refit : bool or int, default=True
        When to fit: True for each fold, False for the first fold only, an integer k for
        every k-th fold. With an earlier fit, forecasts still use all rows up to their
        origin as history.
    stride : int or "fold", default=1
        Number of rows from one origin to the next within a fold. "fold" uses only the
        first origin of each fold. Each fold then has one forecast of `horizon` steps,
        as in a forecasting competition.
    season_length : int, default=1
        Season length for MASE, the seasonal naive forecast and Naive2, in time steps.
        Examples: 12 for monthly rows, 24 for hourly rows. Every training part must be
        longer.
    coverage : float or None, default=None
        Share of actual values that prediction intervals should contain, between 0 and
        1. None computes no intervals. With ``adaptive=False``, the intervals are those
        of ``SeriesForecaster.forecast_interval``, so the forecaster needs a
        `calibration_fraction`.
    adaptive : bool, default=False
        Whether intervals adapt to the errors of earlier forecasts, separately for each
        step ahead (see `skcnnlstm.conformal.adaptive_widths`). The initial widths come
        from the calibration of the first fit. Without a `calibration_fraction`, the
        first intervals are infinite.
    gamma : float, default=0.005
        Learning rate of adaptive intervals, above 0. With a larger value, intervals
        adapt faster, but a few misses in a row make them infinite.
    hold_out : list or None, default=None
        Keys of series to hold out. The forecaster is not trained on these series, and
        only these series are forecast. In each fold, a held-out series is scaled by its
        own training rows. Use this to evaluate forecasts of new series, as in
        ``SeriesForecaster.forecast(series=...)``. None holds out no series.
    n_jobs : int or None, default=None
        Number of fits to run in parallel with joblib. None means 1. -1 uses all
        processors. A fit and the forecasts of all folds that use it are one task. The
        result does not depend on `n_jobs`. Inside `joblib.parallel_config`, fits can
        run on a cluster.
    verbose : int, default=1
        1 prints the progress to stderr. 0 prints nothing.

    Returns
    -------
    result : BacktestResult
        The forecasts as a tidy frame, reference forecasts and scores.

    Raises
    ------
    ValueError
        Before the first fit, in each of these cases:

        - The folds do not keep the order of time.
        - A test part is shorter than the horizon.
        - A training part is not longer than `season_length`.
        - A forecaster has no calibration, or too few calibration rows, for intervals.
        - The forecasters differ in `horizon`, `target_columns`, `id_column` or `freq`.

    See Also
    --------
    SeriesForecaster.forecast_interval : Intervals after the fitted rows.
    skcnnlstm.metrics : The metrics, with their equations.
    skcnnlstm.references : Simple forecasts, and adapters for other libraries.

    Notes
    -----
    **Objects with fit and forecast.** Such an object cannot read rows after its fit. It
    is therefore fitted again at each origin, on all rows from the first training row to
    the origin, and `refit` has no effect.

    - `fit` gets one series at a time: a Series (or a 1-D array) of the target column,
      or, for several targets, a DataFrame (or a 2-D array).
    - `forecast` must return an array-like with one row for each step and one column for
      each target.
    - If `fit` has a parameter `exog`, it gets the covariates. `forecast` then gets the
      covariates of the steps ahead.
    - With `coverage`, ``forecast_interval(steps, coverage)`` must return three columns
      for each target: forecast, lower bound and upper bound. If the object does not
      have this method, the bounds are NaN.

    **Gaps.** If a regular index has a gap, no forecast crosses it, as in ``score``.
    Seasons are counted in time steps. Seasonal references use the last known value at
    the same position of the season. The scale of MASE uses rows that are one season
    apart.

    **Missing values.** If the forecaster accepts NaN, a missing value is forecast but
    not scored. Reference forecasts replace it by the last known value.

    **Adaptive intervals.** The error of a forecast for step h is known h rows after its
    origin. From then on, it is used for the intervals of step h.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import FlattenWindows, SeriesForecaster, backtest
    >>> from skcnnlstm.datasets import load_airline
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> forecaster = SeriesForecaster(ridge, horizon=3, transformer="log")
    >>> folds = TimeSeriesSplit(4, test_size=12)
    >>> result = backtest(
    ...     forecaster, load_airline(), folds, season_length=12, verbose=0
    ... )
    >>> result
    BacktestResult(4 folds, 40 origins, 3 steps ahead)
    >>> result.forecasts.columns.tolist()
    ['series', 'target', 'fold', 'origin', 'step', 'time', 'actual', 'forecast']
    >>> bool(result.scores()["skill_seasonal_naive"] > 0)
    True

    Compare several models:

    >>> from skcnnlstm.references import SeasonalNaive
    >>> models = {
    ...     "windows": forecaster,
    ...     "ridge": Ridge(),  # on the same windows, in the units of the forecaster
    ...     "seasonal naive": SeasonalNaive(season_length=12),
    ... }
    >>> result = backtest(models, load_airline(), folds, season_length=12, verbose=0)
    >>> result.scores(by="model").index[-1]
    'seasonal naive'
    """
    models = read_models(forecaster, window_length, horizon)
    reader = models.reader
    horizon = check_integer("horizon", reader.horizon)
    stride = _check_stride(stride)
    season_length = check_integer("season_length", season_length)
    adaptive = check_boolean("adaptive", adaptive)
    if not isinstance(verbose, bool):
        check_integer("verbose", verbose, minimum=0)
    gamma = check_real("gamma", gamma, low=0, inclusive="neither")
    if coverage is not None:
        coverage = check_coverage(coverage)
    elif adaptive:
        raise ValueError(
            "coverage must be given with adaptive=True: got coverage=None. Use "
            "coverage=0.9, for example."
        )
    panel = read_panel(series, reader.id_column)
    hold_out = check_hold_out(hold_out, panel, coverage)
    all_series = read_all(
        reader, panel, cv, stride, season_length, accept_nan=models.accept_nan
    )
    # Read the covariates once for all folds.
    exogs = read_exog(exog, panel, all_series, raw=models.encodes_exog)
    if static is not None:
        static = name_static_rows(static, panel)
    data = BacktestData(series, panel, all_series, exogs, hold_out, static)
    all_series = {key: all_series[key] for key in hold_out or all_series}
    refit = _count_folds_per_fit(refit, data.n_folds)
    options = Options(horizon, refit, coverage, adaptive, gamma, n_jobs, verbose)

    n_targets = len(next(iter(all_series.values())).columns)
    pairs = {name: models.make_forecaster(name, n_targets) for name in models.by_name}
    for name, (model, inner) in pairs.items():
        if inner is not None:
            with _naming(name):
                check_forecaster(model, inner, data, options)
    tables = {}
    for name, (model, inner) in pairs.items():
        with _naming(name):
            if inner is None:
                result = run_other(model, name, data, options)
            else:
                result = run_forecaster(model, inner, name, data, options)
        tables[name] = make_tables(all_series, *result, season_length)
    joined = join_models(tables) if models.several else tables[None]
    index = next(iter(all_series.values())).rows.index
    time_name = None if index is None else index.name
    return BacktestResult(*joined, season_length, coverage, time_name)


@contextlib.contextmanager
def _naming(name):
    """Add the name of the model to an error."""
    try:
        yield
    except Exception as error:
        if name is not None:
            error.add_note(f"The model is {name!r}.")
        raise


def _count_folds_per_fit(refit, n_folds):
    """Return the number of consecutive folds that share a fit."""
    if isinstance(refit, bool | np.bool_):
        return 1 if refit else n_folds
    try:
        return check_integer("refit", refit)
    except (TypeError, ValueError) as error:
        raise type(error)(
            "refit must be True, False or an integer >= 1: got "
            f"refit={refit!r}. Use True to fit in each fold, False to fit once, or an "
            "integer k to fit in every k-th fold."
        ) from None


def _check_stride(stride):
    if isinstance(stride, str):
        if stride == "fold":
            return stride
        raise ValueError(
            f'stride must be an integer >= 1 or "fold": got stride={stride!r}. Use 1 '
            'for every origin, or "fold" for the first origin of each fold.'
        )
    return check_integer("stride", stride)
