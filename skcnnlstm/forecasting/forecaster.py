"""SeriesForecaster: forecast series with any regressor that takes windows."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils.metaestimators import available_if

from skcnnlstm._utils.introspection import NetworkReprMixin
from skcnnlstm._utils.sklearn_callbacks import (
    CallbackSupportMixin,
    InnerFitReporter,
    with_callbacks,
)
from skcnnlstm._utils.warnings import warn
from skcnnlstm.exceptions import MistakeWarning
from skcnnlstm.forecasting.continue_fit import can_continue, continue_fit
from skcnnlstm.forecasting.fit import (
    check_parameters,
    fit_forecaster,
    read_training_data,
)
from skcnnlstm.forecasting.fitted import fitted_state
from skcnnlstm.forecasting.fitted_labels import describe_earlier_rows
from skcnnlstm.forecasting.graph import build_forecaster_graph
from skcnnlstm.forecasting.intervals import forecast_interval
from skcnnlstm.forecasting.new_series import read_new_series
from skcnnlstm.forecasting.predict import (
    append_rows,
    forecast_rows,
    forecast_steps,
    forecasts_and_actual,
    read_own_exog,
)
from skcnnlstm.forecasting.quantiles import forecast_quantiles, predict_row_quantiles
from skcnnlstm.forecasting.series_input import check_is_not_steps, read_fitted_series


class SeriesForecaster(
    NetworkReprMixin,
    CallbackSupportMixin,
    MetaEstimatorMixin,
    RegressorMixin,
    BaseEstimator,
):
    """Forecast time series with a regressor that takes windows.

    `fit` takes one series of shape ``(n_rows,)`` or ``(n_rows, n_features)``, or many
    series at once. It

    1. fits the transformer on the rows and scales them,
    2. cuts windows of shape ``(n_samples, window_length, n_features)`` and targets of
       shape ``(n_samples, horizon * n_targets)`` from the scaled rows,
    3. fits a clone of `estimator` on windows and targets.

    All three steps use training rows only. Therefore cross-validation and searches over
    time-ordered folds do not leak, and a search can tune `window_length`.

    Parameters
    ----------
    estimator : estimator
        A regressor, or a Pipeline that ends in one, that takes windows
        ``(n_samples, window_length, n_features)``. It must accept a 2-D target if
        ``horizon * n_targets`` is greater than 1. Notes list the parameters that the
        forecaster sets on a network of this package.
    window_length : int, default=24
        Number of past rows that one forecast uses, in time steps; at least 1.
    horizon : int, default=1
        Number of time steps ahead that `predict` and `score` forecast; at least 1. With
        ``strategy="direct"``, the estimator predicts all of them at once.
    transformer : {"standard", "log"}, transformer or None, default="standard"
        The scale on which a series is modelled. It is fitted on the training rows of
        the series; forecasts are returned on the original scale.

        - "standard": subtract the mean and divide by the standard deviation of each
          column.
        - "log": take the logarithm, then standardize. Values must be positive.
        - None: model the rows as they are.
        - a transformer with `inverse_transform`, such as ``MinMaxScaler()``.

        Covariates are scaled separately, with the same kind of transformer. With "log",
        they are only standardized.
    strategy : {"direct", "recursive"}, default="direct"
        How several steps are forecast.

        - "direct": the estimator predicts all `horizon` steps at once.
        - "recursive": the estimator predicts one step; later steps use the forecasts of
          earlier ones as input.
    channels : {"auto", "joint", "independent"}, default="auto"
        How several columns are modelled.

        - "joint": one window holds all columns, and all targets are predicted together.
        - "independent": each target column is treated as a separate series. One
          estimator is trained on all of them and reads one column at a time.
        - "auto": "joint" for estimators that are not networks of this package, for
          LSTNet and ConvLSTMGrid, and where the windows of all columns would take more
          than 1 GiB. Otherwise "independent", unless a ridge regression on all columns
          forecasts the last tenth of the training samples clearly better than one on
          the history of each column: by more than two standard errors.
    target_columns : int, str, list of these, or None, default=None
        The columns to forecast, by position or name; None for all. The other columns
        are past covariates: windows contain them after the targets, but they are not
        forecast.
    id_column : label or None, default=None
        The column of a long DataFrame that identifies the series of each row. With
        None, `fit` takes one series, or many as a list, tuple or dict of arrays,
        Series or DataFrames.
    freq : str, offset, int or None, default=None
        The step from one row to the next: an alias or an offset of pandas, such as "D",
        "B" or a ``CustomBusinessDay``; an integer for integer labels. Labels that do
        not fit are an error. With None, the frequency is inferred by the rule in Notes.
    calibration_fraction : float or None, default=None
        Share of the rows at the end of each series that are held out to calibrate the
        intervals of `forecast_interval`; 0.2 is common. The held-out rows are neither
        training targets nor validation data of early stopping, but they are part of
        the history from which forecasts start. With None, nothing is held out.
    refit_after_calibration : bool, default=False
        Whether to fit the estimator again on all rows after calibration. Forecasts then
        benefit from the latest rows. The intervals keep the widths of the first model,
        so their coverage is no longer guaranteed, although usually similar.
    replay : int, default=512
        Number of older windows on which `partial_fit` trains besides the new ones, so
        that the network does not forget them: the last ones before the new rows, in
        equal shares of all series. `fit` keeps the rows that they need. With 0,
        `partial_fit` trains on new windows only.
    exog_transformer : transformer or None, default=None
        Transformer of the covariates `exog`, such as a `OneHotEncoder`, a
        `SplineTransformer` or a `ColumnTransformer`. `fit` fits a clone on the
        covariates of the training rows, of all series together. What it returns, as a
        dense or a sparse matrix, is then scaled like other covariates. With None,
        `exog` must be numeric.
    calendar : callable, transformer or None, default=None
        Covariates from the times of the rows, such as the hour, the weekday, or
        holidays: a function, or a transformer of one column such as skrub's
        `DatetimeEncoder`. It gets a Series of times (timestamps; for periods their
        start; local times in a time zone), and returns a Series, DataFrame or array
        with one row for each. Its columns are known ahead and treated like those of
        `exog`, but no table is needed: the times of the rows ahead follow from the
        frequency, without which `fit` raises an error. A transformer is fitted on the
        times of the training rows.
    static_transformer : transformer or None, default=None
        Transformer of the static covariates, such as a `OneHotEncoder` or a
        `ColumnTransformer`. `fit` fits a clone on the rows of the training series. With
        None, `static` must be numeric and is standardized over these series.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone of `estimator`.
    transformer_ : transformer, list, dict or None
        The fitted transformer of the targets. With many series a list or a dict of
        transformers, one for each series.
    exog_transformer_ : transformer or None
        The fitted clone of `exog_transformer`.
    calendar_ : callable, transformer or None
        The fitted clone of `calendar`, or the function itself.
    static_transformer_ : transformer or None
        The fitted transformer of the static covariates; None without any.
    n_features_in_ : int
        Number of columns of a series.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; defined only if all names are strings.
    n_targets_ : int
        Number of columns that are forecast.
    n_windows_ : int
        Number of windows that `fit` trained `estimator_` on. `fit` warns if gaps in
        time or NaN in targets leave less than 90 % of the possible ones.
    calibration_scores_ : ndarray of shape (n, horizon, n_targets), list, dict or None
        Absolute errors of the forecasts of held-out rows, for each origin, step and
        target; with ``transformer="log"`` errors of logarithms. With many series a list
        or a dict of arrays. None without `calibration_fraction`.

    See Also
    --------
    forecast_scorer : Score forecasts with any regression metric of scikit-learn.
    SlidingWindow : Make windows in a Pipeline.

    Notes
    -----
    **Parameters of the inner network.** On each network of this package inside
    `estimator`, at any depth, the forecaster sets these parameters. Values other than
    those named stay as they are.

    - ``instance_norm="auto"`` becomes "last", unless a ridge regression on windows that
      are normalized in another way forecasts the last tenth of the samples better by
      more than two standard errors.
    - ``linear_skip="auto"`` becomes True, unless the map would have more than 3,000
      inputs.
    - `n_targets` becomes the number of columns that the network forecasts, `n_static`
      that of the static covariates.
    - `standardize` becomes False, because the forecaster scales the series.
    - ``validation_gap=0`` becomes ``horizon - 1`` for each series (0 with "recursive"),
      so that training and validation samples of early stopping share no target.

    **Which rows follow.** `predict` and `score` use the fitted rows as history if the
    given rows continue them:

    - With an index, the first label must be the next one. If the index has no
      frequency, it must be later by at most the longest step between fitted rows.
    - Labels without an order in time (text, floats) never continue.
    - Bare arrays are assumed to continue, except the fitted rows themselves.

    Rows that do not continue use only the given rows as history.

    **Frequency and gaps.** The frequency is `freq` if it is given, else the index's
    own ``freq`` attribute, else the most frequent step. Calendar months, quarters and
    years count as steps, days are those of the local clock, and daily labels that are
    all weekdays are business days ("B"). The most frequent step is accepted only if
    every label lies on its grid and at least 90 % of consecutive labels are one step
    apart. Hours that are missing every day or every week are not gaps.

    - With a frequency, a missing step is a gap. No window and no target crosses it, in
      `fit`, `predict` and `score`, and a forecast uses the rows after the last gap.
      Forecasts have dates. With "B", up to ten missing weekdays in a row are holidays,
      and forecasts are for the next weekdays.
    - Without one, rows are consecutive, forecasts are labelled 1, 2, ... (if `exog` has
      an index, by its labels), and `fit` warns once and suggests a remedy. Examples
      are a shop that is closed on Sundays, unless `freq` is given, and text.
    - The row numbers of a long frame with several series are not times: rows of a
      series are consecutive, and forecasts are labelled 1, 2, ...

    **Searches.** Pass the series alone, without `y`, and folds in time order, such as
    ``TimeSeriesSplit``. For `scoring`, use None or a `forecast_scorer`.

    **Many series.** One estimator is trained on all series. Each series has its own
    transformer and may have any length from ``window_length + horizon`` rows.
    `forecast`, `predict` and `update` keep the form: a list, a dict or a long frame.
    The samples of all series are sorted by relative time: sample i of n has the time
    (i + 1/2) / n. Early stopping therefore holds out the last samples of each series,
    and leaves a gap of ``horizon - 1`` samples in each. With
    ``channels="independent"``, each column counts as a series here. The windows of more
    than one series are a copy, in float32 if a network of this package reads them.

    **Missing values.** NaN is an error unless the network has ``missing="mask"``.
    Windows may then contain NaN, samples with NaN in a target are dropped, and errors
    are computed from the known values.

    **Known-future covariates.** Pass covariates that are known ahead as `exog` to
    `fit`, `forecast`, `predict` and `score`. They are appended to the columns of a
    window, shifted by the number of steps that the estimator predicts at once
    (`horizon`; 1 with "recursive"): row t of a window holds the covariates of row
    ``t + horizon``. A window that ends with row t thus contains the covariates of all
    steps that it forecasts, and none after them. `fit` remembers the covariates of the
    fitted rows. In a search, scikit-learn's metadata routing passes them on
    (`set_fit_request`, `set_score_request`), and `sample_weight` likewise. Text and
    categories need an `exog_transformer`; times of the rows need no table but a
    `calendar`.

    Examples
    --------
    Forecast the next 24 months of a monthly series:

    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import FlattenWindows, SeriesForecaster
    >>> from skcnnlstm.datasets import load_airline
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> forecaster = SeriesForecaster(ridge, horizon=12, transformer="log")
    >>> forecast = forecaster.fit(load_airline()).forecast(24)
    >>> forecast.shape, str(forecast.index[0])
    ((24,), '1961-01-01 00:00:00')

    A search takes the series directly. Arrays give arrays:

    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    >>> line = np.arange(40.0)
    >>> search = GridSearchCV(
    ...     SeriesForecaster(ridge), {"window_length": [2, 4]}, cv=TimeSeriesSplit(3)
    ... ).fit(line)
    >>> search.best_estimator_.forecast(3).shape
    (3,)

    One model for many weekly series; a list of series gives a list of forecasts:

    >>> forecaster = SeriesForecaster(
    ...     ridge, window_length=52, horizon=13, transformer="log"
    ... )  # or CNNLSTMRegressor(loss="mae") instead of ridge
    >>> weekly = [np.arange(1.0, 101.0), np.arange(300.0, 50.0, -1.0)]
    >>> [forecast.shape for forecast in forecaster.fit(weekly).forecast()]
    [(13,), (13,)]

    One model for seven columns, each treated as a separate series:

    >>> forecaster = SeriesForecaster(
    ...     ridge, window_length=96, horizon=24, channels="independent"
    ... )
    >>> hourly = np.random.default_rng(0).normal(size=(240, 7))
    >>> forecaster.fit(hourly[:192]).predict(hourly[192:]).shape
    (48, 24, 7)

    The month as a covariate, computed from the dates of past and future rows:

    >>> forecaster = SeriesForecaster(
    ...     ridge, horizon=12, calendar=lambda times: times.dt.month
    ... )
    >>> forecaster.fit(load_airline()).forecast().shape
    (12,)
    """

    def __init__(
        self,
        estimator,
        *,
        window_length=24,
        horizon=1,
        transformer="standard",
        strategy="direct",
        channels="auto",
        target_columns=None,
        id_column=None,
        freq=None,
        calibration_fraction=None,
        refit_after_calibration=False,
        replay=512,
        exog_transformer=None,
        calendar=None,
        static_transformer=None,
    ):
        self.estimator = estimator
        self.window_length = window_length
        self.horizon = horizon
        self.transformer = transformer
        self.strategy = strategy
        self.channels = channels
        self.target_columns = target_columns
        self.id_column = id_column
        self.freq = freq
        self.calibration_fraction = calibration_fraction
        self.refit_after_calibration = refit_after_calibration
        self.replay = replay
        self.exog_transformer = exog_transformer
        self.calendar = calendar
        self.static_transformer = static_transformer

    @with_callbacks
    def fit(self, X, y=None, *, exog=None, sample_weight=None, static=None):
        """Fit transformer and estimator on the rows of one series or of many.

        Parameters
        ----------
        X : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_features)
            The series, in time order, with at least ``window_length + horizon`` rows
            without a gap in time. Or many series with the same columns: a list, a dict,
            or with `id_column` a long frame.
        y : None
            Ignored, with a warning if it is given.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates that are known ahead, ``(n_rows,)`` or ``(n_rows, n_exog)``,
            numeric unless `exog_transformer` is set. If series and `exog` both have an
            index, rows are looked up by label and `exog` may have more. For many
            series, in their form, or one table with an index for all of them.
        sample_weight : array-like, Series, list, dict, float or None, default=None
            Weights of the rows, at least 0. A sample whose targets include a row of
            weight zero is left out before everything else; the row still serves as
            history. Any other sample gets the mean weight of its target rows. The scale
            of the series and `calibration_fraction` do not depend on weights. The
            estimator, or the last step of a Pipeline, must take `sample_weight`.

            - One series: one weight for each row. A Series is looked up by label.
            - Many series: a dict with one weight, or one array, for each of them; a
              list for a list; a Series of one weight by series; for a long frame also
              one weight for each of its rows.
        static : DataFrame, Series, dict, array-like or None, default=None
            Static covariates: a row for each series, such as its region or its size,
            with the keys of the series as its index. For a long frame they may also be
            in its `id_column`; for a list the rows may be in its order. Further rows
            are ignored. Each window of a series contains its static covariates as the
            last features, the same at each step. `fit` remembers them for the fitted
            series. Numeric unless `static_transformer` is set.

        Returns
        -------
        self : SeriesForecaster
            The fitted forecaster. After an error it keeps its previous state.
        """
        if y is not None:
            _warn_about_y(y)
        settings = check_parameters(self)
        tasks = InnerFitReporter(self, settings.calibrated + settings.refit, X)
        # A clone holds the columns while they are validated: `self` changes last.
        data = read_training_data(clone(self), X, exog, static, sample_weight, settings)
        self._set_fitted(fit_forecaster(settings, data, tasks))
        tasks.end()
        return self

    def _set_fitted(self, fitted):
        """Set the record of a fit, and the public attributes that show parts of it."""
        self._fitted = fitted
        self.estimator_ = fitted.estimator
        self.transformer_ = fitted.transformer
        self.exog_transformer_ = fitted.known and fitted.known.exog_transformer
        self.calendar_ = fitted.known and fitted.known.calendar
        self.static_transformer_ = fitted.known and fitted.known.static_transformer
        self.n_targets_ = fitted.n_targets
        self.n_windows_ = fitted.n_windows
        self.n_features_in_ = fitted.n_features
        vars(self).pop("feature_names_in_", None)
        if fitted.feature_names is not None:
            self.feature_names_in_ = fitted.feature_names
        self.calibration_scores_ = None
        if fitted.calibration is not None:
            scores = fitted.calibration.scores
            self.calibration_scores_ = fitted.panel.join_each(scores)

    def forecast(self, steps=None, exog=None, *, series=None, static=None):
        """Forecast the steps that follow the known rows, or those of other series.

        Parameters
        ----------
        steps : int or None, default=None
            Number of time steps; None for `horizon`. Beyond `horizon`, forecasts are
            fed back as input, a horizon at a time (one step with "recursive"). This is
            not possible with past covariates.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the rows ahead, if `fit` was given any: `steps` rows, but with
            "direct" at least `horizon`. With an index, rows are looked up by label, and
            past rows may be included; an array must hold only rows ahead. If the rows
            do not fill the last horizon, the last forecasts start at an earlier row, so
            that they depend on given covariates only. With `series`, it also holds the
            covariates of the rows of these series, as for `predict`.
        series : array-like, Series, DataFrame, list, dict or None, default=None
            Series to forecast instead of the fitted ones, with the columns given to
            `fit`: one series or many, in any form that `fit` takes. Each is scaled by
            its own rows; the estimator is not trained. If a series has fewer than
            `window_length` rows, its first row is repeated, with a warning.
        static : DataFrame, Series, dict, array-like or None, default=None
            Static covariates of `series`, if `fit` was given any. For one series its
            row.

        Returns
        -------
        forecasts : Series, DataFrame, ndarray, list or dict
            In the form of the series: a Series or DataFrame with the labels that
            follow, or an array of shape ``(steps,)`` or ``(steps, n_targets)``. For
            many series a list or a dict of these, or a long frame.

        Examples
        --------
        Forecast a series that was not in the fit:

        >>> import numpy as np
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn.pipeline import make_pipeline
        >>> from skcnnlstm import FlattenWindows, SeriesForecaster
        >>> from skcnnlstm.datasets import load_airline
        >>> ridge = make_pipeline(FlattenWindows(), Ridge())
        >>> forecaster = SeriesForecaster(ridge, horizon=12).fit(load_airline())
        >>> forecaster.forecast(3, series=np.arange(100.0)).shape
        (3,)
        """
        fitted = fitted_state(self)
        if series is not None:
            steps = fitted.check_steps(steps)
            fitted, exog = read_new_series(self, series, exog, static, steps)
        elif static is not None:
            raise ValueError(
                "static must be None without series: got "
                f"{type(static).__name__}. Use static=None: fit has stored the static "
                "covariates of the fitted series."
            )
        return fitted.panel.join_forecasts(forecast_steps(fitted, steps, exog))

    def predict(self, series, exog=None):
        """Forecast from each row of a series, using only rows up to it.

        If the rows continue the fitted ones, these are the history of the first rows.
        Otherwise, and after a gap in time, the first ``window_length - 1`` rows have
        too little history. The first row is then repeated to fill their windows, with a
        warning.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            Rows with the columns given to `fit`, ``(n_rows,)`` or ``(n_rows,
            n_features)``. For many series a list, a dict (of some of them) or a long
            frame.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates, if `fit` was given any: of these rows and of the `horizon` rows
            after them. The rows must then have no gap in time.

        Returns
        -------
        forecasts : ndarray, list or dict
            Entry ``[t, h]`` is the forecast for h + 1 steps after row t. The shape is
            ``(n_rows, horizon)`` for one target, else ``(n_rows, horizon, n_targets)``.
            A long frame gives one array with an entry for each of its rows.
        """
        check_is_not_steps(series)
        fitted, panel, tables = self._read(series)
        return panel.join_predictions(forecast_rows(fitted, panel, tables, exog))

    def score(self, series, y=None, *, exog=None):
        """Return the negative mean absolute error of forecasts within a series.

        Forecasts start from the last fitted row, if the series continues it, and from
        each row that is followed by `horizon` rows. If history is missing, as for the
        score of training rows, the first row is repeated without a warning.

        If an index shows rows that are earlier than fitted rows, but were not fitted,
        a `MistakeWarning` names the folds to use. This happens in a search without
        `cv`. Bare arrays show no time.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            At least `horizon` rows that continue the fitted ones, or ``horizon + 1``
            rows that do not. Or many series, as for `predict`.
        y : None
            Ignored.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of these rows, if `fit` was given any.

        Returns
        -------
        score : float
            The mean over all series, origins, steps and targets, on the scale of the
            series. The best value is 0.
        """
        forecasts, actual = self._forecasts_and_actual(series, exog)
        return -float(np.nanmean(np.abs(forecasts - actual)))

    def _forecasts_and_actual(self, series, exog=None):
        """Return the forecasts of `score` and the actual values."""
        fitted, panel, tables = self._read(series)
        if message := describe_earlier_rows(fitted, tables):
            warn(message, MistakeWarning)
        return forecasts_and_actual(fitted, panel, tables, exog)

    def update(self, series, exog=None):
        """Append rows to the known history, without fitting again.

        Forecasts then start after these rows, and `predict` and `score` take rows that
        continue them. The rows are assumed to follow the known ones. An index that
        overlaps with known rows is an error. If an index shows a gap, the rows before
        the gap are no longer history.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            New rows with the columns given to `fit`. Rows without an index get the
            labels that follow. Or many series, as for `predict`.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of these rows, if `fit` was given any.

        Returns
        -------
        self : SeriesForecaster
            The updated forecaster. After an error it keeps its previous state.
        """
        fitted, panel, tables = self._read(series)
        exogs = read_own_exog(fitted, panel, tables, exog)
        self._fitted = append_rows(fitted, tables, exogs)
        return self

    @available_if(can_continue)
    def partial_fit(self, series, exog=None):
        """Append rows to the known history, and train on the windows they complete.

        The estimator continues from its weights for one epoch: on every window that
        ends before a new row and whose targets are known now, and on the `replay` last
        windows before them. The scales of the series are kept. Rows are taken as by
        `update`. This costs a small part of a new fit; fit again if the level or the
        scale of a series has changed much.

        On a forecaster that is not fitted, this is `fit`. Available if the estimator,
        or the last step of a Pipeline, has `partial_fit`.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            New rows with the columns given to `fit`. Rows without an index get the
            labels that follow. Or many series, as for `predict`.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of these rows, if `fit` was given any.

        Returns
        -------
        self : SeriesForecaster
            The trained forecaster. After an error it keeps its previous state.

        Notes
        -----
        If the rows complete no window, nothing is trained. New rows have the weight 1;
        older windows keep the weights of `fit`. After a gap in time, new
        windows begin after the gap. Intervals with a `calibration_fraction` keep their
        widths, so that their coverage is no longer guaranteed.

        Examples
        --------
        >>> from skcnnlstm import CNNLSTMRegressor, SeriesForecaster
        >>> from skcnnlstm.datasets import load_airline
        >>> series = load_airline()
        >>> network = CNNLSTMRegressor(epochs=1, random_state=0)
        >>> forecaster = SeriesForecaster(network, horizon=3).fit(series[:120])
        >>> forecaster.partial_fit(series[120:]).forecast().index[0]
        Timestamp('1961-01-01 00:00:00')
        """
        if not hasattr(self, "estimator_"):
            return self.fit(series, exog=exog)
        fitted, panel, tables = self._read(series)
        exogs = read_own_exog(fitted, panel, tables, exog)
        self._set_fitted(continue_fit(fitted, tables, exogs))
        return self

    def forecast_interval(self, steps=None, coverage=0.9, *, exog=None):
        """Forecast the steps that follow, with prediction intervals.

        With a `calibration_fraction`, intervals are split conformal [1]_, separately
        for each step ahead. The model is fitted without the held-out rows and
        forecasts them from each of their n origins. For each step, an interval extends
        on both sides by the ``ceil((n + 1) * coverage)``-th smallest absolute error of
        that step. With ``transformer="log"``, errors are of logarithms and intervals
        are ratios of the forecast. If future errors are exchangeable with those of the
        held-out rows, an interval contains the actual value with a probability of at
        least `coverage`, for any model and distribution. If a series changes over
        time, errors are not exchangeable: see ``backtest(..., adaptive=True)``.

        Without a `calibration_fraction`, intervals lie between two quantiles that the
        network learned. It needs `quantiles` that are symmetric around 0.5: (0.05, 0.5,
        0.95) gives a coverage of 0.9. The widths then depend on the window, and the
        coverage depends on how well the network learned the quantiles.

        Parameters
        ----------
        steps : int or None, default=None
            Number of time steps, at most `horizon`; None for `horizon`.
        coverage : float, default=0.9
            The share of actual values that each interval should contain, between 0 and
            1.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the rows ahead, as for `forecast`.

        Returns
        -------
        intervals : DataFrame, list or dict
            Columns `forecast`, `lower` and `upper`, with the labels that follow (the
            step, from 1, if the series has none). With several targets, these three
            columns for each. For many series a list or a dict of these, or a long
            frame.

        Raises
        ------
        ValueError
            Without a `calibration_fraction` or `quantiles`, for steps beyond the
            horizon, and if there are too few errors for the coverage. 9 errors are
            needed for 0.9 and 99 for 0.99, in the series or in all series together.

        Notes
        -----
        With many series, the intervals of each are based on its own errors if these
        are enough for the coverage. Otherwise they are based on the errors of all
        series, each divided by the mean absolute difference between consecutive
        training rows of its series.

        References
        ----------
        .. [1] Lei, J., G'Sell, M., Rinaldo, A., Tibshirani, R. J. and Wasserman, L.
           (2018). Distribution-free predictive inference for regression. Journal of
           the American Statistical Association 113(523), 1094-1111.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn.pipeline import make_pipeline
        >>> from skcnnlstm import FlattenWindows, SeriesForecaster
        >>> from skcnnlstm.datasets import load_airline
        >>> ridge = make_pipeline(FlattenWindows(), Ridge())
        >>> forecaster = SeriesForecaster(
        ...     ridge, horizon=3, transformer="log", calibration_fraction=0.2
        ... ).fit(load_airline())
        >>> intervals = forecaster.forecast_interval(coverage=0.9)
        >>> intervals.columns.tolist(), str(intervals.index[-1].date())
        (['forecast', 'lower', 'upper'], '1961-03-01')
        """
        return forecast_interval(fitted_state(self), steps, coverage, exog)

    def forecast_quantiles(self, steps=None, *, exog=None):
        """Forecast every quantile of the steps that follow the known rows.

        This needs a network with `quantiles`. Each step has its own quantiles.

        Parameters
        ----------
        steps : int or None, default=None
            Number of time steps, at most `horizon` (1 with "recursive"), because
            forecasts that are fed back have no quantiles. None for `horizon`.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the rows ahead, as for `forecast`.

        Returns
        -------
        quantiles : DataFrame, list or dict
            One column for each quantile, ascending in each row, with the labels that
            follow (the step, from 1, if the series has none). With several targets,
            these columns for each. For many series a list or a dict of these, or a
            long frame.

        Notes
        -----
        Quantiles are returned through the inverse of `transformer`, which must act on
        each column separately and be increasing, as "standard" and "log" are.

        Examples
        --------
        >>> from skcnnlstm import CNNLSTMRegressor, SeriesForecaster
        >>> from skcnnlstm.datasets import load_airline
        >>> network = CNNLSTMRegressor(quantiles=(0.1, 0.5, 0.9), epochs=1)
        >>> forecaster = SeriesForecaster(network, window_length=12, horizon=3)
        >>> quantiles = forecaster.fit(load_airline()).forecast_quantiles()
        >>> quantiles.columns.tolist(), str(quantiles.index[0].date())
        ([0.1, 0.5, 0.9], '1961-01-01')
        """
        return forecast_quantiles(fitted_state(self), steps, exog)

    def predict_quantiles(self, series, exog=None):
        """Forecast every quantile from each row of a series, using only rows up to it.

        This needs a network with `quantiles`.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            Rows, or many series, as for `predict`.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates, as for `predict`.

        Returns
        -------
        quantiles : ndarray, list or dict
            ``(n_rows, horizon, n_quantiles)`` for one target, else ``(n_rows, horizon,
            n_targets, n_quantiles)``, ascending along the last axis. For many series in
            the form that `predict` returns.
        """
        check_is_not_steps(series)
        fitted, panel, tables = self._read(series)
        quantiles = predict_row_quantiles(fitted, panel, tables, exog)
        return panel.join_predictions(quantiles)

    def _read(self, series):
        """Return the record of the fit, and the form and the rows of a series."""
        fitted = fitted_state(self)
        return fitted, *read_fitted_series(self, series, fitted)

    def _build_graph(self, context):
        """Return the forecasts from raw windows as a graph for `export`."""
        return build_forecaster_graph(self, context)

    def __sklearn_tags__(self):
        """Return tags according to which no target is needed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def _warn_about_y(y):
    """Warn that `y` is ignored, and suggest `exog` if it is a table."""
    # A scorer of scikit-learn would compare the forecast of row t + 1 with row t of y.
    exog = " Pass covariates that are known ahead as fit(series, exog=...)."
    warn(
        "y is ignored: the targets of a SeriesForecaster are later rows of X. Call "
        "fit, a search or cross_validate with the series only. Set scoring to None or "
        "to a forecast_scorer, such as forecast_scorer('neg_mean_absolute_error'): "
        "scikit-learn's scorers need y and are off by one step."
        f"{exog if getattr(y, 'ndim', 1) == 2 else ''}"
    )
