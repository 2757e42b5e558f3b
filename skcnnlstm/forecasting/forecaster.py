"""SeriesForecaster: a regressor that reads windows, on raw series."""

from __future__ import annotations

import copy
import math
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.diagnostics import warn_about_extreme_forecasts
from skcnnlstm._utils.introspection import NetworkReprMixin
from skcnnlstm._utils.sklearn_callbacks import (
    CallbackSupportMixin,
    InnerFitReporter,
    with_callbacks,
)
from skcnnlstm._utils.validation import check_boolean, check_choice, check_integer
from skcnnlstm._utils.warnings import warn
from skcnnlstm.forecasting.calendar import find_training_runs
from skcnnlstm.forecasting.covariates import (
    check_given,
    check_window,
    name_rows_ahead,
    read_covariates,
)
from skcnnlstm.forecasting.fit import (
    check_estimator,
    find_network,
    fit_on_windows,
    held_out,
    resolve,
)
from skcnnlstm.forecasting.fitted import (
    learn,
    tell_of_short_history,
    tell_of_short_tails,
)
from skcnnlstm.forecasting.graph import build_forecaster_graph
from skcnnlstm.forecasting.intervals import (
    calibrate,
    hold_out,
    is_relative,
    units_of,
)
from skcnnlstm.forecasting.panel import check_same_series, listed, read_panel
from skcnnlstm.forecasting.probabilistic import ProbabilisticForecasts
from skcnnlstm.forecasting.samples import (
    check_some_targets,
    cut_origins,
    cut_samples,
    forecast_origins,
    join_samples,
    order_in_time,
)
from skcnnlstm.forecasting.scaling import (
    check_steps_known,
    find_roles,
    make_transformer,
)
from skcnnlstm.forecasting.series_input import check_rows_not_steps, read_rows


