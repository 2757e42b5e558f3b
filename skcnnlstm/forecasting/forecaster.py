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
    series at once. It works in three steps:

    1. Fit the transformer on the rows, and scale the rows with it.
    2. Cut the scaled rows into windows of shape ``(n_samples, window_length,
       n_features)`` and targets of shape ``(n_samples, horizon * n_targets)``.
    3. Fit a clone of `estimator` on windows and targets.

    All three steps use training rows only, so cross-validation and searches over
    time-ordered folds do not leak. A search can also tune `window_length`.

    Parameters
    ----------
    estimator : estimator
        A regressor that takes windows ``(n_samples, window_length, n_features)``, or a
        Pipeline that ends in such a regressor. It must accept a 2-D target if
        ``horizon * n_targets`` is greater than 1. On a network of this package, the
        forecaster sets some parameters, which are listed in Notes.
    window_length : int, default=24
        Number of past rows that one forecast uses, in time steps; at least 1.
    horizon : int, default=1
        Number of time steps ahead that `predict` and `score` forecast; at least 1. With
        ``strategy="direct"``, the estimator predicts all of them at once.
    transformer : {"standard", "log"}, transformer or None, default="standard"
        The transformation of a series before it is modelled. It is fitted on the
        training rows of the series. Forecasts are returned on the original scale.

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
        - "recursive": the estimator predicts one step at a time. The forecasts of
          earlier steps are input for later steps.
    channels : {"auto", "joint", "independent"}, default="auto"
        How several columns are modelled.

        - "joint": one window holds all columns, and all targets are predicted together.
        - "independent": each target column is treated as a separate series. One
          estimator is trained on all of them and reads one column at a time.
        - "auto": "joint" in the cases below, otherwise "independent".

        The cases in which "auto" means "joint" are:

        - The estimator is not a network of this package.
        - The network is made for many columns: LSTNet or ConvLSTMGrid.
        - The separate windows of all columns would take more than 1 GiB.
        - A ridge regression on all columns forecasts the last tenth of the training
          samples better than a ridge regression on each column alone, by more than two
          standard errors.
    target_columns : int, str, list of these, or None, default=None
        The columns to forecast, by position or name. With None, all columns are
        forecast. The other columns are past covariates: they are not forecast, but are
        features of the windows. In a window, they are to the right of the targets.
    id_column : label or None, default=None
        The column that identifies the series of each row in a long DataFrame, which
        holds the rows of many series one below another. With None, `fit` takes one
        series, or many as a list, tuple or dict of arrays, Series or DataFrames.
    freq : str, offset, int or None, default=None
        The step from one row to the next: an alias or an offset of pandas, such as "D",
        "B" or a ``CustomBusinessDay``, or an integer for integer labels. `fit` raises
        an error if the labels do not match this step. With None, the frequency is
        inferred by the rule in Notes.
    calibration_fraction : float or None, default=None
        The share of rows at the end of each series that `fit` holds out to calibrate
        the intervals of `forecast_interval`; 0.2 is common. The held-out rows are
        neither training targets nor validation data of early stopping. They are part of
        the history from which forecasts start. With None, nothing is held out.
    refit_after_calibration : bool, default=False
        Whether to fit the estimator again on all rows after calibration. Forecasts then
        benefit from the latest rows. The intervals keep the widths of the first model.
        Their coverage is usually similar, but no longer guaranteed.
    replay : int, default=512
        Number of older windows on which `partial_fit` trains in addition to the new
        windows, so that the network does not forget what it learned. These are the last
        windows before the new rows, in equal shares from all series. `fit` stores the
        rows of these windows. With 0, `partial_fit` trains on new windows only.
    exog_transformer : transformer or None, default=None
        Transformer of the covariates `exog`, such as a `OneHotEncoder`, a
        `SplineTransformer` or a `ColumnTransformer`. `fit` fits one clone on the
        covariates of the training rows of all series. The output, a dense or a sparse
        matrix, is then scaled like other covariates. With None, `exog` must be numeric.
    calendar : callable, transformer or None, default=None
        Covariates that are computed from the times of the rows, such as the hour, the
        weekday or holidays: a function, or a transformer of one column such as skrub's
        `DatetimeEncoder`.

        - The input is a Series of times: timestamps, or the start of each period. Times
          with a time zone are local times.
        - The output is a Series, DataFrame or array with one row for each time. Its
          columns are treated like those of `exog`.
        - No covariates need to be passed to `forecast` and `predict`, because the times
          of the rows ahead follow from the frequency. Without a frequency, `fit` raises
          an error.
        - A transformer is fitted on the times of the training rows.
    static_transformer : transformer or None, default=None
        Transformer of the static covariates, such as a `OneHotEncoder` or a
        `ColumnTransformer`. `fit` fits a clone on the static covariates of the training
        series. With None, `static` must be numeric and is standardized over the
        training series.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone of `estimator`.
    transformer_ : transformer, list, dict or None
        The fitted transformer of the targets. With many series, it is a list or a dict
        with one transformer for each series.
    exog_transformer_ : transformer or None
        The fitted clone of `exog_transformer`.
    calendar_ : callable, transformer or None
        The fitted clone of `calendar`. A function is kept as it is.
    static_transformer_ : transformer or None
        The fitted transformer of the static covariates. None without static covariates.
    n_features_in_ : int
        Number of columns of a series.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; defined only if all names are strings.
    n_targets_ : int
        Number of columns that are forecast.
    n_windows_ : int
        Number of windows on which `fit` trained `estimator_`. `fit` warns if gaps in
        time or NaN in targets leave less than 90 % of the possible windows.
    calibration_scores_ : ndarray of shape (n, horizon, n_targets), list, dict or None
        Absolute errors of the forecasts of held-out rows, for each origin, step and
        target. The origin is the last known row of a forecast. With
        ``transformer="log"``, these are errors of logarithms. With many series, it is a
        list or a dict of arrays. None without `calibration_fraction`.

    See Also
    --------
    forecast_scorer : Score forecasts with any regression metric of scikit-learn.
    SlidingWindow : Make windows in a Pipeline.

    Notes
    -----
    **Parameters of the inner network.** On each network of this package inside
    `estimator`, at any depth, the forecaster sets the parameters below. If a value is
    named, such as "auto", only this value is replaced.

    - ``instance_norm="auto"`` becomes "last". Another normalization is used if a ridge
      regression on windows normalized that way forecasts the last tenth of the samples
      better, by more than two standard errors.
    - ``linear_skip="auto"`` becomes True if the linear map has at most 3,000 inputs,
      otherwise False.
    - `n_targets` becomes the number of columns that the network forecasts.
    - `n_static` becomes the number of static covariates.
    - `standardize` becomes False, because the forecaster scales the series.
    - ``validation_gap=0`` becomes ``horizon - 1`` for each series (0 with "recursive"),
      so that training and validation samples of early stopping share no target.

    **Which rows follow.** `predict` and `score` use the fitted rows as history if the
    given rows continue the fitted rows. These rules apply:

    - With an index that has a frequency, the first given label must be one step after
      the last fitted label.
    - With an index without a frequency, the first given label must be later than the
      last fitted label, by at most the longest step between fitted rows.
    - Rows whose labels have no order in time (text, floats) never continue.
    - Arrays are assumed to continue, unless they are equal to the fitted rows.

    If the given rows do not continue the fitted rows, only the given rows are history.

    **Frequency and gaps.** The frequency is `freq` if it is given, else the ``freq``
    attribute of the index, else the most frequent step:

    - Calendar months, quarters and years count as steps. Days are those of the local
      clock. Daily labels that are all weekdays are business days ("B").
    - The most frequent step is accepted only if all labels are whole numbers of steps
      apart, and at least 90 % of consecutive labels are one step apart.
    - Hours that are missing every day or every week are not gaps.

    With a frequency, a missing step is a gap. No window and no target crosses a gap in
    `fit`, `predict` and `score`. A forecast uses the rows after the last gap, and has
    the labels that follow. With "B", up to ten missing weekdays in a row count as
    holidays, not as a gap, and forecasts are for the next weekdays.

    Without a frequency, rows count as consecutive. Forecasts are labelled 1, 2, ..., or
    with the labels of `exog` if it has an index. `fit` warns once and suggests a
    remedy. Labels of text have no frequency. The days of a shop that is closed on
    Sundays have a frequency only if `freq` is given. The row numbers of a long frame
    with several series are not times, and have no frequency.

    **Searches.** Pass the series alone, without `y`, and folds in time order, such as
    ``TimeSeriesSplit``. For `scoring`, use None or a `forecast_scorer`.

    **Many series.** One estimator is trained on all series. Each series has its own
    transformer, and must have at least ``window_length + horizon`` rows. Series may
    differ in length. Pass rows to `predict` and `update` in the form given to `fit`: a
    list, a dict or a long frame. Forecasts have this form, too.

    The samples of all series are sorted by relative time: sample i of n has the time
    (i + 1/2) / n. Early stopping therefore holds out the last samples of each series,
    and leaves a gap of ``horizon - 1`` samples in each. With
    ``channels="independent"``, each column counts as a series here. The windows of
    several series are copied, in float32 for a network of this package.

    **Missing values.** NaN is an error, except for a network with ``missing="mask"``.
    Windows may then contain NaN. Samples with NaN in a target are dropped, and errors
    are computed from the known values.

    **Known-future covariates.** Pass covariates that are known ahead as `exog` to
    `fit`, `forecast`, `predict` and `score`. `fit` remembers the covariates of the
    fitted rows. Text and categories need an `exog_transformer`. For covariates that
    depend on the time only, use `calendar` instead of `exog`.

    Covariates are appended to the columns of a window, shifted by the number of steps
    that the estimator predicts at once (`horizon`; 1 with "recursive"): row t of a
    window holds the covariates of row ``t + horizon``. A window that ends with row t
    thus contains the covariates of all steps that it forecasts, and none after them.

    A search passes `exog` and `sample_weight` on by scikit-learn's metadata routing:
    see `set_fit_request` and `set_score_request`.

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
            One series in time order, with at least ``window_length + horizon`` rows
            without a gap in time. Or many series with the same columns: a list, a dict,
            or a long frame if `id_column` is set.
        y : None
            Ignored. `fit` warns if it is given.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates that are known ahead, ``(n_rows,)`` or ``(n_rows, n_exog)``. They
            must be numeric, except with an `exog_transformer`. If series and `exog`
            both have an index, rows are looked up by label, and `exog` may have further
            rows. For many series, pass `exog` in the form of the series, or one table
            with an index, which is used for every series.
        sample_weight : array-like, Series, list, dict, float or None, default=None
            Weights of the rows, at least 0. The weight of a sample is the mean weight
            of its target rows. A sample is left out if one of its target rows has the
            weight zero; the row still serves as history. The scale of the series and
            `calibration_fraction` do not depend on weights. The estimator, or the last
            step of a Pipeline, must accept `sample_weight`.

            - One series: one weight for each row. A Series is looked up by label.
            - Many series: a dict with one weight, or one array of weights, for each
              series. If the series are a list, a list also works.
            - One weight for each of many series: a Series with the keys of the series
              as its index also works.
            - A long frame: one weight for each row of the frame also works.
        static : DataFrame, Series, dict, array-like or None, default=None
            Static covariates, such as the region or the size of a shop: a table with
            one row for each series, and the keys of the series as its index. Rows of
            other series are ignored.

            - For a long frame, the keys may also be in a column with the same name as
              the id column.
            - For a list, the rows may also be in the order of the list.

            Each window of a series contains its static covariates as the last features,
            with the same values at each step. `fit` remembers them for the fitted
            series. They must be numeric, except with a `static_transformer`.

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
        """Forecast the steps after the known rows, or after the rows of other series.

        Parameters
        ----------
        steps : int or None, default=None
            Number of time steps; None for `horizon`. To forecast beyond `horizon`,
            forecasts are fed back as input, a horizon at a time (one step with
            "recursive"). This is not possible with past covariates.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the rows ahead, if `fit` was given any. They must have `steps`
            rows, and with "direct" at least `horizon` rows.

            - With an index, rows are looked up by label, and past rows may be included.
              An array must hold only the rows ahead.
            - If `steps` is larger than `horizon`, but not a multiple of it, and `exog`
              has no further rows, the last window starts at an earlier row.
            - With `series`, `exog` must also hold the covariates of the rows of these
              series.
        series : array-like, Series, DataFrame, list, dict or None, default=None
            Series to forecast instead of the fitted ones, with the columns given to
            `fit`: one series or many, in any form that `fit` takes. Each is scaled by
            its own rows, and the estimator is not trained. If a series has fewer than
            `window_length` rows, its first row is repeated, with a warning.
        static : DataFrame, Series, dict, array-like or None, default=None
            Static covariates of `series`, if `fit` was given any. For one series, pass
            one row.

        Returns
        -------
        forecasts : Series, DataFrame, ndarray, list or dict
            The form is that of the series. For a Series or a DataFrame, the forecasts
            have the labels that follow. For an array, the shape is ``(steps,)`` or
            ``(steps, n_targets)``. For many series, a list, a dict or a long frame of
            such forecasts.

        Examples
        --------
        Forecast a series that was not given to `fit`:

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
        """Forecast from each row of a series, using only the rows up to this row.

        If the rows continue the fitted rows, the fitted rows are the history of the
        first rows. Otherwise, and after a gap in time, the first ``window_length - 1``
        rows have too little history. The first row is then repeated to fill their
        windows, with a warning.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            Rows with the columns given to `fit`, ``(n_rows,)`` or ``(n_rows,
            n_features)``. For many series, a list, a dict or a long frame. A dict or a
            long frame may hold some of the fitted series only.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of these rows and of the `horizon` rows after them, if `fit` was
            given any. The rows must then have no gap in time.

        Returns
        -------
        forecasts : ndarray, list or dict
            Entry ``[t, h]`` is the forecast for h + 1 steps after row t. The shape is
            ``(n_rows, horizon)`` for one target, else ``(n_rows, horizon, n_targets)``.
            For a list or a dict of series, a list or a dict of such arrays. For a long
            frame, one array with an entry for each of its rows.
        """
        check_is_not_steps(series)
        fitted, panel, tables = self._read(series)
        return panel.join_predictions(forecast_rows(fitted, panel, tables, exog))

    def score(self, series, y=None, *, exog=None):
        """Return the negative mean absolute error of forecasts within a series.

        A forecast starts from each row that is followed by `horizon` rows. If the
        series continues the fitted rows, a forecast also starts from the last fitted
        row. If history is missing, as for the score of training rows, the first row is
        repeated without a warning.

        A score on rows that are earlier than fitted rows is too good, because the model
        was trained on their future. This happens in a search without `cv`. If the
        labels show it, a `MistakeWarning` names the folds to use.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            One series, or many as for `predict`. If the rows continue the fitted rows,
            at least `horizon` rows, otherwise at least ``horizon + 1``.
        y : None
            Ignored.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of these rows, if `fit` was given any.

        Returns
        -------
        score : float
            The negative mean absolute error over all forecasts, steps, targets and
            series, in the units of the series. The best value is 0.
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

        Forecasts then start after these rows, and `predict` and `score` use them as
        history. The rows are assumed to follow the known rows. An index that overlaps
        with known rows is an error. If an index shows a gap, the rows before the gap
        are no longer history.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            New rows, with the columns given to `fit`: of one series, or of many series
            in the forms that `predict` takes. Rows without an index get the labels that
            follow those of the known rows.
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

        The estimator continues from its weights for one epoch. It is trained on all
        windows whose last target row is new, and on the last `replay` windows before
        them. This takes a small part of the time of a new fit. The scales of the series
        are kept: call `fit` again if the level or the scale of a series has changed
        much.

        On a forecaster that is not fitted, `partial_fit` calls `fit`. The method exists
        only if the estimator, or the last step of a Pipeline, has `partial_fit`.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            New rows, with the columns given to `fit`: of one series, or of many series
            in the forms that `predict` takes. Rows without an index get the labels that
            follow those of the known rows.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of these rows, if `fit` was given any.

        Returns
        -------
        self : SeriesForecaster
            The trained forecaster. After an error it keeps its previous state.

        Notes
        -----
        If the new rows complete no window, nothing is trained. After a gap in time, new
        windows begin after the gap. New rows have the weight 1, and older windows keep
        the weights given to `fit`. The intervals of a `calibration_fraction` keep their
        widths, so their coverage is no longer guaranteed.

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
        for each step ahead. The model is fitted without the held-out rows, and then
        forecasts the held-out rows from n origins. For each step, the interval extends
        on both sides of the forecast by the ``ceil((n + 1) * coverage)``-th smallest
        absolute error of that step. With ``transformer="log"``, errors are of
        logarithms, and the bounds are the forecast divided and multiplied by a factor.

        If future errors are exchangeable with those of the held-out rows, an interval
        contains the actual value with a probability of at least `coverage`, for any
        model and distribution. If a series changes over time, errors are not
        exchangeable: see ``backtest(..., adaptive=True)``.

        Without a `calibration_fraction`, intervals lie between two quantiles that the
        network learned. Its `quantiles` must be symmetric around 0.5: (0.05, 0.5, 0.95)
        gives a coverage of 0.9. The width of an interval then depends on the window,
        and the coverage depends on how well the network learned the quantiles.

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
            A table with one row for each step, and the columns `forecast`, `lower` and
            `upper`. With several targets, it has these three columns for each target.
            The rows have the labels that follow, or the numbers 1, 2, ... if the series
            has no labels. For many series, a list, a dict or a long frame of such
            tables.

        Raises
        ------
        ValueError
            If there is neither a `calibration_fraction` nor `quantiles`, if `steps` is
            greater than `horizon`, or if there are too few errors for the coverage. A
            coverage of 0.9 needs 9 errors and one of 0.99 needs 99, in the series or in
            all series together.

        Notes
        -----
        With many series, the intervals of a series are based on its own errors if they
        are enough for the coverage. Otherwise, the intervals are based on the errors of
        all series. To make them comparable, each error is divided by the mean absolute
        difference between consecutive training rows of its series.

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

        The estimator must be a network with `quantiles`. Each step has its own
        quantiles.

        Parameters
        ----------
        steps : int or None, default=None
            Number of time steps; None for `horizon`. At most `horizon`, or 1 with
            "recursive", because forecasts that are fed back have no quantiles.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the rows ahead, as for `forecast`.

        Returns
        -------
        quantiles : DataFrame, list or dict
            A table with one row for each step and one column for each quantile. With
            several targets, it has these columns for each target. The values of a
            target ascend in each row. The rows have the labels that follow, or the
            numbers 1, 2, ... if the series has no labels. For many series, a list, a
            dict or a long frame of such tables.

        Notes
        -----
        Each quantile is transformed back by the inverse of `transformer`. This is valid
        for a transformer that acts on each column separately and is increasing, such as
        "standard" and "log".

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
        """Forecast every quantile from each row of a series.

        Each forecast uses only the rows up to its row, as in `predict`. The estimator
        must be a network with `quantiles`.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            Rows, or many series, as for `predict`.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates, as for `predict`.

        Returns
        -------
        quantiles : ndarray, list or dict
            Quantiles of shape ``(n_rows, horizon, n_quantiles)`` for one target, else
            ``(n_rows, horizon, n_targets, n_quantiles)``. They ascend along the last
            axis. For many series, the form is that of `predict`.
        """
        check_is_not_steps(series)
        fitted, panel, tables = self._read(series)
        quantiles = predict_row_quantiles(fitted, panel, tables, exog)
        return panel.join_predictions(quantiles)

    def _read(self, series):
        """Return the fitted record, and the form and the validated rows of a series."""
        fitted = fitted_state(self)
        return fitted, *read_fitted_series(self, series, fitted)

    def _build_graph(self, context):
        """Return the forecasts from raw windows as a graph for `export`."""
        return build_forecaster_graph(self, context)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: no target is required."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def _warn_about_y(y):
    """Warn that `y` is ignored. If it is a table, suggest to pass it as `exog`."""
    # A scorer of scikit-learn would compare the forecast of row t + 1 with row t of y.
    exog = " Pass covariates that are known ahead as fit(series, exog=...)."
    warn(
        "y is ignored: the targets of a SeriesForecaster are later rows of X. Call "
        "fit, a search or cross_validate with the series only. Set scoring to None or "
        "to a forecast_scorer, such as forecast_scorer('neg_mean_absolute_error'): "
        "scikit-learn's scorers need y and are off by one step."
        f"{exog if getattr(y, 'ndim', 1) == 2 else ''}"
    )