class SeriesForecaster(
    ProbabilisticForecasts,
    NetworkReprMixin,
    CallbackSupportMixin,
    MetaEstimatorMixin,
    RegressorMixin,
    BaseEstimator,
):
    """Forecast raw series with a regressor that reads windows of them.

    `fit` takes the series itself, ``(n_rows,)`` or ``(n_rows, n_features)``, or many
    series at once, learns the transformer on it, cuts windows ``(n_samples,
    window_length, n_features)`` and their targets ``(n_samples, horizon * n_targets)``
    out of the transformed rows, and fits a clone of `estimator` on them. Everything is
    learned inside `fit`, so a search over time-ordered folds leaks nothing and can
    tune `window_length`.

    Parameters
    ----------
    estimator : estimator
        A regressor, or a Pipeline that ends in one, that takes windows
        ``(n_samples, window_length, n_features)`` and, where ``horizon * n_targets``
        exceeds 1, a 2-D target. Inside it ``instance_norm="auto"`` becomes "last",
        `n_targets` beside it the number of columns modelled, ``linear_skip="auto"``
        becomes True, ``epochs="auto"`` as many as make 250 steps of the optimizer, and
        a `validation_gap` of 0 ``horizon - 1`` (for each series).
    window_length : int, default=24
        Rows of history that one forecast reads, in time steps; at least 1.
    horizon : int, default=1
        Time steps ahead that `predict` and `score` look, and that the estimator
        predicts at once where `strategy` is "direct"; at least 1.
    transformer : {"standard", "log"}, transformer or None, default="standard"
        The scale on which a series is modelled, fitted on its own training rows;
        forecasts come back on the user's. "standard" takes mean and deviation off each
        column; "log" takes the logarithm first, so values must be positive; None
        models the rows as they are; else an instance with `inverse_transform`.
        Covariates have a transformer of their own: the same, or "standard" for "log".
    strategy : {"direct", "recursive"}, default="direct"
        "direct" trains for all `horizon` steps at once. "recursive" trains for one
        step ahead and reads its own forecasts for the steps after it.
    channels : {"joint", "independent"}, default="joint"
        What is made of several columns. "joint" forecasts them all from windows of
        them all; "independent" takes each as a series of its own, all of them
        forecast by one estimator that reads a column at a time.
    target_columns : int, str, list of these, or None, default=None
        The columns to forecast, by position or name; None for all. The others are past
        covariates: windows hold them, behind the targets, and nothing forecasts them.
    id_column : label or None, default=None
        The column of a long DataFrame that says whose row each is. None takes one
        series, a list (or tuple) of arrays, Series or DataFrames, or a dict of series.
    calibration_fraction : float or None, default=None
        The share of the rows of each series, its last, that are kept from the model to
        tell how wide the intervals of `forecast_interval` are to be; 0.2 is usual,
        None makes no intervals. No target of a training sample is among them, nor is
        what early stopping holds out. They are history for forecasts all the same.
    refit_after_calibration : bool, default=False
        Whether the model is fitted again, on all rows, once the errors of the held-out
        ones are known. Its forecasts have learned of newer rows, but the widths are by
        the errors of another model, so that no theorem says any more how much the
        intervals hold: usually as much, for a model of more rows seldom errs more.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone of `estimator`.
    transformer_ : transformer or None
        The fitted transformer of the columns forecast; of many series a list, or a
        dict by name.
    n_features_in_ : int
        Columns of a series.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where they all are strings.
    n_targets_ : int
        Columns that are forecast.
    calibration_scores_ : ndarray of shape (n, horizon, n_targets), list, dict or None
        How far the forecasts of the held-out rows were off, for each origin and step:
        absolute errors, of logarithms with ``transformer="log"``. Of many series a
        list, or a dict by name; None without a `calibration_fraction`.

    See Also
    --------
    forecast_scorer : Any scikit-learn regression metric of the forecasts.
    SlidingWindow : Windows inside a Pipeline.

    Notes
    -----
    In `predict` and `score` the index says whether rows continue the fitted ones: their
    first label is the next one or, for an index with no regular step, a later one
    within the longest fitted gap. Labels that cannot be counted on (text, floats, date
    objects) never show it. Bare arrays are taken to continue, the fitted rows
    themselves excepted. Rows that do not continue have the history among themselves
    only.

    Where a regular index shows a gap, no window and no target reaches across it, in
    `fit`, `predict` and `score`, and a forecast reads the rows after the last gap: as
    in `SlidingWindow`, where a few missing business days count as holidays, too. Rows
    ahead are named by its step, but where a row may be left out: after business days
    with holidays, or where most Sundays, nights or Julys have none. In an index
    with no regular step, rows count as consecutive.

    `y` and the y of a search are ignored: give the search the series alone, and
    `forecast_scorer` for its scoring. Folds must keep the order of time.

    Many series make one estimator. Each series has a transformer of its own, and may
    be of any length from ``window_length + horizon`` rows on; `forecast`, `predict`
    and `update` keep the form, a list, a dict or a long frame. Samples of all series
    are put in the order of relative time (sample i of n stands at (i + 1/2) / n), and
    so that the tail which early stopping holds out of all samples is made of the tails
    of the series, each `horizon - 1` samples after its last training sample. Columns
    under ``channels="independent"`` count as series here. The windows of more than one
    series are a copy, in float32 where a network of this package reads them.

    NaN is an error, unless the network inside has ``missing="mask"``: then windows hold
    it, samples of which a target is NaN are left out, and errors are of what is known.

    Covariates that are known ahead (`exog`) enter windows behind all columns, shifted
    by what the estimator predicts at once, `horizon` ("recursive": one step): row t of
    a window holds those of row ``t + horizon``, so that the window which ends with row
    t knows them up to the last step that it forecasts, and none later. They are given
    to each of `fit`, `forecast`, `predict` and `score`; those of the fitted rows are
    remembered. In a search, scikit-learn's metadata routing passes them on
    (`set_fit_request`, `set_score_request`).

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import FlattenWindows, SeriesForecaster
    >>> from skcnnlstm.datasets import load_airline
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> forecaster = SeriesForecaster(ridge, horizon=12, transformer="log")
    >>> forecast = forecaster.fit(load_airline()).forecast(24)
    >>> forecast.shape, str(forecast.index[0])
    ((24,), '1961-01-01 00:00:00')

    Arrays give arrays, and a search takes the series as it is:

    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    >>> line = np.arange(40.0)
    >>> search = GridSearchCV(
    ...     SeriesForecaster(ridge), {"window_length": [2, 4]}, cv=TimeSeriesSplit(3)
    ... ).fit(line)
    >>> search.best_estimator_.forecast(3).shape
    (3,)

    Many series make one network, here of the kind that suits a few hundred weekly
    series a year's window each; a list gives a list:

    >>> forecaster = SeriesForecaster(
    ...     ridge, window_length=52, horizon=13, transformer="log"
    ... )  # or CNNLSTMRegressor(loss="mae") in the place of ridge
    >>> weekly = [np.arange(1.0, 101.0), np.arange(300.0, 50.0, -1.0)]
    >>> [forecast.shape for forecast in forecaster.fit(weekly).forecast()]
    [(13,), (13,)]

    Seven columns taken as single series by one network:

    >>> forecaster = SeriesForecaster(
    ...     ridge, window_length=96, horizon=24, channels="independent"
    ... )
    >>> hourly = np.random.default_rng(0).normal(size=(240, 7))
    >>> forecaster.fit(hourly[:192]).predict(hourly[192:]).shape
    (48, 24, 7)
    """

    def __init__(
        self,
        estimator,
        *,
        window_length=24,
        horizon=1,
        transformer="standard",
        strategy="direct",
        channels="joint",
        target_columns=None,
        id_column=None,
        calibration_fraction=None,
        refit_after_calibration=False,
    ):
        self.estimator = estimator
        self.window_length = window_length
        self.horizon = horizon
        self.transformer = transformer
        self.strategy = strategy
        self.channels = channels
        self.target_columns = target_columns
        self.id_column = id_column
        self.calibration_fraction = calibration_fraction
        self.refit_after_calibration = refit_after_calibration

    # ------------------------------------------------------------------------- fit

    @with_callbacks
    def fit(self, X, y=None, *, exog=None):
        """Fit transformer and estimator on the rows of one series or of many.

        Parameters
        ----------
        X : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_features)
            The series, in time order; at least ``window_length + horizon`` rows with no
            gap in time among them. Or many of them, of the same columns: a list, a
            dict, or with `id_column` a long frame.
        y : None
            Ignored, with a warning where it is given.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates that will be known ahead, ``(n_rows,)`` or ``(n_rows, n_exog)``.
            Where both have an index, rows are looked up by label and `exog` may have
            more. For many series in their form, or one table with an index for all.

        Returns
        -------
        self : SeriesForecaster
            The fitted forecaster. After an error it is as it was before.
        """
        if y is not None:
            table = getattr(y, "ndim", 1) == 2
            covariates = " Covariates known ahead go in as fit(series, exog=...)."
            # scikit-learn's own scorers would compare the forecast of row t + 1 with
            # row t of y.
            warn(
                "y is ignored: the targets of a SeriesForecaster are later rows of X. "
                "Give fit, a search or cross_validate the series alone, and as scoring "
                "None or a forecast_scorer, such as "
                "forecast_scorer('neg_mean_absolute_error'): scikit-learn's own "
                f"scorers, which need y, are a step off.{covariates if table else ''}"
            )
        refit = check_boolean("refit_after_calibration", self.refit_after_calibration)
        calibrated = self.calibration_fraction is not None
        refit = refit or not calibrated
        tasks = InnerFitReporter(self, calibrated + refit, X)
        fitted = copy.copy(self)
        fitted._calibration = fitted.calibration_scores_ = None
        if calibrated:
            fit = partial(tasks.fit, number=0, name="fit-to-calibrate")
            fitted._fit_and_calibrate(X, exog, fit)
        if refit:
            fit = partial(tasks.fit, number=int(calibrated), name="fit-estimator")
            fitted._fit(X, exog, fit)
        self.__dict__ = vars(fitted)
        tasks.end()
        return self

    def _fit_and_calibrate(self, series, exog, task):
        """Fit on early rows, look at errors in the late ones, add these as history."""
        panel = read_panel(series, self.id_column)
        whole = self._read(panel, reset=True)
        exogs = columns = None
        if exog is not None:
            exogs, columns = read_covariates(exog, panel, _own_rows(whole))
        early, late = hold_out(
            self.calibration_fraction,
            panel,
            whole,
            exogs,
            check_integer("window_length", self.window_length),
            check_integer("horizon", self.horizon),
        )
        self._fit(*early, task)
        self._exog_columns = columns
        known = self._read(read_panel(early[0], self.id_column), reset=False)
        targets = next(iter(self._histories.values())).scale.roles.targets
        relative = is_relative(self.transformer)
        units = units_of(known, targets, relative)
        # Late rows follow early ones unless there is a gap between them, whether an
        # index of their own would show it or not.
        runs = find_training_runs(panel, whole, self.window_length, self.horizon)
        self._histories = {
            key: history.joining(_is_within(runs[key][1], len(known[key].values)))
            for key, history in self._histories.items()
        }
        self._calibration = calibrate(self._by_series(*late), units, relative)
        self.calibration_scores_ = panel.join_each(self._calibration.scores)
        self.update(*late)
        # The rows that were fitted, as predict means it, are all of these.
        self._histories = {
            key: history.fitted_on(whole[key]).joining(False)
            for key, history in self._histories.items()
        }

    def _fit(self, series, exog, task):
        """Fit on all of a series; `task(estimator)` is entered to fit that."""
        length = check_integer("window_length", self.window_length)
        horizon = check_integer("horizon", self.horizon)
        strategy = check_choice("strategy", self.strategy, ("direct", "recursive"))
        channels = check_choice("channels", self.channels, ("joint", "independent"))
        check_estimator(self.estimator)
        make_transformer(self.transformer)
        # All that forecasts need, so that set_params after fit changes none of them.
        self._horizon = horizon
        self._block = horizon if strategy == "direct" else 1
        self._independent = channels == "independent"
        panel = read_panel(series, self.id_column)
        self._panel = panel.form()
        tables = self._read(panel, reset=True)
        roles = find_roles(self.target_columns, next(iter(tables.values())))
        check_steps_known(roles, horizon, horizon, self._block)
        runs = find_training_runs(panel, tables, length, horizon)
        exogs, self._exog_columns = dict.fromkeys(tables), None
        if exog is not None:
            check_window(length, self._block)
            wanted = _own_rows(tables)
            exogs, self._exog_columns = read_covariates(exog, panel, wanted)

        self._histories, samples, widths = {}, [], {}
        for key, rows in tables.items():
            with panel.naming(key):
                history, parts = learn(
                    self.transformer, roles, rows, exogs[key], *runs[key], length
                )
                widths[key] = parts[0].columns.shape[1] - len(roles.past)
                samples += cut_samples(
                    parts, length, self._block, widths[key], self._independent
                )
            self._histories[key] = history
        self._n_modelled = _same_width(widths)
        self._n_at_once = 1 if self._independent else self._n_modelled
        self.estimator_ = self._fit_estimator(samples, task)
        self.n_targets_ = len(roles.targets)
        self.transformer_ = panel.join_each(
            {key: one.scale.targets for key, one in self._histories.items()}
        )

    def _fit_estimator(self, samples, task):
        """Fit a clone on samples: for each series and channel, parts of them."""
        counts = [sum(len(windows) for windows, _ in parts) for parts in samples]
        check_some_targets(counts)
        share = held_out(self.estimator)
        order, n_gap = order_in_time(counts, share, self._block - 1)
        # Networks compute in float32; a copy need not be wider.
        dtype = np.float32 if find_network(self.estimator) else None
        parts = [part for parts in samples for part in parts]
        windows, targets = join_samples(parts, order, dtype)
        estimator = resolve(clone(self.estimator), self._n_at_once, n_gap, len(windows))
        with task(estimator):
            return fit_on_windows(estimator, windows, targets)

    # -------------------------------------------------------------------- forecasts

    def forecast(self, steps=None, exog=None):
        """Forecast the steps that follow the known rows.

        Parameters
        ----------
        steps : int or None, default=None
            How many time steps; None for `horizon`. Past `horizon` the forecaster reads
            its own forecasts, a horizon at a time (one step with "recursive"); it
            cannot where there are past covariates.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the rows that follow, if `fit` was given any: `steps` rows,
            with "direct" rounded up to whole horizons. With labels, which are looked
            up, there may be more, those of the past among them; an array holds no more.

        Returns
        -------
        forecasts : Series, DataFrame, ndarray, list or dict
            In the form of the fitted series: a Series or DataFrame with the labels that
            follow, or an array, ``(steps,)`` or ``(steps, n_targets)``; of many series
            a list or a dict of these, or a long frame.
        """
        check_is_fitted(self, "estimator_")
        return self._panel.join_forecasts(self._forecast(steps, exog))

    def _forecast(self, steps, exog):
        """Return forecasts of the next steps, by key."""
        labels, ahead = self._next_steps(steps, exog, self._predict)
        forecasts, said = {}, []
        for key, history in self._histories.items():
            values = history.scale.undo(ahead[key])[0]
            name = "" if self._panel.kind == "one" else f" of series {key!r}"
            said.append((name, values, history.low, history.high))
            forecasts[key] = history.form.dress(values, labels[key])
        warn_about_extreme_forecasts(said)
        return forecasts

    def _next_steps(self, steps, exog, predict):
        """Return labels of the next steps and what `predict` says of them, by key.

        On the scale of the model, (1, steps, n_modelled, ...).
        """
        steps = check_integer("steps", self._horizon if steps is None else steps)
        histories, panel = self._histories, self._panel
        roles = next(iter(histories.values())).scale.roles
        check_steps_known(roles, steps, self._horizon, self._block)
        n_ahead = math.ceil(steps / self._block) * self._block
        check_given(exog, self._exog_columns)
        labels = dict.fromkeys(histories)
        if exog is not None:
            calendars = {key: history.calendar for key, history in histories.items()}
            labels = name_rows_ahead(exog, panel, calendars, n_ahead)
        for key, history in histories.items():
            if labels[key] is None:
                with panel.naming(key):
                    labels[key] = history.following(n_ahead, panel.id_column)
        wanted = {key: (n_ahead, labels[key]) for key in histories}
        later = self._read_exog(panel, exog, wanted, ahead=True)
        if message := tell_of_short_tails(panel, histories):
            warn(message)
        origins, n_channels = [], 0
        for key, history in histories.items():
            future = history.future(later[key])
            origins += (channels := self._origins(history, [future], steps))
            n_channels = len(channels)
        ahead = forecast_origins(predict, origins, steps, self._block)
        values = {}
        for number, key in enumerate(histories):
            own = ahead[number * n_channels : (number + 1) * n_channels]
            values[key] = np.concatenate(own, axis=2)
            labels[key] = None if labels[key] is None else labels[key][:steps]
        return labels, values

    def predict(self, series, exog=None):
        """Forecast from each row of a series, by the rows up to it alone.

        Rows that continue the fitted ones have the fitted ones as history. Otherwise,
        and after a gap in time, the first ``window_length - 1`` rows have too little:
        the first row is repeated in its place, with a warning.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            Rows of the same columns as those fitted, ``(n_rows,)`` or
            ``(n_rows, n_features)``; of many series a list, a dict (of some of them)
            or a long frame.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates, if `fit` was given any: of these rows and of the `horizon` rows
            after them. The rows must then be without a gap in time.

        Returns
        -------
        forecasts : ndarray, list or dict
            Entry t, h is for h + 1 steps after row t: ``(n_rows, horizon)`` for one
            target, else ``(n_rows, horizon, n_targets)``. A long frame gives one array
            with an entry for each of its rows.
        """
        panel, ahead = self._ahead_of_rows(series, exog, self._predict)
        one = self.n_targets_ == 1
        predictions = {}
        for key, values in ahead.items():
            forecasts = self._histories[key].scale.undo(values)
            predictions[key] = forecasts[:, :, 0] if one else forecasts
        return panel.join_predictions(predictions)

    def _ahead_of_rows(self, series, exog, predict):
        """Return what `predict` says from each row, by key, on the scale of the model.

        Each is (n_rows, horizon, n_modelled, ...).
        """
        check_is_fitted(self, "estimator_")
        check_rows_not_steps(series)
        panel, tables = self._read_again(series)
        runs = {key: self._histories[key].runs(rows) for key, rows in tables.items()}
        check_given(exog, self._exog_columns)
        wanted = dict.fromkeys(tables)
        if exog is not None:
            _check_no_gap(panel, runs)
            ends = {
                key: self._histories[key].calendar_after(rows)
                for key, rows in tables.items()
            }
            after = name_rows_ahead(exog, panel, ends, self._horizon)
            for key, rows in tables.items():
                labels = None if after[key] is None else rows.index.append(after[key])
                wanted[key] = len(rows.values) + self._horizon, labels
        exogs = self._read_exog(panel, exog, wanted)
        if message := tell_of_short_history(panel, self._histories, runs):
            warn(message)
        ahead = {}
        for key, rows in tables.items():
            with panel.naming(key):
                parts = self._histories[key].parts(
                    rows, exogs[key], *runs[key], n_ahead=self._horizon, with_last=False
                )
                ahead[key] = self._ahead(key, parts, predict)
        return panel, ahead

    def score(self, series, y=None, *, exog=None):
        """Return the negative mean absolute error of forecasts within a series.

        They start at the last fitted row, where the series continues it, and at each
        row whose `horizon` next rows all lie in the series. Where history is missing,
        as in a train score, the first row is repeated in its place without a warning.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            At least `horizon` rows that continue the fitted ones, or one more. Or many
            series, as in `predict`.
        y : None
            Ignored.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of these rows, if `fit` was given any.

        Returns
        -------
        score : float
            Over all series, origins, steps and targets, on the scale of the series; 0
            is best.
        """
        forecasts, actual = self._from_each_origin(series, exog)
        return -float(np.nanmean(np.abs(forecasts - actual)))

    def _from_each_origin(self, series, exog=None):
        """Return forecasts and what came, both (n_origins, horizon, n_targets).

        What came is NaN where it is not known; something is known.
        """
        found = self._by_series(series, exog).values()
        forecasts, actual = (_joined(arrays) for arrays in zip(*found, strict=True))
        if np.isnan(actual).all():
            raise ValueError(
                "score needs a row whose value is known: got NaN in every row that is "
                "forecast. Use longer test folds."
            )
        return forecasts, actual

    def _by_series(self, series, exog=None):
        """Return forecasts and what came of each series, by key."""
        panel, tables = self._read_again(series)
        wanted = _own_rows(tables)
        exogs = self._read_exog(panel, exog, wanted, n_spare=self._horizon)
        found = {}
        for key, rows in tables.items():
            history = self._histories[key]
            with panel.naming(key):
                origins, follows, came = history.scored_runs(rows, self._horizon)
                parts = history.parts(
                    rows,
                    exogs[key],
                    origins,
                    follows,
                    n_ahead=self._horizon,
                    with_last=True,
                )
                ahead = history.scale.undo(self._ahead(key, parts, self._predict))
                found[key] = ahead, _joined(came)
        return found

    def update(self, series, exog=None):
        """Add rows to the known history, without fitting anything anew.

        Forecasts then start after them, and `predict` and `score` take rows to
        continue them. That they follow is the user's word; an index that shows them to
        lie before the last known row is an error, and after a gap that it shows, the
        rows before are no history.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            The rows that came, of the columns fitted. Rows without an index are given
            the labels that follow. Or many series, as in `predict`.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of these rows, if `fit` was given any.

        Returns
        -------
        self : SeriesForecaster
            After an error it is as it was before.
        """
        panel, tables = self._read_again(series)
        exogs = self._read_exog(panel, exog, _own_rows(tables))
        histories = dict(self._histories)
        for key, rows in tables.items():
            with panel.naming(key):
                histories[key] = histories[key].updated(rows, exogs[key])
        self._histories = histories
        return self

    # ----------------------------------------------------------------- what came in

    def _read(self, panel, *, reset):
        """Check the rows of each series."""
        tables = {}
        for key, series in panel.series.items():
            with panel.naming(key):
                tables[key] = read_rows(self, series, reset=reset and not tables)
        return tables

    def _read_again(self, series):
        """Check series against those fitted."""
        check_is_fitted(self, "estimator_")
        id_column = self._panel.id_column
        panel = read_panel(series, None if isinstance(series, dict) else id_column)
        check_same_series(panel, self._panel, self._histories)
        return panel, self._read(panel, reset=False)

    def _read_exog(self, panel, exog, wanted, **asked):
        """Return the covariates of wanted rows, by series; None of them without any."""
        check_given(exog, self._exog_columns)
        if exog is None:
            return dict.fromkeys(wanted)
        tables, _ = read_covariates(
            exog, panel, wanted, columns=self._exog_columns, **asked
        )
        return tables

    # --------------------------------------------------------------- what is inside

    def _origins(self, history, parts, steps):
        return cut_origins(
            parts,
            history.length,
            self._block,
            steps,
            self._n_modelled,
            self._independent,
        )

    def _ahead(self, key, parts, predict):
        """Forecast `horizon` steps from the windows of parts, on the model's scale."""
        # One channel at a time: the windows of each stay a view.
        channels = [
            forecast_origins(predict, [origin], self._horizon, self._block)[0]
            for origin in self._origins(self._histories[key], parts, self._horizon)
        ]
        return np.concatenate(channels, axis=2)

    def _predict(self, windows):
        """Predict (n_windows, steps at once, n_targets) on the scale of the model."""
        predicted = np.asarray(self.estimator_.predict(windows), dtype=float)
        shape = (len(windows), self._block, self._n_at_once)
        if predicted.size != np.prod(shape):
            raise ValueError(
                f"estimator must predict horizon * n_targets = {shape[1] * shape[2]} "
                f"values for each window: got shape {predicted.shape} for {shape[0]} "
                "windows."
            )
        return predicted.reshape(shape)

    def _build_graph(self, context):
        """Return the forecasts from raw windows as a graph for `export`."""
        return build_forecaster_graph(self, context)

    def __sklearn_tags__(self):
        """Say that no target is needed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def _own_rows(tables):
    """Return how many rows tables have, and their labels, by series."""
    return {key: (len(rows.values), rows.index) for key, rows in tables.items()}


def _is_within(runs, position):
    """Tell whether a row continues the row before it."""
    return any(start < position < stop for start, stop in runs)


def _joined(arrays):
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _same_width(widths):
    """Return how many columns transformers make; raise where that differs."""
    if len(set(widths.values())) > 1:
        keys = sorted(widths, key=widths.get)[:: len(widths) - 1]
        described = listed(keys, lambda key: f"{widths[key]} of series {key!r}")
        raise ValueError(
            f"transformer must make as many columns of each series: got {described}. "
            "Use one that makes a fixed number."
        )
    return next(iter(widths.values()))


def _check_no_gap(panel, runs):
    for key, (spans, _) in runs.items():
        if len(spans) > 1:
            with panel.naming(key):
                raise ValueError(
                    "predict with exog needs rows without a gap in time: got "
                    f"{len(spans)} runs of rows. Fill the gaps, or predict one run at "
                    "a time."
                )
